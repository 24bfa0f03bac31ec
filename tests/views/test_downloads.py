"""Files are given in parts, are said to be gone, and said to be away."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import ckan.plugins.toolkit as tk
import flask
import pytest
from werkzeug.exceptions import ServiceUnavailable

from ckanext.challenge.common import file_places
from ckanext.challenge.model.base import make_id
from ckanext.challenge.views.common import stored_file

CONTENT = bytes(range(256)) * 4096

KINDS = ["folder"]
if tk.check_ckan_version(min_version="2.12"):
    KINDS += ["ckan:fs", "file_keeper:memory"]


@pytest.fixture(params=KINDS)
def row(
    request: pytest.FixtureRequest,
    with_plugins: None,
    ckan_config: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> dict[str, Any]:
    """A file that is kept."""
    monkeypatch.setitem(ckan_config, "ckan.storage_path", str(tmp_path))
    if request.param != "folder":
        from ckan.lib import files  # noqa: PLC0415

        settings = {"type": request.param, "path": "", "initialize": True}
        if request.param == "ckan:fs":
            settings["path"] = str(tmp_path / "kept")
        made = files.make_storage("kept", settings)
        monkeypatch.setitem(files.storages.members, "kept", made)
        monkeypatch.setitem(ckan_config, "ckanext.challenge.storage", "kept")
    id_ = make_id()
    with file_places.place().writing(id_) as file:
        file.write(CONTENT)
    return {"id": id_, "name": "délibération.pdf", "media_type": "application/pdf"}


def _given(app: Any, row: dict[str, Any], **headers: str) -> tuple[Any, bytes]:
    with app.flask_app.test_request_context("/", headers=headers):
        answer = stored_file(row)
        environ = flask.request.environ
        content = b"".join(answer.get_app_iter(environ))
        answer.close()
        return answer, content


def test_a_file_is_given_whole_and_in_parts(app: Any, row: dict[str, Any]) -> None:
    answer, content = _given(app, row)
    assert content == CONTENT
    assert answer.content_length == len(CONTENT)
    assert answer.headers["Accept-Ranges"] == "bytes"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "attachment" in answer.headers["Content-Disposition"]
    assert "d%C3%A9lib%C3%A9ration.pdf" in answer.headers["Content-Disposition"]
    for asked, first, last in (
        ("bytes=2-5", 2, 5),
        ("bytes=700000-", 700_000, len(CONTENT) - 1),
        ("bytes=-10", len(CONTENT) - 10, len(CONTENT) - 1),
    ):
        part, content = _given(app, row, Range=asked)
        assert part.status_code == 206
        assert content == CONTENT[first : last + 1]
        told = f"bytes {first}-{last}/{len(CONTENT)}"
        assert part.headers["Content-Range"] == told
    part, content = _given(app, row, **{"If-None-Match": answer.headers["ETag"]})
    assert (part.status_code, content) == (304, b"")


def test_a_file_that_is_gone_is_not_there(app: Any, row: dict[str, Any]) -> None:
    file_places.place().remove(row["id"])
    with pytest.raises(tk.ObjectNotFound):
        _given(app, row)


def test_a_place_that_is_away_is_for_later(
    app: Any, row: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuses(*args: Any) -> Any:
        raise PermissionError(13, "Permission denied")

    for kind in (file_places.Folder, file_places.Storage):
        monkeypatch.setattr(kind, "open", refuses)
    with pytest.raises(ServiceUnavailable):
        _given(app, row)
