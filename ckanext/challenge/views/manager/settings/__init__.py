"""The settings of a season, a module for each page."""
