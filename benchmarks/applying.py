"""What an application costs, beside CKAN's own ``package_create``.

    python -m benchmarks.applying --rounds 60

An application is begun and submitted, with its receipt in the outbox; both calls are
made in turn, in one process.
"""

from __future__ import annotations

import argparse
import datetime as dt
import statistics
import time
import uuid
from collections.abc import Callable
from typing import Any

import ckan.plugins.toolkit as tk
from ckan import model
from ckan.types import Context
from stdnum import luhn

from benchmarks import serving, volume
from ckanext.challenge.model import Cohort

_SEASON = "volume-applying"
_WARM = 3


def _season() -> None:
    today = dt.datetime.now(dt.timezone.utc).date()
    cohort = Cohort(
        name=_SEASON,
        title="Candidater",
        season=94,
        programme="saison",
        state="open",
        application_deadline=today + dt.timedelta(days=30),
    )
    model.Session.add(cohort)
    model.Session.commit()


def _apply(number: int) -> None:
    body = f"{99000000 + number}"
    siren = body + luhn.calc_check_digit(body)
    made = tk.get_action("challenge_application_create")(
        {"user": ""},
        {
            "cohort": _SEASON,
            "siren": siren,
            "organization_title": f"Commune {number}",
            "agents": 12,
            "contact_name": "Secrétariat",
            "contact_email": f"mairie-{number}@example.org",
            "motivation": "Ouvrir nos délibérations.",
            "consent": True,
        },
    )
    tk.get_action("challenge_application_submit")(
        {"user": ""}, {"id": made["id"], "key": made["key"]}
    )


def _publisher() -> Callable[[int], None]:
    user = tk.get_action("get_site_user")({"ignore_auth": True}, {})["name"]
    context: Context = {"user": user, "ignore_auth": True}
    group: Any = tk.get_action("organization_create")(
        context, {"name": f"{_SEASON}-{uuid.uuid4()}"}
    )

    def publish(number: int) -> None:
        tk.get_action("package_create")(
            {"user": user, "ignore_auth": True},
            {
                "name": f"{_SEASON}-{number}",
                "title": "Délibérations du conseil",
                "notes": "Un jeu pour mesurer.",
                "owner_org": group["id"],
                "resources": [{"url": "https://www.example.org/a.csv"}],
            },
        )

    return publish


def measure(rounds: int) -> tuple[float, float]:
    """Median seconds of an application, and of ``package_create``."""
    _season()
    times: dict[Callable[[int], None], list[float]] = {_apply: [], _publisher(): []}
    for number in range(rounds + _WARM):
        for work, seconds in times.items():
            began = time.perf_counter()
            work(number)
            seconds.append(time.perf_counter() - began)
            model.Session.remove()
    application, package = (
        statistics.median(seconds[_WARM:]) for seconds in times.values()
    )
    return application, package


def clear() -> None:
    """Remove what :func:`measure` made."""
    user = tk.get_action("get_site_user")({"ignore_auth": True}, {})["name"]
    for kind, action in (
        (model.Package, "dataset_purge"),
        (model.Group, "organization_purge"),
    ):
        names = model.Session.query(kind.name).filter(kind.name.like(f"{_SEASON}-%"))
        for (name,) in names.all():
            tk.get_action(action)({"user": user, "ignore_auth": True}, {"id": name})
    model.Session.query(Cohort).filter_by(name=_SEASON).delete()
    model.Session.commit()


def main(rounds: int = 60) -> None:
    """Measure, print, remove."""
    clear()
    try:
        application, package = measure(rounds)
    finally:
        clear()
    print("\n| what | measured | at most |")
    print("|---|---:|---:|")
    print(
        "| an application, begun and submitted / `package_create` | "
        f"{application / package:.2f} ({application * 1000:.0f} / "
        f"{package * 1000:.0f} ms) | 1.00 |"
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=60)
    volume.load_ckan(str(serving.INI))
    main(parser.parse_args().rounds)
