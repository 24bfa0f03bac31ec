"""Codes that let somebody apply although the deadline is over."""

from __future__ import annotations

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model

from ckanext.challenge import config
from ckanext.challenge.domain import late_codes
from ckanext.challenge.model import Cohort, LateCode


def use(cohort: Cohort, code: str) -> str:
    """Use a code once, in the current transaction.

    :returns: the id of its row
    :raises ValidationError: on ``late_code`` when it lets nobody in (any more)
    """
    table: sa.Table = LateCode.__table__  # type: ignore[assignment]
    today = config.today()
    # One statement: of two who use the last one at once, the second finds it used up.
    used = model.Session.execute(
        sa.update(table)
        .where(
            table.c.cohort_id == cohort.id,
            table.c.code == late_codes.normalised(code),
            table.c.uses < table.c.max_uses,
            sa.or_(table.c.valid_until.is_(None), table.c.valid_until >= today),
        )
        .values(uses=table.c.uses + 1)
        .returning(table.c.id)
    ).first()
    if used is None:
        text = tk._(
            "This code does not let anybody in: it is not the code of this season, or "
            "it was used already, or its time is over. Ask whoever gave it to you."
        )
        raise tk.ValidationError({"late_code": [text]})
    return used[0]
