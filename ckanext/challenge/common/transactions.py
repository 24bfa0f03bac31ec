"""Work that is done again where another transaction was in its way."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TypeVar

from ckan import model
from sqlalchemy.exc import DBAPIError

log = logging.getLogger(__name__)

Done = TypeVar("Done")

#: How often it is tried when another transaction was in its way.
_TRIES = 3

#: PostgreSQL's codes for a deadlock, for a serialization failure, for a row that refers
#: to one which was purged meanwhile, and for one that somebody else has just written.
_IN_THE_WAY = frozenset({"40P01", "40001", "23503", "23505"})


def in_one_transaction(work: Callable[[], Done]) -> Done:
    """Do some work and commit; again when another transaction was in the way.

    :raises DBAPIError: when that does not help
    """
    for attempt in range(1, _TRIES + 1):
        try:
            done = work()
            model.Session.commit()
        except DBAPIError as error:
            model.Session.rollback()
            code = getattr(error.orig, "pgcode", None)
            if code not in _IN_THE_WAY or attempt == _TRIES:
                raise
            log.info("Met another transaction (%s), trying again", code)
        except Exception:
            model.Session.rollback()
            raise
        else:
            return done
    raise AssertionError("unreachable")
