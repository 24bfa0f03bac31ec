"""What the challenge tells others: its own rooms, and other plugins (``ISignal``)."""

from __future__ import annotations

import datetime as dt
from typing import NamedTuple

import ckan.plugins.toolkit as tk


class AwardEvent(NamedTuple):
    """What became of an award.

    :ivar before: the state in which it was; none where it has just been given
    :ivar after: ``active``, ``at_risk`` or ``revoked``
    :ivar lost_on: of one at risk, the day on which it will be lost
    """

    award_id: str
    badge: str
    organization_id: str
    cohort_id: str | None
    before: str | None
    after: str
    lost_on: dt.date | None = None


#: Sent in the transaction that changes awards, with ``events``: a sequence of
#: :class:`AwardEvent`. What a receiver adds to CKAN's session is stored with them; when
#: it fails nothing is. One evaluation may send thousands of events at once.
awards_changed = tk.signals.ckanext.signal("challenge:awards_changed")

#: Sent with the same ``events`` after the commit.
awards_stored = tk.signals.ckanext.signal("challenge:awards_stored")

#: Sent after the commit when the background job has evaluated what changed, with
#: ``result`` (:class:`ckanext.challenge.progress.evaluate.Result`): also when no award
#: changed. Badges may cease to be good without that, with their organization.
evaluated = tk.signals.ckanext.signal("challenge:evaluated")

#: Sent in the transaction that stores what an evaluation found, with
#: ``organization_ids``: all that were judged, whether anything of them changed or not,
#: and those asked for that were deleted.
#: What a receiver writes is stored with it; when it fails nothing is.
organizations_judged = tk.signals.ckanext.signal("challenge:organizations_judged")

#: Sent in the transaction in which a season finishes, with ``cohort``
#: (:class:`ckanext.challenge.model.Cohort`).
season_finished = tk.signals.ckanext.signal("challenge:season_finished")

#: Sent in the transaction in which somebody says which collectivité an organization
#: without a SIREN is, with ``organization`` (``model.Group``), ``siren`` and ``actor``
#: (the id of who says so, if it is an account).
organization_matched = tk.signals.ckanext.signal("challenge:organization_matched")
