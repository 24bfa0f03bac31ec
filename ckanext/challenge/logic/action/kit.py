"""Kits: the datasets that a collectivité typically opens."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import ckan.plugins.toolkit as tk
from ckan.types import Context

from ckanext.challenge import language, programmes
from ckanext.challenge.conformity import registry
from ckanext.challenge.domain.programme import Kit
from ckanext.challenge.logic.boundary import validated
from ckanext.challenge.logic.schema import kit as schema
from ckanext.challenge.schemas import choices

__all__ = ["challenge_kit_list", "challenge_kit_show"]


@tk.side_effect_free
def challenge_kit_list(context: Context, data_dict: dict[str, Any]) -> Any:
    """List the kits of this portal's programmes, in their order.

    Anybody may call this. A kit that several programmes have is listed once, as the
    first of them has it. Texts are in the request's language.

    :param programme: only those of this programme
    :type programme: string
    :param kind: only those that suit this kind of collectivité (``commune``, ``cc``,
        ``ca``, ``cu``, ``metropole``, ``autre``)
    :type kind: string
    :param population: only those that suit a collectivité with as many inhabitants
    :type population: int
    :param limit: how many at most (100)
    :type limit: int
    :param offset: how many to pass over (0)
    :type offset: int
    :returns: ``{count, results}``, each ``{name, title, why, holder, schema,
        schema_title, schema_version, schema_url, checked, frequency, licence,
        effort_minutes, kinds, population: {at_least, at_most}, dataset_title,
        dataset_notes, tags}``. ``schema`` is the value for a resource's ``schema``
        field; ``checked`` says whether this portal checks files against it;
        ``frequency`` is a code of the EU's vocabulary in lower case; in
        ``dataset_title`` and ``dataset_notes``, ``{name}`` stands for the
        organization; no ``kinds`` means all.
    :rtype: dict
    :raises ValidationError: an argument is not what it should be
    :raises ObjectNotFound: there is no such programme
    """
    data = validated(context, data_dict, schema.kit_list())
    tk.check_access("challenge_kit_list", context, data)
    found = [
        kit
        for kit in _kits(data.get("programme"))
        if kit.fits(data.get("kind"), data.get("population"))
    ]
    shown = found[data["offset"] : data["offset"] + data["limit"]]
    return {"count": len(found), "results": [_dictize(kit) for kit in shown]}


@tk.side_effect_free
def challenge_kit_show(context: Context, data_dict: dict[str, Any]) -> Any:
    """Show one kit. Anybody may call this.

    :param kit: its name
    :type kit: string
    :param programme: the programme whose kit is meant, if several have it
    :type programme: string
    :returns: a row as in ``challenge_kit_list``
    :rtype: dict
    :raises ObjectNotFound: there is no such kit or programme
    """
    data = validated(context, data_dict, schema.kit_show())
    tk.check_access("challenge_kit_show", context, data)
    for kit in _kits(data.get("programme")):
        if kit.key == data["kit"]:
            return _dictize(kit)
    raise tk.ObjectNotFound(tk._("There is no such kit"))


def _kits(programme: Any) -> Iterable[Kit]:
    if not programme:
        return choices.kits()
    if programme not in programmes.names():
        raise tk.ObjectNotFound(tk._("There is no such programme"))
    return programmes.get(programme).kits


def _dictize(kit: Kit) -> dict[str, Any]:
    lang = language.current()
    national = registry.get(kit.schema)
    at_least, at_most = kit.population
    return {
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
        "licence": kit.licence,
        "effort_minutes": kit.effort_minutes,
        "kinds": list(kit.kinds),
        "population": {"at_least": at_least, "at_most": at_most},
        "dataset_title": kit.dataset_title.in_(lang),
        "dataset_notes": kit.dataset_notes.in_(lang),
        "tags": list(kit.tags),
    }
