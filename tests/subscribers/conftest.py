"""A mail server that can be down, and applications to write about."""

from helpers.mail_fixtures import cohort, minutes_pass, office, post_office, rows
