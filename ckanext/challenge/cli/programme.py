"""``ckan challenge programme``: the files that say what a season consists of."""

from __future__ import annotations

import click

from ckanext.challenge import measures, programmes
from ckanext.challenge.domain.programme import Programme, ProgrammeError

__all__ = ["command"]


@click.group("programme", short_help="Programmes: steps, badges and kits of a season.")
def command() -> None:
    """Programmes: steps, badges and kits of a season."""


def _line(programme: Programme) -> str:
    return (
        f"{programme.name} version {programme.version}: {len(programme.phases)} phases,"
        f" {len(programme.steps)} steps, {len(programme.badges)} badges,"
        f" {len(programme.kits)} kits ({programme.source})"
    )


@command.command("check")
@click.argument("file")
def check(file: str) -> None:
    """Say whether FILE, a path or module:path, is a programme, or what is wrong."""
    try:
        programme = programmes.load(file, measures=measures.registry())
    except ProgrammeError as error:
        raise click.ClickException(str(error)) from None
    click.echo(_line(programme))


@command.command("list")
def list_programmes() -> None:
    """List the programmes of this portal."""
    try:
        for programme in programmes.all():
            click.echo(_line(programme))
    except ProgrammeError as error:
        raise click.ClickException(str(error)) from None
