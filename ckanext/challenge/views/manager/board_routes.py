"""The addresses of the participants' board."""

from __future__ import annotations

import ckan.plugins.toolkit as tk
from flask import Response as FlaskResponse
from flask import request, stream_with_context
from werkzeug.wrappers import Response

from ckanext.challenge.common.spreadsheets import FORMATS
from ckanext.challenge.domain.deeds import DEEDS
from ckanext.challenge.views.common import (
    act,
    attached,
    context,
    flash_refused,
    managers_blueprint,
)
from ckanext.challenge.views.errors import BadRequest
from ckanext.challenge.views.forms import flat_errors, refused_alike, texts

from .board import asked, board_page, filters_of
from .deeds import deed_page, results_page, with_results

board = managers_blueprint("challenge_board")


def _back(cohort: str) -> str:
    """The address of the board one came from."""
    return str(
        tk.h.url_for("challenge_board.read", cohort=cohort, **asked(request.args))
    )


@board.get("/<cohort>/participants")
def read(cohort: str) -> str:
    """The participants of a season, each with its steps."""
    return tk.render("challenge/manage/board.html", board_page(cohort, request.args))


@board.post("/<cohort>/participants/batch")
def batch(cohort: str) -> Response | str:
    """The same for those who are ticked, or all in the list: first show, then do."""
    deed = request.form.get("do", "")
    if deed not in DEEDS:
        raise BadRequest(tk._("Say what is to be done."))
    ids = request.form.getlist("ids")
    given = texts(request.form, *DEEDS[deed].takes)
    stage = request.form.get("stage", "")
    filters = filters_of(asked(request.args))
    errors: dict[str, list[str]] = {}
    answer = None
    if stage and not ids:
        errors = {"participants": [tk._("Tick at least one collectivité.")]}
    elif stage:
        try:
            answer = act(
                "challenge_participant_batch",
                participants=ids,
                do=deed,
                dry_run=stage != "confirm",
                **given,
            )
        except tk.ValidationError as error:
            errors = flat_errors(error.error_dict)
        else:
            errors = refused_alike(answer["results"], DEEDS[deed].takes)
            # What was refused for all is mended in the form, where it was typed.
            if stage == "confirm" and not errors:
                page = results_page(cohort, deed, answer, _back(cohort))
                return tk.render("challenge/manage/deed_results.html", page)
    page = deed_page(cohort, deed, ids, filters, given)
    page |= {"errors": errors, "back": _back(cohort)}
    if answer is not None and not errors:
        page = with_results(page, answer)
    return tk.render("challenge/manage/deed.html", page)


@board.post("/<cohort>/participants/views")
def keep_view(cohort: str) -> Response:
    """Keep what the address shows under a title."""
    try:
        made = act(
            "challenge_saved_view_create",
            cohort=cohort,
            query=asked(request.args),
            **texts(request.form, "title", "shared"),
        )
    except tk.ValidationError as error:
        flash_refused(error)
    else:
        tk.h.flash_success(tk._("“{title}” is kept.").format(title=made["title"]))
    return tk.redirect_to(_back(cohort))


@board.post("/<cohort>/participants/views/delete")
def drop_view(cohort: str) -> Response:
    """Keep a view no more."""
    act("challenge_saved_view_delete", **texts(request.form, "id"))
    tk.h.flash_success(tk._("The view is removed."))
    return tk.redirect_to(_back(cohort))


@board.get(f"/<cohort>/participants.<any({','.join(FORMATS)}):format>")
def export(cohort: str, format: str) -> Response:
    """The chosen participants as a file."""
    answer = tk.get_action("challenge_participant_export")(
        {**context(), "stream": True},  # type: ignore[typeddict-unknown-key]
        {
            "cohort": cohort,
            "format": format,
            "filters": filters_of(asked(request.args)),
        },
    )
    response = FlaskResponse(
        stream_with_context(answer["content"]), content_type=answer["media_type"]
    )
    return attached(response, answer["filename"])
