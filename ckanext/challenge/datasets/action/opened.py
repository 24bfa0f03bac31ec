"""The datasets of the whole portal, as somebody looks for them who lives somewhere."""

from __future__ import annotations

import datetime as dt
from typing import Any

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model
from ckan.types import Context

from ckanext.challenge.common import addresses, language
from ckanext.challenge.common.action_helpers import find_organization, validate
from ckanext.challenge.datasets import opened, schema
from ckanext.challenge.model import Collectivite
from ckanext.challenge.model.dictize import as_json
from ckanext.challenge.schemas.choices import kits

_COLLECTIVITE: Any = Collectivite.__table__
_GROUP: Any = model.group_table


@tk.side_effect_free
def challenge_dataset_list(context: Context, data_dict: dict[str, Any]) -> Any:
    """List the public datasets of the portal, the newest first.

    Anybody may call this. All filters may be given together.

    :param departement: code of a département: what its collectivités publish
    :type departement: string
    :param epci: SIREN of an EPCI: what it and its communes publish
    :type epci: string
    :param collectivite: SIREN of a collectivité: what it publishes, what those did
        that it replaced, and what others publish for it
    :type collectivite: string
    :param organization: id or name of an organization: what it publishes
    :type organization: string
    :param kit: key of a kit
    :type kit: string
    :param theme: name of a group of CKAN
    :type theme: string
    :param quality: ``conforming`` (a file follows its national schema), ``fresh`` (its
        files are as recent as its frequency promises) or ``verified`` (the catalogue
        counted it when it gave a badge for the quality of data that is still held)
    :type quality: string
    :param facets: whether to answer with what there is to filter by
    :type facets: bool
    :param tally: whether to answer with how many of them have each quality
    :type tally: bool
    :param limit: how many; 20 if not given, 100 at most
    :type limit: int
    :param offset: from which on
    :type offset: int
    :returns: ``{count, about, results}``; ``about`` has the name of each place, kit
        and theme that was asked for, by the name of its filter; ``results``
        ``{id, name, title, notes, created_at, modified_at, kit, formats, tags,
        organization: {id, name, title, siren, departement}, source, conforming,
        fresh, verified}``: ``source`` is the title of where it was copied from, which
        may be empty, and none of what was published here; and, if asked for,
        ``facets``: ``{departement, epci, collectivite, kit, theme}``, each ``[{value,
        title}]``, of which there are datasets, and ``tally``: ``{conforming, fresh,
        verified}``
    :rtype: dict
    :raises ObjectNotFound: when there is no such organization
    :raises ValidationError: on another filter whose value the portal does not know
    """
    tk.check_access("challenge_dataset_list", context, data_dict)
    data = validate(context, data_dict, schema.dataset_list())
    titles = {kit.key: kit.title.in_(language.current()) for kit in kits()}
    about: dict[str, str] = {}
    wanted = _wanted(data, titles, about)
    count, ids = opened.find(wanted, data["limit"], data["offset"])
    answer = {
        "count": count,
        "about": about,
        "results": [_shown(row) for row in opened.read(ids)],
    }
    if data.get("facets"):
        answer["facets"] = _facets(data, titles)
    if data.get("tally"):
        answer["tally"] = opened.tally(wanted)
    return answer


def _wanted(
    data: dict[str, Any], titles: dict[str, str], about: dict[str, str]
) -> opened.Wanted:
    """What was asked for, all of it known; ``about`` gets its names."""
    sirens: list[str] = []
    insee_code = None
    for name in ("epci", "collectivite"):
        if data.get(name):
            data[name] = addresses.present_siren(data[name])
            place = _place(data[name])
            if place is None or (name == "epci" and place.insee_code):
                text = (
                    tk._("The directory has no EPCI with this SIREN")
                    if name == "epci"
                    else tk._("The directory has no collectivité with this SIREN")
                )
                raise tk.ValidationError({name: [text]})
            about[name] = place.name
            if name == "collectivite":
                sirens, insee_code = addresses.line_of(data[name]), place.insee_code
    organization = None
    if data.get("organization"):
        organization = find_organization(data["organization"])
        about["organization"] = organization.title or organization.name
    if data.get("kit"):
        if data["kit"] not in titles:
            raise tk.ValidationError({"kit": [tk._("There is no such kit")]})
        about["kit"] = titles[data["kit"]]
    theme = None
    if data.get("theme"):
        theme = model.Session.execute(
            sa.select(_GROUP.c.id, _GROUP.c.title, _GROUP.c.name).where(
                _GROUP.c.name == data["theme"],
                _GROUP.c.state == "active",
                _GROUP.c.is_organization.isnot(True),
            )
        ).first()
        if theme is None:
            raise tk.ValidationError({"theme": [tk._("There is no such theme")]})
        about["theme"] = theme.title or theme.name
    return opened.Wanted(
        departement=data.get("departement"),
        epci=data.get("epci"),
        sirens=sirens,
        insee_code=insee_code,
        organization=organization.id if organization else None,
        kit=data.get("kit"),
        theme=theme.id if theme else None,
        quality=data.get("quality"),
    )


def _place(siren: str) -> Any:
    return model.Session.execute(
        sa.select(
            _COLLECTIVITE.c.name, _COLLECTIVITE.c.kind, _COLLECTIVITE.c.insee_code
        ).where(_COLLECTIVITE.c.siren == siren)
    ).first()


def _shown(row: Any) -> dict[str, Any]:
    return {
        "id": row.id,
        "name": row.name,
        "title": row.title or row.name,
        "notes": row.notes or "",
        # CKAN keeps UTC without saying so.
        "created_at": as_json(row.created.replace(tzinfo=dt.timezone.utc)),
        "modified_at": as_json(row.modified.replace(tzinfo=dt.timezone.utc)),
        "kit": row.kit or None,
        "formats": sorted(row.formats),
        "tags": list(row.tags),
        "source": (row.source or "") if row.copied else None,
        "organization": {
            "id": row.organization_id,
            "name": row.organization_name,
            "title": row.organization_title,
            "siren": row.siren,
            "departement": row.departement,
        },
        **{name: bool(getattr(row, name)) for name in opened.QUALITIES},
    }


def _facets(
    data: dict[str, Any], titles: dict[str, str]
) -> dict[str, list[dict[str, str]]]:
    """What there is to filter by; of a place, only what lies within it."""
    rows = opened.territories()
    departement, epci = data.get("departement"), data.get("epci")
    near = [row for row in rows if departement in (None, row.departement)]
    within = [row for row in near if epci in (None, row.epci)]
    return {
        "departement": _choices((row.departement, row.departement) for row in rows),
        "epci": _choices((row.epci, row.epci_name) for row in near),
        "collectivite": _choices(
            (row.siren, row.title) for row in within if row.departement
        ),
        "kit": _choices(titles.items()),
        "theme": _choices((row.name, row.title) for row in opened.themes()),
    }


def _choices(found: Any) -> list[dict[str, str]]:
    known = {value: title for value, title in found if value}
    return [{"value": value, "title": title} for value, title in known.items()]
