"""Steps of people: said done, proven, confirmed, sent back, planned, waived."""

from __future__ import annotations

import datetime as dt
import io
import threading
import zipfile
from pathlib import Path
from typing import Any

import ckan.plugins.toolkit as tk
import pytest
import sqlalchemy as sa
from ckan import model
from ckan.tests import factories
from factories import (
    call_as,
    collectivites,
    day,
    make_cohort,
    make_participant,
    make_staff,
    only_message,
)
from helpers import kept
from helpers.snapshots import MadeOnce
from werkzeug.datastructures import FileStorage

from ckanext.challenge import programmes
from ckanext.challenge.model import Evidence, JournalEntry, Mail, Participant
from ckanext.challenge.model.base import utcnow
from ckanext.challenge.privacy import erasure

pytestmark = pytest.mark.usefixtures("with_plugins", "clean_db", "clean_index")


def _step(source: str, **wanted: Any) -> str:
    """A step of the shipped programme of that kind."""
    for step in programmes.get("saison").steps:
        if step.source == source and all(
            getattr(step.check, name) == value for name, value in wanted.items()
        ):
            return step.key
    raise AssertionError(f"no step with {wanted}")


PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"
#: The step of the shipped programme that is proven by a file and confirmed.
PROVEN = {"evidence": "file", "confirm": True}


def _upload(content: bytes = PDF, name: str = "délibération.pdf") -> FileStorage:
    return FileStorage(io.BytesIO(content), name)


@pytest.fixture
def storage(
    ckan_config: dict[str, Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Path:
    monkeypatch.setitem(ckan_config, "ckan.storage_path", str(tmp_path))
    monkeypatch.setitem(ckan_config, "ckanext.challenge.max_file_size", 1)
    return tmp_path


def _on_disk(storage: Path) -> list[bytes]:
    return [path.read_bytes() for path in storage.rglob("*") if path.is_file()]


def _detail(season: dict[str, Any], step: str, who: str = "member") -> dict[str, Any]:
    """One step as the checklist shows it."""
    participant = Participant.get(season["participant"])
    assert participant is not None
    progress = call_as(
        season[who],
        "challenge_progress_show",
        organization=participant.organization_id,
        cohort=season["cohort"]["id"],
    )
    (shown,) = [row for row in progress["steps"] if row["step"] == step]
    return shown


@pytest.fixture
def season(made_once: MadeOnce) -> dict[str, Any]:
    return made_once(__name__, _season)


def _season() -> dict[str, Any]:
    collectivites()
    cohort = make_cohort("open")
    user = factories.User(email="mairie@example.org")
    participant = make_participant(cohort, user=user)
    admin = factories.Sysadmin()
    manager, adviser = factories.User(), factories.User()
    for person, role in ((manager, "manager"), (adviser, "adviser")):
        make_staff(cohort, role, person, by=admin)
    call_as(
        manager,
        "challenge_participant_assign",
        id=participant["id"],
        adviser=adviser["name"],
    )
    return {
        "cohort": cohort,
        "participant": participant["id"],
        "member": user,
        "manager": manager,
        "adviser": adviser,
    }


def test_a_step_that_needs_nothing_is_done_at_once(season: dict[str, Any]) -> None:
    step = _step("person", evidence="none", confirm=False)
    done = call_as(
        season["member"],
        "challenge_step_update",
        participant=season["participant"],
        step=step,
        state="done",
        note="Camille Martin, adjointe",
    )
    assert done["state"] == "done"
    shown = call_as(None, "challenge_participant_show", id=season["participant"])
    assert shown["steps_done"] >= 1
    assert shown["percent"] > 0


@pytest.mark.parametrize("note", [None, "", "-", " . "])
def test_a_step_that_asks_for_a_name_is_not_done_without_one(
    season: dict[str, Any], note: str | None
) -> None:
    data = {
        "participant": season["participant"],
        "step": _step("person", answer=True),
        "state": "done",
    }
    written = {} if note is None else {"note": note}
    with pytest.raises(tk.ValidationError) as caught:
        call_as(season["member"], "challenge_step_update", **data, **written)
    assert list(caught.value.error_dict) == ["note"]
    call_as(
        season["member"],
        "challenge_step_update",
        **{**data, "state": "in_progress", "note": "Camille Martin, adjointe"},
    )
    # What was written before counts.
    assert call_as(season["member"], "challenge_step_update", **data)["state"] == "done"


def test_a_proof_is_asked_then_confirmed_by_the_adviser(
    season: dict[str, Any],
) -> None:
    step = _step("person", confirm=True)
    data = {"participant": season["participant"], "step": step}
    with pytest.raises(tk.ValidationError) as caught:
        call_as(season["member"], "challenge_step_update", state="done", **data)
    assert list(caught.value.error_dict) == ["evidence_url"]
    claimed = call_as(
        season["member"],
        "challenge_step_update",
        state="done",
        evidence_url="https://www.example.org/deliberation.pdf",
        **data,
    )
    assert claimed["state"] == "to_confirm"
    with pytest.raises(tk.NotAuthorized):
        call_as(season["member"], "challenge_step_confirm", confirmed=True, **data)
    with pytest.raises(tk.ValidationError) as caught:
        call_as(season["adviser"], "challenge_step_confirm", confirmed=False, **data)
    assert list(caught.value.error_dict) == ["note"]
    back = call_as(
        season["adviser"],
        "challenge_step_confirm",
        confirmed=False,
        note="Il manque la date.",
        **data,
    )
    assert back["state"] == "in_progress"
    call_as(season["member"], "challenge_step_update", state="done", **data)
    done = call_as(season["adviser"], "challenge_step_confirm", confirmed=True, **data)
    assert done["state"] == "done"


def test_the_catalogues_steps_are_not_set_by_hand(season: dict[str, Any]) -> None:
    data = {"participant": season["participant"], "step": _step("catalog")}
    for person in ("member", "adviser", "manager"):
        with pytest.raises(tk.ValidationError) as caught:
            call_as(season[person], "challenge_step_update", state="done", **data)
        assert list(caught.value.error_dict) == ["step"]
    with pytest.raises(tk.NotAuthorized):
        call_as(season["adviser"], "challenge_step_waive", reason="Sans objet", **data)
    with pytest.raises(tk.ValidationError) as caught:
        call_as(season["manager"], "challenge_step_waive", **data)
    assert list(caught.value.error_dict) == ["reason"]
    waived = call_as(
        season["manager"], "challenge_step_waive", reason="Sans objet", **data
    )
    assert waived["state"] == "waived"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("state", ""),
        ("state", "fini"),
        ("state", "waived"),
        ("note", "a" * 5001),
        ("note", "<b>gras</b>"),
        ("evidence_url", "ftp://example.org/x"),
        ("evidence_url", "javascript:alert(1)"),
        ("planned_for", "demain"),
        ("planned_for", "2020-01-01"),
        ("evidence_file", "a text"),
        ("step", "inconnue"),
        ("step", ["a"]),
    ],
)
def test_bad_input_names_the_field(
    season: dict[str, Any], field: str, value: Any
) -> None:
    data = {
        "participant": season["participant"],
        "step": _step("person"),
        "state": "in_progress",
        field: value,
    }
    with pytest.raises(tk.ValidationError) as caught:
        call_as(season["member"], "challenge_step_update", **data)
    assert list(caught.value.error_dict) == [field]


def test_nothing_moves_once_the_season_is_over(season: dict[str, Any]) -> None:
    for state in ("running", "finished"):
        call_as(
            season["manager"],
            "challenge_cohort_transition",
            id=season["cohort"]["id"],
            to=state,
        )
    with pytest.raises(tk.ValidationError) as caught:
        call_as(
            season["member"],
            "challenge_step_update",
            participant=season["participant"],
            step=_step("person"),
            state="in_progress",
        )
    assert list(caught.value.error_dict) == ["participant"]


def test_a_step_waits_for_a_season_that_finishes(
    app: Any, season: dict[str, Any]
) -> None:
    """Whoever comes in the middle of it is told that it is over."""
    cohort_id = Participant.get(season["participant"]).cohort_id  # type: ignore[union-attr]
    model.Session.remove()
    refused: list[Any] = []

    def say_done() -> None:
        with app.flask_app.test_request_context():
            try:
                call_as(
                    season["member"],
                    "challenge_step_update",
                    participant=season["participant"],
                    step=_step("person", evidence="none", feedback=False),
                    state="done",
                    note="Camille Martin",
                )
            except Exception as error:
                refused.append(getattr(error, "error_dict", error))
            finally:
                model.Session.remove()

    thread = threading.Thread(target=say_done)
    with model.ensure_engine().begin() as finishing:
        finishing.execute(
            sa.text("UPDATE challenge_cohort SET state = 'finished' WHERE id = :id"),
            {"id": cohort_id},
        )
        thread.start()
        thread.join(1)
        assert thread.is_alive()
    thread.join(60)
    assert [set(errors) for errors in refused] == [{"participant"}]


def test_kits_are_chosen_among_those_of_the_programme(season: dict[str, Any]) -> None:
    kits = [kit.key for kit in programmes.get("saison").kits][:3]
    shown = call_as(
        season["member"],
        "challenge_participant_kits_update",
        participant=season["participant"],
        kits=kits,
    )
    assert shown["kits"] == kits
    with pytest.raises(tk.ValidationError) as caught:
        call_as(
            season["member"],
            "challenge_participant_kits_update",
            participant=season["participant"],
            kits=["meteo"],
        )
    assert list(caught.value.error_dict) == ["kits"]


def test_a_file_proves_a_step_and_is_replaced_and_removed(
    season: dict[str, Any], storage: Path
) -> None:
    step = _step("person", **PROVEN)
    data = {"participant": season["participant"], "step": step}
    claimed = call_as(
        season["member"],
        "challenge_step_update",
        state="done",
        evidence_file=_upload(),
        **data,
    )
    assert claimed["state"] == "to_confirm"
    file = claimed["evidence_file"]
    assert (file["name"], file["media_type"]) == ("délibération.pdf", "application/pdf")
    assert _on_disk(storage) == [PDF]
    told = model.Session.query(Mail).filter_by(kind="step_to_confirm").all()
    assert [mail.user_id for mail in told] == [season["adviser"]["id"]]
    for who in ("member", "adviser", "manager"):
        shown = call_as(season[who], "challenge_step_evidence_show", **data)
        assert shown == file
        assert _detail(season, step, who)["evidence_file"] == file
    other = FileStorage(io.BytesIO(PDF + b"%2"), "autre.pdf")
    # The form of a browser sends an empty field where nothing was chosen.
    kept = call_as(
        season["member"],
        "challenge_step_update",
        state="in_progress",
        evidence_file=FileStorage(io.BytesIO(b""), ""),
        **data,
    )
    assert kept["evidence_file"] == file
    changed = call_as(
        season["member"],
        "challenge_step_update",
        state="in_progress",
        evidence_file=other,
        **data,
    )
    assert changed["evidence_file"]["id"] != file["id"]
    assert _on_disk(storage) == [PDF + b"%2"]
    # A night later: what belongs to a step is nobody's orphan.
    assert erasure.remove_orphans(utcnow() + dt.timedelta(days=2)) == 0
    emptied = call_as(
        season["member"],
        "challenge_step_update",
        state="in_progress",
        evidence_file="",
        **data,
    )
    assert emptied["evidence_file"] is None
    assert _on_disk(storage) == []
    assert model.Session.query(Evidence).count() == 0
    with pytest.raises(tk.ObjectNotFound):
        call_as(season["member"], "challenge_step_evidence_show", **data)
    with pytest.raises(tk.ValidationError) as caught:
        call_as(season["member"], "challenge_step_update", state="done", **data)
    assert list(caught.value.error_dict) == ["evidence_file"]


def _table(mimetype: str) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("mimetype", mimetype)
        archive.writestr("content.xml", "<x/>")
    return made.getvalue()


@pytest.mark.parametrize(
    ("content", "name", "kept"),
    [
        ("service;tableau\nÉtat civil;prénoms\n".encode(), "liste.csv", "liste.csv"),
        (b"a,b\n1,2\n3,4\n", "liste.CSV", "liste.csv"),
        (b"- prenoms\n- budget\n", "liste", "liste.csv"),
        (
            _table("application/vnd.oasis.opendocument.spreadsheet"),
            "inventaire.ods",
            "inventaire.ods",
        ),
        (b"<html><script>alert(1)</script></html>", "liste.csv", None),
        (b"MZ\x90\0" + b"\0" * 200, "liste.csv", None),
        (b"", "liste.csv", None),
        (PDF + b"\0" * 1024 * 1024, "long.pdf", None),
    ],
)
def test_an_inventory_may_be_a_table(
    season: dict[str, Any], storage: Path, content: bytes, name: str, kept: str | None
) -> None:
    given = {
        "participant": season["participant"],
        "step": _step("person", evidence="file", confirm=False),
        "state": "done",
        "evidence_file": _upload(content, name),
    }
    if kept:
        done = call_as(season["member"], "challenge_step_update", **given)
        assert (done["state"], done["evidence_file"]["name"]) == ("done", kept)
        assert _on_disk(storage) == [content]
        return
    with pytest.raises(tk.ValidationError) as caught:
        call_as(season["member"], "challenge_step_update", **given)
    assert list(caught.value.error_dict) == ["evidence_file"]
    assert _on_disk(storage) == []
    assert _detail(season, given["step"])["state"] == "todo"


def test_what_fails_later_leaves_no_file(season: dict[str, Any], storage: Path) -> None:
    step = _step("person", **PROVEN)
    data = {"participant": season["participant"], "step": step}
    call_as(
        season["member"],
        "challenge_step_update",
        state="done",
        evidence_file=_upload(),
        **data,
    )
    call_as(season["adviser"], "challenge_step_confirm", confirmed=True, **data)
    with pytest.raises(tk.ValidationError) as caught:
        call_as(
            season["member"],
            "challenge_step_update",
            state="planned",
            planned_for="2099-01-01",
            evidence_file=_upload(PDF + b"%2"),
            **data,
        )
    assert list(caught.value.error_dict) == ["state"]
    assert _on_disk(storage) == [PDF]
    # Where a step asks for none, none is kept.
    with pytest.raises(tk.ValidationError) as caught:
        call_as(
            season["member"],
            "challenge_step_update",
            participant=season["participant"],
            step=_step("person", evidence="none"),
            note="Camille Martin",
            state="done",
            evidence_file=_upload(),
        )
    assert list(caught.value.error_dict) == ["evidence_file"]


def test_an_adviser_confirms_what_was_read(season: dict[str, Any]) -> None:
    step = _step("person", confirm=True)
    data = {"participant": season["participant"], "step": step}

    def claim(name: str) -> None:
        call_as(
            season["member"],
            "challenge_step_update",
            state="done",
            evidence_url=f"https://www.example.org/{name}.pdf",
            **data,
        )

    def confirm(read: str) -> Any:
        return call_as(
            season["adviser"],
            "challenge_step_confirm",
            confirmed=True,
            updated_at=read,
            **data,
        )

    claim("signee")
    read = _detail(season, step, "adviser")["updated_at"]
    claim("autre")
    with pytest.raises(tk.ValidationError) as caught:
        confirm(read)
    assert list(caught.value.error_dict) == ["updated_at"]
    read = _detail(season, step, "adviser")["updated_at"]
    assert confirm(read)["state"] == "done"


def test_nobody_overwrites_the_words_of_the_other(season: dict[str, Any]) -> None:
    step = _step("person", **PROVEN)
    data = {"participant": season["participant"], "step": step}
    url = "https://www.example.org/deliberation.pdf"
    call_as(
        season["member"],
        "challenge_step_update",
        state="done",
        note="Votée en mai.",
        evidence_url=url,
        **data,
    )
    call_as(
        season["adviser"],
        "challenge_step_confirm",
        confirmed=False,
        note="Il manque la date.",
        **data,
    )
    shown = _detail(season, step)
    assert (shown["note"], shown["reason"]) == ("Votée en mai.", "Il manque la date.")
    kinds = {(mail.kind, mail.user_id) for mail in model.Session.query(Mail)}
    assert ("step_returned", season["member"]["id"]) in kinds
    call_as(
        season["member"],
        "challenge_step_update",
        state="done",
        note="La voici datée.",
        **data,
    )
    # Also when it is the adviser who says where the step is.
    call_as(
        season["adviser"],
        "challenge_step_update",
        state="in_progress",
        note="Encore un mot.",
        **data,
    )
    shown = _detail(season, step)
    assert (shown["note"], shown["reason"]) == ("La voici datée.", "Encore un mot.")
    assert shown["evidence_url"] == url
    call_as(season["member"], "challenge_step_update", state="done", **data)
    call_as(season["adviser"], "challenge_step_confirm", confirmed=True, **data)
    shown = _detail(season, step)
    assert (shown["note"], shown["reason"]) == ("La voici datée.", None)
    written = {"Votée", "Il manque", "Encore un mot"}
    journal = " ".join(str(row.data) for row in model.Session.query(JournalEntry))
    assert not [text for text in written if text in journal]


def test_a_day_is_planned_and_not_in_the_past(season: dict[str, Any]) -> None:
    data = {
        "participant": season["participant"],
        "step": _step("person", evidence="none"),
        "state": "planned",
    }
    with pytest.raises(tk.ValidationError) as caught:
        call_as(season["member"], "challenge_step_update", **data)
    assert list(caught.value.error_dict) == ["planned_for"]
    yesterday = day(-1).isoformat()
    with pytest.raises(tk.ValidationError) as caught:
        call_as(
            season["member"], "challenge_step_update", planned_for=yesterday, **data
        )
    assert "past" in only_message(caught, "planned_for")
    later = day(9).isoformat()
    planned = call_as(
        season["member"], "challenge_step_update", planned_for=later, **data
    )
    assert (planned["state"], planned["planned_for"]) == ("planned", later)


@pytest.mark.parametrize("source", ["person", "catalog"])
def test_a_manager_waives_a_step_and_asks_it_again(
    season: dict[str, Any], source: str
) -> None:
    step = _step(source)
    data = {"participant": season["participant"], "step": step}
    with pytest.raises(tk.ValidationError) as caught:
        call_as(season["manager"], "challenge_step_unwaive", **data)
    assert list(caught.value.error_dict) == ["state"]
    before = call_as(None, "challenge_participant_show", id=season["participant"])
    call_as(season["manager"], "challenge_step_waive", reason="Sans objet ici", **data)
    assert _detail(season, step)["reason"] == "Sans objet ici"
    after = call_as(None, "challenge_participant_show", id=season["participant"])
    # It is not done: it is asked no more.
    assert after["steps_done"] == before["steps_done"]
    assert after["steps_total"] == before["steps_total"] - 1
    with pytest.raises(tk.ValidationError) as caught:
        call_as(season["member"], "challenge_step_update", state="todo", **data)
    assert list(caught.value.error_dict) == ["step" if source == "catalog" else "state"]
    for who in ("member", "adviser"):
        with pytest.raises(tk.NotAuthorized):
            call_as(season[who], "challenge_step_unwaive", **data)
    again = call_as(season["manager"], "challenge_step_unwaive", **data)
    assert (again["state"], again["reason"]) == ("todo", None)
    after = call_as(None, "challenge_participant_show", id=season["participant"])
    assert after["steps_done"] == before["steps_done"]


def test_proofs_go_with_the_season(season: dict[str, Any], storage: Path) -> None:
    step = _step("person", **PROVEN)
    call_as(
        season["member"],
        "challenge_step_update",
        participant=season["participant"],
        step=step,
        state="done",
        note="Un mot.",
        evidence_file=_upload(),
    )
    admin = factories.Sysadmin()
    application = call_as(
        admin, "challenge_application_list", cohort=season["cohort"]["id"]
    )["results"][0]
    # While the season runs it needs them; the application's own data may go.
    call_as(admin, "challenge_application_erase", id=application["id"])
    assert _detail(season, step, "adviser")["note"] == "Un mot."
    for state in ("running", "finished", "archived"):
        call_as(
            admin, "challenge_cohort_transition", id=season["cohort"]["id"], to=state
        )
    erasure.purge([], utcnow() + dt.timedelta(days=300))
    assert _on_disk(storage) == [PDF]
    erasure.purge([], utcnow() + dt.timedelta(days=370))
    assert _on_disk(storage) == []
    shown = _detail(season, step, "adviser")
    assert (shown["state"], shown["note"]) == ("to_confirm", None)
    assert model.Session.query(Evidence).count() == 0


def test_a_season_that_is_deleted_leaves_no_file(
    season: dict[str, Any], storage: Path
) -> None:
    call_as(
        season["member"],
        "challenge_step_update",
        participant=season["participant"],
        step=_step("person", **PROVEN),
        state="done",
        evidence_file=_upload(),
    )
    admin = factories.Sysadmin()
    for state in ("running", "finished", "archived"):
        call_as(
            admin, "challenge_cohort_transition", id=season["cohort"]["id"], to=state
        )
    (file,) = model.Session.query(Evidence)
    path = kept.path_of(file.id)
    assert path.is_file()
    call_as(admin, "challenge_cohort_delete", id=season["cohort"]["id"])
    assert not path.exists()
