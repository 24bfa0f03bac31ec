"""What an organization says of its collectivité, as the directory knows it."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from ckan.types import Context

from ckanext.challenge.common import own_fields
from ckanext.challenge.model import Collectivite

#: What an organization is told of its collectivité.
FACTS = ("siren", "insee_code", "kind", "departement", "population")


def describe(group: Any, place: Collectivite, **besides: Any) -> dict[str, Any]:
    """Give an organization what the directory says, in the caller's transaction.

    :param besides: other fields of the organization
    :returns: the facts of the directory
    :raises ValidationError: on ``organization``, when CKAN refuses what else stands in
        it
    """
    facts = {name: getattr(place, name) for name in FACTS}
    given = {name: str(value) for name, value in facts.items() if value is not None}
    site = tk.get_action("get_site_user")({"ignore_auth": True}, {})
    # By the portal itself: CKAN takes away the members that the caller does not see.
    portal: Context = {"user": site["name"], "ignore_auth": True, "defer_commit": True}
    try:
        tk.get_action("organization_patch")(
            portal,
            {
                "id": group.id,
                **own_fields.written("organization", given, group.extras),
                **besides,
            },
        )
    except tk.ValidationError as error:
        told = [
            f"{field}: {' '.join(map(str, texts))}"
            for field, texts in error.error_dict.items()
            if isinstance(texts, list)
        ]
        raise tk.ValidationError({"organization": told}) from error
    return facts
