"""The README for those who read it elsewhere, and Babel's extractors; all the rest is
in pyproject.toml.
"""

import re
from pathlib import Path

from setuptools import setup

_ROOT = Path(__file__).resolve().parent
#: A link or a picture of this repository: ``](docs/…``.
_RELATIVE = re.compile(r"(!?)(\[[^\]]*\])\((?![a-z]+:|#)([^)\s]+)\)")


def _said(name: str) -> str:
    """What pyproject.toml says; Python 3.10 has no reader of such files."""
    project = (_ROOT / "pyproject.toml").read_text(encoding="utf-8")
    found = re.search(rf'^{name} = "(.+)"$', project, re.MULTILINE)
    assert found, f"pyproject.toml says no {name}"
    return found[1]


def _readme() -> str:
    """README.md with the addresses of its links and pictures: those of this version, or
    of the newest state before there is one.
    """
    repository, version = _said("Repository"), _said("version")
    at = "HEAD" if "dev" in version else f"v{version}"

    def absolute(found: "re.Match[str]") -> str:
        picture, text, path = found.groups()
        kind = "raw" if picture else "blob"
        return f"{picture}{text}({repository}/{kind}/{at}/{path})"

    text = (_ROOT / "README.md").read_text(encoding="utf-8")
    return _RELATIVE.sub(absolute, text)


setup(
    long_description=_readme(),
    long_description_content_type="text/markdown",
    message_extractors={
        "ckanext": [
            ("**.py", "python", None),
            ("**.js", "javascript", None),
            ("**/templates/**.html", "ckan", None),
            ("**/templates/**.txt", "ckan", None),
        ],
    },
)
