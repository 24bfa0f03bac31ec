"""A reader without scripts, who opens pages of a portal and sends their forms."""

from __future__ import annotations

from typing import Any
from urllib.parse import urljoin

import requests
from lxml import html


class Reader:
    """Somebody with cookies, and the page that they have before them.

    :ivar page: the last page that was answered, as a tree
    :ivar url: its address
    """

    def __init__(self, address: str) -> None:
        self.address = address
        self.session = requests.Session()
        self.page: Any = None
        self.url = ""

    def open(self, path: str) -> Reader:
        """Go to an address: of the portal, or beside that of the page.

        :raises AssertionError: it does not answer with a page
        """
        return self._take(self.session.get(urljoin(self.url or self.address, path)))

    def sign_in(self, name: str, password: str) -> Reader:
        """Fill in CKAN's form."""
        self.open("/user/login")
        return self.send(
            "//form[.//input[@name='login']]", login=name, password=password
        )

    def send(self, form: str, **fields: Any) -> Reader:
        """Send a form as it stands, with other values in some of its fields.

        :param form: where it is on the page (XPath)
        :param fields: values by name, a list of them for what is ticked; a name that is
            no field is that of a button
        :raises AssertionError: it is not there, or not answered with a page
        """
        (found,) = self.page.xpath(form)
        # A name may stand several times: those that are ticked.
        data = [pair for pair in found.form_values() if pair[0] not in fields]
        for name, value in fields.items():
            told = value if isinstance(value, list) else [value]
            data += [(name, one) for one in told]
        url = urljoin(self.url, found.get("action") or self.url)
        return self._take(self.session.post(url, data=data))

    def text(self, path: str = "//main | //*[@role='main']") -> str:
        """The words of a part of the page, each white space as one."""
        return " ".join(" ".join(self.page.xpath(f"({path})[1]//text()")).split())

    def link(self, words: str) -> str:
        """The address of the link that says this."""
        found = self.page.xpath("//a[contains(normalize-space(), $words)]", words=words)
        assert found, (words, self.url)
        return str(found[0].get("href"))

    def _take(self, answer: requests.Response) -> Reader:
        assert answer.ok, (answer.status_code, answer.url, answer.text[:2000])
        self.url = answer.url
        self.page = html.fromstring(answer.content.decode())
        return self
