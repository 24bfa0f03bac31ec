"""What changes between two versions of a programme."""

from __future__ import annotations

import copy
from typing import Any

from ckanext.challenge.domain.programme import Programme, parse
from ckanext.challenge.domain.programme_diff import compare

BEFORE: dict[str, Any] = {
    "version": 1,
    "title": {"fr": "Essai"},
    "phases": [{"key": "debut", "title": {"fr": "Début"}}],
    "steps": [
        {
            "key": key,
            "phase": "debut",
            "title": {"fr": key.title()},
            "check": {"person": {}},
        }
        for key in ("signer", "publier", "fermer")
    ],
    "feedback": [{"key": "utile", "label": {"fr": "Utile ?"}, "type": "yes_no"}],
}


def _parse(document: dict[str, Any]) -> Programme:
    return parse(document, "essai.yaml")


def test_nothing_changes_by_the_order_or_the_version() -> None:
    after = copy.deepcopy(BEFORE)
    after["version"] = 2
    after["steps"].reverse()
    assert compare(_parse(BEFORE), _parse(after)) == ()


def test_what_is_new_gone_and_otherwise() -> None:
    after = copy.deepcopy(BEFORE)
    after["title"] = {"fr": "Essai, deux"}
    after["steps"][1]["required"] = False
    after["steps"][1]["title"] = {"fr": "Publiez"}
    after["steps"][2]["key"] = "rouvrir"
    after["feedback"][0]["label"] = {"fr": "Vraiment utile ?"}
    after["badges"] = [
        {
            "key": "fini",
            "title": {"fr": "Fini"},
            "description": {"fr": "Tout."},
            "criteria": {"steps": "required"},
        }
    ]
    found = [
        (change.part, change.key, change.kind, change.title.fr, change.fields)
        for change in compare(_parse(BEFORE), _parse(after))
    ]
    assert found == [
        ("programme", "essai", "changed", "Essai, deux", ("title",)),
        ("steps", "publier", "changed", "Publiez", ("title", "required")),
        ("steps", "rouvrir", "added", "Fermer", ()),
        ("steps", "fermer", "removed", "Fermer", ()),
        ("badges", "fini", "added", "Fini", ()),
        ("feedback", "utile", "changed", "Vraiment utile ?", ("label",)),
    ]
