"""The plugin ``challenge``: wiring only."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import ckan.plugins as p
import ckan.plugins.toolkit as tk
from ckan.lib.plugins import DefaultTranslation
from ckan.types import SignalMapping

from ckanext.challenge import helpers, measures, signals
from ckanext.challenge.agenda import mails as agenda_mails
from ckanext.challenge.applications import mails as application_mails
from ckanext.challenge.applications import receivers as application_receivers
from ckanext.challenge.badges import mails as badge_mails
from ckanext.challenge.badges import package_badges
from ckanext.challenge.badges import receivers as badge_receivers
from ckanext.challenge.campaigns import mails as campaign_mails
from ckanext.challenge.cli import get_commands
from ckanext.challenge.common import addresses, session_events, shield
from ckanext.challenge.common import validators as common_validators
from ckanext.challenge.conformity import changes as conformity_changes
from ckanext.challenge.conformity import validators as conformity_validators
from ckanext.challenge.credentials import jobs as credential_jobs
from ckanext.challenge.datasets import answers, search
from ckanext.challenge.datasets.search import SearchPlugin
from ckanext.challenge.interfaces import IChallenge
from ckanext.challenge.measures.base import Measure
from ckanext.challenge.notifications import kinds
from ckanext.challenge.observatory import receivers as observatory_receivers
from ckanext.challenge.participants import mails as participant_mails
from ckanext.challenge.preparation import mails as preparation_mails
from ckanext.challenge.progress import changes
from ckanext.challenge.reports import receivers as report_receivers
from ckanext.challenge.subscribers import mails as subscriber_mails
from ckanext.challenge.subscribers import receivers as subscriber_receivers
from ckanext.challenge.views import get_blueprints, unavailable
from ckanext.challenge.views.embed.sharing import challenge_sharing
from ckanext.challenge.views.manager.week import challenge_week
from ckanext.challenge.views.public import ckan_pages, frame
from ckanext.challenge.views.public.home import challenge_home_body

HERE = Path(__file__).parent

#: Of ckanext-dcat, where it is enabled: by plugin, the setting and what is added to it.
#: That of badges comes last: it cleans what the others say.
DCAT_PROFILES = {
    "dcat": ("ckanext.dcat.rdf.profiles", ("challenge_dcat", "challenge_badges")),
    "structured_data": (
        "ckanext.dcat.structured_data.profiles",
        ("challenge_badges_schemaorg",),
    ),
}


#: Where CKAN leads after a login and after a new password, unless it is told otherwise:
#: those who run a season come to their week instead, those who take part to their own
#: checklist. With the name that the setting had before.
LANDINGS = {
    "ckan.auth.route_after_login": ("dashboard.datasets", "ckan.route_after_login"),
    "ckan.user_reset_landing_page": ("home.index", ""),
}


#: The rooms that have actions, each with an auth function of the same name.
FEATURES = (
    "agenda",
    "applications",
    "badges",
    "campaigns",
    "cohorts",
    "conformity",
    "credentials",
    "datasets",
    "directory",
    "doctor",
    "journal",
    "observatory",
    "participants",
    "preparation",
    "privacy",
    "reports",
    "reference",
    "subscribers",
)


def _collect(kind: str) -> dict[str, Callable[..., Any]]:
    """The functions of the features' modules of this name, or of the modules of such a
    package, whose name begins with ``challenge_``.

    :param kind: ``action`` or ``auth``
    :raises RuntimeError: two rooms have a function of the same name
    """
    found: dict[str, Callable[..., Any]] = {}
    for feature in FEATURES:
        name = f"ckanext.challenge.{feature}.{kind}"
        modules = [importlib.import_module(name)]
        if hasattr(modules[0], "__path__"):
            modules = [
                importlib.import_module(f"{name}.{info.name}")
                for info in pkgutil.iter_modules(modules[0].__path__)
            ]
        for module in modules:
            for key, function in vars(module).items():
                # What a module imports from another is that one's.
                if (
                    key.startswith("challenge_")
                    and callable(function)
                    and function.__module__ == module.__name__
                ):
                    if key in found:
                        raise RuntimeError(f"two {kind} functions are named {key}")
                    found[key] = function
    return found


def all_actions() -> dict[str, Callable[..., Any]]:
    """The actions, by name."""
    return _collect("action")


def all_auth_functions() -> dict[str, Callable[..., Any]]:
    """The authorization functions, by the name of their action."""
    return _collect("auth")


def all_helpers() -> dict[str, Callable[..., Any]]:
    """What templates ask; what speaks of pages is made where pages are."""
    named = {name: getattr(helpers, name) for name in helpers.__all__}
    return {
        **named,
        "challenge_home_body": challenge_home_body,
        "challenge_menu": frame.challenge_menu,
        "challenge_part": ckan_pages.challenge_part,
        "challenge_page_links": frame.challenge_page_links,
        "challenge_sharing": challenge_sharing,
        "challenge_style": frame.challenge_style,
        "challenge_tab": ckan_pages.challenge_tab,
        "challenge_week": challenge_week,
    }


def all_validators() -> dict[str, Callable[..., Any]]:
    """The validators that the forms of ckanext-scheming name."""
    return {
        name: getattr(module, name)
        for module in (common_validators, conformity_validators)
        for name in module.__all__
    }


def _served_actions() -> dict[str, Callable[..., Any]]:
    own = {name: unavailable.told(name, made) for name, made in all_actions().items()}
    return {**own, **package_badges.chained(), **answers.chained()}


@tk.blanket.actions(_served_actions)
@tk.blanket.auth_functions(all_auth_functions)
@tk.blanket.blueprints(get_blueprints)
@tk.blanket.cli(get_commands)
@tk.blanket.config_declarations
@tk.blanket.helpers(all_helpers)
@tk.blanket.validators(all_validators)
class ChallengePlugin(SearchPlugin, DefaultTranslation):
    p.implements(p.IConfigurable)
    p.implements(p.IConfigurer)
    p.implements(p.ISignal)
    p.implements(p.ITranslation)
    p.implements(IChallenge, inherit=True)

    def update_config(self, config: Any) -> None:
        tk.add_template_directory(config, "templates")
        tk.add_public_directory(config, "public")
        tk.add_resource("assets", "ckanext-challenge")
        if not config.get("licenses_group_url"):
            # CKAN's own list has no Licence Ouverte.
            # CKAN only takes off the "file://": no percent signs for spaces.
            config["licenses_group_url"] = f"file://{HERE / 'licenses.json'}"
        for setting, (core, former) in LANDINGS.items():
            # A portal that leads elsewhere keeps its own way.
            if config.get(setting, core) == core and not config.get(former):
                config[setting] = "challenge_home.begin"
        for plugin, (setting, profiles) in DCAT_PROFILES.items():
            if p.plugin_loaded(plugin):
                named = config[setting]
                # A text in one of its settings, a list in the other.
                words = named.split() if isinstance(named, str) else [*named]
                words += [profile for profile in profiles if profile not in words]
                config[setting] = " ".join(words) if isinstance(named, str) else words

    def configure(self, config: Any) -> None:
        for mails in (
            agenda_mails,
            application_mails,
            badge_mails,
            campaign_mails,
            participant_mails,
            preparation_mails,
            subscriber_mails,
        ):
            kinds.register(*mails.KINDS)
        session_events.listen()
        shield.listen()
        addresses.listen()
        search.listen()
        changes.listener.listen()
        conformity_changes.listener.listen()

    def get_signal_subscriptions(self) -> SignalMapping:
        return {
            tk.signals.action_succeeded: [
                {"receiver": changes.bulk_update, "sender": action}
                for action in changes.BULK_ACTIONS
            ],
            signals.awards_changed: [
                badge_receivers.awards_changed,
                subscriber_receivers.awards_changed,
                observatory_receivers.awards_changed,
            ],
            signals.awards_stored: [
                badge_receivers.awards_stored,
                credential_jobs.awards_stored,
            ],
            signals.evaluated: [credential_jobs.evaluated, search.evaluated],
            signals.organizations_judged: [observatory_receivers.organizations_judged],
            signals.organization_matched: [application_receivers.organization_matched],
            signals.season_finished: [
                observatory_receivers.season_finished,
                report_receivers.season_finished,
            ],
        }

    def get_measures(self) -> Iterable[Measure]:
        return measures.built_in()
