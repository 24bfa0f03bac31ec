"""What stands around every page, CKAN's own too: it is put together once.

An entry of the menu, the addresses in a page's head and those of a style sheet are the
same for everybody who reads the page in the same language; building one address costs
CKAN some two hundred calls, and there are a dozen of them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import ckan.plugins.toolkit as tk
from markupsafe import Markup

from ckanext.challenge.common import labels
from ckanext.challenge.common.page_cache import PageCache
from ckanext.challenge.helpers import challenge_query

T = TypeVar("T")

#: What the addresses of a portal hang on, besides the request's prefix and language.
_SETTINGS = ("ckan.site_url", "ckan.root_path", "ckan.locale_default")

#: Of each entry of the menu its title, and the blueprints on whose pages it is shown as
#: the present one.
MENU: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "challenge.index": (
        labels.N_("Challenge"),
        ("challenge", "challenge_participant", "challenge_applicant"),
    ),
    "challenge_observatory.read": (labels.N_("Observatory"), ()),
}

_frame = PageCache(seconds=60, size=1000, stored=False)


def remembered(key: tuple[Any, ...], make: Callable[[], T]) -> T:
    """What hangs on the language, the prefix and the portal's settings alone.

    :param key: what is asked for
    :param make: makes it where it is not remembered
    """
    read = tk.config.get
    version = tuple([read(name) for name in _SETTINGS])
    own = (*key, tk.h.lang(), tk.request.script_root)
    return _frame.get_or_create(own, version, make)


def challenge_menu(also: str | None = None) -> Markup:
    """Our entries of CKAN's menu, as ``h.build_nav_main`` builds them.

    :param also: another blueprint on whose pages the first is shown as the present one
    """
    here = tk.get_endpoint()
    if not (here[0] or "").startswith("challenge"):
        # They look the same on all pages but ours.
        here = (None, None)

    def build() -> Markup:
        entries = [
            (endpoint, tk._(title), [*blueprints])
            for endpoint, (title, blueprints) in MENU.items()
        ]
        if also:
            entries[0][2].append(also)
        return tk.h.build_nav_main(*entries)

    return remembered(("menu", also, here), build)


def challenge_style(name: str) -> None:
    """Have the page include a style sheet of ours, as ``{% asset %}`` does.

    CKAN looks at the files of a sheet for each page that includes it.

    :param name: of the asset
    """
    included = getattr(tk.g, "_webassets", None)
    if included is None or tk.config["debug"]:
        # Somebody writes it, or nothing is included yet.
        tk.h.include_asset(name)
    elif name not in included["included"]:
        included["style"].extend(remembered(("style", name), lambda: _urls(name)))
        included["included"].add(name)


def _urls(name: str) -> tuple[str, ...]:
    included = tk.g._webassets["style"]
    before = len(included)
    tk.h.include_asset(name)
    urls = (*included[before:],)
    del included[before:]
    return urls


#: The pages that everybody reads, and what of their address makes another page.
_PUBLIC_PAGES: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(
        (
            *("home.index", "home.about", "dataset.read", "organization.read"),
            *("challenge.index", "challenge.badges", "challenge.kits"),
            *("challenge.badge", "challenge.award", "challenge.kit"),
            *("challenge_participant.read", "challenge_report.read"),
            *("challenge_collectivite.read", "challenge_organization.read"),
        ),
        (),
    ),
    "challenge.read": ("page",),
    "challenge.data": ("organization", "kit", "page"),
    "challenge_observatory.read": (
        *("departement", "epci", "kind", "size"),
        *("duty", "publishes", "takes_part", "badge", "page"),
    ),
    "challenge_map.read": ("level", "departement"),
    "challenge.region_data": (
        *("departement", "epci", "collectivite", "organization"),
        *("kit", "theme", "quality", "page"),
    ),
}


def challenge_page_links() -> dict[str, Any] | None:
    """The one address of a public page, and its other languages, for its head.

    :returns: ``canonical`` and ``languages`` (pairs of a language and an address);
        ``None`` where the page is not for everybody
    """
    request = tk.request
    read = _PUBLIC_PAGES.get(request.endpoint or "")
    if read is None:
        return None
    query = challenge_query({name: request.args.get(name) for name in read})
    place = request.view_args or {}
    return remembered(
        ("links", request.endpoint, *place.items(), query),
        lambda: _page_links(request.endpoint, place, query),
    )


def _page_links(endpoint: str, place: Mapping[str, Any], query: str) -> dict[str, Any]:
    own = tk.config["ckan.locale_default"]
    built: dict[str, str] = {}

    def address(spoken: str) -> str:
        # The portal's own language has addresses without its code.
        if spoken not in built:
            locale = "default" if spoken == own else spoken
            url = tk.h.url_for(endpoint, qualified=True, locale=locale, **place)
            built[spoken] = f"{url}{query}"
        return built[spoken]

    spoken = [str(locale) for locale in tk.h.get_available_locales()]
    return {
        "canonical": address(str(tk.h.lang())),
        "languages": [
            *((code.replace("_", "-"), address(code)) for code in spoken),
            ("x-default", address(own)),
        ]
        if len(spoken) > 1
        else [],
    }
