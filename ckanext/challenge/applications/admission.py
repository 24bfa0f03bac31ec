"""Who may apply to a season, when, and with which collectivité."""

from __future__ import annotations

import datetime as dt
from typing import Any

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model

from ckanext.challenge import config
from ckanext.challenge.cohorts.window import window_of
from ckanext.challenge.domain import admission, deadlines
from ckanext.challenge.domain.application_fields import OF_DIRECTORY
from ckanext.challenge.domain.lifecycle import APPLICATION_ARRIVED
from ckanext.challenge.model import Application, Cohort, Collectivite
from ckanext.challenge.model.base import utcnow

from . import form_token
from .form_token import FormToken


def read_form(cohort: Cohort, data_dict: dict[str, Any]) -> FormToken | None:
    """The form that somebody filled in, if they say which.

    :raises ValidationError: on ``form`` when it was filled in faster than people do
    """
    if "form" not in data_dict:
        return None
    form = form_token.read(data_dict["form"], cohort.id)
    seconds = config.form_seconds()
    if seconds and (form is None or form.age(utcnow()).total_seconds() < seconds):
        text = tk._(
            "This came faster than people write, so we kept nothing yet. Read your "
            "answers once more, then send them again."
        )
        raise tk.ValidationError({"form": [text]})
    return form if form and form.is_recent(utcnow()) else None


def answer_by(application: Application, cohort: Cohort) -> dt.date | None:
    """The day by which the team means to answer.

    :returns: nothing while there is nothing to answer, once it is answered, and where
        the portal says no day
    """
    if application.state not in APPLICATION_ARRIVED or not config.answer_days():
        return None
    if application.submitted_at is None:
        return None
    submitted = deadlines.day_of(application.submitted_at, config.display_timezone())
    return deadlines.answer_by(
        submitted, cohort.application_deadline, config.answer_days()
    )


def check_open(
    cohort: Cohort, form: FormToken | None = None, code: str | None = None
) -> bool:
    """Stop who comes too early or too late.

    :param form: what was begun in time may be kept
    :param code: of a late entry
    :returns: whether the code is needed, and is to be used
    :raises ValidationError: on ``cohort``
    """
    window = window_of(cohort)
    if window == "open":
        return False
    if window == "late" and code:
        return True
    if window == "late" and form and form.in_time:
        return False
    raise tk.ValidationError({"cohort": [_why_not(cohort, window)]})


def _why_not(cohort: Cohort, window: admission.Window) -> str:
    day = tk.h.challenge_date
    if window == "early":
        return tk._("This season takes applications from {date} on").format(
            date=day(cohort.application_opens)
        )
    if window == "late" and cohort.application_deadline:
        return tk._(
            "The deadline is over: this season took applications until {date}, the "
            "end of the day included"
        ).format(date=day(cohort.application_deadline))
    return tk._("This season does not take applications")


def fill_in(data: dict[str, Any]) -> None:
    """Take name, kind, place and population from the directory, where it knows."""
    known = model.Session.get(Collectivite, data["siren"])
    if known is not None:
        data.update(
            {field: getattr(known, name) for field, name in OF_DIRECTORY.items()}
        )
    elif not data.get("organization_title"):
        text = tk._("This SIREN is not in the directory: write the name")
        raise tk.ValidationError({"organization_title": [text]})
    else:
        data["kind"] = data.get("kind") or "autre"


def check_eligible(cohort: Cohort, data: dict[str, Any]) -> None:
    """Stop a kind of collectivité that the season is not for.

    :raises ValidationError: on ``siren``
    """
    if cohort.kinds and data["kind"] not in cohort.kinds:
        text = tk._("This season is for: {kinds}").format(
            kinds=", ".join(map(tk.h.challenge_kind, cohort.kinds))
        )
        raise tk.ValidationError({"siren": [text]})


def next_reference(cohort: Cohort) -> str:
    """The next readable reference of the season: ``S2-0007``.

    The number is taken under a lock, over all cohorts of the season's number.
    """
    model.Session.execute(
        sa.select(
            sa.func.pg_advisory_xact_lock(
                sa.func.hashtext("ckanext.challenge.reference"), cohort.season
            )
        )
    )
    last = (
        model.Session.query(sa.func.max(Cohort.last_reference))
        .filter(Cohort.season == cohort.season)
        .scalar()
    )
    number = (last or 0) + 1
    # Past the ORM: numbering is no change of the season itself.
    model.Session.execute(
        sa.update(Cohort.__table__)
        .where(Cohort.__table__.c.id == cohort.id)
        .values(last_reference=number, updated_at=cohort.updated_at)
    )
    return f"S{cohort.season}-{number:04d}"
