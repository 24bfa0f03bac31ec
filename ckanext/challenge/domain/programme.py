"""Programmes: the phases, steps, badges and kits of a season.

A programme is written as a file (``programmes/*.yaml``); :func:`parse` turns its
content into a :class:`Programme`, or says everything that is wrong with it.
"""

from __future__ import annotations

import functools
import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from . import questions
from .criteria import (
    AllOf,
    AnyOf,
    Criterion,
    StepDone,
    StepsDone,
    Threshold,
    measures_of,
    parts,
)
from .deadlines import Due
from .european import DEFAULT_THEME
from .programme_check import (
    Known,
    Path,
    ProgrammeError,
    checkable,
    chosen_problems,
    cross_problems,
    kit_problems,
    schema_problems,
)
from .questions import Question
from .text import Text


class ProgrammeMissing(KeyError):
    """The portal does not have the programme that a season names."""


@dataclass(frozen=True)
class Phase:
    """A heading of the programme, under which its steps stand."""

    key: str
    title: Text
    description: Text
    colour: str | None = None


@dataclass(frozen=True)
class CatalogCheck:
    """A step that the catalogue proves by itself."""

    criteria: Criterion


@dataclass(frozen=True)
class PersonCheck:
    """A step that people say they have done.

    :ivar evidence: what they give as a proof: ``none``, ``link`` or ``file``
    :ivar confirm: whether an adviser confirms it
    :ivar feedback: whether it is done by sending the programme's final form, and
        cannot be set by hand
    :ivar answer: whether it asks for something to be written: a name, a choice, a list
    :ivar from_application: what of an accepted application answers it already: the
        elected sponsor, the contact, or the resolution or letter that came with it
    """

    evidence: Literal["none", "link", "file"] = "none"
    confirm: bool = False
    feedback: bool = False
    answer: bool = False
    from_application: Literal["elected_sponsor", "contact", "commitment"] | None = None


@dataclass(frozen=True)
class Step:
    """One thing to do in a season.

    :ivar effort_minutes: how long it takes, about
    :ivar required: whether *challenge relevé* needs it
    :ivar done: what is so once it is done, where that is told: « Une personne élue est
        désignée »
    """

    key: str
    phase: str
    title: Text
    help: Text
    effort_minutes: int
    due: Due | None
    required: bool
    check: CatalogCheck | PersonCheck
    done: Text | None = None

    @property
    def fact(self) -> Text:
        """What is so once it is done; its title where the programme does not say."""
        return self.done or self.title

    @property
    def source(self) -> Literal["catalog", "person"]:
        """Who sets it: ``catalog`` or ``person``."""
        return "catalog" if isinstance(self.check, CatalogCheck) else "person"

    @property
    def measures(self) -> frozenset[str]:
        """The names of the measures that prove it; none for a step of people."""
        if isinstance(self.check, CatalogCheck):
            return measures_of(self.check.criteria)
        return frozenset()

    @property
    def evidence(self) -> Literal["none", "link", "file"]:
        """What its people give as a proof; ``none`` for a step of the catalogue."""
        return self.check.evidence if isinstance(self.check, PersonCheck) else "none"

    @property
    def confirm(self) -> bool:
        """Whether an adviser confirms it."""
        return isinstance(self.check, PersonCheck) and self.check.confirm

    @property
    def answer(self) -> bool:
        """Whether something is to be written before it is done."""
        return isinstance(self.check, PersonCheck) and self.check.answer

    @property
    def feedback(self) -> bool:
        """Whether it is done by sending the programme's final form."""
        return isinstance(self.check, PersonCheck) and self.check.feedback


@dataclass(frozen=True)
class Badge:
    """What can be earned.

    :ivar level: 1 to 3, ``None`` for a badge without levels
    :ivar icon: name of a Font Awesome icon, without ``fa-``
    :ivar colour: ``#rrggbb``
    :ivar shape: outline of its picture: circle, hexagon, shield, square or star
    :ivar policy: ``permanent`` (kept for ever) or ``maintained``
    :ivar grace_days: how long a maintained badge outlives its criteria
    :ivar scope: ``cohort`` (earned in a season) or ``organization``
    """

    key: str
    title: Text
    description: Text
    level: int | None
    icon: str
    colour: str
    shape: str
    criteria: Criterion
    policy: Literal["permanent", "maintained"]
    grace_days: int
    scope: Literal["cohort", "organization"]


@dataclass(frozen=True)
class Kit:
    """A dataset that a collectivité typically opens.

    :ivar holder: who holds the data in the organization
    :ivar schema: id of its national schema, e.g. ``scdl/deliberations``
    :ivar frequency: recommended, a code of the EU's vocabulary in lower case
    :ivar licence: recommended, an id of the portal's licence list
    :ivar effort_minutes: how long opening it takes, about
    :ivar kinds: the kinds of collectivités for which it fits; all if empty
    :ivar population: from how many and up to how many inhabitants it fits
    :ivar dataset_title: title to propose; ``{name}`` stands for the organization
    :ivar dataset_notes: description to propose, likewise
    :ivar tags: tags to propose
    :ivar themes: data themes of the European Union, by their codes
    :ivar high_value: its high-value category, of :data:`.european.HIGH_VALUE`
    """

    key: str
    title: Text
    why: Text
    holder: Text
    schema: str | None
    frequency: str | None
    licence: str | None
    effort_minutes: int
    kinds: tuple[str, ...]
    population: tuple[int | None, int | None]
    dataset_title: Text
    dataset_notes: Text
    tags: tuple[str, ...]
    themes: tuple[str, ...] = (DEFAULT_THEME,)
    high_value: str | None = None

    def fits(self, kind: str | None, population: int | None) -> bool:
        """Say whether the kit suits a collectivité; what is not known excludes none."""
        if self.kinds and kind is not None and kind not in self.kinds:
            return False
        least, most = self.population
        if population is None:
            return True
        return (least is None or population >= least) and (
            most is None or population <= most
        )


@dataclass(frozen=True)
class Programme:
    """The phases, steps, badges and kits of a season.

    :ivar name: as cohorts name it
    :ivar version: grows with each change that is published
    :ivar feedback: the questions of the form at the end of the season
    :ivar source: the file it was read from
    :ivar digest: SHA-256 of its content, to tell two programmes apart
    """

    name: str
    version: int
    title: Text
    description: Text
    phases: tuple[Phase, ...]
    steps: tuple[Step, ...]
    badges: tuple[Badge, ...]
    kits: tuple[Kit, ...]
    feedback: tuple[Question, ...] = ()
    source: str = ""
    digest: str = ""
    document: Mapping[str, Any] = field(
        default_factory=dict, repr=False, hash=False, compare=False
    )

    @functools.cached_property
    def steps_by_key(self) -> dict[str, Step]:
        """Its steps by their keys."""
        return {step.key: step for step in self.steps}

    @functools.cached_property
    def phases_by_key(self) -> dict[str, Phase]:
        """Its phases by their keys."""
        return {phase.key: phase for phase in self.phases}

    @functools.cached_property
    def badges_by_key(self) -> dict[str, Badge]:
        """Its badges by their keys."""
        return {badge.key: badge for badge in self.badges}

    @functools.cached_property
    def kits_by_key(self) -> dict[str, Kit]:
        """Its kits by their keys."""
        return {kit.key: kit for kit in self.kits}

    @functools.cached_property
    def feedback_step(self) -> Step | None:
        """The step that is done by sending the final form, if there is one."""
        return next((step for step in self.steps if step.feedback), None)

    @functools.cached_property
    def required(self) -> tuple[str, ...]:
        """The keys of its required steps."""
        return tuple(step.key for step in self.steps if step.required)

    @functools.cached_property
    def measures(self) -> frozenset[str]:
        """The names of all measures that its criteria look at."""
        names: set[str] = set()
        for step in self.steps:
            names |= step.measures
        for badge in self.badges:
            names |= measures_of(badge.criteria)
        return frozenset(names)

    def steps_of(self, phase: str) -> tuple[Step, ...]:
        """Return the steps of a phase, in the order of the file."""
        return tuple(step for step in self.steps if step.phase == phase)

    @functools.cached_property
    def phase_order(self) -> dict[str, int]:
        """The place of each phase, by its key."""
        return {phase.key: index for index, phase in enumerate(self.phases)}

    @functools.cached_property
    def worth(self) -> dict[str, tuple[str, ...]]:
        """For each step, the keys of the badges that it brings nearer."""
        return {
            step.key: tuple(
                badge.key for badge in self.badges if self._brings_nearer(step, badge)
            )
            for step in self.steps
        }

    @staticmethod
    def _brings_nearer(step: Step, badge: Badge) -> bool:
        measures = step.measures
        return any(
            (isinstance(part, StepDone) and part.step == step.key)
            or (isinstance(part, StepsDone) and step.required)
            or (isinstance(part, Threshold) and part.measure in measures)
            for part in parts(badge.criteria)
        )


def parse(
    document: object,
    source: str,
    *,
    known: Known = Known(),  # noqa: B008 (frozen)
    kits: object = None,
    kits_source: str | None = None,
) -> Programme:
    """Make a programme of the content of its file.

    :param document: what the file holds
    :param source: the file's name, for error messages and for the default name
    :param known: what the portal knows that programmes name
    :param kits: what the file of kits holds, where ``document["kits"]`` names one
    :param kits_source: the name of that file
    :raises ProgrammeError: with all that is wrong
    """
    problems = list(schema_problems(document, "#"))
    if not isinstance(document, dict):
        raise ProgrammeError(source, problems)
    problems += cross_problems(checkable(document, problems), known)
    listed: Any = document.get("kits", [])
    kits_path: Path = ("kits",)
    if kits_file(document) is None:
        kits_source = None
        wrong = [problem for problem in problems if problem.path[:1] == kits_path]
    else:
        listed, kits_path = kits if kits is not None else [], ()
        wrong = [
            replace(problem, source=kits_source)
            for problem in schema_problems(listed, "#/$defs/kits")
        ]
        problems += wrong
    if not wrong:
        problems += kit_problems(listed, kits_path, kits_source, known)
        only = document["kits"].get("only") if _chooses_kits(document) else None
        if only is not None:
            problems += chosen_problems(only, listed, ("kits", "only"))
            listed = [kit for kit in listed if kit["key"] in only]
    if problems:
        raise ProgrammeError(source, problems)
    name = document.get("name") or default_name(source)
    return restore({**document, "name": name, "kits": listed}, source)


def _chooses_kits(document: Mapping[str, Any]) -> bool:
    return isinstance(document.get("kits"), Mapping)


def kits_file(document: Mapping[str, Any]) -> str | None:
    """Return the file of kits that a document names, if it does not list its own."""
    named = document["kits"].get("file") if _chooses_kits(document) else None
    named = named if named is not None else document.get("kits")
    return named if isinstance(named, str) else None


def restore(document: Mapping[str, Any], source: str) -> Programme:
    """Make a programme of the document of another, which was checked when it was read.

    So a copy that was kept is understood as long as the code can read it, though its
    file, or a measure that it names, is there no more.

    :param document: ``Programme.document``
    :param source: where it is from, to be shown
    """
    return Programme(
        name=document["name"],
        version=document["version"],
        title=Text.of(document["title"]),
        description=_text(document, "description"),
        phases=tuple(
            Phase(
                key=phase["key"],
                title=Text.of(phase["title"]),
                description=_text(phase, "description"),
                colour=phase.get("colour"),
            )
            for phase in document["phases"]
        ),
        steps=tuple(_step(step) for step in document["steps"]),
        badges=tuple(_badge(badge) for badge in document.get("badges", [])),
        kits=tuple(_kit(kit) for kit in document["kits"]),
        feedback=tuple(questions.read(document.get("feedback", []))),
        source=source,
        digest=hashlib.sha256(
            json.dumps(document, sort_keys=True, ensure_ascii=False).encode()
        ).hexdigest(),
        document=document,
    )


def default_name(source: str) -> str:
    """Return the name of a programme that does not say its own.

    It is that of its file: ``saison`` for ``ckanext.challenge:programmes/saison.yaml``.
    """
    return re.split(r"[/:\\]", source)[-1].rsplit(".", 1)[0]


def _text(written: Mapping[str, Any], name: str) -> Text:
    return Text.of(written.get(name, {}))


def _criterion(written: Mapping[str, Any]) -> Criterion:
    if "measure" in written:
        return Threshold(written["measure"], written["at_least"])
    if "step" in written:
        return StepDone(written["step"])
    if "steps" in written:
        return StepsDone()
    if "all" in written:
        return AllOf(tuple(_criterion(part) for part in written["all"]))
    return AnyOf(tuple(_criterion(part) for part in written["any"]))


def _step(written: Mapping[str, Any]) -> Step:
    check = written["check"]
    due = written.get("due")
    return Step(
        key=written["key"],
        phase=written["phase"],
        title=Text.of(written["title"]),
        help=_text(written, "help"),
        effort_minutes=written.get("effort_minutes", 30),
        due=Due(due["milestone"], due.get("days", 0)) if due else None,
        required=written.get("required", True),
        done=Text.of(written["done"]) if "done" in written else None,
        check=(
            CatalogCheck(_criterion(check["catalog"]))
            if "catalog" in check
            else PersonCheck(
                check["person"].get("evidence", "none"),
                check["person"].get("confirm", False),
                check["person"].get("feedback", False),
                check["person"].get("answer", False),
                check["person"].get("from_application"),
            )
        ),
    )


def _badge(written: Mapping[str, Any]) -> Badge:
    return Badge(
        key=written["key"],
        title=Text.of(written["title"]),
        description=Text.of(written["description"]),
        level=written.get("level"),
        icon=written.get("icon", "award"),
        colour=written.get("colour", "#1c6b3d"),
        shape=written.get("shape", "circle"),
        criteria=_criterion(written["criteria"]),
        policy=written.get("policy", "permanent"),
        grace_days=written.get("grace_days", 0),
        scope=written.get("scope", "cohort"),
    )


def _kit(written: Mapping[str, Any]) -> Kit:
    population = written.get("population", {})
    return Kit(
        key=written["key"],
        title=Text.of(written["title"]),
        why=Text.of(written["why"]),
        holder=_text(written, "holder"),
        schema=written.get("schema"),
        frequency=written.get("frequency"),
        licence=written.get("licence"),
        effort_minutes=written.get("effort_minutes", 60),
        kinds=tuple(written.get("kinds", ())),
        population=(population.get("at_least"), population.get("at_most")),
        dataset_title=Text.of(written.get("dataset_title", written["title"])),
        dataset_notes=_text(written, "dataset_notes"),
        tags=tuple(written.get("tags", ())),
        themes=tuple(written.get("themes", (DEFAULT_THEME,))),
        high_value=written.get("high_value"),
    )
