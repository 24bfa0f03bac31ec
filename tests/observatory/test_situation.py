"""Where a collectivité stands: the law, what it opened, who is around, what is next."""

from __future__ import annotations

import datetime as dt
from typing import Any

import ckan.plugins.toolkit as tk
import pytest
from ckan import model
from ckan.tests import factories
from factories import BAULE, LIGNIERES, POINCONNET, call_as
from helpers.progress import publish
from helpers.region import EPCI, make_town

from benchmarks.statements import sent_statements
from ckanext.challenge.common import addresses
from ckanext.challenge.model import Collectivite, Elsewhere
from ckanext.challenge.observatory import store

pytestmark = pytest.mark.usefixtures("region")


def _show(siren: str) -> dict[str, Any]:
    store.refresh()
    model.Session.commit()
    return call_as(None, "challenge_situation_show", siren=siren)


def _known(siren: str) -> Collectivite:
    found = model.Session.query(Collectivite).filter_by(siren=siren).one()
    assert isinstance(found, Collectivite)
    return found


def test_one_that_has_opened_nothing_has_its_page_too() -> None:
    found = _show(f" {BAULE[:3]} {BAULE[3:]} ")
    known = _known(BAULE)
    row = found["collectivite"]
    assert (row["name"], row["population"]) == (known.name, known.population)
    assert (row["datasets"], row["publishes"], row["organization"]) == (0, False, None)
    assert found["elsewhere"] == []
    assert found["epci"]["siren"] == EPCI
    # The other commune of its EPCI, and not itself.
    assert [one["siren"] for one in found["near"]] == [LIGNIERES[1]]
    assert (found["near_count"], found["near_publishing"]) == (1, 0)


def test_the_duty_comes_with_its_reasons_and_the_other_reading() -> None:
    over = model.Session.query(Collectivite).filter(Collectivite.population > 3500)
    commune = over.filter(Collectivite.kind == "commune").first()
    assert commune and commune.siren
    duty = _show(commune.siren)["duty"]
    assert (duty["status"], duty["rule"]) == ("concerned", "either")
    population = next(one for one in duty["reasons"] if one["number"] == "population")
    assert population["outcome"] == "over"
    assert population["decides"]
    # How many agents it has, nobody has said.
    assert duty["other"] == {"rule": "both", "status": "unknown"}


def test_who_is_around_comes_with_those_that_publish_first() -> None:
    make_town(LIGNIERES[1], 2)
    found = _show(EPCI)
    assert [one["siren"] for one in found["near"]] == [LIGNIERES[1], BAULE]
    assert (found["near_count"], found["near_publishing"]) == (2, 1)
    assert found["epci"] is None
    # Without an EPCI, it is the département.
    around = _show(POINCONNET)["near"]
    assert {one["departement"] for one in around} == {"36"} or not around


def test_the_kits_that_its_like_opened_come_first() -> None:
    size = _known(BAULE).population
    assert size
    _known(LIGNIERES[1]).population = size + 10
    model.Session.commit()
    like = make_town(LIGNIERES[1])
    publish(like["id"], challenge_kit="subventions")
    first, second, *_ = _show(BAULE)["kits"]
    assert (first["kit"], first["number"]) == ("subventions", 1)
    assert first["names"] == [
        {"siren": LIGNIERES[1], "name": _known(LIGNIERES[1]).name}
    ]
    assert second["number"] == 0
    # What it has opened itself is no advice any more.
    own = make_town(BAULE)
    publish(own["id"], challenge_kit="subventions")
    assert "subventions" not in [one["kit"] for one in _show(BAULE)["kits"]]
    # One of another size says nothing of what fits.
    _known(LIGNIERES[1]).population = 60_000
    model.Session.commit()
    publish(like["id"], challenge_kit="deliberations")
    assert all(not one["number"] for one in _show(BAULE)["kits"])


def test_what_is_elsewhere_is_told_by_source() -> None:
    for source, number, day in (
        ("data.gouv.fr", 3, 2),
        ("Autre", 5, 1),
        ("Vide", 0, 3),
    ):
        model.Session.add(
            Elsewhere(
                siren=BAULE,
                source=source,
                number=number,
                counted_on=dt.date(2026, 11, day),
            )
        )
    model.Session.commit()
    found = _show(BAULE)["elsewhere"]
    assert [(one["source"], one["count"]) for one in found] == [
        ("data.gouv.fr", 3),
        ("Autre", 5),
    ]


def test_of_one_that_was_replaced_it_is_the_other() -> None:
    addresses.replace_collectivite(BAULE, POINCONNET)
    model.Session.commit()
    assert _show(BAULE)["collectivite"]["siren"] == POINCONNET


@pytest.mark.parametrize("siren", ["123456789", "x", ""])
def test_what_is_no_siren_is_said(siren: str) -> None:
    with pytest.raises(tk.ValidationError) as refusal:
        call_as(None, "challenge_situation_show", siren=siren)
    assert list(refusal.value.error_dict) == ["siren"]


def test_one_that_nobody_knows() -> None:
    with pytest.raises(tk.ObjectNotFound):
        call_as(None, "challenge_situation_show", siren="732829320")


def test_the_number_of_statements_stays() -> None:
    def count() -> int:
        _show(BAULE)
        with sent_statements() as sent:
            call_as(None, "challenge_situation_show", siren=BAULE)
        return len(sent)

    before = count()
    make_town(LIGNIERES[1], 3)
    own = make_town(BAULE, 3)
    factories.Dataset(owner_org=own["id"])
    # The organizations of all of them are one statement more than those of none.
    assert count() <= before + 1
