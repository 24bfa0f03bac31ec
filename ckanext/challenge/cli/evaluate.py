"""``ckan challenge evaluate``: measure the catalogue, store progress and badges."""

from __future__ import annotations

import gc
import logging
from collections.abc import Iterator

import click
from ckan import model

from ckanext.challenge.common import runs
from ckanext.challenge.conformity import jobs as conformity
from ckanext.challenge.conformity import store
from ckanext.challenge.credentials import jobs
from ckanext.challenge.credentials import store as credentials
from ckanext.challenge.domain.programme import ProgrammeError
from ckanext.challenge.model import Cohort
from ckanext.challenge.progress import evaluate
from ckanext.challenge.subscribers import opened_mails

from . import observatory
from .keys import sign

log = logging.getLogger(__name__)


def _organization(reference: str) -> str:
    group = model.Group.get(reference)
    if group is None or not group.is_organization:
        raise click.ClickException(f"There is no organization {reference}")
    return group.id


def _cohort(reference: str) -> str:
    cohort = Cohort.get(reference)
    if cohort is None:
        raise click.ClickException(f"There is no cohort {reference}")
    return cohort.id


def _check_files(organizations: list[str] | None) -> None:
    """Check the files whose job was lost, since Redis or the worker was down."""
    due = store.due(organizations)
    if not due:
        return
    with click.progressbar(length=len(due), label="Files", show_pos=True) as bar:
        conformity.check_due(on_progress=bar.update, resource_ids=due)


def _sign() -> tuple[str, ...]:
    """Sign the badges whose job was lost, and tell what could not be signed."""
    waiting = credentials.waiting()
    done = sign(waiting)
    if done.left:
        click.echo("Badges are left to a worker that has the key.")
    if done.problem == jobs.NO_KEY:
        # A portal without keys has badges all the same.
        if waiting:
            click.secho(f"{waiting} badges are not signed. {done.problem}", err=True)
        return done.errors
    return (done.problem, *done.errors) if done.problem else done.errors


def _tell() -> None:
    told = opened_mails.tell()
    if told:
        click.echo(f"{told} mails about newly opened data")


def _nightly() -> Iterator[str]:
    """What else is done every night; answers what failed, which keeps no other."""
    for what, work in (
        ("observatory", observatory.nightly),
        ("mails about newly opened data", _tell),
    ):
        try:
            work()
        except Exception as error:  # tomorrow it may work
            model.Session.rollback()
            log.exception("Failed, and is done again with the next run: %s", what)
            yield f"{what}: {type(error).__name__}"


@click.command("evaluate", short_help="Evaluate organizations.")
@click.option("--organization", help="Name or id: this organization alone.")
@click.option("--cohort", help="Name or id: the participants of this cohort.")
@click.option(
    "--all", "everyone", is_flag=True, help="All organizations: to be run every night."
)
@click.option(
    "--full", is_flag=True, help="With --all: also those that did not change."
)
def command(
    organization: str | None, cohort: str | None, everyone: bool, full: bool
) -> None:
    """Measure what the catalogue says of organizations, and store the progress and
    badges that follow.

    Cohorts that are open or running are evaluated, finished ones are frozen. Badges
    that await their signature are signed. It may be repeated and interrupted: what was
    done before stays. With --all, those who asked are told by mail of the data that
    were opened in their territory since the last time.

    With --all, an organization is judged where anything differs from the last time: the
    catalogue, the programmes, the dates or what is stored. --full judges all of them.
    The observatory's figures are written, and this month's kept if they are not yet.
    """
    if sum(map(bool, (organization, cohort, everyone))) != 1:
        raise click.UsageError("Give one of --organization, --cohort, --all")
    if full and not everyone:
        raise click.UsageError("--full goes with --all")
    organizations = [_organization(organization)] if organization else None
    cohorts = [_cohort(cohort)] if cohort else None
    if not everyone:
        _evaluate(organizations, cohorts, everyone=False, full=full)
        return
    with runs.alone("evaluate") as nobody_else:
        if nobody_else:
            _evaluate(None, None, everyone=True, full=full)
        else:
            click.echo("Another node evaluates all organizations now: left to it.")


def _evaluate(
    organizations: list[str] | None,
    cohorts: list[str] | None,
    *,
    everyone: bool,
    full: bool,
) -> None:
    concerned = evaluate.organizations(organizations, cohorts)
    _check_files(None if everyone else concerned)
    # What CKAN has loaded is never garbage: to search it again and again takes a
    # quarter of the evaluation of a large portal.
    gc.freeze()
    try:
        length = len(concerned)
        with click.progressbar(
            length=length, label="Organizations", show_pos=True
        ) as bar:
            found = evaluate.evaluate(
                organizations,
                cohort_ids=cohorts,
                on_progress=bar.update,
                full=full,
                leave_out=True,
            )
    except ProgrammeError as error:
        raise click.ClickException(str(error)) from None
    click.echo(
        f"{found.organizations} organizations, {found.judged} of them judged:"
        f" {found.steps_changed} steps changed,"
        f" {found.awards_created} badges given, {found.awards_revoked} lost,"
        f" {found.seconds:.1f} s"
    )
    errors = [*found.errors]
    if everyone:
        errors += _nightly()
        runs.note("evaluate", failed=bool(errors))
    errors += _sign()
    if errors:
        raise click.ClickException("\n".join(errors))
