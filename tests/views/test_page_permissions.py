"""Every page for everybody: the table of who may, as one test."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import ckan.plugins.toolkit as tk
import pytest
from ckan import model
from ckan.tests import factories
from factories import call_as, make_cohort, make_staff
from helpers.browser import PASSWORD, Browser
from helpers.outlines import load_squares
from werkzeug.datastructures import FileStorage

from ckanext.challenge.common import access_links, proofs
from ckanext.challenge.credentials import generations, jobs
from ckanext.challenge.model import Claim, WaitingRole

EVERYBODY = {
    "anonymous",
    "stranger",
    "applicant",
    "member",
    "org_admin",
    "adviser",
    "manager",
    "other_manager",
    "sysadmin",
}
SIGNED_IN = EVERYBODY - {"anonymous"}
TEAM = {"adviser", "manager", "sysadmin"}
MANAGER = {"manager", "sysadmin"}
READER = {"applicant", *MANAGER}
PUBLISHER = {"member", "org_admin", "sysadmin"}
FOLLOWER = {"member", "org_admin", *TEAM}

DESK = "/challenge/manage/<cohort>"
FILE = f"{DESK}/application/<id>"
OWN = "/challenge/application/<id>"
PLACE = "/challenge/<cohort>/<organization>"

GET: dict[str, set[str]] = {
    "/challenge": EVERYBODY,
    "/challenge/": EVERYBODY,
    "/challenge/data": EVERYBODY,
    "/challenge/data.atom": EVERYBODY,
    "/challenge/data.json": EVERYBODY,
    "/challenge/dataset/<dataset>/card.png": EVERYBODY,
    "/challenge/organization/<organization>/card.png": EVERYBODY,
    "/sitemap.xml": EVERYBODY,
    "/sitemap-<kind>-<number>.xml": EVERYBODY,
    "/challenge/<cohort>": EVERYBODY,
    "/challenge/<cohort>/data": EVERYBODY,
    "/challenge/<cohort>/data.atom": EVERYBODY,
    "/challenge/<cohort>/apply": EVERYBODY,
    "/challenge/<cohort>/report": EVERYBODY,
    "/challenge/<cohort>/report.json": EVERYBODY,
    "/challenge/<cohort>/report.<format>": EVERYBODY,
    "/challenge/report/<key>": EVERYBODY,
    "/challenge/report/<key>/report.<format>": EVERYBODY,
    "/challenge/report/<key>/report.json": EVERYBODY,
    "/challenge/badge/<organization>.svg": EVERYBODY,
    "/challenge/badge/<organization>": EVERYBODY,
    "/challenge/<cohort>/card.png": EVERYBODY,
    f"{PLACE}/card.png": EVERYBODY,
    "/challenge/awards/<award>/card.png": EVERYBODY,
    "/challenge/api": EVERYBODY,
    "/challenge/api.json": EVERYBODY,
    "/challenge/health": EVERYBODY,
    "/challenge/health/ready": EVERYBODY,
    "/challenge/oembed": EVERYBODY,
    "/challenge/observatory": EVERYBODY,
    "/challenge/observatory.csv": EVERYBODY,
    "/challenge/observatory.json": EVERYBODY,
    "/challenge/observatory.geojson": EVERYBODY,
    "/challenge/badges": EVERYBODY,
    "/challenge/collectivite/<siren>": EVERYBODY,
    "/challenge/observatory/map": EVERYBODY,
    "/challenge/observatory/map.svg": EVERYBODY,
    "/challenge/badges/<badge>": EVERYBODY,
    "/challenge/awards/<award>": EVERYBODY,
    "/challenge/awards/<award>.json": EVERYBODY,
    "/challenge/awards/<award>.jwt": EVERYBODY,
    "/challenge/awards/<award>/short.jwt": EVERYBODY,
    "/challenge/awards/<award>.svg": EVERYBODY,
    "/challenge/awards/<award>.png": EVERYBODY,
    "/challenge/badges/<badge>.svg": EVERYBODY,
    "/challenge/badges/<badge>.json": EVERYBODY,
    "/challenge/issuer.json": EVERYBODY,
    "/challenge/status/<number>.json": EVERYBODY,
    "/challenge/status/<number>.jwt": EVERYBODY,
    "/challenge/status/<number>.revoked.json": EVERYBODY,
    "/challenge/verify": EVERYBODY,
    "/.well-known/did.json": EVERYBODY,
    "/challenge/kits": EVERYBODY,
    "/challenge/kits/<kit>": EVERYBODY,
    "/challenge/kits/<kit>/example.csv": EVERYBODY,
    "/challenge/kits/<kit>/example.xlsx": EVERYBODY,
    "/challenge/kits/<kit>/template.csv": EVERYBODY,
    "/challenge/kits/<kit>/template.xlsx": EVERYBODY,
    "/challenge/kits/<kit>/prepare": PUBLISHER,
    "/challenge/preparation/<id>": {"adviser", *PUBLISHER},
    "/challenge/preparation/<id>/corrections.xlsx": {"adviser", *PUBLISHER},
    "/challenge/preparation/<id>/delete": PUBLISHER,
    "/organization/challenge/<id>": EVERYBODY,
    PLACE: EVERYBODY,
    "/challenge/<cohort>/calendar.ics": EVERYBODY,
    f"{PLACE}/calendar.ics": EVERYBODY,
    f"{PLACE}/feedback": FOLLOWER,
    f"{PLACE}/roles": {"org_admin", *MANAGER},
    f"{PLACE}/step/<step>/file": FOLLOWER,
    "/challenge/mine": SIGNED_IN,
    "/challenge/mine/begin": SIGNED_IN,
    "/challenge/mine/<cohort>/<organization>": SIGNED_IN,
    "/challenge/application": SIGNED_IN,
    OWN: READER,
    f"{OWN}/erase": READER,
    f"{OWN}/file/<file_id>": READER,
    f"{OWN}/data.json": {"applicant", "sysadmin"},
    "/challenge/claim/<id>": {"org_admin", *MANAGER},
    "/challenge/proof": SIGNED_IN,
    "/challenge/proof/<token>": {"applicant"},
    "/challenge/subscription": EVERYBODY,
    "/challenge/subscription/sent": EVERYBODY,
    "/challenge/subscription/confirm": EVERYBODY,
    "/challenge/subscription/end": EVERYBODY,
    "/challenge/subscription/mails": EVERYBODY,
    "/challenge/subscriptions.json": EVERYBODY,
    "/challenge/digest/end": EVERYBODY,
    "/challenge/manage": {*TEAM, "other_manager"},
    "/challenge/manage/new": {"sysadmin"},
    "/challenge/manage/doctor": {"sysadmin"},
    # No network may read it unless a setting says so.
    "/challenge/metrics": set(),
    "/challenge/manage/matches": {"other_manager", *MANAGER},
    "/challenge/manage/merges": {"other_manager", *MANAGER},
    DESK: TEAM,
    f"{DESK}/state": MANAGER,
    f"{DESK}/accompaniment": TEAM,
    f"{DESK}/participants": TEAM,
    "/challenge/manage/visit": {*TEAM, "other_manager"},
    f"{DESK}/visits": TEAM,
    f"{DESK}/days": TEAM,
    f"{DESK}/certificate": TEAM,
    f"{DESK}/certificate.pdf": TEAM,
    # Whoever has the address.
    "/challenge/calendar/<key>.ics": EVERYBODY,
    f"{DESK}/participants.<format>": TEAM,
    f"{DESK}/applications": MANAGER,
    f"{DESK}/applications.<format>": MANAGER,
    f"{DESK}/opinions": MANAGER,
    f"{DESK}/opinions.<format>": MANAGER,
    f"{DESK}/applications/publish": MANAGER,
    FILE: MANAGER,
    f"{FILE}/undo": MANAGER,
    f"{DESK}/mails": MANAGER,
    f"{DESK}/dates": MANAGER,
    f"{DESK}/mails/<id>": MANAGER,
    f"{DESK}/messages": TEAM,
    f"{DESK}/messages/new": TEAM,
    f"{DESK}/messages/<id>": MANAGER,
    f"{DESK}/messages/<id>/edit": MANAGER,
    f"{DESK}/reminders": TEAM,
    f"{DESK}/import": MANAGER,
    f"{DESK}/edit": MANAGER,
    f"{DESK}/questions": MANAGER,
    f"{DESK}/criteria": MANAGER,
    f"{DESK}/applications/statistics": MANAGER,
    f"{DESK}/staff": MANAGER,
    f"{DESK}/codes": MANAGER,
    f"{DESK}/programme": MANAGER,
    f"{DESK}/copy": {"sysadmin"},
    f"{DESK}/report": TEAM,
    f"{DESK}/report/agreement/new": MANAGER,
    f"{DESK}/report/agreement/<id>": MANAGER,
    f"{DESK}/report/lessons": TEAM,
    f"{DESK}/delete": {"sysadmin"},
    f"{DESK}/award/<organization>": MANAGER,
    "/challenge/manage/award/<id>/revoke": MANAGER,
}

#: What an address says besides, where it must.
QUERY = {
    "/challenge/oembed": "?url={site}/challenge/saison-2",
    f"{DESK}/state": "?to=finished",
    f"{DESK}/certificate": "?adviser={adviser}",
    f"{DESK}/certificate.pdf": "?adviser={adviser}",
}

#: What is sent, too; what changes most comes last, since it is really done.
POST: dict[str, tuple[set[str], dict[str, Any]]] = {
    "/challenge/verify": (EVERYBODY, {"credential": "Bonjour"}),
    "/challenge/<cohort>/apply": (EVERYBODY, {}),
    "/challenge/application/link": (EVERYBODY, {"id": "{application}"}),
    "/challenge/proof": (SIGNED_IN, {}),
    "/challenge/proof/<token>": ({"applicant"}, {}),
    "/challenge/subscription": (EVERYBODY, {"badge": "{badge}"}),
    "/challenge/subscription/confirm": (EVERYBODY, {"key": "x"}),
    "/challenge/subscription/end": (EVERYBODY, {"key": "x"}),
    "/challenge/subscription/mails": (EVERYBODY, {"key": "x"}),
    "/challenge/digest/end": (EVERYBODY, {"key": "x"}),
    "/challenge/manage/settle": (TEAM, {"id": "{said}"}),
    "/challenge/manage/digest": ({*TEAM, "other_manager"}, {"weekday": "friday"}),
    "/challenge/conformity/<resource_id>": ({"member", "org_admin", "sysadmin"}, {}),
    "/challenge/kits/<kit>/prepare": (
        PUBLISHER,
        {"organization": "{organization}", "text": "Objet\nConcerts"},
    ),
    "/challenge/preparation/<id>/again": (PUBLISHER, {}),
    "/challenge/preparation/<id>/table": (PUBLISHER, {"header_row": "1"}),
    "/challenge/preparation/<id>/columns": (PUBLISHER, {}),
    "/challenge/preparation/<id>/mend": (PUBLISHER, {}),
    "/challenge/preparation/<id>/file": (PUBLISHER, {"text": "Objet\nConcerts"}),
    "/challenge/preparation/<id>/publish": (PUBLISHER, {"where": "new"}),
    OWN: (READER - {"manager"}, {"agents": "7"}),
    f"{OWN}/messages": (READER, {"text": "Bonjour"}),
    f"{PLACE}/step/<step>": (FOLLOWER, {"state": "in_progress"}),
    f"{PLACE}/step/<step>/confirm": (TEAM, {"confirmed": "true"}),
    f"{PLACE}/step/<step>/waive": (MANAGER, {"deliberation-reason": "Sans objet"}),
    f"{PLACE}/step/<step>/unwaive": (MANAGER, {}),
    f"{PLACE}/step/<step>/extend": (MANAGER, {"deliberation-extend_reason": "Vote"}),
    f"{PLACE}/step/<step>/unextend": (MANAGER, {}),
    f"{PLACE}/kits": (FOLLOWER, {"kits": "deliberations"}),
    f"{PLACE}/message": (FOLLOWER, {"text": "Bonjour"}),
    f"{PLACE}/feedback": (
        {"member", "org_admin", "sysadmin"},
        {"answers-utile": "plutot", "answers-continuer": "true"},
    ),
    f"{PLACE}/visit": (
        TEAM,
        {"visit-date": "2026-03-02", "visit-days": "1", "visit-topic": "Rencontre"},
    ),
    f"{PLACE}/visit/<id>": (TEAM, {}),
    "/challenge/manage/visit": (
        TEAM,
        {"participants": "{participant}", "date": "2026-03-02", "days": "1"},
    ),
    "/challenge/manage/visit/<id>/state": (TEAM, {"state": "done"}),
    f"{DESK}/visits/address": (TEAM, {}),
    f"{DESK}/accompaniment": (
        TEAM,
        {"participant": "{participant}", "step": "{step}", "confirmed": "true"},
    ),
    f"{DESK}/participants/batch": (TEAM, {"do": "message"}),
    f"{DESK}/participants/views": (TEAM, {"title": "En retard"}),
    f"{DESK}/participants/views/delete": (MANAGER, {"id": "{view}"}),
    f"{DESK}/accompaniment/assign": (
        MANAGER,
        {"id": "{participant}", "adviser": "{adviser}"},
    ),
    f"{PLACE}/invite": (
        # The season made no organization here: its managers let nobody in.
        {"org_admin", "sysadmin"},
        {"email": "collegue@example.org", "role": "editor"},
    ),
    f"{PLACE}/invitation/<id>/take-back": ({"org_admin", "sysadmin"}, {}),
    f"{DESK}/applications/decide": (
        MANAGER,
        {"ids": "{application}", "decision": "start", "do": "confirm"},
    ),
    f"{DESK}/applications/publish": (MANAGER, {"shown": "{application}@now"}),
    FILE: (MANAGER, {"decision": "waitlist", "do": "confirm"}),
    f"{FILE}/preview": (MANAGER, {"decision": "preview:accept"}),
    f"{FILE}/pending": (MANAGER, {"do": "confirm"}),
    f"{FILE}/undo": (MANAGER, {"accepted_at": "now"}),
    f"{FILE}/proof": (MANAGER, {}),
    f"{FILE}/assign": (MANAGER, {"reviewer": ""}),
    f"{FILE}/rank": (MANAGER, {"rank": "1"}),
    f"{FILE}/message": (MANAGER, {"text": "Bonjour"}),
    f"{FILE}/score": (MANAGER, {"conflict": "true"}),
    f"{FILE}/note": (MANAGER, {"text": "Une note"}),
    f"{DESK}/mails": (MANAGER, {}),
    f"{DESK}/mails/<id>": (MANAGER, {}),
    f"{DESK}/messages/new": (TEAM, {"subject": "Bonjour", "text": "Bonjour"}),
    f"{DESK}/messages/<id>/edit": (MANAGER, {"text": "Bonjour"}),
    f"{DESK}/messages/<id>": (MANAGER, {"recipients": "99"}),
    f"{DESK}/messages/<id>/cancel": (MANAGER, {}),
    f"{DESK}/messages/model/<id>/delete": (MANAGER, {}),
    f"{PLACE}/reminders": (TEAM, {"pause-reason": "Absente"}),
    f"{PLACE}/reminders/resume": (TEAM, {}),
    "/challenge/manage/new": ({"sysadmin"}, {}),
    "/challenge/manage/matches": ({"other_manager", *MANAGER}, {}),
    f"{DESK}/dates": (MANAGER, {"do": "preview"}),
    f"{DESK}/import": (MANAGER, {"do": "preview"}),
    "/challenge/manage/merges": ({"other_manager", *MANAGER}, {}),
    f"{DESK}/edit": (MANAGER, {"title": "Une saison"}),
    f"{DESK}/questions": (MANAGER, {}),
    f"{DESK}/criteria": (MANAGER, {}),
    f"{DESK}/staff": (MANAGER, {"user": "{stranger}", "role": "adviser"}),
    f"{DESK}/codes": (MANAGER, {}),
    f"{DESK}/ask": (MANAGER, {"organization": "{organization}"}),
    f"{DESK}/programme": (MANAGER, {}),
    f"{DESK}/copy": ({"sysadmin"}, {}),
    f"{DESK}/delete": ({"sysadmin"}, {}),
    f"{DESK}/award/<organization>": (MANAGER, {}),
    "/challenge/manage/award/<id>/revoke": (MANAGER, {}),
    f"{DESK}/codes/<id>/delete": (MANAGER, {}),
    f"{DESK}/report": (MANAGER, {"aims-participants": "20"}),
    f"{DESK}/report/pdf": (TEAM, {}),
    f"{DESK}/report/address": (MANAGER, {"name": "Région", "ends_on": "2030-01-01"}),
    f"{DESK}/report/address/<id>/end": (MANAGER, {}),
    f"{DESK}/report/agreement/new": (MANAGER, {"funder": "Région"}),
    f"{DESK}/report/agreement/<id>": (MANAGER, {"funder": "Région"}),
    f"{DESK}/report/agreement/<id>/delete": (MANAGER, {}),
    f"{DESK}/report/lessons": (TEAM, {"kind": "keep", "text": "Les ateliers"}),
    f"{DESK}/report/lessons/<id>": (TEAM, {}),
    f"{DESK}/state": (MANAGER, {"from": "open", "to": "running"}),
    "/challenge/claim/<id>": ({"org_admin", "sysadmin"}, {"accepted": "true"}),
    f"{PLACE}/visit/<id>/delete": (TEAM, {}),
    f"{PLACE}/withdraw": (MANAGER, {"leaving-reason": "Plus personne."}),
    f"{PLACE}/reinstate": (MANAGER, {}),
    f"{DESK}/staff/<id>/again": (MANAGER, {}),
    f"{DESK}/staff/<id>/delete": (MANAGER, {"do": "confirm"}),
    "/challenge/preparation/<id>/delete": (PUBLISHER, {}),
    f"{OWN}/erase": (READER, {}),
}


@pytest.fixture
def known(
    world: Any,
    ckan_config: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> dict[str, str]:
    """What stands in the addresses; all else of it is in the world."""
    monkeypatch.setitem(ckan_config, "ckan.storage_path", str(tmp_path))
    # The keys lie beside it.
    generations.create()
    assert not jobs.sign().problem
    load_squares()
    people, organization = world.people, world.participant["organization_id"]
    people |= {
        role: factories.User(password=PASSWORD)
        for role in ("org_admin", "other_manager")
    }
    admin, application = people["sysadmin"], world.application["id"]
    call_as(
        admin,
        "member_create",
        id=organization,
        object=people["org_admin"]["id"],
        object_type="user",
        capacity="admin",
    )
    other = make_cohort(name="autre", season=7)
    make_staff(other, "manager", people["other_manager"], by=admin)
    message = call_as(
        people["applicant"],
        "challenge_application_message_create",
        id=application,
        text="Voici.",
        upload=FileStorage(io.BytesIO(b"%PDF-1.4\n%%EOF\n"), "lettre.pdf"),
    )
    call_as(
        people["member"],
        "challenge_step_update",
        participant=world.participant["id"],
        step="deliberation",
        state="in_progress",
        evidence_file=FileStorage(io.BytesIO(b"%PDF-1.4\n%%EOF\n"), "vote.pdf"),
    )
    begun = call_as(
        people["member"],
        "challenge_preparation_create",
        organization=organization,
        kit="deliberations",
        text="Objet\nConcerts",
    )
    claim = Claim(
        application_id=application,
        organization_id=organization,
        user_id=people["applicant"]["id"],
    )
    invitation = WaitingRole(
        user_id=people["stranger"]["id"],
        digest="of an address that nobody proves",
        organization_id=organization,
        role="editor",
        way="invitation",
    )
    model.Session.add_all([claim, invitation])
    model.Session.commit()
    staff = call_as(admin, "challenge_staff_list", cohort="saison-3")["results"]
    mails = call_as(admin, "challenge_mail_list", application=application)["results"]
    code = call_as(admin, "challenge_late_code_create", cohort="saison-3")
    visit = call_as(
        people["adviser"],
        "challenge_visit_create",
        participant=world.participant["id"],
        date="2026-03-02",
        days=1,
        topic="Rencontre",
    )
    calendar = call_as(
        people["manager"], "challenge_calendar_address_create", cohort="saison-2"
    )
    reported = {
        name: call_as(admin, f"challenge_{action}_create", cohort="saison-3", **given)
        for name, action, given in (
            ("agreement", "agreement", {"funder": "Région"}),
            ("address", "report_address", {"name": "x", "ends_on": "2030-01-01"}),
            ("lessons", "lesson", {"kind": "keep", "text": "x"}),
        )
    }
    written = {
        "cohort": "saison-3",
        "to": "staff",
        "subject": "Lundi",
        "text": "Bonjour {nom}",
    }
    said = call_as(
        people["member"],
        "challenge_participant_message_create",
        participant=world.participant["id"],
        text="Merci !",
    )
    return {
        **{name: made["id"] for name, made in reported.items()},
        "key": reported["address"]["key"],
        "application": application,
        "said": said["id"],
        "participant": world.participant["id"],
        "visit": visit["id"],
        "adviser": people["adviser"]["name"],
        "view": call_as(
            people["manager"],
            "challenge_saved_view_create",
            cohort="saison-3",
            title="En retard",
            shared=True,
        )["id"],
        "stranger": people["stranger"]["name"],
        "token": proofs.make_token(
            people["applicant"]["id"],
            access_links.digest_of(people["applicant"]["email"]),
        ),
        "calendar_key": calendar["url"].rpartition("/")[2].removesuffix(".ics"),
        "cohort": "saison-3",
        "organization": world.participant["organization_name"],
        "award": world.award["id"],
        "badge": "engagee",
        "number": "0",
        "dataset": world.dataset["name"],
        "kind": "dataset",
        "kit": "deliberations",
        "siren": "214500241",
        "step": "deliberation",
        "resource_id": world.dataset["resources"][0]["id"],
        "format": "csv",
        "file_id": message["files"][0]["id"],
        "claim": claim.id,
        "preparation": begun["id"],
        "invitation": invitation.id,
        "mails": mails[0]["id"],
        "codes": code["id"],
        "messages": call_as(admin, "challenge_campaign_create", **written)["id"],
        "model": call_as(
            admin, "challenge_campaign_model_create", **written, title="Lundi"
        )["id"],
        "staff": next(row["id"] for row in staff if row["role"] == "adviser"),
    }


def _address(rule: str, known: dict[str, str]) -> str:
    """The rule with what it is about in its places."""
    folder = rule.partition("/<id>")[0].rpartition("/")[2]
    values = known | {"id": known.get(folder, known["organization"])}
    if rule.startswith((PLACE, f"{DESK}/award")):
        values["cohort"] = "saison-2"
    if "/report" in rule:
        values["format"] = "xlsx"
    if rule.startswith("/challenge/calendar/"):
        values["key"] = known["calendar_key"]
    if rule.startswith("/sitemap-"):
        values["number"] = "1"
    values["site"] = tk.config["ckan.site_url"]
    address = rule.replace("<", "{").replace(">", "}") + QUERY.get(rule, "")
    return address.format(**values)


def _refused(answer: Any) -> bool:
    return answer.status_code == 403 or (
        answer.status_code == 302 and "/user/login" in answer.headers["Location"]
    )


@pytest.mark.seconds(40)
def test_every_page_is_for_those_the_table_says(
    browser: Callable[..., Any], known: dict[str, str]
) -> None:
    browsers: dict[str, Browser] = {
        who: browser(None if who == "anonymous" else who) for who in EVERYBODY
    }
    wrong = []

    def ask(method: str, rule: str, who: str, allowed: set[str], **sent: Any) -> None:
        answer = browsers[who].client.open(_address(rule, known), method=method, **sent)
        status, opens = answer.status_code, not _refused(answer)
        # A change may be one that can no longer be made; a page is there.
        worst = 404 if method == "POST" else 302
        if opens != (who in allowed) or (opens and status > worst):
            wrong.append(f"{method} {rule}: {who} is answered {status}")

    for rule, allowed in GET.items():
        for who in sorted(EVERYBODY):
            ask("GET", rule, who, allowed)
    # First those who may not: nothing changes by what they try.
    for rule, (allowed, data) in POST.items():
        filled = {name: value.format(**known) for name, value in data.items()}
        for who in sorted(EVERYBODY - allowed):
            ask("POST", rule, who, allowed, data=filled)
    for rule, (allowed, data) in POST.items():
        filled = {name: value.format(**known) for name, value in data.items()}
        for who in sorted(allowed):
            ask("POST", rule, who, allowed, data=filled)
    assert wrong == []


def test_every_page_is_in_the_table(app: Any) -> None:
    pages = set()
    for rule in app.flask_app.url_map.iter_rules():
        if not rule.endpoint.startswith("challenge"):
            continue
        # Without the converters, which say what may stand in a place.
        parts = [part.rpartition(":")[2] for part in rule.rule.split("<")]
        address = "<".join(parts) if "<" in rule.rule else rule.rule
        for method in (rule.methods or set()) & {"GET", "POST", "PUT", "DELETE"}:
            pages.add((method, address))
    listed = {("GET", rule) for rule in GET} | {("POST", rule) for rule in POST}
    assert pages == listed
