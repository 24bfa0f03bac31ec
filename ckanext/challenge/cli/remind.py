"""``ckan challenge remind``: what is late or due soon, told to those who can do it."""

from __future__ import annotations

import datetime as dt

import click

from ckanext.challenge import config
from ckanext.challenge.common import runs
from ckanext.challenge.common.command_output import one_at_a_time
from ckanext.challenge.model import Cohort
from ckanext.challenge.model.base import utcnow
from ckanext.challenge.participants import reminders
from ckanext.challenge.preparation import reminders as preparations


@click.command("remind", short_help="Remind participants of what is late or due soon.")
@click.option("--dry-run", is_flag=True, help="Only say who would be reminded of what.")
@click.option("--cohort", help="Name or id: the participants of this season alone.")
@click.option(
    "--days",
    type=click.IntRange(0, 365),
    help="How many days ahead a step is named [default: "
    "ckanext.challenge.reminder_days].",
)
@one_at_a_time("remind")
def command(dry_run: bool, cohort: str | None, days: int | None) -> None:
    """Remind the members of participants, by mail, of the steps that are late or due
    soon: to be run every morning.

    Who began to prepare a file from a spreadsheet, and left it for a week, is told
    once that it waits.

    A participant is reminded at most every ckanext.challenge.reminder_interval_days
    days, and never after the last day of the season. It may be repeated, interrupted
    and run several times at once. Ends with status 1 if something failed.
    """
    season = Cohort.get(cohort) if cohort else None
    if cohort and season is None:
        raise click.ClickException(f"There is no season “{cohort}”")
    ahead = config.reminder_days() if days is None else days
    found = reminders.candidates(season, ahead)
    # A file that somebody prepares belongs to no season.
    now = utcnow()
    left = [] if season else preparations.waiting(now)
    if dry_run:
        _tell(found, left)
        return
    errors = _remind(found, left, now, ahead)
    if season is None:
        runs.note("remind")
    if errors:
        raise click.ClickException("\n".join(errors))


def _remind(
    found: list[reminders.Candidate], left: list[str], now: dt.datetime, ahead: int
) -> list[str]:
    """Remind them, and say so; what went wrong with some of them is returned."""
    if not found and not left:
        click.echo("Nobody is to be reminded today.")
    if left:
        mails = preparations.remind(left, now)
        click.echo(f"Files left half prepared: {len(left)}; mails: {mails}")
    if not found:
        return []
    with click.progressbar(length=len(found), label="Participants", show_pos=True) as b:
        done = reminders.remind(found, ahead, b.update)
    click.echo(f"Participants reminded: {done.participants}; mails: {done.mails}")
    for name in done.nobody:
        click.echo(f"Nobody to write to: {name}")
    return done.errors


def _tell(found: list[reminders.Candidate], left: list[str]) -> None:
    for one in found:
        parts = []
        if one.reminder.late:
            parts.append(f"late: {', '.join(one.reminder.late)}")
        if one.reminder.soon:
            parts.append(f"soon: {', '.join(one.reminder.soon)}")
        click.echo(f"{one.cohort}  {one.name}  {'; '.join(parts)}")
    if left:
        click.echo(f"Files left half prepared: {len(left)}")
    click.echo(f"To be reminded: {len(found)}. Nothing was sent.")
