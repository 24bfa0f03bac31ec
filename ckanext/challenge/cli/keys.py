"""``ckan challenge keys``: the keys that sign badges."""

from __future__ import annotations

from typing import Any

import click

from ckanext.challenge import config
from ckanext.challenge.common.command_output import as_format, echo_json
from ckanext.challenge.credentials import generations, jobs, keys, store
from ckanext.challenge.model import SigningKey


@click.group("keys", short_help="The keys that sign badges.")
def command() -> None:
    """The keys that sign badges as Open Badges 3.0.

    The private halves are files in the folder ckanext.challenge.keys_path; they are
    not in the database and not in its copies. They must belong to the user that runs
    CKAN's jobs, and nobody else may read them.
    """


def sign(waiting: int) -> jobs.Outcome:
    """Sign the badges that await it, with a bar that tells how far it is.

    :param waiting: how many do
    """
    with click.progressbar(length=waiting, label="Badges", show_pos=True) as bar:
        return jobs.sign(bar.update)


def _told(made: SigningKey) -> None:
    path = config.keys_path() / f"{made.id}.pem"
    click.secho(f"The key {made.id} signs from now on.", fg="green")
    click.echo(f"Its private file is {path}: keep a copy in a safe place.")
    _sign()


def _sign() -> None:
    done = sign(store.waiting())
    click.echo(f"{done.signed} badges signed, {done.lists} lists of revoked ones")
    if done.problem or done.errors:
        raise click.ClickException(
            "\n".join(filter(None, (done.problem, *done.errors)))
        )


@command.command("create")
@click.option("--if-missing", is_flag=True, help="Do nothing where there is a key.")
def create(if_missing: bool) -> None:
    """Make the first key, and sign the badges that await it.

    Where there is a key already this ends with status 1: `keys rotate` replaces it.
    """
    try:
        made = generations.create()
    except generations.KeyExists as error:
        if if_missing:
            click.echo(f"The key {error} signs already.")
            return
        raise click.ClickException(
            f"The key {error} signs already: “ckan challenge keys rotate” replaces it"
        ) from None
    except keys.KeyProblem as problem:
        raise click.ClickException(str(problem)) from None
    _told(made)


@command.command("rotate")
def rotate() -> None:
    """Make a new key that signs from now on.

    What the keys before it signed goes on being verified: their public halves stay in
    the DID document. Their private files are needed no more, and can be removed.
    """
    try:
        made = generations.rotate()
    except keys.KeyProblem as problem:
        raise click.ClickException(str(problem)) from None
    _told(made)


@command.command("revoke")
@click.argument("key")
@click.option("--yes", is_flag=True, help="Do not ask first.")
def revoke(key: str, yes: bool) -> None:
    """Believe nothing any more that KEY signed, and sign it anew.

    For a private file that somebody else may have read. A key that signs is replaced
    first. Files that were downloaded before are refused everywhere from then on: the
    pages of the badges offer new ones.
    """
    if store.find_key(key) is None:
        raise click.ClickException(
            f"There is no key {key}: “ckan challenge keys list” names them"
        )
    if not yes:
        click.echo(f"Badges that it has signed: {store.signed_with(key)}")
        click.confirm(
            "Files of them that were downloaded are refused for ever. Revoke it?",
            abort=True,
        )
    try:
        number = generations.revoke(key)
    except keys.KeyProblem as problem:
        raise click.ClickException(str(problem)) from None
    click.secho(f"The key {key} is not believed any more.", fg="green")
    click.echo(f"Badges that it had signed: {number}")
    try:
        keys.remove(key)
    except OSError as error:
        path = config.keys_path() / f"{key}.pem"
        click.echo(f"Remove its private file by hand: {path} ({error.strerror})")
    _sign()


@command.command("list")
@as_format
def list_keys(form: str) -> None:
    """List the keys, the one that signs first, and say whether it can.

    Ends with status 1 where it cannot.
    """
    problem: str | None = jobs.NO_KEY
    found = []
    for key in store.public_keys():
        found.append(
            {
                "id": key.id,
                "created_at": key.created_at,
                "retired_at": key.retired_at,
                "compromised_at": key.compromised_at,
                "private_file": keys.has_file(key.id),
            }
        )
        if key.retired_at is None:
            problem = _problem(key)
    if form == "json":
        echo_json(found)
    else:
        _lines(found)
    if problem:
        raise click.ClickException(problem)


def _lines(found: list[dict[str, Any]]) -> None:
    for key in found:
        state = "private file there" if key["private_file"] else "no private file"
        ended = key["retired_at"]
        until = f" until {ended:%Y-%m-%d %H:%M}" if ended else ""
        if key["compromised_at"]:
            until += ", not believed any more"
        click.echo(f"{key['id']}  signs from {key['created_at']:%Y-%m-%d %H:%M}{until}")
        click.echo(f"    {state}")
    number = store.waiting()
    if number:
        click.echo(f"Badges that wait to be signed: {number}")


def _problem(key: SigningKey) -> str | None:
    try:
        keys.load(key)
    except keys.KeyProblem as problem:
        return str(problem)
    return None
