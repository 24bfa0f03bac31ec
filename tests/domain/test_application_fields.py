"""The rows of the list of an application's fields are whole."""

from __future__ import annotations

import pytest

from ckanext.challenge.domain import application_fields
from ckanext.challenge.domain.application_fields import FIELDS, FORM, Field


def test_a_field_has_one_row() -> None:
    names = [field.name for field in FIELDS]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("field", FORM, ids=lambda field: field.name)
def test_a_field_of_the_form_says_all_that_its_readers_need(field: Field) -> None:
    assert field.label
    assert field.doc
    # Nothing that somebody writes is of unlimited length; an address has its own limit.
    assert field.limit or field.kind in ("siren", "kind", "email")
    # The applicant reads again what the applicant wrote, and the managers get it.
    assert field.readers == "applicant"
    assert field.width
    assert field.stored


def test_what_is_said_of_the_contact_is_personal() -> None:
    contact = application_fields.asked_in("contact")
    assert contact
    assert all(field.personal for field in contact)


def test_nothing_is_asked_of_the_portal_itself() -> None:
    asked = {"part", "doc", "help", "limit", "needed", "directory", "autocomplete"}
    for field in FIELDS:
        if field.kind is None:
            assert not any(getattr(field, name) for name in asked), field.name


def test_what_is_exported_has_a_heading() -> None:
    for field in application_fields.EXPORTED:
        assert field.label, field.name


def test_what_is_asked_to_be_corrected_has_a_place_in_the_form() -> None:
    shown = application_fields.asked_in(*application_fields.PARTS)
    *fields, answer, files = application_fields.correctable(["answers-logiciel"])
    assert set(fields) == {field.name for field in shown}
    assert (answer, files) == ("answers-logiciel", "attachments")
