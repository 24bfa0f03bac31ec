"""Errors whose page is in one language: CKAN writes above it what HTTP calls them."""

from __future__ import annotations

import ckan.plugins.toolkit as tk
from werkzeug import exceptions


class _Named(exceptions.HTTPException):
    """An error with a name in the reader's language."""

    @property
    def name(self) -> str:
        names = {
            400: tk._("This request cannot be answered"),
            403: tk._("This is not open to you"),
            404: tk._("There is nothing here"),
            503: tk._("Not available right now"),
        }
        return names[self.code or 400]


class BadRequest(_Named, exceptions.BadRequest):
    """The request makes no sense."""


class Forbidden(_Named, exceptions.Forbidden):
    """Whoever asks may not."""


class NotFound(_Named, exceptions.NotFound):
    """There is no such thing, or not for whoever asks."""


class ServiceUnavailable(_Named, exceptions.ServiceUnavailable):
    """It cannot be answered now."""
