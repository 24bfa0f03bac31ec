"""What the forms send, and where CKAN's own forms are found already filled in."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

import ckan.plugins.toolkit as tk
from babel import numbers

from ckanext.challenge.common import labels, own_fields
from ckanext.challenge.domain.kit_texts import proposed

#: Of the name of a dataset, in CKAN.
_LONGEST_NAME = 100


def texts(form: Mapping[str, str], *names: str) -> dict[str, str]:
    """What was typed into the named fields; those that were not sent are left out."""
    return {name: form[name].strip() for name in names if name in form}


def typed_number(value: float | None) -> str:
    """A number as its reader would type it into a form: « 12,5 », “12.5”.

    Without a sign between the thousands: it is read again as what it was.
    """
    if value is None:
        return ""
    return numbers.format_decimal(value, locale=labels.locale(), group_separator=False)


def lines(form: Mapping[str, str], name: str) -> list[dict[str, str]]:
    """The rows of a repeated group, sent as ``name-0-part``, ``name-1-part``…

    :returns: rows in their order, those with nothing in them left out
    """
    rows: dict[int, dict[str, str]] = {}
    for key, value in form.items():
        found = re.fullmatch(rf"{re.escape(name)}-(\d{{1,3}})-(\w+)", key)
        if found:
            rows.setdefault(int(found[1]), {})[found[2]] = value.strip()
    return [rows[index] for index in sorted(rows) if any(rows[index].values())]


def flat_errors(errors: Mapping[str, Any]) -> dict[str, list[str]]:
    """Errors by the name of the field in the form.

    CKAN answers those of a repeated group as one dictionary for each of its rows.
    """
    flat: dict[str, list[str]] = {}
    for name, found in errors.items():
        for index, row in enumerate(found if isinstance(found, list) else [found]):
            if isinstance(row, Mapping):
                for part, messages in row.items():
                    flat[f"{name}-{index}-{part}"] = [str(text) for text in messages]
            else:
                flat.setdefault(name, []).append(str(row))
    return flat


def refused_alike(
    results: Sequence[Mapping[str, Any]], names: Collection[str]
) -> dict[str, list[str]]:
    """What is wrong with what was typed: what every row of a batch was refused for.

    :param results: of the action that does the same to many, with ``errors`` each
    :param names: the fields of the form
    :returns: the errors by field; none where one row was not refused
    """
    rows = [flat_errors(row["errors"]) for row in results]
    found = {
        name: [text for text in texts if all(text in row.get(name, ()) for row in rows)]
        for name, texts in (rows[0].items() if rows else ())
        if name in names
    }
    return {name: texts for name, texts in found.items() if texts}


def new_dataset_url(
    organization_id: str,
    kit: Mapping[str, Any] | None = None,
    organization: str = "",
    *,
    name: str = "",
    territory: str = "",
) -> str:
    """CKAN's own form for a dataset, filled in from a kit.

    The kit is in it, so that the form of its first file has the national schema.

    :param organization_id: whose dataset it will be
    :param kit: a row of ``challenge_kit_list``
    :param organization: its title, to put into the texts of the dataset
    :param name: its name, to make an address of; CKAN's script makes one of a title
        only while one types
    :param territory: INSEE code or SIREN of what the dataset is about
    """
    fields: dict[str, str] = {"owner_org": organization_id}
    if kit:
        fields.update(
            **own_fields.form_values(
                challenge_kit=kit["name"],
                license_id=kit.get("licence") or "",
                frequency=kit.get("frequency") or "",
                spatial_insee=territory,
            ),
            tag_string=", ".join(kit.get("tags") or []),
        )
        if organization:
            fields["title"], fields["notes"] = proposed(kit, organization)
        if name:
            stem = f"{kit['name']}-{name}"[:_LONGEST_NAME].rstrip("-_")
            # The first one has the name already.
            number = (kit.get("datasets") or 0) + 1
            fields["name"] = stem if number == 1 else f"{stem}-{number}"
    filled = {key: value for key, value in fields.items() if value}
    query = f"?{urlencode(filled)}" if filled else ""
    return f"{tk.h.url_for('dataset.new')}{query}"
