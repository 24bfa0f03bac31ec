"""The form at the end of a season, and what its staff reads of it."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from typing import Any

import ckan.plugins.toolkit as tk
from flask import Response, request
from werkzeug.wrappers import Response as BaseResponse

from ckanext.challenge import helpers as h
from ckanext.challenge.views.applicant.form import answered, asked
from ckanext.challenge.views.common import (
    Pager,
    act,
    attached,
    blueprint,
    keep_private,
    managers_blueprint,
    only_for_people,
    page_number,
    participant_row,
)
from ckanext.challenge.views.forms import flat_errors
from ckanext.challenge.views.manager.layout import frame

feedback = blueprint("challenge_feedback")
feedback.before_request(only_for_people)
feedback.after_request(keep_private)

opinions = managers_blueprint("challenge_opinions")

FORMATS = ("csv", "xlsx", "ods")
_SIZE = 50


def _form(
    participant: Mapping[str, Any],
    sent: Mapping[str, Any] | None = None,
    errors: Mapping[str, Sequence[str]] | None = None,
) -> str:
    found = act("challenge_feedback_show", participant=participant["id"])
    questions = asked(found)
    url = tk.h.url_for(
        "challenge_participant.read",
        cohort=participant["cohort"],
        organization=participant["organization_name"],
    )
    return tk.render(
        "challenge/feedback.html",
        {
            "participant": participant,
            "questions": questions,
            "answers": found["answers"] if sent is None else sent,
            "errors": errors or {},
            "labels": {row["name"]: row["label"] for row in questions},
            "may_send": found["may_send"],
            "sent_on": h.challenge_date(found["updated_at"]),
            "read": []
            if found["may_send"]
            else [
                (row["label"], _said(row, found["answers"].get(row["key"])))
                for row in questions
            ],
            "csrf": tk.h.csrf_input(),
            "urls": {
                "self": f"{url}/feedback",
                "participant": url,
                "season": tk.h.url_for("challenge.read", cohort=participant["cohort"]),
            },
        },
    )


def _said(question: Mapping[str, Any], answer: Any) -> str:
    """An answer as people read it."""
    if answer in (None, "", []):
        return ""
    if question["type"] == "yes_no":
        return tk._("Yes") if answer is True else tk._("No")
    if question["type"] == "number":
        return h.challenge_number(answer)
    if question["type"] == "date":
        return h.challenge_date(answer)
    labels = dict(question["choices"])
    given = answer if isinstance(answer, list) else [answer]
    return " · ".join(labels.get(value, str(value)) for value in given)


@feedback.get("/<cohort>/<organization>/feedback")
def read(cohort: str, organization: str) -> str:
    """The form of a participant, for its members; for the staff, what they said."""
    return _form(participant_row(cohort, organization))


@feedback.post("/<cohort>/<organization>/feedback")
def send(cohort: str, organization: str) -> BaseResponse | str:
    """A member sends the form."""
    participant = participant_row(cohort, organization)
    form = act("challenge_feedback_show", participant=participant["id"])
    sent = answered(request.form, form)
    try:
        act("challenge_feedback_update", participant=participant["id"], answers=sent)
    except tk.ValidationError as error:
        return _form(participant, sent, flat_errors(error.error_dict))
    tk.h.flash_success(
        tk._(
            "Thank you. Your answers are saved; only the team of the season reads them."
        )
    )
    return tk.redirect_to(
        "challenge_participant.read",
        cohort=participant["cohort"],
        organization=participant["organization_name"],
    )


@opinions.get("/<cohort>/opinions")
def results(cohort: str) -> str:
    """What the participants of a season say of it."""
    season = act("challenge_cohort_show", id=cohort)
    page = page_number(request.args)
    found = act(
        "challenge_feedback_list",
        cohort=season["id"],
        limit=_SIZE,
        offset=_SIZE * (page - 1),
    )
    url = tk.h.url_for("challenge_opinions.results", cohort=season["name"])
    questions = asked({"questions": found["form"]})
    return tk.render(
        "challenge/manage/opinions.html",
        {
            "frame": frame(season, "opinions"),
            "cohort": season,
            "found": found,
            "questions": [_counted(row, found["count"]) for row in found["questions"]],
            "rows": [_opinion(row, questions, season) for row in found["results"]],
            "pages": Pager(url, {}, found["count"], page, _SIZE),
            "url": url,
            "exports": [(kind.upper(), f"{url}.{kind}") for kind in FORMATS],
        },
    )


def _counted(question: Mapping[str, Any], senders: int) -> dict[str, Any]:
    return {
        "label": question["label"],
        "words": tk.ungettext(
            "{number} answer", "{number} answers", question["answers"]
        ).format(number=h.challenge_number(question["answers"])),
        "mean": None
        if question["mean"] is None
        else h.challenge_number(round(question["mean"], 1)),
        "counts": [
            {
                **row,
                "percent": 100 * row["count"] // senders if senders else 0,
                "number": h.challenge_number(row["count"]),
            }
            for row in question["counts"]
        ],
    }


def _opinion(
    row: Mapping[str, Any],
    questions: Sequence[Mapping[str, Any]],
    cohort: Mapping[str, Any],
) -> dict[str, Any]:
    said = [
        (question["label"], _said(question, row["answers"].get(question["key"])))
        for question in questions
    ]
    return {
        "title": row["organization_title"],
        "url": tk.h.url_for(
            "challenge_participant.read",
            cohort=cohort["name"],
            organization=row["organization_name"],
        ),
        "date": h.challenge_date(row["updated_at"]),
        "said": [(label, text) for label, text in said if text],
    }


@opinions.get(f"/<cohort>/opinions.<any({','.join(FORMATS)}):format>")
def export(cohort: str, format: str) -> Response:
    """The same as a file."""
    answer = act("challenge_feedback_export", cohort=cohort, format=format)
    content = answer["content"]
    response = Response(
        base64.b64decode(content) if answer["encoding"] == "base64" else content,
        content_type=answer["media_type"],
    )
    return attached(response, answer["filename"])
