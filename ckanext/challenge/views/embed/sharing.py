"""What the head of a page tells those who share it: its card, and its oEmbed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import ckan.plugins.toolkit as tk

from ckanext.challenge.svg.cards import SOCIAL


def sharing(
    title: str, description: str, page: str, card: str, **place: str
) -> dict[str, Any]:
    """What the head of a page tells those who share it.

    :param description: one or two sentences; the first 300 characters are told
    :param page: the endpoint of the page
    :param card: the endpoint of its card
    :param place: what stands in the addresses of both
    """
    return {
        **announced(title, page, **place),
        "description": description[:300],
        **_picture(card, **place),
    }


def _picture(card: str, **place: str) -> dict[str, Any]:
    width, height = SOCIAL
    image = tk.h.url_for(card, qualified=True, **place)
    return {"image": image, "width": width, "height": height}


def challenge_sharing(kind: str, row: Mapping[str, Any]) -> dict[str, Any] | None:
    """What the head of CKAN's own page of something tells those who share it.

    :param kind: ``dataset`` or ``organization``
    :param row: as ``package_show`` or ``organization_show`` answers it
    :returns: as :func:`sharing`; ``None`` for what not everybody sees
    """
    if row.get("private") or row.get("state") != "active" or row.get("type") != kind:
        return None
    title = row.get("title") or row["name"]
    text = tk.h.markdown_extract(row.get("notes") or row.get("description") or "", 300)
    return {
        **announced(title, f"{kind}.read", id=row["name"]),
        "description": text or title,
        **_picture(f"challenge.{kind}_card", **{kind: row["name"]}),
    }


def announced(title: str, page: str, **place: str) -> dict[str, Any]:
    """What the head of a page that can be embedded says of its oEmbed.

    :param page: the endpoint of the page
    :param place: what stands in its address
    """
    url = tk.h.url_for(page, qualified=True, **place)
    oembed = tk.h.url_for("challenge.oembed", qualified=True, locale="default")
    return {
        "title": title,
        "url": url,
        "json": f"{oembed}?{urlencode({'url': url, 'format': 'json'})}",
        "xml": f"{oembed}?{urlencode({'url': url, 'format': 'xml'})}",
    }
