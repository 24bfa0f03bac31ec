"""Whether the mail server takes mails: all that CKAN's mailer does, but no mail."""

from __future__ import annotations

import smtplib
import ssl
from pathlib import Path
from urllib.parse import urlsplit

import ckan.plugins.toolkit as tk

from ckanext.challenge.domain.doctor import Finding

#: Seconds that the server has for each answer.
_PATIENCE = 3


def look() -> Finding:
    """Do what ``ckan.lib.mailer`` does, up to the address of who gets the mail."""
    server = str(tk.config.get("smtp.server") or "").strip()
    code, problem = _lacking(server), ""
    if not code:
        code, problem = _answer(server)
    facts = {"server": server, "problem": problem}
    return Finding("mail_server", "good" if code == "good" else "wrong", code, facts)


def _lacking(server: str) -> str:
    """The code of a setting that is missing; empty where none is."""
    # Without a server CKAN's mailer sends nothing, and says nothing of it.
    if not server:
        return "none"
    if not tk.config.get("smtp.mail_from"):
        return "sender"
    if tk.config.get("smtp.user") and not tk.config.get("smtp.password"):
        return "password"
    return ""


def _answer(server: str) -> tuple[str, str]:
    """The code of what the server answers, and why it refuses."""
    try:
        return _ask(server)
    except (smtplib.SMTPAuthenticationError, smtplib.SMTPNotSupportedError):
        return "login", ""
    except smtplib.SMTPResponseException as error:
        return "refused", str(error.smtp_code)
    except ssl.SSLError as error:
        return "tls", error.reason or type(error).__name__
    except (OSError, ValueError):
        return "down", ""


def _ask(server: str) -> tuple[str, str]:
    parts = urlsplit(server if "://" in server else f"smtp://{server}")
    if not parts.hostname:
        return "none", ""
    with smtplib.SMTP(parts.hostname, parts.port or 0, timeout=_PATIENCE) as connection:
        connection.ehlo()
        if tk.config.get("smtp.starttls"):
            if not connection.has_extn("STARTTLS"):
                return "plain", ""
            connection.starttls(context=_context())
            connection.ehlo()
        if tk.config.get("smtp.user"):
            connection.login(tk.config["smtp.user"], tk.config["smtp.password"])
        code, _ = connection.mail(tk.config["smtp.mail_from"])
        if code != 250:
            return "refused", str(code)
        connection.rset()
    return "good", ""


def _context() -> ssl.SSLContext | None:
    """Whose certificates are believed, where CKAN looks at them (2.11 does)."""
    # With a default, as CKAN warns of what nobody has declared.
    if not tk.asbool(tk.config.get("smtp.starttls_verify", False)):
        return None
    bundle = str(tk.config.get("smtp.starttls_ca_bundle", "") or "")
    if not bundle:
        return ssl.create_default_context()
    if Path(bundle).is_dir():
        return ssl.create_default_context(capath=bundle)
    return ssl.create_default_context(cafile=bundle)
