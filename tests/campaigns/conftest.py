"""A season with participants, and a mail server that can be down."""

from helpers.mail_fixtures import office, post_office, rows
