"""The digest that chains a row of the journal to the one before it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any

#: What the first row is chained to.
GENESIS = "0" * 64


def digest(  # noqa: PLR0917 (the columns of a row)
    previous: str,
    number: int,
    at: datetime,
    actor: str,
    action: str,
    object_type: str,
    object_id: str,
    data: Mapping[str, Any],
) -> str:
    """SHA-256 of a row and of the digest of the row before it, in hexadecimal.

    :param previous: the digest of the row before, :data:`GENESIS` for the first
    :param number: the row's place in the journal, from 1
    :param at: an aware time
    """
    row = json.dumps(
        [
            previous,
            number,
            at.astimezone(timezone.utc).isoformat(timespec="microseconds"),
            actor,
            action,
            object_type,
            object_id,
            data,
        ],
        ensure_ascii=False,
        sort_keys=True,
        separators=(",", ":"),
    )
    return hashlib.sha256(row.encode()).hexdigest()
