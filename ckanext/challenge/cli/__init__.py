"""The commands ``ckan challenge …``."""

from __future__ import annotations

import importlib
import pkgutil

import click


@click.group(short_help="Seasons of the challenge, progress and badges.")
def challenge() -> None:
    """Seasons of the challenge, progress and badges."""


def get_commands() -> list[click.Command]:
    """The group, with the command of each module of this folder."""
    for module in pkgutil.iter_modules(__path__):
        command = importlib.import_module(f"{__name__}.{module.name}").command
        challenge.add_command(command)
    return [challenge]
