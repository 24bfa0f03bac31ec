"""Taking an upload into an application or a step, in the action's transaction."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import ckan.plugins.toolkit as tk
from ckan import model
from werkzeug.datastructures import FileStorage

from ckanext.challenge import config
from ckanext.challenge.domain import file_kinds
from ckanext.challenge.model import Application, ApplicationFile, Evidence
from ckanext.challenge.model.base import make_id

from . import file_places, file_store
from .action_helpers import rollback_and_error

log = logging.getLogger(__name__)

#: How many files one application has at most, those of its messages included, those
#: that answer a question left out.
MOST = 10

_Kinds = dict[str, tuple[str, ...]]


def given(data_dict: dict[str, Any], field: str = "upload") -> FileStorage | None:
    """The upload that came along; a form sends an empty one where none was chosen.

    :param field: its name in the data
    :raises ValidationError: on that field for anything else
    """
    upload = data_dict.get(field)
    if upload is None or upload == "":
        return None
    if not isinstance(upload, FileStorage):
        raise tk.ValidationError({field: [tk._("This must be a file")]})
    return upload if upload.filename else None


@contextmanager
def taken(
    application: Application,
    upload: FileStorage,
    purpose: str,
    message_id: str | None = None,
    question: str | None = None,
) -> Iterator[ApplicationFile]:
    """Store the upload, with a row in the session, until the block has committed.

    When the block fails, the content goes as the row does.

    :param application: locked by the caller, so that the files can be counted
    :param question: the key of the season's question that it answers: there is one
        file for each, which is not counted
    :raises ValidationError: on ``upload`` when it is not taken
    """
    count = (
        model.Session.query(ApplicationFile)
        .filter_by(application_id=application.id, question=None)
        .count()
    )
    if question is None and count >= MOST:
        text = tk._("There are {number} files already; remove one first")
        raise rollback_and_error("upload", text.format(number=count))
    with _kept("upload", upload, _allowed(purpose)) as (file_id, stored):
        row = ApplicationFile(
            id=file_id,
            application_id=application.id,
            message_id=message_id,
            purpose=purpose,
            question=question,
            name=stored.name,
            media_type=stored.media_type,
            size=stored.size,
            digest=stored.digest,
        )
        model.Session.add(row)
        yield row


@contextmanager
def proven(
    participant_id: str, step: str, upload: FileStorage, user_id: str | None
) -> Iterator[Evidence]:
    """Store what proves a step, as :func:`taken` does a file of an application.

    :param user_id: who sent it
    :raises ValidationError: on ``evidence_file`` when it is not taken
    """
    with _kept("evidence_file", upload, file_store.PROOFS) as (file_id, stored):
        row = Evidence(
            id=file_id,
            participant_id=participant_id,
            step=step,
            name=stored.name,
            media_type=stored.media_type,
            size=stored.size,
            digest=stored.digest,
            created_by=user_id,
        )
        model.Session.add(row)
        yield row


@contextmanager
def _kept(
    field: str, upload: FileStorage, allowed: _Kinds
) -> Iterator[tuple[str, file_store.Stored]]:
    """Store the content, which goes again when the block fails."""
    if not file_places.enabled():
        raise rollback_and_error(field, tk._("This portal has no place for files"))
    file_id = make_id()
    try:
        stored = file_store.store(file_id, upload, allowed)
    except file_store.Refused as error:
        raise rollback_and_error(field, _why(error, allowed)) from error
    except OSError as error:
        log.exception("A file could not be stored")
        text = tk._("The file could not be stored. Try again in a while.")
        raise rollback_and_error(field, text) from error
    try:
        yield file_id, stored
    except BaseException:
        model.Session.rollback()
        file_store.forsake(file_id)
        raise


def why_not(upload: FileStorage, purpose: str) -> str | None:
    """Why a file of an application would not be taken; nothing where it would.

    :param purpose: as :func:`taken` takes it
    """
    allowed = _allowed(purpose)
    try:
        file_store.check(upload, allowed)
    except file_store.Refused as error:
        return _why(error, allowed)
    return None


def _allowed(purpose: str) -> _Kinds:
    return file_store.IMAGES if purpose == "logo" else file_store.DOCUMENTS


def _why(error: file_store.Refused, allowed: _Kinds) -> str:
    if error.code == "empty":
        return tk._("This file is empty")
    if error.code == "too_big":
        return tk._("This file has more than {limit} MB").format(
            limit=config.max_file_size()
        )
    return f"{_what_it_is(error.kind, allowed)} {_what_is_taken(allowed)}"


def _what_it_is(kind: file_kinds.Kind, allowed: _Kinds) -> str:
    """What a file is that is not taken, and how to make one of it that is."""
    if kind == "iphone":
        return tk._("This is a photo of an iPhone (HEIC): save it as a JPEG.")
    if kind == "picture":
        return tk._("This is a picture of another kind: save it as a JPEG or a PNG.")
    if allowed is not file_store.IMAGES:
        texts = {
            "word": tk._(
                "This is a Word document: save it as a PDF, then attach that."
            ),
            "spreadsheet": tk._(
                "This is a spreadsheet: save it as a PDF, then attach that."
            ),
            "slides": tk._("These are slides: save them as a PDF, then attach that."),
        }
        if kind in texts:
            return texts[kind]
    if kind == "archive":
        return tk._(
            "This is a compressed folder: take the document out of it, then attach "
            "that."
        )
    return tk._("We do not know this kind of file.")


def _what_is_taken(allowed: _Kinds) -> str:
    if allowed is file_store.IMAGES:
        return tk._("A logo is a JPEG or PNG image.")
    if allowed is file_store.PROOFS:
        return tk._("We take PDF, ODT, JPEG and PNG, and tables (ODS, XLSX, CSV).")
    return tk._("We take PDF, ODT, JPEG and PNG.")
