"""A process that creates as many datasets as its standard input says.

    echo 10 | python -m benchmarks.publisher FILE.ini

Answers each number with a line ``times`` and the seconds that each took.
"""

from __future__ import annotations

import sys
import time
import uuid

import ckan.plugins.toolkit as tk

from benchmarks import volume


def _create(user: str, organization: str) -> float:
    name = f"volume-{uuid.uuid4()}"
    data = {
        "name": name,
        "title": "Délibérations du conseil",
        "notes": "Un jeu pour mesurer.",
        "owner_org": organization,
        "resources": [{"url": "https://www.example.org/a.csv", "format": "CSV"}],
    }
    began = time.perf_counter()
    tk.get_action("package_create")({"user": user, "ignore_auth": True}, data)
    return time.perf_counter() - began


def main(ini: str) -> None:
    """Read numbers, create, answer."""
    volume.load_ckan(ini)
    user = tk.get_action("get_site_user")({"ignore_auth": True}, {})["name"]
    organization = tk.get_action("organization_create")(
        {"user": user, "ignore_auth": True}, {"name": f"volume-{uuid.uuid4()}"}
    )
    for line in sys.stdin:
        times = [_create(user, organization["id"]) for _ in range(int(line))]
        print("times", *times, flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
