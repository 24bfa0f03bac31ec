"""What is mended in a column, what is asked, and what stays."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ckanext.challenge.domain import cell_values, mending
from ckanext.challenge.domain.matching import Field
from ckanext.challenge.domain.mending import Repair, mend

DATE = Field("jour", type="date")
NUMBER = Field("montant", type="number")
WHOLE = Field("nombre", type="integer")
SHARE = Field("part", type="number", constraints={"maximum": 1, "minimum": 0.01})
YESNO = Field("oui", type="boolean", true_values=("oui",), false_values=("non",))
SIRET = Field("siret", kind="siret", constraints={"pattern": r"^\d{14}$"})
INSEE = Field("insee", kind="insee", constraints={"pattern": r"^\d{5}$"})
PHONE = Field("tel", kind="phone", constraints={"pattern": r"^(\+33|\+590)(\d){6,9}$"})
ENUM = Field(
    "nature",
    constraints={"enum": ["aide en numéraire", "aide en nature"]},
    values={"numéraire": "aide en numéraire"},
)
POINT = Field("point", type="geopoint", format="array")
PERIOD = Field(
    "periode", kind="period", constraints={"pattern": r"\d{4}-\d\d-\d\d(/\S{10})?"}
)
NAME = Field("prenom", constraints={"pattern": "[A-ZÉ][a-zé]+(-[A-ZÉ][a-zé]+)?"})
FREE = Field("objet")
LATITUDE = Field("lat", type="number", kind="latitude")


def _one(repairs: list[Repair], kind: str) -> Repair:
    (found,) = [one for one in repairs if one.kind == kind]
    return found


@pytest.mark.parametrize(
    ("field", "before", "after"),
    [
        (DATE, "31/12/2022", "2022-12-31"),
        (DATE, "31-12-22", "2022-12-31"),
        (DATE, "31.12.1998", "1998-12-31"),
        (DATE, "2022/12/31", "2022-12-31"),
        (DATE, "20221231", "2022-12-31"),
        (DATE, "1er mars 2025", "2025-03-01"),
        (DATE, "mercredi 12 mars 2025", "2025-03-12"),
        (DATE, "Le 3 févr. 2025", "2025-02-03"),
        (DATE, "12-août-25", "2025-08-12"),
        (DATE, "45728", "2025-03-12"),
        (DATE, "2025-03-12 18:30", "2025-03-12"),
        (DATE, "2025-03-12T00:00:00Z", "2025-03-12"),
        (DATE, "13/05/2025 à 18h30", "2025-05-13"),
        (DATE, "05/05/2025", "2025-05-05"),
        (DATE, " 2025-03-12\u00a0", "2025-03-12"),
        (NUMBER, "1 500,00 €", "1500.00"),
        (NUMBER, "1\u202f500,5", "1500.5"),
        (NUMBER, "1\u00a0500 EUR", "1500"),
        (NUMBER, "1.234,56", "1234.56"),
        (NUMBER, "1,234.56", "1234.56"),
        (NUMBER, "\u221212,5", "-12.5"),
        (NUMBER, "(12,50)", "-12.50"),
        (NUMBER, "45 %", "45"),
        (WHOLE, "12,00", "12"),
        (WHOLE, "1 500", "1500"),
        (NUMBER, "12 345 678", "12345678"),
        (NUMBER, "- 1 500 , 5 €", "-1500.5"),
        (NUMBER, "1'500’000", "1500000"),
        (LATITUDE, "47.860 ", "47.860"),
        (SHARE, "45 %", "0.45"),
        (SHARE, "0,5", "0.5"),
        (LATITUDE, "47,860", "47.860"),
        (YESNO, "Oui", "oui"),
        (YESNO, "VRAI", "oui"),
        (YESNO, "X", "oui"),
        (YESNO, "0", "non"),
        (ENUM, "AIDE EN NUMERAIRE", "aide en numéraire"),
        (ENUM, "Numéraire", "aide en numéraire"),
        (ENUM, "aide en nume\u0301raire", "aide en numéraire"),
        (ENUM, "aide en numÃ©raire", "aide en numéraire"),
        (ENUM, "aide  en\u00a0nature ", "aide en nature"),
        (SIRET, "214 500 241 00010", "21450024100010"),
        (SIRET, "21450024100010.0", "21450024100010"),
        (SIRET, "5450057400006", "05450057400006"),
        (INSEE, "1004", "01004"),
        (INSEE, "45 024", "45024"),
        (PHONE, "02 38 00 00 00", "+33238000000"),
        (PHONE, "238000000", "+33238000000"),
        (PHONE, "0590 12 34 56", "+590590123456"),
        (PERIOD, "du 01/02/2025 au 31/12/2025", "2025-02-01/2025-12-31"),
        (POINT, "47.86, 1.71", "[1.71,47.86]"),
        (POINT, "1,71;47,86", "[1.71,47.86]"),
        (POINT, "[47.86,1.71]", "[1.71,47.86]"),
        (NAME, "LOUISE", "Louise"),
        (NAME, "jean-Marie", "Jean-Marie"),
        (FREE, " Fête  du jeu\u00a0: suite \u200b", "Fête  du jeu\u00a0: suite"),
        (FREE, "e\u0301te\u0301", "été"),
    ],
)
def test_what_has_one_result_is_mended(field: Field, before: str, after: str) -> None:
    # A day above 12 says which is the day of the others.
    texts = [before, "31/12/2000"] if field is DATE else [before]
    mended, repairs = mend(texts, field)
    assert mended[0] == after
    assert repairs and all(one.applied and not one.question for one in repairs)
    again, more = mend(mended, field)
    assert (again, more) == (mended, [])


@pytest.mark.parametrize(
    ("field", "text"),
    [
        (DATE, "2025-03-12"),
        (DATE, ""),
        (NUMBER, "1500"),
        (NUMBER, "1.500"),
        (NUMBER, "1500.00"),
        (WHOLE, "0"),
        (SHARE, "0.45"),
        (YESNO, "non"),
        (ENUM, "aide en nature"),
        (SIRET, "21450024100010"),
        (INSEE, "01004"),
        (POINT, "[1.71, 47.86]"),
        (POINT, "[100.5,47.86]"),
        (NAME, "Louise"),
        (FREE, "12/03/2025 : 1 500,00 €"),
    ],
)
def test_a_right_cell_stays(field: Field, text: str) -> None:
    assert mend([text], field) == ([text], [])


@pytest.mark.parametrize(
    ("field", "text"),
    [
        (DATE, "mars 2025"),
        (DATE, "2025"),
        (DATE, "31/02/2025"),
        (DATE, "séance annulée"),
        (NUMBER, "NC"),
        (NUMBER, "12 k€"),
        (NUMBER, "12 15"),
        (NUMBER, "4 500 2 300"),
        (NUMBER, "1500 250"),
        (NUMBER, "1 2345"),
        (NUMBER, "12,50 300"),
        (NUMBER, "12'15"),
        (SHARE, "12 15 %"),
        (WHOLE, "12 15"),
        (Field("code", type="integer", constraints={"pattern": r"\d+"}), "12 15"),
        (WHOLE, "12,5"),
        (SIRET, "1450024100019"),
        (SIRET, "214500241"),
        (ENUM, "prêt"),
        (YESNO, "peut-être"),
        (PHONE, "mairie"),
        (POINT, "nulle part"),
        (NAME, "Louise 2"),
    ],
)
def test_what_cannot_be_known_stays(field: Field, text: str) -> None:
    mended, repairs = mend([text], field)
    assert mended == [text]
    assert not any(one.applied for one in repairs)


def test_days_are_decided_by_the_column() -> None:
    mended, repairs = mend(["03/04/2025", "12/13/2025"], DATE)
    assert mended == ["2025-03-04", "2025-12-13"]
    assert _one(repairs, "dates").cells == 2
    mended, _ = mend(["03/04/2025", "13/12/2025"], DATE)
    assert mended == ["2025-04-03", "2025-12-13"]


def test_a_day_that_no_cell_decides_is_asked_once_with_both_readings() -> None:
    texts = ["03/04/2025", "05/06/2025", "03/04/2025", "07/07/2025", "2025-01-02"]
    mended, repairs = mend(texts, DATE)
    asked = _one(repairs, "day-order")
    assert mended == [*texts[:3], "2025-07-07", texts[4]]
    assert (asked.cells, asked.applied, asked.key) == (3, False, "jour:day-order")
    assert asked.question and asked.question.code == "day-or-month"
    assert {
        reading.key: [example.after for example in reading.examples]
        for reading in asked.question.readings
    } == {
        "day-first": ["2025-04-03", "2025-06-05"],
        "month-first": ["2025-03-04", "2025-05-06"],
    }


@pytest.mark.parametrize(
    ("answer", "after"),
    [
        ("day-first", "2025-04-03"),
        ("month-first", "2025-03-04"),
        (True, "2025-04-03"),
        (False, "03/04/2025"),
        ("other", "03/04/2025"),
    ],
)
def test_an_answer_is_applied(answer: Any, after: str) -> None:
    mended, repairs = mend(["03/04/2025"], DATE, {"jour:day-order": answer})
    assert mended == [after]
    assert _one(repairs, "day-order").applied is (after != "03/04/2025")


def test_days_that_contradict_each_other_are_asked() -> None:
    mended, repairs = mend(["13/05/2025", "05/13/2025", "03/04/2025"], DATE)
    assert mended == ["2025-05-13", "2025-05-13", "03/04/2025"]
    assert _one(repairs, "day-order").cells == 1


def test_a_comma_is_decided_by_the_column_or_asked() -> None:
    assert mend(["3,000", "1,5"], NUMBER)[0] == ["3.000", "1.5"]
    assert mend(["3,000", "1,234.50"], NUMBER)[0] == ["3000", "1234.50"]
    mended, repairs = mend(["3,000"], NUMBER)
    asked = _one(repairs, "number-style")
    assert mended == ["3,000"]
    assert asked.question and asked.question.code == "comma"
    chosen = {"montant:number-style": "thousands"}
    assert mend(["3,000"], NUMBER, chosen)[0] == ["3000"]


@pytest.mark.parametrize(
    ("field", "texts", "thousands", "decimals"),
    [
        (
            NUMBER,
            ["1.500,00 €", "2.300 €", "12.000 €", "450,00 €", "3.100"],
            ["1500.00", "2300", "12000", "450.00", "3100"],
            ["1500.00", "2.300", "12.000", "450.00", "3.100"],
        ),
        (NUMBER, ["2.300 €", "12.000"], ["2300", "12000"], ["2.300", "12.000"]),
        (NUMBER, ["450,00", "2.300"], ["450.00", "2300"], ["450.00", "2.300"]),
        (WHOLE, ["12.000", "12.345"], ["12000", "12345"], ["12", "12.345"]),
        (WHOLE, ["1.000"], ["1000"], ["1"]),
    ],
)
def test_a_dot_before_three_digits_is_asked(
    field: Field, texts: list[str], thousands: list[str], decimals: list[str]
) -> None:
    mended, repairs = mend(texts, field)
    asked = _one(repairs, "dot-style")
    assert asked.question and asked.question.code == "dot"
    assert not asked.applied
    sure = ("1.500,00 €", "450,00 €", "450,00")
    for before, now in zip(texts, mended, strict=True):
        assert before in sure or now == before
    for answer, after in (
        ("thousands", thousands),
        ("decimals", decimals),
        # What is proposed.
        (True, thousands),
    ):
        assert mend(texts, field, {asked.key: answer})[0] == after


def test_a_dot_that_others_show_to_be_decimal_is_proposed_as_one() -> None:
    texts = ["450.25 €", "2.300 €"]
    mended, repairs = mend(texts, NUMBER)
    assert mended == ["450.25", "2.300 €"]
    key = _one(repairs, "dot-style").key
    assert mend(texts, NUMBER, {key: True})[0] == ["450.25", "2.300"]


def test_a_dot_and_a_comma_are_asked_apart() -> None:
    texts = ["2.300 €", "1,500"]
    mended, repairs = mend(texts, NUMBER)
    assert mended == texts
    chosen = {
        _one(repairs, "dot-style").key: "thousands",
        _one(repairs, "number-style").key: "decimals",
    }
    assert mend(texts, NUMBER, chosen)[0] == ["2300", "1.500"]


def test_a_comma_in_a_whole_number_is_decided_by_the_column_or_asked() -> None:
    assert mend(["3,000", "1,50"], WHOLE)[0] == ["3", "1,50"]
    mended, repairs = mend(["1,000"], WHOLE)
    assert mended == ["1,000"]
    key = _one(repairs, "number-style").key
    assert mend(["1,000"], WHOLE, {key: "thousands"})[0] == ["1000"]
    assert mend(["1,000"], WHOLE, {key: "decimals"})[0] == ["1"]


def test_numbers_beside_each_other_with_three_decimals_stay() -> None:
    assert mend(["12.345", "2.300"], NUMBER) == (["12.345", "2.300"], [])


@pytest.mark.parametrize("field", [SIRET, FREE, NUMBER])
def test_digits_that_excel_threw_away_are_never_guessed(field: Field) -> None:
    mended, repairs = mend(["2,14502E+13"], field, {"siret:lost-digits": True})
    lost = _one(repairs, "lost-digits")
    assert mended == ["2,14502E+13"]
    assert (lost.applied, lost.examples[0].after) == (False, None)
    assert lost.question and lost.question.code == "lost-digits"


def test_a_near_miss_is_proposed_and_not_taken() -> None:
    mended, repairs = mend(["aide en numérére"], ENUM)
    near = _one(repairs, "near-values")
    assert mended == ["aide en numérére"]
    assert (near.applied, near.examples[0].after) == (False, "aide en numéraire")
    assert mend(mended, ENUM, {near.key: True})[0] == ["aide en numéraire"]


def test_a_number_that_may_be_a_percentage_is_asked() -> None:
    mended, repairs = mend(["45", "0.5"], SHARE)
    assert mended == ["45", "0.5"]
    key = _one(repairs, "percent").key
    assert mend(mended, SHARE, {key: True})[0] == ["0.45", "0.5"]


def test_empty_cells_among_crosses_are_asked() -> None:
    mended, repairs = mend(["x", "", "X"], YESNO)
    assert mended == ["oui", "", "oui"]
    key = _one(repairs, "empty-cells").key
    assert mend(["x", "", "X"], YESNO, {key: True})[0] == ["oui", "non", "oui"]


def test_a_repair_says_how_many_cells_and_shows_three() -> None:
    texts = [f"{number:02}/12/2024" for number in range(1, 31)]
    _, (repair,) = mend(texts, DATE)
    assert (repair.cells, repair.key) == (30, "jour:dates")
    assert [(one.row, one.before, one.after) for one in repair.examples] == [
        (0, "01/12/2024", "2024-12-01"),
        (1, "02/12/2024", "2024-12-02"),
        (2, "03/12/2024", "2024-12-03"),
    ]


def test_a_repair_can_be_refused() -> None:
    mended, (repair,) = mend(["31/12/2022"], DATE, {"jour:dates": False})
    assert (mended, repair.applied) == (["31/12/2022"], False)
    mended, (repair,) = mend(["31/12/2022"], DATE, willing=False)
    assert (mended, repair.applied) == (["31/12/2022"], False)


def test_latitudes_and_longitudes_are_exchanged_together_or_not_at_all() -> None:
    first, second, repair = mending.mend_pair(
        ["1.71", "1.72"], ["47.8", "47.9"], "lat:swapped", {}, True
    )
    assert (first, second) == (["47.8", "47.9"], ["1.71", "1.72"])
    assert repair and (repair.kind, repair.cells) == ("swapped", 2)
    for pair in ((first, second), (["47.8", "1.7"], ["1.7", "47.8"])):
        assert mending.mend_pair(*pair, "lat:swapped", {}, True)[2] is None


FIELDS = [DATE, NUMBER, WHOLE, SHARE, YESNO, ENUM, SIRET, INSEE, PHONE, POINT, PERIOD]
FIELDS += [NAME, FREE, LATITUDE]
TEXTS = st.one_of(
    st.text(max_size=12),
    st.text(alphabet="0123456789 /-.,:%€+E\u00a0", max_size=14),
    st.sampled_from(["Oui", "x", "1er mai 2024", "numéraire", "45728", "[1,47]"]),
    st.dates().map(lambda day: day.strftime("%d/%m/%Y")),
    st.decimals(allow_nan=False, allow_infinity=False, places=2).map(
        lambda one: f"{one} €".replace(".", ",")
    ),
)


@given(st.lists(TEXTS, max_size=6), st.sampled_from(FIELDS))
def test_mending_twice_changes_nothing_and_right_cells_stay(
    texts: list[str], field: Field
) -> None:
    mended, _ = mend(texts, field)
    assert mend(mended, field)[0] == mended
    for before, after in zip(texts, mended, strict=True):
        if cell_values.is_right(before, field) and field not in (FREE, POINT):
            assert after == before


@given(st.lists(TEXTS, max_size=6), st.sampled_from(FIELDS))
def test_what_is_counted_is_what_changes(texts: list[str], field: Field) -> None:
    mended, repairs = mend(texts, field)
    changed = sum(one != other for one, other in zip(texts, mended, strict=True))
    assert changed <= sum(one.cells for one in repairs if one.applied)
    assert bool(changed) <= any(one.applied for one in repairs)
