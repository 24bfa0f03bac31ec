"""``ckan challenge schema``: Table Schemas that this portal adds of its own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import ckan.plugins.toolkit as tk
import click
from ckan.types import Context

from ckanext.challenge.common.command_output import as_format, echo_json

_PAGE = 1000


@click.group("schema", short_help="Table Schemas of this portal's own.")
def command() -> None:
    """Table Schemas of this portal's own."""


def _act(name: str, **data: Any) -> Any:
    """An action, as the site's own user.

    :raises click.ClickException: what was given is wrong, or is not there
    """
    user = tk.get_action("get_site_user")({"ignore_auth": True}, {})
    context: Context = {"user": user["name"], "ignore_auth": True}
    try:
        return tk.get_action(name)(context, data)
    except tk.ValidationError as error:
        told = error.error_dict.values()
        lines = [str(one) for texts in told if isinstance(texts, list) for one in texts]
        raise click.ClickException("\n".join(lines)) from None
    except tk.ObjectNotFound as error:
        raise click.ClickException(str(error)) from None


@command.command("add")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--id", "id_", help="Under which it is known, such as loiret/bancs.")
@click.option("--replace", is_flag=True, help="Renew the one of this id.")
def add(file: Path, id_: str | None, replace: bool) -> None:
    """Add the Table Schema in FILE (JSON): files can be checked against it at once.

    Its id is what the field “schema” of a resource holds, and what a kit of a programme
    names. By default it is the document's own id, or local/ and its name.
    """
    try:
        content = file.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise click.ClickException(f"{file} is not written in UTF-8") from None
    except OSError as error:
        raise click.ClickException(f"{file}: {error.strerror}") from None
    given = {"id": id_} if id_ else {}
    found = _act("challenge_schema_add", file=content, replace=replace, **given)
    click.secho(f"{_line(found)} is known now.", fg="green")
    for name in found["left_out"]:
        click.echo(f"Warning: the rule {name} is not known here, left out", err=True)


@command.command("list")
@click.option("--all", "everything", is_flag=True, help="The national ones too.")
@as_format
def list_schemas(everything: bool, form: str) -> None:
    """List the schemas that this portal added."""
    rows = _act("challenge_schema_list", own=not everything, limit=_PAGE)["results"]
    if form == "json":
        echo_json(rows)
        return
    for row in rows:
        click.echo(_line(row))
    if not rows:
        click.echo("This portal has added none.")


@command.command("remove")
@click.argument("id_", metavar="ID")
def remove(id_: str) -> None:
    """Remove the schema ID, which this portal added and nothing uses."""
    _act("challenge_schema_delete", id=id_)
    click.secho(f"{id_} is gone.", fg="green")


def _line(row: dict[str, Any]) -> str:
    version = f" {row['version']}" if row["version"] else ""
    count = row["fields"]
    return f"{row['id']}{version}: {row['title']} ({count} fields)"
