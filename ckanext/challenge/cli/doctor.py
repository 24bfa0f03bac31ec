"""``ckan challenge doctor``: what the portal lacks, and the line that mends it."""

from __future__ import annotations

import json

import ckan.plugins.toolkit as tk
import click

from ckanext.challenge.domain.doctor import VERDICTS

_COLOURS = {"good": "green", "todo": "yellow", "wrong": "red"}


@click.command("doctor", short_help="What the portal lacks, and what mends it.")
@click.option(
    "--format",
    "format_",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
)
@click.option("--all", "all_", is_flag=True, help="Show what is good, too.")
def command(format_: str, all_: bool) -> None:
    """Say of all that the extension needs whether it is there and right.

    Each is good, to do, or wrong, with the line that mends it. It changes nothing and
    sends no mail, and asks the portal's own address once. Run it as the user of the web
    server, on each node. Ends with status 1 if something is wrong.
    """
    user = tk.get_action("get_site_user")({"ignore_auth": True}, {})
    found = tk.get_action("challenge_doctor_show")(
        {"user": user["name"]}, {"ask_portal": True}
    )
    rows = found["results"]
    if format_ == "json":
        click.echo(json.dumps(found, ensure_ascii=False, indent=1))
    else:
        for verdict in VERDICTS:
            for row in rows:
                if row["verdict"] == verdict and (all_ or verdict != "good"):
                    click.secho(
                        f"{row['verdict_title']:6} ", fg=_COLOURS[verdict], nl=False
                    )
                    click.echo(f"{row['title']}: {row['text']}")
                    for line in (row["remedy"] or "").splitlines():
                        click.echo(f"       → {line}")
        counts = [sum(row["verdict"] == one for row in rows) for one in VERDICTS]
        click.echo("{} wrong, {} to do, {} good".format(*counts))
    if found["verdict"] == "wrong":
        raise click.exceptions.Exit(1)
