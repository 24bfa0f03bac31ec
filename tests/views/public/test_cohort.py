"""The season's page: its statements, its filters, and that it is never stale."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from ckan import model
from factories import call_as
from lxml import html

from benchmarks.statements import sent_statements
from ckanext.challenge.common import page_cache

MANY = 200


def _join(cohort_id: str, number: int) -> None:
    """Participants made in SQL, as many as asked for."""
    model.Session.execute(
        sa.text(
            """
            INSERT INTO "group" (id, name, title, type, state, is_organization,
                                 approval_status, created)
            SELECT 'o' || i, 'volume-' || i, 'Volume ' || i, 'organization',
                   'active', true, 'approved', now()
            FROM generate_series(1, :number) i
            """
        ),
        {"number": number},
    )
    model.Session.execute(
        sa.text(
            """
            INSERT INTO challenge_participant
              (id, cohort_id, organization_id, kind, departement, population, state,
               joined_at, kits, steps_done, steps_total, percent, current_phase,
               late_steps, measures)
            SELECT 'p' || i, :cohort, 'o' || i, 'commune', '45', 1000 + i, 'active',
                   now(), '[]', i % 17, 16, (i % 17) * 100 / 16, 'engager', 0, '{}'
            FROM generate_series(1, :number) i
            """
        ),
        {"cohort": cohort_id, "number": number},
    )
    model.Session.commit()


@pytest.mark.parametrize(
    ("path", "role"),
    [
        ("/challenge/saison-2", None),
        ("/challenge/saison-2", "manager"),
        ("/challenge/saison-2?view=table", None),
        ("/challenge", None),
        ("/challenge/manage/saison-2?tab=participants", "manager"),
    ],
)
def test_as_many_statements_for_2_participants_as_for_200(
    browser: Callable[..., Any], world: Any, path: str, role: str | None
) -> None:
    reader = browser(role)
    reader.get(path)  # what is read once per process is read
    numbers = []
    for more in (0, MANY):
        if more:
            _join(world.cohort["id"], more)
        page_cache.forget_all()
        with sent_statements() as sent:
            assert reader.get(path).status_code == 200
        numbers.append(len(sent))
    assert numbers[0] == numbers[1], numbers
    with sent_statements() as sent:
        assert reader.get(path).status_code == 200
    assert len(sent) <= numbers[0]


def test_what_the_page_does_not_read_costs_nothing(
    browser: Callable[..., Any], world: Any
) -> None:
    visitor = browser()
    numbers = []
    for query in ("", "?x=1", "?utm_source=lettre&page="):
        with sent_statements() as sent:
            assert visitor.get(f"/challenge/saison-2{query}").status_code == 200
        numbers.append(len(sent))
    assert numbers[1] == numbers[2] < numbers[0]


def test_no_other_site_shows_the_desk_in_a_frame(
    browser: Callable[..., Any], world: Any
) -> None:
    reader = browser("manager")
    for path in ("", "/saison-2", "/saison-2/applications", "/saison-2/mails"):
        answer = reader.get(f"/challenge/manage{path}")
        assert answer.status_code == 200, path
        policies = answer.headers.getlist("Content-Security-Policy")
        assert "frame-ancestors 'self'" in policies, path


def test_the_page_follows_what_changes(browser: Callable[..., Any], world: Any) -> None:
    visitor = browser()

    def words() -> str:
        page = visitor.get("/challenge/saison-2").get_data(as_text=True)
        return " ".join(html.document_fromstring(page).text_content().split())

    assert "Commune 214500241" in words()
    call_as(
        world.people["sysadmin"],
        "organization_patch",
        id=world.participant["organization_id"],
        title="Baule la nouvelle",
    )
    assert "Baule la nouvelle" in words()
    call_as(
        world.people["manager"],
        "challenge_cohort_patch",
        id="saison-2",
        title="Saison rebaptisée",
    )
    assert "Saison rebaptisée" in words()
    call_as(
        world.people["manager"],
        "challenge_participant_withdraw",
        id=world.participant["id"],
        reason="Plus personne pour suivre.",
    )
    assert "Baule la nouvelle" not in words()


def test_another_process_is_followed_by_the_version(
    browser: Callable[..., Any], world: Any
) -> None:
    visitor = browser()
    visitor.get("/challenge/saison-2")
    # Past the session, as another process would write.
    engine = model.meta.engine
    assert engine is not None
    with engine.begin() as connection:
        connection.execute(
            sa.text('UPDATE "group" SET title = :title WHERE id = :id'),
            {"title": "Ailleurs", "id": world.participant["organization_id"]},
        )
    assert "Ailleurs" in visitor.get("/challenge/saison-2").get_data(as_text=True)
    assert "Ailleurs" in visitor.get(world.url).get_data(as_text=True)


def test_filters_and_pages(browser: Callable[..., Any], world: Any) -> None:
    _join(world.cohort["id"], MANY)
    visitor = browser()

    def cards(query: str) -> list[str]:
        page = visitor.get(f"/challenge/saison-2{query}").get_data(as_text=True)
        return html.document_fromstring(page).xpath(
            "//li[contains(@class, 'challenge-card')]//h3/a/text()"
        )

    assert len(cards("")) == 24
    assert cards("?q=Commune+214500241") == ["Commune 214500241"]
    assert not cards("?departement=75")
    assert len(cards("?departement=45")) == 24
    pages = range(1, (MANY + 2) // 24 + 2)
    seen = [name for page in pages for name in cards(f"?page={page}&sort=name")]
    assert len(seen) == len(set(seen)) == MANY + 2
    assert not cards("?page=99")
    assert cards("?page=x") == cards("")
    # A value that no option has is no error of the server.
    assert visitor.get("/challenge/saison-2?kind=village").status_code == 400
