"""What the views of all audiences share: calling actions, answering errors, pages."""

from __future__ import annotations

import datetime as dt
import logging
import os
from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any, TypeVar

import ckan.plugins.toolkit as tk
from ckan.types import Context
from flask import Blueprint, current_app, request
from flask import Response as FlaskResponse
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException
from werkzeug.utils import send_file
from werkzeug.wrappers import Response

from ckanext.challenge.common import file_store, shield
from ckanext.challenge.common.once import once
from ckanext.challenge.domain.characters import cleaned
from ckanext.challenge.domain.programme import ProgrammeMissing

from . import unavailable
from .csrf import check_token
from .embed.refusals import asked_type, refusal
from .errors import BadRequest, Forbidden, NotFound, ServiceUnavailable

AnyResponse = TypeVar("AnyResponse", bound=Response)

log = logging.getLogger(__name__)


def context() -> Context:
    """A fresh context of the request's user, for one action."""
    return {"user": tk.current_user.name, "auth_user_obj": tk.current_user}


def act(action: str, **data: Any) -> Any:
    """Call an action as the request's user."""
    return tk.get_action(action)(context(), data)


def shown_organization(name: str) -> dict[str, Any]:
    """An organization as CKAN shows it, without its datasets.

    :raises tk.ObjectNotFound: there is none, or it is deleted
    """
    try:
        return act("organization_show", id=name, include_datasets=False)
    except tk.NotAuthorized as error:
        # CKAN asks who somebody is: of what is deleted nothing is left to be shown.
        raise tk.ObjectNotFound() from error


def may(authorization: str, **data: Any) -> bool:
    """Whether the request's user, who has signed in, may do something."""
    if tk.current_user.is_anonymous:
        return False

    def ask() -> bool:
        try:
            tk.check_access(authorization, context(), data)
        except (tk.NotAuthorized, tk.ObjectNotFound, tk.ValidationError):
            return False
        return True

    return once((authorization, tk.current_user.name, *sorted(data.items())), ask)


def publishes_for() -> list[dict[str, Any]]:
    """The organizations in which the reader publishes; none for sysadmins, who
    publish in all.
    """
    reader = tk.current_user
    if reader.is_anonymous or getattr(reader, "sysadmin", False):
        return []
    return act("organization_list_for_user", permission="create_dataset")


def participant_row(cohort: str, organization: str, **state: str) -> dict[str, Any]:
    """An organization in a season, by their names, as its list has it.

    :param state: ``state``, the one in which it is; else it takes part
    :raises tk.ObjectNotFound: when it takes no part, or is in another state
    """
    rows = act(
        "challenge_participant_list",
        cohort=cohort,
        organization=organization,
        **state,
    )
    if not rows["results"]:
        raise tk.ObjectNotFound()
    return rows["results"][0]


def participant_id(cohort: str, organization: str) -> str:
    """The id of an organization in a season, by their names.

    :raises tk.ObjectNotFound: when it takes no part
    """
    return participant_row(cohort, organization)["id"]


def flash_refused(error: tk.ValidationError) -> None:
    """Say why something was refused, where no form can show it at its fields."""
    tk.h.flash_error("; ".join(str(text) for text in error.error_summary.values()))


def seasons_that_take_applications() -> list[dict[str, Any]]:
    """The seasons that one can apply to now, the latest first: as
    ``challenge_cohort_list`` answers, without figures.
    """
    rows = act("challenge_cohort_list", state="open", include_figures=False)["results"]
    return [row for row in rows if row["accepts_applications"]]


def seasons_to_apply_to(cohort: str) -> list[dict[str, str]]:
    """The other seasons that take applications now: ``title`` and ``url`` each.

    :param cohort: the name of the one that takes none
    """
    return [
        {
            "title": row["title"],
            "url": tk.h.url_for("challenge_applicant.apply", cohort=row["name"]),
        }
        for row in seasons_that_take_applications()
        if row["name"] != cohort
    ]


#: The endings of addresses that programs of other sites ask for, and the blueprints
#: that have such.
_FOR_PROGRAMS = frozenset(
    {"atom", "csv", "geojson", "ics", "json", "jwt", "png", "svg", "xml"}
)
_programs: set[str] = set()


def _is_for_a_program() -> bool:
    return request.blueprint in _programs and asked_type() in _FOR_PROGRAMS


def _answer(error: HTTPException) -> Any:
    if _is_for_a_program():
        return refusal(error, asked_type())
    # CKAN turns an HTTP error into its page, or JSON where that was asked.
    return current_app.handle_user_exception(error)


def _not_found(error: Exception) -> Any:
    if _is_for_a_program() and str(error):
        return _answer(NotFound(str(error)))
    return _answer(NotFound(tk._("This page does not exist, or no longer.")))


def ask_to_sign_in() -> Response:
    """Send to CKAN's login, and from there back to the page that was asked for."""
    # CKAN's own address of the present page lacks the prefix and the language.
    here = tk.url_for(tk.h.current_url())
    return tk.redirect_to("user.login", came_from=here)


def not_authorized(error: Exception) -> Response | Any:
    """Ask who somebody is; who has said so is refused."""
    if tk.current_user.is_anonymous and not _is_for_a_program():
        return ask_to_sign_in()
    return _answer(Forbidden(tk._("You do not have the right to see this page.")))


def _invalid(error: tk.ValidationError) -> Any:
    """A request that no form of ours makes: a filter with a strange value."""
    summary = error.error_summary or {}
    return _answer(BadRequest("; ".join(str(text) for text in summary.values())))


def _forged(error: CSRFError) -> Any:
    """A form without its token: it was open for too long, or another site sent it."""
    text = tk._(
        "This form was open for too long, or was not sent from this site: nothing was "
        "changed (CSRF). Go back, load the page again and send the form once more."
    )
    return _answer(BadRequest(text))


def _programme_missing(error: ProgrammeMissing) -> Any:
    """A season whose programme the portal does not have: its administrator must act."""
    text = tk._(
        "This season follows the programme “{name}”, which the portal does not have "
        "any more. Please tell the people who run the portal."
    )
    return _answer(ServiceUnavailable(text.format(name=error.args[0])))


def _unavailable(error: Exception) -> Any:
    """Our tables are missing, locked or read-only: said, and the portal goes on."""
    if not _is_for_a_program() or asked_type() == "json":
        return unavailable.answer(error)
    if not shield.gave_way(error, request.path):
        raise error
    return _answer(ServiceUnavailable(unavailable.text()))


def blueprint(
    name: str, url_prefix: str = "/challenge", *, programs: bool = False
) -> Blueprint:
    """A blueprint that checks CSRF tokens and answers the actions' errors.

    :param programs: whether programs of other sites ask for some of its addresses:
        these answer errors in their own type
    """
    made = Blueprint(name, __name__, url_prefix=url_prefix)
    if programs:
        _programs.add(name)
    made.before_request(check_token)
    made.after_request(without_forbidden_characters)
    made.register_error_handler(tk.ObjectNotFound, _not_found)
    made.register_error_handler(tk.NotAuthorized, not_authorized)
    made.register_error_handler(tk.ValidationError, _invalid)
    made.register_error_handler(CSRFError, _forged)
    made.register_error_handler(ProgrammeMissing, _programme_missing)
    made.register_error_handler(shield.DatabaseError, _unavailable)
    made.before_request(shield.be_patient)
    return made


def only_for_people() -> Response | None:
    """Somebody who has not signed in is asked to."""
    if tk.current_user.is_anonymous:
        return ask_to_sign_in()
    return None


def without_forbidden_characters(response: Response) -> Response:
    """A page shows no title in another way than it is stored and signed."""
    if response.mimetype == "text/html" and not response.is_streamed:
        text = response.get_data(as_text=True)
        if (clean := cleaned(text)) != text:
            response.set_data(clean)
    return response


def keep_private(response: AnyResponse) -> AnyResponse:
    """What is not for everybody stays out of shared caches."""
    # CKAN's own mark for "private"; it writes the header after this.
    request.environ["__no_cache__"] = True
    return response


def stored_file(row: Mapping[str, Any]) -> Response:
    """A file that somebody gave, to save and never to show: it may be anything.

    :param row: its ``id``, ``name`` and ``media_type``
    :raises ObjectNotFound: when its content is gone
    :raises ServiceUnavailable: when it cannot be read now
    """
    try:
        content = file_store.opened(row["id"])
    except FileNotFoundError as error:
        # It may be replaced at this very moment.
        raise tk.ObjectNotFound() from error
    except OSError as error:
        log.exception("The file %s cannot be read", row["id"])
        text = tk._("The file cannot be read now. Try again in a while.")
        raise ServiceUnavailable(text) from error
    size = content.seek(0, os.SEEK_END)
    content.seek(0)
    answer = send_file(
        content,
        # Not by the server's own means of sending files, which take none of a storage.
        {},
        mimetype=row["media_type"],
        as_attachment=True,
        download_name=row["name"],
        response_class=FlaskResponse,
        conditional=False,
    )
    answer.content_length = size
    # What lies under an id never changes.
    answer.set_etag(row["id"])
    answer.make_conditional(request, accept_ranges=True, complete_length=size)
    answer.headers["X-Content-Type-Options"] = "nosniff"
    answer.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return answer


def attached(response: AnyResponse, filename: str) -> AnyResponse:
    """Have what is answered saved as a file, and taken for nothing else."""
    response.headers.set("Content-Disposition", "attachment", filename=filename)
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


def followed(
    content: bytes, content_type: str, changed: dt.datetime | None
) -> FlaskResponse:
    """What programs of other sites read again and again, with its validators; ``304``
    where the reader has it.

    :param changed: when it changed for the last time, an aware datetime; none where
        something may be deleted and leave no date: then its digest alone tells
    """
    response = FlaskResponse(content, content_type=content_type)
    response.headers["Access-Control-Allow-Origin"] = "*"
    if changed is not None:
        response.last_modified = changed
    response.set_etag(sha256(content).hexdigest()[:32])
    response.make_conditional(request)
    return response


def managers_blueprint(name: str) -> Blueprint:
    """A blueprint of the managers' desk: for people who have signed in only."""
    made = blueprint(name, "/challenge/manage")
    made.before_request(only_for_people)
    made.after_request(keep_private)
    made.after_request(_in_no_frame)
    return made


def _in_no_frame(response: Response) -> Response:
    """No other site shows it in a frame, to have somebody click without knowing."""
    response.headers.add("Content-Security-Policy", "frame-ancestors 'self'")
    return response


def times_looked(params: Mapping[str, str], name: str) -> int:
    """How often a page that waits for something has looked before, from 0.

    :param name: of the parameter that counts it
    """
    text = params.get(name, "")
    return int(text) if text.isdecimal() and len(text) < 4 else 0


def page_number(params: Mapping[str, str]) -> int:
    """The page asked for, from 1."""
    text = params.get("page", "1")
    return max(1, int(text)) if text.isdecimal() and len(text) < 7 else 1


class Pager(dict[str, str]):
    """The addresses before and after a page of a list.

    :param count: of all rows
    :param page: from 1
    :param size: rows of one page
    :param params: of the request, kept in the addresses
    """

    def __init__(
        self, url: str, params: Mapping[str, str], count: int, page: int, size: int
    ) -> None:
        last = max(1, -(-count // size))
        query = tk.h.challenge_query

        def address(number: int) -> str:
            return url + query(params, page=number if number > 1 else None)

        super().__init__(
            previous=address(min(page - 1, last)) if page > 1 else "",
            next=address(page + 1) if page < last else "",
            text=tk._("Page {page} of {last}").format(page=page, last=last),
        )


def options(empty: str, choices: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """Options of a filter, the first one letting all through."""
    return [("", empty), *choices]
