"""What the form of an application sends, and what it asks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import ckan.plugins.toolkit as tk
from werkzeug.datastructures import FileStorage, ImmutableMultiDict

from ckanext.challenge import config
from ckanext.challenge import helpers as h
from ckanext.challenge.applications import labels as application_labels
from ckanext.challenge.common import file_places, file_store, language, uploads
from ckanext.challenge.domain import questions
from ckanext.challenge.domain.application_fields import PARTS, Field, asked_in
from ckanext.challenge.views.forms import texts

#: The field that people do not see, and robots fill in.
HONEYPOT = "homepage"
_ANSWERS = "answers-"
_FILE = "file-"
_REMOVE = "remove"
#: The type of a control of HTML, where it is no plain text.
_TYPES = {"email": "email", "phone": "tel", "paragraph": "textarea", "kind": "select"}
#: Which keys a telephone offers.
_INPUT_MODES = {"siren": "numeric", "whole": "numeric", "number": "decimal"}


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
        **application_labels.fields(),
        "consent": tk._("Agreement"),
        "late_code": tk._("Late-entry code"),
        "attachments": tk._("Documents"),
        "text": tk._("Your message"),
        "upload": tk._("A document to go with it"),
        **{f"{_FILE}{purpose}": label for purpose, label in purposes().items()},
        **{question["name"]: question["label"] for question in asked(cohort)},
    }


def inputs() -> dict[str, list[dict[str, Any]]]:
    """The fields as the form has them, by the part of the form that asks for them."""
    return {part: [_input(field) for field in asked_in(part)] for part in PARTS}


def _input(field: Field) -> dict[str, Any]:
    attributes = {
        "inputmode": _INPUT_MODES.get(field.kind or "", ""),
        "autocomplete": field.autocomplete,
    }
    return {
        "name": field.name,
        "type": _TYPES.get(field.kind or "", "text"),
        "help": tk._(field.help) if field.help else "",
        "required": field.needed,
        "options": h.challenge_kinds() if field.kind == "kind" else None,
        "attrs": {name: value for name, value in attributes.items() if value},
    }


def consent_help(state: str = "draft") -> str:
    """What becomes of what somebody writes.

    :param state: of the application; a draft is not read yet
    """
    told = tk._(
        "Names, addresses and numbers are never published. If the application is not "
        "selected, or withdrawn, we erase them {months} months later; if it is "
        "accepted, {months} months after the season is archived. You can ask for it at "
        "any time."
    ).format(months=config.retention_months())
    if state != "draft":
        return told
    draft = tk._(
        "As long as you have not submitted it, it is a draft: the team does not read "
        "it, and it is erased once nobody has changed it for {drafts} months."
    ).format(drafts=config.retention_months_drafts())
    return f"{draft} {told}"


def asked(
    form: Mapping[str, Any], attached: Iterable[Mapping[str, Any]] = ()
) -> list[dict[str, Any]]:
    """The questions of a season or of its final form, in the reader's language.

    One that is asked only of some says so in words (``only``), for who reads without
    the style sheet or with an old browser; ``when`` has the numbers of its conditions,
    ``opens`` those that an answer meets, by which the style sheet hides it.

    :param form: what has ``questions``
    :param attached: the files that are there; none are asked for where the portal
        keeps none
    """
    spoken = language.current()
    there = list(attached)
    read = questions.read(form.get("questions") or [])
    conditions = questions.conditions(read)
    numbers: dict[questions.When, str] = {}
    for each in conditions.values():
        for when in each:
            numbers.setdefault(when, str(len(numbers) + 1))
    by_key = {question.key: question for question in read}
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
            "only": _only(question.when, by_key, spoken) if question.when else "",
            "when": " ".join(
                numbers[when] for when in conditions.get(question.key, ())
            ),
            "opens": _opens(question, numbers),
            "accept": ",".join(file_store.DOCUMENTS),
            "files": [file for file in there if file["question"] == question.key],
        }
        for question in read
    ]


def _only(
    when: questions.When, by_key: Mapping[str, questions.Question], spoken: str
) -> str:
    """Of whom a question is asked, in words."""
    before = by_key[when.question]
    yes_no = {True: tk._("Yes"), False: tk._("No")}
    said = [
        yes_no[value] if isinstance(value, bool) else before.label_of(value, spoken)
        for value in when.values
    ]
    quoted = [tk._("“{answer}”").format(answer=answer) for answer in said]
    return tk._("Only if you answered {answers} to “{question}”").format(
        answers=f" {tk._('or')} ".join(quoted), question=before.label.in_(spoken)
    )


def _opens(
    question: questions.Question, numbers: Mapping[questions.When, str]
) -> dict[str, str]:
    """The numbers of the conditions that each answer to a question meets."""
    found: dict[str, str] = {}
    for when, number in numbers.items():
        if when.question == question.key:
            for value in when.values:
                # As the form sends it.
                name = str(value).lower() if isinstance(value, bool) else value
                found[name] = f"{found.get(name, '')} {number}".strip()
    return found


def answered(
    form: ImmutableMultiDict[str, str], asking: Mapping[str, Any]
) -> dict[str, Any]:
    """What was answered, by the key of the question.

    :param asking: what has ``questions``
    """
    return {
        question["key"]: form.getlist(question["name"])
        if question["type"] == "choices"
        else form.get(question["name"], "")
        for question in asked(asking)
        if question["type"] != "file"
    }


def given(
    form: ImmutableMultiDict[str, str], cohort: Mapping[str, Any]
) -> dict[str, Any]:
    """What was typed, as the actions take it."""
    return {
        **texts(form, *(field.name for field in asked_in(*PARTS))),
        "consent": form.get("consent") == "true",
        "answers": answered(form, cohort),
    }


def in_order(
    errors: Mapping[str, list[str]], cohort: Mapping[str, Any]
) -> dict[str, list[str]]:
    """Errors in the order in which the form has their fields."""
    names = [
        *(field.name for field in asked_in("collectivite")),
        "late_code",
        *(field.name for field in asked_in("contact", "project")),
        *(question["name"] for question in asked(cohort)),
        *(f"{_FILE}{purpose}" for purpose in purposes()),
        "consent",
    ]
    places = {name: place for place, name in enumerate(names)}
    return dict(sorted(errors.items(), key=lambda item: places.get(item[0], -1)))


class Sent(NamedTuple):
    """A file that was chosen in the form.

    :ivar name: of its field
    :ivar purpose: what it is for; ``question`` for one that answers a question
    :ivar question: the key of that question
    """

    name: str
    purpose: str
    question: str
    upload: FileStorage


def sent_files(sent: ImmutableMultiDict[str, FileStorage]) -> list[Sent]:
    """The files that were chosen, with what they are."""
    attached = [
        Sent(f"{_FILE}{purpose}", purpose, "", upload)
        for purpose in purposes()
        for upload in sent.getlist(f"{_FILE}{purpose}")
    ]
    answering = [
        Sent(name, "question", name.removeprefix(_ANSWERS), upload)
        for name, upload in sent.items()
        if name.startswith(_ANSWERS)
    ]
    return [one for one in (*attached, *answering) if one.upload.filename]


def refused_files(sent: Iterable[Sent]) -> dict[str, list[str]]:
    """What is wrong with the files that were chosen, by the name of their fields."""
    found: dict[str, list[str]] = {}
    for one in sent:
        if why := uploads.why_not(one.upload, one.purpose):
            found.setdefault(one.name, []).append(why)
    return found


def removed_files(form: ImmutableMultiDict[str, str]) -> list[str]:
    """The ids of the files that are to go."""
    return form.getlist(_REMOVE)


def file_fields(attached: Iterable[Mapping[str, Any]] = ()) -> list[dict[str, Any]]:
    """The places for files, with those that are there already.

    :returns: none where the portal keeps no files
    """
    if not file_places.enabled():
        return []
    there = list(attached)
    return [
        {
            "name": f"{_FILE}{purpose}",
            "label": label,
            "accept": ",".join(
                file_store.IMAGES if purpose == "logo" else file_store.DOCUMENTS
            ),
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
