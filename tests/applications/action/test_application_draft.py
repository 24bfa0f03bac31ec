"""The applicant: drafts, two tabs, proofs of address, corrections, late entries."""

from __future__ import annotations

import datetime as dt
import threading
from typing import Any

import ckan.plugins.toolkit as tk
import pytest
from ckan import model
from ckan.lib.redis import connect_to_redis
from ckan.tests import factories
from factories import (
    BAULE,
    LIGNIERES,
    POINCONNET,
    altered,
    apply,
    call_as,
    make_cohort,
    make_staff,
    only_message,
    season_and_directory,
)
from freezegun import freeze_time
from helpers.snapshots import MadeOnce

from ckanext.challenge.common import access_links
from ckanext.challenge.model import Application, LateCode, Mail

pytestmark = pytest.mark.usefixtures("with_plugins", "clean_db")

QUESTIONS = [
    {"key": "outils", "label": {"fr": "Vos outils", "en": "Tools"}, "type": "text"},
    {
        "key": "themes",
        "label": {"fr": "Thèmes", "en": "Themes"},
        "type": "choices",
        "required": True,
        "choices": [
            {"value": "budget", "label": {"fr": "Budget", "en": "Budget"}},
            {"value": "culture", "label": {"fr": "Culture", "en": "Culture"}},
        ],
    },
]


@pytest.fixture
def cohort(made_once: MadeOnce) -> dict[str, Any]:
    return made_once("open season", season_and_directory)


def _update(application: dict[str, Any], **fields: Any) -> Any:
    return call_as(
        None,
        "challenge_application_update",
        id=application["id"],
        key=application["key"],
        **fields,
    )


def _review(application: dict[str, Any], decision: str, **fields: Any) -> Any:
    return call_as(
        factories.Sysadmin(),
        "challenge_application_review",
        id=application["id"],
        decision=decision,
        **fields,
    )


def _mails(application: dict[str, Any]) -> list[str]:
    rows = model.Session.query(Mail.kind).filter_by(application_id=application["id"])
    return [kind for (kind,) in rows.order_by(Mail.created_at)]


def test_a_draft_needs_an_address_and_its_link_is_mailed(
    cohort: dict[str, Any],
) -> None:
    with pytest.raises(tk.ValidationError) as caught:
        apply(cohort, submit=False, draft=True, contact_email="")
    only_message(caught, "contact_email")
    draft = apply(cohort, submit=False, draft=True, motivation="", agents="")
    assert _mails(draft) == ["draft"]
    # An account finds its drafts on its own page.
    mine = apply(cohort, POINCONNET, factories.User(), submit=False, draft=True)
    assert _mails(mine) == []
    sent = apply(cohort, LIGNIERES[0])
    assert _mails(sent) == ["receipt"]


def test_a_draft_is_read_by_nobody_else(cohort: dict[str, Any]) -> None:
    manager = make_staff(cohort, by=factories.Sysadmin())
    draft = apply(cohort, submit=False)
    for action in ("show", "message_list"):
        with pytest.raises(tk.NotAuthorized):
            call_as(manager, f"challenge_application_{action}", id=draft["id"])
    assert (
        call_as(manager, "challenge_application_list", cohort="saison-2")["count"] == 0
    )
    call_as(None, "challenge_application_submit", id=draft["id"], key=draft["key"])
    shown = call_as(manager, "challenge_application_show", id=draft["id"])
    assert shown["state"] == "submitted"


def test_who_saves_later_in_another_tab_is_told(cohort: dict[str, Any]) -> None:
    draft = apply(cohort, submit=False)
    first = _update(draft, revision=draft["revision"], motivation="Un.")
    assert first["revision"] == draft["revision"] + 1
    with pytest.raises(tk.ValidationError) as caught:
        _update(draft, revision=str(draft["revision"]), motivation="Deux.")
    only_message(caught, "revision")
    shown = call_as(
        None, "challenge_application_show", id=draft["id"], key=draft["key"]
    )
    assert shown["motivation"] == "Un."
    assert _update(draft, revision=first["revision"], agents=3)["motivation"] == "Un."


def test_opening_the_mailed_link_proves_the_address(cohort: dict[str, Any]) -> None:
    draft = apply(cohort, opened=False, submit=False)

    def confirm(key: str) -> bool:
        return call_as(
            None, "challenge_application_email_confirm", id=draft["id"], key=key
        )["confirmed"]

    mailed = access_links.make_key(draft["id"], "Mairie@example.org")
    assert "mairie" not in mailed.lower()
    assert not confirm(draft["key"]), "what the form answered proves nothing"
    assert confirm(mailed)
    changed = _update(draft, contact_email="autre@example.org")
    assert changed["email_confirmed_at"] is None
    assert _mails(draft) == ["link"]
    with pytest.raises(tk.NotAuthorized):
        # The old address proves nothing of the new one, and opens nothing any more.
        confirm(mailed)
    assert confirm(access_links.make_key(draft["id"], "autre@example.org"))


def test_a_key_ends_when_the_address_it_was_mailed_to_changes(
    cohort: dict[str, Any],
) -> None:
    draft = apply(cohort, submit=False)
    mailed = access_links.make_key(draft["id"], "mairie@example.org")
    asked = {"id": draft["id"], "key": mailed}
    same = call_as(None, "challenge_application_update", motivation="Un.", **asked)
    assert "key" not in same
    moved = call_as(
        None,
        "challenge_application_update",
        contact_email="autre@example.org",
        **asked,
    )
    for action in ("show", "update", "data", "withdraw", "submit"):
        with pytest.raises(tk.NotAuthorized):
            call_as(None, f"challenge_application_{action}", **asked)
    # Who changed it goes on, and so does who began it; neither proves the new one.
    for key in (moved["key"], draft["key"]):
        own = {"id": draft["id"], "key": key}
        assert call_as(None, "challenge_application_show", **own)["revision"]
        made = call_as(None, "challenge_application_email_confirm", **own)
        assert made == {"confirmed": False}


def test_an_expired_key_is_told_from_an_altered_one(cohort: dict[str, Any]) -> None:
    mine, other = apply(cohort), apply(cohort, POINCONNET)
    key = access_links.make_key(mine["id"], "mairie@example.org")
    assert access_links.judge(key, mine["id"]) == "opens"
    assert access_links.judge(key[:-1], mine["id"]) == "wrong"
    assert access_links.judge(other["key"], mine["id"]) == "wrong"
    assert access_links.judge("", mine["id"]) == "wrong"
    later = dt.datetime.now(dt.timezone.utc) + dt.timedelta(days=91)
    with freeze_time(later):
        assert access_links.judge(key, mine["id"]) == "expired"
        assert access_links.judge(key, other["id"]) == "wrong"
        with pytest.raises(tk.NotAuthorized):
            call_as(None, "challenge_application_data", id=mine["id"], key=key)


def test_a_link_is_mailed_again_and_nothing_is_told(cohort: dict[str, Any]) -> None:
    mine = apply(cohort)
    asked = (
        {"id": mine["id"]},
        {"cohort": cohort["name"], "siren": BAULE},
        {"cohort": cohort["name"], "siren": POINCONNET},
        {"id": "nothing"},
        {},
    )
    answers = [
        call_as(None, "challenge_application_link_send", **data) for data in asked
    ]
    assert answers == [{"done": True}] * len(asked)
    assert _mails(mine) == ["receipt", "link", "link"]


def test_before_one_applies(cohort: dict[str, Any]) -> None:
    owner, stranger = factories.User(), factories.User()

    def ask(user: Any, **data: Any) -> Any:
        return call_as(user, "challenge_application_form", cohort="saison-2", **data)

    free = ask(None, siren=BAULE, agents="60")
    assert (free["window"], free["taken"]) == ("open", False)
    assert free["duty"]["status"] == "concerned"
    mine = apply(cohort, user=owner, submit=False)
    assert ask(owner, siren=BAULE)["own"] == mine["id"]
    for user in (None, stranger):
        told = ask(user, siren=BAULE)
        assert (told["taken"], told["own"]) == (True, None)
    call_as(owner, "challenge_application_withdraw", id=mine["id"])
    assert not ask(None, siren=BAULE)["taken"]


def test_one_draft_does_not_tell_who_has_applied(
    cohort: dict[str, Any],
    app: Any,
    ckan_config: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    connect_to_redis().flushdb()
    apply(cohort, POINCONNET)
    mine = apply(cohort, submit=False)
    monkeypatch.setitem(ckan_config, "ckanext.challenge.rate_limit_address", 1)

    def tried(siren: str) -> list[str]:
        environ = {"REMOTE_ADDR": "203.0.113.9"}
        with app.flask_app.test_request_context(environ_overrides=environ):
            with pytest.raises(tk.ValidationError) as caught:
                _update(mine, siren=siren)
            return list(caught.value.error_dict)

    told = [tried(POINCONNET) for _ in range(11)]
    assert told == [["siren"]] * 10 + [["limit"]]


def test_one_form_sent_twice_makes_one_application(cohort: dict[str, Any]) -> None:
    form = call_as(None, "challenge_application_form", cohort="saison-2")["form"]
    first = apply(cohort, submit=False, form=form)
    again = apply(cohort, submit=False, form=form)
    assert again["id"] == first["id"]
    assert model.Session.query(Application).count() == 1
    for wrong in ("", altered(form)):
        with pytest.raises(tk.ValidationError) as caught:
            apply(cohort, submit=False, form=wrong)
        only_message(caught, "siren")


def test_one_form_sent_twice_at_once(cohort: dict[str, Any]) -> None:
    form = call_as(None, "challenge_application_form", cohort="saison-2")["form"]
    barrier = threading.Barrier(4)
    made: list[Any] = []

    def send() -> None:
        barrier.wait()
        try:
            made.append(apply(cohort, submit=False, form=form)["id"])
        except tk.ValidationError as error:
            made.append(error)
        finally:
            model.Session.remove()

    threads = [threading.Thread(target=send) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(made)) == 1
    assert model.Session.query(Application).count() == 1


def test_a_form_filled_in_faster_than_people_write(
    cohort: dict[str, Any], ckan_config: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(ckan_config, "ckanext.challenge.form_seconds", 3)
    form = call_as(None, "challenge_application_form", cohort="saison-2")["form"]
    for mark in (form, "", "nonsense"):
        with pytest.raises(tk.ValidationError) as caught:
            apply(cohort, form=mark)
        only_message(caught, "form")
    with freeze_time(dt.datetime.now(dt.timezone.utc) + dt.timedelta(seconds=5)):
        assert apply(cohort, form=form)["state"] == "submitted"


def _dated() -> dict[str, Any]:
    return make_cohort(
        name="datee",
        application_opens="2022-06-01",
        application_deadline="2022-10-30",
        launch="2022-09-01",
        first_publication="2022-12-15",
        finalisation="2023-03-31",
    )


@pytest.mark.parametrize(
    ("now", "window"),
    [
        # The deadline's day has 25 hours in Paris: it ends at 23:00 UTC, not at 22:00.
        ("2022-10-30T22:30:00+00:00", "open"),
        ("2022-10-30T22:59:59+00:00", "open"),
        ("2022-10-30T23:00:00+00:00", "late"),
        ("2022-05-31T21:59:59+00:00", "early"),
        ("2022-05-31T22:00:00+00:00", "open"),
    ],
)
def test_midnight_in_paris_decides_when_the_clock_changes(
    cohort: dict[str, Any], now: str, window: str
) -> None:
    season = _dated()
    with freeze_time(dt.datetime.fromisoformat(now)):
        answer = call_as(None, "challenge_application_form", cohort=season["id"])
    assert answer["window"] == window


def test_the_deadline_passes_while_the_form_is_open(cohort: dict[str, Any]) -> None:
    season = _dated()
    with freeze_time(dt.datetime.fromisoformat("2022-10-30T22:50:00+00:00")):
        form = call_as(None, "challenge_application_form", cohort=season["id"])["form"]
    with freeze_time(dt.datetime.fromisoformat("2022-10-30T23:05:00+00:00")):
        draft = apply(season, submit=False, form=form)
        with pytest.raises(tk.ValidationError) as caught:
            call_as(
                None, "challenge_application_submit", id=draft["id"], key=draft["key"]
            )
        assert "2022" in only_message(caught, "cohort")
        # Opened after the deadline, or long before, it keeps nothing.
        late = call_as(None, "challenge_application_form", cohort=season["id"])["form"]
        for mark in (late, None):
            with pytest.raises(tk.ValidationError) as caught:
                apply(season, POINCONNET, submit=False, form=mark)
            only_message(caught, "cohort")
    with freeze_time(dt.datetime.fromisoformat("2022-11-02T12:00:00+00:00")):
        with pytest.raises(tk.ValidationError):
            apply(season, LIGNIERES[0], submit=False, form=form)
        shown = call_as(
            None, "challenge_application_show", id=draft["id"], key=draft["key"]
        )
    assert shown["state"] == "draft"
    assert shown["motivation"] == "Ouvrir nos délibérations."


def test_a_late_code_lets_in_as_often_as_it_may(cohort: dict[str, Any]) -> None:
    season = make_cohort("running", name="partie")
    code = call_as(
        factories.Sysadmin(),
        "challenge_late_code_create",
        cohort=season["id"],
        max_uses=1,
    )["code"]
    with pytest.raises(tk.ValidationError) as caught:
        apply(season, late_code="WRONG-CODE")
    only_message(caught, "late_code")
    # A form that is refused uses nothing up.
    with pytest.raises(tk.ValidationError):
        apply(season, late_code=code, motivation="")
    assert apply(season, late_code=f" {code.lower()} ")["state"] == "submitted"
    with pytest.raises(tk.ValidationError) as caught:
        apply(season, POINCONNET, late_code=code)
    only_message(caught, "late_code")
    other = make_cohort("finished", name="finie")
    with pytest.raises(tk.ValidationError) as caught:
        apply(other, late_code=code)
    only_message(caught, "cohort")
    assert model.Session.query(LateCode.uses).scalar() == 1


def test_a_draft_goes_in_late_with_a_code(cohort: dict[str, Any]) -> None:
    draft = apply(cohort, submit=False)
    admin = factories.Sysadmin()
    call_as(admin, "challenge_cohort_transition", id=cohort["id"], to="running")
    with pytest.raises(tk.ValidationError) as caught:
        call_as(None, "challenge_application_submit", id=draft["id"], key=draft["key"])
    only_message(caught, "cohort")
    code = call_as(admin, "challenge_late_code_create", cohort=cohort["id"])["code"]
    done = call_as(
        None,
        "challenge_application_submit",
        id=draft["id"],
        key=draft["key"],
        late_code=code,
    )
    assert done["state"] == "submitted"


def test_the_seasons_own_questions(cohort: dict[str, Any]) -> None:
    season = make_cohort(name="curieuse", questions=QUESTIONS)
    with pytest.raises(tk.ValidationError) as caught:
        apply(season, motivation="")
    # Everything that is wrong, at once.
    assert set(caught.value.error_dict) == {"motivation", "answers-themes"}
    for wrong in ({"themes": ["inconnu"]}, {"themes": ["budget"], "couleur": "bleu"}):
        with pytest.raises(tk.ValidationError):
            apply(season, answers=wrong)
    flat: dict[str, Any] = {"answers-themes": ["budget", "culture"]}
    made = apply(season, submit=False, **flat)
    assert made["answers"] == {"themes": ["budget", "culture"]}
    changed = _update(made, answers={"outils": "Un tableur"})
    assert changed["answers"] == {
        "outils": "Un tableur",
        "themes": ["budget", "culture"],
    }
    emptied = _update(made, answers={"outils": ""})
    assert emptied["answers"] == {"themes": ["budget", "culture"]}


def test_a_correction_shows_what_it_changed(cohort: dict[str, Any]) -> None:
    mine = apply(cohort)
    _review(
        mine,
        "request_changes",
        reason="Le nombre d'agents manque.",
        kind="incomplete",
        fields=["agents"],
    )
    shown = call_as(None, "challenge_application_show", id=mine["id"], key=mine["key"])
    assert (shown["changes_kind"], shown["changes_fields"]) == (
        "incomplete",
        ["agents"],
    )
    _update(mine, agents=14)
    _update(mine, agents=15, motivation="Mieux dit.")
    done = call_as(None, "challenge_application_submit", id=mine["id"], key=mine["key"])
    assert (done["state"], done["state_reason"]) == ("submitted", None)
    assert "changes" not in done
    read = call_as(factories.Sysadmin(), "challenge_application_show", id=mine["id"])
    assert read["changes"] == [
        {"field": "agents", "before": 12.5, "after": 15},
        {
            "field": "motivation",
            "before": "Ouvrir nos délibérations.",
            "after": "Mieux dit.",
        },
    ]
    # A second request is compared with the second version.
    _review(mine, "request_changes", reason="Encore.")
    _update(mine, agents=16)
    call_as(None, "challenge_application_submit", id=mine["id"], key=mine["key"])
    read = call_as(factories.Sysadmin(), "challenge_application_show", id=mine["id"])
    assert read["changes"] == [{"field": "agents", "before": 15, "after": 16}]


def test_the_waiting_list_shows_who_is_next(cohort: dict[str, Any]) -> None:
    waiting = [apply(cohort, siren) for siren in (BAULE, POINCONNET, LIGNIERES[0])]
    for application in waiting:
        _review(application, "waitlist")
    call_as(
        None,
        "challenge_application_withdraw",
        id=waiting[0]["id"],
        key=waiting[0]["key"],
    )
    positions = [
        call_as(None, "challenge_application_show", id=row["id"], key=row["key"])[
            "waitlist_position"
        ]
        for row in waiting
    ]
    assert positions == [None, 1, 2]
