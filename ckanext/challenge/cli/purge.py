"""``ckan challenge purge``: personal data whose time is over."""

from __future__ import annotations

import click

from ckanext.challenge.common import runs
from ckanext.challenge.common.command_output import one_at_a_time
from ckanext.challenge.domain import retention
from ckanext.challenge.model.base import utcnow
from ckanext.challenge.privacy import erasure


@click.command("purge", short_help="Erase personal data whose time is over.")
@click.option("--dry-run", is_flag=True, help="Only say what would be done.")
@one_at_a_time("purge")
def command(dry_run: bool) -> None:
    """Erase the personal data of applications whose time is over, and announce by
    mail what will be erased two weeks later; erase the addresses that subscribed to
    badges and were not confirmed within seven days; end invitations into the team of a
    season that nobody followed. To be run every night.

    How long they are kept: ckanext.challenge.retention_months and
    retention_months_drafts. It may be repeated and interrupted; nothing is erased
    that was not announced two weeks before.
    """
    now = utcnow()
    found = erasure.candidates(now)
    if dry_run:
        _tell(found)
        click.echo(f"{erasure.unconfirmed(now).count()} unconfirmed subscriptions")
        return
    with click.progressbar(length=len(found), label="Applications", show_pos=True) as b:
        purged = erasure.purge(found, now, b.update)
    runs.note("purge")
    click.echo(f"{purged.announced} announced, {purged.erased} erased")
    if purged.files:
        click.echo(f"{purged.files} files without an application removed")
    if purged.subscriptions:
        click.echo(f"{purged.subscriptions} unconfirmed subscriptions erased")
    if purged.invitations:
        click.echo(f"{purged.invitations} invitations into a team ended")
    if purged.errors:
        raise click.ClickException("\n".join(purged.errors))


def _tell(found: list[erasure.Candidate]) -> None:
    for one in found:
        what = (
            f"would be announced, to be erased on {one.on:%Y-%m-%d}"
            if one.due == "announce"
            else "would be erased"
        )
        click.echo(f"{one.reference}  {one.state:18}{what}")
    erased = sum(one.due == "erase" for one in found)
    click.echo(
        f"{len(found) - erased} to announce, {erased} to erase;"
        f" the notice is {retention.NOTICE.days} days. Nothing was changed."
    )
