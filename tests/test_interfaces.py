"""Another plugin adds a measure and a programme (docs/programmes.md)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import ckan.plugins.toolkit as tk
import polib
import pytest
from ckan import plugins
from ckan.tests import factories
from factories import call_as, make_cohort
from helpers.browser import PASSWORD, Browser
from helpers.mailbox import Mailbox
from helpers.progress import do, publish, states
from lxml import html

from ckanext.challenge import measures, programmes
from ckanext.challenge.badges.shortfalls import Shortfalls
from ckanext.challenge.common.language import speaking
from ckanext.challenge.measures import labels, registry
from ckanext.challenge.measures.base import Measure
from ckanext.challenge.notifications import outbox
from ckanext.challenge.progress import evaluate

EXAMPLE = Path(__file__).parent / "example"
PAGE = "/{language}/challenge/saison-2/{organization}"

#: What the plugin says of its measure, in each language.
TEXTS: dict[str, dict[str, str]] = {
    "fr": {
        "step": "0 jeu de données sur 1 a un mot-clé.",
        "badge": "Jeux de données avec un mot-clé\u202f: 1 sur 2.",
        "criterion": "Au moins 2 jeux de données publics avec un mot-clé",
        "lack": "un mot-clé",
        "button": "Ajouter des mots-clés",
        "first": "À regarder d'abord\u202f: Budget.",
    },
    "en": {
        "step": "0 of 1 dataset has a tag.",
        "badge": "1 of 2 datasets have a tag.",
        "criterion": "At least 2 public datasets with a tag",
        "lack": "a tag",
        "button": "Add tags",
        "first": "To look at first: Budget.",
    },
}


@contextmanager
def _enabled(
    monkeypatch: pytest.MonkeyPatch, ckan_config: dict[str, Any], names: list[str]
) -> Iterator[None]:
    """Plugins of the example, installed as any other: found by their entry points."""
    monkeypatch.syspath_prepend(str(EXAMPLE))
    with monkeypatch.context() as patch:
        patch.setitem(ckan_config, "ckan.plugins", names)
        plugins.load_all()
        yield
    plugins.load_all()


@pytest.fixture
def example(
    ckan_config: dict[str, Any], with_plugins: None, monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    names = [*ckan_config["ckan.plugins"], "example_challenge"]
    with _enabled(monkeypatch, ckan_config, names):
        yield


@pytest.fixture
def member(example: None, clean_db: None, clean_index: None) -> dict[str, Any]:
    """One who publishes for an organization in a season of the plugin's programme."""
    user = factories.User(password=PASSWORD)
    organization = factories.Organization(
        users=[{"name": user["name"], "capacity": "editor"}]
    )
    cohort = make_cohort("running", programme="mots-cles")
    participant = call_as(
        factories.Sysadmin(),
        "challenge_participant_create",
        cohort=cohort["id"],
        organization=organization["id"],
    )
    return {**user, "organization": organization, "participant": participant["id"]}


def _read(answer: Any) -> Any:
    assert answer.status_code == 200
    return html.document_fromstring(answer.get_data(as_text=True))


def _text(element: Any) -> str:
    """What an element says, its white space as in the catalogues."""
    return re.sub(r"[ \n]+", " ", element.text_content())


def test_its_measure_proves_the_step_of_its_programme(member: dict[str, Any]) -> None:
    assert "datasets_tagged" in registry.known()
    assert programmes.names()[-1] == "mots-cles"
    assert not programmes.advise(programmes.get("mots-cles"))
    dataset = publish(member["organization"]["id"])
    evaluate.evaluate()
    assert states(member["participant"]) == {"mots-cles": "todo"}
    do("package_patch", id=dataset["id"], tags=[{"name": "mairie"}])
    evaluate.evaluate()
    assert states(member["participant"]) == {"mots-cles": "done"}


def test_without_it_neither_is_there(with_plugins: None) -> None:
    assert "datasets_tagged" not in registry.known()
    assert "mots-cles" not in programmes.names()


@pytest.mark.parametrize("language", TEXTS)
def test_what_it_says_of_its_measure_stands_where_ours_stand(
    member: dict[str, Any], app: Any, language: str
) -> None:
    texts, group = TEXTS[language], member["organization"]
    browser = Browser(app).sign_in(member)
    address = PAGE.format(language=language, organization=group["name"])
    # While it names no dataset, a button leads to where it is brought up.
    evaluate.evaluate()
    page = _read(browser.get(address))
    for part in ("//li[@id='step-mots-cles']", "//section[@aria-labelledby='now']"):
        (button,) = page.xpath(f"{part}//a[contains(@href, 'owner_org={group['id']}')]")
        assert texts["button"] in _text(button)
    dataset = publish(group["id"], title="Budget")
    field = f"/dataset/edit/{dataset['name']}#field-tags"
    evaluate.evaluate()
    page = _read(browser.get(address))
    (step,) = page.xpath("//li[@id='step-mots-cles']")
    assert texts["step"] in _text(step)
    (ahead,) = page.xpath("//section[@aria-labelledby='now']")
    (badge,) = page.xpath("//ul[@class='challenge-badges']/li")
    for part in (step, ahead, badge):
        links = part.xpath(f".//a[contains(@href, '{field}')]")
        assert texts["lack"] in [link.text_content() for link in links]
    # The page of the badge, for everybody.
    page = _read(Browser(app).get(f"/{language}/challenge/badges/etiquetee"))
    (how,) = page.xpath("//section[@aria-labelledby='how']")
    assert texts["criterion"] in _text(how)


@pytest.mark.parametrize("language", TEXTS)
def test_the_mail_of_a_badge_at_risk_says_it_too(
    member: dict[str, Any],
    app: Any,
    mailbox: Mailbox,
    monkeypatch: pytest.MonkeyPatch,
    language: str,
) -> None:
    monkeypatch.setitem(tk.config, "ckan.locale_default", language)
    texts, group = TEXTS[language], member["organization"]
    tagged = {"tags": [{"name": "mairie"}]}
    budget, _ = (
        publish(group["id"], title=title, **tagged) for title in ("Budget", "Eau")
    )
    evaluate.evaluate()
    do("package_patch", id=budget["id"], tags=[])
    evaluate.evaluate()
    mailbox.messages.clear()
    with app.flask_app.app_context():
        outbox.send_due()
    body = mailbox.messages[-1].get_body(("plain",))
    assert body is not None
    said = body.get_content()
    assert f"{texts['badge']} {texts['first']}" in said.replace("\n", " ")


def test_a_measure_without_sentences_is_told_by_its_definition(
    app: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As plugins wrote one before measures had sentences."""
    plain = Measure("visits", "count", "Visits of the pages.", lambda _: {}, False)
    monkeypatch.setattr(registry, "known", lambda: {"visits": plain})
    group = factories.Organization.stub(id="an-id")
    finding = {
        "measure": "visits",
        "value": 2,
        "target": 5,
        "datasets": [],
        "missing": {"": ["door"]},
    }
    with app.flask_app.app_context(), speaking("en"):
        row = Shortfalls(group, None, [finding]).of_measure(finding)
        assert labels.shortfall(row) == "Visits of the pages: 2 of 5."
        assert labels.at_least({"measure": "visits", "at_least": 5}) == (
            "Visits of the pages: at least 5"
        )
        assert str(labels.fix("visits").action) == "See the datasets"
    assert row["fix_url"] == f"/en/organization/{group.name}"
    assert [part["title"] for part in row["missing"]] == ["door"]


@pytest.mark.parametrize("first", [True, False])
def test_a_measure_of_the_same_name_replaces_ours_wherever_its_plugin_stands(
    with_plugins: None,
    ckan_config: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
    first: bool,
) -> None:
    ours, other = ckan_config["ckan.plugins"], ["example_replacing"]
    with _enabled(monkeypatch, ckan_config, other + ours if first else ours + other):
        found = registry.find("members")
    assert str(found.definition) == "Whoever comes to the meetings."
    assert str(registry.find("members").definition) != str(found.definition)


def test_the_former_place_of_measure_is_known_for_one_release_more() -> None:
    with pytest.warns(DeprecationWarning, match=r"ckanext\.challenge\.measures\.base"):
        assert measures.Measure is Measure
    with pytest.raises(AttributeError, match="no attribute 'Measures'"):
        _ = measures.Measures


def test_the_catalogue_of_the_example_is_compiled() -> None:
    folder = EXAMPLE / "example_challenge" / "i18n" / "fr" / "LC_MESSAGES"
    name = "ckanext-example_challenge"
    written = polib.pofile(str(folder / f"{name}.po"))
    compiled = polib.mofile(str(folder / f"{name}.mo"))
    assert {(entry.msgid, entry.msgstr) for entry in written} == {
        (entry.msgid, entry.msgstr) for entry in compiled
    }
