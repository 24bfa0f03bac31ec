"""``ckan challenge mail``: the outbox."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
import click

from ckanext.challenge.applications.schema import STATES
from ckanext.challenge.common import runs
from ckanext.challenge.common.command_output import as_format, echo_json, one_at_a_time
from ckanext.challenge.notifications import outbox


@click.group("mail", short_help="The mails: send what is due, see what fails.")
def command() -> None:
    """The mails of the challenge: send what is due, see what fails, try it again."""


def _act(action: str, **data: Any) -> Any:
    user = tk.get_action("get_site_user")({"ignore_auth": True}, {})
    try:
        return tk.get_action(action)({"user": user["name"]}, data)
    except tk.ObjectNotFound as error:
        raise click.ClickException(str(error.message or "Not found")) from None
    except tk.ValidationError as error:
        raise click.ClickException("; ".join(error.error_summary.values())) from None


@command.command("send")
@one_at_a_time("mail")
def send() -> None:
    """Send the mails that are due: to be run every five minutes.

    The job worker sends them at once; this sends what it could not: what failed and
    is to be tried again, and all that was written while Redis or the worker was
    down. It may run as often as you like, and several times at once: each mail goes
    once. Ends with status 1 if a mail failed.
    """
    runs.ask_worker()
    length = outbox.due()
    if not length:
        runs.note("mail")
        click.echo("No mail is due.")
        return
    with click.progressbar(length=length, label="Mails", show_pos=True) as bar:
        outcome = outbox.send_due(on_progress=bar.update)
    runs.note("mail")
    parts = [f"{outcome.sent} sent", f"{outcome.failed} failed"]
    if outcome.cancelled:
        parts.append(f"{outcome.cancelled} with nobody to write to")
    click.echo(", ".join(parts))
    if outcome.failed:
        raise click.ClickException(
            "“ckan challenge mail list” says why; they are tried again by themselves"
        )


@command.command("list")
@click.option("--cohort", help="Name or id: the mails of this season alone.")
@click.option(
    "--state",
    type=click.Choice([*STATES, "all"]),
    default="failing",
    show_default=True,
    help="failing: given up, or to be tried again.",
)
@click.option("--limit", type=click.IntRange(1, 1000), default=100, show_default=True)
@as_format
def list_mails(cohort: str | None, state: str, limit: int, form: str) -> None:
    """List mails, those that fail unless said otherwise."""
    asked: dict[str, Any] = {"limit": limit}
    if cohort:
        asked["cohort"] = cohort
    if state != "all":
        asked["state"] = state
    found = _act("challenge_mail_list", **asked)
    if form == "json":
        echo_json(found["results"])
        return
    for row in found["results"]:
        click.echo(
            f"{row['id']}  {row['kind']:18}{row['reference'] or '-':10}"
            f"{row['state']:10}{row['attempts']} attempts"
        )
        if row["failing"]:
            click.echo(f"    {row['last_error']}")
        if row["state"] == "waiting":
            click.echo(f"    next attempt {row['next_attempt_at'][:16]} UTC")
    hidden = found["count"] - len(found["results"])
    if hidden:
        click.echo(f"and {hidden} more: use --limit")
    if not found["results"]:
        click.echo(f"No mail is {state}." if state != "all" else "There is no mail.")


@command.command("retry")
@click.argument("ids", nargs=-1, metavar="[ID]...")
@click.option("--cohort", help="Name or id: all mails of this season that fail.")
def retry(ids: tuple[str, ...], cohort: str | None) -> None:
    """Send mails again that failed: those with these IDs (`mail list` shows them), or
    all of one season.

    They are due at once; the job worker sends them, or `mail send`.
    """
    if bool(ids) == bool(cohort):
        raise click.UsageError("Give the IDs of mails, or --cohort")
    if cohort:
        number = _act("challenge_mail_retry", cohort=cohort)["count"]
    else:
        for id_ in ids:
            _act("challenge_mail_retry", id=id_)
        number = len(ids)
    click.echo(f"Due again: {number}")
