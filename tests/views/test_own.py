"""What is remembered for one reader: it is theirs alone, and changes at once."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from ckan import model
from ckan.tests import factories
from factories import call_as, day
from helpers.browser import Browser, World

from benchmarks.statements import sent_statements
from ckanext.challenge.common import own_version, page_cache, shield
from ckanext.challenge.model import catalog

_APART = f"{shield.APART}; "
READERS = ("member", "adviser", "manager", "sysadmin")
TEAM = READERS[1:]
REPORT = "/challenge/saison-2/report"
#: What a season keeps of its programme stands under its own digest: it never changes.
#: Whether a page has moved is asked before it is made.
_NOT_SHOWN = {"challenge_programme", "challenge_former_address"}
_READ = re.compile(r'(?:FROM|JOIN)\s+(?:public\.)?"?(\w+)"?')


@pytest.fixture(autouse=True)
def nothing_remembered() -> Iterator[None]:
    page_cache.forget_all()
    yield
    page_cache.forget_all()


@pytest.fixture
def busy(world: World) -> World:
    """The world after much was said and done on the page of its participant."""
    id_, organization = world.participant["id"], world.participant["organization_id"]
    member, manager = world.people["member"], world.people["manager"]
    call_as(
        manager,
        "challenge_visit_create",
        participant=id_,
        date=day(9).isoformat(),
        days=1,
        topic="Préparer",
    )
    for who in (member, manager):
        call_as(
            who, "challenge_participant_message_create", participant=id_, text="Oui."
        )
    call_as(
        manager,
        "challenge_extension_create",
        participants=[id_],
        step="choix-licence",
        due=day(110).isoformat(),
        reason="Le conseil",
    )
    call_as(manager, "challenge_reminder_pause", participant=id_, reason="Congés")
    call_as(
        member,
        "challenge_step_update",
        participant=id_,
        step="deliberation",
        state="to_confirm",
        evidence_url="https://www.example.org/deliberation.pdf",
    )
    call_as(
        manager,
        "challenge_step_confirm",
        participant=id_,
        step="deliberation",
        confirmed=True,
    )
    call_as(
        world.people["sysadmin"],
        "challenge_member_invite",
        organization=organization,
        email="mairie@example.org",
        role="admin",
    )
    return world


def _elsewhere(statement: str, **values: Any) -> int:
    """Change the database as another process does: nobody here is told."""
    with model.ensure_engine().begin() as connection:
        return connection.execute(sa.text(statement), values).rowcount


def _main(reader: Browser, path: str) -> str:
    answer = reader.get(path)
    assert answer.status_code == 200
    page: str = answer.get_data(as_text=True)
    return page.partition('role="main"')[2]


def _tables(statements: list[str]) -> set[str]:
    there = set(sa.inspect(model.ensure_engine()).get_table_names())
    return {name for one in statements for name in _READ.findall(one)} & there


def _read_tables(reader: Browser, path: str) -> set[str]:
    """What a page that is made anew reads, beside what ``/about`` does."""
    for one in ("/about", path):
        reader.get(one)
    page_cache.forget_all()
    with sent_statements() as about:
        reader.get("/about")
    with sent_statements() as sent:
        reader.get(path)
    # The first question in a savepoint is sent with it.
    known, asked = (
        {one.removeprefix(_APART) for one in part} for part in (about, sent)
    )
    return _tables([*asked - known]) - _NOT_SHOWN


@pytest.mark.parametrize("who", READERS)
def test_the_version_tells_of_all_tables_that_the_checklist_reads(
    browser: Callable[..., Browser], busy: World, who: str
) -> None:
    read = _read_tables(browser(who), busy.url)
    assert {"challenge_visit", "challenge_participant_message"} <= read
    told = own_version.checklist_tables(catalog.organization_siren_sql())
    assert sorted(read - told.keys()) == []


@pytest.mark.usefixtures("busy")
@pytest.mark.parametrize("who", TEAM)
def test_the_version_tells_of_all_tables_that_the_report_reads(
    browser: Callable[..., Browser], who: str
) -> None:
    read = _read_tables(browser(who), REPORT)
    assert {"challenge_visit", "challenge_agreement"} <= read
    assert sorted(read - own_version.REPORT_TABLES.keys()) == []


@pytest.mark.parametrize("who", READERS)
def test_what_did_not_change_is_read_at_the_price_of_about(
    browser: Callable[..., Browser], busy: World, who: str
) -> None:
    reader = browser(who)
    for path in (busy.url, *([REPORT] if who in TEAM else [])):
        reader.get(path)
        with sent_statements() as about:
            reader.get("/about")
        with sent_statements() as sent:
            reader.get(path)
        assert len(sent) <= len(about) + 1


#: What another process changes, and the words by which it is seen; ``:id`` is the
#: participant, ``:org`` its organization, ``:member`` and ``:manager`` their accounts.
_CHANGES = {
    "a message": (
        "UPDATE challenge_participant_message SET text = 'Autrement dit'"
        " WHERE participant_id = :id",
        "Autrement dit",
    ),
    "a visit": (
        "UPDATE challenge_visit SET topic = 'Tout autre chose'"
        " WHERE participant_id = :id",
        "Tout autre chose",
    ),
    "a word on a step": (
        "UPDATE challenge_step_status SET note = 'Un mot de plus'"
        " WHERE participant_id = :id AND step = 'choix-licence'",
        "Un mot de plus",
    ),
    "a later day": (
        "UPDATE challenge_extension SET reason = 'Le quorum'"
        " WHERE participant_id = :id",
        "Le quorum",
    ),
    "an organization": (
        "UPDATE \"group\" SET title = 'Commune nouvelle' WHERE id = :org",
        "Commune nouvelle",
    ),
    "a season": (
        "UPDATE challenge_cohort SET contact_email = 'neuf@example.org'"
        " WHERE id = (SELECT cohort_id FROM challenge_participant WHERE id = :id)",
        "neuf@example.org",
    ),
    "who wrote": (
        "UPDATE \"user\" SET fullname = 'Un Autre Nom' WHERE id = :manager",
        "Un Autre Nom",
    ),
    "who answered": (
        "UPDATE \"user\" SET fullname = 'Quelle Personne' WHERE id = :member",
        "Quelle Personne",
    ),
}


@pytest.mark.parametrize("what", _CHANGES)
def test_what_another_process_changes_is_seen_at_once(
    browser: Callable[..., Browser], busy: World, what: str
) -> None:
    statement, words = _CHANGES[what]
    readers = [browser(role) for role in READERS]
    for reader in readers:
        assert words not in _main(reader, busy.url)
    values = {
        "id": busy.participant["id"],
        "org": busy.participant["organization_id"],
        "member": busy.people["member"]["id"],
        "manager": busy.people["manager"]["id"],
    }
    used = {name: value for name, value in values.items() if f":{name}" in statement}
    assert _elsewhere(statement, **used) > 0
    for reader in readers:
        assert words in _main(reader, busy.url)


#: How somebody loses what they may read here, or do.
_LOSSES = {
    "member": "UPDATE member SET state = 'deleted' WHERE table_id = :user",
    "adviser": "UPDATE challenge_participant SET adviser_id = NULL",
    "manager": "DELETE FROM challenge_staff WHERE user_id = :user",
    "sysadmin": 'UPDATE "user" SET sysadmin = false WHERE id = :user',
}


@pytest.mark.parametrize("who", _LOSSES)
def test_who_loses_a_role_loses_the_page_at_once(
    browser: Callable[..., Browser], busy: World, who: str
) -> None:
    reader, others = browser(who), set(READERS) - {who}
    form = f'action="{busy.url}/step/'
    assert form in _main(reader, busy.url)
    statement, user = _LOSSES[who], busy.people[who]["id"]
    _elsewhere(statement, **({"user": user} if ":user" in statement else {}))
    page = _main(reader, busy.url)
    assert form not in page
    assert "Oui." not in page
    for other in others:
        assert form in _main(browser(other), busy.url)


#: What another process changes of a report, and the words by which it is seen.
_REPORTED = {
    "an account": (
        "INSERT INTO challenge_season_account (cohort_id, aims, remarks, updated_at)"
        " SELECT id, '{}', 'Trop peu de temps', now() FROM challenge_cohort"
        " WHERE name = 'saison-2'",
        "Trop peu de temps",
    ),
    "who advises": (
        "UPDATE \"user\" SET fullname = 'Un Autre Nom' WHERE id ="
        " (SELECT adviser_id FROM challenge_participant WHERE adviser_id IS NOT NULL)",
        "Un Autre Nom",
    ),
    "a visit": (
        "UPDATE challenge_visit SET state = 'done', counted = 77.5",
        "77,5",
    ),
    "an organization": (
        "UPDATE \"group\" SET title = 'Commune nouvelle' WHERE id ="
        " (SELECT organization_id FROM challenge_participant LIMIT 1)",
        "Commune nouvelle",
    ),
    "an earlier season": (
        "UPDATE challenge_cohort SET season = 1, state = 'running',"
        " title = 'La toute première' WHERE name = 'saison-3'",
        "La toute première",
    ),
}


@pytest.mark.usefixtures("busy")
@pytest.mark.parametrize("what", _REPORTED)
def test_what_another_process_changes_of_a_report_is_seen_at_once(
    browser: Callable[..., Browser], what: str
) -> None:
    statement, words = _REPORTED[what]
    readers = [browser(role) for role in TEAM]
    for reader in readers:
        assert words not in _main(reader, REPORT)
    assert _elsewhere(statement) > 0
    for reader in readers:
        assert words in _main(reader, REPORT)


@pytest.mark.usefixtures("busy")
def test_who_leaves_a_team_reads_the_report_as_everybody(
    browser: Callable[..., Browser], world: World
) -> None:
    manager, adviser, names = browser("manager"), browser("adviser"), "Jours passés"
    assert names not in _main(browser(), REPORT)
    assert names in _main(manager, REPORT)
    user = world.people["manager"]["id"]
    _elsewhere("DELETE FROM challenge_staff WHERE user_id = :user", user=user)
    assert names not in _main(manager, REPORT)
    assert names in _main(adviser, REPORT)


@pytest.mark.usefixtures("busy")
def test_each_session_sends_its_own_token(
    browser: Callable[..., Browser], world: World
) -> None:
    first, second = browser("member"), browser("member")
    tokens = []
    for reader in (first, second, first):
        page = _main(reader, world.url)
        found = set(re.findall(r'name="_csrf_token" value="([^"]+)"', page))
        assert len(found) == 1
        tokens.append(found.pop())
    assert tokens[0] != tokens[1]
    # Which of its forms was remembered does not matter: each is taken.
    answer = first.client.post(
        f"{world.url}/message", data={"_csrf_token": tokens[2], "text": "Voilà."}
    )
    assert answer.status_code == 302
    assert "Voilà." in _main(second, world.url)


def test_what_is_of_others_changes_nothing(world: World) -> None:
    def version() -> str | None:
        model.Session.rollback()
        return own_version.of_checklist(
            world.people["member"]["id"],
            "saison-2",
            world.participant["organization_name"],
        )

    before = version()
    other = factories.Organization()
    factories.Dataset(owner_org=other["id"])
    assert version() == before
    factories.Dataset(owner_org=world.participant["organization_id"])
    assert version() != before


def test_what_takes_no_part_has_no_version(world: World) -> None:
    user = world.people["member"]["id"]
    assert own_version.of_checklist(user, "saison-2", "nowhere") is None
    assert own_version.of_checklist(user, "nowhere", "nowhere") is None
