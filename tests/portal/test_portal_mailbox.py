"""The mail catcher of the demonstration, over real SMTP."""

from __future__ import annotations

import smtplib
import subprocess
import sys
import time
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path

import pytest

from portal import ports
from portal.paths import ROOT
from portal.process import dies_with_parent


@pytest.fixture
def smtp(tmp_path: Path) -> Iterator[smtplib.SMTP]:
    """A connection to a mail catcher that writes into ``tmp_path``."""
    (port,) = ports.choose(1)
    command = [sys.executable, "-m", "portal.mailbox", str(port), str(tmp_path)]
    process = subprocess.Popen(
        dies_with_parent(command), cwd=ROOT, stdout=subprocess.DEVNULL
    )
    deadline = time.monotonic() + 20
    while ports.is_free(port) and time.monotonic() < deadline:
        time.sleep(0.05)
    try:
        with smtplib.SMTP(ports.HOST, port, timeout=10) as connection:
            yield connection
    finally:
        process.terminate()
        assert process.wait(10) == 0


def mail(to: str, subject: str, body: str) -> EmailMessage:
    message = EmailMessage()
    message["From"] = "portail@example.org"
    message["To"] = to
    message["Subject"] = subject
    message.set_content(body, cte="base64")
    return message


def test_a_mail_is_one_file_that_a_person_reads(
    smtp: smtplib.SMTP, tmp_path: Path
) -> None:
    message = mail("mairie@example.org", "Votre étape est validée", "Bravo, Élodie !\n")
    message.add_alternative("<p>Bravo, Élodie !</p>", subtype="html")
    message.add_attachment(
        b"%PDF", maintype="application", subtype="pdf", filename="lettre.pdf"
    )
    smtp.send_message(message)
    (path,) = tmp_path.glob("*.eml")
    assert "mairie@example.org" in path.name
    text = path.read_text(encoding="utf-8")
    assert "X-Envelope-To: mairie@example.org\n" in text
    assert "Subject: Votre étape est validée\n" in text
    assert "\n\nBravo, Élodie !\n" in text
    assert "[application/pdf: lettre.pdf]" in text


def test_mails_are_in_the_order_in_which_they_came(
    smtp: smtplib.SMTP, tmp_path: Path
) -> None:
    for number in range(12):
        smtp.send_message(mail("a@example.org", f"n° {number}", "x"))
    subjects = [
        line
        for path in sorted(tmp_path.glob("*.eml"))
        for line in path.read_text(encoding="utf-8").splitlines()
        if line.startswith("Subject:")
    ]
    assert subjects == [f"Subject: n° {number}" for number in range(12)]


def test_an_address_never_leads_out_of_the_folder(
    smtp: smtplib.SMTP, tmp_path: Path
) -> None:
    odd = '"../../x"@example.org'
    smtp.sendmail("a@example.org", [odd], b"Subject: x\r\n\r\nx\r\n")
    (path,) = tmp_path.glob("*.eml")
    assert path.parent == tmp_path
