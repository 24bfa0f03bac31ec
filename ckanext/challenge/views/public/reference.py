"""The page of the API, and the document that programs read."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import ckan.plugins.toolkit as tk
from flask import Response, jsonify

from ckanext.challenge import config
from ckanext.challenge.domain.text import Text
from ckanext.challenge.views.common import act, blueprint

reference = blueprint("challenge_reference", programs=True)


@reference.get("/api")
def read() -> str:
    """The actions that programs may call."""
    return tk.render("challenge/reference.html", _page())


@reference.get("/api.json")
def document() -> Response:
    """The same, as OpenAPI."""
    return jsonify(act("challenge_reference_show")["openapi"])


def _page() -> dict[str, Any]:
    found = act("challenge_reference_show")
    groups: dict[str, list[Mapping[str, Any]]] = {}
    for action in found["actions"]:
        # challenge_<what>_<does>
        what = action["name"].removeprefix("challenge_").rpartition("_")[0]
        groups.setdefault(what, []).append(action)
    return {
        "groups": [
            {"name": name.replace("_", " ").capitalize(), "key": name, "actions": rows}
            for name, rows in sorted(groups.items())
        ],
        "count": len(found["actions"]),
        "examples": [
            {"title": Text.of(one["title"]).in_(tk.h.lang()), "url": _address(one)}
            for one in found["examples"]
        ],
        "error": json.dumps(
            {"success": False, "error": {"siren": [tk._("This is no SIREN number")]}},
            ensure_ascii=False,
        ),
        "document_url": tk.h.url_for("challenge_reference.document"),
    }


def _address(example: Mapping[str, Any]) -> str:
    query = urlencode(example.get("query", {}))
    base = f"{config.base_url()}/api/3/action/{example['action']}"
    return f"{base}?{query}" if query else base
