"""The report as a PDF: made by a job, for each reader, or not at all."""

from __future__ import annotations

import base64
import types
from typing import Any

import ckan.plugins.toolkit as tk
import pytest
from ckan import model
from factories import call_as, day, work_in_this_process

from ckanext.challenge.common import language, pdf
from ckanext.challenge.model import ReportFile
from ckanext.challenge.reports import jobs, printed, report

pytestmark = pytest.mark.usefixtures("with_plugins", "clean_db", "clean_index")

Season = list[dict[str, Any]]
Person = dict[str, Any]


class _Printer(types.SimpleNamespace):
    """In the place of WeasyPrint: the PDF is the page."""

    text = types.SimpleNamespace(
        fonts=types.SimpleNamespace(FontConfiguration=lambda: None)
    )

    @staticmethod
    def CSS(string: str, font_config: Any) -> str:
        return string

    class HTML:
        def __init__(self, string: str, url_fetcher: Any) -> None:
            self.string = string

        def write_pdf(self, **options: Any) -> bytes:
            assert options["pdf_variant"] == "pdf/ua-1"
            return self.string.encode()


@pytest.fixture
def printer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf, "library", _Printer)


def ask(user: Person, **data: Any) -> Any:
    return call_as(user, "challenge_report_file_create", cohort="saison-2", **data)


def read(user: Person | None, **data: Any) -> str:
    answer = call_as(
        user, "challenge_cohort_report", id="saison-2", format="pdf", **data
    )
    assert answer["media_type"] == "application/pdf"
    assert answer["filename"].endswith(f"{day().isoformat()}.pdf")
    return base64.b64decode(answer["content"]).decode()


def test_each_reader_has_a_pdf_of_its_own(
    season: Season,
    admin: Person,
    adviser: Person,
    printer: None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made = call_as(
        admin, "challenge_agreement_create", cohort="saison-2", funder="Région"
    )
    address = call_as(
        admin,
        "challenge_report_address_create",
        cohort="saison-2",
        name="Région",
        ends_on=day(3).isoformat(),
        agreement=made["id"],
    )
    with pytest.raises(tk.ObjectNotFound):
        read(admin)
    for audience in ("team", "public", made["id"]):
        asked = ask(adviser, audience=audience)
        assert asked["state"] == "queued"
        # A worker may find it twice.
        for _ in range(2):
            jobs.make_pdf(asked["id"])
    listed = call_as(adviser, "challenge_report_file_list", cohort="saison-2")
    assert listed["available"] and listed["count"] == 3
    assert {row["state"] for row in listed["results"]} == {"ready"}
    assert "Ana Conseil" in read(admin)
    assert "Ana Conseil" not in read(None)
    assert "Ana Conseil" in read(None, key=address["key"])
    # What visits were about is kept in no file.
    assert "Rencontre" not in read(admin)
    shown = call_as(None, "challenge_cohort_report", id="saison-2")
    assert shown["printed_at"]
    # The end makes another report: what was printed before is gone.
    call_as(admin, "challenge_cohort_transition", id="saison-2", to="finished")
    with pytest.raises(tk.ObjectNotFound):
        read(admin)


def test_without_the_library_the_reason_is_said(
    season: Season, admin: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pdf, "library", lambda: None)
    with pytest.raises(tk.ValidationError) as caught:
        ask(admin)
    errors: Any = caught.value.error_dict["audience"]
    assert "ckanext-challenge[pdf]" in errors[0]
    listed = call_as(admin, "challenge_report_file_list", cohort="saison-2")
    assert (listed["count"], listed["available"]) == (0, False)


@pytest.mark.parametrize("audience", ["nobody", "0a99f9d4-b25a-4505-9b8d-968199293c69"])
def test_a_file_is_for_somebody(
    season: Season, admin: Person, printer: None, audience: str
) -> None:
    with pytest.raises(tk.ValidationError) as caught:
        ask(admin, audience=audience)
    assert set(caught.value.error_dict) == {"audience"}


def test_a_job_that_fails_is_told_and_a_lost_one_does_nothing(
    season: Season, admin: Person, printer: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(found: Any) -> bytes:
        raise MemoryError("too big")

    jobs.make_pdf("gone")
    monkeypatch.setattr(printed, "make", broken)
    asked = ask(admin)
    jobs.make_pdf(asked["id"])
    listed = call_as(admin, "challenge_report_file_list", cohort="saison-2")
    assert [row["state"] for row in listed["results"]] == ["failed"]
    # Asked for again it is another try, and the job finds it by itself.
    monkeypatch.undo()
    monkeypatch.setattr(pdf, "library", _Printer)
    ask(admin)
    work_in_this_process()
    model.Session.expire_all()
    assert model.Session.query(ReportFile).one().state == "ready"


def test_weasyprint_marks_what_is_read_aloud(
    season: Season, admin: Person, adviser: Person
) -> None:
    if pdf.library() is None:
        pytest.skip("WeasyPrint is not installed")
    whole = pdf.library().HTML.write_pdf
    with pytest.MonkeyPatch.context() as patched, language.speaking("fr"):
        # So that it can be read here.
        patched.setattr(
            pdf.library().HTML,
            "write_pdf",
            lambda self, **options: whole(self, uncompressed_pdf=True, **options),
        )
        cohort = report.asked_for({"user": admin["name"]}, "saison-2", None)[0]
        found = report.build(cohort, report.Reader(team=True), details=True)
        content = printed.make(found)
    assert content.startswith(b"%PDF-")
    for mark in (b"/StructTreeRoot", b"/Lang", b"/TH", b"/Caption", b"/H1"):
        assert mark in content
