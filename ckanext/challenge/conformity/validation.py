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

__all__ = ["verdict"]

Status = Literal["valid", "invalid", "error"]
_STATUS: Mapping[str, Status] = {
    "success": "valid",
    "failure": "invalid",
    "error": "error",
}


def verdict(resource: model.Resource) -> Report | None:
    """What ckanext-validation says of the file as it is now, as a report of ours."""
    if not plugins.plugin_loaded("validation"):
        return None
    extras = resource.extras or {}
    status = _STATUS.get(extras.get("validation_status") or "")
    if status is None or _is_older(extras.get("validation_timestamp"), resource):
        return None
    tally = Tally()
    for problem in _problems(resource.id):
        tally.add(problem)
    if not tally.count and status != "valid":
        tally.add(Problem("validation"))
    return Report(
        status,
        errors=tuple(tally.first),
        error_count=tally.count,
        groups=tally.groups,
    )


def _is_older(timestamp: Any, resource: Any) -> bool:
    changed: datetime | None = resource.last_modified or resource.created
    try:
        return bool(changed and datetime.fromisoformat(str(timestamp)) < changed)
    except ValueError:
        return True


def _problems(resource_id: str) -> Iterator[Problem]:
    """The problems of its report, which is one of frictionless."""
    try:
        found = tk.get_action("resource_validation_show")(
            {"ignore_auth": True}, {"resource_id": resource_id}
        )
    except tk.ObjectNotFound:
        return
    report = found.get("report") or {}
    if isinstance(report, str):
        report = json.loads(report)
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
