"""How commands that list answer: lines for people, JSON for programs."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

import click

#: The option of every command that lists.
as_format = click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="json: a list of objects, for programs.",
)


def echo_json(rows: Iterable[Mapping[str, Any]]) -> None:
    """Write rows as one JSON list, and nothing else."""
    click.echo(json.dumps(list(rows), ensure_ascii=False, indent=2, default=str))
