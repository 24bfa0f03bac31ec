"""Actions of the directory of communes and EPCI."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model
from ckan.types import Context
from stdnum.fr import siren as siren_number

from ckanext.challenge.common import addresses
from ckanext.challenge.common.action_helpers import validate
from ckanext.challenge.directory import schema
from ckanext.challenge.directory.departements import departements
from ckanext.challenge.directory.query import matching
from ckanext.challenge.domain.letters import compact
from ckanext.challenge.model import Collectivite

_table: sa.Table = Collectivite.__table__


@tk.side_effect_free
def challenge_collectivite_search(
    context: Context, data_dict: dict[str, Any]
) -> dict[str, Any]:
    """Find communes and EPCI of the official directory. Anybody may call it.

    :param q: words of a name (accents, case, hyphens, apostrophes and « St » for
        « Saint » do not matter; beginnings of words are enough), an INSEE code, a
        SIREN or SIRET, a postcode, or a name with a département or postcode to tell
        homonyms apart (``saint maur 36``). Without it, all are listed.
    :type q: string
    :param kind: ``commune``, ``cc``, ``ca``, ``cu``, ``metropole`` or ``autre``
    :type kind: string
    :param departement: code of a département, such as ``45`` or ``2A``
    :type departement: string
    :param limit: how many rows, 20 by default and at most 100
    :type limit: int
    :param offset: how many rows to skip
    :type offset: int

    :returns: ``{count, results}``; the best matches first, then the most populated.
        A row has ``siren``, ``insee_code``, ``name``, ``kind``, ``departement``,
        ``departement_name``, ``region``, ``population``, ``epci_siren``,
        ``postcodes``, ``vintage`` (year of the list that last had it) and ``label``
        (the name with what tells it from a homonym).
    :rtype: dictionary

    :raises ckan.plugins.toolkit.ValidationError: for an unknown kind or département,
        a query of more than 200 characters or a limit that is no number
    """
    tk.check_access("challenge_collectivite_search", context, data_dict)
    data = validate(context, data_dict, schema.search())

    conditions: list[sa.ColumnElement[bool]] = []
    if data.get("kind"):
        conditions.append(_table.c.kind == data["kind"])
    if data.get("departement"):
        conditions.append(_table.c.departement == data["departement"])
    matches, rank = matching(data.get("q") or "", _table.c)
    conditions.extend(matches)

    found = sa.select(_table, sa.func.count().over().label("total")).where(*conditions)
    rows = model.Session.execute(
        found.order_by(
            *rank,
            _table.c.vintage.desc(),
            _table.c.population.desc().nulls_last(),
            _table.c.search_key,
            _table.c.code,
        )
        .limit(data["limit"])
        .offset(data["offset"])
    ).all()
    if rows:
        count = rows[0].total
    else:  # nothing at all, or an offset past the end
        count = model.Session.execute(
            sa.select(sa.func.count()).select_from(_table).where(*conditions)
        ).scalar()
    return {"count": count, "results": [_dictize(row) for row in rows]}


@tk.side_effect_free
def challenge_collectivite_show(
    context: Context, data_dict: dict[str, Any]
) -> dict[str, Any]:
    """One commune or EPCI of the official directory. Anybody may call it.

    Of one that was replaced by another, it is that one, if the directory has it.

    :param siren: its SIREN, spaces allowed (for the communes overseas that have
        none in the national list, the INSEE code)
    :type siren: string

    :returns: the same fields as a row of ``challenge_collectivite_search``, with
        ``epci_name`` for a commune and ``members`` (how many communes) for an EPCI
    :rtype: dictionary

    :raises ckan.plugins.toolkit.ValidationError: if ``siren`` is no SIREN number
    :raises ckan.plugins.toolkit.ObjectNotFound: if the directory does not have it
    """
    tk.check_access("challenge_collectivite_show", context, data_dict)
    code = compact(validate(context, data_dict, schema.show())["siren"])
    # A commune overseas may have its INSEE code here, which nothing replaces.
    codes = (addresses.present_siren(code), code)
    epci = _table.alias()
    rows = model.Session.execute(
        sa.select(
            _table,
            sa.select(epci.c.name)
            .where(epci.c.siren == _table.c.epci_siren)
            .scalar_subquery()
            .label("epci_name"),
            sa.select(sa.func.count())
            .where(epci.c.epci_siren == _table.c.siren)
            .scalar_subquery()
            .label("members"),
        ).where(_table.c.code.in_(codes))
    ).all()
    row = min(rows, key=lambda row: codes.index(row.code), default=None)
    if row is None:
        if not siren_number.is_valid(code):
            raise tk.ValidationError(
                {
                    "siren": [
                        tk._("“{value}” is not a SIREN number: 9 digits").format(
                            value=code
                        )
                    ]
                }
            )
        raise tk.ObjectNotFound(
            tk._("The directory has no collectivité with the SIREN {siren}").format(
                siren=code
            )
        )
    shown = _dictize(row)
    if row.kind == "commune":
        shown["epci_name"] = row.epci_name
    else:
        shown["members"] = row.members
    return shown


def _dictize(row: Any) -> dict[str, Any]:
    departement = departements().get(row.departement)
    shown = {
        name: getattr(row, name)
        for name in (
            "siren",
            "insee_code",
            "name",
            "kind",
            "departement",
            "region",
            "population",
            "epci_siren",
            "vintage",
        )
    }
    shown["postcodes"] = list(row.postcodes)
    shown["departement_name"] = departement.name if departement else None
    told_apart = " ".join(row.postcodes[:1]) or row.departement
    shown["label"] = f"{row.name} ({told_apart})" if told_apart else row.name
    return shown
