from __future__ import annotations

import ckan.plugins.toolkit as tk
import pytest
from ckan.tests.helpers import call_action

from ckanext.challenge.directory import loader
from ckanext.challenge.directory.reader import read, shipped_file


@pytest.fixture(autouse=True)
def region(with_plugins, clean_db):
    loader.load(read([shipped_file()]))


def search(q=None, **kwargs):
    return call_action("challenge_collectivite_search", q=q, **kwargs)


def names(q, **kwargs):
    return [row["name"] for row in search(q, **kwargs)["results"]]


def test_a_place_is_found_however_its_name_is_typed():
    for query, first in {
        "baule": "Baule",
        "LE POINCONNET": "Le Poinçonnet",
        "poinçon": "Le Poinçonnet",
        "argenton sur creuse": "Argenton-sur-Creuse",
        "Argenton-sur-C": "Argenton-sur-Creuse",
        "creuse sur argenton": "Argenton-sur-Creuse",
        "st amand montrond": "Saint-Amand-Montrond",
        "saint amand montrond": "Saint-Amand-Montrond",
        "chatre": "La Châtre",
        "l'ile bouchard": "L'Île-Bouchard",
        "cœur de berry": "CC Coeur de Berry",
        "communauté de communes des terres du val de loire": (
            "CC des Terres du Val de Loire"
        ),
        "tours": "Tours",
        "Mairie d'Artenay": "Artenay",
        "mairie de la chatre": "La Châtre",
        "Ville d'Orléans": "Orléans",
        "commune du poinçonnet": "Le Poinçonnet",
        "ville aux dames": "La Ville-aux-Dames",
        "orleans": "Orléans",
    }.items():
        found = names(query)
        assert found[:1] == [first], (query, found[:3])


def test_homonyms_are_both_found_and_told_apart():
    rows = search("Saint-Maur")["results"]
    assert {row["insee_code"] for row in rows[:2]} == {"18225", "36202"}
    assert len({row["label"] for row in rows[:2]}) == 2
    assert rows[0]["population"] > rows[1]["population"]
    for query in ("saint maur 36", "st-maur 36250"):
        assert [r["insee_code"] for r in search(query)["results"]] == ["36202"], query
    found = search("lignieres")["results"]
    assert [row["name"] for row in found[:2]] == ["Lignières", "Lignières"]
    only = search("lignieres", departement="18")["results"]
    assert {row["departement"] for row in only} == {"18"}


def test_a_place_is_found_by_its_numbers():
    for query in ("45024", "214500241", "214 500 241", "21450024100019", "21450024"):
        assert names(query) == ["Baule"], query
    by_postcode = search("45130")
    assert "Baule" in [row["name"] for row in by_postcode["results"]]
    for row in by_postcode["results"]:
        assert "45130" in [row["insee_code"], *row["postcodes"]], row
    assert by_postcode["count"] == len(by_postcode["results"]) > 1
    assert names("200070183") == ["CC des Terres du Val de Loire"]
    assert names("214500242") == []


def test_a_list_is_paged_and_counted():
    everything = search()
    assert (everything["count"], len(everything["results"])) == (1836, 20)
    epci = search("", kind="cc", limit=100)
    assert {row["kind"] for row in epci["results"]} == {"cc"}
    assert epci["count"] < 82
    indre = search(departement="36", kind="commune", limit=3)
    following = search(departement="36", kind="commune", limit=3, offset=2)
    assert indre["results"][2] == following["results"][0]
    assert search(departement="36", kind="commune", limit=0)["count"] == indre["count"]
    assert search(departement="36", offset=5000)["results"] == []
    assert search(departement="36", offset=5000)["count"] > 200


def test_a_row_says_what_a_form_needs():
    (row,) = search("baule", limit=1)["results"]
    assert row == {
        "siren": "214500241",
        "insee_code": "45024",
        "name": "Baule",
        "kind": "commune",
        "departement": "45",
        "departement_name": "Loiret",
        "region": "24",
        "population": 1985,
        "epci_siren": row["epci_siren"],
        "postcodes": ["45130"],
        "vintage": 2026,
        "label": "Baule (45130)",
    }
    shown = call_action("challenge_collectivite_show", siren="214 500 241")
    assert shown == {**row, "epci_name": "CC des Terres du Val de Loire"}
    epci = call_action("challenge_collectivite_show", siren=row["epci_siren"])
    assert epci["members"] == 25
    assert epci["label"] == "CC des Terres du Val de Loire (45)"


def test_what_is_no_name_finds_nothing():
    for query in (
        "%",
        "_",
        "' OR 1=1 --",
        "\\",
        "🏰",
        "ﷺ",
        "x" * 200,
        "( )",
        "00",
    ):
        assert search(query) == {"count": 0, "results": []}, query


def test_a_wrong_argument_is_named():
    for arguments in (
        {"q": "x" * 201},
        {"kind": "ville"},
        {"departement": "99"},
        {"departement": "<b>"},
        {"limit": "dix"},
        {"limit": -1},
        {"limit": 101},
        {"offset": -1},
    ):
        with pytest.raises(tk.ValidationError) as caught:
            search(**{"q": "baule", **arguments})
        assert list(caught.value.error_dict) == list(arguments)


def test_an_unknown_number_is_not_found_and_a_wrong_one_is_told():
    with pytest.raises(tk.ObjectNotFound):
        call_action("challenge_collectivite_show", siren="999999006")
    for wrong in ("214500242", "Baule", ""):
        with pytest.raises(tk.ValidationError) as caught:
            call_action("challenge_collectivite_show", siren=wrong)
        assert list(caught.value.error_dict) == ["siren"]


def test_anybody_may_search(app):
    answer = app.get("/api/3/action/challenge_collectivite_search?q=baule")
    assert answer.json["result"]["results"][0]["siren"] == "214500241"
    answer = app.get("/api/3/action/challenge_collectivite_show?siren=214500241")
    assert answer.json["result"]["name"] == "Baule"
