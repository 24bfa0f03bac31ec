from __future__ import annotations

import json
from dataclasses import replace

import ckan.plugins.toolkit as tk
import pytest
from ckan import model
from ckan.cli.cli import ckan as ckan_command

from ckanext.challenge.directory import loader
from ckanext.challenge.directory.reader import (
    Collectivite,
    DirectoryFileError,
    Listing,
    read,
    shipped_file,
)
from ckanext.challenge.model import Collectivite as Stored

pytestmark = pytest.mark.usefixtures("with_plugins", "clean_db")

BAULE = Collectivite(
    siren="214500241",
    insee_code="45024",
    name="Baule",
    kind="commune",
    departement="45",
    region="24",
    population=1985,
    epci_siren="200070183",
    postcodes=("45130",),
    vintage=2026,
)
POINCONNET = replace(
    BAULE, siren="213601594", insee_code="36159", name="Le Poinçonnet", departement="36"
)
MIQUELON = replace(
    BAULE,
    siren=None,
    insee_code="97501",
    name="Miquelon-Langlade",
    departement="975",
    region="975",
    population=None,
    epci_siren=None,
    postcodes=(),
)


def _load(*rows, knows_epci=True, memberships=None):
    return loader.load(Listing(rows, knows_epci, memberships or {}))


def _stored():
    model.Session.expire_all()
    return {row.code: row for row in model.Session.query(Stored)}


def test_the_shipped_list_is_stored_once_however_often_it_is_loaded(cli):
    first = cli.invoke(ckan_command, ["challenge", "directory", "load"])
    assert first.exit_code == 0, first.output
    assert "1754 communes and 82 EPCI, vintage 2026: 1836 created" in first.output
    again = cli.invoke(ckan_command, ["challenge", "directory", "load"])
    assert "0 created, 0 updated, 1836 unchanged" in again.output
    assert len(_stored()) == 1836


def test_a_newer_list_updates_and_loses_nobody():
    _load(BAULE, POINCONNET)
    renamed = replace(BAULE, name="Baule-sur-Loire", population=2000, vintage=2027)
    loaded = _load(renamed, replace(MIQUELON, vintage=2027))
    assert (loaded.created, loaded.updated, loaded.missing) == (1, 1, 1)
    stored = _stored()
    assert stored["214500241"].name == "Baule-sur-Loire"
    assert stored["214500241"].search_key == "baule sur loire"
    assert stored["214500241"].population == 2000
    assert stored["214500241"].vintage == 2027
    assert stored["213601594"].vintage == 2026


def test_an_older_list_does_not_undo_a_newer_one():
    _load(replace(BAULE, name="Baule-sur-Loire", vintage=2027))
    loaded = _load(BAULE, POINCONNET)
    assert (loaded.created, loaded.updated, loaded.newer) == (1, 0, 1)
    assert _stored()["214500241"].name == "Baule-sur-Loire"


def test_communes_alone_say_nothing_of_their_epci():
    _load(BAULE)
    _load(replace(BAULE, epci_siren=None), knows_epci=False)
    assert _stored()["214500241"].epci_siren == "200070183"
    _load(replace(BAULE, epci_siren=None))
    assert _stored()["214500241"].epci_siren is None


def test_epci_alone_say_which_communes_are_theirs():
    _load(replace(BAULE, epci_siren=None), POINCONNET)
    _load(
        replace(BAULE, siren="200066280", insee_code=None, kind="cc", epci_siren=None),
        memberships={"214500241": "200066280", "211800339": "200066280"},
    )
    assert _stored()["214500241"].epci_siren == "200066280"
    assert _stored()["213601594"].epci_siren == "200070183"


def test_a_commune_overseas_may_have_no_siren_and_be_given_one_later():
    _load(MIQUELON)
    assert _load(MIQUELON).unchanged == 1
    assert _stored()["97501"].siren is None
    _load(replace(MIQUELON, siren="219750010", vintage=2027))
    stored = _stored()
    assert list(stored) == ["219750010"]
    assert stored["219750010"].insee_code == "97501"


def test_the_national_files_are_loaded_with_their_year(cli, tmp_path):
    communes = tmp_path / "communes.json"
    communes.write_text(
        json.dumps(
            [
                {
                    "code": "45024",
                    "nom": "Baule",
                    "departement": "45",
                    "region": "24",
                    "type": "commune-actuelle",
                    "siren": "214500241",
                    "codesPostaux": ["45130"],
                    "population": 1985,
                }
            ]
        )
    )
    result = cli.invoke(
        ckan_command,
        ["challenge", "directory", "load", str(communes), "--vintage", "2030"],
    )
    assert result.exit_code == 0, result.output
    assert _stored()["214500241"].vintage == 2030


def test_a_broken_file_is_told_and_nothing_is_stored(cli, tmp_path):
    text = shipped_file().read_text("utf-8")
    broken = tmp_path / "broken.csv"
    broken.write_text(text.replace("214500241,45024", "214500242,45024"), "utf-8")
    result = cli.invoke(ckan_command, ["challenge", "directory", "load", str(broken)])
    assert result.exit_code != 0
    assert f"{broken}: line " in result.output
    assert "« 214500242 » is not a SIREN" in result.output
    missing = cli.invoke(ckan_command, ["challenge", "directory", "load", "rien.csv"])
    assert missing.exit_code != 0
    assert "rien.csv: there is no such file" in missing.output
    assert not _stored()


def test_an_interrupted_load_stores_nothing():
    rows = read([shipped_file()])

    def interrupt(_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        loader.load(rows, interrupt)
    assert not _stored()
    assert loader.load(rows).created == 1836


def _replaced() -> dict[str, str]:
    found = tk.get_action("challenge_successor_list")({"user": ""}, {})
    return {row["siren"]: row["successor"] for row in found["results"]}


def test_a_list_says_which_communes_became_one():
    baule_neuve = replace(
        BAULE, siren="211801279", vintage=2027, former_codes=("36159",)
    )
    _load(BAULE, POINCONNET)
    listing = Listing((baule_neuve,), True, {})
    # The same code has a new SIREN, and the code of the other one became its own.
    assert loader.load(listing).replaced == 2
    assert _replaced() == {"214500241": "211801279", "213601594": "211801279"}
    assert loader.load(listing).replaced == 0


def test_an_older_list_replaces_nothing():
    _load(replace(BAULE, siren="211801279", vintage=2027))
    assert _load(BAULE).replaced == 0
    assert _load(replace(BAULE, vintage=2028), replace(POINCONNET)).replaced == 1
    assert _replaced() == {"211801279": "214500241"}


def test_the_national_list_names_the_codes_that_a_commune_had(tmp_path):
    row = {
        "type": "commune-actuelle",
        "code": "45024",
        "siren": "214500241",
        "nom": "Baule",
        "departement": "45",
        "region": "24",
        "population": 1985,
        "codesPostaux": ["45130"],
        "anciensCodes": ["45025", "45026"],
    }
    file = tmp_path / "communes.json"
    file.write_text(json.dumps([row]), "utf-8")
    assert read([file]).former_codes == {"45025": "214500241", "45026": "214500241"}
    file.write_text(json.dumps([{**row, "anciensCodes": "45025"}]), "utf-8")
    with pytest.raises(DirectoryFileError, match="anciensCodes"):
        read([file])


def test_what_no_list_says_is_said_by_hand(cli):
    _load(BAULE, POINCONNET)
    said = cli.invoke(
        ckan_command, ["challenge", "directory", "replaced", "214500241", "213601594"]
    )
    assert said.exit_code == 0, said.output
    assert _replaced() == {"214500241": "213601594"}
    for siren, successor, problem in (
        ("213601594", "214500241", "was itself replaced"),
        ("214500241", "214500241", "by itself"),
        ("214500241", "217500016", "Neither the directory nor"),
        ("214500241", "123", "is not a SIREN"),
    ):
        refused = cli.invoke(
            ckan_command, ["challenge", "directory", "replaced", siren, successor]
        )
        assert refused.exit_code == 1
        assert problem in refused.output, refused.output
    undone = cli.invoke(
        ckan_command, ["challenge", "directory", "replaced", "214500241", "--undo"]
    )
    assert undone.exit_code == 0, undone.output
    assert _replaced() == {}


EPCI = replace(
    BAULE,
    siren="200070183",
    insee_code=None,
    name="CC des Terres du Val de Loire",
    kind="cc",
    epci_siren=None,
)
MERGED = replace(EPCI, siren="244500468", name="CC qui a pris sa place")


def _epci() -> str | None:
    model.Session.expire_all()
    (row,) = model.Session.query(Stored.epci_siren).filter_by(siren=BAULE.siren)
    return row[0]


def test_the_communes_of_an_epci_follow_what_replaced_it(cli):
    listing = Listing((BAULE, EPCI, MERGED), True, {})
    loader.load(listing)
    arguments = ["challenge", "directory", "replaced", EPCI.siren]
    said = cli.invoke(ckan_command, [*arguments, MERGED.siren])
    assert said.exit_code == 0, said.output
    assert _epci() == MERGED.siren
    # The same list again is older than what was said.
    loader.load(listing)
    assert _epci() == MERGED.siren
    cli.invoke(ckan_command, [*arguments, "--undo"])
    loader.load(listing)
    assert _epci() == EPCI.siren


def test_a_commune_follows_no_commune_as_its_epci(cli):
    loader.load(Listing((BAULE, EPCI, POINCONNET), True, {}))
    arguments = ["challenge", "directory", "replaced", EPCI.siren, POINCONNET.siren]
    cli.invoke(ckan_command, arguments)
    assert _epci() == EPCI.siren


def test_an_epci_that_no_commune_belongs_to_any_more_is_named():
    loader.load(Listing((BAULE, EPCI), True, {}))
    newer = [
        replace(one, vintage=2027)
        for one in (replace(BAULE, epci_siren=MERGED.siren), MERGED)
    ]
    assert loader.load(Listing(tuple(newer), True, {})).left == (
        (EPCI.siren, EPCI.name),
    )
