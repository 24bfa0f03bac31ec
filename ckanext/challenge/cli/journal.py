"""``ckan challenge journal``."""

from __future__ import annotations

import click

from ckanext.challenge import journal

__all__ = ["command"]

EXPLANATIONS = {
    "missing": "rows before it are missing",
    "order": "it is older than the row before it",
    "digest": "it was changed, or is not in its place",
}


@click.group("journal", short_help="The journal of what was done.")
def command() -> None:
    """The journal of what was done."""


@command.command()
def verify() -> None:
    """Check that no row of the journal was changed, removed or moved."""
    faults = journal.verify()
    for fault in faults:
        click.secho(
            f"Row {fault.number}: {EXPLANATIONS[fault.kind]}.", fg="red", err=True
        )
    if faults:
        raise SystemExit(1)
    click.secho("The journal is as it was written.", fg="green")
