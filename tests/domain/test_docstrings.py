"""What a docstring says, taken apart."""

from __future__ import annotations

import pytest

from ckanext.challenge.domain.docstrings import Parameter, described

TEXT = """Say which table it is.

    Who may publish may call this, as :py:func:`challenge_kit_show` says.
    It goes on.

    :param id: id of the
        preparation
    :type id: string
    :param upload: the workbook
    :type upload: file, sent as ``multipart/form-data``
    :param sheets: their names
    :type sheets: list of strings
    :param by: a text, or several
    :type by: string or dict
    :returns: ``{id}``
    :rtype: dict
    """


def test_all_parts_are_found() -> None:
    found = described("challenge_x", TEXT)
    assert found.summary == "Say which table it is."
    assert found.text == (
        "Who may publish may call this, as ``challenge_kit_show`` says. It goes on."
    )
    assert found.parameters == (
        Parameter("id", "string", "id of the preparation"),
        Parameter("upload", "file", "the workbook"),
        Parameter("sheets", "array", "their names"),
        Parameter("by", "", "a text, or several"),
    )
    assert found.returns == "``{id}``"


def test_an_action_that_says_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="challenge_x"):
        described("challenge_x", "")
