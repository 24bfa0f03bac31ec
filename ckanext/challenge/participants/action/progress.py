"""Progress: what is stored of it, and having it evaluated anew."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping
from typing import Any

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model
from ckan.types import Context

from ckanext.challenge import config, programmes
from ckanext.challenge.badges.shortfalls import (
    Shortfalls,
    badge_row,
    described,
    stored_measurement,
)
from ckanext.challenge.common import roles
from ckanext.challenge.common.action_helpers import (
    find_organization,
    find_participation,
    is_deferred,
    validate,
)
from ckanext.challenge.common.language import current
from ckanext.challenge.domain import assurance, deadlines
from ckanext.challenge.domain import progress as rules
from ckanext.challenge.domain.lifecycle import (
    AWARD_HELD,
    COHORT_OVER,
    PARTICIPANT_COUNTED,
    STEP_SETTLED,
)
from ckanext.challenge.domain.programme import Programme, Step
from ckanext.challenge.measures import registry
from ckanext.challenge.model import (
    Award,
    Cohort,
    Extension,
    Participant,
    StepStatus,
    confirmations,
)
from ckanext.challenge.model.dictize import as_json
from ckanext.challenge.participants import schema, steps
from ckanext.challenge.participants.due import days_of
from ckanext.challenge.progress import evaluate


def challenge_evaluate(context: Context, data_dict: dict[str, Any]) -> Any:
    """Measure the catalogue now, and store the progress and badges that follow.

    Seasons that are open or running are evaluated; finished ones are frozen. Members
    of an organization and its advisers may call this for it, managers for their
    season, sysadmins for all. One of the three parameters is given. Doing it again
    changes nothing.

    :param organization: the id or name of an organization
    :type organization: string
    :param cohort: the id or name of a season
    :type cohort: string
    :param all: all participants of the portal
    :type all: bool
    :returns: ``{organizations, steps_changed, awards_created, awards_revoked,
        seconds}``
    :rtype: dict
    :raises ValidationError: when none of the parameters is given, or several are
    """
    data = validate(context, data_dict, schema.evaluate())
    given = [name for name in ("organization", "cohort", "all") if data.get(name)]
    if len(given) != 1:
        raise tk.ValidationError(
            {"organization": [tk._("Name one of: organization, cohort, all")]}
        )
    tk.check_access("challenge_evaluate", context, {given[0]: data[given[0]]})
    organizations = cohorts = None
    if given == ["organization"]:
        organizations = [find_organization(data["organization"]).id]
    elif given == ["cohort"]:
        cohorts = [roles.seen_cohort(context, data["cohort"]).id]
    found = evaluate.evaluate(
        organizations, cohort_ids=cohorts, commit=not is_deferred(context)
    )
    return found.as_dict()


@tk.side_effect_free
def challenge_progress_show(context: Context, data_dict: dict[str, Any]) -> Any:
    """Show how far an organization is in a season, as last evaluated.

    Anybody may call this, unless the season is a draft. The details (what is
    measured, what is missing, notes and proofs) are for members of the organization,
    its advisers and managers: for others these keys are left out.

    :param organization: the id or name of the organization
    :type organization: string
    :param cohort: the id or name of the season
    :type cohort: string
    :returns: ``{organization, cohort, participant_id, percent, steps_done,
        steps_total, current_phase, late_steps, next_step, phases, steps, badges,
        evaluated_at}``.

        ``phases``: ``{key, title, steps_done, steps_total}`` each.
        ``steps``: ``{step, phase, phase_title, title, state, source, due, help,
        effort_minutes, required, evidence, confirm, answer, feedback, updated_at,
        assurance}`` each (``answer``: something is to be written; ``feedback``: the
        final form sets it; ``assurance``: what stands behind one that is done,
        ``declared``, ``confirmed`` or ``verified``) and, in detail, ``confirmed_by``
        (a name) and ``confirmed_at``, ``measures: [{measure,
        definition, unit}]`` that prove it, ``value, target, late, why_not, note`` (of
        the members), ``reason`` (of the staff: why it was sent back or is asked no
        more), ``evidence_url, evidence_file: {id, name, media_type, size,
        created_at}, planned_for, extension``. ``due`` is the day that holds for this
        organization; where it is a later one than that of the season, ``extension``
        is ``{id, season_due, reason, created_at}``.
        ``why_not`` lists what is missing: ``{measure, definition, unit, value, target,
        datasets: [{id, name, title, fix_url, missing, problems}], missing, fix_url}``,
        in which ``missing`` lists what a dataset, or the organization's page, lacks:
        ``{name, title, fix_url}``, and ``problems`` counts what the report on its file
        says, where that is what is missing.
        ``next_step`` is the step to do next, as in ``steps``, or none; in detail with
        ``why_next`` (what speaks for it: its date is past, ``late``, or comes first,
        ``due``; it brings most badges nearer, ``gain``, or takes little time,
        ``effort``; or it is the ``last`` one) and ``badges``, which it brings nearer:
        ``{badge, title}`` each.
        ``badges``: ``{badge, title, description, level, icon, colour, shape, policy,
        earned, state, award_id, awarded_at, lost_on, percent}`` each and, in detail,
        ``missing`` (as ``why_not``; for a step ``{step, title, value, target,
        fix_url}``), of one that is at risk too.
        ``percent`` is 0 to 100 everywhere. ``roles``, in detail: what the caller is
        to the participant, of ``member``, ``admin``, ``adviser`` and ``manager``.
    :rtype: dict
    :raises ObjectNotFound: when there is no such organization or season, or the one
        takes no part in the other
    """
    data = validate(context, data_dict, schema.progress_show())
    group = find_organization(data["organization"])
    cohort = roles.seen_cohort(context, data["cohort"])
    tk.check_access("challenge_progress_show", context, {"cohort": cohort.id})
    participant = find_participation(cohort, group)
    mine = roles.of_participant(context, participant) if participant else set()
    if participant is None or (
        participant.state not in PARTICIPANT_COUNTED and not mine
    ):
        raise tk.ObjectNotFound(
            tk._("This organization does not take part in this season")
        )
    shown = _Shown(group, cohort, participant, bool(mine)).as_dict()
    return {**shown, "roles": sorted(mine)} if mine else shown


class _Shown:
    """The progress of one participant, read in a fixed number of statements."""

    def __init__(
        self,
        group: model.Group,
        cohort: Cohort,
        participant: Participant,
        detailed: bool,
    ) -> None:
        self.group, self.cohort, self.participant = group, cohort, participant
        self.detailed = detailed
        self.programme: Programme = programmes.of(cohort)
        self.declared = registry.declared()
        self.language = current()
        self.season_due = days_of(cohort)
        self.extensions = {
            row.step: row
            for row in model.Session.query(Extension).filter_by(
                participant_id=participant.id
            )
        }
        self.due = rules.extended(
            self.season_due, {key: row.due for key, row in self.extensions.items()}
        )
        statuses = steps.statuses_of(participant)
        self.statuses = {status.step: status for status in statuses}
        self.states = {key: status.state for key, status in self.statuses.items()}
        self.over = (
            cohort.state in COHORT_OVER or participant.state not in PARTICIPANT_COUNTED
        )
        # What was late on its last day stays late, and nothing becomes so any more.
        ended = participant.withdrawn_at or cohort.finished_at if self.over else None
        self.today = (
            deadlines.day_of(ended, config.display_timezone())
            if ended
            else config.today()
        )
        with_files = detailed and any(
            status.evidence_file for status in self.statuses.values()
        )
        self.evidence = steps.evidence_of(participant.id) if with_files else {}
        place = (cohort.id, group.id)
        said = any(
            step.source == "person" and self.states.get(step.key) == "done"
            for step in self.programme.steps
        )
        self.answers = confirmations.of_steps([place])[place] if said else {}
        self.by_team = confirmations.by_team(self.answers)

    def as_dict(self) -> dict[str, Any]:
        judged = self._judged()
        if self.detailed:
            self.shortfalls = self._shortfalls(judged)
        summary = rules.summarise(self.programme, self.states, self.due, self.today)
        rows = {step.key: self._step(step) for step in self.programme.steps}
        held = self._held()
        ahead = None if self.over else self._next(held)
        return {
            "organization": self.group.name,
            "organization_id": self.group.id,
            "cohort": self.cohort.name,
            "cohort_id": self.cohort.id,
            "participant_id": self.participant.id,
            "state": self.participant.state,
            "percent": summary.percent,
            "steps_done": summary.steps_done,
            "steps_total": summary.steps_total,
            "current_phase": summary.current_phase,
            "late_steps": summary.late_steps,
            "next_step": self._ahead(rows, ahead) if ahead else None,
            "phases": [
                {
                    "key": figures.key,
                    "title": self._text(
                        self.programme.phases_by_key[figures.key].title
                    ),
                    "steps_done": figures.steps_done,
                    "steps_total": figures.steps_total,
                }
                for figures in rules.phase_figures(self.programme, self.states)
            ],
            "steps": list(rows.values()),
            "badges": self._badges(judged, held),
            "evaluated_at": as_json(self.participant.evaluated_at),
        }

    def _text(self, text: Any) -> str:
        return text.in_(self.language)

    def _judged(self) -> tuple[rules.BadgeVerdict, ...]:
        """The badges by what is stored; what a step names is named here too."""
        why_not = {
            missing["measure"]: missing
            for status in self.statuses.values()
            for missing in status.why_not
        }
        stored = {
            name: stored_measurement(value, why_not.get(name, {}))
            for name, value in self.participant.measures.items()
        }
        return rules.judge_badges(self.programme, stored, self.states)

    def _shortfalls(self, judged: Iterable[rules.BadgeVerdict]) -> Shortfalls:
        """What is missing anywhere, whose datasets are read in one statement."""
        stored = [
            missing for status in self.statuses.values() for missing in status.why_not
        ]
        found = [
            finding.as_dict() for badge in judged for finding in badge.verdict.missing
        ]
        return Shortfalls(self.group, self.cohort.name, [*stored, *found])

    def _step(self, step: Step) -> dict[str, Any]:
        status = self.statuses.get(step.key)
        state = status.state if status else "todo"
        due = self.due[step.key]
        shown: dict[str, Any] = {
            "step": step.key,
            "phase": step.phase,
            "phase_title": self._text(self.programme.phases_by_key[step.phase].title),
            "title": self._text(step.title),
            "help": self._text(step.help),
            "effort_minutes": step.effort_minutes,
            "required": step.required,
            "state": state,
            "source": step.source,
            "evidence": step.evidence,
            "confirm": step.confirm,
            "answer": step.answer,
            "feedback": step.feedback,
            "due": as_json(due),
            "updated_at": as_json(status.updated_at) if status else None,
            "assurance": self._word(step) if state == "done" else None,
        }
        if self.detailed:
            shown.update(self._details(step, status, state, due))
        return shown

    def _word(self, step: Step) -> assurance.Assurance:
        return assurance.of_step(self.programme, step.key, self.declared, self.by_team)

    def _details(
        self, step: Step, status: StepStatus | None, state: str, due: dt.date | None
    ) -> dict[str, Any]:
        open_ = state not in STEP_SETTLED
        confirmed = (
            self.answers.get(step.key)
            if state == "done" and self._word(step) == "confirmed"
            else None
        )
        return {
            "confirmed_by": confirmed.by if confirmed else None,
            "confirmed_at": as_json(confirmed.at) if confirmed else None,
            "measures": [described(name) for name in sorted(step.measures)],
            "value": status.value if status else None,
            "target": status.target if status else None,
            "late": rules.is_late(state, due, self.today),
            "why_not": [
                self.shortfalls.of_measure(missing)
                for missing in (status.why_not if status and open_ else [])
            ],
            "note": status.note if status else None,
            "reason": status.reason if status else None,
            "evidence_url": status.evidence_url if status else None,
            "evidence_file": steps.dictize_evidence(
                self.evidence.get(status.step) if status else None
            ),
            "planned_for": as_json(status.planned_for) if status else None,
            "extension": self._extension(step.key),
        }

    def _extension(self, key: str) -> dict[str, Any] | None:
        """The later day that was given for a step, as long as it is the later one."""
        given, season_day = self.extensions.get(key), self.season_due[key]
        if given is None or self.due[key] == season_day:
            return None
        return {
            "id": given.id,
            "season_due": as_json(season_day),
            "reason": given.reason,
            "created_at": as_json(given.created_at),
        }

    def _held(self) -> dict[tuple[str, bool], Award]:
        """The awards it holds, by their badge and whether they are of no season."""
        rows = model.Session.query(Award).filter(
            Award.organization_id == self.group.id,
            sa.or_(Award.cohort_id == self.cohort.id, Award.cohort_id.is_(None)),
            Award.state.in_(sorted(AWARD_HELD)),
        )
        return {(award.badge, award.cohort_id is None): award for award in rows}

    def _next(self, held: Collection[tuple[str, bool]]) -> rules.NextStep | None:
        return rules.next_step(
            self.programme,
            self.states,
            self.due,
            self.today,
            planned={key: row.planned_for for key, row in self.statuses.items()},
            held={badge for badge, _ in held},
            waiting=rules.waiting_for_data(
                self.programme, self.participant.measures, registry.about_datasets()
            ),
        )

    def _ahead(
        self, rows: Mapping[str, dict[str, Any]], ahead: rules.NextStep
    ) -> dict[str, Any]:
        """The step to do next, and for its people why that one."""
        if not self.detailed:
            return rows[ahead.step.key]
        badges = self.programme.badges_by_key
        return {
            **rows[ahead.step.key],
            "why_next": ahead.why,
            "badges": [
                {"badge": key, "title": self._text(badges[key].title)}
                for key in ahead.badges
            ],
        }

    def _badges(
        self,
        judged: Iterable[rules.BadgeVerdict],
        held: Mapping[tuple[str, bool], Award],
    ) -> list[dict[str, Any]]:
        badges: list[dict[str, Any]] = []
        for verdict in judged:
            badge = verdict.badge
            award = held.get((badge.key, badge.scope == "organization"))
            shown = badge_row(badge, verdict.verdict, award)
            if self.detailed:
                # One at risk lacks something that its people can still mend.
                kept = award is not None and award.state == "active"
                shown["missing"] = [
                    self.shortfalls.of_badge(self.programme, finding)
                    for finding in (() if kept else verdict.verdict.missing)
                ]
            badges.append(shown)
        return badges
