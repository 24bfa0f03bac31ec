"""The season of a dataset in CKAN's search, as a filter and as a facet; its badges.

``challenge_cohort`` is the name of the season that counts the dataset: of those in
which its organization takes part and during which it was created, the one that was
launched first (as ``datasets_since_launch``). ``challenge_kit`` is
a field of the dataset, whatever the portal calls it.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Collection
from typing import Any, cast

import ckan.plugins as p
import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model
from ckan.lib.redis import connect_to_redis
from ckan.lib.search import commit, is_available, rebuild
from ckan.types import Context
from redis.exceptions import RedisError

from ckanext.challenge import config, programmes
from ckanext.challenge.badges import package_badges
from ckanext.challenge.common import (
    addresses,
    jobs,
    language,
    own_fields,
    session_events,
    set_aside,
    shield,
)
from ckanext.challenge.domain.lifecycle import PARTICIPANT_COUNTED
from ckanext.challenge.model import Cohort

from . import answers, places

log = logging.getLogger(__name__)

COHORT = "challenge_cohort"
KIT = "challenge_kit"

#: A filter by the name of an organization.
_ORGANIZATION = re.compile(r'\borganization:"?(?P<name>[a-z0-9_-]+)"?')

#: After as many failures of a Solr that answers, an organization is set aside.
_TRIES = 3

# Both times are compared in UTC, in which CKAN stores the dataset's.
_SEASON = sa.text(
    """
    SELECT c.name
    FROM package p
    JOIN challenge_participant cp ON cp.organization_id = p.owner_org
    JOIN challenge_cohort c ON c.id = cp.cohort_id
    WHERE p.id = :id AND cp.state = ANY(:counted) AND c.state <> 'draft'
      AND c.launch::timestamp AT TIME ZONE :zone AT TIME ZONE 'UTC'
          <= p.metadata_created
      AND (c.finished_at IS NULL OR
           c.finished_at AT TIME ZONE 'UTC' >= p.metadata_created)
    ORDER BY c.launch, c.season, c.id
    LIMIT 1
    """
)


class SearchPlugin(p.SingletonPlugin):
    """Puts the season into Solr and both facets on CKAN's search pages."""

    p.implements(p.IFacets, inherit=True)
    p.implements(p.IPackageController, inherit=True)

    def dataset_facets(self, facets_dict: Any, package_type: str) -> Any:
        facets_dict[COHORT] = tk._("Seasons of the challenge")
        facets_dict[KIT] = tk._("Kits")
        return facets_dict

    def organization_facets(
        self, facets_dict: Any, organization_type: str, package_type: str | None
    ) -> Any:
        return self.dataset_facets(facets_dict, package_type or "dataset")

    def before_dataset_index(self, pkg_dict: dict[str, Any]) -> dict[str, Any]:
        if pkg_dict.get("owner_org"):
            cohort = shield.read(
                "the season of a dataset",
                lambda: cohort_of_dataset(pkg_dict["id"]),
                None,
            )
            if cohort:
                pkg_dict[COHORT] = cohort
        if kit := own_fields.read(pkg_dict, KIT):
            # Pages and facets ask for it by our name.
            pkg_dict[KIT] = kit
        return pkg_dict

    def before_dataset_search(self, search_params: dict[str, Any]) -> dict[str, Any]:
        if answers.is_harvested():
            search_params["fq"] = _by_present_name(search_params.get("fq") or "")
        return search_params

    def after_dataset_search(
        self, search_results: dict[str, Any], search_params: dict[str, Any]
    ) -> dict[str, Any]:
        facets = search_results.get("search_facets") or {}
        for facet, titles in ((COHORT, _cohort_titles), (KIT, _kit_titles)):
            items = facets.get(facet, {}).get("items")
            if items:
                known = titles({item["name"] for item in items})
                for item in items:
                    item["display_name"] = known.get(item["name"], item["name"])
        found = search_results.get("results") or []
        if answers.is_harvested() or config.answers_in_full():
            package_badges.add_to_datasets(found)
        if answers.is_harvested():
            places.prepare(found)
        elif answers.is_in_extras():
            answers.add_extras(found)
        return search_results

    def after_dataset_show(self, context: Context, pkg_dict: dict[str, Any]) -> None:
        # Neither what is indexed, nor what is about to be changed, nor what the
        # history keeps, which CKAN asks for as "not for a view".
        if (
            context.get("validate", True)
            and not context.get("for_update")
            and context.get("for_view") is not False
        ):
            if config.answers_in_full():
                package_badges.add_to_datasets([pkg_dict])
            if answers.is_in_extras():
                answers.add_extras([pkg_dict])


def _by_present_name(fq: str) -> str:
    """A filter by an organization that has another name now, by that.

    The address of its catalogue, with which others harvest it, stays.
    """

    def present(found: re.Match[str]) -> str:
        name = addresses.present_name("organization", found["name"])
        return f"organization:{name}" if name else found[0]

    return _ORGANIZATION.sub(present, fq)


def listen() -> None:
    """Listen to CKAN's sessions for organizations that are renamed."""
    session_events.listen_to(after_flush=_after_flush)


def _after_flush(session: Any, flush_context: Any) -> None:
    """CKAN leaves their datasets in the index under the name that is gone."""
    for instance in session.dirty:
        if (
            isinstance(instance, model.Group)
            and instance.is_organization
            and _former_names(instance)
        ):
            reindex_after_commit(instance.id)


def _former_names(instance: Any) -> Collection[str]:
    return sa.inspect(instance).attrs.name.history.deleted or ()


def cohort_of_dataset(dataset_id: str) -> str | None:
    """The name of the season that a dataset belongs to, in one statement."""
    zone = str(config.display_timezone())
    return model.Session.execute(
        _SEASON,
        {"id": dataset_id, "zone": zone, "counted": sorted(PARTICIPANT_COUNTED)},
    ).scalar()


@shield.shielded(dict[str, str])
def _cohort_titles(names: Collection[str]) -> dict[str, str]:
    rows = model.Session.query(Cohort.name, Cohort.title).filter(Cohort.name.in_(names))
    return {row[0]: row[1] for row in rows}


@shield.shielded(dict[str, str])
def _kit_titles(names: Collection[str]) -> dict[str, str]:
    spoken = language.current()
    return {
        kit.key: kit.title.in_(spoken)
        for programme in programmes.all()
        for kit in programme.kits
        if kit.key in names
    }


def reindex_after_commit(organization_id: str) -> None:
    """Have the datasets of an organization that joins a season indexed anew.

    A job does it after the commit. Most have none yet, so that the job ends at once.
    """
    session_events.after_commit(_queue_indexing, organization_id)


def _key(name: str) -> str:
    return config.redis_key("index", name)


def _queue_indexing(organization_id: str) -> None:
    # Kept until it is done: Solr may be down when the job runs.
    try:
        connect_to_redis().sadd(_key("waiting"), organization_id)
    except (RedisError, OSError):
        log.exception("Not kept for later: the index of %s", organization_id)
    _enqueue(organization_id)


def _enqueue(organization_id: str) -> None:
    jobs.enqueue(
        index_again,
        organization_id,
        title=f"challenge: index the datasets of {organization_id}",
    )


def evaluated(sender: Any, **kwargs: Any) -> None:
    """Queue what could not be indexed; a receiver of the signal."""
    waiting = _waiting()
    if waiting:
        _enqueue(waiting[0])


def _waiting() -> list[str]:
    members = connect_to_redis().smembers(_key("waiting"))
    return sorted(str(member, "utf-8") for member in cast("set[bytes]", members))


def index_again(organization_id: str) -> None:
    """Index the datasets of an organization anew, and of those of which it could not
    be done before (a background job).

    While Solr is down they wait for the next evaluation.
    """
    if not is_available():
        log.error("Solr is down: the datasets of %s wait", organization_id)
        return
    for id_ in dict.fromkeys((organization_id, *_waiting())):
        _index(id_)


def _index(organization_id: str) -> None:
    rows = model.Session.query(model.Package.id).filter_by(
        owner_org=organization_id, state="active"
    )
    ids = [row[0] for row in rows]
    redis = connect_to_redis()
    try:
        if ids:
            rebuild(package_ids=ids, force=True)
            commit()
    except Exception as error:
        model.Session.rollback()
        if redis.hincrby(_key("tries"), organization_id, 1) <= _TRIES:
            log.exception("The datasets of %s could not be indexed", organization_id)
            return
        set_aside.note(f"index of organization:{organization_id}", error)
    redis.srem(_key("waiting"), organization_id)
    redis.hdel(_key("tries"), organization_id)
