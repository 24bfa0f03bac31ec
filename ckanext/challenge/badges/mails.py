"""The mails about badges: for whom each is, and what its templates are told."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

import ckan.plugins.toolkit as tk

from ckanext.challenge.common import labels
from ckanext.challenge.domain.lifecycle import AWARD_HELD
from ckanext.challenge.domain.text import N_
from ckanext.challenge.measures import labels as measure_labels
from ckanext.challenge.notifications.kinds import MailKind, Occasion

from .award_mails import Change

#: In which states of an award a change is still worth telling.
_STILL: dict[Change, Collection[str]] = {
    "at_risk": ("at_risk",),
    "lost": ("revoked",),
    "earned": AWARD_HELD,
    "kept": ("active",),
}

#: Of the datasets that keep a badge at risk, so many are named.
_NAMED_DATASETS = 3


def _to_members(occasion: Occasion) -> dict[str, Any] | None:
    """The variables of a mail to those who publish for an organization.

    The data have ``awards``, pairs of an award's id and what became of it.

    :returns: ``organization``, ``link``, ``proof`` (whether the link leads to an
        award) and the awards by what became of them; ``None`` when all of it is past
    """
    awards = current_awards(occasion.data["awards"])
    if not awards:
        return None
    name = awards[0]["organization_name"]
    at_risk = [award for award in awards if award["change"] == "at_risk"]
    if at_risk:
        missing = _missing(name)
        for award in at_risk:
            award["missing"] = missing.get(award["badge"], [])
    proof = len(awards) == 1 and awards[0]["change"] in ("earned", "kept")
    link = awards[0]["url"] if proof else _url("challenge_organization.read", id=name)
    return {
        "organization": awards[0]["organization_title"],
        "link": link,
        "proof": proof,
        **{
            change: [award for award in awards if award["change"] == change]
            for change in _STILL
        },
    }


def current_awards(told: Iterable[tuple[str, Change]]) -> list[dict[str, Any]]:
    """Awards as everybody sees them, each with the last that became of it.

    Asked as nobody: what is not public is in no mail. What is no longer so is left out.

    :param told: pairs of an award's id and what became of it
    :returns: the awards as ``challenge_award_show`` answers them, with ``change``,
        ``url``, ``by_person`` (whether a person took it back), ``date`` (the day on
        which one at risk will be lost, in words), ``behind`` (what stands behind it,
        in words) and ``by_hand`` (who gave it by hand, and why)
    """
    found = []
    for id_, change in dict(told).items():
        try:
            award = tk.get_action("challenge_award_show")({"user": ""}, {"id": id_})
        except (tk.NotAuthorized, tk.ObjectNotFound):
            continue
        if award["state"] in _STILL[change]:
            found.append(
                {
                    **award,
                    "change": change,
                    "url": _url("challenge.award", award=id_),
                    "by_person": award["revoked_source"] == "person",
                    "date": tk.h.challenge_date(award["lost_on"]),
                    "behind": labels.award_assurance(award["assurance"]),
                    "by_hand": labels.by_hand(award),
                }
            )
    return found


def _missing(organization: str) -> dict[str, list[str]]:
    """By badge, what an organization lacks, in sentences."""
    # Asked as a sysadmin: a member may know it, and nobody else gets this mail.
    site = tk.get_action("get_site_user")({"ignore_auth": True}, {})
    standing = tk.get_action("challenge_standing_show")(
        {"user": site["name"]}, {"organization": organization}
    )
    return {
        badge["badge"]: [_sentence(row) for row in badge.get("missing", [])]
        for badge in standing["badges"]
    }


def _sentence(row: Mapping[str, Any]) -> str:
    if row.get("step"):
        return row["title"]
    said = measure_labels.shortfall(row)
    titles = [dataset["title"] for dataset in row.get("datasets", [])]
    if not titles:
        return said
    return tk._("{sentence} To look at first: {datasets}.").format(
        sentence=said, datasets=", ".join(titles[:_NAMED_DATASETS])
    )


def _url(endpoint: str, **values: Any) -> str:
    return str(tk.h.url_for(endpoint, **values, _external=True))


KINDS = (
    MailKind("award_earned", N_("Badge earned"), _to_members, "members"),
    MailKind("award_at_risk", N_("Badge at risk"), _to_members, "members"),
    MailKind("award_kept", N_("Badge kept"), _to_members, "members"),
    MailKind("award_lost", N_("Badge lost"), _to_members, "members"),
)
