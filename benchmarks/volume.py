"""A catalogue of any size, made in SQL in seconds.

    python -m benchmarks.volume --organizations 2000 --datasets 10 --resources 2

Everything it makes has a name that starts with ``volume-``; :func:`clear` removes it.
The rows are plausible rather than random: the same call makes the same catalogue.
"""

from __future__ import annotations

import argparse
import time
from typing import Any

import sqlalchemy as sa
from ckan import model

from ckanext.challenge.model import catalog

__all__ = ["clear", "load_ckan", "make", "organization_ids"]

#: The national list: 34,969 communes and 1,255 EPCI.
NATIONAL = {"organizations": 36_000, "datasets": 14, "resources": 2}

# Numbers that a row draws from its own number, so that features do not go together.
_DRAW = "(abs(hashint4({number} * 31 + {salt})) % 100)"
_FREQUENCIES = (
    "ARRAY['annual','annual','quarterly','monthly','weekly','irreg','unknown']"
)
_KITS = (
    "ARRAY['deliberations','subventions','equipements','prenoms','budget',"
    "'catalogue','dae','irve-statique']"
)


def load_ckan(ini: str) -> None:
    """Load CKAN's configuration and plugins, as its command line does."""
    from ckan.cli import load_config  # noqa: PLC0415
    from ckan.config.middleware import make_app  # noqa: PLC0415

    make_app(load_config(ini))


def _draw(number: str, salt: int) -> str:
    return _DRAW.format(number=number, salt=salt)


def _id(kind: str, number: str) -> str:
    return f"CAST(CAST(md5('volume-{kind}-' || {number}) AS uuid) AS text)"


def organization_ids() -> list[str]:
    """The ids of the organizations that :func:`make` made."""
    found = model.Session.execute(
        sa.text("SELECT id FROM \"group\" WHERE name LIKE 'volume-%' ORDER BY name")
    )
    return [row[0] for row in found]


def clear() -> None:
    """Remove all that :func:`make` made, whatever challenge rows hang on it."""
    packages = "SELECT id FROM package WHERE name LIKE 'volume-%'"
    groups = "SELECT id FROM \"group\" WHERE name LIKE 'volume-%'"
    statements = [
        f"DELETE FROM resource WHERE package_id IN ({packages})",
        f"DELETE FROM member WHERE group_id IN ({groups})",
    ]
    if catalog.extras_in_tables():
        statements += [
            f"DELETE FROM package_extra WHERE package_id IN ({packages})",
            f"DELETE FROM group_extra WHERE group_id IN ({groups})",
        ]
    statements += [
        "DELETE FROM package WHERE name LIKE 'volume-%'",
        "DELETE FROM \"group\" WHERE name LIKE 'volume-%'",
        "DELETE FROM \"user\" WHERE name LIKE 'volume-%'",
    ]
    for statement in statements:
        model.Session.execute(sa.text(statement))
    model.Session.commit()


def make(organizations: int, datasets: int, resources: int) -> float:
    """Make so many organizations, datasets for each and resources for each of these.

    Two users are members of each; a quarter of the resources names a schema and
    has a report of conformity.

    :returns: the seconds it took
    """
    started = time.monotonic()
    values = {
        "organizations": organizations,
        "datasets": organizations * datasets,
        "resources": organizations * datasets * resources,
        "users": min(organizations, 2000),
        "per_dataset": resources,
    }
    statements = [
        *_organizations(),
        *_datasets(),
        *_resources(),
    ]
    for statement in statements:
        wanted = {key: values[key] for key in values if f":{key}" in statement}
        model.Session.execute(sa.text(statement), wanted)
    model.Session.commit()
    tables = [
        "package",
        '"group"',
        '"user"',
        "resource",
        "member",
        "challenge_conformity",
    ]
    if catalog.extras_in_tables():
        tables += ["package_extra", "group_extra"]
    for table in tables:
        model.Session.execute(sa.text(f"ANALYZE {table}"))
    model.Session.commit()
    return time.monotonic() - started


def _with_extras(
    entity: str, statement: str, source: str, extras: dict[str, str]
) -> list[str]:
    """An INSERT of rows with extras, wherever this CKAN keeps them.

    :param statement: ``INSERT … ({extras_column}) SELECT … {extras} FROM {source}``
    :param extras: for each key, the SQL expression of its text
    """
    if not catalog.extras_in_tables():
        pairs = ", ".join(f"'{key}', {value}" for key, value in extras.items())
        return [
            statement.format(
                column=", extras", value=f", jsonb_build_object({pairs})", source=source
            )
        ]
    owner = _id(entity, "n")
    return [
        statement.format(column="", value="", source=source),
        *(
            f"""INSERT INTO {entity}_extra (id, {entity}_id, key, value, state)
            SELECT {_id(f"{entity}-{key}", "n")}, {owner}, '{key}', {value}, 'active'
            FROM {source}"""
            for key, value in extras.items()
        ),
    ]


def _organizations() -> list[str]:
    group = _id("group", "n")
    return [
        f"""INSERT INTO "user" (id, name, fullname, state, created)
        SELECT {_id("user", "n")}, 'volume-' || n, 'Membre ' || n, 'active', now()
        FROM generate_series(1, :users) AS n""",
        *_with_extras(
            "group",
            f"""INSERT INTO "group" (id, name, title, description, created, state, type,
                approval_status, image_url, is_organization{{column}})
            SELECT {group}, 'volume-' || n, 'Commune ' || n,
                   CASE WHEN {_draw("n", 1)} < 60 THEN 'Une commune.' ELSE '' END,
                   now() - interval '300 days', 'active', 'organization', 'approved',
                   CASE WHEN {_draw("n", 2)} < 40 THEN 'https://example.org/logo.png'
                        ELSE '' END,
                   true{{value}}
            FROM {{source}}""",
            "generate_series(1, :organizations) AS n",
            {
                "siren": "lpad(CAST(n AS text), 9, '2')",
                "kind": "CASE WHEN n % 20 = 0 THEN 'cc' ELSE 'commune' END",
                "insee_code": "lpad(CAST(n % 96000 AS text), 5, '0')",
                "departement": "lpad(CAST(n % 95 + 1 AS text), 2, '0')",
                "population": "CAST(n % 20000 AS text)",
                "website": f"CASE WHEN {_draw('n', 3)} < 50 THEN 'https://example.org'"
                " ELSE '' END",
            },
        ),
        f"""INSERT INTO member (id, group_id, table_id, state, table_name, capacity)
        SELECT {_id("member", "n || '-' || m")}, {group},
               {_id("user", "(n + m) % :users + 1")}, 'active', 'user',
               CASE m WHEN 0 THEN 'admin' ELSE 'editor' END
        FROM generate_series(1, :organizations) AS n, generate_series(0, 1) AS m""",
    ]


def _datasets() -> list[str]:
    # The datasets of one organization lie far apart in the table, as they do where
    # organizations publish now and then.
    owner = _id("group", "((n - 1) % :organizations + 1)")
    series = "generate_series(1, :datasets) AS n"
    return [
        *_with_extras(
            "package",
            f"""INSERT INTO package (id, name, title, notes, state, license_id, type,
                owner_org, private, metadata_created, metadata_modified{{column}})
            SELECT {_id("package", "n")}, 'volume-' || n, 'Jeu de données ' || n,
                   repeat('Ce que contient le fichier. ', 1 + {_draw("n", 4)} / 12),
                   CASE WHEN {_draw("n", 5)} < 2 THEN 'deleted' ELSE 'active' END,
                   (ARRAY['etalab-2.0','etalab-2.0','lov2','odc-odbl','cc-by',
                          'notspecified'])[1 + {_draw("n", 6)} % 6],
                   'dataset', {owner}, {_draw("n", 7)} < 3,
                   now() - make_interval(days => {_draw("n", 8)} * 4),
                   now() - make_interval(days => {_draw("n", 8)}){{value}}
            FROM {{source}}""",
            series,
            {
                "frequency": f"({_FREQUENCIES})[1 + {_draw('n', 9)} % 7]",
                "temporal_start": f"CASE WHEN {_draw('n', 10)} < 60 THEN '2022-01-01'"
                " ELSE '' END",
                "spatial_insee": f"CASE WHEN {_draw('n', 11)} < 70 THEN '45024'"
                " ELSE '' END",
                "contact_name": "'Mairie'",
                "contact_email": "'mairie@example.org'",
                "challenge_kit": f"({_KITS})[1 + {_draw('n', 12)} % 8]",
            },
        ),
        # CKAN keeps the owner as a member too.
        f"""INSERT INTO member (id, group_id, table_id, state, table_name, capacity)
        SELECT {_id("owner", "n")}, {owner}, {_id("package", "n")}, 'active',
               'package', 'organization'
        FROM {series}""",
    ]


def _resources() -> list[str]:
    resource = _id("resource", "n")
    return [
        f"""INSERT INTO resource (id, url, format, description, position, state, extras,
            name, created, metadata_modified, last_modified, url_type, package_id)
        SELECT {resource}, 'https://example.org/' || n || '.csv',
               (ARRAY['CSV','CSV','JSON','GeoJSON','PDF','XLSX'])
                   [1 + {_draw("n", 13)} % 6],
               CASE WHEN {_draw("n", 14)} < 60 THEN 'Les lignes.' ELSE '' END,
               n % :per_dataset, 'active',
               CASE WHEN {_draw("n", 15)} < 5 THEN '{{"check\\:available"\\: false}}'
                    WHEN n % 4 = 1 THEN '{{"schema"\\: "scdl/deliberations"}}'
                    ELSE '{{}}' END,
               'Fichier ' || n, now() - interval '400 days', now(),
               now() - make_interval(days => {_draw("n", 16)} * 6), 'upload',
               {_id("package", "((n - 1) / :per_dataset + 1)")}
        FROM generate_series(1, :resources) AS n""",
        f"""INSERT INTO challenge_conformity (resource_id, schema, status, rows,
            error_count, checked_at)
        SELECT {resource}, 'scdl/deliberations',
               (ARRAY['valid','invalid','error'])[1 + {_draw("n", 17)} % 3], 100, 0,
               now()
        FROM generate_series(1, :resources, 4) AS n""",
    ]


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--ini", default="test.ini")
    parser.add_argument("--clear", action="store_true", help="only remove it again")
    for name, count in NATIONAL.items():
        parser.add_argument(f"--{name}", type=int, default=count)
    options: Any = parser.parse_args(arguments)
    load_ckan(options.ini)
    clear()
    if options.clear:
        return
    seconds = make(options.organizations, options.datasets, options.resources)
    print(
        f"{options.organizations} organizations, "
        f"{options.organizations * options.datasets} datasets, "
        f"{options.organizations * options.datasets * options.resources} resources "
        f"in {seconds:.1f} s"
    )


if __name__ == "__main__":
    main()
