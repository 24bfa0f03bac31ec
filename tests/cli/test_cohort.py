"""``ckan challenge cohort export`` and ``import``."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import ckan.plugins.toolkit as tk
import pytest
import yaml
from ckan import model
from ckan.tests import factories
from factories import make_cohort, make_staff

from ckanext.challenge.cli.cohort import command
from ckanext.challenge.model import Cohort, JournalEntry

pytestmark = pytest.mark.usefixtures("with_plugins", "clean_db")

Run = Callable[..., Any]


@pytest.fixture
def run(cli: Any) -> Run:
    """Runs the command; answers what it says."""

    def do(*arguments: object, fails: bool = False) -> str:
        # Not by way of `ckan`, which would start all of CKAN anew each time.
        result = cli.invoke(command, [str(argument) for argument in arguments])
        assert (result.exit_code != 0) is fails, result.output
        assert "Traceback" not in result.output
        model.Session.remove()
        return result.output

    return do


def make_season(**fields: Any) -> dict[str, Any]:
    return make_cohort(
        description="# Saison\n\nDeux paragraphes : « accents » & œufs.\n",
        first_publication=None,
        days_per_participant=11.5,
        kinds=["commune"],
        questions=[
            {"label": {"fr": "Votre logiciel ?"}, "required": True},
            {"label": "Combien ?", "type": "choice", "choices": ["Peu", "Plus"]},
        ],
        automatic_promotion=True,
        scheduled_transitions=["finished"],
        **{"testimonials": [{"quote": "Utile.", "author": "Une mairie"}], **fields},
    )


def settled(name: str) -> dict[str, Any]:
    """What managers have settled for a season."""
    shown = tk.get_action("challenge_cohort_show")({"ignore_auth": True}, {"id": name})
    own = (
        "id",
        "state",
        "created_at",
        "updated_at",
        "programme_version",
        "figures",
        "accepts_applications",
        "schedule",
        "phases",
    )
    return {key: value for key, value in shown.items() if key not in own}


@pytest.mark.parametrize("suffix", [".yaml", ".json"])
def test_a_season_comes_back_as_it_was(run: Run, tmp_path: Path, suffix: str) -> None:
    admin = factories.Sysadmin()
    season = make_season()
    user = make_staff(season, by=admin)
    before = settled("saison-2")
    file = tmp_path / f"saisons{suffix}"
    assert "1 season in" in run("export", file)
    model.Session.delete(model.Session.get(Cohort, season["id"]))
    model.Session.commit()
    assert run("import", file, "--dry-run").splitlines()[-1].startswith("Nothing")
    assert model.Session.query(Cohort).count() == 0
    said = run("import", file).splitlines()
    assert said[-2:] == [
        "saison-2: created, as a draft",
        f"saison-2: {user['name']} is manager",
    ]
    assert settled("saison-2") == before
    entries = model.Session.query(JournalEntry).count()
    assert run("import", file).splitlines()[-1] == "saison-2: unchanged"
    assert model.Session.query(JournalEntry).count() == entries


def test_the_file_is_one_that_people_can_edit(run: Run, tmp_path: Path) -> None:
    make_season()
    make_cohort("draft", name="autre", season=3)
    file = tmp_path / "saisons.yaml"
    run("export", file)
    text = file.read_text("utf-8")
    assert "description: |-\n    # Saison\n\n    Deux paragraphes : « accents »" in text
    assert "- source: Plan de Relance\n      amount: 3000\n" in text
    assert [season["name"] for season in yaml.safe_load(text)] == ["saison-2", "autre"]
    assert file.stat().st_mode & 0o044
    file.write_text(
        "name: saison-2\ntitle: Un autre titre\nfinalisation: 2030-06-30\n", "utf-8"
    )
    said = run("import", file).splitlines()
    assert said[-1] == "saison-2: changed (title, finalisation)"
    shown = settled("saison-2")
    assert (shown["title"], shown["finalisation"]) == ("Un autre titre", "2030-06-30")
    assert shown["testimonials"], "what the file does not say stays"


def test_to_the_screen_and_only_some(run: Run) -> None:
    make_season()
    make_cohort("draft", name="autre", season=3)
    said = run("export", "-", "autre")
    assert "name: autre" in said
    assert "saison-2" not in said


def test_everything_is_stored_or_nothing(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "saisons.json"
    good = {"name": "saison-4", "title": "Saison 4", "season": 4}
    wrong = {
        **good,
        "name": "saison-5",
        "launch": "demain",
        "funding": [{"source": "Région", "amount": 10}, {"source": "", "amount": -1}],
        "questions": [{"label": "A"}, {"type": "choice", "choices": ["Un"]}],
        "staff": [{"user": "personne", "role": "boss"}],
    }
    file.write_text(json.dumps([good, wrong]), "utf-8")
    said = run("import", file, fails=True)
    place = f"{file}, season 2 (saison-5)"
    assert f"{place}, launch: “demain” is not a date" in said
    assert f"{place}, funding[2].amount: This must be between" in said
    assert f"{place}, questions[2].label_fr: Missing value" in said
    assert f"{place}, questions[2].choices: Write at least two" in said
    file.write_text(json.dumps({**good, "staff": wrong["staff"]}), "utf-8")
    said = run("import", file, fails=True)
    assert "(saison-4), staff[1]: expected a user with a role: manager or" in said
    assert "Nothing was stored." in said
    assert model.Session.query(Cohort).count() == 0


def test_people_who_are_not_here_are_left_out(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "saisons.yaml"
    file.write_text(
        "name: saison-4\ntitle: Saison 4\nseason: 4\n"
        "staff: [{user: personne, role: adviser}]\n",
        "utf-8",
    )
    assert "nobody here is called personne" in run("import", file)
    assert settled("saison-4")["title"] == "Saison 4"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["export", "{folder}/a.txt"], ".yaml or .yml or .json"),
        (["export", "{folder}/nowhere/a.yaml"], "No such file"),
        (["export", "{folder}/a.yaml", "saison-9"], "the seasons are: saison-2"),
        (["import", "{folder}/a.yaml"], "No such file"),
    ],
)
def test_what_newcomers_mistype(
    run: Run, tmp_path: Path, arguments: list[str], words: str
) -> None:
    make_cohort()
    said = run(*[part.format(folder=tmp_path) for part in arguments], fails=True)
    assert words in said
    assert list(tmp_path.iterdir()) == []
