"""The addresses of the preparation of a file, for those who publish."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

import ckan.plugins.toolkit as tk
from flask import request
from werkzeug.wrappers import Response

from ckanext.challenge.views.common import (
    act,
    attached,
    blueprint,
    flash_refused,
    keep_private,
    only_for_people,
)
from ckanext.challenge.views.forms import texts

from . import beginning, forms, page

preparation = blueprint("challenge_preparation")
preparation.before_request(only_for_people)
preparation.after_request(keep_private)


@preparation.get("/kits/<kit>/prepare")
def new(kit: str) -> str:
    """The form to give a spreadsheet, and what was begun before."""
    return tk.render(
        "challenge/preparation/new.html", beginning.new_page(kit, request.args)
    )


@preparation.post("/kits/<kit>/prepare")
def create(kit: str) -> Response | str:
    """Take a spreadsheet, or the cells of one."""
    given = texts(request.form, "organization", "text")
    try:
        made = act("challenge_preparation_create", kit=kit, **given, **_file())
    except tk.ValidationError as error:
        shown = beginning.new_page(kit, given, error)
        return tk.render("challenge/preparation/new.html", shown)
    return _to(made["id"])


@preparation.get("/preparation/<id>")
def read(id: str) -> str:
    """Where a preparation is, and what is to be said next."""
    return _rendered(id, request.args.get("step", ""))


@preparation.post("/preparation/<id>/table")
def table(id: str) -> Response | str:
    """Say where the table is."""
    return _update(id, page.TABLE, forms.table(request.form))


@preparation.post("/preparation/<id>/columns")
def columns(id: str) -> Response | str:
    """Say what the columns are."""
    return _update(id, page.COLUMNS, forms.columns(request.form))


@preparation.post("/preparation/<id>/mend")
def mend(id: str) -> Response | str:
    """Say what is mended, and put cells right."""
    return _update(id, page.MEND, forms.mending(request.form))


@preparation.post("/preparation/<id>/file")
def file(id: str) -> Response | str:
    """Take the spreadsheet again, put right."""
    # The form is on several pages, and says on which.
    step = request.form.get("step", page.MEND)
    given = {**texts(request.form, "text"), **_file()}
    if not any(given.values()):
        told = tk._("Choose a spreadsheet, or paste its cells")
        return _rendered(id, step, tk.ValidationError({"upload": [told]}))
    return _update(id, step, given)


@preparation.post("/preparation/<id>/again")
def again(id: str) -> Response | str:
    """Have it read once more: whatever read it may have been stopped."""
    return _update(id, page.TABLE, {})


@preparation.get("/preparation/<id>/corrections.xlsx")
def corrections(id: str) -> Response:
    """The spreadsheet, with what is left to correct in its cells."""
    try:
        found = act("challenge_preparation_export", id=id, format="xlsx")
    except tk.ValidationError as error:
        flash_refused(error)
        return _to(id)
    content = base64.b64decode(found["content"])
    answer = Response(content, mimetype=found["media_type"])
    return attached(answer, found["filename"])


@preparation.post("/preparation/<id>/publish")
def publish(id: str) -> Response | str:
    """Publish the result."""
    form = request.form
    given = texts(form, "title", "notes", "temporal_start", "temporal_end")
    mode, _, target = form.get("where", "").partition(" ")
    dataset, _, resource = target.partition(" ")
    try:
        act(
            "challenge_preparation_publish",
            id=id,
            mode=mode,
            **({"dataset": dataset} if dataset else {}),
            **({"resource": resource} if resource else {}),
            **{name: text for name, text in given.items() if text},
        )
    except tk.ValidationError as error:
        return _rendered(id, page.PUBLISH, error)
    return _to(id)


@preparation.get("/preparation/<id>/delete")
def confirm_delete(id: str) -> str:
    """Ask once more before a preparation is erased."""
    return tk.render("challenge/preparation/delete.html", page.delete_page(id))


@preparation.post("/preparation/<id>/delete")
def delete(id: str) -> Response:
    """Erase a preparation with its spreadsheet."""
    found = act("challenge_preparation_show", id=id)
    act("challenge_preparation_delete", id=id)
    tk.h.flash_success(tk._("The preparation is erased, and its spreadsheet with it."))
    return tk.redirect_to("challenge.kit", kit=found["kit"])


def _file() -> dict[str, Any]:
    upload = request.files.get("upload")
    return {"upload": upload} if upload is not None and upload.filename else {}


def _update(id: str, step: str, given: Mapping[str, Any]) -> Response | str:
    """Store what a form changes, and lead to what is next."""
    try:
        act("challenge_preparation_update", id=id, **given)
    except tk.ValidationError as error:
        return _rendered(id, step, error)
    return _to(id, saved=step)


def _to(id: str, **more: str) -> Response:
    return tk.redirect_to("challenge_preparation.read", id=id, **more)


def _rendered(id: str, step: str, error: tk.ValidationError | None = None) -> str:
    shown = page.page(id, step, error, request.form, request.args.get("saved", ""))
    return tk.render(f"challenge/preparation/{shown['template']}.html", shown)
