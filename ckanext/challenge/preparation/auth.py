"""Who prepares a file: who may publish for its organization; its adviser may read."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from ckan import model
from ckan.types import AuthResult, Context

from ckanext.challenge.common import roles
from ckanext.challenge.common.action_helpers import find_organization, user_id_of
from ckanext.challenge.domain.lifecycle import PARTICIPANT_COUNTED
from ckanext.challenge.model import Participant, Preparation


def _advises(context: Context, organization_id: str) -> bool:
    user_id = user_id_of(context)
    if user_id is None:
        return False
    found = model.Session.query(Participant.id).filter(
        Participant.organization_id == organization_id,
        Participant.adviser_id == user_id,
        Participant.state.in_(PARTICIPANT_COUNTED),
    )
    return found.first() is not None


def _answer(allowed: bool) -> AuthResult:
    if allowed:
        return {"success": True}
    text = tk._("Only who may publish for this organization prepares its files")
    return {"success": False, "msg": text}


def _organization_of(data_dict: dict[str, Any]) -> str:
    found = Preparation.get(data_dict["id"])
    if found is None:
        raise tk.ObjectNotFound(tk._("There is no such preparation"))
    return found.organization_id


def _may_write(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    return _answer(roles.may_publish(context, _organization_of(data_dict)))


def challenge_preparation_create(
    context: Context, data_dict: dict[str, Any]
) -> AuthResult:
    organization = find_organization(data_dict["organization"])
    return _answer(roles.may_publish(context, organization.id))


def challenge_preparation_list(
    context: Context, data_dict: dict[str, Any]
) -> AuthResult:
    id_ = find_organization(data_dict["organization"]).id
    return _answer(roles.may_publish(context, id_) or _advises(context, id_))


def challenge_preparation_show(
    context: Context, data_dict: dict[str, Any]
) -> AuthResult:
    id_ = _organization_of(data_dict)
    return _answer(roles.may_publish(context, id_) or _advises(context, id_))


def challenge_preparation_export(
    context: Context, data_dict: dict[str, Any]
) -> AuthResult:
    return challenge_preparation_show(context, data_dict)


def challenge_preparation_update(
    context: Context, data_dict: dict[str, Any]
) -> AuthResult:
    return _may_write(context, data_dict)


def challenge_preparation_publish(
    context: Context, data_dict: dict[str, Any]
) -> AuthResult:
    return _may_write(context, data_dict)


def challenge_preparation_delete(
    context: Context, data_dict: dict[str, Any]
) -> AuthResult:
    return _may_write(context, data_dict)
