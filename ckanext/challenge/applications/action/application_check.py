"""What is worth knowing before somebody decides on an application."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model
from ckan.types import Context

from ckanext.challenge import config
from ckanext.challenge.applications import accounts, onboarding, query
from ckanext.challenge.applications.answers import field_of
from ckanext.challenge.applications.transitions import cohort_of
from ckanext.challenge.common import fields
from ckanext.challenge.common.action_helpers import (
    find_application,
    user_id_of,
    validate,
)
from ckanext.challenge.common.organizations import organizations_with_siren
from ckanext.challenge.directory.text import fold
from ckanext.challenge.domain import deadlines, lifecycle, questions, scrutiny
from ckanext.challenge.domain.application_fields import NEEDED, OF_DIRECTORY
from ckanext.challenge.model import Application, Cohort, Collectivite
from ckanext.challenge.model.dictize import as_json

#: How many of a kind are listed: more tell a reader nothing.
_MOST = 20


@tk.side_effect_free
def challenge_application_check(context: Context, data_dict: dict[str, Any]) -> Any:
    """Hold an application against the directory, the others and the rules.

    Managers of the season and sysadmins may call this; of a draft, sysadmins only.
    Nothing of it decides: it is a map for those who do.

    :param id: the id or reference of the application
    :type id: string
    :returns: ``identity`` (``known``: is the SIREN in the directory, and ``fields``:
        ``{field, given, directory, same}``), ``duplicates`` (other applications to
        the season of the same SIREN, a homonym or the same contact, and accepted
        ones of the same SIREN to others: ``{id, reference, organization_title, siren,
        departement, state, why, cohort, cohort_title}``, with ``why`` one of
        ``siren``, ``name``, ``contact``), ``homonyms`` (others of the directory with
        that name: ``{siren, name, kind, departement, population}``),
        ``organizations`` of the portal with that SIREN (``{id, name, title}``) and
        ``rules`` (``{rule, outcome}`` with ``outcome`` one of ``passed``, ``look``,
        ``failed``, ``unknown``, and what it is about)
    :rtype: dict
    """
    data = validate(context, data_dict, fields.reference())
    application = find_application(data["id"])
    tk.check_access("challenge_application_check", context, {"id": application.id})
    cohort = cohort_of(application)
    known = model.Session.query(Collectivite).filter_by(siren=application.siren).first()
    identity = _identity(application, known)
    homonyms = _homonyms(application)
    duplicates = _duplicates(application, [row["siren"] for row in homonyms])
    organizations = organizations_with_siren(application.siren)
    facts = scrutiny.Facts(
        known=known is not None,
        differences=tuple(row["field"] for row in identity if not row["same"]),
        kind=application.kind,
        kinds=tuple(cohort.kinds or ()),
        others=sum(
            row["why"] == "siren"
            and row["cohort"] == cohort.name
            and row["state"] in lifecycle.APPLICATION_LIVE
            for row in duplicates
        ),
        homonyms=len(homonyms),
        organizations=sum(
            group.id != application.organization_id for group in organizations
        ),
        confirmed=application.email_confirmed_at is not None,
        own=accounts.is_own(application, user_id_of(context)),
        missing=_missing(application, cohort),
        consent=application.consent_at is not None,
        submitted=deadlines.day_of(application.submitted_at, config.display_timezone())
        if application.submitted_at
        else None,
        deadline=cohort.application_deadline,
        late_code=application.late_code_id is not None,
        free=onboarding.places(cohort).free,
        admitted=application.state == "accepted",
    )
    return {
        "identity": {"known": known is not None, "fields": identity},
        "duplicates": duplicates,
        "homonyms": homonyms,
        "organizations": [
            {"id": group.id, "name": group.name, "title": group.title or group.name}
            for group in organizations
        ],
        "rules": [verdict.as_dict() for verdict in scrutiny.judge(facts)],
    }


def _identity(
    application: Application, known: Collectivite | None
) -> list[dict[str, Any]]:
    rows = []
    for field, name in OF_DIRECTORY.items():
        given = getattr(application, field)
        directory = getattr(known, name) if known else None
        rows.append(
            {
                "field": field,
                "given": given,
                "directory": directory,
                # What the directory does not say cannot be contradicted.
                "same": known is None or directory is None or given == directory,
            }
        )
    return rows


def _homonyms(application: Application) -> list[dict[str, Any]]:
    key = fold(application.organization_title)
    names = ("siren", "name", "kind", "departement", "population")
    rows = model.Session.execute(
        sa.select(*(getattr(Collectivite, name) for name in names))
        .where(
            Collectivite.search_key == key,
            Collectivite.siren.is_not(None),
            Collectivite.siren != application.siren,
        )
        .order_by(Collectivite.population.desc().nulls_last(), Collectivite.siren)
        .limit(_MOST)
    )
    return [dict(row._mapping) for row in rows]


def _duplicates(application: Application, homonyms: list[str]) -> list[dict[str, Any]]:
    same_siren = Application.siren == application.siren
    same_name = sa.or_(
        Application.siren.in_(homonyms),
        sa.func.lower(Application.organization_title)
        == application.organization_title.lower(),
    )
    # Of an erased one nothing is left to compare.
    same_contact = (
        sa.func.lower(Application.contact_email)
        == (application.contact_email or "").lower()
    )
    here = Application.cohort_id == application.cohort_id
    rows = model.Session.execute(
        sa.select(
            Application.id,
            Application.reference,
            Application.organization_title,
            Application.siren,
            Application.departement,
            Application.state,
            Application.submitted_at,
            sa.case((same_siren, "siren"), (same_name, "name"), else_="contact").label(
                "why"
            ),
            Cohort.name.label("cohort"),
            Cohort.title.label("cohort_title"),
        )
        .join(Cohort, Cohort.id == Application.cohort_id)
        .where(
            Application.id != application.id,
            query.handed_in(),
            # Who took part in another season is public; who asked to is not.
            sa.or_(
                sa.and_(here, sa.or_(same_siren, same_name, same_contact)),
                sa.and_(same_siren, Application.state == "accepted"),
            ),
        )
        .order_by(Application.created_at)
        .limit(_MOST)
    )
    return [
        {key: as_json(value) for key, value in row._mapping.items()} for row in rows
    ]


def _missing(application: Application, cohort: Cohort) -> tuple[str, ...]:
    answers = application.answers or {}
    return (
        *(name for name in NEEDED if getattr(application, name) in (None, "")),
        *(
            field_of(question.key)
            for question in questions.asked_of(
                questions.read(cohort.questions), answers
            )
            if question.required and questions.is_empty(answers.get(question.key))
        ),
    )
