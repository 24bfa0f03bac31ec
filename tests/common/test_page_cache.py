"""What a process remembers, and what of it a change makes it forget."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count

import pytest
import sqlalchemy as sa
from ckan import model

from ckanext.challenge.common.page_cache import PageCache


@pytest.fixture
def answers() -> Callable[[], int]:
    """Counts up: an answer that was remembered is the one of before."""
    return count().__next__


@pytest.mark.usefixtures("with_plugins", "clean_db")
@pytest.mark.parametrize(
    ("stored", "again"), [(True, 1), (False, 0)], ids=["stored", "made of its question"]
)
def test_a_change_makes_it_forget_what_shows_what_is_stored(
    stored: bool, again: int, answers: Callable[[], int]
) -> None:
    cache = PageCache(seconds=60, stored=stored)
    assert cache.get_or_create("question", None, answers) == 0

    model.Session.execute(sa.text("UPDATE challenge_cohort SET title = title"))
    model.Session.commit()

    assert cache.get_or_create("question", None, answers) == again


@pytest.mark.usefixtures("with_plugins", "clean_db")
def test_what_is_only_read_makes_it_forget_nothing(answers: Callable[[], int]) -> None:
    cache = PageCache(seconds=60)
    cache.get_or_create("question", None, answers)

    model.Session.execute(sa.text("SELECT count(*) FROM challenge_cohort"))
    model.Session.commit()

    assert cache.get_or_create("question", None, answers) == 0


def test_another_version_is_made_anew(answers: Callable[[], int]) -> None:
    cache = PageCache(seconds=60, stored=False)
    found = [cache.get_or_create("question", one, answers) for one in (1, 1, 2)]
    assert found == [0, 0, 1]
