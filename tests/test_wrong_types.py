"""What no parameter of any action takes: each answers an error that names the field."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from typing import Any

import ckan.plugins.toolkit as tk
import pytest
from ckan import model
from ckan.types import Context
from factories import LIGNIERES, apply
from flask_babel import force_locale
from test_actions import TABLE, _filled, world  # noqa: F401 (a fixture)

from ckanext.challenge.participants import filters
from ckanext.challenge.plugin import all_actions

#: By what it is called: a value, and how the types begin of which it is one.
VALUES: dict[str, tuple[Any, tuple[str, ...]]] = {
    "number": (7.25, ("number",)),
    "boolean": (True, ("bool",)),
    "list": ([["x"]], ()),
    "list of half a character": (["a\ud800b", "a\0b"], ()),
    "object": ({"x": ["y"]}, ("dict", "string or dict")),
    "null": (None, ()),
    "megabyte": ("x" * 1_000_000, ("string or dict", "string of cells")),
    "nul": ("a\0b", ("string or dict",)),
    "half a character": ("a\ud800b", ("string or dict",)),
}


def parameters(action: str) -> dict[str, str]:
    """The parameters that an action documents, and what each says of its type."""
    text = inspect.getdoc(all_actions()[action]) or ""
    found = dict(re.findall(r":type (\w+): ((?:.|\n +)+)", text))
    assert set(found) == set(re.findall(r":param (\w+):", text)), action
    others = re.findall(
        r"other parameters are those of\s+:py:func:`(\w+)`( but\s+for\s+[^;.]+)?", text
    )
    for other, but in others:
        without = {"id", *re.findall(r"``(\w+)``", but)}
        theirs = parameters(other).items()
        found = {**{n: type_ for n, type_ in theirs if n not in without}, **found}
    return found


def _outcome(action: str, user: str, data: dict[str, Any]) -> dict[str, Any] | str:
    """How a call ends: with the errors by field, or a word."""
    context: Context = {"user": user, "defer_commit": True}
    try:
        tk.get_action(action)(context, data)
    except tk.ValidationError as error:
        return error.error_dict
    except tk.ObjectNotFound:
        return "not found"
    except tk.NotAuthorized:
        return "not authorized"
    except Exception as error:
        return f"failed with {type(error).__name__}: {error}"[:120]
    finally:
        model.Session.rollback()
    return "done"


def _texts(errors: Any) -> Iterator[str]:
    if isinstance(errors, dict):
        errors = list(errors.values())
    for part in errors if isinstance(errors, list) else [errors]:
        if isinstance(part, dict | list):
            yield from _texts(part)
        else:
            yield str(part)


def _is_told(outcome: dict[str, Any] | str, name: str) -> bool:
    """Whether the field is named, in the reader's language."""
    return (
        isinstance(outcome, dict)
        and name in outcome
        and not any(re.match("This |Missing", text) for text in _texts(outcome))
    )


@pytest.mark.seconds(20)
@pytest.mark.parametrize("kind", VALUES)
def test_a_wrong_type_is_an_error_on_its_field(
    kind: str,
    world: dict[str, Any],  # noqa: F811
    app: Any,
) -> None:
    value, types = VALUES[kind]
    user = world["people"]["sysadmin"]["name"]
    draft = apply(world["season"], LIGNIERES[0], submit=False)["id"]
    wrong = []
    with app.flask_app.test_request_context("/"), force_locale("fr"):
        for action in sorted(all_actions()):
            known = _filled(TABLE[action][1], world)
            if action == "challenge_application_update":
                known["id"] = draft
            for name, type_ in parameters(action).items():
                outcome = _outcome(action, user, {**known, name: value})
                if _is_told(outcome, name):
                    continue
                right = bool(types) and type_.startswith(types)
                if kind == "null":
                    # Nothing is given, which is an error only where something must be.
                    without = {key: one for key, one in known.items() if key != name}
                    right = outcome == _outcome(action, user, without)
                if not right or "failed" in outcome:
                    wrong.append(f"{action}({name}: {type_}): {outcome}")
    assert not wrong, "\n".join(wrong)


def test_every_field_of_a_schema_is_tried(
    world: dict[str, Any],  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What an action looks at is documented, so that the test above tries it."""
    seen: set[str] = set()
    running: list[str] = []
    navl_validate, get_action = tk.navl_validate, tk.get_action

    def validating(data: Any, schema: Any, context: Any = None) -> Any:
        # What other actions are called with on the way is theirs.
        # So is what the filters of participants hold: one object for the caller.
        if len(running) == 1 and set(schema) != set(filters.NAMES):
            seen.update(name for name in schema if not name.startswith("__"))
        return navl_validate(data, schema, context)

    def calling(name: str) -> Any:
        def call(context: Any, data: Any) -> Any:
            running.append(name)
            try:
                return get_action(name)(context, data)
            finally:
                running.pop()

        return call

    monkeypatch.setattr(tk, "navl_validate", validating)
    monkeypatch.setattr(tk, "get_action", calling)
    untold = {}
    for action in sorted(all_actions()):
        seen.clear()
        _outcome(
            action,
            world["people"]["sysadmin"]["name"],
            _filled(TABLE[action][1], world),
        )
        if missing := seen - parameters(action).keys():
            untold[action] = missing
    assert not untold, repr(untold)


@pytest.mark.usefixtures("with_plugins", "clean_db")
@pytest.mark.parametrize(
    "value",
    [5, [], {"x": 1}, "a\0b", "a\ud800b", "x" * 3000],
    ids=["number", "list", "object", "nul", "half a character", "long"],
)
def test_the_api_answers_409_and_names_the_field(app: Any, value: Any) -> None:
    answer = app.post(
        "/api/3/action/challenge_cohort_show", json={"id": value}, status=409
    )
    error = answer.get_json()["error"]
    assert error["__type"] == "Validation Error"
    assert set(error) == {"__type", "id"}
