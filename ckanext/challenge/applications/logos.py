"""The logo that came with an application, as the image of its organization."""

from __future__ import annotations

import logging
from typing import Any

import ckan.plugins.toolkit as tk
from ckan import model
from ckan.lib import uploader
from werkzeug.datastructures import FileStorage

from ckanext.challenge.common import file_places, file_store
from ckanext.challenge.model import ApplicationFile

log = logging.getLogger(__name__)


def give(application_id: str, group: model.Group) -> None:
    """Show the logo of the application on the page of an organization without one.

    Call it last before the commit, as CKAN does: the image lies outside the database,
    where nothing is rolled back. A logo that CKAN does not take (it may be larger than
    its images) stops nobody; it is logged.
    """
    logo = (
        model.Session.query(ApplicationFile)
        .filter_by(application_id=application_id, purpose="logo", message_id=None)
        .order_by(ApplicationFile.created_at.desc())
        .first()
    )
    if logo is None or group.image_url or not file_places.enabled():
        return
    # Its address is public, and the name that the applicant gave it is not.
    name = f"logo{file_store.IMAGES[logo.media_type][0]}"
    data: dict[str, Any] = {"image_url": ""}
    try:
        with file_store.opened(logo.id) as stream:
            data["image_upload"] = FileStorage(
                stream, filename=name, content_type=logo.media_type
            )
            image = uploader.get_uploader("group")
            image.update_data_dict(data, "image_url", "image_upload", "clear_upload")
            image.upload(uploader.get_max_image_size())
    except (OSError, tk.ValidationError) as error:
        log.warning("The logo of %s is not shown: %s", application_id, error)
        return
    group.image_url = data["image_url"]
