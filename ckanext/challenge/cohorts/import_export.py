"""Seasons in a file, YAML or JSON, to keep them or to take them elsewhere."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import click
import yaml

#: How a file's name ends, and what is in it then.
SUFFIXES = {".yaml": "yaml", ".yml": "yaml", ".json": "json"}


class CohortFileError(Exception):
    """A file that holds no seasons; the message says where and what was expected."""


# As people write the parts of a season; the database has an order of its own.
_ORDER = (
    *("key", "value", "name", "source", "quote", "user", "label", "help"),
    *("fr", "en", "type", "choices", "required", "amount", "author", "role"),
    *("url", "logo_url"),
)


def _in_order(value: Any) -> Any:
    """The same, with the parts of each object in the order of :data:`_ORDER`."""
    if isinstance(value, list):
        return [_in_order(part) for part in value]
    if isinstance(value, dict):
        known = [name for name in _ORDER if name in value]
        rest = [name for name in value if name not in _ORDER]
        return {name: _in_order(value[name]) for name in (*known, *rest)}
    return value


class _Dumper(yaml.SafeDumper):
    """Writes texts of several lines as they are read, not in one line."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        # Lists are indented below their key, as people write them.
        super().increase_indent(flow, False)


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _text)


def _format(path: Path) -> str:
    found = SUFFIXES.get(path.suffix.lower())
    if found is None:
        raise CohortFileError(
            f"{path}: the name of the file has to end with {' or '.join(SUFFIXES)}"
        )
    return found


def dump(seasons: Sequence[Mapping[str, Any]], format_: str = "yaml") -> str:
    """The text of a file with these seasons.

    :param format_: ``yaml`` or ``json``
    """
    listed = [
        {name: _in_order(value) for name, value in cohort.items()} for cohort in seasons
    ]
    if format_ == "json":
        return json.dumps(listed, ensure_ascii=False, indent=2) + "\n"
    return yaml.dump(
        listed,
        Dumper=_Dumper,
        allow_unicode=True,
        sort_keys=False,
        width=88,
    )


def write(path: Path, seasons: Sequence[Mapping[str, Any]]) -> None:
    """Write seasons into a file; what was there stays until all is written.

    :raises SeasonFileError: when the file cannot be written
    """
    text = dump(seasons, _format(path))
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(text)
            # mkstemp lets nobody else read it; a file of this umask is expected.
            umask = os.umask(0)
            os.umask(umask)
            Path(name).chmod(0o666 & ~umask)
            Path(name).replace(path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise CohortFileError(f"{path}: {error.strerror}") from None


def read(path: Path, fields: Collection[str]) -> list[dict[str, Any]]:
    """The seasons of a file.

    :param path: ``-`` for the standard input
    :param fields: the names that a season may have
    :returns: at least one, each with a ``name``
    :raises SeasonFileError: with everything that is wrong in their form
    """
    # YAML has JSON in it: what comes in without a name may be either.
    format_ = "yaml" if str(path) == "-" else _format(path)
    try:
        with click.open_file(str(path), "rb") as file:
            text = file.read().decode("utf-8-sig")
    except OSError as error:
        raise CohortFileError(f"{path}: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise CohortFileError(
            f"{path}: byte {error.start + 1} is not UTF-8; save the file as UTF-8"
        ) from None
    try:
        content = json.loads(text) if format_ == "json" else yaml.safe_load(text)
    except json.JSONDecodeError as error:
        raise CohortFileError(
            f"{path}, line {error.lineno}, column {error.colno}: {error.msg}"
        ) from None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        place = f", line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        raise CohortFileError(f"{path}{place}: {error.problem}") from None
    except yaml.YAMLError as error:
        raise CohortFileError(f"{path}: {error}") from None
    seasons = [content] if isinstance(content, Mapping) else content
    if not isinstance(seasons, list) or not seasons:
        raise CohortFileError(f"{path}: expected a list of seasons")
    problems = [
        f"{path}, season {number}: {problem}"
        for number, cohort in enumerate(seasons, start=1)
        for problem in _problems(cohort, fields)
    ]
    names = [cohort.get("name") for cohort in seasons if isinstance(cohort, Mapping)]
    problems += [
        f"{path}: the name {name} stands {names.count(name)} times"
        for name in dict.fromkeys(names)
        if isinstance(name, str) and names.count(name) > 1
    ]
    if problems:
        raise CohortFileError("\n".join(problems))
    return [dict(cohort) for cohort in seasons]


def _problems(cohort: object, fields: Collection[str]) -> list[str]:
    if not isinstance(cohort, Mapping):
        return ["expected fields with their values"]
    found = [
        f"unknown field {field}, expected one of: {', '.join(fields)}"
        for field in cohort
        if field not in fields
    ]
    if not isinstance(cohort.get("name"), str) or not cohort["name"].strip():
        found.append("expected a name: its address under /challenge/")
    return found
