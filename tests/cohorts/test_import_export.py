"""Files of seasons: what is wrong in one is said with its place."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ckanext.challenge.cohorts import import_export


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("saisons.yaml", None, "No such file"),
        ("saisons.txt", "name: a", ".yaml or .yml or .json"),
        ("saisons.yaml", "", "expected a list of seasons"),
        ("saisons.yaml", "[]", "expected a list of seasons"),
        ("saisons.yaml", "Bonjour", "expected a list of seasons"),
        ("saisons.yaml", "- Bonjour", "season 1: expected fields"),
        ("saisons.yaml", "name: [", "line 1, column"),
        ("saisons.json", '{"name": }', "line 1, column 10"),
        ("saisons.yaml", "title: A", "season 1: expected a name"),
        ("saisons.yaml", "name: a\ntitel: A", "unknown field titel, expected one of"),
        ("saisons.yaml", "- name: a\n- name: a", "the name a stands 2 times"),
        ("saisons.yaml", b"name: \xe9t\xe9", "save the file as UTF-8"),
    ],
)
def test_a_file_that_holds_no_seasons(
    tmp_path: Path, name: str, content: Any, words: str
) -> None:
    file = tmp_path / name
    if content is not None:
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(import_export.CohortFileError) as caught:
        import_export.read(file, ("name", "title"))
    assert words in str(caught.value)
    assert str(file) in str(caught.value)


def test_what_was_there_stays_when_a_file_cannot_be_written(tmp_path: Path) -> None:
    file = tmp_path / "saisons.yaml"
    file.write_text("name: a\n", "utf-8")
    with pytest.raises(TypeError):
        import_export.write(tmp_path / "saisons.json", [{"name": {1, 2}}])
    import_export.write(file, [{"name": "b"}])
    assert import_export.read(file, ("name",)) == [{"name": "b"}]
    assert [path.name for path in tmp_path.iterdir()] == ["saisons.yaml"]
