"""The actions of the observatory, a module for each topic."""
