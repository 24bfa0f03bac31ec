"""Seasons, collectivités and people to test with, made through the actions."""

from __future__ import annotations

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

import ckan.plugins.toolkit as tk
from ckan import model
from ckan.lib import jobs
from ckan.tests import factories
from ckan.types import Context
from rq import SimpleWorker

from ckanext.challenge.common import access_links, proofs
from ckanext.challenge.directory.text import fold
from ckanext.challenge.model import Collectivite

#: That of ``test.ini``.
ZONE = ZoneInfo("Europe/Paris")

BAULE = "214500241"
POINCONNET = "213601594"
# Two communes of the region bear this name.
LIGNIERES = ("211801279", "214101164")


def day(offset: int = 0) -> dt.date:
    """So many days from today, which is the day in the time zone of ``test.ini``: also
    where CKAN has not begun yet.
    """
    return dt.datetime.now(ZONE).date() + dt.timedelta(days=offset)


def collectivites() -> None:
    """A directory of a few collectivités, two of which are homonyms."""
    rows = [
        (BAULE, "45024", "Baule", "45", 1985),
        (POINCONNET, "36159", "Le Poinçonnet", "36", 5855),
        (LIGNIERES[0], "18127", "Lignières", "18", 1300),
        (LIGNIERES[1], "41116", "Lignières", "41", 300),
    ]
    for siren, insee, name, departement, population in rows:
        model.Session.add(
            Collectivite(
                siren=siren,
                insee_code=insee,
                name=name,
                kind="commune",
                departement=departement,
                region="24",
                population=population,
                postcodes=[f"{departement}000"],
                vintage=2026,
                search_key=fold(name),
            )
        )
    model.Session.commit()


def call_as(user: dict[str, Any] | None, action: str, /, **data: Any) -> Any:
    """Call an action as a user, or as nobody, with authorization on."""
    context: Context = {"user": user["name"] if user else "", "ignore_auth": False}
    return tk.get_action(action)(context, data)


def make_cohort(state: str = "open", **fields: Any) -> dict[str, Any]:
    """A season in that state, with dates around today."""
    data: dict[str, Any] = {
        "name": "saison-2",
        "title": "Challenge open data, saison 2",
        "season": 2,
        "application_opens": day(-20).isoformat(),
        "application_deadline": day(20).isoformat(),
        "launch": day(-10).isoformat(),
        "first_publication": day(60).isoformat(),
        "finalisation": day(120).isoformat(),
        "capacity": 20,
        "funding": [
            {"source": "Plan de Relance", "amount": 3000},
            {"source": "Région", "amount": 2000},
            {"source": "Collectivité", "amount": 1000},
        ],
        **fields,
    }
    admin = factories.Sysadmin()
    cohort = call_as(admin, "challenge_cohort_create", **data)
    lives = ["draft", "open", "running", "finished", "archived"]
    for following in lives[1 : lives.index(state) + 1]:
        cohort = call_as(
            admin, "challenge_cohort_transition", id=cohort["id"], to=following
        )
    return cohort


def season_and_directory() -> dict[str, Any]:
    """An open season and the directory, of which collectivités apply."""
    collectivites()
    return make_cohort()


def apply(
    cohort: dict[str, Any],
    siren: str = BAULE,
    user: dict[str, Any] | None = None,
    submit: bool = True,
    opened: Any = True,
    **fields: Any,
) -> dict[str, Any]:
    """An application, submitted unless said otherwise; its ``key`` is in it.

    :param opened: whether somebody opened the link that is mailed to the contact: the
        user, if there is one
    """
    data: dict[str, Any] = {
        "cohort": cohort["name"],
        "siren": siren,
        "agents": 12.5,
        "contact_name": "Secrétariat de mairie",
        "contact_role": "secrétaire",
        "contact_email": "mairie@example.org",
        "contact_phone": "02 00 00 00 00",
        "elected_sponsor": "Une adjointe",
        "motivation": "Ouvrir nos délibérations.",
        "consent": True,
        **fields,
    }
    made = call_as(user, "challenge_application_create", **data)
    if submit:
        key = made["key"]
        made = call_as(user, "challenge_application_submit", id=made["id"], key=key)
        made["key"] = key
    if opened:
        key = access_links.make_key(made["id"], data["contact_email"])
        call_as(user, "challenge_application_email_confirm", id=made["id"], key=key)
    return made


def prove(user: dict[str, Any], address: str | None = None) -> None:
    """An account has opened a link that was mailed to an address, its own unasked."""
    proofs.keep(user["id"], access_links.digest_of(address or user["email"]))
    model.Session.commit()


def make_participant(
    cohort: dict[str, Any], siren: str = BAULE, **fields: Any
) -> dict[str, Any]:
    """A participant, by way of an accepted application that names no elected sponsor:
    what an application says is done in the checklist."""
    application = apply(cohort, siren, **{"elected_sponsor": "", **fields})
    accepted = call_as(
        factories.Sysadmin(),
        "challenge_application_review",
        id=application["id"],
        decision="accept",
    )
    return call_as(None, "challenge_participant_show", id=accepted["participant_id"])


def make_staff(
    cohort: dict[str, Any] | str,
    role: str = "manager",
    user: dict[str, Any] | None = None,
    by: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """Somebody of the team of a season.

    :param cohort: the season, or its id or name
    :param role: ``manager`` or ``adviser``
    :param user: who; a new account if nobody is named
    :param by: who names them; a new sysadmin if nobody is named
    """
    user = user or factories.User()
    call_as(
        by or factories.Sysadmin(),
        "challenge_staff_create",
        cohort=cohort if isinstance(cohort, str) else cohort["id"],
        user=user["id"],
        role=role,
    )
    return user


def work_in_this_process() -> None:
    """Run the jobs that wait, here: what they do is seen by the test's own session."""
    queue = jobs.get_queue()
    checks = jobs.get_queue("challenge-conformity")
    SimpleWorker([queue, checks], connection=queue.connection).work(burst=True)
    model.Session.remove()


def only_message(caught: Any, field: str) -> str:
    """The one message of a ``ValidationError``, which names this field only."""
    errors: dict[str, Any] = caught.value.error_dict
    assert list(errors) == [field]
    (message,) = errors[field]
    return message


def altered(key: str) -> str:
    """A signed key of which one letter of the signature is another.

    The first letter: the last one also holds bits that sign nothing.
    """
    signed, _, signature = key.rpartition(".")
    return f"{signed}.{'B' if signature[0] == 'A' else 'A'}{signature[1:]}"
