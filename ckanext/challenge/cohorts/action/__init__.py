"""The actions on cohorts."""
