"""The maps of what is open, as they were made when outlines were loaded."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import ckan.plugins.toolkit as tk
from ckan import model
from ckan.types import Context

from ckanext.challenge.common.action_helpers import paginate, validate
from ckanext.challenge.domain import map_classes
from ckanext.challenge.model import Collectivite, ContourMap, Observed
from ckanext.challenge.observatory import figures, schema

#: How many that have opened data are named.
_NAMED = 200


@tk.side_effect_free
def challenge_map_list(context: Context, data_dict: dict[str, Any]) -> Any:
    """List the maps that this portal has. Anybody may call this.

    :param limit: how many at most (1,000)
    :type limit: int
    :param offset: how many to pass over (0)
    :type offset: int
    :returns: ``{count, results}``, each ``{level, departement}``: ``departement`` is
        empty for the map of all; nothing where no outlines are loaded (``ckan
        challenge directory contours``)
    :rtype: dict
    """
    tk.check_access("challenge_map_list", context, data_dict)
    data = validate(context, data_dict, schema.map_list())
    query = model.Session.query(ContourMap.level, ContourMap.departement)
    order = (ContourMap.level, ContourMap.departement)
    rows, count = paginate(query.order_by(*order), data)
    found = [{"level": row.level, "departement": row.departement} for row in rows]
    return {"count": count, "results": found}


@tk.side_effect_free
def challenge_map_show(context: Context, data_dict: dict[str, Any]) -> Any:
    """Show a map of what is open, as its outlines and the class of each.

    Anybody may call this.

    :param level: ``commune`` (the default), ``epci`` or ``departement``
    :type level: string
    :param departement: the code of the one that it shows; all of them without it
    :type departement: string
    :param outlines: leave out ``shapes`` and ``borders`` where it is false
    :type outlines: bool
    :returns: ``{level, departement, version, width, height, shapes: [[code, path]],
        borders: [path], classes: {code: class}, counts: {class: number}, opened:
        [{code, name, class}]}``. Paths are those of an SVG picture of ``width`` by
        ``height``. The class of a collectivité is ``conforming``, ``open`` or
        ``none``; of a département ``share-0`` (none), ``share-1`` (under a quarter),
        ``share-2`` (under a half) or ``share-3``: the share of its inhabitants for
        whom their commune, or its EPCI, has open data. ``opened`` names the
        collectivités that have open data, the first 200 by name. ``version`` changes
        whenever any of it does.
    :rtype: dict
    :raises ObjectNotFound: when there is no such map
    """
    tk.check_access("challenge_map_show", context, data_dict)
    data = validate(context, data_dict, schema.map_show())
    level, departement = data["level"], data.get("departement") or ""
    wanted = data["outlines"]
    columns = (ContourMap.version, ContourMap.width, ContourMap.height)
    query = model.Session.query(*columns, ContourMap.shapes)
    row = query.filter_by(level=level, departement=departement).one_or_none()
    if row is None:
        raise tk.ObjectNotFound(tk._("There is no such map"))
    here = _shares() if level == "departement" else _opened()
    among = map_classes.SHARES if level == "departement" else map_classes.OPENED
    classes = {code: here.get(code, among[-1]) for code, _ in row.shapes}
    shown = {
        "level": level,
        "departement": departement,
        "version": _version(row.version, classes),
        "width": row.width,
        "height": row.height,
        "classes": classes,
        "counts": map_classes.counted(classes.values(), among),
        "opened": [] if level == "departement" else _named(classes),
    }
    if wanted:
        shown |= {"shapes": row.shapes, "borders": _borders(level, departement, row)}
    return shown


def _opened() -> dict[str, str]:
    """Which collectivités have public datasets, and whether one conforms, by code."""
    rows = model.Session.query(Observed.code, Observed.conforming).filter(
        Observed.datasets > 0
    )
    return {row.code: "conforming" if row.conforming else "open" for row in rows}


def _shares() -> dict[str, str]:
    """For how many of the inhabitants of each département data are open."""
    parts = figures.by_level(figures.observed()).parts["departement"]
    return {
        code: map_classes.share_class(
            part["population_covered_with_epci"], part["population"]
        )
        for code, part in parts.items()
    }


def _borders(level: str, departement: str, row: Any) -> list[str]:
    """The départements, where they fit upon the map."""
    if departement or level == "departement":
        return []
    above = model.Session.get(ContourMap, ("departement", ""))
    if above is None or (above.width, above.height) != (row.width, row.height):
        return []
    return [path for _, path in above.shapes]


def _named(classes: dict[str, str]) -> list[dict[str, str]]:
    codes = [code for code, one in classes.items() if one != map_classes.OPENED[-1]]
    rows = (
        model.Session.query(Collectivite.code, Collectivite.name)
        .filter(Collectivite.code.in_(codes))
        .order_by(Collectivite.search_key, Collectivite.code)
        .limit(_NAMED)
    )
    return [
        {"code": row.code, "name": row.name, "class": classes[row.code]} for row in rows
    ]


def _version(version: str, classes: dict[str, str]) -> str:
    text = json.dumps([version, classes], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]
