"""Writing a mail and handing it to CKAN's mailer."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import ckan.plugins.toolkit as tk
from ckan import model
from ckan.lib import helpers, mailer
from flask import current_app, has_app_context
from flask_babel import force_locale

from ckanext.challenge.logic import follow_up
from ckanext.challenge.model import Application, Cohort, Mail

__all__ = ["send"]

log = logging.getLogger(__name__)


@contextmanager
def _speaking(language: str) -> Iterator[None]:
    """Render and translate as a request in this language would.

    A job has no request, and CKAN's templates, addresses and translations want one.
    """
    automatic = helpers._get_auto_flask_context()
    app = (
        current_app._get_current_object()  # type: ignore[attr-defined]
        if has_app_context() or automatic is None
        else automatic.app
    )
    environ = {
        "CKAN_LANG": language,
        "CKAN_LANG_IS_DEFAULT": language == tk.config["ckan.locale_default"],
        "CKAN_CURRENT_URL": "",
    }
    with (
        app.test_request_context(
            base_url=tk.config["ckan.site_url"], environ_overrides=environ
        ),
        force_locale(language),
    ):
        yield


def _one_line(text: str) -> str:
    # No field of an application can begin another header.
    return " ".join(text.split())


def send(mail: Mail) -> None:
    """Write a mail of the outbox and hand it to CKAN's mailer.

    :raises MailerException: when the mail server does not take it
    """
    application = model.Session.get(Application, mail.application_id)
    if application is None or not application.contact_email:
        log.info("Mail %s: application %s is no longer there", mail.kind, mail.id)
        return
    cohort = model.Session.query(Cohort).filter_by(id=application.cohort_id).one()
    with _speaking(application.language):
        variables = {
            "application": application,
            "cohort": cohort,
            "site_title": tk.config["ckan.site_title"],
            "link": tk.h.url_for(
                "challenge_applicant.read",
                id=application.id,
                key=follow_up.make_key(application.id),
                _external=True,
            ),
            **_account(mail.kind, application),
        }
        subject = _one_line(
            tk.render(f"challenge/mail/{mail.kind}_subject.txt", variables)
        )
        body = tk.render(f"challenge/mail/{mail.kind}.txt", variables)
        name = _one_line(application.contact_name or "")
        mailer.mail_recipient(name, application.contact_email, subject, body)


def _account(kind: str, application: Application) -> dict[str, str | None]:
    """For a welcome: the organization's page, and how a new account is opened."""
    if kind != "accepted" or not application.organization_id:
        return {}
    group = model.Group.get(application.organization_id)
    cohort = model.Session.query(Cohort).filter_by(id=application.cohort_id).one()
    user = (
        model.Session.query(model.User)
        .filter(model.User.state == "pending")
        .filter(model.User.email == application.contact_email)
        .first()
    )
    invitation = None
    if user is not None:
        # Not with create_reset_key, which commits.
        user.reset_key = mailer.make_key()
        invitation = tk.h.url_for(
            "user.perform_reset", id=user.id, key=user.reset_key, _external=True
        )
    return {
        "user_name": user.name if user else None,
        "invitation": invitation,
        "checklist": tk.h.url_for(
            "challenge_participant.read",
            cohort=cohort.name,
            organization=group.name if group else "",
            _external=True,
        ),
    }
