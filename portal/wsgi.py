"""CKAN for gunicorn, with the ini file named by ``PORTAL_INI``."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable
from typing import Any

from ckan.cli import CKANConfigLoader
from ckan.config.middleware import make_app

#: Styles and scripts, whose names hold a digest, and CKAN's pictures and fonts.
_STATIC = re.compile(r"/(webassets|base)/")
_KEPT = ("Cache-Control", "public, max-age=3600")

_ckan = make_app(CKANConfigLoader(os.environ["PORTAL_INI"]).get_config())


def application(
    environ: dict[str, Any], start_response: Callable[..., Any]
) -> Iterable[bytes]:
    """CKAN, whose styles and scripts a browser keeps, as behind a proxy.

    CKAN has each asked for again with every page: twenty requests, which cost a
    portal of one process more than most of the pages do.
    """
    if not _STATIC.match(environ["PATH_INFO"]):
        return _ckan(environ, start_response)

    def start(
        status: str, headers: list[tuple[str, str]], *arguments: Any
    ) -> Callable[[bytes], object]:
        if status[:3] in ("200", "304"):
            others = [one for one in headers if one[0] not in ("Cache-Control", "Vary")]
            headers = [*others, _KEPT]
        return start_response(status, headers, *arguments)

    return _ckan(environ, start)
