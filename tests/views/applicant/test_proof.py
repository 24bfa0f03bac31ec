"""The page on which an account confirms its address."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ckan import model
from factories import prove

from ckanext.challenge.model import Mail


def test_who_has_another_address_reads_it_and_has_a_link_mailed(
    browser: Callable[..., Any], world: Any
) -> None:
    person = world.people["member"]
    prove(person)
    member = browser("member")
    page = member.get("/en/challenge/proof").get_data(as_text=True)
    assert "another address" not in page
    account = model.User.get(person["id"])
    assert account is not None
    account.email = "ailleurs@example.org"
    model.Session.commit()
    page = member.get("/en/challenge/proof").get_data(as_text=True)
    assert "Your account has another address than the one that you confirmed" in page
    assert member.post("/en/challenge/proof", {}).status_code == 302
    (mail,) = model.Session.query(Mail).filter_by(kind="address_proof").all()
    assert mail.user_id == person["id"]
