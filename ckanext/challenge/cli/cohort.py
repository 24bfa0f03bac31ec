"""``ckan challenge cohort``: seasons from and to files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import ckan.plugins.toolkit as tk
import click
from ckan import model
from ckan.types import Context

from ckanext.challenge.cohorts import import_export, schema

_PATH = click.Path(path_type=Path, dir_okay=False, allow_dash=True)
_FIELDS = (*schema.FIELDS, "staff")
_PAGE = 1000


@click.group("cohort", short_help="Seasons from and to files.")
def command() -> None:
    """Seasons from and to files."""


def _context() -> Context:
    """A fresh context of the site's own user, in which nothing commits."""
    user = tk.get_action("get_site_user")({"ignore_auth": True}, {})
    return {"user": user["name"], "ignore_auth": True, "defer_commit": True}


def _pages(action: str, **data: Any) -> list[dict[str, Any]]:
    """All rows of a list."""
    rows: list[dict[str, Any]] = []
    while True:
        found = tk.get_action(action)(
            _context(), {**data, "limit": _PAGE, "offset": len(rows)}
        )
        rows += found["results"]
        if not found["results"] or len(rows) >= found["count"]:
            return rows


@command.command("export")
@click.argument("file", type=_PATH)
@click.argument("names", nargs=-1, metavar="[NAME]...")
def export(file: Path, names: tuple[str, ...]) -> None:
    """Write seasons to FILE (.yaml or .json; - for the screen).

    All seasons, or those with a NAME. What is written is what their managers settle,
    and who is on the team: no application, no participant, no state.
    """
    cohorts = {row["name"]: row for row in _pages("challenge_cohort_list")}
    unknown = [name for name in names if name not in cohorts]
    if unknown:
        known = ", ".join(sorted(cohorts)) or "there is none"
        raise click.ClickException(
            f"There is no season {', '.join(unknown)}; the seasons are: {known}"
        )
    chosen = [cohorts[name] for name in dict.fromkeys(names)] or sorted(
        cohorts.values(), key=lambda row: (row["season"], row["name"])
    )
    if not chosen:
        raise click.ClickException("There is no season yet: nothing was written")
    seasons = [_written(cohort) for cohort in chosen]
    if str(file) == "-":
        click.echo(import_export.dump(seasons), nl=False)
        return
    try:
        import_export.write(file, seasons)
    except import_export.CohortFileError as error:
        raise click.ClickException(str(error)) from None
    count = "1 season" if len(seasons) == 1 else f"{len(seasons)} seasons"
    click.echo(f"{count} in {file}")


def _written(cohort: dict[str, Any]) -> dict[str, Any]:
    """A season as a file has it: what is empty is left out."""
    people = _pages("challenge_staff_list", cohort=cohort["id"])
    whole = {
        **{name: cohort[name] for name in schema.FIELDS},
        "staff": [{"user": one["user_name"], "role": one["role"]} for one in people],
    }
    return {name: value for name, value in whole.items() if value not in (None, "", [])}


@command.command("import")
@click.argument("file", type=_PATH)
@click.option("--dry-run", is_flag=True, help="Say what would change; change nothing.")
@click.option(
    "--drop-answered",
    is_flag=True,
    help="Take questions away although applications answer them.",
)
def import_(file: Path, dry_run: bool, drop_answered: bool) -> None:
    """Create or change the seasons that FILE describes (.yaml or .json; - for what
    comes in).

    A season is known by its name. A new one begins as a draft; of one that is there,
    the fields that FILE has are changed, and the others stay. Everything is stored or
    nothing is. Importing the same file again changes nothing.
    """
    try:
        seasons = import_export.read(file, _FIELDS)
    except import_export.CohortFileError as error:
        raise click.ClickException(str(error)) from None
    problems: list[str] = []
    lines: list[str] = []
    for number, cohort in enumerate(seasons, start=1):
        try:
            lines += _stored(cohort, drop_answered)
        except tk.ValidationError as error:
            model.Session.rollback()
            place = f"{file}, season {number} ({cohort['name']})"
            problems += [f"{place}, {line}" for line in _told(error.error_dict)]
        except tk.ObjectNotFound as error:
            model.Session.rollback()
            problems.append(f"{file}, season {number} ({cohort['name']}): {error}")
    if problems:
        raise click.ClickException("\n".join([*problems, "Nothing was stored."]))
    if dry_run:
        model.Session.rollback()
        lines.append("Nothing was stored: this was a dry run.")
    else:
        model.Session.commit()
    for line in lines:
        click.echo(line)


def _stored(cohort: dict[str, Any], drop_answered: bool) -> list[str]:
    """Create or change one season, in the current transaction, and say so.

    :raises ValidationError: by field
    """
    fields = {name: value for name, value in cohort.items() if name != "staff"}
    name = cohort["name"]
    try:
        before = tk.get_action("challenge_cohort_show")(_context(), {"id": name})
    except tk.ObjectNotFound:
        tk.get_action("challenge_cohort_create")(_context(), fields)
        lines = [f"{name}: created, as a draft"]
    else:
        after = tk.get_action("challenge_cohort_patch")(
            _context(), {**fields, "id": before["id"], "drop_answered": drop_answered}
        )
        changed = [field for field in schema.FIELDS if before[field] != after[field]]
        done = f"changed ({', '.join(changed)})" if changed else "unchanged"
        lines = [f"{name}: {done}"]
    return [*lines, *_staffed(name, cohort.get("staff"))]


def _staffed(name: str, people: Any) -> list[str]:
    """Give the people of a file their roles; who has no account here is told."""
    if not isinstance(people or [], list) or not all(
        isinstance(one, dict) for one in people or []
    ):
        raise tk.ValidationError({"staff": ["expected a list of users with a role"]})
    lines: list[str] = []
    known = {
        (one["user_name"], one["role"])
        for one in _pages("challenge_staff_list", cohort=name)
    }
    for number, one in enumerate(people or [], start=1):
        user, role = str(one.get("user") or ""), one.get("role")
        if not user or role not in schema.ROLES:
            text = f"expected a user with a role: {' or '.join(schema.ROLES)}"
            raise tk.ValidationError({f"staff[{number}]": [text]})
        if (user, role) in known:
            continue
        if model.User.get(user) is None:
            lines.append(f"{name}: nobody here is called {user}: left out of the team")
            continue
        tk.get_action("challenge_staff_create")(
            _context(), {"cohort": name, "user": user, "role": role}
        )
        lines.append(f"{name}: {user} is {role}")
    return lines


def _told(errors: Any, path: str = "") -> list[str]:
    """Errors of an action, one line each, with their place in the file."""
    if isinstance(errors, dict):
        return [
            line
            for name, found in errors.items()
            for line in _told(found, f"{path}.{name}" if path else str(name))
        ]
    lines: list[str] = []
    for index, found in enumerate(errors if isinstance(errors, list) else [errors]):
        if isinstance(found, dict):
            lines += _told(found, f"{path}[{index + 1}]")
        else:
            lines.append(f"{path}: {found}")
    return lines
