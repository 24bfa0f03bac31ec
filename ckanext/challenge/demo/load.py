"""Making the demonstration, through the same actions that people and programs use.

So the journal, the checklists and the badges are real. What no action can do, to have
been done months ago, is in :mod:`.timeline`.

Every part can be repeated: it makes what is missing and leaves the rest.
"""

from __future__ import annotations

import datetime as dt
import io
import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any

import ckan.plugins.toolkit as tk
import yaml
from ckan import model, plugins
from ckan.lib import search
from ckan.types import Context
from werkzeug.datastructures import FileStorage

from ckanext.challenge import config, notifications, programmes
from ckanext.challenge.common import access_links, proofs
from ckanext.challenge.common.organizations import organizations_with_siren
from ckanext.challenge.directory import loader, reader
from ckanext.challenge.directory.naming import slug as slug_of
from ckanext.challenge.domain import european
from ckanext.challenge.domain.lifecycle import (
    COHORT,
    COHORT_COMING,
    COHORT_OVER,
    STEP_CLAIMED,
)
from ckanext.challenge.domain.programme import PersonCheck
from ckanext.challenge.model import (
    Application,
    ApplicationFile,
    Cohort,
    Collectivite,
    Extension,
    Feedback,
    Message,
    Note,
    Participant,
    ParticipantMessage,
    Preparation,
    Score,
    StepStatus,
    Visit,
)

from . import content as demo
from . import manifest, observatory, pdf, tables, timeline, workbook
from .content import Content, Dataset

MANAGER = "gestion"
ADVISER = "conseil"
_KITS_FREQUENCY = "annual"
_SOMEBODY = "Claude Exemple, mairie (démonstration)"
_NOTES_OF = {"choix-licence": "Licence Ouverte 2.0"}
_PASSWORD_BYTES = 15
_WORKBOOK = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
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


def load(
    show: Show,
    *,
    known_passwords: bool = False,
    tell: Callable[[str, str], object] = lambda name, password: None,
) -> bool:
    """Make the demonstration, or what is missing of it. Nobody is mailed.

    :param known_passwords: gives the accounts the passwords that are printed in the
        source, for a portal that only this machine reaches
    :param tell: told the name and the password of each account that can be used, as
        it is made: they are kept nowhere else
    :returns: whether there was anything to do; once it is complete, what people
        change in it is left as it is
    :raises DemoError: where something of the catalogue is in the way
    """
    work = _parts(known_passwords, tell)
    with notifications.quiet():
        for part in work:
            with show(part) as advance:
                for _ in part.run():
                    advance()
    return bool(work)


def _parts(known_passwords: bool, tell: Callable[[str, str], object]) -> list[Part]:
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
    _check_foreign(content)
    if known is None:
        known = manifest.Manifest(since=config.today().isoformat()).save()
    loading = _Loading(content, known, known_passwords, tell)
    work = [
        Part("Directory", 1, loading.directory),
        Part("Accounts", len(content.accounts), loading.accounts),
        Part("Seasons", len(content.seasons), loading.seasons),
    ]
    for cohort in (demo.PAST, demo.CURRENT):
        number = next(s["season"] for s in content.seasons if s["name"] == cohort)
        participants = content.of_cohort(cohort)
        datasets = sum(len(each.datasets) for each in participants)
        work += [
            Part(f"Season {number}: {label}", length, partial(run, cohort))
            for label, length, run in (
                ("participants", len(participants), loading.participants),
                ("steps", len(participants), loading.steps),
                ("workshops", 2, loading.workshops),
                ("datasets", datasets, loading.datasets),
            )
        ]
    return [
        *work,
        Part("Applications", len(content.applications), loading.applications),
        Part("A file being prepared", 1, loading.preparation),
        Part("Dates, evaluation and the team's desk", 6, loading.finish),
    ]


#: How many of what is in the way are named.
_NAMED = 10


def _check_foreign(content: Content) -> None:
    """Stop where the portal holds anything that is not the demonstration's: accounts
    with passwords that everybody can read must not stand in a real one.
    """
    # CKAN's own user has the portal's id for a name.
    own = {tk.config["ckan.site_id"], *content.all_user_names()}
    foreign = [
        f"user {name}"
        for (name,) in model.Session.query(model.User.name).filter(
            model.User.name.not_in(own), model.User.state != "deleted"
        )
    ]
    groups = {
        group.id
        for siren in content.sirens()
        for group in organizations_with_siren(siren)
    }
    foreign += [
        f"organization {name}"
        for id_, name in model.Session.query(model.Group.id, model.Group.name).filter(
            model.Group.is_organization, model.Group.state != "deleted"
        )
        if id_ not in groups
    ]
    foreign += [
        f"dataset {name}"
        for name, owner in model.Session.query(
            model.Package.name, model.Package.owner_org
        ).filter(model.Package.state != "deleted")
        if owner not in groups
    ]
    if foreign:
        foreign.sort()
        more = len(foreign) - _NAMED
        raise DemoError(
            "This portal is in use: it has "
            + ", ".join(foreign[:_NAMED])
            + (f" and {more} more" if more > 0 else "")
            + ". The demonstration is for an empty portal; nothing was changed."
        )


def _check_room(content: Content) -> None:
    """Stop before anything is made where a name is taken by something else."""
    users = content.all_user_names()
    taken = [
        f"user {name}"
        for (name,) in model.Session.query(model.User.name).filter(
            model.User.name.in_(users)
        )
    ]
    seasons = [cohort["name"] for cohort in content.seasons]
    taken += [
        f"season {name}"
        for (name,) in model.Session.query(Cohort.name).filter(Cohort.name.in_(seasons))
    ]
    taken += [
        f"organization {group.name} (SIREN {siren})"
        for siren in sorted(content.sirens())
        for group in organizations_with_siren(siren)
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

    def __init__(
        self,
        content: Content,
        known: manifest.Manifest,
        known_passwords: bool,
        tell: Callable[[str, str], object],
    ) -> None:
        self.content = content
        self.known_passwords, self.tell = known_passwords, tell
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
            password = (
                account.password
                if self.known_passwords
                else secrets.token_urlsafe(_PASSWORD_BYTES)
            )
            is_new = model.User.get(account.name) is None
            user = self._user(account.name, account.fullname, account.email, password)
            if is_new:
                self.tell(account.name, password)
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
            apart = ("state", "account", "desk")
            fields = {key: value for key, value in season.items() if key not in apart}
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
                self._account(season["name"], season.get("account", {}))
                cohort = Cohort.get(season["name"])
            elif cohort.state in COHORT_COMING and season["state"] != "open":
                _call("challenge_cohort_patch", self.admin, id=season["name"], **dates)
            assert cohort is not None
            if cohort.state == "draft":
                self._transition(season["name"], "open")
            yield

    @staticmethod
    def _account(cohort: str, account: dict[str, Any]) -> None:
        """What the team declares for its report, and what it learnt."""
        if "declared" in account:
            declared = account["declared"]
            _call("challenge_season_account_update", MANAGER, cohort=cohort, **declared)
        for agreement in account.get("agreements", ()):
            _call("challenge_agreement_create", MANAGER, cohort=cohort, **agreement)
        for lesson in account.get("lessons", ()):
            _call("challenge_lesson_create", ADVISER, cohort=cohort, **lesson)

    def _desk(self, season: str) -> None:
        """The ways to look at the participants that the team keeps, and its messages
        to many: models to begin with, and one that is held.
        """
        found = next(each for each in self.content.seasons if each["name"] == season)
        desk = found["desk"]
        for view in desk["views"]:
            _call("challenge_saved_view_create", MANAGER, cohort=season, **view)
        for kept in desk["models"]:
            _call("challenge_campaign_model_create", MANAGER, cohort=season, **kept)
        listed = _call("challenge_campaign_list", MANAGER, cohort=season, limit=0)
        for message in desk["messages"][listed["count"] :]:
            _call("challenge_campaign_create", MANAGER, cohort=season, **message)

    @staticmethod
    def _open_today() -> dict[str, str]:
        today = config.today()
        days = (-1, 2, 3, 4, 5)
        return {
            name: (today + dt.timedelta(count)).isoformat()
            for name, count in zip(demo.MILESTONES, days, strict=True)
        }

    def _transition(self, cohort: str, to: str) -> None:
        _call("challenge_cohort_transition", MANAGER, id=cohort, to=to)

    def _dates_as_meant(self, name: str) -> None:
        cohort = next(each for each in self.content.seasons if each["name"] == name)
        _call(
            "challenge_cohort_patch",
            self.admin,
            id=name,
            **demo.dates_of(cohort, self.today),
        )

    # --- participants and their steps -------------------------------------------

    def participants(self, season: str) -> Iterator[None]:
        for participant in self.content.of_cohort(season):
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
                season,
                participant.siren,
                participant.agents,
                "Nous voulons publier nos premières données et apprendre à les tenir "
                "à jour.",
                user=names[0],
            )
            self._prove(names[0], self.content.email(participant.siren))
            self._accept(application)
            joined = self._joined(season, participant.siren)
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
        cohort = Cohort.get(season)
        assert cohort is not None
        if cohort.state == "open":
            if season == demo.CURRENT:
                self._dates_as_meant(season)
            self._transition(season, "running")

    @staticmethod
    def _prove(name: str, address: str) -> None:
        """As if this account had opened a link that was mailed to its address."""
        user = model.User.get(name)
        assert user is not None
        proofs.keep(user.id, access_links.digest_of(address))
        model.Session.commit()

    def _apply(
        self,
        cohort: str,
        siren: str,
        agents: int,
        motivation: str,
        *,
        user: str = "",
        answers: dict[str, Any] | None = None,
        letter: bool = False,
        submit: bool = True,
    ) -> str:
        """Apply as a user, or without account; returns the id of the application."""
        known = self._application(cohort, siren)
        if known is None:
            commune = self.content.facts(siren).kind == "commune"
            created = _call(
                "challenge_application_create",
                user,
                cohort=cohort,
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
                answers=answers or {},
                consent=True,
                draft=True,
            )
            known = Application.get(created["id"])
            assert known is not None
        if letter and known.state == "draft":
            self._attach_letter(known.id, siren)
        if submit and known.state == "draft":
            # As the applicant's own link does, which needs no account.
            tk.get_action("challenge_application_submit")(
                {"user": user, "ignore_auth": True}, {"id": known.id}
            )
        return known.id

    def _attach_letter(self, id_: str, siren: str) -> None:
        stored = model.Session.query(ApplicationFile).filter_by(application_id=id_)
        if stored.first() is None:
            name = self.content.facts(siren).name
            letter = pdf.page(
                "Lettre d'engagement",
                [
                    f"{name} souhaite participer au challenge open data.",
                    "Une personne y consacrera une demi-journée par semaine.",
                    "Document de démonstration : personne ne l'a signé.",
                ],
            )
            tk.get_action("challenge_application_attachment_create")(
                {"user": "", "ignore_auth": True},
                {
                    "id": id_,
                    "purpose": "letter",
                    "upload": _upload(letter, "lettre.pdf", "application/pdf"),
                },
            )

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

    def steps(self, cohort: str) -> Iterator[None]:
        if self._is_over(cohort):
            return
        programme = programmes.get("saison")
        checks = {step.key: step.check for step in programme.steps}
        for participant in self.content.of_cohort(cohort):
            joined = self._joined(cohort, participant.siren)
            user = self.content.user_names(participant)[0]
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
                    if state in STEP_CLAIMED:
                        data = self._evidence(check, key, participant.siren)
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
            self._accompany(participant, joined, user)
            yield

    def _working_day(self, days_ago: int) -> dt.date:
        """A working day as long ago, or before; of a day to come, or after."""
        day = self.today - dt.timedelta(days_ago)
        while day.weekday() > 4:
            day += dt.timedelta(1 if days_ago < 0 else -1)
        return day

    def workshops(self, cohort: str) -> Iterator[None]:
        """Half a day for several collectivités at once, held and to come."""
        if self._is_over(cohort):
            return
        joined = [
            self._joined(cohort, participant.siren)
            for participant in self.content.of_cohort(cohort)
        ]
        together = [one for one in joined if one.adviser_id is not None][:4]
        ids = [one.id for one in together]
        known = model.Session.query(Visit.id).filter(
            Visit.participant_id.in_(ids), Visit.group_id.isnot(None)
        )
        if len(ids) < 2 or known.first() is not None:
            return
        for days_ago, topic in (
            (35, "Atelier : décrire un jeu de données"),
            (-9, "Atelier : publier les subventions"),
        ):
            _call(
                "challenge_visit_create",
                ADVISER,
                participants=ids,
                date=self._working_day(days_ago).isoformat(),
                starts_at="14:00",
                duration=180,
                days=0.5,
                topic=topic,
                place="https://visio.example.org/atelier",
            )
            yield

    def _accompany(
        self, participant: demo.Participant, joined: Participant, user: str
    ) -> None:
        """Its later days and visits, what is said, what it answers at the end."""
        given = model.Session.query(Extension).filter_by(participant_id=joined.id)
        for step, ahead, reason in participant.more_time[given.count() :]:
            _call(
                "challenge_extension_create",
                MANAGER,
                participants=[joined.id],
                step=step,
                due=(self.today + dt.timedelta(ahead)).isoformat(),
                reason=reason,
            )
        visits = (
            model.Session.query(Visit)
            .filter_by(participant_id=joined.id, group_id=None)
            .count()
        )
        for days_ago, days, topic, notes, *more in participant.visits[visits:]:
            _call(
                "challenge_visit_create",
                ADVISER,
                participant=joined.id,
                date=self._working_day(days_ago).isoformat(),
                days=days,
                topic=topic,
                notes=notes,
                **(more[0] if more else {}),
            )
        said = model.Session.query(ParticipantMessage).filter_by(
            participant_id=joined.id
        )
        for side, text in participant.messages[said.count() :]:
            _call(
                "challenge_participant_message_create",
                ADVISER if side == "staff" else user,
                participant=joined.id,
                text=text,
            )
        answered = model.Session.query(Feedback).filter_by(participant_id=joined.id)
        if participant.feedback and answered.first() is None:
            _call(
                "challenge_feedback_update",
                user,
                participant=joined.id,
                answers=participant.feedback,
            )

    def _evidence(self, check: PersonCheck, key: str, siren: str) -> dict[str, Any]:
        facts = self.content.facts(siren)
        if check.evidence == "link":
            page = f"https://www.example.org/{self.content.slug(siren)}/{key}"
            return {"evidence_url": page}
        if check.evidence == "none":
            return {"note": _NOTES_OF.get(key, _SOMEBODY)} if check.answer else {}
        proof = pdf.page(
            facts.name,
            [
                f"Pièce jointe à l'étape « {key} » du challenge.",
                "Document de démonstration : personne ne l'a signé.",
            ],
        )
        return {"evidence_file": _upload(proof, f"{key}.pdf", "application/pdf")}

    # --- datasets -------------------------------------------------------------

    @staticmethod
    def _is_over(season: str) -> bool:
        cohort = Cohort.get(season)
        return cohort is not None and cohort.state in COHORT_OVER

    def datasets(self, cohort: str) -> Iterator[None]:
        for participant in self.content.of_cohort(cohort):
            joined = self._joined(cohort, participant.siren)
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
        year = dataset.of_year(self.today)
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
        if "theme" in words:
            (fields["theme"],) = european.themes([words["theme"]])
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
            # What is given for each year ends with it; an inventory goes on.
            if year < self.today.year or "{year}" in words["title"]:
                fields["temporal_end"] = dt.date(year, 12, 31).isoformat()
        return fields

    def _file(
        self, participant: demo.Participant, dataset: Dataset, name: str
    ) -> dict[str, Any]:
        year = dataset.of_year(self.today)
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

    # --- the season to come -------------------------

    def applications(self) -> Iterator[None]:
        for wanted in self.content.applications:
            id_ = self._apply(
                demo.NEXT,
                wanted.siren,
                wanted.agents,
                wanted.motivation,
                answers=wanted.answers,
                letter=wanted.letter,
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
                        kind=wanted.kind or "",
                        fields=list(wanted.fields),
                    )
            self._talk_about(application, wanted)
            yield

    @staticmethod
    def _talk_about(application: Application, wanted: demo.Application) -> None:
        """What is said of an application, and the decision that waits for others."""
        said = (
            model.Session.query(Message)
            .filter_by(application_id=application.id)
            .count()
        )
        for side, text in wanted.messages[said:]:
            # The applicant speaks without an account: what the mailed link allows.
            context: Context = (
                {"user": MANAGER}
                if side == "staff"
                else {"user": "", "ignore_auth": True}
            )
            tk.get_action("challenge_application_message_create")(
                context, {"id": application.id, "text": text}
            )
        noted = model.Session.query(Note).filter_by(application_id=application.id)
        if wanted.note and noted.first() is None:
            _call(
                "challenge_application_note_create",
                MANAGER,
                id=application.id,
                text=wanted.note,
            )
        for name, scores, comment in wanted.scores:
            user = model.User.get(name)
            if Score.of(application.id, user.id if user else None) is None:
                _call(
                    "challenge_score_create",
                    name,
                    id=application.id,
                    scores=scores,
                    comment=comment,
                )
        if wanted.reviewer and application.reviewer_id is None:
            _call(
                "challenge_application_assign",
                MANAGER,
                id=application.id,
                reviewer=wanted.reviewer,
            )
        if wanted.pending and application.pending_decision is None:
            _call(
                "challenge_application_review",
                MANAGER,
                id=application.id,
                decision=wanted.pending,
                reason=wanted.reason or "",
                pending=True,
            )

    # --- a spreadsheet that somebody began to prepare ---

    def preparation(self) -> Iterator[None]:
        member = next(each for each in self.content.accounts if each.siren)
        participant = next(
            each for each in self.content.participants if each.siren == member.siren
        )
        place = self.content.place(participant)
        joined = self._joined(demo.CURRENT, participant.siren)
        begun = model.Session.query(Preparation.id).filter_by(
            organization_id=joined.organization_id
        )
        if begun.first() is None:
            year = self.today.year - 1
            table = tables.make("subventions", place, year, self.today)
            content = workbook.grants(table, place.name, year)
            _call(
                "challenge_preparation_create",
                member.name,
                organization=joined.organization_id,
                kit="subventions",
                upload=_upload(content, f"Subventions {year}.xlsx", _WORKBOOK),
            )
        yield

    # --- the end --------------------------------------------------------------

    def finish(self) -> Iterator[None]:
        packages = demo_packages(self.content, self.today)
        for resource_id in _resources_with_schema(packages):
            _system("challenge_conformity_check", resource_id=resource_id)
        yield
        timeline.spread_over_time(self.content, self.today, packages)
        # What was opened since the launch is counted from the launch as meant.
        self._dates_as_meant(demo.PAST)
        for state in COHORT.states:
            cohort = Cohort.get(demo.PAST)
            assert cohort is not None
            if state in COHORT_OVER and COHORT.allows(cohort.state, state):
                self._transition(demo.PAST, state)
        yield
        _call("challenge_evaluate", self.admin, all=True)
        timeline.date_results(packages)
        yield
        observatory.make_past(self.today, {demo.PAST: timeline.FINISHED})
        yield
        search.rebuild(package_ids=list(packages), quiet=True)
        search.commit()
        yield
        self._desk(demo.CURRENT)
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
    year = dataset.of_year(today)
    return f"{dataset.table}-{year}-{content.slug(participant.siren)}"[:100]


def demo_packages(content: Content, today: dt.date) -> dict[str, Dataset]:
    """Ids of the datasets that the demonstration made, in its own organizations."""
    planned = {
        dataset_name(content, participant, dataset, today): dataset
        for participant in (*content.participants, *content.alumni)
        for dataset in participant.datasets
    }
    found = (
        model.Session.query(model.Package.id, model.Package.name)
        .join(Participant, Participant.organization_id == model.Package.owner_org)
        .join(Cohort, Cohort.id == Participant.cohort_id)
        .filter(
            Cohort.name.in_((demo.CURRENT, demo.PAST)), model.Package.name.in_(planned)
        )
    )
    return {id_: planned[name] for id_, name in found}


def _resources_with_schema(packages: Sequence[str] | dict[str, Dataset]) -> list[str]:
    resources = model.Session.query(model.Resource).filter(
        model.Resource.package_id.in_(list(packages)),
        model.Resource.state == "active",
    )
    return [each.id for each in resources if (each.extras or {}).get("schema")]
