"""Schemas: the national ones, and the Table Schemas that a portal adds to them."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from typing import Any

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model
from ckan.lib.munge import munge_name
from ckan.types import Context
from sqlalchemy.exc import IntegrityError
from werkzeug.datastructures import FileStorage

from ckanext.challenge.common import journal, language, session_events
from ckanext.challenge.common.action_helpers import (
    actor_of,
    commit,
    user_id_of,
    validate,
)
from ckanext.challenge.conformity import jobs, own, registry, store
from ckanext.challenge.conformity import labels as conformity_labels
from ckanext.challenge.datasets import schema
from ckanext.challenge.domain import table_schema
from ckanext.challenge.model import KeptProgramme, PortalSchema, catalog
from ckanext.challenge.model.base import utcnow
from ckanext.challenge.schemas import choices

log = logging.getLogger(__name__)

#: Who publishes a schema that says no more of itself than its name.
_OWN = "local"


@tk.side_effect_free
def challenge_schema_list(context: Context, data_dict: dict[str, Any]) -> Any:
    """List the schemas that files can be checked against. Anybody may call this.

    :param own: only those that this portal added
    :type own: bool
    :param limit: how many at most (100)
    :type limit: int
    :param offset: how many to pass over (0)
    :type offset: int
    :returns: ``{count, results}``, those of the portal first, each ``{id, title,
        version, url, own, fields}``: ``id`` is the value for a resource's ``schema``
        field, ``fields`` how many there are
    :rtype: dict
    :raises ValidationError: an argument is not what it should be
    """
    data = validate(context, data_dict, schema.schema_list())
    tk.check_access("challenge_schema_list", context, data)
    added = own.documents() or {}
    found = [
        _dictize(one, one.id in added)
        for one in registry.known().values()
        if one.descriptor and (one.id in added or not data.get("own"))
    ]
    found.sort(key=lambda row: not row["own"])
    start = data["offset"]
    return {"count": len(found), "results": found[start : start + data["limit"]]}


@tk.side_effect_free
def challenge_schema_show(context: Context, data_dict: dict[str, Any]) -> Any:
    """Show a schema that files can be checked against. Anybody may call this.

    :param id: its id, or an address at which it is published
    :type id: string
    :returns: as in ``challenge_schema_list``, with ``descriptor``: what it asks for, as
        a Table Schema (``fields``, ``missingValues``, ``primaryKey`` and
        ``custom_checks``, as far as it has them)
    :rtype: dict
    :raises ObjectNotFound: there is no such schema
    """
    data = validate(context, data_dict, schema.reference())
    tk.check_access("challenge_schema_show", context, data)
    found = registry.get(data["id"])
    if found is None or found.descriptor is None:
        raise tk.ObjectNotFound(tk._("There is no such schema"))
    return _shown(found)


def challenge_schema_add(context: Context, data_dict: dict[str, Any]) -> Any:
    """Add a Table Schema of this portal's own. Sysadmins may call this.

    From then on resources may name it, their files are checked against it, and kits of
    programmes may be about it. Beyond the standard a field may have ``synonyms``: other
    headers under which people keep it. Rules (``custom_checks``) that this portal does
    not know are left out.

    :param file: the Table Schema: JSON in UTF-8, at most 1 MB
    :type file: werkzeug.datastructures.FileStorage
    :param id: under which it is known, such as ``loiret/bancs``; by default the
        document's ``id``, or ``local/`` and its ``name`` or title
    :type id: string
    :param replace: whether one of the portal's own of this id is renewed; its files
        are checked again then
    :type replace: bool
    :returns: as ``challenge_schema_show``, with ``left_out``: the names of the rules
        that are
    :rtype: dict
    :raises ValidationError: the file is no Table Schema, or the id is taken: ``file``
        and ``id`` say why
    """
    data = validate(context, data_dict, schema.schema_add())
    tk.check_access("challenge_schema_add", context, data)
    document = _document(data_dict.get("file"))
    id_ = _id(data.get("id"), document)
    former = model.Session.get(PortalSchema, id_, populate_existing=True)
    _check_free(id_, former, bool(data.get("replace")))
    now = utcnow()
    if former is None:
        model.Session.add(
            PortalSchema(
                id=id_,
                document=dict(document),
                user_id=user_id_of(context),
                created_at=now,
                updated_at=now,
            )
        )
    else:
        former.document, former.updated_at = dict(document), now
    try:
        model.Session.flush()
    except IntegrityError as error:
        model.Session.rollback()
        own.forget()
        _refuse_id(tk._("There is a schema of this id already"), error)
    own.forget()
    action = "create" if former is None else "update"
    journal.record(actor_of(context), action, "schema", id_)
    if former is not None:
        _check_again(id_)
    commit(context)
    found = registry.made(id_, document)
    asked = document.get("custom_checks")
    wanted = [
        str(rule.get("name"))
        for rule in (asked if isinstance(asked, list) else ())
        if isinstance(rule, Mapping)
    ]
    for rule in found.checks:
        wanted.remove(rule["name"])
    return {**_shown(found), "own": True, "left_out": wanted}


def challenge_schema_delete(context: Context, data_dict: dict[str, Any]) -> None:
    """Remove a Table Schema that this portal added. Sysadmins may call this.

    :param id: its id
    :type id: string
    :raises ObjectNotFound: the portal has added no such schema
    :raises ValidationError: it is in use: files of datasets name it, or a kit does
    """
    data = validate(context, data_dict, schema.reference())
    tk.check_access("challenge_schema_delete", context, data)
    row = model.Session.get(PortalSchema, data["id"])
    if row is None:
        raise tk.ObjectNotFound(tk._("This portal has added no such schema"))
    files = len(_resources(row.id))
    if files:
        text = tk.ungettext(
            "{count} file follows this schema: take it out of its form first",
            "{count} files follow this schema: take it out of their forms first",
            files,
        ).format(count=files)
        raise tk.ValidationError({"id": [text]})
    if kits := _kits(row.id):
        text = tk._("Kits of the programmes are about this schema: {kits}")
        raise tk.ValidationError({"id": [text.format(kits=", ".join(kits))]})
    journal.record(actor_of(context), "delete", "schema", row.id)
    model.Session.delete(row)
    model.Session.flush()
    own.forget()
    commit(context)


def _document(file: Any) -> Mapping[str, Any]:
    """The Table Schema that was given.

    :raises ValidationError: it is none
    """
    document: Any = None
    try:
        if isinstance(file, FileStorage):
            document = table_schema.read(file.read(table_schema.MAX_BYTES + 1))
        elif isinstance(file, str):
            document = table_schema.read(file.encode("utf-8", "replace"))
        elif isinstance(file, Mapping):
            document = file
        else:
            raise tk.ValidationError({"file": [tk._("Give the file of the schema")]})
    except table_schema.Unreadable as error:
        told = [conformity_labels.of_document(error.fault)]
        raise tk.ValidationError({"file": told}) from None
    found = [
        conformity_labels.of_document(fault) for fault in table_schema.faults(document)
    ]
    if not found and (fault := _unusable(document)):
        found = [conformity_labels.of_document(fault)]
    if found:
        raise tk.ValidationError({"file": found})
    return document


def _unusable(document: Mapping[str, Any]) -> Any:
    """What keeps files from being checked by a schema, if anything does."""
    # frictionless is loaded where it is used: few web processes ever need it.
    from ckanext.challenge.conformity import check  # noqa: PLC0415

    return check.unusable(table_schema.descriptor(document))


def _id(given: str | None, document: Mapping[str, Any]) -> str:
    """The id under which a schema is to be known.

    :raises ValidationError: it says of itself nothing that could be one
    """
    written = document.get("id")
    if given:
        found = given
    elif isinstance(written, str) and table_schema.ID.fullmatch(written):
        found = written
    else:
        names = [document.get("name"), document.get("title")]
        name = next((one for one in names if isinstance(one, str) and one.strip()), "")
        name = re.sub("^[^A-Za-z0-9]+", "", munge_name(name)) if name else ""
        found = f"{_OWN}/{name}"
    if table_schema.ID.fullmatch(found):
        return found
    text = tk._("Give an id of two parts, such as loiret/bancs")
    raise tk.ValidationError({"id": [text]})


def _check_free(id_: str, former: PortalSchema | None, replace: bool) -> None:
    """Whether a schema can have this id.

    :raises ValidationError: it is another one's
    """
    if former is not None:
        if not replace:
            _refuse_id(tk._("There is a schema of this id already"))
        return
    other = registry.normalise(id_)
    if other is not None:
        national = other in registry.bundled()
        _refuse_id(
            tk._("This is the id of a national schema")
            if national
            else tk._("There is a schema of this id already")
        )


def _refuse_id(text: str, cause: Exception | None = None) -> None:
    raise tk.ValidationError({"id": [text]}) from cause


def _resources(id_: str) -> list[str]:
    """The ids of the resources that name a schema."""
    rows = model.Session.execute(
        sa.text(
            f"""
            SELECT r.id FROM resource r JOIN package p ON p.id = r.package_id
            WHERE r.state = 'active' AND p.state <> 'deleted'
              AND {catalog.resource_has("schema")}
              AND {catalog.resource_field("schema")} = :id
            """
        ),
        {"id": id_},
    )
    return [row[0] for row in rows]


def _kits(id_: str) -> list[str]:
    """The kits about a schema: of the portal's programmes, and of those that seasons
    keep.
    """
    found = {kit.key for kit in choices.kits() if kit.schema == id_}
    kept = model.Session.execute(sa.select(KeptProgramme.document)).scalars()
    for document in kept:
        for kit in document.get("kits") or ():
            if isinstance(kit, Mapping) and kit.get("schema") == id_:
                found.add(str(kit.get("key")))
    return sorted(found)


def _check_again(id_: str) -> None:
    """Have the files of a schema that was renewed checked anew."""
    resources = _resources(id_)
    if resources:
        store.outdate(model.Session.connection(), resources)
        session_events.after_commit(_queue, tuple(resources))


def _queue(resources: tuple[str, ...]) -> None:
    jobs.enqueue(resources)


def _dictize(found: registry.Schema, is_own: bool) -> dict[str, Any]:
    return {
        "id": found.id,
        "title": found.title.in_(language.current()),
        "version": found.version,
        "url": found.source or found.homepage,
        "own": is_own,
        "fields": len((found.descriptor or {})["fields"]),
    }


def _shown(found: registry.Schema) -> dict[str, Any]:
    descriptor: dict[str, Any] = {**(found.descriptor or {})}
    lang = language.current()
    fields = []
    for field in descriptor["fields"]:
        told = found.columns.get(field["name"], {})
        words = {
            "title": told.get("title") or "",
            "description": found.meaning(field["name"]).in_(lang),
        }
        fields.append({**field, **{key: text for key, text in words.items() if text}})
    descriptor["fields"] = fields
    if found.checks:
        descriptor["custom_checks"] = [dict(rule) for rule in found.checks]
    is_own = found.id in (own.documents() or {})
    return {**_dictize(found, is_own), "descriptor": descriptor}
