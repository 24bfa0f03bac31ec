"""The addresses of the participants' board."""

from __future__ import annotations

import ckan.plugins.toolkit as tk
from flask import request
from werkzeug.wrappers import Response

from ckanext.challenge.domain.deeds import DEEDS
from ckanext.challenge.views.common import act, managers_blueprint
from ckanext.challenge.views.errors import BadRequest
from ckanext.challenge.views.forms import flat_errors, texts

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
            if stage == "confirm":
                page = results_page(cohort, deed, answer, _back(cohort))
                return tk.render("challenge/manage/deed_results.html", page)
    page = deed_page(cohort, deed, ids, filters, given)
    page |= {"errors": errors, "back": _back(cohort)}
    if answer is not None:
        page = with_results(page, answer)
    return tk.render("challenge/manage/deed.html", page)
