"""``ckan challenge digest``: what waits, by mail, to those who run seasons."""

from __future__ import annotations

import click

from ckanext.challenge import config
from ckanext.challenge.agenda import digest
from ckanext.challenge.common import runs
from ckanext.challenge.common.command_output import one_at_a_time


@click.command("digest", short_help="Mail what waits to those who run seasons.")
@click.option("--dry-run", is_flag=True, help="Only say who would get it.")
@one_at_a_time("digest")
def command(dry_run: bool) -> None:
    """Mail to the people of each team, once a week, what waits for them: to be run
    every morning.

    Each has chosen a day, Monday unless they said another, or ended it. A day on which
    this did not run is made up for. It may be repeated, interrupted and run several
    times at once: each mail goes once, and none to whom nothing is to be told.
    """
    found = digest.due(config.today())
    if dry_run:
        for name, day in found.values():
            click.echo(f"{name}  {day:%Y-%m-%d}")
        click.echo(f"To be written to: {len(found)}. Nothing was sent.")
        return
    sent = digest.send(found)
    runs.note("digest")
    click.echo(f"Mails: {sent}")
