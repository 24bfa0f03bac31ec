"""How long pages take beside CKAN's own, and how many statements they send.

    python -m benchmarks.pages --rounds 30

Serves a portal and asks for all pages in turn, round after round, so that what slows
the machine slows them all. Prints medians and their ratios.
"""

from __future__ import annotations

import argparse
import datetime as dt
import statistics
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import requests
import sqlalchemy as sa
from ckan import model
from ckan.tests.helpers import _get_test_app

from benchmarks import serving, volume
from benchmarks.statements import sent_statements
from ckanext.challenge.model import Award, Cohort
from ckanext.challenge.progress.evaluate import evaluate

SIZES = (2, 20, 200)
DATASETS = 5


@dataclass
class Page:
    """A page to ask for.

    :ivar beside: the name of the page that it is compared with
    :ivar most: how many times that page's time it may take
    """

    name: str
    path: str
    beside: str | None = None
    most: float | None = None
    headers: dict[str, str] = field(default_factory=dict)
    times: list[float] = field(default_factory=list)

    @property
    def median(self) -> float:
        """The median of its times, in milliseconds."""
        return statistics.median(self.times) * 1000


def season_name(size: int) -> str:
    """The address of the season with so many participants."""
    return f"volume-{size}"


def make_seasons() -> None:
    """A season for each size, over the organizations of the benchmark's catalogue."""
    ids = volume.organization_ids()
    today = dt.datetime.now(dt.timezone.utc).date()
    for number, size in enumerate(SIZES, start=90):
        cohort = Cohort(
            name=season_name(size),
            title=f"Saison de {size}",
            season=number,
            programme="saison",
            state="running",
            description="Une saison pour mesurer.",
            application_opens=today - dt.timedelta(days=150),
            application_deadline=today - dt.timedelta(days=100),
            launch=today - dt.timedelta(days=90),
            first_publication=today + dt.timedelta(days=10),
            finalisation=today + dt.timedelta(days=90),
            funding=[{"source": "Région", "amount": 2000}],
        )
        model.Session.add(cohort)
        model.Session.flush()
        model.Session.execute(
            sa.text(
                """
                INSERT INTO challenge_participant (
                    id, cohort_id, organization_id, state, joined_at, kind,
                    departement, population,
                    steps_done, steps_total, percent, late_steps
                )
                SELECT CAST(gen_random_uuid() AS text), :cohort, id, 'active', now(),
                       'commune', '45', 1985, 0, 0, 0, 0
                FROM unnest(CAST(:ids AS text[])) AS id
                """
            ),
            {"cohort": cohort.id, "ids": ids[:size]},
        )
    model.Session.commit()
    evaluate()


def clear() -> None:
    """Remove what :func:`make_seasons` and the catalogue made."""
    model.Session.execute(
        sa.text("DELETE FROM challenge_cohort WHERE name LIKE 'volume-%'")
    )
    model.Session.commit()
    volume.clear()


def _pages() -> list[Page]:
    organization = volume_name()
    return [
        Page("CKAN: /about", "/about"),
        Page("CKAN: /dataset/", "/dataset/"),
        Page("CKAN: /organization/", "/organization/"),
        Page("CKAN: status_show", "/api/3/action/status_show"),
        Page("Seasons", "/challenge", "CKAN: /about"),
        Page("Season, 20", f"/challenge/{season_name(20)}", "CKAN: /about", 1.5),
        Page("Season, 200", f"/challenge/{season_name(200)}", "CKAN: /about", 2),
        Page(
            "Participant",
            f"/challenge/{season_name(20)}/{organization}",
            "CKAN: /about",
            2,
        ),
        Page("Award", f"/challenge/awards/{award_id()}", "CKAN: /about", 1.5),
        Page(
            "SVG",
            f"/challenge/badge/{organization}.svg",
            "CKAN: status_show",
            1 / 0.7,
        ),
        Page(
            "SVG, card",
            f"/challenge/badge/{organization}.svg?style=card",
            "CKAN: status_show",
            1 / 0.7,
        ),
        Page(
            "Social card, PNG",
            f"/challenge/awards/{award_id()}/card.png",
            "CKAN: status_show",
        ),
    ]


def volume_name() -> str:
    """The name of one organization of the benchmark's catalogue."""
    id_ = volume.organization_ids()[0]
    group = model.Group.get(id_)
    assert group is not None
    return group.name


def award_id() -> str:
    """The id of a badge that this organization holds."""
    found = model.Session.execute(
        sa.select(Award.id)
        .join(model.Group, model.Group.id == Award.organization_id)
        .where(model.Group.name == volume_name(), Award.state != "revoked")
        .order_by(Award.badge)
    ).first()
    assert found is not None
    return found[0]


def ask(session: requests.Session, address: str, page: Page) -> requests.Response:
    """Ask for a page and note how long it took."""
    began = time.perf_counter()
    answer = session.get(address + page.path, headers=page.headers, timeout=60)
    page.times.append(time.perf_counter() - began)
    return answer


def take_turns(
    session: requests.Session,
    address: str,
    pages: Sequence[Page],
    rounds: int,
    statuses: Mapping[str, int] | None = None,
) -> None:
    """Ask for every page in each round.

    :param statuses: what a page of that name answers, where it is not 200
    :raises RuntimeError: when a page answers anything but what it should
    """
    # Templates are compiled and caches filled by both workers first.
    for page in [*pages] * 6:
        status = ask(session, address, page).status_code
        if status != (statuses or {}).get(page.name, 200):
            raise RuntimeError(f"{page.path} answers {status}")
    for page in pages:
        page.times.clear()
    for _ in range(rounds):
        for page in pages:
            ask(session, address, page)


def measure(rounds: int) -> list[Page]:
    """Ask for every page in each round.

    :raises RuntimeError: when a page answers anything but what it should
    """
    pages = _pages()
    with serving.portal() as address:
        session = requests.Session()
        svg = next(page for page in pages if page.name == "SVG")
        tag = session.get(address + svg.path, timeout=60).headers["ETag"]
        same = Page(
            "SVG, 304", svg.path, "CKAN: status_show", 1 / 0.9, {"If-None-Match": tag}
        )
        pages.append(same)
        take_turns(session, address, pages, rounds, {same.name: 304})
    return pages


def statements() -> dict[str, int]:
    """How many statements each page sends, by name."""
    app = _get_test_app()
    found: dict[str, int] = {}
    paths = {f"Season, {size}": f"/challenge/{season_name(size)}" for size in SIZES}
    for size in SIZES:
        paths[f"Participant of {size}"] = (
            f"/challenge/{season_name(size)}/{volume_name()}"
        )
    paths["SVG"] = f"/challenge/badge/{volume_name()}.svg"
    paths["Award"] = f"/challenge/awards/{award_id()}"
    paths["Seasons"] = "/challenge"
    paths["CKAN: /about"] = "/about"
    paths["CKAN: /organization/"] = "/organization/"
    for name, path in paths.items():
        app.get(path)
        with sent_statements() as sent:
            app.get(path)
        found[name] = len(sent)
    return found


def print_pages(pages: list[Page], rounds: int) -> None:
    """Print the medians, and the ratios to what each is compared with."""
    medians = {page.name: page.median for page in pages}
    print(f"\n| page | median of {rounds}, ms | beside | ratio | at most |")
    print("|---|---:|---|---:|---:|")
    for page in pages:
        ratio = most = ""
        if page.beside:
            ratio = f"{page.median / medians[page.beside]:.2f}"
            most = f"{page.most:.2f}" if page.most else ""
        print(
            f"| {page.name} | {page.median:.1f} | {page.beside or ''} "
            f"| {ratio} | {most} |"
        )


def main(rounds: int = 30) -> None:
    """Make, measure, print, remove."""
    clear()
    volume.make(max(SIZES), DATASETS, 2)
    make_seasons()
    try:
        pages = measure(rounds)
        paginate = statements()
    finally:
        clear()
    print_pages(pages, rounds)
    print("\n| page | SQL statements |")
    print("|---|---:|")
    for name, number in paginate.items():
        print(f"| {name} | {number} |")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=30)
    volume.load_ckan(str(serving.INI))
    main(parser.parse_args().rounds)
