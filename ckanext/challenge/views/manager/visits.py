"""Visits at the desk: noting one, the calendar of the team, days and money."""

from __future__ import annotations

import ckan.plugins.toolkit as tk
from flask import request
from werkzeug.wrappers import Response

from ckanext.challenge.common import pdf
from ckanext.challenge.views.common import (
    act,
    attached,
    flash_refused,
    keep_private,
    managers_blueprint,
)
from ckanext.challenge.views.forms import flat_errors
from ckanext.challenge.views.participant.accompaniment_routes import tell_of_clashes
from ckanext.challenge.views.visit_words import days

from .calendar import calendar_page
from .days import certificate_page, days_page
from .visit_form import form_page, given, place_of

visits = managers_blueprint("challenge_visits")


@visits.get("/visit")
def note() -> str:
    """A form to note a visit, from wherever one is."""
    return tk.render("challenge/manage/visit.html", form_page(request.args))


@visits.post("/visit")
def keep() -> Response | str:
    """Note the visit, and show it where it can be changed."""
    sent = given(request.form)
    try:
        kept = act("challenge_visit_create", **sent)
    except tk.ValidationError as error:
        errors = flat_errors(error.error_dict)
        page = form_page(request.args, sent, errors)
        return tk.render("challenge/manage/visit.html", page)
    left = kept["days_left"]
    if left is not None and left < 0:
        text = tk._("The visit is noted: {days} more than the season grants.")
        tk.h.flash_notice(text.format(days=days(-left)))
    else:
        tk.h.flash_success(tk._("The visit is noted."))
    tell_of_clashes(kept)
    return tk.redirect_to(place_of(kept["participant_id"]))


@visits.post("/visit/<id>/state")
def settle(id: str) -> Response:
    """Say that a visit that was planned was held, or was not."""
    state = request.form.get("state", "")
    try:
        act("challenge_visit_update", id=id, state=state)
    except tk.ValidationError as error:
        flash_refused(error)
    else:
        tk.h.flash_success(
            tk._("Its days are counted.")
            if state == "done"
            else tk._("It is cancelled; its days are left again.")
        )
    return tk.redirect_to("challenge_visits.note")


@visits.get("/<cohort>/visits")
def calendar(cohort: str) -> str:
    """The calendar of the team, by week or by month."""
    return tk.render(
        "challenge/manage/calendar.html", calendar_page(cohort, request.args)
    )


@visits.post("/<cohort>/visits/address")
def address(cohort: str) -> Response:
    """Make the address of one's own calendar program anew, or end it."""
    if request.form.get("do") == "end":
        act("challenge_calendar_address_delete", cohort=cohort)
        tk.h.flash_success(tk._("The address has ended: it answers nothing any more."))
    else:
        act("challenge_calendar_address_create", cohort=cohort)
        tk.h.flash_success(tk._("The address is ready. A former one has ended."))
    return tk.redirect_to("challenge_visits.calendar", cohort=cohort, _anchor="address")


@visits.get("/<cohort>/days")
def board(cohort: str) -> str:
    """Days done, planned and left, and the money of the funders."""
    return tk.render("challenge/manage/days.html", days_page(cohort, request.args))


@visits.get("/<cohort>/certificate")
def certificate(cohort: str) -> str:
    """A certificate of the time that was spent, to print and sign."""
    return tk.render(
        "challenge/manage/certificate.html", certificate_page(cohort, request.args)
    )


@visits.get("/<cohort>/certificate.pdf")
def certificate_file(cohort: str) -> Response:
    """The same as a PDF; where none can be made, the page says why."""
    page = certificate_page(cohort, request.args)
    if pdf.library() is None:
        tk.h.flash_error(pdf.missing())
        return tk.redirect_to(
            "challenge_visits.certificate", cohort=cohort, **page["asked"]
        )
    content = pdf.make(tk.render("challenge/manage/certificate_pdf.html", page))
    response = Response(content, mimetype="application/pdf")
    return attached(keep_private(response), f"{page['cohort']['name']}-certificate.pdf")
