"""Whether a portal has what it needs: one finding for each thing that is looked at.

The rules take plain facts; who finds them is :mod:`ckanext.challenge.doctor.facts`, and
what is said of them stands in :mod:`ckanext.challenge.doctor.labels`, by ``check`` and
``code``.
"""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import urlsplit

from . import agenda, european, hosts, own_fields
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
    # The order is worse than what is missing, which follows once that is mended.
    before = names[: names.index("challenge")]
    if any(name in SCHEMING for name in before):
        others = [name for name in names if name != "challenge"]
        first = min(others.index(name) for name in before if name in SCHEMING)
        right = [*others[:first], "challenge", *others[first:]]
        return Finding("plugins", "wrong", "order", {"names": " ".join(right)})
    missing = [
        name
        for name in ("scheming_datasets", "scheming_organizations")
        if name not in names
    ]
    if missing:
        return Finding("plugins", "todo", "missing", {"names": " ".join(missing)})
    return Finding("plugins", "good")


@dataclass(frozen=True)
class Form:
    """What a portal has of datasets, files or organizations.

    :ivar fields: of its form of ckanext-scheming, each with its labels; a part of a
        repeated field as ``field.part``; ``None`` without such a form
    :ivar values: of the extras that are stored, some of their values
    """

    fields: Mapping[str, str] | None
    values: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def has(self, name: str) -> bool:
        """Whether the form has a field of that name."""
        return name in (self.fields or ())


def form(
    check: str,
    there: Form,
    called: Mapping[str, str],
    looks: Callable[[str, str], bool],
) -> Finding:
    """Judge whether a portal has the fields that count, and find those that it may have
    under another name.

    :param check: a key of :data:`FIELDS`
    :param called: what the settings say that it calls its fields, by our names; what
        has another name there is looked for, whether or not much is lost without it
    :param looks: whether a value looks like one of a field, by our name
    """
    named = [name for name, theirs in called.items() if theirs != name]
    asked = tuple(dict.fromkeys((*FIELDS[check], *named)))
    taken = {called.get(name, name) for name in asked}
    missing: list[str] = []
    alike: dict[str, str] = {}
    for name in asked:
        theirs = called.get(name, name)
        if there.has(theirs):
            continue
        other = _alike(name, there, {*taken, *alike.values()}, looks)
        values = there.values.get(theirs, ())
        # A free extra counts, too; a few that somebody wrote beside a form that has the
        # field under another name do not speak for it, unless the settings name them.
        if values and (
            theirs != name
            or (not there.has(other or "") and _is_right(name, values, looks))
        ):
            continue
        missing.append(name)
        if other is not None:
            alike[name] = other
    if not missing:
        return Finding(check, "good")
    told = ", ".join(
        name if called.get(name, name) == name else f"{name} ({called[name]})"
        for name in missing
    )
    if alike:
        facts = {
            "names": told,
            "pairs": ", ".join(f"{other} → {name}" for name, other in alike.items()),
            "lines": "\n".join(
                f"ckanext.challenge.field.{name} = {other}"
                for name, other in alike.items()
            ),
        }
        return Finding(check, "todo", "renamed", facts)
    code = "no_form" if there.fields is None else "missing"
    return Finding(check, "todo", code, {"names": told})


#: What else portals call a field that counts: any of these has all words of its name,
#: or of its label, without accents.
_WORDS: Mapping[str, tuple[str, ...]] = {
    "siren": ("siren", "siret"),
    "kind": ("kind", "type collectivite", "nature juridique"),
    "insee_code": ("insee",),
    "departement": ("departement", "dept"),
    "population": ("population", "habitants"),
    "challenge_kit": ("kit",),
    "frequency": ("frequency", "frequence", "periodicite", "periodicity"),
    "temporal_start": (
        "temporal start",
        "temporal begin",
        "date debut",
        "periode debut",
        "couverte du",
    ),
    "temporal_end": ("temporal end", "date fin", "periode fin", "couverte au"),
    "spatial_insee": ("spatial insee", "insee", "territoire", "spatial coverage"),
    "contact_email": ("contact email", "contact mail", "contact courriel"),
    "schema": ("schema",),
}
#: Fields that a value alone tells: hardly anything else looks like these.
_TELLING = ("siren", "frequency")
#: How many values have to look like it, where nothing else does.
_ENOUGH = 3
_MOST = 0.8


def _alike(
    name: str,
    there: Form,
    taken: Collection[str],
    looks: Callable[[str, str], bool],
) -> str | None:
    """The field that is likeliest meant: one that is called alike, or labelled so, and
    whose values do not speak against it; or one whose values look like it.
    """
    found: list[tuple[int, int, str]] = []
    fields = there.fields or {}
    for other in dict.fromkeys((*fields, *there.values)):
        # What has a name of ours is ours, and what is CKAN's own is no extra.
        if other in taken or other in own_fields.FIELDS:
            continue
        values = there.values.get(other, ())
        right = sum(looks(name, value) for value in values)
        if values and not _is_right(name, values, looks):
            continue
        if _called(name, other):
            found.append((0, len(other), other))
        elif _called(name, fields.get(other, "")):
            found.append((1, len(other), other))
        elif name in _TELLING and right >= max(_ENOUGH, _MOST * len(values)):
            found.append((2, len(other), other))
    return min(found)[2] if found else None


def _is_right(
    name: str, values: Sequence[str], looks: Callable[[str, str], bool]
) -> bool:
    """Whether half of the values, at least, look like those of a field."""
    return sum(looks(name, value) for value in values) * 2 >= len(values)


def _called(name: str, text: str) -> bool:
    plain = unicodedata.normalize("NFD", text).encode("ascii", "ignore").decode()
    words = set(re.split("[^a-z0-9]+", plain.lower()))
    return any(words.issuperset(one.split()) for one in _WORDS.get(name, ()))


#: How many examples of values are named.
_EXAMPLES = 3


def values(wrong: Mapping[str, Sequence[tuple[str, str, int]]]) -> Finding:
    """Tell what is read as nothing, since it does not look like what it should be.

    :param wrong: by field, by our name: a value, the name of one that has it, and how
        many have it
    """
    told = []
    for name, rows in wrong.items():
        if rows:
            examples = ", ".join(
                f"{value[:40]!r} {owner}" for value, owner, _ in rows[:_EXAMPLES]
            )
            told.append(f"{name}: {sum(row[2] for row in rows)} ({examples})")
    if told:
        return Finding("field_values", "todo", "some", {"names": "; ".join(told)})
    return Finding("field_values", "good")


def licences(
    listed: Mapping[str, str], wanted: Collection[str], address: str
) -> Finding:
    """Judge whether the portal's list has the licences that are proposed.

    :param listed: the addresses of those of the portal's list, by their ids
    :param wanted: ids of ours
    :param address: of our own list
    """
    known = {european.same_licence(id_, url) for id_, url in listed.items()}
    missing = sorted({*wanted, *european.LAWFUL} - known)
    if missing:
        facts = {"names": ", ".join(missing), "address": address}
        return Finding("licences", "todo", "missing", facts)
    return Finding("licences", "good")


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


def commands(
    ended: Mapping[str, dt.datetime], now: dt.datetime, failed: Sequence[str] = ()
) -> Finding:
    """Judge whether the lines of the crontab run.

    :param ended: when each of :data:`PAUSES` ended last; what is not there never ran
    :param now: an aware datetime, as the others
    :param failed: those of which a part failed the last time
    """
    silent = [
        name
        for name, pause in PAUSES.items()
        if name not in ended or now - ended[name] > pause
    ]
    if silent:
        return Finding("commands", "wrong", "silent", {"names": ", ".join(silent)})
    if failed:
        return Finding("commands", "wrong", "errors", {"names": ", ".join(failed)})
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


def networks(unread: Mapping[str, Sequence[str]]) -> Finding:
    """Judge the lists of networks: what is none is left out by those who ask.

    :param unread: by the name of a setting, what stands there and is no network
    """
    wrong = {name: texts for name, texts in unread.items() if texts}
    if not wrong:
        return Finding("networks", "good")
    facts = {
        "names": "; ".join(
            f"{name}: {' '.join(texts)}" for name, texts in wrong.items()
        ),
        "lines": "\n".join(f"{name} = 10.0.0.0/8 127.0.0.1/32 …" for name in wrong),
    }
    return Finding("networks", "wrong", "unread", facts)


def clock(seconds: float, zone: str, *, known: bool = True) -> Finding:
    """Judge the clock and the time zone.

    :param seconds: by which the clock of this machine is before the database's
    :param zone: ``ckan.display_timezone``
    :param known: whether there is such a zone: without it no page can be shown
    """
    if not known:
        return Finding("clock", "wrong", "unknown", {"zone": zone or "-"})
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
