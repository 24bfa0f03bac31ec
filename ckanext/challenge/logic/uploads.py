"""Taking an upload into an application, in the transaction of the action."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import ckan.plugins.toolkit as tk
from ckan import model
from werkzeug.datastructures import FileStorage

from ckanext.challenge import config, files
from ckanext.challenge.model import Application, ApplicationFile
from ckanext.challenge.model.base import make_id

__all__ = ["MOST", "given", "taken"]

log = logging.getLogger(__name__)

#: How many files one application has at most, those of its messages included.
MOST = 10


def given(data_dict: dict[str, Any]) -> FileStorage | None:
    """The upload that came along; a form sends an empty one where none was chosen.

    :raises ValidationError: on ``upload`` for anything else
    """
    upload = data_dict.get("upload")
    if upload is None or upload == "":
        return None
    if not isinstance(upload, FileStorage):
        raise tk.ValidationError({"upload": [tk._("This must be a file")]})
    return upload if upload.filename else None


@contextmanager
def taken(
    application: Application,
    upload: FileStorage,
    purpose: str,
    message_id: str | None = None,
) -> Iterator[ApplicationFile]:
    """Store the upload, with a row in the session, until the block has committed.

    When the block fails, the content goes as the row does.

    :param application: locked by the caller, so that the files can be counted
    :raises ValidationError: on ``upload`` when it is not taken
    """
    if not files.enabled():
        raise _refusal(tk._("This portal has no place for files"))
    count = (
        model.Session.query(ApplicationFile)
        .filter_by(application_id=application.id)
        .count()
    )
    if count >= MOST:
        text = tk._("There are {number} files already; remove one first")
        raise _refusal(text.format(number=count))
    file_id = make_id()
    try:
        stored = files.store(
            file_id, upload, files.IMAGES if purpose == "logo" else files.DOCUMENTS
        )
    except files.Refused as error:
        raise _refusal(_why(error, purpose)) from error
    except OSError as error:
        log.exception("A file could not be stored")
        text = tk._("The file could not be stored. Try again in a while.")
        raise _refusal(text) from error
    row = ApplicationFile(
        id=file_id,
        application_id=application.id,
        message_id=message_id,
        purpose=purpose,
        name=stored.name,
        media_type=stored.media_type,
        size=stored.size,
        digest=stored.digest,
    )
    model.Session.add(row)
    try:
        yield row
    except BaseException:
        model.Session.rollback()
        files.remove(file_id)
        raise


def _refusal(text: str) -> tk.ValidationError:
    model.Session.rollback()
    return tk.ValidationError({"upload": [text]})


def _why(error: files.Refused, purpose: str) -> str:
    if error.code == "empty":
        return tk._("This file is empty")
    if error.code == "too_big":
        return tk._("This file has more than {limit} MB").format(
            limit=config.max_file_size()
        )
    if purpose == "logo":
        return tk._("A logo is a JPEG or PNG image; this file is “{found}”").format(
            found=error.found
        )
    return tk._(
        "By its content this file is “{found}”; choose a PDF, an ODT, a JPEG or a PNG"
    ).format(found=error.found)
