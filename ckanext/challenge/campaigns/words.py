"""What may be written to many: the placeholders that there are."""

from __future__ import annotations

import ckan.plugins.toolkit as tk

from ckanext.challenge.common import language
from ckanext.challenge.domain import placeholders


def allowed(audience: str) -> dict[str, tuple[str, ...]]:
    """The keys of the placeholders of an audience, in a subject and in a text."""
    known = placeholders.OF_AUDIENCE[audience]
    fitting = tuple(key for key in known if key in placeholders.OF_SUBJECT)
    return {"subject": fitting, "text": known}


def check(audience: str, subject: str, text: str) -> None:
    """Refuse a placeholder that an audience has not.

    :raises ValidationError: on ``subject`` or ``text``, with those that there are
    """
    errors: dict[str, list[str]] = {}
    spoken = language.current()
    for field, written in (("subject", subject), ("text", text)):
        keys = allowed(audience)[field]
        if wrong := placeholders.unknown(written, audience, keys):
            told = tk._("There is no placeholder {found} here. There are: {allowed}")
            spelled = [placeholders.spelling(key, spoken) for key in keys]
            errors[field] = [
                told.format(found=", ".join(wrong), allowed=", ".join(spelled))
            ]
    if errors:
        raise tk.ValidationError(errors)  # type: ignore[arg-type]
