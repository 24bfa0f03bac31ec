"""Which organizations would be judged as they were the last time.

A verdict follows from the rules, from what is measured and from what is stored. A
digest of all three is kept of each organization, in the transaction that writes its
verdict: as long as it stays the same there is nothing to judge. Where anything differs,
or where there is no digest, the organization is judged.

The day is no part of it, since a new day alone changes nothing. What a day brings is:
that a step is late is among the rules, that a file is no longer fresh is among what is
measured, and that a badge at risk is due to be lost is among what is stored.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Mapping, Sequence

from ckanext.challenge import measures

from . import rules as rules_
from . import store

#: The participants that each organization is, in an order that is always the same.
Participants = Mapping[str, Sequence[store.Participation]]


def unchanged(
    organization_ids: Sequence[str], today: dt.date
) -> tuple[list[str], list[str]]:
    """Return the organizations of which nothing differs, with what keeps them back.

    :param today: the day that it is, in the portal's time zone
    :returns: ids, in their order; and why some participants cannot be judged at all
    """
    known = store.judgements(organization_ids)
    ids = [id_ for id_ in organization_ids if id_ in known]
    if not ids:
        return [], []
    rules = rules_.read(today)
    participants = by_organization(ids, store.participations(ids))
    subjects = [
        subject for id_ in ids for subject in rules.subjects(id_, participants[id_])
    ]
    found = digests(rules, participants, measures.digests(rules.measures, subjects))
    same = [id_ for id_ in ids if found[id_] == known[id_]]
    errors = {
        rules.errors[row.cohort_id]: None
        for id_ in same
        for row in participants[id_]
        if row.cohort_id in rules.errors
    }
    return same, list(errors)


def save(
    rules: rules_.Rules, participants: Participants, measured: Mapping[str, str]
) -> None:
    """Keep by what organizations have been judged; in the transaction that did.

    Call it when all else is written, since what is stored counts.

    :param participants: as they were locked
    :param measured: the digests of what they were judged by
    """
    store.save_judgements(digests(rules, participants, measured))


def digests(
    rules: rules_.Rules, participants: Participants, measured: Mapping[str, str]
) -> dict[str, str]:
    """Return the digest of all that the verdict on each organization follows from.

    :param measured: the digests of what is measured, by their ids
    """
    stored = store.digests(participants, rules.today)
    return {
        id_: hashlib.sha256(
            f"{rules.digest_for(rows)} {measured[id_]} {stored.get(id_)}".encode()
        ).hexdigest()
        for id_, rows in participants.items()
    }


def by_organization(
    ids: Sequence[str], rows: Sequence[store.Participation]
) -> dict[str, list[store.Participation]]:
    """Sort participants by organization, those without one included."""
    found: dict[str, list[store.Participation]] = {id_: [] for id_ in ids}
    for row in rows:
        found[row.organization_id].append(row)
    return found
