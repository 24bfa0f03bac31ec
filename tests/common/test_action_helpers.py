"""Pages of a list, and how many rows the whole of it has."""

from __future__ import annotations

import pytest
from ckan import model
from ckan.tests import factories
from factories import call_as

from benchmarks.statements import sent_statements
from ckanext.challenge.common import journal

pytestmark = pytest.mark.usefixtures("with_plugins", "clean_db")


@pytest.mark.parametrize(
    ("offset", "limit", "shown"),
    [(0, 10, 3), (0, 3, 3), (0, 2, 2), (2, 2, 1), (3, 2, 0), (9, 2, 0), (0, 0, 0)],
)
def test_the_number_is_that_of_the_whole_list(
    offset: int, limit: int, shown: int
) -> None:
    for _ in range(3):
        journal.record(journal.SYSTEM, "create", "award", "a")
    model.Session.commit()
    asked = {"object_type": "award", "object_id": "a"}
    found = call_as(
        factories.Sysadmin(),
        "challenge_journal_list",
        **asked,
        offset=offset,
        limit=limit,
    )
    assert (found["count"], len(found["results"])) == (3, shown)


def test_a_page_that_is_not_full_is_one_statement() -> None:
    journal.record(journal.SYSTEM, "create", "award", "a")
    model.Session.commit()
    sysadmin = factories.Sysadmin()
    with sent_statements() as sent:
        call_as(sysadmin, "challenge_journal_list", object_type="award")
    assert len([one for one in sent if "FROM challenge_journal" in one]) == 1
