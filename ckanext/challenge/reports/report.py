"""The report of a season, put together for whoever reads it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model
from ckan.types import Context

from ckanext.challenge import config, programmes
from ckanext.challenge.cohorts import report as cohort_report
from ckanext.challenge.common import labels, language, roles
from ckanext.challenge.domain import account as rules
from ckanext.challenge.domain.programme import Programme
from ckanext.challenge.model import Cohort, ReportFile
from ckanext.challenge.model.dictize import as_json, name_of

from . import addresses, declared, measured

#: So many of the seasons before stand beside a season.
_EARLIER = 3
#: Of what is kept at the end, what is read with the details alone.
_DETAILS = ("datasets", "visits")
#: Of the account, what the team was always told as ``staff``.
_STAFF = ("withdrawn", "feedback", "days", "days_planned", "participants")


@dataclass(frozen=True)
class Reader:
    """For whom a report is.

    :ivar team: whether of the team of the season
    :ivar funder: whether by an address of its own
    :ivar agreement_id: the only agreement that is shown, where it is one
    """

    team: bool = False
    funder: bool = False
    agreement_id: str | None = None

    @classmethod
    def of_audience(cls, audience: str) -> Reader:
        """Whoever reads the files that are kept under this."""
        if audience in ("team", "public"):
            return cls(team=audience == "team")
        return cls(funder=True, agreement_id=audience)

    @property
    def audience(self) -> str:
        """What its files are kept under, see :class:`~.model.ReportFile`."""
        if self.team:
            return "team"
        # Who reads all agreements reads what the team does.
        return (self.agreement_id or "team") if self.funder else "public"


def asked_for(
    context: Context, reference: str | None, key: str | None
) -> tuple[Cohort, Reader]:
    """Which season's report is asked for, and for whom it is.

    :param reference: the id or name of the season; with a key it is not needed
    :raises ObjectNotFound: when there is no such season
    :raises ValidationError: on ``key``, when it opens this report no more
    """
    if key is None:
        if reference is None:
            raise tk.ValidationError({"id": [tk._("Missing value")]})
        cohort = roles.seen_cohort(context, reference)
        return cohort, Reader(team=roles.is_staff(context, cohort.id))
    address = addresses.opened_by(key)
    named = reference or (address.cohort_id if address else None)
    cohort = roles.seen_cohort(context, named) if named else None
    if address is None or cohort is None or address.cohort_id != cohort.id:
        text = tk._("This address does not open this report, or no longer does")
        raise tk.ValidationError({"key": [text]})
    return cohort, Reader(funder=True, agreement_id=address.agreement_id)


def build(
    cohort: Cohort,
    reader: Reader,
    *,
    limit: int | None = None,
    offset: int = 0,
    details: bool = False,
) -> dict[str, Any]:
    """The report, as :py:func:`challenge_cohort_report` answers it."""
    found = _results(cohort)
    settled = cohort_report.Settled.of(found)
    programme = programmes.of(cohort)
    spoken = language.current()
    listed = found["participants"]
    end = None if limit is None else offset + limit
    shown = listed[offset:end]
    url = tk.h.url_for(
        "challenge_report.read", cohort=cohort.name, qualified=True, locale="default"
    )
    told = declared.of_season(cohort.id)
    earlier = _earlier(cohort)
    report: dict[str, Any] = {
        "cohort": cohort.name,
        "title": cohort.title,
        "season": cohort.season,
        "state": cohort.state,
        "date": found["date"],
        "final": cohort.snapshot is not None,
        "period": rules.period(cohort.launch, cohort.finalisation),
        "url": url,
        "citation": labels.citation(cohort.title, found["date"], url),
        "method": told.method if told else None,
        "programme": {
            "name": programme.name,
            "title": programme.title.in_(spoken),
            "version": programme.version,
        },
        "figures": found["figures"],
        "earlier": earlier,
        "comparison": declared.comparison(
            found["figures"], told.aims if told else {}, earlier
        ),
        "phases": _phases(programme, found),
        "steps": [
            {
                "step": step.key,
                "title": step.title.in_(spoken),
                "phase": step.phase,
                "done": settled.done.get(step.key, 0),
                "waived": settled.waived.get(step.key, 0),
            }
            for step in programme.steps
        ],
        "badges": [
            {**_badge(programme, badge.key), "count": found["badges"].get(badge.key, 0)}
            for badge in programme.badges
            if badge.scope == "cohort"
        ],
        "quotes": cohort.testimonials,
        "printed_at": as_json(_printed_at(cohort, reader)),
        "participants": {
            "count": len(listed),
            "results": [
                {
                    **row,
                    "steps_waived": max(0, len(programme.steps) - row["steps_total"]),
                    "badges": [_badge(programme, badge) for badge in row["badges"]],
                }
                for row in shown
            ],
        },
    }
    if reader.team or reader.funder:
        ids = [row["organization_id"] for row in shown]
        report["account"] = _account(cohort, found, reader, ids, details)
    if reader.team:
        report["staff"] = {name: report["account"][name] for name in _STAFF}
    if details:
        kept = _frozen(cohort)
        report["datasets"] = kept["datasets"] if kept else measured.datasets(cohort)
    return report


def printed(cohort: Cohort, reader: Reader) -> Any:
    """The PDF for this reader in the language of this moment, as a query."""
    return model.Session.query(ReportFile).filter(
        ReportFile.cohort_id == cohort.id,
        ReportFile.audience == reader.audience,
        ReportFile.language == language.current(),
        ReportFile.made_at.isnot(None),
    )


def _printed_at(cohort: Cohort, reader: Reader) -> Any:
    return printed(cohort, reader).with_entities(ReportFile.made_at).scalar()


def _results(cohort: Cohort) -> dict[str, Any]:
    """Those of the day on which the season finished, else those of today."""
    snapshot = cohort.snapshot
    if snapshot is None:
        return cohort_report.results(cohort, config.today())
    if "participants" in snapshot:
        return snapshot
    # It finished before snapshots told of each participant: their rows are as they
    # were then.
    return {**cohort_report.results(cohort, config.today()), **snapshot}


def _frozen(cohort: Cohort) -> dict[str, Any] | None:
    """What was kept when the season finished, if it has, and if it was."""
    told = declared.of_season(cohort.id)
    return told.frozen if told and cohort.snapshot is not None else None


def _measured(cohort: Cohort) -> dict[str, Any]:
    """What was measured when the season finished, else what is today.

    Of a season that finished before this was kept, it is what is today.
    """
    kept = _frozen(cohort)
    if kept is None:
        return measured.account(cohort, config.today())
    return {name: part for name, part in kept.items() if name not in _DETAILS}


def measured_of(cohort: Cohort) -> tuple[dict[str, Any], dict[str, Any]]:
    """What was measured of a season besides its figures, and its figures."""
    return _measured(cohort), cohort_report.shown_figures([cohort])[cohort.id]


def to_learn_from(cohort: Cohort) -> dict[str, Any]:
    """Of the account of a season, what its team looks at to learn from it."""
    kept, programme = _measured(cohort), programmes.of(cohort)
    spoken = language.current()
    return {
        "steps": [
            {"step": step.key, "title": step.title.in_(spoken)}
            for step in programme.steps
        ],
        "remaining": _remaining(programme, kept["remaining"]),
        "opinions": _opinions(programme, kept["opinions"]),
        "unread": _unread(programme, measured.unread(cohort)),
    }


def _unread(programme: Programme, found: Mapping[str, Any]) -> dict[str, Any]:
    spoken = language.current()
    return {
        "participants": found["participants"],
        "steps": [
            {
                "step": step.key,
                "title": step.title.in_(spoken),
                "number": found["steps"][step.key],
            }
            for step in programme.steps
            if step.key in found["steps"]
        ],
        "kits": [
            {"kit": key, "title": programme.kits_by_key[key].title.in_(spoken)}
            for key in found["kits"]
        ],
    }


def _earlier(cohort: Cohort) -> list[dict[str, Any]]:
    """The seasons before that everybody may see, the latest first."""
    rows = (
        model.Session.query(Cohort)
        .filter(Cohort.season < cohort.season, Cohort.state != "draft")
        .order_by(Cohort.season.desc(), Cohort.id)
        .limit(_EARLIER)
        .all()
    )
    figures = cohort_report.shown_figures(rows)
    return [
        {
            "cohort": row.name,
            "title": row.title,
            "season": row.season,
            "period": rules.period(row.launch, row.finalisation),
            "final": row.snapshot is not None,
            "figures": figures[row.id],
        }
        for row in rows
    ]


def _account(
    cohort: Cohort,
    found: Mapping[str, Any],
    reader: Reader,
    organization_ids: Sequence[str],
    details: bool,
) -> dict[str, Any]:
    """What the team and the funders read besides, with the names of persons."""
    programme = programmes.of(cohort)
    kept = _measured(cohort)
    told = declared.of_season(cohort.id)
    rows = _visits(cohort, kept["date"]) if details else []
    people = _names(
        [
            *(row["id"] for row in kept["advisers"]),
            *(row["adviser_id"] for row in kept["participants"].values()),
            *(row["adviser_id"] for row in rows),
        ]
    )
    account = {
        **kept,
        "participants": {
            id_: _named(kept["participants"][id_], people)
            for id_ in organization_ids
            if id_ in kept["participants"]
        },
        "advisers": [
            {**row, "name": people.get(row["id"])} for row in kept["advisers"]
        ],
        "remaining": _remaining(programme, kept["remaining"]),
        "opinions": _opinions(programme, kept["opinions"]),
        "remarks": told.remarks if told else None,
        "currency": cohort.currency,
        "agreements": [
            row
            for row in declared.agreements(cohort, kept, found["figures"])
            if reader.agreement_id in (None, row["id"])
        ],
    }
    if details:
        account["visits"] = [_named(row, people) for row in rows]
    return account


def _visits(cohort: Cohort, date: str) -> list[dict[str, Any]]:
    """The visits that make up the days of the account, each with what it was about."""
    kept = _frozen(cohort)
    rows = kept.get("visits") if kept else None
    if rows is None:
        # Of a season that finished before they were kept, those of today.
        rows = measured.visits(cohort, labels.parse(date))  # type: ignore[arg-type]
    topics = measured.topics(cohort)
    return [{**row, "topic": topics.get(row["id"], "")} for row in rows]


def _named(row: Mapping[str, Any], people: Mapping[str, str]) -> dict[str, Any]:
    """A row with the name of its adviser in place of the id."""
    return {
        "adviser": people.get(row["adviser_id"] or ""),
        **{name: value for name, value in row.items() if name != "adviser_id"},
    }


def _names(ids: Sequence[str | None]) -> dict[str, str]:
    wanted = sorted({id_ for id_ in ids if id_})
    if not wanted:
        return {}
    rows = model.Session.execute(
        sa.select(model.User.id, name_of(model.User).label("name")).where(
            model.User.id.in_(wanted)
        )
    )
    return {row.id: row.name for row in rows}


def _remaining(
    programme: Programme, kept: Sequence[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    spoken = language.current()
    titles = {step.key: step.title.in_(spoken) for step in programme.steps}
    return [{**row, "title": titles.get(row["step"], row["step"])} for row in kept]


def _opinions(
    programme: Programme, kept: Sequence[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    spoken = language.current()
    asked = {question.key: question for question in programme.feedback}
    return [
        {
            **row,
            "label": asked[row["key"]].label.in_(spoken),
            "counts": [
                {
                    "value": value,
                    "label": labels.answer(asked[row["key"]], value, spoken),
                    "count": count,
                }
                for value, count in row["counts"]
            ],
        }
        for row in kept
        if row["key"] in asked
    ]


def _phases(programme: Programme, found: Mapping[str, Any]) -> list[dict[str, Any]]:
    spoken = language.current()
    settled = cohort_report.Settled.of(found)
    return [
        {
            "key": phase.key,
            "title": phase.title.in_(spoken),
            **settled.of_phase(
                programme.steps_of(phase.key), found["figures"]["participants"]
            ),
        }
        for phase in programme.phases
    ]


def _badge(programme: Programme, key: str) -> dict[str, Any]:
    badge = programme.badges_by_key.get(key)
    return {
        "badge": key,
        "title": badge.title.in_(language.current()) if badge else key,
        "level": badge.level if badge else None,
    }
