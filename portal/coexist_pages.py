"""Fetches CKAN's and the extension's pages with some plugins; one child process each.

Runs in the environment that holds CKAN and the extensions; :mod:`portal.coexist` calls
it with a file of what to try, and reads a line of JSON for each from its output.
"""

from __future__ import annotations

import datetime as dt
import importlib
import io
import json
import logging
import os
import re
import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from alembic.util import CommandError
from ckan import model
from ckan.cli import CKANConfigLoader
from ckan.cli.db import _run_migrations
from ckan.config.middleware import make_app
from ckan.lib import jobs
from ckan.lib.redis import connect_to_redis
from werkzeug.test import Client

from ckanext.challenge import config
from ckanext.challenge.domain.measurement import Subject
from ckanext.challenge.measures import registry
from ckanext.challenge.model import Collectivite

#: Seconds that one try may take on a busy machine.
_PATIENCE = 600
_PASSWORD = "correct horse battery"
_TOKEN = re.compile(r'name="_csrf_token" content="([^"]+)"')

CKANS_PAGES = (
    "/",
    "/about",
    "/dataset/",
    "/dataset/budget",
    "/dataset/budget/resource/{resource}",
    "/organization/",
    "/organization/baule",
    "/group/",
)
OUR_PAGES = (
    "/challenge",
    "/challenge/saison-2",
    "/challenge/saison-2/baule",
    "/challenge/saison-2/data",
    "/challenge/badges",
    "/challenge/awards/{award}",
    "/challenge/kits",
    "/challenge/observatory",
    "/challenge/collectivite/214500241",
    "/challenge/verify",
)
FILES = (
    "/challenge/saison-2/data.atom",
    "/challenge/saison-2/calendar.ics",
    "/challenge/badge/baule.svg",
    "/challenge/awards/{award}.svg",
    "/challenge/api.json",
    "/.well-known/did.json",
    "/sitemap.xml",
)
CKANS_FORMS = (
    "/dataset/new",
    "/dataset/edit/budget",
    "/organization/edit/baule",
    "/dashboard/",
)
OUR_FORMS = (
    "/challenge/manage",
    "/challenge/manage/saison-2",
    "/challenge/manage/saison-2/edit",
    "/challenge/manage/saison-2/participants",
    "/challenge/manage/saison-2/messages",
    "/challenge/manage/saison-2/report",
)
SYSADMINS = (
    "/challenge/manage/doctor",
    "/challenge/manage/matches",
    "/ckan-admin/config",
)


def main(arguments: list[str]) -> int:
    """Try each set of plugins that a file names.

    :returns: the exit status: 0, whatever was found
    """
    tries = json.loads(Path(arguments[0]).read_text("utf-8"))
    for one in tries:
        reading, writing = os.pipe()
        child = os.fork()
        if not child:
            os.close(reading)
            signal.alarm(_PATIENCE)
            with os.fdopen(writing, "w") as out:
                json.dump(_tried(one), out)
            os._exit(0)
        os.close(writing)
        with os.fdopen(reading) as told:
            text = told.read()
        os.waitpid(child, 0)
        print(
            json.dumps({**one, **(json.loads(text) if text else {"load": "no answer"})})
        )
        sys.stdout.flush()
    return 0


def _tried(one: dict[str, Any]) -> dict[str, Any]:
    started = time.monotonic()
    log = io.StringIO()
    sys.stdout = io.StringIO()
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    try:
        app = _application(one["ini"], one["plugins"])
    except BaseException as error:  # whatever theirs raise is the answer
        return {"load": _short(error)}
    handler = logging.StreamHandler(log)
    handler.setLevel(logging.ERROR)
    logging.getLogger().addHandler(handler)
    found: dict[str, Any] = {"load": "", "pages": 0, "bad": []}
    world = Path(one["world"])
    try:
        with app._wsgi_app.test_request_context():
            if not world.exists():
                world.write_text(json.dumps(_world()))
            places = json.loads(world.read_text())
            found["checks"] = dict(_checks(one["plugins"]))
        for who, language, path in _asked("challenge" in one["plugins"]):
            found["pages"] += 1
            address = language + path.format(**places)
            said = _page(app, who, address, log)
            if said:
                found["bad"].append(f"{who} {address}: {said}")
    except BaseException as error:
        found["bad"].append(_short(error))
        found["traceback"] = traceback.format_exc()[-3000:]
    return {**found, "seconds": round(time.monotonic() - started)}


def _short(error: BaseException) -> str:
    return f"{type(error).__name__}: {str(error)[:300]}"


def _application(ini: str, plugins: list[str]) -> Any:
    config = CKANConfigLoader(ini).get_config()
    app = make_app(config)
    model.repo.upgrade_db()
    for plugin in plugins:
        try:
            _run_migrations(plugin)
        except CommandError as error:
            if "script_location" not in str(error):
                raise
            # It has none.
    model.Session.remove()
    return app


def _asked(ours: bool) -> Iterator[tuple[str, str, str]]:
    open_pages = (*CKANS_PAGES, *(OUR_PAGES if ours else ()))
    for language in ("", "/en"):
        for path in open_pages:
            yield "anonymous", language, path
    for path in FILES if ours else ():
        yield "anonymous", "", path
    for path in (*open_pages, *CKANS_FORMS, *(OUR_FORMS if ours else ())):
        yield "manager", "", path
        yield "sysadmin", "/en", path
    for path in SYSADMINS if ours else SYSADMINS[-1:]:
        yield "sysadmin", "", path


_clients: dict[str, Any] = {}


def _page(app: Any, who: str, address: str, log: io.StringIO) -> str:
    """What is wrong with a page; nothing where nothing is."""
    if who not in _clients:
        client = _clients[who] = Client(app)
        if who != "anonymous":
            text = client.get("/user/login").get_data(as_text=True)
            found = _TOKEN.search(text)
            answer = client.post(
                "/user/login",
                data={
                    "login": who,
                    "password": _PASSWORD,
                    "_csrf_token": found[1] if found else "",
                },
            )
            if answer.status_code != 302:
                return f"signing in answers {answer.status_code}"
    log.seek(0)
    log.truncate()
    answer = _clients[who].get(address)
    text = answer.get_data(as_text=True)
    if answer.status_code >= 400:
        lines = [line for line in log.getvalue().splitlines() if line.strip()]
        return f"{answer.status_code} {lines[-1][:200] if lines else ''}".strip()
    if answer.status_code >= 300:
        return f"{answer.status_code} to {answer.headers.get('Location')}"
    if answer.mimetype == "text/html" and "</html>" not in text:
        return "the page has no end"
    return ""


def _call(user: str | None, action: str, /, **data: Any) -> Any:
    context: Any = {"user": user or "", "ignore_auth": user is None}
    return tk.get_action(action)(context, data)


def _world() -> dict[str, str]:
    """A season under way with one participant, and its people."""
    model.Session.add(
        Collectivite(
            siren="214500241",
            insee_code="45024",
            name="Baule",
            kind="commune",
            departement="45",
            region="24",
            population=1985,
            postcodes=["45130"],
            vintage=2026,
            search_key="baule",
        )
    )
    model.Session.commit()
    for name in ("sysadmin", "manager"):
        _call(
            None,
            "user_create",
            name=name,
            email=f"{name}@example.org",
            password=_PASSWORD,
        )
    sysadmin = model.User.get("sysadmin")
    assert sysadmin
    sysadmin.sysadmin = True
    model.Session.commit()
    today = dt.datetime.now(dt.timezone.utc)

    def day(offset: int) -> str:
        return (today + dt.timedelta(days=offset)).date().isoformat()

    _call(
        "sysadmin",
        "challenge_cohort_create",
        name="saison-2",
        title="Challenge open data, saison 2",
        season=2,
        application_opens=day(-20),
        application_deadline=day(-12),
        launch=day(-10),
        first_publication=day(60),
        finalisation=day(120),
        capacity=20,
    )
    for state in ("open", "running"):
        _call("sysadmin", "challenge_cohort_transition", id="saison-2", to=state)
    _call(
        "sysadmin",
        "challenge_staff_create",
        cohort="saison-2",
        user="manager",
        role="manager",
    )
    _call(
        "sysadmin",
        "organization_create",
        name="baule",
        title="Baule",
        siren="214500241",
    )
    _call(
        "sysadmin",
        "challenge_participant_create",
        cohort="saison-2",
        organization="baule",
    )
    _call(
        "sysadmin",
        "organization_member_create",
        id="baule",
        username="manager",
        role="admin",
    )
    dataset = _call(
        "sysadmin",
        "package_create",
        name="budget",
        title="Budget",
        owner_org="baule",
        license_id="lov2",
        resources=[
            {
                "url": "https://www.example.org/budget.csv",
                "name": "Budget",
                "format": "CSV",
            }
        ],
    )
    award = _call(
        "manager",
        "challenge_award_create",
        badge="engagee",
        organization="baule",
        cohort="saison-2",
        reason="Essai",
    )
    return {"award": award["id"], "resource": dataset["resources"][0]["id"]}


# Where two extensions could meet, each is asked.


def _checks(plugins: list[str]) -> Iterator[tuple[str, str]]:
    checks: dict[str, Callable[[bool], str]] = {
        "ckan_harvester": _harvested,
        "xloader": _loaded,
        "event_audit": _audited,
    }
    for plugin, check in checks.items():
        if plugin in plugins:
            try:
                said = check("challenge" in plugins)
            except BaseException as error:
                said = _short(error)
                model.Session.rollback()
            yield check.__name__.strip("_"), said


def _waits(organization: str) -> bool:
    """Whether an organization waits to be evaluated."""
    waiting: Any = connect_to_redis().smembers(config.redis_key("evaluate", "waiting"))
    return f"organization:{organization}".encode() in waiting


def _settled() -> None:
    connect_to_redis().delete(config.redis_key("evaluate", "waiting"))


def _count(organization: str) -> int:
    subject = Subject(organization)
    found = registry.find("datasets_public").function([subject])
    return int(found[subject].value) if subject in found else 0


def _harvested(ours: bool) -> str:
    """What the harvester writes waits to be evaluated, and is measured."""
    harvesters = importlib.import_module("ckanext.harvest.harvesters")
    harvest = importlib.import_module("ckanext.harvest.model")
    stamp = str(time.time_ns())
    town = _call("sysadmin", "organization_create", name=f"moissonnee-{stamp}")
    id_ = f"00000000-0000-4000-8000-{stamp[-12:]}"
    source = harvest.HarvestSource(
        title="Source", url="https://www.example.org", type="ckan"
    )
    job = harvest.HarvestJob(source=source, status="Running")
    item = harvest.HarvestObject(guid=id_, job=job, source=source)
    model.Session.add_all([source, job, item])
    model.Session.commit()
    _settled()
    package = {
        "id": id_,
        "name": f"moissonne-{stamp}",
        "title": "Moissonné",
        "license_id": "lov2",
        "owner_org": town["id"],
        "resources": [],
        "tags": [],
        "extras": [],
    }
    made = harvesters.CKANHarvester()._create_or_update_package(
        package, item, package_dict_form="package_show"
    )
    model.Session.commit()
    if made is not True:
        return f"nothing was made: {[error.message for error in item.errors]}"
    if not ours:
        return ""
    if not _waits(town["id"]):
        return "the organization does not wait to be evaluated"
    return "" if _count(town["id"]) == 1 else "the dataset is not measured"


def _loaded(ours: bool) -> str:
    """xloader and our check each take a new file, once; what xloader writes then queues
    no second check.
    """
    stamp = str(time.time_ns())
    dataset = _call(
        "sysadmin",
        "package_create",
        name=f"prenoms-{stamp}",
        title="Prénoms",
        owner_org="baule",
    )
    resource = _call(
        "sysadmin",
        "resource_create",
        package_id=dataset["id"],
        url="https://www.example.org/prenoms.csv",
        name="Prénoms",
        format="CSV",
        schema="scdl/prenoms",
    )

    def queued(queue: str) -> int:
        waiting: Any = jobs.get_queue(queue)
        return sum(resource["id"] in str(job.args) for job in waiting.jobs)

    loads, checks = queued("default"), queued("challenge-conformity")
    _call(
        "sysadmin",
        "datastore_create",
        resource_id=resource["id"],
        force=True,
        fields=[{"id": "montant", "type": "numeric"}],
        records=[{"montant": 100}],
    )
    again = queued("challenge-conformity")
    shown = _call("sysadmin", "resource_show", id=resource["id"])
    _call("sysadmin", "dataset_purge", id=dataset["id"])
    if loads != 1:
        return f"{loads} loads are queued"
    if ours and (checks, again) != (1, 1):
        return f"{checks} checks are queued, {again} after the load"
    return "" if shown["datastore_active"] else "the datastore has nothing"


def _audited(ours: bool) -> str:
    """Our actions stand in the audit, and CKAN's activity has what they did."""
    if not ours:
        return ""
    _call("sysadmin", "challenge_cohort_patch", id="saison-2", hashtag="essai")
    told = model.Session.execute(
        sa.text("SELECT count(*) FROM event_audit_event WHERE action = :action"),
        {"action": "challenge_cohort_patch"},
    ).scalar_one()
    return "" if told else "the audit does not have challenge_cohort_patch"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
