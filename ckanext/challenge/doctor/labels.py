"""What is said of each finding, and the line that mends it."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk

from ckanext.challenge.domain.doctor import Finding, Verdict
from ckanext.challenge.domain.text import N_

_VERDICTS: dict[Verdict, str] = {
    "good": N_("Good"),
    "todo": N_("To do"),
    "wrong": N_("Wrong"),
}

_TITLES = {
    "versions": N_("Versions"),
    "plugins": N_("Plugins"),
    "dataset_fields": N_("The form of a dataset"),
    "resource_fields": N_("The form of a file"),
    "organization_fields": N_("The form of an organization"),
    "field_values": N_("Values of the fields that count"),
    "licences": N_("Licences"),
    "programmes": N_("Programmes"),
    "migrations": N_("Tables"),
    "redis": N_("Redis"),
    "solr": N_("Solr"),
    "workers": N_("Job workers"),
    "queues": N_("Jobs that wait"),
    "commands": N_("Commands of the crontab"),
    "set_aside": N_("Evaluations set aside"),
    "storage": N_("Place for files"),
    "nodes": N_("Nodes"),
    "mail_server": N_("Mail server"),
    "mails": N_("Mails"),
    "address": N_("Address of the portal"),
    "identity": N_("Identity document"),
    "signatures": N_("Signatures of badges"),
    "proxy": N_("Proxy"),
    "networks": N_("Networks"),
    "clock": N_("Clock and time zone"),
    "languages": N_("Languages"),
    "contact": N_("Contact"),
    "answers": N_("Answers of CKAN's API"),
}

_FAILED = N_("This could not be looked at ({error}). The log says more.")

#: By check and code, what was found.
SENTENCES = {
    ("versions", "good"): N_("ckanext-challenge {version} on CKAN {ckan}"),
    ("versions", "unmet"): N_("Other versions are needed: {names}"),
    ("plugins", "good"): N_("“challenge” stands before the scheming plugins"),
    ("plugins", "order"): N_("“challenge” must stand before the scheming plugins"),
    ("plugins", "missing"): N_(
        "Not enabled: {names}. The forms have no fields for what counts."
    ),
    ("dataset_fields", "good"): N_("It has all the fields that count"),
    ("dataset_fields", "missing"): N_("Fields that count are missing: {names}"),
    ("dataset_fields", "renamed"): N_(
        "Fields that count are missing: {names}. Others look like them: {pairs}"
    ),
    ("dataset_fields", "no_form"): N_(
        "It is no form of ckanext-scheming, and nothing else has: {names}"
    ),
    ("field_values", "good"): N_("All of them can be read"),
    ("field_values", "some"): N_("Read as if they were empty: {names}"),
    ("licences", "good"): N_("The portal's list has all that are proposed"),
    ("licences", "missing"): N_(
        "The portal's list lacks: {names}. Add them to it, or take this list"
    ),
    ("programmes", "good"): N_("All programme files can be used"),
    ("programmes", "unread"): N_("A programme file cannot be used: {name}"),
    ("migrations", "good"): N_("They are those of this version ({head})"),
    ("migrations", "none"): N_("They have not been made"),
    ("migrations", "behind"): N_(
        "They are those of {current}; this version needs {head}"
    ),
    ("migrations", "ahead"): N_(
        "They are those of a newer version ({current}); this one knows {head}"
    ),
    ("redis", "good"): N_("It answers"),
    ("solr", "good"): N_("It answers"),
    ("solr", "down"): N_("It does not answer"),
    ("workers", "good"): N_("A worker listens to each queue"),
    ("workers", "missing"): N_("No worker listens to: {names}"),
    ("queues", "good"): N_("Nothing waits for long ({jobs})"),
    ("queues", "behind"): N_("Behind: {names} ({jobs})"),
    ("commands", "good"): N_("All of them ran when they had to"),
    ("commands", "silent"): N_("They did not run when they had to: {names}"),
    ("commands", "errors"): N_("They ended with errors, which the log tells: {names}"),
    ("set_aside", "good"): N_("Nothing was set aside"),
    ("set_aside", "some"): N_("Failed again and again and set aside: {count}"),
    ("storage", "good"): N_("Files can be written in {path}, a folder for all nodes"),
    ("storage", "kept"): N_("Files can be written in the storage “{name}”"),
    ("storage", "moving"): N_(
        "New files go to the storage “{name}”. Still in the folder {path}: {count}"
    ),
    ("storage", "none"): N_("There is none: nobody can attach or prepare a file"),
    ("storage", "unknown"): N_("The settings name no storage “{name}” that works"),
    ("storage", "old"): N_(
        "The storage “{name}” needs CKAN 2.12: before it, files lie in a folder"
    ),
    ("storage", "public"): N_(
        "The storage “{name}” is public, and what applicants send is not"
    ),
    ("storage", "full"): N_("The place for files is full ({path}, {name})"),
    ("storage", "denied"): N_("This user may not write or read there ({path}, {name})"),
    ("storage", "down"): N_(
        "It does not work now ({path}, {name}). The log says more."
    ),
    ("nodes", "good"): N_("They have alike what they must: {nodes}"),
    ("nodes", "differ"): N_("They differ in {names}. Heard of: {nodes}"),
    ("nodes", "files"): N_("They do not reach the same files: {nodes}"),
    ("nodes", "clock"): N_("The clock of {nodes} is wrong by {seconds} seconds"),
    ("nodes", "versions"): N_("They run several versions: {names}"),
    ("mail_server", "good"): N_("{server} takes mails of this portal"),
    ("mail_server", "none"): N_("There is none: no mail goes"),
    ("mail_server", "sender"): N_("Mails have no sender: smtp.mail_from is empty"),
    ("mail_server", "password"): N_("smtp.user is set, and smtp.password is not"),
    ("mail_server", "plain"): N_("{server} does not encrypt, as smtp.starttls asks"),
    ("mail_server", "tls"): N_("{server} cannot encrypt after all ({problem})"),
    ("mail_server", "login"): N_("{server} refuses smtp.user with smtp.password"),
    ("mail_server", "refused"): N_("{server} takes no mail of this portal ({problem})"),
    ("mail_server", "down"): N_("{server} does not answer"),
    ("mails", "good"): N_("None was given up"),
    ("mails", "failed"): N_("Given up after many tries: {count}"),
    ("address", "good"): N_("{url}, which is in what is signed"),
    ("address", "none"): N_("The portal has no address"),
    ("address", "local"): N_(
        "{url} is this machine alone: nobody else can verify a badge"
    ),
    ("address", "http"): N_("{url} is not encrypted"),
    ("identity", "good"): N_("It is where verifiers look for it ({url})"),
    ("identity", "unreached"): N_("{url} does not answer with it"),
    ("identity", "other"): N_("{url} answers something else"),
    ("signatures", "good"): N_("All badges are signed"),
    ("signatures", "none"): N_("There is no key. Badges not signed: {count}"),
    ("signatures", "problem"): N_("{problem}. Badges not signed: {count}"),
    ("signatures", "elsewhere"): N_(
        "The private key is on another node, which signs. Badges not signed: {count}"
    ),
    ("signatures", "nobody"): N_(
        "The private key is on another node, and no worker there listens for the"
        " others. Badges not signed: {count}"
    ),
    ("signatures", "waiting"): N_("Badges not signed: {count}"),
    ("proxy", "good"): N_("It says where requests come from, or there is none"),
    ("proxy", "blind"): N_(
        "It does not say where requests come from: nobody is limited by address"
    ),
    ("networks", "good"): N_("All that are set can be read"),
    ("networks", "unread"): N_(
        "Left out, since it is no network: {names}. Networks are separated by spaces, "
        "without commas, and have no names."
    ),
    ("clock", "good"): N_("The clocks agree; days begin in {zone}"),
    ("clock", "differs"): N_(
        "The clocks of this machine and of the database differ by {seconds} seconds"
    ),
    ("clock", "unknown"): N_("There is no time zone “{zone}”: no page can be shown"),
    ("clock", "zone"): N_(
        "Days and deadlines begin at midnight in “{zone}”, not where people live"
    ),
    ("languages", "good"): N_("Offered: {locales}"),
    ("languages", "all"): N_(
        "All languages of CKAN are offered; the challenge speaks French and English"
    ),
    ("languages", "other"): N_(
        "The portal's own is “{locale}”; the challenge speaks French and English"
    ),
    ("contact", "good"): N_("Readers find whom to write to"),
    ("contact", "none"): N_("No page says whom to write to"),
    ("answers", "good"): N_("Copies of them go into any CKAN"),
    ("answers", "in_full"): N_(
        "They have badges for whoever asks, which other portals refuse. This setting "
        "goes after version 0.2: ask with include_badges."
    ),
}

#: By check and code, the line that mends it: nothing of it is translated.
_REMEDIES = {
    ("versions", "unmet"): "pip install --upgrade ckanext-challenge",
    ("plugins", "order"): "ckan.plugins = {names}",
    ("plugins", "missing"): (
        "ckan.plugins = challenge scheming_datasets scheming_organizations …"
    ),
    ("dataset_fields", "no_form"): (
        "scheming.dataset_schemas = ckanext.challenge:schemas/dataset.yaml"
    ),
    ("resource_fields", "no_form"): (
        "scheming.dataset_schemas = ckanext.challenge:schemas/dataset.yaml"
    ),
    ("organization_fields", "no_form"): (
        "scheming.organization_schemas = ckanext.challenge:schemas/organization.yaml"
    ),
    ("dataset_fields", "renamed"): "{lines}",
    ("resource_fields", "renamed"): "{lines}",
    ("organization_fields", "renamed"): "{lines}",
    ("licences", "missing"): "licenses_group_url = {address}",
    ("programmes", "unread"): "ckan challenge programme check {name}",
    ("migrations", "none"): "ckan db upgrade -p challenge",
    ("migrations", "behind"): "ckan db upgrade -p challenge",
    ("migrations", "ahead"): "pip install --upgrade ckanext-challenge",
    ("redis", "failed"): "ckan.redis.url = redis://…",
    ("solr", "down"): "solr_url = http://…",
    ("workers", "missing"): "ckan jobs worker default challenge-conformity",
    ("queues", "behind"): "ckan jobs worker default challenge-conformity",
    ("commands", "silent"): "crontab -e",
    ("commands", "errors"): "ckan challenge evaluate --all",
    ("set_aside", "some"): "ckan challenge evaluate --all --full",
    ("storage", "none"): "ckan.storage_path = /var/lib/ckan",
    ("storage", "moving"): "ckan challenge files move --to {name} --remove",
    ("storage", "unknown"): "ckan.files.storage.{name}.type = …",
    ("storage", "old"): "ckanext.challenge.storage =",
    ("storage", "public"): "ckan.files.storage.{name}.public = false",
    ("storage", "full"): "ckan challenge files move --to …",
    ("storage", "denied"): "chown -R ckan {path}",
    ("nodes", "differ"): "{name} = …",
    ("nodes", "files"): "ckan.storage_path = …",
    ("nodes", "clock"): "timedatectl set-ntp true",
    ("nodes", "versions"): "pip install --upgrade ckanext-challenge",
    ("mail_server", "none"): "smtp.server = …",
    ("mail_server", "sender"): "smtp.mail_from = opendata@example.org",
    ("mail_server", "password"): "smtp.password = …",
    ("mail_server", "plain"): "smtp.starttls = false",
    ("mail_server", "tls"): "openssl s_client -starttls smtp -connect {server}",
    ("mail_server", "login"): "smtp.password = …",
    ("mail_server", "refused"): "smtp.server = …",
    ("mail_server", "down"): "smtp.server = …",
    ("mails", "failed"): "ckan challenge mail list",
    ("address", "none"): "ckan.site_url = https://…",
    ("address", "local"): "ckan.site_url = https://…",
    ("address", "http"): "ckan.site_url = https://…",
    ("identity", "unreached"): "curl -i {url}",
    ("identity", "other"): "curl -i {url}",
    ("signatures", "none"): "ckan challenge keys create",
    ("signatures", "nobody"): (
        "ckan jobs worker default challenge-conformity challenge-signing"
    ),
    ("signatures", "waiting"): "ckan challenge evaluate --all",
    ("signatures", "elsewhere"): "ckan challenge evaluate --all",
    ("proxy", "blind"): "ckanext.challenge.trusted_proxies = 127.0.0.0/8",
    ("networks", "unread"): "{lines}",
    ("clock", "differs"): "timedatectl set-ntp true",
    ("clock", "unknown"): "ckan.display_timezone = Europe/Paris",
    ("clock", "zone"): "ckan.display_timezone = Europe/Paris",
    ("languages", "all"): "ckan.locales_offered = fr en",
    ("languages", "other"): "ckan.locale_default = fr",
    ("contact", "none"): "ckanext.challenge.contact = opendata@example.org",
    ("answers", "in_full"): "ckanext.challenge.answers_in_full = false",
}

#: The forms of a file and of an organization are told as that of a dataset.
AS_DATASET = ("resource_fields", "organization_fields")


def verdict(name: Verdict) -> str:
    text = _VERDICTS[name]
    return tk._(text)


def finding(found: Finding) -> dict[str, Any]:
    """A finding in words.

    :returns: ``{check, title, verdict, verdict_title, text, remedy}``; ``remedy`` is a
        line for the configuration or the command line, ``None`` where nothing is to do
    """
    title = _TITLES[found.check]
    said = "dataset_fields" if found.check in AS_DATASET else found.check
    text = _FAILED if found.code == "failed" else SENTENCES[said, found.code]
    remedy = (
        None if found.verdict == "good" else _REMEDIES.get((found.check, found.code))
    )
    return {
        "check": found.check,
        "title": tk._(title),
        "verdict": found.verdict,
        "verdict_title": verdict(found.verdict),
        "text": tk._(text).format(**found.facts),
        "remedy": remedy.format(**found.facts) if remedy else None,
    }
