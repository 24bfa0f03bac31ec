"""What the pages of one preparation show, step by step."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

import ckan.plugins.toolkit as tk

from ckanext.challenge import helpers as h
from ckanext.challenge.domain.kit_texts import proposed
from ckanext.challenge.preparation import labels
from ckanext.challenge.views.common import act, may, times_looked
from ckanext.challenge.views.forms import flat_errors
from ckanext.challenge.views.public import kits

from . import forms

TABLE, COLUMNS, MEND, PUBLISH = "table", "columns", "mend", "publish"
STEPS = (TABLE, COLUMNS, MEND, PUBLISH)
#: The step at which each state waits for people.
_STEP_OF = {"to_match": COLUMNS, "to_mend": MEND, "ready": PUBLISH}
#: Tries after which a page no longer asks by itself whether the job has ended.
_TRIES = 20
#: How long a table is read, at most; then what read it has been stopped.
_PATIENCE = dt.timedelta(minutes=3)
#: Values of a list that are offered as a menu.
_LONGEST_MENU = 60
#: The number that is made for each row: ``2025-001``.
_SERIAL = "{serial}"

Found = Mapping[str, Any]


def page(
    id_: str,
    step: str = "",
    error: tk.ValidationError | None = None,
    form: forms.Form | None = None,
    saved: str = "",
) -> dict[str, Any]:
    """What the page of a preparation shows.

    :param step: the one that was asked for; the one that waits, if none was
    :param error: why a form was refused
    :param form: what was typed into it
    :param saved: the step that was just saved: where it still waits, its page says why
    :raises tk.ObjectNotFound: there is no such preparation
    """
    found = act("challenge_preparation_show", id=id_)
    kit = act(
        "challenge_kit_show", kit=found["kit"], organization=found["organization_id"]
    )
    typed = form if error is not None and form is not None else forms.Form()
    template, step = _where(found, step)
    url = tk.h.url_for("challenge_preparation.read", id=id_)
    shown = {
        "template": template,
        "step": step,
        "found": found,
        "kit": kit,
        "state": labels.state(found["state"]),
        "may_write": may("challenge_preparation_update", id=id_),
        "expires": h.challenge_date(found["expires_at"]),
        "errors": _errors(error),
        "labels": {
            "upload": tk._("Your spreadsheet"),
            "text": tk._("Or paste its cells here"),
            "mapping": tk._("Columns"),
            "header_row": tk._("The row that names the columns"),
            "sheets": tk._("Sheets"),
            "title": tk._("Title"),
            "notes": tk._("Description"),
            "temporal_start": tk._("Covers from"),
            "temporal_end": tk._("Covers until"),
            "where": tk._("Where the file goes"),
            **{one["name"]: one["title"] for one in found.get("fields", [])},
        },
        "csrf": tk.h.csrf_input(),
        "urls": {
            "self": url,
            "kit": tk.h.url_for("challenge.kit", kit=kit["name"]),
            "delete": f"{url}/delete",
            "organization": tk.h.url_for(
                "organization.read", id=kit["organization"]["name"]
            ),
        },
        "steps": _steps(url, template, step, found),
        "saved": saved,
    }
    more = {
        "reading": _reading,
        TABLE: _table,
        COLUMNS: _columns,
        MEND: _mend,
        PUBLISH: _publish,
        "published": _published,
    }.get(template)
    shown.update(more(found, kit, typed) if more else {})
    return {**shown, "is_left": saved == step and bool(shown.get("left"))}


def _errors(error: tk.ValidationError | None) -> dict[str, list[str]]:
    """Errors by the control at which they are shown."""
    found = flat_errors(error.error_dict) if error else {}
    where = [
        text for name in ("mode", "dataset", "resource") for text in found.pop(name, [])
    ]
    if where:
        found["where"] = where
    return found


def delete_page(id_: str) -> dict[str, Any]:
    """What is shown before a preparation is erased.

    :raises tk.NotAuthorized: the reader may not
    """
    tk.check_access(
        "challenge_preparation_delete", {"user": tk.current_user.name}, {"id": id_}
    )
    return page(id_)


def _where(found: Found, step: str) -> tuple[str, str]:
    """The template of the page, and its step."""
    state = found["state"]
    if state in ("reading", "published"):
        return state, ""
    if state == "failed":
        # Where the table was not found, one can say where it is.
        return (TABLE, TABLE) if found.get("first_rows") else ("failed", "")
    if step not in STEPS:
        step = _STEP_OF[state]
    return step, step


def _steps(url: str, template: str, step: str, found: Found) -> list[dict[str, Any]]:
    if template not in STEPS:
        return []
    waits = STEPS.index(_STEP_OF.get(found["state"], TABLE))
    return [
        {
            "title": labels.step(name),
            "url": f"{url}?step={name}",
            "is_current": name == step,
            "is_done": number < waits,
            "is_open": found["state"] != "failed",
        }
        for number, name in enumerate(STEPS)
    ]


def _reading(found: Found, kit: Found, typed: forms.Form) -> dict[str, Any]:
    number = times_looked(tk.request.args, "tries")
    since = dt.datetime.now(dt.timezone.utc) - dt.datetime.fromisoformat(
        found["updated_at"]
    )
    return {
        "tries": number,
        "asks_again": number < _TRIES,
        "is_late": since > _PATIENCE,
    }


# Where the table is


def _table(found: Found, kit: Found, typed: forms.Form) -> dict[str, Any]:
    sheets = found["sheets"]
    taken_back = {(one["sheet"], one["row"]) for one in found["taken_back"]}
    left_out = [
        {
            "key": f"{one['row']} {one['sheet']}",
            "row": one["row"],
            "sheet": one["sheet"] if len(sheets) > 1 else "",
            "why": labels.left_out(one["why"]),
            "text": one["text"],
            "is_back": False,
            "may_come_back": one["why"] != "no-header",
        }
        for one in found.get("left_out", [])
        if one["why"] != "empty"
    ]
    left_out += [
        {
            "key": f"{row} {sheet}",
            "row": row,
            "sheet": sheet if len(sheets) > 1 else "",
            "why": tk._("taken back by you"),
            "text": "",
            "is_back": True,
            "may_come_back": True,
        }
        for sheet, row in sorted(taken_back)
    ]
    header = found.get("header_row") or 1
    lines = found.get("header_lines") or 1
    width = max((len(row["cells"]) for row in found["first_rows"]), default=0)
    return {
        "rows": [
            {
                "row": row["row"],
                "cells": [*row["cells"], *[""] * (width - len(row["cells"]))],
                "is_header": header - lines < row["row"] <= header,
            }
            for row in found["first_rows"]
        ],
        "header_row": str(typed.get("header_row") or header),
        "sheets": [
            {
                "name": sheet["name"],
                "rows": sheet["rows"],
                "chosen": sheet["chosen"],
                "hidden": sheet["hidden"],
                "hidden_parts": labels.hidden(sheet),
            }
            for sheet in sheets
        ],
        "left_out": left_out,
        "empty_rows": found.get(
            "empty_rows",
            sum(one["why"] == "empty" for one in found.get("left_out", [])),
        ),
        "notes": [
            labels.note(one["code"], one["encoding"], tuple(one["lines"]))
            for one in found["notes"]
        ],
    }


# What the columns are


def _columns(found: Found, kit: Found, typed: forms.Form) -> dict[str, Any]:
    typed_columns = forms.typed(typed, "column")
    typed_constants = forms.typed(typed, "constant")
    titles = [(one["name"], one["title"]) for one in found["fields"]]
    told = {one["name"]: one for one in kits.column_facts(kit)}
    columns = [
        _column(one, titles, typed_columns.get(one["label"]))
        for one in found["columns"]
    ]
    fields = [
        _field(one, kit, told, typed_constants.get(one["name"]))
        for one in found["fields"]
        if one["source"] != "column"
    ]
    asked = [one for one in columns if one["state"] == "asked"]
    wrong = [one for one in fields if one["problem"]]
    missing = [one for one in fields if one["is_missing"]]
    return {
        "header_is_sure": found["header_is_sure"],
        "asked": asked,
        "columns": [one for one in columns if one["state"] != "asked"],
        "wrong": wrong,
        "missing": missing,
        "others": [one for one in fields if one not in wrong and one not in missing],
        "left": len(asked) + len(wrong) + len(missing),
        # The controls are counted through all lists.
        "counts": {"column": 0, "constant": 0},
    }


def _column(
    column: Found, titles: list[tuple[str, str]], typed: str | None
) -> dict[str, Any]:
    is_asked = column["state"] == "asked"
    personal = column["personal"]
    is_left_out = bool(
        personal and personal["leave_out"] and column["field"] and not column["chosen"]
    )
    was = "" if is_asked else (column["field"] or forms.LEFT_OUT)
    named = dict(titles)
    near = [name for name in (column["field"], *column["others"]) if name in named]
    options = [("", tk._("Choose what it is"))] if is_asked else []
    options += [(name, named[name]) for name in near if is_asked]
    options += [
        (name, title) for name, title in titles if not (is_asked and name in near)
    ]
    options.append((forms.LEFT_OUT, tk._("Not published")))
    return {
        "label": column["label"],
        "letter": column["letter"],
        "first": column["values"],
        "state": column["state"],
        "is_left_out": is_left_out or (not is_asked and not column["field"]),
        "personal": personal["why"] if personal else "",
        "options": options,
        "was": was,
        "now": was if typed is None else typed,
    }


def _field(
    field: Found,
    kit: Found,
    told_columns: Mapping[str, Found],
    typed: str | None,
) -> dict[str, Any]:
    column = next((one for one in kit["columns"] if one["name"] == field["name"]), {})
    told = told_columns.get(field["name"], {})
    # What was said the last time is shown like what was typed: it can be changed.
    was = (field["value"] or "") if field["source"] == "constant" else ""
    options: list[tuple[str, str]] = []
    values = list(column.get("enum") or ())
    if column.get("type") == "boolean":
        values = [
            column.get("trueValues", ["true"])[0],
            column.get("falseValues", ["false"])[0],
        ]
    if values and len(values) <= _LONGEST_MENU:
        options = [("", tk._("No value")), *((one, one) for one in values)]
    if field["can_be_made"]:
        options = [
            ("", tk._("No value")),
            (_SERIAL, tk._("Number the rows: 2025-001, 2025-002…")),
        ]
    known = field["value"] if field["source"] == "computed" else ""
    return {
        "name": field["name"],
        "title": field["title"],
        "required": field["required"],
        "is_missing": field["required"] and field["source"] == "missing",
        "problem": field["problem"],
        "source": labels.source(field["source"]),
        "known": known or "",
        "expected": told.get("expected", "").rstrip("."),
        "example": told.get("example", ""),
        "meaning": told.get("meaning", ""),
        "options": options,
        "was": was,
        "now": was if typed is None else typed,
    }


# What is mended


def _mend(found: Found, kit: Found, typed: forms.Form) -> dict[str, Any]:
    titles = {one["name"]: one["title"] for one in found["fields"]}
    answers = forms.typed(typed, "repair")
    boxes = forms.typed(typed, "box")
    edits = forms.typed(typed, "edit")
    before = found.get("answered_before", {})
    chosen = {**before, **found["choices"]}
    questions, repairs = [], []
    for one in found["repairs"]:
        if one["kind"] == "empty-rows":
            continue
        row = {
            "key": one["key"],
            "title": labels.repair(one["kind"]),
            "field": titles.get(one["field"], ""),
            "cells": one["cells"],
            "examples": one["examples"],
        }
        if one["question"] is None:
            was = forms.YES if one["applied"] else ""
            now = boxes.get(one["key"], "") if typed else was
            repairs.append({**row, "was": was, "now": now})
        else:
            row["as_before"] = one["key"] in before.keys() - found["choices"].keys()
            questions.append(_question(row, one, chosen, answers))
    lacking = {
        one["name"]
        for one in found["fields"]
        if one["required"] and one["source"] == "missing"
    }
    # What a question is about is asked once, not cell by cell.
    asked = {
        one["field"]
        for one in found["repairs"]
        if one["question"]
        and one["key"] not in chosen
        and one["question"]["code"] != "lost-digits"
    }
    groups: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for problem in found["problems"]:
        # A whole column that is not there is asked for once, beside the columns.
        if problem["field"] not in lacking | asked:
            groups[problem["field"]].append(_problem(problem, titles, edits))
    report = found["report"]
    told = sum(map(len, groups.values()))
    return {
        "questions": questions,
        "repairs": repairs,
        "groups": [
            {"title": titles[name], "problems": rows, "fixes": _unique(rows, "fix")}
            for name, rows in groups.items()
        ],
        "elsewhere": [
            error["message"] for error in report["errors"] if not error.get("row")
        ],
        "lacking": [titles[name] for name in titles if name in lacking],
        "left": sum(not one["was"] for one in questions) + len(lacking) + told,
        "more": max(0, report["error_count"] - len(report["errors"])),
        "error_count": told,
        "counts": {"repair": 0, "box": 0, "edit": 0},
    }


def _problem(
    problem: Found, titles: Mapping[str, str], edits: Mapping[str, str]
) -> dict[str, Any]:
    first, *_ = problem["cells"]
    return {
        "where": labels.place(problem["sheet"], problem["sheet_row"], first["letter"]),
        # It is written to stand within a sentence, too.
        "message": problem["message"][:1].upper() + problem["message"][1:],
        "fix": problem["fix"],
        "cells": [
            {
                "key": (key := forms.cell(problem, cell["field"])),
                "title": titles[cell["field"]],
                "value": cell["value"],
                "now": edits.get(key, cell["value"]),
            }
            for cell in problem["cells"]
        ],
    }


def _unique(rows: Iterable[Found], name: str) -> list[str]:
    return list(dict.fromkeys(row[name] for row in rows if row[name]))


def _question(
    row: dict[str, Any], repair: Found, chosen: Found, answers: Mapping[str, str]
) -> dict[str, Any]:
    question = repair["question"]
    readings = question["readings"]
    options = [
        (one["key"], labels.reading(one["key"]), one["examples"]) for one in readings
    ]
    if not readings and question["code"] != "lost-digits":
        options = [(forms.YES, tk._("Yes"), []), (forms.NO, tk._("No"), [])]
    elif readings:
        options.append((forms.NO, tk._("Leave them as they are"), []))
    said = chosen.get(repair["key"])
    was = {True: forms.YES, False: forms.NO, None: ""}.get(said, said)
    return {
        **row,
        "question": labels.question(question["code"]),
        "options": options,
        "was": was,
        "now": answers.get(repair["key"], was),
    }


# Where the result goes


def _publish(found: Found, kit: Found, typed: forms.Form) -> dict[str, Any]:
    title, notes = proposed(kit, kit["organization"]["title"])
    period = found.get("period") or {}
    options = _targets(found, kit)
    return {
        "options": options,
        "given": {
            "where": typed.get("where", "new" if len(options) == 1 else ""),
            "title": typed.get("title", title),
            "notes": typed.get("notes", notes),
            "temporal_start": typed.get("temporal_start", period.get("start", "")),
            "temporal_end": typed.get("temporal_end", period.get("end", "")),
        },
        "is_ready": found["state"] == "ready",
        "waits": labels.step(_STEP_OF[found["state"]]),
        "names": list(found["preview"][0]) if found["preview"] else [],
        "kept_columns": sum(one["source"] == "column" for one in found["fields"]),
        "left_columns": sum(not one["chosen"] for one in found["columns"]),
        "left_rows": found.get("left_out_rows", len(found["left_out"])),
        "mended": sum(
            one["cells"]
            for one in found["repairs"]
            if one["applied"] and one["kind"] not in ("empty-rows", "doubled-rows")
        ),
        "frequency": h.challenge_frequency(kit["frequency"]),
        "licence": h.challenge_licence(kit["licence"]),
    }


def _targets(found: Found, kit: Found) -> list[tuple[str, str]]:
    """Where the file can go: a new dataset, or one that exists."""
    options = [("new", tk._("A new dataset"))]
    datasets = act(
        "package_search",
        fq=f'owner_org:"{found["organization_id"]}" +challenge_kit:"{kit["name"]}"',
        include_private=True,
        rows=20,
        sort="metadata_modified desc",
    )["results"]
    for dataset in datasets:
        options.append(
            (
                f"add {dataset['id']}",
                tk._("Another file of “{dataset}”: a new year").format(
                    dataset=dataset["title"]
                ),
            )
        )
        options += [
            (
                f"replace {dataset['id']} {resource['id']}",
                tk._("“{file}” of “{dataset}”, in place of the present one").format(
                    file=resource["name"] or tk._("The file"), dataset=dataset["title"]
                ),
            )
            for resource in dataset["resources"]
            if h.challenge_field(resource, "schema") == kit["schema"]
        ]
    return options


def _published(found: Found, kit: Found, typed: forms.Form) -> dict[str, Any]:
    try:
        dataset = act("package_show", id=found["dataset_id"] or "")
    except (tk.ObjectNotFound, tk.NotAuthorized, tk.ValidationError):
        return {"dataset": None, "file": ""}
    file = ""
    if found["resource_id"]:
        file = tk.h.url_for(
            f"{dataset['type']}_resource.read",
            id=dataset["name"],
            resource_id=found["resource_id"],
        )
    return {
        "dataset": {
            "title": dataset["title"],
            "url": tk.h.url_for(f"{dataset['type']}.read", id=dataset["name"]),
            "edit": tk.h.url_for(f"{dataset['type']}.edit", id=dataset["name"]),
        },
        "file": file,
    }
