"""nginx with the file that ``deploy/`` ships, and a browser that asks it."""

from __future__ import annotations

import datetime as dt
import os
import re
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from requests.adapters import HTTPAdapter

from portal import ports, system

from .browser import PASSWORD, TOKEN
from .served import WAIT, running

HOST = "data.example.org"
TEMPLATE = Path("deploy/nginx.conf")

_MAIN = """
daemon off;
pid {folder}/nginx.pid;
error_log stderr;
worker_processes 1;
{user}
events {{}}
http {{
    include /etc/nginx/mime.types;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/portal.conf;
}}
"""


class _Here(HTTPAdapter):
    """Asks this machine for what is meant for the portal's host."""

    def __init__(self, port: int) -> None:
        self._port = port
        super().__init__()

    def init_poolmanager(self, *options: Any, **more: Any) -> Any:
        return super().init_poolmanager(
            *options, server_hostname=HOST, assert_hostname=HOST, **more
        )

    def send(self, request: Any, *options: Any, **more: Any) -> Any:
        asked = request.url
        request.headers.setdefault("Host", HOST)
        request.url = asked.replace(
            f"https://{HOST}", f"https://{ports.HOST}:{self._port}", 1
        )
        answer = super().send(request, *options, **more)
        answer.url = request.url = asked
        return answer


class Proxy:
    """An nginx that runs.

    :ivar base: the portal's address, with its prefix
    :ivar port: where it speaks TLS
    :ivar plain: where it does not
    :ivar log: what it writes of each request
    """

    def __init__(self, folder: Path, prefix: str, port: int, plain: int) -> None:
        self.folder, self.prefix, self.port, self.plain = folder, prefix, port, plain
        self.base = f"https://{HOST}{prefix}"
        self.log = folder / "access.log"

    def logged(self, line: str) -> str:
        """The log, once a line is in it: nginx answers first, and writes then."""
        deadline = time.monotonic() + WAIT
        while line not in (text := self.log.read_text()):
            assert time.monotonic() < deadline, text
            time.sleep(0.05)
        return text

    def visitor(self) -> requests.Session:
        """A browser with cookies of its own, which follows nothing by itself."""
        session = requests.Session()
        session.mount(f"https://{HOST}", _Here(self.port))
        session.verify = str(self.folder / "fullchain.pem")
        session.trust_env = False
        return session

    def signed_in(self, user: dict[str, Any]) -> requests.Session:
        """The browser of somebody who has signed in."""
        session = self.visitor()
        answer = session.post(
            f"{self.base}/user/login",
            {
                "login": user["name"],
                "password": PASSWORD,
                "_csrf_token": self.token(session, "/user/login"),
            },
            headers={"Referer": f"{self.base}/user/login"},
            allow_redirects=False,
        )
        assert answer.status_code == 302, answer.text
        return session

    def token(self, session: requests.Session, path: str = "/about") -> str:
        """The token that CKAN puts into each page."""
        found = TOKEN.search(session.get(self.base + path).text)
        assert found
        return found[1]


def filled_in(**values: str) -> str:
    """The shipped file with its variables filled in, as nginx's image does it."""
    text = TEMPLATE.read_text()
    # The lines at its beginning say how; they are comments.
    code = re.sub(r"^\s*#.*$", "", text, flags=re.MULTILINE)
    for name, value in values.items():
        code = code.replace(f"${{{name}}}", value)
    assert "${" not in code, "a variable has no value"
    return code


def program() -> str | None:
    """nginx, which Debian keeps out of the path of those who are not root."""
    return system.nginx()


@contextmanager
def proxy(folder: Path, node: str, prefix: str = "") -> Iterator[Proxy]:
    """nginx before a node that answers, and another one that does not."""
    nginx = program()
    assert nginx, "nginx is not installed"
    tls, plain, dead = ports.choose(3)
    _certificate(folder)
    text = filled_in(
        PORTAL_HOST=HOST,
        PORTAL_PREFIX=prefix,
        PORTAL_CERTIFICATES=str(folder),
        PORTAL_NODE_1=f"{ports.HOST}:{dead}",
        PORTAL_NODE_2=node,
    )
    text = text.replace("listen 443 ", f"listen {ports.HOST}:{tls} ")
    text = re.sub(r"listen 80\b", f"listen {ports.HOST}:{plain}", text)
    text = text.replace("/var/log/nginx/", f"{folder}/")
    (folder / "portal.conf").write_text(text)
    user = "user root;" if os.geteuid() == 0 else ""
    main = folder / "nginx.conf"
    main.write_text(_MAIN.format(folder=folder, user=user))
    command = [nginx, "-c", str(main), "-p", str(folder), "-e", "stderr"]
    with running(command, folder / "nginx.log", lambda: _listens(tls)):
        yield Proxy(folder, prefix, tls, plain)


def _listens(port: int) -> bool:
    try:
        socket.create_connection((ports.HOST, port), timeout=1).close()
    except OSError:
        return False
    return True


def _certificate(folder: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, HOST)])
    now = dt.datetime.now(dt.timezone.utc)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(HOST)]), False)
        .sign(key, hashes.SHA256())
    )
    (folder / "fullchain.pem").write_bytes(
        made.public_bytes(serialization.Encoding.PEM)
    )
    (folder / "privkey.pem").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
