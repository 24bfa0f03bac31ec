"""Addresses and telephone numbers as people type them: what looks like a slip."""

from __future__ import annotations

import re

#: Where people in France have their mail, besides a domain of their own.
PROVIDERS = frozenset(
    {
        "bbox.fr",
        "free.fr",
        "gmail.com",
        "hotmail.com",
        "hotmail.fr",
        "icloud.com",
        "laposte.net",
        "live.fr",
        "neuf.fr",
        "orange.fr",
        "outlook.com",
        "outlook.fr",
        "sfr.fr",
        "wanadoo.fr",
        "yahoo.com",
        "yahoo.fr",
    }
)
#: Real ones that are one letter away from one of those.
_TWINS = frozenset({"gmx.fr", "live.com", "mail.com", "neuf.com", "ymail.com"})
#: Ends that no address has, with the one that is meant.
_ENDS = {".con": ".com", ".comm": ".com", ".ffr": ".fr", ".frr": ".fr", ".nett": ".net"}
_EXTENSION = re.compile(r"\s*(?:poste|ext\.?|#)\s*\d{1,5}$", re.IGNORECASE)
#: Fewer are in too many numbers to tell one from the others.
_FEWEST_DIGITS = 4
_SEPARATORS = re.compile(r"[\s.\-/()\u2010-\u2015]+")


def is_whole(address: str) -> bool:
    """Return whether an address has a domain with a point: none arrives without."""
    name, at, domain = address.rpartition("@")
    return bool(name and at) and "." in domain.strip(".")


def meant(address: str) -> str | None:
    """Return the address that was probably meant; none where nothing looks wrong.

    >>> meant("mairie@gmial.com")
    'mairie@gmail.com'
    """
    name, _, domain = address.rpartition("@")
    domain = domain.lower()
    if domain in PROVIDERS or domain in _TWINS:
        return None
    for provider in sorted(PROVIDERS):
        if _is_one_slip(domain, provider):
            return f"{name}@{provider}"
    for end, right in _ENDS.items():
        if domain.endswith(end):
            return f"{name}@{domain.removesuffix(end)}{right}"
    return None


def _is_one_slip(one: str, other: str) -> bool:
    """Whether a letter more, less, other, or two exchanged make one of the other."""
    if one == other or abs(len(one) - len(other)) > 1:
        return False
    at = next(
        (n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b),
        min(len(one), len(other)),
    )
    left, right = one[at:], other[at:]
    return (
        left[1:] == right
        or left == right[1:]
        or left[1:] == right[1:]
        or (left[:2] == right[1::-1] and left[2:] == right[2:])
    )


def is_telephone(text: str) -> bool:
    """Return whether a text can be called: ten digits, or ``+`` with a country's, or
    the four of a short number; written in groups, with an extension or not.
    """
    number = _SEPARATORS.sub("", _EXTENSION.sub("", text.strip()))
    # « +33 (0)2 38… »: the zero is of those who call from France.
    number = re.sub(r"^(?:\+|00)330?", "0", number)
    return bool(
        re.fullmatch(r"0[1-9]\d{8}", number)
        or re.fullmatch(r"(?:\+|00)[1-9]\d{6,13}", number)
        or re.fullmatch(r"[13]\d{3}", number)
    )


def telephone_digits(text: str) -> str:
    """Return what to look for among the digits of telephone numbers.

    The digits that a number has whether it is written for France or from abroad; none
    where the text is no number, or so little of one that it would be in any.

    >>> telephone_digits("02 38 21"), telephone_digits("+33 (0)2 38 21")
    ('23821', '23821')
    >>> telephone_digits("Baule 45"), telephone_digits("45")
    ('', '')
    """
    number = _SEPARATORS.sub("", text.strip())
    if not re.fullmatch(r"\+?\d+", number):
        return ""
    number = re.sub(r"^(?:(?:\+|00)330?|0)", "", number).lstrip("+")
    return number if len(number) >= _FEWEST_DIGITS else ""
