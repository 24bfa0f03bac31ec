"""A list from a spreadsheet: read, compared row by row, stored whole or not at all."""

from __future__ import annotations

import datetime as dt
import io
import time
from collections.abc import Sequence
from typing import Any

import ckan.plugins.toolkit as tk
import pytest
from ckan import model
from ckan.tests import factories
from factories import (
    BAULE,
    LIGNIERES,
    POINCONNET,
    apply,
    call_as,
    collectivites,
    make_cohort,
    make_participant,
    make_staff,
)
from helpers import sheets
from helpers.snapshots import MadeOnce
from werkzeug.datastructures import FileStorage

from benchmarks.statements import sent_statements
from ckanext.challenge.model import Application, Collectivite, Mail, Participant, Visit

pytestmark = pytest.mark.usefixtures("with_plugins", "clean_db", "clean_index")

HEADER = ("N° SIREN", "Commune", "Dépt", "Contact", "Courriel", "Suivi par")


def _season() -> dict[str, Any]:
    collectivites()
    cohort = make_cohort()
    admin = factories.Sysadmin()
    return {
        "cohort": cohort,
        "admin": admin,
        "manager": make_staff(cohort, "manager", by=admin),
        "adviser": make_staff(
            cohort, "adviser", factories.User(fullname="Élise Aubé"), by=admin
        ),
    }


@pytest.fixture
def season(made_once: MadeOnce) -> dict[str, Any]:
    return made_once(__name__, _season)


def _csv(*rows: Sequence[Any], header: Sequence[str] = HEADER) -> bytes:
    lines = (";".join(map(str, row)) for row in (header, *rows))
    return "\n".join(lines).encode()


def _import(season: dict[str, Any], content: bytes, **given: Any) -> dict[str, Any]:
    name = "liste.xlsx" if content[:2] == b"PK" else "liste.csv"
    return call_as(
        season["manager"],
        "challenge_participant_import",
        cohort=season["cohort"]["id"],
        upload=FileStorage(io.BytesIO(content), name),
        **given,
    )


ROWS = (
    (BAULE, "", "", "Camille Exemple", "baule@example.org", "Elise Aube"),
    ("", "Mairie du Poinçonnet", "36 - Indre", "", "poinconnet@example.org", ""),
)


def _rows_of(model_: Any) -> int:
    return model.Session.query(model_).count()


def test_a_list_is_shown_then_stored_and_the_same_again_changes_nothing(
    season: dict[str, Any],
) -> None:
    content = _csv(*ROWS)
    shown = _import(season, content, dry_run=True)
    assert [column["field"] for column in shown["columns"]] == [
        *("siren", "organization_title", "departement"),
        *("contact_name", "contact_email", "adviser"),
    ]
    assert [(row["siren"], row["outcome"]) for row in shown["results"]] == [
        (BAULE, "new"),
        (POINCONNET, "new"),
    ]
    assert shown["results"][1]["name"] == "Le Poinçonnet"
    assert (shown["places"], shown["kept"]) == (20, None)
    assert _rows_of(Application) == 0
    done = _import(season, content)
    assert done["counts"]["new"] == 2
    baule = model.Session.query(Participant).filter_by(siren=BAULE).one()
    assert baule.adviser_id == season["adviser"]["id"]
    application = model.Session.query(Application).filter_by(siren=BAULE).one()
    assert application.state == "accepted"
    assert application.contact_name == "Camille Exemple"
    assert application.consent_at is None
    mails = _rows_of(Mail)
    assert mails > 0
    again = _import(season, content)
    assert again["counts"] == {
        **dict.fromkeys(("new", "changed", "left", "wrong"), 0),
        "same": 2,
    }
    assert (_rows_of(Application), _rows_of(Mail)) == (2, mails)


@pytest.mark.parametrize("kind", ["xlsx", "ods"])
def test_a_workbook_with_titles_merged_cells_and_visits(
    season: dict[str, Any], kind: str
) -> None:
    rows: list[list[Any]] = [
        ["Suivi de la saison"],
        ["Collectivité", "Département", "Mail", "Visite du", "Journées", "Objet"],
        ["Baule", "Loiret", "baule@example.org", dt.date(2026, 3, 2), 0.5, "Accueil"],
        [None, "Loiret", None, dt.date(2026, 4, 8), 1, "Inventaire"],
        ["Le Poinçonnet", "Indre", "p@example.org", None, None, None],
        ["Total", None, None, None, 1.5, None],
    ]
    if kind == "xlsx":
        content = sheets.xlsx({"Liste": rows}, {"Liste": "A3:A4 C3:C4"})
    else:
        rows[3][0], rows[3][2] = "Baule", "baule@example.org"
        content = sheets.ods({"Liste": rows})
    shown = _import(season, content, dry_run=True)
    assert [row["visits"] for row in shown["results"]] == [2, 0]
    assert shown["results"][0]["rows"] == [3, 4]
    _import(season, content)
    visits = model.Session.query(Visit).order_by(Visit.date).all()
    assert [(visit.date.isoformat(), float(visit.days)) for visit in visits] == [
        ("2026-03-02", 0.5),
        ("2026-04-08", 1.0),
    ]
    # One visit more, and the others are known.
    rows[3][3] = dt.date(2026, 5, 4)
    rows[3][4] = 2
    content = (
        sheets.xlsx({"Liste": rows}, {"Liste": "A3:A4 C3:C4"})
        if kind == "xlsx"
        else sheets.ods({"Liste": rows})
    )
    assert _import(season, content)["counts"]["changed"] == 1
    assert _rows_of(Visit) == 3


def test_a_blank_erases_nothing_and_what_was_written_stays(
    season: dict[str, Any],
) -> None:
    joined = make_participant(season["cohort"], BAULE)
    call_as(
        season["manager"],
        "challenge_participant_assign",
        id=joined["id"],
        adviser=season["adviser"]["name"],
    )
    before = model.Session.query(Application.contact_name).filter_by(siren=BAULE).one()
    done = _import(season, _csv((BAULE, "", "", "", "autre@example.org", "")))
    (row,) = done["results"]
    assert row["outcome"] == "same"
    assert row["warnings"]
    application = model.Session.query(Application).filter_by(siren=BAULE).one()
    assert (application.contact_name,) == tuple(before)
    assert application.contact_email != "autre@example.org"
    participant = Participant.get(joined["id"])
    assert participant is not None
    assert participant.adviser_id == season["adviser"]["id"]


@pytest.mark.parametrize(
    ("row", "field"),
    [
        (("214500245", "", "", "", "a@example.org", ""), "siren"),
        ((BAULE, "", "", "", "", ""), "contact_email"),
        ((BAULE, "", "", "", "mairie@", ""), "contact_email"),
        ((BAULE, "", "", "", "a@example.org", "Personne"), "adviser"),
        ((BAULE, "", "", "x" * 100_000, "a@example.org", ""), "contact_name"),
        # Two communes of that name.
        (("", "Lignières", "", "", "a@example.org", ""), "organization_title"),
        (("", "Ville inconnue", "45", "", "a@example.org", ""), "organization_title"),
        (("", "", "45", "", "a@example.org", ""), "siren"),
        # Only written alike: nobody is matched in silence.
        (("", "Le Poinconet", "36", "", "a@example.org", ""), "organization_title"),
        (("", "Baule", "36", "", "a@example.org", ""), "organization_title"),
    ],
)
def test_one_wrong_row_and_nothing_is_stored(
    season: dict[str, Any], row: Sequence[str], field: str
) -> None:
    content = _csv((POINCONNET, "", "", "", "p@example.org", ""), row)
    shown = _import(season, content, dry_run=True)
    assert shown["counts"]["wrong"] == 1
    (wrong,) = [one for one in shown["results"] if one["outcome"] == "wrong"]
    assert [error["field"] for error in wrong["errors"]] == [field]
    with pytest.raises(tk.ValidationError) as caught:
        _import(season, content)
    assert list(caught.value.error_dict) == ["upload"]
    assert _rows_of(Application) == 0
    errors: Any = caught.value.error_dict["upload"]
    assert "3" in errors[0]


def test_a_siren_that_stands_twice(season: dict[str, Any]) -> None:
    row = (BAULE, "", "", "", "a@example.org", "")
    (found,) = _import(season, _csv(row, row), dry_run=True)["results"]
    assert (found["outcome"], found["rows"]) == ("wrong", [2, 3])
    other = (BAULE, "", "", "", "b@example.org", "")
    (found,) = _import(season, _csv(row, other), dry_run=True)["results"]
    assert {error["field"] for error in found["errors"]} == {"siren", "contact_email"}


def test_homonyms_are_told_apart_by_their_departement(season: dict[str, Any]) -> None:
    content = _csv(("", "Lignières", "18", "", "a@example.org", ""))
    (row,) = _import(season, content, dry_run=True)["results"]
    assert row["siren"] == LIGNIERES[0]


@pytest.mark.parametrize(
    ("content", "field"),
    [
        (b"", "upload"),
        (b"%PDF-1.7 nothing", "upload"),
        (b"PK\x03\x04 broken", "upload"),
        ("Prénom;Âge\nAnne;12".encode(), "columns"),
        (b"x" * (10 * 1024**2 + 1), "upload"),
        (b"SIREN\n" + b"214500240\n" * 5001, "upload"),
    ],
)
def test_what_is_no_list(season: dict[str, Any], content: bytes, field: str) -> None:
    with pytest.raises(tk.ValidationError) as caught:
        _import(season, content, dry_run=True)
    assert list(caught.value.error_dict) == [field]


def test_columns_may_be_named_and_left_out(season: dict[str, Any]) -> None:
    content = _csv(
        (BAULE, "a@example.org", "b@example.org"), header=("Id", "Un", "Courriel")
    )
    columns = {"Id": "siren", "Un": "contact_email", "Courriel": ""}
    shown = _import(season, content, columns=columns, dry_run=True)
    assert [column["field"] for column in shown["columns"]] == [
        "siren",
        "contact_email",
        None,
    ]
    with pytest.raises(tk.ValidationError) as caught:
        _import(season, content, columns={"Id": "couleur"})
    assert list(caught.value.error_dict) == ["columns"]


def test_a_file_is_kept_for_who_sent_it(season: dict[str, Any]) -> None:
    kept = _import(season, _csv(*ROWS), dry_run=True, keep=True)["kept"]
    data = {"cohort": season["cohort"]["id"], "kept": kept}
    for who in (season["admin"], season["manager"]):
        if who is season["admin"]:
            with pytest.raises(tk.ValidationError) as caught:
                call_as(who, "challenge_participant_import", **data)
            assert list(caught.value.error_dict) == ["kept"]
        else:
            call_as(who, "challenge_participant_import", **data)
    assert _rows_of(Participant) == 2
    with pytest.raises(tk.ValidationError):
        call_as(season["manager"], "challenge_participant_import", **data)


def test_applications_are_read_like_others(season: dict[str, Any]) -> None:
    done = _import(season, _csv(*ROWS), kind="applications", tell=False)
    assert done["counts"]["new"] == 2
    states = {state for (state,) in model.Session.query(Application.state)}
    assert (states, _rows_of(Participant), _rows_of(Mail)) == ({"submitted"}, 0, 0)
    again = _import(season, _csv(*ROWS), kind="applications")
    assert again["counts"]["same"] == 2
    # They are decided on where applications are.
    left = _import(season, _csv(*ROWS))
    assert (left["counts"]["left"], _rows_of(Participant)) == (2, 0)


def test_who_left_and_who_is_too_many(season: dict[str, Any]) -> None:
    joined = make_participant(season["cohort"], BAULE)
    call_as(
        season["manager"],
        "challenge_participant_withdraw",
        id=joined["id"],
        reason="Départ",
    )
    call_as(
        season["admin"],
        "challenge_cohort_patch",
        id=season["cohort"]["id"],
        capacity=1,
    )
    found = _import(season, _csv(ROWS[0]))
    assert found["counts"]["left"] == 1
    rows = [(siren, "", "", "", "a@example.org", "") for siren in LIGNIERES]
    with pytest.raises(tk.ValidationError) as caught:
        _import(season, _csv(*rows))
    assert list(caught.value.error_dict) == ["cohort"]
    assert _rows_of(Participant) == 1


def test_nobody_lets_themselves_in(season: dict[str, Any]) -> None:
    own = season["manager"]["email"]
    content = _csv((BAULE, "", "", "", own, ""))
    (row,) = _import(season, content, dry_run=True)["results"]
    assert [error["field"] for error in row["errors"]] == ["contact_email"]


def test_a_season_that_is_over_takes_nobody(season: dict[str, Any]) -> None:
    for state in ("running", "finished"):
        call_as(
            season["admin"],
            "challenge_cohort_transition",
            id=season["cohort"]["id"],
            to=state,
        )
    with pytest.raises(tk.ValidationError) as caught:
        _import(season, _csv(*ROWS), dry_run=True)
    assert list(caught.value.error_dict) == ["cohort"]


@pytest.mark.seconds(20)
def test_two_thousand_rows_are_checked_soon(season: dict[str, Any]) -> None:
    model.Session.bulk_insert_mappings(
        Collectivite,
        [
            {
                "code": f"9{number:08}",
                "siren": f"9{number:08}",
                "name": f"Commune {number}",
                "kind": "commune",
                "departement": "45",
                "postcodes": [],
                "vintage": 2026,
                "search_key": f"commune numero {number}",
            }
            for number in range(2000)
        ],
    )
    model.Session.commit()

    def content(count: int) -> bytes:
        rows = [
            ("", f"Numéro {number}", "45", "Camille", f"c{number}@example.org", "")
            for number in range(count)
        ]
        return _csv(*rows)

    with sent_statements() as few:
        _import(season, content(5), dry_run=True)
    start = time.monotonic()
    with sent_statements() as many:
        found = _import(season, content(2000), dry_run=True)
    assert time.monotonic() - start < 10
    assert found["count"] == 2000
    assert len(many) == len(few)


def test_an_application_that_waits_is_left_to_a_person(season: dict[str, Any]) -> None:
    apply(season["cohort"], BAULE)
    (row,) = _import(season, _csv(ROWS[0]))["results"]
    assert (row["outcome"], bool(row["warnings"])) == ("left", True)
