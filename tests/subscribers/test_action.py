"""Subscriptions: nothing before the address is confirmed, nothing after they end."""

from __future__ import annotations

import datetime as dt
import re
import time
from collections.abc import Callable
from functools import partial
from typing import Any
from urllib.parse import urlsplit

import ckan.plugins.toolkit as tk
import pytest
from ckan import model
from ckan.cli.cli import ckan as ckan_command
from ckan.tests import factories
from factories import call_as, make_cohort, only_message
from freezegun import freeze_time
from helpers.browser import PASSWORD, Browser
from helpers.concurrency import at_once
from helpers.progress import make_award

from benchmarks.statements import sent_statements
from ckanext.challenge.model import Award, Mail, Subscription
from ckanext.challenge.model.base import utcnow
from ckanext.challenge.notifications import outbox
from ckanext.challenge.signals import AwardEvent, awards_changed
from ckanext.challenge.subscribers import links

Rows = Callable[[], list[Mail]]
READER = "lectrice@example.org"
BADGE = "premiere-publication"
LINK = re.compile(r"https://\S+")


@pytest.fixture(autouse=True)
def _portal(
    with_plugins: None,
    clean_db: None,
    clean_index: None,
    ckan_config: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A portal as it is run: with HTTPS, and forms that are protected."""
    monkeypatch.setitem(ckan_config, "ckan.site_url", "https://donnees.example.org")
    monkeypatch.setitem(ckan_config, "WTF_CSRF_ENABLED", True)


@pytest.fixture
def organization() -> dict[str, Any]:
    return factories.Organization(title="Lignières")


def _ask(email: str = READER, **about: Any) -> dict[str, Any]:
    return call_as(
        None,
        "challenge_subscription_create",
        email=email,
        lang="en",
        **(about or {"badge": BADGE}),
    )


def _text(mail: Any) -> str:
    return mail.get_body(("plain",)).get_content()


def _path(link: str) -> str:
    parts = urlsplit(link)
    return f"{parts.path}?{parts.query}"


def _confirmed(office: Any, email: str = READER, **about: Any) -> Subscription:
    """A subscription whose mail was answered."""
    _ask(email, **about)
    outbox.send_due()
    (link,) = LINK.findall(_text(office.box.messages[-1]))
    key = link.partition("key=")[2]
    shown = call_as(None, "challenge_subscription_confirm", key=key)
    assert shown["confirmed_at"]
    office.box.messages.clear()
    found = Subscription.get(shown["id"])
    assert found is not None
    return found


def _award(
    organization: dict[str, Any], badge: str = BADGE, **fields: Any
) -> AwardEvent:
    given = make_award(organization["id"], badge, **fields)
    return AwardEvent(
        given.id, badge, organization["id"], given.cohort_id, None, "active"
    )


def _earn(*organizations: dict[str, Any], badge: str = BADGE, **fields: Any) -> None:
    """Give a badge to each, as an evaluation does."""
    events = [_award(organization, badge, **fields) for organization in organizations]
    awards_changed.send("test", events=events)
    model.Session.commit()


def test_from_the_form_to_the_end_by_one_click(
    app: Any, office: Any, organization: dict[str, Any], rows: Rows
) -> None:
    browser = Browser(app)
    form = browser.get(f"/challenge/subscription?badge={BADGE}").get_data(as_text=True)
    assert 'name="email"' in form
    wrong = browser.post(
        "/challenge/subscription", {"badge": BADGE, "email": "personne à exemple"}
    ).get_data(as_text=True)
    assert "personne à exemple" in wrong
    assert "field-email" in wrong
    sent = browser.post("/challenge/subscription", {"badge": BADGE, "email": READER})
    assert sent.status_code == 302
    _earn(organization)
    assert outbox.send_due().sent == 1, "the question, and no news yet"
    (question,) = office.box.messages
    (link,) = LINK.findall(_text(question))
    # A program that looks at links confirms nothing.
    assert browser.get(_path(link)).status_code == 200
    assert model.Session.query(Subscription.confirmed_at).scalar() is None
    key = link.partition("key=")[2]
    browser.post("/challenge/subscription/confirm", {"key": key})
    assert model.Session.query(Subscription.confirmed_at).scalar()
    model.Session.rollback()

    _earn(factories.Organization(title="Baule"))
    assert outbox.send_due().sent == 1
    news = office.box.messages[-1]
    assert news["To"] == READER
    assert "Baule" in _text(news)
    assert "Lignières" not in _text(news)
    assert news["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    # As it was sent, on one line: Python would encode what is longer.
    raw = re.search(rb"List-Unsubscribe: <(https://[!-~]+)>\r?\n", news.as_bytes())
    assert raw, "the header as mail programs look for it"
    unsubscribe = raw[1].decode()
    assert unsubscribe in _text(news)

    # Neither a cookie nor a token, as RFC 8058 has it; reading ends nothing.
    assert Browser(app).get(_path(unsubscribe)).status_code == 200
    assert model.Session.query(Subscription).count() == 1
    for _ in range(2):
        answer = Browser(app).client.post(
            _path(unsubscribe), data={"List-Unsubscribe": "One-Click"}
        )
        assert answer.status_code == 200
    model.Session.rollback()
    assert model.Session.query(Subscription).count() == 0
    assert rows() == [], "with the address goes what was mailed to it"
    assert "These mails have ended" in Browser(app).get(
        f"/en{_path(unsubscribe)}"
    ).get_data(as_text=True)


def test_the_answer_does_not_tell_who_is_known(office: Any, rows: Rows) -> None:
    first = _ask("Lectrice@Example.org")
    again = _ask()
    assert first == again
    assert [mail.kind for mail in rows()] == ["subscription"]
    assert model.Session.query(Subscription).count() == 1
    _confirmed(office)
    before = len(rows())
    assert _ask() == first
    assert len(rows()) == before, "who is told already is not asked"


@pytest.mark.parametrize(
    ("about", "field"),
    [
        ({"badge": BADGE, "organization": "x"}, "badge"),
        ({"badge": ""}, "badge"),
        ({"badge": BADGE, "email": "nulle part"}, "email"),
        ({"badge": BADGE, "email": f"a@example.org\r\nBcc: {READER}"}, "email"),
        ({"badge": BADGE, "lang": "xx"}, "lang"),
    ],
)
def test_what_is_asked_wrongly(about: dict[str, Any], field: str) -> None:
    asked = {"email": READER, **about}
    with pytest.raises(tk.ValidationError) as caught:
        call_as(None, "challenge_subscription_create", **asked)
    assert only_message(caught, field)


def test_what_is_not_public_cannot_be_subscribed_to() -> None:
    make_cohort("draft", name="brouillon")
    for about in ({"cohort": "brouillon"}, {"badge": "nul"}, {"organization": "nulle"}):
        with pytest.raises(tk.ObjectNotFound):
            _ask(**about)


def test_each_is_told_of_its_own_and_at_most_once_a_day(
    office: Any, rows: Rows, organization: dict[str, Any]
) -> None:
    cohort = make_cohort("running")
    other = factories.Organization(title="Baule")
    _confirmed(office, "badge@example.org")
    _confirmed(office, "saison@example.org", cohort=cohort["name"])
    _confirmed(office, "commune@example.org", organization=organization["name"])
    _earn(organization)
    _earn(other, badge="engagee", cohort_id=cohort["id"])
    assert outbox.send_due().sent == 3
    told = {str(mail["To"]): _text(mail) for mail in office.box.messages}
    assert "Lignières" in told["badge@example.org"]
    assert "Lignières" in told["commune@example.org"]
    assert "Baule" in told["saison@example.org"]
    assert "Baule" not in told["badge@example.org"] + told["commune@example.org"]

    office.box.messages.clear()
    for _ in range(3):
        _earn(*(factories.Organization() for _ in range(10)))
    assert outbox.send_due().sent == 0, "the day is not over"
    waiting = [mail for mail in rows() if mail.state == "waiting"]
    assert len(waiting) == 1
    assert waiting[0].next_attempt_at > utcnow() + dt.timedelta(hours=23)
    waiting[0].next_attempt_at = utcnow()
    model.Session.commit()
    assert outbox.send_due().sent == 1
    text = _text(office.box.messages[0])
    assert text.count("has earned the badge") == 20
    assert "and 10 other changes" in text


def test_what_is_only_counted_is_told_when_the_named_is_past(
    office: Any, organization: dict[str, Any]
) -> None:
    _confirmed(office)
    _earn(*(factories.Organization() for _ in range(20)))
    model.Session.query(Award).update({"state": "revoked"})
    model.Session.commit()
    _earn(organization)
    assert outbox.send_due().sent == 1
    text = _text(office.box.messages[0])
    assert "1 change among the badges" in text
    assert f"/challenge/badges/{BADGE}" in text
    assert "has earned" not in text


def test_changes_at_the_same_moment_come_in_one_mail(
    app: Any, office: Any, rows: Rows
) -> None:
    _confirmed(office)
    organizations = [factories.Organization() for _ in range(3)]
    model.Session.remove()

    def earn(organization: dict[str, Any]) -> None:
        awards_changed.send("test", events=[_award(organization)])
        # Long enough for the others to come before the commit.
        time.sleep(0.3)
        model.Session.commit()

    done = at_once(app, *[partial(earn, one) for one in organizations])
    assert done == [None] * 3
    (news,) = [mail for mail in rows() if mail.kind == "subscription_news"]
    assert news.data["count"] == len(news.data["awards"]) == 3


def test_what_is_no_longer_public_is_not_told(
    office: Any, rows: Rows, organization: dict[str, Any]
) -> None:
    _confirmed(office)
    _earn(organization)
    group = model.Group.get(organization["id"])
    assert group is not None
    group.state = "deleted"
    model.Session.commit()
    assert outbox.send_due().cancelled == 1
    assert office.box.messages == []


def test_telling_subscribers_costs_the_same_for_one_and_for_many(
    organization: dict[str, Any],
) -> None:
    counted = []
    for number in (1, 200):
        model.Session.query(Subscription).delete()
        model.Session.add_all(
            Subscription(
                email=f"{index}@example.org",
                language="fr",
                badge=BADGE,
                confirmed_at=utcnow(),
            )
            for index in range(number)
        )
        model.Session.commit()
        events = [
            AwardEvent(f"{index}", BADGE, organization["id"], None, None, "active")
            for index in range(number * 5)
        ]
        with sent_statements() as sent:
            awards_changed.send("test", events=events)
        counted.append(len(sent))
        model.Session.commit()
        told = model.Session.query(Mail).filter_by(kind="subscription_news")
        assert told.count() == number
        told.delete()
    # Four for the mails; the observatory looks which collectivités these are.
    assert counted == [5, 5]


class TestKeys:
    def test_each_opens_its_own_for_its_time(self, office: Any) -> None:
        subscription = _confirmed(office)
        confirm = links.confirm_key(subscription)
        end = links.end_key(subscription)
        assert links.confirms(end) is None
        for key in (confirm, end):
            shown = call_as(None, "challenge_subscription_show", key=key)
            assert shown["title"]
            for wrong in (key[:-1], f"{key}x", key.swapcase(), "", "é", 7):
                with pytest.raises((tk.ValidationError, tk.NotAuthorized)):
                    call_as(None, "challenge_subscription_delete", key=wrong)
        with freeze_time(dt.datetime.now() + dt.timedelta(days=8)):  # noqa: DTZ005
            with pytest.raises(tk.ValidationError):
                call_as(None, "challenge_subscription_confirm", key=confirm)
            assert call_as(None, "challenge_subscription_list", key=end)["count"] == 1

    def test_a_link_that_does_not_open_says_so(self, app: Any) -> None:
        for page in ("confirm", "end"):
            answer = Browser(app).get(f"/en/challenge/subscription/{page}?key=x")
            assert answer.status_code == 404
            assert "does not work any more" in answer.get_data(as_text=True)


def test_all_that_is_kept_is_shown_and_erased(
    app: Any, office: Any, organization: dict[str, Any]
) -> None:
    first = _confirmed(office)
    _confirmed(office, READER.upper(), organization=organization["id"])
    _confirmed(office, "autre@example.org")
    key = links.end_key(first)
    page = Browser(app).get(f"/en/challenge/subscription/end?key={key}")
    assert "Lignières" in page.get_data(as_text=True)
    assert READER not in page.get_data(as_text=True)
    kept = Browser(app).get(f"/challenge/subscriptions.json?key={key}").get_json()
    assert (kept["email"], kept["count"]) == (READER, 2)
    with pytest.raises(tk.NotAuthorized):
        call_as(factories.User(), "challenge_subscription_list", email=READER)
    admin = factories.Sysadmin()
    assert call_as(admin, "challenge_subscription_list", email=READER)["count"] == 2
    call_as(None, "challenge_subscription_delete", key=key, all=True)
    assert [row.email for row in model.Session.query(Subscription)] == [
        "autre@example.org"
    ]
    call_as(admin, "challenge_subscription_delete", email="AUTRE@example.org")
    assert model.Session.query(Subscription).count() == 0


def test_what_nobody_confirms_is_purged(cli: Any, office: Any) -> None:
    _confirmed(office)
    _ask("oubliee@example.org")
    model.Session.query(Subscription).update(
        {"created_at": utcnow() - dt.timedelta(days=8)}
    )
    model.Session.commit()
    dry = cli.invoke(ckan_command, ["challenge", "purge", "--dry-run"])
    assert "1 unconfirmed" in dry.output
    assert model.Session.query(Subscription).count() == 2
    done = cli.invoke(ckan_command, ["challenge", "purge"])
    assert "1 unconfirmed subscriptions erased" in done.output
    assert [row.email for row in model.Session.query(Subscription)] == [READER]


def test_who_asks_too_often_is_stopped_and_keeps_what_was_written(
    app: Any, ckan_config: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(ckan_config, "ckanext.challenge.rate_limit_address", 2)
    monkeypatch.setitem(ckan_config, "ckanext.challenge.trusted_proxies", [])
    browser = Browser(app)
    answers = [
        browser.post(
            "/challenge/subscription",
            {"badge": BADGE, "email": f"{number}@example.org"},
            environ_overrides={"REMOTE_ADDR": "203.0.113.7"},
        )
        for number in range(3)
    ]
    assert [answer.status_code for answer in answers] == [302, 302, 429]
    assert "2@example.org" in answers[-1].get_data(as_text=True)


def test_an_address_is_not_mailed_without_end(
    ckan_config: dict[str, Any], monkeypatch: pytest.MonkeyPatch, app: Any, rows: Rows
) -> None:
    """And whoever tries is told nothing of it."""
    monkeypatch.setitem(ckan_config, "ckanext.challenge.rate_limit_email", 2)
    with app.flask_app.test_request_context():
        for badge in (BADGE, "engagee", "donnees-conformes"):
            assert _ask(badge=badge) == {"done": True}
    assert len(rows()) == 2


def test_nobody_is_asked_twice_within_a_day(app: Any, office: Any, rows: Rows) -> None:
    """Also by four at once, and where nothing else limits it."""
    # CKAN gathers them when the first is wanted, which threads must not do together.
    tk.check_access("challenge_subscription_create", {"user": ""}, {})
    tk.get_action("challenge_subscription_create")
    model.Session.remove()
    assert at_once(app, *[_ask] * 4) == [{"done": True}] * 4
    assert len(rows()) == 1
    assert outbox.send_due().sent == 1
    _ask(READER.upper())
    assert len(rows()) == 1, "sent a moment ago"
    (mail,) = rows()
    mail.created_at -= dt.timedelta(days=3)
    mail.sent_at = utcnow() - dt.timedelta(hours=25)
    subscription = model.Session.query(Subscription).one()
    subscription.created_at -= dt.timedelta(days=3)
    model.Session.commit()
    _ask()
    assert [mail.state for mail in rows()] == ["sent", "waiting"]
    begun = model.Session.query(Subscription.created_at).scalar()
    assert begun > utcnow() - dt.timedelta(minutes=1), "seven days anew"


def test_an_address_that_confirms_nothing_is_asked_of_five_a_day(
    app: Any, office: Any, rows: Rows
) -> None:
    names = [factories.Organization()["name"] for _ in range(8)]
    _ask("autre@example.org")
    model.Session.remove()
    asked = [partial(_ask, organization=name) for name in names]
    assert at_once(app, *asked) == [{"done": True}] * 8
    assert len(rows()) == 5 + 1
    # Whoever answers is no victim, and may follow as many as there are.
    model.Session.query(Subscription).update({"confirmed_at": utcnow()})
    model.Session.commit()
    _ask()
    assert len(rows()) == 7


def test_the_form_knows_the_address_of_who_has_signed_in(app: Any) -> None:
    user = factories.User(password=PASSWORD, email=READER)
    page = Browser(app).sign_in(user).get(f"/challenge/subscription?badge={BADGE}")
    assert f'value="{READER}"' in page.get_data(as_text=True)
