"""The licence list, as CKAN reads it."""

from __future__ import annotations

import json
from importlib import resources

import pytest
from ckan.model.license import DefaultLicense, LicenseRegister
from ckan.tests import helpers

FILE = resources.files("ckanext.challenge") / "licenses.json"
OPEN = ["etalab-2.0", "odc-odbl"]


def test_it_is_in_ascii_because_ckan_reads_it_in_the_machines_encoding() -> None:
    assert FILE.read_bytes().isascii()


def test_the_licences_of_the_law_come_first() -> None:
    listed = json.loads(FILE.read_text())
    assert [row["id"] for row in listed][:2] == OPEN
    assert len({row["id"] for row in listed}) == len(listed)


def test_none_of_ckans_own_is_lost() -> None:
    listed = {row["id"]: row for row in json.loads(FILE.read_text())}
    own = {kind.id: kind for kind in DefaultLicense.__subclasses__()}
    assert set(own) <= set(listed)
    for name, kind in own.items():
        licence = kind()
        assert listed[name]["title"] == licence.title
        assert listed[name]["od_conformance"] == licence.od_conformance
        assert listed[name]["is_generic"] == licence.is_generic
        assert set(licence._keys) <= set(listed[name])


@pytest.mark.usefixtures("with_plugins")
def test_the_portal_offers_them() -> None:
    assert list(LicenseRegister())[:2] == OPEN
    listed = {row["id"]: row for row in helpers.call_action("license_list")}
    assert listed["etalab-2.0"]["od_conformance"] == "approved"
