"""Who may read the journal."""

from __future__ import annotations

from typing import Any

from ckan import model
from ckan.types import AuthResult, Context

from ckanext.challenge.common import roles
from ckanext.challenge.model import Application, Award, Cohort, Participant

_TABLES: dict[str, Any] = {
    "application": Application,
    "award": Award,
    "participant": Participant,
}


def challenge_journal_list(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """Sysadmins; for one object of their cohort, its staff.

    Advisers do not read of applications: who was refused is not theirs to know.
    """
    kind, id_ = data_dict.get("object_type"), data_dict.get("object_id")
    if not kind or not id_:
        return roles.refused()
    if kind == "cohort":
        found = model.Session.get(Cohort, id_)
        cohort_id = found.id if found else None
    elif kind in _TABLES:
        found = model.Session.get(_TABLES[kind], id_)
        cohort_id = found.cohort_id if found else None
    else:
        return roles.refused()
    allowed = roles.is_manager if kind == "application" else roles.is_staff
    return roles.answer(bool(cohort_id) and allowed(context, cohort_id))
