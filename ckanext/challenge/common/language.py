"""The language in which to answer."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache, wraps
from typing import TypeVar

import ckan.plugins.toolkit as tk
from babel import Locale
from ckan.lib import helpers
from flask import current_app, has_app_context, has_request_context
from flask_babel import force_locale, get_locale

Made = TypeVar("Made")


def current() -> str:
    """The language of the request; that of the portal where there is none."""
    # That of the translations, which a picture may be asked for in another one.
    asked = get_locale() if has_request_context() else None
    return _name(asked) if asked else tk.config["ckan.locale_default"]


def per_language(make: Callable[[], Made]) -> Callable[[], Made]:
    """Keep what a function says, for each language that it is asked in.

    For the words of a page, which are the same in all requests: a translation takes as
    long as ten rows of a list. Whoever gets them changes nothing in them.
    """
    made: dict[str, Made] = {}

    @wraps(make)
    def kept() -> Made:
        if not has_request_context():
            # Nothing says in which language translations are made here.
            return make()
        spoken = current()
        if spoken not in made:
            made[spoken] = make()
        return made[spoken]

    return kept


@lru_cache(maxsize=64)
def _name(asked: Locale) -> str:
    # A page asks for it a hundred times, and to put it together takes a while.
    return str(asked)


@contextmanager
def speaking(language: str) -> Iterator[None]:
    """Render and translate as a request in this language would.

    A job has no request, and CKAN's templates, addresses and translations want one.
    """
    automatic = helpers._get_auto_flask_context()
    app = (
        current_app._get_current_object()  # type: ignore[attr-defined]
        if has_app_context() or automatic is None
        else automatic.app
    )
    environ = {
        "CKAN_LANG": language,
        "CKAN_LANG_IS_DEFAULT": language == tk.config["ckan.locale_default"],
        "CKAN_CURRENT_URL": "",
    }
    with (
        app.test_request_context(
            base_url=tk.config["ckan.site_url"], environ_overrides=environ
        ),
        force_locale(language),
    ):
        yield
