"""Whom the team of a season looks after, and who waits for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

import ckan.plugins.toolkit as tk

from ckanext.challenge import helpers as h
from ckanext.challenge.domain.names import sort_key
from ckanext.challenge.views import participant_rows
from ckanext.challenge.views.common import Pager, act, may, page_number
from ckanext.challenge.views.visit_words import days

from .layout import frame
from .week import why

#: What of the address a form keeps.
KEPT = ("who", "page")
NOTHING_SENT: dict[str, Any] = {"form": "", "errors": {}, "reason": ""}

PARTICIPANTS = 50
#: How many steps to be confirmed stand on the page, each with its form.
_TO_CONFIRM = 20
# Words of the filter that are no user.
_MINE, _ALL, _NOBODY = "mine", "all", "nobody"


def form_name(participant: str, step: str) -> str:
    """What the fields of the answer to a step begin with."""
    return f"{participant}-{step}"


def accompaniment_page(
    name: str, params: Mapping[str, str], sent: Mapping[str, Any] = NOTHING_SENT
) -> dict[str, Any]:
    """The participants of a season, those first to whom an answer is owed.

    :param params: of the address: ``who`` (``mine``, ``all``, ``nobody`` or the id of
        an adviser) and ``page``
    :param sent: the answer to a step that was just refused
    :raises tk.NotAuthorized: not staff of the season
    """
    cohort = act("challenge_cohort_show", id=name)
    team = team_of(cohort)
    manages = may("challenge_cohort_update", id=cohort["id"])
    who = _who(params.get("who", ""), team, manages)
    page = page_number(params)
    asked: dict[str, Any] = {}
    if who == _NOBODY:
        asked["unassigned"] = True
    elif who != _ALL:
        asked["adviser"] = tk.current_user.id if who == _MINE else who
    found = act(
        "challenge_accompaniment_list",
        cohort=cohort["id"],
        limit=PARTICIPANTS,
        offset=PARTICIPANTS * (page - 1),
        **asked,
    )
    around = frame(cohort, "accompaniment", manages)
    url = f"{around['url']}/accompaniment"
    prefix = f"{participant_rows.cohort_url(cohort['name'])}/"
    kept = tk.h.challenge_query({"who": who, "page": params.get("page")})
    waiting = found["waiting"]
    return {
        "frame": around,
        "cohort": cohort,
        "manages": manages,
        "filters": [_filter(who, team, manages)],
        "mine": who == _MINE,
        "figures": _figures(found["figures"]),
        "waiting": [_to_confirm(row, prefix, sent) for row in waiting[:_TO_CONFIRM]],
        "more_waiting": max(0, len(waiting) - _TO_CONFIRM),
        "messages": [
            {
                **row["message"],
                "when": h.challenge_datetime(row["message"]["created_at"]),
                "organization": row["organization_title"],
                "url": f"{prefix}{quote(row['organization_name'])}#conversation",
            }
            for row in found["results"]
            if row.get("message")
        ],
        "rows": [_row(row, prefix) for row in found["results"]],
        "count": found["count"],
        "team": team,
        "pages": Pager(url, {"who": who}, found["count"], page, PARTICIPANTS),
        "csrf": tk.h.csrf_input(),
        "urls": {
            "self": url,
            "form": f"{url}{kept}",
            "assign": f"{url}/assign{kept}",
            "all": f"{url}?who={_ALL}",
            "staff": f"{around['url']}/staff",
        },
    }


def team_of(cohort: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The people of the team, ``(id, name)``, each once."""
    rows = act("challenge_staff_list", cohort=cohort["id"], limit=1000)["results"]
    people = {row["user_id"]: row["display_name"] for row in rows}
    return sorted(people.items(), key=lambda pair: sort_key(pair[1]))


def _who(asked: str, team: Sequence[tuple[str, str]], manages: bool) -> str:
    """Whose participants are shown: an adviser begins with the own ones."""
    known = [id_ for id_, _ in team]
    choices = {_ALL, _NOBODY, *known}
    if tk.current_user.id in known:
        choices.add(_MINE)
    if asked in choices:
        return asked
    return _ALL if manages or _MINE not in choices else _MINE


def _filter(who: str, team: Sequence[tuple[str, str]], manages: bool) -> dict[str, Any]:
    me = tk.current_user.id
    choices = [(_MINE, tk._("My collectivités"))] if me in dict(team) else []
    choices.append((_ALL, tk._("All collectivités")))
    if manages:
        choices += [(id_, name) for id_, name in team if id_ != me]
        choices.append((_NOBODY, tk._("Without an adviser")))
    return {
        "name": "who",
        "label": tk._("Who accompanies them"),
        "value": who,
        "options": choices,
    }


def _figures(figures: Mapping[str, Any]) -> list[tuple[str, str]]:
    shown = [
        (figures["waiting"], tk._("steps to confirm")),
        (figures["unanswered"], tk._("messages to answer")),
        (figures["late"], tk._("collectivités with late steps")),
        (figures["stalled"], tk._("collectivités to ask after")),
    ]
    if figures["days_left"] is not None:
        shown.append((figures["days_left"], tk._("days of support left")))
    return [(h.challenge_number(number), text) for number, text in shown]


def _to_confirm(
    row: Mapping[str, Any], prefix: str, sent: Mapping[str, Any]
) -> dict[str, Any]:
    name = form_name(row["participant"], row["step"])
    url = f"{prefix}{quote(row['organization_name'])}"
    mine = sent["form"] == name
    evidence = None
    if row["evidence_file"]:
        evidence = (f"{url}/step/{quote(row['step'])}/file", row["evidence_name"])
    elif row["evidence_url"]:
        evidence = (row["evidence_url"], row["evidence_url"])
    return {
        **row,
        "form": name,
        "url": f"{url}#step-{quote(row['step'])}",
        "when": h.challenge_date(row["updated_at"], "d MMMM"),
        "evidence": evidence,
        "reason": sent["reason"] if mine else "",
        "errors": sent["errors"] if mine else {},
    }


def _row(row: Mapping[str, Any], prefix: str) -> dict[str, Any]:
    left = row.get("days_left")
    return {
        **row,
        "url": f"{prefix}{quote(row['organization_name'])}",
        "done": f"{row['steps_done']}/{row['steps_total']}",
        "why": why({**row, "since": row["last_activity_at"] or row["joined_at"]}),
        "activity": h.challenge_date(row["last_activity_at"] or row["joined_at"]),
        "left": "" if left is None else days(left),
        "next_visit": h.challenge_date(row["next_visit"], "d MMMM")
        if row.get("next_visit")
        else "",
    }
