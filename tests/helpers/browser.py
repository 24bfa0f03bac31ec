"""What the tests of pages share: a browser without a screen, and who is who."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from werkzeug.test import Client

PASSWORD = "correct horse battery"
#: What an applicant writes and nobody but the staff may read.
PERSONAL = {
    "contact_name": "Camille Martin-Secret",
    "contact_role": "secretaire-secrete",
    "contact_email": "camille.secret@example.org",
    "contact_phone": "02 99 88 77 66",
    "elected_sponsor": "Dominique Durand-Secret",
    "motivation": "Une motivation tenue secrete.",
}


@dataclass
class World:
    """A season under way with two participants, and another that is open."""

    cohort: dict[str, Any]
    open_cohort: dict[str, Any]
    participant: dict[str, Any]
    application: dict[str, Any]
    award: dict[str, Any]
    dataset: dict[str, Any]
    people: dict[str, dict[str, Any]]

    @property
    def url(self) -> str:
        """The page of the participant."""
        return f"/challenge/saison-2/{self.participant['organization_name']}"


TOKEN = re.compile(r'name="_csrf_token" content="([^"]+)"')


class Browser:
    """A client with cookies; it signs in as a person does."""

    def __init__(self, app: Any) -> None:
        # The whole application: on CKAN 2.11 the language is read outside of Flask.
        self.client = Client(app.app, app.flask_app.response_class)
        self._token = ""

    def token(self, path: str = "/about") -> str:
        """The token that CKAN puts into each page."""
        found = TOKEN.search(self.client.get(path).get_data(as_text=True))
        assert found, "CKAN's pages carry a CSRF token"
        return found[1]

    def sign_in(self, user: dict[str, Any]) -> Browser:
        answer = self.client.post(
            "/user/login",
            data={
                "login": user["name"],
                "password": PASSWORD,
                "_csrf_token": self.token("/user/login"),
            },
        )
        assert answer.status_code == 302, answer.get_data(as_text=True)
        # It belonged to the session before.
        self._token = ""
        return self

    def get(self, path: str, **options: Any) -> Any:
        return self.client.get(path, **options)

    def post(
        self, path: str, data: dict[str, Any] | None = None, **options: Any
    ) -> Any:
        """Send a form, with the token of this session, read from a page once."""
        self._token = self._token or self.token()
        return self.client.post(
            path, data={"_csrf_token": self._token, **(data or {})}, **options
        )
