"""Signing what awaits it: a background job, and a part of the nightly command.

Safe to repeat, to kill and to run several times at once. What was signed stays; the
rest is signed the next time.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import ckan.plugins.toolkit as tk
import jwt
from ckan import model
from openbadgeslib.errors import LibOpenBadgesException
from redis.exceptions import RedisError
from stdnum.fr import siren as sirens

from ckanext.challenge import programmes
from ckanext.challenge.badges import words
from ckanext.challenge.common import jobs, language
from ckanext.challenge.common.issuer import portal
from ckanext.challenge.common.transactions import in_one_transaction
from ckanext.challenge.domain.programme import ProgrammeError
from ckanext.challenge.model import Credential, locks
from ckanext.challenge.model.base import utcnow

from . import keys, status, store, wording
from .documents import Achievement, Holding, credential_document
from .signing import Signer

log = logging.getLogger(__name__)

#: How many credentials are signed in one transaction: about half a second.
PORTION = 100

#: How many the job signs before it lets others have their turn: CKAN stops a job
#: after three minutes (ckan.jobs.timeout).
TURN = 5000

#: Where workers listen that have the private key, when others have none: what these
#: cannot sign is queued there.
QUEUE = "challenge-signing"

NO_KEY = "There is no key: make one with “ckan challenge keys create”"


#: What goes wrong with an award whose programme or snapshot is not as it should be.
_UNTELLABLE = (
    LibOpenBadgesException,
    ProgrammeError,
    LookupError,
    TypeError,
    ValueError,
)


@dataclass(frozen=True)
class Outcome:
    """What a run did.

    :ivar looked_at: awards that were not signed
    :ivar signed: those that now are
    :ivar lists: lists of status
    :ivar left: whether it was left to a worker that has the private key
    :ivar problem: why nothing could be signed, for an administrator
    :ivar errors: awards that could not be signed, and why
    """

    looked_at: int = 0
    signed: int = 0
    lists: int = 0
    left: bool = False
    problem: str | None = None
    errors: tuple[str, ...] = ()


def enqueue() -> None:
    """Have what awaits it signed soon; call it after the commit."""
    jobs.enqueue_once(sign_missing, title="challenge: sign badges and lists of status")


def awards_stored(sender: Any, **kwargs: Any) -> None:
    """Queue the job once awards have changed; a receiver of the signal."""
    enqueue()


def evaluated(sender: Any, **kwargs: Any) -> None:
    """Queue the job where a list of status does not say what is revoked now.

    A receiver of the signal. Awards also cease to be good without a change of their
    own: with their organization or their season.
    """
    if status.outdated():
        enqueue()


def sign_missing() -> None:
    """The job: sign what awaits it, and say in the log what could not be.

    Where much awaits it, another job goes on after the others that wait.
    """
    jobs.begun(sign_missing)
    outcome = sign(limit=TURN)
    if outcome.signed and outcome.looked_at == TURN:
        enqueue()
    if outcome.signed or outcome.lists:
        log.info("Signed %d badges, %d lists", outcome.signed, outcome.lists)


def sign(
    on_progress: Callable[[int], None] | None = None,
    limit: int | None = None,
) -> Outcome:
    """Sign all awards that have no credential, and the lists that have changed.

    Without a key that can be used, awards stay as they are; a later run signs them.
    Where the key is on other nodes, and a worker listens there (:data:`QUEUE`), it is
    left to that one.

    :param on_progress: told after each portion how many awards it had
    :param limit: how many awards to look at, at most
    """
    key = store.active_key()
    try:
        if key is None:
            raise keys.KeyProblem(NO_KEY)
        # Read anew in each run.
        _signer.cache_clear()
        signer = _signer(key.id)
    except keys.KeyProblem as problem:
        model.Session.rollback()
        if isinstance(problem, keys.KeyElsewhere) and _leave_to_another():
            log.info("Badges are left to a worker that has the key")
            return Outcome(left=True)
        # A portal that has never had a key is not waited for in vain.
        if key is not None or store.waiting():
            log.error("Badges and lists of revoked ones are not signed. %s", problem)
        return Outcome(problem=str(problem))
    ids = store.unsigned_ids(limit)
    model.Session.rollback()
    signed, errors = 0, list[str]()
    for start in range(0, len(ids), PORTION):
        portion = ids[start : start + PORTION]
        done, failed = in_one_transaction(lambda: _sign(signer.key_id, portion))  # noqa: B023
        signed += done
        errors += failed
        if on_progress is not None:
            on_progress(len(portion))
    in_one_transaction(lambda: _shorten(signer.key_id))
    lists = in_one_transaction(lambda: _renew(signer.key_id))
    for error in errors:
        log.error("Not signed: %s", error)
    return Outcome(len(ids), signed, lists, errors=tuple(errors))


def _leave_to_another() -> bool:
    """Queue the job for those that have the private key, where one listens."""
    try:
        if jobs.current_queue() == QUEUE or QUEUE not in jobs.listening():
            return False
    except (RedisError, OSError):
        return False
    return jobs.enqueue_once(
        sign_missing, title="challenge: sign what others cannot", queue=QUEUE
    )


@lru_cache(maxsize=1)
def _signer(key_id: str) -> Signer:
    """What signs with a key; reading a private RSA key takes longer than to sign."""
    key = store.find_key(key_id)
    if key is None:
        raise keys.KeyProblem(NO_KEY)
    return Signer(portal(), keys.load(key))


def _renew(key_id: str) -> int:
    if not _still_signs(key_id):
        return 0
    locks.hold("lists of status")
    return status.renew(_signer(key_id), utcnow())


def _shorten(key_id: str) -> None:
    """Give short tokens to what was signed with this key before there were such."""
    if not _still_signs(key_id):
        return
    signer = _signer(key_id)
    for credential in store.without_short_token(key_id, TURN):
        document = jwt.decode(credential.jwt, options={"verify_signature": False})
        credential.short_jwt = signer.short_token(document)
    model.Session.flush()


def _still_signs(key_id: str) -> bool:
    """Whether a key signs, and until the end of the transaction goes on to.

    Where it was replaced meanwhile, the next run signs with the new one.
    """
    locks.share("signing key")
    key = store.active_key()
    return key is not None and key.id == key_id


def _sign(key_id: str, ids: Sequence[str]) -> tuple[int, list[str]]:
    """Sign some awards.

    :returns: how many were signed, and what could not be
    """
    if not _still_signs(key_id):
        return 0, []
    signer, now = _signer(key_id), utcnow()
    rows = store.unsigned(ids)
    titles = store.dataset_titles(_datasets(rows))
    signed: list[Credential] = []
    errors: list[str] = []
    with language.speaking(tk.config["ckan.locale_default"]):
        for row, place in zip(rows, store.places(len(rows)), strict=True):
            try:
                signed.append(_credential(signer, _holding(row, titles), place, now))
            except _UNTELLABLE as error:
                # One that cannot be told must not keep the others waiting.
                log.exception("The award %s cannot be signed", row.id)
                errors.append(f"{row.id}: {error}")
    store.save(signed)
    return len(signed), errors


def _datasets(rows: Sequence[Any]) -> list[str]:
    """The ids of all datasets that some awards were met with."""
    return sorted(
        {
            id_
            for row in rows
            for part in row.criteria.get("met", [])
            for id_ in part["datasets"]
        }
    )


def _credential(
    signer: Signer, holding: Holding, place: int, now: dt.datetime
) -> Credential:
    document, token = (
        credential_document(signer.issuer, holding, place, form)
        for form in ("json", "jwt")
    )
    return Credential(
        award_id=holding.award_id,
        key_id=signer.key_id,
        status_index=place,
        document=signer.proven(document, now),
        jwt=signer.token(token),
        short_jwt=signer.short_token(token),
        issued_at=now,
    )


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
    programme = known[0] if known else None
    return Holding(
        award_id=row.id,
        awarded_at=row.awarded_at,
        achievement=achievement,
        organization=row.organization,
        organization_title=row.organization_title,
        siren=sirens.compact(row.siren) if sirens.is_valid(row.siren or "") else None,
        season=(row.cohort, row.cohort_title) if row.cohort else None,
        by_hand=wording.by_hand(row.cohort_title, row.reason)
        if row.source == "person"
        else None,
        figures=wording.figures(programme, row.criteria, titles),
        assurance=words.reader()(row, row.criteria.get("met", [])),
    )
