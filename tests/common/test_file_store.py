"""Files of applications: judged by their content, stored whole or not at all."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

import pytest
from helpers import kept
from werkzeug.datastructures import FileStorage

from ckanext.challenge.common import file_store

PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"
PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\1\0\0\0\1\x08\6\0\0\0\x1f\x15\xc4\x89"
JPEG = b"\xff\xd8\xff\xe0\0\x10JFIF\0\1\1\0\0\1\0\1\0\0\xff\xd9"


def odt() -> bytes:
    """The smallest text of LibreOffice."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.text")
        archive.writestr("content.xml", "<x/>")
    return made.getvalue()


@pytest.fixture
def storage(
    with_plugins: None,
    ckan_config: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> Path:
    monkeypatch.setitem(ckan_config, "ckan.storage_path", str(tmp_path))
    monkeypatch.setitem(ckan_config, "ckanext.challenge.max_file_size", 1)
    return tmp_path


def _store(
    content: bytes, name: str, allowed: Any = file_store.DOCUMENTS
) -> file_store.Stored:
    upload = FileStorage(io.BytesIO(content), filename=name)
    return file_store.store("f00dcafe", upload, allowed)


@pytest.mark.parametrize(
    ("content", "sent", "media_type", "name"),
    [
        (PDF, "Délibération 12.pdf", "application/pdf", "Délibération 12.pdf"),
        (PDF, "page.html", "application/pdf", "page.html.pdf"),
        (JPEG, "photo.JPEG", "image/jpeg", "photo.jpeg"),
        (PNG, r"C:\Bureau\logo.png", "image/png", "logo.png"),
        (odt(), "lettre.odt", "application/vnd.oasis.opendocument.text", "lettre.odt"),
    ],
    ids=["pdf", "pdf-named-html", "jpeg", "png", "odt"],
)
def test_a_file_is_what_its_content_says(
    storage: Path, content: bytes, sent: str, media_type: str, name: str
) -> None:
    stored = _store(content, sent)
    assert (stored.media_type, stored.name) == (media_type, name)
    assert stored.size == len(content)
    path = kept.path_of("f00dcafe")
    assert path.read_bytes() == content
    assert storage in path.parents
    file_store.remove("f00dcafe")
    file_store.remove("f00dcafe")
    assert not path.exists()


@pytest.mark.parametrize(
    ("content", "name", "code"),
    [
        (b"<html><script>alert(1)</script></html>", "lettre.pdf", "type"),
        (b'<svg xmlns="http://www.w3.org/2000/svg"/>', "logo.png", "type"),
        (b"MZ\x90\0" + b"\0" * 200, "lettre.pdf", "type"),
        (b"PK\x03\x04" + b"\0" * 60, "lettre.odt", "type"),
        (b"", "vide.pdf", "empty"),
        (PDF + b"\0" * 1024 * 1024, "long.pdf", "too_big"),
    ],
)
def test_what_is_not_taken_leaves_nothing(
    storage: Path, content: bytes, name: str, code: str
) -> None:
    with pytest.raises(file_store.Refused) as caught:
        _store(content, name)
    assert caught.value.code == code
    assert [path for path in storage.rglob("*") if path.is_file()] == []


def test_a_logo_is_an_image(storage: Path) -> None:
    with pytest.raises(file_store.Refused):
        _store(PDF, "logo.pdf", file_store.IMAGES)
    assert _store(PNG, "logo", file_store.IMAGES).name == "logo.png"


@pytest.mark.parametrize(
    ("sent", "name"),
    [
        ("../../etc/passwd", "passwd.pdf"),
        (".htaccess", "htaccess.pdf"),
        ('a"; filename="b.exe', "a filename=b.exe.pdf"),
        ("a\r\nSet-Cookie: x", "aSet-Cookie x.pdf"),
        ("fdp\u202efdp.exe", "fdpfdp.exe.pdf"),
        ("a" * 300 + ".pdf", "a" * 100 + ".pdf"),
        ("e\u0301te\u0301.pdf", "été.pdf"),
        ("", "document.pdf"),
        (None, "document.pdf"),
    ],
)
def test_a_name_is_made_harmless(sent: str | None, name: str) -> None:
    assert file_store.clean_name(sent, "application/pdf") == name
