"""Answers that any cache may keep and any site may use, with nothing personal."""

from __future__ import annotations

import hashlib
from typing import Any

import ckan.plugins.toolkit as tk
from ckan.lib import i18n
from flask import Response, request

from ckanext.challenge import config


class Shared(Response):
    """An answer that any site may use and any cache may keep.

    CKAN sets its own ``Cache-Control``, and Flask ``Vary: Cookie``, after all that a
    view can do; so the last word is said where the headers go out.

    :ivar policy: what it may do where a browser opens it: nothing, unless said
        otherwise
    :ivar seconds: for which it may be kept; else as long as an embedded badge
    :ivar varies: whether the same address answers another type to who asks for it
    """

    default_mimetype = "image/svg+xml"
    policy = "default-src 'none'; sandbox"
    seconds: int | None = None
    varies = False

    def get_wsgi_headers(self, environ: Any) -> Any:
        headers = super().get_wsgi_headers(environ)
        seconds = config.badge_cache_seconds() if self.seconds is None else self.seconds
        headers["Cache-Control"] = f"public, max-age={seconds}"
        headers["Access-Control-Allow-Origin"] = "*"
        headers["Cross-Origin-Resource-Policy"] = "cross-origin"
        headers["Content-Security-Policy"] = self.policy
        headers["X-Content-Type-Options"] = "nosniff"
        for name in ("Set-Cookie", "Vary", "Pragma"):
            headers.pop(name, None)
        if self.varies:
            headers["Vary"] = "Accept"
        return headers


def shared(
    content: str | bytes,
    mimetype: str,
    seconds: int | None = None,
    kind: type[Shared] = Shared,
) -> Shared:
    """An answer to share, with its validator; ``304`` where the reader has it.

    :param seconds: for which it may be kept; else as long as an embedded badge
    :param kind: of the answer, with its policy
    """
    response = kind(content, mimetype=mimetype)
    response.seconds = seconds
    data = content.encode() if isinstance(content, str) else content
    response.set_etag(hashlib.sha256(data).hexdigest()[:32])
    response.make_conditional(request)
    return response


def act_as_nobody(action: str, **data: Any) -> Any:
    """Call an action as a visitor would who has not signed in, whoever asks: what is
    answered goes to caches.

    :raises tk.ObjectNotFound: also when it is not for everybody
    """
    try:
        return tk.get_action(action)({"user": "", "auth_user_obj": None}, data)
    except tk.NotAuthorized as error:
        raise tk.ObjectNotFound() from error


def asked_language() -> str:
    """The language asked for by ``?lang=``, else that of the address."""
    spoken = str(tk.h.lang())
    asked = request.args.get("lang", spoken)
    return asked if asked == spoken or asked in i18n.get_locales() else spoken
