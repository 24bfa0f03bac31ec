"""The language in which to answer."""

from __future__ import annotations

import ckan.plugins.toolkit as tk
from flask import has_request_context

__all__ = ["current"]


def current() -> str:
    """The language of the request; that of the portal where there is none."""
    asked = tk.h.lang() if has_request_context() else None
    return asked or tk.config["ckan.locale_default"]
