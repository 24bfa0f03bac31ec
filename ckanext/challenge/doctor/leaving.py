"""What the extension has left in a portal, and taking it away for good.

Organizations, members, accounts, datasets and their files are CKAN's: they stay, with
the fields of our forms, which CKAN shows as extras. Each step can be taken again, so
that what was cut off is done again from its beginning.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ckan.plugins.toolkit as tk
import rq
import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from ckan import model
from ckan.common import config_declaration
from ckan.lib import jobs as ckan_jobs
from ckan.lib.redis import connect_to_redis
from ckan.lib.search.common import make_connection
from redis.exceptions import RedisError
from rq.exceptions import DeserializationError
from rq.registry import FailedJobRegistry, FinishedJobRegistry, ScheduledJobRegistry
from sqlalchemy.orm import close_all_sessions

from ckanext.challenge import config
from ckanext.challenge.common import file_places
from ckanext.challenge.conformity.jobs import QUEUE as CONFORMITY
from ckanext.challenge.credentials import store
from ckanext.challenge.credentials.jobs import QUEUE as SIGNING
from ckanext.challenge.domain.own_fields import Entity
from ckanext.challenge.model import catalog

_MIGRATION = Path(__file__).parents[1] / "migration" / "challenge"
#: A helper, a page, a template or a snippet of the extension.
_NAMES_US = re.compile(r"""\bh\.challenge_|["']challenge[._/]""")
_VERSION = "challenge_alembic_version"
_OURS = "ckanext.challenge."
#: Where a job waits, or is kept after it ended.
_REGISTRIES = (FailedJobRegistry, FinishedJobRegistry, ScheduledJobRegistry)


@dataclass(frozen=True)
class Found:
    """What there is.

    :ivar tables: how many rows each of the extension's tables has
    :ivar settings: rows of CKAN's ``system_info`` that are the extension's
    :ivar files: how many are in its folder of ``ckan.storage_path``, and their bytes
    :ivar stored: how many are in its storage (``ckanext.challenge.storage``); ``None``
        where that does not answer
    :ivar jobs: of the extension, by queue; ``None`` where Redis does not answer
    :ivar redis: names of the extension in Redis; ``None`` likewise
    :ivar signed: badges that are signed
    :ivar kept: what stays, by what it is: how many organizations, datasets and files
        hold fields of the extension's forms, how many documents of Solr name a season
    :ivar keys: private keys, which stay
    :ivar lines: of ``ckan.ini``, those to take out or to change
    :ivar templates: of the portal's own, those that name the extension: without it no
        page that uses them can be shown
    """

    tables: Mapping[str, int]
    settings: Collection[str]
    folder: Path | None
    files: tuple[int, int]
    stored: int | None
    jobs: Mapping[str, int] | None
    redis: int | None
    signed: int
    kept: Mapping[str, int]
    keys: Collection[Path]
    lines: Collection[str] = ()
    templates: Collection[Path] = ()

    @property
    def exportable(self) -> bool:
        """Whether the tables of what was signed are there: they go all at once."""
        return "challenge_credential" in self.tables

    @property
    def nothing(self) -> bool:
        """Whether nothing is left to remove."""
        return not (
            self.tables
            or self.settings
            or (self.folder and self.folder.exists())
            or self.stored
            or any((self.jobs or {}).values())
            or self.redis
        )


def look() -> Found:
    """Find what there is; changes nothing."""
    tables = _tables()
    folder = _folder()
    return Found(
        {name: _count(f'"{name}"') for name in tables},
        _settings(),
        folder,
        _size(folder),
        _unless_away(_stored),
        _unless_away(lambda: {name: len(ids) for name, ids in _jobs().items()}),
        _unless_away(lambda: sum(1 for _ in _names())),
        store.signed() if "challenge_credential" in tables else 0,
        _kept(),
        sorted(config.keys_path().glob("*.pem")),
        tuple(_lines()),
        sorted(_templates()),
    )


def _tables() -> list[str]:
    found = model.Session.execute(
        sa.text(
            r"""
            SELECT tablename FROM pg_tables
            WHERE schemaname = current_schema() AND tablename LIKE 'challenge\_%'
            ORDER BY tablename
            """
        )
    )
    return [*found.scalars()]


def _count(what: str) -> int:
    return model.Session.execute(sa.text(f"SELECT count(*) FROM {what}")).scalar_one()


def _settings() -> list[str]:
    found = model.Session.execute(
        sa.text("SELECT key FROM system_info WHERE key LIKE 'ckanext.challenge.%'")
    )
    return sorted(found.scalars())


def _folder() -> Path | None:
    folder = file_places.folder()
    return folder.root if folder else None


def _size(folder: Path | None) -> tuple[int, int]:
    sizes = [
        path.stat().st_size
        for path in (folder.rglob("*") if folder else ())
        if path.is_file()
    ]
    return len(sizes), sum(sizes)


def _stored() -> int:
    name = config.storage()
    return sum(1 for _ in file_places.storage(name).names()) if name else 0


def _unless_away(look_up: Callable[[], Any]) -> Any:
    try:
        return look_up()
    except (RedisError, OSError):
        return None


def _names() -> Iterator[Any]:
    """The names of the extension in Redis, which may serve other portals, too."""
    # What a pattern would read otherwise is a letter of the portal's id.
    escaped = "".join(f"\\{c}" if c in "*?[]\\" else c for c in config.redis_key(""))
    return connect_to_redis().scan_iter(match=f"{escaped}*", count=1000)


def _jobs() -> dict[str, list[rq.job.Job]]:
    """The jobs of the extension that wait, are planned, or have ended."""
    found: dict[str, list[rq.job.Job]] = {}
    for queue in ckan_jobs.get_all_queues():
        ids = [*queue.job_ids]
        for registry in _REGISTRIES:
            ids += registry(queue=queue).get_job_ids()
        jobs = rq.job.Job.fetch_many(ids, connection=queue.connection)
        own = [job for job in jobs if job is not None and _is_ours(job)]
        if own:
            found[ckan_jobs.remove_queue_name_prefix(queue.name)] = own
    return found


def _is_ours(job: rq.job.Job) -> bool:
    # Somebody else's may name what this process cannot read.
    with suppress(DeserializationError):
        return str(job.func_name).startswith(_OURS)
    return False


def _kept() -> dict[str, int]:
    """What stays of what was written into CKAN's own."""
    entities: tuple[Entity, ...] = ("organization", "dataset", "resource")
    found = {entity: catalog.holding(entity) for entity in entities}
    with suppress(Exception):  # Solr may be away, and has nothing that lasts
        solr = make_connection()
        site = tk.config["ckan.site_id"]
        answer = solr.search("challenge_cohort:*", fq=f'+site_id:"{site}"', rows=0)
        found["indexed"] = answer.hits
    return found


def _lines() -> Iterator[str]:
    """The lines of ``ckan.ini`` that name the extension."""
    others = [name for name in tk.config["ckan.plugins"] if name != "challenge"]
    yield f"ckan.plugins = {' '.join(others)}"
    for key in config_declaration.iter_options(pattern=f"{_OURS}*"):
        name, option = str(key), config_declaration[key]
        if option and tk.config.get(name) != option.normalize(option.default):
            yield name
    # Whose validators and helpers go with the extension.
    for name in sorted(map(str, tk.config)):
        if name.startswith("scheming.") and "ckanext.challenge:" in str(
            tk.config[name]
        ):
            yield name
    own = f"file://{Path(__file__).parents[1] / 'licenses.json'}"
    if tk.config.get("licenses_group_url") == own:
        # CKAN's own list has no Licence Ouverte.
        yield "licenses_group_url"


def _templates() -> Iterator[Path]:
    for folder in str(tk.config.get("extra_template_paths") or "").split(","):
        for path in Path(folder.strip()).rglob("*.html") if folder.strip() else ():
            with suppress(OSError):
                if _NAMES_US.search(path.read_text("utf-8", "replace")):
                    yield path


@dataclass(frozen=True)
class Step:
    """Something that is taken away.

    :ivar take: does it, and answers of how many things; 0 where there is nothing left
    """

    name: str
    take: Callable[[], int]


def steps() -> tuple[Step, ...]:
    """What is taken away, in their order: what makes more of it comes first."""
    return (
        Step("jobs", _cancel),
        Step("redis", _forget),
        Step("tables", _drop),
        Step("settings", _unset),
        Step("files", _unlink),
    )


def _cancel() -> int:
    count = 0
    for jobs in _jobs().values():
        for job in jobs:
            job.delete()
            count += 1
    # Those of our own, which nobody needs any more.
    for queue in ckan_jobs.get_all_queues():
        if queue.name.endswith((CONFORMITY, SIGNING)) and not len(queue):
            queue.delete()
    return count


def _forget() -> int:
    redis = connect_to_redis()
    names = list(_names())
    for start in range(0, len(names), 1000):
        redis.delete(*names[start : start + 1000])
    return len(names)


def _drop() -> int:
    """Migrate down to nothing, in one transaction, and forget that one ever did."""
    tables = _tables()
    # Nothing of this process may hold what is about to go.
    close_all_sessions()
    engine = model.ensure_engine()
    engine.dispose()
    url = engine.url.render_as_string(hide_password=False)
    if _VERSION in tables:
        settings = Config()
        settings.set_main_option("script_location", str(_MIGRATION))
        settings.set_main_option("sqlalchemy.url", url.replace("%", "%%"))
        command.downgrade(settings, "base")
        with engine.begin() as connection:
            connection.execute(sa.text(f"DROP TABLE IF EXISTS {_VERSION}"))
    return len(tables)


def _unset() -> int:
    done = model.Session.execute(
        sa.text("DELETE FROM system_info WHERE key LIKE 'ckanext.challenge.%'")
    )
    model.Session.commit()
    return done.rowcount  # type: ignore[attr-defined]


def _unlink() -> int:
    return file_places.place().clear() if file_places.enabled() else 0
