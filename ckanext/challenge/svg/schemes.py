"""Light and dark: one sheet of styles for all pictures, and the policy that lets it in.

Nothing that anybody wrote is ever in the sheet: its digest is what the content
security policy names.
"""

from __future__ import annotations

import base64
import hashlib
from typing import Literal

Scheme = Literal["auto", "light", "dark"]
SCHEMES: tuple[Scheme, ...] = ("auto", "light", "dark")

# The colours of the three phases, and those that are read on a dark ground.
_PHASES = {
    "#1d5fa6": ("c-p1", "#7fb3ea"),
    "#9c4a06": ("c-p2", "#f2a45c"),
    "#1c6b3d": ("c-p3", "#6fce97"),
}
#: The colours of the phases, in their order.
PHASES = tuple(_PHASES)
_DARK = (
    ".c-ground{fill:#0f1c2e;stroke:#3d4f63}.c-ink{fill:#fff}.c-quiet{fill:#c3ced9}"
    ".c-label{fill:#dfe6ed}.c-on-label{fill:#0f1c2e}.c-track{fill:#3d4f63}"
    + "".join(
        f".{name}{{fill:{colour}}}.{name}-on{{fill:#0f1c2e}}"
        for name, colour in _PHASES.values()
    )
)
_SHEETS: dict[Scheme, str] = {
    "auto": f"@media (prefers-color-scheme:dark){{{_DARK}}}",
    "light": "",
    "dark": _DARK,
}


def style(scheme: Scheme) -> str:
    """The ``<style>`` element of a picture; without it, it is light."""
    sheet = _SHEETS[scheme]
    return f"<style>{sheet}</style>" if sheet else ""


def phase_class(colour: str) -> str:
    """The class of what has the colour of a phase; none for a portal's own colour."""
    return _PHASES.get(colour.lower(), ("", ""))[0]


def _digest(sheet: str) -> str:
    digest = hashlib.sha256(sheet.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


def policy(*sheets: str) -> str:
    """The policy that lets a picture have its sheets and nothing else: no script, no
    address, no frame.
    """
    allowed = " ".join(map(_digest, sheets))
    return f"default-src 'none'; style-src {allowed}; sandbox"


#: Of the pictures that have a sheet of :func:`style`.
POLICY = policy(*filter(None, _SHEETS.values()))
