"""The applications of a season as a file, read back as others read it."""

from __future__ import annotations

import base64
import csv
import datetime as dt
import hashlib
import io
import json
import re
import zipfile
from collections.abc import Callable
from typing import Any

import ckan.plugins.toolkit as tk
import pytest
from ckan import model
from ckan.tests import factories
from factories import (
    BAULE,
    POINCONNET,
    apply,
    call_as,
    collectivites,
    make_cohort,
    make_staff,
)
from lxml import etree  # pyright: ignore[reportAttributeAccessIssue]

from ckanext.challenge.common import spreadsheets
from ckanext.challenge.common.spreadsheets import Column
from ckanext.challenge.model import Application

FORMULAS = {
    "contact_name": '=HYPERLINK("http://example.org","x")',
    "contact_role": "@SUM(1)",
    "contact_phone": "+33 2 38 00 00 00",
    "elected_sponsor": "-2+3",
    "motivation": "Ouvrir.\n\nEnsuite, publier & « relier » <tout>.",
}
QUESTION = {
    "key": "logiciel",
    "label": {"fr": "Quel logiciel ?", "en": "Which software?"},
    "type": "choices",
    "choices": [
        {"value": "a", "label": {"fr": "Acte", "en": "Deed"}},
        {"value": "b", "label": {"fr": "Budget", "en": "Budget"}},
    ],
}


@pytest.fixture
def season(with_plugins: None, clean_db: None) -> dict[str, Any]:
    """Two applications, one of which somebody tries to attack with."""
    collectivites()
    cohort = make_cohort(questions=[QUESTION])
    admin = factories.Sysadmin()
    manager = factories.User(fullname="Agathe")
    make_staff(cohort, "manager", manager, by=admin)
    one = apply(cohort, POINCONNET, answers={"logiciel": ["a", "b"]})
    apply(cohort, BAULE)
    # As a program could have stored it, past what the form refuses.
    row = model.Session.get(Application, one["id"])
    assert row is not None
    for name, value in FORMULAS.items():
        setattr(row, name, value)
    row.submitted_at = dt.datetime(2022, 9, 29, 22, 30, tzinfo=dt.timezone.utc)
    model.Session.commit()
    call_as(
        manager,
        "challenge_application_assign",
        id=one["id"],
        reviewer=manager["name"],
    )
    return {"cohort": cohort, "manager": manager, "one": one}


def _export(season: dict[str, Any], kind: str, **data: Any) -> bytes:
    answer = call_as(
        season["manager"],
        "challenge_application_export",
        cohort=season["cohort"]["name"],
        format=kind,
        **data,
    )
    assert answer["filename"].endswith(f".{kind}")
    # It goes over the API as it is.
    json.dumps(answer)
    if answer["encoding"] == "base64":
        return base64.b64decode(answer["content"])
    return answer["content"].encode()


def _read_csv(content: bytes) -> list[list[Any]]:
    return list(csv.reader(io.StringIO(content.decode(), newline="")))


def _read_json(content: bytes) -> list[list[Any]]:
    rows = json.loads(content)
    return [list(rows[0]), *(list(row.values()) for row in rows)]


_SHEET = {"m": "http://schemas.openxmlformats.org/spreadsheetml/2006/main"}


def _column(reference: str) -> int:
    number = 0
    for letter in re.sub(r"\d", "", reference):
        number = number * 26 + ord(letter) - 64
    return number - 1


def _read_xlsx(content: bytes) -> list[list[Any]]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None
        root = etree.fromstring(archive.read("xl/worksheets/sheet1.xml"))
        shared = []
        if "xl/sharedStrings.xml" in archive.namelist():
            strings = etree.fromstring(archive.read("xl/sharedStrings.xml"))
            shared = [
                "".join(item.itertext()) for item in strings.findall("m:si", _SHEET)
            ]
    assert not root.findall(".//m:f", _SHEET), "a cell holds a formula"
    rows = []
    for row in root.iterfind(".//m:row", _SHEET):
        cells: dict[int, Any] = {}
        for cell in row.iterfind("m:c", _SHEET):
            text = "".join(cell.itertext())
            kind = cell.get("t")
            cells[_column(str(cell.get("r")))] = (
                shared[int(text)]
                if kind == "s"
                else text
                if kind == "inlineStr"
                else float(text)
            )
        rows.append([cells.get(at, "") for at in range(max(cells) + 1)])
    return rows


_ODS = "{urn:oasis:names:tc:opendocument:xmlns:%s:1.0}%s"


def _read_ods(content: bytes) -> list[list[Any]]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None
        first = archive.infolist()[0]
        assert (first.filename, first.compress_type) == ("mimetype", 0)
        assert (
            archive.read("mimetype").decode() == spreadsheets.FORMATS["ods"].media_type
        )
        etree.fromstring(archive.read("META-INF/manifest.xml"))
        root = etree.fromstring(archive.read("content.xml"))
    rows = []
    for row in root.iter(_ODS % ("table", "table-row")):
        cells: list[Any] = []
        for cell in row.iter(_ODS % ("table", "table-cell")):
            assert cell.get(_ODS % ("table", "formula")) is None
            kind = cell.get(_ODS % ("office", "value-type"))
            if kind == "float":
                cells.append(float(str(cell.get(_ODS % ("office", "value")))))
            elif kind == "date":
                cells.append(cell.get(_ODS % ("office", "date-value")))
            else:
                lines = cell.iter(_ODS % ("text", "p"))
                cells.append("\n".join("".join(line.itertext()) for line in lines))
        rows.append(cells)
    return rows


READERS: dict[str, Callable[[bytes], list[list[Any]]]] = {
    "csv": _read_csv,
    "json": _read_json,
    "xlsx": _read_xlsx,
    "ods": _read_ods,
}
PROGRAMS = ("csv", "json")


def test_every_format_tells_the_same_and_runs_nothing(season: dict[str, Any]) -> None:
    read = {
        kind: reader(_export(season, kind, sort="name", order="desc"))
        for kind, reader in READERS.items()
    }
    keys = read["csv"][0]
    assert keys == read["json"][0]
    assert keys[:3] == ["reference", "siren", "organization_title"]
    assert keys[-1] == "answers-logiciel"
    for kind in ("xlsx", "ods"):
        labels = read[kind][0]
        assert len(labels) == len(keys)
        assert labels[:2] == ["Reference", "SIREN"]
        assert labels[-1] in ("Which software?", "Quel logiciel ?")
    for kind, rows in read.items():
        one = dict(zip(keys, rows[1], strict=False))
        other = dict(zip(keys, rows[2], strict=False))
        assert other["organization_title"] == "Baule", kind
        assert one["siren"] == POINCONNET
        assert float(one["population"]) == 5855
        assert float(one["agents"]) == 12.5
        assert one["motivation"] == FORMULAS["motivation"], kind
        assert one["reviewer"] == "Agathe"
        for name in ("contact_name", "contact_role", "contact_phone"):
            shown = FORMULAS[name] if kind == "json" else f"'{FORMULAS[name]}"
            assert one[name] == shown, kind
        assert other["contact_phone"] == "02 00 00 00 00"


def test_programs_get_codes_and_people_get_words(season: dict[str, Any]) -> None:
    rows = {
        kind: READERS[kind](_export(season, kind, q="poinconnet")) for kind in READERS
    }
    keys = rows["csv"][0]
    one = {kind: dict(zip(keys, read[1], strict=False)) for kind, read in rows.items()}
    for kind in PROGRAMS:
        assert one[kind]["state"] == "submitted"
        assert one[kind]["obligation"] == "concerned"
        assert one[kind]["submitted_at"] == "2022-09-29T22:30:00+00:00"
    assert one["json"]["answers-logiciel"] == ["a", "b"]
    assert one["csv"]["answers-logiciel"] == "a, b"
    for kind in ("xlsx", "ods"):
        assert one[kind]["state"] == "Received"
        assert one[kind]["answers-logiciel"] in ("Deed, Budget", "Acte, Budget")
    # In the portal's time zone, and as a date that a spreadsheet reckons with.
    local = dt.datetime(2022, 9, 29, 22, 30, tzinfo=dt.timezone.utc).astimezone(
        tk.h.get_display_timezone()
    )
    assert one["ods"]["submitted_at"] == local.strftime("%Y-%m-%dT%H:%M:%S")
    days = dt.timedelta(days=one["xlsx"]["submitted_at"])
    moment = dt.datetime(1899, 12, 30) + days  # noqa: DTZ001
    assert abs(moment - local.replace(tzinfo=None)) < dt.timedelta(seconds=1)


def test_an_export_holds_what_the_list_shows(season: dict[str, Any]) -> None:
    assert len(json.loads(_export(season, "json", departement="36"))) == 1
    assert json.loads(_export(season, "json", state="refused")) == []
    assert len(_read_csv(_export(season, "csv", q="nulle part"))) == 1
    with pytest.raises(tk.ValidationError) as caught:
        _export(season, "exe")
    assert list(caught.value.error_dict) == ["format"]


def test_drafts_are_their_applicants_own(season: dict[str, Any]) -> None:
    row = model.Session.get(Application, season["one"]["id"])
    assert row is not None
    row.state = "draft"
    model.Session.commit()
    assert POINCONNET not in _export(season, "csv").decode()


@pytest.mark.parametrize("kind", list(READERS))
def test_no_file_holds_what_readers_disagree_on(kind: Any) -> None:
    odd = "\x0bfacture\u202efdp\x7f.\x85exe\ud800"
    pieces = spreadsheets.write(
        kind, odd, [Column("a", odd), Column("b", "b")], [[odd, [odd, "deux"]]]
    )
    _, (one, two) = READERS[kind](b"".join(pieces))
    assert one == "facturefdp.exe"
    # JSON keeps lists.
    assert two in (["facturefdp.exe", "deux"], "facturefdp.exe, deux")


@pytest.mark.parametrize("kind", list(READERS))
def test_rows_are_fetched_while_the_file_is_read(kind: Any) -> None:
    fetched = 0

    def rows() -> Any:
        nonlocal fetched
        for number in range(5000):
            fetched += 1
            # Not to be compressed to nothing.
            text = hashlib.sha256(str(number).encode()).hexdigest()
            yield [number, text, True, dt.date(2022, 9, 1)]

    columns = [Column(name, name.upper()) for name in ("a", "b", "c", "d")]
    pieces = iter(spreadsheets.write(kind, "Une feuille", columns, rows()))
    content = [next(pieces)]
    # XLSX is put together on disk first: only its memory is bounded.
    assert fetched < 5000 or kind == "xlsx"
    content += pieces
    assert max(map(len, content)) < 400_000
    read = READERS[kind](b"".join(content))
    assert len(read) == 5001
    assert float(read[-1][0]) == 4999
