"""CKAN for gunicorn, with the ini file named by ``PORTAL_INI``."""

from __future__ import annotations

import os

from ckan.cli import CKANConfigLoader
from ckan.config.middleware import make_app

application = make_app(CKANConfigLoader(os.environ["PORTAL_INI"]).get_config())
