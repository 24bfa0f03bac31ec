"""What waits for the team of seasons, and what moved, read in sets.

Each kind is one ``SELECT`` with the same columns; one statement reads all of them,
however many seasons, participants and things that wait there are. The header of each
page counts with it: statements are put together once for a process, which takes longer
than to execute them, and what they are asked is given as parameters.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import sqlalchemy as sa
from ckan import model
from sqlalchemy.dialects.postgresql import ARRAY

from ckanext.challenge import config
from ckanext.challenge.domain.lifecycle import (
    APPLICATION_ARRIVED,
    APPLICATION_AWAITED,
    APPLICATION_DECIDED,
    COHORT_LIVE,
    PARTICIPANT_COUNTED,
    STEP_SETTLED,
)
from ckanext.challenge.domain.stalled import UNANSWERED_DAYS, Rules

from . import catalog, stalled
from .accompaniment import ParticipantMessage, Visit
from .application import Application
from .arrays import array
from .award import Award
from .claim import Claim
from .cohort import Cohort, Staff
from .correspondence import Message
from .extension import Extension
from .journal import JournalEntry
from .mail import Mail
from .match import Match
from .opening import Opening
from .participant import Participant, StepStatus

# The columns of the tables, not the attributes of the classes: statements of these are
# put together in half the time.
_applications: Any = Application.__table__.c
_awards: Any = Award.__table__.c
_claims: Any = Claim.__table__.c
_cohorts: Any = Cohort.__table__.c
_extensions: Any = Extension.__table__.c
_groups: Any = model.group_table.c
_journal: Any = JournalEntry.__table__.c
_mails: Any = Mail.__table__.c
_messages: Any = Message.__table__.c
_openings: Any = Opening.__table__.c
_participants: Any = Participant.__table__.c
_said: Any = ParticipantMessage.__table__.c
_staff: Any = Staff.__table__.c
_steps: Any = StepStatus.__table__.c
_visits: Any = Visit.__table__.c

_TEXT = sa.UnicodeText
_MOMENT = sa.DateTime(timezone=True)

# What statements are asked.
_user: Any = sa.bindparam("user_id", type_=_TEXT)
_sysadmin: Any = sa.bindparam("sysadmin", type_=sa.Boolean)
_now: Any = sa.bindparam("now", type_=_MOMENT)
_limit: Any = sa.bindparam("limit", type_=sa.Integer)
_offset: Any = sa.bindparam("offset", type_=sa.Integer)
_zone: Any = sa.bindparam("zone", type_=_TEXT)


def _listed_in(name: str) -> Any:
    """An array among the parameters."""
    return sa.cast(sa.bindparam(name, type_=_TEXT), ARRAY(_TEXT))


def _is_managed(column: Any) -> Any:
    return column == sa.any_(_listed_in("managed"))


def _is_own(column: Any) -> Any:
    return sa.or_(_is_managed(column), column == sa.any_(_listed_in("advised")))


def zone() -> dict[str, Any]:
    """What statements are asked that read on which day of the portal something was."""
    return {"zone": str(config.display_timezone())}


@dataclass(frozen=True)
class Reader:
    """For whom it is read.

    :ivar user_id: of the account
    :ivar sysadmin: whether it answers where nobody else does
    :ivar managed: the ids of the seasons that it manages
    :ivar advised: of those in which it accompanies somebody
    """

    user_id: str
    sysadmin: bool
    managed: Collection[str]
    advised: Collection[str]

    def parameters(self) -> dict[str, Any]:
        """As statements are asked for this reader."""
        return {
            "user_id": self.user_id,
            "sysadmin": self.sysadmin,
            "managed": array(sorted(self.managed)),
            "advised": array(sorted(self.advised)),
            "today": config.today(),
            **zone(),
        }


def seasons(user_id: str, sysadmin: bool) -> list[tuple[Any, bool]]:
    """The seasons of somebody, drafts and those in the archive among them.

    :param sysadmin: whether all of them are
    :returns: the seasons, the latest first, each with whether it is managed
    """
    own = sa.select(
        _staff.cohort_id, sa.func.bool_or(_staff.role == "manager").label("manages")
    ).where(_staff.user_id == user_id)
    mine = own.group_by(_staff.cohort_id).subquery()
    query = (
        model.Session.query(
            Cohort,
            sa.or_(sa.literal(sysadmin), sa.func.coalesce(mine.c.manages, False)),
        )
        .outerjoin(mine, mine.c.cohort_id == Cohort.id)
        .order_by(Cohort.season.desc(), Cohort.id)
    )
    if not sysadmin:
        query = query.filter(mine.c.cohort_id.isnot(None))
    return [(cohort, manages) for cohort, manages in query]


def _row(kind: str, **values: Any) -> Any:
    """A ``SELECT`` of what waits, with the columns that all of them have."""
    given = {
        "cohort_id": sa.null(),
        "id": sa.null(),
        "application_id": sa.null(),
        "participant_id": sa.null(),
        "organization_id": sa.null(),
        "title": sa.null(),
        "step": sa.null(),
        **values,
    }
    texts = [sa.cast(value, _TEXT).label(name) for name, value in _texts(given)]
    return sa.select(
        sa.literal(kind, _TEXT).label("kind"),
        *texts,
        given["since"].label("since"),
        sa.cast(given.get("number", 1), sa.Integer).label("number"),
        given.get("mine", sa.true()).label("mine"),
    )


def _texts(given: dict[str, Any]) -> Iterable[tuple[str, Any]]:
    others = ("since", "number", "mine")
    return ((name, value) for name, value in given.items() if name not in others)


def _entrusted(column: Any, cohort_id: Any, *roles: str) -> Any:
    """Whether a thing is the reader's: it was given to the reader, or to nobody who is
    still on the team.
    """
    given = sa.exists().where(
        _staff.cohort_id == cohort_id,
        _staff.user_id == column,
        _staff.role.in_(roles),
    )
    return sa.or_(column == _user, column.is_(None), ~given)


def _application(kind: str, since: Any, *conditions: Any) -> Any:
    return _row(
        kind,
        cohort_id=_applications.cohort_id,
        id=_applications.id,
        application_id=_applications.id,
        title=_applications.organization_title,
        since=since,
        mine=_entrusted(_applications.reviewer_id, _applications.cohort_id, "manager"),
    ).where(_is_managed(_applications.cohort_id), *conditions)


def _to_read() -> list[Any]:
    arrived = (
        _applications.state.in_(sorted(APPLICATION_ARRIVED)),
        _applications.pending_decision.is_(None),
    )
    # What it was before a correction is kept when the correction begins.
    corrected = _applications.previous.is_not(None)
    at = _applications.submitted_at
    return [
        _application("application", at, *arrived, ~corrected),
        _application("correction", at, *arrived, corrected),
        _application(
            "kept_decision",
            sa.cast(
                _applications.pending_decision["at"].astext, sa.DateTime(timezone=True)
            ),
            _applications.pending_decision.is_not(None),
            _applications.state.in_(APPLICATION_AWAITED),
        ),
    ]


def _from_applicants() -> Any:
    """The last word is the applicant's, and no decision was told since.

    What went to many is no word to this one.
    """
    last = (
        sa.select(Message.__table__)
        .join(Application.__table__, _applications.id == _messages.application_id)
        .where(
            _is_managed(_applications.cohort_id), _messages.to_many.is_not(sa.true())
        )
        .distinct(_messages.application_id)
        .order_by(_messages.application_id, _messages.created_at.desc(), _messages.id)
        .subquery()
    )
    told = sa.exists().where(
        _journal.object_type == "application",
        _journal.object_id == last.c.application_id,
        _journal.action == "transition",
        _journal.at > last.c.created_at,
        _journal.data["to"].astext.in_(
            sorted({"changes_requested", *APPLICATION_DECIDED})
        ),
    )
    return (
        _row(
            "message",
            cohort_id=_applications.cohort_id,
            id=last.c.id,
            application_id=_applications.id,
            title=_applications.organization_title,
            since=last.c.created_at,
            mine=_entrusted(
                _applications.reviewer_id, _applications.cohort_id, "manager"
            ),
        )
        .join(Application.__table__, _applications.id == last.c.application_id)
        .where(
            last.c.side == "applicant",
            last.c.settled_at.is_(None),
            _applications.state != "withdrawn",
            _applications.erased_at.is_(None),
            ~told,
        )
    )


def followed(*otherwise: Any) -> Any:
    """The participants that somebody looks after: managers all of a season, advisers
    their own.

    :param otherwise: for which else one of the team looks after a participant
    """
    return sa.and_(
        _participants.state.in_(sorted(PARTICIPANT_COUNTED)),
        _groups.state == "active",
        sa.or_(
            _is_managed(_participants.cohort_id),
            sa.and_(
                _participants.cohort_id == sa.any_(_listed_in("advised")),
                sa.or_(_participants.adviser_id == _user, *otherwise),
            ),
        ),
    )


def _of_participant(kind: str, **values: Any) -> Any:
    return _row(
        kind,
        cohort_id=_participants.cohort_id,
        participant_id=_participants.id,
        organization_id=_groups.name,
        title=sa.func.coalesce(sa.func.nullif(_groups.title, ""), _groups.name),
        mine=_entrusted(
            _participants.adviser_id,
            _participants.cohort_id,
            "adviser",
            "manager",
        ),
        **values,
    )


def _with_group(query: Any, on: Any) -> Any:
    """The participants of a statement, with their organizations."""
    return query.join(Participant.__table__, _participants.id == on).join(
        model.group_table, _groups.id == _participants.organization_id
    )


def last_messages(*conditions: Any) -> Any:
    """The last message of each conversation with a participant, of those of which the
    conditions hold.
    """
    return (
        sa.select(ParticipantMessage.__table__)
        .join(Participant.__table__, _participants.id == _said.participant_id)
        .where(*conditions)
        .distinct(_said.participant_id)
        .order_by(_said.participant_id, _said.created_at.desc(), _said.id)
        .subquery()
    )


def last_words(*conditions: Any) -> Any:
    """As :func:`last_messages`, without what went to many: it answers nobody."""
    return last_messages(_said.to_many.is_not(sa.true()), *conditions)


def visited_since(participant_id: Any, moment: Any) -> Any:
    """Whether a visit was held since: some answers are given by telephone.

    One of the same day counts where it was noted, or said to be held, after that. Is
    asked with :func:`zone`.
    """
    return sa.exists().where(
        _visits.participant_id == participant_id,
        _visits.state == "done",
        _visits.date >= sa.cast(sa.func.timezone(_zone, moment), sa.Date),
        _visits.updated_at >= moment,
    )


def waits_for_answer(last: Any) -> Any:
    """Whether the last word is a member's, and the team owes an answer.

    :param last: of :func:`last_words`
    """
    return sa.and_(
        last.c.side == "member",
        last.c.settled_at.is_(None),
        ~visited_since(last.c.participant_id, last.c.created_at),
    )


def _from_members() -> Any:
    last = last_words(_is_own(_participants.cohort_id))
    query = _of_participant("message", id=last.c.id, since=last.c.created_at)
    return _with_group(query, last.c.participant_id).where(
        followed(), waits_for_answer(last)
    )


def _asked() -> Any:
    """Ids of seasons with keys of steps, as a table; two constants however many."""
    unnested: Any = sa.func.unnest(_listed_in("asked_cohorts"), _listed_in("asked"))
    return unnested.table_valued("cohort_id", "step").render_derived(name="asked")


def _pair(cohort_id: Any, step: Any) -> Any:
    """A season and a step as one text."""
    return cohort_id + "/" + step


def _pairs(pairs: Collection[tuple[str, str]]) -> dict[str, str]:
    """What statements know of the steps that are asked: by columns, and by pairs."""
    ordered = sorted(pairs)
    return {
        "asked_pairs": array(_pair(*pair) for pair in ordered),
        "asked_cohorts": array(cohort_id for cohort_id, _ in ordered),
        "asked": array(step for _, step in ordered),
    }


def _proofs() -> Any:
    """Steps to be confirmed, of those that the programme of their season still asks."""
    query = _of_participant(
        "proof",
        id=_steps.participant_id,
        step=_steps.step,
        since=_steps.updated_at,
    )
    return (
        _with_group(query, _steps.participant_id)
        .join(Cohort.__table__, _cohorts.id == _participants.cohort_id)
        .where(
            # As a join PostgreSQL began with it, and read all statuses once for each
            # step of each season.
            _pair(_participants.cohort_id, _steps.step)
            == sa.any_(_listed_in("asked_pairs")),
            _steps.state == "to_confirm",
            _cohorts.state.in_(sorted(COHORT_LIVE)),
            followed(),
        )
    )


def _failed_mails() -> Any:
    """Mails that were given up, together for each season; sysadmins see to those that
    are of none.
    """
    return (
        _row(
            "mail_failed",
            cohort_id=_mails.cohort_id,
            since=sa.func.min(_mails.created_at),
            number=sa.func.count(),
        )
        .select_from(
            Mail.__table__.outerjoin(
                Application.__table__, _applications.id == _mails.application_id
            )
        )
        .where(
            _mails.state == "failed",
            sa.or_(
                _is_managed(_mails.cohort_id),
                sa.and_(_sysadmin, _mails.cohort_id.is_(None)),
            ),
            # A draft is its applicant's until it is handed in.
            sa.or_(
                _sysadmin,
                _mails.application_id.is_(None),
                _applications.submitted_at.is_not(None),
            ),
        )
        .group_by(_mails.cohort_id)
    )


def _claims_to_answer() -> Any:
    """What the admins of an organization are asked: sysadmins, where it has none."""
    admins = sa.select(model.Member.table_id).where(
        model.Member.group_id == _claims.organization_id,
        model.Member.table_name == "user",
        model.Member.capacity == "admin",
        model.Member.state == "active",
    )
    mine = sa.or_(_user.in_(admins), sa.and_(_sysadmin, ~admins.exists()))
    return (
        _row(
            "claim",
            cohort_id=sa.func.coalesce(_claims.cohort_id, _applications.cohort_id),
            id=_claims.id,
            organization_id=_groups.name,
            title=sa.func.coalesce(sa.func.nullif(_groups.title, ""), _groups.name),
            since=_claims.asked_at,
        )
        .join(model.group_table, _groups.id == _claims.organization_id)
        .outerjoin(Application.__table__, _applications.id == _claims.application_id)
        .where(_claims.state == "asked", _groups.state == "active", mine)
    )


def _matches() -> Any:
    """Organizations without a SIREN of which nobody said that they are none of the
    directory; for whoever manages a season.
    """
    decided = sa.exists().where(
        Match.__table__.c.organization_id == model.Group.id,
        Match.__table__.c.siren.is_(None),
    )
    return (
        _row(
            "match",
            since=_in_utc(sa.func.min(model.Group.created)),
            number=sa.func.count(),
        )
        .select_from(model.Group)
        .where(
            sa.or_(_sysadmin, sa.func.cardinality(_listed_in("managed")) > 0),
            model.Group.is_organization,
            model.Group.state == "active",
            sa.func.coalesce(catalog.organization_siren(), "") == "",
            ~decided,
        )
        .having(sa.func.count() > 0)
    )


def _visits_past() -> Any:
    """Planned visits of which nobody said whether they were held; one that was for
    several collectivités is one.

    Also those that were given to the reader with a participant of somebody else, whose
    page is not for the reader: such a row names no organization.
    """
    visited = _listed().join(
        Visit.__table__, _visits.participant_id == _participants.id
    )
    given = sa.and_(
        _visits.adviser_id == _user, _cohorts.state.in_(sorted(COHORT_LIVE))
    )
    first = (
        sa.select(sa.func.min(_visits.id))
        .select_from(visited)
        .where(
            followed(given),
            _visits.state == "planned",
            _visits.date < sa.bindparam("today", type_=sa.Date),
        )
        .group_by(sa.func.coalesce(_visits.group_id, _visits.id))
    )
    return (
        _row(
            "visit",
            cohort_id=_participants.cohort_id,
            id=_visits.id,
            participant_id=_participants.id,
            organization_id=sa.case((followed(), _groups.name), else_=sa.null()),
            title=sa.func.coalesce(sa.func.nullif(_groups.title, ""), _groups.name),
            since=sa.cast(_visits.date, _MOMENT),
            mine=_entrusted(
                _visits.adviser_id, _participants.cohort_id, "adviser", "manager"
            ),
        )
        .select_from(visited)
        .where(_visits.id.in_(first))
    )


def _everything() -> Any:
    return sa.union_all(
        *_to_read(),
        _from_applicants(),
        _from_members(),
        _proofs(),
        _visits_past(),
        _failed_mails(),
        _claims_to_answer(),
        _matches(),
    ).subquery()


@cache
def _waiting() -> Any:
    found = _everything()
    mine = sa.bindparam("only_mine", type_=sa.Boolean)
    kind: Any = sa.bindparam("only_kind", type_=_TEXT)
    others: Any = sa.and_(mine, ~found.c.mine)
    over: dict[str, Any] = {"partition_by": found.c.kind}
    order = [sa.case((others, 1), else_=0), found.c.since, found.c.id, found.c.step]
    number = sa.func.sum(found.c.number)
    counted = sa.select(
        found,
        number.over(**over).label("all_of_kind"),
        number.filter(found.c.mine).over(**over).label("mine_of_kind"),
        sa.func.count()
        .filter(sa.or_(sa.not_(mine), found.c.mine))
        .over(**over)
        .label("rows_of_kind"),
        sa.func.row_number().over(**over, order_by=order).label("place"),
    ).subquery()
    asked_for = sa.and_(
        counted.c.place > _offset,
        counted.c.place <= _offset + _limit,
        sa.or_(kind.is_(None), counted.c.kind == kind),
        sa.or_(sa.not_(mine), counted.c.mine),
    )
    return (
        sa.select(counted, asked_for.label("asked_for"))
        # Of a kind of which nothing is shown, the numbers are.
        .where(sa.or_(asked_for, counted.c.place == 1))
        .order_by(counted.c.kind, counted.c.place)
    )


def waiting(
    reader: Reader,
    asked: Collection[tuple[str, str]],
    *,
    mine: bool = False,
    kind: str | None = None,
    limit: int,
    offset: int = 0,
) -> tuple[list[Any], dict[str, int], dict[str, int], dict[str, int]]:
    """What waits, the longest first in each kind, in one statement.

    :param asked: the steps that are asked: ids of seasons with keys
    :param mine: only what was given to the reader, or to nobody
    :param kind: only this one
    :param limit: how many rows of each kind
    :param offset: how many rows of each kind to pass over
    :returns: the rows; by kind how many wait in all, how many are the reader's, and
        how many rows there are with those that were passed over or cut off
    """
    rows = model.Session.execute(
        _waiting(),
        {
            **reader.parameters(),
            **_pairs(asked),
            "only_mine": mine,
            "only_kind": kind,
            "limit": limit,
            "offset": offset,
        },
    ).all()
    everything = {row.kind: int(row.all_of_kind) for row in rows}
    own = {row.kind: int(row.mine_of_kind or 0) for row in rows}
    listed = {row.kind: int(row.rows_of_kind) for row in rows}
    return [row for row in rows if row.asked_for], everything, own, listed


@cache
def _counted() -> Any:
    found = _everything()
    number = sa.func.coalesce(sa.func.sum(found.c.number), 0)
    return sa.select(number).where(found.c.mine)


def count_mine(reader: Reader, asked: Collection[tuple[str, str]]) -> int:
    """How much waits for somebody, in one statement."""
    found = model.Session.execute(_counted(), {**reader.parameters(), **_pairs(asked)})
    return int(found.scalar_one())


def _names(group: Any) -> tuple[Any, Any]:
    title = sa.func.coalesce(sa.func.nullif(group.title, ""), group.name)
    return group.name.label("organization"), title.label("title")


def _listed() -> Any:
    return Participant.__table__.join(
        model.group_table, _groups.id == _participants.organization_id
    ).join(Cohort.__table__, _cohorts.id == _participants.cohort_id)


def _mine() -> Any:
    return _entrusted(
        _participants.adviser_id, _participants.cohort_id, "adviser", "manager"
    )


@cache
def _to_ask_after() -> Any:
    reasons = stalled.conditions(
        sa.bindparam("days", type_=sa.Integer),
        sa.bindparam("late_steps", type_=sa.Integer),
        _now,
    )
    since = sa.func.coalesce(_participants.last_activity_at, _participants.joined_at)
    return (
        sa.select(
            _participants.id,
            _participants.cohort_id,
            *_names(_groups),
            since.label("since"),
            _participants.late_steps,
            stalled.last_seen().label("seen"),
            _mine().label("mine"),
            *(condition.label(reason) for reason, condition in reasons.items()),
            sa.func.count().over().label("number"),
        )
        .select_from(_listed())
        .where(followed(), sa.or_(*reasons.values()))
        .order_by(since, _participants.id)
        .limit(_limit)
    )


def to_ask_after(
    reader: Reader, portal: Rules, now: dt.datetime, limit: int
) -> Sequence[Any]:
    """The participants that are stalled, those first of whom nothing was heard for
    longest, in one statement.

    :param portal: the rules of the portal
    :returns: rows with one column for each reason, and ``number``, of all of them
    """
    return model.Session.execute(
        _to_ask_after(),
        {
            **reader.parameters(),
            "days": portal.days,
            "late_steps": portal.late_steps,
            "now": now,
            "limit": limit,
        },
    ).all()


@cache
def _without_reply() -> Any:
    last = last_messages(_is_own(_participants.cohort_id))
    return (
        sa.select(
            _participants.id,
            _participants.cohort_id,
            *_names(_groups),
            last.c.created_at.label("since"),
            sa.func.coalesce(
                _in_utc(stalled.last_seen()) >= last.c.created_at, False
            ).label("read"),
            _mine().label("mine"),
            sa.func.count().over().label("number"),
        )
        .select_from(_listed())
        .join(last, last.c.participant_id == _participants.id)
        .where(
            followed(),
            _participants.state == "active",
            _cohorts.state.in_(sorted(COHORT_LIVE)),
            last.c.side == "staff",
            last.c.created_at < _now - sa.func.make_interval(0, 0, 0, UNANSWERED_DAYS),
            sa.or_(
                _participants.last_activity_at.is_(None),
                _participants.last_activity_at <= last.c.created_at,
            ),
            ~visited_since(_participants.id, last.c.created_at),
        )
        .order_by(last.c.created_at, _participants.id)
        .limit(_limit)
    )


def without_reply(reader: Reader, now: dt.datetime, limit: int) -> Sequence[Any]:
    """The participants that have not read, or not answered, what the team wrote last,
    those first who were written to longest ago, in one statement.

    Who has done something since, or was visited, has answered in another way.

    :returns: rows with ``read`` (whether one of its people was there since) and
        ``number``, of all of them
    """
    return model.Session.execute(
        _without_reply(), {**reader.parameters(), "now": now, "limit": limit}
    ).all()


def _in_utc(moment: Any) -> Any:
    # CKAN keeps moments in UTC, and no zone with them.
    return sa.func.timezone("UTC", moment)


@cache
def _moved() -> Any:
    package: Any = model.package_table.c
    since = sa.bindparam("since", type_=_MOMENT)

    def row(kind: str, what: Any, about: Any, at: Any) -> Any:
        return sa.select(
            sa.literal(kind, _TEXT).label("kind"),
            _participants.cohort_id,
            *_names(_groups),
            sa.cast(what, _TEXT).label("what"),
            sa.cast(about, _TEXT).label("about"),
            at.label("at"),
        ).where(_is_own(_participants.cohort_id), at >= since)

    opened = (
        row("published", package.name, package.title, _openings.opened_at)
        .select_from(_listed())
        .join(model.package_table, package.owner_org == _groups.id)
        .join(Opening.__table__, _openings.dataset_id == package.id)
        .where(
            _cohorts.state.in_(sorted(COHORT_LIVE)),
            _participants.state.in_(sorted(PARTICIPANT_COUNTED)),
            package.state == "active",
            package.private.is_not(True),
        )
    )
    earned = (
        row("badge", _awards.badge, _awards.programme, _awards.awarded_at)
        .select_from(_listed())
        .join(
            Award.__table__,
            sa.and_(
                _awards.organization_id == _participants.organization_id,
                _awards.cohort_id == _participants.cohort_id,
            ),
        )
        .where(_awards.state != "revoked")
    )
    left = (
        row("withdrawn", sa.null(), sa.null(), _participants.withdrawn_at)
        .select_from(_listed())
        .where(_participants.state == "withdrawn")
    )
    found = sa.union_all(opened, earned, left).subquery()
    return (
        sa.select(found, sa.func.count().over().label("number"))
        .order_by(found.c.at.desc(), found.c.kind, found.c.title, found.c.what)
        .limit(_limit)
    )


def moved(reader: Reader, since: dt.datetime, limit: int) -> Sequence[Any]:
    """What happened in one's seasons, the latest first, in one statement.

    :returns: rows of ``kind`` (of ``domain.agenda.MOVED``), ``cohort_id``,
        ``organization``, ``title``, ``what`` (the name of the dataset, the key of the
        badge), ``about`` (the dataset's title, the badge's programme), ``at`` and
        ``number``, of all of them
    """
    return model.Session.execute(
        _moved(), {**reader.parameters(), "since": since, "limit": limit}
    ).all()


@cache
def _planned() -> Any:
    mine = _entrusted(_visits.adviser_id, _participants.cohort_id, "adviser", "manager")
    return (
        sa.select(
            _visits.id,
            _visits.date,
            _visits.days,
            _visits.topic,
            _participants.id.label("participant_id"),
            _participants.cohort_id,
            *_names(_groups),
            mine.label("mine"),
        )
        .select_from(_listed())
        .join(Visit.__table__, _visits.participant_id == _participants.id)
        .where(
            followed(),
            _visits.state == "planned",
            _visits.date >= sa.bindparam("first", type_=sa.Date),
            _visits.date <= sa.bindparam("last", type_=sa.Date),
        )
        .order_by(_visits.date, _visits.created_at, _visits.id)
        .limit(_limit)
    )


def visits(reader: Reader, first: dt.date, last: dt.date, limit: int) -> Sequence[Any]:
    """The visits of these days, in one statement."""
    return model.Session.execute(
        _planned(),
        {**reader.parameters(), "first": first, "last": last, "limit": limit},
    ).all()


@cache
def _open_steps() -> Any:
    unnested: Any = sa.func.unnest(
        _listed_in("asked_cohorts"),
        _listed_in("asked"),
        sa.cast(sa.bindparam("asked_days", type_=_TEXT), ARRAY(sa.Date)),
    )
    asked = unnested.table_valued("cohort_id", "step", "day").render_derived("asked")
    # As domain.progress.extended says it.
    day = sa.func.greatest(asked.c.day, _extensions.due)
    settled = sa.func.coalesce(_steps.state, "todo").in_(sorted(STEP_SETTLED))
    left = sa.func.count().filter(~settled)
    return (
        sa.select(
            asked.c.cohort_id,
            asked.c.step,
            day.label("day"),
            left.label("left"),
            sa.func.count().label("of"),
        )
        .select_from(_listed())
        .join(asked, asked.c.cohort_id == _participants.cohort_id)
        .outerjoin(
            StepStatus.__table__,
            sa.and_(
                _steps.participant_id == _participants.id, _steps.step == asked.c.step
            ),
        )
        .outerjoin(
            Extension.__table__,
            sa.and_(
                _extensions.participant_id == _participants.id,
                _extensions.step == asked.c.step,
            ),
        )
        .where(
            followed(),
            _participants.state == "active",
            day.between(sa.bindparam("first"), sa.bindparam("last")),
        )
        .group_by(asked.c.cohort_id, asked.c.step, day)
        .having(left > 0)
    )


def open_steps(
    reader: Reader,
    due: Mapping[tuple[str, str], dt.date],
    first: dt.date,
    last: dt.date,
) -> Sequence[Any]:
    """How many participants have yet to do a step that is due soon, in one statement.

    Those who were given a later day are counted on theirs.

    :param due: the days of seasons, by the id of the season and the key of the step
    :returns: of those that somebody has yet to do, ``cohort_id``, ``step``, ``day``,
        how many are ``left`` and ``of`` how many
    """
    # A later day is never before the season's.
    asked = {pair: day for pair, day in sorted(due.items()) if day <= last}
    if not asked:
        return []
    return model.Session.execute(
        _open_steps(),
        {
            **reader.parameters(),
            **_pairs(asked),
            "asked_days": array(asked.values()),
            "first": first,
            "last": last,
        },
    ).all()
