"""Claims, as actions and pages find and tell them."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model
from sqlalchemy.orm import aliased

from ckanext.challenge.common import journal
from ckanext.challenge.domain import lifecycle
from ckanext.challenge.model import Application, Claim, Cohort, WaitingRole
from ckanext.challenge.model.dictize import as_json, columns

_SHOWN = (
    "id",
    "state",
    "reason",
    "asked_at",
    "answered_at",
    "organization_id",
    "application_id",
)
#: Who asks: what an admin has to know before saying yes.
_ASKING = ("reference", "contact_name", "contact_role", "contact_email")

#: Whose account would become an admin: not always that of the contact.
_Asker = aliased(model.User)
#: Who asks for a season.
_Manager = aliased(model.User)


def find(id_: Any) -> Claim:
    """The claim with that id.

    :raises ObjectNotFound: when there is none
    """
    found = model.Session.get(Claim, id_) if isinstance(id_, str) else None
    if found is None:
        raise tk.ObjectNotFound(tk._("There is no such claim"))
    return found


def cohort_id_of(claim: Claim) -> str:
    """The season for whose sake somebody asks."""
    if claim.cohort_id:
        return claim.cohort_id
    application = model.Session.get(Application, claim.application_id)
    assert application is not None
    return application.cohort_id


def selected() -> Any:
    """A query of claims with all that is told of them."""
    season = sa.func.coalesce(Claim.cohort_id, Application.cohort_id)
    waits = sa.exists().where(WaitingRole.application_id == Claim.application_id)
    return (
        model.Session.query(
            *(Claim, Application, Cohort, model.Group, model.User, _Asker, _Manager),
            waits.correlate(Claim),
        )
        .outerjoin(Application, Application.id == Claim.application_id)
        .join(Cohort, Cohort.id == season)
        .join(model.Group, model.Group.id == Claim.organization_id)
        .outerjoin(model.User, model.User.id == Claim.answered_by)
        .outerjoin(_Asker, _Asker.id == Claim.user_id)
        .outerjoin(_Manager, _Manager.id == Claim.asked_by)
    )


def dictize(row: Any) -> dict[str, Any]:
    """A row of :func:`selected` as the API answers it."""
    claim, application, cohort, group, answerer, asker, manager, waits = row
    return {
        **columns(claim, _SHOWN),
        **(columns(application, _ASKING) if application else dict.fromkeys(_ASKING)),
        "asked_by": manager.display_name if manager else None,
        "user_name": asker.name if asker else None,
        "user_display_name": asker.display_name if asker else None,
        "since": as_json(asker.created) if asker else None,
        "waiting": waits,
        "answered_by": answerer.display_name if answerer else None,
        "organization_name": group.name,
        "organization_title": group.title or group.name,
        "cohort": cohort.name,
        "cohort_title": cohort.title,
    }


def end(application_id: str, actor: str, *, answered: bool = False) -> None:
    """What was asked is asked no more: who asked takes no part in the season now.

    :param answered: whether a yes counts no more, either
    """
    claim = model.Session.query(Claim).filter_by(application_id=application_id).first()
    if claim is None or not lifecycle.CLAIM.allows(claim.state, "withdrawn"):
        return
    if claim.state == "accepted" and not answered:
        return
    before, claim.state = claim.state, "withdrawn"
    model.Session.flush()
    journal.record(
        actor, "transition", "claim", claim.id, {"from": before, "to": "withdrawn"}
    )
