"""What everybody reads alike is made once, whoever asks first.

It is made as for a visitor who has not signed in: in a request of its own, which has
the address and the language of the reader's, and nothing else of it. So nothing of a
reader can be remembered.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar

import ckan.plugins.toolkit as tk
from flask import current_app, g, request

from ckanext.challenge.common.page_cache import PageCache

T = TypeVar("T")

#: Of the headers only what addresses are made of: no cookie, no token.
_HEADERS = frozenset({"HTTP_HOST", "HTTP_X_FORWARDED_HOST", "HTTP_X_FORWARDED_PROTO"})
#: What servers and middleware say of who asks.
_OF_THE_READER = frozenset({"REMOTE_ADDR", "REMOTE_PORT", "REMOTE_USER", "AUTH_TYPE"})


def remembered(
    cache: PageCache,
    key: tuple[Hashable, ...],
    version: Hashable,
    make: Callable[[], T],
) -> T:
    """What everybody reads, made anew where it is not remembered.

    :param key: what is asked for; the language and the prefix are added
    :param version: of what is shown; another one makes it anew
    :param make: makes it, while nobody is signed in
    """

    def as_nobody() -> T:
        with nobody():
            return make()

    own = (*key, tk.h.lang(), tk.request.script_root)
    return cache.get_or_create(own, version, as_nobody)


@contextmanager
def nobody() -> Iterator[None]:
    """The same request as somebody sends it who has not signed in."""
    app = current_app._get_current_object()  # type: ignore[attr-defined]
    with app.app_context(), app.request_context(_address(request.environ)):
        g.user, g.userobj, g.author = "", None, ""
        yield


def _address(environ: Mapping[str, Any]) -> dict[str, Any]:
    """What of a request says where it is, and in which language."""
    return {
        name: value
        for name, value in environ.items()
        if name in _HEADERS
        or not (
            name.startswith(("HTTP_", "werkzeug.", "flask", "beaker.", "repoze."))
            or name in _OF_THE_READER
        )
    }
