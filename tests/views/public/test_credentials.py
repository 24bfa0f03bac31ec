"""The files of an award, what verifiers ask for besides, and the page that verifies."""

from __future__ import annotations

import datetime as dt
import io
import json
import socket
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from ckan import model
from ckan.tests import factories
from factories import call_as
from helpers.progress import make_award
from lxml import etree, html  # pyright: ignore[reportAttributeAccessIssue]
from werkzeug.datastructures import FileStorage

from ckanext.challenge.credentials import generations, jobs
from ckanext.challenge.model import Award, Cohort
from ckanext.challenge.svg.baking import MAX_FILE, NAMESPACE, carried

BASE = "http://test.ckan.net"
VERIFY = "/en/challenge/verify"


@pytest.fixture
def keys(
    world: Any,
    ckan_config: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    """A key that signs."""
    monkeypatch.setitem(
        ckan_config, "ckanext.challenge.keys_path", str(tmp_path / "keys")
    )
    generations.create()


@pytest.fixture
def signed(world: Any, keys: None) -> str:
    """The address of an award that is signed."""
    assert not jobs.sign().problem
    model.Session.remove()
    return f"/challenge/awards/{world.award['id']}"


def revoke(world: Any, reason: str = "Données retirées") -> None:
    call_as(
        world.people["manager"],
        "challenge_award_revoke",
        id=world.award["id"],
        reason=reason,
    )


def said(answer: Any) -> str:
    """What a page says, without its markup."""
    assert answer.status_code == 200
    page = html.document_fromstring(answer.get_data(as_text=True))
    return " ".join(page.xpath("//div[@role='main']")[0].text_content().split())


def upload(content: bytes, name: str) -> dict[str, Any]:
    return {"file": FileStorage(io.BytesIO(content), name)}


def test_an_award_is_four_files_that_carry_the_same(
    browser: Callable[..., Any], world: Any, signed: str
) -> None:
    visitor = browser()
    shown = call_as(None, "challenge_credential_show", award=world.award["id"])
    answers = {
        form: visitor.get(f"{signed}.{form}") for form in ("json", "jwt", "svg", "png")
    }
    assert {form: answer.mimetype for form, answer in answers.items()} == {
        "json": "application/vc",
        "jwt": "application/vc+jwt",
        "svg": "image/svg+xml",
        "png": "image/png",
    }
    assert json.loads(answers["json"].data) == shown["document"]
    assert shown["document"]["id"] == f"{BASE}{signed}.json"
    assert answers["jwt"].data.decode() == shown["jwt"]
    for form in ("jwt", "svg", "png"):
        assert carried(answers[form].data) == shown["jwt"]
    root = etree.fromstring(answers["svg"].data)
    assert root[0].tag == f"{{{NAMESPACE}}}credential"
    assert "Commune 214500241" in root.findtext("{*}desc")
    english = etree.fromstring(visitor.get(f"{signed}.svg?lang=en").data)
    assert english.findtext("{*}title") == "Committed"
    assert root.findtext("{*}title") == "Collectivité engagée"
    width, height = struct.unpack(">II", answers["png"].data[16:24])
    assert width == 600
    assert height >= 600


def test_an_address_answers_the_type_that_is_asked_for(
    browser: Callable[..., Any], world: Any, signed: str
) -> None:
    visitor = browser()
    shown = call_as(None, "challenge_credential_show", award=world.award["id"])

    def asked(page: str, accept: str) -> Any:
        answer = visitor.get(page, headers={"Accept": accept})
        assert "Accept" in answer.headers["Vary"]
        return answer

    for accept in ("application/vc", "application/json", "application/ld+json, a/b"):
        answer = asked(signed, accept)
        assert answer.mimetype == "application/vc"
        assert json.loads(answer.data) == shown["document"]
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert asked(signed, "application/vc+jwt").get_data(as_text=True) == shown["jwt"]
    assert asked(signed, "image/svg+xml").mimetype == "image/svg+xml"
    for accept in ("text/html,application/xml;q=0.9,*/*;q=0.8", "*/*", "text/plain"):
        assert asked(signed, accept).mimetype == "text/html"
    badge = asked("/challenge/badges/engagee", "application/ld+json")
    assert json.loads(badge.data)["type"] == ["Achievement"]
    missing = asked("/challenge/awards/inconnu", "application/vc")
    assert (missing.status_code, missing.mimetype) == (404, "application/json")
    short = visitor.get(f"{signed}/short.jwt")
    assert short.mimetype == "application/vc+jwt"
    assert short.get_data(as_text=True) == shown["short_jwt"]
    page = visitor.get(f"{VERIFY}?credential={shown['short_jwt']}")
    assert "Commune 214500241" in said(page)


@pytest.mark.parametrize(
    ("path", "seconds"),
    [
        ("/challenge/awards/{award}.json", 300),
        ("/challenge/awards/{award}.jwt", 300),
        ("/challenge/awards/{award}.svg", 300),
        ("/challenge/awards/{award}.png", 300),
        ("/challenge/badges/engagee.svg", 300),
        ("/challenge/badges/engagee.json", 300),
        ("/challenge/issuer.json", 300),
        ("/challenge/status/0.json", 60),
        ("/challenge/status/0.jwt", 60),
        ("/challenge/status/0.revoked.json", 60),
        ("/.well-known/did.json", 60),
    ],
)
def test_any_site_may_have_them_and_any_cache_may_keep_them(
    browser: Callable[..., Any], world: Any, signed: str, path: str, seconds: int
) -> None:
    path = path.format(award=world.award["id"])
    for reader in (browser(), browser("sysadmin")):
        answer = reader.get(path, headers={"Origin": "https://www.baule.example.org"})
        assert answer.status_code == 200
        headers = answer.headers
        assert headers["Cache-Control"] == f"public, max-age={seconds}"
        assert headers["Access-Control-Allow-Origin"] == "*"
        assert "default-src 'none'" in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert "Set-Cookie" not in headers
        assert "Vary" not in headers
    again = browser().get(path, headers={"If-None-Match": headers["ETag"]})
    assert again.status_code == 304
    assert not again.data


def test_what_a_verifier_follows_is_there(
    browser: Callable[..., Any], world: Any, signed: str
) -> None:
    visitor = browser()

    def fetched(address: str) -> Any:
        assert address.startswith(f"{BASE}/")
        answer = visitor.get(address.removeprefix(BASE))
        assert answer.status_code == 200, address
        return answer

    document = fetched(f"{BASE}{signed}.json").get_json(force=True)
    achievement = document["credentialSubject"]["achievement"]
    told = fetched(achievement["id"]).get_json(force=True)
    assert {name: told[name] for name in achievement} | {
        "criteria": achievement["criteria"]
    } == achievement
    assert fetched(achievement["image"]["id"]).mimetype == "image/svg+xml"
    # Given by hand: the badge has criteria, the award has none.
    assert "id" not in achievement["criteria"]
    assert fetched(told["criteria"]["id"]).mimetype == "text/html"
    profile = fetched(f"{BASE}/challenge/issuer.json").get_json(force=True)
    assert profile["id"] == document["issuer"]["id"]
    did = fetched(f"{BASE}/.well-known/did.json").get_json(force=True)
    assert did["id"] == profile["id"]
    methods = [method["id"] for method in did["verificationMethod"]]
    assert document["proof"]["verificationMethod"] in methods
    bitstring = document["credentialStatus"]["statusListCredential"]
    for address in (bitstring, bitstring.replace(".json", ".revoked.json")):
        assert fetched(address).get_json(force=True)["id"] == address
    for part in document["evidence"]:
        if "id" in part:
            assert fetched(part["id"]).mimetype == "text/html"


@pytest.mark.ckan_config("ckan.root_path", "/data/{{LANG}}")
def test_under_a_path_the_keys_are_where_did_web_looks_for_them(
    browser: Callable[..., Any], keys: None
) -> None:
    answer = browser().get("/did.json")
    assert answer.status_code == 200
    assert answer.get_json(force=True)["id"] == "did:web:test.ckan.net:data"
    assert browser().get("/.well-known/did.json").status_code == 404


def test_before_it_is_signed_an_award_is_a_picture(
    browser: Callable[..., Any], world: Any
) -> None:
    visitor, page = browser(), f"/challenge/awards/{world.award['id']}"
    for form in ("json", "jwt"):
        assert visitor.get(f"{page}.{form}").status_code == 404
    for form in ("svg", "png"):
        answer = visitor.get(f"{page}.{form}")
        assert answer.status_code == 200
        # It is signed within a minute or so: nobody keeps it for longer.
        assert answer.headers["Cache-Control"] == "public, max-age=60"
        assert b"credential" not in answer.data
    assert "is not signed yet" in said(visitor.get(f"{VERIFY}?credential={page}"))


def test_drafts_and_what_is_unknown_have_no_files(
    browser: Callable[..., Any], world: Any, signed: str
) -> None:
    reader = browser("sysadmin")
    model.Session.execute(sa.update(Cohort).values(state="draft"))
    model.Session.commit()
    unknown = "/challenge/awards/00000000-0000-0000-0000-000000000000"
    for page in (signed, unknown):
        for form in ("json", "jwt", "svg", "png"):
            assert reader.get(f"{page}.{form}").status_code == 404
    assert reader.get("/challenge/badges/inconnu.json").status_code == 404
    assert reader.get("/challenge/badges/inconnu.svg").status_code == 404
    assert reader.get("/challenge/status/7.json").status_code == 404


def _files(visitor: Any, signed: str) -> dict[str, bytes]:
    forms = ("json", "jwt", "svg", "png")
    return {form: visitor.get(f"{signed}.{form}").data for form in forms}


def test_every_form_of_a_badge_is_verified(
    browser: Callable[..., Any], world: Any, signed: str
) -> None:
    visitor = browser("stranger")
    files = _files(visitor, signed)
    pages = [
        visitor.post(VERIFY, upload(content, f"badge.{form}"))
        for form, content in files.items()
    ]
    pages += [
        visitor.post(VERIFY, {"credential": files[form].decode()})
        for form in ("json", "jwt")
    ]
    pages += [
        visitor.get(VERIFY, query_string={"credential": address})
        for address in (
            f"{BASE}{signed}",
            f"  {BASE}/fr{signed}.png?lang=en#top ",
            f"{signed}/",
        )
    ]
    for page in pages:
        text = said(page)
        assert "This badge is genuine" in text
        # What was signed stays in the portal's language, and the page says so.
        root = html.document_fromstring(page.get_data(as_text=True))
        told = root.xpath("//p[@lang='fr']/text()")
        assert [one for one in told if one.endswith("Pour la démonstration")]
        assert "Commune 214500241" in text
        assert "Pour la démonstration" in text
        assert "did:web:test.ckan.net" in text
        assert "without an end" in text
        assert "It was not withdrawn" in text


def test_the_page_of_a_badge_given_by_hand_says_by_whom_and_why(
    browser: Callable[..., Any], world: Any
) -> None:
    page = said(browser().get(f"/en/challenge/awards/{world.award['id']}"))
    assert (
        f"Given by hand by {world.people['manager']['fullname']}, of the team of the "
        "challenge; its criteria were not checked. Reason: Pour la démonstration"
    ) in page


NOT_CHECKED = "Its drawing is not"


def test_however_it_was_copied_it_verifies(
    browser: Callable[..., Any], signed: str
) -> None:
    visitor = browser("stranger")
    files = _files(visitor, signed)
    jwt, svg = files["jwt"].decode(), files["svg"].decode()
    lines = [jwt[at : at + 72] for at in range(0, len(jwt), 72)]
    for text in (
        "\r\n".join(lines),
        "\n  ".join(lines),
        f'"{jwt}"',
        f"« {jwt} »",
        svg,
        f'\n<?xml version="1.0"?>\n{svg}',
    ):
        page = visitor.post(VERIFY, {"credential": text})
        assert "This badge is genuine" in said(page), text[:80]
        assert (NOT_CHECKED in said(page)) is ("<svg" in text)
    for address in (f"https://test.ckan.net{signed}", f"http://test.ckan.net{signed}"):
        page = visitor.get(VERIFY, query_string={"credential": address})
        assert "This badge is genuine" in said(page)


def test_a_drawing_is_not_vouched_for(browser: Callable[..., Any], signed: str) -> None:
    visitor = browser()
    files = _files(visitor, signed)
    for form, content in files.items():
        shown = content.replace(b"Commune", b"Ville") if form == "svg" else content
        text = said(visitor.post(VERIFY, upload(shown, f"badge.{form}")))
        assert "This badge is genuine" in text
        assert (NOT_CHECKED in text) is (form in ("svg", "png"))
    # Text with the mark that some editors put before it is no picture.
    marked = b"\xef\xbb\xbf" + files["json"]
    assert NOT_CHECKED not in said(visitor.post(VERIFY, upload(marked, "a.json")))
    # What carries nothing is refused at the field that was filled in.
    page = visitor.post(VERIFY, {"credential": "<svg/>"})
    assert "Nothing is hidden" in said(page)
    (field,) = html.document_fromstring(page.data).xpath("//textarea")
    assert field.get("aria-invalid") == "true"


def test_whom_for_what_and_on_which_datasets_is_said(
    browser: Callable[..., Any], world: Any, keys: None
) -> None:
    award = model.Session.get(Award, world.award["id"])
    assert award is not None
    award.criteria = {
        "met": [
            {
                "measure": "datasets_public",
                "value": 1,
                "target": 1,
                "datasets": [world.dataset["id"]],
            }
        ]
    }
    model.Session.commit()
    jobs.sign()
    address = f"/challenge/awards/{world.award['id']}"
    answer = browser().get(VERIFY, query_string={"credential": address})
    page = html.document_fromstring(answer.get_data(as_text=True))
    (link,) = page.xpath(f"//main//a[text()='{world.dataset['title']}']") or page.xpath(
        f"//a[text()='{world.dataset['title']}']"
    )
    assert link.get("href") == f"{BASE}/dataset/{world.dataset['name']}"
    assert "214 500 241" in said(answer) or "214500241" in said(answer)


def test_an_award_without_a_season_has_the_siren_of_its_organization(
    browser: Callable[..., Any], world: Any, keys: None
) -> None:
    organization = factories.Organization(siren="213601594", title="Le Poinçonnet")
    given = make_award(organization["id"], "donnees-fraiches", criteria={"met": []})
    model.Session.commit()
    address = f"/challenge/awards/{given.id}"
    jobs.sign()
    assert "213601594" in said(browser().get(address))
    answer = browser().get(VERIFY, query_string={"credential": address})
    assert "213601594" in said(answer)


def test_a_changed_character_is_refused_with_the_reason_and_nothing_is_lost(
    browser: Callable[..., Any], signed: str
) -> None:
    visitor = browser()
    files = _files(visitor, signed)
    changed = files["json"].decode().replace("Commune 2", "Commune 3")
    page = visitor.post(VERIFY, {"credential": changed})
    text = said(page)
    assert "This badge was changed after it was signed" in text
    assert "genuine" not in text.partition("Verify another badge")[0].replace(
        "whether it is genuine", ""
    )
    kept = html.document_fromstring(page.get_data(as_text=True))
    assert kept.xpath("//textarea")[0].text.strip() == changed.strip()
    # The whole picture stays, and one letter of what it carries is another one.
    jwt = files["jwt"].decode()
    other = jwt[:-9] + ("A" if jwt[-9] != "A" else "B") + jwt[-8:]
    baked = files["svg"].decode().replace(jwt, other)
    page = visitor.post(VERIFY, upload(baked.encode(), "badge.svg"))
    assert "This badge was changed" in said(page) or "has been changed" in said(page)
    kept = html.document_fromstring(page.get_data(as_text=True))
    assert kept.xpath("//textarea")[0].text.strip() == other


def test_a_withdrawn_badge_is_withdrawn_everywhere(
    browser: Callable[..., Any], world: Any, signed: str
) -> None:
    visitor = browser()
    files = _files(visitor, signed)
    revoke(world)
    jobs.sign()
    for form, content in files.items():
        text = said(visitor.post(VERIFY, upload(content, f"badge.{form}")))
        assert "This badge was withdrawn" in text
        assert "Données retirées" in text
        # The signature itself is right, and it is said.
        assert "not a character was changed" in text
    assert "This badge was withdrawn" in said(
        visitor.get(VERIFY, query_string={"credential": signed})
    )
    listed = visitor.get("/challenge/status/0.revoked.json").get_json(force=True)
    assert [row["id"] for row in listed["revokedCredential"]] == [
        f"{BASE}{signed}.json"
    ]
    # The picture says so too, and what it carries is still the credential.
    drawn = visitor.get(f"/en{signed}.svg").data
    assert "withdrawn on" in etree.fromstring(drawn).findtext("{*}desc")
    assert carried(drawn) == files["jwt"].decode()


def test_a_badge_at_risk_is_good_and_its_last_day_is_said(
    browser: Callable[..., Any], world: Any, signed: str
) -> None:
    model.Session.execute(
        sa.update(Award).values(state="at_risk", lost_on=dt.date(2030, 5, 17))
    )
    model.Session.commit()
    text = said(browser().get(VERIFY, query_string={"credential": signed}))
    assert "This badge is genuine" in text
    assert "it will be withdrawn on May 17, 2030" in text
    # It is the first thing that is said, too.
    assert "At risk" in text.partition("What was checked")[0]


def test_what_a_replaced_key_signed_stays_good(
    browser: Callable[..., Any], signed: str
) -> None:
    generations.rotate()
    text = said(browser().get(VERIFY, query_string={"credential": signed}))
    assert "This badge is genuine" in text
    assert "The key has been replaced on" in text


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ("bonjour", "neither a whole JSON document nor a whole VC-JWT"),
        ("{}", "This is not a badge of this portal"),
        ("http://169.254.169.254/latest/", "not one of this portal"),
        ("https://www.example.org/challenge/awards/1", "not one of this portal"),
        (f"{BASE}.example.org/challenge/awards/1", "not one of this portal"),
        (f"{BASE}/dataset/x", "not the address of a badge"),
        (f"{BASE}/challenge/awards/../../etc", "not the address of a badge"),
        (f"{BASE}/challenge/awards/inconnu", "no badge at this address"),
        ('"><script>alert(1)</script>', "neither a whole JSON document"),
    ],
)
def test_what_is_no_badge_is_refused_in_plain_words(
    browser: Callable[..., Any],
    signed: str,
    given: str,
    reason: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    visitor = browser()
    token = visitor.token()

    def no_network(*_: Any) -> Any:
        raise AssertionError("An address was asked for")

    monkeypatch.setattr(socket, "getaddrinfo", no_network)
    page = visitor.client.post(VERIFY, data={"credential": given, "_csrf_token": token})
    assert reason in said(page)
    text = page.get_data(as_text=True)
    assert "<script>alert" not in text
    assert html.document_fromstring(text).xpath("//textarea")[0].text.strip() == given


@pytest.mark.parametrize(
    ("content", "name", "reason"),
    [
        (b"GIF89a\xff\xff", "badge.gif", "no picture of a badge"),
        (b"<svg/>", "badge.svg", "Nothing is hidden"),
        (b"<!DOCTYPE a><svg/>", "badge.svg", "is damaged"),
        (b"A" * (MAX_FILE + 1), "badge.json", "too large"),
    ],
)
def test_files_that_carry_nothing_are_refused_in_plain_words(
    browser: Callable[..., Any],
    signed: str,
    content: bytes,
    name: str,
    reason: str,
) -> None:
    page = browser().post(VERIFY, upload(content, name))
    assert reason in said(page)
    shown = html.document_fromstring(page.get_data(as_text=True))
    (field,) = shown.xpath("//input[@type='file']")
    assert field.get("aria-invalid") == "true"


def test_more_than_is_read_at_all_is_refused_too(
    browser: Callable[..., Any], world: Any
) -> None:
    page = browser().post(VERIFY, {"credential": "A" * 1_000_000})
    assert page.status_code == 413
    assert "This is too large" in page.get_data(as_text=True)


def test_the_page_of_an_award_offers_its_proof(
    browser: Callable[..., Any], world: Any, signed: str
) -> None:
    visitor = browser()

    def links() -> dict[str, str]:
        text = visitor.get(f"/en{signed}").get_data(as_text=True)
        page = html.document_fromstring(text)
        found = page.xpath("//section[@aria-labelledby='files']//a")
        return {" ".join(a.text_content().split()): a.get("href") for a in found}

    head = html.document_fromstring(visitor.get(signed).get_data(as_text=True))
    (alternate,) = head.xpath("//link[@type='application/vc']/@href")
    assert alternate == f"{BASE}{signed}.json"
    offered = links()
    assert visitor.get(offered.pop("Verify this badge")).status_code == 200
    assert {name[-5:] for name in offered} >= {"(SVG)", "(PNG)", "JSON)", "(JWT)"}
    for address in offered.values():
        assert visitor.get(address).status_code == 200
    revoke(world)
    text = said(visitor.get(f"/en{signed}"))
    assert "This badge was withdrawn" in text
    assert "Données retirées" in text
