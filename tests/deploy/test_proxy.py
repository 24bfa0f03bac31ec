"""The proxy that is shipped, before a portal that has a host, or a path of one."""

from __future__ import annotations

import http.client
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from html import unescape
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

import pytest
import requests
from aiosmtpd.controller import Controller
from ckan.tests import factories
from factories import (
    BAULE,
    apply,
    call_as,
    collectivites,
    make_cohort,
    make_participant,
    make_staff,
)
from helpers import proxy as proxies
from helpers import served
from helpers.browser import PASSWORD
from helpers.mailbox import Mailbox
from helpers.proxy import HOST, Proxy
from helpers.snapshots import MadeOnce
from helpers.website import Answer, Website, file, website
from lxml import etree, html  # pyright: ignore[reportAttributeAccessIssue]

from portal import ports

pytestmark = pytest.mark.skipif(
    proxies.program() is None, reason="needs nginx (Debian's package nginx)"
)

#: CKAN writes it as it is configured, without the prefix.
CKANS_OWN = {"/base/images/ckan.ico"}
ADDRESS = re.compile(rf"https?://{re.escape(HOST)}[^\s\"'<>\\)]*")


# Before something that only answers: what the file itself does.


@pytest.fixture
def behind() -> Iterator[Website]:
    answers = {
        "/": file(b"<p>page</p>", "text/html"),
        "/style.css": file(b"p {}" * 1000, "text/css"),
        "/own": file(
            b"", Content_Security_Policy="sandbox", Referrer_Policy="no-referrer"
        ),
        "/dataset/a/resource/b/view/c": file(b"", "text/html"),
        "/twice": file(b"", X_Content_Type_Options="nosniff"),
    }
    with website(answers) as site:
        yield site


@pytest.fixture
def before(behind: Website, tmp_path: Path) -> Iterator[Proxy]:
    node = behind.address.removeprefix("http://")
    with proxies.proxy(tmp_path, node) as proxy:
        yield proxy


def test_what_visitors_claim_to_be_counts_for_nothing(
    before: Proxy, behind: Website
) -> None:
    claimed = {
        "X-Forwarded-For": "192.0.2.1",
        "X-Forwarded-Proto": "http",
        "X-Forwarded-Host": "evil.example",
        "Forwarded": "for=192.0.2.1;host=evil.example",
    }
    before.visitor().get(before.base + "/?key=secret", headers=claimed)
    _, headers = behind.asked[-1]
    assert headers["Host"] == HOST
    assert headers["X-Forwarded-For"] == "127.0.0.1"
    assert headers["X-Forwarded-Proto"] == "https"
    assert "evil.example" not in str(headers)
    assert "192.0.2.1" not in str(headers)
    # What stands in a query may open an application.
    assert "secret" not in before.logged('"GET /" 200')


def test_another_host_is_no_portal(before: Proxy, behind: Website) -> None:
    asked = len(behind.asked)
    visitor = before.visitor()
    with pytest.raises(requests.ConnectionError):
        visitor.get(before.base + "/", headers={"Host": "evil.example"})
    for tls in (True, False):
        with pytest.raises((OSError, http.client.HTTPException)):
            where = before.port if tls else before.plain
            scheme = "https" if tls else "http"
            requests.get(f"{scheme}://{ports.HOST}:{where}/", verify=False, timeout=5)
    assert len(behind.asked) == asked
    plain = requests.get(
        f"http://{ports.HOST}:{before.plain}/challenge?page=2",
        headers={"Host": HOST},
        allow_redirects=False,
        timeout=5,
    )
    assert plain.status_code == 301
    assert plain.headers["Location"] == f"https://{HOST}/challenge?page=2"


def test_each_header_is_said_once(before: Proxy) -> None:
    visitor = before.visitor()

    def headers(path: str) -> Any:
        answer = visitor.get(before.base + path)
        raw = answer.raw.headers
        for name in ("X-Content-Type-Options", "Strict-Transport-Security"):
            assert len(raw.getlist(name)) == 1, (path, name)
        return raw

    page = headers("/")
    assert page["Content-Security-Policy"] == "frame-ancestors 'self'"
    assert page["Referrer-Policy"] == "strict-origin-when-cross-origin"
    assert page["Strict-Transport-Security"].startswith("max-age=")
    assert "nginx/" not in page["Server"]
    own = headers("/own")
    assert own.getlist("Content-Security-Policy") == ["sandbox"]
    assert own.getlist("Referrer-Policy") == ["no-referrer"]
    # CKAN offers these to other sites.
    assert "Content-Security-Policy" not in headers("/dataset/a/resource/b/view/c")
    assert headers("/twice")["X-Content-Type-Options"] == "nosniff"
    # Also of what is not there.
    assert headers("/none")["Content-Security-Policy"] == "frame-ancestors 'self'"
    packed = headers("/style.css")
    assert (packed["Content-Encoding"], "Accept-Encoding" in packed["Vary"]) == (
        "gzip",
        True,
    )


def test_what_is_too_large_or_away_is_told(tmp_path: Path) -> None:
    (nobody,) = ports.choose(1)
    with proxies.proxy(tmp_path, f"{ports.HOST}:{nobody}") as proxy:
        visitor = proxy.visitor()
        large = visitor.post(proxy.base + "/x", headers={"Content-Length": "70000000"})
        assert large.status_code == 413
        assert "60 Mo" in large.content.decode()
        away = visitor.get(proxy.base + "/")
        assert (away.status_code, away.headers["Retry-After"]) == (503, "30")
        assert "n'est perdu" in away.content.decode()
        assert away.headers["Cache-Control"] == "no-store"


def test_figures_are_for_the_inside(before: Proxy) -> None:
    for path in ("/challenge/metrics", "/en/challenge/metrics"):
        assert before.visitor().get(before.base + path).status_code == 403


def _moved(target: str, status: int = 302) -> Answer:
    def answer(request: BaseHTTPRequestHandler) -> None:
        request.send_response(status)
        request.send_header("Location", target)
        request.send_header("Content-Length", "0")
        request.end_headers()

    return answer


def test_a_redirect_elsewhere_is_left(tmp_path: Path) -> None:
    """The file of a dataset may lie on the same host, outside of the portal."""
    answers = {
        "/dataset": _moved(f"http://{HOST}/dataset/", 308),
        "/download": _moved(f"https://{HOST}/files/a.csv"),
        "/away": _moved("https://www.example.org/files/"),
        "/inside": _moved(f"https://{HOST}/data/dataset/"),
    }
    with (
        website(answers) as site,
        proxies.proxy(tmp_path, site.address.removeprefix("http://"), "/data") as proxy,
    ):
        told = {
            path: proxy.visitor()
            .get(proxy.base + path, allow_redirects=False)
            .headers["Location"]
            for path in answers
        }
    assert told == {
        "/dataset": "/data/dataset/",
        "/download": f"https://{HOST}/files/a.csv",
        "/away": "https://www.example.org/files/",
        "/inside": f"https://{HOST}/data/dataset/",
    }


# Before a portal.


@dataclass
class Site:
    """A portal behind its proxy, and what is in it."""

    proxy: Proxy
    ini: Path
    mailbox: Mailbox
    cohort: dict[str, Any]
    participant: dict[str, Any]
    award: str
    application: dict[str, Any]
    people: dict[str, dict[str, Any]]

    @property
    def organization(self) -> str:
        return self.participant["organization_name"]


@dataclass
class _Running:
    proxy: Proxy
    ini: Path
    mailbox: Mailbox


@pytest.fixture(scope="module", params=["", "/data"], ids=["host", "prefix"])
def _portal(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[_Running]:
    folder = tmp_path_factory.mktemp("proxied")
    node, smtp = ports.choose(2)
    box = Mailbox()
    controller = Controller(box, hostname=ports.HOST, port=smtp)
    controller.start()
    settings = {
        "WTF_CSRF_ENABLED": "true",
        "SESSION_COOKIE_SECURE": "true",
        "REMEMBER_COOKIE_SECURE": "true",
        "ckan.site_url": f"https://{HOST}",
        "ckan.storage_path": str(folder / "storage"),
        "ckanext.challenge.keys_path": str(folder / "keys"),
        "smtp.server": f"{ports.HOST}:{smtp}",
        "smtp.starttls": "false",
    }
    if request.param:
        settings["ckan.root_path"] = request.param + "/{{LANG}}"
    ini = served.ini_with(folder, settings)
    _command(ini, "challenge", "keys", "create")
    try:
        with (
            served.web(ini, node, folder / "web.log"),
            proxies.proxy(folder, f"{ports.HOST}:{node}", request.param) as proxy,
        ):
            yield _Running(proxy, ini, box)
    finally:
        controller.stop()


def _made() -> dict[str, Any]:
    collectivites()
    people = {
        "sysadmin": factories.Sysadmin(password=PASSWORD),
        "manager": factories.User(password=PASSWORD),
        "applicant": factories.User(password=PASSWORD),
    }
    cohort = make_cohort("open", title="Challenge open data, saison 2")
    make_staff(cohort, "manager", people["manager"], by=people["sysadmin"])
    participant = make_participant(cohort, BAULE)
    factories.Dataset(owner_org=participant["organization_id"], name="budget")
    call_as(
        people["manager"], "challenge_cohort_transition", id=cohort["id"], to="running"
    )
    award = call_as(
        people["manager"],
        "challenge_award_create",
        badge="engagee",
        organization=participant["organization_id"],
        cohort=cohort["id"],
        reason="Pour la démonstration",
    )
    later = make_cohort("open", name="saison-3", season=3, title="Saison 3")
    make_staff(later, "manager", people["manager"], by=people["sysadmin"])
    return {
        "cohort": cohort,
        "participant": participant,
        "award": award["id"],
        "people": people,
        "application": apply(later, "213601594", user=people["applicant"]),
    }


@pytest.fixture
def site(_portal: _Running, made_once: MadeOnce) -> Site:
    made = made_once("proxied", _made)
    _portal.mailbox.messages.clear()
    return Site(_portal.proxy, _portal.ini, _portal.mailbox, **made)


def _command(ini: Path, *words: str) -> None:
    program = str(Path(sys.executable).with_name("ckan"))
    done = subprocess.run(
        [program, "-c", str(ini), *words], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def _pages(site: Site) -> list[str]:
    organization = site.organization
    pages = [
        "/",
        "/dataset/",
        "/dataset/budget",
        f"/organization/{organization}",
        "/challenge",
        "/challenge/saison-2",
        f"/challenge/saison-2/{organization}",
        "/challenge/saison-2/data",
        "/challenge/badges",
        "/challenge/badges/engagee",
        f"/challenge/badge/{organization}",
        f"/challenge/awards/{site.award}",
        "/challenge/verify",
        "/challenge/kits",
        "/challenge/observatory",
        f"/challenge/collectivite/{BAULE}",
        "/challenge/saison-3/apply",
        "/challenge/api",
    ]
    return [*pages, *(f"/en{page}" for page in pages[5:8])]


def test_all_that_pages_lead_to_is_there(site: Site) -> None:
    """Links, forms, pictures, styles, feeds and what is told to other sites."""
    proxy, visitor = site.proxy, site.proxy.visitor()
    found: dict[str, str] = {}
    sent_to: set[str] = set()
    wrong = []
    for page in _pages(site):
        answer = visitor.get(proxy.base + page, allow_redirects=False)
        assert answer.status_code == 200, (page, answer.status_code)
        tree = html.document_fromstring(answer.text)
        sent_to |= {
            urljoin(proxy.base + page, url)
            for url in tree.xpath("//@action | //@formaction")
        }
        told = tree.xpath("//@href | //@src | //@action | //meta/@content")
        for url in [*told, *ADDRESS.findall(unescape(answer.text))]:
            if url in told and not re.match(r"(https?:|/|\?|#|\.)", url):
                continue
            whole = urljoin(proxy.base + page, url)
            parts = urlsplit(whole)
            if parts.netloc == HOST:
                whole = parts._replace(fragment="").geturl()
                if url in CKANS_OWN or whole == proxy.base:
                    continue
                if not whole.startswith(proxy.base + "/"):
                    wrong.append((whole, page, 0, "outside of the portal"))
                found.setdefault(whole, page)
    # What forms are sent to, and pages with filters, say nothing new.
    asked = [url for url in found if "?" not in url and url not in sent_to]
    assert len(asked) > 60
    for url in asked:
        answer = visitor.get(url, allow_redirects=False)
        where = answer.headers.get("Location", "")
        if answer.status_code >= 400 or (
            where and not urljoin(url, where).startswith(proxy.base + "/")
        ):
            wrong.append((url, found[url], answer.status_code, where))
    assert not wrong, "\n".join(map(str, wrong))


def test_programs_are_told_addresses_that_answer(site: Site) -> None:
    """Feeds, calendars, maps of the site, oEmbed, the API's description, badges."""
    proxy, visitor = site.proxy, site.proxy.visitor()
    page = f"{proxy.base}/challenge/saison-2/{site.organization}"
    files = [
        "/challenge/saison-2/data.atom",
        "/challenge/saison-2/calendar.ics",
        "/sitemap.xml",
        "/challenge/api.json",
        f"/challenge/oembed?format=json&url={page}",
        f"/challenge/badge/{site.organization}.svg",
        "/challenge/issuer.json",
        "/challenge/badges/engagee.json",
        "/challenge/observatory.json",
        "/challenge/observatory.csv",
    ]
    for path in files:
        answer = visitor.get(proxy.base + path, allow_redirects=False)
        assert answer.status_code == 200, (path, answer.text[:500])
        for url in ADDRESS.findall(answer.text.replace("\r\n ", "")):
            assert url.startswith(proxy.base), (path, url)
    sitemap = etree.fromstring(visitor.get(proxy.base + "/sitemap.xml").content)
    for url in sitemap.xpath("//*[local-name() = 'loc']/text()"):
        assert visitor.get(url).status_code == 200
    (server,) = visitor.get(proxy.base + "/challenge/api.json").json()["servers"]
    assert server["url"].startswith(proxy.base)
    oembed = visitor.get(f"{proxy.base}/challenge/oembed?format=json&url={page}").json()
    assert visitor.get(oembed["url"]).headers["Content-Type"].startswith("image/")


def test_keys_are_where_did_web_looks(site: Site) -> None:
    visitor = site.proxy.visitor()
    prefix = site.proxy.prefix
    did = f"did:web:{HOST}" + prefix.replace("/", ":")
    path = f"{prefix}/did.json" if prefix else "/.well-known/did.json"
    answer = visitor.get(f"https://{HOST}{path}")
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "application/did+json"
    assert answer.json()["id"] == did


def test_people_sign_in_and_send_forms(site: Site) -> None:
    proxy = site.proxy
    manager = site.people["manager"]
    visitor = proxy.visitor()
    # The language is after the prefix.
    asked = visitor.get(f"{proxy.base}/en/challenge/manage")
    assert urlsplit(asked.url).path == f"{proxy.prefix}/en/user/login"
    back = visitor.post(
        asked.url,
        {
            "login": manager["name"],
            "password": PASSWORD,
            "_csrf_token": proxy.token(visitor),
        },
        headers={"Referer": asked.url},
    )
    assert urlsplit(back.url).path == f"{proxy.prefix}/en/challenge/manage"
    assert back.status_code == 200
    cookies = {cookie.name: cookie for cookie in visitor.cookies}
    assert all(cookie.secure for cookie in cookies.values()), cookies
    assert "private" in back.headers["Cache-Control"]
    # A form that saves, and leads on.
    form = f"{proxy.base}/challenge/manage/saison-3/edit"
    page = html.document_fromstring(visitor.get(form).text)
    (fields,) = (one for one in page.forms if "title" in one.fields)
    data = dict(fields.form_values())
    data["title"] = "Un autre titre"
    refused = visitor.post(form, {**data, "_csrf_token": ""}, headers={"Referer": form})
    assert refused.status_code == 400
    saved = visitor.post(form, data, headers={"Referer": form}, allow_redirects=False)
    assert saved.status_code == 302, html.document_fromstring(saved.text).xpath(
        "string(//*[contains(@class, 'challenge-errors')])"
    )
    where = urljoin(form, saved.headers["Location"])
    assert where.startswith(f"{proxy.base}/challenge/")
    assert "Un autre titre" in visitor.get(f"{proxy.base}/challenge/saison-3").text


def test_mails_lead_to_the_portal(site: Site) -> None:
    proxy = site.proxy
    _command(site.ini, "challenge", "mail", "send")
    assert site.mailbox.messages
    seen = 0
    for message in site.mailbox.messages:
        for part in message.walk():
            if part.get_content_maintype() != "text":
                continue
            text = part.get_content()
            assert "test.ckan.net" not in text
            for found in ADDRESS.findall(text):
                url = found.rstrip(".,").replace("&amp;", "&")
                assert url.startswith(proxy.base), url
                answer = proxy.visitor().get(url)
                assert answer.status_code == 200, (url, answer.status_code)
                seen += 1
    assert seen > 2


def test_workbooks_and_pictures_pass(site: Site) -> None:
    """More than nginx lets in by itself, and less than the extension does."""
    proxy = site.proxy
    visitor = proxy.signed_in(site.people["sysadmin"])
    page = f"{proxy.base}/challenge/verify"
    sent = visitor.post(
        page,
        {"_csrf_token": proxy.token(visitor)},
        files={"file": ("badge.json", b" " * 3_000_000, "application/json")},
        headers={"Referer": page},
    )
    assert sent.status_code in (200, 400, 413)
    assert "</html>" in sent.text
    assert "challenge" in sent.text
    # Through to the proxy's own limit.
    sent = visitor.post(
        page,
        {"_csrf_token": proxy.token(visitor)},
        files={"file": ("badge.json", b" " * 63_000_000, "application/json")},
        headers={"Referer": page},
    )
    assert sent.status_code == 413
    assert "60 Mo" in sent.content.decode()


def test_what_caches_may_keep(site: Site) -> None:
    """As ``docs/production.md`` says it."""
    proxy, visitor = site.proxy, site.proxy.visitor()

    def kept(path: str, who: requests.Session = visitor) -> str:
        answer = who.get(proxy.base + path)
        assert answer.status_code == 200, path
        tag = answer.headers.get("ETag")
        if tag:
            again = who.get(proxy.base + path, headers={"If-None-Match": tag})
            assert again.status_code == 304, path
        # What is public is the same for all.
        said = answer.headers["Cache-Control"]
        if "max-age=0" not in said and "private" not in said:
            assert "Cookie" not in answer.headers.get("Vary", ""), path
        return f"{said}{' with tag' if tag else ''}"

    for path in ("/about", "/challenge", "/challenge/saison-3/apply"):
        assert kept(path) == "private"
    again = "public, max-age=0, must-revalidate"
    for path, said in {
        f"/challenge/badge/{site.organization}.svg": "public, max-age=300 with tag",
        f"/challenge/awards/{site.award}.svg": "public, max-age=60 with tag",
        "/challenge/badges/engagee.svg": "public, max-age=300 with tag",
        "/sitemap.xml": "public, max-age=3600 with tag",
        "/challenge/saison-2/data.atom": f"{again} with tag",
        "/challenge/saison-2/calendar.ics": f"{again} with tag",
        "/challenge/observatory.csv": again,
        "/challenge/api.json": again,
        "/challenge/health": f"no-store, {again}",
    }.items():
        assert kept(path) == said, path
    page = visitor.get(f"{proxy.base}/challenge").text
    styles = re.findall(r'href="([^"]*/webassets/[^"]+\.css)"', page)
    assert any("ckanext-challenge" in url for url in styles)
    for url in styles:
        path = url.removeprefix(proxy.prefix)
        assert kept(path) == "public, max-age=31536000, immutable with tag"
    missing = visitor.get(f"{proxy.base}/webassets/base/00000000_none.css")
    assert missing.status_code == 404
    assert "immutable" not in missing.headers["Cache-Control"]
    manager = proxy.signed_in(site.people["manager"])
    for path in ("/challenge", "/challenge/manage", "/challenge/saison-2"):
        assert kept(path, manager) == "private"


def test_a_badge_may_be_shown_elsewhere(site: Site) -> None:
    """As a picture of another site, without a cookie, and read by its scripts."""
    answer = site.proxy.visitor().get(
        f"{site.proxy.base}/challenge/badge/{site.organization}.svg",
        headers={"Origin": "https://www.example.org"},
    )
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert "frame-ancestors" not in answer.headers["Content-Security-Policy"]
    assert "Set-Cookie" not in answer.headers
