"""Words for what the directory says."""

from __future__ import annotations

import ckan.plugins.toolkit as tk

from ckanext.challenge.common.labels import N_

#: Why a collectivité is proposed for an organization, or not more than that.
_WHY = {
    "code": N_("the same INSEE code or postcode"),
    "name": N_("the same name"),
    "near_name": N_("nearly the same name"),
    "part_of_name": N_("its name stands in the title"),
    "kind": N_("the same kind"),
    "departement": N_("the same département"),
    "other_departement": N_("another département"),
    "website": N_("its website has that name"),
    "only": N_("the only one of that name"),
    "homonyms": N_("others have the same name"),
    "other_kind": N_("a commune and an intercommunality have that name"),
    "taken": N_("another organization has its SIREN"),
}


def why(reason: str) -> str:
    """What speaks for a collectivité, or against it."""
    text = _WHY[reason]
    return tk._(text)
