"""What the head of a page tells those who share it: its card, and its oEmbed."""

from __future__ import annotations

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
    width, height = SOCIAL
    return {
        **announced(title, page, **place),
        "description": description[:300],
        "image": tk.h.url_for(card, qualified=True, **place),
        "width": width,
        "height": height,
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
