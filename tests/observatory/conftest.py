"""The directory of a small region."""

from __future__ import annotations

from typing import Any

import pytest
from helpers.region import make_region


@pytest.fixture
def region(with_plugins: Any, clean_db: Any, clean_index: Any) -> None:
    make_region()
