"""Reading somebody's week: a fixed number of statements, whatever there is."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

import ckan.plugins.toolkit as tk
from ckan import model

from ckanext.challenge import config, programmes
from ckanext.challenge.common import language, runs
from ckanext.challenge.domain import agenda as rules
from ckanext.challenge.domain import deadlines, lifecycle, stalled
from ckanext.challenge.domain import progress as steps
from ckanext.challenge.domain.programme import Programme, ProgrammeMissing
from ckanext.challenge.model import Cohort, agenda, figures
from ckanext.challenge.model.base import utcnow
from ckanext.challenge.model.dictize import as_json, columns


class Week:
    """The week of one person.

    :param user: of an account that is there
    """

    def __init__(self, user: model.User) -> None:
        self.seasons = agenda.seasons(user.id, bool(user.sysadmin))
        # Nothing is done any more in the archive.
        found = [one for one in self.seasons if one[0].state != "archived"]
        self.cohorts = {cohort.id: cohort for cohort, _ in found}
        self.reader = agenda.Reader(
            user_id=user.id,
            sysadmin=bool(user.sysadmin),
            managed=[cohort.id for cohort, manages in found if manages],
            advised=[cohort.id for cohort, manages in found if not manages],
        )
        self._programmes = {id_: _programme(one) for id_, one in self.cohorts.items()}

    def listed(self) -> list[dict[str, Any]]:
        """The seasons, with their figures."""
        numbers = figures.by_cohort([cohort.id for cohort, _ in self.seasons])
        return [
            {
                **columns(cohort, ("id", "name", "title", "season", "state")),
                "capacity": cohort.capacity,
                "manages": manages,
                "participants": numbers[cohort.id]["participants"],
                "percent": numbers[cohort.id]["percent"],
            }
            for cohort, manages in self.seasons
        ]

    def count(self) -> int:
        """How much waits for this person."""
        return agenda.count_mine(self.reader, self._asked())

    def waiting(
        self, *, mine: bool, kind: str | None, limit: int, offset: int = 0
    ) -> dict[str, Any]:
        """What waits: ``results``, and by kind how many ``all`` and ``mine`` are, and
        of what was asked for how many ``rows`` there are.
        """
        rows, everything, own, listed = agenda.waiting(
            self.reader,
            self._asked(),
            mine=mine,
            kind=kind,
            limit=limit,
            offset=offset,
        )
        return {
            "results": [self._waits(row) for row in rows],
            "all": everything,
            "mine": own,
            "rows": listed,
        }

    def stalled(self, limit: int) -> dict[str, Any]:
        """Who is stalled, and why."""
        portal = stalled.Rules(config.stalled_days(), config.stalled_late_steps())
        rows = agenda.to_ask_after(self.reader, portal, utcnow(), limit)
        return {
            "count": rows[0].number if rows else 0,
            "results": [
                {
                    **self._participant(row),
                    "kind": "stalled",
                    "reasons": [
                        reason for reason in stalled.REASONS if getattr(row, reason)
                    ],
                    "late_steps": row.late_steps,
                    "signed_in": row.seen is not None,
                }
                for row in rows
            ],
        }

    def without_reply(self, limit: int) -> dict[str, Any]:
        """Who has not read, or not answered, what the team wrote."""
        rows = agenda.without_reply(self.reader, utcnow(), limit)
        return {
            "count": rows[0].number if rows else 0,
            "results": [{**self._participant(row), "read": row.read} for row in rows],
        }

    def moved(self, days: int, limit: int) -> dict[str, Any]:
        """What happened in the last days."""
        since = utcnow() - dt.timedelta(days=days)
        rows = agenda.moved(self.reader, since, limit)
        return {
            "count": rows[0].number if rows else 0,
            "results": [self._event(row) for row in rows],
        }

    def planned(self, days: int, limit: int) -> list[dict[str, Any]]:
        """Visits and deadlines of the coming days, in their order."""
        first = config.today()
        last = first + dt.timedelta(days=days)
        visits = [
            {
                "kind": "visit",
                "date": as_json(row.date),
                **self._participant(row),
                "id": row.id,
                "days": as_json(row.days),
                "topic": row.topic,
            }
            for row in agenda.visits(self.reader, first, last, limit)
        ]
        due = {
            (id_, key): day
            for id_, programme in self._programmes.items()
            if programme and self.cohorts[id_].state == "running"
            for key, day in steps.due_days(
                programme,
                {
                    name: getattr(self.cohorts[id_], name)
                    for name in deadlines.MILESTONES
                },
            ).items()
            if day is not None
        }
        found = [
            *visits,
            *self._milestones(first, last),
            *(
                {
                    "kind": "step",
                    "date": as_json(row.day),
                    **self._season(row.cohort_id),
                    "step": row.step,
                    "title": self._step(row.cohort_id, row.step),
                    "left": row.left,
                    "participants": row.of,
                    "url": tk.h.url_for(
                        "challenge_manage.season",
                        cohort=self.cohorts[row.cohort_id].name,
                        tab="participants",
                    ),
                }
                for row in agenda.open_steps(self.reader, due, first, last)
            ),
        ]
        return sorted(found, key=lambda one: one["date"])

    def silent(self) -> list[dict[str, Any]]:
        """What should have worked every day, and has not, with since when."""
        live = [
            cohort.created_at
            for cohort in self.cohorts.values()
            if cohort.state in lifecycle.COHORT_LIVE
        ]
        since = min(live, default=None)
        ran = runs.all_of_them()
        return [
            {"name": name, "since": as_json(ran.get(name, since))}
            for name in rules.silent(ran, since, utcnow())
        ]

    def _milestones(self, first: dt.date, last: dt.date) -> Iterator[dict[str, Any]]:
        for cohort in self.cohorts.values():
            if cohort.state not in lifecycle.COHORT_LIVE:
                continue
            days = {name: getattr(cohort, name) for name in deadlines.MILESTONES}
            days["application_opens"] = cohort.application_opens
            deadline = cohort.application_deadline
            if deadline and config.answer_days() and cohort.id in self.reader.managed:
                days["answers"] = deadline + dt.timedelta(days=config.answer_days())
            for name, day in days.items():
                if day is not None and first <= day <= last:
                    yield {
                        "kind": "deadline",
                        "date": as_json(day),
                        "milestone": name,
                        **self._season(cohort.id),
                        "url": tk.h.url_for(
                            "challenge_manage.season", cohort=cohort.name
                        ),
                    }

    def _asked(self) -> list[tuple[str, str]]:
        """The steps that people answer, by season."""
        return [
            (id_, step.key)
            for id_, programme in self._programmes.items()
            if programme
            for step in programme.steps
        ]

    def _step(self, cohort_id: str, key: str) -> str:
        programme = self._programmes[cohort_id]
        step = programme.steps_by_key.get(key) if programme else None
        return step.title.in_(language.current()) if step else key

    def _season(self, id_: str | None) -> dict[str, Any]:
        cohort = self.cohorts.get(id_ or "")
        return {
            "cohort": cohort.name if cohort else None,
            "cohort_title": cohort.title if cohort else None,
        }

    def _participant(self, row: Any) -> dict[str, Any]:
        season = self._season(row.cohort_id)
        return {
            **season,
            "participant_id": row.participant_id
            if hasattr(row, "participant_id")
            else row.id,
            "organization": row.organization,
            "organization_title": row.title,
            "since": as_json(getattr(row, "since", None)),
            "mine": row.mine,
            "url": _place(season["cohort"], row.organization),
        }

    def _waits(self, row: Any) -> dict[str, Any]:
        shown = {
            "kind": row.kind,
            **self._season(row.cohort_id),
            "id": row.id,
            "application_id": row.application_id,
            "participant_id": row.participant_id,
            "organization_title": row.title,
            "step": row.step,
            "step_title": self._step(row.cohort_id, row.step) if row.step else None,
            "since": as_json(row.since),
            "number": row.number,
            "mine": row.mine,
        }
        return {**shown, "url": self._url(row, shown["cohort"])}

    def _url(self, row: Any, cohort: str | None) -> str:
        if row.participant_id and row.organization_id:
            part = "visits" if row.kind == "visit" else "conversation"
            part = f"step-{quote(row.step)}" if row.step else part
            return f"{_place(cohort, row.organization_id)}#{part}"
        page, about = {
            "match": ("challenge_matches.index", {}),
            "claim": ("challenge_claims.read", {"id": row.id}),
            "visit": ("challenge_visits.note", {}),
            "mail_failed": (
                "challenge_mails.index",
                {"cohort": cohort, "state": "failing"},
            )
            if cohort
            else ("challenge_doctor.read", {}),
        }.get(
            row.kind,
            (
                "challenge_manage.application",
                {"cohort": cohort, "id": row.application_id},
            ),
        )
        if row.kind == "message":
            about["_anchor"] = "conversation"
        return str(tk.h.url_for(page, **about))

    def _event(self, row: Any) -> dict[str, Any]:
        season = self._season(row.cohort_id)
        shown = {
            "kind": row.kind,
            **season,
            "organization": row.organization,
            "organization_title": row.title,
            "at": as_json(row.at),
            "title": row.about,
            "url": _place(season["cohort"], row.organization),
        }
        if row.kind == "published":
            shown["url"] = str(tk.h.url_for("dataset.read", id=row.what))
        elif row.kind == "badge":
            badge = programmes.find_badge(
                row.what, self._programmes[row.cohort_id], row.about
            )
            shown["title"] = (
                badge[1].title.in_(language.current()) if badge else row.what
            )
        return shown


def _place(cohort: str | None, organization: str) -> str:
    return str(
        tk.h.url_for(
            "challenge_participant.read", cohort=cohort, organization=organization
        )
    )


def _programme(cohort: Cohort) -> Programme | None:
    try:
        return programmes.of(cohort)
    except ProgrammeMissing:
        return None


def as_answer(week: Week, data: Mapping[str, Any]) -> dict[str, Any]:
    """The week as the API answers it.

    :param data: validated by ``schema.show``
    """
    mine, kind, limit = bool(data.get("mine")), data.get("kind"), data["limit"]
    waiting = week.waiting(mine=mine, kind=kind, limit=limit, offset=data["offset"])
    counts = waiting["mine"] if mine else waiting["all"]
    return {
        "count": sum(counts[one] for one in counts if kind in (None, one)),
        "results": waiting["results"],
        "counts": waiting["all"],
        "mine": waiting["mine"],
        "rows": waiting["rows"],
        "stalled": week.stalled(limit),
        "without_reply": week.without_reply(limit),
        "moved": week.moved(data["days"], limit),
        "planned": week.planned(data["days"], limit),
        "silent": week.silent(),
        "seasons": week.listed(),
    }
