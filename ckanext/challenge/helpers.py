"""Template helpers, all named ``challenge_…``.

They format what the actions answered: none of them asks the database, but those
that say so.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import zip_longest
from typing import Any
from urllib.parse import quote, urlencode

import ckan.plugins as p
import ckan.plugins.toolkit as tk
from babel import numbers
from ckan import model
from markupsafe import Markup

from ckanext.challenge import config, programmes
from ckanext.challenge.badges import package_badges, structured_data
from ckanext.challenge.common import (
    ckan_words,
    labels,
    language,
    own_fields,
    page_version,
    roles,
    shield,
)
from ckanext.challenge.common.once import once
from ckanext.challenge.common.page_cache import PageCache
from ckanext.challenge.conformity import preview
from ckanext.challenge.directory.departements import departements
from ckanext.challenge.domain import deadlines, eligibility, elision, harvesting
from ckanext.challenge.domain.lifecycle import COHORT_PRESENTED
from ckanext.challenge.model import catalog
from ckanext.challenge.programmes.frequencies import frequencies
from ckanext.challenge.schemas.choices import (
    challenge_kit_choices,
    challenge_license_choices,
    challenge_schema_choices,
    kits,
)
from ckanext.challenge.svg.badge import badge_svg

__all__ = [
    "challenge_badge_image",
    "challenge_conformity",
    "challenge_copied_from",
    "challenge_dataset_preview",
    "challenge_dataset_quality",
    "challenge_dataset_season",
    "challenge_dataset_worth",
    "challenge_date",
    "challenge_datetime",
    "challenge_days_until",
    "challenge_default_licence",
    "challenge_departement",
    "challenge_errors",
    "challenge_field",
    "challenge_file_size",
    "challenge_first_schema",
    "challenge_frequency",
    "challenge_harvested",
    "challenge_home_season",
    "challenge_kind",
    "challenge_kinds",
    "challenge_kit_choices",
    "challenge_licence",
    "challenge_license_choices",
    "challenge_money",
    "challenge_number",
    "challenge_organization_progress",
    "challenge_organization_worth",
    "challenge_own_catalogue",
    "challenge_own_place",
    "challenge_percent",
    "challenge_phrase",
    "challenge_programmes",
    "challenge_published_for",
    "challenge_qualities",
    "challenge_query",
    "challenge_schema_choices",
    "challenge_season_words",
    "challenge_share",
    "challenge_state",
    "challenge_steps",
    "challenge_structured_data",
    "challenge_table_preview",
    "challenge_timeline",
    "challenge_visit_url",
]

_KINDS = {
    "commune": labels.N_("Commune"),
    "cc": labels.N_("Community of communes"),
    "ca": labels.N_("Agglomeration community"),
    "cu": labels.N_("Urban community"),
    "metropole": labels.N_("Metropolis"),
    "autre": labels.N_("Other"),
}


def _nothing() -> None:
    return None


def challenge_date(value: Any, style: str = "long") -> str:
    """A date in words, « 15 décembre 2022 »; see :func:`.words.as_day`."""
    return labels.as_day(value, style)


def challenge_datetime(value: Any) -> str:
    """A moment in words, « 15 décembre 2022 à 14:05 »."""
    return labels.as_moment(value)


def challenge_days_until(value: Any) -> int:
    """Whole days from today, in the portal's time zone; negative once past."""
    date = labels.parse(value)
    if isinstance(date, dt.datetime):
        date = deadlines.day_of(date, config.display_timezone())
    return (date - config.today()).days if date else 0


def challenge_number(value: Any, decimals: int = 1) -> str:
    """A number with the separators of the reader's language: « 2 100 »."""
    return number_in(value, language.current(), decimals)


def number_in(value: Any, spoken: str, decimals: int = 1) -> str:
    """The same in a language that the caller knows already, for rows by the hundred."""
    if value is None or value == "":
        return ""
    return _number(round(float(value), decimals), spoken)


@lru_cache(maxsize=4096)
def _number(value: float, spoken: str) -> str:
    # The same populations stand in list after list. By the language's code: Babel's
    # locales are compared in Python, field by field.
    return numbers.format_decimal(value, locale=labels.locale_of(spoken))


def challenge_percent(value: Any) -> str:
    """A percentage, from a number between 0 and 100: « 58 % »."""
    return numbers.format_percent(
        float(value or 0) / 100, format=None, locale=labels.locale()
    )


def challenge_share(value: Any) -> str:
    """A percentage, from a share between 0 and 1."""
    return challenge_percent(float(value or 0) * 100)


def challenge_money(amount: Any, currency: str = "EUR") -> str:
    """An amount without its cents when they are zero: « 6 000 € »."""
    return _money(float(amount or 0), currency or "EUR", language.current())


@lru_cache(maxsize=1024)
def _money(value: float, currency: str, spoken: str) -> str:
    locale, whole = labels.locale_of(spoken), value == int(value)
    pattern = locale.currency_formats["standard"].pattern.replace(".00", "")
    return numbers.format_currency(
        value,
        currency,
        locale=locale,
        currency_digits=not whole,
        format=pattern if whole else None,
    )


@language.per_language
def challenge_kinds() -> list[tuple[str, str]]:
    """The kinds of collectivité, with their names."""
    return [(kind, challenge_kind(kind)) for kind in eligibility.KINDS]


def challenge_programmes() -> list[tuple[str, str]]:
    """The programmes that a season may follow, as choices of a form."""
    spoken = language.current()
    titles = {one.name: one.title.in_(spoken) for one in programmes.all()}
    alike = Counter(titles.values())
    return [
        (name, title if alike[title] == 1 else f"{title} ({name})")
        for name, title in titles.items()
    ]


def challenge_kind(kind: str | None) -> str:
    """The name of a kind of collectivité."""
    name = _KINDS.get(kind or "")
    return tk._(name) if name else ""


def challenge_frequency(code: str | None) -> str:
    """How often a dataset is updated, in words (codes of the EU's vocabulary)."""
    known = frequencies().get(code or "")
    return known.in_(language.current()) if known else code or ""


def challenge_field(row: Mapping[str, Any], name: str) -> str:
    """What counts of a field of a dataset, file or organization, whatever the portal
    calls it; empty for nothing.

    :param row: as CKAN's actions answer it
    :param name: our name of the field
    """
    return own_fields.read(row, name)


def challenge_licence(code: str | None) -> str:
    """The title of a licence of the portal's list."""
    return str(dict(tk.h.license_options()).get(code or "", code or ""))


def challenge_default_licence() -> str:
    """The licence with which a form begins, under its id in the portal's own list."""
    return catalog.own_licence("etalab-2.0")


def challenge_departement(code: str | None) -> str:
    """The name of a département; its code where the name is not known."""
    known = departements().get(code or "")
    return known.name if known else code or ""


# entity → state → (tone of the pill, Font Awesome icon)
_STATES: dict[str, dict[str, tuple[str, str]]] = {
    "cohort": {
        "draft": ("quiet", "pencil-alt"),
        "open": ("open", "door-open"),
        "running": ("now", "circle-play"),
        "finished": ("done", "flag-checkered"),
        "archived": ("quiet", "box-archive"),
    },
    "application": {
        "draft": ("quiet", "pencil-alt"),
        "submitted": ("open", "inbox"),
        "in_review": ("now", "magnifying-glass"),
        "changes_requested": ("wait", "reply"),
        "accepted": ("done", "check"),
        "waitlisted": ("wait", "hourglass-half"),
        "refused": ("quiet", "xmark"),
        "withdrawn": ("quiet", "arrow-left"),
    },
    "participant": {
        "active": ("now", "circle-play"),
        "completed": ("done", "check"),
        "withdrawn": ("quiet", "arrow-left"),
    },
    "step": {
        "todo": ("quiet", "circle"),
        "planned": ("quiet", "calendar"),
        "in_progress": ("wait", "circle-half-stroke"),
        "to_confirm": ("wait", "hourglass-half"),
        "done": ("done", "circle-check"),
        "waived": ("quiet", "circle-minus"),
    },
    "claim": {
        "asked": ("wait", "hourglass-half"),
        "accepted": ("done", "check"),
        "declined": ("quiet", "xmark"),
        "withdrawn": ("quiet", "arrow-left"),
    },
    "conformity": {
        "valid": ("done", "check"),
        "invalid": ("wait", "triangle-exclamation"),
        "error": ("wait", "circle-question"),
        "pending": ("quiet", "hourglass-half"),
        "unknown_schema": ("quiet", "circle-minus"),
    },
    "award": {
        "active": ("done", "check"),
        "at_risk": ("wait", "triangle-exclamation"),
        "revoked": ("quiet", "xmark"),
    },
}


def challenge_state(entity: str, state: str) -> dict[str, str]:
    """What the ``state`` component shows.

    :param entity: ``cohort``, ``application``, ``participant``, ``step``, ``award``
    :returns: ``label``, ``tone`` (quiet, open, now, wait, done) and ``icon``
    """
    tone, icon = _STATES.get(entity, {}).get(state, ("quiet", "circle"))
    return {"label": labels.state_label(entity, state), "tone": tone, "icon": icon}


def challenge_steps(done: int, total: int) -> str:
    """Progress in words, « 4 étapes sur 16 »."""
    return tk.ungettext(
        "{done} step of {total}", "{done} steps of {total}", done
    ).format(done=done, total=total)


def challenge_timeline(milestones: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The dates of a season, in order, with how far we are between them.

    :param milestones: of ``challenge_cohort_show``
    :returns: per date ``key``, ``label``, ``date``, ``state`` (past, current, future)
        and ``elapsed``: percent of the way to the following date, ``None`` for the
        last one
    """
    today = config.today()
    # The launch may come before the applications close.
    points = sorted(
        ({**point, "date": labels.parse(point["date"])} for point in milestones),
        key=lambda point: point["date"],
    )
    for point, following in zip_longest(points, points[1:]):
        point["label"] = labels.milestone(point["key"])
        point["elapsed"] = None
        if following:
            span = (following["date"] - point["date"]).days
            gone = (today - point["date"]).days
            point["elapsed"] = (
                max(0, min(100, round(100 * gone / span)))
                if span
                else (100 if gone > 0 else 0)
            )
    return points


def challenge_query(params: Mapping[str, Any], **changes: Any) -> str:
    """A query string: the parameters with some changed, empty ones left out.

    :returns: text that starts with ``?``, or is empty
    """
    merged = {**params, **changes}
    kept = [(key, value) for key, value in merged.items() if value not in (None, "")]
    return "?" + urlencode(kept) if kept else ""


def challenge_badge_image(badge: Mapping[str, Any], title: str = "") -> Markup:
    """The picture of a badge as inline SVG.

    :param badge: a row with ``badge`` or ``key`` or ``name``, ``title``, ``level``,
        ``icon``, ``colour`` and ``earned``
    :param title: the accessible name; without it the picture is decoration
    """
    return badge_svg(badge, title=title)


def _cohort_url(name: str, *parts: str) -> str:
    base = str(tk.h.url_for("challenge.index"))
    return "/".join([base, name, *map(quote, parts)])


def _no_progress() -> dict[str, Any]:
    return {
        "participations": [],
        "awards": [],
        "nearest": None,
        "standing": {"badges": [], "organization": ""},
        "member": False,
        "embed": "",
        "history": "",
    }


def challenge_organization_progress(organization_id: str) -> dict[str, Any]:
    """The seasons and badges of an organization, for its pages in CKAN.

    Calls three actions, whose statements do not grow with their rows: once for a page,
    on which CKAN shows the same block twice.

    :returns: ``participations`` (rows of ``challenge_participant_list`` with ``url``,
        ``words`` and the number of their ``phase``), ``awards`` (for the ``badge``
        component), ``nearest`` (likewise: of the badges that are still to be earned
        the one that is nearest, if any has been begun), ``standing`` (of
        ``challenge_standing_show``), ``member`` (whether the reader belongs to it, or
        accompanies it), ``embed`` (address of its badge for other sites, if it has
        one) and ``history`` (address of all its seasons, if there is one)
    """
    return once(
        ("progress", organization_id), lambda: _organization_progress(organization_id)
    )


# What everybody reads; who has signed in may read more.
_progress = PageCache(seconds=60, size=500)


@shield.shielded(_no_progress)
def _organization_progress(organization_id: str) -> dict[str, Any]:
    if tk.current_user.is_authenticated:
        return _read_progress(organization_id)
    return _progress.get_or_create(
        (organization_id, tk.h.lang(), tk.request.script_root),
        page_version.of_organization(organization_id),
        lambda: _read_progress(organization_id),
    )


def _read_progress(organization_id: str) -> dict[str, Any]:
    participations = _rows(
        "challenge_participant_list", organization=organization_id, limit=20
    )
    for row in participations:
        row["url"] = _cohort_url(row["cohort"], row["organization_name"])
        row["words"] = challenge_steps(row["steps_done"], row["steps_total"])
        row["phase"] = 1 if row["percent"] < 25 else 2 if row["percent"] < 50 else 3
    base = str(tk.h.url_for("challenge.index"))
    awards = [
        {
            "earned": True,
            "title": row["title"],
            "image": challenge_badge_image(row),
            "url": f"{base}/awards/{row['id']}",
            "text": tk._("To be put right by {date}, or it will be lost").format(
                date=challenge_date(row["lost_on"])
            )
            if row["state"] == "at_risk"
            else challenge_date(row["awarded_at"]),
        }
        for row in _rows("challenge_award_list", organization=organization_id, limit=50)
    ]
    try:
        standing = tk.get_action("challenge_standing_show")(
            {"user": tk.current_user.name}, {"organization": organization_id}
        )
    except (tk.NotAuthorized, tk.ObjectNotFound):
        standing = {"badges": [], "organization": ""}
    sirens = [row["siren"] for row in participations if row["siren"]]
    return {
        "participations": participations,
        "awards": awards,
        "nearest": _nearest(standing["badges"], base),
        "standing": standing,
        "member": "roles" in standing,
        "embed": f"{base}/badge/{quote(standing['organization'])}"
        if awards or participations
        else "",
        "history": f"{base}/collectivite/{sirens[0]}" if sirens else "",
    }


def _nearest(rows: Sequence[Mapping[str, Any]], base: str) -> dict[str, Any] | None:
    """The badge that is nearest to be earned, once something is done for it."""
    begun = [
        row
        for row in rows
        if not row["earned"] and row["percent"] and row["state"] != "revoked"
    ]
    if not begun:
        return None
    row = max(begun, key=lambda row: row["percent"])
    return {
        "title": row["title"],
        "image": challenge_badge_image(row),
        "url": f"{base}/badges/{quote(row['badge'])}",
        "percent": row["percent"],
        "text": tk._("{percent} of the way").format(
            percent=challenge_percent(row["percent"])
        ),
    }


def challenge_first_schema(dataset: str) -> str:
    """The national schema that the first file of a dataset follows, after its kit.

    Calls an action. Empty where the dataset has a file already, or no such kit.

    :param dataset: its id or name
    """
    try:
        shown = tk.get_action("package_show")(
            {"user": tk.current_user.name}, {"id": dataset}
        )
    except (tk.ObjectNotFound, tk.NotAuthorized):
        return ""
    chosen = None if shown.get("resources") else own_fields.read(shown, "challenge_kit")
    return next((kit.schema or "" for kit in kits() if kit.key == chosen), "")


@shield.shielded(_nothing)
def challenge_home_season() -> dict[str, Any] | None:
    """The season that the home page presents: running, else open, else finished.

    :returns: a row of ``challenge_cohort_list`` with ``url``, ``words`` and ``share``
    """
    key = (tk.h.lang(), tk.request.script_root)
    return _presented.get_or_create(key, page_version.of_seasons(), _presented_season)


# Of public seasons alone: the same for everybody.
_presented = PageCache(seconds=60, size=20)


def _presented_season() -> dict[str, Any] | None:
    nobody: Any = {"user": "", "auth_user_obj": None}
    rows = tk.get_action("challenge_cohort_list")(nobody, {"limit": 20})["results"]
    for state in COHORT_PRESENTED:
        for row in rows:
            if row["state"] == state:
                return {**row, **challenge_season_words(row)}
    return None


def challenge_own_place() -> dict[str, str] | None:
    """Where somebody who has signed in finds the own checklist.

    Nothing for somebody without a collectivité.

    :returns: ``text`` and ``url``
    """
    own = roles.places().organizations
    if not own:
        return None
    return {
        "text": tk._("My collectivité") if own == 1 else tk._("My collectivités"),
        "url": str(tk.h.url_for("challenge_home.own")),
    }


def challenge_visit_url() -> str:
    """Where somebody of a team notes a visit; empty for everybody else.

    On the page of a participant it is this one that is chosen.
    """
    if tk.request.endpoint == "challenge_visits.note" or not roles.places().live_team:
        return ""
    here = dict(tk.request.view_args or {})
    chosen = here if tk.request.endpoint == "challenge_participant.read" else {}
    return str(tk.h.url_for("challenge_visits.note", **chosen))


def challenge_file_size(size: int) -> str:
    """How large a file is, in the units that people know: « 4 Mo ».

    :param size: in bytes
    """
    kilo = max(1, round(size / 1024))
    if kilo < 1024:
        return tk._("{number} kB").format(number=challenge_number(kilo))
    return tk._("{number} MB").format(number=challenge_number(size / 1024**2))


def challenge_phrase(template: str, **values: Any) -> str:
    """A sentence with names in it, as French joins them; see ``domain/elision.py``."""
    return elision.phrase(template, **values)


def challenge_season_words(cohort: Mapping[str, Any]) -> dict[str, Any]:
    """What a list says of a season.

    :param cohort: a row of ``challenge_cohort_list``
    :returns: ``url``, ``words`` (who takes part, what was opened) and ``share``
    """
    figures = cohort["figures"]
    words = []
    if figures["participants"]:
        words = [
            tk.ungettext(
                "{number} collectivité engaged",
                "{number} collectivités engaged",
                figures["participants"],
            ).format(number=challenge_number(figures["participants"])),
            tk.ungettext(
                "{number} dataset opened",
                "{number} datasets opened",
                figures["datasets"],
            ).format(number=challenge_number(figures["datasets"])),
        ]
    return {
        "url": _cohort_url(cohort["name"]),
        "words": words,
        "share": tk._("{percent} of the steps done").format(
            percent=challenge_percent(figures["percent"])
        ),
    }


@shield.shielded(str)
def challenge_published_for(dataset: Mapping[str, Any]) -> str:
    """For whom a dataset is published, where it is not its organization.

    :param dataset: as ``package_show`` answers it
    :returns: names, or the codes of those that the directory does not have; empty
        where it is nobody else
    """
    codes = own_fields.read(dataset, "published_for")
    return ", ".join(_name_of(code) for code in codes.replace(",", " ").split())


def _name_of(code: str) -> str:
    try:
        found = tk.get_action("challenge_collectivite_show")(
            {"user": tk.current_user.name}, {"siren": code}
        )
    except (tk.NotAuthorized, tk.ObjectNotFound, tk.ValidationError):
        return code
    return f"{found['name']} ({code})"


@shield.shielded(_nothing)
def challenge_dataset_season(dataset: Mapping[str, Any]) -> dict[str, str] | None:
    """The season in which a dataset was opened, for its page in CKAN.

    :param dataset: as ``package_show`` answers it
    :returns: ``title`` and ``url`` of the season, and the name of the ``kit``
    """
    if not dataset.get("owner_org"):
        return None
    try:
        found = tk.get_action("challenge_dataset_season_show")(
            {"user": tk.current_user.name}, {"id": dataset["id"]}
        )
    except (tk.NotAuthorized, tk.ObjectNotFound):
        return None
    if not found["cohort"]:
        return None
    kit = own_fields.read(dataset, "challenge_kit")
    titles = {choice["value"]: choice["label"] for choice in challenge_kit_choices({})}
    label = titles.get(kit, {})
    return {
        "title": found["cohort_title"],
        "url": _cohort_url(found["cohort"], "data"),
        "kit": label.get(language.current()) or label.get("en", ""),
    }


@shield.shielded(_nothing)
def challenge_conformity(resource: Mapping[str, Any]) -> dict[str, Any] | None:
    """The verdict on a file, for its page in CKAN.

    Calls two actions where the resource names a schema, and none elsewhere.

    :param resource: as ``resource_show`` answers it
    :returns: as ``challenge_conformity_show``, with ``may_check``: whether the reader
        may ask for another check; ``problems``, the groups by their title; and
        ``advice``
    """
    if not own_fields.read(resource, "schema"):
        return None
    # Each with a context of its own: CKAN's functions leave in it what they find.
    user, data = tk.current_user.name, {"resource_id": resource["id"]}
    try:
        found = tk.get_action("challenge_conformity_show")({"user": user}, data)
    except (tk.NotAuthorized, tk.ObjectNotFound):
        return None
    try:
        tk.check_access("challenge_conformity_check", {"user": user}, data)
    except tk.NotAuthorized:
        may_check = False
    else:
        may_check = not tk.current_user.is_anonymous
    problems: dict[str, list[dict[str, Any]]] = {}
    for group in found["groups"]:
        if not group["advice"]:
            problems.setdefault(group["title"], []).append(group)
    return {
        **found,
        "may_check": may_check,
        "problems": problems,
        "advice": [group for group in found["groups"] if group["advice"]],
    }


@shield.shielded(_nothing)
def challenge_table_preview(resource: Mapping[str, Any]) -> preview.Preview | None:
    """The first rows of a published table, for its page in CKAN.

    :param resource: as ``resource_show`` answered it to the reader
    """
    row = model.Resource.get(resource["id"])
    return preview.of(row) if row is not None else None


#: How many rows a dataset's page shows of its first table; the file's page has more.
_GLANCE = 5


def challenge_dataset_preview(dataset: Mapping[str, Any]) -> dict[str, Any] | None:
    """The first rows of the first file of a dataset, for its page in CKAN.

    Sends one statement where that file is a table, and none elsewhere.

    :param dataset: as ``package_show`` answers it
    :returns: ``preview``, the ``name`` of the file and the ``url`` of its page
    """
    resource = next(iter(dataset.get("resources") or ()), None)
    if dataset.get("type") != "dataset" or not resource:
        return None
    found = challenge_table_preview(resource)
    if found is None or not found.rows:
        return None
    return {
        "preview": replace(
            found,
            rows=found.rows[:_GLANCE],
            is_whole=found.is_whole and len(found.rows) <= _GLANCE,
        ),
        "name": tk.h.resource_display_name(resource),
        "url": tk.h.url_for(
            "dataset_resource.read", id=dataset["name"], resource_id=resource["id"]
        ),
    }


@shield.shielded(_nothing)
def challenge_dataset_quality(dataset: Mapping[str, Any]) -> dict[str, Any] | None:
    """The quality of a dataset, for those who may change it, on its page in CKAN.

    Calls an action, which sends one statement of its own.

    :param dataset: as ``package_show`` answers it
    :returns: ``points``, ``maximum`` and what is ``missing``: ``title``, ``help`` and
        ``fix_url`` each, and the same of data.europa.eu as ``mqa``, each of its lines
        with the ``points`` that it would give; ``None`` for others, and for what is no
        dataset
    """
    if (
        dataset.get("type") != "dataset"
        or tk.current_user.is_anonymous
        or not tk.h.check_access("package_update", {"id": dataset["id"]})
    ):
        return None
    found = _quality(dataset["id"])
    if found is None:
        return None
    return {
        "points": found["points"],
        "maximum": found["maximum"],
        "missing": [row for row in found["criteria"] if row.get("fix_url")],
        "mqa": {
            "points": found["mqa"]["points"],
            "maximum": found["mqa"]["maximum"],
            "rating": found["mqa"]["rating_title"],
            "missing": _by_remedy(found["mqa"]["indicators"]),
        },
    }


def _quality(dataset_id: str) -> dict[str, Any] | None:
    """How a dataset is described, as the reader may know it: several parts of its page
    tell of it.
    """
    user = tk.current_user.name

    def ask() -> dict[str, Any] | None:
        try:
            return tk.get_action("challenge_quality_show")(
                {"user": user}, {"id": dataset_id}
            )
        except (tk.NotAuthorized, tk.ObjectNotFound):
            return None

    return once(("quality", user, dataset_id), ask)


def _by_remedy(indicators: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """What is missing, with what is mended at once in one line; most points first."""
    found: dict[str, dict[str, Any]] = {}
    for row in indicators:
        if row.get("fix_url"):
            kept = found.setdefault(row["help"], {**row, "points": 0})
            kept["points"] += row["points"]
    return sorted(found.values(), key=lambda row: -row["points"])


def challenge_harvested(dataset: Mapping[str, Any]) -> str | None:
    """Where a dataset was copied from, in words; none where it was published here.

    :param dataset: as ``package_show`` answers it
    """
    return challenge_copied_from(harvesting.source_of(dataset))


def challenge_copied_from(source: str | None) -> str | None:
    """The same of the title of a source, which may be empty; none of none."""
    if source is None:
        return None
    if not source:
        return tk._("Copied from another portal")
    return tk._("Copied from {source}").format(source=source)


def challenge_own_catalogue(organization: str) -> str | None:
    """The address by which others harvest the datasets of one organization.

    :param organization: its name
    :returns: none where ckanext-dcat does not answer it
    """
    if not p.plugin_loaded("dcat") or not tk.asbool(
        tk.config.get("ckanext.dcat.enable_rdf_endpoints", True)
    ):
        return None
    catalogue = tk.h.url_for(
        "dcat.read_catalog", _format="xml", _external=True, locale="default"
    )
    return f"{catalogue}?fq=organization:{organization}"


#: What a dataset can be worth to its readers: a word, an icon, and a sentence.
QUALITIES = {
    "verified": (
        labels.N_("Verified"),
        "award",
        labels.N_("The catalogue counted it for a badge for the quality of data."),
    ),
    "conforming": (
        labels.N_("Conforming"),
        "check",
        labels.N_("The portal checked a file: it follows its national schema."),
    ),
    "fresh": (
        labels.N_("Up to date"),
        "clock",
        labels.N_("Its files are as recent as its publisher announces."),
    ),
}


def challenge_qualities(dataset: Mapping[str, Any]) -> list[dict[str, str]]:
    """What a dataset is worth to its readers, in words.

    :param dataset: with ``verified``, ``conforming`` and ``fresh``
    :returns: ``name``, ``word``, ``icon`` and ``text`` of each that it has
    """
    return [
        {"name": name, "word": tk._(word), "icon": icon, "text": tk._(text)}
        for name, (word, icon, text) in QUALITIES.items()
        if dataset.get(name)
    ]


@shield.shielded(_nothing)
def challenge_dataset_worth(dataset: Mapping[str, Any]) -> dict[str, Any] | None:
    """What a dataset is worth to its readers, for its page in CKAN.

    Calls an action, which sends two statements of its own.

    :param dataset: as ``package_show`` answers it
    :returns: ``qualities`` (of :func:`challenge_qualities`), ``points``, ``maximum``
        and ``badges``, those for which the dataset counted; ``None`` for what is no
        dataset
    """
    if dataset.get("type") != "dataset":
        return None
    found = _quality(dataset["id"])
    if found is None:
        return None
    badges = package_badges.said_of("dataset", dataset)
    return {
        "qualities": challenge_qualities(found),
        "points": found["points"],
        "maximum": found["maximum"],
        # Of a season and outside of it, the same badge is one.
        "badges": [
            *{row["title"]: row for row in badges if row.get("counted")}.values()
        ],
    }


def challenge_organization_worth(name: str) -> dict[str, Any] | None:
    """What an organization's datasets are worth to their readers, for its pages.

    Calls an action, once for a page.

    :param name: of the organization
    :returns: ``count`` of its public datasets, ``url`` of their list and ``rows``: of
        each quality that some have ``word``, ``icon``, ``text``, ``number`` and
        ``url``; ``None`` where there is no dataset
    """
    return once(("worth", name), lambda: _organization_worth(name))


@shield.shielded(_nothing)
def _organization_worth(name: str) -> dict[str, Any] | None:
    try:
        found = tk.get_action("challenge_dataset_list")(
            {"user": tk.current_user.name},
            {"organization": name, "tally": True, "limit": 0},
        )
    except (tk.NotAuthorized, tk.ObjectNotFound):
        return None
    if not found["count"]:
        return None
    url = str(tk.h.url_for("challenge.region_data", organization=name))
    return {
        "count": found["count"],
        "url": url,
        "rows": [
            {
                **row,
                "number": challenge_number(found["tally"][row["name"]]),
                "url": f"{url}&quality={row['name']}",
            }
            for row in challenge_qualities(found["tally"])
        ],
    }


def challenge_structured_data(
    kind: str, row: Mapping[str, Any]
) -> dict[str, Any] | None:
    """What a page says to programs, in the words of schema.org.

    :param kind: ``award``, ``dataset`` or ``organization``
    :param row: as ``challenge_award_show``, ``package_show`` or ``organization_show``
        answers it
    :returns: ``None`` where ckanext-dcat says it
    """
    if kind == "award":
        return structured_data.of_award(row)
    if kind == "organization":
        return structured_data.of_organization(row)
    if p.plugin_loaded("structured_data"):
        return None
    # Alone of the three it reads tables of ours: the names of territories.
    return shield.read(
        "what a dataset says to programs",
        lambda: structured_data.of_dataset(row),
        None,
    )


def _rows(action: str, **data: Any) -> list[dict[str, Any]]:
    try:
        answer = tk.get_action(action)({"user": tk.current_user.name}, data)
    except (tk.NotAuthorized, tk.ObjectNotFound):
        return []
    results: Iterable[dict[str, Any]] = answer["results"]
    return list(results)


def challenge_errors(errors: Mapping[str, Any]) -> dict[str, Any]:
    """The errors of one of CKAN's forms as its reader understands them.

    What CKAN says in English is said in their language, and an address that is taken
    leads to the dataset that has it.

    :param errors: by field, a text or a list of them
    """
    return {name: _told(found) for name, found in errors.items()}


def _told(error: Any) -> Any:
    if isinstance(error, list):
        return [_told(one) for one in error]
    if not isinstance(error, str):
        return error
    # CKAN's own sentence: its validator gives no code.
    if error == tk._("That URL is already in use."):
        return _taken() or error
    return ckan_words.said(error)


def _taken() -> str | None:
    """What is said of an address that another dataset has; nothing if it is none of
    the reader's business.
    """
    user, name = tk.current_user.name, tk.request.form.get("name", "").strip()
    try:
        found = tk.get_action("package_show")({"user": user}, {"id": name})
    except (tk.NotAuthorized, tk.ObjectNotFound, tk.ValidationError):
        return None
    if not tk.h.check_access("package_update", {"id": found["id"]}):
        return tk._(
            "Another dataset has this address already. Add the name of your "
            "collectivité to it."
        )
    return Markup('{} <a href="{}">{}</a>').format(
        tk._("This dataset exists already:"),
        tk.url_for(f"{found['type']}.edit", id=found["name"]),
        tk._("go on with “{title}”").format(title=found["title"]),
    )
