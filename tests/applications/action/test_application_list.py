"""The list of a season's applications: filters, order, numbers, neighbours."""

from __future__ import annotations

import itertools
from typing import Any

import ckan.plugins.toolkit as tk
import pytest
import sqlalchemy as sa
from ckan import model
from ckan.tests import factories
from factories import (
    BAULE,
    LIGNIERES,
    POINCONNET,
    apply,
    call_as,
    collectivites,
    make_cohort,
    make_staff,
)
from helpers.snapshots import MadeOnce

from benchmarks.statements import sent_statements
from ckanext.challenge.domain.eligibility import RULES, STATUSES, duty_to_publish
from ckanext.challenge.model import Application
from ckanext.challenge.model.base import make_id, utcnow
from ckanext.challenge.model.duty import duty_status


@pytest.fixture
def season(made_once: MadeOnce) -> dict[str, Any]:
    """Four applications, a draft among them, to a season with two managers."""
    return made_once(__name__, _season)


def _season() -> dict[str, Any]:
    collectivites()
    cohort = make_cohort()
    admin = factories.Sysadmin()
    managers = [factories.User(fullname=name) for name in ("Agathe", "Basile")]
    for manager in managers:
        make_staff(cohort, "manager", manager, by=admin)
    made = {
        "baule": apply(cohort, BAULE, agents=60, contact_phone="02 38 21 00 00"),
        "poinconnet": apply(
            cohort, POINCONNET, agents=10, contact_email="a_b@example.org"
        ),
        "lignieres": apply(cohort, LIGNIERES[0], agents=10),
        "draft": apply(cohort, LIGNIERES[1], submit=False),
    }
    return {"cohort": cohort, "admin": admin, "managers": managers, "made": made}


def _listed(season: dict[str, Any], **data: Any) -> list[str]:
    """Which of the season's applications are answered, in their order."""
    names = {row["id"]: name for name, row in season["made"].items()}
    found = call_as(
        season["managers"][0],
        "challenge_application_list",
        cohort=season["cohort"]["name"],
        **data,
    )
    assert found["count"] == len(found["results"])
    return [names[row["id"]] for row in found["results"]]


def _review(season: dict[str, Any], name: str, decision: str, **data: Any) -> None:
    call_as(
        season["managers"][0],
        "challenge_application_review",
        id=season["made"][name]["id"],
        decision=decision,
        **data,
    )


def test_managers_find_what_they_look_for_and_no_drafts(season: dict[str, Any]) -> None:
    manager = season["managers"][0]
    assert _listed(season) == ["baule", "poinconnet", "lignieres"]
    _review(season, "baule", "start")
    _review(season, "lignieres", "refuse", reason="Plus tard.", pending=True)
    call_as(
        manager,
        "challenge_application_assign",
        id=season["made"]["poinconnet"]["id"],
        reviewer=manager["name"],
    )
    cases: list[tuple[dict[str, Any], list[str]]] = [
        ({"state": "in_review"}, ["baule"]),
        ({"state": "draft"}, []),
        ({"state": ["submitted"]}, ["poinconnet", "lignieres"]),
        ({"state": "submitted,in_review"}, ["baule", "poinconnet", "lignieres"]),
        ({"departement": "18"}, ["lignieres"]),
        ({"kind": "cc"}, []),
        ({"obligation": "concerned"}, ["baule", "poinconnet"]),
        ({"obligation": "not_concerned"}, ["lignieres"]),
        ({"reviewer": "me"}, ["poinconnet"]),
        ({"reviewer": manager["id"]}, ["poinconnet"]),
        ({"reviewer": "none"}, ["baule", "lignieres"]),
        ({"pending": True}, ["lignieres"]),
        ({"ids": [season["made"]["baule"]["id"]]}, ["baule"]),
        ({"q": "poinconnet"}, ["poinconnet"]),
        ({"q": "LE POINÇ"}, ["poinconnet"]),
        ({"q": "214 500 241"}, ["baule"]),
        ({"q": season["made"]["baule"]["reference"].lower()}, ["baule"]),
        # What LIKE takes for "any character" is meant as it is written.
        ({"q": "a_b@"}, ["poinconnet"]),
        ({"q": "%"}, []),
        ({"q": "+33 (0)2.38.21"}, ["baule"]),
        ({"q": "382100"}, ["baule"]),
        ({"q": "02 38 22"}, []),
        ({"q": "secretariat", "state": "in_review"}, ["baule"]),
        ({"sort": "population"}, ["poinconnet", "baule", "lignieres"]),
        ({"sort": "population", "order": "asc"}, ["lignieres", "baule", "poinconnet"]),
        ({"sort": "name"}, ["baule", "poinconnet", "lignieres"]),
        ({"sort": "name", "order": "desc"}, ["lignieres", "poinconnet", "baule"]),
        ({"sort": "state"}, ["poinconnet", "lignieres", "baule"]),
        ({"sort": "reference", "order": "desc"}, ["lignieres", "poinconnet", "baule"]),
    ]
    for asked, expected in cases:
        assert _listed(season, **asked) == expected, asked


def test_a_draft_that_is_taken_back_stays_its_applicants_own(
    season: dict[str, Any],
) -> None:
    draft = season["made"]["draft"]
    call_as(None, "challenge_application_withdraw", id=draft["id"], key=draft["key"])
    assert _listed(season) == ["baule", "poinconnet", "lignieres"]
    assert _listed(season, state="withdrawn") == []
    with pytest.raises(tk.NotAuthorized):
        call_as(season["managers"][0], "challenge_application_check", id=draft["id"])
    # What was handed in before stays to be read.
    baule = season["made"]["baule"]
    call_as(None, "challenge_application_withdraw", id=baule["id"], key=baule["key"])
    assert _listed(season, state="withdrawn") == ["baule"]


@pytest.mark.parametrize(
    "asked",
    [
        {"state": "unknown"},
        {"sort": "shoe_size"},
        {"order": "sideways"},
        {"obligation": "maybe"},
        {"ids": {"no": "list"}},
    ],
)
def test_what_cannot_be_asked_is_said(
    season: dict[str, Any], asked: dict[str, Any]
) -> None:
    with pytest.raises(tk.ValidationError) as caught:
        _listed(season, **asked)
    assert list(caught.value.error_dict) == list(asked)


def test_numbers_stay_while_a_state_is_chosen(season: dict[str, Any]) -> None:
    _review(season, "baule", "waitlist")
    _review(season, "lignieres", "accept", pending=True)
    manager = season["managers"][0]

    def answer(**data: Any) -> Any:
        return call_as(
            manager,
            "challenge_application_list",
            cohort=season["cohort"]["id"],
            **data,
        )

    found = answer(state="waitlisted", limit=0)
    assert (found["count"], found["results"]) == (1, [])
    assert found["facets"] == {
        "state": {"submitted": 2, "waitlisted": 1},
        "pending": 1,
        "departement": ["18", "36", "45"],
    }
    assert found["next_in_line"] == {
        "id": season["made"]["baule"]["id"],
        "organization_title": "Baule",
    }
    assert {user["name"] for user in found["reviewers"]} == {"Agathe", "Basile"}
    narrowed = answer(departement="18")["facets"]
    assert narrowed["state"] == {"submitted": 1}
    # The others can still be chosen.
    assert narrowed["departement"] == ["18", "36", "45"]
    assert (
        "draft"
        in call_as(
            season["admin"], "challenge_application_list", cohort=season["cohort"]["id"]
        )["facets"]["state"]
    )


def test_the_way_leads_from_one_file_to_the_next(season: dict[str, Any]) -> None:
    ids = {name: row["id"] for name, row in season["made"].items()}

    def around(name: str, **data: Any) -> Any:
        found = call_as(
            season["managers"][0],
            "challenge_application_list",
            cohort=season["cohort"]["id"],
            around=ids[name],
            limit=0,
            **data,
        )
        return found["neighbours"]

    assert around("poinconnet") == {
        "previous": ids["baule"],
        "next": ids["lignieres"],
        "position": 2,
    }
    assert around("baule", sort="population") == {
        "previous": ids["poinconnet"],
        "next": ids["lignieres"],
        "position": 2,
    }
    assert around("lignieres")["next"] is None
    outside = {"previous": None, "next": None, "position": None}
    assert around("baule", departement="18") == outside
    assert around("draft") == outside


def test_one_reads_of_oneself_what_the_team_does_not_keep_to_itself(
    season: dict[str, Any],
) -> None:
    user = factories.User()
    application = season["made"]["baule"]
    row = model.Session.get(Application, application["id"])
    assert row is not None
    row.user_id = user["id"]
    model.Session.commit()
    _review(season, "baule", "refuse", reason="Plus tard.", pending=True)
    (mine,) = call_as(user, "challenge_application_list")["results"]
    assert mine["id"] == application["id"]
    assert not {"pending_decision", "reviewer_id"} & set(mine)
    with pytest.raises(tk.NotAuthorized):
        call_as(user, "challenge_application_list", cohort=season["cohort"]["id"])


def test_many_take_as_many_statements_as_few(season: dict[str, Any]) -> None:
    def statements() -> int:
        with sent_statements() as sent:
            found = call_as(
                season["managers"][0],
                "challenge_application_list",
                cohort=season["cohort"]["id"],
                around=season["made"]["baule"]["id"],
                limit=1000,
            )
        assert len(found["results"]) == found["count"]
        return len(sent)

    few = statements()
    model.Session.add_all(
        Application(
            id=make_id(),
            cohort_id=season["cohort"]["id"],
            reference=f"S2-9{number:03d}",
            siren=f"{number:09d}",
            organization_title=f"Commune {number}",
            departement=f"{number % 95:02d}",
            state="submitted",
            submitted_at=utcnow(),
        )
        for number in range(200)
    )
    model.Session.commit()
    assert statements() == few


_KINDS = ("commune", "cc", "metropole", "autre", None)
_POPULATIONS = (None, 0, 3499, 3500, 3501)
_AGENTS = (None, 0, 49.99, 50, 50.5)


@pytest.mark.parametrize("rule", RULES)
def test_the_database_judges_the_duty_to_publish_as_the_rule_does(
    with_plugins: None, clean_db: None, rule: Any
) -> None:
    rows = list(itertools.product(_KINDS, _POPULATIONS, _AGENTS))
    given = sa.values(
        sa.column("number", sa.Integer),
        sa.column("kind", sa.UnicodeText),
        sa.column("population", sa.Integer),
        sa.column("agents", sa.Numeric(8, 2)),
        name="given",
    ).data([(number, *row) for number, row in enumerate(rows)])
    status = duty_status(
        given.c, rule=rule, population_threshold=3500, agents_threshold=50
    )
    answered = model.Session.execute(
        sa.select(given.c.number, status).order_by(given.c.number)
    ).all()
    expected = [duty_to_publish(*row, rule=rule).status for row in rows]
    assert [row[1] for row in answered] == expected
    assert set(expected) == set(STATUSES)
