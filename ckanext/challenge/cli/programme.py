"""``ckan challenge programme``: the files that say what a season consists of."""

from __future__ import annotations

from typing import Any

import click

from ckanext.challenge import programmes
from ckanext.challenge.common.command_output import as_format, echo_json
from ckanext.challenge.domain.programme import Programme, ProgrammeError


@click.group("programme", short_help="Programmes: steps, badges and kits of a season.")
def command() -> None:
    """Programmes: steps, badges and kits of a season."""


def _line(programme: Programme) -> str:
    return (
        f"{programme.name} version {programme.version}: {len(programme.phases)} phases,"
        f" {len(programme.steps)} steps, {len(programme.badges)} badges,"
        f" {len(programme.kits)} kits ({programme.source})"
    )


@command.command("check")
@click.argument("file")
@click.option("--strict", is_flag=True, help="Let warnings fail too.")
def check(file: str, strict: bool) -> None:
    """Say whether FILE, a path or module:path, is a programme, or what is wrong.

    Each problem is told with the file, the line, the place in the document and what
    was expected there. Warnings (a text in one language only, a licence that this
    portal does not have) do not fail without --strict.
    """
    try:
        programme = programmes.load(file, programmes.vocabulary())
    except ProgrammeError as error:
        count = len(error.problems)
        problems = "problem" if count == 1 else "problems"
        raise click.ClickException(f"{count} {problems}\n{error}") from None
    warnings = programmes.advise(programme)
    for warning in warnings:
        click.echo(f"Warning: {warning.told(file)}", err=True)
    click.echo(_line(programme))
    if strict and warnings:
        raise click.exceptions.Exit(1)


@command.command("list")
@as_format
def list_programmes(form: str) -> None:
    """List the programmes of this portal."""
    try:
        found = programmes.all()
    except ProgrammeError as error:
        raise click.ClickException(str(error)) from None
    if form == "json":
        echo_json(map(_row, found))
        return
    for programme in found:
        click.echo(_line(programme))


def _row(programme: Programme) -> dict[str, Any]:
    return {
        "name": programme.name,
        "version": programme.version,
        "title": {"fr": programme.title.fr, "en": programme.title.en},
        "source": programme.source,
        "phases": len(programme.phases),
        "steps": len(programme.steps),
        "badges": len(programme.badges),
        "kits": len(programme.kits),
    }


@command.command("show")
@click.argument("name")
def show(name: str) -> None:
    """Show the programme NAME in short: its phases, steps, badges and kits."""
    try:
        programme = programmes.get(name)
    except KeyError:
        known = ", ".join(programmes.names())
        raise click.ClickException(
            f"There is no programme {name}; there are: {known}"
        ) from None
    except ProgrammeError as error:
        raise click.ClickException(str(error)) from None
    click.echo(_line(programme))
    for phase in programme.phases:
        click.echo(f"\n{phase.title.fr}")
        for step in programme.steps_of(phase.key):
            due = step.due
            when = f", {due.milestone} {due.days:+d} days" if due else ""
            needed = "required" if step.required else "optional"
            click.echo(f"  {step.key}: {step.title.fr} ({step.source}, {needed}{when})")
    for title, keys in (
        ("Badges", programme.badges_by_key),
        ("Kits", programme.kits_by_key),
        ("Feedback", [question.key for question in programme.feedback]),
    ):
        if keys:
            click.echo(f"\n{title}: {', '.join(keys)}")
