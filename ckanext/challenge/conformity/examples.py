"""Files that follow the national schemas, for people to begin with.

The examples in ``examples/`` are this project's own, of a commune that does not
exist: no département has the number 00, and its telephone numbers are in the range
that ARCEP keeps for fiction.
"""

from __future__ import annotations

import csv
import io
from functools import lru_cache
from importlib import resources

from .registry import Schema

Row = tuple[str, ...]


def columns(schema: Schema) -> Row:
    """The header of a file that follows the schema; empty where it is not bundled."""
    descriptor = schema.descriptor or {"fields": []}
    return tuple(field["name"] for field in descriptor["fields"])


@lru_cache(maxsize=32)
def example(schema: Schema) -> tuple[Row, ...]:
    """Some rows that follow the schema, in the order of :func:`columns`.

    Empty where the project has none.
    """
    folder = resources.files("ckanext.challenge.conformity").joinpath("examples")
    file = folder.joinpath(f"{schema.stem}.csv")
    if schema.stem is None or not file.is_file():
        return ()
    rows = csv.DictReader(io.StringIO(file.read_text(encoding="utf-8"), newline=""))
    return tuple(tuple(row[name] for name in columns(schema)) for row in rows)
