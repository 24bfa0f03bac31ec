"""Files that hold passwords."""

from __future__ import annotations

import os
from pathlib import Path


def private_file(path: Path, text: str) -> Path:
    """Write a file that only its owner reads, from its first byte on, and that is never
    seen half written.

    :returns: the same path
    """
    partial = path.with_name(f"{path.name}.new")
    partial.unlink(missing_ok=True)
    with os.fdopen(
        os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600),
        "w",
        encoding="utf-8",
    ) as file:
        file.write(text)
    return partial.replace(path)
