"""Answers that are pictures: cacheable, embeddable anywhere, with nothing personal."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import ckan.plugins.toolkit as tk
from flask import Response, request
from flask_babel import force_locale

from ckanext.challenge import helpers as h
from ckanext.challenge.common import page_version
from ckanext.challenge.common.page_cache import PageCache
from ckanext.challenge.domain.elision import phrase
from ckanext.challenge.svg.badge import badge_document
from ckanext.challenge.svg.cards import embed_card
from ckanext.challenge.svg.progress_badge import etag, progress_badge
from ckanext.challenge.svg.schemes import PHASES, POLICY, SCHEMES, Scheme

from .response import Shared, act_as_nobody, asked_language

#: What can be embedded: the shield, the card with a badge, the badge alone.
STYLES = ("shield", "card", "badge")

#: Of what is not earned, or not there.
NEUTRAL = "#55606b"

Row = Mapping[str, Any]
AnyResponse = TypeVar("AnyResponse", bound=Response)


class Picture(Shared):
    """A drawing with its sheet of styles; it holds no script, and could run none."""

    policy = POLICY


# Sites embed the picture in pages that are read often; browsers keep it for minutes.
_pictures = PageCache(seconds=300, size=2000)


def _progress(row: Row) -> str:
    """How far an organization is, in words: level and steps, or badges."""
    parts = [tk._("level {level}").format(level=row["level"])] if row["level"] else []
    if row["cohort"]:
        parts.append(h.challenge_steps(row["steps_done"], row["steps_total"]))
    elif not parts:
        number = row["badges"]
        parts.append(
            tk.ungettext("{number} badge", "{number} badges", number).format(
                number=h.challenge_number(number)
            )
        )
    return " · ".join(parts)


def _of_badge(badge: Row) -> str:
    """Whether a badge is held, in few words."""
    if badge["earned"]:
        return tk._("earned")
    return tk._("no longer held") if badge["award_id"] else tk._("not earned yet")


def _told(row: Row, badge: Row) -> str:
    """Whether a badge is held, with its date."""
    words = {"organization": row["organization_title"], "badge": badge["title"]}
    if badge["earned"]:
        return tk._("{organization} has held the badge “{badge}” since {date}.").format(
            **words, date=h.challenge_date(badge["awarded_at"])
        )
    if badge["award_id"]:
        return tk._("{organization} no longer holds the badge “{badge}”.").format(
            **words
        )
    return tk._("{organization} has not earned the badge “{badge}” yet.").format(
        **words
    )


def _texts(row: Row, badge: Row | None) -> dict[str, str]:
    """The accessible name of a picture, and its description."""
    name = row["organization_title"]
    if badge is not None:
        return {
            "title": tk._("{organization}: {badge}, {state}").format(
                organization=name, badge=badge["title"], state=_of_badge(badge)
            ),
            "description": _told(row, badge),
        }
    words = _progress(row)
    title = tk._("{organization}: {steps}").format(organization=name, steps=words)
    if not row["cohort"]:
        return {"title": title, "description": title}
    return {
        "title": title,
        "description": phrase(
            tk._("Progress of {organization} in {season}: {steps}"),
            organization=name,
            season=row["cohort_title"],
            steps=words,
        ),
    }


def _shield(row: Row, asked: bool, scheme: Scheme, language: str) -> str:
    badge = row["badge"] if asked else None
    if badge is not None:
        earned = badge["earned"] and badge["colour"]
        return progress_badge(
            badge["title"],
            _of_badge(badge),
            earned or NEUTRAL,
            **_texts(row, badge),
            language=language,
            scheme=scheme,
        )
    value = _progress(row)
    if row["cohort"]:
        # Numbers as short as on a scoreboard: the rest is in the description.
        value = tk._("{done}/{total} steps").format(
            done=row["steps_done"], total=row["steps_total"]
        )
        if row["level"]:
            level = tk._("level {level}").format(level=row["level"])
            value = f"{level} · {value}"
    return progress_badge(
        tk._("open data"),
        value,
        row["colour"] or PHASES[2],
        **_texts(row, None),
        language=language,
        scheme=scheme,
    )


def _card(row: Row, asked: bool, scheme: Scheme, language: str) -> str:
    badge = row["badge"]
    total = row["steps_total"]
    told = badge["title"] if asked else _progress(row)
    if asked and not badge["earned"]:
        told = f"{told}, {_of_badge(badge)}"
    return embed_card(
        badge,
        row["organization_title"],
        told,
        100 * row["steps_done"] // total if total and not asked else None,
        row["colour"] or PHASES[2],
        **_texts(row, badge if asked else None),
        language=language,
        scheme=scheme,
    )


def _badge(row: Row, asked: bool, scheme: Scheme, language: str) -> str:
    badge = row["badge"]
    if badge is None:
        raise tk.ObjectNotFound(tk._("There is no such badge"))
    return badge_document(badge, _told(row, badge), language)


_DRAWN: dict[str, Callable[[Row, bool, Scheme, str], str]] = {
    "shield": _shield,
    "card": _card,
    "badge": _badge,
}


def _draw(
    organization: str, wanted: Mapping[str, str], look: tuple[str, Scheme, str]
) -> tuple[str, str]:
    """The picture, and its validator."""
    style, scheme, language = look
    with force_locale(language):
        row = act_as_nobody(
            "challenge_shield_show", organization=organization, **wanted
        )
        drawn = _DRAWN[style](row, "badge" in wanted, scheme, language)
    return drawn, etag(drawn)


def embedded_picture(organization: str) -> Response:
    """How far an organization is, or a badge of it, as the picture asked for.

    ``style``, ``theme``, ``lang``, ``cohort`` and ``badge`` of the address say which;
    one that is not known counts as not said.

    :raises tk.ObjectNotFound: it has not taken part, or there is no such badge
    """
    asked = request.args
    style = asked.get("style", "")
    style = style if style in STYLES else STYLES[0]
    schemes: dict[str, Scheme] = {one: one for one in SCHEMES}
    scheme = schemes.get(asked.get("theme", ""), "auto")
    look = (style, scheme, asked_language())
    wanted = {name: asked[name] for name in ("cohort", "badge") if asked.get(name)}
    document, tag = _pictures.get_or_create(
        (organization, look, *sorted(wanted.items())),
        page_version.of_progress_badge(organization),
        lambda: _draw(organization, wanted, look),
    )
    return conditional(Picture(document), tag)


def conditional(response: AnyResponse, tag: str) -> AnyResponse:
    """Answer that nothing changed where the reader has it already."""
    response.set_etag(tag)
    response.make_conditional(request)
    return response
