"""What the demonstration is made of, without a database."""

from __future__ import annotations

import datetime as dt
import json
from collections import Counter

import pytest
import yaml
from frictionless import Resource, Schema, system

from ckanext.challenge import demo
from ckanext.challenge.conformity import registry
from ckanext.challenge.demo import tables
from ckanext.challenge.demo.content import content, dates_of
from ckanext.challenge.demo.pdf import page

TODAY = dt.date(2026, 3, 2)


def _errors(name, table, tmp_path):
    schema = registry.get(tables.SCHEMAS[name])
    assert schema
    path = tmp_path / "table.csv"
    path.write_bytes(table.csv())
    with system.use_context(trusted=True):
        resource = Resource(
            path=str(path),
            schema=Schema.from_descriptor(json.loads(json.dumps(schema.descriptor))),
        )
        report = resource.validate()
    return [error for task in report.tasks for error in task.errors] + report.errors


@pytest.mark.parametrize("name", sorted(tables.SCHEMAS))
def test_tables_follow_their_national_schema(name, tmp_path):
    for participant in content().participants[:3]:
        place = content().place(participant)
        for year in (TODAY.year, TODAY.year - 1):
            table = tables.make(name, place, year, TODAY)
            assert 20 <= len(table.rows) <= 200, (name, place.name, len(table.rows))
            assert not _errors(name, table, tmp_path), (name, place.name)


@pytest.mark.parametrize("name", sorted(tables.TABLES))
def test_tables_are_the_same_each_time_and_different_for_each_place(name):
    first, second = (content().place(p) for p in content().participants[:2])
    once = tables.make(name, first, 2025, TODAY)
    assert once == tables.make(name, first, 2025, TODAY)
    assert once.rows != tables.make(name, second, 2025, TODAY).rows
    assert 20 <= len(once.rows) <= 200


def test_a_spoiled_file_does_not_follow_its_schema(tmp_path):
    spoiled = [
        (participant, dataset, dataset.spoil)
        for participant in content().participants
        for dataset in participant.datasets
        if dataset.spoil
    ]
    assert len(spoiled) >= 5
    assert len({how for _, _, how in spoiled}) >= 4
    for participant, dataset, how in spoiled:
        place = content().place(participant)
        table = tables.make(dataset.table, place, 2025, TODAY)
        assert _errors(dataset.table, tables.spoil(table, how), tmp_path), dataset


def test_a_table_says_nothing_after_today():
    for participant in content().participants[:5]:
        rows = tables.make(
            "deliberations", content().place(participant), TODAY.year, TODAY
        ).rows
        assert all(row["DELIB_DATE"] <= TODAY.isoformat() for row in rows)


def test_there_are_twenty_participants_of_several_kinds_and_places():
    facts = [content().facts(each.siren) for each in content().participants]
    assert len(facts) == 20
    assert {"Baule", "Le Poinçonnet", "Argenton-sur-Creuse"} <= {f.name for f in facts}
    assert len({row.departement for row in facts}) == 6
    assert len({row.kind for row in facts}) >= 3
    assert sum(len(each.datasets) for each in content().participants) >= 60


def test_the_running_season_has_the_facts_of_its_brochure():
    season = next(each for each in content().seasons if each["season"] == 2)
    assert [row["amount"] for row in season["funding"]] == [3000, 2000, 1000]
    assert season["days_per_participant"] == 12
    assert season["capacity"] == 20
    for heading in ("#MOBILISER", "#ENGAGER", "#METTRE EN PRATIQUE"):
        assert heading in season["description"]
    dates = dates_of(season, TODAY)
    assert list(dates.values()) == sorted(dates.values())
    assert dates["launch"] < TODAY.isoformat() < dates["finalisation"]


def test_every_state_of_an_application_is_there():
    states = Counter(each.state for each in content().applications)
    assert set(states) == {
        "draft",
        "submitted",
        "in_review",
        "changes_requested",
        "accepted",
        "waitlisted",
        "refused",
        "withdrawn",
    }


def test_mail_to_anybody_of_the_demonstration_goes_nowhere():
    emails = [account.email for account in content().accounts]
    emails += [content().email(siren) for siren in content().sirens()]
    for email in emails:
        assert email.endswith(("@example.org", ".example.org")), email
    names = [n for p in content().participants for n in content().user_names(p)]
    assert len(names) == len(set(names))


def test_nobody_who_speaks_has_a_name():
    for season in content().seasons:
        for quote in season["testimonials"]:
            assert "démonstration" in quote["role"]
            assert quote["author"].split()[0] in ("Un", "Une")


def test_associations_are_examples():
    place = content().place(content().participants[0])
    for row in tables.make("subventions", place, 2025, TODAY).rows:
        assert row["nomBeneficiaire"].endswith("(exemple)")
        assert row["rnaBeneficiaire"].startswith("W00")


def test_a_pdf_is_a_pdf():
    written = page("Délibérations (2025)", ["Données de démonstration."])
    assert written.startswith(b"%PDF-1.4")
    assert written.endswith(b"%%EOF\n")
    start = int(written.split(b"startxref\n")[1].split(b"\n")[0])
    assert written[start : start + 4] == b"xref"


def test_each_content_file_is_read():
    folder = next(iter(demo.__path__))
    with open(f"{folder}/descriptions.yaml", encoding="utf-8") as file:
        assert set(yaml.safe_load(file)) == set(tables.TABLES)
