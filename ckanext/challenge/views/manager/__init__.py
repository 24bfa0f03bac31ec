"""The pages of managers and advisers, a module for each page."""
