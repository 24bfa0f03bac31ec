"""Following every link that pages show, and trying every form that they offer."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from unittest import mock
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit

from ckan import model
from lxml import html
from sqlalchemy.orm import Session

from .browser import Browser

#: The beginning of a picture, by which it is known.
_PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x06\0\0\0"
#: The smallest file that is a PDF.
_PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
_FIELDS = "*[self::input or self::select or self::textarea]"
_REFUSED = (
    "//*[contains(@class, 'challenge-errors') or contains(@class, 'challenge-error ')"
    " or @class='challenge-error' or contains(@class, 'alert-danger')"
    " or contains(@class, 'alert-error')]"
)


@dataclass
class Offer:
    """A form of a page, with one of its buttons pressed and its fields filled in."""

    page: str
    action: str
    method: str
    data: list[tuple[str, Any]]

    def name(self) -> str:
        """Its address, and what its button says."""
        said = [
            f"{name}={value}"
            for name, value in self.data
            if name in ("do", "to", "state", "decision", "confirmed", "save")
        ]
        where = self.action.partition("?")[0].partition("#")[0]
        return f"{self.method} {where} {' '.join(said)}".strip()


@dataclass
class Crawl:
    """All that somebody finds from some pages on.

    :ivar inside: what an address begins with, that it is looked at for more
    :ivar typed: what is typed into fields, by the end of their names
    :ivar ticked: the boxes that are ticked, by their names
    :ivar wrong: what did not work: address, where it was found, and why
    """

    browser: Browser
    inside: re.Pattern[str]
    typed: dict[str, str] = field(default_factory=dict)
    ticked: frozenset[str] = frozenset()
    wrong: list[str] = field(default_factory=list)
    pages: set[str] = field(default_factory=set)
    forms: set[str] = field(default_factory=set)

    def run(self, *starts: str) -> Crawl:
        """Go from page to page; each is asked for once, as is each kind of filter."""
        waiting = [(start, "") for start in starts]
        seen: set[Any] = set()
        while waiting:
            path, found_on = waiting.pop(0)
            if (kind := _kind(path)) in seen:
                continue
            if len(kind[1]) > 2 and (kind[0], ()) in seen:
                # Filters of filters.
                continue
            seen.add(kind)
            try:
                answer = self.browser.get(path, follow_redirects=True)
            except RuntimeError:  # it leads to another site
                continue
            if answer.status_code != 200:
                self._say(f"GET {path}", found_on, f"answers {answer.status_code}")
                continue
            here = answer.request.path
            if not self.inside.match(here) or answer.mimetype != "text/html":
                continue
            self.pages.add(here)
            page = html.document_fromstring(answer.get_data(as_text=True))
            waiting += [(link, path) for link in _links(page, path)]
            for offer in self._offers(page, path):
                if offer.method == "get":
                    query = urlencode([pair for pair in offer.data if pair[1]])
                    waiting.append((f"{offer.action}?{query}", path))
                elif offer.name() not in self.forms:
                    self.forms.add(offer.name())
                    self._try(offer)
        return self

    def _say(self, what: str, page: str, why: str) -> None:
        self.wrong.append(f"{what} (on {page}): {why}")

    def _try(self, offer: Offer) -> None:
        """Send a form, and keep nothing of what it did."""
        data: dict[str, Any] = {}
        for name, value in offer.data:
            data.setdefault(name, []).append(value)
        with mock.patch.object(Session, "commit", Session.flush):
            answer = self.browser.client.post(
                offer.action, data=data, content_type="multipart/form-data"
            )
        model.Session.rollback()
        if answer.status_code >= 400:
            self._say(offer.name(), offer.page, f"answers {answer.status_code}")
            return
        if answer.status_code in (301, 302, 303):
            answer = self.browser.get(answer.headers["Location"], follow_redirects=True)
        text = answer.get_data(as_text=True)
        if answer.mimetype == "text/html" and text:
            said = html.document_fromstring(text).xpath(_REFUSED)
            if said:
                words = " ".join(" ".join(one.text_content() for one in said).split())
                self._say(offer.name(), offer.page, words[:300])

    def _offers(self, page: Any, path: str) -> Iterator[Offer]:
        for form in page.xpath("//main//form | //*[@role='main']//form"):
            action = urljoin(path, form.get("action") or path)
            if not _own(action):
                continue
            method = (form.get("method") or "get").lower()
            fields = [*form.xpath(f".//{_FIELDS}")]
            if form.get("id"):
                fields += page.xpath(f"//{_FIELDS}[@form=$id]", id=form.get("id"))
            data = list(self._filled(fields))
            buttons = form.xpath(".//button[not(@type) or @type='submit']")
            if form.get("id"):
                buttons += page.xpath("//button[@form=$id]", id=form.get("id"))
            for button in buttons or [None]:
                pressed = (
                    [(button.get("name"), button.get("value") or "")]
                    if button is not None and button.get("name")
                    else []
                )
                where = (
                    button.get("formaction") if button is not None else None
                ) or action
                yield Offer(path, urljoin(path, where), method, [*data, *pressed])

    def _filled(self, fields: list[Any]) -> Iterator[tuple[str, Any]]:
        chosen: set[str] = set()
        for one in fields:
            name, kind = one.get("name"), one.get("type") or one.tag
            if not name or kind in ("submit", "button") or one.get("disabled"):
                continue
            if kind in ("hidden",):
                yield name, one.get("value") or ""
            elif kind in ("radio", "checkbox"):
                if kind == "radio" and name in chosen:
                    continue
                ticked = name in self.ticked or one.get("checked") is not None
                if kind == "checkbox" and not ticked and one.get("required") is None:
                    continue
                chosen.add(name)
                yield name, one.get("value") or "on"
            elif kind == "file":
                if "pdf" in one.get("accept", "pdf"):
                    yield name, (io.BytesIO(_PDF), "lettre.pdf", "application/pdf")
                else:
                    yield name, (io.BytesIO(_PNG), "logo.png", "image/png")
            elif kind == "select":
                values = [o.get("value", o.text) for o in one.xpath(".//option")]
                yield name, next(filter(None, values), "")
            else:
                there = one.text if kind == "textarea" else one.get("value")
                needed = kind == "textarea" or one.get("required") is not None
                yield name, there or self._type(name, kind, needed)

    def _type(self, name: str, kind: str, needed: bool) -> str:
        for end, text in self.typed.items():
            if name.endswith(end):
                return text
        if not needed:
            return ""
        return {
            "email": "quelquun@example.org",
            "number": "1",
            "date": "2026-01-15",
            "url": "https://www.example.org/",
        }.get(kind, "Un texte.")


def _own(url: str) -> bool:
    parts = urlsplit(url)
    return parts.netloc in ("", "test.ckan.net", "localhost", "localhost:80")


def _links(page: Any, path: str) -> Iterator[str]:
    for url in page.xpath(
        "//main//@href | //*[@role='main']//@href | //main//@src"
        " | //head/link[@rel='alternate']/@href"
    ):
        whole = urljoin(path, url)
        parts = urlsplit(whole)
        if parts.scheme in ("mailto", "tel", "data") or not _own(whole):
            continue
        yield parts.path + (f"?{parts.query}" if parts.query else "")


def _kind(path: str) -> tuple[str, tuple[str, ...]]:
    """What makes a page another one: its address, and what is filtered by."""
    parts = urlsplit(path)
    names = sorted({name for name, _ in parse_qsl(parts.query)})
    return parts.path, tuple(names)
