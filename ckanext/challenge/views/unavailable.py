"""What our addresses answer while our tables are missing, locked or read-only.

Pages answer 503 with a sentence; actions that CKAN's API serves, and other addresses
for programs, the same as JSON.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import ckan.plugins.toolkit as tk
from ckan.lib.search import SearchError
from ckan.types import Context
from flask import current_app, g, has_request_context, jsonify, request
from werkzeug.exceptions import ServiceUnavailable
from werkzeug.wrappers import Response

from ckanext.challenge.common import shield

Action = Callable[[Context, dict[str, Any]], Any]

#: Seconds after which a program may ask again.
_RETRY_AFTER = 60


def text() -> str:
    return tk._(
        "The pages of the challenge cannot be shown right now. The rest of the portal "
        "works; please try again in some minutes."
    )


def _is_action() -> bool:
    """Whether the request asks CKAN's API for an action of ours."""
    name = str((request.view_args or {}).get("logic_function", ""))
    return request.endpoint == "api.action" and name.startswith("challenge_")


def _json(**more: Any) -> Response:
    error = {"__type": "Service Unavailable", "message": text()}
    answer = jsonify({**more, "success": False, "error": error})
    answer.status_code = 503
    answer.headers["Retry-After"] = str(_RETRY_AFTER)
    answer.headers["Access-Control-Allow-Origin"] = "*"
    # CKAN's own mark for "private": no cache keeps it.
    request.environ["__no_cache__"] = True
    return answer


def answer(error: Exception) -> Any:
    """Answer an error of the database; a handler of our blueprints.

    :raises Exception: the error itself, where our tables are there and can be read
    """
    if not shield.gave_way(error, request.path):
        raise error
    if request.path.endswith(".json"):
        return _json()
    return current_app.handle_user_exception(ServiceUnavailable(text()))


def be_patient() -> None:
    """Have an action that the API serves wait for a lock for a bounded time."""
    if _is_action():
        shield.be_patient()


def told(name: str, action: Action) -> Action:
    """Have CKAN's API tell of an action of ours that our tables fail.

    :param name: of the action, for the log
    :returns: an action that does the same elsewhere
    """

    @functools.wraps(action)
    def tell(context: Context, data_dict: dict[str, Any]) -> Any:
        try:
            return action(context, data_dict)
        except shield.DatabaseError as error:
            if (
                not has_request_context()
                or not _is_action()
                or not shield.gave_way(error, name)
            ):
                raise
            g.challenge_unavailable = True
            # Of the errors that CKAN's view answers, this one is neither logged
            # each time nor blamed on who asks; the answer is replaced.
            raise SearchError(text()) from error

    return tell


def replace_answer(response: Response) -> Response:
    """Answer 503 where an action of ours could not be served."""
    if not g.pop("challenge_unavailable", False) or not _is_action():
        return response
    help_url = tk.url_for(
        "api.action",
        logic_function="help_show",
        ver=3,
        name=(request.view_args or {})["logic_function"],
        _external=True,
    )
    return _json(help=help_url)
