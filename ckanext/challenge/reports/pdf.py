"""The report as a tagged PDF, by WeasyPrint where it is installed.

It is an extra (``ckanext-challenge[pdf]``), since it needs Pango, a library of the
system. Without it all else of the report is there.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Any

import ckan.plugins.toolkit as tk

from ckanext.challenge import helpers as h
from ckanext.challenge.common.spreadsheets import Sheet
from ckanext.challenge.domain.characters import cleaned

from . import sheets

_STYLES = Path(__file__).with_name("report.css")
#: A table of more columns stands on a page that lies on its side.
_UPRIGHT = 6
#: PDF for readers who listen: headings, tables and language are marked.
_VARIANT = "pdf/ua-1"


def library() -> Any:
    """WeasyPrint, or nothing where it or a library of the system is missing."""
    try:
        import weasyprint  # noqa: PLC0415
    except (ImportError, OSError):
        return None
    return weasyprint


def missing() -> str:
    """What is said where PDF files cannot be made."""
    return tk._(
        "This portal cannot make PDF files. Its administrator installs them with "
        "“pip install ckanext-challenge[pdf]” and the library Pango. The page can be "
        "printed, and the workbook holds the same."
    )


def make(found: Mapping[str, Any]) -> bytes:
    """The report as a PDF, in the language of this moment.

    :param found: as :func:`.report.build` answers it, with details and all
        participants
    :raises RuntimeError: where :func:`library` is missing
    """
    weasyprint = library()
    if weasyprint is None:
        raise RuntimeError("WeasyPrint is not installed")
    fonts = weasyprint.text.fonts.FontConfiguration()
    return weasyprint.HTML(string=page(found), url_fetcher=_nothing).write_pdf(
        stylesheets=[
            weasyprint.CSS(
                string=_fonts() + _STYLES.read_text("utf-8"), font_config=fonts
            )
        ],
        font_config=fonts,
        pdf_variant=_VARIANT,
    )


def page(found: Mapping[str, Any]) -> str:
    """What is printed, as HTML."""
    tables = [_table(sheet) for sheet in sheets.tables_of(found)]
    text = tk.render(
        "challenge/report_pdf.html",
        {
            "found": found,
            "when": h.challenge_date(found["date"]),
            "remarks": found.get("account", {}).get("remarks"),
            "tables": tables,
        },
    )
    return cleaned(text)


def _table(sheet: Sheet) -> dict[str, Any]:
    """A table as it is printed; columns that are empty throughout are left out."""
    rows = [[_words(cell) for cell in row] for row in sheet.rows]
    used = [at for at in range(len(sheet.columns)) if any(row[at] for row in rows)]
    return {
        "title": sheet.title,
        "note": sheet.note,
        "heads": [sheet.columns[at].label for at in used],
        "numbers": [
            all(isinstance(row[at], int | float | None) for row in sheet.rows)
            for at in used
        ],
        "rows": [[row[at] for at in used] for row in rows],
        "wide": len(used) > _UPRIGHT,
    }


def _words(cell: Any) -> str:
    """A cell as people read it."""
    if cell is None:
        return ""
    if isinstance(cell, dt.date):
        return h.challenge_date(cell, "short")
    if isinstance(cell, int | float):
        return h.challenge_number(cell, 2)
    return ", ".join(cell) if isinstance(cell, list) else str(cell)


def _fonts() -> str:
    """The font that comes with the extension: a server may have none."""
    folder = resources.files("font_source_sans_pro") / "files"
    return "".join(
        "@font-face { font-family: Report; "
        f"font-weight: {weight}; "
        f"src: url({Path(str(folder / f'SourceSansPro-{name}.ttf')).as_uri()}); }}\n"
        for name, weight in (("Regular", 400), ("Bold", 700))
    )


def _nothing(url: str, *args: Any, **kwargs: Any) -> Any:
    """A report asks for no address, whatever stands in it."""
    raise ValueError(f"A report asks for no address: {url[:100]}")
