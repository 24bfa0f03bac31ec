"""Taking a file in: what is read of it, and what is said of what it is not."""

from __future__ import annotations

import datetime as dt
import io
import re
import zipfile

import openpyxl
import pytest
from helpers import sheets
from openpyxl.styles import Font

from ckanext.challenge.common import workbooks
from ckanext.challenge.common.workbooks import NotATable, take_in, take_in_cells
from ckanext.challenge.preparation import marked

ROWS = [
    ["Bénéficiaire", "Montant", "Date"],
    ["Club d'échecs", 1500, dt.date(2025, 3, 12)],
    ["Chorale", 320.5, dt.date(2025, 12, 4)],
]
READ = [
    ["Bénéficiaire", "Montant", "Date"],
    ["Club d'échecs", "1500", "2025-03-12"],
    ["Chorale", "320.5", "2025-12-04"],
]


def _code(content: bytes, name: str = "tableau.xlsx") -> str:
    with pytest.raises(NotATable) as refused:
        take_in(content, name)
    return refused.value.code


@pytest.mark.parametrize(
    "content",
    [
        sheets.xlsx({"Feuil1": ROWS}),
        sheets.xls(ROWS),
        sheets.ods({"Feuil1": ROWS}),
    ],
    ids=["xlsx", "xls", "ods"],
)
def test_workbooks_of_any_kind_give_the_same_texts(content: bytes) -> None:
    assert take_in(content, "x").sheets[0].rows == READ


PLACED = [[], [], ["", "", "a", "b"], [], ["", "", "c"]]


@pytest.mark.parametrize(
    "content",
    [
        sheets.xlsx({"F": PLACED}),
        sheets.xls(PLACED),
        sheets.ods({"F": PLACED}),
        b"\n\n;;a;b\n;\n;;c\n",
    ],
    ids=["xlsx", "xls", "ods", "csv"],
)
def test_a_table_keeps_its_place(content: bytes) -> None:
    assert take_in(content, "x").sheets[0].rows == PLACED


def test_what_is_hidden_is_told() -> None:
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    for row in ROWS:
        sheet.append(row)
    sheet.row_dimensions[2].hidden = True
    sheet.column_dimensions["B"].hidden = True
    book.create_sheet("Brouillon").sheet_state = "hidden"
    first, second = take_in(sheets.saved(book), "x").sheets
    assert first.hidden_rows == (2,)
    assert first.hidden_columns == (2,)
    assert (first.hidden, second.hidden) == (False, True)
    assert first.rows == READ


def test_numbers_are_as_the_sheet_shows_them_where_that_is_the_same_number() -> None:
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    for row, (amount, code, exact) in enumerate(
        [(1500, 1004, 0.1 + 0.2), (320.5, 45024, 21450024100010), (2.125, 7, 1e-7)], 1
    ):
        sheet.cell(row, 1, amount).number_format = '#,##0.00 "€"'
        sheet.cell(row, 2, code).number_format = "00000"
        sheet.cell(row, 3, exact)
    assert take_in(sheets.saved(book), "x").sheets[0].rows == [
        ["1500.00", "01004", "0.3"],
        ["320.50", "45024", "21450024100010"],
        ["2.125", "00007", "0.0000001"],
    ]


def test_times_and_truths_are_texts() -> None:
    content = sheets.xlsx(
        {
            "F": [
                [
                    dt.datetime.fromisoformat("2025-03-12T18:30"),
                    dt.time(9, 5),
                    True,
                    False,
                    1,
                ]
            ]
        }
    )
    assert take_in(content, "x").sheets[0].rows == [
        ["2025-03-12T18:30:00", "09:05", "true", "false", "1"]
    ]


TEXT = "Bénéficiaire;Montant\r\nClub d'échecs;1 500,00\r\nFête – été;2,5\r\n"
CELLS = [
    ["Bénéficiaire", "Montant"],
    ["Club d'échecs", "1 500,00"],
    ["Fête – été", "2,5"],
]


@pytest.mark.parametrize(
    "encoding",
    ["utf-8", "utf-8-sig", "windows-1252", "utf-16", "utf-16-le", "mac-roman"],
)
def test_texts_of_any_encoding(encoding: str) -> None:
    read = take_in(TEXT.encode(encoding), "x.csv")
    assert read.sheets[0].rows == CELLS
    assert read.separator == ";"


def test_a_text_of_dos() -> None:
    read = take_in(TEXT.replace("–", "-").encode("cp850"), "x.txt")
    assert read.encoding == "cp850"
    assert read.sheets[0].rows[1] == CELLS[1]


def test_a_mark_of_utf_8_before_another_encoding() -> None:
    read = take_in(b"\xef\xbb\xbf" + TEXT.encode("windows-1252"), "x.csv")
    assert read.sheets[0].rows == CELLS


def test_a_line_of_another_encoding_is_told() -> None:
    first, second, third = TEXT.splitlines(keepends=True)
    mixed = (first + second).encode() + third.encode("windows-1252")
    read = take_in(mixed, "x.csv")
    assert read.sheets[0].rows == CELLS
    assert (read.notes, read.lines) == (("mixed-encodings",), (3,))


def test_accents_that_were_encoded_twice() -> None:
    read = take_in(TEXT.encode().decode("windows-1252").encode(), "x.csv")
    assert read.sheets[0].rows == CELLS
    assert read.notes == ("encoded-twice",)


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_any_separator(separator: str) -> None:
    rows = [["Commune, de X"], ["nom", "objet"], ["a", "Aide, unique"], ["b", "2;3"]]
    text = "\n".join(
        separator.join(f'"{cell}"' if set(cell) & set(",;") else cell for cell in row)
        for row in rows
    )
    read = take_in(text.encode(), "x.csv")
    assert (read.separator, read.sheets[0].rows) == (separator, rows)


def test_a_line_that_tells_the_separator_keeps_its_number() -> None:
    read = take_in(b"sep=;\r\na;b,c\r\n1;2\r\n", "x.csv")
    assert read.sheets[0].rows == [[], ["a", "b,c"], ["1", "2"]]


def test_spaces_after_separators() -> None:
    read = take_in(b'a, b, c\n1, "x, y", 3\n', "x.csv")
    assert read.sheets[0].rows[1][1] == "x, y"


def test_a_quote_that_is_never_closed_swallows_no_lines() -> None:
    read = take_in(b'a;b\n"x;y";2\n3;"4\n5;6\n7;8\n', "x.csv")
    rows = [["a", "b"], ["x;y", "2"], ["3", "4"], ["5", "6"], ["7", "8"]]
    assert read.sheets[0].rows == rows
    assert (read.notes, read.lines) == (("unclosed-quote",), (3,))
    inches = take_in(b'a;b\nTuyau 5";2\n', "x.csv")
    assert (inches.notes, inches.sheets[0].rows[1]) == ((), ['Tuyau 5"', "2"])


@pytest.mark.parametrize("later", ['"aide, unique"', '"a""b"', '"a;b"', '"a\nb"'])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_quote_that_another_line_seems_to_close_swallows_none(
    later: str, end: str
) -> None:
    lines = ["nom;montant;objet", 'a;1;"dispositif', "b;2;x", f"c;3;{later}"]
    lines += ['"Les amis" de X;4;y', 'd;5;"autre', "e;6;z", ""]
    text = end.join(lines)
    for read in (take_in(text.encode(), "x.csv"), take_in_cells(text)):
        firsts = [row[0] for row in read.sheets[0].rows]
        assert firsts == ["nom", "a", "b", "c", "Les amis de X", "d", "e"]
        assert read.sheets[0].rows[1] == ["a", "1", "dispositif"]
        below = 6 + later.count("\n")
        assert (read.notes, read.lines) == (("unclosed-quote",), (2, below))


def test_unclosed_quotes_of_a_long_text_cost_little() -> None:
    rows = "".join(f'{number};"texte coupé\n' for number in range(100_000))
    read = take_in(f"nombre;objet\n{rows}".encode(), "x.csv")
    assert len(read.sheets[0].rows) == 100_001
    assert len(read.lines) == 100_000


def _with_cells(*cells: str) -> bytes:
    """A workbook whose second row is replaced by cells as XML."""
    out = io.BytesIO()
    book = openpyxl.Workbook()
    for row in ROWS:
        book.worksheets[0].append(row)
    second = f'<row r="2">{"".join(cells)}</row>'.encode()
    with (
        zipfile.ZipFile(io.BytesIO(sheets.saved(book))) as old,
        zipfile.ZipFile(out, "w") as new,
    ):
        for name in old.namelist():
            part = old.read(name)
            if name == "xl/worksheets/sheet1.xml":
                part = re.sub(rb'<row r="2".*?</row>', second, part, flags=re.S)
            new.writestr(name, part)
    return out.getvalue()


@pytest.mark.parametrize(
    ("is_lost", "cell"),
    [
        (True, '<c r="B2" t="e"><v>#N/A</v></c>'),
        (True, '<c r="B2" t="e"><f>1/0</f><v>#DIV/0!</v></c>'),
        (True, '<c r="B2"><f>A1*2</f></c>'),
        (True, '<c r="B2"><f>A1*2</f><v></v></c>'),
        (True, '<c r="B2" s="0"><f t="shared" si="0"/><v/></c>'),
        (False, '<c r="B2"><f>A1*2</f><v>5</v></c>'),
        (False, '<c r="B2"><f t="shared" si="0"/><v>5</v></c>'),
        (False, '<c r="B2" t="str"><f>IF(A1,"","")</f><v></v></c>'),
        (False, '<c r="B2"/>'),
    ],
)
@pytest.mark.parametrize("before", [0, 40_000])
def test_cells_whose_value_is_lost_are_told(
    is_lost: bool, cell: str, before: int
) -> None:
    filler = '<c r="A2"><v>1</v></c>' * before
    read = take_in(_with_cells(filler, cell), "x.xlsx")
    told = (("no-values",), (2,)) if is_lost else ((), ())
    assert (read.notes, read.lines) == told


def test_no_text_of_a_workbook_holds_nul() -> None:
    cell = '<c r="B2" t="inlineStr"><is><t>x_x0000_y</t></is></c>'
    empty = '<c r="C2" t="inlineStr"><is><t>_x0000_</t></is></c>'
    read = take_in(_with_cells(cell, empty), "x.xlsx")
    assert read.sheets[0].rows[1] == ["", "xy"]


def test_a_column_that_is_added_is_named_in_the_header_of_each_sheet() -> None:
    parts = [
        workbooks.Sheet("2023", [["Titre"], [], ["A"], ["1"]]),
        workbooks.Sheet("2024", [["A"], ["2"]]),
    ]
    found = marked.marks(
        parts,
        {"2023": 3, "2024": 1},
        [
            marked.Edit("2023", 4, "B", None, "x"),
            marked.Edit("2024", 2, "B", None, "y"),
        ],
    )
    assert found["2023"].texts == {(2, 1): "B", (3, 1): "x"}
    assert found["2024"].texts == {(0, 1): "B", (1, 1): "y"}


def test_a_marked_workbook_hides_what_was_hidden() -> None:
    parts = [
        workbooks.Sheet("Listes", [["a"]], hidden=True),
        workbooks.Sheet("Registre", [["b"]]),
        workbooks.Sheet("Ancien", [["c"]], hidden=True),
        workbooks.Sheet("2024", [["d"]]),
    ]
    again = take_in(marked.write(parts, {}, "x"), "x.xlsx")
    assert [one.hidden for one in again.sheets] == [True, False, True, False]


def _old(*parts: str) -> bytes:
    names = b"".join(part.encode("utf-16-le") + bytes(64) for part in parts)
    return b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504) + names


def test_pasted_cells() -> None:
    read = take_in_cells('nom\tobjet\r\n"a\nb"\tc, d; e\r\n\r\n')
    assert (read.kind, read.sheets[0].rows) == (
        "cells",
        [["nom", "objet"], ["a\nb", "c, d; e"]],
    )
    with pytest.raises(NotATable, match="empty"):
        take_in_cells(" \t\n ")


@pytest.mark.parametrize(
    ("code", "content"),
    [
        ("empty", b""),
        ("empty", b" \n \n"),
        ("empty", sheets.xlsx({"F": []})),
        ("pdf", b"%PDF-1.7 ..."),
        ("photo", b"\xff\xd8\xff\xe0 JFIF"),
        ("photo", b"\x00\x00\x00\x18ftypheic\x00\x00"),
        ("html", b"<html><table><tr><td>a</td></tr></table></html>"),
        ("html", b"\xef\xbb\xbf \n<table><tr><td>a"),
        ("xml", b"<?xml version='1.0'?><data/>"),
        ("json", b'{"a": 1}'),
        ("document", b"{\\rtf1 text}"),
        ("word", sheets.archive({"[Content_Types].xml": "", "word/document.xml": ""})),
        (
            "word",
            sheets.archive({"mimetype": "application/vnd.oasis.opendocument.text"}),
        ),
        ("archive", sheets.archive({"tableau.csv": "a;b"})),
        ("archive", b"\x1f\x8b\x08\x00"),
        ("binary", b"\x00\x01\x02\x03" * 50),
        ("damaged", sheets.xlsx({"F": ROWS})[:-200]),
        ("password", _old("EncryptionInfo", "EncryptedPackage")),
        ("word", _old("Root Entry", "WordDocument")),
        ("document", _old("PowerPoint Document")),
        ("html", b"MIME-Version: 1.0\r\nContent-Type: multipart/related\r\n"),
        ("damaged", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 2000),
        (
            "damaged",
            sheets.archive({"xl/workbook.xml": "<x", "[Content_Types].xml": ""}),
        ),
        (
            "password",
            sheets.ods({"F": ROWS}, "<manifest:encryption-data/>"),
        ),
    ],
)
def test_what_is_no_table_is_refused(code: str, content: bytes) -> None:
    assert _code(content) == code


def test_a_cell_in_the_far_corner_ends_no_process_but_its_own() -> None:
    book = openpyxl.Workbook()
    book.worksheets[0]["A1"], book.worksheets[0]["XFD1048576"] = "a", "b"
    assert _code(sheets.saved(book)) == "too-large"


def test_a_bomb_is_not_unpacked() -> None:
    out = io.BytesIO(sheets.xlsx({"F": ROWS}))
    with zipfile.ZipFile(out, "a", zipfile.ZIP_DEFLATED) as file:
        file.writestr("xl/media/zeros.bin", bytes(64 * 1024**2))
        # One part under many entries, as such bombs are made.
        file.filelist.extend(file.filelist[-1:] * 25)
    assert _code(out.getvalue()) == "too-large"


def test_empty_rows_with_a_format_are_nothing() -> None:
    book = openpyxl.Workbook(write_only=False)
    sheet = book.worksheets[0]
    for row in ROWS:
        sheet.append(row)
    for row in range(4, 20_000):
        sheet.cell(row, 1).font = Font(bold=True)
    sheet.cell(1_048_576, 3).font = Font(bold=True)
    assert take_in(sheets.saved(book), "x").sheets[0].rows == READ


def test_too_many_rows_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbooks, "MAX_ROWS", 2)
    assert _code(sheets.xlsx({"F": ROWS})) == "too-many-rows"


def test_a_file_larger_than_a_spreadsheet_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(workbooks, "MAX_BYTES", 100)
    assert _code(sheets.xlsx({"F": ROWS})) == "too-large"
