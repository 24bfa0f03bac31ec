"""Measures of the organization itself: its people, its page, its choices."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import ckan.plugins.toolkit as tk
from flask_babel import lazy_gettext as _

from ckanext.challenge.domain.measurement import Measurement, Subject
from ckanext.challenge.model.arrays import array
from ckanext.challenge.model.catalog import organization_extras

from . import fixes
from .base import SUBJECTS, Measure, by_organization, rows
from .fixes import Lack, Text

Found = dict[Subject, Measurement]


def _field(name: str, title: Text, field: str = "") -> Lack:
    return Lack(name, title, form="organization", field=field or name)


#: What a complete page says. A commune's has its INSEE code too.
_PAGE = (
    _field("description", _("a presentation")),
    # CKAN's field for the logo is one for its address, which a script hides, and one
    # for the file.
    _field("image_url", _("a logo"), "image-upload"),
    _field("siren", _("the SIREN")),
    _field("kind", _("the kind of collectivité")),
    _field("departement", _("the département")),
    _field("population", _("the number of inhabitants")),
    _field("agents", _("the number of employees")),
    _field("website", _("the website")),
    _field("insee_code", _("the INSEE code")),
)
PROFILE = tuple(lack.name for lack in _PAGE)
#: Those that CKAN keeps in columns; the others are extras.
_COLUMNS = ("description", "image_url")


def members(subjects: Sequence[Subject]) -> Found:
    """People who can act for it; someone invited counts from the first login on."""
    statement = f"""
        SELECT subject.organization, count(DISTINCT u.id) AS value
        FROM {SUBJECTS}
        JOIN member m ON m.group_id = subject.organization
             AND m.table_name = 'user' AND m.state = 'active'
        JOIN "user" u ON u.id = m.table_id AND u.state = 'active'
        GROUP BY subject.organization
    """
    return by_organization(statement, subjects)


def organization_profile(subjects: Sequence[Subject]) -> Found:
    """Share of the fields that are filled in; names those that are not."""
    extras = organization_extras([key for key in PROFILE if key not in _COLUMNS])
    columns = {key: f"g.{key}" for key in _COLUMNS} | dict(extras.columns)
    filled = " + ".join(
        f"(CAST(coalesce({columns[key]}, '') <> '' AS int) << {bit})"
        for bit, key in enumerate(PROFILE)
    )
    statement = f"""
        SELECT subject.organization, {filled} AS filled,
               coalesce({columns["kind"]}, '') = 'commune' AS is_commune
        FROM {SUBJECTS}
        JOIN "group" g ON g.id = subject.organization
        {extras.joins}
    """
    organizations = dict.fromkeys(subject.organization_id for subject in subjects)
    found = {
        row.organization: _profile(row.filled, row.is_commune)
        for row in rows(statement, organizations=array(organizations))
    }
    return {
        subject: found[subject.organization_id]
        for subject in subjects
        if subject.organization_id in found
    }


@lru_cache(maxsize=1024)
def _profile(filled: int, is_commune: bool) -> Measurement:
    """The measurement of a page.

    :param filled: a bit for each field of :data:`PROFILE`
    """
    asked = [key for key in PROFILE if is_commune or key != "insee_code"]
    missing = [key for key in asked if not filled >> PROFILE.index(key) & 1]
    return Measurement(1 - len(missing) / len(asked), lacking=tuple(missing))


def kits_chosen(subjects: Sequence[Subject]) -> Found:
    keys = list(
        dict.fromkeys(
            (subject.organization_id, subject.cohort_id)
            for subject in subjects
            if subject.cohort_id is not None
        )
    )
    if not keys:
        return {}
    statement = """
        SELECT p.organization_id, p.cohort_id, jsonb_array_length(p.kits) AS number
        FROM unnest(CAST(:organizations AS text[]), CAST(:cohorts AS text[]))
             AS subject (organization, cohort)
        JOIN challenge_participant p ON p.organization_id = subject.organization
             AND p.cohort_id = subject.cohort
    """
    answered = rows(
        statement,
        organizations=array(organization for organization, _ in keys),
        cohorts=array(str(cohort) for _, cohort in keys),
    )
    found = {
        (row.organization_id, row.cohort_id): Measurement(float(row.number))
        for row in answered
    }
    return {
        subject: found[subject.organization_id, subject.cohort_id]
        for subject in subjects
        if (subject.organization_id, subject.cohort_id) in found
    }


MEASURES = (
    Measure(
        "members",
        "count",
        _("People who can act for the organization on the portal."),
        members,
        names_datasets=False,
        shortfall=lambda target: tk.ungettext(
            "{value} of {target} member so far.",
            "{value} of {target} members so far.",
            target,
        ),
        at_least=lambda number: tk.ungettext(
            "At least {number} person who can act for the organization",
            "At least {number} people who can act for the organization",
            number,
        ),
        fix=fixes.MEMBERS,
    ),
    Measure(
        "organization_profile",
        "share",
        _(
            "Share of the organization's page that is filled in: description, logo, "
            "website, SIREN, kind, département, population, employees, and a "
            "commune's INSEE code."
        ),
        organization_profile,
        names_datasets=False,
        shortfall=_("{value} of the page is filled in; {target} are enough."),
        at_least=_("At least {number} of the organization's page filled in"),
        fix=fixes.PROFILE,
        lacks=_PAGE,
    ),
    Measure(
        "kits_chosen",
        "count",
        _("Kits that the organization has chosen to open in this season."),
        kits_chosen,
        names_datasets=False,
        shortfall=lambda target: tk.ungettext(
            "{value} of {target} kit chosen so far.",
            "{value} of {target} kits chosen so far.",
            target,
        ),
        at_least=lambda number: tk.ungettext(
            "At least {number} kit chosen", "At least {number} kits chosen", number
        ),
        fix=fixes.KITS,
        of_cohort=True,
        declared=True,
    ),
)


def for_kits(organization_id: str) -> dict[str, Any]:
    """What decides which kits fit an organization; the directory says what it does not.

    :returns: ``{kind, population, territory}``, each ``None`` where nobody knows;
        ``territory`` is its INSEE code, or its SIREN
    """
    extras = organization_extras(("siren", "kind", "population", "insee_code"))
    own = {key: f"nullif({column}, '')" for key, column in extras.columns.items()}
    statement = f"""
        SELECT coalesce({own["kind"]}, c.kind) AS kind,
               CASE WHEN {own["population"]} ~ '^[0-9]{{1,9}}$'
                    THEN CAST({own["population"]} AS int)
                    ELSE c.population END AS population,
               coalesce({own["insee_code"]}, c.insee_code, {own["siren"]}) AS territory
        FROM "group" g
        {extras.joins}
        LEFT JOIN challenge_collectivite c ON c.siren = {own["siren"]}
        WHERE g.id = :id
    """
    (found,) = rows(statement, id=organization_id)
    return dict(found._mapping)
