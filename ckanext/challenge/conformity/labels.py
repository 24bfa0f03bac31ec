"""What a report says, in sentences for the one who published the file.

Three short ones for each problem: where it is, what it is, what to do.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import ckan.plugins.toolkit as tk
from babel.numbers import format_decimal

from ckanext.challenge.common import labels
from ckanext.challenge.domain import characters
from ckanext.challenge.domain.table_schema import Fault
from ckanext.challenge.domain.text import N_

Facts = Mapping[str, Any]

#: Types of what could be better although nothing is wrong.
ADVICE = frozenset(
    {
        "address-key",
        "blank-above",
        "blank-cell",
        "blank-end",
        "broken-accents",
        "byte-order-mark",
        "no-amount",
        "none-certified",
        "odd-year",
        "other-encoding",
        "other-separator",
        "swapped-coordinates",
        "unknown-label",
    }
)
#: Advice about one place in the file.
_ADVICE_OF_CELLS = frozenset(
    {"address-key", "blank-cell", "no-amount", "odd-year", "swapped-coordinates"}
)
#: Types of problems that are about the header, and about whole lines.
_OF_THE_HEADER = frozenset(
    {
        "above-header",
        "missing-label",
        "label-spelling",
        "duplicate-label",
        "blank-label",
    }
)
_OF_LINES = frozenset({"missing-cell", "extra-cell", "blank-row"})
#: Of a value or a list so much is shown.
_LONGEST = 80
_MOST_VALUES = 15
#: Problems of a value that may be right but for characters that nobody sees.
_OF_VALUES = frozenset({"type-error", "constraint-error"})
_EXAMPLE = date(2023, 2, 28)

_TO_CSV = N_(
    "Open it in your spreadsheet, choose “Save as” and “CSV UTF-8”, and publish that "
    "file."
)
_ANEW = N_("Open the file in a spreadsheet and save it as CSV again.")
_READ = N_("It was read all the same.")
_AGAIN = N_("It is asked again every night.")
_TRY = N_("Open the link in your browser to see whether it works.")
_UPLOAD = N_("You may also upload the file to the portal.")
_COPY = N_("Copy it from annuaire-entreprises.data.gouv.fr.")
_ONE_OF_TWO = N_("Correct one of the two.")
_YEARS = N_("Write 2023, or 2023/2024.")

#: What each kind of problem is, and then what to do, by the key of :func:`_key`.
_TEXTS: Mapping[str, tuple[str, ...]] = {
    # A value that is not of the type of its column.
    "type date": (
        N_("“{value}” is not a date."),
        N_("Write it {form}, for example {example}."),
    ),
    "type integer": (
        N_("“{value}” is not a whole number."),
        N_("Write its digits only, without spaces, for example 1500."),
    ),
    "type number": (
        N_("“{value}” is not a number."),
        N_(
            "Write it with a point before the decimals, without spaces and without a "
            "unit, for example 1500.50."
        ),
    ),
    "type year": (
        N_("“{value}” is not a year."),
        N_("Write its four digits, for example 2023."),
    ),
    "type boolean": (
        N_("“{value}” is neither yes nor no."),
        N_("Write “{yes}” or “{no}”."),
    ),
    "type geopoint": (
        N_("“{value}” is not a position."),
        N_(
            "Write the longitude and then the latitude between brackets, for example "
            "[1.67, 47.81]."
        ),
    ),
    "type datetime": (
        N_("“{value}” is not a moment."),
        N_("Write the day and the time, for example 2023-02-28T14:30:00Z."),
    ),
    "type array": (
        N_("“{value}” is not a list."),
        N_(
            "Write the values between brackets, each between quotes, for example "
            '["lait","soja"].'
        ),
    ),
    "type string uuid": (
        N_("“{value}” is not such an identifier."),
        N_("Copy it as it is, with its hyphens: 36 characters."),
    ),
    "type string email": (
        N_("“{value}” is not an e-mail address."),
        N_("Write one address, for example mairie@example.org."),
    ),
    "type string uri": (
        N_("“{value}” is not an address of the web."),
        N_("Write it from its beginning: https://www.example.org/page."),
    ),
    # A value that is of its type, and yet none of those that are allowed.
    "constraint required": (
        N_("The cell is empty."),
        N_("Fill it in: the schema asks for a value on each line."),
    ),
    "constraint enum": (
        N_("“{value}” is not one of the values of the schema."),
        N_("Choose from: {expected}. Accents and capitals count."),
    ),
    "constraint pattern": (N_("“{value}” is not written as it should be."),),
    "constraint minimum": (
        N_("“{value}” is too small."),
        N_("The smallest value is {expected}."),
    ),
    "constraint maximum": (
        N_("“{value}” is too big."),
        N_("The biggest value is {expected}."),
    ),
    "constraint minLength": (
        N_("“{value}” is too short."),
        N_("It takes at least {expected} characters."),
    ),
    "constraint maxLength": (
        N_("“{value}” is too long."),
        N_("It takes at most {expected} characters."),
    ),
    "constraint unique": (
        N_("“{value}” already stands on line {expected}."),
        N_("Give each line a value of its own."),
    ),
    # A rule that joins cells, or computes: see checks.py.
    "french-siren-value format": (
        N_("“{value}” is no SIREN: it has not nine digits."),
        _COPY,
    ),
    "french-siren-value key": (
        N_("“{value}” is no SIREN: its digits do not fit together."),
        _COPY,
    ),
    "french-siret-value format": (
        N_("“{value}” is no SIRET: it has not fourteen digits."),
        _COPY,
    ),
    "french-siret-value key": (
        N_("“{value}” is no SIRET: its digits do not fit together."),
        _COPY,
    ),
    "publisher-value other": (
        N_("“{value}” is the number of somebody else, and not yours ({own})."),
        N_(
            "Publish your own file. If you publish for another collectivité, say so on "
            "the page of the dataset, in “Published for”."
        ),
    ),
    "publisher-value example": (
        N_("“{value}” is the number of the example, a commune that does not exist."),
        N_("Replace all the lines of the example with your own."),
    ),
    "outside-commune": (
        N_("This point is not in the commune of code {insee}: “{value}”."),
        N_(
            "Check the longitude, the latitude and the INSEE code: at least one of "
            "them is of another place."
        ),
    ),
    "one-of-required": (N_("One of these columns has to be filled in: {columns}."),),
    "one-of-required header": (N_("One of these columns has to be there: {columns}."),),
    "cohesive-columns-value": (
        N_("These columns go together, and some are empty: {columns}."),
        N_("Fill them all in, or leave all of them empty."),
    ),
    "cohesive-columns-value header": (
        N_("These columns go together, and some are missing: {columns}."),
        N_("Add the missing ones, or remove them all."),
    ),
    "compare-columns-value <": (
        N_("“{value}” is not below {other}, which is {limit}."),
        _ONE_OF_TWO,
    ),
    "compare-columns-value <=": (
        N_("“{value}” is above {other}, which is {limit}."),
        _ONE_OF_TWO,
    ),
    "compare-columns-value ==": (
        N_("“{value}” is not the same as {other}, which is {limit}."),
        _ONE_OF_TWO,
    ),
    "compare-columns-value >=": (
        N_("“{value}” is below {other}, which is {limit}."),
        _ONE_OF_TWO,
    ),
    "compare-columns-value >": (
        N_("“{value}” is not above {other}, which is {limit}."),
        _ONE_OF_TWO,
    ),
    "sum-columns-value": (
        N_("“{value}” is not the sum of {columns}, which is {sum}."),
        N_("Correct the sum, or one of its parts."),
    ),
    "year-interval-value format": (
        N_("“{value}” is neither a year nor two."),
        _YEARS,
    ),
    "year-interval-value order": (N_("“{value}” has its later year first."), _YEARS),
    "nomenclature-actes-value slash": (
        N_("“{value}” has no slash after its heading."),
        N_("Write the heading, a slash and the matter: Finances locales/Divers."),
    ),
    "nomenclature-actes-value space": (
        N_("“{value}” has a space beside its slash."),
        N_("Remove the space."),
    ),
    "nomenclature-actes-value heading": (
        N_("“{value}” begins with no heading of the classification of acts."),
        N_("Begin with one of these and a slash: {headings}."),
    ),
    "opening-hours-value": (
        N_("“{value}” is not written as opening hours."),
        N_(
            "Write 24/7, or days in English and hours as OpenStreetMap has them: "
            "Mo-Fr 08:00-18:00."
        ),
    ),
    # The header, and whole lines.
    "no-rows": (
        N_("The file has a header and no row."),
        N_("Add your data below the names of the columns."),
    ),
    "missing-label": (
        N_("The column “{column}” is missing."),
        N_("Add it, with exactly this name."),
    ),
    "label-spelling": (
        N_("The column “{value}” has to be named “{expected}”."),
        N_("Rename it in the first line."),
    ),
    "duplicate-label": (
        N_("The column “{column}” is there twice."),
        N_("Remove one of them."),
    ),
    "blank-label": (
        N_("Column {column_number} has no name."),
        N_("Name it in the first line, or remove it."),
    ),
    "missing-cell": (
        N_("The line is too short."),
        N_("It needs a separator for each column, even where the cell is empty."),
        _ANEW,
    ),
    "extra-cell": (
        N_("The line has more cells than there are columns."),
        N_("A text that holds the separator stands between quotes."),
        _ANEW,
    ),
    "blank-row": (N_("The line is empty."), N_("Remove it.")),
    "above-header title": (
        N_("The names of the columns stand on line {line}, below a title."),
        N_("Remove what is above them: they belong on the first line."),
    ),
    "above-header excel": (
        N_("The names of the columns stand on line {line}, below “sep=”."),
        N_("Remove that line: only Excel reads it."),
    ),
    "unclosed-quote": (
        N_('A quote (") is opened on this line and never closed.'),
        N_("{lines} lines became one cell."),
        N_("Close the quote, or remove it."),
    ),
    "unclosed-quote one": (
        N_('A quote (") is opened on this line and never closed.'),
        N_("Close the quote, or remove it."),
    ),
    "mixed-encodings": (
        N_("The accents of this line are in another encoding than the others."),
        N_(
            "This happens when lines of two files are put together. Type its accents "
            "again, and save the file as “CSV UTF-8”."
        ),
    ),
    # What could be better, and was read.
    "blank-above": (
        N_("There are empty lines above the names of the columns."),
        N_("Remove them: the names belong on the first line."),
    ),
    "blank-end": (
        N_("The file ends with {lines} empty lines, from line {row} on."),
        N_("You may remove them: a spreadsheet leaves them behind."),
    ),
    "blank-end one": (
        N_("The file ends with an empty line, line {row}."),
        N_("You may remove it: a spreadsheet leaves it behind."),
    ),
    "broken-accents": (
        N_("Accents are broken, first on line {row}: the file was saved wrongly."),
        N_("Open the file that it was made of, and save it as “CSV UTF-8”."),
    ),
    "address-key": (
        N_("“{value}” is the key of another address."),
        N_("It is made of the INSEE code, the street's code, the number, its suffix."),
    ),
    "none-certified": (
        N_("No address is certified."),
        N_("Write 1 beside those that the commune vouches for."),
    ),
    "blank-cell": (
        N_("The cell holds only spaces: for readers it is empty."),
        N_("Fill it in, or empty it."),
    ),
    "no-amount": (
        N_("“{value}” is no amount: programs write it where there is none."),
        N_("Leave the cell empty."),
    ),
    "odd-year": (
        N_("“{value}” is of another age."),
        N_("Write the year with its four digits, for example 2023."),
    ),
    "swapped-coordinates": (
        N_("“{value}”: this place is not in France; the two numbers are exchanged."),
        N_("The longitude comes first, about 2 in mainland France, then the latitude."),
    ),
    "swapped-coordinates columns": (
        N_("“{value}”: this place is not in France; the two numbers are exchanged."),
        N_("The latitude is about 47 in mainland France, the longitude about 2."),
    ),
    "value-not-yet": (
        N_("“{value}” is right, but the national schema has no value for it yet."),
        N_("Publish the file all the same: it is useful as it is."),
    ),
    "byte-order-mark": (
        N_("The file begins with an invisible byte-order mark."),
        _READ,
        N_(
            "Other programs may take it for a part of the first column's name: choose "
            "“UTF-8” without “BOM” where you can."
        ),
    ),
    "other-encoding": (
        N_("The file is written in {value}, and not in UTF-8."),
        _READ,
        N_("With “CSV UTF-8” in your spreadsheet, its accents are right everywhere."),
    ),
    "other-separator": (
        N_("The columns are separated by “{value}”, and not by a comma."),
        _READ,
        N_("The national schemas recommend the comma."),
    ),
    "other-separator tab": (
        N_("The columns are separated by a tab, and not by a comma."),
        _READ,
        N_("The national schemas recommend the comma."),
    ),
    "unknown-label": (
        N_("The schema knows no column “{column}”: it was not checked."),
    ),
    # Why a file could not be read.
    "empty": (N_("The file is empty."), N_("Publish it again.")),
    "html": (
        N_("The file is a web page, not a table."),
        N_(
            "Give the address of the file itself: the one behind the download button "
            "of that page."
        ),
    ),
    "html-table": (
        N_("The file is a web page that a program calls a spreadsheet."),
        _TO_CSV,
    ),
    "text-document": (
        N_("The file is a text document (Word, Writer or RTF)."),
        N_("Copy its table into a spreadsheet, and save that as CSV UTF-8."),
    ),
    "picture": (
        N_("The file is a picture."),
        N_("Publish the table that it shows, as CSV."),
    ),
    "json": (N_("The file is JSON; the schema is about a CSV table."),),
    "xml": (N_("The file is XML; the schema is about a CSV table."),),
    "pdf": (
        N_("The file is a PDF; the schema is about a CSV table."),
        N_("Publish the table from which the PDF was made, as CSV."),
    ),
    "spreadsheet": (N_("The file is a spreadsheet (Excel or ODS)."), _TO_CSV),
    "archive": (N_("The file is an archive."), N_("Publish the CSV that is inside.")),
    "binary": (
        N_("The file holds characters that no text contains: it is not CSV."),
        _TO_CSV,
    ),
    "encoding": (N_("The file is in an encoding that cannot be read."), _TO_CSV),
    "line-too-long": (
        N_("A line is too long to be one."),
        N_("Look for a quote that is not closed; or the file is of another kind."),
    ),
    "too-many-columns": (
        N_("The file has more than {expected} columns."),
        N_("Remove those that the schema does not know."),
    ),
    "too-large": (
        N_("The file is too large to be checked."),
        N_("Publish a file for each year."),
    ),
    "csv": (N_("The file is not CSV."), _TO_CSV),
    "failed": (
        N_(
            "The portal could not check the file: this is a fault of the portal, not "
            "of the file."
        ),
        N_("It is tried again at night."),
    ),
    "validation": (N_("The portal's validation has found problems."),),
    # Why it could not be reached.
    "missing": (
        N_("The file is not on the portal any more."),
        N_("Upload it again."),
    ),
    "link": (
        N_(
            "Only files of the portal and links that begin with https:// or http:// "
            "are checked."
        ),
    ),
    "link-address": (
        N_("The link is no address of a file on the web."),
        N_("It begins with https:// or http:// and holds no password."),
    ),
    "link-private": (
        N_("The link leads into a private network, where others cannot follow."),
        N_("Upload the file to the portal."),
    ),
    "link-unknown": (
        N_("The server of the link does not exist."),
        N_("Correct the address."),
    ),
    "link-unreachable": (
        N_("The server of the link does not answer."),
        _TRY,
        _AGAIN,
    ),
    "link-certificate": (
        N_("The server of the link has a certificate that is not valid."),
        N_("Tell those who run it."),
        _UPLOAD,
    ),
    "link-status": (
        N_("The server of the link does not give the file (error {value})."),
        _TRY,
        _AGAIN,
    ),
    "link-redirects": (
        N_("The link leads on and on, and never to a file."),
        N_("Give the address at which the file itself is."),
    ),
    "link-slow": (N_("The server of the link took too long."), _AGAIN, _UPLOAD),
}

#: How a pattern begins of which a cell has one or several values.
_SEVERAL = r"(?:(?:^|\|)("
_INSEE = N_("Write the five characters of the INSEE code, for example 45024.")
#: What the patterns of the national schemas ask for, by how they begin.
_PATTERNS: Sequence[tuple[str, str]] = (
    (r"^\d{14}$", N_("Write the fourteen digits of the SIRET without spaces.")),
    (r"^\d{9}$", N_("Write the nine digits of the SIREN without spaces.")),
    (r"^\d{5}$", N_("Write the five digits of the postcode.")),
    (r"^W\d{9}$", N_("Write the RNA number, W and nine digits: W451000001.")),
    (r"^\d[AB\d]\d{3}$", _INSEE),
    (r"^([013-9]\d|2[AB1-9])\d{3}$", _INSEE),
    (
        r"^([013-9]\d|2[AB1-9])\d{3}-P-",
        N_("Write the INSEE code, P and three digits, as in 45024-P-001."),
    ),
    (r"^(\d+|N/A)$", N_("Write a whole number, or N/A where there is no limit.")),
    (
        r"^[a-zA-Z0-9]{9,14}$",
        N_("Write the SIRET (14 digits), or else the RNA number, without spaces."),
    ),
    (
        "([0-9]{5})_((",
        N_(
            "Write the INSEE code, the code of the street and the number with five "
            "digits, joined by _: 45024_0123_00007."
        ),
    ),
    ("[0-9]{5}", _INSEE),
    ("((Paris|Lyon", N_("Write the name of the commune, without digits.")),
    ("(([A-Za-z0-9À", N_("Write letters, digits and usual signs only.")),
    (
        "-?[0-9]{1,7}.",
        N_("Write one or two decimals, after a point, as in 623451.25."),
    ),
    (
        "-?[0-9]{1,2}.",
        N_("Write up to seven decimals, after a point, as in 47.8123456."),
    ),
    (
        "([0-9]{9}[0-9A-Z]{2}",
        N_(
            "Write the code of each plot whole, with its zeros, separated by |, as in "
            "450240000A0001."
        ),
    ),
    (_SEVERAL, N_("Write one or several of these, separated by |: {expected}.")),
    (r"^\d\.\d{1,2}$", N_("Write the two numbers of the matter, as in 7.5.")),
    (r"^[0-9]{4}(\/[0-9]{4})?$", _YEARS),
    (
        r"^[0-9]{4}\-[0-9]{2}\-[0-9]{2}(\/",
        N_("Write one date or two, as in 2023-01-01/2023-12-31."),
    ),
    (
        r"^[0-9A-B]{5}-[0-9]{8}-[0-9]{3}",
        N_("Write the INSEE code, the date and a number: 45024-20230101-001."),
    ),
    (r"^[A-Za-z0-9_]+$", N_("Write only letters, digits and underscores.")),
    (
        r"^[a-zA-Z0-9\-\'\s",
        N_("Write only letters, digits, spaces, hyphens and apostrophes."),
    ),
    (r"^[A-Za-z\s\-", N_("Write only letters, spaces and hyphens.")),
    (
        r"^https?://",
        N_("Write the address of a picture: it ends in .jpg, .gif or .png."),
    ),
    (
        r"(.*?)((\d{1,2}:",
        N_("Write 24/7, or days and hours as OpenStreetMap has them (opening_hours)."),
    ),
    (
        r"^(\+33|",
        N_("Write the number with its country, for example +33238450000."),
    ),
    (
        "^(7j/7|",
        N_(
            "Write 7j/7, or days without capitals, separated by |, for example "
            "lundi|mardi; or else non renseigné."
        ),
    ),
    (
        "^(heures ouvrables|",
        N_(
            "Write 24h/24, heures ouvrables or heures de nuit, separated by |; or else "
            "non renseigné."
        ),
    ),
    (
        "(?:(?:^|,)(^[A-Z]{2}",
        N_("Write the code without spaces, for example FRS45P45024001."),
    ),
    ("^(Le |", N_("Begin each word of the name with a capital, as in Le Mans.")),
    ("^'?[A-Z", N_("Write a capital and then small letters, as in Zoé.")),
    ("", N_("It has to follow the pattern {expected}.")),
)


#: What is wrong with a file that should be a Table Schema.
_DOCUMENTS: Mapping[str, str] = {
    "too-large": N_("The file has more than 1 MB."),
    "not-utf-8": N_("The file is not written in UTF-8."),
    "not-json": N_("The file is no JSON: line and column {found}."),
    "no-object": N_("The file is no Table Schema: it holds no object with “fields”."),
    "no-fields": N_("The file is no Table Schema: “fields” is missing, or empty."),
    "too-many-fields": N_("The schema has too many fields: {found}."),
    "wrong-property": N_("The property “{found}” is not what Table Schema expects."),
    "unknown-column": N_("The key names “{found}”, which is no field."),
    "characters": N_("The schema holds characters that cannot be kept."),
    "no-field": N_("It is no object."),
    "no-name": N_("It has no name."),
    "same-name": N_("Another field has this name."),
    "unknown-type": N_("The type “{found}” does not exist in Table Schema."),
    "unknown-constraint": N_("The constraint “{found}” does not exist."),
    "unusable": N_("Files cannot be checked by this schema: {found}"),
}


def of_document(fault: Fault) -> str:
    """Why a file is no Table Schema that can be used, in the reader's language."""
    message = _DOCUMENTS[fault.code]
    text = tk._(message).format(found=_quoted(fault.found))
    if not fault.field:
        return text
    return tk._("Field {field}: {text}").format(field=_quoted(fault.field), text=text)


def sentence(problem: Facts) -> str:
    """Where a problem is, what it is and what to do, in the reader's language.

    :param problem: as :meth:`.report.Problem.as_dict` gives it
    """
    return " ".join(filter(None, [where(problem), fix(problem)]))


def said(problem: Facts) -> str:
    """What a problem is and what to do, for who sees its place."""
    return " ".join(filter(None, [what(problem), fix(problem)]))


def where(problem: Facts) -> str:
    """« Ligne 14, colonne DELIB_DATE : « 31/02/2023 » n'est pas une date. »"""
    text = what(problem)
    row, column = problem.get("row"), problem.get("column")
    if problem["type"] in _OF_THE_HEADER | (ADVICE - _ADVICE_OF_CELLS):
        return text
    if row and row > 1 and column:
        pattern = tk._("Line {row}, column {column}: {text}")
    elif row:
        pattern = tk._("Line {row}: {text}")
    elif column:
        pattern = tk._("Column {column}: {text}")
    else:
        return text
    return pattern.format(row=row, column=column, text=text)


def heading(problem: Facts) -> tuple[str, str]:
    """Under which heading a problem stands: what is mended in one go.

    :returns: ``advice``, ``header``, ``lines``, ``column`` or ``file``; and the column
    """
    if problem["type"] in ADVICE:
        return "advice", ""
    if problem["type"] in _OF_THE_HEADER or problem.get("row") == 1:
        return "header", ""
    if problem["type"] in _OF_LINES:
        return "lines", ""
    column = problem.get("column")
    return ("column", column) if column else ("file", "")


def title(problem: Facts, count: int) -> str:
    """The heading of problems that are mended in one go, in words.

    :param problem: the first of them
    :param count: how many there are
    """
    kind, column = heading(problem)
    if kind == "advice":
        return tk._("Advice")
    if kind == "header":
        return tk._("The first line, which names the columns")
    if kind == "file":
        return tk._("The file")
    if kind == "lines":
        text = tk.ungettext(
            "{count} line to correct", "{count} lines to correct", count
        )
    else:
        text = tk.ungettext(
            "Column {column}: {count} value to correct",
            "Column {column}: {count} values to correct",
            count,
        )
    number = format_decimal(count, locale=labels.locale())
    return text.format(count=number, column=column)


def what(problem: Facts) -> str:
    """What is wrong, without its place.

    What nobody has found words for is in frictionless's own English ones.
    """
    texts = _TEXTS.get(_key(problem))
    if not texts:
        return str(problem.get("message") or problem["type"])
    text = texts[0]
    said = tk._(text).format_map(_shown(problem))
    hidden = _unseen(problem)
    return f"{said} {hidden}" if hidden else said


def _unseen(problem: Facts) -> str:
    """What of a value is wrong and cannot be seen; empty where that is not known."""
    value = str(problem.get("value") or "")
    if problem["type"] not in _OF_VALUES or not value:
        return ""
    found = [tk._(phrase) for phrase in characters.unseen(value)]
    if not found:
        return ""
    return tk._("It holds what cannot be seen: {list}.").format(list=", ".join(found))


def fix(problem: Facts) -> str:
    """What to do; empty where there is nothing to say."""
    key = _key(problem)
    texts = _TEXTS.get(key, ())[1:]
    if key == "constraint pattern":
        pattern = str(problem.get("expected"))
        texts = (next(text for start, text in _PATTERNS if pattern.startswith(start)),)
    shown = _shown(problem)
    return " ".join(tk._(text).format_map(shown) for text in texts)


def _key(problem: Facts) -> str:
    """Under which the texts for a problem stand."""
    kind, expected = problem["type"], problem.get("expected")
    facts: Facts = expected if isinstance(expected, Mapping) else {}
    if kind == "type-error":
        name = f"type {facts.get('type')}"
        exact = f"{name} {facts.get('format')}"
        return exact if exact in _TEXTS else name
    if problem.get("constraint"):
        return f"constraint {problem['constraint']}"
    variant = facts.get("reason") or facts.get("op")
    if facts.get("lines") == 1:
        variant = "one"
    elif kind == "other-separator" and problem.get("value") == "\t":
        variant = "tab"
    elif not variant and facts.get("columns") and problem.get("row") == 1:
        variant = "header"
    return f"{kind} {variant}" if variant else kind


class _Shown(dict[str, Any]):
    """The facts of a problem as its sentences show them; those it lacks are empty."""

    def __missing__(self, key: str) -> str:
        return ""


def _shown(problem: Facts) -> _Shown:
    shown = _Shown(problem, value=_quoted(problem.get("value")))
    expected = problem.get("expected")
    if isinstance(expected, Mapping):
        format_ = str(expected.get("format") or "")
        pattern = format_ if format_.startswith("%") else "%Y-%m-%d"
        shown.update(
            form=_date_form(pattern),
            example=_EXAMPLE.strftime(pattern),
            yes=(expected.get("trueValues") or ["true"])[0],
            no=(expected.get("falseValues") or ["false"])[0],
            other=expected.get("column", ""),
            limit=expected.get("value", ""),
            sum=expected.get("sum", ""),
            own=_list(expected.get("own")),
            insee=expected.get("insee", ""),
            line=expected.get("line", ""),
            lines=expected.get("lines", ""),
            columns=_list(expected.get("columns")),
            headings=_list(expected.get("headings")),
        )
    elif isinstance(expected, str) and expected.startswith(_SEVERAL):
        values = expected.removeprefix(_SEVERAL).removesuffix("))+$")
        shown["expected"] = values.replace("\\", "").replace("|", ", ")
    elif isinstance(expected, list | tuple):
        shown["expected"] = _list([tk._("“{value}”").format(value=e) for e in expected])
    return shown


def _quoted(value: Any) -> str:
    """A value on one line, without what turns or hides characters."""
    text = "".join(
        letter if letter.isprintable() else " " for letter in str(value or "")
    ).strip()
    return text if len(text) <= _LONGEST else text[:_LONGEST] + "…"


def _list(names: Any) -> str:
    if not isinstance(names, list | tuple):
        return ""
    more = ["…"] if len(names) > _MOST_VALUES else []
    return ", ".join([*map(str, names[:_MOST_VALUES]), *more])


def _date_form(pattern: str) -> str:
    """A pattern of dates as people write it: « AAAA-MM-JJ »."""
    parts = {"%Y": tk._("YYYY"), "%m": tk._("MM"), "%d": tk._("DD")}
    return re.sub("%[a-zA-Z]", lambda part: parts.get(part[0], part[0]), pattern)
