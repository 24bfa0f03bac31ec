"""What the pages of badges and awards show."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import ckan.plugins.toolkit as tk
from markupsafe import Markup

from ckanext.challenge import helpers as h
from ckanext.challenge.common import labels, page_version
from ckanext.challenge.common.page_cache import PageCache
from ckanext.challenge.views import everybody, participant_rows
from ckanext.challenge.views.common import Pager, act, may, page_number
from ckanext.challenge.views.embed.sharing import sharing
from ckanext.challenge.views.manager.history import history

from .criteria import amount, criterion_rows
from .verify import award_proof

HOLDERS = 60


def _holders(number: int) -> str:
    if not number:
        return tk._("Nobody has earned it yet")
    return tk.ungettext(
        "{number} collectivité has earned it",
        "{number} collectivités have earned it",
        number,
    ).format(number=h.challenge_number(number))


def badges_page() -> dict[str, Any]:
    """All the badges that can be earned."""
    base = f"{participant_rows.cohort_prefix()}/badges/"
    return {
        "badges": [
            {
                "title": badge["title"],
                "description": badge["description"],
                "image": h.challenge_badge_image(badge),
                "url": base + quote(badge["badge"]),
                "text": _holders(badge["holders"]),
                "policy": tk._("To be kept up")
                if badge["policy"] == "maintained"
                else "",
            }
            for badge in act("challenge_badge_list", limit=100)["results"]
        ]
    }


def badge_page(key: str, params: Mapping[str, str]) -> dict[str, Any]:
    """A badge: how it is earned, who holds it.

    :raises tk.ObjectNotFound: no such badge
    """
    badge = act("challenge_badge_show", badge=key)
    page = page_number(params)
    found = act(
        "challenge_award_list", badge=key, limit=HOLDERS, offset=HOLDERS * (page - 1)
    )
    base = participant_rows.cohort_prefix()
    if badge["policy"] == "maintained":
        policy = tk.ungettext(
            "It is kept as long as this remains true; when it no longer is, there is "
            "{number} day to put it right.",
            "It is kept as long as this remains true; when it no longer is, there are "
            "{number} days to put it right.",
            badge["grace_days"] or 0,
        ).format(number=h.challenge_number(badge["grace_days"] or 0))
    else:
        policy = tk._("Once earned, it is kept.")
    return {
        "badge": badge,
        "image": h.challenge_badge_image(badge),
        "criteria": criterion_rows(badge["criteria"]),
        "policy": policy,
        "holders": _holders(badge["holders"]),
        "rows": [
            {
                "url": f"{base}/awards/{award['id']}",
                "name": award["organization_title"],
                "season": award["cohort_title"] or "",
                "date": h.challenge_date(award["awarded_at"]),
            }
            for award in found["results"]
        ],
        "pages": Pager(
            f"{base}/badges/{quote(key)}", {}, found["count"], page, HOLDERS
        ),
    }


def _met(part: Mapping[str, Any], base: str) -> dict[str, Any]:
    datasets = [
        {"url": base + dataset["name"], "title": dataset["title"]}
        for dataset in part["datasets"]
    ]
    if part.get("step"):
        return {
            "text": part.get("title") or part["step"],
            "amount": "",
            "behind": labels.behind(part),
            "datasets": datasets,
        }
    return {
        "text": part.get("definition") or part.get("measure") or "",
        "amount": tk._("{value} ({target} needed)").format(
            value=amount(part, "value"), target=amount(part, "target")
        ),
        "behind": labels.assurance(part["assurance"]),
        "datasets": datasets,
    }


# A dataset's title may change without a change of the version.
_awards = PageCache(seconds=60, size=1000)


def award_page(award_id: str) -> dict[str, Any]:
    """A badge that somebody holds: is it true?

    Everybody reads the same, which is kept as long as the version of the page stays;
    those who run the season see its history too, and may take the badge back.

    :raises tk.ObjectNotFound: no such award
    """
    version = page_version.of_award(award_id)
    if version is None:
        page = _award_page(award_id)
    else:
        page = everybody.remembered(
            _awards, (award_id,), version, lambda: _award_page(award_id)
        )
    if not tk.current_user.is_authenticated:
        return page
    held = page["award"]["state"] != "revoked"
    return {
        **page,
        "history": history("award", award_id),
        "revoke": tk.h.url_for("challenge_awards.take_back", id=award_id)
        if held and may("challenge_award_revoke", id=award_id)
        else "",
    }


def _award_page(award_id: str) -> dict[str, Any]:
    award = act("challenge_award_show", id=award_id)
    base = participant_rows.cohort_prefix()
    dataset = str(tk.h.url_for("dataset.read", id="_"))[:-1]
    participant = (
        f"{base}/{award['cohort']}/{quote(award['organization_name'])}"
        if award["cohort"]
        else str(tk.h.url_for("organization.read", id=award["organization_name"]))
    )
    title = tk._("{organization}: {badge}").format(
        organization=award["organization_title"], badge=award["title"]
    )
    page = {
        "award": award,
        "sharing": sharing(
            title,
            award["description"],
            "challenge.award",
            "challenge.award_card",
            award=award["id"],
        ),
        "image": h.challenge_badge_image(
            {**award, "earned": award["state"] != "revoked"}
        ),
        "proof": award_proof(award),
        "behind": labels.award_assurance(award["assurance"]),
        "by_hand": labels.by_hand(award),
        "withdrawal": labels.withdrawal(award["revoked_reason"]),
        "met": [_met(part, dataset) for part in award["criteria"]["met"]],
        "urls": {
            "badge": f"{base}/badges/{quote(award['badge'])}",
            "embed": f"{base}/badge/{quote(award['organization_name'])}"
            + h.challenge_query({"style": "badge", "badge": award["badge"]})
            if award["state"] != "revoked"
            else "",
            "participant": participant,
            "season": f"{base}/{award['cohort']}" if award["cohort"] else "",
        },
    }
    structured = tk.render(
        "challenge/snippets/structured_data.html", {"kind": "award", "row": award}
    )
    return {
        **page,
        "structured": Markup(structured),
        "body": Markup(tk.render("challenge/award_body.html", page)),
    }
