"""Who runs a season."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import ckan.plugins.toolkit as tk

from ckanext.challenge import helpers as h
from ckanext.challenge.views.common import act, context, may

from .layout import settings_page


def _roles() -> dict[str, str]:
    return {"manager": tk._("Manager"), "adviser": tk._("Adviser")}


def _team(cohort: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Who has a role in a season, and whose role ``waits``."""
    team = act("challenge_staff_list", cohort=cohort["id"], limit=1000)
    return [
        *team["results"],
        *({**one, "waits": True} for one in team["waiting"]),
    ]


def removal_page(name: str, id_: str) -> dict[str, Any]:
    """What taking a role back does, to be read before it is done.

    :param name: of the season
    :param id_: of the role
    :raises tk.NotAuthorized: to somebody who may not take it back
    :raises tk.ObjectNotFound: no such role in this season
    """
    page = settings_page(name, "staff", "challenge_staff_create")
    for one in _team(page["cohort"]):
        if one["id"] == id_:
            break
    else:
        raise tk.ObjectNotFound()
    tk.check_access(
        "challenge_staff_delete",
        context(),
        {"cohort": one["cohort_id"], "role": one["role"]},
    )
    back = page["urls"]["self"]
    invited = bool(one.get("invited_at"))
    heading = (
        tk._("Take back the invitation of {name} ({role})")
        if invited
        else tk._("Remove {name} ({role})")
    )
    return {
        **page,
        "heading": heading.format(
            name=one.get("email") or one["display_name"], role=_roles()[one["role"]]
        ),
        "crumbs": [(tk._("Team"), back)],
        "deeds": _left_behind(one),
        "hidden": [],
        "button": tk._("Take the invitation back") if invited else tk._("Remove"),
        "back": back,
    }


def _left_behind(one: Mapping[str, Any]) -> list[str]:
    """What somebody who leaves the team leaves without anybody."""
    if one.get("invited_at"):
        text = tk._(
            "The link that was mailed opens nothing any more, and the account that "
            "nobody opened is deleted."
        )
    elif one.get("waits"):
        text = tk._("The role is no longer given once the address is proved.")
    else:
        text = tk._("This account sees no more of the season than anybody does.")
    texts = [text]
    if number := one.get("advised", 0):
        texts.append(
            tk.ungettext(
                "{number} collectivité loses its adviser: give it to somebody else.",
                "{number} collectivités lose their adviser: give them to somebody "
                "else.",
                number,
            ).format(number=h.challenge_number(number))
        )
    if number := one.get("reads", 0):
        texts.append(
            tk.ungettext(
                "{number} application without an answer loses its reader.",
                "{number} applications without an answer lose their reader.",
                number,
            ).format(number=h.challenge_number(number))
        )
    return texts


def _invited(one: Mapping[str, Any]) -> str:
    """What is said of somebody who was invited and has not come; else nothing."""
    if not one.get("invited_at"):
        return ""
    return tk._(
        "Invited on {date}: nobody has opened this account yet. The link ends on "
        "{last}."
    ).format(
        date=h.challenge_date(one["invited_at"]),
        last=h.challenge_date(one["invited_until"]),
    )


def invited_again(name: str, id_: str) -> str:
    """Mail the link again to somebody who was invited and has not come.

    :param name: of the season
    :param id_: of the role
    :returns: the address it goes to
    :raises tk.NotAuthorized: one may not invite into this team
    :raises tk.ObjectNotFound: nobody is invited there any more
    :raises tk.ValidationError: too many were invited
    """
    cohort = act("challenge_cohort_show", id=name, include_figures=False)
    # The least that one may invite; whoever it is, the action asks again.
    least = {"cohort": cohort["id"], "role": "adviser"}
    tk.check_access("challenge_staff_invite", context(), least)
    for one in _team(cohort):
        if one["id"] == id_ and one.get("email"):
            break
    else:
        raise tk.ObjectNotFound()
    act(
        "challenge_staff_invite",
        cohort=cohort["id"],
        email=one["email"],
        role=one["role"],
    )
    return str(one["email"])


def staff_page(
    name: str,
    typed: Mapping[str, Any] | None = None,
    errors: Mapping[str, list[str]] | None = None,
) -> dict[str, Any]:
    """The managers and advisers of a season, and a form to name others.

    :param typed: what was typed, when it was refused
    :param errors: of that, by field
    """
    page = settings_page(name, "staff", "challenge_staff_create")
    cohort = page["cohort"]
    roles = _roles()
    allowed = [
        (role, text)
        for role, text in roles.items()
        if may("challenge_staff_create", cohort=cohort["id"], role=role)
    ]
    return {
        **page,
        "heading": tk._("Team"),
        "people": [
            {
                **one,
                "role_text": roles[one["role"]],
                "since": h.challenge_date(one["since"]),
                "name": one.get("email") or one["display_name"],
                "invited": _invited(one),
                "again_url": f"{page['urls']['self']}/{one['id']}/again"
                if one.get("email") and one["role"] in dict(allowed)
                else "",
                "delete_url": f"{page['urls']['self']}/{one['id']}/delete"
                if one["role"] in dict(allowed)
                else "",
            }
            for one in sorted(_team(cohort), key=lambda one: one["role"] != "manager")
        ],
        "roles": allowed,
        "typed": {"role": "adviser", **(typed or {})},
        "errors": errors or {},
        "labels": {
            "user": tk._("Name of the account, or e-mail address"),
            "role": tk._("Role on the team"),
        },
    }
