"""The page that gives an organization its badge for other sites, and oEmbed for those
sites that ask by themselves.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlsplit
from xml.etree import ElementTree

import ckan.plugins.toolkit as tk
from ckan.lib import i18n
from flask import Response, current_app, request
from flask_babel import force_locale
from markupsafe import escape
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect

from ckanext.challenge import config
from ckanext.challenge.common import language
from ckanext.challenge.domain.characters import cleaned_document
from ckanext.challenge.svg.badge import BADGE
from ckanext.challenge.svg.cards import EMBED, SOCIAL
from ckanext.challenge.svg.lettering import plain
from ckanext.challenge.svg.schemes import SCHEMES
from ckanext.challenge.views import moved
from ckanext.challenge.views.common import shown_organization

from .pictures import STYLES
from .response import act_as_nobody, shared
from .sharing import announced

#: Width and height of the pictures that have one size.
_SIZES = {"card": EMBED, "badge": BADGE}
_SHIELD_HEIGHT = 20


def _address(endpoint: str, spoken: str = "default", **place: str) -> str:
    # The portal's own language has addresses without its code.
    own = spoken == tk.config["ckan.locale_default"]
    return tk.h.url_for(
        endpoint, qualified=True, locale="default" if own else spoken, **place
    )


def _choice(name: str, options: list[tuple[str, str]]) -> dict[str, Any]:
    """A field of the form: what is chosen, of what there is."""
    asked = request.args.get(name, "")
    values = [value for value, _ in options]
    return {
        "name": name,
        "value": asked if asked in values else values[0],
        "options": options,
    }


def _fields(held: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """What can be chosen of the badge, each with its label."""
    spoken = [code for code in i18n.get_locales() if code in ("fr", "en")]
    # The language of the reader comes first.
    spoken.sort(key=lambda code: code != tk.h.lang())
    names = {"fr": "Français", "en": "English"}
    words = {
        "style": [
            ("shield", tk._("A line: steps and level")),
            ("card", tk._("A card: name, badge and progress")),
            ("badge", tk._("A badge alone")),
        ],
        "badge": [
            ("", tk._("The highest one")),
            *((row["badge"], row["title"]) for row in held),
        ],
        "theme": [
            ("auto", tk._("As the reader's device")),
            ("light", tk._("Light")),
            ("dark", tk._("Dark")),
        ],
        "lang": [(code, names[code]) for code in spoken],
    }
    labels = {
        "style": tk._("What to show"),
        "badge": tk._("Which badge"),
        "theme": tk._("Colours"),
        "lang": tk._("Language of the badge"),
    }
    if not held:
        words["style"] = words["style"][:2]
        del words["badge"]
    return {
        name: {**_choice(name, options), "label": labels[name]}
        for name, options in words.items()
        if len(options) > 1
    }


def embed_page(organization: str) -> dict[str, Any]:
    """The badge of an organization, and the texts that put it on another site.

    :raises tk.ObjectNotFound: no such organization
    """
    group = shown_organization(organization)
    name = group["name"]
    # As everybody sees them: that is who reads the other site.
    awards = act_as_nobody("challenge_award_list", organization=name, limit=100)
    # The same badge may be held of several seasons.
    held = list({row["badge"]: row for row in awards["results"]}.values())
    fields = _fields(held)
    page = {
        "name": name,
        "title": group["display_name"],
        "fields": list(fields.values()),
        "home": tk.h.url_for("organization.read", id=name),
    }
    chosen = {key: field["value"] for key, field in fields.items() if field["value"]}
    if chosen["theme"] == SCHEMES[0]:
        del chosen["theme"]
    if chosen["style"] == STYLES[0]:
        del chosen["style"]
    spoken = chosen.get("lang", tk.h.lang())
    if spoken == tk.config["ckan.locale_default"]:
        chosen.pop("lang", None)
    try:
        with force_locale(spoken):
            shown = act_as_nobody(
                "challenge_shield_show",
                organization=name,
                **({"badge": chosen["badge"]} if "badge" in chosen else {}),
            )
            alternative = _alternative(shown, chosen)
    except tk.ObjectNotFound:
        return {**page, "picture": ""}
    return {
        **page,
        "alternative": alternative,
        "oembed": announced(alternative, "challenge.embed", organization=name),
        **_snippets(shown, chosen, alternative, spoken),
    }


def _alternative(shown: Mapping[str, Any], chosen: Mapping[str, str]) -> str:
    """The text that stands for the picture: it stays on the site that copied it, so
    that it says nothing that changes.
    """
    about = (
        shown["badge"] if "badge" in chosen or chosen.get("style") == "badge" else {}
    )
    if about:
        return tk._("{organization}: {badge}").format(
            organization=shown["organization_title"], badge=about["title"]
        )
    return tk._("{organization}, open data").format(
        organization=shown["organization_title"]
    )


def _target(shown: Mapping[str, Any], about_badge: bool, spoken: str) -> str:
    """Where a click leads: the proof of the badge, or all that there is to see."""
    if about_badge and shown["badge"] and shown["badge"]["award_id"]:
        return _address("challenge.award", spoken, award=shown["badge"]["award_id"])
    if shown["cohort"]:
        return _address(
            "challenge_participant.read",
            spoken,
            cohort=shown["cohort"],
            organization=shown["organization_name"],
        )
    return _address(
        "challenge_organization.read", spoken, id=shown["organization_name"]
    )


def _snippets(
    shown: Mapping[str, Any], chosen: Mapping[str, str], alternative: str, spoken: str
) -> dict[str, Any]:
    picture = _address(
        "challenge.shield", organization=shown["organization_name"], **chosen
    )
    about_badge = "badge" in chosen or chosen.get("style") == "badge"
    target = _target(shown, about_badge, spoken)
    width, height = _SIZES.get(chosen.get("style", ""), (None, _SHIELD_HEIGHT))
    size = f'width="{width}" height="{height}"' if width else f'height="{height}"'
    markdown = re.sub(r"([\\\[\]<])", r"\\\1", alternative)
    # On the ground on which each is seen, whatever the reader's own device has.
    schemes = [chosen["theme"]] if "theme" in chosen else ["light", "dark"]
    asked = {name: value for name, value in chosen.items() if name != "theme"}
    return {
        "picture": picture,
        "previews": [
            (
                scheme,
                _address(
                    "challenge.shield",
                    organization=shown["organization_name"],
                    theme=scheme,
                    **asked,
                ),
            )
            for scheme in schemes
        ],
        "width": width,
        "height": height,
        "target": target,
        "snippets": [
            {
                "id": "html",
                "label": tk._("For a page in HTML"),
                "rows": 5,
                "text": f'<a href="{escape(target)}"><img src="{escape(picture)}" '
                f'alt="{escape(alternative)}" {size}></a>',
            },
            {
                "id": "markdown",
                "label": tk._("For a page in Markdown"),
                "rows": 4,
                "text": f"[![{markdown}]({picture})]({target})",
            },
            {
                "id": "url",
                "label": tk._("The address of the picture alone"),
                "rows": 2,
                "text": picture,
            },
        ],
    }


@dataclass(frozen=True)
class _Embedded:
    """What stands for a page on another site.

    :ivar picture: the address of its picture
    :ivar size: its width and height in pixels
    """

    title: str
    picture: str
    size: tuple[int, int]
    author: str = ""
    author_url: str = ""


def _place(url: str) -> tuple[str, Mapping[str, Any], str]:
    """The endpoint of an address of this portal, what stands in it, its language.

    Nothing is fetched: the address is read as the portal's own router reads it.

    :raises tk.ObjectNotFound: it is none
    """
    try:
        scheme, host, path, _, _ = urlsplit(url)
    except ValueError as error:
        raise tk.ObjectNotFound() from error
    for code in (*i18n.get_locales(), "default"):
        own = urlsplit(tk.h.url_for("home.index", qualified=True, locale=code))
        base = own.path.rstrip("/")
        if host.lower() != own.netloc.lower() or scheme not in ("http", "https"):
            continue
        if not path.startswith(f"{base}/"):
            continue
        router = current_app.url_map.bind(own.netloc)
        try:
            endpoint, place = router.match(unquote(path[len(base) :]), method="GET")
        except (HTTPException, RequestRedirect):
            continue
        return endpoint, place, code
    raise tk.ObjectNotFound()


def _of_organization(name: str, cohort: str | None = None) -> _Embedded:
    asked = {"cohort": cohort} if cohort else {}
    try:
        shown = act_as_nobody("challenge_shield_show", organization=name, **asked)
    except tk.ObjectNotFound:
        if cohort:
            raise
        return _of_publisher(name)
    name = shown["organization_name"]
    picture = _address(
        "challenge.shield",
        organization=name,
        style="card",
        lang=language.current(),
        **asked,
    )
    return _Embedded(
        _alternative(shown, {}),
        picture,
        EMBED,
        shown["organization_title"],
        _address("organization.read", id=name),
    )


def _of_publisher(name: str) -> _Embedded:
    """An organization that has no badge and takes part in nothing, but publishes."""
    found = act_as_nobody("challenge_dataset_list", organization=name, limit=1)
    if not found["count"]:
        raise tk.ObjectNotFound()
    group = found["results"][0]["organization"]
    picture = _address(
        "challenge.organization_card", language.current(), organization=group["name"]
    )
    return _Embedded(
        tk._("{organization}, open data").format(organization=group["title"]),
        picture,
        SOCIAL,
        group["title"],
        _address("organization.read", id=group["name"]),
    )


def _of_dataset(id_: str) -> _Embedded:
    dataset = act_as_nobody("package_show", id=id_)
    if dataset["type"] != "dataset" or dataset["state"] != "active":
        raise tk.ObjectNotFound()
    owner = dataset.get("organization") or {}
    return _Embedded(
        dataset["title"] or dataset["name"],
        _address("challenge.dataset_card", language.current(), dataset=dataset["name"]),
        SOCIAL,
        owner.get("title") or owner.get("name") or "",
        _address("organization.read", id=owner["name"]) if owner else "",
    )


def _of_award(id_: str) -> _Embedded:
    award = act_as_nobody("challenge_award_show", id=id_)
    name = award["organization_name"]
    picture = _address(
        "challenge.shield",
        organization=name,
        style="badge",
        badge=award["badge"],
        lang=language.current(),
    )
    title = tk._("{organization}: {badge}").format(
        organization=award["organization_title"], badge=award["title"]
    )
    return _Embedded(
        title,
        picture,
        BADGE,
        award["organization_title"],
        _address("organization.read", id=name),
    )


def _of_cohort(name: str) -> _Embedded:
    cohort = act_as_nobody("challenge_cohort_show", id=name, include_figures=False)
    picture = _address(
        "challenge.season_card", language.current(), cohort=cohort["name"]
    )
    return _Embedded(cohort["title"], picture, SOCIAL)


#: What can be embedded, by the endpoint of its page.
_EMBEDDED: dict[str, Callable[[Mapping[str, Any]], _Embedded]] = {
    "challenge.read": lambda place: _of_cohort(place["cohort"]),
    "challenge.award": lambda place: _of_award(place["award"]),
    "challenge.embed": lambda place: _of_organization(place["organization"]),
    "challenge_participant.read": lambda place: _of_organization(
        place["organization"], place["cohort"]
    ),
    "challenge_organization.read": lambda place: _of_organization(place["id"]),
    "organization.read": lambda place: _of_organization(place["id"]),
    "dataset.read": lambda place: _of_dataset(place["id"]),
}


def _embedded(place: moved.Place) -> _Embedded:
    """What stands for a page, or for the one that has taken its place.

    :raises tk.ObjectNotFound: there is none, or none to embed
    """
    if place.endpoint not in _EMBEDDED:
        raise tk.ObjectNotFound()
    try:
        return _EMBEDDED[place.endpoint](place.values)
    except tk.ObjectNotFound:
        now = moved.present(place)
        if now is None:
            raise
        return _embedded(now)


def _most(name: str) -> float:
    """The size that the picture may have at most.

    :raises ValidationError: it is no number of pixels
    """
    text = request.args.get(name, "").strip()
    if not text:
        return float("inf")
    if not re.fullmatch(r"[1-9][0-9]{0,5}", text, re.ASCII):
        raise tk.ValidationError({name: [tk._("This must be a number of pixels")]})
    return int(text)


def oembed() -> Response:
    """What another site shows for a page of this one (https://oembed.com, 1.0).

    ``url``, ``format`` (``json`` or ``xml``), ``maxwidth`` and ``maxheight`` are read.

    :raises tk.ObjectNotFound: the address is not of this portal, or not to embed
    :raises ValidationError: no address, or a size that is none
    """
    url = request.args.get("url", "")
    if not url:
        raise tk.ValidationError({"url": [tk._("This is needed")]})
    kind = request.args.get("format", "json")
    if kind not in ("json", "xml"):
        return Response("json, xml", 501, mimetype="text/plain")
    limits = (_most("maxwidth"), _most("maxheight"))
    endpoint, values, spoken = _place(url)
    place = moved.Place(endpoint, values)
    place = moved.taken_over(place) or place
    known = spoken if spoken != "default" else tk.config["ckan.locale_default"]
    with force_locale(known):
        found = _embedded(place)
    scale = min(
        1.0, *(most / own for most, own in zip(limits, found.size, strict=True))
    )
    told: dict[str, Any] = {
        "version": "1.0",
        "type": "photo",
        "title": found.title,
        "author_name": found.author,
        "author_url": found.author_url,
        "provider_name": tk.config["ckan.site_title"],
        "provider_url": _address("home.index"),
        "cache_age": config.badge_cache_seconds(),
        "url": found.picture,
        "width": max(1, int(found.size[0] * scale)),
        "height": max(1, int(found.size[1] * scale)),
    }
    told = {name: value for name, value in told.items() if value != ""}
    if kind == "json":
        return shared(
            json.dumps(cleaned_document(told), ensure_ascii=False), "application/json"
        )
    root = ElementTree.Element("oembed")
    for name, value in told.items():
        ElementTree.SubElement(root, name).text = plain(value)
    text = ElementTree.tostring(root, encoding="unicode")
    head = '<?xml version="1.0" encoding="utf-8" standalone="yes"?>'
    return shared(f"{head}\n{text}", "text/xml")
