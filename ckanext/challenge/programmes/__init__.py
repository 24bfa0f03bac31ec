"""The programmes that this portal knows, read from their files.

``ckanext.challenge.programmes`` lists the files, each ``module:path`` in the way of
ckanext-scheming; plugins that implement ``IChallenge.get_programmes`` add theirs.
Files are read once per process.

A season that runs keeps a copy of its programme, so that a file that changes, or goes
away, changes nothing for it: ask :func:`of` for the programme of a season.
"""

from __future__ import annotations

import importlib.util
import os
import threading
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any, Protocol

import yaml
from ckan import model, plugins
from sqlalchemy.dialects.postgresql import insert

from ckanext.challenge import config, measures
from ckanext.challenge.conformity import registry
from ckanext.challenge.domain import european
from ckanext.challenge.domain.programme import (
    Badge,
    Known,
    Programme,
    ProgrammeError,
    ProgrammeMissing,
    kits_file,
    parse,
    restore,
)
from ckanext.challenge.domain.programme_check import Path, Problem, advice
from ckanext.challenge.interfaces import IChallenge
from ckanext.challenge.model import KeptProgramme, catalog
from ckanext.challenge.model.base import utcnow

from .frequencies import frequencies

_lock = threading.Lock()
_loaded: dict[tuple[str, ...], dict[str, Programme]] = {}
#: The copies that were read, by digest: what has a digest never changes.
_kept: dict[str, Programme] = {}


class CohortLike(Protocol):
    """What has a programme: a cohort, or a row that says as much of one."""

    @property
    def programme(self) -> str:
        """The name of its programme."""
        ...

    @property
    def programme_digest(self) -> str | None:
        """The copy that it keeps, if it runs."""
        ...


class Awarded(CohortLike, Protocol):
    """What says which badge was given: a row of an award, joined with its season."""

    @property
    def badge(self) -> str:
        """The key of the badge."""
        ...


def of(cohort: CohortLike) -> Programme:
    """Return the programme of a season: the copy that it keeps, else the portal's.

    The copy is read with one statement, once per process.

    :raises ProgrammeMissing: when it keeps none and the portal does not have its
        programme
    :raises ProgrammeError: when one of the portal's files cannot be used
    """
    digest = cohort.programme_digest
    if digest is None:
        return get(cohort.programme)
    found = _kept.get(digest)
    if found is None:
        copy = KeptProgramme.get(digest)
        if copy is None:
            return get(cohort.programme)
        source = f"{copy.name} version {copy.version}"
        found = _kept[digest] = restore(copy.document, source)
    return found


def badges(name: str | None = None) -> dict[str, tuple[Programme, Badge]]:
    """Return badges by key, each with the programme that has it first.

    :param name: only those of the programme of that name
    :raises ProgrammeError: when one of the portal's files cannot be used
    """
    found: dict[str, tuple[Programme, Badge]] = {}
    for known in all():
        if name is None or known.name == name:
            for badge in known.badges:
                found.setdefault(badge.key, (known, badge))
    return found


def badges_without_cohort() -> tuple[tuple[Programme, Badge], ...]:
    """Return the badges that any organization earns, in a season or outside one.

    Each with the programme that has it first.

    :raises ProgrammeError: when one of the portal's files cannot be used
    """
    found: dict[str, tuple[Programme, Badge]] = {}
    for known in all():
        for badge in known.badges:
            if badge.scope == "organization":
                found.setdefault(badge.key, (known, badge))
    return tuple(found.values())


def badge_of(award: Awarded) -> tuple[Programme, Badge] | None:
    """Return the badge of an award, and the programme it was earned with.

    That of its season's copy first; else what the portal has under that key; ``None``
    where it has it no longer.

    :raises ProgrammeError: when one of the portal's files cannot be used
    """
    try:
        programme = of(award)
    except KeyError:
        programme = None
    return find_badge(award.badge, programme, award.programme)


def find_badge(
    key: str, cohort: Programme | None, named: str | None
) -> tuple[Programme, Badge] | None:
    """Return a badge by its key, and the programme that has it.

    :param cohort: where to look first
    :param named: the name of the programme where to look then, before all others
    :raises ProgrammeError: when one of the portal's files cannot be used
    """
    if cohort is not None and key in cohort.badges_by_key:
        return cohort, cohort.badges_by_key[key]
    return badges(named).get(key) or badges().get(key)


def keep(programme: Programme) -> str:
    """Keep a copy of a programme, in the current transaction, if there is none yet.

    :returns: its digest, for ``Cohort.programme_digest``
    """
    model.Session.execute(
        insert(KeptProgramme.__table__)
        .values(
            digest=programme.digest,
            name=programme.name,
            version=programme.version,
            document=programme.document,
            kept_at=utcnow(),
        )
        .on_conflict_do_nothing()
    )
    return programme.digest


def get(name: str) -> Programme:
    """Return a programme by its name.

    :raises ProgrammeMissing: when the portal does not have it
    :raises ProgrammeError: when one of the portal's files cannot be used
    """
    try:
        return _programmes()[name]
    except KeyError:
        raise ProgrammeMissing(name) from None


def all() -> tuple[Programme, ...]:
    """Return all programmes, in the order in which they are configured.

    :raises ProgrammeError: when one of the files cannot be used
    """
    return tuple(_programmes().values())


def names() -> tuple[str, ...]:
    """Return the names of all programmes."""
    return tuple(_programmes())


def forget() -> None:
    """Read the files, and the copies, again at the next use."""
    _loaded.clear()
    _kept.clear()


def sources() -> tuple[str, ...]:
    """Return the files of all programmes: the configured ones, then the plugins'."""
    listed = list(config.programmes())
    for plugin in plugins.PluginImplementations(IChallenge):
        listed += plugin.get_programmes()
    return tuple(dict.fromkeys(listed))


def _programmes() -> dict[str, Programme]:
    # The sources are the key, so that a changed configuration shows at once.
    files = sources()
    found = _loaded.get(files)
    if found is None:
        with _lock:
            found = _loaded.get(files) or _read(files)
            _loaded.clear()
            _loaded[files] = found
    return found


def _read(files: tuple[str, ...]) -> dict[str, Programme]:
    known = vocabulary()
    programmes: dict[str, Programme] = {}
    for source in files:
        programme = load(source, known)
        if programme.name in programmes:
            raise ProgrammeError(
                source,
                [
                    Problem(
                        ("name",),
                        f"{programme.name} is the name of "
                        f"{programmes[programme.name].source} too, expected another",
                    )
                ],
            )
        programmes[programme.name] = programme
    return programmes


def vocabulary() -> Known:
    """Return what this portal knows that a programme file may name."""
    return Known(
        measures=measures.registry.known().keys(),
        seasonal=measures.registry.seasonal(),
        schemas=registry.ids(),
        frequencies=frequencies().keys(),
    )


def load(source: str, known: Known = Known()) -> Programme:  # noqa: B008 (frozen)
    """Read one programme file, and the file of kits that it names.

    :param source: ``module:path``, or the path of a file
    :param known: what there is that it may name; by default nothing of it is checked
    :raises ProgrammeError: with all that is wrong: the file, its line, the path inside
        it, what is there and what was expected
    """
    document = _yaml(source, source)
    kits: Any = None
    kits_source = kits_file(document) if isinstance(document, dict) else None
    if kits_source is not None:
        kits = _yaml(kits_source, source)
    try:
        return parse(document, source, known=known, kits=kits, kits_source=kits_source)
    except ProgrammeError as error:
        raise ProgrammeError(source, _with_lines(error.problems, source)) from None
    except RecursionError as error:  # an alias of YAML that holds itself
        problem = Problem((), "goes round in a circle, expected an end", kits_source)
        raise ProgrammeError(source, [problem]) from error


def advise(programme: Programme) -> list[Problem]:
    """Return what does not stop a programme and still deserves a look."""
    listed = catalog.listed_licences()
    # Under whatever name the portal's list has them.
    ours = {id_ for id_ in european.LAWFUL if catalog.own_licence(id_) in listed}
    found = advice(programme.document, Known(licences={*listed, *ours}))
    return list(_with_lines(found, programme.source))


def _with_lines(problems: Iterable[Problem], source: str) -> Iterator[Problem]:
    """The problems with the line of their file, for people who look for the place."""
    trees: dict[str, yaml.Node | None] = {}
    for problem in problems:
        name = problem.source or source
        if name not in trees:
            with open(_path(name), encoding="utf-8") as file:
                trees[name] = yaml.compose(file, Loader=_Loader)
        tree = trees[name]
        yield replace(problem, line=_line(tree, problem.path)) if tree else problem


def _line(node: yaml.Node, path: Path) -> int:
    """The line on which a place of a document begins, or what there is of it."""
    line = node.start_mark.line + 1
    for part in path:
        if isinstance(node, yaml.MappingNode):
            found = [pair for pair in node.value if pair[0].value == part]
            if not found:
                break
            line, node = found[0][0].start_mark.line + 1, found[0][1]
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int):
            node = node.value[part]
            line = node.start_mark.line + 1
        else:
            break
    return line


def _path(source: str) -> str:
    """Return the path of ``module:path``, or of a plain path.

    :raises FileNotFoundError: when the module or the file does not exist
    """
    module, separator, path = source.partition(":")
    if not separator or os.path.exists(source):
        return source
    try:
        spec = importlib.util.find_spec(module)
    except (ImportError, ValueError):
        spec = None
    if spec is None or not spec.submodule_search_locations:
        raise FileNotFoundError(f"no module {module}")
    folders = list(spec.submodule_search_locations)
    for folder in folders:
        if os.path.exists(os.path.join(folder, path)):
            return os.path.join(folder, path)
    return os.path.join(folders[0], path)


class _Loader(yaml.SafeLoader):
    """Refuses a key that stands twice in one mapping, which YAML would swallow."""

    def construct_mapping(
        self, node: yaml.MappingNode, deep: bool = False
    ) -> dict[Any, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                continue
            if key.value in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key {key.value} stands twice", key.start_mark
                )
            seen.add(key.value)
        return super().construct_mapping(node, deep)


def _yaml(source: str, programme: str) -> Any:
    def wrong(message: str) -> ProgrammeError:
        return ProgrammeError(programme, [Problem((), message, source)])

    try:
        with open(_path(source), encoding="utf-8") as file:
            return yaml.load(file, Loader=_Loader)
    except FileNotFoundError as error:
        raise wrong("no such file, expected module:path or a path") from error
    except OSError as error:
        raise wrong(f"cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise wrong(f"byte {error.start} is not UTF-8, expected UTF-8") from error
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
        problem = error.problem or error.context
        raise wrong(f"{line}{problem}, expected YAML") from error
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise wrong(f"{error}, expected YAML") from error
