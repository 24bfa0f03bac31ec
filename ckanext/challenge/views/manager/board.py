"""The participants' board: list and matrix of a season, to filter and to act from."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple
from urllib.parse import quote

import ckan.plugins.toolkit as tk
from markupsafe import Markup, escape
from werkzeug.datastructures import MultiDict

from ckanext.challenge import helpers as h
from ckanext.challenge.common.language import per_language
from ckanext.challenge.common.spreadsheets import FORMATS
from ckanext.challenge.domain import deeds
from ckanext.challenge.domain.lifecycle import (
    COHORT_ADMITTING,
    COHORT_OVER,
    PARTICIPANT,
    PARTICIPANT_COUNTED,
    STEP_UNDER_WAY,
)
from ckanext.challenge.views import participant_rows
from ckanext.challenge.views.common import (
    Pager,
    act,
    flash_refused,
    may,
    page_number,
)

from .deeds import buttons
from .layout import frame

#: Rows of one page.
SIZE = 40
#: The filters that stand on the page, and those behind “More filters”.
FIRST = ("q", "late", "adviser", "departement")
MORE = ("phase", "kind", "stalled", "badge", "opinion", "no_visit", "state")
FILTERS = (*FIRST, *MORE)
#: What an address of the board may say.
KEPT = (*FILTERS, "view", "columns", "sort", "order")

#: The two ways to look at it.
STEPS, LIST = "steps", "list"
_SORTS = ("name", "progress", "late", "activity")

_Row = Mapping[str, Any]


@dataclass(frozen=True)
class _Column:
    """A column that can be chosen.

    :ivar text: its heading
    :ivar cell: what stands in it, of a row
    :ivar number: whether it holds numbers
    """

    text: str
    cell: Callable[[_Row], str]
    number: bool = False


#: The columns that are there unasked.
_UNASKED = {
    STEPS: ("done", "adviser"),
    LIST: ("phase", "done", "late", "adviser", "activity", "last_visit", "days_left"),
}


@per_language
def _headings() -> dict[str, str]:
    """What stands over each column."""
    return {
        "phase": tk._("Stage"),
        "done": tk._("Steps done"),
        "late": tk._("Late steps"),
        "to_confirm": tk._("To confirm"),
        "adviser": tk._("Adviser"),
        "activity": tk._("Last activity"),
        "last_visit": tk._("Last visit"),
        "next_visit": tk._("Next visit"),
        "days_left": tk._("Days left"),
        "badges": tk._("Badges"),
        "kind": tk._("Kind"),
        "departement": tk._("Département"),
        "population": tk._("Inhabitants"),
        "joined": tk._("Joined on"),
    }


def _columns(phases: Mapping[str, str], kinds: Mapping[str, str]) -> dict[str, _Column]:
    """All columns by their names, in their order."""
    days: dict[str | None, str] = {}

    def day(name: str) -> Callable[[_Row], str]:
        def shown(row: _Row) -> str:
            value = row.get(name)
            value = value[:10] if value else None
            if value not in days:
                days[value] = h.challenge_date(value, "d MMM y") if value else ""
            return days[value]

        return shown

    def number(name: str) -> Callable[[_Row], str]:
        def shown(row: _Row) -> str:
            value = row.get(name)
            return "" if value is None else h.challenge_number(value)

        return shown

    cells: dict[str, tuple[Callable[[_Row], str], bool]] = {
        "phase": (lambda row: phases.get(row["current_phase"] or "", ""), False),
        "done": (lambda row: f"{row['steps_done']}/{row['steps_total']}", True),
        "late": (lambda row: str(row["late_steps"] or ""), True),
        "to_confirm": (
            lambda row: str(
                sum(cell["state"] == "to_confirm" for cell in row["steps"]) or ""
            ),
            True,
        ),
        "adviser": (lambda row: row["adviser"] or "", False),
        "activity": (day("last_activity_at"), False),
        "last_visit": (day("last_visit"), False),
        "next_visit": (day("next_visit"), False),
        "days_left": (number("days_left"), True),
        "badges": (number("badges"), True),
        "kind": (lambda row: kinds.get(row["kind"] or "", ""), False),
        "departement": (lambda row: h.challenge_departement(row["departement"]), False),
        "population": (number("population"), True),
        "joined": (day("joined_at"), False),
    }
    headings = _headings()
    return {name: _Column(headings[name], *look) for name, look in cells.items()}


def asked(params: Mapping[str, Any]) -> dict[str, str]:
    """What an address of the board says, each once; what it cannot say is left out."""
    kept = {key: params[key] for key in KEPT if params.get(key)}
    if isinstance(params, MultiDict) and (several := params.getlist("columns")):
        # A form sends each box that is ticked, a link all of them in one.
        kept["columns"] = ",".join(several)
    if kept.get("sort") not in _SORTS:
        kept.pop("sort", None)
    if kept.get("order") not in ("asc", "desc"):
        kept.pop("order", None)
    return kept


def filters_of(kept: Mapping[str, str]) -> dict[str, str]:
    """The filters in what an address says."""
    return {key: kept[key] for key in FILTERS if key in kept}


def board_page(name: str, params: Mapping[str, Any]) -> dict[str, Any]:
    """The participants of a season, as their team works with them.

    :param params: of the address: the filters, ``view``, ``columns``, ``sort``,
        ``order``, ``page``, and ``select`` to have all of the page ticked
    :raises tk.NotAuthorized: not staff of the season
    """
    kept = asked(params)
    page = page_number(params)
    found, kept = _what_holds(name, kept, page)
    season = found["season"]
    views = act("challenge_saved_view_list", cohort=season["id"])["results"]
    manages = may("challenge_cohort_update", id=season["id"])
    around = frame(season, "participants", manages)
    url = f"{around['url']}/participants"
    phases = {row["key"]: row["title"] for row in found["offered"]["phase"]}
    kinds = dict(h.challenge_kinds())
    known = _columns(phases, kinds)
    matrix = kept.get("view") != LIST
    chosen = [
        key for key in (kept.get("columns") or "").split(",") if key in known
    ] or list(_UNASKED[STEPS if matrix else LIST])
    here = url + h.challenge_query(kept, page=page if page > 1 else None)
    fields = _fields(found, kept, kinds)
    return {
        "frame": around,
        "cohort": season,
        "manages": manages,
        "count": found["count"],
        "rows": _lines(found, [known[key] for key in chosen], kinds, matrix),
        "columns": [known[key] for key in chosen],
        "all_columns": [(key, one.text, key in chosen) for key, one in known.items()],
        "matrix": _matrix(found, kept, url) if matrix else None,
        "writing": _writing(found, kept, f"{around['url']}/messages/new"),
        "figures": _figures(found["totals"], url, kept),
        "first": [fields[key] for key in FIRST],
        "more": [*(fields[key] for key in MORE), *_order(kept)],
        "more_used": sum(key in kept for key in MORE),
        "filtered": any(key in kept for key in FILTERS),
        "views": _views(url, kept, matrix),
        "kept_views": [_kept_view(row, url, kept, manages) for row in views],
        "view": kept.get("view", ""),
        "select": params.get("select") == "page",
        "pages": Pager(url, kept, found["count"], page, SIZE),
        "deeds": buttons(
            deeds.offered(manages=manages, over=season["state"] in COHORT_OVER)
        ),
        "csrf": tk.h.csrf_input(),
        "urls": {
            "self": url,
            "here": here,
            "select": f"{here}{'&' if '?' in here else '?'}select=page",
            "unfiltered": url + h.challenge_query({"view": kept.get("view")}),
            "batch": f"{url}/batch{h.challenge_query(kept)}",
            "keep": f"{url}/views{h.challenge_query(kept)}",
            "drop": f"{url}/views/delete{h.challenge_query(kept)}",
            "season": f"{around['url']}?tab=season",
            "messages": f"{around['url']}/messages",
            "import": f"{around['url']}/import"
            if manages and season["state"] in COHORT_ADMITTING
            else "",
            "exports": [
                (kind.upper(), f"{url}.{kind}{h.challenge_query(filters_of(kept))}")
                for kind in FORMATS
            ],
        },
    }


def _writing(
    found: Mapping[str, Any], kept: Mapping[str, str], url: str
) -> tuple[str, str] | None:
    """The door to a message to those in the list, or to those who are late; none where
    nobody is there, for those that left, and in the archive.

    :param url: of a new message
    """
    filters, count = filters_of(kept), found["count"]
    if found["season"]["state"] == "archived" or not count:
        return None
    if filters.get("state", PARTICIPANT.initial) not in PARTICIPANT_COUNTED:
        return None
    if not filters and found["totals"]["late"]:
        return tk._("Write to those who are late"), f"{url}?late=any"
    text = tk.ungettext(
        "Write to {number} collectivité", "Write to {number} collectivités", count
    )
    return (
        text.format(number=h.challenge_number(count)),
        url + h.challenge_query(filters),
    )


def _what_holds(
    name: str, kept: dict[str, str], page: int
) -> tuple[dict[str, Any], dict[str, str]]:
    """The board as an address asks for it, and what of the address holds.

    Somebody has left the team, or a newer programme has other steps: of an address that
    was kept, what still holds is shown, and the rest is said.
    """
    while True:
        try:
            return _found(name, kept, page), kept
        except tk.ValidationError as error:
            wrong = error.error_dict.keys() & kept.keys()
            if not wrong:
                raise
            flash_refused(error)
            kept = {key: value for key, value in kept.items() if key not in wrong}


def _found(name: str, kept: Mapping[str, str], page: int) -> dict[str, Any]:
    # One action for all of it: this page is opened many times a day.
    return act(
        "challenge_participant_board",
        cohort=name,
        filters=filters_of(kept),
        limit=SIZE,
        offset=SIZE * (page - 1),
        **{key: kept[key] for key in ("sort", "order") if key in kept},
    )


class _Line(NamedTuple):
    """A participant on the board; the template takes it apart, as that of a report.

    :ivar values: of each column what stands in it, whether it is a number, its heading
    """

    id: str
    url: str
    name: str
    choose: str
    meta: str
    stalled: bool
    values: list[tuple[str, bool, str]]
    cells: Markup | str


def _lines(
    found: Mapping[str, Any],
    columns: Sequence[_Column],
    kinds: Mapping[str, str],
    matrix: bool,
) -> list[_Line]:
    base = f"{participant_rows.cohort_url(found['season']['name'])}/"
    marks = _Marks({step["step"]: step["title"] for step in found["steps"]})
    choose = tk._("Choose {name}")
    places: dict[tuple[str | None, str | None], str] = {}
    lines = []
    for row in found["results"]:
        url = base + quote(row["organization_name"])
        place = row["kind"], row["departement"]
        if place not in places:
            told = kinds.get(place[0] or "", ""), h.challenge_departement(place[1])
            places[place] = " · ".join(part for part in told if part)
        lines.append(
            _Line(
                id=row["id"],
                url=url,
                name=row["organization_title"],
                choose=choose.format(name=row["organization_title"]),
                meta=places[place],
                stalled=row["stalled"],
                values=[(one.cell(row), one.number, one.text) for one in columns],
                cells=_cells(row["steps"], url, marks) if matrix else "",
            )
        )
    return lines


#: What stands in a cell for each state of a step, and its colour.
_SIGNS = {
    "done": ("✓", "done"),
    "waived": ("–", "quiet"),
    "to_confirm": ("?", "wait"),
    "in_progress": ("◐", "wait"),
    "planned": ("○", "quiet"),
    "todo": ("○", "quiet"),
}


@per_language
def _words_of_steps() -> dict[str, str]:
    """What a cell says for each state of a step, and where it is late."""
    return {
        "late": tk._("Late"),
        **{state: h.challenge_state("step", state)["label"] for state in _SIGNS},
    }


class _Marks(dict[tuple[str, str, bool], tuple[str, str]]):
    """What stands before and after the address of a participant in a cell: by the
    step, its state, and whether it is late. Each is put together once for the page.
    """

    def __init__(self, titles: Mapping[str, str]) -> None:
        super().__init__()
        self.titles = titles
        self.words = _words_of_steps()

    def __missing__(self, look: tuple[str, str, bool]) -> tuple[str, str]:
        step, state, late = look
        sign, tone = ("!", "late") if late else _SIGNS[state]
        text = self.words["late" if late else state]
        # On a small screen these alone are shown, with their names.
        named = late or state in STEP_UNDER_WAY
        label = f' data-label="{escape(self.titles[step])}"' if named else ""
        self[look] = (
            f'<td data-tone="{tone}"{label}><a href="',
            f'#step-{quote(step)}" aria-label="{escape(text)}">{sign}</a></td>',
        )
        return self[look]


def _cells(cells: Sequence[Mapping[str, Any]], url: str, marks: _Marks) -> Markup:
    """The cells of a row, each a door to its step.

    In one piece: there are sixteen in each of forty rows, and a template takes longer
    for them than all the rest of the page.
    """
    pieces: list[str] = []
    door = str(escape(url))
    for cell in cells:
        before, after = marks[cell["step"], cell["state"], cell["late"]]
        pieces += (before, door, after)
    return Markup("".join(pieces))


def _matrix(
    found: Mapping[str, Any], kept: Mapping[str, str], url: str
) -> dict[str, Any]:
    """The headings of the steps, and their totals."""
    numbers = participant_rows.phase_numbers(found["offered"]["phase"])
    totals = found["totals"]["steps"]
    steps = []
    for step in found["steps"]:
        counted = totals[step["step"]]
        late = counted["late"]
        steps.append(
            {
                "title": step["title"],
                "due": h.challenge_date(step["due"], "d MMM") if step["due"] else "",
                # As the report counts them: a step that was waived is not done.
                "done": h.challenge_number(counted["done"]),
                "waived": h.challenge_number(counted["waived"])
                if counted["waived"]
                else "",
                "late": h.challenge_number(late) if late else "",
                "late_url": url + h.challenge_query(kept, late=step["step"], page=None)
                if late
                else "",
            }
        )
    phases = [
        {
            "title": phase["title"],
            "number": numbers[phase["key"]],
            "span": sum(step["phase"] == phase["key"] for step in found["steps"]),
        }
        for phase in found["offered"]["phase"]
    ]
    return {
        "steps": steps,
        "phases": [phase for phase in phases if phase["span"]],
        "waives": any(step["waived"] for step in steps),
    }


def _figures(
    totals: Mapping[str, Any], url: str, kept: Mapping[str, str]
) -> list[dict[str, str]]:
    """What is to be known of all that are listed, each a door to those it counts."""
    number = totals["participants"]
    shown = [
        (
            tk.ungettext("{number} collectivité", "{number} collectivités", number),
            number,
            {},
        ),
        (
            tk.ungettext("{number} is late", "{number} are late", totals["late"]),
            totals["late"],
            {"late": "any"},
        ),
        (
            tk.ungettext(
                "{number} without news", "{number} without news", totals["stalled"]
            ),
            totals["stalled"],
            {"stalled": "true"},
        ),
        (
            tk.ungettext(
                "{number} without an adviser",
                "{number} without an adviser",
                totals["unassigned"],
            ),
            totals["unassigned"],
            {"adviser": "none"},
        ),
    ]
    return [
        {
            "text": text.format(number=h.challenge_number(count)),
            "url": url + h.challenge_query({**kept, **narrower})
            if narrower and count
            else "",
        }
        for text, count, narrower in shown
    ]


def _views(url: str, kept: Mapping[str, str], matrix: bool) -> list[dict[str, Any]]:
    """The two ways to look at it; each has its own columns."""
    return [
        {
            "text": text,
            "url": url + h.challenge_query(kept, view=view, columns=None),
            "current": current,
        }
        for text, view, current in (
            (tk._("Steps"), "", matrix),
            (tk._("List"), LIST, not matrix),
        )
    ]


def _kept_view(
    row: Mapping[str, Any], url: str, kept: Mapping[str, str], manages: bool
) -> dict[str, Any]:
    """A view that somebody keeps, as a link."""
    return {
        "id": row["id"],
        "title": row["title"],
        "url": url + h.challenge_query(row["query"]),
        "current": row["query"] == dict(kept),
        "owner": "" if row["own"] else row["owner"],
        "removable": row["own"] or (manages and row["shared"]),
    }


@per_language
def _labels() -> dict[str, str]:
    """What each filter is called, in their order."""
    return {
        "q": tk._("Name or SIREN"),
        "late": tk._("Late with"),
        "adviser": tk._("Adviser"),
        "departement": tk._("Département"),
        "phase": tk._("Stage"),
        "kind": tk._("Kind"),
        "stalled": tk._("News"),
        "badge": tk._("Holds the badge"),
        "opinion": tk._("Opinion"),
        "no_visit": tk._("No visit for (days)"),
        "state": tk._("State"),
    }


@per_language
def _choices() -> dict[str, list[tuple[str, str]]]:
    """What each filter offers in every season, before what there is in one."""
    all_ = ("", tk._("All"))
    return {
        "late": [all_, ("any", tk._("Any step"))],
        "adviser": [all_, ("none", tk._("Without an adviser"))],
        "departement": [all_],
        "phase": [all_],
        "opinion": [
            all_,
            ("none", tk._("Without an opinion")),
            ("given", tk._("Given")),
        ],
        "kind": [all_],
        "stalled": [
            all_,
            ("true", tk._("Without news")),
            ("false", tk._("With news")),
        ],
        "badge": [all_],
        "state": [
            ("", tk._("All that take part")),
            *(
                (state, h.challenge_state("participant", state)["label"])
                for state in PARTICIPANT.states
            ),
        ],
    }


def _fields(
    found: Mapping[str, Any], kept: Mapping[str, str], kinds: Mapping[str, str]
) -> dict[str, dict[str, Any]]:
    """The filters, by their names."""
    offered = found["offered"]
    there = {
        "late": [(step["step"], step["title"]) for step in found["steps"]],
        "adviser": [(person["id"], person["name"]) for person in offered["advisers"]],
        "departement": [
            (code, h.challenge_departement(code)) for code in offered["departement"]
        ],
        "phase": [(row["key"], row["title"]) for row in offered["phase"]],
        "kind": [pair for pair in kinds.items() if pair[0] in offered["kind"]],
        "badge": [(row["key"], row["title"]) for row in offered["badge"]],
    }
    choices = {
        name: [*always, *there.get(name, ())] for name, always in _choices().items()
    }
    return {
        name: {
            "name": name,
            "label": label,
            "value": kept.get(name, ""),
            **({"options": choices[name]} if name in choices else {}),
        }
        for name, label in _labels().items()
    }


@per_language
def _sorts() -> tuple[str, list[tuple[str, str]]]:
    """What a list can be sorted by, under its label."""
    return tk._("Sort by"), [
        ("name", tk._("Name of the collectivité")),
        ("progress", tk._("Progress")),
        ("late", tk._("Late steps")),
        ("activity", tk._("Longest without news")),
    ]


def _order(kept: Mapping[str, str]) -> list[dict[str, Any]]:
    label, choices = _sorts()
    return [
        {
            "name": "sort",
            "label": label,
            "value": kept.get("sort", "name"),
            "options": choices,
        }
    ]
