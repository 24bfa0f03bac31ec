"""What the docstring of an action says, taken apart, to document the API."""

from __future__ import annotations

import re
from dataclasses import dataclass

import docstring_parser
from docstring_parser import DocstringStyle

#: By the word that a docstring has for a type, that of JSON Schema.
_TYPES = {
    "string": "string",
    "int": "integer",
    "integer": "integer",
    "number": "number",
    "bool": "boolean",
    "boolean": "boolean",
    "dict": "object",
}
_SENTENCE = re.compile(r"[^\n]+?\.(?=\s|$)")
#: Roles of Sphinx, of which a reader wants the name alone.
_ROLE = re.compile(r":[a-z:]+:`[~.]*([^`]*)`")


@dataclass(frozen=True)
class Parameter:
    """What an action takes.

    :ivar kind: ``string``, ``integer``, ``number``, ``boolean``, ``array``, ``object``,
        ``file``, or nothing where its text alone says what it is
    """

    name: str
    kind: str
    text: str


@dataclass(frozen=True)
class Described:
    """What an action does.

    :ivar summary: its first sentence
    :ivar text: what else is said of it, who may call it first
    :ivar returns: what it answers
    """

    name: str
    summary: str
    text: str
    parameters: tuple[Parameter, ...]
    returns: str


def described(name: str, docstring: str) -> Described:
    """Take a docstring apart whose fields are those of Sphinx.

    :param name: of the action
    :raises ValueError: it has no first sentence
    """
    found = docstring_parser.parse(docstring, style=DocstringStyle.REST)
    said = _plain(found.description)
    first = _SENTENCE.match(said)
    if first is None:
        raise ValueError(f"{name} says nothing of itself")
    return Described(
        name,
        first.group(),
        said[first.end() :].strip(),
        tuple(
            Parameter(one.arg_name, _kind(one.type_name), _plain(one.description))
            for one in found.params
        ),
        _plain(found.returns.description if found.returns else ""),
    )


def _plain(text: str | None) -> str:
    """Without roles, and with one line for each paragraph."""
    paragraphs = re.split(r"\n\s*\n", (text or "").strip())
    lines = [" ".join(one.split()) for one in paragraphs]
    return _ROLE.sub(r"``\1``", "\n\n".join(lines)).replace("````", "``")


def _kind(told: str | None) -> str:
    words = (told or "").split("\n")[0]
    if "file" in words.lower():
        return "file"
    if words.startswith("list"):
        return "array"
    # What may be several things is told in its text.
    return _TYPES.get(words, "")
