"""Where a preparation begins: whose table it is, and the spreadsheet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import ckan.plugins.toolkit as tk

from ckanext.challenge import helpers as h
from ckanext.challenge.preparation import labels
from ckanext.challenge.views.common import act, may, publishes_for
from ckanext.challenge.views.forms import flat_errors

#: Organizations of one person of which what was begun is looked for.
_MOST = 20


def begun(names: Sequence[str], kit: str | None = None) -> list[dict[str, Any]]:
    """What was begun and is not published yet, to be taken up again.

    :param names: ids or names of organizations in which the reader publishes
    :param kit: only for this one
    """
    found = []
    for name in names[:_MOST]:
        if not may("challenge_preparation_create", organization=name):
            continue
        listed = act("challenge_preparation_list", organization=name)
        found += [
            {
                "name": row["source_name"],
                "kit": row["kit_title"],
                "organization": row["organization_title"],
                "state": labels.state(row["state"]),
                "date": h.challenge_date(row["updated_at"]),
                "url": tk.h.url_for("challenge_preparation.read", id=row["id"]),
            }
            for row in listed["results"]
            if row["state"] != "published" and kit in (None, row["kit"])
        ]
    return found


def new_page(
    kit_name: str,
    params: Mapping[str, str],
    error: tk.ValidationError | None = None,
) -> dict[str, Any]:
    """What the page shows on which a spreadsheet is given.

    :param params: of the address, or what was typed: ``organization``, ``text``
    :param error: why the form was refused
    :raises tk.ObjectNotFound: no such kit, or none that has a schema to check by
    :raises tk.NotAuthorized: the reader publishes nowhere
    """
    mine = publishes_for()
    is_sysadmin = getattr(tk.current_user, "sysadmin", False)
    if not mine and not is_sysadmin:
        raise tk.NotAuthorized
    kit = act("challenge_kit_show", kit=kit_name)
    if not kit["columns"]:
        raise tk.ObjectNotFound(tk._("No spreadsheet can be prepared for this kit"))
    chosen = params.get("organization", "")
    if not chosen and len(mine) == 1:
        chosen = mine[0]["name"]
    names = sorted((row["title"] or row["name"], row["name"]) for row in mine)
    return {
        "kit": kit,
        "organization": chosen,
        "options": [(name, title) for title, name in names],
        "is_sysadmin": is_sysadmin,
        "begun": begun([chosen] if chosen else [n for _, n in names], kit["name"]),
        "text": params.get("text", ""),
        "errors": flat_errors(error.error_dict) if error else {},
        "labels": {
            "organization": tk._("Your organization"),
            "upload": tk._("Your spreadsheet"),
            "text": tk._("Or paste its cells here"),
        },
        "csrf": tk.h.csrf_input(),
        "urls": {
            "self": tk.h.url_for("challenge_preparation.new", kit=kit["name"]),
            "kit": tk.h.url_for("challenge.kit", kit=kit["name"]),
        },
    }
