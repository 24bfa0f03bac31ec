"""Which collectivité an organization without a SIREN is: proposed, and decided."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import ckan.plugins.toolkit as tk
from ckan import model
from ckan.types import Context

from ckanext.challenge.common import journal
from ckanext.challenge.common.action_helpers import (
    actor_of,
    all_or_nothing,
    user_id_of,
    validate,
)
from ckanext.challenge.common.organizations import (
    hold_organization_of,
    organizations_with_siren,
)
from ckanext.challenge.directory import attaching, labels, matching, schema
from ckanext.challenge.directory.matching import Unmatched
from ckanext.challenge.directory.text import fold
from ckanext.challenge.domain.place_matching import LIKELY, Candidate
from ckanext.challenge.model import Collectivite, Match, Participant, catalog
from ckanext.challenge.model.base import utcnow
from ckanext.challenge.model.dictize import as_json
from ckanext.challenge.signals import organization_matched

#: What is said instead of a SIREN of what is no collectivité of the directory.
NONE = "none"


@tk.side_effect_free
def challenge_match_list(context: Context, data_dict: dict[str, Any]) -> Any:
    """List the organizations without a SIREN, with the collectivités that they may be.

    Managers of any season may call this, and sysadmins.

    :param q: words of the title of the organization
    :type q: string
    :param proposed: only those for which something is proposed
    :type proposed: bool
    :param limit: how many at most (100)
    :type limit: int
    :param offset: how many to pass over (0)
    :type offset: int
    :returns: ``{count, results}``, the likeliest first, each ``{organization (its
        name), organization_id, organization_title, datasets, candidates: [{siren,
        insee_code, name, kind, departement, population, confidence (0 to 1), likely,
        reasons, why}]}``. ``why`` says in words what ``reasons`` says in codes:
        ``code``, ``name``, ``near_name``, ``part_of_name``, ``kind``,
        ``departement``, ``other_departement``, ``website``, ``only``, ``homonyms``,
        ``other_kind``, ``taken`` (another organization has its SIREN).
    :rtype: dict
    """
    tk.check_access("challenge_match_list", context, data_dict)
    data = validate(context, data_dict, schema.match_list())
    wanted = fold(data.get("q") or "").split()
    found = [
        one
        for one in matching.unmatched()
        if (one.candidates or not data.get("proposed"))
        and all(word in fold(one.title) for word in wanted)
    ]
    shown = found[data["offset"] : data["offset"] + data["limit"]]
    places = _places(candidate.code for one in shown for candidate in one.candidates)
    return {"count": len(found), "results": [_dictize(one, places) for one in shown]}


def challenge_match_decide(context: Context, data_dict: dict[str, Any]) -> Any:
    """Say which collectivité an organization without a SIREN is.

    Managers of any season may call this, and sysadmins. The organization gets the
    SIREN, INSEE code, kind, département and population of the directory, as when an
    application is accepted, and its other admins are told by mail. The journal has it.

    :param organization: its name or id
    :type organization: string
    :param siren: that of a collectivité of the directory; ``none`` says that it is
        none of them, and it is proposed no more
    :type siren: string
    :returns: ``{organization, organization_id, siren, decided_at}``; ``siren`` is null
        for none
    :rtype: dict
    :raises ObjectNotFound: when there is no such organization
    :raises ValidationError: on ``siren`` when the directory does not have it, or
        another organization has it already; on ``organization`` when it has a SIREN,
        or when CKAN refuses what else stands in it
    """
    tk.check_access("challenge_match_decide", context, data_dict)
    data = validate(context, data_dict, schema.match_decide())
    group = _organization(data["organization"])
    siren = None if data["siren"] == NONE else data["siren"]
    with all_or_nothing(context):
        was = _siren_of(group)
        if siren is not None:
            _take(group, siren)
        elif was:
            raise tk.ValidationError(
                {"organization": [tk._("This organization has a SIREN already")]}
            )
        row = model.Session.get(Match, group.id) or Match(organization_id=group.id)
        row.siren, row.decided_at = siren, utcnow()
        row.decided_by = user_id_of(context)
        model.Session.add(row)
        journal.record(
            actor_of(context), "match", "organization", group.id, {"siren": siren}
        )
        # Who decides the same again tells nothing new.
        if siren is not None and not was:
            organization_matched.send(
                "match",
                organization=group,
                siren=siren,
                actor=user_id_of(context),
            )
    return {
        "organization": group.name,
        "organization_id": group.id,
        "siren": siren,
        "decided_at": as_json(row.decided_at),
    }


def _organization(reference: str) -> model.Group:
    group = model.Group.get(reference)
    if group is None or not group.is_organization or group.state != "active":
        raise tk.ObjectNotFound(tk._("There is no such organization"))
    return group


def _siren_of(group: model.Group) -> str | None:
    """The SIREN that an organization has."""
    query = model.Session.query(catalog.organization_siren())
    return query.filter(model.Group.id == group.id).scalar() or None


def _take(group: model.Group, siren: str) -> None:
    """Give an organization what the directory knows of its collectivité."""
    # Two who decide at once, or an acceptance meanwhile, would make two of it.
    hold_organization_of(siren)
    place = model.Session.query(Collectivite).filter_by(siren=siren).one_or_none()
    if place is None:
        raise tk.ValidationError(
            {"siren": [tk._("The directory does not have this SIREN")]}
        )
    has = _siren_of(group)
    if has not in (None, siren):
        raise tk.ValidationError(
            {
                "organization": [
                    tk._("This organization has the SIREN {siren}").format(siren=has)
                ]
            }
        )
    for other in organizations_with_siren(siren):
        if other.id != group.id:
            raise tk.ValidationError(
                {
                    "siren": [
                        tk._(
                            "The organization “{title}” has this SIREN already"
                        ).format(title=other.title or other.name)
                    ]
                }
            )
    facts = attaching.describe(group, place)
    # What a participation keeps of the directory, where nothing was known of it.
    kept: dict[Any, Any] = {
        name: facts[name] for name in ("siren", "kind", "departement", "population")
    }
    model.Session.query(Participant).filter_by(
        organization_id=group.id, siren=None
    ).update(kept, synchronize_session=False)


def _places(codes: Iterable[str]) -> Mapping[str, Collectivite]:
    rows = model.Session.query(Collectivite).filter(Collectivite.code.in_(set(codes)))
    return {row.code: row for row in rows}


def _dictize(one: Unmatched, places: Mapping[str, Collectivite]) -> dict[str, Any]:
    return {
        "organization": one.name,
        "organization_id": one.id,
        "organization_title": one.title,
        "datasets": one.datasets,
        "candidates": [
            _proposal(candidate, places[candidate.code])
            for candidate in one.candidates
            if candidate.code in places
        ],
    }


def _proposal(candidate: Candidate, place: Collectivite) -> dict[str, Any]:
    return {
        **{name: getattr(place, name) for name in (*attaching.FACTS, "name")},
        "confidence": candidate.confidence,
        "likely": candidate.confidence >= LIKELY,
        "reasons": list(candidate.why),
        "why": [labels.why(reason) for reason in candidate.why],
    }
