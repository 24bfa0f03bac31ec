"""Which address an account has proved, by a link that was mailed there.

CKAN proves no address: whoever registers may write any. An account that is found by its
address alone gets a role only once it opened such a link; until then the role waits.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model
from itsdangerous import BadData, URLSafeTimedSerializer
from sqlalchemy.dialects.postgresql import insert

from ckanext.challenge import config
from ckanext.challenge.model import ProvedAddress, WaitingRole
from ckanext.challenge.model.base import utcnow

from .access_links import digest_of
from .once import once

_SALT = "ckanext.challenge.proof"
_DAY = 24 * 3600


@dataclass(frozen=True)
class Proof:
    """What a mailed link says: this account, and the address to which it was mailed.

    :ivar user_id: the id of the account
    :ivar digest: of the address
    """

    user_id: str
    digest: str


def _serializer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(tk.config["SECRET_KEY"], salt=_SALT)


def make_token(user_id: str, digest: str) -> str:
    """What a link carries that goes to this address; good for the configured days."""
    return _serializer().dumps(f"{user_id}.{digest}")


def read_token(token: Any) -> Proof | None:
    """What a link carries; ``None`` for one that is altered, cut off or expired."""
    if not isinstance(token, str):
        return None
    try:
        found = _serializer().loads(token, max_age=config.follow_up_days() * _DAY)
    except BadData:
        return None
    user_id, _, digest = str(found).partition(".")
    return Proof(user_id, digest)


def is_proved(user_id: str | None, address: str | None) -> bool:
    """Whether this account has proved this address."""
    if not user_id or not address:
        return False
    digest = digest_of(address)
    known = model.Session.query(ProvedAddress.digest).filter_by(
        user_id=user_id, digest=digest
    )
    return once(("proved", user_id, digest), lambda: known.first() is not None)


def is_waited_for(user_id: str, address: str) -> bool:
    """Whether a role waits for this account to prove this address."""
    waiting = model.Session.query(WaitingRole.id).filter_by(
        user_id=user_id, digest=digest_of(address)
    )
    return waiting.first() is not None


def untrusted(users: Sequence[Any]) -> set[str]:
    """The ids of those accounts that are mailed no text that somebody typed.

    Accounts that were named, or that CKAN let in, are taken at their word, unless they
    had proved another address, or a role waits for the proof of this one. One that
    waits for its owner to choose a password is nobody's yet. One statement for any
    number of them.

    :param users: with ``id``, ``email`` and ``state``; each has an address
    """
    addresses = {user.id: digest_of(user.email) for user in users}
    proved: set[str] = set()
    asked: set[str] = set()
    for row in model.Session.execute(
        sa.union_all(
            *(
                sa.select(table.user_id, table.digest, why.label("why")).where(
                    table.user_id.in_(sorted(addresses))
                )
                for table, why in (
                    (ProvedAddress, sa.case((ProvedAddress.own, "own"), else_="")),
                    (WaitingRole, sa.literal("waits")),
                )
            )
        )
    ):
        same_address = row.digest == addresses[row.user_id]
        if same_address and row.why != "waits":
            proved.add(row.user_id)
        elif same_address or row.why == "own":
            asked.add(row.user_id)
    pending = {user.id for user in users if user.state == model.State.PENDING}
    return pending | (asked - proved)


def keep(user_id: str, digest: str) -> None:
    """Write down that an account has proved an address, in the caller's transaction."""
    user = model.User.get(user_id)
    own = user is not None and bool(user.email) and digest_of(user.email) == digest
    values = {"user_id": user_id, "digest": digest, "proved_at": utcnow(), "own": own}
    statement = insert(ProvedAddress.__table__).values(**values)
    names = ["user_id", "digest"]
    # It may have been the contact's first, and be the account's own by now.
    statement = (
        statement.on_conflict_do_update(index_elements=names, set_={"own": True})
        if own
        else statement.on_conflict_do_nothing()
    )
    model.Session.execute(statement)


def has_moved(user_id: str, address: str | None) -> bool:
    """Whether an account proved its own address once, and has this other one since.

    Anybody can write any address into their account: what was proved of the former one
    says nothing of it.
    """
    if not address or is_proved(user_id, address):
        return False
    own = model.Session.query(ProvedAddress.digest).filter_by(user_id=user_id, own=True)
    return own.first() is not None


def holds(user: model.User, address: str) -> bool:
    """Whether an account may be given a role by this address alone.

    One that waits for its owner is opened by nothing but a link that is mailed to its
    address: it has proved it by then.
    """
    if user.state == model.State.PENDING and same(user.email, address):
        keep(user.id, digest_of(address))
        return True
    return is_proved(user.id, address)


def same(one: str | None, other: str) -> bool:
    """Whether two addresses are one, however they are written."""
    return bool(one) and str(one).strip().lower() == other.strip().lower()


def wait(user: model.User, address: str, **role: Any) -> WaitingRole:
    """Have a role wait for the proof, in the place of one that waited until now.

    :param address: which is to be proved
    :param role: the columns of :class:`WaitingRole`
    """
    names = ("organization_id", "cohort_id", "participant_id")
    place = {name: role.get(name) for name in names}
    query = model.Session.query(WaitingRole).filter_by(user_id=user.id, **place)
    if role.get("cohort_id"):
        # One may manage a season and advise in it, too.
        query = query.filter_by(role=role["role"])
    query.delete(synchronize_session="fetch")
    waiting = WaitingRole(user_id=user.id, digest=digest_of(address), **role)
    model.Session.add(waiting)
    model.Session.flush()
    return waiting


def forget(address: str | None, among: Collection[str]) -> None:
    """Forget who proved an address that was erased; accounts keep their own.

    :param among: ids of the accounts that may have proved it for what was erased
    """
    if not address:
        return
    own = sa.select(model.User.id).where(
        sa.func.lower(model.User.email) == address.strip().lower()
    )
    model.Session.query(ProvedAddress).filter(
        ProvedAddress.digest == digest_of(address),
        ProvedAddress.user_id.in_(list(among)),
        ProvedAddress.user_id.not_in(own),
    ).delete(synchronize_session=False)
