"""Cohorts: the seasons of the challenge."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model
from ckan.types import Context

from ckanext.challenge import config, programmes
from ckanext.challenge.cohorts import (
    criteria,
    questions,
    report,
    schema,
    team,
    transitions,
)
from ckanext.challenge.cohorts import programme as cohort_programme
from ckanext.challenge.cohorts.window import window_of
from ckanext.challenge.common import (
    fields,
    file_store,
    journal,
    labels,
    language,
    roles,
    session_events,
)
from ckanext.challenge.common.action_helpers import (
    actor_of,
    commit,
    paginate,
    read_lists,
    user_id_of,
    validate,
)
from ckanext.challenge.domain import budget, deadlines, schedule
from ckanext.challenge.domain.lifecycle import COHORT_DELETABLE, PARTICIPANT_COUNTED
from ckanext.challenge.model import (
    Application,
    ApplicationFile,
    Cohort,
    Evidence,
    Participant,
    Staff,
    Visit,
    locks,
)
from ckanext.challenge.model.dictize import as_json, columns

#: What a field is saved as that is empty, where that is not nothing.
_EMPTY: dict[str, Any] = {
    "description": "",
    "kinds": [],
    "funding": [],
    "currency": "EUR",
    "partners": [],
    "testimonials": [],
    "questions": [],
    "criteria": [],
    "automatic_promotion": False,
    "scheduled_transitions": [],
}
_FIELDS = schema.FIELDS
_ONLY_NAMED = frozenset(
    {"contact_email", "description", "partners", "questions", "testimonials"}
)

_SHOWN = (
    "id",
    *_FIELDS,
    "programme_version",
    "state",
    "created_at",
    "updated_at",
    "finished_at",
)


@tk.side_effect_free
def challenge_cohort_list(context: Context, data_dict: dict[str, Any]) -> Any:
    """List the seasons, the latest first.

    Anybody may call this. Drafts are listed for their staff and for sysadmins only.

    :param state: only seasons in this state
    :type state: string
    :param include_figures: whether to count over their participants; without, there
        are no ``figures`` (true)
    :type include_figures: bool
    :param limit: how many at most (100)
    :type limit: int
    :param offset: how many to pass over (0)
    :type offset: int
    :returns: ``{count, results}``, each result as
        :py:func:`challenge_cohort_show` without ``phases``
    :rtype: dict
    """
    data = validate(context, data_dict, schema.cohort_list())
    tk.check_access("challenge_cohort_list", context, data)
    query = model.Session.query(Cohort)
    if "state" in data:
        query = query.filter(Cohort.state == data["state"])
    if not roles.is_sysadmin(context):
        mine = sa.select(Staff.cohort_id).where(
            Staff.user_id == (roles.user_id_of(context) or "")
        )
        query = query.filter(sa.or_(Cohort.state != "draft", Cohort.id.in_(mine)))
    rows, count = paginate(
        query.order_by(Cohort.season.desc(), Cohort.created_at.desc()), data
    )
    shown = [_dictize(row) for row in rows]
    if data["include_figures"]:
        totals = report.shown_figures(rows)
        for one in shown:
            one["figures"] = totals[one["id"]]
    return {"count": count, "results": shown}


@tk.side_effect_free
def challenge_cohort_show(context: Context, data_dict: dict[str, Any]) -> Any:
    """Show a season.

    Anybody may call this; a draft is shown to its staff and to sysadmins only.

    :param id: the id or name of the season
    :type id: string
    :param include_figures: whether to count over its participants; without, there
        are no ``figures`` and no ``phases`` (true)
    :type include_figures: bool
    :returns: all its fields, ``revision`` (a text that changes with them), and
        ``cost`` (the sum of the funding), ``figures`` (of its participants; once it
        has finished, those of that day), ``phases`` (each with ``steps``,
        ``steps_done``, ``steps_total`` over all participants and ``percent``),
        ``milestones``
        (``{key, date, state}``, the state being ``past``, ``current`` for the next
        to come, or ``future``), ``accepts_applications``, ``schedule`` (the
        states to come that have a date: ``{state, at, scheduled}``, the last telling
        whether the season takes it by itself), ``asks_feedback`` (whether its
        programme has a form at the end) and ``snapshot`` (once it has finished, the
        ``{date, programme, programme_version, figures}`` of that day; see
        :py:func:`challenge_cohort_report`)
    :rtype: dict
    :raises ObjectNotFound: when there is no such season
    """
    data = validate(context, data_dict, schema.cohort_show())
    cohort = roles.seen_cohort(context, data["id"])
    tk.check_access("challenge_cohort_show", context, {"id": cohort.id})
    shown = _dictize(cohort)
    if data["include_figures"]:
        totals = report.shown_figures([cohort])[cohort.id]
        shown["figures"] = totals
        shown["phases"] = _phases(cohort, totals["participants"])
    shown["asks_feedback"] = bool(programmes.of(cohort).feedback)
    shown["revision"] = _revision(cohort)
    shown["snapshot"] = report.brief(cohort.snapshot)
    return shown


def challenge_cohort_create(context: Context, data_dict: dict[str, Any]) -> Any:
    """Create a season, as a draft.

    Sysadmins may call this and, where ``ckanext.challenge.managers_create_cohorts``
    allows it, those who manage a season: they manage the new one, too.

    :param name: its address under ``/challenge/``: lower-case letters, digits,
        ``-`` and ``_``
    :type name: string
    :param title: its title
    :type title: string
    :param season: its number
    :type season: int
    :param description: what it is, in Markdown
    :type description: string
    :param programme: the name of its programme (``saison``)
    :type programme: string
    :param application_opens: first day of the applications (ISO 8601, as all dates)
    :type application_opens: string
    :param application_deadline: last day of the applications
    :type application_deadline: string
    :param launch: day of the launch
    :type launch: string
    :param first_publication: by when each participant publishes a first dataset
    :type first_publication: string
    :param finalisation: the last day
    :type finalisation: string
    :param capacity: how many participants at most (no limit)
    :type capacity: int
    :param kinds: the kinds of collectivité that may apply (all)
    :type kinds: list of strings
    :param days_per_participant: days of accompaniment for each, in halves
    :type days_per_participant: number
    :param funding: who pays how much for one accompaniment; ``rule`` says for what:
        ``day`` (for each day done) or ``collectivite`` (all of it once accompaniment
        has begun), ``promised`` is the sum of the funder's agreement. Who has money
        engaged for participants cannot be taken away
    :type funding: list of ``{source, amount, rule, promised}``
    :param currency: ISO 4217 code (EUR); it stays once money is engaged
    :type currency: string
    :param contact_email: whom to write to
    :type contact_email: string
    :param hashtag: without the sign
    :type hashtag: string
    :param partners: who supports it
    :type partners: list of ``{name, url, logo_url}``
    :param testimonials: what participants say
    :type testimonials: list of ``{quote, author, role}``
    :param questions: what the season asks its applicants beside the usual; ``type``
        is ``text``, ``paragraph``, ``number``, ``yes_no``, ``choice``, ``choices``,
        ``date``, ``url`` or ``file``; a ``key`` that is left out is made of the label.
        With ``when`` it is asked only of those who answered a question before it, by
        its key, with one of some values (of ``yes_no`` true or false)
    :type questions: list of ``{key, label: {fr, en}, help: {fr, en}, type,
        choices: [{value, label: {fr, en}}], required, when: {question, is: []}}``
    :param criteria: by what its applications are read, for several readers who score
        them; public, as the questions are. ``weight`` is a whole number from 1 to 10
        (1); a ``key`` that is left out is made of the label
    :type criteria: list of ``{key, label: {fr, en}, help: {fr, en}, weight}``
    :param reading_opens: first day on which readers give their scores (any day)
    :type reading_opens: string
    :param reading_closes: last day on which they do; then each sees what the others
        gave (no last day)
    :type reading_closes: string
    :param automatic_promotion: whether the head of the waiting list takes a place
        that becomes free (false)
    :type automatic_promotion: bool
    :param scheduled_transitions: the states that the season takes by itself on its
        dates: ``open`` (on ``application_opens``), ``running`` (on ``launch``),
        ``finished`` (once the day of ``finalisation`` is over)
    :type scheduled_transitions: list of strings
    :param stalled_days: after so many days without a sign of life a participant is
        shown to its team as one to ask after (as the portal says)
    :type stalled_days: int
    :param stalled_late_steps: with so many late steps too; 0: however many are late
        (as the portal says)
    :type stalled_late_steps: int
    :returns: the new season
    :rtype: dict
    :raises ValidationError: by field
    """
    tk.check_access("challenge_cohort_create", context, data_dict)
    data = _validated(context, data_dict, None)
    cohort = Cohort(state="draft")
    _save(cohort, data)
    model.Session.add(cohort)
    model.Session.flush()
    journal.record(actor_of(context), "create", "cohort", cohort.id)
    maker = model.User.get(user_id_of(context) or "")
    if maker is not None and not maker.sysadmin and not context.get("ignore_auth"):
        team.appoint(cohort, maker, "manager", actor_of(context))
    return _commit_and_show(context, cohort)


def challenge_cohort_update(context: Context, data_dict: dict[str, Any]) -> Any:
    """Replace all fields of a season.

    Its managers and sysadmins may call this.

    :param id: the id or name of the season
    :type id: string
    :param revision: as :py:func:`challenge_cohort_show` gave it: a change that
        somebody else made since is an error on it
    :type revision: string
    :param drop_answered: whether questions that applications answer, and criteria
        that have scores, may be taken away (false): answers and scores stay with the
        applications, but are neither shown nor counted any more
    :type drop_answered: bool
    :returns: the season
    :rtype: dict
    :raises ValidationError: by field

    The other parameters are those of :py:func:`challenge_cohort_create`; what is not
    given is emptied. The state is changed by
    :py:func:`challenge_cohort_transition`.

    A question that applications answer keeps its ``type``.
    """
    named = validate(context, data_dict, schema.cohort_update())
    cohort = roles.seen_cohort(context, named["id"])
    tk.check_access("challenge_cohort_update", context, {"id": cohort.id})
    locks.refresh_for_update(cohort)
    _check_unchanged(cohort, named.get("revision"))
    drop = bool(named.get("drop_answered"))
    data = _validated(context, data_dict, cohort, drop)
    before = columns(cohort, _FIELDS)
    _save(cohort, data)
    cohort_programme.follow(cohort)
    after = columns(cohort, _FIELDS)
    changed = sorted(name for name, value in after.items() if value != before[name])
    if changed:
        journal.record(
            actor_of(context),
            "update",
            "cohort",
            cohort.id,
            {"fields": changed, "changes": _changes(changed, before, after)},
        )
    return _commit_and_show(context, cohort)


def challenge_cohort_patch(context: Context, data_dict: dict[str, Any]) -> Any:
    """Change some fields of a season; the others stay as they are.

    Its managers and sysadmins may call this.

    :param id: the id or name of the season
    :type id: string
    :returns: the season
    :rtype: dict
    :raises ValidationError: by field

    The other parameters are those of :py:func:`challenge_cohort_update`.
    """
    named = validate(context, data_dict, schema.cohort_update())
    cohort = roles.seen_cohort(context, named["id"])
    tk.check_access("challenge_cohort_patch", context, {"id": cohort.id})
    # Two who change different fields at once: neither writes what the other replaced.
    locks.refresh_for_update(cohort)
    merged = {**columns(cohort, _FIELDS), **data_dict, "id": cohort.id}
    return tk.get_action("challenge_cohort_update")(
        {
            "user": context.get("user", ""),
            "ignore_auth": True,
            "defer_commit": context.get("defer_commit", False),
        },
        merged,
    )


def challenge_cohort_delete(context: Context, data_dict: dict[str, Any]) -> None:
    """Delete a season, its applications, participants and awards.

    Sysadmins may call this; where ``ckanext.challenge.managers_create_cohorts`` allows
    it, also the managers of a draft to which nobody applied and in which nobody takes
    part. Organizations and datasets stay. Only a draft, or an archived season, can be
    deleted.

    :param id: the id or name of the season
    :type id: string
    """
    data = validate(context, data_dict, fields.reference())
    cohort = roles.seen_cohort(context, data["id"])
    locks.refresh_for_update(cohort)
    tk.check_access("challenge_cohort_delete", context, {"id": cohort.id})
    if cohort.state not in COHORT_DELETABLE:
        raise tk.ValidationError(
            {"id": [tk._("Only a draft or an archived season can be deleted")]}
        )
    journal.record(
        actor_of(context), "delete", "cohort", cohort.id, {"name": cohort.name}
    )
    of_applications = (
        model.Session.query(ApplicationFile.id)
        .join(Application, Application.id == ApplicationFile.application_id)
        .filter(Application.cohort_id == cohort.id)
    )
    of_steps = (
        model.Session.query(Evidence.id)
        .join(Participant, Participant.id == Evidence.participant_id)
        .filter(Participant.cohort_id == cohort.id)
    )
    file_ids = [file_id for (file_id,) in (*of_applications, *of_steps)]
    model.Session.delete(cohort)
    session_events.after_commit(file_store.remove, *file_ids)
    commit(context)


def challenge_cohort_transition(context: Context, data_dict: dict[str, Any]) -> Any:
    """Move a season to another state of its life.

    Its managers and sysadmins may call this. The life is ``draft``, ``open`` (to
    applications), ``running``, ``finished``, ``archived``; one step back is allowed,
    but not to ``draft`` once somebody has applied.

    :param id: the id or name of the season
    :type id: string
    :param to: the state
    :type to: string
    :param from: the state that it is to leave; whichever it is in, when left out
    :type from: string
    :returns: the season
    :rtype: dict
    :raises ValidationError: on ``to``, naming both states, when that is not allowed;
        on ``from`` when it is in another state by now
    """
    data = validate(context, data_dict, schema.leaving())
    cohort = roles.seen_cohort(context, data["id"])
    tk.check_access("challenge_cohort_transition", context, {"id": cohort.id})
    # Before what takes long, and again once nobody else can move it.
    _check_state(cohort, data.get("from"))
    transitions.prepare(context, cohort, data["to"])
    locks.refresh_for_update(cohort)
    _check_state(cohort, data.get("from"))
    transitions.move(cohort, data["to"], actor_of(context))
    return _commit_and_show(context, cohort)


def _check_state(cohort: Cohort, seen: str | None) -> None:
    """Stop somebody who moves a season that somebody else, or its date, has moved."""
    if seen is None or seen == cohort.state:
        return
    model.Session.rollback()
    text = tk._(
        "The season is “{state}” by now: somebody else has moved it, or its date has. "
        "Nothing was changed."
    ).format(state=tk.h.challenge_state("cohort", cohort.state)["label"])
    raise tk.ValidationError({"from": [text]})


def _revision(cohort: Cohort) -> str:
    """What changes with any field that people set, and with nothing else."""
    fields = json.dumps(columns(cohort, _FIELDS), sort_keys=True)
    return hashlib.sha256(fields.encode()).hexdigest()[:16]


def _check_unchanged(cohort: Cohort, seen: Any) -> None:
    """Stop somebody who changes what somebody else has changed meanwhile."""
    if seen in (None, "") or seen == _revision(cohort):
        return
    model.Session.rollback()
    text = tk._(
        "Somebody else has changed this season in the meantime. What you typed is "
        "still here: compare it with the season as it is now, then save again."
    )
    raise tk.ValidationError({"revision": [text]})


def _validated(
    context: Context,
    data_dict: dict[str, Any],
    cohort: Cohort | None,
    drop: bool = False,
) -> dict[str, Any]:
    """The fields to save, checked alone and against each other.

    :param drop: whether questions that applications answer, and criteria with scores,
        may be taken away
    """
    given = read_lists(data_dict, *schema.LISTS)
    data, errors = tk.navl_validate(given, schema.cohort_save(), context)
    if (
        cohort
        and cohort.programme_digest
        and given.get("programme") == cohort.programme
    ):
        # It keeps a copy: the portal need not have the file any more.
        errors.pop("programme", None)
        data["programme"] = cohort.programme
    for first, second in deadlines.out_of_order(
        {name: data.get(name) for name in deadlines.MILESTONES if name not in errors}
    ):
        text = tk._("{second} is before {first} ({what})").format(
            second=labels.as_day(data[second]),
            first=labels.as_day(data[first]),
            what=labels.milestone(first),
        )
        errors.setdefault(second, []).append(text)
    data["questions"], wrong = questions.check(data_dict.get("questions"), cohort, drop)
    if wrong:
        errors["questions"] = wrong
    data["criteria"], wrong = criteria.check(data_dict.get("criteria"), cohort, drop)
    if wrong:
        errors["criteria"] = wrong
    errors.update(_reading_errors(data, errors))
    chosen = data.get("scheduled_transitions", ())
    if "scheduled_transitions" in errors:
        chosen = ()
    for state in schedule.undated(chosen, data):
        text = tk._("“{state}” needs a date: {what}").format(
            state=labels.state_label("cohort", state),
            what=labels.milestone(schedule.MILESTONE_OF[state]),
        )
        errors.setdefault("scheduled_transitions", []).append(text)
    # What has come already cannot be asked for; what somebody did ahead of its date
    # stays, for the season that is taken back.
    to_come = schedule.still_to_come(cohort.state if cohort else "draft")
    stored = cohort.scheduled_transitions if cohort else ()
    data["scheduled_transitions"] = [
        state
        for state in schedule.STATES
        if state in (chosen if state in to_come else stored)
    ]
    errors.update(_clashes(data, errors, cohort))
    if errors:
        if cohort is not None:
            # Lets the row go, for others to change it.
            model.Session.rollback()
        raise tk.ValidationError(errors)
    return data


def _reading_errors(
    data: dict[str, Any], errors: dict[str, Any]
) -> dict[str, list[str]]:
    """An error where the reading would end before it begins."""
    first, last = (
        None if name in errors else data.get(name) for name in schema.READING_DATES
    )
    if first is None or last is None or first <= last:
        return {}
    text = tk._("{last} is before the first day of the reading, {first}")
    days = {"first": labels.as_day(first), "last": labels.as_day(last)}
    return {"reading_closes": [text.format(**days)]}


def _clashes(
    data: dict[str, Any], errors: dict[str, Any], cohort: Cohort | None
) -> dict[str, list[str]]:
    """Errors of what is right in itself but not beside what is stored."""
    found: dict[str, list[str]] = {}
    if "name" not in errors:
        other = model.Session.query(Cohort.id).filter_by(name=data["name"]).first()
        if other and (cohort is None or other[0] != cohort.id):
            found["name"] = [tk._("Another season has this address already")]
    if cohort is None:
        return found
    if "season" not in errors and data["season"] != cohort.season:
        applied = (
            model.Session.query(Application.id).filter_by(cohort_id=cohort.id).first()
        )
        if applied:
            found["season"] = [
                tk._("References of applications carry this number; it has to stay")
            ]
    if "programme" not in errors and data["programme"] != cohort.programme:
        # Those whose organization is deleted too: it may come back.
        follow = model.Session.query(Participant.id).filter(
            Participant.cohort_id == cohort.id,
            Participant.state.in_(PARTICIPANT_COUNTED),
        )
        if follow.first():
            found["programme"] = [
                tk._("Participants follow this programme; it has to stay")
            ]
    if "funding" not in errors and "currency" not in errors:
        found |= _money(data, cohort)
    return found


def _money(data: dict[str, Any], cohort: Cohort) -> dict[str, list[str]]:
    """Errors of a change that would lose money which is engaged."""
    stored = [line for line in cohort.funding if line["amount"]]
    dropped = budget.dropped(stored, data.get("funding") or [])
    exchanged = stored and data.get("currency") != cohort.currency
    if not (dropped or exchanged):
        return {}
    visited = (
        sa.select(Visit.id)
        .where(Visit.participant_id == Participant.id, Visit.state == "done")
        .exists()
    )
    engaged = model.Session.query(Participant.id).filter(
        Participant.cohort_id == cohort.id,
        sa.or_(Participant.state.in_(PARTICIPANT_COUNTED), visited),
    )
    number = engaged.count()
    if not number:
        return {}
    found = {}
    if dropped:
        text = tk.ungettext(
            "“{funder}” has money engaged for {number} collectivité; it has to stay. "
            "If it pays no longer, its amount is 0",
            "“{funder}” has money engaged for {number} collectivités; it has to stay. "
            "If it pays no longer, its amount is 0",
            number,
        )
        found["funding"] = [
            text.format(funder=funder, number=number) for funder in dropped
        ]
    if exchanged:
        text = tk._("Money is engaged in {currency}; the currency has to stay")
        found["currency"] = [text.format(currency=cohort.currency)]
    return found


def _changes(
    changed: Sequence[str], before: Mapping[str, Any], after: Mapping[str, Any]
) -> dict[str, list[Any]]:
    """From what to what fields changed, for the journal.

    The journal is for ever: what people said, whom one writes to and texts that fill a
    page are only named, by ``fields``.
    """
    return {
        name: [before[name], after[name]] for name in changed if name not in _ONLY_NAMED
    }


def _save(cohort: Cohort, data: dict[str, Any]) -> None:
    for name in _FIELDS:
        value = data.get(name, _EMPTY.get(name))
        if name in schema.LISTS:
            value = [
                {key: as_json(part) for key, part in item.items()}
                for item in value or []
            ]
        setattr(cohort, name, value)


def _commit_and_show(context: Context, cohort: Cohort) -> Any:
    id_ = cohort.id
    commit(context)
    return tk.get_action("challenge_cohort_show")(
        {"user": context.get("user", ""), "ignore_auth": True}, {"id": id_}
    )


def _milestones(cohort: Cohort) -> list[dict[str, Any]]:
    today = config.today()
    found = []
    upcoming = True
    for key in deadlines.MILESTONES:
        day = getattr(cohort, key)
        if day is None:
            continue
        state = "past"
        if day >= today:
            state = "current" if upcoming else "future"
            upcoming = False
        found.append({"key": key, "date": day.isoformat(), "state": state})
    return found


def _schedule(cohort: Cohort) -> list[dict[str, Any]]:
    dates = {name: getattr(cohort, name) for name in deadlines.MILESTONES}
    found = []
    for state in schedule.still_to_come(cohort.state):
        at = schedule.instant_of(state, dates, config.display_timezone())
        found.append(
            {
                "state": state,
                "at": as_json(at),
                "scheduled": state in cohort.scheduled_transitions,
            }
        )
    return found


def _phases(cohort: Cohort, participants: int) -> list[dict[str, Any]]:
    programme = programmes.of(cohort)
    spoken = language.current()
    settled = report.settled(cohort)
    found = []
    for phase in programme.phases:
        steps = [step for step in programme.steps if step.phase == phase.key]
        found.append(
            {
                "key": phase.key,
                "title": phase.title.in_(spoken),
                "description": phase.description.in_(spoken),
                "steps": len(steps),
                **settled.of_phase(steps, participants),
            }
        )
    return found


def _dictize(cohort: Cohort) -> dict[str, Any]:
    shown = columns(cohort, _SHOWN)
    shown["cost"] = as_json(budget.cost(cohort.funding))
    shown["milestones"] = _milestones(cohort)
    shown["accepts_applications"] = window_of(cohort) == "open"
    shown["schedule"] = _schedule(cohort)
    return shown
