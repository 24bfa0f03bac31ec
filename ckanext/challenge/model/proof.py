"""Addresses that accounts proved, and the roles that wait for such a proof."""

from __future__ import annotations

import datetime as dt

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from sqlalchemy.orm import Mapped

from .base import id_column, key_column, time_column, utcnow


class ProvedAddress(tk.BaseModel):
    """An account opened a link that was mailed to this address, and nowhere else.

    The address itself is not here: ``digest`` is that of ``access_links.digest_of``.
    """

    __table__ = sa.Table(
        "challenge_proved_address",
        tk.BaseModel.metadata,
        key_column("user_id", "user.id", needed=True, with_it=True),
        sa.Column("digest", sa.UnicodeText, nullable=False),
        # Whether the account itself had this address then: not only an application.
        sa.Column(
            "own",
            sa.Boolean,
            nullable=False,
            default=False,
            server_default=sa.text("false"),
        ),
        time_column("proved_at", nullable=False, default=utcnow),
        sa.PrimaryKeyConstraint("user_id", "digest"),
        sa.Index("challenge_proved_address_digest_idx", "digest"),
    )

    user_id: Mapped[str]
    digest: Mapped[str]
    own: Mapped[bool]
    proved_at: Mapped[dt.datetime]


class WaitingRole(tk.BaseModel):
    """A role that an account gets once it proved the address by which it was found.

    It is one in an organization (``member``, ``editor`` or ``admin``) or, with
    ``cohort_id``, one on the team of a season (``manager`` or ``adviser``). ``way`` is
    ``acceptance``, ``claim``, ``invitation``, ``own_invitation`` or ``staff``.
    """

    __table__ = sa.Table(
        "challenge_waiting_role",
        tk.BaseModel.metadata,
        id_column(),
        key_column("user_id", "user.id", needed=True, with_it=True),
        # Of the address that is to be proved.
        sa.Column("digest", sa.UnicodeText, nullable=False),
        key_column("organization_id", "group.id", with_it=True),
        key_column("cohort_id", "challenge_cohort.id", with_it=True),
        key_column("participant_id", "challenge_participant.id", with_it=True),
        key_column("application_id", "challenge_application.id", with_it=True),
        sa.Column("role", sa.UnicodeText, nullable=False),
        sa.Column("way", sa.UnicodeText, nullable=False),
        key_column("given_by", "user.id"),
        time_column("asked_at", nullable=False, default=utcnow),
        sa.Index("challenge_waiting_role_user_idx", "user_id", "digest"),
        sa.Index("challenge_waiting_role_organization_idx", "organization_id"),
        sa.Index("challenge_waiting_role_application_idx", "application_id"),
    )

    id: Mapped[str]
    user_id: Mapped[str]
    digest: Mapped[str]
    organization_id: Mapped[str | None]
    cohort_id: Mapped[str | None]
    participant_id: Mapped[str | None]
    application_id: Mapped[str | None]
    role: Mapped[str]
    way: Mapped[str]
    given_by: Mapped[str | None]
    asked_at: Mapped[dt.datetime]
