"""The cards that social networks show of the pages that somebody shares."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from flask import Response
from flask_babel import force_locale

from ckanext.challenge import helpers as h
from ckanext.challenge.common import page_version
from ckanext.challenge.common.page_cache import PageCache
from ckanext.challenge.svg.cards import SOCIAL, social_card
from ckanext.challenge.svg.progress_badge import etag
from ckanext.challenge.svg.raster import png
from ckanext.challenge.svg.schemes import PHASES
from ckanext.challenge.views.public import cohort as pages

from .pictures import conditional
from .response import Shared, act_as_nobody, asked_language

# What a card says changes slowly; drawing it as pixels takes some 50 ms.
_drawings = PageCache(seconds=60, size=1000)
_pixels = PageCache(seconds=3600, size=100, stored=False)


def _card(key: tuple[str, ...], version: str | None, draw: Any) -> Response:
    """The card as PNG; not even drawn for a reader who has it.

    :param version: of what it shows
    """
    language = asked_language()

    def drawn() -> str:
        with force_locale(language):
            return draw(language)

    svg = _drawings.get_or_create((*key, language), version, drawn)
    tag = etag(svg)
    response = conditional(Shared(b"", mimetype="image/png"), tag)
    if response.status_code == 200:
        response.set_data(_pixels.get_or_create(tag, None, lambda: png(svg, SOCIAL[0])))
    return response


def _site() -> str:
    return str(tk.config["ckan.site_title"])


def cohort_card(name: str) -> Response:
    """The card of a season.

    :raises tk.ObjectNotFound: no such season, or one in preparation
    """

    def draw(language: str) -> str:
        cohort = act_as_nobody("challenge_cohort_show", id=name)
        return social_card(
            cohort["title"],
            pages.lead(cohort),
            _site(),
            figures=pages.figure_rows(cohort["figures"]),
            percent=cohort["figures"]["percent"],
            language=language,
        )

    return _card(("season", name), page_version.of_cohort(name), draw)


def participant_card(cohort: str, organization: str) -> Response:
    """The card of an organization in a season.

    :raises tk.ObjectNotFound: no such season, or the organization is not in it
    """

    def draw(language: str) -> str:
        row = act_as_nobody(
            "challenge_shield_show", organization=organization, cohort=cohort
        )
        number = row["badges"]
        return social_card(
            row["organization_title"],
            row["cohort_title"],
            _site(),
            figures=[
                (f"{row['steps_done']}/{row['steps_total']}", tk._("steps done")),
                (
                    h.challenge_number(number),
                    tk.ungettext("badge", "badges", number),
                ),
            ],
            badge=row["badge"],
            percent=100 * row["steps_done"] // (row["steps_total"] or 1),
            colour=row["colour"] or PHASES[0],
            language=language,
        )

    return _card(
        ("participant", cohort, organization),
        page_version.of_progress_badge(organization),
        draw,
    )


def award_card(award_id: str) -> Response:
    """The card of an award.

    :raises tk.ObjectNotFound: no such award
    """

    def draw(language: str) -> str:
        award = act_as_nobody("challenge_award_show", id=award_id)
        held = award["state"] != "revoked"
        told, date = (
            (tk._("earned on"), award["awarded_at"])
            if held
            else (tk._("withdrawn on"), award["revoked_at"])
        )
        return social_card(
            award["organization_title"],
            award["description"],
            _site(),
            figures=[(h.challenge_date(date), told)],
            badge={**award, "earned": held},
            language=language,
        )

    return _card(("award", award_id), page_version.of_award(award_id), draw)


def dataset_card(name: str) -> Response:
    """The card of a dataset that everybody can see.

    :raises tk.ObjectNotFound: there is none
    """

    def draw(language: str) -> str:
        dataset = act_as_nobody("package_show", id=name)
        worth = act_as_nobody("challenge_quality_show", id=dataset["id"])
        owner = dataset.get("organization") or {}
        words = [row["word"] for row in h.challenge_qualities(worth)]
        files = dataset.get("resources") or ()
        formats = {row["format"] for row in files if row.get("format")}
        figures = [
            (h.challenge_date(dataset.get("metadata_modified")), tk._("last change")),
            (f"{worth['points']}/{worth['maximum']}", tk._("for its description")),
        ]
        if formats:
            told = ", ".join(sorted(formats)[:2])
            figures.append((told, tk.ungettext("format", "formats", len(formats))))
        return social_card(
            dataset.get("title") or dataset["name"],
            " · ".join([owner.get("title") or owner.get("name") or "", *words]),
            _site(),
            figures=figures,
            language=language,
        )

    return _card(("dataset", name), page_version.of_dataset_card(name), draw)


def organization_card(name: str) -> Response:
    """The card of an organization: what it has opened, and its latest badge.

    :raises tk.ObjectNotFound: there is none
    """

    def draw(language: str) -> str:
        found = act_as_nobody(
            "challenge_dataset_list", organization=name, tally=True, limit=0
        )
        awards = act_as_nobody("challenge_award_list", organization=name, limit=1)
        tally, number = found["tally"], found["count"]
        figures = [(number, tk.ungettext("public dataset", "public datasets", number))]
        for key, told in (
            ("conforming", tk._("conforming to a national schema")),
            ("fresh", tk._("up to date")),
        ):
            if tally[key]:
                figures.append((tally[key], told))
        return social_card(
            found["about"]["organization"],
            tk._("Its open data"),
            _site(),
            figures=[(h.challenge_number(count), told) for count, told in figures],
            badge={**awards["results"][0], "earned": True}
            if awards["results"]
            else None,
            language=language,
        )

    return _card(("organization", name), page_version.of_organization_card(name), draw)
