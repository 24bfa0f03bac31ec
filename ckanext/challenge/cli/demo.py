"""``ckan challenge demo``: content to try the challenge with."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import ckan.plugins.toolkit as tk
import click

from ckanext.challenge.demo import clear as clearing
from ckanext.challenge.demo import load as loading


@click.group("demo", short_help="Content to try the challenge with.")
def command() -> None:
    """Content to try the challenge with: three seasons, twenty participants of a
    running one, their accounts and datasets."""


@command.command("load")
@click.option(
    "--known-passwords",
    is_flag=True,
    help="Give the accounts the passwords that are printed in the source: only for a"
    " portal that nobody else can reach, as that of `make demo`.",
)
@click.pass_context
def load(context: click.Context, known_passwords: bool) -> None:
    """Load the demonstration, into a portal that holds nothing else.

    Its accounts get random passwords, which are shown once. Running it again
    completes what was interrupted, and changes nothing else.
    """
    made: list[tuple[str, str]] = []
    with context.meta["flask_app"].test_request_context():
        try:
            worked = loading.load(
                _show,
                known_passwords=known_passwords,
                tell=lambda name, password: made.append((name, password)),
            )
        except loading.DemoError as error:
            raise click.ClickException(str(error)) from None
        except tk.ValidationError as error:
            raise click.ClickException(
                f"The catalogue refused a part of the demonstration: {error}"
            ) from error
        finally:
            # Also where the rest of it failed: they are kept nowhere.
            if made and not known_passwords:
                click.echo("Accounts and their passwords, shown this once:")
                for name, password in made:
                    click.echo(f"  {name:8}  {password}")
    if worked:
        click.echo("The demonstration is loaded.")
    else:
        click.echo("The demonstration is loaded already; nothing was changed.")


@command.command("clear")
@click.option("--yes", is_flag=True, help="Do not ask first.")
@click.pass_context
def clear(context: click.Context, yes: bool) -> None:
    """Remove all that `load` made, and nothing else.

    An organization or season that holds something of others stays.
    """
    with context.meta["flask_app"].test_request_context():
        if not yes and (number := clearing.badges()) is not None:
            click.echo(f"Badges of the demonstration: {number}")
            click.confirm(
                "Its seasons, organizations, accounts and badges are removed for ever. "
                "Remove them?",
                abort=True,
            )
        cleared = clearing.clear(_show)
    if cleared is None:
        click.echo("There is no demonstration to remove.")
        return
    if cleared.kept:
        click.echo(f"Kept, as others put something there: {', '.join(cleared.kept)}")
    if cleared.journal:
        click.echo("The journal keeps its rows, since others follow them.")
    click.echo("The demonstration is removed.")


@contextmanager
def _show(part: loading.Part) -> Iterator[Callable[[], None]]:
    with click.progressbar(
        length=part.length, label=f"{part.label:22}", show_pos=True
    ) as bar:
        yield lambda: bar.update(1)
