"""Files of town halls that are written in another way than one expects: what is read
all the same, what is said, and where.

They are our own examples, changed. Each kind that people meet stands here once, in the
ways in which it is met.
"""

from __future__ import annotations

import csv
import io
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from ckanext.challenge.conformity import check as checking
from ckanext.challenge.conformity import examples, registry
from ckanext.challenge.conformity.report import Report
from ckanext.challenge.domain import characters

DELIBERATIONS = "scdl/deliberations"
SUBVENTIONS = "scdl/subventions"
Rows = list[dict[str, str]]
Judge = Callable[..., Report]


@pytest.fixture
def judge(tmp_path: Path) -> Judge:
    def check(content: str | bytes, schema: str = DELIBERATIONS) -> Report:
        path = tmp_path / "file"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return checking.check(path, _schema(schema))

    return check


def _schema(name: str) -> registry.Schema:
    schema = registry.get(name)
    assert schema
    return schema


def rows(schema: str = DELIBERATIONS, **first: str) -> Rows:
    """The example's, the first of them changed."""
    national = _schema(schema)
    names = examples.columns(national)
    found = [
        dict(zip(names, row, strict=True)) for row in examples.example(national)[:4]
    ]
    found[0] |= first
    return found


def written(rows: Iterable[Mapping[str, str]], **how: Any) -> str:
    text = io.StringIO()
    table = list(rows)
    writer = csv.DictWriter(text, list(table[0]), **how)
    writer.writeheader()
    writer.writerows(table)
    return text.getvalue()


def problems(report: Report) -> list[tuple[str, int | None, str | None]]:
    return [(problem.type, problem.row, problem.column) for problem in report.errors]


def advice(report: Report) -> dict[str, int | None]:
    """The kinds of advice, each with the line of the first."""
    return {
        group.examples[0].type: group.examples[0].row
        for group in report.groups
        if group.is_advice
    }


def with_spaces(text: str, separator: str = ",") -> str:
    lines = [
        [f'"{cell}"' if separator in cell or '"' in cell else cell for cell in line]
        for line in csv.reader(io.StringIO(text), delimiter=separator)
    ]
    return "\n".join(f"{separator} ".join(line) for line in lines)


@pytest.mark.parametrize("separator", [",", ";", "|"])
def test_a_space_after_each_separator_is_no_part_of_a_cell(
    judge: Judge, separator: str
) -> None:
    plain = written(rows(DELIB_OBJET=f"Voirie{separator} écoles"), delimiter=separator)
    report = judge(with_spaces(plain, separator))
    assert (report.status, report.rows) == ("valid", 4)


def test_a_space_before_a_quote_alone_is_none_either(judge: Judge) -> None:
    plain = written(rows(DELIB_OBJET="Voirie, écoles"))
    assert judge(plain.replace(',"', ', "')).status == "valid"


def test_a_space_in_one_cell_stays_and_is_told(judge: Judge) -> None:
    report = judge(written(rows(DELIB_DATE=" 2025-01-20")))
    assert problems(report) == [("type-error", 2, "DELIB_DATE")]
    assert characters.unseen(report.errors[0].value or "") == [
        "a space at its beginning"
    ]


@pytest.mark.parametrize("column", ["COLL_NOM", "DELIB_OBJET", "DELIB_URL"])
@pytest.mark.parametrize("line", [2, 3, 5])
def test_a_quote_that_is_never_closed_is_told_at_its_line(
    judge: Judge, column: str, line: int
) -> None:
    table = rows()
    # Nothing of the other lines is in quotes, so that none of them closes it.
    table = [{key: value.replace(",", " ") for key, value in r.items()} for r in table]
    table[line - 2][column] = "@@" + table[line - 2][column]
    report = judge(written(table).replace("@@", '"'))
    assert report.status == "invalid"
    last = report.errors[-1]
    assert (last.type, last.row) == ("unclosed-quote", line)
    assert last.expected == {"lines": 6 - line}


def test_a_quote_closed_by_the_one_of_another_line_is_told_too(judge: Judge) -> None:
    table = rows(DELIB_OBJET="@@Voirie")
    table[2]["DELIB_OBJET"] = "Écoles, cantine"
    report = judge(written(table).replace("@@", '"'))
    (quote,) = (problem for problem in report.errors if problem.type.endswith("quote"))
    assert (quote.row, quote.expected) == (2, {"lines": 3})


def test_a_quote_that_stays_open_in_the_header_is_told(judge: Judge) -> None:
    report = judge('"' + written(rows(DELIB_OBJET="Voirie")).replace('"', ""))
    assert problems(report) == [("unclosed-quote", 1, None)]


def test_line_breaks_within_quotes_are_no_fault(judge: Judge) -> None:
    report = judge(written(rows(DELIB_OBJET='Trois\nlignes "de" texte\n')))
    assert (report.status, report.rows) == ("valid", 4)


@pytest.mark.parametrize("above", ["\n", "   \r\n", ";;;;\n\n", "\ufeff\n", "\t\n"])
def test_blank_lines_above_the_header_are_advice(judge: Judge, above: str) -> None:
    report = judge(above + written(rows(), delimiter=";"))
    assert (report.status, report.rows) == ("valid", 4)
    assert "blank-above" in advice(report)


@pytest.mark.parametrize(
    ("above", "reason"),
    [
        ("Délibérations 2025 - Commune de X\n", "title"),
        ('"Titre; avec un séparateur";;\n\nMis à jour en mai\n', "title"),
        ('Un pouce : 1"\n', "title"),
        ("Collectivité;;Délibération;;;\n", "title"),
        ("sep=;\n", "excel"),
        ('"sep=;"\r\n', "excel"),
    ],
)
def test_what_stands_above_the_header_is_one_problem(
    judge: Judge, above: str, reason: str
) -> None:
    table = rows()
    table[2]["DELIB_DATE"] = "hier"
    report = judge(above + written(table, delimiter=";"))
    lines = above.count("\n")
    assert problems(report) == [
        ("above-header", 1, None),
        ("type-error", lines + 4, "DELIB_DATE"),
    ]
    assert report.errors[0].expected == {"reason": reason, "line": lines + 1}


@pytest.mark.parametrize("letter", ["\u2028", "\u2029", "\x0b", "\x0c", "\x1c", "\x85"])
def test_only_line_feeds_and_returns_end_a_line(judge: Judge, letter: str) -> None:
    table = [{f"Note{letter}interne": "x"} | row for row in rows()]
    report = judge(written(table))
    assert (report.status, report.rows) == ("valid", 4)
    assert "unknown-label" in advice(report)


def test_a_dos_file_with_an_ellipsis_in_its_header_is_whole(judge: Judge) -> None:
    table = [{"Note interne": "x"} | row for row in rows()]
    content = written(table).replace("Note interne", "Note\x85").encode("iso-8859-15")
    assert judge(content).rows == 4


def test_a_mark_before_another_encoding_is_no_text(judge: Judge) -> None:
    report = judge(b"\xef\xbb\xbf" + written(rows()).encode("windows-1252"))
    assert (report.status, report.encoding) == ("valid", "windows-1252")
    assert advice(report) == {"other-encoding": None}


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("line", [2, 4])
def test_two_encodings_in_one_file_are_told_at_the_first_other_line(
    judge: Judge, mark: bytes, line: int
) -> None:
    lines = written(rows()).splitlines(keepends=True)
    content = b"".join(
        text.encode("windows-1252" if number == line else "utf-8")
        for number, text in enumerate(lines, start=1)
    )
    report = judge(mark + content)
    assert problems(report) == [("mixed-encodings", line, None)]
    assert report.rows == 4


@pytest.mark.parametrize(
    ("encoding", "found"),
    [("mac-roman", "macintosh"), ("cp850", "cp850"), ("cp1252", "windows-1252")],
)
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_encodings_of_old_machines_are_read(
    judge: Judge, encoding: str, found: str, end: str
) -> None:
    table = rows(SUBVENTIONS)
    content = written(table, lineterminator=end).encode(encoding, "replace")
    report = judge(content, SUBVENTIONS)
    # A value with an accent has to be one of the schema's.
    assert (report.status, report.encoding, report.rows) == ("valid", found, 4)


def test_accents_that_were_encoded_twice_are_told(judge: Judge) -> None:
    table = rows(DELIB_OBJET="École")
    for row in table:
        row["DELIB_MATIERE_NOM"] = "Finances locales/Divers"
    plain = written(table)
    twice = plain.encode().decode("windows-1252", "replace")
    assert "broken-accents" in advice(judge(twice))
    assert "broken-accents" not in advice(judge(plain))


def test_a_cell_too_many_is_told_alone(judge: Judge) -> None:
    text = written(
        rows(DELIB_OBJET="@@Voirie"), quoting=csv.QUOTE_NONE, escapechar="\\"
    )
    report = judge(text.replace("@@", "Approbation,").replace("\\", ""))
    assert ("extra-cell", 2, None) in problems(report)
    assert [row for _, row, _ in problems(report)].count(2) == 1


NO_TABLES = {
    "table": (b"<table><tr><td>COLL_NOM</td></tr></table>", "html-table"),
    "Excel's page": (
        b'<html xmlns:x="urn:schemas-microsoft-com:office:excel">\n<head>',
        "html-table",
    ),
    "meta": (b'<meta charset="utf-8"><table>', "html-table"),
    "page": (b"<!-- a page --><html><body>", "html"),
    "rtf": (rb"{\rtf1\ansi COLL_NOM}", "text-document"),
    "odt": (
        b"PK\x03\x04"
        + b"\x00" * 26
        + b"mimetypeapplication/vnd.oasis.opendocument.text",
        "text-document",
    ),
    "ods": (
        b"PK\x03\x04"
        + b"\x00" * 26
        + b"mimetypeapplication/vnd.oasis.opendocument.spreadsheet",
        "spreadsheet",
    ),
    "docx": (b"PK\x03\x04[Content_Types].xml word/document.xml", "text-document"),
    "xlsx": (b"PK\x03\x04[Content_Types].xml xl/workbook.xml", "spreadsheet"),
    "photo": (b"\xff\xd8\xff\xe0\x00\x10JFIF", "picture"),
    "iPhone": (b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00", "picture"),
}


@pytest.mark.parametrize("kind", NO_TABLES)
def test_what_is_no_table_is_called_by_its_name(judge: Judge, kind: str) -> None:
    content, reason = NO_TABLES[kind]
    assert [problem.type for problem in judge(content).errors] == [reason]


@pytest.mark.parametrize("value", ["sNaN", "-sNaN12", "snan", "NaN", "nan"])
def test_no_number_breaks_the_check_of_a_bound(judge: Judge, value: str) -> None:
    report = judge(written(rows(SUBVENTIONS, pourcentageSubvention=value)), SUBVENTIONS)
    assert problems(report) == [("type-error", 2, "pourcentageSubvention")]


@pytest.mark.parametrize("value", ["NaN", "INF", "-INF", "Infinity"])
def test_what_programs_write_for_no_amount_is_advice(judge: Judge, value: str) -> None:
    report = judge(written(rows(SUBVENTIONS, montant=value)), SUBVENTIONS)
    assert (report.status, advice(report)) == ("valid", {"no-amount": 2})


@pytest.mark.parametrize("value", ["   ", "\u00a0", "\t"])
def test_a_cell_of_spaces_is_advice(judge: Judge, value: str) -> None:
    report = judge(written(rows(DELIB_OBJET=value)))
    assert (report.status, advice(report)) == ("valid", {"blank-cell": 2})


@pytest.mark.parametrize("value", ["0023-02-01", "0202-03-04", "0999-12-31"])
def test_a_year_of_another_age_is_advice(judge: Judge, value: str) -> None:
    report = judge(written(rows(DELIB_DATE=value)))
    assert (report.status, advice(report)) == ("valid", {"odd-year": 2})


@pytest.mark.parametrize(
    ("value", "unseen"),
    [
        (unicodedata.normalize("NFD", "aide en numéraire"), "accents apart"),
        ("aide en numéraire ", "a space at its end"),
        ("aide en\u00a0numéraire", "a no-break space"),
        ("aide en\u202fnuméraire", "a narrow no-break space"),
        ("aide  en numéraire", "two spaces in a row"),
        ("aide en numéraire\u200b", "a space without width"),
    ],
)
def test_what_the_eye_does_not_see_has_a_name(
    judge: Judge, value: str, unseen: str
) -> None:
    report = judge(written(rows(SUBVENTIONS, nature=value)), SUBVENTIONS)
    (problem,) = report.errors
    assert (problem.constraint, problem.value) == ("enum", value)
    (found,) = characters.unseen(value)
    assert found.startswith(unseen)


@pytest.mark.parametrize(
    "label",
    [
        "nomBénéficiaire",
        "nom_beneficiaire",
        "NomBeneficiaire",
        "nom Bénéficiaire ",
        "NOM-BENEFICIAIRE",
    ],
)
def test_a_label_that_is_nearly_right_is_told_with_the_right_one(
    judge: Judge, label: str
) -> None:
    text = written(rows(SUBVENTIONS)).replace("nomBeneficiaire", label, 1)
    (problem,) = judge(text, SUBVENTIONS).errors
    assert (problem.type, problem.expected) == ("label-spelling", "nomBeneficiaire")


@pytest.mark.parametrize("label", ["coll_nom", "COLL NOM", "Coll-Nom", "COLL_NOM"])
def test_one_column_under_two_spellings_is_there_twice(
    judge: Judge, label: str
) -> None:
    lines = written(rows()).splitlines()
    text = "\n".join([f"{lines[0]},{label}", *(f"{line},x" for line in lines[1:])])
    report = judge(text)
    assert [(p.type, p.column) for p in report.errors] == [
        ("duplicate-label", "COLL_NOM")
    ]
    assert advice(report) == {}


def test_a_position_in_the_indian_ocean_has_its_numbers_exchanged(
    judge: Judge,
) -> None:
    irve = "etalab/schema-irve-statique"
    report = judge(written(rows(irve, coordonneesXY="[47.86,1.71]")), irve)
    assert (report.status, advice(report)) == ("valid", {"swapped-coordinates": 2})
    equipements = "scdl/equipements"
    swapped = rows(equipements, EQUIP_LAT="1.71", EQUIP_LONG="47.86")
    report = judge(written(swapped), equipements)
    assert "swapped-coordinates" in advice(report)
    overseas = rows(irve, coordonneesXY="[55.45,-20.88]")
    assert advice(judge(written(overseas), irve)) == {}


@pytest.mark.parametrize(
    "value", ["compte financier unique", "Compte Financier Unique"]
)
def test_a_value_that_the_schema_does_not_know_yet_is_told_so(
    judge: Judge, value: str
) -> None:
    report = judge(written(rows("scdl/budget", BGT_NATDEC=value)), "scdl/budget")
    assert report.status == "invalid"
    assert problems(report) == [("value-not-yet", 2, "BGT_NATDEC")]


@pytest.mark.parametrize("end", ["\n\n", ",,,,,,,,,,,,,,,,\n" * 3, "  \n"])
def test_empty_lines_at_the_end_are_advice(judge: Judge, end: str) -> None:
    report = judge(written(rows()) + end)
    assert (report.status, report.rows) == ("valid", 4)
    assert advice(report) == {"blank-end": 6}


def test_empty_lines_in_the_middle_are_problems(judge: Judge) -> None:
    lines: Sequence[str] = written(rows()).splitlines()
    report = judge("\n".join([*lines[:3], "", ",,", *lines[3:]]))
    assert problems(report) == [("blank-row", 4, None), ("blank-row", 5, None)]


@pytest.mark.parametrize("schema", sorted(registry.known()))
def test_no_two_columns_of_a_schema_differ_by_spelling_alone(schema: str) -> None:
    names = examples.columns(_schema(schema))
    assert len(set(map(characters.folded, names))) == len(names)
