"""``ckan challenge files``: where the files lie, and moving them elsewhere."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict

import click

from ckanext.challenge import config
from ckanext.challenge.common import file_places, runs, stored_files
from ckanext.challenge.common.command_output import as_format, echo_json

_FOLDER = "folder"


@click.group("files", short_help="Attached files: check them, move them elsewhere.")
def command() -> None:
    """The files of applications, steps and preparations.

    They lie in challenge/ under ckan.storage_path, or in the storage of CKAN 2.12 that
    ckanext.challenge.storage names.
    """


def _place(name: str | None = None) -> file_places.Place:
    try:
        return file_places.named(name) if name else file_places.place()
    except file_places.Unusable as error:
        raise click.ClickException(str(error)) from None


def _failed(error: OSError, advice: str = "") -> click.ClickException:
    reason = file_places.why(error)
    return click.ClickException(
        f"The place for files cannot be used ({reason}): {error}{advice}"
    )


@command.command("check")
@click.option("--storage", help="Look there, and not where the portal keeps files.")
@as_format
def check(storage: str | None, form: str) -> None:
    """Say which files are not where they should be, and which nobody knows.

    Changes nothing. A file that no application, step or preparation knows is left by a
    process that was killed; `purge` removes it after a day. Ends with status 1 if a
    file is missing.
    """
    place = _place(storage)
    named = stored_files.rows()
    try:
        if form == "json":
            missing = list(stored_files.without_file(place, named, _quiet))
        else:
            with click.progressbar(
                length=len(named), label="Files", show_pos=True
            ) as bar:
                missing = list(stored_files.without_file(place, named, bar.update))
        unknown = sorted(stored_files.without_row(place))
    except OSError as error:
        raise _failed(error) from None
    if form == "json":
        echo_json(
            [
                *({"found": "missing", **asdict(row)} for row in missing),
                *({"found": "unknown", "id": id_} for id_ in unknown),
            ]
        )
    else:
        click.echo(f"{place.name}: {len(named)} files known")
        _tell("missing", missing)
        for id_ in unknown:
            click.echo(f"known to nobody: {id_}")
    if missing:
        raise click.ClickException(f"{len(missing)} files are missing")


def _quiet(number: int) -> None:
    """A program that reads JSON needs no bar."""


def _tell(what: str, rows: Iterable[stored_files.Row]) -> None:
    for row in rows:
        click.echo(f"{what}: {row.id}, of the {row.kind} of {row.owner}")


@command.command("move")
@click.option("--to", required=True, help="A storage, or “folder”.")
@click.option("--from", "from_", help="A storage, or “folder”. [default: the other]")
@click.option("--remove", is_flag=True, help="Remove what is at the new place.")
@click.option("--dry-run", is_flag=True, help="Only say what would be moved.")
def move(to: str, from_: str | None, remove: bool, dry_run: bool) -> None:
    """Copy all files to another place, and compare each with what it was.

    Name the new place in ckanext.challenge.storage first and restart: new files go
    there, and those that are still in the folder are found. It may be interrupted and
    repeated while the portal runs: what is there already is compared and left. Files
    stay where they were until --remove, which takes away those whose copy is right.
    Ends with status 1 if a file is missing or is not what it was.
    """
    from_ = from_ or (config.storage() if to == _FOLDER else _FOLDER)
    if not from_ or from_ == to:
        raise click.UsageError("Name two places, by --from and --to")
    source, target = _place(from_), _place(to)
    moving_in = (config.storage() or _FOLDER) == to
    if remove and not moving_in:
        raise click.UsageError(
            "The portal still keeps its files there: set ckanext.challenge.storage ="
            f" {'' if to == _FOLDER else to} and restart first"
        )
    named = stored_files.rows()
    try:
        if dry_run:
            _would_move(named, source, target)
            return
        with runs.alone("files move") as nobody_else:
            if not nobody_else:
                click.echo("Another node moves files now: left to it.")
                return
            if stored_files.are_one(target, source):
                raise click.UsageError("These two are one place")
            with click.progressbar(
                length=len(named), label="Files", show_pos=True
            ) as bar:
                moved = stored_files.move(
                    named,
                    source,
                    target,
                    moving_in=moving_in,
                    remove=remove,
                    on_progress=bar.update,
                )
    except OSError as error:
        advice = "\nThe same command goes on where this one ended."
        raise _failed(error, advice) from None
    click.echo(
        f"{moved.copied} copied, {moved.there} were there, {moved.removed} removed"
        f" from {source.name}"
    )
    _tell("missing", moved.missing)
    _tell("not what it was", moved.damaged)
    if moved.missing or moved.damaged:
        raise click.ClickException(
            f"{len(moved.missing)} missing, {len(moved.damaged)} damaged; their rows"
            " and what is left of them stay"
        )


def _would_move(
    named: list[stored_files.Row],
    source: file_places.Place,
    target: file_places.Place,
) -> None:
    size = number = 0
    for row in named:
        if source.exists(row.id) and not target.exists(row.id):
            size += source.size(row.id)
            number += 1
    click.echo(
        f"{number} files ({size / 1024**2:.1f} MB) of {len(named)} would be copied from"
        f" {source.name} to {target.name}. Nothing was changed."
    )
