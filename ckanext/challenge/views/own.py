"""What somebody reads again is made once for them, as long as nothing of it changed.

It is kept for its reader alone, under a version that changes with whatever they are
shown and with their rights (:mod:`~ckanext.challenge.common.own_version`). The token of
its forms is put in anew each time.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Hashable
from typing import Any

import ckan.plugins.toolkit as tk
from markupsafe import Markup

from ckanext.challenge.common.page_cache import PageCache

#: Stands in what is remembered where a form has its token. Nobody can write it into a
#: text that a page shows: it never leaves the process.
TOKEN = Markup(f"<!-- {secrets.token_hex(16)} -->")


def remembered(
    cache: PageCache,
    key: tuple[Hashable, ...],
    version: Callable[[str], Hashable | None],
    make: Callable[[], dict[str, Any]],
) -> dict[str, Any]:
    """A page of the request's user, made anew where it is not remembered.

    :param key: what is asked for; the reader, the language and the prefix are added
    :param version: of what is shown to the account of that id; ``None`` where nothing
        is to be remembered
    :param make: makes the page, with :data:`TOKEN` for the tokens of forms in ``body``
    :returns: the page with the reader's own tokens
    """
    user = str(tk.current_user.id)
    seen = version(user)
    if seen is None:
        return with_tokens(make())
    own = (*key, user, tk.h.lang(), tk.request.script_root)
    return with_tokens(cache.get_or_create(own, seen, make))


def with_tokens(page: dict[str, Any]) -> dict[str, Any]:
    """A page whose forms have the tokens of this session."""
    body = str(page["body"])
    if TOKEN not in body:
        return page
    return {**page, "body": Markup(body.replace(TOKEN, tk.h.csrf_input()))}
