"""A table as a town hall keeps it: a title above, its own words, a total below."""

from __future__ import annotations

import datetime as dt
import io

import xlsxwriter

from .tables import Table

#: What the town hall calls the columns of the table of its grants, and how wide.
_HEADINGS = {
    "nomBeneficiaire": ("Association", 32),
    "idBeneficiaire": ("N° SIRET", 18),
    "rnaBeneficiaire": ("N° RNA", 14),
    "objet": ("Objet de la subvention", 36),
    "montant": ("Montant voté (€)", 18),
    "dateConvention": ("Date du conseil", 16),
    "nature": ("Nature", 20),
}
_AMOUNT, _DAY = "montant", "dateConvention"


def grants(table: Table, town: str, year: int) -> bytes:
    """The grants of a commune as an XLSX workbook.

    :param table: of the national schema
    """
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True})
    page = book.add_worksheet(str(year))
    bold = book.add_format({"bold": True})
    money = book.add_format({"num_format": '#,##0.00 "€"'})
    day = book.add_format({"num_format": "dd/mm/yyyy"})
    page.merge_range(
        0, 0, 0, len(_HEADINGS) - 1, f"{town} : subventions votées en {year}", bold
    )
    for column, (label, width) in enumerate(_HEADINGS.values()):
        page.write_string(2, column, label, bold)
        page.set_column(column, column, width)
    for row, cells in enumerate(table.rows, 3):
        for column, name in enumerate(_HEADINGS):
            text = str(cells.get(name, ""))
            if name == _AMOUNT:
                page.write_number(row, column, float(text), money)
            elif name == _DAY:
                page.write_datetime(row, column, dt.datetime.fromisoformat(text), day)
            else:
                page.write_string(row, column, text)
    end = len(table.rows) + 4
    page.write_string(end, 0, "TOTAL", bold)
    total = sum(float(str(cells[_AMOUNT])) for cells in table.rows)
    page.write_number(end, list(_HEADINGS).index(_AMOUNT), total, money)
    book.close()
    return out.getvalue()
