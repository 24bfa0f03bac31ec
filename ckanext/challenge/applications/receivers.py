"""What applications do when another room says what happened."""

from __future__ import annotations

from typing import Any

from ckan import model

from ckanext.challenge import notifications

from . import accounts


def organization_matched(
    sender: Any,
    *,
    organization: model.Group,
    siren: str,
    actor: str | None,
    **_: Any,
) -> None:
    """Tell the organization's admins which collectivité it is said to be; who said so
    knows it.
    """
    for user in accounts.admins(organization):
        if user.id != actor:
            notifications.enqueue(
                "organization_matched",
                user_id=user.id,
                organization_id=organization.id,
                siren=siren,
            )
