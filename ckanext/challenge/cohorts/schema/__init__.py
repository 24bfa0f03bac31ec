"""What the actions on cohorts take."""
