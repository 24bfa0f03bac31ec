"""The extensions of others that the portal is tried beside."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Extension:
    """Somebody else's extension, as a portal has it.

    :ivar packages: what pip is asked for, with the versions
    :ivar plugins: their names, in the order that it asks for
    :ivar settings: what it needs, with ``$redis…`` and ``$postgres`` in it
    """

    name: str
    packages: tuple[str, ...]
    plugins: tuple[str, ...]
    settings: Mapping[str, str] = field(default_factory=dict)


EXTENSIONS = (
    Extension("dcat", ("ckanext-dcat==2.4.4",), ("dcat", "structured_data")),
    Extension(
        "harvest",
        ("ckanext-harvest==1.6.3",),
        ("harvest", "ckan_harvester"),
        {
            "ckan.harvest.mq.type": "redis",
            "ckan.harvest.mq.hostname": "$redis_host",
            "ckan.harvest.mq.port": "$redis_port",
            "ckan.harvest.mq.redis_db": "0",
            "ckan.harvest.mq.password": "$redis_password",
        },
    ),
    Extension(
        "spatial",
        ("ckanext-spatial==2.3.2",),
        ("spatial_metadata", "spatial_query"),
        {"ckanext.spatial.search_backend": "solr-bbox"},
    ),
    Extension(
        "xloader",
        ("ckanext-xloader==2.6.0",),
        ("datastore", "xloader"),
        {
            "ckan.datastore.write_url": "$datastore",
            "ckan.datastore.read_url": "$datastore_reader",
            "ckanext.xloader.jobs_db.uri": "$postgres",
            "ckanext.xloader.api_token": "none",
        },
    ),
    Extension(
        "geoview",
        ("ckanext-geoview==0.3.2",),
        ("resource_proxy", "geo_view", "geojson_view", "wmts_view", "shp_view"),
    ),
    Extension(
        "contact",
        ("ckanext-contact==2.4.5",),
        ("contact",),
        {"ckanext.contact.mail_to": "opendata@example.org"},
    ),
    Extension("files", ("ckanext-files==1.3.4",), ("files",)),
    Extension(
        "oidc-pkce",
        ("ckanext-oidc-pkce==0.4.1",),
        ("oidc_pkce",),
        {
            "ckanext.oidc_pkce.base_url": "https://login.example.org",
            "ckanext.oidc_pkce.client_id": "portal",
        },
    ),
    Extension("check-link", ("ckanext-check-link==0.4.0",), ("check_link",)),
    Extension("tables", ("ckanext-tables==2.11.0",), ("tables",)),
    Extension(
        "editable-config", ("ckanext-editable-config==0.0.8",), ("editable_config",)
    ),
    Extension(
        "s3filestore",
        ("ckanext-s3filestore==0.11.0",),
        ("s3filestore",),
        {
            "ckanext.s3filestore.aws_bucket_name": "portal",
            "ckanext.s3filestore.region_name": "eu-west-3",
            "ckanext.s3filestore.signature_version": "s3v4",
            "ckanext.s3filestore.aws_access_key_id": "nobody",
            "ckanext.s3filestore.aws_secret_access_key": "nothing",
            "ckanext.s3filestore.host_name": "http://127.0.0.1:9",
            "ckanext.s3filestore.check_access_on_startup": "false",
        },
    ),
    Extension(
        "midnight-blue-theme",
        ("ckanext-midnight-blue-theme==0.0.3",),
        ("midnight_blue_theme",),
        {"ckan.ui.theme": "midnight-blue-portable"},
    ),
    Extension("hierarchy", ("ckanext-hierarchy==1.2.0",), ("hierarchy_display",)),
    Extension(
        "event-audit",
        ("ckanext-event-audit==2.0.0",),
        ("event_audit",),
        # Written at once, so that it can be looked at.
        {"ckanext.event_audit.threaded_mode": "false"},
    ),
    Extension("validation", ("ckanext-validation==2.2.0",), ("validation",)),
)
