"""What the portal lacks, for the sysadmin: the page of ``ckan challenge doctor``."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk

from ckanext.challenge.domain.doctor import VERDICTS
from ckanext.challenge.views.common import act, managers_blueprint

doctor = managers_blueprint("challenge_doctor")

_TONES = {"good": "good", "todo": "todo", "wrong": "late"}


@doctor.get("/doctor")
def read() -> str:
    """The state of the portal."""
    return tk.render("challenge/manage/doctor.html", _page())


def _page() -> dict[str, Any]:
    found = act("challenge_doctor_show")
    rows = [{**row, "tone": _TONES[row["verdict"]]} for row in found["results"]]
    return {
        "wanting": sorted(
            (row for row in rows if row["verdict"] != "good"),
            key=lambda row: VERDICTS.index(row["verdict"]),
        ),
        "good": [row for row in rows if row["verdict"] == "good"],
    }
