"""Model, documentation, correction and mails have the fields of the list, and all."""

from __future__ import annotations

import ckan.plugins.toolkit as tk
import pytest
from ckan.tests import factories
from factories import BAULE, apply, call_as, collectivites, make_cohort

from ckanext.challenge.applications import labels
from ckanext.challenge.common import language
from ckanext.challenge.domain.application_fields import FIELDS, FORM, correctable
from ckanext.challenge.model import Application

QUESTION = {"key": "logiciel", "type": "text", "label": {"fr": "Quel logiciel ?"}}


def test_each_column_has_a_row_and_each_row_a_column() -> None:
    columns = {column.name for column in Application.__table__.columns}
    assert {field.name for field in FIELDS if field.stored} == columns


@pytest.mark.usefixtures("with_plugins")
def test_the_documentation_of_the_api_names_each_field() -> None:
    told = tk.get_action("help_show")({}, {"name": "challenge_application_create"})
    for field in FORM:
        assert f":param {field.name}: {field.doc}" in " ".join(told.split())
        assert f":type {field.name}: " in told
    assert "{" not in told


@pytest.mark.usefixtures("with_plugins", "clean_db")
def test_all_that_can_be_corrected_is_offered_and_named_in_the_mail() -> None:
    collectivites()
    cohort = make_cohort(questions=[QUESTION])
    made = apply(cohort, BAULE)
    with language.speaking("fr"):
        offered = labels.correctable(cohort["questions"])
    assert tuple(offered) == correctable(["answers-logiciel"])
    call_as(
        factories.Sysadmin(),
        "challenge_application_review",
        id=made["id"],
        decision="request_changes",
        reason="Tout est à revoir.",
        fields=list(offered),
    )
    preview = call_as(
        factories.Sysadmin(),
        "challenge_mail_preview",
        application=made["id"],
        mail="changes_requested",
    )
    for name, label in offered.items():
        assert label in preview["text"], name
