"""Cohorts (seasons): their settings, people, life and results."""
