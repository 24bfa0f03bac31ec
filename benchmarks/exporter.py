"""A process that asks for one export and tells how much memory that took.

    python -m benchmarks.exporter FILE.ini PATH TOKEN

Prints megabytes received, megabytes of memory more than before, and seconds.
"""

from __future__ import annotations

import sys
import time

from ckan.tests.helpers import _get_test_app
from werkzeug.test import Client

from benchmarks import memory, volume

_MEGABYTE = 1024 * 1024


def main(ini: str, path: str, token: str) -> None:
    """Export once to warm up, forget how much was needed so far, export again."""
    volume.load_ckan(ini)
    app = _get_test_app()
    client = Client(app.app, app.flask_app.response_class)
    headers = {"Authorization": token}
    # Libraries and templates are loaded by a small one.
    small = client.get(f"{path}&q=commune+17", headers=headers)
    if small.status_code != 200 or not small.data:
        raise RuntimeError(f"{path} answers {small.status_code}")
    # From here on, the most that is needed is counted anew.
    memory.start_anew()
    before = memory.now()
    began = time.perf_counter()
    size = 0
    answer = client.get(path, headers=headers, buffered=False)
    for piece in answer.iter_encoded():
        size += len(piece)
    seconds = time.perf_counter() - began
    print(size / _MEGABYTE, memory.most() - before, seconds)


if __name__ == "__main__":
    main(*sys.argv[1:])
