"""Doing several things at the same time, each in a transaction of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from ckan import model


def at_once(app: Any, *functions: Callable[[], Any]) -> list[Any]:
    """Run functions in threads that start together, each with its own session.

    :returns: what each answered, or the exception that it raised
    """
    barrier = threading.Barrier(len(functions))
    results: list[Any] = [None] * len(functions)

    def run(index: int) -> None:
        with app.flask_app.app_context():
            barrier.wait()
            try:
                results[index] = functions[index]()
            except Exception as error:
                results[index] = error
            finally:
                model.Session.remove()

    threads = [
        threading.Thread(target=run, args=(index,)) for index in range(len(functions))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return results
