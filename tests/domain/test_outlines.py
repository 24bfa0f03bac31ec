from __future__ import annotations

import json

import pytest

from ckanext.challenge.domain import outlines
from ckanext.challenge.domain.boxes import Box
from ckanext.challenge.domain.outlines import Frame, Topology


def square(x, y, width=1.0, height=1.0, steps=4):
    """A square in tenths of a degree, with points between its corners."""
    corners = [(x, y), (x + width, y), (x + width, y + height), (x, y + height)]
    points = []
    for (x1, y1), (x2, y2) in zip(corners, [*corners[1:], corners[0]], strict=True):
        points += [
            (x1 + (x2 - x1) * n / steps, y1 + (y2 - y1) * n / steps)
            for n in range(steps)
        ]
    return outlines.ring((2 + px / 10, 47 + py / 10) for px, py in points)


GRID = {
    f"{column}{row}": [[square(column, row)]] for column in range(3) for row in range(3)
}


def _points(topology, lines, tolerance=0.0):
    return [topology.points(line, tolerance) for line in lines]


def test_a_shared_border_is_one_arc():
    topology = Topology({key: GRID[key] for key in ("00", "10")})
    assert len(topology.arcs) == 3
    (left,), (right,) = topology.areas["00"], topology.areas["10"]
    assert len({arc for arc in left if ~arc in right}) == 1


def test_rings_wound_the_wrong_way_are_neighbours_all_the_same():
    areas = {"00": GRID["00"], "10": [[GRID["10"][0][0][::-1]]]}
    topology = Topology(areas)
    (joined,) = _points(topology, topology.joined(areas))
    assert outlines.area(joined) == 2 * 2 * 1000 * 1000


def test_joined_areas_lose_what_they_share():
    topology = Topology(GRID)
    (joined,) = topology.joined(GRID)
    points = topology.points(joined, 1.0)
    assert outlines.geometry([points])["type"] == "Polygon"
    assert outlines.area(points) == 2 * 9 * 1000 * 1000


def test_an_enclave_is_a_hole_of_what_is_around_it():
    topology = Topology(GRID)
    around = [key for key in GRID if key != "11"]
    found = outlines.geometry(_points(topology, topology.joined(around)))
    assert found["type"] == "Polygon"
    assert len(found["coordinates"]) == 2


def test_areas_that_touch_at_a_corner_are_two_polygons():
    topology = Topology(GRID)
    found = outlines.geometry(_points(topology, topology.joined(["00", "11"])))
    assert found["type"] == "MultiPolygon"
    assert len(found["coordinates"]) == 2
    json.dumps(found)


def test_an_island_and_an_enclave_of_one_piece_have_no_junction():
    hole = square(1, 1)
    topology = Topology(
        {"around": [[square(0, 0, 3, 3), hole[5:] + hole[:5]]], "in": [[hole[::-1]]]}
    )
    assert len(topology.arcs) == 2
    (joined,) = _points(topology, topology.joined(["around", "in"]))
    assert outlines.area(joined) == 2 * 9 * 1000 * 1000


def test_simplified_borders_leave_no_gap_and_lose_nobody():
    # A border that goes up and down, about 550 metres to each side.
    wave = [(2.1, 47 + n / 100) for n in range(11)]
    wave = [(x + (0.005 if n % 2 else -0.005), y) for n, (x, y) in enumerate(wave)]
    left = outlines.ring([(2.0, 47.0), *wave, (2.0, 47.1)])
    right = outlines.ring([(2.2, 47.0), (2.2, 47.1), *reversed(wave)])
    speck = outlines.ring([(2.3, 47), (2.3003, 47), (2.3003, 47.0003)])
    topology = Topology({"left": [[left]], "right": [[right]], "speck": [[speck]]})
    shown = {key: topology.visible(topology.areas[key], 1000) for key in topology.areas}
    assert len(shown["left"][0]) < len(left)
    assert set(shown["left"][0]) & set(shown["right"][0]) == {
        outlines.pack(*wave[0]),
        outlines.pack(*wave[-1]),
    }
    assert outlines.area(shown["speck"][0]) > 0


@pytest.mark.parametrize(
    ("tolerance", "kept"), [(0.0, 5), (50.0, 4), (500.0, 3), (2000.0, 2)]
)
def test_weights_are_the_tolerance_up_to_which_a_point_is_kept(tolerance, kept):
    line = [(2, 47), (2.01, 47.0002), (2.02, 47.01), (2.03, 47.0052), (2.04, 47)]
    found = outlines.weights([outlines.pack(*point) for point in line])
    assert sum(weight > tolerance for weight in found) == kept


def test_a_box_holds_what_is_near_it():
    box = outlines.box([square(0, 0)])
    assert box == Box(2.0, 47.0, 2.1, 47.1)
    assert box.holds(2.05, 47.05)
    assert not box.holds(2.11, 47.05)
    assert box.holds(2.11, 47.05, margin=0.02)


def test_a_picture_is_as_high_as_the_land_is_long():
    frame = Frame(Box(2.0, 47.0, 3.0, 48.0), 600)
    assert frame.height == pytest.approx(600 / 0.6756, abs=2)
    assert frame.place(outlines.pack(2.0, 48.0)) == (0, 0)
    assert frame.place(outlines.pack(3.0, 47.0)) == (600, frame.height - 1)


def test_paths_are_relative_whole_numbers_and_never_empty():
    frame = Frame(Box(2.0, 47.0, 2.3, 47.3), 600)
    assert frame.path([square(0, 0, steps=1)]) == "M0 882l200 0 0-294-200 0z"
    speck = outlines.ring([(2.0, 47.3), (2.0001, 47.3), (2.0001, 47.2999)])
    assert frame.path([speck]) == "M0 0h1v1h-1z"


def test_what_is_smaller_than_the_grid_is_no_ring():
    assert not outlines.ring([(2, 47), (2.00001, 47), (2.00001, 47.00001), (2, 47)])
    assert not outlines.ring([(2, 47), (2.1, 47), (2.2, 47), (2, 47)])
