"""The portal is nobody's mail gun: what goes to an address that nobody has proved."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from ckan import model
from ckan.tests import factories
from factories import BAULE, apply, call_as, make_participant, prove
from helpers.mail_fixtures import PostOffice

from ckanext.challenge.common import access_links, proofs
from ckanext.challenge.model import (
    Application,
    Campaign,
    Cohort,
    GivenRole,
    Mail,
    Message,
    Subscription,
)
from ckanext.challenge.model.base import utcnow
from ckanext.challenge.notifications import kinds, outbox
from ckanext.challenge.notifications.kinds import Occasion
from ckanext.challenge.notifications.rendering import render
from ckanext.challenge.privacy import erasure

VICTIM = "victime@example.org"
#: What somebody types who wants the portal to mail it.
TYPED = "Gagnez sur www.evil.example"
OUTSIDE = "999999907"


def _whole(mail: Any) -> str:
    body = "".join(
        part.get_content() for part in mail.walk() if not part.is_multipart()
    )
    return f"{mail['To']} {mail['Reply-To']} {mail['Subject']} {body}"


def _unproved(cohort: dict[str, Any], siren: str = OUTSIDE) -> dict[str, Any]:
    outside = {"organization_title": TYPED, "kind": "commune", "population": 5}
    return apply(
        cohort,
        siren,
        opened=False,
        contact_name=TYPED,
        contact_email=VICTIM,
        motivation=TYPED,
        **({} if siren == BAULE else outside),
    )


def _typed_season(cohort: dict[str, Any]) -> None:
    call_as(
        factories.Sysadmin(),
        "challenge_cohort_patch",
        id=cohort["id"],
        title=TYPED,
        contact_email="evil@evil.example",
    )


def test_no_typed_text_goes_to_an_address_that_nobody_proved(
    cohort: dict[str, Any], post_office: PostOffice
) -> None:
    _typed_season(cohort)
    post_office.open()
    application = _unproved(cohort)
    admin = factories.Sysadmin()
    call_as(
        admin,
        "challenge_application_message_create",
        id=application["id"],
        text=TYPED,
    )
    call_as(
        admin,
        "challenge_application_review",
        id=application["id"],
        decision="refuse",
        reason=TYPED,
    )
    assert outbox.send_due().sent == 3
    for mail in post_office.box.to(VICTIM):
        assert "evil" not in _whole(mail)
        assert application["reference"] in mail["Subject"]
        assert f"/challenge/application/{application['id']}?key=" in _whole(mail)


@pytest.mark.parametrize("language", ["fr", "en"])
def test_each_kind_for_applicants_is_silent_until_the_link_is_opened(
    cohort: dict[str, Any], language: str
) -> None:
    _typed_season(cohort)
    row = Application.get(_unproved(cohort)["id"])
    season = Cohort.get(cohort["id"])
    assert row is not None and season is not None
    row.language = language
    row.state_reason = TYPED
    campaign = Campaign(
        cohort_id=season.id, audience="applicants", subject=TYPED, text=TYPED
    )
    message = Message(application_id=row.id, side="staff", text=TYPED)
    model.Session.add_all((campaign, message))
    model.Session.flush()
    occasion = Occasion(
        application=row,
        cohort=season,
        campaign_id=campaign.id,
        data={"date": "2026-01-01", "message_id": message.id},
    )
    told = [
        name
        for name in kinds.names()
        if kinds.get(name).reader == "applicant"
        # Of one that is answered there is nothing to tell yet.
        and name != "claim_accepted"
    ]
    assert {"accepted", "campaign_applicant", "message", "receipt", "refused"} <= set(
        told
    )
    for name in told:
        # A welcome is told as long as there is an acceptance.
        row.state = "accepted" if name == "accepted" else "in_review"
        mail = render(name, occasion)
        assert "evil" not in f"{mail.name} {mail.subject} {mail.text} {mail.html}", name
        assert "Reply-To" not in mail.headers
        assert mail.unproved == access_links.digest_of(VICTIM)
    key = access_links.make_key(row.id, VICTIM)
    call_as(None, "challenge_application_email_confirm", id=row.id, key=key)
    mail = render("refused", occasion)
    assert TYPED in mail.text
    assert mail.headers["Reply-To"] == "evil@evil.example"
    assert mail.unproved is None


def test_the_official_name_is_that_of_the_directory(
    cohort: dict[str, Any], post_office: PostOffice
) -> None:
    post_office.open()
    _unproved(cohort, BAULE)
    outbox.send_due()
    (mail,) = post_office.box.to(VICTIM)
    assert "Baule" in _whole(mail)
    assert mail["To"] == f"Baule <{VICTIM}>"
    assert "evil" not in _whole(mail)


def test_an_invitation_says_no_title(
    cohort: dict[str, Any], post_office: PostOffice
) -> None:
    admin = factories.Sysadmin()
    participant = make_participant(cohort)
    call_as(admin, "organization_patch", id=participant["organization_id"], title=TYPED)
    stranger = factories.User(email="inscrit@example.org", fullname=TYPED)
    plain = factories.Organization(title=TYPED)
    post_office.open()
    outbox.send_due()
    post_office.box.messages.clear()
    for organization in (participant["organization_id"], plain["id"]):
        for address in (VICTIM, stranger["email"]):
            call_as(
                admin,
                "challenge_member_invite",
                organization=organization,
                email=address,
            )
    # The contact, who has not opened the account yet, is told of each new admin, too.
    assert outbox.send_due().sent == 5
    for address in (VICTIM, stranger["email"]):
        mails = post_office.box.to(address)
        assert len(mails) == 2
        assert all("evil" not in _whole(mail) for mail in mails)
        assert "Baule" in _whole(mails[0])


def test_a_subscription_is_confirmed_without_its_title(cohort: dict[str, Any]) -> None:
    _typed_season(cohort)
    call_as(None, "challenge_subscription_create", cohort=cohort["id"], email=VICTIM)
    subscription = model.Session.query(Subscription).one()
    mail = render("subscription", Occasion(subscription=subscription))
    assert "evil" not in f"{mail.name} {mail.subject} {mail.text} {mail.html}"


def _ask(application: dict[str, Any]) -> Any:
    return call_as(None, "challenge_application_link_send", id=application["id"])


def test_three_an_hour_and_ten_a_day_then_silence(
    cohort: dict[str, Any],
    post_office: PostOffice,
    minutes_pass: Callable[[float], None],
) -> None:
    post_office.open()
    applications = [_unproved(cohort, siren) for siren in (BAULE, OUTSIDE, "999999915")]
    answers = [_ask(application) for application in applications]
    outbox.send_due()
    assert len(post_office.box.to(VICTIM)) == 3
    assert answers == [{"done": True}] * 3
    assert {mail.state for mail in model.Session.query(Mail)} == {"sent", "cancelled"}
    for hour in range(1, 5):
        minutes_pass(61)
        for application in applications * 2:
            assert _ask(application) == {"done": True}
        outbox.send_due()
        assert len(post_office.box.to(VICTIM)) == min(3 + 3 * hour, 10)
    minutes_pass(24 * 60)
    _ask(applications[0])
    outbox.send_due()
    assert len(post_office.box.to(VICTIM)) == 11


def test_an_address_that_is_proved_is_not_counted(
    cohort: dict[str, Any], post_office: PostOffice
) -> None:
    post_office.open()
    application = apply(cohort)
    for _ in range(5):
        _ask(application)
    outbox.send_due()
    assert len(post_office.box.to("mairie@example.org")) == 6


def test_what_is_erased_is_counted_still(
    cohort: dict[str, Any],
    post_office: PostOffice,
    minutes_pass: Callable[[float], None],
) -> None:
    """Else who writes another's address into drafts erases them, and goes on."""
    post_office.open()
    for siren in (BAULE, OUTSIDE, "999999915", "999999923", "999999931"):
        draft = _unproved(cohort, siren)
        mine = {"id": draft["id"], "key": draft["key"]}
        call_as(None, "challenge_application_withdraw", **mine)
        outbox.send_due()
        call_as(None, "challenge_application_erase", **mine)
    assert len(post_office.box.to(VICTIM)) == 3
    # It is a trace of an address, and is kept no longer than it counts.
    assert model.Session.query(Mail).filter(Mail.unproved_digest.isnot(None)).count()
    minutes_pass(24 * 60 + 1)
    erasure.purge([], utcnow())
    assert (
        not model.Session.query(Mail).filter(Mail.unproved_digest.isnot(None)).count()
    )


def test_an_account_that_is_deleted_leaves_its_count(
    cohort: dict[str, Any], post_office: PostOffice
) -> None:
    admin = factories.Sysadmin()
    post_office.open()
    for _ in range(5):
        application = apply(cohort)
        accepted = call_as(
            admin,
            "challenge_application_review",
            id=application["id"],
            decision="accept",
        )
        call_as(
            admin,
            "challenge_member_invite",
            organization=accepted["organization_id"],
            email=VICTIM,
        )
        outbox.send_due()
        call_as(admin, "challenge_application_acceptance_undo", id=application["id"])
        call_as(
            admin,
            "challenge_application_review",
            id=application["id"],
            decision="refuse",
            reason="Non.",
        )
    assert len(post_office.box.to(VICTIM)) == 3


def test_an_invitation_that_is_over_tells_nothing(
    cohort: dict[str, Any], post_office: PostOffice
) -> None:
    """A role that waits for no proof any more is no proof."""
    admin = factories.Sysadmin()
    participant = make_participant(cohort)
    stranger = factories.User(email=VICTIM)
    call_as(admin, "organization_patch", id=participant["organization_id"], title=TYPED)
    call_as(
        admin,
        "challenge_member_invite",
        organization=participant["organization_id"],
        email=stranger["email"],
    )
    call_as(
        admin,
        "challenge_participant_withdraw",
        id=participant["id"],
        reason=TYPED,
    )
    post_office.open()
    outbox.send_due()
    assert post_office.box.to(VICTIM) == []


def test_an_account_that_takes_another_address_has_to_prove_it(
    cohort: dict[str, Any], post_office: PostOffice
) -> None:
    """Anybody can write any address into their account, once they have a role."""
    admin, person = factories.Sysadmin(), factories.User()
    participant = make_participant(cohort, user=person)
    call_as(admin, "organization_patch", id=participant["organization_id"], title=TYPED)
    prove(person)
    call_as(
        admin,
        "member_create",
        id=participant["organization_id"],
        object=person["id"],
        object_type="user",
        capacity="admin",
    )
    account = model.User.get(person["id"])
    assert account is not None
    account.email = VICTIM
    model.Session.commit()
    post_office.open()
    for number in range(5):
        call_as(
            admin,
            "challenge_participant_message_create",
            participant=participant["id"],
            text=f"{TYPED} {number}",
        )
    outbox.send_due()
    mails = post_office.box.to(VICTIM)
    assert len(mails) == 3 and all("evil" not in _whole(mail) for mail in mails)
    # It is proved as any other: by the link that is mailed there.
    for mail in model.Session.query(Mail):
        mail.sent_at = None
    call_as(person, "challenge_address_proof_send")
    outbox.send_due()
    (mail,) = post_office.box.to(VICTIM)[3:]
    token = proofs.make_token(person["id"], access_links.digest_of(VICTIM))
    assert "/challenge/proof/" in _whole(mail) and "a role waits" not in _whole(mail)
    call_as(person, "challenge_address_prove", token=token)
    call_as(
        admin,
        "challenge_participant_message_create",
        participant=participant["id"],
        text="Bonjour.",
    )
    outbox.send_due()
    assert "Bonjour." in _whole(post_office.box.to(VICTIM)[-1])
    assert not proofs.has_moved(account.id, account.email)


def test_who_proved_the_address_of_a_contact_is_taken_at_their_word(
    cohort: dict[str, Any],
) -> None:
    person = factories.User()
    prove(person, "mairie@example.org")
    account = model.User.get(person["id"])
    assert account is not None and not proofs.has_moved(account.id, account.email)
    mail = render("role_given", Occasion(user=account, data=_given(cohort)))
    assert mail.unproved is None


def _given(cohort: dict[str, Any]) -> dict[str, str]:
    make_participant(cohort)
    return {"given_role_id": model.Session.query(GivenRole).one().id}
