"""What is behind a link: whom a job asks, whom it does not, and how long it listens."""

from __future__ import annotations

import gzip
import io
import ipaddress
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
from helpers.website import Answer, Website, file, moved, website

from ckanext.challenge.conformity import links
from ckanext.challenge.conformity.report import Unreadable

#: This machine has many addresses of its own: one network of them is admitted, so that
#: the others are what is not.
ADMITTED = ipaddress.ip_network("127.0.0.0/29")
NEXT_DOOR = "127.0.0.9"
LIMITS = links.Limits(bytes=1_000_000, seconds=5, networks=[ADMITTED])
CONTENT = "nom;prénom\n".encode()


def fetch(url: str, **limits: Any) -> tuple[bytes, str | None]:
    into = io.BytesIO()
    wanted = links.Limits(**{**vars(LIMITS), **limits})
    charset = links.fetch(url, into, wanted)
    return into.getvalue(), charset


def reason(url: str, **limits: Any) -> str:
    with pytest.raises(Unreadable) as refused:
        fetch(url, **limits)
    return refused.value.problem.type


def drip(before: bytes, each: bytes) -> Answer:
    """Send a beginning, and then a little from time to time, for ever."""

    def answer(request: BaseHTTPRequestHandler) -> None:
        request.wfile.write(before)
        while True:
            request.wfile.write(each)
            request.wfile.flush()
            time.sleep(0.05)

    return answer


def endless(request: BaseHTTPRequestHandler) -> None:
    request.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/csv\r\n\r\n")
    while True:
        request.wfile.write(b"x" * 65536)


def broken_off(request: BaseHTTPRequestHandler) -> None:
    request.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\na,b\n")


def silent(request: BaseHTTPRequestHandler) -> None:
    time.sleep(5)


@pytest.fixture(scope="module")
def bomb() -> bytes:
    return gzip.compress(b"0" * 50_000_000)


@pytest.fixture
def site(bomb: bytes) -> Iterator[Website]:
    answers: dict[str, Answer] = {
        "/file.csv": file(CONTENT, "text/csv; charset=ISO-8859-1"),
        "/packed": file(gzip.compress(CONTENT), Content_Encoding="gzip"),
        "/bomb": file(bomb, Content_Encoding="gzip"),
        "/moved": moved("/file.csv"),
        "/moved-for-good": moved("file.csv?v=2", 308),
        "/loop": moved("/loop"),
        "/nowhere": moved("file:///etc/passwd"),
        "/endless": endless,
        "/broken-off": broken_off,
        "/silent": silent,
        "/slow": drip(b"HTTP/1.1 200 OK\r\n\r\n", b"x"),
        "/slow-headers": drip(b"HTTP/1.1 200 OK\r\n", b"X-A: b\r\n"),
        "/slow-status": drip(b"HTTP/1.1 200 O", b"O"),
        "/nonsense": drip(b"\x16\x03\x01\r\n", b"?"),
    }
    with website(answers) as running:
        yield running


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[str]]:
    """Names that resolve to one address after the other; gives what was resolved."""
    plain = socket.getaddrinfo

    def resolve(**addresses: list[str]) -> list[str]:
        resolved: list[str] = []

        def getaddrinfo(host: Any, *args: Any, **kwargs: Any) -> Any:
            known = addresses.get(str(host).replace(".", "_"))
            if known is None:
                return plain(host, *args, **kwargs)
            resolved.append(str(host))
            address = known[min(len(resolved), len(known)) - 1]
            return plain(address, *args, **kwargs)

        monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
        return resolved

    return resolve


def test_a_file_comes_with_the_encoding_that_its_server_declares(
    site: Website, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A port on which nothing listens: no proxy of the environment is asked.
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    assert fetch(site.url("/file.csv?année=2024#bas")) == (CONTENT, "ISO-8859-1")
    ((line, headers),) = site.asked
    assert line == "GET /file.csv?ann%C3%A9e=2024 HTTP/1.1"
    assert headers["Host"] == site.address.removeprefix("http://")
    assert not {"Cookie", "Authorization"} & set(headers)
    assert fetch(site.url("/packed")) == (CONTENT, None)


@pytest.mark.parametrize("path", ["/moved", "/moved-for-good"])
def test_a_redirection_is_followed_and_its_body_left(site: Website, path: str) -> None:
    assert fetch(site.url(path))[0] == CONTENT
    assert len(site.asked) == 2


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("/unknown", "link-status"),
        ("/loop", "link-redirects"),
        ("/nowhere", "link-address"),
        ("/endless", "too-large"),
        ("/bomb", "too-large"),
        ("/broken-off", "link-unreachable"),
        ("/nonsense", "link-unreachable"),
    ],
)
def test_what_a_server_may_do_instead(site: Website, path: str, why: str) -> None:
    assert reason(site.url(path)) == why


@pytest.mark.parametrize("path", ["/silent", "/slow", "/slow-headers", "/slow-status"])
def test_no_server_takes_more_than_its_time(site: Website, path: str) -> None:
    began = time.monotonic()
    assert reason(site.url(path), seconds=0.4) == "link-slow"
    assert time.monotonic() - began < 3


def test_an_answer_that_refuses_is_quoted(site: Website) -> None:
    with pytest.raises(Unreadable) as refused:
        fetch(site.url("/unknown"))
    assert refused.value.problem.value == "404"


@pytest.mark.parametrize(
    "url",
    [
        "ftp://example.org/a.csv",
        "file:///etc/passwd",
        "gopher://127.0.0.1/",
        "http:///a.csv",
        "http://",
        "http://user:secret@127.0.0.1/",
        "http://127.0.0.1:99999/",
        "http://[::1/",
        f"http://{'a' * 300}.org/",
        "",
    ],
)
def test_what_is_no_address_of_the_web(url: str) -> None:
    assert reason(url) == "link-address"


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.9",
        "127.9",
        "2130706441",
        "0x7f000009",
        "0",
        "0.0.0.0",
        "10.0.0.1",
        "172.16.0.1",
        "192.168.1.1",
        "100.64.0.1",
        "169.254.169.254",
        "192.0.0.1",
        "198.18.0.1",
        "224.0.0.1",
        "255.255.255.255",
        "[::]",
        "[::1]",
        "[::ffff:127.0.0.9]",
        "[::ffff:169.254.169.254]",
        "[::127.0.0.9]",
        "[64:ff9b::7f00:9]",
        "[2002:7f00:9::]",
        "[2001:0:7f00:9::]",
        "[fe80::1]",
        "[fec0::1]",
        "[fc00::1]",
        "[ff02::1]",
    ],
)
def test_only_the_public_network_is_asked(host: str) -> None:
    assert reason(f"http://{host}/") == "link-private"
    assert reason(f"https://{host}:8443/") == "link-private"


@pytest.mark.parametrize("address", ["9.9.9.9", "2620:fe::9", "::ffff:9.9.9.9"])
def test_the_public_network_may_be_asked(address: str) -> None:
    assert links.is_public(ipaddress.ip_address(address))


def test_a_name_that_nobody_knows() -> None:
    assert reason("http://nobody.invalid/") == "link-unknown"


def test_nobody_listens(site: Website) -> None:
    assert reason("http://127.0.0.2:1/") == "link-unreachable"


def test_a_redirection_leads_to_no_private_address(site: Website) -> None:
    with website({"/": file(b"secret")}, host=NEXT_DOOR) as next_door:
        site.answers["/away"] = moved(next_door.url("/"))
        assert reason(site.url("/away")) == "link-private"
        assert next_door.asked == []


def test_a_name_has_no_say_after_it_was_resolved(
    site: Website, names: Callable[..., list[str]]
) -> None:
    """A name that leads to a public server first, and inside a moment later."""
    port = site.address.rpartition(":")[2]
    with website({"/file.csv": file(b"secret")}, host=NEXT_DOOR) as next_door:
        resolved = names(rebind_test=["127.0.0.1", NEXT_DOOR])
        assert fetch(f"http://rebind.test:{port}/file.csv")[0] == CONTENT
        assert resolved == ["rebind.test"]
        assert site.asked[0][1]["Host"] == f"rebind.test:{port}"
        # Asked again, it is judged again.
        assert reason(f"http://rebind.test:{port}/file.csv") == "link-private"
        assert next_door.asked == []


@pytest.mark.skipif(not shutil.which("openssl"), reason="needs openssl")
def test_a_certificate_is_for_the_name_that_was_typed(
    names: Callable[..., list[str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    subprocess.run(
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes"
        f" -days 2 -subj /CN=test -addext subjectAltName=DNS:data.test"
        f" -keyout {key} -out {certificate}".split(),
        check=True,
        capture_output=True,
    )
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate, key)
    names(data_test=["127.0.0.1"], other_test=["127.0.0.1"])
    with website({"/": file(CONTENT)}, tls=tls) as site:
        port = site.address.rpartition(":")[2]
        assert reason(f"https://data.test:{port}/") == "link-certificate"
        trust = ssl.create_default_context(cafile=str(certificate))
        monkeypatch.setattr(links, "_trust", lambda: trust)
        assert fetch(f"https://data.test:{port}/")[0] == CONTENT
        assert reason(f"https://other.test:{port}/") == "link-certificate"
        assert len(site.asked) == 1
