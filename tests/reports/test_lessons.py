"""What a team learns of its season, and what the next one begins with."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
import pytest
import sqlalchemy as sa
from ckan import model
from ckan.tests import factories
from factories import call_as

from ckanext.challenge.model import Participant

pytestmark = pytest.mark.usefixtures("with_plugins", "clean_db", "clean_index")


def learn(user: dict[str, Any], **data: Any) -> Any:
    return call_as(user, "challenge_lesson_create", cohort="saison-2", **data)


def lessons(user: dict[str, Any], cohort: str = "saison-2") -> Any:
    return call_as(user, "challenge_lesson_list", cohort=cohort)


def test_lessons_stand_beside_what_there_is_to_learn_from(
    season: list[dict[str, Any]], admin: dict[str, Any], adviser: dict[str, Any]
) -> None:
    learn(adviser, kind="change", text="Commencer plus tôt.", step="deliberation")
    learn(admin, kind="keep", text="Les ateliers.")
    found = lessons(adviser)
    assert [
        (row["kind"], row["text"], row["author"], bool(row["step_title"]))
        for row in found["results"]
    ] == [
        ("keep", "Les ateliers.", admin["fullname"] or admin["name"], False),
        ("change", "Commencer plus tôt.", "Ana Conseil", True),
    ]
    account = call_as(admin, "challenge_cohort_report", id="saison-2")["account"]
    assert found["remaining"] == account["remaining"]
    assert found["remaining"][0]["open"] >= found["remaining"][-1]["open"] > 0
    changed = call_as(
        adviser,
        "challenge_lesson_update",
        id=found["results"][1]["id"],
        kind="keep",
        text="Commencer en septembre.",
    )
    assert (changed["kind"], changed["step"]) == ("keep", None)
    call_as(adviser, "challenge_lesson_delete", id=changed["id"])
    assert lessons(admin)["count"] == 1


def test_the_next_season_begins_with_them(
    season: list[dict[str, Any]], admin: dict[str, Any]
) -> None:
    first = learn(admin, kind="change", text="Commencer plus tôt.")
    learn(admin, kind="keep", text="Les ateliers.")
    learn(admin, kind="change", text="Déjà fait.", done=True)
    for name, source in (("saison-3", "saison-2"), ("saison-4", "saison-3")):
        call_as(
            admin,
            "challenge_cohort_copy",
            id=source,
            name=name,
            title=name,
            season=int(name[-1]),
            launch="2030-01-01",
        )
        rows = lessons(admin, name)["results"]
        # In the order in which they were learnt, and where.
        assert [row["text"] for row in rows] == ["Les ateliers.", "Commencer plus tôt."]
        assert {row["from_title"] for row in rows} == {"Challenge open data, saison 2"}
        assert {row["done"] for row in rows} == {False}
    # They are its own: the season before keeps its words.
    call_as(
        admin, "challenge_lesson_update", id=rows[0]["id"], kind="keep", text="Autre."
    )
    texts = {row["text"] for row in lessons(admin)["results"]}
    assert first["text"] in texts and "Autre." not in texts


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"kind": "forget"}, "kind"),
        ({"text": " "}, "text"),
        ({"step": "no-such-step"}, "step"),
    ],
)
def test_a_lesson_that_is_none_is_named(
    season: list[dict[str, Any]],
    admin: dict[str, Any],
    given: dict[str, Any],
    field: str,
) -> None:
    with pytest.raises(tk.ValidationError) as caught:
        learn(admin, **{"kind": "keep", "text": "x", **given})
    assert set(caught.value.error_dict) == {field}


def test_unread_help_is_counted_from_who_came_at_all(
    season: list[dict[str, Any]], admin: dict[str, Any]
) -> None:
    first = season[0]
    unread = lessons(admin)["unread"]
    before = unread["participants"]
    kits = [row["kit"] for row in unread["kits"]]
    assert before and len(kits) > 1
    assert all(0 < row["number"] <= before for row in unread["steps"])
    member = factories.User()
    call_as(
        admin,
        "member_create",
        id=first["organization_id"],
        object=member["id"],
        object_type="user",
        capacity="editor",
    )
    model.Session.query(model.User).filter_by(id=member["id"]).update(
        {"last_active": sa.func.now()}
    )
    model.Session.query(Participant).filter_by(id=first["id"]).update(
        {"kits": kits[:1]}
    )
    model.Session.commit()
    after = lessons(admin)["unread"]
    assert after["participants"] == before - 1
    assert [row["kit"] for row in after["kits"]] == kits[1:]
