"""The workbooks to begin with, whatever their columns are."""

from __future__ import annotations

import io
from typing import Any

import openpyxl

from ckanext.challenge.common import template_workbook
from ckanext.challenge.common.template_workbook import TemplateColumn, Wording

FAULTS: dict[str, str] = dict.fromkeys(("list", "date", "integer", "number"), "No")


def _book(columns: list[TemplateColumn], *rows: list[str]) -> Any:
    wording = Wording("Bancs [publics]: d'ici", "Listes", "x" * 40, FAULTS)
    return openpyxl.load_workbook(
        io.BytesIO(template_workbook.write(columns, rows, wording))
    )


def test_long_lists_stand_on_a_sheet_that_is_not_shown() -> None:
    many = tuple(f"valeur {number}" for number in range(60))
    book = _book(
        [
            TemplateColumn("a", allowed=("oui", "non")),
            TemplateColumn("b", allowed=many),
            TemplateColumn("c", allowed=("un, deux", "trois")),
        ]
    )
    assert book.sheetnames == ["Bancs publics dici", "Listes"]
    assert book.worksheets[1].sheet_state == "hidden"
    rules = [
        rule.formula1 for rule in book.worksheets[0].data_validations.dataValidation
    ]
    assert rules == ['"oui,non"', "'Listes'!$A$1:$A$60", "'Listes'!$B$1:$B$2"]
    assert [cell.value for cell in book.worksheets[1]["B"][:2]] == ["un, deux", "trois"]


def test_a_cell_is_what_its_column_holds_or_a_text_and_is_never_run() -> None:
    columns = [
        TemplateColumn("day", "date"),
        TemplateColumn("count", "integer", least=0, most=10),
        TemplateColumn("amount", "number", note="n" * 400),
        TemplateColumn("code"),
    ]
    book = _book(
        columns,
        ["2025-03-01", "3", "5.35", "01004"],
        ["hier", "trois", "", "=1+1"],
    )
    sheet = book.worksheets[0]
    first = [cell.value for cell in sheet[2]]
    assert (first[0].isoformat()[:10], *first[1:]) == ("2025-03-01", 3, 5.35, "01004")
    assert [cell.data_type for cell in sheet[3]] == ["s", "s", "n", "s"]
    assert sheet["D3"].value == "=1+1"
    rule = sheet.data_validations.dataValidation[1]
    assert (rule.formula1, rule.formula2, len(rule.errorTitle)) == ("0", "10", 32)
    note = sheet.data_validations.dataValidation[2].prompt
    assert len(note) == 255
    assert note.endswith("…")
