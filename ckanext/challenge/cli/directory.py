"""``ckan challenge directory``: the official list of communes and EPCI."""

from __future__ import annotations

from pathlib import Path

import ckan.plugins.toolkit as tk
import click

from ckanext.challenge.directory import contours as outlines
from ckanext.challenge.directory import extract as extraction
from ckanext.challenge.directory import reader
from ckanext.challenge.directory.loader import load as store
from ckanext.challenge.domain.geojson import ContourError, told

_FILE = click.Path(path_type=Path)
_VINTAGE = click.IntRange(min(reader.VINTAGES), max(reader.VINTAGES))


@click.group("directory", short_help="The official list of communes and EPCI.")
def command() -> None:
    """The official list of communes and EPCI."""


@command.command("load")
@click.argument("files", nargs=-1, type=_FILE)
@click.option("--vintage", type=_VINTAGE, help="Year of the list (found by default).")
def load(files: tuple[Path, ...], vintage: int | None) -> None:
    """Load FILES: communes.json and epci.json of the npm package
    @etalab/decoupage-administratif, or a CSV file made by `extract`.

    Without FILES, the list shipped with the package (region 24, Centre-Val de
    Loire). Everything is stored or nothing is. Loading again, or a newer list,
    updates what changed; what left the list is kept with its older vintage.
    """
    paths = files or (reader.shipped_file(),)
    try:
        listing = reader.read(paths, vintage)
    except reader.DirectoryFileError as error:
        raise click.ClickException(str(error)) from None
    with click.progressbar(
        length=len(listing.rows), label="Collectivités", show_pos=True
    ) as bar:
        loaded = store(listing, bar.update)
    communes = sum(row.kind == "commune" for row in listing.rows)
    click.echo(
        f"{communes} communes and {len(listing.rows) - communes} EPCI,"
        f" vintage {max(row.vintage for row in listing.rows)}:"
        f" {loaded.created} created, {loaded.updated} updated,"
        f" {loaded.unchanged} unchanged"
    )
    without = sum(row.siren is None for row in listing.rows)
    if without:
        click.echo(f"{without} communes overseas have no SIREN in the list")
    if loaded.newer:
        click.echo(f"{loaded.newer} left as they are: a more recent list has them")
    if loaded.missing:
        click.echo(f"{loaded.missing} of the directory are not in this list: kept")
    if loaded.replaced:
        click.echo(
            f"{loaded.replaced} of these became part of others, or have a new SIREN:"
            " their addresses lead there"
        )
    if loaded.left:
        click.echo(
            f"{len(loaded.left)} EPCI have no commune any more. They count as before"
            " until you say what replaced each: ckan challenge directory replaced"
        )
        for siren, name in loaded.left:
            click.echo(f"  {siren} {name}")


@command.command("replaced")
@click.argument("siren")
@click.argument("by", required=False)
@click.option("--undo", is_flag=True, help="It was not: forget what was said.")
def replaced(siren: str, by: str | None, undo: bool) -> None:
    """Say that the collectivité SIREN was replaced by the one whose SIREN is BY.

    For what no list says: two EPCI that became one, or communes before the next list
    is out. The addresses of the former lead to the latter.
    """
    if undo == bool(by):
        raise click.UsageError("Name the SIREN that replaced it, or --undo")
    action = f"challenge_successor_{'delete' if undo else 'create'}"
    given = {"siren": siren} if undo else {"siren": siren, "successor": by}
    site = tk.get_action("get_site_user")({"ignore_auth": True}, {})
    try:
        tk.get_action(action)({"user": site["name"]}, given)
    except tk.ValidationError as error:
        raise click.ClickException(
            "; ".join(str(text) for text in error.error_summary.values())
        ) from None
    except tk.ObjectNotFound as error:
        raise click.ClickException(str(error)) from None
    click.echo(f"{siren} has its own addresses" if undo else f"{siren} leads to {by}")


@command.command("contours")
@click.argument("file", type=_FILE)
@click.option("--dry-run", is_flag=True, help="Say what would be done, store nothing.")
def contours(file: Path, dry_run: bool) -> None:
    """Load the outlines of communes from FILE, a GeoJSON FeatureCollection in degrees
    (WGS84), such as IGN's Admin Express: each feature with its INSEE code.

    Outlines of communes, EPCI and départements, and the maps of the observatory, are
    made of it once. All of it takes the place of what was loaded before, or nothing
    does; loading the same again changes nothing. Load the directory first, and the
    outlines again whenever communes have merged.
    """
    size = file.stat().st_size if file.is_file() else 0
    try:
        with click.progressbar(length=size, label="Outlines") as bar:
            made = outlines.read(file, bar.update)
    except ContourError as error:
        raise click.ClickException(f"{file}: {error}") from None
    click.echo(
        f"{made.number('commune')} communes, {made.number('epci')} EPCI and"
        f" {made.number('departement')} départements, {len(made.maps)} maps"
    )
    judged = made.judged
    for codes, what in (
        (judged.merged, "of the file are a part of another commune today: joined"),
        (judged.unknown, "of the file are not in the directory: left out"),
        (judged.empty, "of the file have no outline: left out"),
        (made.doubled, "are in the file more than once: joined"),
        (made.without, "of these départements have no outline in the file"),
    ):
        if codes:
            click.echo(f"{len(codes)} {what} ({told(codes)})")
    if dry_run:
        click.echo("Nothing was stored")
    elif outlines.store(made):
        click.echo("Stored")
    else:
        click.echo("Nothing changed")


@command.command("extract")
@click.argument("data", type=click.Path(path_type=Path, file_okay=False, exists=True))
@click.option("--region", default="24", show_default=True, help="INSEE code.")
@click.option("--vintage", type=_VINTAGE, help="Year of the list (found by default).")
@click.option(
    "--output",
    type=_FILE,
    help="CSV file to write. By default the one shipped with the package is renewed.",
)
def extract(data: Path, region: str, vintage: int | None, output: Path | None) -> None:
    """Make the CSV file of one region from DATA, the folder with communes.json,
    epci.json and departements.json of the npm package."""
    target = output or reader.shipped_file()
    try:
        if output is None:
            extraction.write_departements(
                data / "departements.json", target.with_name("departements.csv")
            )
        rows = extraction.extract(data, region, target, vintage)
    except reader.DirectoryFileError as error:
        raise click.ClickException(str(error)) from None
    click.echo(f"{rows} collectivités in {target}")
