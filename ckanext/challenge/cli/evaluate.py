"""``ckan challenge evaluate``: measure the catalogue, store progress and badges."""

from __future__ import annotations

import click
from ckan import model

from ckanext.challenge.conformity import jobs as conformity
from ckanext.challenge.conformity import store
from ckanext.challenge.domain.programme import ProgrammeError
from ckanext.challenge.model import Cohort
from ckanext.challenge.progress import evaluate

__all__ = ["command"]


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


@click.command("evaluate", short_help="Evaluate participants.")
@click.option("--organization", help="Name or id: this organization alone.")
@click.option("--cohort", help="Name or id: the participants of this cohort.")
@click.option(
    "--all", "everyone", is_flag=True, help="All participants: to be run every night."
)
def command(organization: str | None, cohort: str | None, everyone: bool) -> None:
    """Measure what the catalogue says of participants, and store the progress and
    badges that follow.

    Cohorts that are open or running are evaluated, finished ones are frozen. It may
    be repeated and interrupted: what was done before stays.
    """
    if sum(map(bool, (organization, cohort, everyone))) != 1:
        raise click.UsageError("Give one of --organization, --cohort, --all")
    organizations = [_organization(organization)] if organization else None
    cohorts = [_cohort(cohort)] if cohort else None
    targets = evaluate.targets(organizations, cohorts)
    concerned = organizations or [target.organization_id for target in targets]
    _check_files(None if everyone else concerned)
    try:
        length = len(targets)
        with click.progressbar(length=length, label="Participants", show_pos=True) as b:
            found = evaluate.evaluate(
                organizations, cohort_ids=cohorts, on_progress=b.update
            )
    except ProgrammeError as error:
        raise click.ClickException(str(error)) from None
    click.echo(
        f"{found.organizations} organizations: {found.steps_changed} steps changed,"
        f" {found.awards_created} badges given, {found.awards_revoked} lost,"
        f" {found.seconds:.1f} s"
    )
    if found.errors:
        raise click.ClickException("\n".join(found.errors))
