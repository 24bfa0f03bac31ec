"""Every measure, in a real database, over what CKAN's own API made."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import sqlalchemy as sa
from ckan import model
from ckan.tests import factories, helpers

from benchmarks.statements import sent_statements
from ckanext.challenge import measures
from ckanext.challenge.domain import quality
from ckanext.challenge.domain.measurement import Measurement, Subject
from ckanext.challenge.measures import datasets, mending, registry
from ckanext.challenge.measures import mqa as mqa_of
from ckanext.challenge.model import Cohort, Conformity, Participant

pytestmark = pytest.mark.usefixtures("with_plugins", "clean_db", "clean_index")

LONG = "Ce que le conseil municipal a décidé, séance par séance. " * 3
DAY = dt.timedelta(days=1)


def call(action: str, **data: Any) -> Any:
    user = helpers.call_action("get_site_user")
    return helpers.call_action(action, {"user": user["name"]}, **data)


def organization(**fields: Any) -> str:
    name = factories.Organization.stub().name
    return call("organization_create", name=name, **fields)["id"]


def dataset(owner: str, **fields: Any) -> str:
    name = factories.Dataset.stub().name
    return call("package_create", name=name, owner_org=owner, **fields)["id"]


def one(name: str, subject: str | Subject) -> Measurement:
    """One measure of one organization."""
    if isinstance(subject, str):
        subject = Subject(subject)
    return measures.measure([name], [subject])[name][subject]


def days_ago(days: float) -> str:
    moment = dt.datetime.now(dt.timezone.utc) - days * DAY
    return moment.replace(tzinfo=None).isoformat()


@pytest.fixture
def owner() -> str:
    return organization()


def test_only_what_the_public_sees_counts(owner: str) -> None:
    seen = dataset(owner)
    dataset(owner, state="draft")
    dataset(owner, private=True)
    call("package_delete", id=dataset(owner))
    other = dataset(organization())
    # Another type, such as a showcase or a harvest source, is not a dataset.
    showcase: Any = model.Package.get(dataset(owner))
    showcase.type = "showcase"
    model.Session.commit()

    found = one("datasets_public", owner)
    assert found == Measurement(1.0, passing=(seen,))
    assert other not in found.passing


def test_what_does_not_count_keeps_no_share_down(owner: str) -> None:
    good = dataset(
        owner,
        license_id="etalab-2.0",
        frequency="irreg",
        resources=[{"url": "https://example.org/a.csv", "format": "CSV"}],
    )
    bad = {"license_id": "other-closed", "resources": [{"url": "b.pdf"}]}
    dataset(owner, state="draft", **bad)
    dataset(owner, private=True, **bad)
    call("package_delete", id=dataset(owner, **bad))
    for name in ("open_licence_share", "open_format_share", "fresh_share"):
        assert one(name, owner) == Measurement(1.0, of=1, passing=(good,)), name


def test_an_organization_with_nothing_has_zero_of_everything() -> None:
    empty = Subject(organization(), "a cohort", dt.date(2022, 9, 1))
    unknown = Subject("no such organization")
    known = registry.known()
    found = measures.measure(known, [empty, unknown])
    for name, measure in known.items():
        # Whoever creates an organization is a member of it, and it has its page.
        if name in ("members", "organization_profile"):
            continue
        for subject in (empty, unknown):
            nothing = 0 if measure.unit == "share" else None
            assert found[name][subject] == Measurement(0.0, of=nothing), name
    assert measures.measure(known, []) == {name: {} for name in known}


def test_a_measure_is_one_statement_for_any_number_of_organizations() -> None:
    subjects = [
        Subject(organization(), f"cohort {number}", dt.date(2022, 9, 1))
        for number in range(3)
    ]
    for subject in subjects:
        dataset(subject.organization_id, resources=[{"url": "a.csv"}])
    model.Session.commit()
    for name in registry.known():
        for some in (subjects[:1], subjects):
            with sent_statements() as seen:
                found = measures.measure([name], some)
            assert len(seen) == 1, (name, seen)
            assert set(found[name]) == set(some)


def test_the_measures_over_datasets_are_one_statement_together(owner: str) -> None:
    dataset(owner, **GOOD)
    dataset(owner)
    subject = Subject(owner)
    names = [measure.name for measure in datasets.MEASURES]
    with sent_statements() as seen:
        together = measures.measure(names, [subject])
    assert len(seen) == 1
    for name in names:
        assert together[name] == measures.measure([name], [subject])[name], name


def test_no_more_than_twenty_datasets_are_named_always_the_same(owner: str) -> None:
    made = [dataset(owner, license_id="notspecified") for _ in range(21)]
    found = one("open_licence_share", owner)
    assert found == Measurement(
        0.0,
        of=21,
        failing=tuple(sorted(made)[:20]),
        missing=(("license_id",),) * 20,
    )
    assert one("datasets_public", owner).value == 21
    assert one("datasets_public", owner).passing == tuple(sorted(made)[:20])


def test_members(owner: str) -> None:
    before = one("members", owner).value
    for capacity in ("admin", "editor", "member"):
        user = factories.User()
        call(
            "organization_member_create",
            id=owner,
            username=user["name"],
            role=capacity,
        )
    assert one("members", owner).value == before + 3
    # Someone invited has not come yet, someone deleted is gone.
    invited: Any = model.User.get(user["id"])
    invited.set_pending()
    model.Session.commit()
    assert one("members", owner).value == before + 2
    call("organization_member_delete", id=owner, username=invited.name)
    assert one("members", owner).value == before + 2


def test_organization_profile() -> None:
    empty = one("organization_profile", organization())
    assert empty.value == 0
    assert empty.lacking == (
        "description",
        "image_url",
        "siren",
        "kind",
        "departement",
        "population",
        "agents",
        "website",
    )
    full = {
        "description": "Commune du Loiret.",
        "image_url": "https://example.org/logo.png",
        "siren": "214500241",
        "departement": "45",
        "population": "1985",
        "agents": "24",
        "website": "https://example.org",
    }
    epci = organization(kind="cc", **full)
    assert one("organization_profile", epci) == Measurement(1.0)
    commune = organization(kind="commune", **full)
    found = one("organization_profile", commune)
    assert found.value == pytest.approx(8 / 9)
    assert found.lacking == ("insee_code",)
    commune = organization(kind="commune", insee_code="45024", **full)
    assert one("organization_profile", commune).value == 1
    half = organization(kind="cc", siren="214500241", description="x", website="")
    assert one("organization_profile", half).value == pytest.approx(3 / 8)


def cohort(name: str) -> str:
    made = Cohort(
        name=name, title=name, season=2, programme="saison", programme_version=1
    )
    model.Session.add(made)
    model.Session.commit()
    return made.id


def test_kits_chosen_are_those_of_the_season(owner: str) -> None:
    first, second = cohort("un"), cohort("deux")
    for cohort_id, kits in ((first, ["budget", "dae"]), (second, ["prenoms"])):
        model.Session.add(
            Participant(cohort_id=cohort_id, organization_id=owner, kits=kits)
        )
    model.Session.commit()
    subjects = [Subject(owner, first), Subject(owner, second), Subject(owner)]
    found = measures.measure(["kits_chosen"], subjects)["kits_chosen"]
    assert [found[subject].value for subject in subjects] == [2, 1, 0]


@pytest.mark.parametrize(
    ("created", "counts"),
    [
        # 1 September 2022 began at 22:00 UTC of the day before, in Paris.
        ("2022-08-31T21:59:59", False),
        ("2022-08-31T22:00:00", True),
        ("2022-09-01T12:00:00", True),
    ],
)
def test_datasets_since_launch(owner: str, created: str, counts: bool) -> None:
    made = dataset(owner)
    package: Any = model.Package.get(made)
    package.metadata_created = dt.datetime.fromisoformat(created)
    model.Session.commit()
    subject = Subject(owner, "season 2", dt.date(2022, 9, 1))
    later = Subject(owner, "season 3", dt.date(2023, 9, 1))
    never = Subject(owner)
    found = measures.measure(["datasets_since_launch"], [subject, later, never])
    results = found["datasets_since_launch"]
    expected = Measurement(1.0, passing=(made,)) if counts else Measurement(0.0)
    assert results[subject] == expected
    assert results[later] == results[never] == Measurement(0.0)


def test_kits_covered_are_different_kits(owner: str) -> None:
    kits = ["deliberations", "deliberations", "budget", "", None]
    made = [dataset(owner, **({"challenge_kit": k} if k else {})) for k in kits]
    found = one("kits_covered", owner)
    assert found.value == 2
    assert set(found.passing) == set(made[:3])


def test_resources_public(owner: str) -> None:
    two = dataset(owner, resources=[{"url": "a.csv"}, {"url": "b.csv"}])
    dataset(owner)
    gone = dataset(owner, resources=[{"url": "a.csv"}])
    shown = call("package_show", id=gone)
    call("resource_delete", id=shown["resources"][0]["id"])
    assert one("resources_public", owner) == Measurement(2.0, passing=(two,))


def test_open_licence_share(owner: str) -> None:
    made = {
        licence: dataset(owner, license_id=licence)
        for licence in ("etalab-2.0", "lov2", "odc-odbl", "cc-by", "notspecified", "")
    }
    found = one("open_licence_share", owner)
    assert (found.value, found.of) == (0.5, 6)
    passing = {made[name] for name in ("etalab-2.0", "lov2", "odc-odbl")}
    assert set(found.passing) == passing
    assert set(found.failing) == set(made.values()) - passing


def test_open_format_share(owner: str) -> None:
    def of(*formats: str) -> str:
        rows = [{"url": "https://example.org/x", "format": f} for f in formats]
        return dataset(owner, resources=rows)

    opened = {of("CSV"), of("PDF", "csv"), of("GeoJSON"), of("ods")}
    closed = {of("PDF"), of("xls", "XLSX"), of(".docx"), of(), of("")}
    found = one("open_format_share", owner)
    assert set(found.passing) == opened
    assert set(found.failing) == closed
    assert found.missing == (("open_format",),) * 5
    assert found.value == pytest.approx(4 / 9)


WHOLE: dict[str, Any] = {
    "notes": "Ce que le conseil a décidé.",
    "challenge_kit": "deliberations",
    "tags": [{"name": "conseil"}],
    "license_id": "etalab-2.0",
    "temporal_start": "2024-01-01",
    "spatial_insee": "45024",
    "contact_name": "Mairie",
    "resources": [{"url": "https://example.org/a.csv", "format": "CSV", "size": 10}],
}


@pytest.mark.parametrize(
    ("changes", "lost"),
    [
        ({}, 0),
        ({"challenge_kit": ""}, 30),
        (
            {
                "challenge_kit": "",
                "theme": "http://publications.europa.eu/resource/authority/"
                "data-theme/ENVI",
            },
            0,
        ),
        ({"tags": []}, 30),
        ({"spatial_insee": ""}, 20),
        ({"temporal_start": ""}, 20),
        ({"notes": ""}, 30),
        ({"license_id": "notspecified"}, 35),
        ({"license_id": "other-open"}, 15),
        ({"contact_name": ""}, 20),
        ({"contact_name": "", "contact_email": "mairie@example.org"}, 0),
        ({"resources": []}, 185),
        ({"resources": [{"url": "a.pdf", "format": "PDF", "size": 10}]}, 40),
        ({"resources": [{"url": "a.xlsx", "format": ".XLSX", "size": 10}]}, 20),
        ({"resources": [{"url": "a", "format": "Classeur", "size": 10}]}, 60),
        ({"resources": [{"url": "https://example.org/a.csv", "format": "CSV"}]}, 5),
        (
            {
                "resources": [
                    {
                        "url": "https://example.org/a.csv",
                        "format": "CSV",
                        "size": 10,
                        "check:available": False,
                    }
                ]
            },
            80,
        ),
    ],
)
def test_mqa_points(owner: str, changes: dict[str, Any], lost: int) -> None:
    made = dataset(owner, **{**WHOLE, **changes})
    found = one("mqa_points", owner)
    assert found.of == 1
    assert round(found.value * 405) == 405 - lost
    assert made in (found.failing if lost > 54 else found.passing)
    assert mqa_of.summary(owner).points == mqa_of.summary().points == 405 - lost


def test_a_link_that_its_check_found_broken_gives_no_points(owner: str) -> None:
    made = dataset(owner, **WHOLE)
    (resource,) = call("package_show", id=made)["resources"]
    for type_, lost in (("link-status", 80), ("type-error", 0)):
        model.Session.query(Conformity).delete()
        model.Session.add(
            Conformity(
                resource_id=resource["id"],
                schema="scdl/deliberations",
                status="error" if lost else "invalid",
                errors=[{"type": type_}],
            )
        )
        model.Session.commit()
        assert mqa_of.summary(owner).points == 405 - lost


@pytest.mark.parametrize(
    ("frequency", "age", "is_fresh"),
    [
        ("daily", 1.9, True),
        ("daily", 2.1, False),
        ("weekly", 7.9, True),
        ("weekly_5", 8.1, False),
        ("monthly", 31.9, True),
        ("monthly", 32.1, False),
        ("annual", 366.9, True),
        ("annual", 367.1, False),
        ("annual_2", 366.9, True),
        ("hourly", 1.0, True),
        ("hourly", 1.1, False),
        ("irreg", 5000, True),
        ("never", 5000, True),
        ("unknown", 0, False),
        ("", 0, False),
    ],
)
def test_fresh_share(owner: str, frequency: str, age: float, is_fresh: bool) -> None:
    made = dataset(
        owner,
        **({"frequency": frequency} if frequency else {}),
        resources=[
            {"url": "a.csv", "last_modified": days_ago(age)},
            {"url": "b.csv", "last_modified": days_ago(age + 9999)},
        ],
    )
    found = one("fresh_share", owner)
    assert found.value == float(is_fresh)
    assert (found.passing if is_fresh else found.failing) == (made,)
    if not is_fresh:
        declared = frequency not in ("", "unknown")
        assert found.missing == (("updated_in_time" if declared else "frequency",),)


def test_a_dataset_without_files_is_not_fresh(owner: str) -> None:
    dataset(owner, frequency="irreg")
    dataset(owner, frequency="annual")
    assert one("fresh_share", owner).value == 0


GOOD = {
    "license_id": "etalab-2.0",
    "temporal_start": "2022-01-01",
    "spatial_insee": "45024",
    "frequency": "annual",
    "notes": LONG,
    "resources": [
        {"url": "https://example.org/a.csv", "format": "CSV", "description": "2022"}
    ],
}


def _resource(**changes: Any) -> dict[str, Any]:
    return {"resources": [GOOD["resources"][0] | changes]}


@pytest.mark.parametrize(
    ("changes", "lost"),
    [
        ({}, []),
        ({"license_id": ""}, ["licence"]),
        ({"license_id": "notspecified"}, ["licence"]),
        ({"license_id": "cc-nc"}, []),
        ({"temporal_start": ""}, ["temporal_coverage"]),
        ({"spatial_insee": ""}, ["spatial_coverage"]),
        ({"frequency": ""}, ["frequency", "updated_in_time"]),
        ({"frequency": "unknown"}, ["frequency", "updated_in_time"]),
        ({"notes": "x" * 100}, ["description"]),
        ({"notes": "é" * 101}, []),
        (_resource(format="PDF"), ["open_format"]),
        (_resource(description=""), ["resources_described"]),
        (_resource(description="", resource_type="documentation"), []),
        (_resource(last_modified=days_ago(400)), ["updated_in_time"]),
        (_resource(**{"check:available": False}), ["reachable"]),
        (_resource(**{"check:available": "False"}), ["reachable"]),
        (_resource(**{"check:available": True}), []),
        (
            {"resources": []},
            ["updated_in_time", "open_format", "reachable", "resources_described"],
        ),
    ],
)
def test_quality_counts_nine_points(
    owner: str, changes: dict[str, Any], lost: list[str]
) -> None:
    made = dataset(owner, **(GOOD | changes))
    found = one("quality_mean", owner)
    assert found.of == 1
    assert round(found.value * 9) == 9 - len(lost)
    described = one("described_share", owner)
    assert described.value == float(len(lost) <= 2)
    if len(lost) <= 2:
        assert (described.passing, described.missing) == ((made,), ())
    else:
        assert (described.failing, described.missing) == ((made,), (tuple(lost),))
    shown = mending.dataset(made)
    assert shown is not None
    assert quality.missing(shown.met) == tuple(lost)


def test_quality_mean_is_over_all_datasets(owner: str) -> None:
    dataset(owner, **GOOD)
    poor = dataset(owner)
    found = one("quality_mean", owner)
    assert found.value == pytest.approx(0.5)
    assert (found.of, found.failing) == (2, (poor,))
    assert one("described_share", owner).value == 0.5


def test_conform_datasets(owner: str) -> None:
    def with_status(*statuses: str | None) -> str:
        made = dataset(
            owner,
            resources=[
                {"url": f"{status}.csv", "schema": "scdl/deliberations"}
                for status in statuses
            ],
        )
        resources = call("package_show", id=made)["resources"]
        for resource, status in zip(resources, statuses, strict=True):
            if status:
                model.Session.add(
                    Conformity(
                        resource_id=resource["id"],
                        schema="scdl/deliberations",
                        status=status,
                    )
                )
        model.Session.commit()
        return made

    valid = {with_status("valid"), with_status("invalid", "valid")}
    wrong = {with_status("invalid"), with_status("error", None)}
    with_status("pending")
    with_status(None)
    found = one("conform_datasets", owner)
    assert found.value == 2
    assert set(found.passing) == valid
    assert set(found.failing) == wrong
    assert found.missing == (("schema",),) * 2
    gone = call("package_show", id=next(iter(valid)))
    for resource in gone["resources"]:
        call("resource_delete", id=resource["id"])
    assert one("conform_datasets", owner).value == 1


def test_downloads_are_measured_only_where_they_are_tracked() -> None:
    assert "downloads" not in registry.known()


def test_downloads(owner: str) -> None:
    link = "https://example.org/a.csv"
    made = dataset(owner, resources=[{"url": link}, {"url": "https://example.org/b"}])
    upload = call("package_show", id=made)["resources"][1]["id"]
    resource: Any = model.Resource.get(upload)
    resource.url_type = "upload"
    other = dataset(organization(), resources=[{"url": "https://example.org/c.csv"}])
    insert = sa.text(
        "INSERT INTO tracking_summary (url, tracking_type, count, tracking_date)"
        " VALUES (:url, :type, :count, CAST(:day AS date))"
    )
    for url, kind, count, day in (
        (link, "resource", 3, "2023-01-01"),
        (link, "resource", 4, "2023-01-02"),
        (
            f"http://x/fr/dataset/y/resource/{upload}/download/b.csv",
            "resource",
            5,
            "2023-01-01",
        ),
        (f"/dataset/{made}", "page", 100, "2023-01-01"),
        ("https://example.org/c.csv", "resource", 9, "2023-01-01"),
    ):
        model.Session.execute(
            insert, {"url": url, "type": kind, "count": count, "day": day}
        )
    model.Session.commit()
    subject = Subject(owner)
    with sent_statements() as seen:
        found = datasets.downloads([subject])
    assert len(seen) == 1
    assert found == {subject: Measurement(12.0, passing=(made,))}
    assert other not in found[subject].passing


def test_an_unknown_measure_is_an_error(owner: str) -> None:
    with pytest.raises(KeyError):
        measures.measure(["popularity"], [Subject(owner)])


@pytest.mark.parametrize("organization_id", ["", '{"}', "a,b", "x\\", "NULL", "é'; --"])
def test_any_text_can_be_an_id(organization_id: str) -> None:
    assert one("datasets_public", organization_id) == Measurement(0.0)


def test_each_says_all_that_pages_and_mails_ask_for() -> None:
    assert all(name == one.name for name, one in registry.known().items())
    for measure in (*registry.known().values(), datasets.DOWNLOADS):
        name = measure.name
        assert measure.unit in ("count", "share")
        assert str(measure.definition).endswith(".")
        for number in (1, 2):
            short, least = (
                str(text(number) if callable(text) else text)
                for text in (measure.shortfall, measure.at_least)
            )
            assert short.endswith(".")
            assert "{value}" in short and "{target}" in short, name
            assert not least.endswith("."), name
            assert "{number}" in least or least.startswith("All "), name


def test_what_is_missing_has_words_and_names_datasets_where_it_says_so() -> None:
    owner = organization()
    dataset(owner)
    good = dataset(owner, **GOOD, challenge_kit="budget")
    resource = call("package_show", id=good)["resources"][0]["id"]
    followed = {"resource_id": resource, "schema": "scdl/budget", "status": "valid"}
    call("resource_patch", id=resource, schema=followed["schema"])
    model.Session.query(Conformity).filter_by(resource_id=resource).delete()
    model.Session.add(Conformity(**followed))
    model.Session.commit()
    subject = Subject(owner, "a cohort", dt.date(2022, 9, 1))
    known = registry.known()
    for name, found in measures.measure(known, [subject]).items():
        measure, measurement = known[name], found[subject]
        named = bool(measurement.passing or measurement.failing)
        assert named == measure.names_datasets, name
        words = {lack.name for lack in measure.lacks}
        said = {
            *measurement.lacking,
            *(one for part in measurement.missing for one in part),
        }
        assert said <= words, name
