"""The season of a dataset in CKAN's search."""

from __future__ import annotations

from typing import Any

import pytest
from ckan import model
from ckan.lib.redis import connect_to_redis
from ckan.tests import factories
from factories import (
    BAULE,
    POINCONNET,
    apply,
    call_as,
    collectivites,
    make_cohort,
    make_participant,
    work_in_this_process,
)
from helpers.index import take_down

from ckanext.challenge import config
from ckanext.challenge.datasets import search

pytestmark = pytest.mark.usefixtures("with_plugins", "clean_db", "clean_index")


def _found(**query: Any) -> Any:
    return call_as(None, "package_search", **query)


def test_a_dataset_is_found_by_the_season_in_which_it_was_opened(app: Any) -> None:
    collectivites()
    cohort = make_cohort("open")
    participant = make_participant(cohort)
    dataset = factories.Dataset(
        owner_org=participant["organization_id"], challenge_kit="deliberations"
    )
    factories.Dataset(owner_org=factories.Organization()["id"])
    found = _found(fq="challenge_cohort:saison-2")
    assert [row["id"] for row in found["results"]] == [dataset["id"]]
    facets = _found(**{"facet.field": ["challenge_cohort", "challenge_kit"]})[
        "search_facets"
    ]
    (season,) = facets["challenge_cohort"]["items"]
    assert season["name"] == "saison-2"
    assert season["display_name"] == cohort["title"]
    (kit,) = facets["challenge_kit"]["items"]
    assert kit["display_name"] != "deliberations"
    page = app.get("/dataset/")
    assert cohort["title"] in page.body


def test_what_was_there_before_the_launch_is_not_of_the_season() -> None:
    collectivites()
    cohort = make_cohort("open")
    participant = make_participant(cohort)
    dataset = factories.Dataset(owner_org=participant["organization_id"])
    package = model.Package.get(dataset["id"])
    assert package is not None
    package.metadata_created = package.metadata_created.replace(year=2015)
    model.Session.commit()
    search.index_again(participant["organization_id"])
    assert _found(fq="challenge_cohort:saison-2")["count"] == 0
    assert _found()["count"] == 1


@pytest.mark.usefixtures("clean_queues")
def test_an_organization_that_joins_brings_its_new_datasets() -> None:
    collectivites()
    organization = factories.Organization(siren=BAULE)
    dataset = factories.Dataset(owner_org=organization["id"])
    cohort = make_cohort("open")
    assert _found(fq="challenge_cohort:saison-2")["count"] == 0
    call_as(
        factories.Sysadmin(),
        "challenge_participant_create",
        cohort=cohort["id"],
        organization=organization["id"],
    )
    work_in_this_process()
    found = _found(fq="challenge_cohort:saison-2")
    assert [row["id"] for row in found["results"]] == [dataset["id"]]


@pytest.mark.usefixtures("clean_queues")
def test_while_solr_is_down_an_acceptance_is_indexed_later(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Nobody listens at the port that is asked."""
    collectivites()
    cohort = make_cohort("open")
    existing = factories.Organization(siren=BAULE)
    dataset = factories.Dataset(owner_org=existing["id"])
    applications = [apply(cohort, siren) for siren in (BAULE, POINCONNET)]
    sysadmin = factories.Sysadmin()
    redis = connect_to_redis()
    with monkeypatch.context() as patch:
        take_down(patch)
        for application in applications:
            accepted = call_as(
                sysadmin,
                "challenge_application_review",
                id=application["id"],
                decision="accept",
            )
            assert accepted["state"] == "accepted"
        work_in_this_process()
        assert redis.scard(config.redis_key("index", "waiting")) == 2
    assert _found(fq="challenge_cohort:saison-2")["count"] == 0
    search.evaluated(None)
    work_in_this_process()
    found = _found(fq="challenge_cohort:saison-2")
    assert [row["id"] for row in found["results"]] == [dataset["id"]]
    assert not redis.exists(config.redis_key("index", "waiting"))
