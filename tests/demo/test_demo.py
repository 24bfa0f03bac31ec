"""Loading the demonstration, again, halfway, and taking it away."""

from __future__ import annotations

import dataclasses
import re
from collections import Counter
from contextlib import contextmanager

import ckan.plugins.toolkit as tk
import pytest
import sqlalchemy as sa
from ckan import model
from ckan.cli.cli import ckan as ckan_command
from ckan.tests import factories
from ckan.tests.helpers import call_action

from ckanext.challenge.common import journal
from ckanext.challenge.demo import clear, load, manifest
from ckanext.challenge.demo import content as demo
from ckanext.challenge.demo.content import content
from ckanext.challenge.model import (
    Application,
    Campaign,
    Cohort,
    Mail,
    Participant,
    Preparation,
    SavedView,
)

pytestmark = pytest.mark.usefixtures("with_plugins", "clean_db", "clean_index")


def _letters():
    """How many letters come with applications."""
    return sum(each.letter for each in content().applications)


def _proofs(participants):
    """How many files prove their steps."""
    return sum(
        key in {"deliberation", "inventaire"} and state in {"done", "to_confirm"}
        for participant in participants
        for key, state in participant.steps()
    )


@pytest.fixture(autouse=True)
def storage(tmp_path, monkeypatch, ckan_config):
    """A place for uploaded files, also for the command line, which reads the
    configuration anew."""
    monkeypatch.setenv("CKAN_STORAGE_PATH", str(tmp_path))
    monkeypatch.setitem(ckan_config, "ckan.storage_path", str(tmp_path))
    return tmp_path


@contextmanager
def silent(part):
    yield lambda: None


def _rows():
    """How many rows each table has."""
    model.Session.rollback()
    connection = model.Session.connection()
    return {
        name: connection.execute(sa.text(f'SELECT count(*) FROM "{name}"')).scalar()
        for name in sa.inspect(connection).get_table_names()
    }


def _files(folder):
    return [path for path in folder.rglob("*") if path.is_file()]


def _states(season):
    cohort = Cohort.get(season)
    assert cohort
    return Counter(
        row.state
        for row in model.Session.query(Application).filter_by(cohort_id=cohort.id)
    )


def _participants(season):
    return call_action("challenge_participant_list", cohort=season, limit=100)


@pytest.mark.seconds(40)
def test_loading_twice_and_clearing(cli, storage):
    call_action("get_site_user")  # CKAN's own, made at its first use
    before = _rows()

    first = cli.invoke(ckan_command, ["challenge", "demo", "load", "--known-passwords"])
    assert first.exit_code == 0, first.output
    loaded = _rows()
    assert journal.verify() == []
    seasons = {
        row["name"]: row for row in call_action("challenge_cohort_list")["results"]
    }
    assert {name: row["state"] for name, row in seasons.items()} == {
        "saison-1": "archived",
        "saison-2": "running",
        "saison-3": "open",
    }
    assert seasons["saison-2"]["cost"] == 6000
    assert seasons["saison-3"]["accepts_applications"]
    assert seasons["saison-1"]["launch"] == "2019-04-02"
    assert seasons["saison-1"]["figures"]["datasets"] == 6
    assert seasons["saison-2"]["figures"]["published"] == 16
    assert _states("saison-2") == {"accepted": 20}
    assert set(_states("saison-3")) == {
        "draft",
        "submitted",
        "in_review",
        "changes_requested",
        "accepted",
        "waitlisted",
        "refused",
        "withdrawn",
    }
    _check_participants()
    _check_datasets(storage)
    _check_accounts()
    _check_observatory()
    _check_desk()

    again = cli.invoke(ckan_command, ["challenge", "demo", "load"])
    assert again.exit_code == 0, again.output
    assert "loaded already" in again.output
    assert _rows() == loaded

    # It says what goes, and without a yes nothing does.
    asked = cli.invoke(ckan_command, ["challenge", "demo", "clear"], input="n\n")
    assert asked.exit_code == 1
    assert re.search(r"Badges of the demonstration: [1-9]", asked.output)
    assert _rows() == loaded
    cleared = cli.invoke(ckan_command, ["challenge", "demo", "clear", "--yes"])
    assert cleared.exit_code == 0, cleared.output
    assert "Kept" not in cleared.output
    assert _rows() == before
    assert _files(storage) == []
    assert call_action("package_search")["count"] == 0
    nothing = cli.invoke(ckan_command, ["challenge", "demo", "clear"])
    assert "There is no demonstration" in nothing.output


def _check_participants():
    rows = {r["organization_title"]: r for r in _participants("saison-2")["results"]}
    assert len(rows) == 20
    assert len({row["steps_done"] for row in rows.values()}) >= 8
    # It has done nothing but apply, which named its elected sponsor and its contact.
    assert rows["Sancerre"]["steps_done"] == 2
    assert rows["Baule"]["steps_done"] == 4
    assert rows["Baule"]["measures"]["datasets_public"] == 0
    best = rows["Argenton-sur-Creuse"]
    assert best["percent"] == 100
    awards = call_action(
        "challenge_award_list", organization=best["organization_id"], limit=100
    )
    assert "challenge-releve" in {award["badge"] for award in awards["results"]}
    assert (
        len({row["last_badge"]["badge"] for row in rows.values() if row["last_badge"]})
        >= 4
    )
    assert {
        row["organization_name"] for row in _participants("saison-3")["results"]
    } == {
        "saint-maur",
        "saint-maur-18225",
    }
    past = _participants("saison-1")["results"]
    assert {row["organization_name"]: row["state"] for row in past} == {
        "issoudun": "completed",
        "chateaudun": "active",
        "sully-sur-loire": "active",
    }
    assert {row["joined_at"][:4] for row in past} == {"2019"}


def _check_datasets(storage):
    found = call_action("package_search", rows=200, sort="metadata_created desc")
    assert found["count"] >= 60
    created = [row["metadata_created"][:10] for row in found["results"]]
    assert created == sorted(created, reverse=True)
    assert len(set(created)) >= 30
    for row in found["results"]:
        assert "démonstration" in row["notes"], row["name"]
        assert row["num_resources"] == 1
        assert row["resources"][0]["url_type"] == "upload"
    assert len({row["license_id"] for row in found["results"]}) >= 4
    assert len({row.get("frequency") for row in found["results"]}) >= 4
    assert len({row.get("challenge_kit") for row in found["results"]} - {""}) == 9
    hidden = model.Session.query(model.Package).filter_by(private=True).count()
    assert hidden == 2
    proofs = _proofs((*content().participants, *content().alumni))
    others = _letters() + proofs + model.Session.query(Preparation).count()
    assert len(_files(storage)) == found["count"] + hidden + others
    begun = model.Session.query(Preparation).one()
    assert begun.state == "to_match", "something is left to say"


def _check_observatory():
    months = call_action("challenge_observatory_history")["results"]
    assert len(months) == 25
    counts = [row["figures"]["datasets"] for row in reversed(months)]
    assert counts == sorted(counts)
    assert 0 < counts[0] < counts[-1]
    (season,) = call_action("challenge_observatory_history", occasion="season")[
        "results"
    ]
    assert (season["period"], season["month"]) == ("saison-1", "2019-12-01")
    shown = call_action("challenge_observatory_show")
    assert shown["figures"]["only_elsewhere"] == 5
    assert shown["a_year_ago"]["datasets"] < shown["figures"]["datasets"]


def _check_desk():
    (campaign,) = model.Session.query(Campaign)
    assert campaign.state == "held"
    author = model.User.get(campaign.author_id)
    assert author
    manager = author.name
    seen = call_action("challenge_campaign_preview", {"user": manager}, id=campaign.id)
    assert 0 < seen["count"] < 20
    assert "{" not in seen["shown"]["text"]
    assert model.Session.query(Mail).count() == 0
    for view in model.Session.query(SavedView):
        found = call_action(
            "challenge_participant_board",
            {"user": manager},
            cohort="saison-2",
            filters={key: view.query[key] for key in view.query if key != "view"},
        )
        assert 0 < found["count"] < 20, view.title


def _check_accounts():
    for account in content().accounts:
        user = model.User.get(account.name)
        assert user
        assert user.validate_password(account.password), account.name
        assert user.sysadmin == (account.role == "sysadmin")
    mine = call_action(
        "organization_list_for_user", id="baule", permission="create_dataset"
    )
    assert [row["name"] for row in mine] == ["baule"]


@pytest.mark.parametrize("kind", ["user", "organization", "dataset"])
def test_a_portal_in_use_is_refused(cli, storage, kind, ckan_config, monkeypatch):
    monkeypatch.setitem(ckan_config, "ckan.auth.create_unowned_dataset", True)
    sysadmin = call_action("get_site_user")["name"]
    context = {"user": sysadmin, "ignore_auth": True}
    if kind == "user":
        name = factories.User()["name"]
    elif kind == "organization":
        name = call_action("organization_create", context, name="prefecture")["name"]
    else:
        name = call_action("package_create", context, name="releves")["name"]
    before = _rows()
    refused = cli.invoke(ckan_command, ["challenge", "demo", "load"])
    assert refused.exit_code == 1
    assert f"{kind} {name}" in refused.output
    assert _rows() == before


def test_passwords_are_random_and_shown_once(little, cli, storage):
    call_action("get_site_user")
    done = cli.invoke(ckan_command, ["challenge", "demo", "load"])
    assert done.exit_code == 0, done.output
    shown = dict(re.findall(r"^  (\S+) +(\S{20})$", done.output, re.MULTILINE))
    assert set(shown) == {account.name for account in content().accounts}
    for account in content().accounts:
        user = model.User.get(account.name)
        assert user
        assert user.validate_password(shown[account.name])
        assert not user.validate_password(account.password)
    again = cli.invoke(ckan_command, ["challenge", "demo", "load"])
    assert not any(password in again.output for password in shown.values())


@pytest.fixture
def little(monkeypatch):
    """A part of the content, for what does not depend on how much there is."""
    whole = content()
    some = [whole.participants[n] for n in (4, 5, 6)]
    some += [each for each in whole.participants if whole.account_of(each.siren)]
    part = dataclasses.replace(whole, participants=tuple(some), alumni=whole.alumni[:1])
    monkeypatch.setattr(demo, "content", lambda: part)
    return part


@pytest.mark.seconds(15)
def test_what_was_interrupted_is_completed(app, storage, little):
    class Interrupted(Exception):
        pass

    @contextmanager
    def stopping(part):
        done = 0

        def advance():
            nonlocal done
            done += 1
            if (part.label, done) in {(people, 3), (datasets, 4)}:
                stops.discard(part.label)
                raise Interrupted

        yield advance if part.label in stops else lambda: None

    people, datasets = "Season 2: participants", "Season 2: datasets"
    stops = {people, datasets}
    with app.flask_app.test_request_context():
        for _ in range(2):
            with pytest.raises(Interrupted):
                load.load(stopping)
        assert load.load(stopping)
        assert not load.load(silent)
    expected = len(little.participants)
    assert _participants("saison-2")["count"] == expected
    assert _states("saison-2") == {"accepted": expected}
    everybody = (*little.participants, *little.alumni)
    files = sum(len(each.datasets) for each in everybody)
    assert files > 15
    assert call_action("package_search")["count"] > files / 2
    begun = model.Session.query(Preparation).count()
    assert len(_files(storage)) == files + begun + _letters() + _proofs(everybody)
    _what_others_made_is_left(app, storage)


def _what_others_made_is_left(app, storage):
    """Continues with the same content, since loading it takes a while."""
    member = model.User.get("baule")
    assert member
    dataset = factories.Dataset(
        owner_org="baule", user={"name": member.name}, title="Bancs"
    )
    visitor = factories.User()
    other = factories.Organization(name="autre")
    factories.Dataset(owner_org=other["id"], tags=[{"name": "budget"}])
    call_action(
        "challenge_application_create",
        context={"user": visitor["name"], "ignore_auth": False},
        cohort="saison-3",
        siren="213702814",
        agents=40,
        contact_name="Accueil",
        contact_email="accueil@example.org",
        motivation="Essayer",
        answers={"logiciel": "autre", "temps": "moins"},
        consent=True,
    )
    with app.flask_app.test_request_context():
        cleared = clear.clear(silent)
    assert cleared
    assert sorted(cleared.kept) == ["organization baule", "season saison-3"]
    assert journal.verify() == []
    assert [row.name for row in model.Session.query(Cohort)] == ["saison-3"]
    assert [row.siren for row in model.Session.query(Application)] == ["213702814"]
    assert model.Session.query(Participant).count() == 0
    assert model.Package.get(dataset["id"])
    assert sorted(call_action("organization_list")) == ["autre", "baule"]
    assert model.User.get(visitor["id"])
    assert not model.User.get("baule")
    assert call_action("package_search")["count"] == 2
    assert _files(storage) == []
    assert manifest.stored() is None


def test_nothing_is_made_where_something_is_in_the_way(app):
    factories.User(name="gestion")
    factories.Organization(name="mairie", siren="214500241")
    before = _rows()
    with app.flask_app.test_request_context(), pytest.raises(load.DemoError) as caught:
        load.load(silent)
    assert "user gestion" in str(caught.value)
    assert "organization mairie (SIREN 214500241)" in str(caught.value)
    assert _rows() == before


def test_a_place_for_files_is_needed(app, ckan_config, monkeypatch):
    monkeypatch.setitem(ckan_config, "ckan.storage_path", "")
    with (
        app.flask_app.test_request_context(),
        pytest.raises(load.DemoError, match=r"ckan\.storage_path"),
    ):
        load.load(silent)
    assert manifest.stored() is None
    with pytest.raises(tk.ObjectNotFound):
        call_action("challenge_cohort_show", id="saison-2")
