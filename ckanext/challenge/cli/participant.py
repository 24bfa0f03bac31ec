"""``ckan challenge participant``: a list of collectivités becomes participants."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import ckan.plugins.toolkit as tk
import click
from ckan.types import Context
from werkzeug.datastructures import FileStorage

from ckanext.challenge.domain.lifecycle import COHORT_ADMITTING

_FILE = click.Path(path_type=Path, exists=True, dir_okay=False)


@click.group("participant", short_help="Participants from a spreadsheet.")
def command() -> None:
    """Participants from a spreadsheet."""


def _act(action: str, **data: Any) -> Any:
    """An action, as the site's own user."""
    user = tk.get_action("get_site_user")({"ignore_auth": True}, {})
    context: Context = {"user": user["name"], "ignore_auth": True}
    return tk.get_action(action)(context, data)


@command.command("import")
@click.argument("file", type=_FILE)
@click.option("--cohort", help="The season; needed where several take participants.")
@click.option("--applications", is_flag=True, help="As applications, to be read.")
@click.option("--quiet", is_flag=True, help="Mail nothing to the contacts.")
@click.option("--dry-run", is_flag=True, help="Say what would change; change nothing.")
def import_(
    file: Path, cohort: str | None, applications: bool, quiet: bool, dry_run: bool
) -> None:
    """Take the collectivités that FILE lists (.xlsx, .ods, .xls or .csv) into a season.

    The table and its columns are found by what they are called: SIREN, or name and
    département; contact, adviser, visits. Everything is stored or nothing is.
    Importing the same file again changes nothing.
    """
    with file.open("rb") as stream:
        try:
            found = _act(
                "challenge_participant_import",
                cohort=cohort or _season(),
                upload=FileStorage(stream, file.name),
                kind="applications" if applications else "participants",
                tell=not quiet,
                dry_run=dry_run,
            )
        except tk.ValidationError as error:
            told = [*_told(error.error_dict), "Nothing was stored."]
            raise click.ClickException("\n".join(told)) from None
        except tk.ObjectNotFound as error:
            raise click.ClickException(str(error)) from None
    for line in _lines(found):
        click.echo(line)
    counts = found["counts"]
    click.echo(", ".join(f"{number} {name}" for name, number in counts.items()))
    if dry_run and counts["wrong"]:
        raise click.ClickException("Correct these rows first: nothing was stored.")
    if dry_run:
        click.echo("Nothing was stored: this was a dry run.")


def _season() -> str:
    """The one season that takes participants."""
    rows = _act("challenge_cohort_list", limit=1000)["results"]
    names = [row["name"] for row in rows if row["state"] in COHORT_ADMITTING]
    if len(names) == 1:
        return names[0]
    known = ", ".join(names) or "there is none"
    raise click.ClickException(
        f"Name the season with --cohort; those that take participants: {known}"
    )


def _told(errors: dict[str, Any]) -> Iterator[str]:
    for texts in errors.values():
        yield from map(str, texts if isinstance(texts, list) else [texts])


def _lines(found: dict[str, Any]) -> Iterator[str]:
    """How the file was read, and what becomes of each collectivité."""
    read = [
        f"{column['label']} → {column['field'] or '–'}" for column in found["columns"]
    ]
    yield f"Columns: {'; '.join(read)}"
    for name in found["unread"]:
        yield f"Not read: the sheet {name}"
    for one in found["left_out"]:
        yield f"Not read: row {one['row']} ({one['why']}) {one['text']}"
    for row in found["results"]:
        place = ", ".join(map(str, row["rows"]))
        name = row["name"] or row["siren"] or "?"
        more = [
            *row["changes"],
            *row["warnings"],
            *(f"{error['title']}: {error['text']}" for error in row["errors"]),
        ]
        told = f" ({'; '.join(more)})" if more else ""
        yield f"Row {place}: {name}, {row['outcome']}{told}"
