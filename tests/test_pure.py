"""A test that asks for nothing of CKAN gets nothing of it."""

from __future__ import annotations

import os
from collections.abc import Callable

import pysolr
import pytest
import redis
import sqlalchemy as sa
from ckan.tests.helpers import CKANTestApp

NOWHERE = "127.0.0.1:9"


@pytest.mark.parametrize(
    "use",
    [
        lambda: sa.create_engine(f"postgresql://{NOWHERE}/ckan").connect(),
        lambda: pysolr.Solr(f"http://{NOWHERE}/solr/ckan").search("*:*"),
        lambda: redis.Redis.from_url(f"redis://{NOWHERE}").ping(),
        lambda: CKANTestApp(None),
    ],
    ids=["database", "index", "redis", "application"],
)
def test_it_is_told_to_ask(
    use: Callable[[], object], request: pytest.FixtureRequest
) -> None:
    assert request.node.get_closest_marker("pure")
    with pytest.raises(AssertionError, match="let it ask for with_plugins"):
        use()


def test_what_asks_is_another(
    with_plugins: None, request: pytest.FixtureRequest
) -> None:
    assert request.node.get_closest_marker("pure") is None
    assert redis.Redis.from_url(os.environ["CKAN_REDIS_URL"]).ping()
