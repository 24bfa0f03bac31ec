"""Which collectivité replaced which: what their addresses lead to."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model
from ckan.types import Context

from ckanext.challenge.common import addresses, journal
from ckanext.challenge.common.action_helpers import (
    actor_of,
    commit,
    paginate,
    validate,
)
from ckanext.challenge.directory import members, schema
from ckanext.challenge.model import Collectivite, FormerAddress, catalog
from ckanext.challenge.model.dictize import as_json


@tk.side_effect_free
def challenge_successor_list(context: Context, data_dict: dict[str, Any]) -> Any:
    """List the collectivités that others replaced, as far as the portal knows.

    Anybody may call this.

    :param siren: the SIREN of one that was replaced, or of one that replaced others
    :type siren: string
    :param limit: how many at most (100)
    :type limit: int
    :param offset: how many to pass over (0)
    :type offset: int
    :returns: ``{count, results}``, the latest first, each ``{siren, successor,
        since}``: when the portal learnt it
    :rtype: dict
    """
    tk.check_access("challenge_successor_list", context, data_dict)
    data = validate(context, data_dict, schema.successor_list())
    query = model.Session.query(FormerAddress).filter_by(kind="collectivite")
    if siren := data.get("siren"):
        query = query.filter(
            sa.or_(FormerAddress.name == siren, FormerAddress.object_id == siren)
        )
    rows, count = paginate(
        query.order_by(FormerAddress.left_at.desc(), FormerAddress.name), data
    )
    return {"count": count, "results": [_dictize(row) for row in rows]}


def challenge_successor_create(context: Context, data_dict: dict[str, Any]) -> Any:
    """Say that a collectivité was replaced by another one: communes that became one,
    or a SIREN that was given anew.

    Sysadmins may call this. The addresses of the former lead to the latter from then
    on: its page at once, those of its organization as soon as that is deleted, and
    pages and badges for readers as soon as the other one's answer. The communes of an
    EPCI belong to the one that replaced it. What is loaded by
    ``ckan challenge directory load`` says the same of communes by itself.

    :param siren: the SIREN that it had
    :type siren: string
    :param successor: the SIREN of the one that replaced it; the directory knows it, or
        an organization has it
    :type successor: string
    :returns: ``{siren, successor, since}``
    :rtype: dict
    :raises ValidationError: on ``successor`` when it is not known, the same, or was
        itself replaced by that one
    """
    tk.check_access("challenge_successor_create", context, data_dict)
    data = validate(context, data_dict, schema.successor_create())
    siren, successor = data["siren"], data["successor"]
    if problem := _problem(siren, successor):
        raise tk.ValidationError({"successor": [problem]})
    addresses.replace_collectivite(siren, successor)
    model.Session.flush()
    members.follow(model.Session)
    journal.record(
        actor_of(context), "replace", "collectivite", siren, {"successor": successor}
    )
    commit(context)
    return _dictize(_kept(siren))


def challenge_successor_delete(context: Context, data_dict: dict[str, Any]) -> None:
    """Say that a collectivité was not replaced after all. Sysadmins may call this.

    Communes that went over to another EPCI with it come back as the directory is loaded
    again.

    :param siren: the SIREN of which that was said
    :type siren: string
    :raises ObjectNotFound: when nothing is said of it
    """
    tk.check_access("challenge_successor_delete", context, data_dict)
    data = validate(context, data_dict, schema.show_siren())
    row = _kept(data["siren"])
    model.Session.delete(row)
    journal.record(
        actor_of(context),
        "keep",
        "collectivite",
        row.name,
        {"successor": row.object_id},
    )
    commit(context)


def _kept(siren: str) -> FormerAddress:
    row = model.Session.get(FormerAddress, ("collectivite", siren))
    if row is None:
        raise tk.ObjectNotFound(
            tk._("Nothing says that {siren} was replaced").format(siren=siren)
        )
    return row


def _problem(siren: str, successor: str) -> str:
    if siren == successor:
        return tk._("A collectivité cannot be replaced by itself")
    if siren in addresses.successors_of(successor):
        return tk._("{successor} was itself replaced by {siren}").format(
            successor=successor, siren=siren
        )
    known = model.Session.query(
        sa.or_(
            sa.exists().where(Collectivite.siren == successor),
            sa.exists().where(
                model.Group.state == "active",
                model.Group.is_organization.is_(True),
                catalog.organization_siren() == successor,
            ),
        )
    ).scalar()
    if not known:
        return tk._(
            "Neither the directory nor an organization has the SIREN {siren}"
        ).format(siren=successor)
    return ""


def _dictize(row: FormerAddress) -> dict[str, Any]:
    return {
        "siren": row.name,
        "successor": row.object_id,
        "since": as_json(row.left_at),
    }
