"""Demonstration content: three seasons, their people, places and tables."""
