"""What many answers to a form say together."""

from __future__ import annotations

from ckanext.challenge.domain.opinions import tally
from ckanext.challenge.domain.questions import read


def _choices(*values: str) -> list[dict[str, object]]:
    return [{"value": value, "label": {"fr": value}} for value in values]


FORM = read(
    [
        {"key": "utile", "label": {}, "type": "choice", "choices": _choices("o", "n")},
        {"key": "aide", "label": {}, "type": "choices", "choices": _choices("a", "b")},
        {"key": "jours", "label": {}, "type": "number"},
        {"key": "suite", "label": {}, "type": "yes_no"},
        {"key": "mots", "label": {}, "type": "paragraph"},
    ]
)


def test_answers_are_counted_by_their_kind() -> None:
    sent = [
        {"utile": "o", "aide": ["a", "b"], "jours": 2, "suite": True, "mots": "Bien"},
        {"utile": "o", "aide": ["b"], "jours": 0.5, "suite": False},
        {"utile": "jadis", "aide": [], "suite": True},
    ]
    found = {one.question.key: one[1:] for one in tally(FORM, sent)}
    assert found == {
        # What the question offers no more is an answer, and no choice.
        "utile": (3, {"o": 2, "n": 0}, None),
        "aide": (2, {"a": 1, "b": 2}, None),
        "jours": (2, {}, 1.25),
        "suite": (3, {"true": 2, "false": 1}, None),
        "mots": (1, {}, None),
    }


def test_nobody_has_answered() -> None:
    assert [one.answers for one in tally(FORM, [])] == [0] * 5
