"""The settings of the extension: one typed accessor per declared key.

Defaults and descriptions are in ``config_declaration.yaml``, and only there.
"""

from __future__ import annotations

import logging
import re
from datetime import date, datetime, timedelta
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

import ckan.plugins.toolkit as tk

log = logging.getLogger(__name__)

Networks = tuple[IPv4Network | IPv6Network, ...]

#: The settings that list networks.
NETWORKS = ("trusted_proxies", "link_networks", "metrics_networks")

# What ckanext-scheming and ckanext-dcat allow, and nothing that a statement, or the
# pattern of a LIKE, would read otherwise. After a point: a part of a repeated field.
_FIELD = re.compile(
    r"[A-Za-z_][A-Za-z0-9_-]*(?:[:/][A-Za-z0-9_-]+)*(?:\.[A-Za-z0-9_]+)?"
)


def base_url() -> str:
    """The portal's address: ``ckan.site_url`` and the path of ``ckan.root_path``.

    :returns: without a language, and without a slash at its end
    """
    root = (tk.config.get("ckan.root_path") or "").replace("{{LANG}}", "")
    segments = [part for part in root.split("/") if part]
    return "/".join([str(tk.config["ckan.site_url"]).rstrip("/"), *segments])


def programmes() -> list[str]:
    """Programme files, each ``module:path``."""
    return tk.config["ckanext.challenge.programmes"]


def field(name: str) -> str:
    """What the portal calls a field that counts.

    A field that does not count is called what it is; so is one whose setting cannot be
    the name of a field, which the doctor tells.
    """
    named = asked_field(name)
    if named == name:
        return name
    return named if len(named) <= 100 and _FIELD.fullmatch(named) else name


def asked_field(name: str) -> str:
    """What is set as the portal's name of a field, whether or not it can be one."""
    # With a default, as CKAN warns of what nobody has declared: fields that do not
    # count have no setting.
    return str(tk.config.get(f"ckanext.challenge.field.{name}", "")).strip() or name


def home() -> bool:
    """Whether the portal's home page is that of the extension."""
    return tk.config["ckanext.challenge.home"]


def answers_in_full() -> bool:
    """Whether CKAN's answers hold what is added to them for whoever asks.

    Deprecated: removed after version 0.2.
    """
    return tk.config["ckanext.challenge.answers_in_full"]


def managers_create_cohorts() -> bool:
    """Whether those who manage a season may create and copy others."""
    return tk.config["ckanext.challenge.managers_create_cohorts"]


def contact() -> str:
    """Where readers write to: an e-mail address or that of a page; empty if nowhere."""
    return str(tk.config["ckanext.challenge.contact"]).strip()


def issuer_place() -> tuple[tuple[str, str], ...]:
    """Where the issuer of badges is: what is set of a postal address."""
    parts = ("street", "postal_code", "locality", "country")
    names = ("streetAddress", "postalCode", "addressLocality", "addressCountry")
    values = [tk.config[f"ckanext.challenge.issuer_{part}"] for part in parts]
    # A country alone is no address.
    if not any(values[:-1]):
        return ()
    return tuple((n, v) for n, v in zip(names, values, strict=True) if v)


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


def trusted_proxies() -> Networks:
    """The networks of the portal's own proxies, such as ``127.0.0.0/8``."""
    return _networks("trusted_proxies")[0]


def max_file_size() -> int:
    """The size of the biggest file that an application takes, in MB."""
    return tk.config["ckanext.challenge.max_file_size"]


def link_max_size() -> int:
    """The size of the biggest file that is fetched from a link, in MB."""
    return tk.config["ckanext.challenge.link_max_size"]


def link_seconds() -> int:
    """Seconds within which a link has to have answered all."""
    return tk.config["ckanext.challenge.link_seconds"]


def link_networks() -> Networks:
    """Networks that are not public, and to which links may lead nevertheless."""
    return _networks("link_networks")[0]


def unread_networks(setting: str) -> tuple[str, ...]:
    """What stands in a list of networks and is none.

    :param setting: one of :data:`NETWORKS`
    """
    return _networks(setting)[1]


def _networks(setting: str) -> tuple[Networks, tuple[str, ...]]:
    return _read_networks(setting, tuple(tk.config[f"ckanext.challenge.{setting}"]))


# Requests ask for it: what is wrong is logged once by each process.
@lru_cache(maxsize=32)
def _read_networks(
    setting: str, texts: tuple[str, ...]
) -> tuple[Networks, tuple[str, ...]]:
    read: list[IPv4Network | IPv6Network] = []
    unread: list[str] = []
    for text in texts:
        try:
            read.append(ip_network(text, strict=False))
        except ValueError:
            unread.append(text)
    if unread:
        log.warning(
            "ckanext.challenge.%s: left out, since it is no network: %s",
            setting,
            " ".join(unread),
        )
    return tuple(read), tuple(unread)


def retention_months() -> int:
    """Months for which personal data are kept after the decision."""
    return tk.config["ckanext.challenge.retention_months"]


def retention_months_drafts() -> int:
    """Months for which a draft that nobody changes is kept."""
    return tk.config["ckanext.challenge.retention_months_drafts"]


def answer_days() -> int:
    """Days after the deadline within which applicants are answered; 0: not said."""
    return tk.config["ckanext.challenge.answer_days"]


def reminder_days() -> int:
    """Days ahead of which a reminder names what is due."""
    return tk.config["ckanext.challenge.reminder_days"]


def campaign_interval() -> timedelta:
    """Time within which a second message to many is not sent without a warning."""
    return timedelta(hours=tk.config["ckanext.challenge.campaign_interval_hours"])


def reminder_interval_days() -> int:
    """Days that lie at least between two reminders to the same participant."""
    return tk.config["ckanext.challenge.reminder_interval_days"]


def reminder_quiet_days() -> int:
    """Days without a reminder after anything else that members were told."""
    return tk.config["ckanext.challenge.reminder_quiet_days"]


def stalled_days() -> int:
    """Days without a sign of life after which a participant is shown to its team."""
    return tk.config["ckanext.challenge.stalled_days"]


def stalled_late_steps() -> int:
    """Late steps with which a participant is shown to its team; 0: not for these."""
    return tk.config["ckanext.challenge.stalled_late_steps"]


def storage() -> str:
    """The storage of CKAN 2.12 that keeps files; empty for the portal's folder."""
    return str(tk.config["ckanext.challenge.storage"]).strip()


def keys_path() -> Path:
    """The folder of the private keys that sign badges."""
    named = tk.config["ckanext.challenge.keys_path"]
    if named:
        return Path(named)
    # Beside and not within: CKAN's folder is copied, shared and served from.
    storage = Path(tk.config.get("ckan.storage_path") or "storage").absolute()
    return storage.with_name(f"{storage.name}-keys")


def metrics_networks() -> Networks:
    """Networks from which a program may read the portal's figures; none by default."""
    return _networks("metrics_networks")[0]


def badge_cache_seconds() -> int:
    """Seconds during which an embedded badge may be kept by a cache."""
    return tk.config["ckanext.challenge.badge_cache_seconds"]


def display_timezone() -> ZoneInfo:
    """The portal's time zone: deadlines end at its midnight."""
    # CKAN answers a pytz zone, which is wrong by minutes in date arithmetic.
    return ZoneInfo(str(tk.h.get_display_timezone()))


def today() -> date:
    """The day that it is in the portal's time zone."""
    return datetime.now(display_timezone()).date()


def redis_key(*parts: str) -> str:
    """The name of a key of this extension in Redis, which may serve many portals."""
    return ":".join(("ckan", tk.config["ckan.site_id"], "challenge", *parts))
