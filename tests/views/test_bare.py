"""Datasets of which only a name and a title are known, on all pages that show them.

With the form of a portal that was there before us, CKAN leaves out of a dataset each
field that is empty, where ours keeps it.
"""

from __future__ import annotations

from typing import Any

import pytest
from ckan.tests import factories
from ckan.tests.helpers import call_action
from helpers.browser import PASSWORD, Browser
from helpers.strangers import marked, stranger

PAGES = (
    "/dataset",
    "/dataset/{name}",
    "/dataset/{name}/resource/{file}",
    "/dataset/edit/{name}",
    "/dataset/{name}/resource/{file}/edit",
    "/challenge/dataset/{name}/card.png",
    "/challenge/oembed?url=http://test.ckan.net/dataset/{name}",
    "/challenge/data",
    "/challenge/data.atom",
    "/challenge/data.json",
    "/sitemap.xml",
    "/api/3/action/package_show?id={name}&include_badges=true",
    "/api/3/action/package_search?include_badges=true",
    "/api/3/action/challenge_quality_show?id={name}",
    "/api/3/action/challenge_conformity_show?id={file}",
    "/api/3/action/challenge_dataset_list",
)
OF_AN_ORGANIZATION = (
    "/organization/{organization}",
    "/organization/edit/{organization}",
    "/organization/challenge/{organization}",
    "/challenge/organization/{organization}/card.png",
    "/challenge/badge/{organization}.svg",
    "/challenge/oembed?url=http://test.ckan.net/organization/{organization}",
    "/api/3/action/organization_show?id={organization}&include_badges=true",
)


def _faults(app: Any, owned: bool) -> list[str]:
    """The pages that fail, for nobody and for a sysadmin."""
    owner = factories.Organization(title="", description="") if owned else None
    site = factories.Sysadmin(password=PASSWORD)
    made = call_action(
        "package_create",
        {"user": site["name"], "ignore_auth": False},
        name="bare",
        title="Bare",
        owner_org=owner["id"] if owner else None,
        resources=[{"url": "https://example.org/a"}],
    )
    place = {
        "name": made["name"],
        "file": made["resources"][0]["id"],
        "organization": owner["name"] if owner else "",
    }
    nobody, sysadmin = Browser(app), Browser(app).sign_in(site)
    found = []
    for page in (*PAGES, *(OF_AN_ORGANIZATION if owner else ())):
        for who in (nobody, sysadmin):
            path = page.format(**place)
            status = who.get(path).status_code
            if status >= 500:
                found.append(f"{status} {path}")
    return found


@pytest.mark.parametrize("owned", [True, False])
@marked([*stranger, pytest.mark.ckan_config("ckan.auth.create_unowned_dataset", True)])
@pytest.mark.usefixtures("with_plugins", "clean_db", "clean_index")
def test_a_bare_dataset_breaks_no_page_of_theirs(app: Any, owned: bool) -> None:
    assert not _faults(app, owned)
