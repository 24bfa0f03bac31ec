"""What the portal has, looked at: each function answers one finding.

What cannot be looked at is a finding, too: a database that is down hides no queue that
nobody works at.
"""

from __future__ import annotations

import datetime as dt
import logging
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from contextlib import suppress
from importlib import metadata
from pathlib import Path
from typing import Any

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from alembic.script import ScriptDirectory
from ckan import model
from ckan.lib import jobs as ckan_jobs
from ckan.lib.search.common import make_connection
from flask import has_request_context
from packaging.requirements import InvalidRequirement, Requirement
from pysolr import SolrError
from stdnum.fr import siren as siren_number

from ckanext.challenge import config, programmes
from ckanext.challenge.common import (
    file_places,
    jobs,
    nodes,
    own_fields,
    proxy_watch,
    runs,
    set_aside,
)
from ckanext.challenge.common.issuer import portal
from ckanext.challenge.common.rate_limit import redis_in_time
from ckanext.challenge.conformity.jobs import QUEUE as CONFORMITY
from ckanext.challenge.credentials import jobs as signing
from ckanext.challenge.credentials import keys, store
from ckanext.challenge.domain import doctor
from ckanext.challenge.domain import own_fields as rules
from ckanext.challenge.domain.doctor import Finding
from ckanext.challenge.domain.programme_check import ProgrammeError
from ckanext.challenge.model import Mail, catalog
from ckanext.challenge.model.base import make_id, utcnow
from ckanext.challenge.programmes.frequencies import frequencies

from . import mail_server

log = logging.getLogger(__name__)

#: The queues at which workers have to be.
QUEUES = (jobs.DEFAULT, CONFORMITY)

_MIGRATION = Path(__file__).parents[1] / "migration" / "challenge"
_DISTRIBUTION = "ckanext-challenge"
#: Seconds that the portal's own address has for its answer.
_PATIENCE = 3
#: Seconds that Solr has for its answer.
_SOLR_PATIENCE = 1


def plugins() -> Finding:
    return doctor.plugins([*tk.config["ckan.plugins"]])


def _form(check: str, entity: rules.Entity) -> Finding:
    fields = own_fields.form_fields(entity)
    labelled: dict[str, str] | None = None
    if fields is not None:
        labelled = {name: _labels(field) for name, field in fields.items()}
        for name, field in fields.items():
            for part in field.get("repeating_subfields") or ():
                words = f"{labelled[name]} {_labels(part)}"
                labelled[f"{name}.{part['field_name']}"] = words
    there = doctor.Form(labelled, catalog.samples(entity))
    called = {
        name: config.asked_field(name)
        for name, of in rules.FIELDS.items()
        if of == entity
    }
    return doctor.form(check, there, called, _looks)


def _labels(field: Mapping[str, Any]) -> str:
    """What a form calls a field, in all its languages."""
    label = field.get("label")
    words = label.values() if isinstance(label, Mapping) else [label]
    return " ".join(str(word) for word in words if word)


def _looks(name: str, value: str) -> bool:
    """Whether a value looks like one of a field that counts."""
    counts = rules.meaning(name, value)
    if name == "siren":
        # Any nine digits may be something else: the last one is a key.
        return siren_number.is_valid(counts)
    if name == "frequency":
        return counts in frequencies()
    if name == "contact_email":
        return "@" in counts
    return bool(counts)


def dataset_form() -> Finding:
    return _form("dataset_fields", "dataset")


def resource_form() -> Finding:
    return _form("resource_fields", "resource")


def organization_form() -> Finding:
    return _form("organization_fields", "organization")


def field_values() -> Finding:
    """What others wrote into fields that count, and which is read as nothing."""
    wrong: dict[str, list[tuple[str, str, int]]] = {}
    names = [name for name in rules.SHAPES if rules.FIELDS[name] == "organization"]
    for row in catalog.organization_values(names):
        for name in names:
            value = getattr(row, name)
            if value and value.strip() and not _looks(name, value):
                wrong.setdefault(name, []).append((value, row.name, 1))
    wrong["frequency"] = [
        (row.value, row.name, row.number)
        for row in catalog.dataset_values("frequency")
        if not _looks("frequency", row.value)
    ]
    return doctor.values(wrong)


def licences() -> Finding:
    listed = {
        id_: str(one.url or "")
        for id_, one in model.Package.get_license_register().items()
    }
    wanted = {
        kit.licence
        for programme in programmes.all()
        for kit in programme.kits
        if kit.licence
    }
    own = Path(__file__).parents[1] / "licenses.json"
    return doctor.licences(listed, wanted, f"file://{own}")


def programme_files() -> Finding:
    try:
        read = programmes.all()
    except ProgrammeError as error:
        return Finding("programmes", "wrong", "unread", {"name": error.source})
    return Finding("programmes", "good", facts={"count": len(read)})


def versions() -> Finding:
    """Of the packages that the extension asks for, those that are another version."""
    unmet = []
    for text in metadata.requires(_DISTRIBUTION) or ():
        try:
            wanted = Requirement(text)
        except InvalidRequirement:
            continue
        if wanted.marker and not wanted.marker.evaluate({"extra": ""}):
            continue
        try:
            there = metadata.version(wanted.name)
        except metadata.PackageNotFoundError:
            there = "-"
        if there == "-" or not wanted.specifier.contains(there, prereleases=True):
            unmet.append(f"{wanted.name}{wanted.specifier} ({there})")
    facts = {
        "version": metadata.version(_DISTRIBUTION),
        "ckan": metadata.version("ckan"),
    }
    if unmet:
        return Finding(
            "versions", "wrong", "unmet", {**facts, "names": ", ".join(unmet)}
        )
    return Finding("versions", "good", facts=facts)


def migrations() -> Finding:
    found = ScriptDirectory(str(_MIGRATION)).walk_revisions()
    known = [revision.revision for revision in found][::-1]
    with model.Session.get_bind().connect() as connection:  # type: ignore[union-attr]
        there = sa.inspect(connection).has_table("challenge_alembic_version")
        current = (
            connection.execute(
                sa.text("SELECT version_num FROM challenge_alembic_version")
            ).scalar()
            if there
            else None
        )
    return doctor.migrations(current, known)


def redis() -> Finding:
    redis_in_time().ping()
    return Finding("redis", "good")


def solr() -> Finding:
    solr = make_connection()
    # CKAN waits for a minute, and whoever asks whether this node is ready does not.
    solr.timeout = _SOLR_PATIENCE
    try:
        solr.search(q="*:*", rows=0)
    except SolrError:
        return Finding("solr", "wrong", "down")
    return Finding("solr", "good")


def workers() -> Finding:
    return doctor.workers(jobs.listening(), QUEUES)


def waiting_jobs() -> dict[str, tuple[int, dt.timedelta]]:
    """Of each queue, how many jobs wait, and how long the first one has."""
    now = dt.datetime.now(dt.timezone.utc)
    found = {}
    for name in QUEUES:
        queue = ckan_jobs.get_queue(name)
        first = queue.get_jobs(0, 1)
        since = first[0].enqueued_at if first else None
        if since is not None and since.tzinfo is None:
            since = since.replace(tzinfo=dt.timezone.utc)
        longest = now - since if since else dt.timedelta(0)
        found[name] = (len(queue), max(longest, dt.timedelta(0)))
    return found


def queues() -> Finding:
    return doctor.queues(waiting_jobs())


def commands() -> Finding:
    return doctor.commands(runs.all_of_them(), utcnow(), runs.failures())


def set_aside_rows() -> Finding:
    listed = set_aside.listed()
    if listed:
        return Finding("set_aside", "todo", "some", {"count": len(listed)})
    return Finding("set_aside", "good")


def storage() -> Finding:
    """Whether a file can be written, read and removed where files are kept."""
    facts = {
        "name": config.storage(),
        "path": str(tk.config.get("ckan.storage_path") or "-"),
    }
    id_ = make_id()
    try:
        place = file_places.place()
        with place.writing(id_) as file:
            file.write(b"?")
        with place.open(id_) as file:
            file.read()
        place.remove(id_)
        left = _left_behind(place)
    except OSError as error:
        log.warning("The place for files cannot be used", exc_info=error)
        return Finding("storage", "wrong", file_places.why(error), facts)
    if left:
        return Finding("storage", "todo", "moving", {**facts, "count": left})
    code = "kept" if config.storage() else "good"
    return Finding("storage", "good", code, facts)


def _left_behind(place: file_places.Place) -> int:
    """How many files were not moved to the storage yet."""
    if not isinstance(place, file_places.Moved):
        return 0
    return sum(1 for _ in place.before.names())


def node_signs() -> Finding:
    """Whether all nodes that were heard of lately have alike what they must."""
    kind = "web" if has_request_context() else "command"
    return doctor.nodes(nodes.told_now(kind))


def mails() -> Finding:
    count = model.Session.query(Mail.id).filter(Mail.state == "failed").count()
    if count:
        return Finding("mails", "todo", "failed", {"count": count})
    return Finding("mails", "good")


def signatures() -> Finding:
    key = store.active_key()
    problem, there = "", False
    if key is not None:
        there = keys.has_file(key.id)
        if there:
            try:
                keys.load(key)
            except keys.KeyProblem as error:
                problem = str(error)
    waiting = store.waiting()
    return doctor.signatures(
        waiting,
        key is not None,
        there,
        problem,
        listened=not waiting or signing.QUEUE in jobs.listening(),
    )


def address() -> Finding:
    return doctor.address(str(tk.config.get("ckan.site_url") or ""))


class _Stay(urllib.request.HTTPRedirectHandler):
    """Who verifies a badge may follow no redirection of a DID document."""

    def redirect_request(self, *args: Any, **kwargs: Any) -> None:
        return None


def identity() -> Finding:
    """Whether the portal's own DID document is where verifiers look for it.

    Asks the portal itself: never call it while the portal answers somebody.
    """
    issuer = portal()
    facts = {"url": issuer.keys}
    request = urllib.request.Request(
        issuer.keys, headers={"Accept": "application/did+json"}
    )
    try:
        with urllib.request.build_opener(_Stay).open(request, timeout=_PATIENCE) as got:
            body = got.read(1_000_000).decode("utf-8", "replace")
    except (OSError, ValueError):
        return Finding("identity", "wrong", "unreached", facts)
    if issuer.did not in body:
        return Finding("identity", "wrong", "other", facts)
    return Finding("identity", "good", facts=facts)


def proxy() -> Finding:
    if proxy_watch.is_blind():
        return Finding("proxy", "todo", "blind")
    return Finding("proxy", "good")


def networks() -> Finding:
    return doctor.networks(
        {
            f"ckanext.challenge.{name}": config.unread_networks(name)
            for name in config.NETWORKS
        }
    )


def clock() -> Finding:
    before = dt.datetime.now(dt.timezone.utc)
    theirs = model.Session.execute(sa.text("SELECT clock_timestamp()")).scalar_one()
    after = dt.datetime.now(dt.timezone.utc)
    ahead = (before + (after - before) / 2 - theirs).total_seconds()
    zone = str(tk.config.get("ckan.display_timezone") or "")
    return doctor.clock(ahead, zone, known=_is_zone())


def _is_zone() -> bool:
    try:
        config.display_timezone()
    except (LookupError, OSError, ValueError):
        return False
    return True


def languages() -> Finding:
    offered = tk.config["ckan.locales_offered"]
    names = offered.split() if isinstance(offered, str) else [*offered]
    return doctor.languages(str(tk.config["ckan.locale_default"]), names)


def contact() -> Finding:
    return (
        Finding("contact", "good")
        if config.contact()
        else Finding("contact", "todo", "none")
    )


def answers() -> Finding:
    return (
        Finding("answers", "todo", "in_full")
        if config.answers_in_full()
        else Finding("answers", "good")
    )


#: In the order in which they are told: what all else needs comes first.
LOOKS: Mapping[str, Callable[[], Finding]] = {
    "versions": versions,
    "plugins": plugins,
    "dataset_fields": dataset_form,
    "resource_fields": resource_form,
    "organization_fields": organization_form,
    "field_values": field_values,
    "licences": licences,
    "programmes": programme_files,
    "migrations": migrations,
    "redis": redis,
    "solr": solr,
    "workers": workers,
    "queues": queues,
    "commands": commands,
    "set_aside": set_aside_rows,
    "storage": storage,
    "nodes": node_signs,
    "mail_server": mail_server.look,
    "mails": mails,
    "address": address,
    "identity": identity,
    "signatures": signatures,
    "proxy": proxy,
    "networks": networks,
    "clock": clock,
    "languages": languages,
    "contact": contact,
    "answers": answers,
}


def look(*, ask_portal: bool) -> list[Finding]:
    """Look at all of them.

    :param ask_portal: whether the portal's own address is asked too, which a page of it
        may not do: it would wait for itself where there is one process
    """
    found = []
    for check, function in LOOKS.items():
        if check == "identity" and not ask_portal:
            continue
        try:
            found.append(function())
        except Exception as error:  # whatever fails is what is looked for
            log.warning("The check “%s” failed", check, exc_info=error)
            with suppress(Exception):
                model.Session.rollback()
            found.append(doctor.failed(check, error))
    return found
