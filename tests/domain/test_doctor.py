"""What a portal lacks, judged from plain facts."""

from __future__ import annotations

import datetime as dt

import pytest

from ckanext.challenge.domain import doctor, own_fields
from ckanext.challenge.domain.doctor import Finding

NOW = dt.datetime(2026, 11, 29, 12, tzinfo=dt.timezone.utc)


def test_the_worst_verdict_is_told() -> None:
    good, todo = Finding("redis", "good"), Finding("mails", "todo", "failed")
    assert doctor.worst([]) == "good"
    assert doctor.worst([good, todo]) == "todo"
    assert doctor.worst([todo, doctor.failed("solr", OSError()), good]) == "wrong"


def test_an_error_tells_its_kind_and_not_its_text() -> None:
    found = doctor.failed("redis", OSError("redis://:secret@10.0.0.1"))
    assert found.facts == {"error": "OSError"}


@pytest.mark.parametrize(
    ("names", "code", "told"),
    [
        (["challenge", "scheming_datasets", "scheming_organizations"], "good", None),
        (
            ["a", "challenge", "b", "scheming_datasets", "scheming_organizations"],
            "good",
            None,
        ),
        (
            ["scheming_datasets", "a", "challenge", "scheming_organizations"],
            "order",
            "challenge scheming_datasets a scheming_organizations",
        ),
        (["challenge", "scheming_datasets"], "missing", "scheming_organizations"),
        (
            ["scheming_datasets", "challenge"],
            "order",
            "challenge scheming_datasets",
        ),
        (["challenge"], "missing", "scheming_datasets scheming_organizations"),
    ],
)
def test_the_order_of_plugins(names: list[str], code: str, told: str | None) -> None:
    found = doctor.plugins(names)
    assert found.code == code
    assert found.facts.get("names") == told


SIRET = "21450024100015"
SIRENS = ["214500241", "213601594", "243700754"]


def _looks(name: str, value: str) -> bool:
    return bool(own_fields.meaning(name, value))


def _form(
    fields: dict[str, str] | None,
    values: dict[str, list[str]] | None = None,
    check: str = "organization_fields",
    **called: str,
) -> Finding:
    names = {name: name for name in doctor.FIELDS[check]} | called
    return doctor.form(check, doctor.Form(fields, values or {}), names, _looks)


def test_the_fields_of_a_form() -> None:
    every = dict.fromkeys((*doctor.FIELDS["organization_fields"], "title"), "")
    assert _form(every).verdict == "good"
    without = {name: "" for name in every if name != "siren"}
    assert _form(without).code == "missing"
    found = _form({**without, "siret_siren": "", "sirene": ""})
    assert found.code == "renamed"
    assert found.facts["pairs"] == "siret_siren → siren"
    assert found.facts["lines"] == "ckanext.challenge.field.siren = siret_siren"
    assert _form({**without, "siret_siren": ""}, siren="siret_siren").code == "good"
    # A setting that names nothing is told with what it names.
    found = _form(without, siren="siret_sirne")
    assert found.facts["names"] == "siren (siret_sirne)"
    assert _form(None).code == "no_form"


def test_a_setting_of_any_field_is_looked_at() -> None:
    every = dict.fromkeys(doctor.FIELDS["organization_fields"], "")
    found = _form(every, agents="effectifs", website="website")
    assert found.facts["names"] == "agents (effectifs)"
    assert _form({**every, "effectifs": ""}, agents="effectifs").verdict == "good"


@pytest.mark.parametrize(
    ("fields", "values", "line"),
    [
        # By its label, in whatever language.
        ({"identifiant": "N° SIRET"}, {}, "siren = identifiant"),
        ({"champ_7": "Type de collectivité"}, {}, "kind = champ_7"),
        # The shortest of those that are called alike.
        ({"code_siren_epci": "", "code_siren": ""}, {}, "siren = code_siren"),
        # Its values speak against it.
        ({"siret_siren": ""}, {"siret_siren": ["oui", "non", "oui"]}, None),
        ({"siret_siren": ""}, {"siret_siren": [SIRET]}, "siren = siret_siren"),
        # A free extra, whose values alone tell it.
        ({}, {"numero": SIRENS}, "siren = numero"),
        ({}, {"numero": SIRENS[:2]}, None),
        # What has one of our names is no candidate for another.
        ({"website": "SIREN"}, {}, None),
    ],
)
def test_a_field_is_found_under_another_name(
    fields: dict[str, str], values: dict[str, list[str]], line: str | None
) -> None:
    lines = str(_form(fields, values).facts.get("lines", "")).splitlines()
    told = f"ckanext.challenge.field.{line}"
    assert lines == ([told] if line else [])


def test_a_free_extra_of_our_name_is_there_where_its_values_are_right() -> None:
    right = {
        "siren": [SIRET, "néant"],
        "kind": ["commune"],
        "insee_code": ["45024"],
        "departement": ["45"],
        "population": ["1985"],
    }
    assert _form(None, right).verdict == "good"
    found = _form(None, {**right, "siren": ["néant"]})
    assert (found.code, found.facts["names"]) == ("no_form", "siren")
    # A few that somebody wrote beside a form do not speak for it.
    found = _form({"siret_siren": ""}, right)
    assert found.facts["lines"] == "ckanext.challenge.field.siren = siret_siren"
    # What is set is what is read.
    found = _form({"code_siren": ""}, {**right, "no": ["néant"]}, siren="no")
    assert found.verdict == "good"


def test_a_part_of_a_repeated_field_is_found() -> None:
    fields = {
        "contact": "Contact",
        "contact.email": "Contact Courriel",
        "temporal_coverage.start": "Période couverte Du",
        "temporal_coverage.end": "Période couverte Au",
    }
    lines = str(_form(fields, check="dataset_fields").facts["lines"]).splitlines()
    assert lines == [
        "ckanext.challenge.field.temporal_start = temporal_coverage.start",
        "ckanext.challenge.field.temporal_end = temporal_coverage.end",
        "ckanext.challenge.field.contact_email = contact.email",
    ]


def test_what_is_read_as_nothing_is_told_with_examples() -> None:
    assert doctor.values({"siren": []}).verdict == "good"
    rows = [(f"néant {number}", f"commune-{number}", 1) for number in range(5)]
    found = doctor.values({"siren": rows, "frequency": [("parfois", "arbres", 12)]})
    assert found.facts["names"] == (
        "siren: 5 ('néant 0' commune-0, 'néant 1' commune-1, 'néant 2' commune-2); "
        "frequency: 12 ('parfois' arbres)"
    )


def test_the_licences_of_the_law_are_known_by_their_addresses() -> None:
    lo = "https://www.etalab.gouv.fr/ETALAB-Licence-Ouverte-v2.0.pdf"
    found = doctor.licences({"notre-lo": lo}, ["etalab-2.0", "cc-by"], "file:///l.json")
    assert found.facts["names"] == "cc-by, odc-odbl"
    listed = {"notre-lo": lo, "odbl": "", "cc-by": ""}
    assert doctor.licences(listed, ["cc-by"], "file:///l.json").verdict == "good"


@pytest.mark.parametrize(
    ("current", "code"),
    [(None, "none"), ("0001", "behind"), ("0002", "good"), ("0003", "ahead")],
)
def test_the_version_of_the_tables(current: str | None, code: str) -> None:
    found = doctor.migrations(current, ["0001", "0002"])
    assert found.code == code
    assert (found.verdict == "good") is (code == "good")


def test_each_queue_needs_a_worker() -> None:
    assert doctor.workers({"default", "other"}, ["default"]).verdict == "good"
    found = doctor.workers({"default"}, ["default", "challenge-conformity"])
    assert (found.verdict, found.facts["names"]) == ("wrong", "challenge-conformity")


@pytest.mark.parametrize(
    ("number", "waits", "verdict"),
    [
        (0, dt.timedelta(0), "good"),
        (doctor.MOST_JOBS, doctor.LONGEST_WAIT, "good"),
        (doctor.MOST_JOBS + 1, dt.timedelta(0), "todo"),
        (1, doctor.LONGEST_WAIT + dt.timedelta(seconds=1), "todo"),
    ],
)
def test_what_waits_for_too_long(
    number: int, waits: dt.timedelta, verdict: str
) -> None:
    assert doctor.queues({"default": (number, waits)}).verdict == verdict


def test_a_command_that_is_silent_is_named() -> None:
    ended = {name: NOW - pause for name, pause in doctor.PAUSES.items()}
    assert doctor.commands(ended, NOW).verdict == "good"
    late = {**ended, "purge": ended["purge"] - dt.timedelta(seconds=1)}
    del late["evaluate"]
    found = doctor.commands(late, NOW)
    assert (found.verdict, found.facts["names"]) == ("wrong", "evaluate, purge")
    # One that ended, and a part of which failed, is told as well.
    found = doctor.commands(ended, NOW, ["evaluate"])
    assert (found.verdict, found.code) == ("wrong", "errors")


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("", "none"),
        ("data.example.org", "none"),
        ("http://localhost:5000", "local"),
        ("https://127.0.0.1", "local"),
        ("http://[::1]:5000", "local"),
        ("http://data.example.org", "http"),
        ("https://data.example.org/catalogue", "good"),
    ],
)
def test_the_address_of_the_portal(url: str, code: str) -> None:
    assert doctor.address(url).code == code


@pytest.mark.parametrize(
    ("seconds", "zone", "code"),
    [
        (0.2, "Europe/Paris", "good"),
        (-6, "Europe/Paris", "differs"),
        (6, "UTC", "differs"),
        (0, "UTC", "zone"),
        (0, "server", "zone"),
        (0, "", "zone"),
    ],
)
def test_the_clock(seconds: float, zone: str, code: str) -> None:
    assert doctor.clock(seconds, zone).code == code


def test_a_zone_that_is_none_is_worse_than_a_clock() -> None:
    found = doctor.clock(6, "Europe/Pariss", known=False)
    assert (found.verdict, found.code) == ("wrong", "unknown")


@pytest.mark.parametrize(
    ("locale", "offered", "code"),
    [
        ("fr", ["fr", "en"], "good"),
        ("fr", [], "all"),
        ("de", ["de", "fr"], "other"),
        ("en_GB", ["en_GB", "fr"], "good"),
    ],
)
def test_the_languages(locale: str, offered: list[str], code: str) -> None:
    assert doctor.languages(locale, offered).code == code


@pytest.mark.parametrize(
    ("stands", "verdict", "code"),
    [
        ((0, False, False, ""), "todo", "none"),
        ((3, False, False, ""), "wrong", "none"),
        ((0, True, True, ""), "good", "good"),
        ((3, True, True, ""), "todo", "waiting"),
        ((0, True, False, ""), "good", "elsewhere"),
        ((3, True, False, ""), "todo", "elsewhere"),
        ((0, True, True, "Others can read it"), "wrong", "problem"),
    ],
)
def test_the_signatures(
    stands: tuple[int, bool, bool, str], verdict: str, code: str
) -> None:
    found = doctor.signatures(*stands)
    assert (found.verdict, found.code) == (verdict, code)
