"""Whether the nodes of a portal have alike what they must: rules on what each says.

A node says of its settings no more than short digests, which tell apart and give
nothing away.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b

#: Seconds for which what a node said counts: one that is idle says nothing.
HEARD = 900
#: Seconds by which a clock may be wrong.
CLOCK = 5

#: Settings that a node has for itself.
OWN = ("ckanext.challenge.keys_path",)
#: Secrets with which one node reads what another one signed.
SECRETS = (
    "SECRET_KEY",
    "beaker.session.secret",
    "beaker.session.validate_key",
    "api_token.jwt.encode.secret",
    "api_token.jwt.decode.secret",
    "WTF_CSRF_SECRET_KEY",
)
#: Of CKAN's other settings, those that show in what is signed, mailed or counted.
ALIKE = (
    "ckan.site_id",
    "ckan.site_url",
    "ckan.root_path",
    "ckan.plugins",
    "ckan.locale_default",
    "ckan.display_timezone",
)


@dataclass(frozen=True)
class Sign:
    """What a process said of its node.

    :ivar node: the machine and its file of settings
    :ivar kind: ``web``, ``worker`` or ``command``
    :ivar at: when, by the clock that all share, in seconds since 1970
    :ivar ahead: seconds by which its own clock is before that one
    :ivar versions: by package
    :ivar place: what the place for files calls itself; empty where it cannot be used
    :ivar settings: by name, a digest of its value
    """

    node: str
    kind: str
    at: float
    ahead: float = 0.0
    versions: Mapping[str, str] = field(default_factory=dict)
    place: str = ""
    settings: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return f"{self.node} ({self.kind})"


def digest(value: object) -> str:
    """What tells a value from another, too short to say what it is."""
    return blake2b(str(value).strip().encode(), digest_size=4).hexdigest()


def heard(signs: Iterable[Sign], now: float) -> list[Sign]:
    """Those that were heard of lately, by name."""
    found = [sign for sign in signs if now - sign.at <= HEARD]
    return sorted(found, key=lambda sign: (sign.node, sign.kind))


def differing(signs: Sequence[Sign]) -> list[str]:
    """The settings that are not alike, those with secrets first."""
    names = {name for sign in signs for name in sign.settings}
    found = [
        name
        for name in names
        if len({sign.settings.get(name, "") for sign in signs}) > 1
    ]
    return sorted(found, key=lambda name: (name not in SECRETS, name))


def versions(signs: Sequence[Sign]) -> list[str]:
    """The packages of which there are several versions, with them."""
    names = sorted({name for sign in signs for name in sign.versions})
    found = []
    for name in names:
        there = sorted({sign.versions.get(name, "-") for sign in signs})
        if len(there) > 1:
            found.append(f"{name} {' / '.join(there)}")
    return found


def apart(signs: Sequence[Sign]) -> list[Sign]:
    """Those that do not reach the files that most of the others do; all of them, where
    there is no most.
    """
    places = [sign.place for sign in signs]
    counts = {place: places.count(place) for place in places if place}
    if len({*places}) < 2:
        return []
    most = max(counts.values())
    common = [place for place, count in counts.items() if count == most]
    right = common[0] if len(common) == 1 else None
    return [sign for sign in signs if sign.place != right]


def wrong_clocks(signs: Iterable[Sign]) -> list[Sign]:
    """Those whose clock is wrong, the worst first."""
    found = [sign for sign in signs if abs(sign.ahead) > CLOCK]
    return sorted(found, key=lambda sign: -abs(sign.ahead))
