"""The plugin ``challenge``: wiring only."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import ckan.plugins as p
import ckan.plugins.toolkit as tk
from ckan.lib.plugins import DefaultTranslation
from ckan.types import SignalMapping

from . import held, subscriptions
from .cli import get_commands
from .conformity import changes as conformity_changes
from .logic import all_actions, all_auth_functions
from .progress import changes
from .search import SearchPlugin
from .views import get_blueprints

HERE = Path(__file__).parent

#: Of ckanext-dcat, where it is enabled: by plugin, the setting and what is added to it.
DCAT_PROFILES = {
    "dcat": ("ckanext.dcat.rdf.profiles", "challenge_badges"),
    "structured_data": (
        "ckanext.dcat.structured_data.profiles",
        "challenge_badges_schemaorg",
    ),
}


@tk.blanket.actions(lambda: {**all_actions(), **held.chained()})
@tk.blanket.auth_functions(all_auth_functions)
@tk.blanket.blueprints(get_blueprints)
@tk.blanket.cli(get_commands)
@tk.blanket.config_declarations
@tk.blanket.helpers
@tk.blanket.validators
class ChallengePlugin(SearchPlugin, DefaultTranslation):
    p.implements(p.IConfigurable)
    p.implements(p.IConfigurer)
    p.implements(p.ISignal)
    p.implements(p.ITranslation)

    def update_config(self, config: Any) -> None:
        tk.add_template_directory(config, "templates")
        tk.add_public_directory(config, "public")
        tk.add_resource("assets", "ckanext-challenge")
        if not config.get("licenses_group_url"):
            # CKAN's own list has no Licence Ouverte.
            # CKAN only takes off the "file://": no percent signs for spaces.
            config["licenses_group_url"] = f"file://{HERE / 'licenses.json'}"
        for plugin, (setting, profile) in DCAT_PROFILES.items():
            if p.plugin_loaded(plugin):
                named = config[setting]
                # A text in one of its settings, a list in the other.
                words = named.split() if isinstance(named, str) else [*named]
                if profile not in words:
                    words.append(profile)
                    config[setting] = (
                        " ".join(words) if isinstance(named, str) else words
                    )

    def configure(self, config: Any) -> None:
        changes.collector.listen()
        conformity_changes.collector.listen()

    def get_signal_subscriptions(self) -> SignalMapping:
        return subscriptions.get_subscriptions()
