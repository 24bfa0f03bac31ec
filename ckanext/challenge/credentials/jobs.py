"""Signing what awaits it: a background job, and a part of the nightly command.

Safe to repeat, to kill and to run several times at once. What was signed stays; the
rest is signed the next time.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import ckan.plugins.toolkit as tk
from ckan import model
from stdnum.fr import siren as sirens

from ckanext.challenge import background, language, programmes
from ckanext.challenge.credentials import keys, status, store, wording
from ckanext.challenge.credentials.documents import (
    Achievement,
    Holding,
    credential_document,
)
from ckanext.challenge.credentials.issuer import portal
from ckanext.challenge.credentials.signing import Signer
from ckanext.challenge.model import Credential, locks
from ckanext.challenge.model.base import utcnow

__all__ = ["NO_KEY", "Outcome", "awards_stored", "sign", "sign_missing", "waiting"]

log = logging.getLogger(__name__)

#: How many credentials are signed in one transaction: about half a second.
PORTION = 100

NO_KEY = "There is no key: make one with “ckan challenge keys create”"


@dataclass
class Outcome:
    """What a run did.

    :ivar signed: credentials
    :ivar lists: lists of status
    :ivar problem: why nothing could be signed, for an administrator
    :ivar errors: awards that could not be signed, and why
    """

    signed: int = 0
    lists: int = 0
    problem: str | None = None
    errors: tuple[str, ...] = ()


def awards_stored(sender: Any, **kwargs: Any) -> None:
    """Queue the job once awards have changed; a receiver of the signal."""
    background.later(sign_missing, title="Sign badges and lists of revoked badges")


def waiting() -> int:
    """Count the awards that have not been signed."""
    return store.waiting()


def sign_missing() -> None:
    """The job: sign what awaits it, and say in the log what could not be."""
    outcome = sign()
    if outcome.signed or outcome.lists:
        log.info("Signed %d badges, %d lists", outcome.signed, outcome.lists)


def sign(on_progress: Callable[[int], None] | None = None) -> Outcome:
    """Sign all awards that have no credential, and the lists that have changed.

    Without a key that can be used, awards stay as they are; a later run signs them.

    :param on_progress: told after each portion how many awards it looked at
    """
    outcome = Outcome()
    key = store.active_key()
    try:
        if key is None:
            raise keys.KeyProblem(NO_KEY)
        pair = keys.load(key)
    except keys.KeyProblem as problem:
        model.Session.rollback()
        outcome.problem = str(problem)
        if waiting():
            log.error("Badges are not signed. %s", problem)
        return outcome
    signer = Signer(portal(), pair)
    after: tuple[dt.datetime, str] | None = None
    with language.speaking(tk.config["ckan.locale_default"]):
        while True:
            rows = _portion(signer, after, outcome)
            if not rows:
                break
            after = rows[-1].awarded_at, rows[-1].id
            if on_progress is not None:
                on_progress(len(rows))
    locks.hold("credentials")
    outcome.lists = status.renew(signer, utcnow())
    model.Session.commit()
    for error in outcome.errors:
        log.error("Not signed: %s", error)
    return outcome


def _portion(
    signer: Signer, after: tuple[dt.datetime, str] | None, outcome: Outcome
) -> list[Any]:
    """Sign a portion and commit it.

    :returns: the awards that were looked at
    """
    try:
        # Runs at the same time take turns: none signs what another one has signed.
        locks.hold("credentials")
        rows = store.unsigned(PORTION, after)
        signed = _sign(signer, rows, outcome)
        store.save(signed)
        model.Session.commit()
    except BaseException:
        model.Session.rollback()
        raise
    outcome.signed += len(signed)
    return rows


def _sign(signer: Signer, rows: list[Any], outcome: Outcome) -> list[Credential]:
    named = {
        id_
        for row in rows
        for part in row.criteria.get("met", [])
        for id_ in part["datasets"]
    }
    titles = store.dataset_titles(sorted(named)) if named else {}
    signed: list[Credential] = []
    now = utcnow()
    for row, place in zip(rows, store.places(len(rows)), strict=True):
        try:
            holding = _holding(row, titles)
            documents = (
                credential_document(signer.issuer, holding, place, form)
                for form in ("json", "jwt")
            )
            signed.append(
                Credential(
                    award_id=row.id,
                    key_id=signer.key_id,
                    status_index=place,
                    document=signer.proven(next(documents), now),
                    jwt=signer.token(next(documents)),
                    issued_at=now,
                )
            )
        except Exception as error:
            # One that cannot be told must not keep the others waiting.
            log.exception("The award %s cannot be signed", row.id)
            outcome.errors += (f"{row.id}: {error}",)
    return signed


def _holding(row: Any, titles: dict[str, tuple[str, str]]) -> Holding:
    known = programmes.badge_of(row)
    achievement = (
        wording.achievement(*known)
        if known
        # The portal no longer has the programme: the award is kept all the same.
        else Achievement(
            row.badge, row.badge, row.badge, row.badge, row.programme, "fr"
        )
    )
    return Holding(
        award_id=row.id,
        awarded_at=row.awarded_at,
        achievement=achievement,
        organization=row.organization,
        organization_title=row.organization_title,
        siren=sirens.compact(row.siren) if sirens.is_valid(row.siren or "") else None,
        reason=row.reason,
        figures=wording.figures(known[0] if known else None, row.criteria, titles),
    )
