"""Files that the portal keeps, looked at where they lie in its folder."""

from __future__ import annotations

from pathlib import Path

from ckanext.challenge.common import file_places


def path_of(file_id: str) -> Path:
    """Where the portal's folder has a file."""
    folder = file_places.folder()
    assert folder
    return folder.path_of(file_id)
