"""A real web server that answers what a test tells it to, well-behaved or not."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

#: Writes an answer to a request, from its status line on.
Answer = Callable[[BaseHTTPRequestHandler], None]


class Website:
    """Where a server is, and what it was asked.

    :ivar asked: the requests: their lines and headers, in order
    :ivar answers: what it answers, by path; 404 elsewhere
    """

    def __init__(self, address: str, answers: Mapping[str, Answer]) -> None:
        self.address = address
        self.answers = dict(answers)
        self.asked: list[tuple[str, Mapping[str, str]]] = []

    def url(self, path: str) -> str:
        return self.address + path


def file(content: bytes, kind: str = "text/csv", **headers: str) -> Answer:
    """A file."""

    def answer(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.send_header("Content-Type", kind)
        request.send_header("Content-Length", str(len(content)))
        for name, value in headers.items():
            request.send_header(name.replace("_", "-"), value)
        request.end_headers()
        request.wfile.write(content)

    return answer


def moved(target: str, status: int = 302) -> Answer:
    """A redirection, with a body that nobody should read to its end."""

    def answer(request: BaseHTTPRequestHandler) -> None:
        request.send_response(status)
        request.send_header("Location", target)
        request.end_headers()
        while True:
            request.wfile.write(b"x" * 65536)

    return answer


@contextmanager
def website(
    answers: Mapping[str, Answer],
    host: str = "127.0.0.1",
    tls: ssl.SSLContext | None = None,
) -> Iterator[Website]:
    """A server on this machine, as long as the context."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            site.asked.append((self.requestline, dict(self.headers)))
            self.close_connection = True
            with suppress(OSError):
                path = self.path.partition("?")[0]
                site.answers.get(path, lambda request: request.send_error(404))(self)

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer((host, 0), Handler)
    server.daemon_threads = True
    # Its answers may have no end; those who ask leave.
    server.block_on_close = False
    if tls:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    scheme = "https" if tls else "http"
    site = Website(f"{scheme}://{host}:{server.server_port}", answers)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield site
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
