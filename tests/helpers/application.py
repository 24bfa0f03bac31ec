"""One web application for all tests that leave its settings alone.

CKAN's own fixture builds an application for each test: it loads every plugin anew and
compiles every template again.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import flask
from ckan import model, plugins
from ckan.common import config
from ckan.config import middleware
from ckan.lib import app_globals
from ckan.plugins import core as plugins_core
from ckan.tests.helpers import CKANTestApp, _get_test_app
from ckan.tests.pytest_ckan import ckan_setup

#: Settings that are read each time they are needed, by the start of their names: an
#: application that was built under others serves as well.
READ_LATE = ("ckan.storage_path", "ckanext.challenge.", "smtp.")


@dataclass
class _Built:
    """An application, and the settings that it knows.

    :ivar under: those of them that a test has changed
    """

    app: Any
    settings: dict[str, Any]
    under: dict[str, Any]


class Application:
    """Plugins and the application around them, kept as long as the settings that they
    were made under hold.
    """

    def __init__(self) -> None:
        #: That of the session, and the last one under changed settings (``True``).
        self._built: dict[bool, _Built] = {}
        #: The settings that the plugins were loaded under, where they are not those of
        #: the session.
        self._loaded_under: dict[str, Any] = {}

    def load_plugins(self) -> None:
        """Load the configured plugins, where others are loaded or were loaded under
        other settings.
        """
        if not self._plugins_hold():
            plugins.load_all()
            self._loaded_under = changed()

    def get(self) -> CKANTestApp:
        """An application that knows the settings."""
        # CKAN copies some settings into its globals, for good.
        app_globals._CONFIG_CACHE.clear()
        # As where it is built: what was made before belongs to no session.
        model.Session.remove()
        under = changed()
        built = self._built.get(bool(under))
        if built is None or built.under != under:
            # The plugins are loaded with it.
            app = _get_test_app().app
            built = _Built(app, dict(app._wsgi_app.config), under)
            self._built[bool(under)] = built
            self._loaded_under = under
        else:
            self.load_plugins()
        # A setting changed within a request is also changed in the application.
        flask_app: flask.Flask = built.app._wsgi_app
        flask_app.config.clear()
        flask_app.config.update(built.settings)
        middleware._internal_test_request_context = flask_app.test_request_context()
        # A client of its own: no cookie passes from test to test.
        return CKANTestApp(built.app)

    def for_command(self, path: str | None = None) -> SimpleNamespace:
        """What CKAN gives a command: this application and its settings.

        :param path: of the file of settings, which the tests have read already
        """
        return SimpleNamespace(app=self.get().app, config=config)

    def _plugins_hold(self) -> bool:
        wanted = config["ckan.plugins"]
        names = wanted.split() if isinstance(wanted, str) else list(wanted)
        # CKAN 2.11 loads one of its own after those that are configured.
        names += getattr(plugins_core, "find_system_plugins", list)()
        return self._loaded_under == changed() and names == plugins_core._PLUGINS


def changed(but: tuple[str, ...] = READ_LATE) -> dict[str, Any]:
    """The settings that a test has changed, except those whose names start so."""
    kept = ckan_setup._config
    missing = object()
    return {
        name: config.store.get(name, missing)
        for name in {*config, *kept}
        if config.store.get(name, missing) != kept.get(name, missing)
        and not name.startswith(but)
    }
