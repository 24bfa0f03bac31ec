"""Pages as tagged PDF files, by WeasyPrint where it is installed.

It is an extra (``ckanext-challenge[pdf]``), since it needs Pango, a library of the
system. Without it the pages are there, and can be printed.
"""

from __future__ import annotations

from importlib import resources
from pathlib import Path
from typing import Any

import ckan.plugins.toolkit as tk

from ckanext.challenge.domain.characters import cleaned

_STYLES = Path(__file__).with_name("pdf.css")
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
        "printed with a browser."
    )


def make(page: str) -> bytes:
    """What is printed of a page.

    :param page: HTML; what it refers to is not asked for
    :raises RuntimeError: where :func:`library` is missing
    """
    weasyprint = library()
    if weasyprint is None:
        raise RuntimeError("WeasyPrint is not installed")
    fonts = weasyprint.text.fonts.FontConfiguration()
    return weasyprint.HTML(string=cleaned(page), url_fetcher=_nothing).write_pdf(
        stylesheets=[
            weasyprint.CSS(
                string=_fonts() + _STYLES.read_text("utf-8"), font_config=fonts
            )
        ],
        font_config=fonts,
        pdf_variant=_VARIANT,
    )


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
    """A page that is printed asks for no address, whatever stands in it."""
    raise ValueError(f"A page that is printed asks for no address: {url[:100]}")
