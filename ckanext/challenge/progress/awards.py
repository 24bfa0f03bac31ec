"""What becomes of the awards of an organization, now that it has been measured."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ckanext.challenge.common import journal
from ckanext.challenge.domain import assurance, criteria
from ckanext.challenge.domain.lifecycle import AWARD, AWARD_HELD
from ckanext.challenge.domain.measurement import Measurement
from ckanext.challenge.domain.programme import Badge, Programme
from ckanext.challenge.measures import registry
from ckanext.challenge.model import confirmations
from ckanext.challenge.model.dictize import as_json
from ckanext.challenge.signals import AwardEvent

from . import store

#: A badge of an organization, in a cohort or without one.
_Key = tuple[str, str, str | None]


@dataclass(frozen=True)
class Measured:
    """What the criteria of a badge look at.

    :ivar organization_id: whose it is
    :ivar cohort_id: the season; none for the badges that need none
    :ivar measurements: by the name of the measure
    :ivar steps: the state of each step, by its key
    :ivar launched: whether the season has begun: before, it gives no badge again that
        the organization has from another one
    """

    organization_id: str
    cohort_id: str | None
    measurements: Mapping[str, Measurement]
    steps: Mapping[str, str] = field(default_factory=dict)
    launched: bool = True


class Awards:
    """The awards of some organizations: what they hold, and what is to be written.

    Each is given with the words that stand behind it on that day: the programme of the
    season may change, and who may say what a step is.
    """

    def __init__(self, rows: Sequence[Any], today: dt.date) -> None:
        """
        :param rows: of :func:`.store.awards`
        :param today: in the portal's time zone
        """
        self._today = today
        self._live: dict[_Key, Any] = {}
        # What a person took back, the catalogue does not give again.
        self._refused: set[_Key] = set()
        self._new: dict[_Key, store.NewAward] = {}
        self._early: dict[_Key, store.NewAward] = {}
        self._changes: dict[_Key, tuple[Any, store.AwardChange]] = {}
        self._programmes: dict[str, Programme] = {}
        for row in rows:
            key = (row.organization_id, row.badge, row.cohort_id)
            if row.state in AWARD_HELD:
                self._live[key] = row
            else:
                self._refused.add(key)

    def judge(self, programme: Programme, badge: Badge, found: Measured) -> None:
        """Note what becomes of one badge."""
        key = (found.organization_id, badge.key, found.cohort_id)
        award = self._live.get(key)
        if award is not None and (
            badge.policy == "permanent" or award.source == "person"
        ):
            return
        known = (found.measurements, found.steps, programme.required)
        met = criteria.holds(badge.criteria, *known)
        if award is not None:
            change = _maintained(award, badge.grace_days, met, self._today)
            if change is not None:
                AWARD.check(award.state, change.state)
                self._changes[key] = (award, change)
        elif met and key not in self._refused:
            verdict = criteria.judge(badge.criteria, *known)
            new = self._new if found.launched else self._early
            new[key] = given = store.NewAward(
                badge=badge.key,
                programme=programme.name,
                programme_version=programme.version,
                level=badge.level,
                organization_id=found.organization_id,
                cohort_id=found.cohort_id,
                criteria={"met": [_told(part, found.steps) for part in verdict.found]},
            )
            self._programmes[given.id] = programme

    def save(self, now: dt.datetime) -> tuple[list[AwardEvent], list[journal.Entry]]:
        """Write what was noted, unless another transaction did meanwhile.

        :returns: what became of which award, and what the journal is to say of it
        """
        new = [*self._new.values(), *self._first()]
        changes = list(self._changes.values())
        self._keep_words(new)
        given = store.award_inserts(new, now)
        changed = store.award_changes([change for _, change in changes], now)
        events: list[AwardEvent] = []
        entries: list[journal.Entry] = []
        for award in new:
            if award.id in given:
                about = (award.badge, award.organization_id, award.cohort_id)
                events.append(AwardEvent(award.id, *about, None, "active"))
                data = {
                    "badge": award.badge,
                    "organization_id": award.organization_id,
                    "cohort_id": award.cohort_id,
                }
                entries.append(_entry("create", award.id, data))
        for award, change in changes:
            if change.id in changed:
                about = (award.badge, award.organization_id, award.cohort_id)
                states = (change.before, change.state)
                events.append(AwardEvent(award.id, *about, *states, change.lost_on))
                data = {"from": change.before, "to": change.state}
                entries.append(_entry("transition", award.id, data))
        return events, entries

    def _keep_words(self, new: Sequence[store.NewAward]) -> None:
        """Write into awards whose word stands behind each thing that was met."""
        declared = registry.declared()
        answers = confirmations.of_steps(
            {
                (award.cohort_id, award.organization_id)
                for award in new
                if award.cohort_id
                and any("step" in part for part in award.criteria["met"])
            }
        )
        for award in new:
            programme = self._programmes[award.id]
            said = answers.get((award.cohort_id or "", award.organization_id), {})
            by_team = confirmations.by_team(said)
            for part in award.criteria["met"]:
                word = assurance.of_part(programme, part, declared, by_team)
                if word is not None:
                    part["assurance"] = word
                answer = said.get(part.get("step", ""))
                if word == "confirmed" and answer is not None:
                    part["confirmed_by"] = answer.by_id
                    part["confirmed_at"] = as_json(answer.at)

    def _first(self) -> list[store.NewAward]:
        """Those of seasons to come that the organization has from no other season.

        What it published before is no reason to give it again the badge it has.
        """
        had = {(whose, badge) for whose, badge, _ in (*self._live, *self._new)}
        return [
            award
            for (whose, badge, _), award in self._early.items()
            if (whose, badge) not in had
        ]


def _told(part: criteria.Finding, steps: Mapping[str, str]) -> dict[str, object]:
    """What an award keeps of something that was met."""
    told = part.as_dict()
    # A manager did not ask it of them: nobody has done it, nor says so.
    if part.step is not None and steps.get(part.step) == "waived":
        told["waived"] = True
    return told


def _entry(action: str, award_id: str, data: dict[str, Any]) -> journal.Entry:
    return journal.Entry(journal.SYSTEM, action, "award", award_id, data)


def _maintained(
    award: Any, grace_days: int, met: bool, today: dt.date
) -> store.AwardChange | None:
    """What becomes of a maintained award."""
    if met:
        if award.state == "at_risk":
            return store.AwardChange(award.id, award.state, "active")
        return None
    if award.state == "active":
        lost_on = today + dt.timedelta(days=grace_days)
        return store.AwardChange(award.id, award.state, "at_risk", lost_on)
    if today >= award.lost_on:
        return store.AwardChange(
            award.id, award.state, "revoked", revoked_reason="criteria_no_longer_hold"
        )
    return None
