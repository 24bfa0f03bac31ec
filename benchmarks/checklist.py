"""The page of a participant for those who have signed in, beside CKAN's own.

    python -m benchmarks.checklist --rounds 30

Prints how long it takes beside ``/about`` of the same signed-in user, and how many
statements it sends in a season of a few and of many, with a few datasets and with many.
"""

from __future__ import annotations

import argparse
from typing import Any

import ckan.plugins.toolkit as tk
import requests
import sqlalchemy as sa
from ckan import model
from ckan.tests.helpers import _get_test_app

from benchmarks import pages, serving, volume
from benchmarks.pages import Page, ask, print_pages
from benchmarks.statements import sent_statements
from ckanext.challenge.common import page_cache
from ckanext.challenge.model import Cohort, Staff

PASSWORD = "a pass phrase for the benchmark"
#: A member who administers the organization, and a manager of the season.
PEOPLE = ("volume-member", "volume-team")
MOST = 2


def make_people() -> None:
    """An admin of the first organization, and a manager of all the seasons."""
    site_user = tk.get_action("get_site_user")({"ignore_auth": True}, {})["name"]

    def make(name: str) -> str:
        data: dict[str, Any] = {
            "name": name,
            "email": f"{name}@example.org",
            "password": PASSWORD,
        }
        context: Any = {"user": site_user, "ignore_auth": True}
        return tk.get_action("user_create")(context, data)["id"]

    member, manager = (make(name) for name in PEOPLE)
    model.Session.add(
        model.Member(
            # By its object: CKAN's class forgets an id that is given alone.
            group=model.Group.get(pages.volume_name()),
            table_name="user",
            table_id=member,
            capacity="admin",
        )
    )
    for cohort in model.Session.query(Cohort).filter(Cohort.name.like("volume-%")):
        model.Session.add(Staff(cohort_id=cohort.id, user_id=manager, role="manager"))
    model.Session.commit()


def clear() -> None:
    """Remove what the benchmark made."""
    model.Session.rollback()
    of_people = {"names": list(PEOPLE)}
    for table, column in (("member", "table_id"), ("api_token", "user_id")):
        model.Session.execute(
            sa.text(
                f"DELETE FROM {table} WHERE {column} IN "
                '(SELECT id FROM "user" WHERE name = ANY(:names))'
            ),
            of_people,
        )
    model.Session.commit()
    pages.clear()
    model.Session.execute(
        sa.text('DELETE FROM "user" WHERE name = ANY(:names)'), of_people
    )
    model.Session.commit()


def _path(size: int) -> str:
    return f"/challenge/{pages.season_name(size)}/{pages.volume_name()}"


def measure(rounds: int) -> list[Page]:
    """Ask for both pages in each round, as each of the people.

    :raises RuntimeError: when a page answers anything but what it should
    """
    found: list[Page] = []
    with serving.portal() as address:
        for name in PEOPLE:
            about = Page(f"CKAN: /about, {name}", "/about")
            page = Page(f"Checklist, {name}", _path(200), about.name, MOST)
            with requests.Session() as session:
                serving.sign_in(session, address, name, PASSWORD)
                for each in [about, page] * 6:
                    answer = ask(session, address, each)
                    # Somebody else's page has no form, and would cost less.
                    own = each is about or f'action="{page.path}/step/' in answer.text
                    if answer.status_code != 200 or not own:
                        raise RuntimeError(f"{name}, {each.path}: not its own page")
                about.times.clear()
                page.times.clear()
                for _ in range(rounds):
                    ask(session, address, about)
                    ask(session, address, page)
            found += [about, page]
    return found


def statements() -> dict[str, int]:
    """How many statements the page sends, by the size of the season and the reader."""
    app = _get_test_app()
    site_user = tk.get_action("get_site_user")({"ignore_auth": True}, {})["name"]
    found = {}
    for name in PEOPLE:
        context: Any = {"user": site_user, "ignore_auth": True}
        token = tk.get_action("api_token_create")(
            context, {"user": name, "name": "volume"}
        )["token"]
        for size in pages.SIZES:
            headers = {"Authorization": token}
            app.get(_path(size), headers=headers)
            page_cache.forget_all()
            with sent_statements() as sent:
                app.get(_path(size), headers=headers)
            found[f"Checklist in a season of {size}, {name}"] = len(sent)
    return found


def main(rounds: int = 30) -> None:
    """Make, measure, print, remove."""
    clear()
    volume.make(max(pages.SIZES), pages.DATASETS, 2)
    pages.make_seasons()
    try:
        make_people()
        print_pages(measure(rounds), rounds)
        print("\n| page | SQL statements |")
        print("|---|---:|")
        for name, number in statements().items():
            print(f"| {name} | {number} |")
    finally:
        clear()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=30)
    volume.load_ckan(str(serving.INI))
    main(parser.parse_args().rounds)
