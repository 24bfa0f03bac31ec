"""Two organizations that become one."""

from __future__ import annotations

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
    day,
    make_cohort,
    make_participant,
    make_staff,
)
from helpers.snapshots import MadeOnce

from benchmarks.statements import sent_statements
from ckanext.challenge.applications import merging
from ckanext.challenge.common import addresses, journal
from ckanext.challenge.model import (
    Award,
    JournalEntry,
    Mail,
    Participant,
    ParticipantMessage,
    StepStatus,
    Subscription,
    Visit,
)
from ckanext.challenge.model.base import utcnow
from ckanext.challenge.notifications.kinds import Occasion
from ckanext.challenge.notifications.rendering import render

#: In the directory, without an organization.
NEW = LIGNIERES[0]


@pytest.fixture
def world(made_once: MadeOnce) -> dict[str, Any]:
    """Baule and Le Poinçonnet in one season, Baule in another."""
    return made_once(__name__, _world)


def _world() -> dict[str, Any]:
    collectivites()
    admin, manager = factories.Sysadmin(), factories.User()
    seasons = [
        make_cohort("open"),
        make_cohort("open", name="saison-3", season=3, title="Saison 3"),
    ]
    made = {
        "both": make_participant(seasons[0], BAULE),
        "theirs": make_participant(seasons[0], POINCONNET),
        "alone": make_participant(seasons[1], BAULE),
    }
    for season in seasons:
        make_staff(season, "manager", manager, by=admin)
    was = made["both"]["organization_id"]
    becomes = made["theirs"]["organization_id"]
    for organization, reason in ((was, "Un"), (becomes, "Deux")):
        call_as(
            admin,
            "challenge_award_create",
            badge="premiere-publication",
            organization=organization,
            cohort=seasons[0]["id"],
            reason=reason,
        )
    call_as(
        admin,
        "challenge_award_create",
        badge="donnees-decrites",
        organization=was,
        cohort=seasons[0]["id"],
        reason="Seul",
    )
    call_as(
        admin,
        "challenge_visit_create",
        participant=made["both"]["id"],
        date=day(0).isoformat(),
        days=1.5,
        topic="Rencontre",
    )
    call_as(
        admin,
        "challenge_participant_message_create",
        participant=made["both"]["id"],
        text="Bonjour",
    )
    dataset = factories.Dataset(owner_org=was, user=admin)
    for organization in (was, becomes):
        model.Session.add(
            Subscription(
                email="lectrice@example.org",
                language="fr",
                organization_id=organization,
                confirmed_at=utcnow(),
            )
        )
    model.Session.commit()
    return {
        **made,
        "admin": admin,
        "manager": manager,
        "was": was,
        "becomes": becomes,
        "dataset": dataset["id"],
        "seasons": seasons,
    }


def _merge(world: dict[str, Any], who: str = "admin", **given: Any) -> dict[str, Any]:
    data = {"from": BAULE, "into": POINCONNET, **given}
    return call_as(world[who], "challenge_collectivite_merge", **data)


def _replace(world: dict[str, Any], siren: str = BAULE, by: str = POINCONNET) -> None:
    call_as(world["admin"], "challenge_successor_create", siren=siren, successor=by)


def _step(participant: str, key: str) -> StepStatus:
    found = model.Session.get(StepStatus, (participant, key))
    assert found is not None
    return found


def _group(id_: str) -> model.Group:
    found = model.Session.get(model.Group, id_)
    assert found is not None
    return found


def _owner(dataset: str) -> str | None:
    found = model.Package.get(dataset)
    assert found is not None
    return found.owner_org


def test_everything_goes_along_in_one_transaction(world: dict[str, Any]) -> None:
    for key, state in (("elu-referent", "done"), ("deliberation", "to_confirm")):
        _step(world["both"]["id"], key).state = state
    _step(world["theirs"]["id"], "deliberation").state = "done"
    _step(world["theirs"]["id"], "deliberation").note = "La leur"
    _step(world["theirs"]["id"], "elu-referent").state = "todo"
    model.Session.commit()
    answer = _merge(world)
    assert answer["done"] is True
    assert answer["renames"] is False
    assert (answer["datasets"], answer["awards"]) == (1, 2)
    assert answer["doubled_awards"] == 1
    assert [row["doubled"] for row in answer["seasons"]] == [True, False]
    becomes = world["becomes"]
    assert _owner(world["dataset"]) == becomes
    listed = model.Session.query(model.Member.group_id).filter_by(
        table_id=world["dataset"], table_name="package", state="active"
    )
    assert [row.group_id for row in listed] == [becomes]
    # Where one took part alone, it goes on.
    alone = Participant.get(world["alone"]["id"])
    assert alone is not None
    assert (alone.organization_id, alone.siren) == (becomes, POINCONNET)
    assert alone.organization_created is False
    # Where both did, what was done counts once.
    theirs = world["theirs"]["id"]
    assert _step(theirs, "elu-referent").state == "done"
    assert _step(theirs, "deliberation").note == "La leur"
    for table in (Visit, ParticipantMessage):
        (row,) = model.Session.query(table).all()
        assert row.participant_id == theirs
    awards = model.Session.query(Award).all()
    assert {award.organization_id for award in awards} == {becomes}
    live = [award.badge for award in awards if award.state != "revoked"]
    assert sorted(live) == sorted(set(live))
    assert "donnees-decrites" in live
    assert model.Session.query(Subscription).one().organization_id == becomes
    # The organization that was leads to what it became.
    was = _group(world["was"])
    assert was.state == "deleted"
    assert addresses.present_name("organization", was.name) == _group(becomes).name
    assert addresses.present_siren(BAULE) == POINCONNET
    entry = model.Session.query(JournalEntry).filter_by(action="merge").first()
    assert entry is not None
    assert entry.object_id in (becomes, theirs, alone.id)
    assert journal.verify() == []
    # There is nothing left to do.
    with pytest.raises(tk.ValidationError) as caught:
        _merge(world)
    assert list(caught.value.error_dict) == ["from"]


def test_a_look_changes_nothing(world: dict[str, Any]) -> None:
    answer = _merge(world, dry_run=True)
    assert answer["done"] is False
    assert answer["from"]["organization_id"] == world["was"]
    assert _owner(world["dataset"]) == world["was"]
    assert not model.Session.query(JournalEntry).filter_by(action="merge").count()


def test_what_fails_leaves_everything_as_it_was(
    world: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: Any) -> None:
        raise RuntimeError

    monkeypatch.setattr(merging, "_delete", fails)
    with pytest.raises(RuntimeError):
        _merge(world)
    assert _owner(world["dataset"]) == world["was"]
    assert Participant.get(world["alone"]["id"]).organization_id == world["was"]  # type: ignore[union-attr]
    assert addresses.present_siren(BAULE) == BAULE


def test_an_organization_becomes_what_has_none(world: dict[str, Any]) -> None:
    before = _group(world["was"])
    name = before.name
    answer = _merge(world, into=NEW)
    assert answer["renames"] is True
    after = call_as(world["admin"], "organization_show", id=world["was"])
    assert (after["name"], after["siren"]) == (name, NEW)
    assert "Lignières" in after["title"]
    assert _owner(world["dataset"]) == world["was"]
    kept = Participant.get(world["alone"]["id"])
    assert kept is not None
    assert (kept.siren, kept.departement) == (NEW, "18")
    assert addresses.present_siren(BAULE) == NEW


def _join(organization: str, capacity: str) -> str:
    """An account with a role in an organization."""
    user = factories.User()
    call_as(
        factories.Sysadmin(),
        "organization_member_create",
        id=organization,
        username=user["name"],
        role=capacity,
    )
    return str(user["id"])


def _name(user_id: str) -> str:
    user = model.User.get(user_id)
    assert user is not None
    return str(user.name)


def _told(user_id: str) -> str:
    mail = model.Session.query(Mail).filter_by(
        kind="collectivite_merged", user_id=user_id
    )
    row = mail.one()
    occasion = Occasion(user=model.User.get(user_id), data=row.data)
    return render("collectivite_merged", occasion).text


def test_who_was_there_and_who_lets_people_in_are_told(world: dict[str, Any]) -> None:
    secretary = _join(world["was"], "editor")
    host = _join(world["becomes"], "admin")
    reader = _join(world["becomes"], "member")
    both = _join(world["was"], "admin")
    call_as(
        world["admin"],
        "organization_member_create",
        id=world["becomes"],
        username=_name(both),
        role="editor",
    )
    titles = [str(_group(world[key]).title) for key in ("was", "becomes")]
    _merge(world, dry_run=True)
    assert model.Session.query(Mail).filter_by(kind="collectivite_merged").count() == 0
    _merge(world)
    told = model.Session.query(Mail).filter_by(kind="collectivite_merged")
    users = {row.user_id for row in told}
    assert {secretary, host, both} <= users
    # Nobody is told of what they did themselves, or of what changes nothing for them.
    assert users.isdisjoint({reader, world["admin"]["id"]})
    for user_id, waits, invites in (
        (secretary, True, False),
        (host, False, True),
        (both, False, False),
    ):
        text = _told(user_id)
        assert all(title in text for title in titles)
        assert ("Votre compte" in text) is waits, text
        assert ("/members/" in text) is invites


def test_who_stays_in_a_renamed_organization_is_told(world: dict[str, Any]) -> None:
    secretary = _join(world["was"], "editor")
    before = str(_group(world["was"]).title)
    _merge(world, into=NEW)
    text = _told(secretary)
    assert before in text
    assert str(_group(world["was"]).title) in text
    assert "/members/" not in text


def test_managers_merge_what_is_known_to_be_replaced(world: dict[str, Any]) -> None:
    with pytest.raises(tk.NotAuthorized):
        _merge(world, "manager")
    assert call_as(world["manager"], "challenge_merge_list")["count"] == 0
    _replace(world)
    (row,) = call_as(world["manager"], "challenge_merge_list")["results"]
    assert row["from"]["siren"] == BAULE
    assert row["into"]["siren"] == POINCONNET
    assert (row["reason"], row["seasons"], row["may_merge"]) == ("replaced", 2, True)
    assert _merge(world, "manager")["done"] is True
    assert call_as(world["admin"], "challenge_merge_list")["count"] == 0


def test_a_manager_of_one_of_its_seasons_does_not_decide_for_the_other(
    world: dict[str, Any],
) -> None:
    half = factories.User()
    make_staff(world["seasons"][1], "manager", half, by=world["admin"])
    world["half"] = half
    _replace(world)
    (row,) = call_as(half, "challenge_merge_list")["results"]
    assert row["may_merge"] is False
    with pytest.raises(tk.NotAuthorized):
        _merge(world, "half")
    # Nor somebody who manages another season.
    other = factories.User()
    make_staff(make_cohort("open", name="s-9", season=9), "manager", other)
    assert call_as(other, "challenge_merge_list")["count"] == 0


def test_who_left_and_who_goes_on_are_one_that_goes_on(world: dict[str, Any]) -> None:
    admin = world["admin"]
    call_as(
        admin, "challenge_participant_withdraw", id=world["theirs"]["id"], reason="Non"
    )
    _merge(world)
    kept = Participant.get(world["theirs"]["id"])
    assert kept is not None
    assert (kept.state, kept.withdrawn_at, kept.withdrawn_reason) == (
        "active",
        None,
        None,
    )


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"from": NEW}, "from"),
        ({"into": BAULE}, "into"),
        ({"into": "732829320"}, "into"),
        ({"from": "nulle-part"}, "from"),
        ({"into": "nulle-part"}, "into"),
        ({"from": ""}, "from"),
    ],
)
def test_what_cannot_become_one(
    world: dict[str, Any], given: dict[str, Any], field: str
) -> None:
    with pytest.raises(tk.ValidationError) as caught:
        _merge(world, **given)
    assert list(caught.value.error_dict) == [field]


def test_nothing_goes_round_in_a_circle(world: dict[str, Any]) -> None:
    _replace(world, POINCONNET, BAULE)
    with pytest.raises(tk.ValidationError) as caught:
        _merge(world)
    assert list(caught.value.error_dict) == ["into"]


def test_a_harvested_organization_with_the_same_siren_is_proposed(
    world: dict[str, Any],
) -> None:
    twin = factories.Organization(name="moissonnee", siren=BAULE)
    factories.Dataset(owner_org=twin["id"], user=world["admin"])
    (row,) = call_as(world["admin"], "challenge_merge_list")["results"]
    assert row["reason"] == "same_siren"
    assert row["from"]["organization"] == "moissonnee"
    with pytest.raises(tk.ValidationError) as caught:
        _merge(world)
    assert "moissonnee" in str(caught.value.error_dict["from"])
    was = _group(world["was"]).name
    assert _merge(world, **{"from": "moissonnee", "into": was})["datasets"] == 1
    # It is still the same collectivité.
    assert addresses.present_siren(BAULE) == BAULE
    assert call_as(world["admin"], "challenge_merge_list")["count"] == 0


def test_the_list_costs_the_same_for_any_number(world: dict[str, Any]) -> None:
    def cost() -> int:
        with sent_statements() as sent:
            call_as(world["admin"], "challenge_merge_list")
        return len(sent)

    _replace(world)
    one = cost()
    for number in range(3):
        factories.Organization(name=f"double-{number}", siren=POINCONNET)
    assert call_as(world["admin"], "challenge_merge_list")["count"] > 1
    assert cost() == one
