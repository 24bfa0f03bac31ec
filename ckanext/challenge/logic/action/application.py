"""Applications: a collectivité asks to take part, managers decide."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model
from ckan.types import Context
from sqlalchemy.exc import IntegrityError

from ckanext.challenge import (
    config,
    journal,
    language,
    notifications,
    onboarding,
)
from ckanext.challenge.domain import eligibility, lifecycle
from ckanext.challenge.logic import follow_up, roles
from ckanext.challenge.logic.action.cohort import accepts_applications
from ckanext.challenge.logic.applications import (
    advance,
    already_applied,
    check_alone,
    cohort_of,
    decide,
    lock,
)
from ckanext.challenge.logic.boundary import (
    actor_of,
    find_application,
    find_cohort,
    validated,
)
from ckanext.challenge.logic.schema import application as schema
from ckanext.challenge.model import Application, Cohort, Collectivite, Participant
from ckanext.challenge.model.base import utcnow
from ckanext.challenge.model.dictize import columns

__all__ = [
    "challenge_application_create",
    "challenge_application_show",
    "challenge_application_submit",
    "challenge_application_update",
    "challenge_application_withdraw",
]

#: What the applicant writes and may read again.
_WRITTEN = (
    "siren",
    "organization_title",
    "kind",
    "insee_code",
    "departement",
    "population",
    "agents",
    "contact_name",
    "contact_role",
    "contact_email",
    "contact_phone",
    "elected_sponsor",
    "motivation",
)
_SHOWN = (
    "id",
    "reference",
    "cohort_id",
    *_WRITTEN,
    "consent_at",
    "state",
    "state_reason",
    "waitlist_rank",
    "created_at",
    "updated_at",
    "submitted_at",
    "decided_at",
    "user_id",
    "organization_id",
)
#: States in which the applicant may change what is written.
_EDITABLE = ("draft", "changes_requested")


def challenge_application_create(context: Context, data_dict: dict[str, Any]) -> Any:
    """Begin an application to a season.

    Anybody may call this, with or without an account. The application is a draft
    until :py:func:`challenge_application_submit`.

    :param cohort: the id or name of the season
    :type cohort: string
    :param siren: the SIREN of the collectivité; one of the directory fills in the
        name, kind, département and population
    :type siren: string
    :param organization_title: its name, needed for a SIREN outside the directory
    :type organization_title: string
    :param kind: ``commune``, ``cc``, ``ca``, ``cu``, ``metropole`` or ``autre``
    :type kind: string
    :param population: inhabitants
    :type population: int
    :param agents: full-time equivalents
    :type agents: number
    :param contact_name: whom to write to
    :type contact_name: string
    :param contact_role: what that person does there
    :type contact_role: string
    :param contact_email: where to write to
    :type contact_email: string
    :param contact_phone: where to call
    :type contact_phone: string
    :param elected_sponsor: name and office of the elected sponsor
    :type elected_sponsor: string
    :param motivation: why the collectivité wants to take part
    :type motivation: string
    :param consent: agreement to the use of these data; must be true
    :type consent: bool
    :param draft: keep it although something is missing (false)
    :type draft: bool
    :returns: the application, with the ``key`` that opens it without an account
    :rtype: dict
    :raises ValidationError: by field; on ``siren`` when that collectivité has
        applied to this season already; on ``cohort`` when it takes no applications
    """
    tk.check_access("challenge_application_create", context, data_dict)
    draft = data_dict.get("draft") in (True, "true", "on", "1")
    data = validated(context, data_dict, schema.application_save(complete=not draft))
    cohort = find_cohort(data["cohort"])
    _check_open(context, cohort)
    _fill_in(data)
    _check_eligible(cohort, data)
    check_alone(cohort, data["siren"], None)
    application = Application(
        cohort_id=cohort.id,
        state="draft",
        reference=_next_reference(cohort),
        user_id=roles.user_id_of(context),
        language=language.current(),
        consent_at=utcnow() if data.get("consent") else None,
    )
    _write(application, data)
    model.Session.add(application)
    try:
        model.Session.flush()
    except IntegrityError as error:
        # Somebody else was faster by the blink of an eye.
        model.Session.rollback()
        raise already_applied() from error
    journal.record(
        actor_of(context),
        "create",
        "application",
        application.id,
        {"cohort_id": cohort.id, "siren": application.siren},
    )
    model.Session.commit()
    return {
        **dictize(context, application),
        "key": follow_up.make_key(application.id),
    }


def challenge_application_update(context: Context, data_dict: dict[str, Any]) -> Any:
    """Change an application that is a draft, or of which changes were requested.

    The applicant may call this, by account or with the follow-up key.

    :param id: the id or reference of the application
    :type id: string
    :param key: the follow-up key
    :type key: string
    :returns: the application
    :rtype: dict

    The other parameters are those of :py:func:`challenge_application_create`; what
    is not given stays as it is.
    """
    application = find_application(data_dict.get("id"))
    tk.check_access("challenge_application_update", context, data_dict)
    lock(application)
    if application.state not in _EDITABLE:
        model.Session.rollback()
        raise tk.ValidationError(
            {
                "state": [
                    tk._(
                        "An application that is “{state}” can no longer be changed"
                    ).format(state=application.state)
                ]
            }
        )
    cohort = cohort_of(application)
    merged = {
        **columns(application, _WRITTEN),
        "consent": application.consent_at is not None,
        **data_dict,
        "cohort": cohort.id,
    }
    complete = application.state != "draft"
    data = validated(context, merged, schema.application_save(complete))
    _fill_in(data)
    _check_eligible(cohort, data)
    check_alone(cohort, data["siren"], application)
    _write(application, data)
    if data.get("consent"):
        application.consent_at = application.consent_at or utcnow()
    journal.record(actor_of(context), "update", "application", application.id)
    model.Session.commit()
    return dictize(context, application)


def challenge_application_submit(context: Context, data_dict: dict[str, Any]) -> Any:
    """Hand in an application.

    The applicant may call this, by account or with the follow-up key. A receipt with
    the reference and the follow-up link is mailed.

    :param id: the id or reference of the application
    :type id: string
    :param key: the follow-up key
    :type key: string
    :returns: the application
    :rtype: dict
    :raises ValidationError: by field when something is missing; on ``cohort`` when
        the season takes no applications any more; on ``state`` when it was handed
        in already
    """
    data = validated(context, data_dict, schema.reference())
    application = find_application(data["id"])
    tk.check_access("challenge_application_submit", context, data)
    lock(application)
    before = application.state
    path = decide(application, "submit")
    cohort = cohort_of(application)
    # What was asked of an applicant may come in after the deadline.
    if before == "draft":
        _check_open(context, cohort)
    complete = {
        **columns(application, _WRITTEN),
        "cohort": cohort.id,
        "consent": application.consent_at is not None,
    }
    validated(context, complete, schema.application_save(complete=True))
    advance(application, path, actor_of(context))
    application.submitted_at = utcnow()
    application.state_reason = None
    notifications.put("receipt", application=application)
    model.Session.commit()
    notifications.deliver()
    return dictize(context, application)


def challenge_application_withdraw(context: Context, data_dict: dict[str, Any]) -> Any:
    """Take an application back.

    The applicant may call this, by account or with the follow-up key.

    :param id: the id or reference of the application
    :type id: string
    :param key: the follow-up key
    :type key: string
    :returns: the application
    :rtype: dict
    """
    data = validated(context, data_dict, schema.reference())
    application = find_application(data["id"])
    tk.check_access("challenge_application_withdraw", context, data)
    lock(application)
    advance(application, decide(application, "withdraw"), actor_of(context))
    application.waitlist_rank = None
    model.Session.commit()
    return dictize(context, application)


@tk.side_effect_free
def challenge_application_show(context: Context, data_dict: dict[str, Any]) -> Any:
    """Show an application.

    The applicant (by account or with the follow-up key), the managers of the season
    and sysadmins may call this.

    :param id: the id or reference of the application
    :type id: string
    :param key: the follow-up key
    :type key: string
    :returns: its fields; ``duty`` (``{status, rule, reasons}``: is there a duty to
        publish, and why); for managers also ``warnings`` and ``decisions`` (what can
        be decided now)
    :rtype: dict
    """
    data = validated(context, data_dict, schema.reference())
    application = find_application(data["id"])
    tk.check_access("challenge_application_show", context, data)
    return dictize(context, application)


def _fill_in(data: dict[str, Any]) -> None:
    """Take name, kind, place and population from the directory, where it knows."""
    known = model.Session.get(Collectivite, data["siren"])
    if known is not None:
        data.update(
            organization_title=known.name,
            kind=known.kind,
            insee_code=known.insee_code,
            departement=known.departement,
            population=known.population,
        )
    elif not data.get("organization_title"):
        raise tk.ValidationError(
            {
                "organization_title": [
                    tk._("This SIREN is not in the directory: write the name")
                ]
            }
        )
    else:
        data["kind"] = data.get("kind") or "autre"


def _check_open(context: Context, cohort: Cohort) -> None:
    if accepts_applications(cohort) and roles.may_see_cohort(context, cohort):
        return
    deadline = cohort.application_deadline
    if cohort.state == "open" and cohort.application_opens and deadline is None:
        text = tk._("This season does not take applications yet")
    elif deadline is not None and cohort.state == "open":
        text = tk._(
            "This season takes applications from {opens} to {deadline}, the end of "
            "the day included"
        ).format(
            opens=(cohort.application_opens or cohort.created_at.date()).isoformat(),
            deadline=deadline.isoformat(),
        )
    else:
        text = tk._("This season does not take applications")
    raise tk.ValidationError({"cohort": [text]})


def _check_eligible(cohort: Cohort, data: dict[str, Any]) -> None:
    if cohort.kinds and data["kind"] not in cohort.kinds:
        raise tk.ValidationError(
            {
                "siren": [
                    tk._("This season is for: {kinds}").format(
                        kinds=", ".join(map(tk.h.challenge_kind, cohort.kinds))
                    )
                ]
            }
        )


def _next_reference(cohort: Cohort) -> str:
    """The next readable reference of the season: ``S2-0007``.

    The number is taken under a lock, over all cohorts of the season's number.
    """
    model.Session.execute(
        sa.select(
            sa.func.pg_advisory_xact_lock(
                sa.func.hashtext("ckanext.challenge.reference"), cohort.season
            )
        )
    )
    last = (
        model.Session.query(sa.func.max(Cohort.last_reference))
        .filter(Cohort.season == cohort.season)
        .scalar()
    )
    number = (last or 0) + 1
    # Past the ORM: numbering is no change of the season itself.
    model.Session.execute(
        sa.update(Cohort.__table__)
        .where(Cohort.__table__.c.id == cohort.id)
        .values(last_reference=number, updated_at=cohort.updated_at)
    )
    return f"S{cohort.season}-{number:04d}"


def _write(application: Application, data: dict[str, Any]) -> None:
    for name in _WRITTEN:
        setattr(application, name, data.get(name))


def _duty(application: Application) -> dict[str, Any]:
    duty = eligibility.duty_to_publish(
        application.kind,
        application.population,
        float(application.agents) if application.agents is not None else None,
        rule=config.obligation_rule(),
        population_threshold=config.obligation_population(),
        agents_threshold=config.obligation_agents(),
    )
    return {
        "status": duty.status,
        "rule": duty.rule,
        "reasons": [
            {
                "number": reason.number,
                "outcome": reason.outcome,
                "value": reason.value,
                "threshold": reason.threshold,
            }
            for reason in duty.reasons
        ],
    }


def _warnings(application: Application) -> list[str]:
    """What a manager should know before deciding."""
    found = []
    if model.Session.get(Collectivite, application.siren) is None:
        found.append(tk._("This SIREN is not in the directory"))
    if application.organization_id is None:
        found += [
            tk._(
                "The organization “{title}” has this SIREN already; the applicant "
                "would become its admin"
            ).format(title=group.title or group.name)
            for group in onboarding.organizations_with_siren(application.siren)
        ]
    return found


def dictize(context: Context, application: Application) -> dict[str, Any]:
    """What the caller may see of an application."""
    shown = columns(application, _SHOWN)
    shown["duty"] = _duty(application)
    cohort = cohort_of(application)
    shown["cohort"] = cohort.name
    if application.organization_id:
        group = model.Group.get(application.organization_id)
        shown["organization_name"] = group.name if group else None
    participant = (
        model.Session.query(Participant.id)
        .filter_by(application_id=application.id)
        .first()
    )
    shown["participant_id"] = participant[0] if participant else None
    if roles.is_manager(context, application.cohort_id):
        shown["decided_by"] = application.decided_by
        shown["warnings"] = _warnings(application)
        shown["decisions"] = list(lifecycle.decisions_for(application.state))
    else:
        shown["decisions"] = list(
            lifecycle.decisions_for(application.state, "applicant")
        )
    return shown
