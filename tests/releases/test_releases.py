"""A portal that ran an earlier release: its rows, its jobs and its pages.

The dumps beside this file were made by ``portal/portal dump``, with the code of the
release and on the oldest CKAN; a portal that moves to a newer CKAN has such a database.
"""

from __future__ import annotations

import json
import lzma
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from ckan import model
from ckan.cli import db
from ckan.lib import jobs, search
from ckan.tests import helpers
from helpers.browser import PASSWORD, Browser
from helpers.databases import beside
from rq import SimpleWorker
from rq.registry import FailedJobRegistry
from sqlalchemy.orm import close_all_sessions

from ckanext.challenge.common import journal
from ckanext.challenge.model import Application, Award, Cohort, Participant

RELEASES = sorted(Path(__file__).parent.glob("*.sql.xz"))

#: What 0.1.0 may have left in its queue, by the path that RQ stored.
JOBS: dict[str, str | None] = {
    "ckanext.challenge.jobs.evaluate_queued": None,
    "ckanext.challenge.notifications.outbox.send_queued": None,
    "ckanext.challenge.credentials.jobs.sign_missing": None,
    "ckanext.challenge.conformity.jobs.check_resource": "resource",
    "ckanext.challenge.search.index_again": "package",
}

pytestmark = [
    pytest.mark.usefixtures("with_plugins", "clean_db", "clean_index"),
    pytest.mark.seconds(20),
    pytest.mark.parametrize(
        "released", RELEASES, indirect=True, ids=lambda path: path.name[:-7]
    ),
]


@pytest.fixture
def released(
    request: pytest.FixtureRequest,
    app: Any,
    ckan_config: dict[str, Any],
) -> Iterator[str]:
    """The database of a release beside that of the tests, and this version's code.

    The application is there before: whoever builds one turns to the usual database.

    :returns: the number of the release's tables
    """
    usual = model.ensure_engine()
    with beside("released") as url, pytest.MonkeyPatch.context() as patch:
        text = url.render_as_string(hide_password=False)
        patch.setitem(ckan_config, "sqlalchemy.url", text)
        own = sa.create_engine(url)
        _use(own)
        connection = own.raw_connection()
        try:
            cursor = connection.cursor()
            cursor.execute(lzma.decompress(request.param.read_bytes()).decode())
            connection.commit()
            cursor.execute("SELECT version_num FROM public.challenge_alembic_version")
            ((number,),) = cursor.fetchall()
        finally:
            # What it was told of the search path goes with it.
            connection.invalidate()
        yield number
        _use(usual)
        own.dispose()


def _use(engine: sa.engine.Engine) -> None:
    close_all_sessions()
    model.init_model(engine)


def _migrate(cli: Any, command: Any, *arguments: str) -> None:
    # Whoever still reads would keep the tables from being changed.
    close_all_sessions()
    done = cli.invoke(command, arguments)
    assert done.exit_code == 0, done.output


def _first(query: Any) -> Any:
    found = query.first()
    assert found is not None
    return found


def _counts() -> dict[str, int]:
    model.Session.rollback()
    kinds = (Application, Award, Cohort, Participant)
    return {kind.__name__: model.Session.query(kind.id).count() for kind in kinds}


def test_it_goes_up_down_and_up_and_its_pages_answer(
    released: str, cli: Any, app: Any
) -> None:
    kept = _counts()
    assert all(kept.values())
    _migrate(cli, db.upgrade)
    assert _counts() == kept
    _migrate(cli, db.downgrade, "-p", "challenge", "-v", released)
    assert _counts() == kept
    _migrate(cli, db.upgrade, "-p", "challenge")
    assert _counts() == kept
    assert journal.verify() == []
    search.rebuild()
    _public_pages(Browser(app))
    _proofs(Browser(app))
    _checklist(app)
    _desk(app)


def _text(reader: Browser, page: str) -> str:
    answer = reader.get(page)
    assert answer.status_code == 200, page
    return answer.get_data(as_text=True)


def _public_pages(reader: Browser) -> None:
    for page in ("/", "/challenge/badges", "/challenge/kits", "/organization/"):
        _text(reader, page)
    seasons = _text(reader, "/challenge")
    public = model.Session.query(Cohort.name, Cohort.title).filter(
        Cohort.state != "draft"
    )
    assert public.count() > 1
    for name, title in public.all():
        assert title in seasons
        assert title in _text(reader, f"/challenge/{name}")
        _text(reader, f"/challenge/{name}/data")
    taking_part = (
        model.Session.query(Cohort.name, model.Group.name, model.Group.title)
        .join(Participant, Participant.cohort_id == Cohort.id)
        .join(model.Group, model.Group.id == Participant.organization_id)
        .filter(Cohort.state != "draft")
        .order_by(model.Group.name)
    )
    for cohort, organization, title in taking_part.limit(4).all():
        assert title in _text(reader, f"/challenge/{cohort}/{organization}")
        assert title in _text(reader, f"/organization/{organization}")


def _proofs(reader: Browser) -> None:
    """What was signed then is verified now, and listed where it was."""
    awards = model.Session.query(Award.id).filter(Award.state == "active")
    (award,) = _first(awards.order_by(Award.id))
    _text(reader, f"/challenge/awards/{award}")
    signed = json.loads(_text(reader, f"/challenge/awards/{award}.json"))
    found = helpers.call_action("challenge_credential_verify", credential=signed)
    assert (found["valid"], found["award"]) == (True, award), found
    status = signed["credentialStatus"]
    listed = status[0] if isinstance(status, list) else status
    path = listed["statusListCredential"].removeprefix("http://test.ckan.net")
    assert "proof" in json.loads(_text(reader, path))


def _signed_in(app: Any, name: str) -> Browser:
    user = model.User.get(name)
    assert user is not None
    user.password = PASSWORD
    model.Session.commit()
    return Browser(app).sign_in({"name": name})


def _checklist(app: Any) -> None:
    """A member reads more of the own checklist than the public."""
    cohort, organization, member = _first(
        model.Session.query(Cohort.name, model.Group.name, model.User.name)
        .join(Participant, Participant.cohort_id == Cohort.id)
        .join(model.Group, model.Group.id == Participant.organization_id)
        .join(model.Member, model.Member.group_id == model.Group.id)
        .join(model.User, model.User.id == model.Member.table_id)
        .filter(Cohort.state == "running", Participant.state == "active")
        .filter(model.Member.table_name == "user", model.Member.state == "active")
        .filter(model.User.state == "active", model.User.sysadmin.is_(False))
        .order_by(model.User.name)
    )
    page = f"/challenge/{cohort}/{organization}"
    answering = f'action="{page}/'
    assert answering not in _text(Browser(app), page)
    assert answering in _text(_signed_in(app, member), page)


def _desk(app: Any) -> None:
    (sysadmin,) = _first(
        model.Session.query(model.User.name)
        .filter_by(sysadmin=True, state="active")
        .filter(model.User.name != "challenge.test")
    )
    manager = _signed_in(app, sysadmin)
    _text(manager, "/challenge/manage")
    for id_, name in model.Session.query(Cohort.id, Cohort.name).all():
        _text(manager, f"/challenge/manage/{name}/participants")
        listed = _text(manager, f"/challenge/manage/{name}/applications")
        first = (
            model.Session.query(Application.reference)
            .filter_by(cohort_id=id_, state="submitted")
            .first()
        )
        assert first is None or first[0] in listed


def test_before_its_tables_are_upgraded_nothing_breaks(
    released: str, cli: Any, app: Any
) -> None:
    """The new code is there, the tables are the release's: CKAN's pages answer as
    ever, ours do so or say that they cannot, and the node says that it is not ready.
    """
    _migrate(cli, db.upgrade, "--skip-plugins")
    season, organization = _first(
        model.Session.query(Cohort.name, model.Group.name)
        .join(Participant, Participant.cohort_id == Cohort.id)
        .join(model.Group, model.Group.id == Participant.organization_id)
        .filter(Cohort.state == "running")
        .order_by(model.Group.name)
    )
    (award,) = _first(model.Session.query(Award.id).order_by(Award.id))
    (dataset,) = _first(model.Session.query(model.Package.name))
    reader = Browser(app)
    for page in (
        *("/", "/about", "/dataset/", f"/dataset/{dataset}", "/organization/"),
        *(f"/organization/{organization}", f"/api/3/action/package_show?id={dataset}"),
    ):
        _text(reader, page)
    ours = ["", "/badges", "/kits", "/data", "/data.atom", "/observatory", "/verify"]
    ours += [
        f"/{season}{rest}" for rest in ("", "/data", "/data.atom", "/apply", ".ics")
    ]
    ours += [f"/{season}/{organization}", f"/{season}/{organization}.ics"]
    ours += [
        f"/awards/{award}{end}" for end in ("", ".json", ".jwt", ".svg", "/card.png")
    ]
    ours += [f"/badge/{organization}.svg", "/status/0.json", "/issuer.json", "/mine"]
    answers = {page: reader.get(f"/challenge{page}").status_code for page in ours}
    assert set(answers.values()) <= {200, 302, 404, 503}, answers
    assert answers[""] == answers[f"/{season}"] == 503
    assert reader.get("/challenge/health").status_code == 200
    ready = reader.get("/challenge/health/ready")
    assert (ready.status_code, ready.get_json()["tables"]) == (503, False)


def test_its_jobs_still_run(released: str, cli: Any, mailbox: Any) -> None:
    _migrate(cli, db.upgrade)
    queue = jobs.get_queue()
    (owner,) = _first(model.Session.query(Participant.organization_id))
    (resource,) = _first(model.Session.query(model.Resource.id))
    ids = {"resource": resource, "package": owner}
    for path, argument in JOBS.items():
        arguments = [ids[argument]] if argument else []
        queue.enqueue_call(path, args=arguments)
    SimpleWorker([queue], connection=queue.connection).work(burst=True)
    failed = FailedJobRegistry(queue=queue)
    told = [
        failed.job_class.fetch(id_, queue.connection) for id_ in failed.get_job_ids()
    ]
    assert [(job.func_name, job.exc_info) for job in told] == []
    assert len(queue) == 0
