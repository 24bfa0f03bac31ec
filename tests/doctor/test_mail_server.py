"""A mail server that takes no mail is no good one, however it refuses."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pytest

from ckanext.challenge.doctor import labels, mail_server

pytestmark = pytest.mark.usefixtures("with_plugins")

#: What a server answers to each command, where a test says nothing else.
ANSWERS = {
    "": "220 mx.example.test",
    "EHLO": "250-mx.example.test\r\n250 AUTH PLAIN",
    "AUTH": "235 welcome",
    "MAIL": "250 ok",
    "RSET": "250 ok",
    "QUIT": "221 bye",
}


@contextmanager
def _server(answers: Mapping[str, str]) -> Iterator[tuple[str, list[str]]]:
    """A server that answers by the book of the test, and what it was asked."""
    asked: list[str] = []

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            command = ""
            while True:
                answer = answers.get(command, "500 what?")
                self.wfile.write(f"{answer}\r\n".encode())
                line = self.rfile.readline().decode().strip()
                if not line or command == "QUIT":
                    return
                command = line.split()[0].upper()
                asked.append(command)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"127.0.0.1:{server.server_address[1]}", asked
        finally:
            server.shutdown()


@pytest.fixture
def look(
    ckan_config: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> Callable[..., tuple[dict[str, Any], list[str]]]:
    """Look at a server that answers so, with settings that are so."""

    def look(
        answers: Mapping[str, str], settings: Mapping[str, Any]
    ) -> tuple[dict[str, Any], list[str]]:
        with _server({**ANSWERS, **answers}) as (address, asked):
            usual = {
                "server": address,
                "starttls": False,
                "mail_from": "portal@example.test",
                "user": "",
                "password": "",
            }
            for name, value in {**usual, **settings}.items():
                monkeypatch.setitem(ckan_config, f"smtp.{name}", value)
            return labels.finding(mail_server.look()), asked

    return look


def test_all_but_a_mail_is_tried(look: Callable[..., Any]) -> None:
    found, asked = look({}, {"user": "portal", "password": "secret"})
    assert (found["verdict"], found["remedy"]) == ("good", None)
    assert asked == ["EHLO", "AUTH", "MAIL", "RSET", "QUIT"]


@pytest.mark.parametrize(
    ("answers", "settings", "remedy"),
    [
        ({"": "554 not you"}, {}, "smtp.server = …"),
        ({"MAIL": "530 log in first"}, {}, "smtp.server = …"),
        ({}, {"server": ""}, "smtp.server = …"),
        ({}, {"server": "mx.example.test:many"}, "smtp.server = …"),
        ({}, {"starttls": True}, "smtp.starttls = false"),
        ({}, {"mail_from": ""}, "smtp.mail_from = opendata@example.org"),
        ({}, {"user": "portal"}, "smtp.password = …"),
        (
            {"AUTH": "535 no"},
            {"user": "portal", "password": "secret"},
            "smtp.password = …",
        ),
        (
            {"EHLO": "250 mx.example.test"},
            {"user": "portal", "password": "secret"},
            "smtp.password = …",
        ),
    ],
)
def test_what_keeps_mails_from_going_is_told(
    look: Callable[..., Any],
    answers: dict[str, str],
    settings: dict[str, Any],
    remedy: str,
) -> None:
    found, _ = look(answers, settings)
    assert (found["verdict"], found["remedy"]) == ("wrong", remedy)
    assert "secret" not in found["text"]


def test_a_server_that_cannot_encrypt_after_all_is_told(
    look: Callable[..., Any],
) -> None:
    answers = {"EHLO": "250-mx.example.test\r\n250 STARTTLS", "STARTTLS": "220 go"}
    found, asked = look(answers, {"starttls": True})
    assert found["verdict"] == "wrong"
    assert found["remedy"].startswith("openssl s_client -starttls smtp -connect")
    assert "MAIL" not in asked
