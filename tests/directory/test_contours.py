from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa
from ckan import model
from ckan.cli.cli import ckan as ckan_command
from ckan.tests import factories
from helpers.outlines import square

from ckanext.challenge.common import addresses
from ckanext.challenge.conformity import publishers
from ckanext.challenge.directory import contours, loader
from ckanext.challenge.directory.reader import (
    Collectivite,
    Listing,
    read,
    shipped_file,
)
from ckanext.challenge.domain.boxes import Box
from ckanext.challenge.domain.geojson import ContourError
from ckanext.challenge.model import Contour, ContourMap
from ckanext.challenge.model.contour import boxes, departement_outlines, outlines

pytestmark = pytest.mark.usefixtures("with_plugins", "clean_db")

REAL = Path(
    os.environ.get("CHALLENGE_CONTOURS")
    or Path(__file__).parents[3] / "shared" / "data" / "contours"
)
EPCI = Collectivite(
    siren="200070183",
    insee_code=None,
    name="CC des Terres du Val de Loire",
    kind="cc",
    departement="45",
    region="24",
    population=48000,
    epci_siren=None,
    postcodes=(),
    vintage=2026,
)
BAULE = replace(
    EPCI,
    siren="214500241",
    insee_code="45024",
    name="Baule",
    kind="commune",
    epci_siren="200070183",
    postcodes=("45130",),
)
MEUNG = replace(BAULE, siren="214502031", insee_code="45203", name="Meung-sur-Loire")
POINCONNET = replace(
    BAULE,
    siren="213601594",
    insee_code="36159",
    name="Le Poinçonnet",
    departement="36",
    epci_siren=None,
)
#: The commune's place in a row of squares of a tenth of a degree.
PLACES = {"45024": 0, "45203": 1, "36159": 2, "45204": 3}


def here(*codes):
    return [square(code, PLACES[code]) for code in codes or PLACES]


@pytest.fixture
def directory(with_plugins, clean_db):
    loader.load(
        Listing(
            (EPCI, BAULE, replace(MEUNG, former_codes=("45204",)), POINCONNET),
            True,
            {},
        )
    )


@pytest.fixture
def written(tmp_path):
    def write(*features):
        path = tmp_path / "communes.geojson"
        document = {"type": "FeatureCollection", "features": features}
        path.write_text(json.dumps(document), "utf-8")
        return path

    return write


def _load(path):
    return contours.store(contours.read(path))


def _all():
    model.Session.rollback()
    return {
        (row.level, row.code): row.geometry
        for row in model.Session.query(Contour.level, Contour.code, Contour.geometry)
    }


@pytest.mark.usefixtures("directory")
def test_outlines_are_stored_for_each_level(written):
    assert _load(written(*here()))
    found = _all()
    assert sorted(found) == [
        ("commune", "213601594"),
        ("commune", "214500241"),
        ("commune", "214502031"),
        ("departement", "36"),
        ("departement", "45"),
        ("epci", "200070183"),
    ]
    # Meung has the commune that became a part of it, which lies apart.
    assert found["commune", "214502031"]["type"] == "MultiPolygon"
    assert boxes(["45024", "214502031", "200070183", "99999"]) == {
        "45024": Box(2.0, 47.0, 2.1, 47.1),
        "214502031": Box(2.1, 47.0, 2.4, 47.1),
        "200070183": Box(2.0, 47.0, 2.4, 47.1),
    }
    shape = outlines(["45024"])["45024"]
    assert shape["type"] == "Polygon"
    (ring,) = shape["coordinates"]
    assert ring[0] == ring[-1]
    assert sorted(ring[1:]) == [[2.0, 47.0], [2.0, 47.1], [2.1, 47.0], [2.1, 47.1]]
    assert set(departement_outlines()) == {"36", "45"}
    assert boxes([]) == {}


@pytest.mark.usefixtures("directory", "clean_index")
@pytest.mark.parametrize("numbers", [{"insee_code": "45024"}, {"siren": "200070183"}])
def test_a_publisher_knows_where_its_communes_lie(written, numbers):
    _load(written(*here()))
    organization = factories.Organization(**numbers)
    dataset = factories.Dataset(owner_org=organization["id"])
    resource = factories.Resource(package_id=dataset["id"])
    stored = model.Session.get(model.Resource, resource["id"])
    assert stored is not None
    found = publishers.of(stored).boxes
    assert found["45024"] == Box(2.0, 47.0, 2.1, 47.1)
    assert set(found) == ({"45024"} if "insee_code" in numbers else {"45024", "45203"})


@pytest.mark.usefixtures("directory")
def test_maps_are_made_of_all_and_of_each_departement(written):
    _load(written(*here()))
    maps = {
        (row.level, row.departement): row for row in model.Session.query(ContourMap)
    }
    assert sorted(maps) == [
        ("commune", ""),
        ("commune", "36"),
        ("commune", "45"),
        ("departement", ""),
        ("epci", ""),
        ("epci", "45"),
    ]
    region = maps["commune", ""]
    assert [code for code, _ in region.shapes] == [
        "213601594",
        "214500241",
        "214502031",
    ]
    assert region.width == contours.LONGEST > region.height
    assert dict(region.shapes)["214500241"] == "M250 367l0-367-250 0 0 367z"


@pytest.mark.usefixtures("directory")
def test_loading_again_changes_nothing_and_another_file_takes_the_place(written):
    path = written(*here())
    assert _load(path)
    before = _all()
    assert not _load(path)
    assert _all() == before
    assert _load(written(square("45024", 5), *here("36159")))
    assert ("epci", "200070183") in _all()
    assert ("commune", "214502031") not in _all()
    assert boxes(["45024"]) == {"45024": Box(2.5, 47.0, 2.6, 47.1)}


@pytest.mark.usefixtures("directory")
def test_what_fails_on_the_way_leaves_what_was(written, monkeypatch):
    _load(written(*here()))
    before = _all()
    made = contours.read(written(square("45024", 5)))
    monkeypatch.setattr(
        contours, "_TABLES", (contours._TABLES[0], sa.table("challenge_no_table"))
    )
    with pytest.raises(Exception, match="challenge_no_table"):
        contours.store(made)
    assert _all() == before


@pytest.mark.usefixtures("directory")
def test_a_commune_that_was_replaced_is_a_piece_of_what_replaced_it(written):
    addresses.replace_collectivite("214500241", "214502031")
    model.Session.commit()
    made = contours.read(written(*here("45024", "45203", "36159")))
    assert made.judged.merged == ("45024",)
    assert contours.store(made)
    assert boxes(["214502031"]) == {"214502031": Box(2.0, 47.0, 2.2, 47.1)}


@pytest.mark.usefixtures("directory")
def test_the_command_says_what_it_does_and_can_only_say_it(cli, written):
    path = written(*here(), *here("45024"))
    arguments = ["challenge", "directory", "contours", str(path)]
    dry = cli.invoke(ckan_command, [*arguments, "--dry-run"])
    assert dry.exit_code == 0, dry.output
    assert "3 communes, 1 EPCI and 2 départements, 6 maps" in dry.output
    assert "1 of the file are a part of another commune today: joined (45204)" in (
        dry.output
    )
    assert "1 are in the file more than once: joined (45024)" in dry.output
    assert "Nothing was stored" in dry.output
    assert not _all()
    assert "Stored" in cli.invoke(ckan_command, arguments).output
    assert "Nothing changed" in cli.invoke(ckan_command, arguments).output


@pytest.mark.usefixtures("directory")
def test_what_is_drawn_twice_is_in_the_outline_once(written):
    _load(written(*here()))
    once = _all()
    assert not _load(written(*here(), *here()))
    assert _all() == once


@pytest.mark.usefixtures("directory")
def test_a_hole_as_large_as_its_outline_is_refused(written):
    (feature,) = here("45024")
    feature["geometry"]["coordinates"] *= 2
    with pytest.raises(ContourError, match="nothing of the outline"):
        contours.read(written(feature, *here("36159")))


@pytest.mark.usefixtures("directory")
def test_a_file_that_cannot_be_used_changes_nothing(cli, written):
    path = written(square("35001"), square("35002"))
    result = cli.invoke(ckan_command, ["challenge", "directory", "contours", str(path)])
    assert result.exit_code == 1
    assert f"{path}: the directory does not know 2 of the 2 codes" in result.output
    assert "Load the directory of the region" in result.output
    with pytest.raises(ContourError, match="there is no such file"):
        contours.read(path.with_name("none.geojson"))
    assert not _all()


@pytest.mark.usefixtures("directory")
def test_a_file_of_200_mb_is_refused_before_it_is_read(tmp_path):
    path = tmp_path / "france.geojson"
    with path.open("wb") as stream:
        stream.truncate(200 * 2**20)
    with pytest.raises(ContourError, match="the file has 200 MB, and 150 MB are the"):
        contours.read(path)


def test_a_commune_that_is_not_known_leaves_no_hole_in_its_departement(written):
    listing = read([shipped_file()])
    loader.load(listing)
    known = [row.insee_code or "" for row in listing.rows if row.departement == "45"]
    codes = [code for code in known if code][:16]
    path = written(*(square(code, n) for n, code in enumerate([*codes, "45999"])))
    made = contours.read(path)
    assert "45999" in made.judged.unknown
    (loiret,) = (row for row in made.contours if row["level"] == "departement")
    assert loiret["east"] == pytest.approx(2 + 17 / 10)


@pytest.mark.skipif(not REAL.exists(), reason="needs the file of a region")
def test_the_outlines_of_a_region_of_some_years_ago():
    loader.load(read([shipped_file()]))
    made = contours.read(REAL / "communes-24.geojson")
    assert made.number("commune") == 1754
    assert made.number("departement") == 6
    assert made.without == ()
    assert made.judged.unknown == ()
    (region,) = (
        row
        for row in made.maps
        if (row["level"], row["departement"]) == ("commune", "")
    )
    assert len(json.dumps(region["shapes"])) < 220 * 1024
    assert contours.store(made)
    assert not contours.store(made)
