"""The signed, expiring key that lets an applicant follow an application by a link.

A key that was mailed carries the address to which it went, as a digest: to open it is
to prove the address, and it ends when the application has another one. A key that was
answered to whoever began an application, or changed its address, opens it as well, and
proves nothing.
"""

from __future__ import annotations

import hmac
from typing import Any, Literal

import ckan.plugins.toolkit as tk
from itsdangerous import BadData, SignatureExpired, URLSafeTimedSerializer

from ckanext.challenge import config

#: What a key is to an application: that it ``opens`` it, that it has ``expired``, or
#: that it is ``wrong`` (altered, cut off, or of another application).
Verdict = Literal["opens", "expired", "wrong"]

_SALT = "ckanext.challenge.application"
_DAY = 24 * 3600


def _serializer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(tk.config["SECRET_KEY"], salt=_SALT)


def digest_of(address: str) -> str:
    """What stands for an e-mail address where it must not be read."""
    secret = f"{_SALT}:{tk.config['SECRET_KEY']}".encode()
    return hmac.new(secret, address.strip().lower().encode(), "sha256").hexdigest()[:24]


def make_key(application_id: str, address: str | None = None) -> str:
    """A key that opens this application, from now on for the configured days.

    :param address: the e-mail address to which the key goes, and to nobody else
    """
    mark = f".{digest_of(address)}" if address else ""
    return _serializer().dumps(f"{application_id}{mark}")


def judge(key: Any, application_id: str) -> Verdict:
    """What a key is to an application."""
    if not isinstance(key, str):
        return "wrong"
    verdict: Verdict = "opens"
    try:
        payload = _serializer().loads(key, max_age=config.follow_up_days() * _DAY)
    except SignatureExpired as error:
        # The signature was right: what it signs can be read all the same.
        payload = _serializer().load_payload(error.payload) if error.payload else None
        verdict = "expired"
    except BadData:
        return "wrong"
    return verdict if str(payload).partition(".")[0] == application_id else "wrong"


def opens(key: Any, application_id: str, address: str | None) -> bool:
    """Whether the key is genuine, not expired, and this application's.

    :param address: that of the application; a key that was mailed to another is no
        longer good
    """
    if judge(key, application_id) != "opens":
        return False
    return not is_mailed(key) or proves(key, application_id, address)


def is_mailed(key: Any) -> bool:
    """Whether a key is genuine and was mailed to an address."""
    return bool(_mark(key))


def proves(key: Any, application_id: str, address: str | None) -> bool:
    """Whether the key opens the application and was mailed to this very address."""
    if not address or judge(key, application_id) != "opens":
        return False
    return hmac.compare_digest(_mark(key), digest_of(address))


def _mark(key: Any) -> str:
    try:
        return str(_serializer().loads(key)).partition(".")[2]
    except BadData:
        return ""
