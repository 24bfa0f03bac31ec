"""Take the verdict of ckanext-validation where that plugin is enabled.

It checks files itself and writes what it found on the resource; a file is then not
checked a second time. A file of which it says nothing yet, or that is newer than what
it says, is ours. (It loads on CKAN 2.11 only.)
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Literal

import ckan.plugins.toolkit as tk
from ckan import model, plugins

from .report import Problem, Report, Tally

Status = Literal["valid", "invalid", "error"]
_STATUS: Mapping[str, Status] = {
    "success": "valid",
    "failure": "invalid",
    "error": "error",
}


def verdict(resource: model.Resource) -> Report | None:
    """What ckanext-validation says of the file as it is now, as a report of ours.

    What it keeps in its own table counts. What it repeats on the resource is a field
    like others, into which a publisher can write anything.
    """
    if not plugins.plugin_loaded("validation"):
        return None
    found = _found(resource.id)
    status = _STATUS.get(found.get("status") or "")
    if status is None or _is_older(found.get("finished"), resource):
        return None
    tally = Tally()
    for problem in _problems(found.get("report")):
        tally.add(problem)
    if not tally.count and status != "valid":
        tally.add(Problem("validation"))
    return Report(
        status,
        errors=tuple(tally.first),
        error_count=tally.count,
        groups=tally.groups,
    )


def _found(resource_id: str) -> Mapping[str, Any]:
    """The row that it keeps on a resource; nothing where it has not spoken."""
    try:
        return tk.get_action("resource_validation_show")(
            {"ignore_auth": True}, {"resource_id": resource_id}
        )
    except tk.ObjectNotFound:
        return {}


def _is_older(finished: str | None, resource: Any) -> bool:
    changed: datetime | None = resource.last_modified or resource.created
    return not finished or bool(changed and datetime.fromisoformat(finished) < changed)


def _problems(report: Any) -> Iterator[Problem]:
    """The problems of its report, which is one of frictionless."""
    if isinstance(report, str):
        report = json.loads(report)
    report = report or {}
    errors = [*report.get("errors", ())]
    for task in report.get("tasks", ()):
        errors += task.get("errors", ())
    for error in errors:
        yield Problem(
            error.get("type", "validation"),
            error.get("rowNumber"),
            error.get("fieldName") or None,
            error.get("fieldNumber") or None,
            value=error.get("cell") or None,
            message=error.get("message"),
        )
