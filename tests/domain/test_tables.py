"""Where a table is in a sheet."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ckanext.challenge.domain import tables
from ckanext.challenge.domain.matching import Field, Vocabulary

WORDS = Vocabulary(
    [
        Field("nom", "Nom de l'association"),
        Field("objet", "Objet de l'aide"),
        Field("montant", "Montant", type="number"),
        Field("date", "Date du conseil", type="date"),
        Field("pour", "Votes pour"),
        Field("contre", "Votes contre"),
    ]
)
HEADER = ["Nom de l'association", "Objet de l'aide", "Montant", "Date du conseil"]
BODY = [
    ["Chorale", "Concert", "100", "2025-01-01"],
    ["Club", "Tournoi", "200", "2025-01-02"],
    ["Amicale", "Sortie", "300", "2025-01-03"],
]


def _rows(*rows: list[str]) -> list[list[str]]:
    return list(rows)


def _found(
    rows: list[list[str]], merged: tuple[tables.Merged, ...] = ()
) -> tables.Header:
    header = tables.find_header(rows, WORDS.best, merged)
    assert header
    return header


def _left(rows: list[list[str]]) -> tuple[list[int], dict[int, str]]:
    kept, left = tables.sort_rows(rows, _found(rows))
    return kept, {one.row: one.why for one in left}


TITLES = [["Commune de X"], ["Subventions versées – exercice 2025"], []]


@pytest.mark.parametrize("above", range(4))
def test_titles_stand_above_a_header(above: int) -> None:
    header = _found([*TITLES[:above], HEADER, *BODY])
    assert (header.row, header.lines, header.sure) == (above, 1, True)


def test_a_header_in_two_rows() -> None:
    rows = _rows(
        ["Nom de l'association", "Votes", "", "Montant"],
        ["", "pour", "contre", ""],
        ["Chorale", "3", "4", "5"],
    )
    header = _found(rows, (((0, 1), (0, 2)),))
    assert (header.row, header.lines) == (1, 2)
    assert header.labels[0::3] == ("Nom de l'association", "Montant")
    assert [WORDS.named(label) for label in header.labels] == [
        "nom",
        "pour",
        "contre",
        "montant",
    ]
    assert _found(rows).labels == header.labels


def test_a_group_of_columns_above_a_whole_header_is_no_part_of_it() -> None:
    header = _found(_rows(["Identité", "", "Aide", ""], HEADER, *BODY))
    assert (header.row, header.lines) == (1, 1)


def test_words_cut_by_a_line_break_are_one_label() -> None:
    header = _found(_rows(["Nom de\nl'association", "Objet de l'aide"], ["a", "b"]))
    assert header.labels[0] == "Nom de l'association"


def test_a_person_says_where_the_header_is() -> None:
    rows = _rows(["a", "b"], ["c", "d"], ["e", "f"])
    header = tables.find_header(rows, WORDS.best, at=1)
    assert header and header.labels == ("c", "d")
    assert tables.find_header(rows, WORDS.best, at=7) is None


def test_without_known_names_the_first_wide_row_of_texts_is_shown_as_a_guess() -> None:
    header = _found(_rows(["Titre"], ["x", "y", "z"], ["1", "2", "3"], ["4", "5", "6"]))
    assert (header.row, header.sure) == (1, False)


def test_totals_notes_and_signatures_are_left_out() -> None:
    rows = [
        HEADER,
        *BODY[:2],
        ["Sous-total", "", "300", ""],
        BODY[2],
        ["TOTAL GÉNÉRAL", "", "600", ""],
        [],
        ["Fait à X, le 3 mars 2025"],
        ["Le maire"],
        [],
    ]
    kept, left = _left(rows)
    assert kept == [1, 2, 4]
    assert left == {3: "total", 5: "total", 6: "empty", 7: "note", 8: "note"}


def test_a_sum_without_a_word_is_a_total() -> None:
    assert _left([HEADER, *BODY, ["", "", "600", ""]])[1] == {4: "total"}
    assert _left([HEADER, *BODY, ["", "", "601", ""]])[1] == {}


def test_headings_within_and_repeated_headers_are_left_out() -> None:
    rows = [HEADER, BODY[0], ["Associations sportives"], HEADER, *BODY[1:]]
    kept, left = _left(rows)
    assert kept == [1, 4, 5]
    assert left == {2: "section", 3: "header"}


@pytest.mark.parametrize("blank", [[], [[]]], ids=["at once", "after an empty row"])
@pytest.mark.parametrize("filled", [2, 3])
def test_rows_that_fill_several_columns_are_data_wherever_they_stand(
    filled: int, blank: list[list[str]]
) -> None:
    wide = [f"Colonne {number}" for number in range(len(HEADER), 8)]
    full = [[*row, *"abcd"] for row in BODY]
    begun = ["Comité", "Fête", "2025-02-01"][:filled]
    header = [*HEADER, *wide]
    kept, left = _left([header, *full, *blank, begun, [], ["Le maire"]])
    assert len(kept) == 4
    assert set(left.values()) == {"empty", "note"}
    assert len(_left([header, full[0], begun, *full[1:]])[0]) == 4


def test_a_name_that_begins_like_a_total_is_data() -> None:
    rows = [HEADER, *BODY, ["Total Énergies", "Course", "50", "2025-01-04"]]
    assert _left(rows)[1] == {}


def test_what_was_left_out_is_taken_back() -> None:
    rows = [HEADER, *BODY, ["Total", "", "600", ""]]
    kept, left = tables.sort_rows(rows, _found(rows), frozenset({4}))
    assert (kept, left) == ([1, 2, 3, 4], [])


def test_labels_are_unique_and_unnamed_columns_have_their_letter() -> None:
    labels = ["Nom", "", "Nom", "", "Nom"]
    assert tables.unique(labels, [True, True, True, False, True]) == [
        "Nom",
        "(B)",
        "Nom (2)",
        "",
        "Nom (3)",
    ]


def test_thousands_of_columns_of_one_name_are_named_in_no_time() -> None:
    labels = ["a (2)", *["a"] * 5_000]
    named = tables.unique(labels, [True] * len(labels))
    assert named[:4] == ["a (2)", "a", "a (3)", "a (4)"]
    assert len(set(named)) == len(labels)


@given(st.lists(st.lists(st.text(max_size=8), max_size=5), max_size=12))
def test_no_row_is_lost(rows: list[list[str]]) -> None:
    header = tables.find_header(rows, WORDS.best)
    if header is None:
        return
    kept, left = tables.sort_rows(rows, header)
    told = {*kept, *(one.row for one in left)}
    below = set(range(header.row + 1, len(rows)))
    assert told <= below
    assert not any(cell.strip() for number in below - told for cell in rows[number])
