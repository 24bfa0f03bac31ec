"""Whether a portal has what it needs: one finding for each thing that is looked at.

The rules take plain facts; who finds them is :mod:`ckanext.challenge.doctor.facts`, and
what is said of them stands in :mod:`ckanext.challenge.doctor.labels`, by ``check`` and
``code``.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import urlsplit

from . import agenda, hosts
from . import nodes as node_rules

#: ``good``: nothing to do; ``todo``: it works, and less well than it could;
#: ``wrong``: something that was promised does not happen.
Verdict = Literal["good", "todo", "wrong"]

VERDICTS: tuple[Verdict, ...] = ("wrong", "todo", "good")

#: Plugins of ckanext-scheming, before which the extension's has to stand.
SCHEMING = ("scheming_datasets", "scheming_groups", "scheming_organizations")

#: The fields of a dataset, a resource and an organization that count: what is lost
#: without each stands in ``docs/production.md``.
FIELDS: Mapping[str, tuple[str, ...]] = {
    "dataset_fields": (
        "challenge_kit",
        "license_id",
        "frequency",
        "temporal_start",
        "temporal_end",
        "spatial_insee",
        "contact_email",
    ),
    "resource_fields": ("schema", "format"),
    "organization_fields": (
        "siren",
        "kind",
        "insee_code",
        "departement",
        "population",
    ),
}

#: How long after its last run a command of the crontab is said to be silent: its pause
#: and what one run may be later than the one before.
PAUSES: Mapping[str, dt.timedelta] = {
    "evaluate": agenda.WATCHED["evaluate"],
    "purge": agenda.WATCHED["evaluate"],
    "remind": agenda.WATCHED["remind"],
    "digest": agenda.WATCHED["remind"],
    "mail": dt.timedelta(hours=1),
    "publish-scheduled": dt.timedelta(hours=1),
}

#: A queue with more jobs than this, or with one that waits longer, is behind.
MOST_JOBS = 500
LONGEST_WAIT = dt.timedelta(hours=1)

#: Seconds by which two clocks may differ.
CLOCK = 5


@dataclass(frozen=True)
class Finding:
    """What was found of one thing.

    :ivar check: what was looked at
    :ivar code: which of its sentences says what was found
    :ivar facts: what the sentence names
    """

    check: str
    verdict: Verdict
    code: str = "good"
    facts: Mapping[str, object] = field(default_factory=dict)


def worst(findings: Iterable[Finding]) -> Verdict:
    """Return the worst verdict; ``good`` for none."""
    found = {one.verdict for one in findings}
    for verdict in VERDICTS:
        if verdict in found:
            return verdict
    return "good"


def failed(check: str, error: BaseException) -> Finding:
    """What is said of a thing that cannot even be looked at.

    The text of the error may name addresses or passwords: it is in the log alone.
    """
    return Finding(check, "wrong", "failed", {"error": type(error).__name__})


def plugins(names: Sequence[str]) -> Finding:
    """Judge the order of ``ckan.plugins``.

    :param names: as they are enabled
    """
    there = [name for name in names if name in SCHEMING]
    missing = [
        name
        for name in ("scheming_datasets", "scheming_organizations")
        if name not in names
    ]
    if missing:
        return Finding("plugins", "todo", "missing", {"names": " ".join(missing)})
    if names.index("challenge") > min(names.index(name) for name in there):
        others = [name for name in names if name != "challenge"]
        first = min(others.index(name) for name in there)
        right = [*others[:first], "challenge", *others[first:]]
        return Finding("plugins", "wrong", "order", {"names": " ".join(right)})
    return Finding("plugins", "good")


def form(check: str, names: Collection[str] | None) -> Finding:
    """Judge whether a form of ckanext-scheming has the fields that count.

    :param check: a key of :data:`FIELDS`
    :param names: of its fields; ``None`` for a form that is not of ckanext-scheming
    """
    if names is None:
        return Finding(check, "todo", "no_form")
    missing = [name for name in FIELDS[check] if name not in names]
    if not missing:
        return Finding(check, "good")
    alike = {
        name: other for name in missing if (other := _alike(name, names)) is not None
    }
    facts = {"names": ", ".join(missing)}
    if alike:
        pairs = ", ".join(f"{other} → {name}" for name, other in alike.items())
        return Finding(check, "todo", "renamed", {**facts, "pairs": pairs})
    return Finding(check, "todo", "missing", facts)


def _alike(name: str, names: Collection[str]) -> str | None:
    """A field whose name has all words of another's, such as ``siret_siren`` for
    ``siren``, ``update_frequency`` for ``frequency``.
    """
    words = set(name.split("_"))
    found = [other for other in names if words <= set(other.lower().split("_"))]
    return min(found, key=len) if found else None


def migrations(current: str | None, known: Sequence[str]) -> Finding:
    """Judge the version of the tables.

    :param current: that of the database; ``None`` without tables
    :param known: those of the extension, the oldest first
    """
    facts = {"current": current or "-", "head": known[-1]}
    if current is None:
        return Finding("migrations", "wrong", "none", facts)
    if current not in known:
        return Finding("migrations", "wrong", "ahead", facts)
    if current != known[-1]:
        return Finding("migrations", "wrong", "behind", facts)
    return Finding("migrations", "good", facts=facts)


def workers(listening: Collection[str], needed: Sequence[str]) -> Finding:
    """Judge whether somebody works at each queue.

    :param listening: the queues at which a worker is that was heard of lately
    """
    missing = [name for name in needed if name not in listening]
    if missing:
        return Finding("workers", "wrong", "missing", {"names": " ".join(missing)})
    return Finding("workers", "good")


def queues(waiting: Mapping[str, tuple[int, dt.timedelta]]) -> Finding:
    """Judge how much waits.

    :param waiting: by queue, how many jobs, and how long the first one has waited
    """
    behind = [
        name
        for name, (number, longest) in waiting.items()
        if number > MOST_JOBS or longest > LONGEST_WAIT
    ]
    facts = {
        "jobs": ", ".join(f"{name}: {number}" for name, (number, _) in waiting.items())
    }
    if behind:
        return Finding("queues", "todo", "behind", {**facts, "names": " ".join(behind)})
    return Finding("queues", "good", facts=facts)


def commands(ended: Mapping[str, dt.datetime], now: dt.datetime) -> Finding:
    """Judge whether the lines of the crontab run.

    :param ended: when each of :data:`PAUSES` ended last; what is not there never ran
    :param now: an aware datetime, as the others
    """
    silent = [
        name
        for name, pause in PAUSES.items()
        if name not in ended or now - ended[name] > pause
    ]
    if silent:
        return Finding("commands", "wrong", "silent", {"names": ", ".join(silent)})
    return Finding("commands", "good")


def nodes(signs: Sequence[node_rules.Sign]) -> Finding:
    """Judge whether the nodes have alike what they must.

    What is worst is told first; the rest follows once that is mended.

    :param signs: of all that were heard of lately
    """
    there = {"nodes": ", ".join(sign.name for sign in signs)}
    if names := node_rules.differing(signs):
        facts = {**there, "names": ", ".join(names), "name": names[0]}
        return Finding("nodes", "wrong", "differ", facts)
    if apart := node_rules.apart(signs):
        facts = {"nodes": ", ".join(sign.name for sign in apart)}
        return Finding("nodes", "wrong", "files", facts)
    if wrong := node_rules.wrong_clocks(signs):
        facts = {"nodes": wrong[0].name, "seconds": round(abs(wrong[0].ahead))}
        return Finding("nodes", "wrong", "clock", facts)
    if versions := node_rules.versions(signs):
        return Finding("nodes", "todo", "versions", {"names": ", ".join(versions)})
    return Finding("nodes", "good", facts=there)


def address(site_url: str) -> Finding:
    """Judge the portal's address, which is in what is signed."""
    parts = urlsplit(site_url)
    host = parts.hostname or ""
    if not host:
        return Finding("address", "wrong", "none")
    facts = {"url": site_url}
    if hosts.is_local(host):
        return Finding("address", "todo", "local", facts)
    if parts.scheme != "https":
        return Finding("address", "todo", "http", facts)
    return Finding("address", "good", facts=facts)


def clock(seconds: float, zone: str) -> Finding:
    """Judge the clock and the time zone.

    :param seconds: by which the clock of this machine is before the database's
    :param zone: ``ckan.display_timezone``
    """
    if abs(seconds) > CLOCK:
        return Finding("clock", "wrong", "differs", {"seconds": round(abs(seconds))})
    if zone.upper() in ("", "UTC", "SERVER"):
        return Finding("clock", "todo", "zone", {"zone": zone or "-"})
    return Finding("clock", "good", facts={"zone": zone})


def languages(default: str, offered: Sequence[str]) -> Finding:
    """Judge the languages of the portal: the extension speaks French and English.

    :param offered: ``ckan.locales_offered``; none for all that CKAN has
    """
    if default.split("_", maxsplit=1)[0] not in ("fr", "en"):
        return Finding("languages", "todo", "other", {"locale": default})
    if not offered:
        return Finding("languages", "todo", "all")
    return Finding("languages", "good", facts={"locales": " ".join(offered)})


def signatures(
    waiting: int,
    has_key: bool,
    can_sign: bool,
    problem: str,
    *,
    listened: bool = True,
) -> Finding:
    """Judge whether badges can be signed.

    :param waiting: awards that are not signed yet
    :param has_key: whether a key signs, as the database says
    :param can_sign: whether its private file is on this node
    :param problem: why the file cannot be used, where it is there
    :param listened: whether a worker listens for those that have no key
    """
    facts = {"count": waiting, "problem": problem}
    if not has_key:
        return Finding("signatures", "todo" if not waiting else "wrong", "none", facts)
    if problem:
        return Finding("signatures", "wrong", "problem", facts)
    if not can_sign and waiting and not listened:
        return Finding("signatures", "todo", "nobody", facts)
    if not can_sign:
        return Finding("signatures", "todo" if waiting else "good", "elsewhere", facts)
    if waiting:
        return Finding("signatures", "todo", "waiting", facts)
    return Finding("signatures", "good")
