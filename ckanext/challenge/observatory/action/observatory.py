"""Who has to publish, who does: the observatory's figures, as they are stored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model
from ckan.types import Context
from sqlalchemy.dialects.postgresql import aggregate_order_by

from ckanext.challenge import config, programmes
from ckanext.challenge.common import addresses, language
from ckanext.challenge.common.action_helpers import validate
from ckanext.challenge.directory.departements import departements
from ckanext.challenge.directory.query import matching
from ckanext.challenge.domain.eligibility import EPCI_KINDS, RULES, duty_to_publish
from ckanext.challenge.domain.letters import compact
from ckanext.challenge.model import Award, Collectivite, contour
from ckanext.challenge.model.dictize import as_json
from ckanext.challenge.observatory import figures, schema, situation, snapshots
from ckanext.challenge.schemas import choices

_collectivite: Any = Collectivite.__table__
_group: Any = model.group_table

#: What a row says just as it is stored.
_FIELDS = (
    "siren",
    "insee_code",
    "name",
    "kind",
    "departement",
    "epci_siren",
    "population",
    "size",
    "datasets",
    "conforming",
    "fresh",
    "publishes",
)


@tk.side_effect_free
def challenge_observatory_show(context: Context, data_dict: dict[str, Any]) -> Any:
    """Show who has to publish open data, and who does. Anybody may call this.

    Each commune and EPCI of the directory is a row, those apart that another one
    replaced. Publishing is to have at least one public dataset here; what is published
    elsewhere is told apart. Nothing is measured: it is what was stored by the last
    evaluation.

    :param departement: the code of one, such as ``45``
    :type departement: string
    :param epci: the SIREN of one: the EPCI itself, and its communes
    :type epci: string
    :param kind: ``commune``, ``cc``, ``ca``, ``cu``, ``metropole`` or ``autre``
    :type kind: string
    :param duty: ``concerned``, ``not_concerned`` or ``unknown``, by the portal's rule
    :type duty: string
    :param obligation: another name of ``duty``
    :type obligation: string
    :param publishes: whether it has a public dataset here
    :type publishes: bool
    :param takes_part: whether it takes part in a season, or took part
    :type takes_part: bool
    :param badge: the key of a badge that it holds
    :type badge: string
    :param size: ``under_3500``, ``3500_9999``, ``10000_49999`` or ``50000_and_more``
    :type size: string
    :param q: words of a name, an INSEE code, a postcode or a SIREN, as
        :py:func:`challenge_collectivite_search` takes them
    :type q: string
    :param sort: ``population`` (the default: the most first), ``name``, ``datasets``,
        ``conforming`` or ``recent`` (the last publication first)
    :type sort: string
    :param limit: how many rows, 50 by default and at most 5000
    :type limit: int
    :param offset: how many rows to skip
    :type offset: int
    :param figures: ``false`` leaves out ``figures`` and ``a_year_ago``, for who reads
        rows page by page
    :type figures: bool
    :param breakdowns: ``true`` adds ``breakdowns``
    :type breakdowns: bool
    :param tiles: ``true`` adds ``tiles``
    :type tiles: bool
    :param geometry: ``true`` adds ``geometry`` to each row
    :type geometry: bool

    :returns: ``{count, figures, a_year_ago, results}``, of the collectivités that the
        filters choose. A row of ``results`` has ``siren``, ``insee_code``, ``name``,
        ``kind``, ``departement``, ``epci_siren``, ``population``, ``size``, ``duty``
        (a word as above), ``agents`` (as declared by the collectivité, or nothing),
        ``organization`` (its name, if it has one here, with ``organization_id`` and
        ``organization_title``), ``publishes``, ``datasets``, ``conforming``,
        ``fresh``, ``first_published_at``, ``last_published_at``, ``badges`` (keys),
        ``seasons`` (names) and ``elsewhere`` (``{count, source, date, url}``, the
        latest count, or nothing).

        ``geometry`` is a simplified outline (GeoJSON, WGS 84), or nothing where the
        portal has loaded none (``ckan challenge directory contours``).

        ``figures`` has how many ``collectivites`` there are, are ``concerned`` by the
        duty under the ``rule`` in force, ``concerned_publishing``, ``publishing``,
        ``volunteers_publishing`` (that are not known to be concerned); the
        ``population`` of the communes among them, ``population_covered`` (of those
        that publish) and ``population_covered_with_epci`` (that publish, or whose EPCI
        does), which count each inhabitant once; ``datasets``, ``conforming`` and
        ``fresh`` ones; ``publishing_conforming``, ``badges``, ``with_badges``,
        ``taking_part``, ``only_elsewhere``, ``agents_declared`` and
        ``over_population`` (collectivités over the threshold, which is known of all);
        ``readings``: for ``either`` and ``both``, the two readings of the rule,
        ``{concerned, concerned_publishing, unknown}``.

        ``a_year_ago`` has the same figures with their ``month``, where the filters are
        none, or one of ``departement``, ``epci``, ``kind`` and ``size``, and a
        snapshot of then was kept; else nothing. ``breakdowns`` has, for
        ``departement``, ``kind``, ``size`` and ``epci``, a list of ``{value, name,
        figures}``. ``tiles`` is a list of ``{departement, name, cells}``: a letter for
        each collectivité, the most populated first: ``c`` for conforming data, ``o``
        for data, ``n`` for none yet.
    :rtype: dictionary

    :raises ckan.plugins.toolkit.ValidationError: on the filter that has a value which
        it cannot have
    """
    tk.check_access("challenge_observatory_show", context, data_dict)
    data = validate(context, data_dict, schema.show())
    if obligation := data.pop("obligation", None):
        data.setdefault("duty", obligation)
    _check_known(data)
    rows = figures.observed()
    conditions, rank = _conditions(rows, data)
    answer: dict[str, Any] = {}
    if data.get("figures", True):
        if data.get("breakdowns"):
            found = figures.by_level(rows, conditions)
            answer["breakdowns"] = _breakdowns(found)
            answer["figures"] = found.all
        else:
            answer["figures"] = figures.of_all(rows, conditions)
        answer["count"] = answer["figures"]["collectivites"]
        answer["a_year_ago"] = _a_year_ago(data)
    else:
        query = sa.select(sa.func.count()).select_from(rows).where(*conditions)
        answer["count"] = model.Session.execute(query).scalar()
    if data.get("tiles"):
        answer["tiles"] = _tiles(rows, conditions)
    answer["results"] = _results(rows, conditions, rank, data)
    if data.get("geometry"):
        _outline(answer["results"])
    return answer


@tk.side_effect_free
def challenge_observatory_history(context: Context, data_dict: dict[str, Any]) -> Any:
    """Show the figures of the observatory as they were. Anybody may call this.

    Snapshots are taken once and never changed.

    :param departement: as for :py:func:`challenge_observatory_show`; one filter at
        most, and the history of all without any
    :type departement: string
    :param epci: likewise
    :type epci: string
    :param kind: likewise
    :type kind: string
    :param size: likewise
    :type size: string
    :param occasion: ``month`` (the default), ``quarter``, or ``season`` for those
        taken as seasons finished
    :type occasion: string
    :param limit: how many, 100 by default and at most 1000
    :type limit: int
    :param offset: how many to skip
    :type offset: int

    :returns: ``{count, results}``, the latest first: ``{period, month, taken_at,
        figures}`` with ``period`` such as ``2026-11``, ``2026-Q3`` or the name of a
        season, ``month`` the first day of the month in which it was taken, and
        ``figures`` as :py:func:`challenge_observatory_show` has them
    :rtype: dictionary

    :raises ckan.plugins.toolkit.ValidationError: on a filter with a value which it
        cannot have, or on the second of several
    """
    tk.check_access("challenge_observatory_history", context, data_dict)
    data = validate(context, data_dict, schema.history())
    _check_known(data)
    level, value = schema.only_one(data)
    rows, count = snapshots.history(
        data["occasion"], level, value, data["limit"], data["offset"]
    )
    return {
        "count": count,
        "results": [
            {
                "period": row.period,
                "month": row.month.isoformat(),
                "taken_at": as_json(row.taken_at),
                "figures": row.figures,
            }
            for row in rows
        ],
    }


@tk.side_effect_free
def challenge_situation_show(context: Context, data_dict: dict[str, Any]) -> Any:
    """Show where a collectivité stands. Anybody may call this.

    That is: what the law asks of it and why, what it has opened, who is around, and
    what it could open first.

    :param siren: its SIREN, spaces allowed
    :type siren: string

    :returns: ``{collectivite, duty, elsewhere, epci, near, near_count,
        near_publishing, kits}``. ``collectivite`` is a row as those of
        :py:func:`challenge_observatory_show`. ``duty``: ``{status, rule, reasons:
        [{code, number, outcome, value, threshold, decides}], other: {rule, status}}``,
        by the portal's reading of the law, and by the other one. ``elsewhere``:
        ``{count, source, date, url}`` each, by source. ``epci`` is a row, of a
        commune's. ``near``: rows of the communes of its EPCI (or else of its
        département), those that publish first, 12 at most of ``near_count``, of whom
        ``near_publishing`` publish. ``kits``: ``{kit, title, why, number, names:
        [{siren, name}]}``, at most four that fit it and that it has not opened;
        ``number`` collectivités of its kind and size have.
    :rtype: dictionary

    :raises ckan.plugins.toolkit.ValidationError: on ``siren`` when it is none
    :raises ckan.plugins.toolkit.ObjectNotFound: when the directory does not have it
    """
    tk.check_access("challenge_situation_show", context, data_dict)
    siren = compact(validate(context, data_dict, schema.situation())["siren"])
    found = situation.row_of(addresses.present_siren(siren))
    if found is None:
        raise tk.ObjectNotFound(tk._("The directory does not have this collectivité"))
    epci = situation.epci_of(found)
    near, count, publishing = situation.near(found)
    organizations = _organizations_of(
        [one["organization_id"] for one in (found, epci, *near) if one]
    )

    def shown(row: Any) -> dict[str, Any]:
        known = organizations.get(row["organization_id"], (None, None))
        named = dict(zip(("organization", "organization_title"), known, strict=True))
        return _row({**row, **named}, f"duty_{config.obligation_rule()}")

    lang = language.current()
    return {
        "collectivite": shown(found),
        "duty": _duty(found),
        "elsewhere": [
            {
                "count": one.number,
                "source": one.source,
                "date": one.counted_on.isoformat(),
                "url": one.url,
            }
            for one in situation.elsewhere(found["siren"])
        ],
        "epci": shown(epci) if epci else None,
        "near": [shown(one) for one in near],
        "near_count": count,
        "near_publishing": publishing,
        "kits": [
            {
                "kit": one.kit.key,
                "title": one.kit.title.in_(lang),
                "why": one.kit.why.in_(lang),
                "number": one.number,
                "names": [{"siren": siren, "name": name} for siren, name in one.names],
            }
            for one in situation.kits_to_open(found, choices.kits())
        ],
    }


def _duty(row: Any) -> dict[str, Any]:
    """What the law asks of a collectivité, and why, by both readings of it."""
    rule = config.obligation_rule()
    agents = None if row["agents"] is None else float(row["agents"])
    duty = duty_to_publish(
        row["kind"],
        row["population"],
        agents,
        rule=rule,
        population_threshold=config.obligation_population(),
        agents_threshold=config.obligation_agents(),
    )
    other = next(one for one in RULES if one != rule)
    return {
        **duty.as_dict(),
        "other": {"rule": other, "status": row[f"duty_{other}"]},
    }


def _organizations_of(ids: Sequence[str | None]) -> dict[str | None, Any]:
    """The name and title of organizations that are there, by id."""
    query = sa.select(_group.c.id, _group.c.name, _group.c.title).where(
        _group.c.id.in_([id_ for id_ in ids if id_]), _group.c.state == "active"
    )
    return {
        row.id: (row.name, row.title or row.name)
        for row in model.Session.execute(query)
    }


def _check_known(data: Mapping[str, Any]) -> None:
    """Refuse an EPCI or a badge that nobody knows: a figure of nothing is no answer.

    :raises ckan.plugins.toolkit.ValidationError: on the filter
    """
    if epci := data.get("epci"):
        query = sa.select(_collectivite.c.code).where(
            _collectivite.c.siren == epci, _collectivite.c.kind.in_(sorted(EPCI_KINDS))
        )
        if model.Session.execute(query).first() is None:
            text = tk._("The directory has no EPCI with the SIREN {siren}")
            raise tk.ValidationError({"epci": [text.format(siren=epci)]})
    badge = data.get("badge")
    if badge and badge not in programmes.badges() and not _was_given(badge):
        text = tk._("“{value}” is no badge of this portal").format(value=badge)
        raise tk.ValidationError({"badge": [text]})


def _was_given(badge: str) -> bool:
    """Whether somebody holds a badge that the programmes have no more."""
    return model.Session.query(Award.id).filter_by(badge=badge).first() is not None


def _conditions(rows: Any, data: Mapping[str, Any]) -> tuple[list[Any], list[Any]]:
    """What the rows must meet, and the order of how well they match the words."""
    found: list[Any] = [
        rows.c[name] == data[name]
        for name in ("departement", "epci", "kind", "size")
        if data.get(name)
    ]
    if data.get("duty"):
        found.append(rows.c[f"duty_{config.obligation_rule()}"] == data["duty"])
    if "publishes" in data:
        found.append(rows.c.publishes.is_(data["publishes"]))
    if "takes_part" in data:
        takes_part = sa.func.cardinality(rows.c.seasons) > 0
        found.append(takes_part if data["takes_part"] else sa.not_(takes_part))
    if data.get("badge"):
        found.append(rows.c.badges.contains([data["badge"]]))
    matches, rank = matching(data.get("q") or "", rows.c)
    return found + matches, rank


def _order(rows: Any, sort: str) -> list[Any]:
    first: dict[str, list[Any]] = {
        "population": [rows.c.population.desc().nulls_last()],
        "name": [],
        "datasets": [rows.c.datasets.desc()],
        "conforming": [rows.c.conforming.desc(), rows.c.datasets.desc()],
        "recent": [rows.c.last_published_at.desc().nulls_last()],
    }
    # The directory keeps names folded: to fold those of a country takes half a second.
    return [*first[sort], sa.collate(rows.c.search_key, "C"), rows.c.code]


def _results(
    rows: Any, conditions: list[Any], rank: list[Any], data: Mapping[str, Any]
) -> list[dict[str, Any]]:
    page = (
        sa.select(
            rows,
            _group.c.name.label("organization"),
            _group.c.title.label("organization_title"),
        )
        .select_from(
            rows.outerjoin(
                _group,
                sa.and_(
                    _group.c.id == rows.c.organization_id, _group.c.state == "active"
                ),
            )
        )
        .where(*conditions)
        # The best matches first, where nothing else is asked for.
        .order_by(
            *(rank if data["sort"] == "population" else []),
            *_order(rows, data["sort"]),
        )
        .limit(data["limit"])
        .offset(data["offset"])
    )
    duty = f"duty_{config.obligation_rule()}"
    return [_row(row, duty) for row in model.Session.execute(page).mappings()]


def _outline(rows: list[dict[str, Any]]) -> None:
    """Give each row its outline, of those that are known; one statement for all."""
    found = contour.outlines([row["siren"] or row["insee_code"] for row in rows])
    for row in rows:
        row["geometry"] = found.get(row["siren"] or row["insee_code"])


def _row(row: Any, duty: str) -> dict[str, Any]:
    known = row["organization"] is not None
    return {
        **{name: row[name] for name in _FIELDS},
        "duty": row[duty],
        "agents": None if row["agents"] is None else float(row["agents"]),
        "organization": row["organization"],
        "organization_id": row["organization_id"] if known else None,
        "organization_title": row["organization_title"] if known else None,
        "first_published_at": as_json(row["first_published_at"]),
        "last_published_at": as_json(row["last_published_at"]),
        "badges": list(row["badges"]),
        "seasons": list(row["seasons"]),
        "elsewhere": None
        if row["elsewhere"] is None
        else {
            "count": row["elsewhere"],
            "source": row["elsewhere_source"],
            "date": row["elsewhere_on"].isoformat(),
            "url": row["elsewhere_url"],
        },
    }


#: Filters of which no snapshot is kept.
_WITHOUT_HISTORY = ("duty", "publishes", "takes_part", "badge", "q")


def _a_year_ago(data: Mapping[str, Any]) -> dict[str, Any] | None:
    """The figures of then, where the filters are such as a snapshot tells apart."""
    if any(data.get(name) not in (None, "") for name in _WITHOUT_HISTORY):
        return None
    if sum(bool(data.get(name)) for name in schema.territory()) > 1:
        return None
    return snapshots.a_year_before(config.today(), *schema.only_one({**data}))


def _breakdowns(found: figures.ByLevel) -> dict[str, list[dict[str, Any]]]:
    named = {
        "departement": {code: one.name for code, one in departements().items()},
        "epci": _names_of(found.parts["epci"]),
    }
    return {
        level: [
            {
                "value": value,
                "name": named.get(level, {}).get(value, value),
                "figures": part,
            }
            for value, part in sorted(parts.items())
        ]
        for level, parts in found.parts.items()
    }


def _tiles(rows: Any, conditions: list[Any]) -> list[dict[str, Any]]:
    """What each collectivité of each département has done, as a letter."""
    letter = sa.case((rows.c.conforming > 0, "c"), (rows.c.publishes, "o"), else_="n")
    cells = sa.func.string_agg(
        letter,
        aggregate_order_by(
            sa.literal_column("''"), rows.c.population.desc().nulls_last(), rows.c.code
        ),
    )
    query = (
        sa.select(rows.c.departement, cells.label("cells"))
        .where(*conditions, rows.c.departement.is_not(None))
        .group_by(rows.c.departement)
        .order_by(rows.c.departement)
    )
    named = departements()
    return [
        {
            "departement": row.departement,
            "name": known.name
            if (known := named.get(row.departement))
            else row.departement,
            "cells": row.cells,
        }
        for row in model.Session.execute(query)
    ]


def _names_of(sirens: Mapping[str, Any]) -> dict[str, str]:
    if not sirens:
        return {}
    query = sa.select(_collectivite.c.siren, _collectivite.c.name).where(
        _collectivite.c.siren.in_(sorted(sirens))
    )
    return dict(map(tuple, model.Session.execute(query).all()))
