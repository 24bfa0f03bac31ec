"""The kits that suit an organization."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
import pytest
from ckan.tests import factories
from factories import BAULE, POINCONNET, call_as, collectivites, make_cohort

pytestmark = pytest.mark.usefixtures("with_plugins", "clean_db", "clean_index")


def _kits(**fields: Any) -> tuple[dict[str, Any], dict[str, bool]]:
    """What the list says of an organization, and for each kit whether it suits."""
    collectivites()
    made = factories.Organization(title="Ma commune", **fields)
    found = call_as(None, "challenge_kit_list", organization=made["name"])
    return found["organization"], {row["name"]: row["fits"] for row in found["results"]}


@pytest.mark.parametrize(
    ("fields", "known", "suits"),
    [
        # Its page says so,
        (
            {"kind": "commune", "population": "5000", "insee_code": "45001"},
            ("commune", 5000, "45001"),
            True,
        ),
        # or the directory, for what the page leaves out;
        ({"siren": POINCONNET}, ("commune", 5855, "36159"), True),
        ({"siren": BAULE, "population": "9000"}, ("commune", 9000, "45024"), True),
        ({"siren": BAULE, "kind": "cc"}, ("cc", 1985, "45024"), False),
        # what nobody knows excludes nothing.
        ({}, (None, None, None), True),
        ({"kind": "commune", "population": "1985"}, ("commune", 1985, None), False),
    ],
)
def test_kits_that_suit_an_organization_come_first(
    fields: dict[str, str], known: tuple[Any, ...], suits: bool
) -> None:
    organization, kits = _kits(**fields)
    shown = tuple(organization[key] for key in ("kind", "population", "territory"))
    assert shown == known
    assert organization["title"] == "Ma commune"
    assert kits["prenoms"] is suits
    assert kits["deliberations"] is True
    assert list(kits.values()) == sorted(kits.values(), reverse=True)


def test_one_kit_for_an_organization() -> None:
    organization, _ = _kits(siren=BAULE)
    shown = call_as(
        None, "challenge_kit_show", kit="prenoms", organization=organization["id"]
    )
    assert shown["organization"] == organization
    assert shown["fits"] is False
    assert "organization" not in call_as(None, "challenge_kit_show", kit="prenoms")


@pytest.mark.parametrize("action", ["challenge_kit_list", "challenge_kit_show"])
def test_there_must_be_such_an_organization(action: str) -> None:
    with pytest.raises(tk.ObjectNotFound):
        call_as(None, action, kit="dae", organization="nulle-part")
    with pytest.raises(tk.ValidationError):
        call_as(None, action, kit="dae", organization={"name": "baule"})


def test_a_season_has_the_kits_of_the_programme_that_it_keeps(
    ckan_config: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    cohort = make_cohort("running")
    draft = make_cohort("draft", name="brouillon", season=9)
    before = call_as(None, "challenge_kit_list", cohort=cohort["name"])
    assert before["count"] == 19
    # The portal gives the programme up; the season goes on with its copy.
    monkeypatch.setitem(ckan_config, "ckanext.challenge.programmes", [])
    assert call_as(None, "challenge_kit_list")["count"] == 0
    assert call_as(None, "challenge_kit_list", cohort=cohort["id"]) == before
    shown = call_as(None, "challenge_kit_show", kit="dae", cohort=cohort["id"])
    assert shown["schema"] == "atlasante/schema-dae"
    with pytest.raises(tk.ObjectNotFound):
        call_as(None, "challenge_kit_list", cohort=draft["id"])
    with pytest.raises(tk.ObjectNotFound):
        call_as(None, "challenge_kit_list", cohort="nulle-part")
