"""CKAN can delete and purge what the challenge points at."""

from __future__ import annotations

from typing import Any

import pytest
from ckan import model
from ckan.tests import factories
from factories import call_as, collectivites, make_cohort, make_participant

from ckanext.challenge.model import Application, Award, Participant, StepStatus
from ckanext.challenge.progress import evaluate

pytestmark = pytest.mark.usefixtures("with_plugins", "clean_db", "clean_index")


@pytest.fixture
def participant() -> dict[str, Any]:
    """A participant with a dataset, a badge and an application by an account."""
    collectivites()
    found = make_participant(make_cohort(), user=factories.User())
    factories.Dataset(
        owner_org=found["organization_id"],
        resources=[{"url": "https://www.example.org/a.csv", "format": "CSV"}],
    )
    evaluate.evaluate()
    assert model.Session.query(Award).count() >= 1
    return found


def _delete_datasets(admin: dict[str, Any]) -> None:
    """CKAN deletes no organization that still has datasets."""
    for (id_,) in model.Session.query(model.Package.id).all():
        call_as(admin, "package_delete", id=id_)


def test_an_organization_is_purged(participant: dict[str, Any]) -> None:
    admin = factories.Sysadmin()
    _delete_datasets(admin)
    call_as(admin, "organization_purge", id=participant["organization_id"])
    for table in (Participant, StepStatus, Award):
        assert model.Session.query(table).count() == 0
    application = model.Session.query(Application).one()
    assert application.organization_id is None
    assert call_as(None, "challenge_participant_list", cohort="saison-2")["count"] == 0


def test_a_deleted_organization_leaves_the_lists(
    participant: dict[str, Any], app: Any
) -> None:
    admin = factories.Sysadmin()
    _delete_datasets(admin)
    call_as(admin, "organization_delete", id=participant["organization_id"])
    assert call_as(None, "challenge_participant_list", cohort="saison-2")["count"] == 0
    assert evaluate.evaluate().organizations == 0
    assert app.get("/challenge/saison-2").status_code == 200
    name = participant["organization_name"]
    assert app.get(f"/challenge/saison-2/{name}", status=404)
    assert app.get(f"/challenge/badge/{name}.svg", status=404)


def test_a_dataset_is_purged(participant: dict[str, Any]) -> None:
    admin = factories.Sysadmin()
    package = model.Session.query(model.Package).one()
    call_as(admin, "dataset_purge", id=package.id)
    evaluate.evaluate()
    shown = call_as(
        None,
        "challenge_progress_show",
        organization=participant["organization_id"],
        cohort="saison-2",
    )
    (step,) = [row for row in shown["steps"] if row["step"] == "premier-jeu"]
    assert step["state"] == "todo"


def test_a_user_is_removed(participant: dict[str, Any]) -> None:
    application = model.Session.query(Application).one()
    user = model.User.get(application.user_id)
    assert user is not None
    call_as(factories.Sysadmin(), "user_delete", id=user.id)
    model.Session.query(model.Dashboard).filter_by(user_id=user.id).delete()
    model.Session.query(model.User).filter_by(id=user.id).delete()
    model.Session.commit()
    model.Session.expire_all()
    assert model.Session.query(Application).one().user_id is None
    shown = call_as(None, "challenge_participant_show", id=participant["id"])
    assert shown["state"] == "active"
