"""Credentials inside of pictures: put there, and found there again.

As Open Badges 3.0 has it (section 5.3): in SVG the element ``credential`` right after
the opening tag, in PNG a chunk ``iTXt`` that is not compressed. What is read may come
from anybody: sizes are bounded, no entity is resolved, no other file is looked at.
"""

from __future__ import annotations

import codecs
import re
import zlib
from collections.abc import Mapping
from xml.etree.ElementTree import ParseError

import png
from defusedxml.ElementTree import DefusedXMLParser
from openbadgeslib import baking
from openbadgeslib.errors import LibOpenBadgesException

#: Bytes of the largest file that is looked at; a badge of ours has less than 100,000.
MAX_FILE = 2 * 1024 * 1024
NAMESPACE = "https://purl.imsglobal.org/ob/v3p0"

_ELEMENT = f"{{{NAMESPACE}}}credential"
#: Elements inside of one another; what reads them keeps each until it ends.
_DEEPEST = 1000
_PNG = b"\x89PNG\r\n\x1a\n"
_JWT = re.compile(r"[\w-]+\.[\w-]+\.[\w-]+", re.ASCII)
_ROOT = re.compile(r"<svg\b[^>]*>")


class Unreadable(ValueError):
    """A file in which no credential is found.

    :ivar why: ``too_large``, ``broken`` (a picture that cannot be read), ``unknown``
        (neither a picture of these kinds nor text) or ``empty`` (a picture that
        carries nothing)
    """

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


def bake_svg(svg: str, jwt: str) -> str:
    """A drawing of ours that carries a credential.

    :param svg: its text, as :mod:`ckanext.challenge.svg` draws it
    :param jwt: the credential as a VC-JWT
    :raises ValueError: one of both is none
    """
    root = _ROOT.search(svg)
    if root is None or not _JWT.fullmatch(jwt):
        raise ValueError("A drawing and a signed credential are needed")
    head, rest = svg[: root.end() - 1], svg[root.end() :]
    return (
        f'{head} xmlns:openbadges="{NAMESPACE}">'
        f'<openbadges:credential verify="{jwt}"/>{rest}'
    )


def bake_png(picture: bytes, jwt: str) -> bytes:
    """A PNG file that carries a credential.

    :param jwt: the credential as a VC-JWT
    :raises ValueError: it is none
    """
    if not _JWT.fullmatch(jwt):
        raise ValueError("A signed credential is needed")
    return baking.bake_png(picture, jwt, keyword=baking.ITXT_KEYWORD_OB3)


def carried(content: bytes) -> str:
    """The credential in a file: a picture that carries one, or the credential itself.

    :param content: of a PNG or SVG file, or of a text, in UTF-8
    :returns: a VC-JWT or JSON, as it stands there: nothing is checked
    :raises Unreadable: there is none
    """
    if len(content) > MAX_FILE:
        raise Unreadable("too_large")
    if content.startswith(_PNG):
        found = _in_png(content)
    elif _looks_like_xml(content):
        found = _in_svg(content)
    else:
        found = _text(content)
    if not found or not found.strip():
        raise Unreadable("empty")
    return found.strip()


def is_picture(content: bytes) -> bool:
    """Whether it begins as a picture does that may carry a credential."""
    return content.startswith(_PNG) or _looks_like_xml(content)


def _looks_like_xml(content: bytes) -> bool:
    start = content[:64]
    for mark in (codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        start = start.removeprefix(mark)
    return start.replace(b"\0", b"").lstrip()[:1] == b"<"


def _text(content: bytes) -> str:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Unreadable("unknown") from None
    if "\0" in text:
        raise Unreadable("unknown")
    return text


def _in_png(content: bytes) -> str | None:
    try:
        return baking.extract_png(content, keyword=baking.ITXT_KEYWORD_OB3)
    except LibOpenBadgesException:
        # A few bytes that would become many.
        raise Unreadable("too_large") from None
    except (png.Error, zlib.error, ValueError, EOFError):
        raise Unreadable("broken") from None


class _Carrier:
    """Keeps what the first element ``credential`` says, and builds no tree: however
    wide the rest of the picture is, it takes no memory.
    """

    def __init__(self) -> None:
        self.found: str | None = None
        self._texts: list[str] = []
        self._level = 0
        self._inside: int | None = None

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        self._level += 1
        if self._level > _DEEPEST:
            raise ValueError("No drawing is that deep")
        if tag == _ELEMENT and self._inside is None and self.found is None:
            self._inside = self._level
            self.found = attributes.get("verify")

    def end(self, tag: str) -> None:
        if self._inside == self._level:
            self._inside = None
            if self.found is None:
                self.found = "".join(self._texts)
        self._level -= 1

    def data(self, text: str) -> None:
        if self._inside == self._level:
            self._texts.append(text)

    def close(self) -> None:
        return None


def _in_svg(content: bytes) -> str | None:
    carrier = _Carrier()
    parser = DefusedXMLParser(target=carrier, forbid_dtd=True)
    try:
        parser.feed(content)
        parser.close()
    except (ParseError, ValueError, LookupError):
        raise Unreadable("broken") from None
    return carrier.found
