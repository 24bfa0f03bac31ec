"""An SMTP server that writes each mail to a file that a person can read, and sends
nothing.

Run inside the portal's environment as ``python -m portal.mailbox PORT FOLDER``.
"""

from __future__ import annotations

import asyncio
import itertools
import re
import signal
import sys
from datetime import datetime, timezone
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

from aiosmtpd.controller import UnthreadedController
from aiosmtpd.smtp import SMTP, Envelope, Session

from portal.ports import HOST


def readable(raw: bytes, recipients: list[str]) -> str:
    """The mail as a person reads it: decoded headers and texts, attachments by their
    names.

    :param raw: the mail as it was sent
    :param recipients: the addresses of the envelope, which need not be those of the
        headers
    """
    message = message_from_bytes(raw, policy=policy.default)
    assert isinstance(message, EmailMessage)
    lines = [f"X-Envelope-To: {', '.join(recipients)}"]
    lines += [
        f"{name}: {value}"
        for name, value in message.items()
        if not name.lower().startswith("content-")
    ]
    lines.append("Content-Type: text/plain; charset=utf-8")
    texts: list[str] = []
    for part in message.walk():
        if part.is_multipart():
            continue
        if part.get_content_maintype() == "text" and not part.get_filename():
            texts.append(part.get_content().replace("\r\n", "\n").rstrip() + "\n")
        else:
            name = part.get_filename() or "without a name"
            texts.append(f"[{part.get_content_type()}: {name}]\n")
    return "\n".join(lines) + "\n\n" + "\n".join(texts)


def file_name(sent: datetime, recipients: list[str], number: int) -> str:
    """A name that sorts by time and says who the mail is for."""
    who = re.sub(r"[^A-Za-z0-9.@_-]", "_", recipients[0] if recipients else "nobody")[
        :80
    ]
    return f"{sent:%Y%m%d-%H%M%S}-{number:04d}-{who}.eml"


class Files:
    """The handler that aiosmtpd calls for each mail."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._numbers = itertools.count(1)

    async def handle_DATA(
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        content = envelope.content or b""
        raw = content if isinstance(content, bytes) else content.encode()
        recipients = [str(address) for address in envelope.rcpt_tos]
        name = file_name(datetime.now(timezone.utc), recipients, next(self._numbers))
        (self._folder / name).write_text(readable(raw, recipients), encoding="utf-8")
        print(name, flush=True)
        return "250 OK"


def main(port: int, folder: Path) -> None:
    """Serve until asked to end."""
    loop = asyncio.new_event_loop()
    controller = UnthreadedController(
        Files(folder), hostname=HOST, port=port, loop=loop
    )
    controller.begin()
    for signum in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(signum, loop.stop)
    loop.run_forever()
    controller.end()


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))
