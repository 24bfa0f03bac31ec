"""``ckan challenge observatory``: its figures, its history, and data elsewhere."""

from __future__ import annotations

import datetime as dt
import time
from pathlib import Path

import ckan.plugins.toolkit as tk
import click
from ckan import model

from ckanext.challenge import config
from ckanext.challenge.common.transactions import in_one_transaction
from ckanext.challenge.observatory import elsewhere, open_data, snapshots, store


@click.group("observatory", short_help="Who has to publish, and who does.")
def command() -> None:
    """Who has to publish, and who does: figures, history, and data elsewhere."""


@command.command("refresh")
def refresh() -> None:
    """Write what each collectivité of the directory has opened.

    The evaluation does this for what changed, and `ckan challenge evaluate --all` for
    all. It may be repeated.
    """
    began = time.monotonic()
    done = in_one_transaction(store.refresh)
    click.echo(
        f"{done.organizations} organizations with a SIREN, {done.changed} collectivités"
        f" changed, {time.monotonic() - began:.1f} s"
    )


@command.command("snapshot")
def snapshot() -> None:
    """Keep the figures of this month, and of the quarter that ended.

    What was kept is never changed: a second time in a month does nothing. `ckan
    challenge evaluate --all` does this every night.
    """
    nightly()


def nightly() -> None:
    """Write all figures anew and keep what is due, and say what was kept."""

    def work() -> list[snapshots.Taken]:
        store.refresh()
        return snapshots.due()

    taken = in_one_transaction(work)
    for one in taken:
        click.echo(f"Observatory: snapshot {one.period}, {one.rows} sets of figures")
    if not taken:
        click.echo("Observatory: this month's snapshot is kept already")


@command.command("publish")
@click.option("--organization", required=True, help="Which publishes it (its name).")
def publish(organization: str) -> None:
    """Publish the observatory as a dataset, or renew its files.

    The state of today, the history, a dictionary and the schemas of the two tables,
    under addresses that stay. What has not changed is left alone: it may run every
    night.
    """
    try:
        site = tk.get_action("get_site_user")({"ignore_auth": True}, {})
        done = open_data.publish(organization, site["name"])
    except tk.ValidationError as error:
        lines = [f"{name}: {text}" for name, text in error.error_summary.items()]
        raise click.ClickException("\n".join(lines)) from None
    except tk.ObjectNotFound as error:
        raise click.ClickException(f"--organization: {error}") from None
    what = "made" if done.created else "is there"
    click.secho(f"Dataset {done.dataset} {what}", fg="green")
    for name in done.changed:
        click.echo(f"  {name}")
    if not done.changed:
        click.echo("  nothing has changed")


@command.command("import")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--source", help="Who counted, where FILE has no column for it.")
@click.option(
    "--date",
    type=click.DateTime(["%Y-%m-%d"]),
    help="When they counted, where FILE has no column for it.",
)
@click.option("--dry-run", is_flag=True, help="Say what would be done, and do nothing.")
@click.option(
    "--skip-unknown",
    is_flag=True,
    help="Leave out what the directory does not have, as a list of the whole country.",
)
def import_file(
    file: Path,
    source: str | None,
    date: dt.datetime | None,
    dry_run: bool,
    skip_unknown: bool,
) -> None:
    """Import counts of open data that collectivités publish elsewhere.

    FILE is a CSV with the columns siren, count, source, date and perhaps url; the
    export of organizations of data.gouv.fr (business_number_id, metric.datasets) and
    the table of OpenDataFrance (siren, nb-datagouv) are read with --source and --date.

    All of it is imported, or nothing; the same file again changes nothing.
    """
    try:
        content = file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise click.ClickException(f"{file} is not written in UTF-8") from None
    except OSError as error:
        raise click.ClickException(f"{file}: {error.strerror}") from None
    found = elsewhere.import_file(
        content,
        config.today(),
        source=source,
        date=date.date() if date else None,
        skip_unknown=skip_unknown,
    )
    if found.problems:
        model.Session.rollback()
        for row, text in found.problems[: elsewhere.MOST_PROBLEMS]:
            click.echo(f"Row {row}: {text}" if row else f"The file: {text}", err=True)
        left = len(found.problems) - elsewhere.MOST_PROBLEMS
        if left > 0:
            click.echo(f"… and {left} more", err=True)
        raise click.ClickException("Nothing was imported")
    if dry_run:
        model.Session.rollback()
    else:
        model.Session.commit()
    told = f"{found.created} new, {found.updated} changed, {found.unchanged} as before"
    if found.unknown:
        told += f", {found.unknown} not in the directory"
    click.echo(f"{told} (nothing was done: --dry-run)" if dry_run else told)
