"""Storing a list of collectivités that was checked, in the caller's transaction."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import ckan.plugins.toolkit as tk
from ckan import model
from ckan.types import Context

from ckanext.challenge import notifications
from ckanext.challenge.applications import admission, decisions
from ckanext.challenge.applications.transitions import advance, check_alone
from ckanext.challenge.common import journal, language
from ckanext.challenge.common.action_helpers import actor_of, user_id_of
from ckanext.challenge.domain import application_fields
from ckanext.challenge.model import Application, Cohort, Participant
from ckanext.challenge.model.base import make_id, utcnow

from .roster_check import Entry, Kind


def store(
    context: Context, cohort: Cohort, entries: Iterable[Entry], kind: Kind
) -> None:
    """Take what is new into a season, and change what changes.

    :param cohort: locked by the caller
    :param entries: with nothing wrong among them
    :raises ValidationError: on ``decision`` when a new one cannot be accepted
    """
    # Those who come first in the list come first on the list of the season.
    for entry in entries:
        if entry.outcome == "new":
            application = _apply(context, cohort, entry)
            if kind == "applications":
                notifications.enqueue("receipt", application=application)
                continue
            entry.participant = _accept(context, cohort, application)
        if entry.outcome in ("new", "changed"):
            _accompany(context, entry)


def _apply(context: Context, cohort: Cohort, entry: Entry) -> Application:
    """An application of a collectivité, handed in on behalf of its contact.

    Nobody agreed to anything for them: ``consent_at`` stays empty.
    """
    values = {
        name: entry.values[name]
        for name in application_fields.WRITTEN
        if name in entry.values
    }
    application = Application(
        id=make_id(),
        cohort_id=cohort.id,
        state="draft",
        language=language.current(),
        submitted_at=utcnow(),
        **{**values, **entry.facts, "siren": entry.siren},
    )
    check_alone(cohort, application.siren, None)
    application.reference = admission.next_reference(cohort)
    model.Session.add(application)
    model.Session.flush()
    journal.record(
        actor_of(context),
        "import",
        "application",
        application.id,
        {"cohort_id": cohort.id, "siren": application.siren},
    )
    advance(application, ("submitted",), actor_of(context))
    return application


def _accept(context: Context, cohort: Cohort, application: Application) -> Participant:
    review = decisions.ReviewDecision("accept", by=user_id_of(context))
    decisions.apply(cohort, application, review)
    model.Session.flush()
    assert application.organization_id
    participant = Participant.of(cohort.id, application.organization_id)
    assert participant is not None
    return participant


def _accompany(context: Context, entry: Entry) -> None:
    """Name the adviser and note the visits, as their own actions do it."""
    assert entry.participant is not None
    participant = entry.participant
    if entry.adviser is not None:
        _act(
            context,
            "challenge_participant_assign",
            id=participant.id,
            adviser=entry.adviser.id,
        )
    for visit in entry.visits:
        given: Mapping[str, Any] = {
            "date": visit["visit_date"],
            "days": visit["visit_days"],
            "topic": visit.get("visit_topic") or tk._("Visit"),
        }
        adviser = {"adviser": participant.adviser_id} if participant.adviser_id else {}
        _act(
            context,
            "challenge_visit_create",
            participant=participant.id,
            **given,
            **adviser,
        )


def _act(context: Context, action: str, **data: Any) -> None:
    """An action, of whoever imports, as a part of what is stored together."""
    # What it worked on stays in a context of its own.
    own: Context = {"user": context.get("user", ""), "ignore_auth": True}
    tk.get_action(action)({**own, "defer_commit": True}, data)
