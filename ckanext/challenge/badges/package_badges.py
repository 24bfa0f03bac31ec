"""The badges that organizations hold, in what CKAN answers to programs that ask.

They ask by ``include_badges``: what is answered to others is what any CKAN answers, so
that a copy of it can be sent into a portal without the extension (CKAN 2.11 refuses a
list that it does not know). The portal's own pages and documents read them by
:func:`said_of`.

Read when an answer is made, never stored with it: the search index knows nothing of
them, so that a badge that is lost is gone at once. One statement for each answer,
however many rows it has. A portal whose own schema has a field of this name keeps it,
and nothing is added.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Literal

import ckan.plugins as p
import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model
from ckan.lib import plugins as forms
from ckan.types import Context

from ckanext.challenge import config, programmes
from ckanext.challenge.common import fields, shield
from ckanext.challenge.common.language import current
from ckanext.challenge.common.once import once
from ckanext.challenge.domain.lifecycle import AWARD_HELD
from ckanext.challenge.model.arrays import array
from ckanext.challenge.model.dictize import as_json

from . import words

#: Of a dataset and of an organization.
FIELD = "badges"
#: By what a program asks for it.
ASKED = "include_badges"

# What a badge was earned with is read only for the datasets that are shown.
_HELD = sa.text(
    """
    SELECT a.id, a.badge, a.programme, a.level, a.state, a.awarded_at, a.lost_on,
           a.organization_id, a.cohort_id, c.name AS cohort, c.programme_digest,
           -- All but what makes it long.
           (
               SELECT jsonb_agg(part - 'datasets' - 'missing')
               FROM jsonb_array_elements(a.criteria -> 'met') AS part
           ) AS met,
           ARRAY(
               SELECT shown.id
               FROM unnest(CAST(:datasets AS text[]), CAST(:owners AS text[]))
                    AS shown (id, owner)
               WHERE shown.owner = a.organization_id
                 AND jsonb_path_query_array(
                     a.criteria, '$.met[*].datasets[*]'
                 ) @> to_jsonb(shown.id)
           ) AS counted
    FROM challenge_award a
    JOIN "group" g ON g.id = a.organization_id
    LEFT JOIN challenge_cohort c ON c.id = a.cohort_id
    WHERE a.organization_id = ANY (CAST(:organizations AS text[]))
      AND a.state = ANY (CAST(:states AS text[]))
      AND g.state = 'active' AND (c.id IS NULL OR c.state <> 'draft')
    ORDER BY a.awarded_at DESC, a.id
    """
)


_Kind = Literal["dataset", "organization"]


def said_of(kind: _Kind, row: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """The badges of a dataset or an organization, as CKAN answered it.

    Those that the answer has; others are read, once for each page.
    """
    if _is_taken(kind, row.get("type")):
        return ()
    if FIELD not in row and row.get("id"):
        return once((FIELD, kind, row["id"]), lambda: _read(kind, row))
    return row.get(FIELD) or ()


def _read(kind: _Kind, row: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    copy = dict(row)
    if kind == "dataset":
        add_to_datasets([copy])
    else:
        add_to_organizations([copy])
    return copy.get(FIELD) or ()


def _is_taken(kind: _Kind, type_: str | None) -> bool:
    """Whether the portal's own schema of this type has a field of the same name."""
    type_ = type_ or kind
    if kind == "dataset":
        shown = forms.lookup_package_plugin(type_).show_package_schema()
    else:
        shown = forms.lookup_group_plugin(type_).show_group_schema()
    if FIELD in shown:
        return True
    # ckanext-scheming adds its fields only while it validates.
    if not p.plugin_loaded(f"scheming_{kind}s"):
        return False
    scheme = tk.h.scheming_get_schema(kind, type_) or {}
    fields = scheme.get("dataset_fields" if kind == "dataset" else "fields") or ()
    return any(field["field_name"] == FIELD for field in fields)


def _without_own(kind: _Kind, rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows that badges can be added to: each type is looked at once."""
    rows = list(rows)
    taken = {
        type_: _is_taken(kind, type_) for type_ in {row.get("type") for row in rows}
    }
    return [row for row in rows if not taken[row.get("type")]]


def _held(
    organizations: Iterable[str], datasets: Mapping[str, str] | None = None
) -> dict[str, list[tuple[dict[str, Any], Collection[str]]]]:
    """Badges by organization, the latest first, with the datasets that counted.

    :param datasets: the organization of each that is shown
    """
    shown = datasets or {}
    found: dict[str, list[tuple[dict[str, Any], Collection[str]]]] = {
        id_: [] for id_ in organizations
    }
    if not found:
        return found
    rows = model.Session.execute(
        _HELD,
        {
            "organizations": array(found),
            "datasets": array(shown),
            "owners": array(shown.values()),
            "states": array(sorted(AWARD_HELD)),
        },
    ).all()
    spoken = current()
    base = ""
    titles: dict[tuple[str, str], str] = {}
    word_of = words.reader()
    for row in rows:
        # Building an address costs more than all the rest.
        base = base or str(
            tk.h.url_for("challenge.award", award="_", _external=True, locale="default")
        ).removesuffix("_")
        key = (row.programme, row.badge)
        if key not in titles:
            badge = programmes.badges(row.programme).get(row.badge)
            titles[key] = badge[1].title.in_(spoken) if badge else row.badge
        found[row.organization_id].append(
            (
                {
                    "award": row.id,
                    "badge": row.badge,
                    "title": titles[key],
                    "level": row.level,
                    "state": row.state,
                    "awarded_at": as_json(row.awarded_at),
                    "lost_on": as_json(row.lost_on),
                    "cohort": row.cohort,
                    "assurance": word_of(row, row.met or ()),
                    "url": base + row.id,
                },
                frozenset(row.counted),
            )
        )
    return found


@shield.shielded(lambda: None)
def add_to_organizations(organizations: Sequence[dict[str, Any]]) -> None:
    """Add ``badges`` to organizations, as CKAN dictizes them.

    ``[{award, badge, title, level, state, awarded_at, lost_on, cohort, assurance,
    url}]``, the latest first: ``award`` is an id, ``url`` its page, ``title`` in the
    language of the request, ``assurance`` the word that stands behind it
    (:mod:`ckanext.challenge.domain.assurance`).
    """
    ours = _without_own("organization", organizations)
    held = _held(row["id"] for row in ours)
    for row in ours:
        row[FIELD] = [badge for badge, _ in held[row["id"]]]


@shield.shielded(lambda: None)
def add_to_datasets(datasets: Iterable[dict[str, Any]]) -> None:
    """Add to datasets the ``badges`` of their organization.

    As :func:`add_to_organizations`, with ``counted``: whether this very dataset is
    among those with which the badge was earned.
    """
    # A search may be asked for a few fields only.
    owned = _without_own(
        "dataset",
        (row for row in datasets if row.get("id") and row.get("owner_org")),
    )
    held = _held(
        {row["owner_org"] for row in owned},
        {row["id"]: row["owner_org"] for row in owned},
    )
    for row in owned:
        row[FIELD] = [
            {**badge, "counted": row["id"] in counted}
            for badge, counted in held[row["owner_org"]]
        ]


def chained() -> dict[str, Any]:
    """CKAN's actions that are gone along with, by name."""
    return {
        "organization_show": _organization_show,
        "organization_list": _organization_list,
        "package_show": _package_show,
        "package_search": _package_search,
    }


#: Stands in the context of a list of organizations while it shows each of them.
_LATER = "challenge_badges_later"


def _is_asked(data_dict: Mapping[str, Any]) -> bool:
    """Whether somebody asks for the badges.

    :raises ValidationError: it is neither yes nor no
    """
    if ASKED not in data_dict:
        return False
    data, errors = tk.navl_validate(
        {ASKED: data_dict[ASKED]}, {ASKED: fields.truth()}, {}
    )
    if errors:
        raise tk.ValidationError(errors)
    return bool(data.get(ASKED))


@tk.side_effect_free
@tk.chained_action
def _organization_show(
    original: Any, context: Context, data_dict: dict[str, Any]
) -> dict[str, Any]:
    asked = _is_asked(data_dict) or config.answers_in_full()
    shown = original(context, data_dict)
    if asked and _LATER not in context:
        add_to_organizations([shown])
    return shown


@tk.side_effect_free
@tk.chained_action
def _organization_list(
    original: Any, context: Context, data_dict: dict[str, Any]
) -> list[Any]:
    asked = _is_asked(data_dict) or config.answers_in_full()
    context[_LATER] = True  # type: ignore[literal-required]
    try:
        shown = original(context, data_dict)
    finally:
        del context[_LATER]  # type: ignore[literal-required]
    if asked and shown and isinstance(shown[0], dict):
        add_to_organizations(shown)
    return shown


@tk.side_effect_free
@tk.chained_action
def _package_show(
    original: Any, context: Context, data_dict: dict[str, Any]
) -> dict[str, Any]:
    asked = _is_asked(data_dict)
    shown = original(context, data_dict)
    if asked:
        add_to_datasets([shown])
    return shown


@tk.side_effect_free
@tk.chained_action
def _package_search(
    original: Any, context: Context, data_dict: dict[str, Any]
) -> dict[str, Any]:
    asked = _is_asked(data_dict)
    if ASKED in data_dict:
        # CKAN refuses a parameter that it does not know.
        data_dict = {key: data_dict[key] for key in data_dict if key != ASKED}
    found = original(context, data_dict)
    if asked:
        add_to_datasets(found["results"])
    return found


def take_out(data_dict: dict[str, Any]) -> None:
    """Take the badges out of a dataset that is sent.

    What an answer holds may be sent back, also an old one.
    """
    if FIELD in data_dict and not _is_taken("dataset", _type_of(data_dict)):
        del data_dict[FIELD]


def _type_of(data_dict: Mapping[str, Any]) -> str | None:
    """The type of a dataset that is sent: an update may leave it out."""
    stored = None
    if not data_dict.get("type"):
        stored = model.Package.get(data_dict.get("id") or data_dict.get("name"))
    return stored.type if stored else data_dict.get("type")
