"""The settings of the extension: one typed accessor per declared key.

Defaults and descriptions are in ``config_declaration.yaml``, and only there.
"""

from __future__ import annotations

from typing import Literal
from zoneinfo import ZoneInfo

import ckan.plugins.toolkit as tk

__all__ = [
    "badge_cache_seconds",
    "display_timezone",
    "evaluation_delay",
    "follow_up_days",
    "form_honeypot",
    "form_seconds",
    "max_file_size",
    "obligation_agents",
    "obligation_population",
    "obligation_rule",
    "programmes",
    "rate_limit_address",
    "rate_limit_email",
    "rate_limit_network",
    "retention_months",
    "retention_months_drafts",
    "trusted_proxies",
]


def programmes() -> list[str]:
    """Programme files, each ``module:path``."""
    return tk.config["ckanext.challenge.programmes"]


def obligation_rule() -> Literal["either", "both"]:
    """How the duty to publish is read."""
    return tk.config["ckanext.challenge.obligation_rule"]


def obligation_population() -> int:
    """Inhabitants above which a commune has a duty to publish."""
    return tk.config["ckanext.challenge.obligation_population"]


def obligation_agents() -> int:
    """Full-time agents above which there is a duty to publish."""
    return tk.config["ckanext.challenge.obligation_agents"]


def evaluation_delay() -> int:
    """Seconds of quiet that the evaluation job waits for."""
    return tk.config["ckanext.challenge.evaluation_delay"]


def follow_up_days() -> int:
    """Days during which an applicant's follow-up link works."""
    return tk.config["ckanext.challenge.follow_up_days"]


def form_seconds() -> int:
    """Seconds that a person needs at least for the form; 0 asks for no time."""
    return tk.config["ckanext.challenge.form_seconds"]


def form_honeypot() -> bool:
    """Whether the form has a field that only robots fill in."""
    return tk.config["ckanext.challenge.form_honeypot"]


def rate_limit_email() -> int:
    """Applications in an hour with one e-mail address; 0 sets no limit."""
    return tk.config["ckanext.challenge.rate_limit_email"]


def rate_limit_address() -> int:
    """Applications in an hour from one computer; 0 sets no limit."""
    return tk.config["ckanext.challenge.rate_limit_address"]


def rate_limit_network() -> int:
    """Applications in an hour from one network; 0 sets no limit."""
    return tk.config["ckanext.challenge.rate_limit_network"]


def trusted_proxies() -> list[str]:
    """The networks of the portal's own proxies."""
    return tk.config["ckanext.challenge.trusted_proxies"]


def max_file_size() -> int:
    """The size of the biggest file that an application takes, in MB."""
    return tk.config["ckanext.challenge.max_file_size"]


def retention_months() -> int:
    """Months for which personal data are kept after the decision."""
    return tk.config["ckanext.challenge.retention_months"]


def retention_months_drafts() -> int:
    """Months for which a draft that nobody changes is kept."""
    return tk.config["ckanext.challenge.retention_months_drafts"]


def badge_cache_seconds() -> int:
    """Seconds during which an embedded badge may be kept by a cache."""
    return tk.config["ckanext.challenge.badge_cache_seconds"]


def display_timezone() -> ZoneInfo:
    """The portal's time zone: deadlines end at its midnight."""
    # CKAN answers a pytz zone, which is wrong by minutes in date arithmetic.
    return ZoneInfo(str(tk.h.get_display_timezone()))
