from __future__ import annotations

import json

import pytest

from ckanext.challenge.directory.extract import extract, write_csv
from ckanext.challenge.directory.reader import (
    COLUMNS,
    DirectoryFileError,
    read,
    shipped_file,
)

HEADER = ",".join(COLUMNS)
BAULE = "214500241,45024,Baule,commune,45,24,1985,200070183,45130,2026,"
COMMUNE = {
    "code": "45024",
    "nom": "Baule",
    "zone": "metro",
    "departement": "45",
    "region": "24",
    "type": "commune-actuelle",
    "siren": "214500241",
    "codesPostaux": ["45130"],
    "population": 1985,
}
EPCI = {
    "code": "200070183",
    "nom": "CC des Terres du Val de Loire",
    "type": "CC",
    "populationTotale": 48000,
    "membres": [
        {"code": "45024", "siren": "214500241", "populationTotale": 1985},
        {"code": "41173", "siren": "214101735", "populationTotale": 100},
    ],
}


def _csv(tmp_path, *lines, name="liste.csv"):
    path = tmp_path / name
    path.write_text("\n".join([*lines, ""]), encoding="utf-8")
    return path


def _json(tmp_path, name, rows):
    path = tmp_path / name
    path.write_text(json.dumps(rows), encoding="utf-8")
    return path


def test_the_shipped_list_is_region_24():
    rows = read([shipped_file()]).rows
    communes = {r.insee_code: r for r in rows if r.kind == "commune"}
    assert len(communes) == 1754
    assert len(rows) - len(communes) == 82
    assert {r.vintage for r in rows} == {2026}
    assert sum((r.population or 0) > 3500 for r in communes.values()) == 121
    assert communes["45024"].siren == "214500241"
    assert communes["45024"].population == 1985
    assert communes["36159"].name == "Le Poinçonnet"
    assert communes["36006"].postcodes == ("36200",)
    epci = {r.siren for r in rows if r.kind != "commune"}
    assert {r.epci_siren for r in communes.values()} <= epci
    assert {r.region for r in communes.values()} == {"24"}


def test_the_national_files_are_read_in_any_order(tmp_path):
    associated = {**COMMUNE, "type": "commune-associee", "siren": None}
    overseas = {
        **COMMUNE,
        "code": "97501",
        "departement": "975",
        "region": "975",
        "zone": "com",
    }
    del overseas["siren"], overseas["population"], overseas["codesPostaux"]
    communes = _json(tmp_path, "communes.json", [COMMUNE, associated, overseas])
    epci = _json(
        tmp_path,
        "epci.json",
        [
            EPCI,
            {
                **EPCI,
                "code": "200066280",
                "type": "SIVOM",
                "membres": [
                    {"code": "97501", "siren": "213601594", "populationTotale": 3}
                ],
            },
        ],
    )
    listing = read([epci, communes], vintage=2027)
    assert read([communes, epci], vintage=2027) == listing
    first, other, baule, miquelon = listing.rows
    assert (first.kind, first.departement, first.region) == ("cc", "45", "24")
    assert (other.kind, other.departement) == ("autre", "975")
    assert baule.epci_siren == "200070183"
    assert baule.postcodes == ("45130",)
    assert (miquelon.siren, miquelon.population, miquelon.postcodes) == (None, None, ())
    assert {row.vintage for row in listing.rows} == {2027}
    assert listing.knows_epci
    assert not read([communes]).knows_epci


def test_the_year_is_that_of_the_npm_package(tmp_path):
    data = tmp_path / "data"
    data.mkdir()
    package = tmp_path / "package.json"
    package.write_text('{"name": "@etalab/decoupage-administratif", "version":"5.3.0"}')
    communes = _json(data, "communes.json", [COMMUNE])
    assert read([communes]).rows[0].vintage == 2025
    assert read([communes], vintage=2031).rows[0].vintage == 2031


def test_a_region_is_extracted_with_the_epci_that_have_a_member_there(tmp_path):
    baule = {**COMMUNE, "anciensCodes": ["45025", "45026"]}
    elsewhere = {**COMMUNE, "code": "36159", "siren": "213601594", "region": "11"}
    _json(tmp_path, "communes.json", [baule, elsewhere])
    _json(
        tmp_path,
        "epci.json",
        [
            EPCI,
            {
                **EPCI,
                "code": "200066280",
                "membres": [{"code": "36159", "siren": "213601594"}],
            },
        ],
    )
    target = tmp_path / "region.csv"
    assert extract(tmp_path, "24", target, 2026) == 2
    listing = read([target])
    rows = listing.rows
    assert [row.siren for row in rows] == ["200070183", "214500241"]
    assert listing.former_codes == {"45025": "214500241", "45026": "214500241"}
    write_csv(rows, tmp_path / "again.csv")
    assert target.read_bytes() == (tmp_path / "again.csv").read_bytes()


def test_a_file_may_lack_what_later_files_have(tmp_path):
    header, baule = HEADER.removesuffix(",former_codes"), BAULE.removesuffix(",")
    listing = read([_csv(tmp_path, header, baule)])
    assert [row.name for row in listing.rows] == ["Baule"]
    assert listing.former_codes == {}


@pytest.mark.parametrize(
    ("lines", "where", "problem"),
    [
        ([], "line 1", "the columns siren,insee_code"),
        (["siren;name"], "line 1", "the columns siren,insee_code"),
        ([HEADER], "line 2", "no row"),
        ([HEADER, "214500241,45024"], "line 2", "2 values for 11 columns"),
        (
            [HEADER, BAULE, BAULE.replace("214500241", "214500242")],
            "line 3, column siren",
            "« 214500242 » is not a SIREN",
        ),
        ([HEADER, BAULE.replace("214500241", "")], "line 2, column siren", "SIREN"),
        ([HEADER, BAULE, BAULE], "line 3", "is already in"),
        (
            [HEADER, f"{BAULE}45025 4502"],
            "line 2, column former_codes",
            "« 4502 » is not an INSEE code",
        ),
        (
            [HEADER.removesuffix(",vintage,former_codes"), BAULE],
            "line 1",
            "the columns siren,insee_code",
        ),
        ([HEADER + ",more", BAULE + ","], "line 1", "the columns siren,insee_code"),
        (
            [HEADER, BAULE.replace("45024", "4502")],
            "line 2, column insee_code",
            "INSEE",
        ),
        ([HEADER, BAULE.replace("1985", "-3")], "line 2, column population", "-3"),
        ([HEADER, BAULE.replace("45130", "4513")], "line 2, column postcodes", "5 dig"),
        ([HEADER, BAULE.replace("Baule", " ")], "line 2, column name", "missing"),
        ([HEADER, BAULE.replace("Baule", "x" * 201)], "line 2, column name", "200"),
        ([HEADER, BAULE.replace("commune", "ville")], "line 2, column kind", "ville"),
        ([HEADER, BAULE.replace("2026", "26")], "line 2, column vintage", "26"),
        ([HEADER, BAULE.replace("Baule", '"Baule')], "line", "unexpected end of data"),
    ],
)
def test_a_wrong_csv_file_names_the_line_and_what_was_expected(
    tmp_path, lines, where, problem
):
    path = _csv(tmp_path, *lines)
    with pytest.raises(DirectoryFileError) as caught:
        read([path])
    assert str(path) in str(caught.value)
    assert where in str(caught.value)
    assert problem in str(caught.value)


@pytest.mark.parametrize(
    ("content", "where", "problem"),
    [
        ("[{", "line 1, column 3", "nor valid JSON"),
        ("", "line 1", "nor valid JSON"),
        ("[" * 100_000, "", "nested too deeply"),
        ("{}", "$", "a list of communes or EPCI"),
        ("[]", "$", "a list of communes or EPCI"),
        ("[3]", "$[0]", "an object"),
        ('[{"code": "01"}]', "$[0]", "with its code and type"),
        (
            json.dumps([{**COMMUNE, "type": "commune-associee"}]),
            "$",
            "commune-actuelle",
        ),
        (json.dumps([COMMUNE, {**COMMUNE, "siren": "1"}]), "$[1].siren", "« 1 »"),
        (json.dumps([{**COMMUNE, "siren": None}]), "$[0].siren", "« None »"),
        (json.dumps([{**COMMUNE, "codesPostaux": "x"}]), "$[0].codesPostaux", "list"),
        (json.dumps([{**COMMUNE, "population": 1.5}]), "$[0].population", "1.5"),
        (json.dumps([{**COMMUNE, "population": True}]), "$[0].population", "True"),
        (json.dumps([{**COMMUNE, "nom": None}]), "$[0].nom", "missing"),
        (json.dumps([{**EPCI, "code": "123456789"}]), "$[0].code", "« 123456789 »"),
        (json.dumps([{**EPCI, "membres": []}]), "$[0].membres", "list"),
        (
            json.dumps([{**EPCI, "membres": [{"code": "45024"}]}]),
            "$[0].membres[0].siren",
            "SIREN",
        ),
        (
            json.dumps([EPCI, {**EPCI, "code": "200066280"}]),
            "$[1].membres[0].siren",
            "also a member of 200070183",
        ),
    ],
)
def test_a_wrong_json_file_names_the_path_and_what_was_expected(
    tmp_path, content, where, problem
):
    path = tmp_path / "liste.json"
    path.write_text(content)
    with pytest.raises(DirectoryFileError) as caught:
        read([path])
    assert str(path) in str(caught.value)
    assert where in str(caught.value)
    assert problem in str(caught.value)


def test_a_file_that_cannot_be_read_is_named(tmp_path):
    with pytest.raises(DirectoryFileError, match=r"rien\.csv.*no such file"):
        read([tmp_path / "rien.csv"])
    with pytest.raises(DirectoryFileError, match="directory"):
        read([tmp_path])
    latin = tmp_path / "latin.csv"
    latin.write_bytes("é".encode("latin-1"))
    with pytest.raises(DirectoryFileError, match=r"byte 1.*not UTF-8"):
        read([latin])
