"""Applications: a collectivité asks to take part."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from typing import Any

import ckan.plugins.toolkit as tk
from ckan import model
from ckan.types import Action, Context

from ckanext.challenge import notifications
from ckanext.challenge.applications import (
    admission,
    answers,
    late_codes,
    question_files,
    schema,
    waiting_list,
)
from ckanext.challenge.applications.dictize import (
    dictize,
    keep_previous,
)
from ckanext.challenge.applications.transitions import (
    advance,
    check_alone,
    check_editable,
    cohort_of,
    decide,
    lock,
    lock_with_cohort,
)
from ckanext.challenge.common import access_links, journal, language, rate_limit, roles
from ckanext.challenge.common.action_helpers import (
    actor_of,
    commit,
    find_application,
    validate,
)
from ckanext.challenge.domain import contacts, questions
from ckanext.challenge.domain.application_fields import FORM, WRITTEN, Kind
from ckanext.challenge.model import Application, Cohort, locks
from ckanext.challenge.model.base import make_id, utcnow
from ckanext.challenge.model.dictize import columns

_TYPES: dict[Kind | None, str] = {"whole": "int", "number": "number"}


def _with_fields(action: Action) -> Action:
    """Put the fields of the form into the documentation of an action."""
    lines = (
        textwrap.fill(line, 84, initial_indent=" " * 4, subsequent_indent=" " * 8)
        for field in FORM
        for line in (
            f":param {field.name}: {field.doc}",
            f":type {field.name}: {_TYPES.get(field.kind, 'string')}",
        )
    )
    action.__doc__ = (action.__doc__ or "").replace("    {fields}", "\n".join(lines))
    return action


@_with_fields
def challenge_application_create(context: Context, data_dict: dict[str, Any]) -> Any:
    """Begin an application to a season.

    Anybody may call this, with or without an account. The application is a draft
    until :py:func:`challenge_application_submit`.

    :param cohort: the id or name of the season
    :type cohort: string
    {fields}
    :param answers: to the season's own questions, by their keys; or one by one, as
        ``answers-<key>``. A file is sent on its own, once there is an application
        (:py:func:`challenge_application_attachment_create`)
    :type answers: dict
    :param consent: agreement to the use of these data; must be true
    :type consent: bool
    :param draft: keep it although something is missing (false); without an account,
        the link to it is mailed
    :type draft: bool
    :param late_code: lets in after the deadline
    :type late_code: string
    :param asked_address: for a form: an address of the contact that looks mistyped is
        refused with the one that was probably meant, unless it is given here too
    :type asked_address: string
    :param form: the ``form`` of :py:func:`challenge_application_form`, where a form
        was filled in: sent twice it makes one application, and what was begun in
        time is kept after the deadline
    :type form: string
    :returns: the application, with the ``key`` that opens it without an account
    :rtype: dict
    :raises ValidationError: by field; on ``siren`` when that collectivité has
        applied to this season already; on ``cohort`` when it takes no applications;
        on ``late_code`` when that lets nobody in; on ``limit`` after too many
    """
    tk.check_access("challenge_application_create", context, data_dict)
    begun = validate(context, data_dict, schema.beginning())
    cohort = roles.seen_cohort(context, begun["cohort"])
    form = admission.read_form(cohort, data_dict)
    if form and (made := model.Session.get(Application, form.application_id)):
        return _with_key(context, made)
    user_id = roles.user_id_of(context)
    draft = bool(begun.get("draft"))
    data = _checked(
        context,
        cohort,
        data_dict,
        answers.given(data_dict) or {},
        complete=not draft,
        anonymous=user_id is None,
    )
    code = data.get("late_code")
    needs_code = admission.check_open(cohort, form, code)
    admission.fill_in(data)
    admission.check_eligible(cohort, data)
    if not roles.is_sysadmin(context):
        rate_limit.check("apply", data.get("contact_email"))
    application = Application(
        id=form.application_id if form else make_id(),
        cohort_id=cohort.id,
        state="draft",
        user_id=user_id,
        language=language.current(),
    )
    _write(application, data)
    try:
        if form:
            # The same form, sent twice: the second waits for the first and finds it.
            locks.hold(f"form {form.application_id}")
            if made := model.Session.get(Application, form.application_id):
                return _with_key(context, made)
        check_alone(cohort, data["siren"], None)
        if needs_code and code:
            application.late_code_id = late_codes.use(cohort, code)
        application.reference = admission.next_reference(cohort)
        model.Session.add(application)
        model.Session.flush()
    except tk.ValidationError:
        model.Session.rollback()
        raise
    journal.record(
        actor_of(context),
        "create",
        "application",
        application.id,
        {"cohort_id": cohort.id, "siren": application.siren},
    )
    if draft and user_id is None:
        notifications.enqueue("draft", application=application)
    commit(context)
    return _with_key(context, application)


def challenge_application_update(context: Context, data_dict: dict[str, Any]) -> Any:
    """Change an application that is a draft, of which changes were requested, or that
    nobody reads yet.

    The applicant may call this, by account or with the follow-up key.

    :param id: the id or reference of the application
    :type id: string
    :param key: the follow-up key
    :type key: string
    :param revision: the ``revision`` that the changes were made to; without it they
        are saved over whatever is there
    :type revision: int
    :returns: the application; where its address changed and the key was mailed to the
        former one, also the ``key`` that opens it now
    :rtype: dict
    :raises ValidationError: by field; on ``revision`` when somebody has saved
        another since; on ``state`` when it can no longer be changed

    The other parameters are those of :py:func:`challenge_application_create` but for
    ``cohort``, ``draft`` and ``form``; what is not given stays as it is. A new e-mail
    address is mailed a link, to prove it.
    """
    reference = validate(context, data_dict, schema.revision())
    application = find_application(reference["id"])
    tk.check_access("challenge_application_update", context, data_dict)
    lock(application)
    _check_current(application, reference.get("revision"))
    cohort = cohort_of(application)
    given = {name: data_dict[name] for name in schema.fields_of_form(data_dict)}
    data = _checked(
        context,
        cohort,
        {
            **columns(application, WRITTEN),
            "consent": application.consent_at is not None,
            **given,
            **_asked(data_dict),
        },
        {**_answered(application, cohort), **(answers.given(data_dict) or {})},
        complete=application.state != "draft",
        anonymous=application.user_id is None,
        files=question_files.names(application),
    )
    admission.fill_in(data)
    admission.check_eligible(cohort, data)
    if data["siren"] != application.siren and not roles.is_sysadmin(context):
        # As with the form: who applied is not to be read from one draft.
        rate_limit.check("look")
    check_alone(cohort, data["siren"], application)
    moved = data.get("contact_email") != application.contact_email
    if moved and not roles.is_sysadmin(context):
        rate_limit.check("link", data.get("contact_email"))
    keep_previous(application)
    _write(application, data)
    question_files.drop(application, but=data["answers"])
    application.revision += 1
    model.Session.flush()
    if moved:
        application.email_confirmed_at = None
        if application.contact_email:
            notifications.enqueue("link", application=application)
    journal.record(actor_of(context), "update", "application", application.id)
    commit(context)
    key = data_dict.get("key")
    if moved and isinstance(key, str) and access_links.is_mailed(key):
        # That key ends with the address it was mailed to; whoever used it goes on.
        return _with_key(context, application)
    return dictize(context, application)


def challenge_application_submit(context: Context, data_dict: dict[str, Any]) -> Any:
    """Hand in an application.

    The applicant may call this, by account or with the follow-up key. A receipt with
    the reference and the follow-up link is mailed.

    :param id: the id or reference of the application
    :type id: string
    :param key: the follow-up key
    :type key: string
    :param late_code: lets a draft in after the deadline
    :type late_code: string
    :returns: the application
    :rtype: dict
    :raises ValidationError: by field when something is missing; on ``cohort`` when
        the season takes no applications any more, and the draft is kept; on
        ``late_code`` when that lets nobody in; on ``state`` when it was handed in
        already
    """
    data = validate(context, data_dict, schema.submission())
    application = find_application(data["id"])
    tk.check_access("challenge_application_submit", context, data)
    lock(application)
    path = decide(application, "submit")
    cohort = cohort_of(application)
    code = data.get("late_code")
    # What was asked of an applicant may come in after the deadline.
    needs_code = (
        application.state == "draft"
        and not application.late_code_id
        and admission.check_open(cohort, code=code)
    )
    _checked(
        context,
        cohort,
        {
            **columns(application, WRITTEN),
            "consent": application.consent_at is not None,
        },
        _answered(application, cohort),
        complete=True,
        files=question_files.names(application),
        handed_in=True,
    )
    if needs_code and code:
        application.late_code_id = late_codes.use(cohort, code)
    advance(application, path, actor_of(context))
    application.submitted_at = utcnow()
    application.revision += 1
    application.state_reason = application.changes_kind = None
    application.changes_fields = []
    notifications.enqueue("receipt", application=application)
    commit(context)
    return dictize(context, application)


def challenge_application_withdraw(context: Context, data_dict: dict[str, Any]) -> Any:
    """Take an application back.

    The applicant may call this, by account or with the follow-up key.

    :param id: the id or reference of the application
    :type id: string
    :param key: the follow-up key
    :type key: string
    :returns: the application
    :rtype: dict
    """
    data = validate(context, data_dict, schema.reference())
    application = find_application(data["id"])
    tk.check_access("challenge_application_withdraw", context, data)
    lock_with_cohort(application)
    path = decide(application, "withdraw")
    waiting_list.leave(application)
    advance(application, path, actor_of(context))
    if application.submitted_at:
        notifications.enqueue("withdrawn", application=application)
    commit(context)
    return dictize(context, application)


@tk.side_effect_free
def challenge_application_show(context: Context, data_dict: dict[str, Any]) -> Any:
    """Show an application.

    The applicant (by account or with the follow-up key) and sysadmins may call this,
    and once it was handed in the managers of the season.

    :param id: the id or reference of the application
    :type id: string
    :param key: the follow-up key
    :type key: string
    :returns: its fields; ``duty`` (``{status, rule, reasons}``: is there a duty to
        publish, and why); ``attachments``; ``decisions`` (what can be decided now, by
        whoever asks); ``own`` (is it that of
        the caller's account); ``editable`` (whether its applicant may change it now);
        ``answer_by`` (the day by which the team means to answer, while it has not);
        ``waitlist_position`` (1 is next), and with it
        ``waitlist_because`` (``places`` where all are taken, else ``rank``); for
        managers also
        ``account`` (``{name, display_name, since, proved, waiting}``: whose an
        acceptance lets in, since when there is that account, whether it proved the
        contact's address, and the id of its role that waits for that; ``None`` where
        one is made), ``warnings``, ``changes`` (what the last correction changed:
        ``[{field, before, after}]``), ``reviewer_id``, ``pending_decision`` (with
        ``by_name``: who keeps it) and ``decided_by``
    :rtype: dict
    """
    data = validate(context, data_dict, schema.reference())
    application = find_application(data["id"])
    tk.check_access("challenge_application_show", context, data)
    return dictize(context, application)


def _checked(
    context: Context,
    cohort: Cohort,
    data_dict: dict[str, Any],
    raw_answers: dict[str, Any],
    *,
    complete: bool,
    anonymous: bool = False,
    files: Mapping[str, str] | None = None,
    handed_in: bool = False,
) -> dict[str, Any]:
    """The fields and the answers, or everything that is wrong with them at once.

    :param files: the names of those that answer questions, by their keys
    :param handed_in: whether the files that are needed must be there
    """
    data, errors = tk.navl_validate(
        {name: data_dict[name] for name in schema.fields_of_form(data_dict)},
        schema.application_save(complete, anonymous),
        context,
    )
    asked, given = question_files.answered(
        questions.read(cohort.questions), raw_answers, files or {}, handed_in
    )
    checked, wrong = answers.check(asked, given, complete)
    if slip := _slip(data_dict):
        errors.setdefault("contact_email", []).append(slip)
    if errors or wrong:
        model.Session.rollback()
        raise tk.ValidationError({**errors, **wrong})
    return {**data, "answers": checked}


def _asked(data_dict: dict[str, Any]) -> dict[str, Any]:
    """Which address a form has asked about already."""
    return {k: v for k, v in data_dict.items() if k == "asked_address"}


def _slip(data_dict: dict[str, Any]) -> str | None:
    """What a form asks of an address that looks mistyped, once."""
    address = data_dict.get("contact_email")
    if "asked_address" not in data_dict or not isinstance(address, str):
        return None
    meant = contacts.meant(address.strip())
    if meant is None or data_dict["asked_address"] == address.strip():
        return None
    return tk._(
        "Did you mean {address}? Correct it; if it is right as it is, send the form "
        "once more."
    ).format(address=meant)


def _check_current(application: Application, revision: int | None) -> None:
    check_editable(application)
    if revision is not None and revision != application.revision:
        model.Session.rollback()
        text = tk._(
            "This application was saved in another window meanwhile, so we did not "
            "save over it. What you wrote is still here: compare it with what is "
            "stored, then save again."
        )
        raise tk.ValidationError({"revision": [text]})


def _answered(application: Application, cohort: Cohort) -> dict[str, Any]:
    """What is stored for the questions that are asked now."""
    asked = {question["key"] for question in cohort.questions}
    return {key: v for key, v in application.answers.items() if key in asked}


def _write(application: Application, data: dict[str, Any]) -> None:
    for name in (*WRITTEN, "answers"):
        setattr(application, name, data.get(name))
    # A draft can take it back.
    agreed = application.consent_at or utcnow()
    application.consent_at = agreed if data.get("consent") else None


def _with_key(context: Context, application: Application) -> dict[str, Any]:
    return {
        **dictize(context, application),
        "key": access_links.make_key(application.id),
    }
