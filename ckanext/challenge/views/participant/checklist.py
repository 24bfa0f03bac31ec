"""The checklist of a participant: each step with what its reader may do about it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import ckan.plugins.toolkit as tk

from ckanext.challenge import config
from ckanext.challenge import helpers as h
from ckanext.challenge.common import file_places, file_store
from ckanext.challenge.common.labels import as_effort, behind
from ckanext.challenge.common.language import per_language
from ckanext.challenge.domain.lifecycle import STEP_CLAIMED, STEP_SETTLED, STEP_UNBEGUN
from ckanext.challenge.measures import labels
from ckanext.challenge.views.forms import flat_errors

from .doors import Doors
from .reasons import reasons

#: The forms of a step, as what was sent names them when it comes back with errors.
STEP, CONFIRM, WAIVE, EXTEND = "step", "confirm", "waive", "extend"
#: In the page's address, that the choice of kits stands open.
KITS = "kits"
#: How often a step looks by itself what became of a check: for a minute.
_MOST_LOOKS = 10
NOTHING_SENT: dict[str, Any] = {"form": "", "step": "", "errors": {}, "data": {}}


def refused(
    form: str, error: tk.ValidationError, data: Mapping[str, Any], step: str = ""
) -> dict[str, Any]:
    """A form of the page that was refused: what is wrong, and all that was typed."""
    errors = flat_errors(error.error_dict)
    return {"form": form, "step": step, "errors": errors, "data": data}


@dataclass(frozen=True)
class Reader:
    """What the reader of a checklist sees of it, and may do.

    :ivar url: of the participant's page
    :ivar doors: which forms of CKAN open to them
    :ivar roles: what they are to the participant, as ``challenge_progress_show``
        says; nothing for the public
    :ivar under_way: whether steps can still be changed
    :ivar published: whether the organization has a public dataset
    :ivar kits: those that the organization can choose from, the chosen ones first
    :ivar checks: how many files are being checked
    :ivar looked: how often the page was looked at since, to see what became of it
    :ivar opened: the key of the step whose form stands open, or ``kits``
    :ivar sent: the form that was just refused
    """

    url: str
    doors: Doors
    roles: frozenset[str] = frozenset()
    under_way: bool = False
    published: bool = False
    kits: Sequence[Mapping[str, Any]] = ()
    checks: int = 0
    looked: int = 0
    opened: str = ""
    sent: Mapping[str, Any] = field(default_factory=lambda: NOTHING_SENT)

    @property
    def detailed(self) -> bool:
        """Whether they see more than the public."""
        return bool(self.roles)

    @property
    def is_staff(self) -> bool:
        """Whether they advise the participant, or manage its season."""
        return bool(self.roles & {"adviser", "manager"})

    @property
    def member(self) -> bool:
        """Whether they belong to the organization."""
        return "member" in self.roles

    @property
    def edits(self) -> bool:
        """Whether they answer steps."""
        return self.under_way and bool(self.roles)

    @property
    def confirms(self) -> bool:
        """Whether they confirm steps."""
        return self.under_way and self.is_staff

    @property
    def waives(self) -> bool:
        """Whether they waive steps."""
        return self.under_way and "manager" in self.roles

    def address(self, step: str, what: str = "") -> str:
        """Where a form of a step is sent; what is refused is shown at that step."""
        key = quote(step)
        return f"{self.url}/step/{key}{what and '/' + what}#step-{key}"

    def given(self, form: str, step: str) -> dict[str, Any]:
        """The errors of this very form, and what was typed into it."""
        mine = (self.sent.get("form"), self.sent.get("step")) == (form, step)
        found = self.sent if mine else NOTHING_SENT
        return {"errors": found["errors"], "data": found["data"]}


def _when(step: Mapping[str, Any]) -> str:
    """What the right side of a step says: done, planned, late since, or due."""
    if step["state"] == "done":
        return tk._("Done")
    if step["state"] == "waived":
        return tk._("Not required")
    planned = step.get("planned_for")
    if step["state"] == "planned" and planned and h.challenge_days_until(planned) >= 0:
        text = tk._("Planned for {date}")
        return text.format(date=h.challenge_date(planned, "d MMMM"))
    if not step.get("due"):
        return ""
    text = tk._("It was planned for {date}") if step.get("late") else tk._("By {date}")
    return text.format(date=h.challenge_date(step["due"], "d MMMM"))


def _buttons(step: Mapping[str, Any]) -> list[tuple[str, str, bool]]:
    """The states that can be given to a person's step, the main one first."""
    reopen = ("in_progress", tk._("Reopen this step"), False)
    if step["state"] == "to_confirm" or (
        step["state"] == "done" and not step.get("confirm")
    ):
        return [("done", tk._("Save the change"), True), reopen]
    if step["state"] == "done":
        return [reopen]
    main = (
        ("to_confirm", tk._("Send for confirmation"), True)
        if step.get("confirm")
        else ("done", tk._("Mark as done"), True)
    )
    return [
        main,
        ("in_progress", tk._("Mark as in progress"), False),
        ("planned", tk._("Plan it for this date"), False),
    ]


def _proofs(step: Mapping[str, Any], reader: Reader) -> list[dict[str, str]]:
    """Where the proofs of a step are read."""
    found = []
    if file := step.get("evidence_file"):
        found.append({"url": _file_url(step, reader), "text": file["name"]})
    if url := step.get("evidence_url"):
        found.append({"url": url, "text": tk._("Document at its address")})
    return found


def _file_url(step: Mapping[str, Any], reader: Reader) -> str:
    return f"{reader.url}/step/{quote(step['step'])}/file"


def _words(step: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What its people and the team say of a step."""
    said: list[tuple[str, str]] = []
    if note := step.get("note"):
        said.append((tk._("Note of the collectivité:"), note))
    if reason := step.get("reason"):
        said.append((tk._("Word of the team:"), reason))
    if given := step.get("extension"):
        later = tk._("More time, until {date} (for the others, {season}):").format(
            date=h.challenge_date(step.get("due"), "d MMMM"),
            season=h.challenge_date(given.get("season_due"), "d MMMM"),
        )
        # Why is erased with the data of a season: that it was so, stays.
        said.append((later, given.get("reason") or "…"))
    return said


def _measured(step: Mapping[str, Any]) -> str:
    """What the catalogue found for a step that it ticked."""
    measures = step.get("measures") or []
    if step["state"] != "done" or len(measures) != 1 or step.get("target") is None:
        return ""
    value, target = step["value"], step["target"]
    share = measures[0]["unit"] == "share"
    if share or value > target:
        words = h.challenge_share if share else h.challenge_number
        return tk._("{value}, and {target} are enough").format(
            value=words(value), target=words(target)
        )
    text = (
        tk.ungettext(
            "{value} of {target} kit chosen", "{value} of {target} kits chosen", target
        )
        if labels.fix(measures[0]["measure"]).kind == "kits"
        else tk._("{value} of {target}")
    )
    return text.format(
        value=h.challenge_number(value), target=h.challenge_number(target)
    )


def _file_field(step: Mapping[str, Any]) -> dict[str, Any] | None:
    """The place for a file; none where the portal keeps no files."""
    if step.get("evidence") != "file" or not file_places.enabled():
        return None
    there = step.get("evidence_file")
    ends = sorted({end for ends in file_store.PROOFS.values() for end in ends})
    text = tk._(
        "PDF, ODT, image or table (ODS, XLSX, CSV), up to {limit} MB. You and the team "
        "of the challenge read it, nobody else."
    )
    return {
        "label": tk._("Replace the file") if there else tk._("File"),
        "help": text.format(limit=config.max_file_size()),
        "attrs": {"accept": ",".join(ends)},
        "remove": tk._("Remove {file}").format(file=there["name"]) if there else "",
    }


@per_language
def _labels_of_the_team() -> dict[str, str]:
    return {
        "evidence_file": tk._("File"),
        "evidence_url": tk._("Address of the document"),
        "note": tk._("Word to the collectivité"),
        "planned_for": tk._("Planned for"),
    }


@per_language
def _labels_of_members() -> dict[str, str]:
    return {**_labels_of_the_team(), "note": tk._("Note")}


def _form(step: Mapping[str, Any], reader: Reader) -> dict[str, Any] | None:
    """The form with which a step of people is answered."""
    by_hand = step["source"] == "person" and not step.get("feedback")
    if not (reader.edits and by_hand) or step["state"] == "waived":
        return None
    sent, buttons = reader.given(STEP, step["step"]), _buttons(step)
    stored = {
        "evidence_url": step.get("evidence_url") or "",
        # Each side has words of its own.
        "note": step.get("note" if reader.member else "reason") or "",
        "planned_for": step.get("planned_for") or "",
    }
    return {
        "url": reader.address(step["step"]),
        "seen": step["updated_at"] or "",
        "evidence": step.get("evidence") or "none",
        "file": _file_field(step),
        "buttons": buttons,
        "plans": any(state == "planned" for state, _, _ in buttons),
        "labels": _labels_of_members() if reader.member else _labels_of_the_team(),
        "note_help": _note_help(step, reader),
        "errors": sent["errors"],
        "data": {**stored, **sent["data"]},
    }


def _note_help(step: Mapping[str, Any], reader: Reader) -> str:
    if not reader.member:
        return tk._("The members read it.")
    if step.get("answer"):
        return tk._(
            "Write the name or the choice here: the step is not done without it. You "
            "and your adviser read it."
        )
    return tk._("For yourself and for your adviser.")


def _summary(step: Mapping[str, Any], form: Any) -> str:
    if not form:
        return tk._("How to do it")
    if step["state"] in STEP_CLAIMED:
        return tk._("Change the answer")
    return tk._("Answer this step")


def _chooses_kits(step: Mapping[str, Any]) -> bool:
    """Whether it is by choosing kits that a step becomes done."""
    measures = step.get("measures") or []
    return any(labels.fix(row["measure"]).kind == "kits" for row in measures)


def waits_for_reports(step: Mapping[str, Any]) -> bool:
    """Whether a step is not done and the report on a file may make it so."""
    return step["state"] not in STEP_SETTLED and any(
        labels.is_said_by_reports(row["measure"]) for row in step.get("measures") or []
    )


def _verdict(step: Mapping[str, Any], reader: Reader) -> dict[str, Any] | None:
    """What a step says while files are checked that may make it done.

    It looks by itself some times: the verdict first, then what follows from it.
    """
    if not waits_for_reports(step) or not (reader.checks or reader.looked):
        return None
    key, tries = quote(step["step"]), reader.looked + 1
    return {
        "text": tk.ungettext(
            "{number} file is being checked. The verdict will be here in a moment.",
            "{number} files are being checked. The verdict will be here in a moment.",
            reader.checks,
        ).format(number=h.challenge_number(reader.checks))
        if reader.checks
        else "",
        "again": f"{reader.url}?challenge_tries={tries}"
        if reader.looked < _MOST_LOOKS
        else "",
        "seconds": tries,
        "phase": step["phase"],
        "url": f"{reader.url}?challenge_tries={tries}#step-{key}",
    }


def looks_again(rows: Iterable[Mapping[str, Any]], target: str | None) -> bool:
    """Whether a step that looked by itself what became of a check will look again.

    Until then only the step is put in place anew: whoever reads the rest of the page
    keeps what they opened there.

    :param rows: as :func:`row` makes them
    :param target: the element that htmx asks for
    """
    return any(
        f"step-{row['key']}" == target and (row.get("verdict") or {}).get("again")
        for row in rows
    )


def row(step: Mapping[str, Any], reader: Reader) -> dict[str, Any]:
    """A step as the component of the checklist prints it.

    :param step: of ``challenge_progress_show``
    """
    key, state = step["step"], h.challenge_state("step", step["state"])
    shown: dict[str, Any] = {
        "key": key,
        "title": step["title"],
        "state": state,
        "hollow": state["icon"] in ("circle", "calendar"),
        "when": _when(step),
        "behind": behind(step) if step["state"] == "done" else "",
        "detailed": reader.detailed,
    }
    if not reader.detailed:
        return shown
    settled = step["state"] in STEP_SETTLED
    measures = step.get("measures") or []
    form = _form(step, reader)
    kits = reader.kits if _chooses_kits(step) and step["state"] != "waived" else ()
    opinion = step.get("feedback") and reader.edits and step["state"] != "waived"
    confirms = reader.confirms and step["state"] == "to_confirm"
    waives = reader.waives and step["state"] != "done"
    guide = not settled and bool(step.get("help") or measures)
    errors = form["errors"] if form else {}
    return {
        **shown,
        "show_state": step["state"] not in STEP_UNBEGUN | STEP_SETTLED,
        "words": _words(step),
        "proofs": _proofs(step, reader),
        "measured": _measured(step),
        "verdict": _verdict(step, reader),
        "why": []
        if settled
        else reasons(step.get("why_not") or [], reader.doors, reader.published),
        "help": step["help"] if guide else "",
        "effort": as_effort(step.get("effort_minutes")) if guide else "",
        "summary": _summary(step, form or kits) if form or kits or guide else "",
        "expanded": bool(errors)
        or reader.opened == key
        or (bool(kits) and reader.opened == KITS),
        "form": form,
        "kits": kits,
        "opinion": f"{reader.url}/feedback" if opinion else "",
        "confirm": {
            "url": reader.address(key, CONFIRM),
            "seen": step["updated_at"],
            **reader.given(CONFIRM, key),
        }
        if confirms
        else None,
        "waive": {
            "url": reader.address(key, "unwaive" if _is_waived(step) else WAIVE),
            "waived": _is_waived(step),
            **reader.given(WAIVE, key),
        }
        if waives
        else None,
        "extend": _extend(step, reader) if waives and not settled else None,
    }


def _extend(step: Mapping[str, Any], reader: Reader) -> dict[str, Any] | None:
    """The form with which a later day is given, changed or taken back."""
    if not step.get("due"):
        return None
    key, given = step["step"], step.get("extension")
    sent = reader.given(EXTEND, key)
    stored = {"due": step["due"], "reason": given["reason"] or ""} if given else {}
    text = tk._("For the others it is {date}.")
    return {
        "url": reader.address(key, EXTEND),
        "errors": sent["errors"],
        "data": {**stored, **sent["data"]},
        "heading": tk._("Change the later date") if given else tk._("Give more time"),
        "season": text.format(
            date=h.challenge_date(given["season_due"] if given else step["due"])
        ),
        "back": reader.address(key, "unextend") if given else "",
        "labels": {
            f"{key}-extend_due": tk._("New date"),
            f"{key}-extend_reason": tk._("Reason"),
        },
    }


def _is_waived(step: Mapping[str, Any]) -> bool:
    """Whether a manager said that this step is asked no more."""
    return step["state"] == "waived"
