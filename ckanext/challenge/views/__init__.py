"""The pages: one blueprint per audience."""

from __future__ import annotations

from flask import Blueprint

from ckanext.challenge.common import nodes, page_cache, proxy_watch
from ckanext.challenge.views import moved, reloaded, unavailable
from ckanext.challenge.views.applicant.claims import claims
from ckanext.challenge.views.applicant.erasure import erasure
from ckanext.challenge.views.applicant.proof import proof
from ckanext.challenge.views.applicant.routes import applicant
from ckanext.challenge.views.csrf import check_action
from ckanext.challenge.views.manager.adviser import adviser
from ckanext.challenge.views.manager.awards import awards
from ckanext.challenge.views.manager.board_routes import board
from ckanext.challenge.views.manager.digest import chosen as digest_day
from ckanext.challenge.views.manager.digest import digest
from ckanext.challenge.views.manager.doctor import doctor
from ckanext.challenge.views.manager.mails import mails
from ckanext.challenge.views.manager.matches import matches
from ckanext.challenge.views.manager.merges import merges
from ckanext.challenge.views.manager.messages import messages
from ckanext.challenge.views.manager.report import account
from ckanext.challenge.views.manager.routes import manager
from ckanext.challenge.views.manager.settings.routes import settings
from ckanext.challenge.views.manager.visits import visits
from ckanext.challenge.views.participant.accompaniment_routes import accompanying
from ckanext.challenge.views.participant.conformity import conformity
from ckanext.challenge.views.participant.feedback import feedback, opinions
from ckanext.challenge.views.participant.given_roles import given_roles
from ckanext.challenge.views.participant.home import home
from ckanext.challenge.views.participant.preparation.routes import preparation
from ckanext.challenge.views.participant.routes import participant
from ckanext.challenge.views.public.calendars import calendar, team_calendar
from ckanext.challenge.views.public.collectivite import collectivite
from ckanext.challenge.views.public.credentials import credentials, identity
from ckanext.challenge.views.public.health import health
from ckanext.challenge.views.public.mail_ends import mail_ends
from ckanext.challenge.views.public.maps import maps
from ckanext.challenge.views.public.observatory import observatory
from ckanext.challenge.views.public.organization import organization
from ckanext.challenge.views.public.reference import reference
from ckanext.challenge.views.public.report import report
from ckanext.challenge.views.public.routes import public
from ckanext.challenge.views.public.sitemap import sitemap
from ckanext.challenge.views.public.subscriptions import subscriptions


def _say_what_is_here() -> None:
    nodes.announce("web")


def get_blueprints() -> list[Blueprint]:
    """The blueprints of all audiences."""
    page_cache.listen()
    actions = Blueprint("challenge_actions", __name__)
    actions.before_app_request(proxy_watch.look)
    actions.before_app_request(_say_what_is_here)
    actions.before_app_request(check_action)
    actions.before_app_request(unavailable.be_patient)
    actions.after_app_request(unavailable.replace_answer)
    actions.after_app_request(moved.follow)
    actions.after_app_request(reloaded.lead_back)
    return [
        actions,
        health,
        reference,
        public,
        sitemap,
        home,
        applicant,
        erasure,
        claims,
        proof,
        conformity,
        credentials,
        identity(),
        report,
        collectivite,
        observatory,
        maps,
        preparation,
        participant,
        accompanying,
        feedback,
        given_roles,
        calendar,
        team_calendar,
        visits,
        digest,
        digest_day,
        manager,
        adviser,
        board,
        awards,
        mails,
        doctor,
        matches,
        messages,
        merges,
        opinions,
        account,
        settings,
        subscriptions,
        mail_ends,
        organization,
    ]
