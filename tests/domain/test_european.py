"""What data.europa.eu calls things."""

from __future__ import annotations

from importlib import resources

import pytest
import yaml

from ckanext.challenge.directory.departements import departements
from ckanext.challenge.domain import european
from ckanext.challenge.domain.boxes import box_of
from ckanext.challenge.programmes.frequencies import frequencies


def test_each_frequency_of_the_form_has_its_address() -> None:
    addresses = {european.frequency(code) for code in frequencies()}
    assert None not in addresses
    assert len(addresses) == len(frequencies())
    assert european.frequency("annual_2") == (
        "http://publications.europa.eu/resource/authority/frequency/ANNUAL_2"
    )
    assert european.frequency("once in a while") is None


def test_programmes_and_forms_know_all_data_themes() -> None:
    package = resources.files("ckanext.challenge")
    presets = yaml.safe_load((package / "schemas/presets.yaml").read_text("utf-8"))
    (choices,) = (
        preset["values"]["choices"]
        for preset in presets["presets"]
        if preset["preset_name"] == "challenge_theme"
    )
    addresses = european.themes(european.THEMES)
    assert [choice["value"] for choice in choices] == addresses
    path = package / "domain/programme.schema.yaml"
    programme = yaml.safe_load(path.read_text("utf-8"))
    kit = programme["$defs"]["kits"]["items"]["properties"]
    assert tuple(kit["themes"]["items"]["enum"]) == european.THEMES
    assert kit["high_value"]["enum"] == [*european.HIGH_VALUE]


def test_each_departement_is_a_statistical_unit() -> None:
    """But for the territories overseas that are none of the European Union."""
    units = {code: european.nuts(code) for code in departements()}
    assert len(units) - len(set(units.values()) - {None}) == 8
    assert units["45"] == "http://data.europa.eu/nuts/code/FRB06"
    assert units["2A"] and units["974"]
    assert european.nuts(None) is None


@pytest.mark.parametrize("name", ["CSV", ".csv", " csv "])
def test_a_format_however_it_is_written(name: str) -> None:
    found = european.file_type(name)
    assert found and (found.code, found.media_type) == ("CSV", "text/csv")


def test_what_a_vocabulary_does_not_have_is_none() -> None:
    assert european.file_type("Classeur") is None
    assert european.media_type("a table") is None
    assert european.media_type("text/csv; charset=utf-8") == (
        "https://www.iana.org/assignments/media-types/text/csv"
    )
    assert european.language("fr") and european.language("pt_BR")
    assert european.language("oc") is None
    assert european.licence_type("lov2") == (
        "http://purl.org/adms/licencetype/Attribution"
    )
    assert european.licence_type("notspecified") is None


def test_formats_by_what_they_are() -> None:
    machine = european.formats(is_machine_readable=True)
    assert "xlsx" in machine and "pdf" not in machine
    both = european.formats(is_open=True, is_machine_readable=True)
    assert "csv" in both and "xlsx" not in both and "png" not in both


def test_the_box_around_several_islands() -> None:
    islands = {
        "type": "MultiPolygon",
        "coordinates": [
            [[[0, 0], [1, 0], [1, 1], [0, 0]]],
            [[[2, -1], [3, -1], [3, 2], [2, -1]]],
        ],
    }
    assert box_of(islands) == (0, -1, 3, 2)
    assert box_of(islands).centre_wkt == "POINT (1.5000 0.5000)"
    with pytest.raises(ValueError, match="without points"):
        box_of({"coordinates": []})
