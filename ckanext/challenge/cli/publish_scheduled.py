"""``ckan challenge publish-scheduled``."""

from __future__ import annotations

import ckan.plugins.toolkit as tk
import click

from ckanext.challenge.common import runs
from ckanext.challenge.common.command_output import one_at_a_time


@click.command(
    "publish-scheduled", short_help="Open, start and finish seasons on their dates."
)
@one_at_a_time("publish-scheduled")
def command() -> None:
    """Open, start and finish the seasons whose dates have come.

    Only those that a manager has asked to move by themselves. Safe to call often, and
    by several at once; meant for cron.
    """
    done = tk.get_action("challenge_cohort_publish_scheduled")(
        {"ignore_auth": True}, {}
    )
    runs.note("publish-scheduled")
    for row in done["results"]:
        click.echo(f"{row['name']}: {row['from']} → {row['to']}")
    for row in done["failed"]:
        click.secho(
            f"{row['name']} could not become {row['to']}: the log says why.",
            fg="red",
            err=True,
        )
    if done["failed"]:
        raise SystemExit(1)
    if not done["results"]:
        click.echo("No season is due.")
