"""``ckan challenge journal``."""

from __future__ import annotations

import re

import click

from ckanext.challenge.common import journal

# More of them say no more.
_SHOWN = 20


@click.group("journal", short_help="The journal of what was done.")
def command() -> None:
    """The journal of what was done."""


def _expectation(
    context: click.Context, option: click.Parameter, values: tuple[str, ...]
) -> dict[int, str]:
    found: dict[int, str] = {}
    for value in values:
        match = re.fullmatch(r"(\d{1,18}):([0-9a-f]{64})", value.strip())
        if match is None:
            raise click.BadParameter(
                f"{value[:80]!r} is no NUMBER:DIGEST, as `journal verify` prints it"
            )
        found[int(match[1])] = match[2]
    return found


@command.command()
@click.option(
    "--expect",
    metavar="NUMBER:DIGEST",
    multiple=True,
    callback=_expectation,
    help="The digest that a row had once, as printed then; may be repeated.",
)
def verify(expect: dict[int, str]) -> None:
    """Check that no row of the journal was changed, removed or moved, and say which.

    Ends with status 1 if one was. Otherwise prints the number and digest of the last
    row: kept in another place and given as --expect, they later also show that rows
    were cut off at the end, or that the whole journal was written anew.
    """
    faults = journal.verify(expect)
    for fault in faults[:_SHOWN]:
        click.secho(_told(fault), fg="red", err=True)
    if len(faults) > _SHOWN:
        click.secho(f"… and {len(faults) - _SHOWN} more rows.", fg="red", err=True)
    if faults:
        raise SystemExit(1)
    last = journal.last()
    if last is None:
        click.echo("The journal is empty.")
        return
    click.secho(f"The journal is as it was written: {last[0]} rows.", fg="green")
    click.echo(f"{last[0]}:{last[1]}")


def _told(fault: journal.Fault) -> str:
    number, other = fault.number, fault.other
    if fault.kind == "missing":
        gone = f"row {other} is" if other == number - 1 else f"rows {other} to "
        gone += "" if other == number - 1 else f"{number - 1} are"
        text = f"{gone} missing before it"
    elif fault.kind == "moved":
        text = f"it was written as row {other}"
    elif fault.kind == "rewritten":
        text = "it had another digest" if fault.about else "it is gone"
    else:
        before = f", or row {number - 1} before it" if number > 1 else ""
        text = f"it was changed{before}"
    about = f" ({fault.about})" if fault.about else ""
    return f"Row {number}{about}: {text}."
