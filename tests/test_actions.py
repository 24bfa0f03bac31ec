"""What holds for every action: who may, what it says of itself, who commits."""

from __future__ import annotations

import contextlib
import datetime as dt
import inspect
import io
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest import mock

import ckan.plugins.toolkit as tk
import pytest
import sqlalchemy as sa
from ckan import model
from ckan.tests import factories
from ckan.types import Context
from factories import (
    BAULE,
    LIGNIERES,
    POINCONNET,
    apply,
    call_as,
    collectivites,
    day,
    make_cohort,
)
from factories import make_participant as participate
from helpers.outlines import load_squares
from helpers.snapshots import MadeOnce
from werkzeug.datastructures import FileStorage

from ckanext.challenge import programmes
from ckanext.challenge.agenda import digest
from ckanext.challenge.common import access_links, addresses, proofs
from ckanext.challenge.model import (
    ApplicationFile,
    Claim,
    Cohort,
    Conformity,
    Extension,
    Preparation,
    Subscription,
    WaitingRole,
)
from ckanext.challenge.model.base import utcnow
from ckanext.challenge.notifications import endings
from ckanext.challenge.plugin import all_actions, all_auth_functions
from ckanext.challenge.subscribers import links

WHO = (
    "anonymous",
    "applicant",
    "stranger",
    "member",
    "org_admin",
    "adviser",
    "other_adviser",
    "manager",
    "other_manager",
    "sysadmin",
)
EVERYBODY: set[str] = set(WHO)
STAFF = {"adviser", "other_adviser", "manager", "sysadmin"}
MANAGER = {"manager", "sysadmin"}
FOLLOWERS = {"member", "org_admin", "adviser", "manager", "sysadmin"}

#: A message to many.
WRITTEN = {"cohort": "{cohort}", "subject": "x", "text": "Bonjour"}

#: action: (who may, its arguments)
TABLE: dict[str, tuple[set[str], dict[str, Any]]] = {
    "challenge_cohort_list": (EVERYBODY, {}),
    "challenge_agenda_show": ({*STAFF, "other_manager"}, {}),
    "challenge_doctor_show": ({"sysadmin"}, {}),
    "challenge_figures_show": ({"sysadmin"}, {}),
    "challenge_readiness_show": (EVERYBODY, {}),
    "challenge_reference_show": (EVERYBODY, {}),
    "challenge_message_settle": ({"adviser", *MANAGER}, {"id": "{message}"}),
    "challenge_digest_show": ({*STAFF, "other_manager"}, {}),
    "challenge_digest_update": ({*STAFF, "other_manager"}, {"weekday": "friday"}),
    "challenge_digest_end": (EVERYBODY, {"key": "x"}),
    "challenge_agenda_count": ({*STAFF, "other_manager"}, {}),
    "challenge_observatory_show": (EVERYBODY, {}),
    "challenge_observatory_history": (EVERYBODY, {}),
    "challenge_situation_show": (EVERYBODY, {"siren": BAULE}),
    "challenge_dataset_list": (EVERYBODY, {}),
    "challenge_address_list": (EVERYBODY, {"kind": "dataset"}),
    "challenge_cohort_show": (EVERYBODY, {"id": "{cohort}"}),
    "challenge_cohort_create": ({"sysadmin"}, {}),
    "challenge_cohort_update": (MANAGER, {"id": "{cohort}"}),
    "challenge_cohort_patch": (MANAGER, {"id": "{cohort}"}),
    "challenge_cohort_transition": (MANAGER, {"id": "{cohort}", "to": "running"}),
    "challenge_cohort_transition_preview": (MANAGER, {"id": "{cohort}", "to": "open"}),
    "challenge_cohort_delete": ({"sysadmin"}, {"id": "{cohort}"}),
    "challenge_cohort_publish_scheduled": ({"sysadmin"}, {}),
    "challenge_cohort_copy": ({"sysadmin"}, {"id": "{cohort}"}),
    "challenge_cohort_report": (EVERYBODY, {"id": "{cohort}"}),
    "challenge_season_account_show": (STAFF, {"cohort": "{cohort}"}),
    "challenge_season_account_update": (MANAGER, {"cohort": "{cohort}"}),
    "challenge_agreement_list": (STAFF, {"cohort": "{cohort}"}),
    "challenge_agreement_create": (MANAGER, {"cohort": "{cohort}", "funder": "x"}),
    "challenge_agreement_update": (
        MANAGER,
        {"id": "{agreement}", "cohort": "{cohort}", "funder": "x"},
    ),
    "challenge_agreement_delete": (
        MANAGER,
        {"id": "{agreement}", "cohort": "{cohort}"},
    ),
    "challenge_report_address_list": (MANAGER, {"cohort": "{cohort}"}),
    "challenge_report_address_create": (
        MANAGER,
        {"cohort": "{cohort}", "name": "x", "ends_on": "2030-01-01"},
    ),
    "challenge_report_address_end": (
        MANAGER,
        {"id": "{address}", "cohort": "{cohort}"},
    ),
    "challenge_report_file_list": (STAFF, {"cohort": "{cohort}"}),
    "challenge_report_file_create": (STAFF, {"cohort": "{cohort}"}),
    "challenge_lesson_list": (STAFF, {"cohort": "{cohort}"}),
    "challenge_lesson_create": (
        STAFF,
        {"cohort": "{cohort}", "kind": "keep", "text": "x"},
    ),
    "challenge_lesson_update": (
        STAFF,
        {"id": "{lesson}", "cohort": "{cohort}", "kind": "keep", "text": "x"},
    ),
    "challenge_lesson_delete": (STAFF, {"id": "{lesson}", "cohort": "{cohort}"}),
    "challenge_cohort_programme_diff": (MANAGER, {"id": "{cohort}"}),
    "challenge_cohort_programme_update": (MANAGER, {"id": "{cohort}", "version": 2}),
    "challenge_question_list": (MANAGER, {"cohort": "{cohort}"}),
    "challenge_late_code_list": (MANAGER, {"cohort": "{cohort}"}),
    "challenge_late_code_create": (MANAGER, {"cohort": "{cohort}"}),
    "challenge_late_code_delete": (MANAGER, {"id": "{code}", "cohort": "{cohort}"}),
    "challenge_staff_list": (STAFF, {"cohort": "{cohort}"}),
    "challenge_staff_create": (
        MANAGER,
        {"cohort": "{cohort}", "user": "x", "role": "adviser"},
    ),
    "challenge_staff_invite": (
        MANAGER,
        {"cohort": "{cohort}", "email": "x@example.org", "role": "adviser"},
    ),
    "challenge_staff_delete": (
        MANAGER,
        {"id": "{staff}", "cohort": "{cohort}", "role": "adviser"},
    ),
    "challenge_application_create": (EVERYBODY, {"cohort": "{cohort}"}),
    "challenge_application_update": (
        {"applicant", "sysadmin"},
        {"id": "{application}"},
    ),
    "challenge_application_submit": (
        {"applicant", "sysadmin"},
        {"id": "{application}"},
    ),
    "challenge_application_withdraw": (
        {"applicant", "sysadmin"},
        {"id": "{application}"},
    ),
    "challenge_application_show": (
        {"applicant", *MANAGER},
        {"id": "{application}"},
    ),
    "challenge_application_list": (MANAGER, {"cohort": "{cohort}"}),
    "challenge_application_statistics": (MANAGER, {"cohort": "{cohort}"}),
    "challenge_application_review": (
        MANAGER,
        {"id": "{application}", "decision": "start"},
    ),
    "challenge_application_acceptance_undo": (MANAGER, {"id": "{application}"}),
    "challenge_application_acceptance_undo_preview": (
        MANAGER,
        {"id": "{application}"},
    ),
    "challenge_application_check": (MANAGER, {"id": "{application}"}),
    "challenge_application_export": (MANAGER, {"cohort": "{cohort}"}),
    "challenge_application_batch_review": (
        MANAGER,
        {"ids": ["{application}"], "decision": "start"},
    ),
    "challenge_application_assign": (MANAGER, {"id": "{application}"}),
    "challenge_application_note_create": (
        MANAGER,
        {"id": "{application}", "text": "x"},
    ),
    "challenge_application_note_list": (MANAGER, {"id": "{application}"}),
    "challenge_score_create": (MANAGER, {"id": "{application}", "conflict": True}),
    "challenge_score_list": (MANAGER, {"id": "{application}"}),
    "challenge_waitlist_list": (MANAGER, {"cohort": "{cohort}"}),
    "challenge_waitlist_move": (MANAGER, {"id": "{application}", "rank": 1}),
    "challenge_decisions_publish": (MANAGER, {"cohort": "{cohort}"}),
    "challenge_participant_ask": (
        MANAGER,
        {"cohort": "{cohort}", "organization": "{organization}"},
    ),
    "challenge_claim_show": ({"org_admin", *MANAGER}, {"id": "{claim}"}),
    "challenge_claim_list": (MANAGER, {"cohort": "{cohort}"}),
    "challenge_claim_answer": (
        {"org_admin", "sysadmin"},
        {"id": "{claim}", "accepted": True},
    ),
    "challenge_member_invite": (
        {"org_admin", "sysadmin"},
        {"organization": "{organization}", "email": "x@example.org"},
    ),
    "challenge_invitation_list": (
        {"org_admin", "sysadmin"},
        {"organization": "{organization}"},
    ),
    "challenge_invitation_delete": (
        {"org_admin", "sysadmin"},
        {"id": "{waiting}"},
    ),
    # Nobody in the place of the account that the link is for.
    "challenge_address_prove": ({"applicant"}, {"token": "{token}"}),
    "challenge_address_proof_send": (
        {"stranger", "org_admin", *MANAGER},
        {"id": "{waiting}"},
    ),
    "challenge_waiting_role_list": (MANAGER, {"cohort": "{cohort}"}),
    "challenge_given_role_list": (
        {"org_admin", "sysadmin"},
        {"organization": "{organization}"},
    ),
    "challenge_role_changes": (
        {"applicant", *MANAGER},
        {"application": "{application}"},
    ),
    "challenge_decision_drop": (MANAGER, {"id": "{application}"}),
    "challenge_application_form": (EVERYBODY, {"cohort": "{cohort}"}),
    "challenge_application_link_send": (EVERYBODY, {"id": "{application}"}),
    "challenge_application_email_confirm": (
        {"applicant", "sysadmin"},
        {"id": "{application}"},
    ),
    "challenge_application_data": ({"applicant", "sysadmin"}, {"id": "{application}"}),
    "challenge_application_attachment_create": (
        {"applicant", "sysadmin"},
        {"id": "{application}", "purpose": "letter"},
    ),
    "challenge_application_attachment_delete": (
        {"applicant", "sysadmin"},
        {"id": "{file}"},
    ),
    "challenge_application_attachment_show": (
        {"applicant", *MANAGER},
        {"id": "{file}"},
    ),
    "challenge_application_message_create": (
        {"applicant", *MANAGER},
        {"id": "{application}", "text": "x"},
    ),
    "challenge_application_message_list": (
        {"applicant", *MANAGER},
        {"id": "{application}"},
    ),
    "challenge_application_erase": (
        {"applicant", *MANAGER},
        {"id": "{application}"},
    ),
    "challenge_mail_list": (MANAGER, {"cohort": "{cohort}"}),
    "challenge_mail_preview": (
        MANAGER,
        {"application": "{application}", "decision": "accept"},
    ),
    "challenge_mail_show": (MANAGER, {"id": "{mail}"}),
    "challenge_mail_retry": (MANAGER, {"id": "{mail}"}),
    "challenge_campaign_create": (STAFF, {**WRITTEN, "to": "participants"}),
    "challenge_campaign_update": (MANAGER, {"id": "{campaign}", "text": "x"}),
    "challenge_campaign_show": (MANAGER, {"id": "{campaign}"}),
    "challenge_campaign_list": (STAFF, {"cohort": "{cohort}"}),
    "challenge_campaign_preview": (STAFF, {**WRITTEN, "to": "participants"}),
    "challenge_campaign_send": (MANAGER, {"id": "{campaign}", "recipients": 1}),
    "challenge_campaign_cancel": (MANAGER, {"id": "{campaign}"}),
    "challenge_campaign_model_list": (STAFF, {"cohort": "{cohort}"}),
    "challenge_campaign_model_create": (
        MANAGER,
        {**WRITTEN, "to": "participants", "title": "x"},
    ),
    "challenge_campaign_model_delete": (MANAGER, {"id": "{campaign_model}"}),
    "challenge_mail_end_show": (EVERYBODY, {"key": "{mail_key}"}),
    "challenge_mail_end_create": (EVERYBODY, {"key": "{mail_key}"}),
    "challenge_mail_end_delete": (EVERYBODY, {"key": "{mail_key}"}),
    "challenge_reminder_show": (FOLLOWERS, {"participant": "{participant}"}),
    "challenge_reminder_list": (STAFF, {"cohort": "{cohort}"}),
    "challenge_reminder_pause": (
        {"adviser", *MANAGER},
        {"participant": "{participant}", "reason": "x"},
    ),
    "challenge_reminder_resume": (
        {"adviser", *MANAGER},
        {"participant": "{participant}"},
    ),
    "challenge_participant_list": (EVERYBODY, {"cohort": "{cohort}"}),
    "challenge_participant_show": (EVERYBODY, {"id": "{participant}"}),
    "challenge_participant_create": (
        {"sysadmin"},
        {"cohort": "{cohort}", "organization": "{organization}"},
    ),
    "challenge_participant_withdraw": (
        MANAGER,
        {"id": "{participant}", "reason": "x"},
    ),
    "challenge_participant_reinstate": (MANAGER, {"id": "{participant}"}),
    "challenge_participant_assign": (MANAGER, {"id": "{participant}"}),
    "challenge_participant_board": (STAFF, {"cohort": "{cohort}"}),
    "challenge_participant_export": (STAFF, {"cohort": "{cohort}"}),
    "challenge_saved_view_list": (STAFF, {"cohort": "{cohort}"}),
    "challenge_saved_view_create": (STAFF, {"cohort": "{cohort}", "title": "x"}),
    "challenge_saved_view_delete": (MANAGER, {"id": "{view}"}),
    "challenge_participant_batch": (
        MANAGER,
        {"participants": ["{participant}"], "do": "assign"},
    ),
    "challenge_participant_kits_update": (FOLLOWERS, {"participant": "{participant}"}),
    "challenge_step_list": (
        STAFF,
        {"cohort": "{cohort}"},
    ),
    "challenge_step_update": (
        FOLLOWERS,
        {
            "participant": "{participant}",
            "step": "{step}",
            "state": "done",
            "note": "Camille Martin",
        },
    ),
    "challenge_step_confirm": (
        {"adviser", *MANAGER},
        {"participant": "{participant}", "step": "{step}", "confirmed": True},
    ),
    "challenge_step_waive": (
        MANAGER,
        {"participant": "{participant}", "step": "{step}", "reason": "x"},
    ),
    "challenge_step_unwaive": (
        MANAGER,
        {"participant": "{participant}", "step": "{step}"},
    ),
    "challenge_cohort_dates_update": (
        MANAGER,
        {"id": "{cohort}", "finalisation": day(130).isoformat()},
    ),
    "challenge_participant_import": (MANAGER, {"cohort": "{cohort}"}),
    "challenge_extension_create": (
        MANAGER,
        {
            "participants": ["{participant}"],
            "step": "premier-jeu",
            "due": day(70).isoformat(),
            "reason": "x",
        },
    ),
    "challenge_extension_delete": (MANAGER, {"id": "{extension}"}),
    "challenge_extension_list": (FOLLOWERS, {"participant": "{participant}"}),
    "challenge_step_evidence_show": (
        FOLLOWERS,
        {"participant": "{participant}", "step": "{step}"},
    ),
    "challenge_visit_create": (
        {"adviser", *MANAGER},
        {
            "participant": "{participant}",
            "date": "2026-03-02",
            "days": 1,
            "topic": "x",
        },
    ),
    "challenge_visit_update": ({"adviser", *MANAGER}, {"id": "{visit}"}),
    "challenge_visit_delete": ({"adviser", *MANAGER}, {"id": "{visit}"}),
    "challenge_visit_list": (FOLLOWERS, {"participant": "{participant}"}),
    "challenge_budget_show": (STAFF, {"cohort": "{cohort}"}),
    # Whoever is on the team of some season that goes on.
    "challenge_visit_form_show": (
        {"adviser", "other_adviser", "manager", "other_manager"} | {"sysadmin"},
        {},
    ),
    "challenge_calendar_address_show": (STAFF, {"cohort": "{cohort}"}),
    "challenge_calendar_address_create": (STAFF, {"cohort": "{cohort}"}),
    "challenge_calendar_address_delete": (STAFF, {"cohort": "{cohort}"}),
    # Who has the address is whom it is for.
    "challenge_calendar_show": (EVERYBODY, {"key": "{calendar}"}),
    "challenge_time_certificate_show": (FOLLOWERS, {"participant": "{participant}"}),
    "challenge_participant_message_create": (
        FOLLOWERS,
        {"participant": "{participant}", "text": "x"},
    ),
    "challenge_participant_message_list": (
        FOLLOWERS,
        {"participant": "{participant}"},
    ),
    "challenge_accompaniment_show": (FOLLOWERS, {"participant": "{participant}"}),
    "challenge_accompaniment_list": (STAFF, {"cohort": "{cohort}"}),
    "challenge_feedback_update": (
        {"member", "org_admin", "sysadmin"},
        {"participant": "{participant}"},
    ),
    "challenge_feedback_show": (FOLLOWERS, {"participant": "{participant}"}),
    "challenge_feedback_list": (MANAGER, {"cohort": "{cohort}"}),
    "challenge_feedback_export": (MANAGER, {"cohort": "{cohort}"}),
    "challenge_progress_show": (
        EVERYBODY,
        {"organization": "{organization}", "cohort": "{cohort}"},
    ),
    "challenge_badge_list": (EVERYBODY, {}),
    "challenge_badge_show": (EVERYBODY, {"badge": "{badge}"}),
    "challenge_award_list": (EVERYBODY, {}),
    "challenge_kit_list": (EVERYBODY, {}),
    "challenge_schema_list": (EVERYBODY, {}),
    "challenge_schema_show": (EVERYBODY, {"id": "scdl/deliberations"}),
    "challenge_schema_add": ({"sysadmin"}, {"file": "no JSON"}),
    "challenge_schema_delete": ({"sysadmin"}, {"id": "local/bancs"}),
    "challenge_kit_show": (EVERYBODY, {"kit": "deliberations"}),
    "challenge_collectivite_search": (EVERYBODY, {"q": "baule"}),
    "challenge_collectivite_history": (EVERYBODY, {"siren": "214500241"}),
    "challenge_collectivite_show": (EVERYBODY, {"siren": "214500241"}),
    "challenge_match_list": ({"manager", "other_manager", "sysadmin"}, {}),
    "challenge_match_decide": (
        {"manager", "other_manager", "sysadmin"},
        {"organization": "{unmatched}", "siren": "none"},
    ),
    "challenge_map_list": (EVERYBODY, {}),
    "challenge_map_show": (EVERYBODY, {"level": "commune"}),
    "challenge_successor_list": (EVERYBODY, {}),
    "challenge_merge_list": ({"manager", "other_manager", "sysadmin"}, {}),
    "challenge_collectivite_merge": (
        {"sysadmin"},
        {"from": "213601594", "into": "214500241", "dry_run": True},
    ),
    "challenge_successor_create": (
        {"sysadmin"},
        {"siren": "213601594", "successor": "214500241"},
    ),
    "challenge_successor_delete": ({"sysadmin"}, {"siren": "213601594"}),
    "challenge_journal_list": ({"sysadmin"}, {}),
    "challenge_shield_show": (EVERYBODY, {"organization": "{organization}"}),
    "challenge_standing_show": (EVERYBODY, {"organization": "{organization}"}),
    "challenge_dataset_season_show": (EVERYBODY, {"id": "{dataset}"}),
    "challenge_quality_show": (EVERYBODY, {"id": "{dataset}"}),
    "challenge_mqa_show": (EVERYBODY, {"organization": "{organization}"}),
    "challenge_award_show": (EVERYBODY, {"id": "{award}"}),
    "challenge_credential_show": (EVERYBODY, {"award": "{award}"}),
    "challenge_credential_verify": (EVERYBODY, {"credential": "x"}),
    "challenge_subscription_create": (
        EVERYBODY,
        {"badge": "{badge}", "email": "lectrice@example.org"},
    ),
    "challenge_subscription_confirm": (EVERYBODY, {"key": "x"}),
    "challenge_subscription_show": (EVERYBODY, {"key": "x"}),
    "challenge_subscription_list": ({"sysadmin"}, {"email": "lectrice@example.org"}),
    "challenge_subscription_delete": ({"sysadmin"}, {"email": "lectrice@example.org"}),
    "challenge_did_show": (EVERYBODY, {}),
    "challenge_issuer_show": (EVERYBODY, {}),
    "challenge_achievement_show": (EVERYBODY, {"badge": "{badge}"}),
    "challenge_status_list_show": (EVERYBODY, {"number": 0, "kind": "revocation"}),
    "challenge_key_list": ({"sysadmin"}, {}),
    "challenge_award_create": (
        MANAGER,
        {
            "badge": "{badge}",
            "organization": "{organization}",
            "cohort": "{cohort}",
            "reason": "x",
        },
    ),
    "challenge_award_revoke": (MANAGER, {"id": "{award}", "reason": "x"}),
    "challenge_conformity_show": (EVERYBODY, {"resource_id": "{resource}"}),
    "challenge_conformity_waiting_list": (
        EVERYBODY,
        {"organization": "{organization}"},
    ),
    "challenge_conformity_check": (
        {"org_admin", "sysadmin"},
        {"resource_id": "{resource}"},
    ),
    "challenge_evaluate": ({"sysadmin"}, {"all": True}),
    "challenge_preparation_create": (
        {"org_admin", "sysadmin"},
        {"organization": "{organization}", "kit": "subventions", "text": "Objet\nx"},
    ),
    "challenge_preparation_show": (
        {"org_admin", "adviser", "sysadmin"},
        {"id": "{preparation}"},
    ),
    "challenge_preparation_export": (
        {"org_admin", "adviser", "sysadmin"},
        {"id": "{preparation}"},
    ),
    "challenge_preparation_list": (
        {"org_admin", "adviser", "sysadmin"},
        {"organization": "{organization}"},
    ),
    "challenge_preparation_update": (
        {"org_admin", "sysadmin"},
        {"id": "{preparation}"},
    ),
    "challenge_preparation_publish": (
        {"org_admin", "sysadmin"},
        {"id": "{preparation}", "mode": "new"},
    ),
    "challenge_preparation_delete": (
        {"org_admin", "sysadmin"},
        {"id": "{preparation}"},
    ),
}


@pytest.fixture
def world(with_plugins: None, made_once: MadeOnce) -> dict[str, Any]:
    """A season with a participant, an application and one person of each kind."""
    return made_once(__name__, _world)


def _world() -> dict[str, Any]:
    collectivites()
    load_squares()
    admin = factories.Sysadmin()
    cohort = make_cohort()
    other = make_cohort(name="autre", season=3)
    people = {
        name: factories.User() for name in WHO if name not in ("anonymous", "sysadmin")
    }
    people["sysadmin"] = admin
    participant = participate(cohort, user=people["org_admin"])
    call_as(
        admin,
        "member_create",
        id=participant["organization_id"],
        object=people["member"]["id"],
        object_type="user",
        capacity="member",
    )
    named = {}
    for name, season, role in (
        ("adviser", cohort, "adviser"),
        ("other_adviser", cohort, "adviser"),
        ("manager", cohort, "manager"),
        ("other_manager", other, "manager"),
    ):
        named[name] = call_as(
            admin,
            "challenge_staff_create",
            cohort=season["id"],
            user=people[name]["id"],
            role=role,
        )
    call_as(
        admin,
        "challenge_participant_assign",
        id=participant["id"],
        adviser=people["adviser"]["id"],
    )
    application = apply(cohort, POINCONNET, user=people["applicant"])
    badge = programmes.get("saison").badges[0].key
    award = call_as(
        admin,
        "challenge_award_create",
        badge=badge,
        organization=participant["organization_id"],
        cohort=cohort["id"],
        reason="Pour le test",
    )
    dataset = factories.Dataset(
        owner_org=participant["organization_id"],
        resources=[
            {"url": "https://www.example.org/a.csv", "format": "CSV"},
            {
                "url": "https://www.example.org/b.csv",
                "format": "CSV",
                "schema": "scdl/deliberations",
            },
        ],
    )
    file = ApplicationFile(
        application_id=application["id"],
        purpose="letter",
        name="lettre.pdf",
        media_type="application/pdf",
        size=1,
        digest="0" * 64,
    )
    claim = Claim(
        application_id=application["id"],
        organization_id=participant["organization_id"],
        user_id=people["applicant"]["id"],
    )
    waiting = WaitingRole(
        user_id=people["stranger"]["id"],
        digest=access_links.digest_of(people["stranger"]["email"]),
        organization_id=participant["organization_id"],
        participant_id=participant["id"],
        role="editor",
        way="invitation",
    )
    preparation = Preparation(
        organization_id=participant["organization_id"],
        kit="subventions",
        state="to_match",
        expires_at=utcnow() + dt.timedelta(days=30),
    )
    extension = Extension(
        participant_id=participant["id"],
        step="deux-membres",
        due=day(70),
        reason="Une élection",
    )
    model.Session.add_all([file, claim, waiting, preparation, extension])
    model.Session.commit()
    calendar = call_as(admin, "challenge_calendar_address_create", cohort=cohort["id"])[
        "url"
    ]
    return {
        "calendar": calendar.rpartition("/")[2].removesuffix(".ics"),
        "unmatched": factories.Organization()["name"],
        "award": award["id"],
        "visit": call_as(
            admin,
            "challenge_visit_create",
            participant=participant["id"],
            date="2026-03-02",
            days=1,
            topic="Rencontre",
        )["id"],
        "extension": extension.id,
        "message": call_as(
            people["org_admin"],
            "challenge_participant_message_create",
            participant=participant["id"],
            text="Merci !",
        )["id"],
        "file": file.id,
        "view": call_as(
            admin,
            "challenge_saved_view_create",
            cohort=cohort["id"],
            title="En retard",
            shared=True,
        )["id"],
        "claim": claim.id,
        "waiting": waiting.id,
        "preparation": preparation.id,
        "token": proofs.make_token(
            people["applicant"]["id"],
            access_links.digest_of(people["applicant"]["email"]),
        ),
        "mail": call_as(admin, "challenge_mail_list", application=application["id"])[
            "results"
        ][0]["id"],
        "campaign": call_as(
            admin,
            "challenge_campaign_create",
            cohort=cohort["id"],
            to="participants",
            subject="Bonjour",
            text="Bonjour {nom}",
        )["id"],
        "campaign_model": call_as(
            admin,
            "challenge_campaign_model_create",
            cohort=cohort["id"],
            to="participants",
            title="Bonjour",
            subject="Bonjour",
            text="Bonjour {nom}",
        )["id"],
        "mail_key": endings.make_key(
            endings.Reader(cohort["id"], people["org_admin"]["id"])
        ),
        "agreement": call_as(
            admin, "challenge_agreement_create", cohort=cohort["id"], funder="Région"
        )["id"],
        "address": call_as(
            admin,
            "challenge_report_address_create",
            cohort=cohort["id"],
            name="Région",
            ends_on=day(30).isoformat(),
        )["id"],
        "lesson": call_as(
            admin,
            "challenge_lesson_create",
            cohort=cohort["id"],
            kind="keep",
            text="Les ateliers",
        )["id"],
        "staff": named["other_adviser"]["id"],
        "code": call_as(admin, "challenge_late_code_create", cohort=cohort["id"])["id"],
        "step": "elu-referent",
        "dataset": dataset["id"],
        "resource": dataset["resources"][0]["id"],
        "checked": dataset["resources"][1]["id"],
        "people": people,
        "cohort": cohort["name"],
        "season": cohort,
        "other": other["id"],
        "participant": participant["id"],
        "organization": participant["organization_name"],
        "application": application["id"],
        "badge": badge,
    }


def _filled(arguments: dict[str, Any], world: dict[str, Any]) -> dict[str, Any]:
    """The arguments with the ids of this world."""

    def fill(value: Any) -> Any:
        if isinstance(value, list):
            return [fill(item) for item in value]
        return value.format(**world) if isinstance(value, str) else value

    return {key: fill(value) for key, value in arguments.items()}


#: What names a season in the arguments of an action.
SEASON = ("cohort", "id")
_ANSWERS = (tk.NotAuthorized, tk.ObjectNotFound, tk.ValidationError)


def test_a_draft_answers_as_a_season_that_is_not_there(world: dict[str, Any]) -> None:
    """In every action that takes a season, to everybody but its team and sysadmins."""
    make_cohort("draft", name="brouillon", season=8)
    named = {
        (action, name): arguments
        for action, (_, arguments) in TABLE.items()
        for name in SEASON
        if arguments.get(name) == "{cohort}"
        # Here it is what the auth function of what belongs to one is told.
        and not ("id" in arguments and name == "cohort")
    }
    assert len(named) > 30
    wrong = []
    for (action, name), arguments in named.items():
        data = _filled(arguments, world)
        for who in ("anonymous", "stranger", "org_admin", "manager"):
            answers = []
            for season in ("brouillon", "inconnue"):
                try:
                    call_as(world["people"].get(who), action, **{**data, name: season})
                except _ANSWERS as error:
                    answers.append((type(error).__name__, str(error)))
                else:
                    answers.append(("", ""))
                model.Session.rollback()
            if len(set(answers)) > 1 or not answers[0][0]:
                wrong.append((action, who, answers))
    assert wrong == []


def test_everybody_may_what_the_table_says_and_no_more(world: dict[str, Any]) -> None:
    wrong = []
    for action, (allowed, arguments) in TABLE.items():
        data = _filled(arguments, world)
        for who in WHO:
            person = world["people"].get(who)
            context: Context = {"user": person["name"] if person else ""}
            try:
                tk.check_access(action, context, dict(data))
                may = True
            except tk.NotAuthorized:
                may = False
            if may != (who in allowed):
                wrong.append(f"{action}: {who} {'may' if may else 'may not'}")
    assert wrong == []


def test_every_action_is_in_the_table() -> None:
    assert set(all_actions()) == set(TABLE)


def test_every_action_asks_an_auth_function_of_its_own_name(
    world: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert set(all_actions()) == set(all_auth_functions())
    asked: list[str] = []
    check_access = tk.check_access

    def spy(action: str, context: Any, data_dict: Any = None) -> Any:
        asked.append(action)
        return check_access(action, context, data_dict)

    monkeypatch.setattr(tk, "check_access", spy)
    silent = []
    for action, (_, arguments) in TABLE.items():
        asked.clear()
        with contextlib.suppress(tk.NotAuthorized, tk.ValidationError):
            call_as(world["people"]["stranger"], action, **_filled(arguments, world))
        if action not in asked:
            silent.append(action)
    assert silent == []


def test_every_action_says_what_it_takes_and_gives() -> None:
    for name, action in all_actions().items():
        text = inspect.getdoc(action) or ""
        assert re.search(r"\bmay\b", text), f"{name} does not say who may"
        assert ":returns:" in text or name.endswith("_delete"), name


def _draft(world: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """A draft of a third collectivité."""
    return apply(world["season"], LIGNIERES[0], submit=False, **fields)


def _unopened(world: dict[str, Any]) -> dict[str, Any]:
    """A draft of which nobody opened the link, and what that link carries."""
    id_ = _draft(world, opened=False)["id"]
    return {"id": id_, "key": access_links.make_key(id_, "mairie@example.org")}


def _waived(world: dict[str, Any]) -> dict[str, Any]:
    step = {"participant": world["participant"], "step": world["step"]}
    call_as(world["people"]["sysadmin"], "challenge_step_waive", **step, reason="x")
    return step


def _to_confirm(world: dict[str, Any]) -> dict[str, Any]:
    step = {"participant": world["participant"], "step": "deliberation"}
    call_as(
        world["people"]["sysadmin"],
        "challenge_step_update",
        **step,
        state="done",
        evidence_url="https://example.org/deliberation.pdf",
    )
    return {**step, "confirmed": True}


def _decided(world: dict[str, Any], decision: str, **more: Any) -> str:
    call_as(
        world["people"]["sysadmin"],
        "challenge_application_review",
        id=world["application"],
        decision=decision,
        **more,
    )
    return world["application"]


def _subscription(world: dict[str, Any], **fields: Any) -> Subscription:
    made = Subscription(
        badge=world["badge"], email="lectrice@example.org", language="fr", **fields
    )
    model.Session.add(made)
    model.Session.commit()
    return made


def _scheduled(world: dict[str, Any]) -> dict[str, Any]:
    cohort = model.Session.get(Cohort, world["season"]["id"])
    assert cohort is not None
    cohort.scheduled_transitions = ["running"]
    cohort.application_deadline = day(-12)
    model.Session.commit()
    return {}


def _second_in_line(world: dict[str, Any]) -> dict[str, Any]:
    first = _decided(world, "waitlist")
    second = apply(world["season"], LIGNIERES[0])
    _decided({**world, "application": second["id"]}, "waitlist")
    return {"id": first, "rank": 2}


def _checked(world: dict[str, Any]) -> dict[str, Any]:
    report = model.Session.get(Conformity, world["checked"])
    if report is None:
        report = Conformity(resource_id=world["checked"], errors=[], groups=[])
        model.Session.add(report)
    report.schema, report.status = "scdl/deliberations", "valid"
    report.checked_at = utcnow()
    model.Session.commit()
    return {"resource_id": world["checked"]}


def _pdf() -> FileStorage:
    return FileStorage(io.BytesIO(b"%PDF-1.4\n%%EOF\n"), filename="lettre.pdf")


def _withdrawn(w: dict[str, Any]) -> dict[str, Any]:
    call_as(
        factories.Sysadmin(),
        "challenge_participant_withdraw",
        id=w["participant"],
        reason="Plus personne pour suivre.",
    )
    return {"id": w["participant"]}


def _doubled(world: dict[str, Any]) -> dict[str, Any]:
    names = [factories.Organization()["name"] for _ in range(2)]
    return dict(zip(("from", "into"), names, strict=True))


def _replaced(_: dict[str, Any]) -> dict[str, Any]:
    addresses.replace_collectivite(BAULE, POINCONNET)
    return {"siren": BAULE}


def _written(w: dict[str, Any]) -> dict[str, Any]:
    return {**_filled(WRITTEN, w), "to": "participants"}


def _ended(w: dict[str, Any]) -> dict[str, Any]:
    call_as(None, "challenge_mail_end_create", key=w["mail_key"])
    return {"key": w["mail_key"]}


def _paused(w: dict[str, Any]) -> dict[str, Any]:
    participant = {"participant": w["participant"]}
    admin = w["people"]["sysadmin"]
    call_as(admin, "challenge_reminder_pause", **participant, reason="x")
    return participant


Fill = Callable[[dict[str, Any]], dict[str, Any]]
_SEASON = {"name": "saison-9", "title": "Saison 9", "season": 9}

#: Of each action that changes something, arguments with which it does; whatever has to
#: be there before is made and committed first.
_BENCHES = {"id": "local/bancs", "file": '{"fields": [{"name": "lieu"}]}'}


def _schema(world: dict[str, Any]) -> dict[str, Any]:
    return call_as(world["people"]["sysadmin"], "challenge_schema_add", **_BENCHES)


CHANGES: dict[str, Fill] = {
    "challenge_schema_add": lambda _: _BENCHES,
    "challenge_schema_delete": lambda w: {"id": _schema(w)["id"]},
    "challenge_match_decide": lambda w: {
        "organization": w["unmatched"],
        "siren": LIGNIERES[0],
    },
    "challenge_cohort_create": lambda _: _SEASON,
    "challenge_cohort_update": lambda w: {**_SEASON, "id": w["other"], "season": 3},
    "challenge_cohort_patch": lambda w: {"id": w["cohort"], "title": "Autre"},
    "challenge_cohort_transition": lambda w: {"id": w["cohort"], "to": "running"},
    "challenge_cohort_delete": lambda w: {"id": make_cohort("draft", **_SEASON)["id"]},
    "challenge_cohort_publish_scheduled": _scheduled,
    "challenge_cohort_copy": lambda w: {
        **_SEASON,
        "id": w["cohort"],
        "launch": "2030-01-01",
    },
    "challenge_late_code_create": lambda w: {"cohort": w["cohort"]},
    "challenge_late_code_delete": lambda w: {"id": w["code"]},
    "challenge_season_account_update": lambda w: {
        "cohort": w["cohort"],
        "aims": {"participants": 20},
    },
    "challenge_agreement_create": lambda w: {
        "cohort": w["cohort"],
        "funder": "Banque des Territoires",
    },
    "challenge_agreement_update": lambda w: {"id": w["agreement"], "funder": "Autre"},
    "challenge_agreement_delete": lambda w: {"id": w["agreement"]},
    "challenge_report_address_create": lambda w: {
        "cohort": w["cohort"],
        "name": "Banque",
        "ends_on": day(30).isoformat(),
    },
    "challenge_report_address_end": lambda w: {"id": w["address"]},
    "challenge_lesson_create": lambda w: {
        "cohort": w["cohort"],
        "kind": "change",
        "text": "x",
    },
    "challenge_lesson_update": lambda w: {
        "id": w["lesson"],
        "kind": "keep",
        "text": "Autre",
    },
    "challenge_lesson_delete": lambda w: {"id": w["lesson"]},
    "challenge_staff_invite": lambda w: {
        "cohort": w["cohort"],
        "email": "nouvelle@example.org",
        "role": "adviser",
    },
    "challenge_staff_create": lambda w: {
        "cohort": w["cohort"],
        "user": w["people"]["stranger"]["id"],
        "role": "adviser",
    },
    "challenge_staff_delete": lambda w: {"id": w["staff"]},
    "challenge_application_create": lambda w: {
        "cohort": w["cohort"],
        "siren": LIGNIERES[0],
        "contact_email": "mairie@example.org",
        "draft": True,
    },
    "challenge_application_update": lambda w: {
        "id": _draft(w)["id"],
        "motivation": "Autre",
    },
    "challenge_application_submit": lambda w: {"id": _draft(w)["id"]},
    "challenge_application_withdraw": lambda w: {"id": w["application"]},
    "challenge_application_review": lambda w: {
        "id": w["application"],
        "decision": "accept",
    },
    "challenge_application_batch_review": lambda w: {
        "ids": [w["application"]],
        "decision": "accept",
    },
    "challenge_application_acceptance_undo": lambda w: {"id": _decided(w, "accept")},
    "challenge_application_assign": lambda w: {
        "id": w["application"],
        "reviewer": w["people"]["manager"]["id"],
    },
    "challenge_application_note_create": lambda w: {
        "id": w["application"],
        "text": "x",
    },
    "challenge_score_create": lambda w: {"id": w["application"], "conflict": True},
    "challenge_waitlist_move": _second_in_line,
    "challenge_decisions_publish": lambda w: {
        "cohort": _decided(w, "accept", pending=True) and w["cohort"]
    },
    "challenge_decision_drop": lambda w: {"id": _decided(w, "accept", pending=True)},
    "challenge_claim_answer": lambda w: {"id": w["claim"], "accepted": True},
    "challenge_participant_ask": lambda w: {
        "cohort": w["cohort"],
        "organization": factories.Organization(user=w["people"]["stranger"])["id"],
    },
    "challenge_member_invite": lambda w: {
        "organization": w["organization"],
        "email": "x@example.org",
    },
    "challenge_invitation_delete": lambda w: {"id": w["waiting"]},
    "challenge_address_prove": lambda w: {
        "token": proofs.make_token(w["people"]["sysadmin"]["id"], "digest")
    },
    "challenge_address_proof_send": lambda w: {"id": w["waiting"]},
    "challenge_application_link_send": lambda w: {"id": w["application"]},
    "challenge_application_email_confirm": _unopened,
    "challenge_application_attachment_create": lambda w: {
        "id": _draft(w)["id"],
        "purpose": "letter",
        "upload": _pdf(),
    },
    "challenge_application_attachment_delete": lambda w: {
        "id": call_as(
            w["people"]["sysadmin"],
            "challenge_application_attachment_create",
            id=_draft(w)["id"],
            purpose="letter",
            upload=_pdf(),
        )["id"]
    },
    "challenge_application_message_create": lambda w: {
        "id": w["application"],
        "text": "x",
    },
    "challenge_application_erase": lambda w: {"id": w["application"]},
    "challenge_mail_retry": lambda w: {"id": w["mail"]},
    "challenge_campaign_create": _written,
    "challenge_campaign_update": lambda w: {"id": w["campaign"], "text": "Autre"},
    "challenge_campaign_send": lambda w: {"id": w["campaign"], "recipients": 1},
    "challenge_campaign_cancel": lambda w: {"id": w["campaign"]},
    "challenge_campaign_model_create": lambda w: {**_written(w), "title": "Autre"},
    "challenge_campaign_model_delete": lambda w: {"id": w["campaign_model"]},
    "challenge_mail_end_create": lambda w: {"key": w["mail_key"]},
    "challenge_mail_end_delete": _ended,
    "challenge_reminder_pause": lambda w: {
        "participant": w["participant"],
        "reason": "x",
    },
    "challenge_reminder_resume": _paused,
    "challenge_participant_create": lambda w: {
        "cohort": w["cohort"],
        "organization": factories.Organization()["id"],
    },
    "challenge_participant_withdraw": lambda w: {
        "id": w["participant"],
        "reason": "Plus personne pour suivre.",
    },
    "challenge_participant_reinstate": _withdrawn,
    "challenge_participant_assign": lambda w: {"id": w["participant"]},
    "challenge_saved_view_create": lambda w: {
        "cohort": w["cohort"],
        "title": "Sans nouvelles",
        "query": {"stalled": "true", "view": "list"},
    },
    "challenge_saved_view_delete": lambda w: {"id": w["view"]},
    "challenge_participant_batch": lambda w: {
        "participants": [w["participant"]],
        "do": "waive",
        "step": w["step"],
        "reason": "x",
    },
    "challenge_participant_kits_update": lambda w: {
        "participant": w["participant"],
        "kits": ["deliberations"],
    },
    "challenge_step_update": lambda w: {
        "participant": w["participant"],
        "step": w["step"],
        "state": "done",
        "note": "Camille Martin",
    },
    "challenge_step_confirm": _to_confirm,
    "challenge_step_waive": lambda w: {
        "participant": w["participant"],
        "step": w["step"],
        "reason": "x",
    },
    "challenge_step_unwaive": _waived,
    "challenge_cohort_dates_update": lambda w: {
        "id": w["cohort"],
        "finalisation": day(130).isoformat(),
        "tell": True,
    },
    "challenge_participant_import": lambda w: {
        "cohort": w["cohort"],
        "upload": FileStorage(
            io.BytesIO(f"SIREN;Courriel\n{LIGNIERES[1]};a@example.org".encode()),
            "liste.csv",
        ),
    },
    "challenge_extension_create": lambda w: {
        "participants": [w["participant"]],
        "step": "premier-jeu",
        "due": day(70).isoformat(),
        "reason": "x",
    },
    "challenge_extension_delete": lambda w: {"id": w["extension"]},
    "challenge_visit_create": lambda w: {
        "participant": w["participant"],
        "date": "2026-03-02",
        "days": 1,
        "topic": "x",
    },
    "challenge_visit_update": lambda w: {"id": w["visit"], "topic": "Autre"},
    "challenge_visit_delete": lambda w: {"id": w["visit"]},
    "challenge_calendar_address_create": lambda w: {"cohort": w["cohort"]},
    "challenge_calendar_address_delete": lambda w: {"cohort": w["cohort"]},
    "challenge_participant_message_create": lambda w: {
        "participant": w["participant"],
        "text": "x",
    },
    "challenge_feedback_update": lambda w: {
        "participant": w["participant"],
        "answers": {
            "utile": "beaucoup",
            "aide": ["kits"],
            "journees": "1",
            "continuer": "true",
        },
    },
    "challenge_subscription_create": lambda w: {
        "badge": w["badge"],
        "email": "lectrice@example.org",
    },
    "challenge_subscription_confirm": lambda w: {
        "key": links.confirm_key(_subscription(w))
    },
    "challenge_message_settle": lambda w: {"id": w["message"]},
    "challenge_digest_update": lambda _: {"weekday": "friday"},
    "challenge_digest_end": lambda w: {
        "key": digest.end_key(w["people"]["manager"]["id"])
    },
    "challenge_subscription_delete": lambda w: {"key": links.end_key(_subscription(w))},
    "challenge_award_create": lambda w: {
        "badge": programmes.get("saison").badges[1].key,
        "organization": w["organization"],
        "cohort": w["cohort"],
        "reason": "x",
    },
    "challenge_award_revoke": lambda w: {"id": w["award"], "reason": "x"},
    "challenge_conformity_check": _checked,
    "challenge_evaluate": lambda _: {"all": True},
    "challenge_preparation_create": lambda w: {
        "organization": w["organization"],
        "kit": "subventions",
        "text": "Objet\nConcerts",
    },
    "challenge_preparation_update": lambda w: {
        "id": w["preparation"],
        "constants": {"objet": "Concerts"},
    },
    "challenge_preparation_delete": lambda w: {"id": w["preparation"]},
    "challenge_successor_create": lambda _: {"siren": BAULE, "successor": POINCONNET},
    "challenge_collectivite_merge": _doubled,
    "challenge_successor_delete": _replaced,
}

#: Those that change nothing, and those that are tried elsewhere: a newer programme is
#: in ``tests/cohorts/test_programme.py``; what publishes a file lets CKAN commit; a PDF
#: needs a library that may be missing, see ``tests/reports/test_pdf.py``.
ELSEWHERE = {
    "challenge_credential_verify",
    "challenge_cohort_programme_update",
    "challenge_preparation_publish",
    "challenge_report_file_create",
}


@pytest.mark.parametrize("action", sorted(CHANGES))
def test_an_action_leaves_the_commit_to_its_caller(
    action: str, world: dict[str, Any], tmp_path: Path, ckan_config: dict[str, Any]
) -> None:
    """With ``defer_commit`` nothing is stored before its caller commits."""
    with mock.patch.dict(ckan_config, {"ckan.storage_path": str(tmp_path)}):
        data = CHANGES[action](world)
        model.Session.commit()
        before = _stored()
        context: Context = {
            "user": world["people"]["sysadmin"]["name"],
            "defer_commit": True,
        }
        tk.get_action(action)(context, data)
        assert _stored() == before, "another connection sees nothing of it"
        model.Session.flush()
        assert _stored(model.Session.connection()) != before, "and it did something"
        model.Session.rollback()
        assert _stored() == before


def _stored(connection: Any = None) -> dict[str, str]:
    """A digest of each table of the challenge and of what it changes in CKAN."""
    if connection is None:
        with model.ensure_engine().connect() as another:
            return _stored(another)
    tables = [
        *(name for name in model.meta.metadata.tables if name.startswith("challenge_")),
        "member",
        "group",
        "user",
    ]
    rows = "SELECT md5(string_agg(t::text, '' ORDER BY t::text)) FROM {} t"
    return {
        name: connection.execute(sa.text(rows.format(f'"{name}"'))).scalar() or ""
        for name in tables
    }


def test_every_action_that_changes_something_is_tried() -> None:
    changing = {
        name
        for name, action in all_actions().items()
        if not getattr(action, "side_effect_free", False)
    }
    assert changing - ELSEWHERE == set(CHANGES)
