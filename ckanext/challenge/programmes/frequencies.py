"""How often a dataset is updated, as its form offers it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import resources

from ckanext.challenge.domain import shipped
from ckanext.challenge.domain.text import Text


@cache
def frequencies() -> Mapping[str, Text]:
    """The codes of the EU's vocabulary that the form offers, with their words."""
    file = resources.files("ckanext.challenge.schemas").joinpath("presets.yaml")
    presets = shipped.load(file.read_text(encoding="utf-8"))["presets"]
    return {
        choice["value"]: Text.of(choice["label"])
        for preset in presets
        if preset["preset_name"] == "challenge_frequency"
        for choice in preset["values"]["choices"]
    }
