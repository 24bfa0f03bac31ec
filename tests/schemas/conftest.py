"""A catalogue for the tests of the forms."""

from __future__ import annotations

import pytest


@pytest.fixture
def catalogue(request: pytest.FixtureRequest, with_plugins: None) -> None:
    """A catalogue that was empty when the module began.

    These tests are many and small, and name what they make at random: none of them
    sees what another has left.
    """
    if not getattr(request.module, "catalogue_is_clean", False):
        request.getfixturevalue("clean_db")
        request.getfixturevalue("clean_index")
        request.module.catalogue_is_clean = True
