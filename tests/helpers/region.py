"""A small region: an EPCI with two communes, and two communes outside it."""

from __future__ import annotations

from typing import Any

from ckan import model
from ckan.tests import factories
from factories import BAULE, LIGNIERES, call_as, collectivites

from ckanext.challenge.directory.text import fold
from ckanext.challenge.model import Collectivite
from helpers.progress import publish

EPCI = "200070183"


def make_region() -> None:
    """The directory of the small region."""
    collectivites()
    model.Session.query(Collectivite).filter(
        Collectivite.siren.in_([BAULE, LIGNIERES[1]])
    ).update({"epci_siren": EPCI})
    name = "CC des Terres du Val de Loire"
    model.Session.add(
        Collectivite(
            siren=EPCI,
            name=name,
            kind="cc",
            departement="45",
            region="24",
            population=49000,
            postcodes=[],
            vintage=2026,
            search_key=fold(name),
        )
    )
    model.Session.commit()


def make_town(siren: str, datasets: int = 0, **fields: Any) -> dict[str, Any]:
    """The organization of a collectivité, with so many public datasets."""
    made = factories.Organization(siren=siren, **fields)
    for _ in range(datasets):
        publish(made["id"])
    return made


def take_part(cohort: dict[str, Any], organization: dict[str, Any]) -> None:
    """An organization takes part in a season that runs."""
    call_as(
        factories.Sysadmin(),
        "challenge_participant_create",
        cohort=cohort["id"],
        organization=organization["id"],
    )
