"""What the form of an application sends, and what it asks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import ckan.plugins.toolkit as tk
from werkzeug.datastructures import FileStorage, ImmutableMultiDict

from .. import application_words, config, files, language
from ..domain import questions
from .forms import texts

__all__ = [
    "FIELDS",
    "HONEYPOT",
    "asked",
    "file_fields",
    "given",
    "labels",
    "removed_files",
    "sent_files",
]

#: What the applicant types, besides the SIREN, the answers and the consent.
FIELDS = (
    "organization_title",
    "kind",
    "population",
    "agents",
    "contact_name",
    "contact_role",
    "contact_email",
    "contact_phone",
    "elected_sponsor",
    "motivation",
)
#: The field that people do not see, and robots fill in.
HONEYPOT = "homepage"
_ANSWERS = "answers-"
_FILE = "file-"
_REMOVE = "remove"


def purposes() -> dict[str, str]:
    """What a file that is attached can be."""
    return {
        "deliberation": tk._("Deliberation of the council"),
        "letter": tk._("Letter of commitment"),
        "logo": tk._("Logo of the collectivité"),
        "other": tk._("Another document"),
    }


def labels(cohort: Mapping[str, Any]) -> dict[str, str]:
    """The names of the fields, as the form and the list of errors have them."""
    return {
        **application_words.fields(),
        "consent": tk._("Agreement"),
        "late_code": tk._("Late-entry code"),
        "attachments": tk._("Documents"),
        "text": tk._("Your message"),
        "upload": tk._("A document to go with it"),
        **{f"{_FILE}{purpose}": label for purpose, label in purposes().items()},
        **{question["name"]: question["label"] for question in asked(cohort)},
    }


def asked(cohort: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The season's own questions, in the reader's language."""
    spoken = language.current()
    return [
        {
            "name": f"{_ANSWERS}{question.key}",
            "key": question.key,
            "type": question.type,
            "label": question.label.in_(spoken),
            "help": question.help.in_(spoken),
            "required": question.required,
            "choices": [
                (choice.value, choice.label.in_(spoken)) for choice in question.choices
            ],
        }
        for question in questions.read(cohort.get("questions") or [])
    ]


def given(
    form: ImmutableMultiDict[str, str], cohort: Mapping[str, Any]
) -> dict[str, Any]:
    """What was typed, as the actions take it."""
    return {
        **texts(form, "siren", *FIELDS),
        "consent": form.get("consent") == "true",
        "answers": {
            question["key"]: form.getlist(question["name"])
            if question["type"] == "choices"
            else form.get(question["name"], "")
            for question in asked(cohort)
        },
    }


def sent_files(
    sent: ImmutableMultiDict[str, FileStorage],
) -> list[tuple[str, FileStorage]]:
    """The files that were chosen, with what they are."""
    return [
        (purpose, upload)
        for purpose in purposes()
        for upload in sent.getlist(f"{_FILE}{purpose}")
        if upload.filename
    ]


def removed_files(form: ImmutableMultiDict[str, str]) -> list[str]:
    """The ids of the files that are to go."""
    return form.getlist(_REMOVE)


def file_fields(attached: Iterable[Mapping[str, Any]] = ()) -> list[dict[str, Any]]:
    """The places for files, with those that are there already.

    :returns: none where the portal keeps no files
    """
    if not files.enabled():
        return []
    there = list(attached)
    return [
        {
            "name": f"{_FILE}{purpose}",
            "label": label,
            "accept": ",".join(files.IMAGES if purpose == "logo" else files.DOCUMENTS),
            "help": tk._("JPEG or PNG, up to {limit} MB.").format(
                limit=config.max_file_size()
            )
            if purpose == "logo"
            else tk._("PDF, ODT, JPEG or PNG, up to {limit} MB.").format(
                limit=config.max_file_size()
            ),
            "files": [file for file in there if file["purpose"] == purpose],
        }
        for purpose, label in purposes().items()
    ]
