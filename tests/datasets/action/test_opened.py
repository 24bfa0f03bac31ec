"""What is opened, by territory, kit, theme and quality: in few statements."""

from __future__ import annotations

import datetime as dt
from typing import Any

import ckan.plugins.toolkit as tk
import pytest
from ckan import model
from ckan.tests import factories
from factories import BAULE, LIGNIERES, call_as, collectivites
from helpers.progress import make_award

from benchmarks.statements import sent_statements
from ckanext.challenge.model import Award, Collectivite, Conformity

pytestmark = pytest.mark.usefixtures("with_plugins", "clean_db", "clean_index")

EPCI = "200035764"


@pytest.fixture
def world() -> dict[str, Any]:
    """Two communes, one of them in an EPCI that publishes too."""
    collectivites()
    model.Session.add(
        Collectivite(
            siren=EPCI,
            name="Terres du Val de Loire",
            kind="cc",
            departement="45",
            region="24",
            population=50000,
            postcodes=[],
            vintage=2026,
            search_key="terres du val de loire",
        )
    )
    baule = model.Session.query(Collectivite).filter_by(siren=BAULE).one()
    baule.epci_siren = EPCI
    model.Session.commit()
    return {
        siren: factories.Organization(name=f"org-{siren}", siren=siren)
        for siren in (BAULE, LIGNIERES[0], EPCI)
    }


def _dataset(owner: dict[str, Any], name: str, **fields: Any) -> dict[str, Any]:
    return factories.Dataset(owner_org=owner["id"], name=name, **fields)


def _names(**wanted: Any) -> list[str]:
    found = call_as(None, "challenge_dataset_list", **wanted)
    assert found["count"] == len(found["results"])
    return [row["name"] for row in found["results"]]


def test_a_place_has_what_lies_in_it(world: dict[str, Any]) -> None:
    _dataset(world[BAULE], "baule")
    _dataset(world[LIGNIERES[0]], "lignieres")
    _dataset(world[EPCI], "epci", challenge_kit="budget")
    _dataset(world[EPCI], "pour-baule", published_for="45024")
    _dataset(world[BAULE], "secret", private=True)
    assert _names() == ["pour-baule", "epci", "lignieres", "baule"]
    assert _names(departement="45") == ["pour-baule", "epci", "baule"]
    assert _names(departement="18") == ["lignieres"]
    assert _names(epci=EPCI) == ["pour-baule", "epci", "baule"]
    # What another publishes for it is the commune's, too.
    assert _names(collectivite=BAULE) == ["pour-baule", "baule"]
    assert _names(kit="budget", departement="45") == ["epci"]
    shown = call_as(
        None, "challenge_dataset_list", collectivite=BAULE, kit="budget", facets=True
    )
    assert shown["about"]["collectivite"] == "Baule"
    facets = shown["facets"]
    assert {row["value"] for row in facets["departement"]} == {"45", "18"}
    assert facets["epci"] == [{"value": EPCI, "title": "Terres du Val de Loire"}]
    assert not facets["theme"]
    group = factories.Group(title="Enfance")
    call_as(
        factories.Sysadmin(),
        "member_create",
        id=group["id"],
        object="epci",
        object_type="package",
        capacity="public",
    )
    assert _names(theme=group["name"]) == ["epci"]


def test_the_quality_is_that_of_this_moment(app: Any, world: dict[str, Any]) -> None:
    owner = world[BAULE]
    now = dt.datetime.now(dt.timezone.utc).replace(tzinfo=None).isoformat()
    poor = _dataset(owner, "poor", resources=[{"url": "https://example.org/a.csv"}])
    good = _dataset(
        owner,
        "good",
        frequency="annual",
        resources=[
            {
                "url": "https://example.org/b.csv",
                "format": "csv",
                "schema": "scdl/deliberations",
                "last_modified": now,
            }
        ],
    )
    resource = good["resources"][0]["id"]
    model.Session.query(Conformity).filter_by(resource_id=resource).delete()
    model.Session.add(
        Conformity(resource_id=resource, schema="scdl/deliberations", status="valid")
    )
    model.Session.commit()
    make_award(
        owner["id"],
        "premiere-publication",
        criteria={
            "met": [
                {"measure": "datasets_public", "datasets": [good["id"], poor["id"]]},
                {"measure": "described_share", "datasets": [good["id"]]},
                {
                    "measure": "fresh_share",
                    "assurance": "declared",
                    "datasets": [poor["id"]],
                },
            ]
        },
    )
    for quality in ("conforming", "fresh", "verified"):
        assert _names(quality=quality) == ["good"], quality
    rows = call_as(None, "challenge_dataset_list")["results"]
    told = {row["name"]: (row["conforming"], row["verified"]) for row in rows}
    assert told == {"good": (True, True), "poor": (False, False)}
    assert next(row for row in rows if row["name"] == "good")["formats"] == ["CSV"]
    tally = call_as(None, "challenge_dataset_list", organization=owner["name"], tally=1)
    assert tally["tally"] == {"conforming": 1, "fresh": 1, "verified": 1}
    page = app.get("/en/dataset/good").body
    for text in ("What these data are worth", "follows its national schema", "Counted"):
        assert text in page, text
    assert "What these data are worth" not in app.get("/en/dataset/poor").body
    page = app.get(f"/en/organization/{owner['name']}").body
    path = f"/en/challenge/data?organization={owner['name']}"
    assert f'href="{path}&amp;quality=verified">1</a>' in page
    assert "/dataset/good" in app.get(f"{path}&quality=verified").body
    model.Session.query(Award).update({"state": "revoked"})
    model.Session.commit()
    assert not _names(quality="verified")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("departement", "99"),
        ("departement", "' OR 1=1"),
        ("epci", "123"),
        ("epci", BAULE),
        ("collectivite", "552100554"),
        ("kit", "inconnu"),
        ("theme", "inconnu"),
        ("quality", "excellent"),
        ("limit", "-1"),
    ],
)
def test_nonsense_is_said(world: dict[str, Any], field: str, value: str) -> None:
    with pytest.raises(tk.ValidationError) as caught:
        call_as(None, "challenge_dataset_list", **{field: value})
    assert field in caught.value.error_dict


def test_more_datasets_are_no_more_statements(world: dict[str, Any]) -> None:
    def sent() -> int:
        with sent_statements() as statements:
            call_as(None, "challenge_dataset_list", departement="45", facets=True)
        return len(statements)

    _dataset(world[BAULE], "first")
    sent()
    few = sent()
    for number in range(5):
        _dataset(world[EPCI], f"more-{number}")
    assert sent() == few
