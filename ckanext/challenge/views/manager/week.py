"""The first page of those who run seasons: what waits for them, and what moved."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

import ckan.plugins.toolkit as tk

from ckanext.challenge import config
from ckanext.challenge import helpers as h
from ckanext.challenge.agenda import labels
from ckanext.challenge.common import proxy_watch, roles, set_aside, shield
from ckanext.challenge.common.once import once
from ckanext.challenge.domain import agenda as rules
from ckanext.challenge.views.common import Pager, act, may, page_number

from .layout import manager_url

#: What of the address a form keeps.
KEPT = ("kind", "page", "who")

#: How many of each kind stand on the page, how many where one kind is read alone, and
#: how many stand in each other list.
_FEW, _MANY, _LISTED = 5, 50, 20
#: Under which the page keeps for its header what it has counted.
_COUNTED = "challenge_waits"


def challenge_week() -> dict[str, Any] | None:
    """What the header says of the week of who runs a season.

    Asked once for a request; nothing for everybody else.

    :returns: ``name``, ``number`` (of what waits, in words; empty for nothing) and
        ``text``, which has both
    """
    if not roles.places().team:
        return None
    number = once(("week", tk.current_user.name), _count)
    if number is None:
        return None
    name, words = tk._("My week"), h.challenge_number(number) if number else ""
    text = tk._("My week ({number})").format(number=words) if number else name
    return {"name": name, "number": words, "text": text}


@shield.shielded(lambda: None)
def _count() -> int | None:
    if hasattr(tk.g, _COUNTED):
        return getattr(tk.g, _COUNTED)
    return act("challenge_agenda_count")["count"]


def week_page(params: Mapping[str, str]) -> dict[str, Any]:
    """What waits for the reader, across seasons.

    :param params: of the address: ``who`` (``all`` or, unless said, what is the
        reader's), ``kind`` and ``page``
    :raises tk.NotAuthorized: on the team of no season, and none to create
    """
    kind = params.get("kind") if params.get("kind") in rules.KINDS else None
    mine = params.get("who") != "all"
    page = page_number(params)
    asked = {"kind": kind} if kind else {}
    week = act(
        "challenge_agenda_show",
        mine=mine,
        limit=_MANY if kind else _LISTED,
        offset=_MANY * (page - 1) if kind else 0,
        **asked,
    )
    base = manager_url()
    counts, own = week["counts"], week["mine"]
    setattr(tk.g, _COUNTED, sum(own.values()))
    others = sum(counts.values()) - sum(own.values())
    creates = may("challenge_cohort_create")
    return {
        "day": h.challenge_date(config.today(), "full"),
        "total": sum((own if mine else counts).values()),
        "total_words": h.challenge_number(sum((own if mine else counts).values())),
        "scopes": [
            (tk._("Mine"), sum(own.values()), base, mine),
            (tk._("The whole team"), sum(counts.values()), f"{base}?who=all", not mine),
        ]
        if others
        else [],
        "groups": _groups(week, kind, mine, base),
        "kind": kind,
        "settle_url": f"{base}/settle"
        + tk.h.challenge_query({key: params.get(key) for key in KEPT}),
        "kept": tk.h.challenge_query({"who": None if mine else "all"}),
        "pages": Pager(
            base,
            {"kind": kind or "", "who": "" if mine else "all"},
            week["rows"].get(kind, 0),
            page,
            _MANY,
        )
        if kind
        else None,
        "planned": [_planned(row) for row in week["planned"]],
        "stalled": _people(week["stalled"], why),
        "without_reply": _people(week["without_reply"], _unread),
        "moved": [_moved(row) for row in week["moved"]["results"]],
        "more_moved": week["moved"]["count"] - len(week["moved"]["results"]),
        "seasons": [
            {**season, "url": f"{base}/{season['name']}"} for season in week["seasons"]
        ],
        "silent": [_silent(row) for row in week["silent"]],
        "weekdays": labels.weekdays(),
        "weekday": act("challenge_digest_show")["weekday"],
        "csrf": tk.h.csrf_input(),
        "url": base,
        **_portal(creates, base),
    }


def _portal(creates: bool, base: str) -> dict[str, Any]:
    """What those who run the portal should know, and where else one goes."""
    # What concerns the portal itself is for those who run it.
    runs_portal = may("challenge_key_list")
    return {
        "creates": creates,
        "new_url": f"{base}/new",
        "doctor_url": f"{base}/doctor" if runs_portal else "",
        "matches_url": f"{base}/matches" if may("challenge_match_list") else "",
        "merges_url": f"{base}/merges" if may("challenge_merge_list") else "",
        "set_aside": set_aside.listed() if runs_portal else [],
        "no_addresses": runs_portal and proxy_watch.is_blind(),
        "unsigned": _unsigned() if runs_portal else None,
        # Goes through all datasets of the portal: only for who asks for it.
        "europe": act("challenge_mqa_show")
        if runs_portal and tk.request.args.get("europe")
        else None,
        "europe_url": f"{base}?europe=1#europe" if runs_portal else "",
    }


def _unsigned() -> str | None:
    """What is said of badges that await their signature, to who can mend it."""
    number = act("challenge_key_list")["waiting"]
    if not number:
        return None
    return tk.ungettext(
        "{number} badge is not signed, so nobody else can verify it. If this lasts, "
        "“ckan challenge keys list” says why on the server.",
        "{number} badges are not signed, so nobody else can verify them. If this "
        "lasts, “ckan challenge keys list” says why on the server.",
        number,
    ).format(number=h.challenge_number(number))


def _groups(
    week: Mapping[str, Any], kind: str | None, mine: bool, base: str
) -> list[dict[str, Any]]:
    """What waits, by kind, in the order in which it is answered."""
    words, actions = labels.kinds(), labels.actions()
    counts = week["mine"] if mine else week["counts"]
    found = []
    for name in rules.KINDS:
        rows = [row for row in week["results"] if row["kind"] == name]
        rows = rows if kind else rows[:_FEW]
        if not rows or kind not in (None, name):
            continue
        found.append(
            {
                "kind": name,
                "title": words[name],
                "number": h.challenge_number(counts[name]),
                "rows": [{**_waits(row), "action": actions[name]} for row in rows],
                # What is counted together stands in one line.
                "more": 0 if kind else week["rows"][name] - len(rows),
                "url": base
                + tk.h.challenge_query({"kind": name, "who": None if mine else "all"}),
            }
        )
    return found


def _waits(row: Mapping[str, Any]) -> dict[str, Any]:
    named = row["organization_title"]
    if row["kind"] == "mail_failed":
        named = tk.ungettext(
            "{number} mail was given up", "{number} mails were given up", row["number"]
        ).format(number=h.challenge_number(row["number"]))
    elif row["kind"] == "match":
        named = tk.ungettext(
            "{number} organization", "{number} organizations", row["number"]
        ).format(number=h.challenge_number(row["number"]))
    return {**row, "name": named, "since_words": ago(row["since"])}


def ago(moment: Any) -> str:
    """Since when something waits, in words."""
    days = -h.challenge_days_until(moment)
    if days < 1:
        return tk._("since today")
    if days == 1:
        return tk._("since yesterday")
    return tk.ungettext("for {number} day", "for {number} days", days).format(
        number=h.challenge_number(days)
    )


def _people(found: Mapping[str, Any], words: Any) -> dict[str, Any]:
    rows = [{**row, "words": words(row)} for row in found["results"]]
    return {"rows": rows, "count": found["count"], "more": found["count"] - len(rows)}


def why(row: Mapping[str, Any]) -> str:
    """Why a participant is to be asked after, in words.

    :param row: has ``reasons``, ``since`` and ``late_steps``
    """
    said = []
    if "never" in row["reasons"]:
        said.append(tk._("nobody has signed in yet"))
    if "silent" in row["reasons"]:
        days = -h.challenge_days_until(row["since"])
        said.append(
            tk.ungettext("no news for {number} day", "no news for {number} days", days)
        )
        said[-1] = said[-1].format(number=h.challenge_number(days))
    if "late" in row["reasons"]:
        late = row["late_steps"]
        said.append(
            tk.ungettext("{number} step is late", "{number} steps are late", late)
        )
        said[-1] = said[-1].format(number=h.challenge_number(late))
    return ", ".join(said)


def _unread(row: Mapping[str, Any]) -> str:
    text = (
        tk._("read, not answered: your message of {date}")
        if row["read"]
        else tk._("not read: your message of {date}")
    )
    return text.format(date=h.challenge_date(row["since"], "d MMMM"))


def _planned(row: Mapping[str, Any]) -> dict[str, Any]:
    about = {
        "visit": lambda: row["topic"],
        "deadline": lambda: row["cohort_title"],
        "step": lambda: tk.ungettext(
            "{number} of {total} collectivité has yet to do it",
            "{number} of {total} collectivités have yet to do it",
            row["left"],
        ).format(
            number=h.challenge_number(row["left"]),
            total=h.challenge_number(row["participants"]),
        ),
    }[row["kind"]]()
    date = dt.date.fromisoformat(row["date"])
    return {
        **row,
        "name": labels.planned(row),
        "about": about,
        "when": h.challenge_date(date, "EEEE d MMMM"),
    }


def _silent(row: Mapping[str, Any]) -> str:
    return labels.silent()[row["name"]].format(date=h.challenge_datetime(row["since"]))


def _moved(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        **row,
        "text": labels.moved(row),
        "when": h.challenge_date(row["at"], "d MMMM"),
    }
