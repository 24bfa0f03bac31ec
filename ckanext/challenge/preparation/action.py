"""Preparations: from a spreadsheet as it is to a file that conforms."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import IO, Any, NoReturn

import ckan.plugins.toolkit as tk
from ckan import model
from ckan.types import Context
from werkzeug.datastructures import FileStorage

from ckanext.challenge.common import (
    file_places,
    file_store,
    own_fields,
    session_events,
    spreadsheets,
    workbook_labels,
)
from ckanext.challenge.common.action_helpers import (
    checked_transition,
    commit,
    find_organization,
    is_deferred,
    paginate,
    rollback_and_error,
    user_id_of,
    validate,
)
from ckanext.challenge.common.workbooks import MAX_BYTES, NotATable
from ckanext.challenge.conformity import labels as conformity_labels
from ckanext.challenge.conformity import publishers, registry
from ckanext.challenge.domain import lifecycle
from ckanext.challenge.domain.kit_texts import proposed
from ckanext.challenge.model import Preparation
from ckanext.challenge.model.base import make_id, utcnow
from ckanext.challenge.model.dictize import as_json, columns

from . import edits, jobs, kits, labels, schema, work

log = logging.getLogger(__name__)

#: Days after the last change at which a preparation is erased.
KEPT_DAYS = 30
#: Bytes up to which a workbook is prepared at once: a second or less.
_SMALL = 512 * 1024
_COLUMNS = (
    "id",
    "organization_id",
    "kit",
    "user_id",
    "state",
    "source_name",
    "mapping",
    "constants",
    "edits",
    "taken_back",
    "dataset_id",
    "resource_id",
    "created_at",
    "updated_at",
    "expires_at",
)
_CHOICES = frozenset({"mapping", "constants", "edits", "taken_back"})
#: The name of what is pasted.
_PASTED = "cells.txt"
#: Characters of the name of a file, and of the address of a dataset in CKAN.
_LONGEST_NAME = 100


def challenge_preparation_create(context: Context, data_dict: dict[str, Any]) -> Any:
    """Begin with a spreadsheet, or with cells that were copied from one.

    It is read at once if it is small, and by a job otherwise: its state is then
    ``reading``. Who may publish datasets for the organization may call this.

    :param organization: id or name of the organization
    :type organization: string
    :param kit: the kit, by its name; one with a national schema
    :type kit: string
    :param upload: XLSX, XLSM, XLS, ODS, CSV, TSV or TXT; at most 50 MB
    :type upload: werkzeug.datastructures.FileStorage
    :param text: in place of it, cells as a spreadsheet copies them: tabs and lines
    :type text: string of cells
    :returns: as ``challenge_preparation_show``
    :rtype: dict
    :raises ValidationError: neither of the two was given, or it is too large
    :raises ObjectNotFound: no such organization, or no such kit with a schema
    """
    data = validate(context, data_dict, schema.create())
    tk.check_access("challenge_preparation_create", context, data)
    organization = find_organization(data["organization"])
    kits.schema_of(data["kit"])
    stream, name = _source(data_dict)
    now = utcnow()
    row = Preparation(
        id=make_id(),
        organization_id=organization.id,
        kit=data["kit"],
        user_id=user_id_of(context),
        state=lifecycle.PREPARATION.initial,
        source_name=name,
        created_at=now,
        updated_at=now,
        expires_at=now + timedelta(days=KEPT_DAYS),
    )
    size, row.digest = _store(row.id, stream)
    try:
        model.Session.add(row)
        model.Session.flush()
        _prepare(context, row, size)
    except BaseException:
        model.Session.rollback()
        file_store.forsake(row.id)
        raise
    return _dictize(row)


@tk.side_effect_free
def challenge_preparation_show(context: Context, data_dict: dict[str, Any]) -> Any:
    """Show how far a preparation is.

    Who may publish datasets for its organization, and its adviser, may call this.

    :param id: id of the preparation
    :type id: string
    :returns: ``{id, organization_id, kit, user_id, state, reason, source_name,
        sheets: [{name, rows, chosen, hidden, hidden_rows, hidden_columns}],
        first_rows: [{row, cells}], notes: [{code, encoding, lines}], header_row,
        header_lines, header_is_sure, rows, columns: [{label,
        letter, field, confidence (0-1), state, others, values, personal: null |
        {kind, why, rows, count, leave_out}, chosen}], fields: [{name, title, required,
        source: column | constant | computed | derived | missing, column, value,
        can_be_made, problem: null | what is wrong with its one value}], repairs:
        [{key, field, kind, cells, examples: [{row, before, after}], applied,
        question}], left_out: [{sheet, row, why, text}] (the first 500 empty rows and
        the first 500 others), left_out_rows, empty_rows (how many there are), report:
        {status, rows, errors, error_count, groups, partial}, problems: [{row, field,
        sheet, sheet_row, cells: [{field, value, letter}], message, fix}],
        preview: [{field: value}], period, mapping, constants, choices (by key of a
        repair), answered_before (likewise: what was said the last time), edits: [{row,
        field, value, sheet, sheet_row}] (``row`` is null where the table does not have
        it now), taken_back, dataset_id, resource_id, created_at, updated_at,
        expires_at}``.
        ``state`` is ``reading``, ``to_match`` (columns or required fields are left to
        be said), ``to_mend`` (questions or problems are left), ``ready``,
        ``published``, or ``failed``, ``reason`` then saying why, in words.
    :rtype: dict
    """
    data = validate(context, data_dict, schema.reference())
    tk.check_access("challenge_preparation_show", context, data)
    return _dictize(_find(data["id"]))


@tk.side_effect_free
def challenge_preparation_list(context: Context, data_dict: dict[str, Any]) -> Any:
    """List the preparations of an organization, the last changed first.

    Who may publish datasets for it, and its adviser, may call this.

    :param organization: id or name of the organization
    :type organization: string
    :param limit: how many (100)
    :type limit: int
    :param offset: from which one on (0)
    :type offset: int
    :returns: ``{count, results}``: each ``{id, organization_id,
        organization_title, kit, kit_title, user_id, state, source_name, dataset_id,
        resource_id, created_at, updated_at, expires_at}``
    :rtype: dict
    """
    data = validate(context, data_dict, schema.of_organization())
    tk.check_access("challenge_preparation_list", context, data)
    organization = find_organization(data["organization"])
    query = model.Session.query(Preparation).filter_by(organization_id=organization.id)
    rows, count = paginate(
        query.order_by(Preparation.updated_at.desc(), Preparation.id), data
    )
    shown = [name for name in _COLUMNS if name not in _CHOICES]
    return {
        "count": count,
        "results": [
            {
                **columns(row, shown),
                "kit_title": kits.title_of(row.kit),
                "organization_title": organization.title or organization.name,
            }
            for row in rows
        ],
    }


def challenge_preparation_update(context: Context, data_dict: dict[str, Any]) -> Any:
    """Say which table it is, what its columns are, what is mended and how.

    What is not given stays, and so does what others chose of other columns, repairs
    and cells: two people may work on one. Who may publish datasets for its
    organization may call this.

    :param id: id of the preparation
    :type id: string
    :param sheets: names of the sheets that make the table
    :type sheets: list of strings
    :param header_row: row of the header, counted from 1 as in the spreadsheet
    :type header_row: int
    :param mapping: by the label of a column the field that it is; null leaves it out
    :type mapping: dict
    :param constants: by field, the value of all rows; an empty text takes it back
    :type constants: dict
    :param repairs: by key, whether it is applied, or the key of the right reading
    :type repairs: dict
    :param edits: ``{sheet, sheet_row, field, value}``, the row as the spreadsheet
        counts it, or ``{row, field, value}``, the row of the table counted from 1; null
        takes an edit back. An edit stays with its row of the spreadsheet.
    :type edits: list of dicts
    :param taken_back: ``{sheet, row}`` of rows left out that belong to the table; in
        place of those named before
    :type taken_back: list of dicts
    :param upload: the workbook again, put right; its edits are dropped, all other
        choices stay
    :type upload: werkzeug.datastructures.FileStorage
    :param text: likewise, as cells that were copied from a spreadsheet
    :type text: string of cells
    :returns: as ``challenge_preparation_show``
    :rtype: dict
    :raises ValidationError: it is published
    """
    data = validate(context, _as_written(data_dict), schema.update())
    tk.check_access("challenge_preparation_update", context, data)
    row = _locked(data["id"])
    if row.state not in lifecycle.PREPARATION_OPEN:
        _refuse_published()
    _check_fields(row, data)
    if _is_given(data_dict):
        stream, row.source_name = _source(data_dict)
        _, row.digest = _store(row.id, stream)
        # Its rows may be others: what was typed is in the workbook that was handed out.
        row.edits = []
    for name in ("sheets", "header_row", "taken_back"):
        if name in data and data[name] != getattr(row, name):
            setattr(row, name, data[name])
            # Which rows the others are about would not be known any more.
            row.edits = edits.of_rows(row.edits)
    row.mapping = {**row.mapping, **data.get("mapping", {})}
    _check_mapping(row)
    row.repairs = {**row.repairs, **data.get("repairs", {})}
    # An empty one takes back what was said of another table, too: it is kept.
    row.constants = {**row.constants, **data.get("constants", {})}
    row.edits = edits.added(row.edits, data.get("edits", []))
    row.updated_at = utcnow()
    row.expires_at = row.updated_at + timedelta(days=KEPT_DAYS)
    with _reading():
        size = file_store.size(row.id)
    _prepare(context, row, size)
    return _dictize(row)


def challenge_preparation_publish(context: Context, data_dict: dict[str, Any]) -> Any:
    """Publish the result: as a dataset, or as a file of one that exists.

    Publishing twice answers the same. The workbook is erased: nothing of what was
    left out is kept. CKAN commits, whoever calls. Who may publish datasets for its
    organization may call this.

    :param id: id of the preparation, which is ``ready``
    :type id: string
    :param mode: ``new``, ``replace`` (a file of the dataset) or ``add`` (another one)
    :type mode: string
    :param dataset: id or name of the dataset, but for ``new``
    :type dataset: string
    :param resource: id of the file that is replaced; the only one of the dataset with
        the schema of the kit, if not given
    :type resource: string
    :param title: of the new dataset, in place of the kit's
    :type title: string
    :param notes: its description, in place of the kit's
    :type notes: string
    :param temporal_start: the first day that its data speak of: ``2025-01-31``
    :type temporal_start: string
    :param temporal_end: the last one
    :type temporal_end: string
    :returns: as ``challenge_preparation_show``
    :rtype: dict
    :raises ValidationError: it is not ready, it would be another file than was shown
        the last time (the preparation then shows the new one), or the catalogue refuses
        a field
    """
    data = validate(context, data_dict, schema.publish())
    tk.check_access("challenge_preparation_publish", context, data)
    row = _locked(data["id"])
    if row.state == "published":
        model.Session.rollback()
        return _dictize(_find(data["id"]))
    with checked_transition():
        lifecycle.PREPARATION.check(row.state, "published")
    national = kits.schema_of(row.kit)
    try:
        with _reading():
            result = work.to_publish(row, national)
        file = _file(row, national, result.content)
        row.state = "published"
        row.updated_at = utcnow()
        row.found, row.edits, row.mapping = {}, [], {}
        session_events.after_commit(file_store.remove, row.id)
        _publish(context, row, data, file, result.published_for)
    except work.Changed:
        model.Session.commit()
        text = tk._("Something has changed since you looked. Look at the result again.")
        raise tk.ValidationError({"id": [text]}) from None
    except BaseException:
        model.Session.rollback()
        raise
    return _dictize(row)


@tk.side_effect_free
def challenge_preparation_export(context: Context, data_dict: dict[str, Any]) -> Any:
    """Give the result as a file, or the spreadsheet with what is left to correct.

    Who may publish datasets for its organization, and its adviser, may call this.

    :param id: id of the preparation, which was read
    :type id: string
    :param format: ``csv`` (unasked): the result as it would be published; ``xlsx``: the
        spreadsheet that was brought, what was typed for its cells in them, and what is
        wrong in a cell as a comment to it
    :type format: string
    :returns: ``{format, filename, media_type, encoding, content}``: ``content`` is text
        for ``csv`` and Base64 for ``xlsx``, as ``encoding`` says (``utf-8`` or
        ``base64``)
    :rtype: dict
    :raises ValidationError: it is being read, is published or cannot be read
    """
    data = validate(context, data_dict, schema.export())
    tk.check_access("challenge_preparation_export", context, data)
    row = _find(data["id"])
    kind: spreadsheets.Kind = data.get("format") or "csv"
    national = kits.schema_of(row.kit)
    if row.state not in lifecycle.PREPARATION_READ:
        raise tk.ValidationError({"id": [tk._("There is nothing to give yet")]})
    make = work.csv_of if kind == "csv" else work.marked_workbook
    with _reading():
        content = make(row, national)
    name = row.source_name.rpartition(".")[0] if kind == "xlsx" else row.kit
    stream = bool(context.get("stream"))
    return spreadsheets.as_answer(kind, name or row.kit, [content], stream=stream)


def challenge_preparation_delete(context: Context, data_dict: dict[str, Any]) -> Any:
    """Erase a preparation with its workbook. What was published stays.

    Who may publish datasets for its organization may call this.

    :param id: id of the preparation
    :type id: string
    """
    data = validate(context, data_dict, schema.reference())
    tk.check_access("challenge_preparation_delete", context, data)
    row = _locked(data["id"])
    model.Session.delete(row)
    session_events.after_commit(file_store.remove, row.id)
    commit(context)


def _file(
    row: Preparation, national: registry.Schema, content: bytes
) -> dict[str, Any]:
    """What the catalogue is told of the file that is published."""
    return {
        "format": "CSV",
        "mimetype": "text/csv",
        **own_fields.written("resource", {"encoding": "utf-8", "schema": national.id}),
        "upload": FileStorage(
            io.BytesIO(content), f"{row.kit}.csv", content_type="text/csv"
        ),
    }


def _as_written(data_dict: dict[str, Any]) -> dict[str, Any]:
    """The lists of objects as JSON: CKAN 2.11 takes them apart and loses them."""
    written = dict(data_dict)
    for name in ("edits", "taken_back"):
        if isinstance(written.get(name), list):
            # What is no JSON is refused as the text that it is not.
            written[name] = json.dumps(written[name], default=str)
    return written


def _is_given(data_dict: dict[str, Any]) -> bool:
    """Whether there is a file or a text, be it a wrong one."""
    return any(data_dict.get(name) not in (None, "") for name in ("upload", "text"))


def _source(data_dict: dict[str, Any]) -> tuple[IO[bytes], str]:
    """What was given: a file, or cells that were pasted."""
    upload, text = data_dict.get("upload"), data_dict.get("text")
    if isinstance(upload, FileStorage) and upload.filename:
        return upload.stream, _name_of(upload.filename)
    if upload not in (None, "") and not isinstance(upload, FileStorage):
        raise tk.ValidationError({"upload": [tk._("This must be a file")]})
    if text is not None and not isinstance(text, str):
        raise tk.ValidationError({"text": [tk._("This must be a text")]})
    if text and not _is_sound(text):
        raise tk.ValidationError(
            {"text": [tk._("These are no cells of a spreadsheet")]}
        )
    if not text or not text.strip():
        told = tk._("Choose a spreadsheet, or paste its cells")
        raise tk.ValidationError({"upload": [told]})
    return io.BytesIO(text.encode()), _PASTED


def _name_of(filename: str) -> str:
    """The name of a file as it is shown, without what cannot be stored or seen."""
    printable = "".join(one if one.isprintable() else " " for one in filename)
    return " ".join(printable.split())[:_LONGEST_NAME] or "-"


def _is_sound(text: str) -> bool:
    """Whether a text has no half characters and no NUL, which no spreadsheet copies."""
    return "\0" not in text and not any("\ud800" <= one <= "\udfff" for one in text)


def _store(id_: str, stream: IO[bytes]) -> tuple[int, str]:
    """Store a workbook, whole or not at all.

    :returns: its size in bytes, and its digest
    """
    if not file_places.enabled():
        text = tk._("This portal has no place for files")
        raise tk.ValidationError({"upload": [text]})
    try:
        return file_store.keep(id_, stream, MAX_BYTES)
    except file_store.Refused as error:
        if error.code == "empty":
            text = tk._("This file is empty")
        else:
            limit = MAX_BYTES // 1024**2
            text = tk._("This file has more than {limit} MB").format(limit=limit)
        raise tk.ValidationError({"upload": [text]}) from error
    except OSError as error:
        log.exception("A workbook could not be stored")
        text = tk._("The file could not be stored. Try again in a while.")
        raise tk.ValidationError({"upload": [text]}) from error


@contextmanager
def _reading() -> Iterator[None]:
    """Say of a workbook that cannot be read whether one may try again.

    :raises ValidationError: on ``id``
    """
    try:
        yield
    except (NotATable, FileNotFoundError) as error:
        text = workbook_labels.refusal(work.BROKEN)[0]
        raise rollback_and_error("id", text) from error
    except OSError as error:
        log.exception("A workbook could not be read")
        text = tk._("The file cannot be read now. Try again in a while.")
        raise rollback_and_error("id", text) from error


def _prepare(context: Context, row: Preparation, size: int) -> None:
    """Make the result now, or by a job where that takes long or others commit."""
    if size <= _SMALL and not is_deferred(context):
        with _reading():
            work.prepare(row, kits.schema_of(row.kit))
        commit(context)
        return
    row.state, row.reason = "reading", None
    session_events.after_commit(jobs.enqueue, row.id)
    commit(context)


def _find(id_: str) -> Preparation:
    found = Preparation.get(id_)
    if found is None:
        raise tk.ObjectNotFound(tk._("There is no such preparation"))
    return found


def _locked(id_: str) -> Preparation:
    found = (
        model.Session.query(Preparation)
        .filter_by(id=id_)
        .populate_existing()
        .with_for_update()
        .first()
    )
    if found is None:
        raise tk.ObjectNotFound(tk._("There is no such preparation"))
    return found


def _check_fields(row: Preparation, data: dict[str, Any]) -> None:
    """Refuse fields that the schema of the kit does not have."""
    descriptor = kits.schema_of(row.kit).descriptor or {"fields": []}
    known = {field["name"] for field in descriptor["fields"]}
    named = {
        "mapping": data.get("mapping", {}).values(),
        "constants": data.get("constants", {}),
        "edits": [one["field"] for one in data.get("edits", [])],
    }
    errors: dict[str, Any] = {
        key: [tk._("The schema has no field “{name}”").format(name=str(name)[:80])]
        for key, names in named.items()
        for name in names
        if name is not None and name not in known
    }
    if errors:
        model.Session.rollback()
        raise tk.ValidationError(errors)


def _check_mapping(row: Preparation) -> None:
    """Refuse two columns that are said to be the same field."""
    labels_of: dict[str, list[str]] = {}
    for label, name in row.mapping.items():
        if name is not None:
            labels_of.setdefault(name, []).append(label)
    text = tk._("“{first}” and “{second}” cannot both be “{field}”")
    errors = [
        text.format(first=both[0][:80], second=both[1][:80], field=name)
        for name, both in labels_of.items()
        if len(both) > 1
    ]
    if errors:
        model.Session.rollback()
        raise tk.ValidationError({"mapping": errors})


def _publish(
    context: Context,
    row: Preparation,
    data: dict[str, Any],
    file: dict[str, Any],
    published_for: Collection[str],
) -> None:
    """Hand the file to CKAN's own actions.

    What was changed before goes into their transaction: CKAN 2.12 loses a file whose
    commit it is asked to leave to others.
    """
    own: Context = {"user": context.get("user", "")}
    kit = tk.get_action("challenge_kit_show")(
        {**own}, {"kit": row.kit, "organization": row.organization_id}
    )
    file = {**file, "name": kit["title"]}
    if data["mode"] == "new":
        fields = _dataset(row, kit, data, published_for)
        dataset = tk.get_action("package_create")({**own, "defer_commit": True}, fields)
    else:
        dataset = _existing(context, row, data)
    row.dataset_id = dataset["id"]
    if data["mode"] == "replace":
        row.resource_id = _former(dataset, data, own_fields.read(file, "schema"))
        tk.get_action("resource_patch")({**own}, {"id": row.resource_id, **file})
    else:
        resource = tk.get_action("resource_create")(
            {**own}, {"package_id": dataset["id"], **file}
        )
        # Only now is there a resource to which the row can point.
        row.resource_id = resource["id"]
        model.Session.commit()
    if data["mode"] != "new":
        # CKAN builds the dataset with its new file from the search index: what was not
        # committed before would be lost.
        _say_for_whom(own, dataset, published_for)


def _dataset(
    row: Preparation,
    kit: dict[str, Any],
    data: dict[str, Any],
    published_for: Collection[str],
) -> dict[str, Any]:
    """A dataset as the kit proposes it."""
    organization = kit["organization"]
    title, notes = proposed(kit, organization["title"])
    fields = {
        "owner_org": row.organization_id,
        "title": data.get("title") or title,
        "notes": data.get("notes") or notes,
        **{
            name: data[name].isoformat()
            for name in ("temporal_start", "temporal_end")
            if data.get(name)
        },
        "name": _free_name(f"{row.kit}-{organization['name']}"),
        "license_id": kit["licence"] or "",
        "frequency": kit["frequency"] or "",
        "tags": [{"name": tag} for tag in kit["tags"]],
        "spatial_insee": organization.get("territory") or "",
        "challenge_kit": row.kit,
        publishers.FOR_OTHERS: ", ".join(sorted(published_for)),
    }
    filled = {name: value for name, value in fields.items() if value}
    return own_fields.written("dataset", filled)


def _say_for_whom(
    own: Context, dataset: dict[str, Any], published_for: Collection[str]
) -> None:
    """Have a dataset that is there say for whom else it is published."""
    name = publishers.FOR_OTHERS
    before = publishers.codes_in(own_fields.read(dataset, name))
    if before.issuperset(published_for):
        return
    text = ", ".join(sorted(before.union(published_for)))
    stored = model.Session.get(model.Package, dataset["id"])
    extras = stored.extras if stored else {}
    told = own_fields.written("dataset", {name: text}, extras)
    tk.get_action("package_patch")({**own}, {"id": dataset["id"], **told})


def _free_name(wanted: str) -> str:
    """An address that no dataset has yet."""
    wanted = wanted[: _LONGEST_NAME - 4].rstrip("-_")
    taken = {
        name
        for (name,) in model.Session.query(model.Package.name).filter(
            model.Package.name.like(f"{wanted}%")
        )
    }
    candidates = (f"{wanted}-{number}" for number in range(2, len(taken) + 3))
    return next(name for name in (wanted, *candidates) if name not in taken)


def _existing(
    context: Context, row: Preparation, data: dict[str, Any]
) -> dict[str, Any]:
    if not data.get("dataset"):
        raise tk.ValidationError({"dataset": [tk._("Missing value")]})
    found = tk.get_action("package_show")(
        {"user": context.get("user", "")}, {"id": data["dataset"]}
    )
    if found["state"] != "active":
        text = tk._("This dataset was deleted")
        raise tk.ValidationError({"dataset": [text]})
    if found["owner_org"] != row.organization_id:
        text = tk._("This dataset belongs to another organization")
        raise tk.ValidationError({"dataset": [text]})
    return found


def _former(dataset: dict[str, Any], data: dict[str, Any], schema_id: str) -> str:
    """The file of a dataset that is replaced."""
    asked = data.get("resource")
    known = [
        resource["id"]
        for resource in dataset["resources"]
        if (
            resource["id"] == asked
            if asked
            else own_fields.read(resource, "schema") == schema_id
        )
    ]
    if len(known) != 1:
        raise tk.ValidationError({"resource": [tk._("Say which file is replaced")]})
    return known[0]


def _refuse_published() -> NoReturn:
    model.Session.rollback()
    raise tk.ValidationError({"id": [tk._("This is published already")]})


def _dictize(row: Preparation) -> dict[str, Any]:
    found = as_json(row.found)
    report = found.pop("report", None)
    for name in ("remembered", "digest"):
        found.pop(name, None)
    fields = found.get("fields", [])
    titles = {one["name"]: one["title"] for one in fields}
    return {
        **columns(row, _COLUMNS),
        "constants": work.said(row.constants),
        "choices": row.repairs,
        "reason": workbook_labels.refusal(row.reason)[0] if row.reason else None,
        "remedy": workbook_labels.refusal(row.reason)[1] if row.reason else None,
        **found,
        "columns": [_column(one) for one in found.get("columns", [])],
        "fields": [_field(one) for one in fields],
        "report": _told(report) if report else None,
        "problems": [_problem(one, titles) for one in found.get("problems", [])],
    }


def _column(facts: dict[str, Any]) -> dict[str, Any]:
    if not facts["personal"]:
        return facts
    told = facts["personal"]
    why = labels.personal(told["kind"], told["leave_out"], told["rows"])
    return {**facts, "personal": {**told, "why": " ".join(why)}}


def _field(facts: dict[str, Any]) -> dict[str, Any]:
    # One that was prepared by a version before has none.
    error = facts.pop("error", None)
    return {**facts, "problem": conformity_labels.said(error) if error else None}


def _problem(facts: dict[str, Any], titles: dict[str, str]) -> dict[str, Any]:
    """What is wrong in a cell, told with the titles that stand beside it.

    :param titles: of the fields, by their names
    """
    error = _titled(facts.pop("error"), titles)
    return {
        **facts,
        "message": conformity_labels.what(error),
        "fix": conformity_labels.fix(error),
    }


def _titled(error: dict[str, Any], titles: dict[str, str]) -> dict[str, Any]:
    """An error that names other columns by their titles."""
    expected = error.get("expected")
    if not isinstance(expected, dict):
        return error
    named = dict(expected)
    if "column" in named:
        named["column"] = titles.get(named["column"], named["column"])
    if "columns" in named:
        named["columns"] = [titles.get(name, name) for name in named["columns"]]
    return {**error, "expected": named}


def _told(report: dict[str, Any]) -> dict[str, Any]:
    errors = [
        {**one, "message": conformity_labels.sentence(one)} for one in report["errors"]
    ]
    return {**report, "errors": errors}
