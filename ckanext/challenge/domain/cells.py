"""What may stand in a cell of a spreadsheet that somebody else opens.

A cell whose text begins like a formula is run by the program that opens the file:
what an applicant typed could then read other files of the manager (CWE-1236; the
characters are OWASP's, and their full-width forms, which Excel reads alike).
"""

from __future__ import annotations

import re

from .characters import cleaned

_FORMULA = re.compile("^[=+\\-@\t\r\n＝＋－＠]")
# Where a program that takes a semicolon or a tab for the separator, as Excel does in
# French, would begin another cell: it does not see quotes inside of what it takes for
# one cell, so that a line break begins one too.
_FORMULA_WITHIN = re.compile("([;\t\r\n][ \u00a0\u202f]*)(?=[=+\\-@＝＋－＠])")


def neutral(text: str) -> str:
    """The text as a spreadsheet shows it and never runs it.

    >>> neutral("=1+1")
    "'=1+1"
    >>> neutral("Baule")
    'Baule'
    """
    # Before it is looked at: what nobody sees may stand before a sign of equality.
    text = cleaned(text)
    return f"'{text}" if _FORMULA.match(text) else text


def neutral_in_csv(text: str) -> str:
    """The text as no spreadsheet runs it, whatever it takes for the separator.

    >>> neutral_in_csv("Bonjour ;=1+1")
    "Bonjour ;'=1+1"
    """
    return _FORMULA_WITHIN.sub(r"\1'", neutral(text))
