"""Organizations without a SIREN are proposed collectivités, and given one."""

from __future__ import annotations

import time
from typing import Any

import ckan.plugins.toolkit as tk
import pytest
from ckan import model
from ckan.tests import factories
from factories import (
    BAULE,
    LIGNIERES,
    POINCONNET,
    call_as,
    collectivites,
    make_cohort,
    make_staff,
    only_message,
)

from ckanext.challenge.model import Collectivite, JournalEntry, Mail, Match
from ckanext.challenge.notifications import kinds
from ckanext.challenge.notifications.kinds import Occasion
from ckanext.challenge.notifications.rendering import render

pytestmark = pytest.mark.usefixtures("with_plugins", "clean_db", "clean_index")


@pytest.fixture
def manager() -> dict[str, Any]:
    collectivites()
    user = factories.User()
    make_staff(make_cohort(), "manager", user, by=factories.Sysadmin())
    return user


def _listed(manager: dict[str, Any], **asked: Any) -> list[tuple[str, list[str]]]:
    found = call_as(manager, "challenge_match_list", **asked)
    assert found["count"] >= len(found["results"])
    return [
        (row["organization"], [one["siren"] for one in row["candidates"]])
        for row in found["results"]
    ]


def test_organizations_are_proposed_what_they_are_called(manager: Any) -> None:
    factories.Organization(name="baule", title="Mairie de Baule")
    factories.Organization(name="lignieres", title="Commune de Lignières")
    factories.Organization(name="autre", title="Autre chose")
    factories.Organization(name="known", title="Le Poinçonnet", siren=POINCONNET)
    assert _listed(manager) == [
        ("baule", [BAULE]),
        ("lignieres", list(LIGNIERES)),
        ("autre", []),
    ]
    assert [name for name, _ in _listed(manager, proposed=True)] == [
        "baule",
        "lignieres",
    ]
    assert _listed(manager, q="LIGNIERES") == [("lignieres", list(LIGNIERES))]
    assert _listed(manager, limit=1, offset=1) == [("lignieres", list(LIGNIERES))]
    first = call_as(manager, "challenge_match_list")["results"][0]["candidates"][0]
    assert first["likely"]
    assert (first["name"], first["kind"], first["population"]) == (
        "Baule",
        "commune",
        1985,
    )
    assert first["reasons"] == ["name", "kind", "only"]
    assert first["why"] == [
        "the same name",
        "the same kind",
        "the only one of that name",
    ]


def test_a_decision_gives_what_an_acceptance_gives(manager: Any) -> None:
    member = factories.User()
    organization = factories.Organization(
        name="baule",
        title="Mairie de Baule",
        description="Notre commune",
        users=[{"name": member["name"], "capacity": "editor"}],
    )
    before = call_as(factories.Sysadmin(), "organization_show", id="baule")
    members = {user["name"] for user in before["users"]}
    assert member["name"] in members
    done = call_as(manager, "challenge_match_decide", organization="baule", siren=BAULE)
    assert (done["organization_id"], done["siren"]) == (organization["id"], BAULE)
    model.Session.expire_all()
    shown = call_as(factories.Sysadmin(), "organization_show", id="baule")
    assert {
        name: shown[name]
        for name in ("siren", "insee_code", "kind", "departement", "description")
    } == {
        "siren": BAULE,
        "insee_code": "45024",
        "kind": "commune",
        "departement": "45",
        "description": "Notre commune",
    }
    assert int(shown["population"]) == 1985
    assert {user["name"] for user in shown["users"]} == members
    entry = (
        model.Session.query(JournalEntry)
        .filter_by(action="match", object_id=organization["id"])
        .one()
    )
    assert entry.data == {"siren": BAULE}
    assert entry.actor == manager["id"]
    assert _listed(manager) == []


def test_its_admins_are_told_once_by_mail(manager: Any) -> None:
    admin, editor = factories.User(), factories.User()
    factories.Organization(
        name="baule",
        title="Mairie de Baule",
        users=[
            {"name": admin["name"], "capacity": "admin"},
            {"name": manager["name"], "capacity": "admin"},
            {"name": editor["name"], "capacity": "editor"},
        ],
    )
    mails = model.Session.query(Mail).filter_by(kind="organization_matched")
    call_as(manager, "challenge_match_decide", organization="baule", siren="none")
    assert mails.count() == 0
    for _ in range(2):
        call_as(manager, "challenge_match_decide", organization="baule", siren=BAULE)
    (mail,) = mails
    assert mail.user_id == admin["id"]
    occasion = Occasion(user=model.User.get(admin["id"]), data=mail.data)
    text = render(mail.kind, occasion).text
    assert all(word in text for word in ("Mairie de Baule", "Baule", BAULE))
    assert f"/challenge/collectivite/{BAULE}" in text
    # It was put right before the mail went.
    call_as(factories.Sysadmin(), "organization_patch", id="baule", siren="")
    assert kinds.get(mail.kind).variables(occasion) is None


def test_its_participations_know_it_too(manager: Any) -> None:
    factories.Organization(name="baule", title="Mairie de Baule")
    admin = factories.Sysadmin()
    made = call_as(
        admin,
        "challenge_participant_create",
        cohort="saison-2",
        organization="baule",
    )
    assert not made["siren"]
    call_as(manager, "challenge_match_decide", organization="baule", siren=BAULE)
    shown = call_as(admin, "challenge_participant_show", id=made["id"])
    assert (shown["siren"], shown["departement"], shown["population"]) == (
        BAULE,
        "45",
        1985,
    )


def test_none_is_remembered_and_may_be_thought_better_of(manager: Any) -> None:
    factories.Organization(name="baule", title="Mairie de Baule")
    call_as(manager, "challenge_match_decide", organization="baule", siren="none")
    assert _listed(manager) == []
    assert model.Session.query(Match).one().siren is None
    call_as(manager, "challenge_match_decide", organization="baule", siren=BAULE)
    model.Session.expire_all()
    assert model.Session.query(Match).one().siren == BAULE


@pytest.mark.parametrize(
    ("siren", "field", "message"),
    [
        (
            POINCONNET,
            "siren",
            "“Le Poinçonnet” has this SIREN already",
        ),
        ("200070183", "siren", "The directory does not have this SIREN"),
        ("214500242", "siren", "is not a SIREN"),
        ("", "siren", "Missing value"),
    ],
)
def test_what_cannot_be_is_told_and_changes_nothing(
    manager: Any, siren: str, field: str, message: str
) -> None:
    factories.Organization(name="known", title="Le Poinçonnet", siren=POINCONNET)
    factories.Organization(name="baule", title="Mairie de Baule")
    with pytest.raises(tk.ValidationError) as caught:
        call_as(manager, "challenge_match_decide", organization="baule", siren=siren)
    assert message in only_message(caught, field)
    assert model.Session.query(Match).count() == 0
    shown = call_as(factories.Sysadmin(), "organization_show", id="baule")
    assert not shown.get("siren")


def test_an_organization_keeps_the_siren_that_it_has(manager: Any) -> None:
    factories.Organization(name="known", title="Le Poinçonnet", siren=POINCONNET)
    for siren in (BAULE, "none"):
        with pytest.raises(tk.ValidationError) as caught:
            call_as(
                manager, "challenge_match_decide", organization="known", siren=siren
            )
        assert (
            "has the SIREN" in only_message(caught, "organization") or siren == "none"
        )
    with pytest.raises(tk.ObjectNotFound):
        call_as(manager, "challenge_match_decide", organization="gone", siren=BAULE)


def test_the_list_asks_no_more_for_more_organizations(
    manager: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    numbers = []
    for count in (2, 12):
        for n in range(count):
            factories.Organization(title=f"Mairie de Baule {count} {n}")
        statements: list[str] = []
        execute = model.Session.execute

        def counted(*arguments: Any, **more: Any) -> Any:
            statements.append(str(arguments[0]))  # noqa: B023
            return execute(*arguments, **more)  # noqa: B023

        with monkeypatch.context() as patch:
            patch.setattr(model.Session, "execute", counted)
            assert len(_listed(manager)) >= count
        numbers.append(len(statements))
    assert numbers[0] == numbers[1]


@pytest.mark.seconds(10)
def test_thousands_of_organizations_are_compared_within_seconds(manager: Any) -> None:
    model.Session.execute(
        Collectivite.__table__.insert(),
        [
            {
                "siren": f"{n:09}",
                "insee_code": f"{n:05}",
                "name": f"Saint-{n}",
                "kind": "commune",
                "departement": "45",
                "postcodes": [],
                "vintage": 2026,
                "search_key": f"saint {n} sur loire",
            }
            for n in range(30_000)
        ],
    )
    model.Session.execute(
        model.group_table.insert(),
        [
            {
                "id": f"org-{n}",
                "name": f"org-{n}",
                "title": f"Mairie de Saint {n} sur Loire",
                "type": "organization",
                "is_organization": True,
                "state": "active",
            }
            for n in range(5_000)
        ],
    )
    model.Session.commit()
    begun = time.perf_counter()
    found = call_as(manager, "challenge_match_list", limit=10)
    assert time.perf_counter() - begun < 20
    assert found["count"] == 5_000
