"""What every action needs at CKAN's boundary: validation, paging, the caller."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any, TypeGuard, TypeVar

import ckan.plugins.toolkit as tk
from ckan import authz, model
from ckan.types import Context, Schema
from flask import g, has_request_context, request

from ckanext.challenge.domain import lifecycle
from ckanext.challenge.model import (
    Application,
    ApplicationFile,
    Cohort,
    Extension,
    Mail,
    Participant,
    Visit,
)
from ckanext.challenge.model.base import is_id

from . import addresses, journal, labels


def validate(
    context: Context, data_dict: Mapping[str, Any], schema: Schema
) -> dict[str, Any]:
    """The data as the schema leaves it.

    :raises ValidationError: with the errors by field
    """
    data, errors = tk.navl_validate(dict(data_dict), schema, context)
    if errors:
        raise tk.ValidationError(errors)
    return data


def paginate(query: Any, data: Mapping[str, Any]) -> tuple[list[Any], int]:
    """A page of a query, and how many rows the whole of it has.

    :param data: with its ``offset`` and ``limit``; a page that is not full tells the
        number by itself
    """
    page = query.offset(data["offset"]).limit(data["limit"]).all()
    if len(page) < data["limit"] and (page or not data["offset"]):
        return page, data["offset"] + len(page)
    return page, query.count()


def read_lists(data_dict: Mapping[str, Any], *names: str) -> dict[str, Any]:
    """A copy of the data in which the named fields are lists of objects.

    A form may send such a list as JSON; rows with nothing in them are left out, so
    that a form can offer an empty one.

    :raises ValidationError: for a field that is anything else
    """
    data = dict(data_dict)
    for name in names:
        value = data.get(name)
        if isinstance(value, str):
            try:
                value = json.loads(value) if value.strip() else []
            except ValueError:
                value = None if value.strip() else []
        elif value is None:
            data.pop(name, None)
            continue
        if not isinstance(value, list) or not all(
            isinstance(item, dict) for item in value
        ):
            raise tk.ValidationError({name: [tk._("This must be a list of objects")]})
        data[name] = [
            item
            for item in value
            if any(part not in (None, "") for part in item.values())
        ]
    return data


def user_id_of(context: Context) -> str | None:
    """The id of the user who calls, if there is one."""
    return authz.get_user_id_for_username(context.get("user") or "", allow_none=True)


def actor_of(context: Context) -> str:
    """Who the journal says it was: a user's id, or ``anonymous``."""
    return user_id_of(context) or journal.ANONYMOUS


def forbidden(
    error: lifecycle.LifecycleError, field: str = "state"
) -> tk.ValidationError:
    """The error that a forbidden change of state becomes; it names both states."""
    if isinstance(error, lifecycle.HasApplications):
        text = tk._(
            "A season that has applications cannot become a draft again "
            "(it is “{current}”)"
        )
    else:
        text = tk._("“{current}” cannot become “{target}”")
    told = text.format(
        current=labels.state_label(error.entity, error.current),
        target=labels.state_label(error.entity, error.target),
    )
    codes = f"{error.current} → {error.target}"
    return tk.ValidationError({field: [labels.Wording(told, codes)]})


def is_deferred(context: Context) -> bool:
    """Whether the caller of an action commits what it does, together with more."""
    return bool(context.get("defer_commit"))


def commit(context: Context) -> bool:
    """Commit what an action did, unless its caller does.

    :returns: whether it is committed now
    """
    if is_deferred(context):
        model.Session.flush()
        return False
    model.Session.commit()
    return True


@contextmanager
def all_or_nothing(context: Context) -> Iterator[None]:
    """Within this everything is stored together, at the end, or not at all.

    Where the caller of the action commits, it is stored with what the caller does.
    """
    try:
        yield
        commit(context)
    except BaseException:
        model.Session.rollback()
        raise


@contextmanager
def checked_transition(field: str = "state") -> Iterator[None]:
    """Within this a forbidden change of state is the caller's mistake.

    What was begun is rolled back, with the locks that it holds.

    :param field: the field on which the error is told
    :raises ValidationError: it names both states
    """
    try:
        yield
    except lifecycle.LifecycleError as error:
        model.Session.rollback()
        raise forbidden(error, field) from error


def rollback_and_error(field: str, message: str) -> tk.ValidationError:
    """The error on one field; what was begun is undone, with the locks it holds."""
    model.Session.rollback()
    return tk.ValidationError({field: [message]})


_Row = TypeVar("_Row")


def _kept(row: _Row) -> _Row:
    """Keep a row until the request ends.

    The session forgets what nobody holds: each of the actions that make a page would
    ask the database for the same season and the same participant.
    """
    if has_request_context():
        g.setdefault("challenge_kept", {})[id(row)] = row
    return row


def _present_name(kind: addresses.Kind, reference: Any) -> str | None:
    """What has now the name that was given, for programs: they go on with the names
    that they know. Who reads a page is led to its present address instead.
    """
    if not isinstance(reference, str) or is_id(reference):
        return None
    if has_request_context() and request.blueprint != "api":
        return None
    return addresses.present_name(kind, reference)


def find_cohort(reference: Any) -> Cohort:
    """The cohort with that id or name; programs may say a name that it had.

    :raises ObjectNotFound: when there is none
    """
    cohort = Cohort.get(reference) if isinstance(reference, str) else None
    if cohort is None and (name := _present_name("cohort", reference)):
        cohort = Cohort.get(name)
    if cohort is None:
        raise tk.ObjectNotFound(tk._("There is no such season"))
    return _kept(cohort)


def find_application(reference: Any) -> Application:
    """The application with that id or reference.

    :raises ObjectNotFound: when there is none
    """
    found = Application.get(reference) if isinstance(reference, str) else None
    if found is None:
        raise tk.ObjectNotFound(tk._("There is no such application"))
    return _kept(found)


def _found(mapped: type[_Row], id_: Any, otherwise: str) -> _Row:
    """The row with that id; what callers send may be anything."""
    found = model.Session.get(mapped, id_) if isinstance(id_, str) else None
    if found is None:
        raise tk.ObjectNotFound(otherwise)
    return _kept(found)


def find_file(id_: Any) -> ApplicationFile:
    """The file with that id.

    :raises ObjectNotFound: when there is none
    """
    return _found(ApplicationFile, id_, tk._("There is no such file"))


def find_mail(id_: Any) -> Mail:
    """The mail with that id.

    :raises ObjectNotFound: when there is none
    """
    return _found(Mail, id_, tk._("There is no such mail"))


def find_participant(id_: Any) -> Participant:
    """The participant with that id.

    :raises ObjectNotFound: when there is none
    """
    return _found(Participant, id_, tk._("There is no such participant"))


def cohort_of(participant: Participant) -> Cohort:
    """The season of a participant."""
    # The session knows one that it holds without asking.
    cohort = model.Session.get(Cohort, participant.cohort_id)
    assert cohort is not None
    return cohort


def find_participation(cohort: Cohort, group: model.Group) -> Participant | None:
    """What an organization is in a season, if it takes part."""
    found = Participant.of(cohort.id, group.id)
    return _kept(found) if found else None


def find_visit(id_: Any) -> Visit:
    """The visit with that id.

    :raises ObjectNotFound: when there is none
    """
    return _found(Visit, id_, tk._("There is no such visit"))


def find_extension(id_: Any) -> Extension:
    """The later day with that id.

    :raises ObjectNotFound: when there is none
    """
    return _found(Extension, id_, tk._("There is no such extension"))


def _is_there(group: model.Group | None) -> TypeGuard[model.Group]:
    return group is not None and group.is_organization and group.state == "active"


def find_organization(reference: Any) -> model.Group:
    """The organization with that id or name, unless it is deleted; programs may say a
    name that it had, or that of one whose place it took.

    :raises ObjectNotFound: when there is none
    """
    group: model.Group | None = None
    if isinstance(reference, str):
        ways = [model.Group.by_name, partial(model.Session.get, model.Group)]
        # The session may know one by its id already.
        if is_id(reference):
            ways.reverse()
        group = next(filter(None, (way(reference) for way in ways)), None)
    if not _is_there(group) and (name := _present_name("organization", reference)):
        group = model.Group.by_name(name)
    if not _is_there(group):
        raise tk.ObjectNotFound(tk._("There is no such organization"))
    return _kept(group)
