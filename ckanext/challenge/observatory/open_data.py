"""The observatory as a dataset of the catalogue: its files, made of what is stored.

What the tables hold is in ``open_data.yaml``, of which their Table Schemas and the
dictionary are made too.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import Any

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model
from ckan.types import Context
from werkzeug.datastructures import FileStorage

from ckanext.challenge import config
from ckanext.challenge.common import own_fields
from ckanext.challenge.common.action_helpers import find_organization
from ckanext.challenge.domain import shipped
from ckanext.challenge.domain.cells import neutral_in_csv
from ckanext.challenge.domain.eligibility import RULES
from ckanext.challenge.model import (
    Collectivite,
    Elsewhere,
    ObservatorySnapshot,
    PortalSchema,
    catalog,
    contour,
)

from . import figures

#: The types of OpenDataFrance's table, by the kind of the directory.
_TYPES = {
    "commune": "COM",
    "cc": "CC",
    "ca": "CA",
    "cu": "CU",
    "metropole": "MET",
    "autre": "AUTRE",
}
_DUTIES = {"concerned": "oui", "not_concerned": "non", "unknown": "inconnue"}
_LEVELS = {"all": "ensemble", "kind": "type", "size": "taille"}
#: A count of this source, in whatever case, has columns of its own.
_NATIONAL = "data.gouv.fr"

Row = Mapping[str, Any]


@dataclass(frozen=True)
class File:
    """A file of the dataset.

    :ivar name: of the resource: by it the file is found again
    :ivar filename: with its ending
    :ivar media_type: of its content
    :ivar schema: the id of its Table Schema, if it is a table
    """

    name: str
    filename: str
    description: str
    media_type: str
    content: bytes
    schema: str = ""

    @property
    def digest(self) -> str:
        """What tells whether the content has changed."""
        return f"sha256:{hashlib.sha256(self.content).hexdigest()}"


@dataclass(frozen=True)
class Published:
    """What was done.

    :ivar dataset: the name of the dataset
    :ivar created: whether it is new
    :ivar changed: the names of the files that are new or have changed
    """

    dataset: str
    created: bool
    changed: tuple[str, ...]


@lru_cache(maxsize=1)
def definition() -> Mapping[str, Any]:
    """The dataset and its tables, as the YAML file has them."""
    here = resources.files("ckanext.challenge.observatory")
    loaded: Mapping[str, Any] = shipped.load(
        here.joinpath("open_data.yaml").read_text("utf-8")
    )
    return loaded


def table_schema(table: Mapping[str, Any]) -> dict[str, Any]:
    """The Table Schema of one of the tables."""
    kept = ("required", "enum", "pattern")
    return {
        "$schema": "https://specs.frictionlessdata.io/schemas/table-schema.json",
        "id": table["schema"],
        "name": table["key"],
        "title": f"{definition()['title']} : {table['title'].lower()}",
        "description": table["description"],
        "fields": [
            {
                **{name: field[name] for name in ("name", "type", "title")},
                "description": field["description"],
                "constraints": {name: field[name] for name in kept if name in field},
            }
            for field in table["fields"]
        ],
    }


def files() -> list[File]:
    """All that is published, as it is now."""
    rows: dict[str, Callable[[], Iterable[Row]]] = {
        "collectivites": _collectivites,
        "historique": _history,
    }
    found = []
    for table in definition()["tables"]:
        key = table["key"]
        found.append(
            File(
                table["title"],
                f"{key}.csv",
                table["description"],
                "text/csv",
                _csv([field["name"] for field in table["fields"]], rows[key]()),
                table["schema"],
            )
        )
    found.append(
        File(
            "Le dictionnaire des champs",
            "dictionnaire.csv",
            "Ce que chaque champ des deux tables veut dire.",
            "text/csv",
            _csv(("table", "champ", "titre", "type", "description"), _dictionary()),
        )
    )
    for table in definition()["tables"]:
        document = json.dumps(table_schema(table), ensure_ascii=False, indent=2)
        found.append(
            File(
                f"Le schéma : {table['title'].lower()}",
                f"schema-{table['key']}.json",
                "Le schéma de la table, au standard Table Schema.",
                "application/json",
                f"{document}\n".encode(),
            )
        )
    return found


def publish(organization: str, user: str) -> Published:
    """Make the dataset, or renew the files of it that have changed.

    Its fields are written once: what people change in them afterwards stays.

    :param organization: the id or name of the organization that publishes it
    :param user: the name of whom CKAN is told that it is
    :raises ckan.plugins.toolkit.ObjectNotFound: there is no such organization
    :raises ckan.plugins.toolkit.ValidationError: the address of the dataset is that of
        another one, or the catalogue refuses a field
    """
    group = find_organization(organization)
    made = files()
    _know_schemas(user)
    dataset, created = _dataset(group, user)
    known = {one["name"]: one for one in dataset["resources"]}
    changed = []
    for file in made:
        there = known.get(file.name)
        if there is not None and there.get("hash") == file.digest:
            continue
        _store(file, dataset["id"], there, user)
        changed.append(file.name)
    return Published(dataset["name"], created, tuple(changed))


def _act(action: str, user: str, **data: Any) -> Any:
    context: Context = {"user": user}
    return tk.get_action(action)(context, data)


def _know_schemas(user: str) -> None:
    """Have the portal check the tables against their schemas, as any other files."""
    for table in definition()["tables"]:
        document = table_schema(table)
        known = model.Session.get(PortalSchema, table["schema"])
        if known is not None and known.document == document:
            continue
        content = io.BytesIO(json.dumps(document).encode())
        _act(
            "challenge_schema_add",
            user,
            id=table["schema"],
            file=FileStorage(content, "schema.json"),
            replace=known is not None,
        )


def _dataset(group: model.Group, user: str) -> tuple[dict[str, Any], bool]:
    """The dataset, and whether it has just been made."""
    wanted = definition()
    there = model.Package.get(wanted["name"])
    if there is not None and there.state == "active":
        if there.owner_org != group.id:
            text = tk._("The dataset “{name}” belongs to another organization")
            told = text.format(name=wanted["name"])
            raise tk.ValidationError({"organization": [told]})
        return _act("package_show", user, id=there.id), False
    site = tk.config["ckan.site_title"]
    made = _act(
        "package_create",
        user,
        name=wanted["name"],
        owner_org=group.id,
        title=f"{wanted['title']} ({site})",
        notes=wanted["notes"],
        **own_fields.written(
            "dataset",
            {
                "license_id": catalog.own_licence(wanted["licence"]),
                "frequency": wanted["frequency"],
                "theme": wanted["theme"],
            },
        ),
        tags=[{"name": tag} for tag in wanted["tags"]],
        url=tk.url_for("challenge_observatory.read", _external=True),
    )
    return made, True


def _store(file: File, dataset: str, there: Row | None, user: str) -> None:
    fields = {
        "format": file.filename.rpartition(".")[2].upper(),
        "mimetype": file.media_type,
        "hash": file.digest,
        **own_fields.written("resource", {"schema": file.schema, "encoding": "utf-8"}),
        "upload": FileStorage(
            io.BytesIO(file.content), file.filename, content_type=file.media_type
        ),
    }
    if there is None:
        named = {"name": file.name, "description": file.description}
        _act("resource_create", user, package_id=dataset, **named, **fields)
    else:
        # Under its own id, so that its address stays.
        _act("resource_patch", user, id=there["id"], **fields)


def _csv(names: Iterable[str], rows: Iterable[Row]) -> bytes:
    out = io.StringIO(newline="")
    names = list(names)
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(names)
    for row in rows:
        writer.writerow([_cell(row.get(name)) for name in names])
    return out.getvalue().encode()


def _cell(value: Any) -> Any:
    if value is None:
        return ""
    return neutral_in_csv(value) if isinstance(value, str) else value


def _collectivites() -> Iterator[Row]:
    rows = figures.observed()
    directory: Any = Collectivite.__table__
    groups: Any = model.group_table
    rule = config.obligation_rule()
    other = next(one for one in RULES if one != rule)
    query = (
        sa.select(rows, directory.c.region, groups.c.name.label("organization"))
        .join(directory, directory.c.code == rows.c.code)
        .outerjoin(
            groups,
            sa.and_(groups.c.id == rows.c.organization_id, groups.c.state == "active"),
        )
        .order_by(rows.c.code)
    )
    found = model.Session.execute(query).mappings().all()
    boxes = contour.boxes([row["siren"] or row["insee_code"] for row in found])
    counts = _counts()
    for row in found:
        box = boxes.get(row["siren"] or row["insee_code"])
        yield {
            "siren": row["siren"],
            "code_insee": row["insee_code"],
            "nom": row["name"],
            "type": _TYPES.get(row["kind"], "AUTRE"),
            "regcode": row["region"],
            "depcode": row["departement"],
            "epci": row["epci_siren"],
            "pop-insee": row["population"],
            "lat": round(box.centre[1], 4) if box else None,
            "long": round(box.centre[0], 4) if box else None,
            "obligation": _DUTIES[row[f"duty_{rule}"]],
            "obligation_autre_lecture": _DUTIES[row[f"duty_{other}"]],
            "fte": row["agents"],
            "url-ptf": tk.url_for(
                "organization.read", id=row["organization"], _external=True
            )
            if row["organization"]
            else None,
            "nb-ptf": row["datasets"],
            "nb_conformes": row["conforming"],
            "nb_a_jour": row["fresh"],
            "first_date": _day(row["first_published_at"]),
            "last_date": _day(row["last_published_at"]),
            "badges": "|".join(row["badges"]),
            "saisons": "|".join(row["seasons"]),
            **counts.get(row["siren"], {}),
        }


def _day(moment: Any) -> str | None:
    return moment.date().isoformat() if moment else None


def _counts() -> dict[str, dict[str, Any]]:
    """What is published elsewhere, by SIREN: the latest count of each kind."""
    found: dict[str, dict[str, Any]] = {}
    latest = model.Session.query(Elsewhere).order_by(
        Elsewhere.counted_on, Elsewhere.number
    )
    for one in latest:
        row = found.setdefault(one.siren, {})
        if one.source.casefold() == _NATIONAL:
            row |= {"nb-datagouv": one.number, "url-datagouv": one.url}
        else:
            row |= {
                "nb_ailleurs": one.number,
                "source_ailleurs": one.source,
                "date_ailleurs": one.counted_on.isoformat(),
            }
    return found


def _history() -> Iterator[Row]:
    (table,) = (one for one in definition()["tables"] if one["key"] == "historique")
    of = {field["name"]: field["of"] for field in table["fields"] if "of" in field}
    rows = (
        model.Session.query(ObservatorySnapshot)
        .filter_by(occasion="month")
        .order_by(
            ObservatorySnapshot.period,
            ObservatorySnapshot.level,
            ObservatorySnapshot.value,
        )
    )
    for row in rows:
        yield {
            "mois": row.period,
            "niveau": _LEVELS.get(row.level, row.level),
            "valeur": _TYPES.get(row.value, row.value)
            if row.level == "kind"
            else row.value,
            **{name: row.figures.get(key, 0) for name, key in of.items()},
        }


def _dictionary() -> Iterator[Row]:
    for table in definition()["tables"]:
        for field in table["fields"]:
            yield {
                "table": table["key"],
                "champ": field["name"],
                "titre": field["title"],
                "type": field["type"],
                "description": field["description"],
            }
