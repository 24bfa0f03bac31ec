"""What is said of applications, in the reader's words: decisions, duties, fields."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import ckan.plugins.toolkit as tk

from ckanext.challenge.common import language
from ckanext.challenge.domain.text import Text

__all__ = ["decided", "decisions", "fields", "in_words", "obligations"]


def decisions() -> dict[str, str]:
    """What staff can decide, as a button says it, in the order of a desk."""
    return {
        "accept": tk._("Accept"),
        "waitlist": tk._("Put on the waiting list"),
        "request_changes": tk._("Ask for changes"),
        "refuse": tk._("Refuse"),
        "start": tk._("Start reading"),
        "reopen": tk._("Reopen"),
    }


def decided() -> dict[str, str]:
    """The same decisions, as what will be or was done."""
    return {
        "accept": tk._("Acceptance"),
        "waitlist": tk._("Waiting list"),
        "request_changes": tk._("Request for changes"),
        "refuse": tk._("Refusal"),
        "start": tk._("Start of the reading"),
        "reopen": tk._("Reopening"),
    }


def obligations() -> dict[str, str]:
    """Whether there is a duty to publish, in few words."""
    return {
        "concerned": tk._("Concerned"),
        "not_concerned": tk._("Not concerned"),
        "unknown": tk._("Not known"),
    }


def fields() -> dict[str, str]:
    """The names of an application's fields, for those who read it."""
    return {
        "reference": tk._("Reference"),
        "siren": tk._("SIREN"),
        "organization_title": tk._("Name of the collectivité"),
        "kind": tk._("Kind"),
        "insee_code": tk._("INSEE code"),
        "departement": tk._("Département"),
        "population": tk._("Inhabitants"),
        "agents": tk._("Number of employees (full-time equivalents)"),
        "obligation": tk._("Duty to publish"),
        "state": tk._("State"),
        "state_reason": tk._("Reason"),
        "pending_decision": tk._("Decision to be published"),
        "waitlist_rank": tk._("Rank on the waiting list"),
        "reviewer": tk._("Read by"),
        "contact_name": tk._("First and last name"),
        "contact_role": tk._("Role in the collectivité"),
        "contact_email": tk._("E-mail address"),
        "email_confirmed_at": tk._("Address confirmed on"),
        "contact_phone": tk._("Telephone"),
        "elected_sponsor": tk._("Elected sponsor: name and office"),
        "motivation": tk._("Why do you want to take part?"),
        "language": tk._("Language"),
        "consent_at": tk._("Agreement"),
        "created_at": tk._("Begun on"),
        "submitted_at": tk._("Submitted on"),
        "decided_at": tk._("Decided on"),
    }


def in_words(definition: Mapping[str, Any]) -> str:
    """The label of a season's own question, or of a choice of it."""
    return Text(**{"fr": "", "en": "", **definition["label"]}).in_(language.current())
