"""The first rows of a published table, on its page."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ckan import model
from ckan.lib import uploader
from ckan.tests import factories

from ckanext.challenge.conformity import preview

pytestmark = pytest.mark.usefixtures("with_plugins", "clean_db", "clean_index")


@pytest.fixture
def publish(
    create_with_upload: Any,
    ckan_config: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> Any:
    monkeypatch.setitem(ckan_config, "ckan.storage_path", str(tmp_path))
    admin = factories.Sysadmin()
    dataset = factories.Dataset(owner_org=factories.Organization()["id"])

    def made(content: bytes, **fields: str) -> model.Resource:
        given = {"format": "CSV", **fields}
        context = {"user": admin["name"], "ignore_auth": True}
        resource = create_with_upload(
            content, "table.csv", context, package_id=dataset["id"], **given
        )
        found = model.Resource.get(resource["id"])
        assert found
        return found

    return made


def test_the_rows_of_a_small_table(publish: Any) -> None:
    found = preview.of(publish("nom;date\r\nÉté;2024-01-15\r\nx\r\n".encode("cp1252")))
    assert found == preview.Preview(
        ("nom", "date"), (("Été", "2024-01-15"), ("x", "")), is_whole=True
    )


def test_the_beginning_of_a_long_one(publish: Any) -> None:
    found = preview.of(publish(b"a,b\n" + b"1,2\n" * 5000))
    assert found
    assert (len(found.rows), found.is_whole) == (50, False)


@pytest.mark.parametrize(
    "content", [b"", b"%PDF-1.7", b"PK\x03\x04zip", b'a,b\n"never closed\n']
)
def test_nothing_of_what_is_no_table(publish: Any, content: bytes) -> None:
    assert preview.of(publish(content)) is None


def test_nothing_of_what_lies_elsewhere_or_is_gone(publish: Any) -> None:
    linked = publish(b"a,b\n1,2\n")
    linked.url_type = None
    assert preview.of(linked) is None
    gone = publish(b"a,b\n1,2\n")
    upload: Any = uploader.get_resource_uploader({"id": gone.id})
    Path(upload.get_path(gone.id)).unlink()
    assert preview.of(gone) is None
    assert preview.of(publish(b"a,b\n1,2\n", format="PDF")) is None


def test_the_dataset_shows_a_glance_of_its_first_file(publish: Any, app: Any) -> None:
    resource = publish(b"a,b\n" + b"".join(b"x%d,y\n" % row for row in range(9)))
    page = app.get(f"/en/dataset/{resource.package_id}", follow_redirects=True)
    text = page.get_data(as_text=True)
    assert "<td>x4</td>" in text
    assert "<td>x5</td>" not in text
    assert f"resource/{resource.id}" in text.partition('challenge-preview-title"')[2]


def test_the_page_shows_it_and_no_empty_rows(publish: Any, app: Any) -> None:
    resource = publish(b"a,b\n1,<b>2</b>\n")
    page = app.get(f"/en/dataset/{resource.package_id}/resource/{resource.id}")
    text = page.get_data(as_text=True)
    assert "The rows" in text
    assert "&lt;b&gt;2&lt;/b&gt;" in text
    for english in ("There are no views created", "Package id", "Has views"):
        assert english not in text
    page = app.get(f"/en/dataset/{resource.package_id}").get_data(as_text=True)
    assert "Covers from" not in page
