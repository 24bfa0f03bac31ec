"""What CKAN's own pages show of ours: made once for visitors, fresh at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from ckan import model
from factories import BAULE

from benchmarks.statements import sent_statements
from ckanext.challenge.common import page_cache, shield


def _elsewhere(*statements: str, **values: Any) -> None:
    """Change something as another process does: nothing here is told of it."""
    with model.ensure_engine().begin() as connection:
        for statement in statements:
            connection.execute(sa.text(statement), values)


@pytest.fixture(autouse=True)
def nothing_remembered() -> Iterator[None]:
    # What was remembered and what was given up are the process's.
    page_cache.forget_all()
    shield.clock.forget()
    yield
    page_cache.forget_all()
    shield.clock.forget()


@pytest.fixture
def pages(world: Any) -> dict[str, str]:
    return {
        "dataset": f"/dataset/{world.dataset['name']}",
        "organization": f"/organization/commune-{BAULE}",
    }


@pytest.mark.parametrize("kind", ["dataset", "organization"])
def test_what_a_page_shows_is_asked_once(
    browser: Callable[..., Any], pages: dict[str, str], kind: str
) -> None:
    visitor = browser()
    visitor.get(pages[kind])
    with sent_statements() as sent:
        page = visitor.get(pages[kind]).get_data(as_text=True)
    assert "EducationalOccupationalCredential" in page
    asked = [one for one in sent if "challenge_award" in one]
    assert len(asked) == 1, "the version"
    assert not [
        one for one in sent if "challenge_conformity" in one and one not in asked
    ]


_AWARD = "UPDATE challenge_award SET state = 'revoked' WHERE id = :award"
_CHANGES = {
    "an award": (_AWARD, "EducationalOccupationalCredential", None),
    "a season": (
        "UPDATE challenge_cohort SET title = 'Saison des dunes'",
        None,
        "Saison des dunes",
    ),
    "the organization": (
        "UPDATE \"group\" SET title = 'Ville des dunes' WHERE id = :organization",
        None,
        '"name": "Ville des dunes"',
    ),
    "a check": (
        "INSERT INTO challenge_conformity (resource_id, schema, status, errors,"
        " error_count, partial, checked_at) SELECT r.id, 'scdl/deliberations',"
        " 'valid', '[]', 0, false, now() FROM resource r WHERE r.package_id = :dataset",
        None,
        'fa-check" aria-hidden="true"></i> C',
    ),
}


@pytest.mark.parametrize(
    ("kind", "what"),
    [
        *(("organization", what) for what in _CHANGES),
        # CKAN answers a dataset with the organization that its index knows.
        *(("dataset", what) for what in _CHANGES if what != "the organization"),
    ],
)
def test_what_another_process_changes_is_read_at_once(
    browser: Callable[..., Any],
    world: Any,
    pages: dict[str, str],
    kind: str,
    what: str,
) -> None:
    statement, gone, new = _CHANGES[what]
    if what == "a check":
        # The page asks for the schema that the file names now.
        _elsewhere(
            "UPDATE resource SET extras ="
            " CAST(CAST(coalesce(extras, '{}') AS jsonb)"
            ' || CAST(\'{"schema": "scdl/deliberations"}\' AS jsonb) AS text)'
            " WHERE package_id = '" + world.dataset["id"] + "'"
        )
    visitor = browser()
    before = visitor.get(pages[kind]).get_data(as_text=True)
    values = {
        "award": world.award["id"],
        "organization": world.participant["organization_id"],
        "dataset": world.dataset["id"],
    }
    _elsewhere(statement, **{k: v for k, v in values.items() if f":{k}" in statement})
    after = visitor.get(pages[kind]).get_data(as_text=True)
    if gone:
        assert (gone in before, gone in after) == (True, False)
    if new:
        assert (new in before, new in after) == (False, True)


def test_members_read_their_own(
    browser: Callable[..., Any], pages: dict[str, str]
) -> None:
    visitor, member = browser(), browser("member")
    embeds = "/challenge/badge/"
    for reader, is_member in ((visitor, False), (member, True), (visitor, False)):
        page = reader.get(pages["organization"]).get_data(as_text=True)
        assert (embeds in page) == is_member
        page = reader.get(pages["dataset"]).get_data(as_text=True)
        assert ("challenge-quality-title" in page) == is_member


def test_what_failed_is_not_remembered(
    browser: Callable[..., Any], world: Any, pages: dict[str, str]
) -> None:
    visitor = browser()
    away = "ALTER TABLE challenge_award RENAME COLUMN criteria TO away"
    back = "ALTER TABLE challenge_award RENAME COLUMN away TO criteria"
    _elsewhere(away)
    try:
        page = visitor.get(pages["dataset"])
        assert page.status_code == 200
        assert "EducationalOccupationalCredential" not in page.get_data(as_text=True)
    finally:
        _elsewhere(back)
    page = visitor.get(pages["dataset"]).get_data(as_text=True)
    assert "EducationalOccupationalCredential" in page


def test_the_frame_is_in_the_language_of_the_page(
    browser: Callable[..., Any], pages: dict[str, str]
) -> None:
    visitor = browser()
    for _ in range(2):
        for prefix, word in (("", "Observatoire"), ("/en", "Observatory")):
            page = visitor.get(f"{prefix}{pages['dataset']}").get_data(as_text=True)
            entry = f'href="{prefix}/challenge/observatory">{word}</a>'
            assert entry in page
            assert page.count("ckanext-challenge/") >= 2
            assert page.count("_frame.css") == page.count("_challenge.css") == 1
        present = visitor.get("/challenge/observatory").get_data(as_text=True)
        assert 'class="active"><a href="/challenge/observatory"' in present
