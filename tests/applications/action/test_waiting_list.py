"""The waiting list: its order, and who takes a place that becomes free."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
import pytest
from ckan import model
from ckan.tests import factories
from factories import (
    BAULE,
    LIGNIERES,
    POINCONNET,
    apply,
    call_as,
    collectivites,
    make_cohort,
    only_message,
)

from ckanext.challenge.common import journal
from ckanext.challenge.model import Application, Cohort, Mail

pytestmark = pytest.mark.usefixtures("with_plugins", "clean_db", "clean_index")


@pytest.fixture
def admin() -> dict[str, Any]:
    collectivites()
    return factories.Sysadmin()


def _review(who: Any, application: dict[str, Any], decision: str, **more: Any) -> Any:
    return call_as(
        who,
        "challenge_application_review",
        id=application["id"],
        decision=decision,
        **more,
    )


def _waiting(who: Any, *sirens: str) -> list[dict[str, Any]]:
    files = [apply({"name": "saison-2"}, siren) for siren in sirens]
    for file in files:
        _review(who, file, "waitlist")
    return files


def _order(who: Any) -> list[tuple[int, str]]:
    listed = call_as(who, "challenge_waitlist_list", cohort="saison-2")
    return [(row["rank"], row["id"]) for row in listed["results"]]


def _rank_shown(file: dict[str, Any]) -> Any:
    """What the applicant reads."""
    return call_as(None, "challenge_application_show", id=file["id"], key=file["key"])[
        "waitlist_rank"
    ]


def test_the_list_keeps_its_order_and_can_be_put_in_another(
    admin: dict[str, Any],
) -> None:
    make_cohort()
    a, b, c = _waiting(admin, BAULE, POINCONNET, LIGNIERES[0])
    assert _order(admin) == [(1, a["id"]), (2, b["id"]), (3, c["id"])]
    moved = call_as(admin, "challenge_waitlist_move", id=c["id"], rank=1)
    assert [row["id"] for row in moved["results"]] == [c["id"], a["id"], b["id"]]
    call_as(admin, "challenge_waitlist_move", id=c["id"], rank=2)
    call_as(admin, "challenge_waitlist_move", id=a["id"], rank=99)
    assert _order(admin) == [(1, c["id"]), (2, b["id"]), (3, a["id"])]
    assert [_rank_shown(file) for file in (c, b, a)] == [1, 2, 3]
    # Who leaves makes room: a place is no number in a table.
    call_as(None, "challenge_application_withdraw", id=c["id"], key=c["key"])
    assert _order(admin) == [(1, b["id"]), (2, a["id"])]
    assert [_rank_shown(file) for file in (c, b, a)] == [None, 1, 2]
    late = apply({"name": "saison-2"}, LIGNIERES[1])
    _review(admin, late, "waitlist")
    assert _order(admin)[-1] == (3, late["id"])
    with pytest.raises(tk.ValidationError) as caught:
        call_as(admin, "challenge_waitlist_move", id=c["id"], rank=1)
    assert only_message(caught, "id")
    assert journal.verify() == []


@pytest.mark.parametrize("automatic", [False, True])
def test_a_place_that_becomes_free(admin: dict[str, Any], automatic: bool) -> None:
    cohort = make_cohort(capacity=1)
    row = Cohort.get(cohort["id"])
    assert row is not None
    row.automatic_promotion = automatic
    model.Session.commit()
    first = apply(cohort)
    participant = _review(admin, first, "accept")["participant_id"]
    doomed, head, other = _waiting(admin, POINCONNET, *LIGNIERES)
    # Whom they are about to refuse is not let in by the way.
    _review(admin, doomed, "refuse", pending=True, reason="Hors sujet.")
    listed = call_as(admin, "challenge_waitlist_list", cohort="saison-2")
    assert (listed["capacity"], listed["taken"], listed["free"]) == (1, 1, 0)
    assert listed["next_in_line"] is None

    left = call_as(
        admin, "challenge_participant_withdraw", id=participant, reason="Plus personne."
    )
    listed = call_as(admin, "challenge_waitlist_list", cohort="saison-2")
    told = [
        mail.application_id
        for mail in model.Session.query(Mail).filter_by(kind="accepted")
    ]
    if automatic:
        assert left["promoted"]["id"] == head["id"]
        assert left["next_in_line"]["id"] == other["id"]
        assert listed["free"] == 0
        assert listed["next_in_line"] is None
        assert told == [first["id"], head["id"]]
        promoted = Application.get(head["id"])
        assert promoted is not None
        assert (promoted.state, promoted.decided_by) == ("accepted", None)
        assert promoted.organization_id
    else:
        assert left["promoted"] is None
        assert left["next_in_line"]["id"] == head["id"]
        assert listed["free"] == 1
        assert listed["next_in_line"]["id"] == head["id"]
        assert told == [first["id"]]
        # By hand, and out of turn where the manager has a reason.
        assert _review(admin, other, "accept")["state"] == "accepted"
        assert _order(admin) == [(1, doomed["id"]), (2, head["id"])]
    assert journal.verify() == []


def test_a_place_that_is_promised_is_not_given_away(admin: dict[str, Any]) -> None:
    cohort = make_cohort(capacity=1)
    row = Cohort.get(cohort["id"])
    assert row is not None
    row.automatic_promotion = True
    model.Session.commit()
    participant = _review(admin, apply(cohort), "accept")["participant_id"]
    _, other = _waiting(admin, POINCONNET, LIGNIERES[0])
    cohort_row = {"id": cohort["id"], "capacity": 2}
    call_as(admin, "challenge_cohort_patch", **cohort_row)
    _review(admin, other, "accept", pending=True)
    call_as(admin, "challenge_cohort_patch", **{**cohort_row, "capacity": 1})
    left = call_as(
        admin, "challenge_participant_withdraw", id=participant, reason="Plus personne."
    )
    # The one place is that of the kept acceptance, whoever is first in the list.
    assert left["promoted"] is None
    listed = call_as(admin, "challenge_waitlist_list", cohort="saison-2")
    assert (listed["taken"], listed["promised"], listed["free"]) == (0, 1, 0)
    done = call_as(admin, "challenge_decisions_publish", cohort="saison-2")
    assert [row["id"] for row in done["results"] if row["ok"]] == [other["id"]]


def test_those_behind_move_up_when_somebody_is_erased(admin: dict[str, Any]) -> None:
    make_cohort(capacity=1)
    first, second, third = _waiting(admin, POINCONNET, *LIGNIERES)
    call_as(admin, "challenge_application_erase", id=first["id"])
    assert _order(admin) == [(1, second["id"]), (2, third["id"])]
    assert _rank_shown(second) == 1
    assert journal.verify() == []


def test_a_promotion_that_fails_undoes_no_withdrawal(
    admin: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """CKAN refuses the organization of who is next: the place stays free."""
    cohort = make_cohort(capacity=1)
    row = Cohort.get(cohort["id"])
    assert row is not None
    row.automatic_promotion = True
    model.Session.commit()
    participant = _review(admin, apply(cohort), "accept")["participant_id"]
    (head,) = _waiting(admin, POINCONNET)
    waiting = Application.get(head["id"])
    assert waiting is not None
    waiting.siren = "123456789"
    model.Session.commit()
    left = call_as(
        admin, "challenge_participant_withdraw", id=participant, reason="Plus personne."
    )
    assert left["state"] == "withdrawn"
    assert left["promoted"] is None
    assert left["next_in_line"]["id"] == head["id"]
    assert model.Group.get("le-poinconnet") is None
    assert journal.verify() == []
