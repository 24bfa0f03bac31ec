"""Names in SQL are those of Python, whatever the database's collation is."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa
from ckan import model
from ckan.tests import factories
from domain.test_names import IN_ORDER
from factories import call_as, make_cohort

from ckanext.challenge.common import names
from ckanext.challenge.domain.names import LETTERS, LIGATURES, folded

pytestmark = pytest.mark.usefixtures("with_plugins", "clean_db", "clean_index")


def test_both_fold_and_sort_alike() -> None:
    every = "".join([*LETTERS, *LIGATURES])
    for text in (*IN_ORDER, every, "", "100 % données"):
        found = model.Session.execute(sa.select(names.folded(sa.literal(text))))
        assert found.scalar() == folded(text)
    rows = sa.values(sa.column("name", sa.UnicodeText), name="v").data(
        [(name,) for name in reversed(IN_ORDER)]
    )
    query = sa.select(rows.c.name).order_by(*names.in_order(rows.c.name))
    assert list(model.Session.execute(query).scalars()) == IN_ORDER


def test_participants_are_found_and_sorted_as_in_french() -> None:
    admin: dict[str, Any] = factories.Sysadmin()
    cohort = make_cohort()
    for title in ("Zilia", "Orléans", "Écueillé", "Saint-Maur", "100 % données"):
        call_as(
            admin,
            "challenge_participant_create",
            cohort=cohort["id"],
            organization=factories.Organization(title=title)["id"],
        )

    def titles(**more: Any) -> list[str]:
        found = call_as(None, "challenge_participant_list", cohort=cohort["id"], **more)
        return [row["organization_title"] for row in found["results"]]

    assert titles(sort="name") == [
        "100 % données",
        "Écueillé",
        "Orléans",
        "Saint-Maur",
        "Zilia",
    ]
    for asked, found in {
        "ecueille": ["Écueillé"],
        "ORLÉ": ["Orléans"],
        "saint maur": ["Saint-Maur"],
        "%": ["100 % données"],
        "_": [],
    }.items():
        assert titles(q=asked) == found, asked
