"""Where CKAN keeps datasets and organizations, as statements read them.

The one place that knows the difference between CKAN 2.12, which keeps extras as JSONB
on ``package`` and ``"group"``, and CKAN 2.11, which keeps them in the tables
``package_extra`` and ``group_extra``; and the one that reads a field which counts under
the name that the portal has for it, as far as its value looks like one.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from ckan import model

from ckanext.challenge import config
from ckanext.challenge.domain import european, own_fields

log = logging.getLogger(__name__)

#: What the public can see of the table ``package p``.
PUBLIC = "p.state = 'active' AND p.private IS NOT TRUE AND p.type = 'dataset'"


@dataclass(frozen=True)
class Extras:
    """How a statement reaches some extras.

    :ivar columns: for each key, an SQL expression that is its text or null
    :ivar joins: what the ``FROM`` clause needs for them; adds no row
    """

    columns: Mapping[str, str]
    joins: str = ""


def extras_in_tables() -> bool:
    """Whether this CKAN keeps extras in tables of their own (2.11)."""
    return hasattr(model, "PackageExtra")


def dataset_extras(keys: Collection[str], alias: str = "p") -> Extras:
    """Extras of the datasets in the table ``package``.

    :param keys: names of fields, which end up in the statement: never a user's input;
        one that counts by our name, whatever the portal calls it
    :param alias: how the statement calls that table
    """
    return _extras("package", keys, alias)


def organization_extras(keys: Collection[str], alias: str = "g") -> Extras:
    """Extras of the organizations in the table ``"group"``."""
    return _extras("group", keys, alias)


def organization_siren() -> Any:
    """The SIREN that an organization of ``model.Group`` says it has, to select."""
    return sa.literal_column(organization_siren_sql(), sa.Text)


def organization_siren_sql() -> str:
    """The same as SQL, of the table ``"group"`` by this name."""
    field, _ = own_fields.split(config.field("siren"))
    if extras_in_tables():
        stored = (
            '(SELECT own.value FROM group_extra own WHERE own.group_id = "group".id'
            f" AND own.key = '{field}' AND own.state = 'active')"
        )
    else:
        stored = f"(\"group\".extras ->> '{field}')"
    return counted("siren", stored)


def resource_field(name: str, alias: str = "r") -> str:
    """What a resource has in a field, as SQL; where :func:`resource_has`."""
    field, _ = own_fields.split(config.field(name))
    return counted(name, f"(CAST({alias}.extras AS jsonb) ->> '{field}')")


def resource_has(name: str, alias: str = "r") -> str:
    """Whether a resource may have a field, as SQL that reads no JSON."""
    field, _ = own_fields.split(config.field(name))
    return f"{alias}.extras LIKE '%\"{field}\"%'"


def counted(name: str, sql: str) -> str:
    """What counts of a stored value, as SQL: the twin of :func:`.own_fields.clean`.

    :param name: our name of the field
    :param sql: an expression that is what is stored, as text
    """
    _, part = own_fields.split(config.field(name))
    if part:
        sql = f"substring({sql} from '{own_fields.part_pattern(part)}')"
    shape = own_fields.SHAPES.get(name)
    if shape is None:
        return sql
    stored = sql
    if shape.prefix:
        sql = f"replace({sql}, '{shape.prefix}', '')"
    if shape.without:
        sql = f"translate({sql}, '{shape.without}', '')"
    if shape.case:
        sql = f"{shape.case}({sql})"
    if shape.pattern:
        sql = f"substring(btrim({sql}) from '{shape.pattern}')"
    if shape.right:
        sql = f"CASE WHEN {stored} ~ '{shape.right}' THEN {stored} ELSE {sql} END"
    return sql


def listed_licences() -> Mapping[str, Any]:
    """The portal's list of licences; empty where it cannot be read."""
    try:
        return model.Package.get_license_register()  # type: ignore[return-value]
    except Exception:  # whatever the server of a list answers
        log.warning("The list of licences cannot be read", exc_info=True)
        return {}


def own_licence(name: str) -> str:
    """The id that the portal's list has for a licence of ours; ours where it has none.

    :param name: an id of ``licenses.json``, or another name of such a licence
    """
    register = listed_licences()
    wanted = european.licence(name)
    for id_ in (name, wanted):
        if id_ in register:
            return id_
    found = (
        id_
        for id_, licence in register.items()
        if european.same_licence(id_, licence.url) == wanted
    )
    return next(found, wanted)


def lawful_licences() -> list[str]:
    """The ids, in lower case, of the licences that a public body may choose: those of
    all catalogues, and what the portal's own list calls them.
    """
    own = (
        id_.lower()
        for id_, licence in listed_licences().items()
        # The list is somebody's file, and these end up in statements.
        if re.fullmatch(r"[\w.+-]+", id_)
        and european.same_licence(id_, licence.url) in european.LAWFUL
    )
    return list(dict.fromkeys((*european.LAWFUL_NAMES, *own)))


#: How many of the latest datasets are looked at for what fields there are.
_SAMPLED = 2000


def samples(entity: own_fields.Entity) -> dict[str, list[str]]:
    """The extras that there are, each with some of its values: a look at the latest
    datasets or files, or at all organizations.

    One statement.
    """
    if entity == "resource":
        rows = (
            "SELECT r.id, r.extras FROM resource r WHERE r.state = 'active'"
            f" AND r.extras LIKE '{{%' ORDER BY r.created DESC LIMIT {_SAMPLED}"
        )
        pairs = "jsonb_each_text(CAST(one.extras AS jsonb)) AS pair (key, value)"
    else:
        table, rows = (
            (
                "group",
                "SELECT * FROM \"group\" WHERE is_organization AND state = 'active'",
            )
            if entity == "organization"
            else (
                "package",
                f"SELECT p.* FROM package p WHERE {PUBLIC}"
                f" ORDER BY p.metadata_modified DESC LIMIT {_SAMPLED}",
            )
        )
        pairs = (
            f"LATERAL (SELECT key, value FROM {table}_extra"
            f" WHERE {table}_id = one.id AND state = 'active') AS pair"
            if extras_in_tables()
            else "jsonb_each_text(CASE WHEN jsonb_typeof(one.extras) = 'object'"
            " THEN one.extras ELSE '{}' END) AS pair (key, value)"
        )
    found = model.Session.execute(
        sa.text(
            f"""
            SELECT pair.key, (array_agg(DISTINCT left(pair.value, 200)))[1:50] AS some
            FROM ({rows}) AS one CROSS JOIN {pairs}
            WHERE pair.value <> ''
            GROUP BY pair.key
            """
        )
    )
    return {row.key: row.some for row in found}


def organization_values(keys: Collection[str]) -> list[Any]:
    """What organizations have in some fields, whether or not it counts.

    One statement.

    :returns: rows with their ``name`` and the fields by our names
    """
    stored = _stored("group", keys, "g")
    columns = ", ".join(f"{sql} AS {key}" for key, sql in stored.columns.items())
    statement = f"""
        SELECT g.name, {columns} FROM "group" g {stored.joins}
        WHERE g.is_organization AND g.state = 'active' ORDER BY g.name
    """
    return list(model.Session.execute(sa.text(statement)))


def dataset_values(key: str) -> list[Any]:
    """What public datasets have in a field, whether or not it counts.

    One statement.

    :returns: rows with a ``value``, how many have it (``number``), and the ``name`` of
        one
    """
    stored = _stored("package", [key], "p")
    statement = f"""
        SELECT left({stored.columns[key]}, 200) AS value, count(*) AS number,
               min(p.name) AS name
        FROM package p {stored.joins}
        WHERE {PUBLIC} AND {stored.columns[key]} <> ''
        GROUP BY 1 ORDER BY 2 DESC, 1
    """
    return list(model.Session.execute(sa.text(statement)))


def holding(entity: own_fields.Entity) -> int:
    """How many datasets, files or organizations have a field that counts as an extra.

    One statement.
    """
    names = [
        name
        for name, of in own_fields.FIELDS.items()
        if of == entity and name not in own_fields.COLUMNS
    ]
    if entity == "resource":
        conditions, joins = [resource_has(name) for name in names], ""
        table = "resource r", "r.state = 'active'"
    else:
        group = entity == "organization"
        alias = "g" if group else "p"
        stored = _stored("group" if group else "package", names, alias)
        conditions, joins = (
            [f"{sql} <> ''" for sql in stored.columns.values()],
            stored.joins,
        )
        table = (
            ('"group" g', "g.is_organization AND g.state = 'active'")
            if group
            else ("package p", "p.state = 'active'")
        )
    statement = f"""
        SELECT count(*) FROM {table[0]} {joins}
        WHERE {table[1]} AND ({" OR ".join(conditions)})
    """
    return model.Session.execute(sa.text(statement)).scalar_one()


def _extras(entity: str, keys: Collection[str], alias: str) -> Extras:
    stored = _stored(entity, keys, alias)
    columns = {key: counted(key, sql) for key, sql in stored.columns.items()}
    return Extras(columns, stored.joins)


def _stored(entity: str, keys: Collection[str], alias: str) -> Extras:
    stored: dict[str, str] = {}
    joins: list[str] = []
    for key in keys:
        if not key.isidentifier():
            raise ValueError(f"{key} cannot be the name of a field")
        field, _ = own_fields.split(config.field(key))
        if field == key and key in own_fields.COLUMNS:
            stored[key] = f"{alias}.{key}"
        elif not extras_in_tables():
            stored[key] = f"({alias}.extras ->> '{field}')"
        else:
            # One join for each key, and not one for all with a pivot: PostgreSQL pushes
            # the condition on the owner into a join, but not into a grouped subquery.
            stored[key] = f"extra_{key}.value"
            joins.append(
                f"LEFT JOIN {entity}_extra extra_{key}"
                f" ON extra_{key}.{entity}_id = {alias}.id"
                f" AND extra_{key}.key = '{field}' AND extra_{key}.state = 'active'"
            )
    return Extras(stored, "\n".join(joins))
