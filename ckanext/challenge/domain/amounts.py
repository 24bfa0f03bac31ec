"""Numbers as people type them, in French or English: read as meant, or not at all."""

from __future__ import annotations

import re
from decimal import Decimal

_CURRENCY = re.compile(r"(?:€|eur|euros?)$", re.IGNORECASE)
_PLAIN = re.compile(r"-?[0-9]{1,18}([.,][0-9]{1,9})?")
#: Thousands set apart by one sign, decimals by the other.
_GROUPED = (
    re.compile(
        r"-?[0-9]{1,3}(?:\.[0-9]{3})+,[0-9]{1,9}|-?[0-9]{1,3}(?:\.[0-9]{3}){2,6}"
    ),
    re.compile(
        r"-?[0-9]{1,3}(?:,[0-9]{3})+\.[0-9]{1,9}|-?[0-9]{1,3}(?:,[0-9]{3}){2,6}"
    ),
)
#: One sign and three digits: thousands for some, decimals for others.
_EITHER = re.compile(r"(-?[1-9][0-9]{0,2})[.,]([0-9]{3})")


class TwoReadings(ValueError):
    """A number that can be read in two ways.

    :ivar readings: the greater one, then the other
    """

    def __init__(self, large: Decimal, small: Decimal) -> None:
        super().__init__(f"{large} or {small}")
        self.readings = (large, small)


def read(text: str) -> Decimal:
    """Read a number: ``4 000 €``, ``7,5``, ``1.234,56`` or ``1,234.56``.

    :raises TwoReadings: of ``3.000`` and ``3,000``, which is three or three thousand
    :raises ValueError: it is no number; nor are ``NaN``, ``1e9`` and digits of other
        scripts, which :class:`~decimal.Decimal` would read
    """
    text = _CURRENCY.sub("", re.sub(r"\s", "", text))
    if found := _EITHER.fullmatch(text):
        whole, rest = found.groups()
        raise TwoReadings(Decimal(whole + rest), Decimal(f"{whole}.{rest}"))
    if _PLAIN.fullmatch(text):
        return Decimal(text.replace(",", "."))
    for pattern, thousands in zip(_GROUPED, ".,", strict=True):
        if pattern.fullmatch(text):
            return Decimal(text.replace(thousands, "").replace(",", "."))
    raise ValueError("no number")
