"""``ckan challenge reference``: the API, as a document."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import ckan.plugins.toolkit as tk
import click

from ckanext.challenge import reference

_HEAD = Path(reference.__file__).with_name("head.md")


@click.command("reference", short_help="The API, as a document.")
@click.option(
    "--format",
    "format_",
    type=click.Choice(["markdown", "openapi"]),
    default="markdown",
    show_default=True,
)
def command(format_: str) -> None:
    """Write what programs may call: as a page of Markdown, or as OpenAPI 3.1 (JSON)."""
    found = tk.get_action("challenge_reference_show")({"user": ""}, {})
    if format_ == "openapi":
        click.echo(json.dumps(found["openapi"], ensure_ascii=False, indent=1))
    else:
        click.echo(markdown(found), nl=False)


def markdown(found: Mapping[str, Any]) -> str:
    """The document, from what ``challenge_reference_show`` answers."""
    return _HEAD.read_text() + "".join(f"{line}\n" for line in _lines(found))


def _lines(found: Mapping[str, Any]) -> Iterator[str]:
    yield ""
    yield "| | call |"
    yield "|---|---|"
    for one in found["examples"]:
        query = "&".join(
            f"{key}={value}" for key, value in one.get("query", {}).items()
        )
        call = f"{one['action']}?{query}" if query else one["action"]
        yield f"| {one['title']['en']} | `/api/3/action/{call}` |"
    yield ""
    yield "## Actions"
    for action in found["actions"]:
        yield ""
        yield f"### `{action['name']}`"
        yield ""
        yield f"{action['summary']} *{'GET, POST' if action['reads'] else 'POST'}*"
        for paragraph in filter(None, action["text"].split("\n\n")):
            yield ""
            yield paragraph
        if action["parameters"]:
            yield ""
        for one in action["parameters"]:
            kind = f" ({one['kind']})" if one["kind"] else ""
            yield f"- `{one['name']}`{kind}: {' '.join(one['text'].split())}"
        if action["returns"]:
            yield ""
            yield f"→ {' '.join(action['returns'].split())}"
