from __future__ import annotations

import copy
import gc
import io
import json
import os
import tracemalloc
from pathlib import Path

import pytest

from ckanext.challenge.domain import geojson, outlines
from ckanext.challenge.domain.geojson import ContourError, judge, read

RING = [[2.0, 47.0], [2.1, 47.0], [2.1, 47.1], [2.0, 47.1], [2.0, 47.0]]
BAULE = {
    "type": "Feature",
    "properties": {"code": "45024", "nom": "Baule"},
    "geometry": {"type": "Polygon", "coordinates": [RING]},
}
#: A file of a region, of which nothing is kept here.
REAL = Path(
    os.environ.get("CHALLENGE_CONTOURS")
    or Path(__file__).parents[3] / "shared" / "data" / "contours"
)


def _read(*features, **more):
    document = {"type": "FeatureCollection", **more, "features": list(features)}
    return list(read(io.StringIO(json.dumps(document))))


def _with(**changes):
    feature = copy.deepcopy(BAULE)
    for name, value in changes.items():
        if name == "coordinates":
            feature["geometry"]["coordinates"] = value
        else:
            feature[name] = value
    return feature


def test_a_feature_is_its_code_and_its_rings():
    (found,) = _read(BAULE)
    assert found.code == "45024"
    assert len(found.polygons[0][0]) == 4
    assert found.polygons[0][0].tolist() == [outlines.pack(x, y) for x, y in RING[:-1]]


@pytest.mark.parametrize(
    "properties",
    [
        {"insee": "01004"},
        {"INSEE_COM": " 01004"},
        {"code_insee": 1004},
        {"Code": "01004"},
    ],
)
def test_the_code_has_one_of_several_names(properties):
    assert _read(_with(properties=properties))[0].code == "01004"


def test_several_polygons_and_their_heights_are_read():
    high = [[[x, y, 104.5] for x, y in RING]]
    feature = _with(geometry={"type": "MultiPolygon", "coordinates": [high, [RING]]})
    assert len(_read(feature)[0].polygons) == 2


@pytest.mark.parametrize("geometry", [None, {"type": "Polygon", "coordinates": []}])
def test_no_outline_is_told_later(geometry):
    assert _read(_with(geometry=geometry))[0].polygons == ()


@pytest.mark.parametrize(
    ("feature", "problem"),
    [
        (_with(coordinates=[RING[:-1]]), r"feature 1 \(45024\): a line is open"),
        (_with(coordinates=[RING[:2] + RING[:1]]), "a line is open"),
        (
            _with(coordinates=[[[x * 3e5, y * 1.4e5] for x, y in RING]]),
            "are no degrees: the file has another projection",
        ),
        (
            _with(coordinates=[[[y, x] for x, y in RING]]),
            "outside of metropolitan France: are these longitude, then latitude",
        ),
        (
            _with(properties={"code": "97401"}, coordinates=[[[-21.1, 55.5]] * 4]),
            "outside of France: are these longitude, then latitude",
        ),
        (_with(coordinates=[[[10**400, 47]] * 4]), "are no degrees"),
        (_with(coordinates=[[["2", "47"]] * 4]), "is no point"),
        (_with(coordinates=[[[True, 47]] * 4]), "is no point"),
        (_with(coordinates="none"), "no lists of points"),
        (_with(geometry={"type": "Point", "coordinates": [2, 47]}), "« Point » is no"),
        (_with(properties={"nom": "Baule"}), "feature 1: the INSEE code of the comm"),
        (_with(properties={"code": "24"}), "« 24 » is not an INSEE code"),
        (_with(properties=None), "the INSEE code of the commune is expected"),
        (12, "feature 1: an object is expected"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(feature, problem):
    with pytest.raises(ContourError, match=problem):
        _read(feature)


def test_an_outline_overseas_is_taken():
    ring = [[55.4, -21.0], [55.5, -21.0], [55.5, -20.9], [55.4, -21.0]]
    (found,) = _read(_with(properties={"code": "97411"}, coordinates=[ring]))
    assert found.polygons


@pytest.mark.parametrize(
    "name",
    ["urn:ogc:def:crs:OGC:1.3:CRS84", "EPSG:4326", "urn:ogc:def:crs:EPSG::4326"],
)
def test_degrees_are_taken(name):
    assert _read(BAULE, crs={"type": "name", "properties": {"name": name}})


@pytest.mark.parametrize(
    "crs",
    [
        {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::2154"}},
        {"type": "name", "properties": {"name": "EPSG:43260"}},
        {"type": "link"},
        "EPSG:2154",
    ],
)
def test_another_projection_is_refused(crs):
    with pytest.raises(ContourError, match="degrees of WGS84 are expected"):
        _read(BAULE, crs=crs)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "this is no GeoJSON"),
        ("[]", "this is no GeoJSON"),
        ("{}", "a FeatureCollection with its features is expected"),
        ('{"type": "Topology", "features": []}', "« Topology » is no"),
        ('{"features": []}', "the file has no feature"),
        ('{"features": {}}', "a list of features is expected"),
        ('{"features": [{"properties": ', "no valid JSON"),
        ('{"features": [' + "[" * 100_000, "nested too deeply|no valid JSON"),
        ('{"features": [{"a": NaN}]}', "no valid JSON"),
    ],
)
def test_what_is_no_geojson_is_told(text, problem):
    with pytest.raises(ContourError, match=problem):
        list(read(io.StringIO(text)))


@pytest.mark.seconds(4)
def test_a_large_file_is_read_in_bounded_memory():
    corners = [[2 + n / 1e5, 47.0] for n in range(5_000)]
    line = json.dumps([*corners, [2.1, 47.1], corners[0]])
    feature = (
        '{"type": "Feature", "properties": {"code": "45024"}, "geometry":'
        f' {{"type": "Polygon", "coordinates": [{line}]}}}}'
    )
    text = '{"features": [' + ",".join([feature] * 24) + "]}"
    stream = io.StringIO(text)
    gc.collect()
    tracemalloc.start()
    for _ in read(stream):
        pass
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(text) > 2_000_000
    assert most < 8_000_000


PRESENT = {"45024": "214500241", "36159": "213601594"}


def test_merged_communes_are_pieces_of_what_they_became():
    found = judge(
        {"45024": (1,), "45025": (1,), "36159": ()}, PRESENT, {"45025": "214500241"}
    )
    assert found.pieces == {"214500241": ("45024", "45025")}
    assert (found.merged, found.empty) == (("45025",), ("36159",))


def test_some_unknown_codes_are_told_and_too_many_refused():
    known = {f"450{n:02}": str(n) for n in range(30)}
    areas = dict.fromkeys(known, (1,))
    found = judge({**areas, "45999": (1,)}, known, {})
    assert found.unknown == ("45999",)
    with pytest.raises(ContourError, match=r"1 of the 1 codes .45999.: is this the"):
        judge({"45999": (1,)}, known, {})
    with pytest.raises(ContourError, match="no commune of the file has an outline"):
        judge(dict.fromkeys(known, ()), known, {})


@pytest.mark.skipif(not REAL.exists(), reason="needs the file of a region")
def test_a_real_region_is_simplified_without_losing_anybody():
    with (REAL / "communes-24.geojson").open(encoding="utf-8") as stream:
        areas = {found.code: found.polygons for found in geojson.read(stream)}
    assert len(areas) == 1776
    topology = outlines.Topology(areas)
    everything = topology.joined(areas)
    assert len(everything) == 1
    frame = outlines.Frame(outlines.box([topology.points(everything[0], 0)]), 600)
    paths = [
        frame.path(topology.visible(lines, frame.metres))
        for lines in topology.areas.values()
    ]
    assert all(paths)
    assert sum(map(len, paths)) < 160 * 1024
