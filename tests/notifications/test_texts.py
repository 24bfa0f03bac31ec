"""What mails say: in two languages, as text and in HTML, before and when they go."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path
from typing import Any

import ckan.plugins.toolkit as tk
import pytest
from ckan import model
from ckan.tests import factories
from factories import POINCONNET, apply, call_as, make_participant, only_message, prove
from helpers.progress import make_award
from lxml import html

from ckanext.challenge.common import access_links
from ckanext.challenge.model import (
    Application,
    Award,
    Campaign,
    Claim,
    Cohort,
    GivenRole,
    Message,
    Participant,
    ParticipantMessage,
    Preparation,
    Staff,
    StepStatus,
    Subscription,
    WaitingRole,
)
from ckanext.challenge.model.base import utcnow
from ckanext.challenge.notifications import kinds, outbox
from ckanext.challenge.notifications.kinds import Occasion
from ckanext.challenge.notifications.rendering import RenderedMail, render

#: The kinds that are about a participant, not about an application.
OF_PARTICIPANTS = (
    "campaign",
    "participant_message",
    "participant_message_staff",
    "participant_reinstated",
    "participant_withdrawn",
    "reminder",
    "season_dates",
    "step_confirmed",
    "step_date",
    "step_returned",
    "step_to_confirm",
)
#: The kinds that carry a message to many: for who is there still.
OF_MANY = ("campaign", "campaign_applicant", "campaign_staff")
#: The kinds that say how an acceptance goes on.
WELCOMES = {"accepted", "claim_accepted"}

#: Of each kind about a badge, what became of it and in which state it is.
CHANGES = {
    "award_at_risk": ("at_risk", "at_risk"),
    "award_earned": ("earned", "active"),
    "award_kept": ("kept", "active"),
    "award_lost": ("lost", "revoked"),
    "subscription_news": ("earned", "active"),
}
ODD = "L'Haÿ-les-Roses & <b>Co</b>"
#: Templates of a portal that writes its mails in its own words.
OWN = Path(__file__).parent / "templates"
ADDRESS = re.compile(r"https?://\S+")


@pytest.fixture
def world(cohort: dict[str, Any]) -> dict[str, Any]:
    """An application with all that a mail can speak of."""
    participant = make_participant(cohort, POINCONNET)
    made = apply(cohort, contact_name="Camille")
    application = Application.get(made["id"])
    assert application is not None
    application.organization_title = ODD
    application.state_reason = "Il manque la délibération.\nEt le budget, « signé »."
    application.changes_fields = ["motivation", "answers-logiciel"]
    application.waitlist_rank = 7
    season = model.Session.get(Cohort, application.cohort_id)
    assert season is not None
    season.questions = [
        {
            "key": "logiciel",
            "type": "text",
            "label": {"fr": "Logiciel", "en": "Tool"},
        }
    ]
    user = factories.User()
    claim = Claim(
        application_id=application.id,
        organization_id=participant["organization_id"],
        user_id=user["id"],
        reason="Nous ne connaissons pas cette personne.",
    )
    role = GivenRole(
        organization_id=participant["organization_id"],
        user_id=user["id"],
        role="editor",
        way="invitation",
        given_by=user["id"],
    )
    message = Message(application_id=application.id, side="staff", text="Bonjour & co")
    waiting = WaitingRole(
        user_id=user["id"],
        digest=access_links.digest_of(made["contact_email"]),
        organization_id=participant["organization_id"],
        application_id=application.id,
        role="admin",
        way="acceptance",
    )
    preparation = Preparation(
        organization_id=participant["organization_id"],
        kit="subventions",
        state="to_mend",
        expires_at=utcnow() + dt.timedelta(days=20),
    )
    helps = Staff(cohort_id=season.id, user_id=user["id"], role="manager")
    model.Session.add_all([claim, role, waiting, message, preparation, helps])
    model.Session.flush()
    said = ParticipantMessage(
        id=message.id, participant_id=participant["id"], side="staff", text="Bonjour !"
    )
    model.Session.add(said)
    given = make_award(
        participant["organization_id"],
        "donnees-fraiches",
        lost_on=dt.date(2026, 12, 1),
    )
    subscription = Subscription(email="lectrice@example.org", badge="donnees-fraiches")
    subscription.language = "fr"
    model.Session.add(subscription)
    campaign = Campaign(
        cohort_id=cohort["id"],
        audience="participants",
        subject="Vos étapes de {saison}",
        text="Bonjour {nom}",
    )
    model.Session.add(campaign)
    editor = factories.User()
    organization = model.Group.get(participant["organization_id"])
    member = model.Member(
        table_name="user", table_id=editor["id"], group=organization, capacity="editor"
    )
    model.Session.add_all(
        (member, Staff(cohort_id=cohort["id"], user_id=editor["id"], role="adviser"))
    )
    model.Session.query(StepStatus).filter_by(
        participant_id=participant["id"], step="deliberation"
    ).update({"reason": "Il manque la signature."})
    model.Session.query(Participant).filter_by(id=participant["id"]).update(
        {"withdrawn_at": utcnow(), "withdrawn_reason": "Plus personne pour suivre."}
    )
    model.Session.commit()
    return {
        "application": application.id,
        "user": user["id"],
        # Publishes for the organization, and works for the season.
        "editor": editor["id"],
        "campaign": campaign,
        "award": given.id,
        "subscription": subscription.id,
        "data": {
            "claim_id": claim.id,
            "given_role_id": role.id,
            "waiting_role_id": waiting.id,
            "message_id": message.id,
            "preparation_id": preparation.id,
            "datasets": [
                factories.Dataset(
                    owner_org=participant["organization_id"], title=f"Budget {ODD}"
                )["id"]
            ],
            "count": 3,
            "date": "2026-12-01",
            "organization_id": participant["organization_id"],
            "siren": POINCONNET,
            "role": "admin",
            "was": f"Commune {ODD}",
            "renames": False,
            "participant_id": participant["id"],
            "step": "deliberation",
            "late": ["deliberation"],
            "soon": ["choix-kits"],
            "next": "choix-kits",
            "dates": ["launch", "finalisation"],
            "steps": ["deliberation"],
        },
    }


def _written(world: dict[str, Any], kind: str, language: str) -> RenderedMail:
    application = Application.get(world["application"])
    assert application is not None
    application.language = language
    # A welcome, and that it is undone, are told while it is so.
    application.state = "accepted" if kind in WELCOMES else "in_review"
    subscription = Subscription.get(world["subscription"])
    assert subscription is not None
    subscription.language = language
    # One that is not confirmed is asked, and told nothing.
    subscription.confirmed_at = None if kind == "subscription" else utcnow()
    data = world["data"]
    if kind in CHANGES:
        change, state = CHANGES[kind]
        award = Award.get(world["award"])
        assert award is not None
        award.state = state
        data = {**data, "awards": [[award.id, change]], "count": 3}
    model.Session.flush()
    reader = kinds.get(kind).reader
    occasion = Occasion(
        application=application,
        cohort=model.Session.get(Cohort, application.cohort_id),
        user=None
        if reader in ("applicant", "subscriber")
        else model.User.get(world["editor" if kind in OF_MANY else "user"]),
        campaign_id=world["campaign"].id,
        data=data,
        participant=Participant.get(world["data"]["participant_id"])
        if kind in OF_PARTICIPANTS
        else None,
        subscription=subscription if reader == "subscriber" else None,
    )
    return render(kind, occasion)


def test_each_kind_reads_as_a_mail_of_one_subject_and_one_link(
    world: dict[str, Any],
) -> None:
    for kind in kinds.names():
        for language in ("fr", "en"):
            letter = _written(world, kind, language)
            where = f"{kind} in {language}: {letter.text}"
            assert letter.subject, where
            assert len(letter.subject) < 110, where
            assert "\n" not in letter.subject, where
            # Nothing escaped for HTML, no variable that was not given.
            for odd in ("&#", "&amp;", "&lt;", "None", "%(", "{{"):
                assert odd not in letter.subject + letter.text, where
            assert "\n\n\n" not in letter.text, where
            links = ADDRESS.findall(letter.text)
            # What somebody asked for has another one, which ends it.
            assert len(links) == 1 + ("List-Unsubscribe" in letter.headers), where
            page = html.document_fromstring(letter.html)
            assert page.xpath("//p[@class='action']/a/@href") == links[:1], where
            assert page.xpath("//html/@lang") == [
                language
                if kinds.get(kind).reader in ("applicant", "subscriber")
                else "fr"
            ]
            assert not page.xpath("//b | //table | //img | //script"), where
            shown = " ".join(page.text_content().split())
            for line in letter.text.split("\n-- \n")[0].splitlines():
                if line.strip() and not line.startswith("- "):
                    # The button has no colon.
                    assert " ".join(line.rstrip(" \u202f:").split()) in shown, where


def test_what_is_asked_is_named_in_words(world: dict[str, Any]) -> None:
    letter = _written(world, "changes_requested", "en")
    assert "Il manque la délibération.\nEt le budget, « signé »." in letter.text
    assert "Why do you want to take part?, Tool" in letter.text
    assert ODD in letter.text
    assert letter.headers["Reply-To"] == "saison@example.org"


def test_a_welcome_waits_for_the_administrators_that_are_asked(
    world: dict[str, Any],
) -> None:
    waiting = _written(world, "accepted", "en")
    assert "We asked its administrators" in waiting.text
    assert "/challenge/application/" in waiting.text
    claim = model.Session.query(Claim).one()
    claim.state = "accepted"
    model.Session.flush()
    unproved = _written(world, "claim_accepted", "en")
    assert "you will be one of its administrators" in unproved.text
    assert "/challenge/proof/" in unproved.text
    prove({"id": world["user"]}, "mairie@example.org")
    welcome = _written(world, "claim_accepted", "en")
    assert "/challenge/mine/saison-2/" in welcome.text
    user = model.User.get(world["user"])
    assert user is not None
    user.state = model.State.PENDING
    model.Session.flush()
    new = _written(world, "accepted", "en")
    model.Session.flush()
    assert user.reset_key
    assert f"/user/reset/{user.id}?key={user.reset_key}" in new.text
    # A second mail opens the same door.
    again = _written(world, "claim_accepted", "en")
    assert user.reset_key in again.text


def test_a_deadline_is_named_while_there_is_one(world: dict[str, Any]) -> None:
    assert "Submit it by" in _written(world, "draft", "en").text
    season = model.Session.query(Cohort).one()
    season.application_deadline = season.application_opens
    model.Session.flush()
    assert "Submit it by" not in _written(world, "draft", "en").text


@pytest.mark.parametrize(
    ("decision", "given", "words"),
    [
        ("accept", {}, ["prend", "…"]),
        ("waitlist", {}, ["1."]),
        ("refuse", {"reason": "Trop tard & « trop »."}, ["Trop tard & « trop »."]),
        (
            "request_changes",
            {"reason": "Le numéro.", "kind": "incorrect", "fields": "agents"},
            ["Le numéro."],
        ),
    ],
)
def test_a_preview_says_what_would_go_and_opens_nothing(
    cohort: dict[str, Any],
    post_office: Any,
    decision: str,
    given: dict[str, str],
    words: list[str],
) -> None:
    post_office.open()
    admin = factories.Sysadmin()
    application = apply(cohort)
    outbox.send_due()
    seen = call_as(
        admin,
        "challenge_mail_preview",
        application=application["id"],
        decision=decision,
        **given,
    )
    assert seen["to"] == "mairie@example.org"
    assert "key=" not in seen["text"] or "key=%E2%80%A6" in seen["text"]
    assert Application.get(application["id"]).state == "submitted"  # type: ignore[union-attr]
    call_as(
        admin,
        "challenge_application_review",
        id=application["id"],
        decision=decision,
        **given,
    )
    outbox.send_due()
    (mail,) = post_office.box.messages[1:]
    body = mail.get_body(("plain",)).get_content().replace("\r\n", "\n")
    assert mail["Subject"] == seen["subject"]

    def known(text: str) -> str:
        # All but what only exists once it was decided: addresses and a user's name.
        text = re.sub(r"https?://\S+", "…", text)
        return re.sub("«\u202f(baule|…)\u202f»|“(baule|…)”", "…", text)

    assert known(body) == known(seen["text"])
    if decision != "accept":
        assert all(word in body for word in words)


def test_a_preview_of_what_nobody_is_told(cohort: dict[str, Any]) -> None:
    admin = factories.Sysadmin()
    application = apply(cohort)
    nothing = call_as(
        admin,
        "challenge_mail_preview",
        application=application["id"],
        decision="start",
    )
    assert nothing is None
    with pytest.raises(tk.ValidationError) as caught:
        call_as(admin, "challenge_mail_preview", application=application["id"])
    assert only_message(caught, "decision")
    receipt = call_as(
        admin,
        "challenge_mail_preview",
        application=application["reference"],
        mail="receipt",
    )
    assert application["reference"] in receipt["subject"]


def test_a_portal_says_it_in_its_own_words(
    cohort: dict[str, Any],
    post_office: Any,
    ckan_config: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
    make_app: Any,
) -> None:
    monkeypatch.setitem(ckan_config, "extra_template_paths", str(OWN))
    app = make_app()
    post_office.open()
    apply(cohort)
    with app.flask_app.app_context():
        outbox.send_due()
    (mail,) = post_office.box.messages
    body = mail.get_body(("plain",)).get_content()
    assert "Merci, Secrétariat de mairie !" in body
    assert "/challenge/application/" in body
    assert "Merci" not in mail.get_body(("html",)).get_content()
