"""The reference of the API."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from importlib import metadata
from pathlib import Path
from typing import Any

import ckan.plugins as p
import ckan.plugins.toolkit as tk
from ckan.types import Context

from ckanext.challenge import config
from ckanext.challenge.domain import shipped
from ckanext.challenge.domain.docstrings import Described, described

from . import openapi

_EXAMPLES = Path(__file__).with_name("examples.yaml")


@tk.side_effect_free
def challenge_reference_show(context: Context, data_dict: dict[str, Any]) -> Any:
    """Describe all actions of the extension, for people and for programs.

    Everybody may call this.

    :returns: ``{actions, examples, openapi}``: of each action ``{name, summary, text,
        reads, parameters, returns}``, each parameter ``{name, kind, text}``; of each
        example ``{title: {fr, en}, action, query}``; ``openapi`` is a document of
        OpenAPI 3.1
    :rtype: dict
    """
    tk.check_access("challenge_reference_show", context, {})
    actions = _actions()
    return {
        "actions": [
            {
                "name": one.name,
                "summary": one.summary,
                "text": one.text,
                "reads": reads,
                "parameters": [vars(parameter) for parameter in one.parameters],
                "returns": one.returns,
            }
            for one, reads in actions
        ],
        "examples": shipped.load(_EXAMPLES.read_text()),
        "openapi": openapi.document(
            actions,
            url=config.base_url(),
            title=f"ckanext-challenge, {tk.config['ckan.site_title']}",
            version=metadata.version("ckanext-challenge"),
        ),
    }


@lru_cache(maxsize=1)
def _actions() -> tuple[tuple[Described, bool], ...]:
    return tuple(sorted(_described(), key=lambda one: one[0].name))


def _described() -> Iterator[tuple[Described, bool]]:
    """The extension's own actions, not those of CKAN that it adds to."""
    for name, function in p.get_plugin("challenge").get_actions().items():  # type: ignore[union-attr]
        if name.startswith("challenge_"):
            reads = getattr(function, "side_effect_free", False)
            yield described(name, function.__doc__ or ""), reads
