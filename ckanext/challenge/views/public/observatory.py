"""The page of the observatory, and what is filtered as files."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import ckan.plugins.toolkit as tk
from flask import Response, make_response, request, stream_with_context
from markupsafe import Markup

from ckanext.challenge import config
from ckanext.challenge import helpers as h
from ckanext.challenge.common import language, page_version, spreadsheets
from ckanext.challenge.common.page_cache import PageCache
from ckanext.challenge.domain import eligibility
from ckanext.challenge.domain.characters import cleaned_document
from ckanext.challenge.domain.letters import compact
from ckanext.challenge.domain.names import sort_key
from ckanext.challenge.observatory import labels
from ckanext.challenge.svg.curve import Point, curve
from ckanext.challenge.svg.tiles import Legend, Tile, tiles
from ckanext.challenge.views.common import (
    Pager,
    act,
    attached,
    blueprint,
    options,
    page_number,
)
from ckanext.challenge.views.embed.response import act_as_nobody

from . import maps

observatory = blueprint("challenge_observatory", programs=True)

ROWS = 50
#: Of which a history is kept, one at a time.
TERRITORY = ("departement", "epci", "kind", "size")
FILTERS = ("q", *TERRITORY, "duty", "publishes", "takes_part", "badge")
#: As many EPCI can be chosen from a list; where there are more, a département first.
_MOST_EPCI = 150
#: As many months are drawn.
_MONTHS = 36
#: Rows that are read at once for a file.
_PIECE = 2000

# What is answered is the same for everybody. Only known values make a key: what the
# action refuses and pages past the end are not kept. Words that people type have a few
# places of their own, and push out no other page.
_bodies = PageCache(seconds=300, size=60)
_searches = PageCache(seconds=300, size=20)
_places = PageCache(seconds=300, size=1)


@observatory.get("/observatory")
def read() -> Response:
    """Who has to publish, and who does."""
    asked = _asked(request.args)
    try:
        page = _kept(asked)
    except tk.ValidationError as error:
        return make_response(_refused(asked, error), 400)
    return make_response(tk.render("challenge/observatory.html", page))


def _asked(params: Mapping[str, str]) -> dict[str, str]:
    """All that the page reads of its address, empty fields left out."""
    names = (*FILTERS, "sort", "page")
    asked = {name: text for name in names if (text := params.get(name, "").strip())}
    # One way of writing each, so that one page is remembered once.
    if "departement" in asked:
        asked["departement"] = asked["departement"].upper()
    if "epci" in asked:
        asked["epci"] = compact(asked["epci"])
    return asked


def _kept(asked: Mapping[str, str]) -> dict[str, Any]:
    """The page, as it is remembered where its address is a known one."""
    page = page_number(asked)
    kept = {name: text for name, text in asked.items() if name != "page"}
    # Only a page that is there is remembered: `made` says so.
    key = (tk.h.lang(), tk.request.script_root, page, *kept.items())
    version = page_version.of_observatory()
    try:
        pages = _searches if "q" in asked else _bodies
        return pages.get_or_create(key, version, lambda: _existing(asked))
    except _PastTheEnd as past:
        return past.page


class _PastTheEnd(Exception):
    """A page after the last one: it is shown, and not remembered."""

    def __init__(self, page: dict[str, Any]) -> None:
        super().__init__()
        self.page = page


def _existing(asked: Mapping[str, str]) -> dict[str, Any]:
    page = _page(asked)
    if page["past_the_end"]:
        raise _PastTheEnd(page)
    return page


def _page(asked: Mapping[str, str]) -> dict[str, Any]:
    filters = {name: asked[name] for name in FILTERS if name in asked}
    sort = asked.get("sort", "")
    page = page_number(asked)
    found = act(
        "challenge_observatory_show",
        **filters,
        **({"sort": sort} if sort else {}),
        # Who looks for a name wants the rows.
        **({} if "q" in filters else {"breakdowns": True, "tiles": True}),
        limit=ROWS,
        offset=ROWS * (page - 1),
    )
    url = str(tk.h.url_for("challenge_observatory.read"))
    badges = _badges()
    where = _where(filters)
    shown = {
        "found": found,
        "where": where,
        **_head(found),
        "map": _map(filters),
        "picture": _picture(found, where),
        "rows": _rows(found["results"]),
        "count": _count(found["count"]),
        "parts": _parts(found.get("breakdowns", {}), filters, url),
        "curves": _curves(filters),
        "filters": _fields(asked, badges),
        "filtered": bool(filters),
        "any": found["count"] > 0,
        "pages": Pager(url, {**filters, "sort": sort}, found["count"], page, ROWS),
        "urls": {
            "self": url,
            **{
                kind: f"{url}.{kind}{h.challenge_query(filters, sort=sort)}"
                for kind in ("csv", "json", "geojson")
            },
        },
    }
    return {
        "where": where,
        "lead": shown["lead"],
        "past_the_end": page > 1 and not found["results"],
        "urls": shown["urls"],
        "body": Markup(tk.render("challenge/observatory_body.html", shown)),
    }


def _refused(asked: Mapping[str, str], error: tk.ValidationError) -> str:
    """The page where a filter cannot be what was asked for: which one, and why."""
    named = _labels()
    problems = [
        (named.get(name, name), "; ".join(map(str, texts)))
        for name, texts in error.error_dict.items()
        if isinstance(texts, list)
    ]
    url = str(tk.h.url_for("challenge_observatory.read"))
    body = tk.render(
        "challenge/observatory_refused.html",
        {
            "problems": problems,
            "filters": _fields({}, _badges()),
            "urls": {"self": url},
        },
    )
    return tk.render(
        "challenge/observatory.html",
        {"where": "", "lead": "", "urls": {"self": url}, "body": Markup(body)},
    )


def _percent(part: float, whole: float) -> str:
    return h.challenge_share(part / whole) if whole else "–"


def _where(filters: Mapping[str, str]) -> str:
    """The territory that is filtered, in words; empty for all."""
    if "epci" in filters:
        return _known_places()["epci"].get(filters["epci"], "")
    if "departement" in filters:
        code = filters["departement"]
        return f"{h.challenge_departement(code)} ({code})"
    return ""


def _head(found: Mapping[str, Any]) -> dict[str, Any]:
    """What is said of all the collectivités that were found; nothing of none."""
    figures, before = found["figures"], found["a_year_ago"]
    if not found["count"]:
        return {"lead": "", "figures": []}
    return {
        "lead": _lead(figures),
        "change": _lead_change(figures, before),
        "rule": labels.rule(
            figures, config.obligation_population(), config.obligation_agents()
        ),
        "other_rule": labels.other_rule(figures),
        "figures": _figures(figures, before),
        "since": _since(before),
    }


def _lead(figures: Mapping[str, Any]) -> str:
    """How many of those that the law obliges publish: with the denominator."""
    concerned, publishing = figures["concerned"], figures["concerned_publishing"]
    if not concerned and not figures["publishing"]:
        return tk._(
            "None of these collectivités is known to be obliged to publish, and none "
            "has opened data here."
        )
    if not concerned:
        return tk.ungettext(
            "None of these collectivités is known to be obliged to publish; {number} "
            "has opened data here.",
            "None of these collectivités is known to be obliged to publish; {number} "
            "have opened data here.",
            figures["publishing"],
        ).format(number=h.challenge_number(figures["publishing"]))
    return tk.ungettext(
        "{publishing} of the {concerned} collectivité that the law obliges to publish "
        "has opened data here ({percent}).",
        "{publishing} of the {concerned} collectivités that the law obliges to publish "
        "have opened data here ({percent}).",
        concerned,
    ).format(
        publishing=h.challenge_number(publishing),
        concerned=h.challenge_number(concerned),
        percent=_percent(publishing, concerned),
    )


def _lead_change(figures: Mapping[str, Any], before: Mapping[str, Any] | None) -> str:
    """How many more of those obliged publish than a year ago."""
    if before is None or not figures["concerned"]:
        return ""
    name = "concerned_publishing"
    return _change(figures[name], before[name])


def _count(number: int) -> str:
    return tk.ungettext(
        "{number} collectivité", "{number} collectivités", number
    ).format(number=h.challenge_number(number))


def _month(period: str) -> str:
    """A month in words: « novembre 2026 »."""
    return h.challenge_date(f"{period}-01", "MMMM y")


def _since(before: Mapping[str, Any] | None) -> str:
    if before is None:
        return ""
    return tk._("In a year: compared with {month}.").format(
        month=_month(before["month"])
    )


def _change(now: float, before: float) -> str:
    """A difference with its sign."""
    difference = now - before
    if not difference:
        return tk._("as a year ago")
    sign = "+" if difference > 0 else "−"
    return tk._("{change} in a year").format(
        change=f"{sign}{h.challenge_number(abs(difference))}"
    )


def _figures(
    figures: Mapping[str, Any], before: Mapping[str, Any] | None
) -> list[dict[str, str]]:
    """The figures under the head, each with what changed in a year."""

    def counted(name: str, label: str, more: str = "") -> dict[str, str]:
        return {
            "number": h.challenge_number(figures[name]),
            "label": label,
            "more": more,
            "change": _change(figures[name], before[name]) if before else "",
        }

    def of_datasets(name: str) -> str:
        if not figures["datasets"]:
            return ""
        return tk._("{percent} of the datasets").format(
            percent=_percent(figures[name], figures["datasets"])
        )

    population = figures["population"]
    found = []
    if population:
        share = figures["population_covered"] / population
        change = ""
        if before and before["population"]:
            past = before["population_covered"] / before["population"]
            points = round(100 * share) - round(100 * past)
            change = (
                tk.ungettext(
                    "{change} point in a year",
                    "{change} points in a year",
                    abs(points),
                ).format(change=f"{'+' if points > 0 else '−'}{abs(points)}")
                if points
                else tk._("as a year ago")
            )
        found.append(
            {
                "number": h.challenge_share(share),
                "label": tk._(
                    "of the {number} inhabitants live where data is open"
                ).format(number=h.challenge_number(population)),
                "more": tk._("{percent} with the data of their EPCI").format(
                    percent=_percent(
                        figures["population_covered_with_epci"], population
                    )
                ),
                "change": change,
            }
        )
    return [
        *found,
        counted(
            "volunteers_publishing",
            tk._("publish without being known to have to"),
        ),
        counted("datasets", tk._("public datasets")),
        counted(
            "conforming",
            tk._("conform to their national schema"),
            of_datasets("conforming"),
        ),
        counted(
            "fresh",
            tk._("are up to date"),
            of_datasets("fresh"),
        ),
        counted("badges", tk._("badges held")),
    ]


def _picture(found: Mapping[str, Any], where: str) -> Markup | str:
    figures = found["figures"]
    if not found.get("tiles"):
        return ""
    of = labels.classes()
    drawn = [
        Tile(
            f"{tile['name']} ({tile['departement']})",
            tk._("{number} of {total}").format(
                number=h.challenge_number(
                    len(tile["cells"]) - tile["cells"].count("n")
                ),
                total=h.challenge_number(len(tile["cells"])),
            ),
            tile["cells"],
        )
        for tile in found["tiles"]
    ]
    title = tk._("The collectivités, département by département, the largest first")
    return tiles(
        drawn,
        [Legend(letter, text) for letter, text in of.items()],
        title=f"{title}: {where}" if where else title,
        description=tk._(
            "Of {total} collectivités, {conforming} have opened data that conforms to "
            "its national schema, {opened} other data, {nothing} none here yet. The "
            "tables below say the same."
        ).format(
            total=h.challenge_number(figures["collectivites"]),
            conforming=h.challenge_number(figures["publishing_conforming"]),
            opened=h.challenge_number(
                figures["publishing"] - figures["publishing_conforming"]
            ),
            nothing=h.challenge_number(
                figures["collectivites"] - figures["publishing"]
            ),
        ),
    )


def _map(filters: Mapping[str, str]) -> dict[str, Any] | None:
    """The map of the communes that are filtered by nothing but their département; of a
    country, which is too large for it, that of its départements.
    """
    if set(filters) - {"departement"}:
        return None
    departement = filters.get("departement", "").upper()
    for level in ("commune", "departement"):
        try:
            shown = maps.figure(level, departement)
        except tk.ObjectNotFound:
            continue
        asked = {
            "level": level,
            **({"departement": departement} if departement else {}),
        }
        return {**shown, "url": str(tk.h.url_for("challenge_map.read", **asked))}
    return None


def summary() -> dict[str, Any] | None:
    """The observatory in a sentence, three figures and a picture, for the home."""
    found = act_as_nobody("challenge_observatory_show", tiles=True, limit=0)
    if not found["count"]:
        return None
    return {
        "lead": _lead(found["figures"]),
        "figures": _figures(found["figures"], found["a_year_ago"])[:3],
        "picture": _picture(found, ""),
        "url": str(tk.h.url_for("challenge_observatory.read")),
    }


class _Row(NamedTuple):
    """A collectivité in the table; the template takes it apart, as that of a report."""

    url: str
    name: str
    kind: str
    departement: str
    population: str
    duty: str
    tone: str
    opened: str
    elsewhere: str
    datasets: str
    conforming: str
    latest: str
    badges: str


def _rows(found: Sequence[Mapping[str, Any]]) -> list[_Row]:
    # An address and words cost more than all the rest of a row.
    place = str(tk.h.url_for("challenge_collectivite.read", siren="_"))[:-1]
    duties, kinds = labels.duties(), dict(h.challenge_kinds())
    spoken = language.current()
    opened: dict[tuple[bool, bool], str] = {}
    rows = []
    for row in found:
        done = bool(row["conforming"]), bool(row["publishes"])
        if done not in opened:
            opened[done] = labels.opened(row)
        rows.append(
            _Row(
                url=place + row["siren"] if row["siren"] else "",
                name=row["name"],
                kind=kinds.get(row["kind"] or "", ""),
                departement=row["departement"] or "",
                population=h.number_in(row["population"], spoken),
                duty=duties[row["duty"]],
                tone="done" if done[0] else "open" if done[1] else "quiet",
                opened=opened[done],
                elsewhere=_elsewhere(row["elsewhere"]),
                datasets=h.number_in(row["datasets"], spoken),
                conforming=h.number_in(row["conforming"], spoken),
                latest=h.challenge_date(row["last_published_at"], "medium"),
                badges=h.number_in(len(row["badges"]), spoken),
            )
        )
    return rows


def _elsewhere(found: Mapping[str, Any] | None) -> str:
    """What is known of other portals, with its source and its day."""
    if not found or not found["count"]:
        return ""
    return tk.ungettext(
        "{number} dataset elsewhere ({source}, {date})",
        "{number} datasets elsewhere ({source}, {date})",
        found["count"],
    ).format(
        number=h.challenge_number(found["count"]),
        source=found["source"],
        date=h.challenge_date(found["date"], "medium"),
    )


def _parts(
    breakdowns: Mapping[str, Sequence[Mapping[str, Any]]],
    filters: Mapping[str, str],
    url: str,
) -> list[dict[str, Any]]:
    """The tables by département, kind, size and EPCI; none of what is filtered."""
    titles = {
        "departement": (tk._("By département"), tk._("Département")),
        "kind": (tk._("By kind"), tk._("Kind")),
        "size": (tk._("By size"), tk._("Size")),
        "epci": (tk._("By EPCI, with its communes"), tk._("EPCI")),
    }
    spoken = language.current()
    found: list[dict[str, Any]] = []
    for level, (title, heading) in titles.items():
        parts = breakdowns.get(level, [])
        if level in filters or not parts:
            continue
        too_many = level == "epci" and len(parts) > _MOST_EPCI
        found.append(
            {
                "key": level,
                "title": title,
                "heading": heading,
                "too_many": too_many,
                "rows": []
                if too_many
                else [
                    _part(
                        level,
                        part,
                        url + h.challenge_query(filters, **{level: part["value"]}),
                        spoken,
                    )
                    for part in _sorted(level, parts)
                ],
            }
        )
    return found


def _name_of(level: str, part: Mapping[str, Any]) -> str:
    value = part["value"]
    if level == "departement":
        return f"{part['name']} ({value})"
    if level == "kind":
        return h.challenge_kind(value)
    if level == "size":
        return labels.sizes()[value]
    return part["name"]


def _sorted(level: str, parts: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    if level == "epci":
        return sorted(parts, key=lambda part: sort_key(part["name"]))
    if level == "departement":
        return list(parts)
    known = labels.sizes() if level == "size" else dict(h.challenge_kinds())
    order = list(known)
    return sorted(parts, key=lambda part: order.index(part["value"]))


def _part(level: str, part: Mapping[str, Any], url: str, spoken: str) -> dict[str, str]:
    figures = part["figures"]
    counted = (
        "collectivites",
        "publishing",
        "concerned",
        "concerned_publishing",
        "datasets",
        "conforming",
    )
    return {
        "name": _name_of(level, part),
        "url": url,
        **{name: h.number_in(figures[name], spoken) for name in counted},
        "share": _percent(figures["concerned_publishing"], figures["concerned"]),
        "covered": _percent(figures["population_covered"], figures["population"]),
    }


def _curves(filters: Mapping[str, str]) -> dict[str, Any] | None:
    """How the figures went, where there is a history of what is filtered."""
    chosen = [name for name in filters if name in TERRITORY]
    if len(filters) > 1 or len(chosen) != len(filters):
        return None
    rows = act("challenge_observatory_history", **filters, limit=_MONTHS)["results"]
    if len(rows) < 2:
        return None
    rows.reverse()
    rule = config.obligation_rule()
    kept = [eligibility.read_under(row["figures"], rule) for row in rows]
    series = {
        "concerned": (
            tk._("Of those concerned, the share that publishes"),
            lambda one: (one["concerned_publishing"], one["concerned"]),
        ),
        "population": (
            tk._("Inhabitants who live where data is open"),
            lambda one: (one["population_covered"], one["population"]),
        ),
        "publishing": (
            tk._("Collectivités that publish"),
            lambda one: one["publishing"],
        ),
        "datasets": (tk._("Public datasets"), lambda one: one["datasets"]),
        "conforming": (tk._("Conforming datasets"), lambda one: one["conforming"]),
    }
    drawn: list[Markup] = []
    columns: list[list[str]] = []
    for key, (title, read_value) in series.items():
        points: list[Point] = []
        for row, figures in zip(rows, kept, strict=True):
            value = read_value(figures)
            if isinstance(value, tuple):
                part, whole = value
                share = part / whole if whole else 0
                point = Point(share, _percent(part, whole), _month(row["period"]))
            else:
                point = Point(value, h.challenge_number(value), _month(row["period"]))
            points.append(point)
        drawn.append(curve(points, title=title, key=key))
        columns.append([point.text for point in points])
    titles = [title for title, _ in series.values()]
    return {
        "pictures": list(zip(titles, drawn, strict=True)),
        "headings": titles,
        "rows": [
            (_month(row["period"]), [column[at] for column in columns])
            for at, row in reversed([*enumerate(rows)])
        ],
    }


def _badges() -> dict[str, str]:
    """The titles of badges by their keys."""
    rows = act("challenge_badge_list", limit=100)["results"]
    return {row["badge"]: row["title"] for row in rows}


def _known_places() -> dict[str, dict[str, str]]:
    """The départements and EPCI of the directory, by code: whatever is filtered."""
    return _places.get_or_create("places", page_version.of_observatory(), _read_places)


def _read_places() -> dict[str, dict[str, str]]:
    parts = act("challenge_observatory_show", limit=0, breakdowns=True)["breakdowns"]
    return {
        level: {part["value"]: part["name"] for part in parts[level]}
        for level in ("departement", "epci")
    }


def _labels() -> dict[str, str]:
    """What the fields of the form are called."""
    return {
        "q": tk._("Name, postcode or SIREN"),
        "departement": tk._("Département"),
        "epci": tk._("EPCI"),
        "kind": tk._("Kind"),
        "size": tk._("Size"),
        "duty": tk._("Duty to publish"),
        "publishes": tk._("Publishes here"),
        "takes_part": tk._("Takes part in a season"),
        "badge": tk._("Badge"),
        "sort": tk._("Sort by"),
    }


def _fields(
    asked: Mapping[str, str], badges: Mapping[str, str]
) -> list[dict[str, Any]]:
    """The fields of the form."""
    places = _known_places()
    epci = places["epci"]
    if len(epci) > _MOST_EPCI:
        chosen = asked.get("epci", "")
        epci = {chosen: epci[chosen]} if chosen in epci else {}
    yes_no = [("true", tk._("Yes")), ("false", tk._("No"))]
    named = _labels()
    choices: dict[str, tuple[str, list[tuple[str, str]]]] = {
        "departement": (
            tk._("All départements"),
            [
                (code, f"{name} ({code})")
                for code, name in places["departement"].items()
            ],
        ),
        "epci": (
            tk._("All EPCI"),
            sorted(epci.items(), key=lambda item: sort_key(item[1])),
        ),
        "kind": (tk._("All kinds"), h.challenge_kinds()),
        "size": (tk._("All sizes"), [*labels.sizes().items()]),
        "duty": (tk._("Concerned or not"), [*labels.duties().items()]),
        "publishes": (tk._("Yes or no"), yes_no),
        "takes_part": (tk._("Yes or no"), yes_no),
        "badge": (tk._("Any badge or none"), [*badges.items()]),
    }
    fields: list[dict[str, Any]] = [
        {"name": "q", "label": named["q"], "value": asked.get("q", "")}
    ]
    fields += [
        {
            "name": name,
            "label": named[name],
            "value": asked.get(name, ""),
            "options": options(empty, values),
        }
        for name, (empty, values) in choices.items()
        if values
    ]
    fields.append(
        {
            "name": "sort",
            "label": named["sort"],
            "value": asked.get("sort", "population"),
            "options": [
                ("population", tk._("Population")),
                ("name", tk._("Name of the collectivité")),
                ("datasets", tk._("Number of datasets")),
                ("conforming", tk._("Conforming datasets")),
                ("recent", tk._("Last publication")),
            ],
        }
    )
    return fields


# --- what is filtered, as files ---------------------------------------------------

#: The columns of the file, in their order: the names of the API.
COLUMNS = (
    "siren",
    "insee_code",
    "name",
    "kind",
    "departement",
    "epci_siren",
    "population",
    "size",
    "duty",
    "agents",
    "organization",
    "datasets",
    "conforming",
    "fresh",
    "first_published_at",
    "last_published_at",
    "badges",
    "seasons",
)
_ELSEWHERE = ("count", "source", "date", "url")


def _filters() -> dict[str, str]:
    """What the address of a file chooses."""
    asked = _asked(request.args)
    asked.pop("page", None)
    return asked


def _all_rows(filters: Mapping[str, str], first: Mapping[str, Any]) -> Iterator[Any]:
    """All rows that are chosen, a piece of them in memory at a time.

    :param first: the answer that has the first piece: what is wrong with the filters
        is known before anything is sent
    """
    rows, offset = first["results"], 0
    while rows:
        yield from rows
        offset += _PIECE
        if len(rows) < _PIECE:
            return
        rows = _piece(filters, offset)["results"]


def _piece(filters: Mapping[str, str], offset: int = 0, **more: Any) -> Any:
    asked: dict[str, Any] = {"figures": False, **more}
    return act_as_nobody(
        "challenge_observatory_show", **filters, limit=_PIECE, offset=offset, **asked
    )


def _streamed(pieces: Iterator[bytes], media_type: str, kind: str) -> Response:
    response = Response(stream_with_context(pieces), content_type=media_type)
    response.headers["Access-Control-Allow-Origin"] = "*"
    return attached(response, f"observatory.{kind}")


def _flat(row: Mapping[str, Any]) -> list[Any]:
    elsewhere = row["elsewhere"] or {}
    return [
        *(row[name] for name in COLUMNS),
        *(elsewhere.get(name) for name in _ELSEWHERE),
    ]


@observatory.get("/observatory.csv")
def as_csv() -> Response:
    """The collectivités that are filtered, as a table."""
    filters = _filters()
    first = _piece(filters)
    names = (*COLUMNS, *(f"elsewhere_{name}" for name in _ELSEWHERE))
    columns = [spreadsheets.Column(name, name) for name in names]
    rows = (_flat(row) for row in _all_rows(filters, first))
    return _streamed(
        spreadsheets.write("csv", "", columns, rows), "text/csv; charset=utf-8", "csv"
    )


def _json(
    head: Mapping[str, Any], name: str, rows: Iterator[Mapping[str, Any]]
) -> Iterator[bytes]:
    """A document whose last member is a long list, piece by piece."""
    text = json.dumps(cleaned_document(dict(head)), ensure_ascii=False)
    pieces = [f'{text[:-1]}, "{name}": [']
    separator = "\n"
    for number, row in enumerate(rows):
        pieces += (
            separator,
            json.dumps(cleaned_document(dict(row)), ensure_ascii=False),
        )
        separator = ",\n"
        if number % 500 == 499:
            yield "".join(pieces).encode()
            pieces = []
    yield ("".join(pieces) + "\n]}\n").encode()


@observatory.get("/observatory.json")
def as_json() -> Response:
    """The same as the action answers it, with all the rows."""
    filters = _filters()
    first = _piece(filters, figures=True)
    head = {name: first[name] for name in ("count", "figures", "a_year_ago")}
    return _streamed(
        _json(head, "results", _all_rows(filters, first)), "application/json", "json"
    )


@observatory.get("/observatory.geojson")
def as_geojson() -> Response:
    """The same as GeoJSON (RFC 7946), without a geometry where none is known."""
    filters = {**_filters(), "geometry": "true"}
    first = _piece(filters)
    features = (_feature(row) for row in _all_rows(filters, first))
    return _streamed(
        _json({"type": "FeatureCollection"}, "features", features),
        "application/geo+json",
        "geojson",
    )


def _feature(row: Mapping[str, Any]) -> dict[str, Any]:
    facts = {name: value for name, value in row.items() if name != "geometry"}
    return {
        "type": "Feature",
        "id": row["siren"] or row["insee_code"],
        "geometry": row.get("geometry"),
        "properties": facts,
    }
