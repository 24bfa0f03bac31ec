"""The official directory of communes and EPCI, by SIREN."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped


def _code(context: Any) -> str:
    values = context.get_current_parameters()
    return values.get("siren") or values["insee_code"]


class Collectivite(tk.BaseModel):
    """A commune or an EPCI as the official list knows it.

    ``code`` is the SIREN; for the 94 communes overseas to which the national list
    gives none, it is the INSEE code and ``siren`` is null.
    ``kind`` is one of ``commune``, ``cc``, ``ca``, ``cu``, ``metropole``,
    ``autre``; ``insee_code`` is given for communes only; ``vintage`` is the year
    of the list in which the row was last seen; ``search_key`` is the name without
    accents, in lower case, with single spaces.
    """

    __table__ = sa.Table(
        "challenge_collectivite",
        tk.BaseModel.metadata,
        sa.Column("code", sa.UnicodeText, primary_key=True, default=_code),
        sa.Column("siren", sa.UnicodeText, unique=True),
        sa.Column("insee_code", sa.UnicodeText),
        sa.Column("name", sa.UnicodeText, nullable=False),
        sa.Column("kind", sa.UnicodeText, nullable=False),
        sa.Column("departement", sa.UnicodeText),
        sa.Column("region", sa.UnicodeText),
        sa.Column("population", sa.Integer),
        sa.Column("epci_siren", sa.UnicodeText),
        sa.Column("postcodes", ARRAY(sa.UnicodeText), nullable=False),
        sa.Column("vintage", sa.Integer, nullable=False),
        sa.Column("search_key", sa.UnicodeText, nullable=False),
        sa.Index("challenge_collectivite_insee_code_idx", "insee_code"),
        sa.Index("challenge_collectivite_departement_idx", "departement"),
        sa.Index("challenge_collectivite_search_key_idx", "search_key"),
        sa.Index(
            "challenge_collectivite_postcodes_idx", "postcodes", postgresql_using="gin"
        ),
    )

    code: Mapped[str]
    siren: Mapped[str | None]
    insee_code: Mapped[str | None]
    name: Mapped[str]
    kind: Mapped[str]
    departement: Mapped[str | None]
    region: Mapped[str | None]
    population: Mapped[int | None]
    epci_siren: Mapped[str | None]
    postcodes: Mapped[list[str]]
    vintage: Mapped[int]
    search_key: Mapped[str]
