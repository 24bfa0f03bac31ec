"""Kits: the datasets that a collectivité typically opens."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import ckan.plugins.toolkit as tk
from ckan.types import Context

from ckanext.challenge import programmes
from ckanext.challenge.common import language, roles
from ckanext.challenge.common.action_helpers import (
    find_organization,
    validate,
)
from ckanext.challenge.conformity import examples, registry
from ckanext.challenge.datasets import schema
from ckanext.challenge.domain.programme import Kit
from ckanext.challenge.measures import mending, organizations
from ckanext.challenge.model import catalog
from ckanext.challenge.schemas import choices


@tk.side_effect_free
def challenge_kit_list(context: Context, data_dict: dict[str, Any]) -> Any:
    """List the kits of this portal's programmes, in their order.

    Anybody may call this. A kit that several programmes have is listed once, as the
    first of them has it. Texts are in the request's language.

    :param programme: only those of this programme
    :type programme: string
    :param cohort: only those of this season (its id or name), as the programme that
        it keeps has them
    :type cohort: string
    :param kind: only those that suit this kind of collectivité (``commune``, ``cc``,
        ``ca``, ``cu``, ``metropole``, ``autre``)
    :type kind: string
    :param population: only those that suit a collectivité with as many inhabitants
    :type population: int
    :param organization: id or name of an organization: the kits that suit it come
        first, by the kind and population that its page gives, or else the directory
    :type organization: string
    :param limit: how many at most (100)
    :type limit: int
    :param offset: how many to pass over (0)
    :type offset: int
    :returns: ``{count, results}``, each ``{name, title, why, holder, schema,
        schema_title, schema_version, schema_url, checked, frequency, licence,
        effort_minutes, kinds, population: {at_least, at_most}, dataset_title,
        dataset_notes, tags, themes, high_value}``. ``schema`` is the value for a
        resource's ``schema`` field; ``checked`` says whether this portal checks files
        against it; ``frequency`` is a code of the EU's vocabulary in lower case,
        ``themes`` are codes of its data themes; in
        ``dataset_title`` and ``dataset_notes``, ``{name}`` stands for the
        organization; no ``kinds`` means all. With ``organization``, each has
        ``fits``: whether it suits that one, ``datasets`` (how many it has published
        from the kit) and, for those who publish for it, ``begun`` (``{name, title,
        url}`` of the latest that the public cannot see, and where to go on); beside
        ``results`` there is ``organization: {id, name, title, kind, population,
        territory}``, of which the last is its INSEE code or SIREN.
    :rtype: dict
    :raises ValidationError: an argument is not what it should be
    :raises ObjectNotFound: there is no such programme, season or organization
    :raises NotAuthorized: the caller may not see the season
    """
    data = validate(context, data_dict, schema.kit_list())
    tk.check_access("challenge_kit_list", context, data)
    whose = _organization(data)
    had = _had(context, whose)
    found = [
        _dictize(kit, whose) | had(kit)
        for kit in _kits(context, data)
        if kit.fits(data.get("kind"), data.get("population"))
    ]
    if whose is not None:
        found.sort(key=lambda row: not row["fits"])
    shown = found[data["offset"] : data["offset"] + data["limit"]]
    answer = {"count": len(found), "results": shown}
    return answer if whose is None else {**answer, "organization": whose}


@tk.side_effect_free
def challenge_kit_show(context: Context, data_dict: dict[str, Any]) -> Any:
    """Show one kit, with the columns of its files. Anybody may call this.

    :param kit: its name
    :type kit: string
    :param programme: the programme whose kit is meant, if several have it
    :type programme: string
    :param cohort: the season whose kit is meant, as in ``challenge_kit_list``
    :type cohort: string
    :param organization: id or name of an organization, as in ``challenge_kit_list``
    :type organization: string
    :returns: a row as in ``challenge_kit_list``, with ``columns``: those of the
        national schema, each ``{name, title, meaning, type, format, required, unique,
        enum, pattern, minimum, maximum, minLength, maxLength, trueValues,
        falseValues}`` as far as the schema says so (the words of Table Schema;
        ``title`` is the official one, in French, ``meaning`` says it in plain words);
        ``rules``: what it asks beyond that, each ``{name, params}`` as the schema's
        ``custom_checks``;
        ``example``: rows of a file that follows it, each a list of texts in the
        order of the columns. All are empty where the schema is not bundled. With
        ``organization``, also that one, as in ``challenge_kit_list``.
    :rtype: dict
    :raises ObjectNotFound: there is no such kit, programme, season or organization
    :raises NotAuthorized: the caller may not see the season
    """
    data = validate(context, data_dict, schema.kit_show())
    tk.check_access("challenge_kit_show", context, data)
    whose = _organization(data)
    for kit in _kits(context, data):
        if kit.key == data["kit"]:
            return (
                _dictize(kit, whose)
                | _had(context, whose)(kit)
                | _file(kit)
                | ({} if whose is None else {"organization": whose})
            )
    raise tk.ObjectNotFound(tk._("There is no such kit"))


def _kits(context: Context, data: Mapping[str, Any]) -> Iterable[Kit]:
    if data.get("cohort"):
        cohort = roles.seen_cohort(context, data["cohort"])
        tk.check_access("challenge_cohort_show", context, {"id": cohort.id})
        return programmes.of(cohort).kits
    name = data.get("programme")
    if not name:
        return choices.kits()
    if name not in programmes.names():
        raise tk.ObjectNotFound(tk._("There is no such programme"))
    return programmes.get(name).kits


def _organization(data: Mapping[str, Any]) -> dict[str, Any] | None:
    """What the kits must know of the organization that was named."""
    if not data.get("organization"):
        return None
    group = find_organization(data["organization"])
    of_kits = organizations.for_kits(group.id)
    return {
        "id": group.id,
        "name": group.name,
        "title": group.title or group.name,
        **of_kits,
    }


def _had(
    context: Context, whose: Mapping[str, Any] | None
) -> Callable[[Kit], dict[str, Any]]:
    """What the organization that was named has of each kit."""
    if whose is None:
        return lambda kit: {}
    found = mending.of_kits(whose["id"])
    publishes = roles.may_publish(context, whose["id"])

    def of(kit: Kit) -> dict[str, Any]:
        had = found.get(kit.key, mending.OfKit())
        row: dict[str, Any] = {"datasets": had.public}
        if publishes:
            row["begun"] = _begun(had)
        return row

    return of


def _begun(had: mending.OfKit) -> dict[str, str] | None:
    if had.begun is None:
        return None
    name, title, left_open = had.begun
    # CKAN's form has two pages: the second one is where a draft was left.
    page = "dataset_resource.new" if left_open else "dataset.edit"
    return {"name": name, "title": title, "url": tk.h.url_for(page, id=name)}


def _dictize(kit: Kit, whose: Mapping[str, Any] | None) -> dict[str, Any]:
    lang = language.current()
    national = registry.get(kit.schema)
    at_least, at_most = kit.population
    row: dict[str, Any] = {
        "name": kit.key,
        "title": kit.title.in_(lang),
        "why": kit.why.in_(lang),
        "holder": kit.holder.in_(lang),
        "schema": kit.schema,
        "schema_title": national.title.in_(lang) if national else None,
        "schema_version": national.version if national else None,
        "schema_url": national.source if national else None,
        "checked": bool(national and national.descriptor),
        "frequency": kit.frequency,
        "licence": kit.licence and catalog.own_licence(kit.licence),
        "effort_minutes": kit.effort_minutes,
        "kinds": list(kit.kinds),
        "population": {"at_least": at_least, "at_most": at_most},
        "dataset_title": kit.dataset_title.in_(lang),
        "dataset_notes": kit.dataset_notes.in_(lang),
        "tags": list(kit.tags),
        "themes": list(kit.themes),
        "high_value": kit.high_value,
    }
    if whose is not None:
        row["fits"] = kit.fits(whose["kind"], whose["population"])
    return row


def _file(kit: Kit) -> dict[str, Any]:
    """What a file of the kit looks like."""
    national = registry.get(kit.schema)
    if national is None or national.descriptor is None:
        return {"columns": [], "rules": [], "example": []}
    lang = language.current()
    columns = []
    for field in national.descriptor["fields"]:
        facts = {key: value for key, value in field.items() if key != "constraints"}
        constraints = field.get("constraints", {})
        own = national.columns.get(field["name"], {})
        title = own.get("title") or field.get("title") or ""
        told = {
            "title": title,
            "meaning": national.meaning(field["name"]).in_(lang),
            "required": False,
        }
        columns.append({**facts, **told, **constraints})
    return {
        "columns": columns,
        "rules": [dict(rule) for rule in national.checks],
        "example": [list(row) for row in examples.example(national)],
    }
