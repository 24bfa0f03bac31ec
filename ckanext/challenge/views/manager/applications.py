"""The applications to a season: who needs me?"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import ckan.plugins.toolkit as tk

from ckanext.challenge import helpers as h
from ckanext.challenge.applications import labels as application_labels
from ckanext.challenge.common import language
from ckanext.challenge.common.spreadsheets import FORMATS
from ckanext.challenge.domain import lifecycle, questions
from ckanext.challenge.views.application_values import answer_text
from ckanext.challenge.views.common import Pager, act, options, page_number

from .layout import frame
from .scores import short_text

#: Rows of one page: what somebody decides on in an afternoon.
SIZE = 40
FILTERS = ("q", "kind", "departement", "obligation", "reviewer", "reading")
#: What an address of the list may say, and the page of a file keeps.
KEPT = ("state", *FILTERS, "columns", "pending", "sort", "order")
#: How an address names the answer that is looked for.
_ANSWERS = "answers-"

#: The states of what waits for the team: shown when nothing else is asked for.
TO_DECIDE = "submitted,in_review"
ALL = "all"
_TABS = (
    TO_DECIDE,
    "changes_requested",
    "waitlisted",
    "accepted",
    "refused",
    "withdrawn",
    "draft",
)
#: The columns that sort the list, and the direction in which they begin.
_SORTS = {
    "name": "asc",
    "population": "desc",
    "submitted": "asc",
    "score": "desc",
    "state": "asc",
}


def kept_filters(params: Mapping[str, str]) -> dict[str, str]:
    """What an address of the list says, of what every link on it keeps."""
    kept = {key: params.get(key, "") for key in KEPT}
    # One box for each column: several of one name.
    chosen = getattr(params, "getlist", lambda name: [params.get(name, "")])("columns")
    kept["columns"] = ",".join(filter(None, chosen))
    return kept | {
        key: value
        for key, value in params.items()
        if key.startswith(_ANSWERS) and value
    }


def chosen_filters(params: Mapping[str, str]) -> dict[str, Any]:
    """What an address asks of ``challenge_application_list``."""
    asked: dict[str, Any] = {
        key: value
        for key, value in kept_filters(params).items()
        if value and key != "columns"
    }
    if asked.get("pending"):
        asked.pop("state", None)
    elif asked.get("state") == ALL:
        del asked["state"]
    else:
        asked.setdefault("state", TO_DECIDE)
    return asked


def reviewers(cohort: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Who may read applications to the season: ids and names."""
    staff = act("challenge_staff_list", cohort=cohort["id"], limit=1000)["results"]
    return [
        (row["user_id"], row["display_name"])
        for row in staff
        if row["role"] == "manager"
    ]


def _tabs(
    found: Mapping[str, Any], params: Mapping[str, str], url: str
) -> list[dict[str, Any]]:
    """The states as a row of links with their numbers."""
    numbers: Mapping[str, int] = found["facets"]["state"]
    kept = kept_filters(params) | {"state": "", "pending": ""}
    asked = chosen_filters(params)
    words = {
        TO_DECIDE: tk._("To decide {number}"),
        **application_labels.counted(numbers),
    }
    tabs = []
    for states in _TABS:
        number = sum(numbers.get(state, 0) for state in states.split(","))
        current = asked.get("state") == states
        # Who has a draft is nobody's business but a sysadmin's.
        if states == "draft" and not (number or current):
            continue
        query = h.challenge_query(kept, state="" if states == TO_DECIDE else states)
        tabs.append(
            {
                "text": words[states],
                "number": number,
                "url": url + query,
                "current": current,
            }
        )
    tabs.append(
        {
            "text": tk._("All {number}"),
            "number": sum(numbers.values()),
            "url": url + h.challenge_query(kept, state=ALL),
            "current": "state" not in asked and not asked.get("pending"),
        }
    )
    return tabs


def _filters(
    found: Mapping[str, Any],
    params: Mapping[str, str],
    people: Sequence[tuple[str, str]],
) -> list[dict[str, Any]]:
    offered = {
        "kind": options(tk._("All kinds"), h.challenge_kinds()),
        "departement": options(
            tk._("All départements"),
            [
                (code, h.challenge_departement(code))
                for code in found["facets"]["departement"]
            ],
        ),
        "obligation": options(
            tk._("All"), list(application_labels.obligations().items())
        ),
        "reviewer": options(
            tk._("All"), [("me", tk._("Me")), ("none", tk._("Not assigned")), *people]
        ),
    }
    words = {
        "kind": tk._("Kind"),
        "departement": tk._("Département"),
        "obligation": tk._("Duty to publish"),
        "reviewer": tk._("Read by"),
        "reading": tk._("My scores"),
    }
    if found["season"]["reading"]:
        offered["reading"] = options(
            tk._("All"), list(application_labels.parts().items())
        )
    return [
        {
            "name": "q",
            "label": tk._("Name, SIREN, contact…"),
            "value": params.get("q", ""),
        },
        *(
            {
                "name": name,
                "label": words[name],
                "value": params.get(name, ""),
                "options": choices,
            }
            for name, choices in offered.items()
        ),
    ]


def _headings(params: Mapping[str, str], url: str) -> dict[str, tuple[str, str]]:
    """For each column that sorts, its link and how it sorts now."""
    waiting = params.get("state") == "waitlisted"
    sort = params.get("sort") or ("state" if waiting else "submitted")
    order = params.get("order") or _SORTS.get(sort, "asc")
    kept = kept_filters(params)
    found = {}
    for name, begins in _SORTS.items():
        now = order if name == sort else ""
        after = begins if not now else "desc" if now == "asc" else "asc"
        query = h.challenge_query(kept, sort=name, order=after)
        aria = {"asc": "ascending", "desc": "descending"}.get(now, "none")
        found[name] = (url + query, aria)
    return found


def _rows(
    found: Mapping[str, Any],
    base: str,
    query: str,
    people: Mapping[str, str],
    columns: Collection[str],
) -> list[dict[str, Any]]:
    # The same few words stand in many rows.
    states = {
        state: h.challenge_state("application", state)
        for state in {row["state"] for row in found["results"]}
    }
    kinds = dict(h.challenge_kinds())
    spoken = language.current()
    duties = application_labels.obligations()
    parts = application_labels.parts() if found["season"]["reading"] else {}
    asked = [
        question
        for question in found["season"]["questions"]
        if question["key"] in columns
    ]
    kept = any(row["pending_decision"] for row in found["results"])
    decided = application_labels.decided() if kept else {}
    rows = []
    for row in found["results"]:
        pending = row["pending_decision"]
        rows.append(
            {
                "id": row["id"],
                "url": f"{base}/{row['id']}{query}",
                "name": row["organization_title"],
                "meta": " · ".join(
                    part
                    for part in (
                        row["reference"],
                        kinds.get(row["kind"]),
                        h.challenge_departement(row["departement"]),
                    )
                    if part
                ),
                "population": h.number_in(row["population"], spoken),
                "duty": duties[row["obligation"]],
                "date": h.challenge_date(row["submitted_at"], "d MMM y"),
                "reader": people.get(row["reviewer_id"] or "", ""),
                "state": states[row["state"]],
                "score": _score(row, parts),
                "answers": [
                    answer_text(question, row["answers"].get(question["key"]))
                    for question in asked
                ],
                "rank": row["waitlist_rank"],
                "pending": tk._("{decision} (to publish)").format(
                    decision=decided[pending["decision"]]
                )
                if pending
                else "",
            }
        )
    return rows


def _asked(cohort: Mapping[str, Any], kept: Mapping[str, str]) -> list[dict[str, Any]]:
    """The season's own questions, to choose by their answers and to show them."""
    columns = kept["columns"].split(",")
    found = []
    for question in questions.read(cohort["questions"]):
        name = f"{_ANSWERS}{question.key}"
        row = question.as_dict()
        offered = [
            (str(value).lower(), tk._("Yes") if value else tk._("No"))
            if isinstance(value, bool)
            else (value, question.label_of(value, language.current()))
            for value in questions.answers_of(question)
        ]
        found.append(
            {
                "key": question.key,
                "name": name,
                "label": application_labels.in_words(row),
                "value": kept.get(name, ""),
                "options": options(tk._("Whatever the answer"), offered)
                if offered
                else [],
                "shown": question.key in columns,
            }
        )
    return found


def _score(row: Mapping[str, Any], parts: Mapping[str, str]) -> str:
    """What the reader sees of the scores of an application."""
    if not parts:
        return ""
    return short_text(row["score"]) if row["score"] else parts[row["part"]]


def applications_page(cohort_name: str, params: Mapping[str, str]) -> dict[str, Any]:
    """A list of applications, to choose from and to decide on.

    :param params: of the address: the filters, ``sort``, ``order``, ``page``, and
        ``select`` to have all of the page ticked
    :raises tk.NotAuthorized: not a manager of the season
    """
    page = page_number(params)
    kept = kept_filters(params)
    # One action for all of it: this page is opened more than any other of the desk.
    found = act(
        "challenge_application_list",
        cohort=cohort_name,
        limit=SIZE,
        offset=SIZE * (page - 1),
        **({"columns": kept["columns"]} if kept["columns"] else {}),
        **chosen_filters(params),
    )
    cohort = found["season"]
    people = [(user["id"], user["name"]) for user in found["reviewers"]]
    around = frame(cohort, "applications")
    url = f"{around['url']}/applications"
    query = h.challenge_query(kept)
    pages = Pager(url, kept, found["count"], page, SIZE)
    return {
        "frame": around,
        "cohort": cohort,
        "count": found["count"],
        "pending": found["facets"]["pending"],
        "scored": bool(cohort["reading"]),
        "showing_pending": bool(params.get("pending")),
        "tabs": _tabs(found, params, url),
        "filters": _filters(found, params, people),
        "filtered": any(
            value
            for name, value in kept.items()
            if name in FILTERS or name.startswith(_ANSWERS)
        ),
        "asked": _asked(cohort, kept),
        "columns": [row["label"] for row in _asked(cohort, kept) if row["shown"]],
        "kept": {key: kept[key] for key in ("state", "pending", "sort", "order")},
        "headings": _headings(params, url),
        "rows": _rows(
            found,
            f"{around['url']}/application",
            query,
            dict(people),
            kept["columns"].split(","),
        ),
        "select": params.get("select") == "page",
        "pages": pages,
        "decisions": _decisions(cohort),
        "unanswered": _unanswered(cohort, found),
        "people": people,
        "free": _free(cohort),
        "next_in_line": _next_in_line(cohort, found, f"{around['url']}/application"),
        "csrf": tk.h.csrf_input(),
        "urls": {
            "self": url,
            "here": url + h.challenge_query(kept, page=page if page > 1 else None),
            "select": url
            + h.challenge_query(kept, page=page if page > 1 else None, select="page"),
            "unfiltered": url + h.challenge_query({"state": params.get("state")}),
            "batch": f"{url}/decide{query}",
            "pending": url + h.challenge_query({"pending": "true"}),
            "publish": f"{url}/publish",
            "statistics": f"{url}/statistics",
            "exports": [(kind.upper(), f"{url}.{kind}{query}") for kind in FORMATS],
        },
    }


def _decisions(cohort: Mapping[str, Any]) -> dict[str, str]:
    """What can be decided in the state of the season."""
    over = cohort["state"] in lifecycle.COHORT_OVER
    return {
        name: text
        for name, text in application_labels.decisions().items()
        if lifecycle.sources_of(name, over)
    }


def _unanswered(cohort: Mapping[str, Any], found: Mapping[str, Any]) -> int:
    """How many wait for an answer that a season which is over still owes them."""
    if cohort["state"] not in lifecycle.COHORT_OVER:
        return 0
    states = found["facets"]["state"]
    return sum(states.get(state, 0) for state in lifecycle.APPLICATION_AWAITED)


def _next_in_line(
    cohort: Mapping[str, Any], found: Mapping[str, Any], base: str
) -> dict[str, str] | None:
    """Who is to have the place that is free, where somebody waits for one."""
    first, capacity = found["next_in_line"], cohort["capacity"]
    if not first or not capacity or capacity <= cohort["taken"] + cohort["promised"]:
        return None
    return {"name": first["organization_title"], "url": f"{base}/{first['id']}"}


def _free(cohort: Mapping[str, Any]) -> str:
    """How many places are left, in words; kept acceptances have theirs."""
    if cohort["capacity"] is None:
        return ""
    free = max(0, cohort["capacity"] - cohort["taken"] - cohort["promised"])
    return tk.ungettext(
        "{number} place left of {total}", "{number} places left of {total}", free
    ).format(
        number=h.challenge_number(free), total=h.challenge_number(cohort["capacity"])
    )
