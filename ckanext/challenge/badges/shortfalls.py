"""How near a badge is: its row for the API, and what is missing with the way out."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any

import ckan.plugins.toolkit as tk
from ckan import model

from ckanext.challenge.common.language import current
from ckanext.challenge.domain import progress as rules
from ckanext.challenge.domain.criteria import Finding, Verdict
from ckanext.challenge.domain.measurement import Measurement
from ckanext.challenge.domain.programme import Badge, Programme
from ckanext.challenge.domain.quality import first_of
from ckanext.challenge.measures import mending, registry
from ckanext.challenge.measures.base import Measure
from ckanext.challenge.measures.fixes import Lack, Place
from ckanext.challenge.model import Award
from ckanext.challenge.model.dictize import as_json

from . import fix_urls


def stored_measurement(value: float, missing: Mapping[str, Any]) -> Measurement:
    """A measure as it is stored.

    :param missing: the ``as_dict`` of a finding that says what keeps it down, or
        nothing
    """
    datasets = tuple(missing.get("datasets", ()))
    names: Mapping[str, Sequence[str]] = missing.get("missing", {})
    return Measurement(
        value,
        failing=datasets,
        missing=tuple(tuple(names.get(id_, ())) for id_ in datasets),
        lacking=tuple(names.get("", ())),
    )


def described(name: str) -> dict[str, str]:
    """A measure by its name: ``measure``, ``definition`` and ``unit``."""
    return _described(registry.find(name))


def _described(measure: Measure) -> dict[str, str]:
    return {
        "measure": measure.name,
        "definition": str(measure.definition),
        "unit": measure.unit,
    }


def pictured(badge: Badge) -> dict[str, Any]:
    """A badge in words and as it is drawn.

    :returns: ``{badge, title, description, level, icon, colour, shape, policy}``
    """
    language = current()
    return {
        "badge": badge.key,
        "title": badge.title.in_(language),
        "description": badge.description.in_(language),
        "level": badge.level,
        "icon": badge.icon,
        "colour": badge.colour,
        "shape": badge.shape,
        "policy": badge.policy,
    }


def badge_row(badge: Badge, verdict: Verdict, award: Award | None) -> dict[str, Any]:
    """A badge with how far its criteria are met.

    :param award: by which it is held, if it is
    :returns: ``{badge, title, description, level, icon, colour, shape, policy, earned,
        state, award_id, awarded_at, lost_on, percent}``
    """
    return {
        **pictured(badge),
        "earned": award is not None,
        "state": award.state if award else None,
        "award_id": award.id if award else None,
        "awarded_at": as_json(award.awarded_at) if award else None,
        "lost_on": as_json(award.lost_on) if award else None,
        "percent": 100 if award else rules.percent(verdict),
    }


class Shortfalls:
    """What an organization lacks, in words and with the forms that mend it.

    Made with all that is to be shown, so that its datasets are read in one statement.

    :param organization: whose findings they are
    :param cohort: the name of the season that they are of, if they are of one
    :param findings: stored ones (``Finding.as_dict``) that will be asked for
    """

    def __init__(
        self,
        organization: model.Group,
        cohort: str | None,
        findings: Iterable[Mapping[str, Any]],
    ) -> None:
        self._organization, self._cohort = organization, cohort
        ids = {id_ for finding in findings for id_ in finding.get("datasets", ())}
        # Those alone that the public can see: one may have been made private since.
        self._datasets = {
            id_: (dataset, fix_urls.DatasetForms(dataset))
            for id_, dataset in (mending.datasets(ids) if ids else {}).items()
        }

    def within(self, cohort: str) -> Shortfalls:
        """The same for what belongs to a season, with nothing read again."""
        same = copy.copy(self)
        same._cohort = cohort
        return same

    def of_measure(self, finding: Mapping[str, Any]) -> dict[str, Any]:
        """What a measure lacks.

        :returns: ``{measure, definition, unit, value, target, datasets: [{id, name,
            title, fix_url, missing}], missing: [{name, title, fix_url}], fix_url}``
        """
        measure = registry.find(finding["measure"])
        group = self._organization
        names: Mapping[str, Sequence[str]] = finding.get("missing", {})
        return {
            **_described(measure),
            "value": finding["value"],
            "target": finding["target"],
            "datasets": [
                _lacking(measure, *self._datasets[id_], names.get(id_, []))
                for id_ in finding["datasets"]
                if id_ in self._datasets
            ],
            "missing": [
                {
                    "name": lack.name,
                    "title": str(lack.title),
                    "fix_url": fix_urls.organization_url(group.name, lack),
                }
                for lack in map(measure.lack, names.get("", []))
            ],
            "fix_url": measure.fix.url(Place(group.id, group.name, self._cohort)),
        }

    def of_badge(self, programme: Programme, finding: Finding) -> dict[str, Any]:
        """What a badge lacks: a measure, or a step with the place where it is set.

        :returns: as :meth:`of_measure`, or ``{step, title, value, target, fix_url}``
        """
        if finding.step is None:
            return self.of_measure(finding.as_dict())
        step = programme.steps_by_key.get(finding.step)
        return {
            "step": finding.step,
            "title": step.title.in_(current()) if step else finding.step,
            "value": finding.value,
            "target": finding.target,
            "fix_url": self._step_url(finding.step),
        }

    def _step_url(self, step: str) -> str:
        return f"{self._page}?step={step}#step-{step}" if self._page else ""

    @cached_property
    def _page(self) -> str:
        """The address of its checklist; none outside of a season."""
        if self._cohort is None:
            return ""
        return tk.h.url_for(
            "challenge_participant.read",
            cohort=self._cohort,
            organization=self._organization.name,
        )


def _lacking(
    measure: Measure,
    dataset: mending.Dataset,
    forms: fix_urls.DatasetForms,
    names: Sequence[str],
) -> dict[str, Any]:
    """A dataset, what it lacks, and where that is mended."""
    missing = [
        {
            "name": lack.name,
            "title": _title(lack, dataset),
            "fix_url": forms.url(lack),
        }
        # What comes with something else is not said twice.
        for lack in map(
            measure.lack, dict.fromkeys(first_of(name, names) for name in names)
        )
    ]
    return {
        "id": dataset.id,
        "name": dataset.name,
        "title": dataset.title,
        "fix_url": missing[0]["fix_url"] if missing else forms.own,
        "missing": missing,
        "problems": dataset.files.problems
        if any(measure.lack(name).form == "report" for name in names)
        else 0,
    }


def _title(lack: Lack, dataset: mending.Dataset) -> str:
    """What is missing, in words that follow “still to do:”."""
    number = dataset.files.problems
    if lack.form != "report" or not number:
        return str(lack.title)
    return tk.ungettext(
        "{number} point to correct in its file",
        "{number} points to correct in its file",
        number,
    ).format(number=tk.h.challenge_number(number))
