"""The search index between tests: cleaned only where something was written into it."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pysolr
from ckan.common import config
from ckan.lib import search

#: What was sent to Solr, as pysolr sends it.
Update = tuple[Any, tuple[Any, ...], dict[str, Any]]


class Index:
    """What this session has sent to Solr since it was clean.

    Solr itself is asked whether other processes, such as a worker, have written too:
    the version of its index changes with every change.
    """

    def __init__(self) -> None:
        self._updates: list[Update] = []
        self._version: int | None = None

    @contextmanager
    def noted(self) -> Iterator[None]:
        """Take note of all that is written, and let it be found without a flush to the
        disk.
        """
        client: Any = pysolr.Solr
        send = client._update

        def update(solr: Any, message: Any, *arguments: Any, **options: Any) -> Any:
            self._version = None
            if options.get("commit"):
                options |= {"commit": False, "softCommit": True}
            if message == "<commit />":
                message = '<commit softCommit="true"/>'
            self._updates.append((message, arguments, options))
            return send(solr, message, *arguments, **options)

        client._update = update
        yield
        client._update = send

    def updates(self) -> list[Update]:
        """What makes this index of a clean one."""
        self._version = _version()
        return [*self._updates]

    def clean(self) -> None:
        """Leave nothing in it."""
        self.become([])

    def become(self, updates: list[Update]) -> None:
        """Make it what these updates make of a clean index."""
        if self._updates == updates and self._version == _version():
            return
        solr: Any = pysolr.Solr(config["solr_url"])
        site = config["ckan.site_id"]
        solr.delete(q=f'+site_id:"{site}"', commit=True)
        for message, arguments, options in updates:
            solr._update(message, *arguments, **options)
        self._updates = [*updates]
        self._version = _version()


def _version() -> int:
    address = f"{config['solr_url']}/admin/luke?show=index&numTerms=0&wt=json"
    with urllib.request.urlopen(address) as answer:
        return json.load(answer)["index"]["version"]


def take_down(monkeypatch: Any) -> None:
    """Have this process ask for Solr where nobody listens, until the patch ends."""
    nowhere = "http://127.0.0.1:9/solr/ckan"
    monkeypatch.setitem(config, "solr_url", nowhere)
    # CKAN 2.11 reads the setting once.
    settings = getattr(search, "SolrSettings", None)
    if settings is not None:
        monkeypatch.setattr(settings, "_url", nowhere)
