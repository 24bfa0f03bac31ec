"""Codes that people read out on the telephone and copy from paper."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Sequence

#: Nothing that looks like something else (0 O D Q, 1 I L, 2 Z, 5 S, 8 B, U V) and no
#: vowel, so that no code is a word.
ALPHABET = "CFGHJKMNPRTVWXY34679"

_GROUPS, _LENGTH = 2, 4


def new_code(choose: Callable[[Sequence[str]], str] = secrets.choice) -> str:
    """Return a new code at random, such as ``K7CH-3MXP``.

    :param choose: takes one of a sequence; the default cannot be foreseen
    """
    return "-".join(
        "".join(choose(ALPHABET) for _ in range(_LENGTH)) for _ in range(_GROUPS)
    )


def normalised(typed: str) -> str:
    """Return a code as it is stored, whatever its case, spaces and hyphens."""
    plain = re.sub(r"[\s\-‐‑–—._]", "", typed).upper()
    return "-".join(
        plain[start : start + _LENGTH] for start in range(0, len(plain), _LENGTH)
    )
