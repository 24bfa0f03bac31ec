"""The processes among which pytest-xdist shares out the tests of one run: each has a
database, a Redis database number and a Solr core of its own.

The tests wipe what they find, so that no two processes may use the same.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from urllib.parse import urlsplit

#: Redis has 16 databases, and the first one is that of a run in one process.
_AT_MOST = 15

#: Words by which pytest is asked for what only one process can do, or does sooner.
_ALONE = ("::", "--pdb", "--trace", "--collect-only", "--co", "no:xdist")


def names(count: int) -> list[str]:
    """As pytest-xdist names so many processes; one alone has no name."""
    if count < 2:
        return []
    return [f"gw{number}" for number in range(count)]


def core(worker: str) -> str:
    """The database of a worker, and its Solr core."""
    return f"ckan_{worker}"


def environ(worker: str, shared: Mapping[str, str]) -> dict[str, str]:
    """Where a worker finds its services, and keeps its temporary files.

    :param shared: the environment of the run
    """
    number = int(worker.removeprefix("gw")) + 1
    redis = urlsplit(shared["CKAN_REDIS_URL"])._replace(path=f"/{number}")
    own = {"CKAN_REDIS_URL": redis.geturl()}
    for name in ("CKAN_SQLALCHEMY_URL", "CKAN_SOLR_URL"):
        own[name] = shared[name].rpartition("/")[0] + f"/{core(worker)}"
    # CKAN builds its assets there.
    folder = Path(shared["TMPDIR"]) / worker
    folder.mkdir(exist_ok=True)
    own["TMPDIR"] = str(folder)
    return own


def count(arguments: Sequence[str]) -> int:
    """How many processes share out what pytest is asked for; 1 for none but its own."""
    if any(word in argument for word in _ALONE for argument in arguments):
        return 1
    return min(len(os.sched_getaffinity(0)), _AT_MOST)


def options(workers: int) -> list[str]:
    """What makes pytest share out its tests."""
    if not names(workers):
        return []
    # A process that takes the place of another would have no services.
    return [
        f"--numprocesses={workers}",
        "--dist=loadfile",
        # The tests say themselves which files come first.
        "--no-loadscope-reorder",
        "--max-worker-restart=0",
    ]
