"""The ini file of the portal, from its template."""

from __future__ import annotations

import string
from collections.abc import Mapping
from pathlib import Path

from portal.files import private_file
from portal.paths import PORTAL

TEMPLATE = PORTAL / "ckan.ini.template"


def render(template: str, values: Mapping[str, object]) -> str:
    """Fill in the template.

    :param values: what stands for each ``$name``; percent signs in them are kept from
        being interpolated
    :raises KeyError: the template asks for a name that is not there
    """
    return string.Template(template).substitute(
        {name: str(value).replace("%", "%%") for name, value in values.items()}
    )


def write(target: Path, values: Mapping[str, object]) -> None:
    """Write the ini file, which holds passwords."""
    private_file(target, render(TEMPLATE.read_text(encoding="utf-8"), values))
