"""The account of a season: aims, money, days; as a file; frozen at the end."""

from __future__ import annotations

import base64
import datetime as dt
import io
from typing import Any

import ckan.plugins.toolkit as tk
import pytest
import sqlalchemy as sa
from ckan import model
from ckan.tests import factories
from factories import LIGNIERES, call_as, day, make_cohort, make_participant, make_staff
from helpers.progress import publish
from python_calamine import CalamineWorkbook
from sqlalchemy import event

from ckanext.challenge.model import Visit
from ckanext.challenge.privacy import erasure
from ckanext.challenge.progress import evaluate

pytestmark = pytest.mark.usefixtures("with_plugins", "clean_db", "clean_index")

Season = list[dict[str, Any]]
Person = dict[str, Any]

LINES = [
    {"label": "Accompagnement", "planned": 1200, "rule": "days", "unit_cost": 500},
    {"label": "Ateliers", "planned": "1 000,50", "realised": "900,25"},
    {"label": "Primes", "rule": "collectivites", "unit_cost": 100},
]
INDICATORS = [
    {"label": "Collectivités", "target": 4, "figure": "participants"},
    {"label": "Journées", "target": 3, "figure": "days"},
    {
        "label": "Agents formés",
        "target": 10,
        "value": 12,
        "measured_on": "2026-03-02",
        "evidence": "https://example.org/presence.pdf",
    },
]


def report(user: Person | None, **data: Any) -> Any:
    return call_as(user, "challenge_cohort_report", id="saison-2", **data)


def agree(admin: Person, **data: Any) -> Any:
    given = {"funder": "Région", "number": "2026-17", "granted": 2000, "paid": 500}
    return call_as(
        admin, "challenge_agreement_create", cohort="saison-2", **{**given, **data}
    )


def book(user: Person | None, kind: str = "xlsx", **data: Any) -> dict[str, Any]:
    """The sheets of the report, by the beginning of their names."""
    answer = report(user, format=kind, **data)
    content = base64.b64decode(answer["content"])
    found = CalamineWorkbook.from_filelike(io.BytesIO(content))
    return {
        name: found.get_sheet_by_name(name).to_python() for name in found.sheet_names
    }


def sheet(sheets: dict[str, Any], begins: str) -> list[list[Any]]:
    (name,) = (name for name in sheets if name.startswith(begins))
    return sheets[name]


def finish(admin: Person) -> None:
    call_as(admin, "challenge_cohort_transition", id="saison-2", to="finished")


def test_figures_stand_beside_aims_and_seasons_before(
    season: Season, admin: Person
) -> None:
    make_cohort("open", name="saison-1", title="Saison 1", season=1)
    make_cohort("draft", name="secrete", title="Saison cachée", season=0 + 1)
    call_as(
        admin,
        "challenge_season_account_update",
        cohort="saison-2",
        aims={"participants": 4, "datasets": "0"},
        method="Comptées par le portail.",
        remarks="Baule a changé de secrétaire.",
    )
    found = report(None)
    assert found["method"] == "Comptées par le portail."
    assert [one["cohort"] for one in found["earlier"]] == ["saison-1"]
    by_figure = {row.pop("figure"): row for row in found["comparison"]}
    assert by_figure["participants"] == {
        "value": 2,
        "before": 0,
        "aim": 4,
        "gap": -2,
        "percent": 50,
    }
    # Of an aim of nothing there is no share.
    assert by_figure["datasets"]["percent"] is None
    assert by_figure["published"]["aim"] is None
    assert "account" not in found
    assert "secrétaire" not in str(found)
    assert report(admin)["account"]["remarks"] == "Baule a changé de secrétaire."


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"aims": {"percent": 101}}, "aims-percent"),
        ({"aims": {"participants": -1}}, "aims-participants"),
        ({"aims-datasets": "beaucoup"}, "aims-datasets"),
        ({"aims": {"bonheur": 1}}, "aims"),
        ({"aims": "["}, "aims"),
        ({"remarks": "<b>x</b>"}, "remarks"),
    ],
)
def test_an_aim_that_is_none_is_named(
    season: Season, admin: Person, given: dict[str, Any], field: str
) -> None:
    with pytest.raises(tk.ValidationError) as caught:
        call_as(admin, "challenge_season_account_update", cohort="saison-2", **given)
    assert set(caught.value.error_dict) == {field}


def test_lines_and_indicators_come_to_what_the_season_did(
    season: Season, admin: Person, adviser: Person
) -> None:
    made = agree(admin, lines=LINES, indicators=INDICATORS)
    assert [
        (line["planned"], line["realised"], line["gap"], line["gap_percent"])
        for line in made["lines"]
    ] == [
        (1200, 750, -450, -37.5),
        (1000.5, 900.25, -100.25, -10),
        (None, 200, None, None),
    ]
    assert (made["planned"], made["realised"]) == (2200.5, 1850.25)
    assert (made["gap"], made["gap_percent"]) == (-350.25, -15.9)
    assert [
        (one["value"], one["percent"], one["measured_on"]) for one in made["indicators"]
    ] == [
        (2, 50, day().isoformat()),
        (1.5, 50, day().isoformat()),
        (12, 120, "2026-03-02"),
    ]
    listed = call_as(admin, "challenge_agreement_list", cohort="saison-2")
    assert listed == {"count": 1, "results": [made]}
    changed = call_as(
        admin, "challenge_agreement_update", id=made["id"], funder="Département"
    )
    assert (changed["funder"], changed["lines"], changed["granted"]) == (
        "Département",
        [],
        None,
    )
    call_as(admin, "challenge_agreement_delete", id=made["id"])
    listed = call_as(admin, "challenge_agreement_list", cohort="saison-2")
    assert listed["count"] == 0


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"funder": ""}, "funder"),
        ({"granted": "-1"}, "granted"),
        ({"starts": "2026-03-02", "ends": "2026-03-01"}, "ends"),
        ({"lines": [{"planned": 3}]}, "lines"),
        ({"lines": [{"label": "x", "rule": "magie"}]}, "lines"),
        ({"lines": "x"}, "lines"),
        ({"lines": [{"label": "x"}] * 101}, "lines"),
        ({"indicators": [{"label": "x", "figure": "bonheur"}]}, "indicators"),
        ({"indicators": [{"label": "x", "evidence": "ftp://a"}]}, "indicators"),
    ],
)
def test_an_agreement_that_cannot_be_is_named(
    season: Season, admin: Person, given: dict[str, Any], field: str
) -> None:
    with pytest.raises(tk.ValidationError) as caught:
        agree(admin, **given)
    assert set(caught.value.error_dict) == {field}


@pytest.mark.parametrize("kind", ["xlsx", "ods"])
def test_the_workbook_has_the_numbers_of_the_boards(
    season: Season, admin: Person, adviser: Person, kind: str
) -> None:
    agree(admin, lines=LINES, indicators=INDICATORS, comment="=1+1")
    sheets = book(admin, kind)
    names = list(sheets)
    assert names[0] == "How to read"
    years = {day(-10).year, day(120).year}
    period = "-".join(map(str, sorted(years)))
    assert all(name.endswith(period) for name in names[1:])
    # Each sheet is told of.
    assert set(names[1:]) <= {row[0] for row in sheets["How to read"]}
    assert day() in {row[1] for row in sheets["How to read"]}

    shown = call_as(None, "challenge_cohort_show", id="saison-2")["figures"]
    values = [row[1] for row in sheet(sheets, "Figures")[1:]]
    names_of_figures = ("participants", "published", "datasets", "completed", "percent")
    assert values == [shown[name] for name in names_of_figures]
    listed = call_as(admin, "challenge_participant_list", cohort="saison-2")["results"]
    rows = {row[1]: row for row in sheet(sheets, "Collectivités")[1:]}
    assert {name: rows[name][5] for name in rows} == {
        row["organization_title"]: row["steps_done"] for row in listed
    }
    assert [rows["Baule"][at] for at in (11, 12, 13)] == ["Ana Conseil", 1.5, 0.5]
    # What is done, not asked and left is all that there is.
    for row in sheet(sheets, "Steps")[1:]:
        assert sum(row[2:5]) == shown["participants"]
    assert sum(row[9] for row in rows.values()) == len(sheet(sheets, "Datasets")) - 1
    assert sheet(sheets, "Days")[1:] == [["Ana Conseil", 1.5, 0.5], ["Total", 1.5, 0.5]]
    visits = sheet(sheets, "Visits")[1:]
    assert [(row[0], row[3]) for row in visits] == [(dt.date(2026, 3, 2), 1.5)]
    lines = sheet(sheets, "Agreements")[1:]
    assert [row[2:7] for row in lines[:4]] == [
        ["Accompagnement", 1200, 750, -450, -37.5],
        ["Ateliers", 1000.5, 900.25, -100.25, -10],
        ["Primes", "", 200, "", ""],
        ["Total", 2200.5, 1850.25, -350.25, -15.9],
    ]
    assert lines[3][8] == "'=1+1"


def test_the_public_file_has_no_money_and_no_names(
    season: Season, admin: Person, adviser: Person
) -> None:
    agree(admin, lines=LINES)
    for reader in (None, factories.User()):
        sheets = book(reader)
        assert "Ana Conseil" not in str(sheets) and "Accompagnement" not in str(sheets)
        assert not any(name.startswith(("Days", "Agreements")) for name in sheets)
    assert any(name.startswith("Agreements") for name in book(adviser))


def test_what_was_measured_is_frozen_at_the_end(
    season: Season, admin: Person, adviser: Person
) -> None:
    made = agree(admin, lines=LINES)
    before = report(admin, details=True)
    finish(admin)
    call_as(
        admin,
        "challenge_visit_create",
        participant=season[0]["id"],
        date="2026-03-03",
        days=1,
        topic="Après coup",
        adviser=adviser["id"],
    )
    publish(season[0]["organization_id"])
    evaluate.evaluate()
    after = report(admin, details=True)
    for name in ("days", "days_planned", "advisers", "remaining", "opinions"):
        assert after["account"][name] == before["account"][name]
    assert after["datasets"] == before["datasets"]
    assert after["account"]["agreements"][0]["realised"] == made["realised"]
    # The funder may pay later: what is declared can be completed.
    call_as(
        admin, "challenge_agreement_update", id=made["id"], funder="Région", paid=2000
    )
    assert report(admin)["account"]["agreements"][0]["paid"] == 2000
    # Names are those of the accounts, and stand in nothing that is kept.
    kept = model.Session.execute(
        sa.text("SELECT frozen::text FROM challenge_season_account")
    ).scalar()
    assert kept and "Ana" not in kept
    call_as(admin, "challenge_cohort_transition", id="saison-2", to="running")
    assert report(admin)["account"]["days"] == 2.5


def _days_add_up(admin: Person) -> list[list[Any]]:
    sheets = book(admin)
    rows = sheet(sheets, "Visits")[1:]
    assert sum(row[3] for row in rows) == sheet(sheets, "Days")[-1][1]
    return rows


@pytest.mark.parametrize("change", ["delete", "cancel", "erase", "note", "longer"])
def test_the_visits_are_those_of_the_end(
    season: Season, admin: Person, adviser: Person, change: str
) -> None:
    visit = model.Session.query(Visit).filter_by(state="done").one()
    noted = call_as(
        admin,
        "challenge_visit_update",
        id=visit.id,
        topic="Chez Mme Untel",
        notes="Son mari est malade",
    )
    finish(admin)
    before = _days_add_up(admin)
    assert [row[2:5] for row in before] == [["Ana Conseil", 1.5, "Chez Mme Untel"]]
    if change == "delete":
        call_as(admin, "challenge_visit_delete", id=noted["id"])
    elif change == "erase":
        erasure._forget([season[0]["id"]])
        model.Session.commit()
    elif change == "note":
        call_as(
            admin,
            "challenge_visit_create",
            participant=season[0]["id"],
            date="2026-03-03",
            days=1,
            topic="Après coup",
            adviser=adviser["id"],
        )
    else:
        data = {"state": "cancelled"} if change == "cancel" else {"days": 3}
        call_as(admin, "challenge_visit_update", id=noted["id"], **data)
    after = _days_add_up(admin)
    assert [row[:4] for row in after] == [row[:4] for row in before]
    # Words are where they can be erased, and nowhere else.
    gone = change in ("delete", "erase")
    assert after[0][4] == ("" if gone else "Chez Mme Untel")
    kept = model.Session.execute(
        sa.text("SELECT frozen::text FROM challenge_season_account")
    ).scalar()
    assert noted["id"] in kept
    for word in ("Ana", "Untel", "mari"):
        assert word not in kept


def test_visits_of_a_season_that_finished_before_they_were_kept(
    season: Season, admin: Person, adviser: Person
) -> None:
    finish(admin)
    model.Session.execute(
        sa.text("UPDATE challenge_season_account SET frozen = frozen - 'visits'")
    )
    model.Session.commit()
    assert [row[3:5] for row in _days_add_up(admin)] == [[1.5, "Rencontre"]]


@pytest.mark.parametrize("way", ["withdrawn", "deleted"])
def test_nobody_plans_days_with_those_that_left(
    season: Season, admin: Person, adviser: Person, way: str
) -> None:
    if way == "withdrawn":
        data = {"id": season[0]["id"], "reason": "x"}
        call_as(admin, "challenge_participant_withdraw", **data)
    else:
        call_as(admin, "organization_delete", id=season[0]["organization_id"])
    board = call_as(admin, "challenge_budget_show", cohort="saison-2")
    found = report(admin)
    account = found["account"]
    for told in (account, found["staff"]):
        assert told["days"] == board["days"]["done"] == 1.5
        assert told["days_planned"] == board["days"]["planned"] == 0
        of_each = [*told["participants"].values()]
        assert not any(row["days_planned"] for row in of_each)
    assert not any(row["days_planned"] for row in account["left"])
    assert [(row["days"], row["days_planned"]) for row in account["advisers"]] == [
        (row["days_done"], row["days_planned"]) for row in board["advisers"]
    ]
    assert sheet(book(admin), "Days")[1:] == [
        ["Ana Conseil", 1.5, 0],
        ["Total", 1.5, 0],
    ]


def test_a_season_that_finished_before_this_was_kept(
    season: Season, admin: Person, adviser: Person
) -> None:
    finish(admin)
    model.Session.execute(sa.text("DELETE FROM challenge_season_account"))
    model.Session.commit()
    assert report(admin)["account"]["days"] == 1.5


def test_money_is_what_the_board_of_days_and_money_says(
    season: Season, admin: Person, adviser: Person
) -> None:
    board = call_as(admin, "challenge_budget_show", cohort="saison-2")["funders"]
    assert sum(row["spent"] for row in board) > 0
    assert sheet(book(admin), "Funders")[1:] == [
        [
            row["name"],
            row["promised"],
            row["engaged"],
            row["spent"],
            row["spent"] - row["promised"],
            "EUR",
        ]
        for row in board
    ]


def test_a_funder_reads_until_the_last_day_and_no_more(
    season: Season, admin: Person, adviser: Person
) -> None:
    mine, other = agree(admin, lines=LINES), agree(admin, funder="Département")
    made = call_as(
        admin,
        "challenge_report_address_create",
        cohort="saison-2",
        name="Région",
        ends_on=day(3).isoformat(),
        agreement=mine["id"],
    )
    found = report(None, key=made["key"])
    assert [one["id"] for one in found["account"]["agreements"]] == [mine["id"]]
    assert "staff" not in found
    sheets = book(None, key=made["key"])
    assert "Région" in str(sheets) and "Département" not in str(
        sheet(sheets, "Agreements")[1:]
    )
    assert other["funder"] == "Département"

    def refused(key: str, **data: Any) -> None:
        with pytest.raises(tk.ValidationError) as caught:
            call_as(
                None, "challenge_cohort_report", **{"id": "saison-2", **data}, key=key
            )
        assert set(caught.value.error_dict) == {"key"}

    refused(made["key"] + "x")
    refused("x")
    make_cohort(name="saison-3", season=3)
    refused(made["key"], id="saison-3")
    for column, value in (
        ("ends_on", day(-1)),
        ("ended_at", dt.datetime(2026, 1, 1, tzinfo=dt.timezone.utc)),
    ):
        model.Session.execute(
            sa.text(f"UPDATE challenge_report_address SET {column} = :value"),
            {"value": value},
        )
        model.Session.commit()
        model.Session.expire_all()
        refused(made["key"])
    (row,) = call_as(admin, "challenge_report_address_list", cohort="saison-2")[
        "results"
    ]
    assert (row["state"], row["key"], row["url"]) == ("ended", None, None)


def test_an_address_is_ended_once(season: Season, admin: Person) -> None:
    made = call_as(
        admin,
        "challenge_report_address_create",
        cohort="saison-2",
        name="Région",
        ends_on=day().isoformat(),
    )
    assert made["state"] == "open"
    for _ in range(2):
        ended = call_as(admin, "challenge_report_address_end", id=made["id"])
        assert ended["state"] == "ended"
    with pytest.raises(tk.ValidationError):
        report(None, key=made["key"])


@pytest.mark.parametrize("ends_on", [-1, 3000])
def test_an_address_ends_within_reason(
    season: Season, admin: Person, ends_on: int
) -> None:
    with pytest.raises(tk.ValidationError) as caught:
        call_as(
            admin,
            "challenge_report_address_create",
            cohort="saison-2",
            name="x",
            ends_on=day(ends_on).isoformat(),
        )
    assert set(caught.value.error_dict) == {"ends_on"}


def test_an_address_is_not_for_the_agreement_of_another_season(
    season: Season, admin: Person
) -> None:
    mine = agree(admin)
    make_cohort(name="saison-3", season=3)
    manager = factories.User()
    make_staff("saison-3", "manager", manager, by=admin)
    with pytest.raises(tk.ObjectNotFound):
        call_as(
            manager,
            "challenge_report_address_create",
            cohort="saison-3",
            name="x",
            ends_on=day(3).isoformat(),
            agreement=mine["id"],
        )


def test_it_takes_as_many_statements_for_many_as_for_few(
    season: Season, admin: Person, adviser: Person
) -> None:
    def statements() -> int:
        seen: list[str] = []

        def note(conn: Any, cursor: Any, statement: str, *rest: Any) -> None:
            seen.append(statement)

        model.Session.expire_all()
        event.listen(model.ensure_engine(), "before_cursor_execute", note)
        try:
            report(admin, details=True)
        finally:
            event.remove(model.ensure_engine(), "before_cursor_execute", note)
        return len(seen)

    report(admin, details=True)
    few = statements()
    code = call_as(admin, "challenge_late_code_create", cohort="saison-2")
    cohort = {"id": season[0]["cohort_id"], "name": "saison-2"}
    make_participant(cohort, LIGNIERES[0], late_code=code["code"])
    agree(admin, lines=LINES)
    agree(admin, lines=LINES, funder="Autre")
    assert statements() == few
