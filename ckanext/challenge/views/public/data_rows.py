"""Datasets as lists and feeds show them, whoever chose them.

A dataset is told as ``challenge_dataset_list`` answers it.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import ckan.plugins.toolkit as tk
from feedgen.feed import FeedGenerator

from ckanext.challenge import config
from ckanext.challenge import helpers as h
from ckanext.challenge.domain import harvesting
from ckanext.challenge.domain.characters import cleaned, cleaned_document
from ckanext.challenge.views.common import act


def quality_choices() -> list[tuple[str, str]]:
    """The qualities that a list can be filtered by."""
    every = dict.fromkeys(h.QUALITIES, True)
    return [(row["name"], row["word"]) for row in h.challenge_qualities(every)]


def kit_titles() -> dict[str, str]:
    """The kits of the portal, by their keys."""
    rows = act("challenge_kit_list", limit=100)["results"]
    return {row["name"]: row["title"] for row in rows}


def dataset_base(**how: Any) -> str:
    """The address of a dataset without its name, built once for a page."""
    return str(tk.h.url_for("dataset.read", id="_", **how))[:-1]


def of_index(dataset: Mapping[str, Any]) -> dict[str, Any]:
    """A dataset that CKAN's search answers, as ``challenge_dataset_list`` has it."""
    organization = dataset.get("organization") or {}
    return {
        "id": dataset["id"],
        "name": dataset["name"],
        "title": dataset.get("title") or dataset["name"],
        "notes": dataset.get("notes") or "",
        "created_at": _moment(dataset["metadata_created"]),
        "modified_at": _moment(dataset["metadata_modified"]),
        "kit": h.challenge_field(dataset, "challenge_kit"),
        "formats": sorted(
            {
                str(resource.get("format") or "").upper()
                for resource in dataset.get("resources") or ()
            }
            - {""}
        ),
        "tags": [tag["name"] for tag in dataset.get("tags") or ()],
        "source": harvesting.source_of(dataset),
        "organization": {
            "name": organization.get("name") or "",
            "title": organization.get("title") or organization.get("name") or "",
        },
    }


def _moment(value: str) -> str:
    """CKAN's times are UTC and do not say so."""
    aware = value.endswith("Z") or "+" in value[10:]
    return (value if aware else value + "Z").replace("Z", "+00:00")


def rows(
    datasets: Iterable[Mapping[str, Any]], kits: Mapping[str, str]
) -> list[dict[str, Any]]:
    """What a page lists of datasets.

    :param kits: the titles of kits, by their keys
    """
    base = dataset_base()
    return [
        {
            "url": base + dataset["name"],
            "title": dataset["title"],
            "text": tk.h.markdown_extract(dataset["notes"], 180),
            "organization": dataset["organization"]["title"],
            "date": h.challenge_date(dataset["created_at"]),
            "kit": kits.get(dataset["kit"] or "", ""),
            "formats": dataset["formats"],
            "qualities": h.challenge_qualities(dataset),
            "copied": h.challenge_copied_from(dataset["source"]),
        }
        for dataset in datasets
    ]


@dataclass(frozen=True)
class Feed:
    """Datasets to follow, and where.

    :ivar own: the address of the feed, without a page
    :ivar page: where people read the same
    :ivar here: the address of this page of the feed
    :ivar previous: that of the page before, if there is one
    :ivar following: that of the next one, if there is one
    :ivar since: when it changed where it has no dataset
    """

    title: str
    own: str
    page: str
    here: str
    previous: str
    following: str
    datasets: Sequence[Mapping[str, Any]]
    since: str

    @property
    def changed(self) -> str:
        """When it changed for the last time."""
        return max((row["modified_at"] for row in self.datasets), default=self.since)

    @property
    def changed_at(self) -> dt.datetime:
        """The same moment, for HTTP."""
        return dt.datetime.fromisoformat(self.changed)


def _site() -> str:
    return cleaned(tk.config["ckan.site_title"] or config.base_url())


def _language() -> str:
    return str(tk.h.lang()).replace("_", "-")


def atom(feed: Feed) -> bytes:
    """The feed as Atom, in pages (RFC 5005)."""
    made = FeedGenerator()
    made.id(feed.own)
    made.title(cleaned(feed.title))
    made.language(_language())
    made.author({"name": _site()})
    links = {
        "self": feed.here,
        "alternate": feed.page,
        "first": feed.own,
        "previous": feed.previous,
        "next": feed.following,
    }
    made.link([{"href": href, "rel": rel} for rel, href in links.items() if href])
    made.updated(feed.changed)
    base = dataset_base(qualified=True)
    for row in feed.datasets:
        organization = row["organization"]
        entry = made.add_entry(order="append")
        entry.id(base + row["id"])
        entry.title(cleaned(row["title"]) or row["name"])
        entry.link(href=base + row["name"], rel="alternate")
        entry.published(row["created_at"])
        entry.updated(row["modified_at"])
        entry.author({"name": cleaned(organization["title"]) or organization["name"]})
        entry.summary(cleaned(tk.h.markdown_extract(row["notes"], 500)))
        for tag in row["tags"]:
            entry.category(term=cleaned(tag))
    return made.atom_str(pretty=False)


def json_feed(feed: Feed) -> bytes:
    """The feed as JSON Feed 1.1."""
    base = dataset_base(qualified=True)
    publishers = str(tk.h.url_for("organization.read", id="_", qualified=True))[:-1]
    told: dict[str, Any] = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": feed.title,
        "home_page_url": feed.page,
        "feed_url": feed.here,
        "language": _language(),
        "authors": [{"name": _site(), "url": config.base_url()}],
        "items": [
            {
                "id": base + row["id"],
                "url": base + row["name"],
                "title": row["title"],
                # Required: the title stands for what was not described.
                "content_text": tk.h.markdown_extract(row["notes"], 500)
                or row["title"],
                "date_published": row["created_at"],
                "date_modified": row["modified_at"],
                "authors": [
                    {
                        "name": row["organization"]["title"],
                        "url": publishers + row["organization"]["name"],
                    }
                ],
                "tags": row["tags"],
            }
            for row in feed.datasets
        ],
    }
    if feed.following:
        told["next_url"] = feed.following
    return json.dumps(cleaned_document(told), ensure_ascii=False).encode()
