"""How commands answer: lines for people, JSON for programs, and one node at a time."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar, cast

import click

from . import runs

Command = TypeVar("Command", bound=Callable[..., None])

#: The option of every command that lists.
as_format = click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="json: a list of objects, for programs.",
)


def one_at_a_time(name: str) -> Callable[[Command], Command]:
    """Have a command of the crontab leave its work to another node that is at it.

    It says so and ends with status 0. What only looks (``--dry-run``) waits for nobody.

    :param name: of the work
    """

    def decorated(command: Command) -> Command:
        @functools.wraps(command)
        def run(*args: Any, **options: Any) -> None:
            if options.get("dry_run"):
                command(*args, **options)
                return
            with runs.alone(name) as nobody_else:
                if nobody_else:
                    command(*args, **options)
                    return
            click.echo("Another node does this now: left to it.")

        return cast(Command, run)

    return decorated


def echo_json(rows: Iterable[Mapping[str, Any]]) -> None:
    """Write rows as one JSON list, and nothing else."""
    click.echo(json.dumps(list(rows), ensure_ascii=False, indent=2, default=str))
