"""Making the demonstration, through the same actions that people and programs use.

So the journal, the checklists and the badges are real. Two things no action can do
are done in the database, each by one function: what is over was done in its time
(:func:`_write_past_progress`), and what is made within a minute looks as if it had
been made over months (:func:`_spread_over_time`).

Every part can be repeated: it makes what is missing and leaves the rest.
"""

from __future__ import annotations

import datetime as dt
import io
import random
import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
import yaml
from ckan import model, plugins
from ckan.lib import search
from werkzeug.datastructures import FileStorage

from ckanext.challenge import notifications, onboarding, programmes
from ckanext.challenge.directory import loader, reader
from ckanext.challenge.directory.naming import slug as slug_of
from ckanext.challenge.domain.programme import PersonCheck
from ckanext.challenge.model import (
    Application,
    Cohort,
    Collectivite,
    Participant,
    StepStatus,
)

from . import content as demo
from . import manifest, pdf, tables
from .content import Content, Dataset

MANAGER = "gestion"
ADVISER = "conseil"
_KITS_FREQUENCY = "annual"
_SHORT_NOTES = "Données de démonstration."
_NOTES = "*Données de démonstration, produites par un programme : ne les utilisez pas.*"


class DemoError(Exception):
    """The demonstration cannot be loaded here; says why."""


@dataclass(frozen=True)
class Part:
    """A part of the work, in as many steps as ``length`` says."""

    label: str
    length: int
    run: Callable[[], Iterator[None]]


#: Shows a part: entered before it, told after each of its steps.
Show = Callable[[Part], AbstractContextManager[Callable[[], None]]]


def load(show: Show) -> bool:
    """Make the demonstration, or what is missing of it. Nobody is mailed.

    :returns: whether there was anything to do; once it is complete, what people
        change in it is left as it is
    :raises DemoError: where something of the catalogue is in the way
    """
    work = _parts()
    with notifications.quiet():
        for part in work:
            with show(part) as advance:
                for _ in part.run():
                    advance()
    return bool(work)


def _parts() -> list[Part]:
    content = demo.content()
    known = manifest.stored()
    if known and known.complete:
        return []
    if not tk.config.get("ckan.storage_path") and not list(
        plugins.PluginImplementations(plugins.IUploader)
    ):
        raise DemoError(
            "The demonstration uploads files, and there is no place for them: "
            "set ckan.storage_path"
        )
    if known is None:
        _check_room(content)
        known = manifest.Manifest(since=dt.date.today().isoformat()).save()  # noqa: DTZ011
    loading = _Loading(content, known)
    participants = content.participants
    datasets = sum(len(each.datasets) for each in participants)
    return [
        Part("Directory", 1, loading.directory),
        Part("Accounts", len(content.accounts), loading.accounts),
        Part("Seasons", len(content.seasons), loading.seasons),
        Part("Participants", len(participants), loading.participants),
        Part("Steps", len(participants), loading.steps),
        Part("Datasets", datasets, loading.datasets),
        Part("Applications", len(content.applications), loading.applications),
        Part("Past season", len(content.alumni) + 1, loading.past),
        Part("Dates and evaluation", 4, loading.finish),
    ]


def _check_room(content: Content) -> None:
    """Stop before anything is made where a name is taken by something else."""
    users = {account.name for account in content.accounts}
    for participant in content.participants:
        users.update(content.user_names(participant))
    taken = [
        f"user {name}"
        for (name,) in model.Session.query(model.User.name).filter(
            model.User.name.in_(users)
        )
    ]
    seasons = [season["name"] for season in content.seasons]
    taken += [
        f"season {name}"
        for (name,) in model.Session.query(Cohort.name).filter(Cohort.name.in_(seasons))
    ]
    taken += [
        f"organization {group.name} (SIREN {siren})"
        for siren in sorted(content.sirens())
        for group in onboarding.organizations_with_siren(siren)
    ]
    if taken:
        raise DemoError(
            "The catalogue already has what the demonstration would make: "
            + ", ".join(sorted(taken))
            + ". Nothing was changed; load it into another portal."
        )


def _call(action: str, user: str, /, **data: Any) -> Any:
    """Call an action as a user, with the user's own rights."""
    return tk.get_action(action)({"user": user}, data)


def _system(action: str, /, **data: Any) -> Any:
    """Call an action as the portal itself."""
    site_user = tk.get_action("get_site_user")({"ignore_auth": True}, {})
    return tk.get_action(action)({"user": site_user["name"], "ignore_auth": True}, data)


@cache
def descriptions() -> dict[str, dict[str, Any]]:
    """How each table is presented, from ``descriptions.yaml``."""
    text = Path(__file__).with_name("descriptions.yaml").read_text("utf-8")
    return yaml.safe_load(text)


class _Loading:
    """The parts, over the same content and the same first day."""

    def __init__(self, content: Content, known: manifest.Manifest) -> None:
        self.content = content
        self.manifest = known
        self.today = known.today
        self.admin = next(a.name for a in content.accounts if a.role == "sysadmin")

    # --- people and seasons ---------------------------------------------------

    def directory(self) -> Iterator[None]:
        sirens = self.content.sirens()
        stored = (
            model.Session.query(Collectivite).filter(Collectivite.siren.in_(sirens))
        ).count()
        if stored < len(sirens):
            self.manifest = self.manifest.save(directory=True)
            loader.load(reader.read([reader.shipped_file()]))
        yield

    def accounts(self) -> Iterator[None]:
        for account in self.content.accounts:
            user = self._user(
                account.name, account.fullname, account.email, account.password
            )
            if account.role == "sysadmin" and not user.sysadmin:
                user.sysadmin = True
                model.Session.commit()
            yield

    def _user(
        self, name: str, fullname: str, email: str, password: str | None = None
    ) -> model.User:
        user = model.User.get(name)
        if user is None:
            _system(
                "user_create",
                name=name,
                fullname=fullname,
                email=email,
                # Accounts that are not listed are there to be seen, not used.
                password=password or secrets.token_urlsafe(24),
                about="Compte de démonstration.",
            )
            user = model.User.get(name)
        assert user is not None
        return user

    def seasons(self) -> Iterator[None]:
        for season in self.content.seasons:
            fields = {key: value for key, value in season.items() if key != "state"}
            cohort = Cohort.get(season["name"])
            dates = demo.dates_of(season, self.today)
            if season["state"] != "open":
                # Open for as long as the demonstration applies to it.
                dates |= self._open_today()
            if cohort is None:
                _call("challenge_cohort_create", self.admin, **{**fields, **dates})
                for name, role in ((MANAGER, "manager"), (ADVISER, "adviser")):
                    _call(
                        "challenge_staff_create",
                        self.admin,
                        cohort=season["name"],
                        user=name,
                        role=role,
                    )
                cohort = Cohort.get(season["name"])
            elif cohort.state in ("draft", "open") and season["state"] != "open":
                _call("challenge_cohort_patch", self.admin, id=season["name"], **dates)
            assert cohort is not None
            if cohort.state == "draft":
                self._transition(season["name"], "open")
            yield

    @staticmethod
    def _open_today() -> dict[str, str]:
        today = dt.date.today()  # noqa: DTZ011
        days = (-1, 2, 3, 4, 5)
        return {
            name: (today + dt.timedelta(count)).isoformat()
            for name, count in zip(demo.MILESTONES, days, strict=True)
        }

    def _transition(self, season: str, to: str) -> None:
        _call("challenge_cohort_transition", MANAGER, id=season, to=to)

    def _dates_as_meant(self, name: str) -> None:
        season = next(each for each in self.content.seasons if each["name"] == name)
        _call(
            "challenge_cohort_patch",
            self.admin,
            id=name,
            **demo.dates_of(season, self.today),
        )

    # --- the season that is running -------------------------------------------

    def participants(self) -> Iterator[None]:
        for participant in self.content.participants:
            facts = self.content.facts(participant.siren)
            office = (
                "Secrétariat de mairie"
                if facts.kind == "commune"
                else "Secrétariat général"
            )
            offices = (office, "Service informatique", "Service communication")
            names = self.content.user_names(participant)
            for name, title in zip(names, offices, strict=False):
                email = self.content.email(participant.siren)
                if name != names[0]:
                    email = f"{slug_of(title)}@{email.partition('@')[2]}"
                self._user(name, f"{title}, {facts.name}", email)
            application = self._apply(
                demo.CURRENT,
                participant.siren,
                participant.agents,
                "Nous voulons publier nos premières données et apprendre à les tenir "
                "à jour.",
                user=names[0],
            )
            self._accept(application)
            joined = self._joined(demo.CURRENT, participant.siren)
            organization = joined.organization_id
            if participant.page:
                _call(
                    "organization_patch",
                    names[0],
                    id=organization,
                    description=(
                        f"{facts.name} ouvre ses données avec le challenge. {_NOTES}"
                    ),
                    website=(
                        "https://www.example.org/"
                        + self.content.slug(participant.siren)
                    ),
                )
            for name in names[1:]:
                _call(
                    "organization_member_create",
                    names[0],
                    id=organization,
                    username=name,
                    role="editor",
                )
            yield
        cohort = Cohort.get(demo.CURRENT)
        assert cohort is not None
        if cohort.state == "open":
            self._dates_as_meant(demo.CURRENT)
            self._transition(demo.CURRENT, "running")

    def _apply(
        self,
        season: str,
        siren: str,
        agents: int,
        motivation: str,
        *,
        user: str = "",
        submit: bool = True,
    ) -> str:
        """Apply as a user, or without account; returns the id of the application."""
        known = self._application(season, siren)
        if known is None:
            commune = self.content.facts(siren).kind == "commune"
            created = _call(
                "challenge_application_create",
                user,
                cohort=season,
                siren=siren,
                agents=agents,
                contact_name="Secrétariat de mairie"
                if commune
                else "Secrétariat général",
                contact_role="Secrétariat",
                contact_email=self.content.email(siren),
                # 02 61 91 is kept by ARCEP for works of fiction.
                contact_phone=f"02 61 91 {siren[5:7]} {siren[7:]}",
                elected_sponsor="Adjointe ou adjoint chargé du numérique"
                if commune
                else "Vice-présidence chargée du numérique",
                motivation=motivation,
                consent=True,
            )
            known = Application.get(created["id"])
            assert known is not None
        if submit and known.state == "draft":
            # As the applicant's own link does, which needs no account.
            tk.get_action("challenge_application_submit")(
                {"user": user, "ignore_auth": True}, {"id": known.id}
            )
        return known.id

    @staticmethod
    def _application(season: str, siren: str) -> Application | None:
        cohort = Cohort.get(season)
        assert cohort is not None
        return (
            model.Session.query(Application)
            .filter_by(cohort_id=cohort.id, siren=siren)
            .first()
        )

    def _accept(self, application_id: str) -> None:
        application = Application.get(application_id)
        assert application is not None
        if application.state != "accepted":
            _call(
                "challenge_application_review",
                MANAGER,
                id=application_id,
                decision="accept",
            )

    def _joined(self, season: str, siren: str) -> Participant:
        application = self._application(season, siren)
        cohort = Cohort.get(season)
        assert application is not None
        assert application.organization_id is not None
        assert cohort is not None
        joined = Participant.of(cohort.id, application.organization_id)
        assert joined is not None
        return joined

    def steps(self) -> Iterator[None]:
        programme = programmes.get("saison")
        checks = {step.key: step.check for step in programme.steps}
        for participant in self.content.participants:
            joined = self._joined(demo.CURRENT, participant.siren)
            user = self.content.user_names(participant)[0]
            address = f"https://www.example.org/{self.content.slug(participant.siren)}"
            if participant.steps() and joined.adviser_id is None:
                _call(
                    "challenge_participant_assign",
                    MANAGER,
                    id=joined.id,
                    adviser=ADVISER,
                )
            if list(participant.kits) != joined.kits:
                _call(
                    "challenge_participant_kits_update",
                    user,
                    participant=joined.id,
                    kits=list(participant.kits),
                )
            now = {
                status.step: status.state
                for status in model.Session.query(StepStatus).filter_by(
                    participant_id=joined.id
                )
            }
            for key, state in participant.steps():
                check = checks[key]
                assert isinstance(check, PersonCheck)
                if now[key] == "todo":
                    data: dict[str, Any] = {}
                    if check.evidence != "none" and state in ("done", "to_confirm"):
                        data["evidence_url"] = f"{address}/{key}.pdf"
                    if state == "planned":
                        planned = self.today + dt.timedelta(20)
                        data["planned_for"] = planned.isoformat()
                    status = _call(
                        "challenge_step_update",
                        user,
                        participant=joined.id,
                        step=key,
                        state="done" if state == "to_confirm" else state,
                        **data,
                    )
                    now[key] = status["state"]
                if now[key] == "to_confirm" and state == "done":
                    _call(
                        "challenge_step_confirm",
                        ADVISER,
                        participant=joined.id,
                        step=key,
                        confirmed=True,
                    )
            yield

    # --- datasets -------------------------------------------------------------

    def datasets(self) -> Iterator[None]:
        for participant in self.content.participants:
            joined = self._joined(demo.CURRENT, participant.siren)
            user = self.content.user_names(participant)[0]
            for dataset in participant.datasets:
                self._dataset(participant, dataset, joined.organization_id, user)
                yield

    def _dataset(
        self,
        participant: demo.Participant,
        dataset: Dataset,
        organization: str,
        user: str,
    ) -> None:
        name = dataset_name(self.content, participant, dataset, self.today)
        package = model.Package.get(name)
        if package is None:
            created = _call(
                "package_create",
                user,
                name=name,
                owner_org=organization,
                **self._metadata(participant, dataset),
            )
            package_id, resources = created["id"], 0
        else:
            package_id, resources = package.id, len(package.resources)
        if not resources:
            _call(
                "resource_create",
                user,
                package_id=package_id,
                **self._file(participant, dataset, name),
            )

    def _metadata(
        self, participant: demo.Participant, dataset: Dataset
    ) -> dict[str, Any]:
        facts = self.content.facts(participant.siren)
        words = descriptions()[dataset.table]
        year = self.today.year + dataset.year
        kit = programmes.get("saison").kits
        recommended = next((k for k in kit if k.key == dataset.table), None)
        frequency = dataset.frequency or words.get("frequency")
        if frequency is None:
            frequency = recommended.frequency if recommended else _KITS_FREQUENCY
        fields: dict[str, Any] = {
            "title": words["title"].format(year=year, name=facts.name),
            "tags": [{"name": tag} for tag in words["tags"]],
            "private": dataset.private,
            "license_id": "" if dataset.licence == "none" else dataset.licence,
            "challenge_kit": recommended.key if recommended else "",
        }
        if dataset.quality == "thin":
            return {**fields, "notes": _SHORT_NOTES}
        fields |= {
            "notes": f"{words['notes'].format(year=year)}\n\n{_NOTES}",
            "frequency": frequency,
            "spatial_insee": facts.insee_code or facts.siren,
            "contact_name": f"Service des données, {facts.name}",
            "contact_email": self.content.email(participant.siren),
        }
        if dataset.quality != "good":
            fields["temporal_start"] = dt.date(year, 1, 1).isoformat()
            if dataset.year < 0:
                fields["temporal_end"] = dt.date(year, 12, 31).isoformat()
        return fields

    def _file(
        self, participant: demo.Participant, dataset: Dataset, name: str
    ) -> dict[str, Any]:
        year = self.today.year + dataset.year
        place = self.content.place(participant)
        words = descriptions()[dataset.table]
        if dataset.quality == "pdf":
            title = words["title"].format(year=year, name=place.name)
            return {
                "name": f"{title} (PDF)",
                "description": "Le document signé, numérisé.",
                "format": "PDF",
                "url": f"{name}.pdf",
                "upload": _upload(
                    pdf.page(title, [_SHORT_NOTES]), f"{name}.pdf", "application/pdf"
                ),
            }
        table = tables.make(dataset.table, place, year, self.today)
        if dataset.spoil:
            table = tables.spoil(table, dataset.spoil)
        fields = {
            "name": f"{dataset.table}-{year}.csv",
            "format": "CSV",
            "encoding": "utf-8",
            "url": f"{name}.csv",
            "upload": _upload(table.csv(), f"{name}.csv", "text/csv"),
        }
        if dataset.quality != "thin":
            fields["description"] = words["resource"]
        schema = tables.SCHEMAS.get(dataset.table)
        if schema and dataset.schema:
            fields["schema"] = schema
        return fields

    # --- the season to come, and the one that is over -------------------------

    def applications(self) -> Iterator[None]:
        for wanted in self.content.applications:
            id_ = self._apply(
                demo.NEXT,
                wanted.siren,
                wanted.agents,
                wanted.motivation,
                submit=wanted.state != "draft",
            )
            application = Application.get(id_)
            assert application is not None
            if wanted.state == "withdrawn" and application.state != "withdrawn":
                tk.get_action("challenge_application_withdraw")(
                    {"user": "", "ignore_auth": True}, {"id": id_}
                )
            for decision in _DECISIONS.get(wanted.state, ()):
                if application.state != wanted.state:
                    _call(
                        "challenge_application_review",
                        MANAGER,
                        id=id_,
                        decision=decision,
                        reason=wanted.reason or "",
                    )
            yield

    def past(self) -> Iterator[None]:
        cohort = Cohort.get(demo.PAST)
        assert cohort is not None
        for alumnus in self.content.alumni:
            if cohort.state == "open":
                self._accept(
                    self._apply(
                        demo.PAST,
                        alumnus.siren,
                        alumnus.agents,
                        "Une première expérience, pour voir.",
                    )
                )
            yield
        if cohort.state == "open":
            self._transition(demo.PAST, "running")
        if cohort.state == "running":
            _write_past_progress(
                [
                    (self._joined(demo.PAST, each.siren), each.done)
                    for each in self.content.alumni
                ]
            )
            self._transition(demo.PAST, "finished")
        if cohort.state == "finished":
            self._transition(demo.PAST, "archived")
        self._dates_as_meant(demo.PAST)
        yield

    # --- the end --------------------------------------------------------------

    def finish(self) -> Iterator[None]:
        packages = demo_packages(self.content, self.today)
        from ckan.logic import _actions  # TEMP

        for resource_id in (
            _resources_with_schema(packages)
            if "challenge_conformity_check" in _actions
            else []
        ):
            _system("challenge_conformity_check", resource_id=resource_id)
        yield
        _spread_over_time(self.content, self.today, packages)
        yield
        _call("challenge_evaluate", self.admin, all=True)
        _date_results(packages)
        yield
        search.rebuild(package_ids=list(packages), quiet=True)
        self.manifest = self.manifest.save(complete=True)
        yield


_DECISIONS = {
    "in_review": ("start",),
    "changes_requested": ("start", "request_changes"),
    "accepted": ("start", "accept"),
    "waitlisted": ("start", "waitlist"),
    "refused": ("start", "refuse"),
}


def _upload(content: bytes, name: str, content_type: str) -> FileStorage:
    return FileStorage(io.BytesIO(content), filename=name, content_type=content_type)


def dataset_name(
    content: Content,
    participant: demo.Participant,
    dataset: Dataset,
    today: dt.date,
) -> str:
    """The address of a dataset in the catalogue."""
    year = today.year + dataset.year
    return f"{dataset.table}-{year}-{content.slug(participant.siren)}"[:100]


def demo_packages(content: Content, today: dt.date) -> dict[str, Dataset]:
    """Ids of the datasets that the demonstration made, in its own organizations."""
    cohort = Cohort.get(demo.CURRENT)
    if cohort is None:
        return {}
    planned = {
        dataset_name(content, participant, dataset, today): dataset
        for participant in content.participants
        for dataset in participant.datasets
    }
    found = (
        model.Session.query(model.Package.id, model.Package.name)
        .join(Participant, Participant.organization_id == model.Package.owner_org)
        .filter(Participant.cohort_id == cohort.id, model.Package.name.in_(planned))
    )
    return {id_: planned[name] for id_, name in found}


def _resources_with_schema(packages: Sequence[str] | dict[str, Dataset]) -> list[str]:
    resources = model.Session.query(model.Resource).filter(
        model.Resource.package_id.in_(list(packages)),
        model.Resource.state == "active",
    )
    return [each.id for each in resources if (each.extras or {}).get("schema")]


# --- what no action can do ----------------------------------------------------


def _write_past_progress(joined: list[tuple[Participant, int]]) -> None:
    """Write the checklists of a season whose steps were done years ago.

    :param joined: participants, each with the number of steps it had done
    """
    steps = programmes.get("saison").steps
    for participant, done in joined:
        finished = {step.key for step in steps[:done]}
        for status in model.Session.query(StepStatus).filter_by(
            participant_id=participant.id
        ):
            status.state = "done" if status.step in finished else "todo"
            status.updated_at = dt.datetime(2019, 10, 1, 9, tzinfo=dt.timezone.utc)
        participant.state = "completed"
        participant.steps_done = done
        participant.steps_total = len(steps)
        participant.percent = 100 * done // len(steps)
        participant.current_phase = steps[min(done, len(steps) - 1)].phase
        participant.late_steps = 0
    model.Session.commit()


def _spread_over_time(
    content: Content, today: dt.date, packages: dict[str, Dataset]
) -> None:
    """Date what was just made as if it had been made over the last months."""
    rng = random.Random("challenge/dates")
    launch = today + dt.timedelta(
        next(s["launch"] for s in content.seasons if s["name"] == demo.CURRENT)
    )
    _date_datasets(today, packages, rng)
    for number, participant in enumerate(content.participants):
        steps = participant.steps()
        decided = _moment(
            launch - dt.timedelta(12 - number % 5) if steps else today, 2, rng
        )
        _date_application(
            demo.CURRENT, participant.siren, decided - dt.timedelta(9), decided
        )
        for index, (key, _state) in enumerate(steps):
            day = launch + dt.timedelta(4 + number % 4 + index * 13)
            _execute(
                "UPDATE challenge_step_status s SET updated_at = :at"
                " FROM challenge_participant p JOIN challenge_cohort c"
                " ON c.id = p.cohort_id WHERE p.id = s.participant_id"
                " AND c.name = :season AND p.siren = :siren AND s.step = :step",
                at=_moment(min(day, today), 1, rng),
                season=demo.CURRENT,
                siren=participant.siren,
                step=key,
            )
    for number, application in enumerate(content.applications):
        submitted = _moment(today - dt.timedelta(18 - number), 0, rng)
        decided = min(submitted + dt.timedelta(5), _moment(today, 1, rng))
        _date_application(demo.NEXT, application.siren, submitted, decided)
    for alumnus in content.alumni:
        submitted = dt.datetime(2019, 2, 12, 10, tzinfo=dt.timezone.utc)
        _date_application(
            demo.PAST, alumnus.siren, submitted, submitted + dt.timedelta(40)
        )
    _execute(
        "UPDATE challenge_participant p SET last_activity_at = greatest("
        " (SELECT max(s.updated_at) FROM challenge_step_status s"
        "  WHERE s.participant_id = p.id AND s.source = 'person'"
        "  AND s.state <> 'todo'), p.joined_at)"
        " FROM challenge_cohort c WHERE c.id = p.cohort_id AND c.name IN :seasons",
        seasons=tuple(season["name"] for season in content.seasons),
    )
    _execute(
        "UPDATE challenge_cohort SET finished_at = :at, snapshot = jsonb_set("
        "snapshot, '{date}', to_jsonb(CAST(:day AS text))) WHERE name = :season",
        at=dt.datetime(2019, 12, 10, 17, tzinfo=dt.timezone.utc),
        day="2019-12-10",
        season=demo.PAST,
    )
    model.Session.commit()
    model.Session.expire_all()


def _date_datasets(
    today: dt.date, packages: dict[str, Dataset], rng: random.Random
) -> None:
    activities = sa.inspect(model.Session.connection()).has_table("activity")
    for id_, dataset in sorted(
        packages.items(), key=lambda item: (item[1].table, item[1].age, item[0])
    ):
        created = _moment(today, dataset.age, rng)
        updated = created
        if dataset.updated is not None and dataset.updated < dataset.age:
            updated = _moment(today, dataset.updated, rng)
        # CKAN keeps UTC without saying so.
        dates = {
            "id": id_,
            "created": created.replace(tzinfo=None),
            "updated": updated.replace(tzinfo=None),
        }
        _execute(
            "UPDATE package SET metadata_created = :created,"
            " metadata_modified = :updated WHERE id = :id",
            **dates,
        )
        _execute(
            "UPDATE resource SET created = :created, last_modified = :updated,"
            " metadata_modified = :updated WHERE package_id = :id",
            **dates,
        )
        if activities:
            _execute(
                "UPDATE activity SET timestamp = :created WHERE object_id = :id",
                id=id_,
                created=dates["created"],
            )


def _date_application(
    season: str, siren: str, submitted: dt.datetime, decided: dt.datetime
) -> None:
    """Date an application, and the participation that it became."""
    known = {"season": season, "siren": siren}
    _execute(
        "UPDATE challenge_application a SET created_at = :created,"
        " updated_at = :submitted, consent_at = :created,"
        " submitted_at = CASE WHEN a.submitted_at IS NULL THEN NULL"
        "  ELSE CAST(:submitted AS timestamptz) END,"
        " decided_at = CASE WHEN a.decided_at IS NULL THEN NULL"
        "  ELSE CAST(:decided AS timestamptz) END"
        " FROM challenge_cohort c WHERE c.id = a.cohort_id AND c.name = :season"
        " AND a.siren = :siren",
        created=submitted - dt.timedelta(minutes=25),
        submitted=submitted,
        decided=decided,
        **known,
    )
    _execute(
        "UPDATE challenge_participant p SET joined_at = :decided"
        " FROM challenge_cohort c WHERE c.id = p.cohort_id AND c.name = :season"
        " AND p.siren = :siren",
        decided=decided,
        **known,
    )


def _date_results(packages: dict[str, Dataset]) -> None:
    """Date badges, and the steps that the catalogue ticked, by what earned them."""
    _execute(
        "UPDATE challenge_award a SET awarded_at = greatest(p.joined_at, coalesce("
        " CASE WHEN a.badge = 'engagee' THEN (SELECT max(s.updated_at)"
        "  FROM challenge_step_status s WHERE s.participant_id = p.id"
        "  AND s.step IN ('elu-referent', 'contact-technique'))"
        " WHEN a.badge = 'premiere-publication' THEN d.first ELSE d.last END,"
        " p.last_activity_at))"
        " FROM challenge_participant p LEFT JOIN (SELECT owner_org,"
        "  min(metadata_created) AT TIME ZONE 'UTC' AS first,"
        "  max(metadata_created) AT TIME ZONE 'UTC' AS last"
        "  FROM package WHERE id IN :packages GROUP BY owner_org) d"
        "  ON d.owner_org = p.organization_id"
        " JOIN challenge_cohort c ON c.id = p.cohort_id AND c.name = :season"
        " WHERE p.organization_id = a.organization_id",
        packages=tuple(packages),
        season=demo.CURRENT,
    )
    _execute(
        "UPDATE challenge_step_status s SET updated_at = greatest(p.joined_at,"
        " CASE WHEN s.step = 'premier-jeu' THEN d.first"
        " WHEN s.step IN ('deux-membres', 'page-organisation', 'choix-kits')"
        " THEN p.joined_at + interval '25 days' ELSE d.last END)"
        " FROM challenge_participant p LEFT JOIN (SELECT owner_org,"
        "  min(metadata_created) AT TIME ZONE 'UTC' AS first,"
        "  max(metadata_created) AT TIME ZONE 'UTC' AS last"
        "  FROM package WHERE id IN :packages GROUP BY owner_org) d"
        "  ON d.owner_org = p.organization_id"
        " JOIN challenge_cohort c ON c.id = p.cohort_id AND c.name = :season"
        " WHERE p.id = s.participant_id AND s.source = 'catalog'"
        " AND s.state = 'done'",
        packages=tuple(packages),
        season=demo.CURRENT,
    )
    model.Session.commit()
    model.Session.expire_all()


def _moment(day: dt.date, days_before: int, rng: random.Random) -> dt.datetime:
    """A time of an office day, so many days before; never later than now."""
    at = dt.time(rng.randint(8, 16), rng.randint(0, 59), rng.randint(0, 59))
    moment = dt.datetime.combine(
        day - dt.timedelta(days_before), at, tzinfo=dt.timezone.utc
    )
    return min(moment, dt.datetime.now(dt.timezone.utc) - dt.timedelta(minutes=5))


def _execute(statement: str, **values: Any) -> None:
    clause = sa.text(statement)
    for name, value in values.items():
        if isinstance(value, tuple):
            clause = clause.bindparams(sa.bindparam(name, expanding=True))
    model.Session.execute(clause, values)
