"""Pages that everybody reads: seasons, their data, badges, awards, kits."""

from __future__ import annotations

import ckan.plugins.toolkit as tk
from flask import Response, request

from ckanext.challenge.views.common import blueprint, followed
from ckanext.challenge.views.embed import page, pictures, social_cards

from . import badges as honours
from . import cohort as pages
from . import data as opened
from . import data_rows, negotiation, region_data
from . import kits as kit_pages

public = blueprint("challenge", programs=True)


@public.get("", endpoint="index")
def index() -> str:
    """The seasons of the challenge."""
    return tk.render("challenge/index.html", pages.index_page())


@public.get("/")
def slash() -> Response:
    """The same address, as people type it."""
    return tk.redirect_to("challenge.index")


@public.get("/data", endpoint="region_data")
def all_data() -> str:
    """The data that the portal's collectivités opened, the newest first."""
    return tk.render("challenge/region_data.html", region_data.page(request.args))


@public.get("/data.atom", endpoint="region_atom")
def all_data_atom() -> Response:
    """The same as a feed."""
    feed = region_data.feed(request.args, "atom")
    return followed(
        data_rows.atom(feed), "application/atom+xml; charset=utf-8", feed.changed_at
    )


@public.get("/data.json", endpoint="region_json")
def all_data_json() -> Response:
    """The same as JSON Feed."""
    feed = region_data.feed(request.args, "json")
    return followed(
        data_rows.json_feed(feed),
        "application/feed+json; charset=utf-8",
        feed.changed_at,
    )


@public.get("/<cohort>")
def read(cohort: str) -> str:
    """A season: what it is and how far it has got."""
    return tk.render("challenge/season.html", pages.cohort_page(cohort, request.args))


@public.get("/<cohort>/data")
def data(cohort: str) -> str:
    """The data that a season opened, the newest first."""
    return tk.render("challenge/data.html", opened.data_page(cohort, request.args))


@public.get("/<cohort>/data.atom")
def data_atom(cohort: str) -> Response:
    """The same as a feed."""
    feed, changed = opened.data_feed(cohort, request.args)
    return followed(feed, "application/atom+xml; charset=utf-8", changed)


@public.get("/badge/<organization>.svg")
def shield(organization: str) -> Response:
    """The progress of a collectivité, to embed in its own site."""
    return pictures.embedded_picture(organization)


@public.get("/badge/<organization>")
def embed(organization: str) -> str:
    """The same, with the texts that put it on another site."""
    return tk.render("challenge/embed.html", page.embed_page(organization))


@public.get("/oembed")
def oembed() -> Response:
    """What another site shows for a page of this one."""
    return page.oembed()


@public.get("/<cohort>/card.png", endpoint="season_card")
def cohort_card(cohort: str) -> Response:
    """What social networks show of a season."""
    return social_cards.cohort_card(cohort)


@public.get("/<cohort>/<organization>/card.png")
def participant_card(cohort: str, organization: str) -> Response:
    """What they show of a participant."""
    return social_cards.participant_card(cohort, organization)


@public.get("/dataset/<dataset>/card.png")
def dataset_card(dataset: str) -> Response:
    """What they show of a dataset."""
    return social_cards.dataset_card(dataset)


@public.get("/organization/<organization>/card.png")
def organization_card(organization: str) -> Response:
    """What they show of an organization."""
    return social_cards.organization_card(organization)


@public.get("/awards/<award>/card.png")
def award_card(award: str) -> Response:
    """What they show of a badge that somebody holds."""
    return social_cards.award_card(award)


@public.get("/badges")
def badges() -> str:
    """All the badges."""
    return tk.render("challenge/badges.html", honours.badges_page())


@public.get("/badges/<badge>")
def badge(badge: str) -> Response:
    """A badge: how it is earned, who holds it; or its definition, for programs."""
    return negotiation.asked(
        negotiation.BADGE,
        badge,
        lambda: tk.render(
            "challenge/badge.html", honours.badge_page(badge, request.args)
        ),
    )


@public.get("/awards/<award>")
def award(award: str) -> Response:
    """A badge that somebody holds; or its credential, for programs."""
    return negotiation.asked(
        negotiation.AWARD,
        award,
        lambda: tk.render("challenge/award.html", honours.award_page(award)),
    )


@public.get("/kits")
def kits() -> str:
    """The dataset kits."""
    return tk.render("challenge/kits.html", kit_pages.kits_page(request.args))


@public.get("/kits/<kit>")
def kit(kit: str) -> str:
    """A dataset kit."""
    return tk.render("challenge/kit.html", kit_pages.kit_page(kit, request.args))


@public.get("/kits/<kit>/template.csv", defaults={"kind": "csv"})
@public.get("/kits/<kit>/template.xlsx", defaults={"kind": "xlsx"})
def kit_template(kit: str, kind: str) -> Response:
    """The header of the kit's files."""
    return kit_pages.kit_file(kit, False, kind, request.args)


@public.get("/kits/<kit>/example.csv", defaults={"kind": "csv"})
@public.get("/kits/<kit>/example.xlsx", defaults={"kind": "xlsx"})
def kit_example(kit: str, kind: str) -> Response:
    """A file of the kit, filled in."""
    return kit_pages.kit_file(kit, True, kind, request.args)
