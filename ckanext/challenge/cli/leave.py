"""``ckan challenge leave``: what the extension keeps in a portal, and its removal."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from ckanext.challenge import config
from ckanext.challenge.credentials import export
from ckanext.challenge.doctor import leaving
from ckanext.challenge.doctor.leaving import Found

_TITLES = {
    "jobs": "jobs that waited or had ended",
    "redis": "names in Redis",
    "tables": "tables",
    "settings": "settings in the database",
    "files": "files",
}


@click.command("leave", short_help="Remove all that the extension keeps, for good.")
@click.option(
    "--export",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    help="Write what keeps signed badges good into this folder first.",
)
@click.option(
    "--without-export",
    is_flag=True,
    help="Let the badges that were signed become worthless.",
)
@click.option("--yes", is_flag=True, help="Do not ask.")
def command(folder: Path | None, without_export: bool, yes: bool) -> None:
    """Say what the extension keeps, and remove it when that is confirmed.

    Seasons, applications, badges and the journal go, with the tables, files, jobs and
    names in Redis that hold them. Organizations, members, accounts and datasets stay,
    and so do private keys. Make a backup before, and stop the job workers and the
    commands of the crontab. It may be run again after it was cut off.
    """
    found = leaving.look()
    _tell(found)
    if folder is not None:
        _export(folder, found)
    if found.nothing:
        click.echo("Nothing is left to remove.")
        _farewell(found)
        return
    if not yes and not (_is_a_person() and _agreed()):
        _farewell(found)
        click.echo("Nothing was removed. --yes removes it.")
        return
    if found.signed and folder is None and not without_export:
        raise click.ClickException(
            f"{found.signed} signed badges could be verified by nobody any more:"
            " --export FOLDER keeps them good, --without-export gives them up"
        )
    for step in leaving.steps():
        try:
            done = step.take()
        except Exception as error:
            raise click.ClickException(
                f"{_TITLES[step.name]}: {error}\nWhat comes after was not touched;"
                " mend it and run this again"
            ) from error
        click.echo(f"{done} {_TITLES[step.name]} removed")
    _farewell(found)


def _is_a_person() -> bool:
    return sys.stdin.isatty()


def _agreed() -> bool:
    return click.confirm("Remove all this for good?", default=False)


def _tell(found: Found) -> None:
    rows = sum(found.tables.values())
    click.secho(f"Goes: {len(found.tables)} tables with {rows} rows", bold=True)
    for name, number in found.tables.items():
        if number:
            click.echo(f"  {number:8} {name}")
    for name in found.settings:
        click.echo(f"  setting {name}")
    _tell_files(found)
    if found.jobs is None:
        click.secho("  Redis does not answer: its jobs and names are not counted")
    for queue, number in (found.jobs or {}).items():
        click.echo(f"  {number} jobs in the queue {queue}")
    if found.redis:
        click.echo(f"  {found.redis} names in Redis")
    click.secho("Stays:", bold=True)
    click.echo("  organizations, members, accounts, datasets and their files")
    for entity, what in (
        ("organization", "organizations"),
        ("dataset", "datasets"),
        ("resource", "files of datasets"),
    ):
        if found.kept.get(entity):
            click.echo(f"  extras of our forms in {found.kept[entity]} {what}")
    for path in found.keys:
        click.echo(f"  private key {path}")
    if found.signed:
        click.echo(f"{found.signed} badges are signed: --export keeps them good.")


def _tell_files(found: Found) -> None:
    if found.folder and found.folder.exists():
        number, size = found.files
        click.echo(f"  {number} files in {found.folder} ({size / 1e6:.1f} MB)")
    if found.stored is None:
        click.secho("  The storage does not answer: its files are not counted")
    if found.stored:
        click.echo(f"  {found.stored} files in the storage {config.storage()}")


def _export(folder: Path, found: Found) -> None:
    if not found.exportable:
        click.echo(
            "The tables are gone, and nothing can be exported any more. What was"
            f" exported into {folder} before stays as it is."
        )
        return
    try:
        written = export.export(folder)
    except export.NotEmpty:
        raise click.ClickException(f"{folder} holds something else") from None
    except OSError as error:
        raise click.ClickException(f"{error.filename}: {error.strerror}") from error
    click.secho(f"{written.badges} badges written into {folder}", fg="green")
    if written.problem:
        until = f"{written.until:%Y-%m-%d}" if written.until else "never"
        click.secho(
            f"{written.problem}: the lists of revoked badges are good until {until}."
            " Run this where the private key is.",
            fg="yellow",
        )


def _farewell(found: Found) -> None:
    click.secho("Afterwards, in ckan.ini, take out or change:", bold=True)
    for line in found.lines:
        click.echo(f"  {line}")
    if found.templates:
        click.secho("Templates of yours that name the extension:", bold=True)
        for path in found.templates:
            click.echo(f"  {path}")
    click.echo(
        "Take the lines of “ckan challenge” out of the crontab, restart CKAN, and"
    )
    click.echo("  ckan search-index rebuild")
