"""Conformity: does a published file follow its national schema?"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import ckan.plugins.toolkit as tk
from ckan import model
from ckan.types import Context

from ckanext.challenge.common import language, own_fields, session_events
from ckanext.challenge.common.action_helpers import (
    commit,
    find_organization,
    is_deferred,
    validate,
)
from ckanext.challenge.model import Conformity

from . import jobs, labels, schema, store
from .files import Place, is_upload, size

log = logging.getLogger(__name__)

#: Bytes up to which a file is checked at once: about a second.
_SMALL = 256 * 1024


def challenge_conformity_check(context: Context, data_dict: dict[str, Any]) -> Any:
    """Check the file of a resource against its national schema again.

    Files are checked by themselves when they are uploaded or their link changes; this
    is for a second opinion. A small file of the portal is checked at once, another one
    and what is behind a link by a job.

    Who may change the resource may call this.

    :param resource_id: id of the resource
    :type resource_id: string
    :returns: as ``challenge_conformity_show``; ``status`` is ``pending`` when a job
        will check the file
    :rtype: dict
    :raises ObjectNotFound: there is no such resource
    :raises NotAuthorized: the caller may not change it
    """
    data = validate(context, data_dict, schema.resource())
    resource = _find(data["resource_id"])
    tk.check_access("challenge_conformity_check", context, data)
    if store.is_checkable(resource):
        if _is_small(resource) and not is_deferred(context):
            jobs.check_resource(resource.id)
        else:
            store.outdate(model.Session.connection(), [resource.id])
            session_events.after_commit(_queue_check, resource.id)
            commit(context)
    return _dictize(resource)


@tk.side_effect_free
def challenge_conformity_show(context: Context, data_dict: dict[str, Any]) -> Any:
    """Show whether the file of a resource follows its national schema.

    Who may see the resource may call this. Sentences are in the request's language.

    :param resource_id: id of the resource
    :type resource_id: string
    :returns: ``{resource_id, status, schema, schema_title, schema_version, schema_url,
        rows, errors, error_count, groups, partial, encoding, separator, checked_at,
        own_fault}``.

        ``status`` is ``valid``; ``invalid``; ``error`` when the file cannot be read
        (the one error says why); ``pending`` when it will be checked;
        ``unknown_schema`` when the resource names no schema that this portal can
        check.
        ``errors`` holds the first of ``error_count`` problems, each with ``type`` and
        ``message`` and, as far as they apply, ``row`` (line of the file), ``column``,
        ``column_number``, ``value``, ``constraint`` and ``expected``.
        ``groups`` holds all problems by kind and column: ``{type, column, constraint,
        title, fix, count, advice, examples}``. Those of the same ``title`` are mended
        in one go: it counts them all. ``examples`` are the first of them, as
        in ``errors``, their ``message`` without the remedy, which is ``fix``. Where
        ``advice`` is true, nothing is wrong, and something could be better.
        ``partial`` says that a limit of rows or problems ended the check.
        ``own_fault`` says that the portal failed to check the file, which says nothing
        of the file; ``status`` is ``error`` then.
    :rtype: dict
    :raises ObjectNotFound: there is no such resource
    :raises NotAuthorized: the caller may not see it
    """
    data = validate(context, data_dict, schema.resource())
    resource = _find(data["resource_id"])
    tk.check_access("challenge_conformity_show", context, data)
    return _dictize(resource)


@tk.side_effect_free
def challenge_conformity_waiting_list(
    context: Context, data_dict: dict[str, Any]
) -> Any:
    """List the files of an organization that are being checked, or will be in a moment.

    Anybody may call this: only public datasets are looked at.

    :param organization: id or name of the organization
    :type organization: string
    :param limit: how many (100)
    :type limit: int
    :param offset: from which one on (0)
    :type offset: int
    :returns: ``{count, results}``: each ``{resource_id}``
    :rtype: dict
    :raises ObjectNotFound: there is no such organization
    """
    data = validate(context, data_dict, schema.organization())
    tk.check_access("challenge_conformity_waiting_list", context, data)
    ids = store.waiting(find_organization(data["organization"]).id)
    start, end = data["offset"], data["offset"] + data["limit"]
    return {
        "count": len(ids),
        "results": [{"resource_id": id_} for id_ in ids[start:end]],
    }


def _find(resource_id: Any) -> model.Resource:
    found = (
        model.Session.get(model.Resource, resource_id)
        if isinstance(resource_id, str)
        else None
    )
    if found is None or found.state != "active":
        raise tk.ObjectNotFound(tk._("There is no such resource"))
    return found


def _is_small(resource: model.Resource) -> bool:
    if not is_upload(resource):
        return False
    try:
        bytes_ = size(Place.of(resource))
    except Exception:
        # What an uploader raises is its own; the job says it in its report.
        log.warning("The size of resource %s is not known", resource.id, exc_info=True)
        return False
    return bytes_ is not None and bytes_ <= _SMALL


def _dictize(resource: model.Resource) -> dict[str, Any]:
    national = store.schema_of(resource)
    lang = language.current()
    shown: dict[str, Any] = {
        "resource_id": resource.id,
        "status": "unknown_schema",
        "schema": national.id
        if national
        else own_fields.read(resource.extras, "schema") or None,
        "schema_title": national.title.in_(lang) if national else None,
        "schema_version": national.version if national else None,
        "schema_url": national.source if national else None,
        "rows": None,
        "errors": [],
        "error_count": 0,
        "groups": [],
        "partial": False,
        "encoding": None,
        "separator": None,
        "checked_at": None,
        "own_fault": False,
    }
    if national is None or national.descriptor is None:
        return shown
    if not store.is_checkable(resource):
        problem = {"type": "link"}
        return shown | {
            "status": "error",
            "errors": [_problem(problem)],
            "error_count": 1,
        }
    report = Conformity.get(resource.id)
    if report is None or store.is_due(resource, report):
        return shown | {"status": "pending"}
    return shown | {
        "status": report.status,
        "rows": report.rows,
        "errors": [_problem(error) for error in report.errors],
        "error_count": report.error_count,
        "groups": _groups(report.groups),
        "partial": report.partial,
        "encoding": report.encoding,
        "separator": report.separator,
        "checked_at": report.checked_at.isoformat() if report.checked_at else None,
        "own_fault": report.is_own_fault,
    }


def _problem(facts: dict[str, Any]) -> dict[str, Any]:
    return {**facts, "message": labels.sentence(facts)}


def _groups(groups: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    counts: Counter[tuple[str, str]] = Counter()
    for group in groups:
        counts[labels.heading(group["examples"][0])] += group["count"]
    return [_group(group, counts) for group in groups]


def _group(
    group: Mapping[str, Any], counts: Mapping[tuple[str, str], int]
) -> dict[str, Any]:
    examples = group["examples"]
    first = examples[0]
    return {
        "type": first["type"],
        "column": first.get("column"),
        "constraint": first.get("constraint"),
        "title": labels.title(first, counts[labels.heading(first)]),
        "fix": labels.fix(first),
        "count": group["count"],
        "advice": group["advice"],
        "examples": [{**one, "message": labels.where(one)} for one in examples],
    }


def _queue_check(resource_id: str) -> None:
    jobs.enqueue([resource_id])
