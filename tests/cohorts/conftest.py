"""Seasons and participants."""

from helpers.progress_fixtures import (
    cohort,
    join,
    make_cohort,
    organization,
    participant,
    redis_is_empty,
)
