"""What is told of badges: to all who publish for an organization, once, in time."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from ckan import model
from ckan.tests import factories
from factories import call_as
from helpers.progress import do, make_award, publish
from lxml import html

from benchmarks.statements import sent_statements
from ckanext.challenge import notifications
from ckanext.challenge.common import labels
from ckanext.challenge.model import Award, Mail, Standing
from ckanext.challenge.model.base import make_id, utcnow
from ckanext.challenge.notifications import outbox
from ckanext.challenge.progress.evaluate import evaluate
from ckanext.challenge.signals import AwardEvent, awards_changed, awards_stored

Rows = Callable[[], list[Mail]]
LOST_ON = dt.date(2026, 12, 23)


@pytest.fixture(autouse=True)
def _fresh(
    with_plugins: None,
    clean_db: None,
    clean_index: None,
    ckan_config: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """An empty portal that speaks English."""
    monkeypatch.setitem(ckan_config, "ckan.locale_default", "en")


def _organization(**people: dict[str, Any]) -> dict[str, Any]:
    return factories.Organization(
        title="Lignières & <Cie>",
        users=[
            {"name": user["name"], "capacity": capacity}
            for capacity, user in people.items()
        ],
    )


def _event(award: Award, before: str | None = None) -> AwardEvent:
    return AwardEvent(
        award.id,
        award.badge,
        award.organization_id,
        award.cohort_id,
        before,
        award.state,
        award.lost_on,
    )


def _change(*events: AwardEvent) -> None:
    """As an evaluation does."""
    awards_changed.send("test", events=events)
    model.Session.commit()
    awards_stored.send("test", events=events)


def test_all_who_publish_get_one_mail_for_all_that_changed(
    post_office: Any, rows: Rows
) -> None:
    post_office.open()
    people = {role: factories.User() for role in ("admin", "editor", "member")}
    organization = _organization(**people)
    gone = factories.User()
    call_as(
        factories.Sysadmin(),
        "member_create",
        id=organization["id"],
        object=gone["id"],
        object_type="user",
        capacity="editor",
    )
    user = model.User.get(gone["id"])
    assert user is not None
    user.state = "deleted"
    model.Session.add(
        Standing(
            organization_id=organization["id"],
            measures={"fresh_share": 0.5, "datasets_public": 4},
            why_not={
                "donnees-fraiches": [
                    {
                        "measure": "fresh_share",
                        "value": 0.5,
                        "target": 0.9,
                        "datasets": [],
                    }
                ]
            },
            evaluated_at=utcnow(),
        )
    )
    _change(
        _event(make_award(organization["id"], "premiere-publication")),
        _event(
            make_award(
                organization["id"], "donnees-fraiches", state="at_risk", lost_on=LOST_ON
            ),
            "active",
        ),
    )
    assert {mail.user_id for mail in rows()} == {
        people["admin"]["id"],
        people["editor"]["id"],
    }
    assert {mail.kind for mail in rows()} == {"award_at_risk"}
    assert outbox.send_due().sent == 2
    first, second = post_office.box.messages
    assert str(first["To"]) != str(second["To"])
    assert str(first["Subject"]) == (
        "Lignières & <Cie>: to be done before December 23, 2026 to keep the badge"
        " “Fresh data”"
    )
    text = first.get_body(("plain",)).get_content()
    assert "50% of the datasets are up to date; 90% are needed." in text
    assert "Congratulations: Lignières & <Cie> has earned the badge" in text
    assert "What stands behind it: confirmed by the support team." in " ".join(
        text.split()
    )
    assert f"/organization/challenge/{organization['name']}" in text
    page = html.document_fromstring(first.get_body(("html",)).get_content())
    assert not page.xpath("//cie")


@pytest.mark.parametrize(
    ("state", "before", "fields", "kind", "said", "link"),
    [
        ("active", None, {}, "award_earned", "Congratulations", "/challenge/awards/"),
        ("active", "at_risk", {}, "award_kept", "All is well", "/challenge/awards/"),
        (
            "revoked",
            "at_risk",
            {"revoked_reason": "criteria_no_longer_hold", "revoked_source": "catalog"},
            "award_lost",
            "You can earn it again at any time.",
            "/organization/challenge/",
        ),
        (
            "revoked",
            "active",
            {"revoked_reason": "Donné <par> erreur.", "revoked_source": "person"},
            "award_lost",
            "for this reason: Donné <par> erreur.",
            "/organization/challenge/",
        ),
    ],
)
def test_what_each_change_says(  # noqa: PLR0917 (of a table)
    post_office: Any,
    rows: Rows,
    state: str,
    before: str | None,
    fields: dict[str, Any],
    kind: str,
    said: str,
    link: str,
) -> None:
    post_office.open()
    organization = _organization(admin=factories.User())
    _change(
        _event(
            make_award(organization["id"], "donnees-fraiches", state=state, **fields),
            before,
        )
    )
    assert [mail.kind for mail in rows()] == [kind]
    assert outbox.send_due().sent == 1
    text = post_office.box.messages[0].get_body(("plain",)).get_content()
    assert said in text
    assert link in text
    assert "criteria_no_longer_hold" not in text


def test_what_is_no_longer_so_is_not_told(post_office: Any, rows: Rows) -> None:
    post_office.open()
    organization = _organization(admin=factories.User())
    award = make_award(
        organization["id"], "donnees-fraiches", state="at_risk", lost_on=LOST_ON
    )
    _change(_event(award, "active"))
    award.state, award.lost_on = "active", None
    model.Session.commit()
    assert outbox.send_due().cancelled == 1
    assert [mail.state for mail in rows()] == ["cancelled"]
    assert post_office.box.messages == []


def test_what_is_undone_or_done_quietly_is_not_told(rows: Rows) -> None:
    organization = _organization(admin=factories.User())
    award = make_award(organization["id"], "engagee")
    event = _event(award)
    awards_changed.send("test", events=[event])
    model.Session.rollback()
    assert rows() == []
    make_award(organization["id"], "engagee", id=award.id)
    with notifications.quiet():
        _change(event)
    assert rows() == []


def test_the_catalogue_itself_tells_what_is_missing_and_until_when(
    post_office: Any,
) -> None:
    """From a dataset that is published to one that nobody sees any more."""
    post_office.open()
    organization = _organization(admin=factories.User())
    dataset = publish(organization["id"], frequency="annual")

    def evaluated(days: int = 0) -> list[tuple[str, str]]:
        """The subjects and texts of the mails that an evaluation sends."""
        post_office.box.messages.clear()
        evaluate(now=utcnow() + dt.timedelta(days=days))
        outbox.send_due()
        return [
            (str(mail["Subject"]), mail.get_body(("plain",)).get_content())
            for mail in post_office.box.messages
        ]

    ((subject, text),) = evaluated()
    assert "has earned the badge “Fresh data”" in subject
    assert evaluated() == [], "told once"
    do("package_patch", id=dataset["id"], private=True)
    ((subject, text),) = evaluated()
    day = labels.as_day(utcnow() + dt.timedelta(days=30))
    assert day in subject
    assert "0 of 1 dataset published so far." in text
    ((subject, text),) = evaluated(days=31)
    assert "no longer holds the badge “Fresh data”" in subject
    assert "You can earn it again" in text


def test_a_badge_given_by_hand_is_told_too(post_office: Any, rows: Rows) -> None:
    """Through the actions, and so through the signal that they send."""
    post_office.open()
    admin = factories.User()
    organization = _organization(admin=admin)
    sysadmin = factories.Sysadmin()
    cohort = call_as(
        sysadmin,
        "challenge_cohort_create",
        name="saison-2",
        title="Saison 2",
        season=2,
    )
    call_as(sysadmin, "challenge_cohort_transition", id=cohort["id"], to="open")
    call_as(
        sysadmin,
        "challenge_participant_create",
        cohort=cohort["id"],
        organization=organization["id"],
    )
    award = call_as(
        sysadmin,
        "challenge_award_create",
        badge="engagee",
        organization=organization["id"],
        reason="Pour la démonstration.",
    )
    call_as(sysadmin, "challenge_award_revoke", id=award["id"], reason="Une erreur.")
    told = [mail for mail in rows() if mail.kind.startswith("award_")]
    assert [(mail.kind, mail.user_id) for mail in told] == [
        ("award_earned", admin["id"]),
        ("award_lost", admin["id"]),
    ]
    assert {mail.cohort_id for mail in told} == {cohort["id"]}
    listed = call_as(sysadmin, "challenge_mail_list", cohort=cohort["id"])["results"]
    assert {
        (row["organization_title"], row["to"])
        for row in listed
        if row["kind"].startswith("award_")
    } == {(organization["title"], admin["display_name"])}
    outbox.send_due()
    # Of what was taken back at once only that is told.
    assert [subject for subject in post_office.subjects if "Committed" in subject] == [
        "Lignières & <Cie> no longer holds the badge “Committed”"
    ]


@pytest.mark.parametrize("number", [1, 300])
def test_telling_costs_the_same_for_one_and_for_many(number: int, rows: Rows) -> None:
    user = factories.User()
    groups = [
        model.Group(
            name=f"commune-{index}",
            title="Commune",
            type="organization",
            is_organization=True,
        )
        for index in range(number)
    ]
    model.Session.add_all(groups)
    model.Session.flush()
    for group in groups:
        model.Session.add(
            model.Member(
                group, table_id=user["id"], table_name="user", capacity="admin"
            )
        )
    model.Session.flush()
    events = [
        AwardEvent(make_id(), badge, group.id, None, None, "active")
        for group in groups
        for badge in ("premiere-publication", "donnees-decrites")
    ]
    with sent_statements() as sent:
        awards_changed.send("test", events=events)
    # Two for the mails; the observatory looks which collectivités these are.
    assert len(sent) == 3
    model.Session.commit()
    assert len(rows()) == number
    assert {len(mail.data["awards"]) for mail in rows()} == {2}
