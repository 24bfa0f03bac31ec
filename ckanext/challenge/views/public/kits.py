"""What the pages of the kits show, and the files that one begins with."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import quote

import ckan.plugins.toolkit as tk
from flask import Response

from ckanext.challenge import helpers as h
from ckanext.challenge.common import labels, roles, spreadsheets, template_workbook
from ckanext.challenge.conformity import labels as conformity_labels
from ckanext.challenge.domain import eligibility
from ckanext.challenge.views import participant_rows
from ckanext.challenge.views.common import act, attached, context, may, publishes_for
from ckanext.challenge.views.embed.response import shared
from ckanext.challenge.views.forms import new_dataset_url
from ckanext.challenge.views.participant.preparation.beginning import begun

#: What a rule of one column asks for.
_RULES = {
    "french-siren-value": labels.N_("A SIREN: 9 digits"),
    "french-siret-value": labels.N_("A SIRET: 14 digits"),
    "year-interval-value": labels.N_("A year, or two such as 2024/2025"),
    "nomenclature-actes-value": labels.N_("A heading of ACTES, a slash, the matter"),
}
_TYPES = {
    "date": labels.N_("A date: YYYY-MM-DD"),
    "year": labels.N_("A year: YYYY"),
    "integer": labels.N_("A whole number"),
    "number": labels.N_("A number, with a point"),
    "geopoint": labels.N_("[longitude,latitude]"),
    "datetime": labels.N_("A day and a time: YYYY-MM-DDThh:mm:ssZ"),
    "array": labels.N_("A list between brackets, each value between quotes"),
    "uuid": labels.N_("An identifier of 36 characters"),
    "email": labels.N_("An e-mail address"),
    "uri": labels.N_("A web address"),
}


#: Days that are written as the workbook shows them.
_ISO_DAYS = ("default", "any", "%Y-%m-%d")


def _chosen(mine: Sequence[Mapping[str, Any]], params: Mapping[str, str]) -> str:
    """The name of the organization that the page is about, if it is about one."""
    asked = params.get("organization", "")
    return asked or (mine[0]["name"] if len(mine) == 1 else "")


def _filter(
    mine: Sequence[Mapping[str, Any]], chosen: str
) -> list[dict[str, Any]] | None:
    """The field to say for which organization, where one has several."""
    if len(mine) < 2:
        return None
    names = sorted((row["title"] or row["name"], row["name"]) for row in mine)
    options = [("", tk._("None in particular"))]
    return [
        {
            "name": "organization",
            "label": tk._("Your organization"),
            "value": chosen,
            "options": options + [(name, title) for title, name in names],
        }
    ]


def _suits(kit: Mapping[str, Any]) -> str:
    """For whom the kit is, in words; empty where it is for all."""
    parts = []
    kinds = kit["kinds"]
    if kinds and set(kinds) != set(eligibility.KINDS):
        parts.append(", ".join(h.challenge_kind(kind) for kind in kinds))
    for bound, text in (
        ("at_least", tk._("from {number} inhabitants")),
        ("at_most", tk._("up to {number} inhabitants")),
    ):
        if (number := kit["population"][bound]) is not None:
            parts.append(text.format(number=h.challenge_number(number)))
    return " · ".join(parts)


def _card(kit: Mapping[str, Any], base: str, query: str) -> dict[str, Any]:
    meta = (
        labels.as_effort(kit["effort_minutes"]),
        h.challenge_frequency(kit["frequency"]),
    )
    return {
        "title": kit["title"],
        "why": kit["why"],
        "url": base + quote(kit["name"]) + query,
        "meta": " · ".join(part for part in meta if part),
        "suits": _suits(kit),
    }


def kits_page(params: Mapping[str, str]) -> dict[str, Any]:
    """The kits: what a collectivité opens first, and first those that suit it.

    :param params: of the address: ``organization``
    """
    mine = publishes_for()
    chosen = _chosen(mine, params)
    asked = {"organization": chosen} if chosen else {}
    found = act("challenge_kit_list", limit=100, **asked)
    base = f"{participant_rows.cohort_prefix()}/kits/"
    query = h.challenge_query({"organization": params.get("organization", "")})

    def group(heading: str, kits: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
        return {
            "heading": heading,
            "kits": [_card(kit, base, query) for kit in kits],
        }

    kits = found["results"]
    if chosen:
        title = found["organization"]["title"]
        groups = [
            group(
                tk._("For {organization}").format(organization=title),
                (kit for kit in kits if kit["fits"]),
            ),
            group(
                tk._("Meant for other collectivités"),
                (kit for kit in kits if not kit["fits"]),
            ),
        ]
    else:
        groups = [group(tk._("All the kits"), kits)]
    return {
        "groups": [row for row in groups if row["kits"]],
        "filter": _filter(mine, chosen),
        "self": tk.h.url_for("challenge.kits"),
    }


def _expected(column: Mapping[str, Any], rule: str) -> str:
    """What a cell of the column holds, in words.

    :param rule: the name of the rule that is about this column alone, if there is one
    """
    if column.get("enum"):
        return tk._("One of: {values}").format(
            values=", ".join(map(str, column["enum"]))
        )
    if column["type"] == "boolean":
        return tk._("{yes} or {no}").format(
            yes=column.get("trueValues", ["true"])[0],
            no=column.get("falseValues", ["false"])[0],
        )
    known = (
        _RULES.get(rule)
        or _TYPES.get(column.get("format", ""))
        or _TYPES.get(column["type"])
    )
    parts = [tk._(known) if known else tk._("Text")]
    if of_each := column.get("arrayItem", {}).get("constraints", {}).get("enum"):
        parts.append(tk._("of: {values}").format(values=", ".join(of_each)))
    least, most = column.get("minimum"), column.get("maximum")
    if least is not None and most is not None:
        parts.append(
            tk._("from {least} to {most}").format(
                least=h.challenge_number(least, 2), most=h.challenge_number(most, 2)
            )
        )
    elif least is not None:
        parts.append(
            tk._("at least {least}").format(least=h.challenge_number(least, 2))
        )
    if column.get("maxLength"):
        parts.append(
            tk._("at most {number} characters").format(number=column["maxLength"])
        )
    text = ", ".join(parts)
    if not column.get("pattern") or rule:
        return text
    wrong = {"type": "constraint-error", "constraint": "pattern"}
    hint = conformity_labels.fix({**wrong, "expected": column["pattern"]})
    return f"{text}. {hint}" if len(parts) > 1 or known else hint


def column_facts(kit: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The columns of the kit's files, each with the first value of the example."""
    rules = {
        rule["params"]["column"]: rule["name"]
        for rule in kit["rules"]
        if rule["name"] in _RULES
    }
    return [
        {
            "name": column["name"],
            "title": column["title"],
            "meaning": column["meaning"],
            "required": column["required"],
            "expected": _expected(column, rules.get(column["name"], "")),
            "example": next((row[at] for row in kit["example"] if row[at]), ""),
        }
        for at, column in enumerate(kit["columns"])
    ]


def _together(kit: Mapping[str, Any]) -> list[str]:
    """The rules about several columns, in words."""
    found = []
    for rule in kit["rules"]:
        params = rule["params"]
        if rule["name"] == "one-of-required":
            text = tk._("{column1} or {column2} is filled in.").format(**params)
        elif rule["name"] == "cohesive-columns-value":
            names = ", ".join([params["column"], *params["othercolumns"]])
            text = tk._("All of these are filled in, or none: {columns}.").format(
                columns=names
            )
        elif rule["name"] == "compare-columns-value":
            sign = {">=": "≥", "<=": "≤", "==": "="}.get(params["op"], params["op"])
            text = f"{params['column']} {sign} {params['column2']}"
        elif rule["name"] == "sum-columns-value":
            text = f"{params['column']} = {' + '.join(params['columns'])}"
        else:
            continue
        found.append(text)
    return found


def kit_page(name: str, params: Mapping[str, str]) -> dict[str, Any]:
    """A kit: why, who has it, how often, what its file looks like, and the form to
    publish it.

    :param params: of the address: ``organization``, which it is published for
    :raises tk.ObjectNotFound: no such kit, or organization
    """
    mine = publishes_for()
    chosen = _chosen(mine, params)
    asked = {"organization": chosen} if chosen else {}
    kit = act("challenge_kit_show", kit=name, **asked)
    base = f"{participant_rows.cohort_prefix()}/kits"
    url = f"{base}/{quote(kit['name'])}"
    return {
        "kit": kit,
        "columns": column_facts(kit),
        "together": _together(kit),
        "effort": labels.as_effort(kit["effort_minutes"]),
        "frequency": h.challenge_frequency(kit["frequency"]),
        "licence": h.challenge_licence(kit["licence"]),
        "suits": _suits(kit) or tk._("All collectivités"),
        "publish": _publish(kit, mine),
        "filter": _filter(mine, chosen),
        "begun": begun([chosen], kit["name"]) if chosen else [],
        "urls": {
            "self": url,
            "template": f"{url}/template",
            "example": f"{url}/example",
            "others": tk.h.url_for("dataset.search", challenge_kit=kit["name"]),
            "prepare": _prepare(kit, mine, chosen),
            "login": tk.h.url_for("user.login", came_from=url)
            if tk.current_user.is_anonymous
            else "",
        },
    }


def _publish(kit: Mapping[str, Any], mine: Sequence[Any]) -> str:
    """The form to publish the kit's dataset; empty for who may not."""
    whose = kit.get("organization")
    if whose is None:
        # Who has several organizations says first for which.
        may_publish = len(mine) < 2 and may("package_create")
        return new_dataset_url("", kit) if may_publish else ""
    if not roles.may_publish(context(), whose["id"]):
        return ""
    if begun := kit.get("begun"):
        return begun["url"]
    return new_dataset_url(
        whose["id"],
        kit,
        whose["title"],
        name=whose["name"],
        territory=whose["territory"] or "",
    )


def _prepare(kit: Mapping[str, Any], mine: Sequence[Any], chosen: str) -> str:
    """Where a spreadsheet becomes a file of the kit; empty for who may not publish."""
    is_sysadmin = getattr(tk.current_user, "sysadmin", False)
    if not kit["columns"] or not (mine or is_sysadmin):
        return ""
    asked = {"organization": chosen} if chosen else {}
    return tk.h.url_for("challenge_preparation.new", kit=kit["name"], **asked)


def kit_file(name: str, filled: bool, kind: str, params: Mapping[str, str]) -> Response:
    """A file to begin with: the header of the kit's files, or an example.

    CSV is written as the national schemas ask, with commas and in UTF-8. With
    ``for=excel`` it has semicolons and a byte-order mark, which a French Excel needs
    to show it in columns; such a file is accepted too. A workbook has what may stand
    in each column in its cells.

    :param filled: whether rows of the example follow
    :param kind: ``csv`` or ``xlsx``
    :param params: of the address
    :raises tk.ObjectNotFound: no such kit, or it has no such file
    """
    kit = act("challenge_kit_show", kit=name)
    rows = kit["example"] if filled else []
    if not kit["columns"] or (filled and not rows):
        raise tk.ObjectNotFound(tk._("This kit has no such file"))
    if kind == "xlsx":
        data, media_type = _workbook(kit, rows), spreadsheets.FORMATS["xlsx"].media_type
    else:
        for_excel = params.get("for") == "excel"
        header = [column["name"] for column in kit["columns"]]
        content = _csv([header, *rows], ";" if for_excel else ",")
        data = content.encode("utf-8-sig" if for_excel else "utf-8")
        media_type = "text/csv"
    title = tk._("{kit}-example") if filled else "{kit}"
    name = title.format(kit=kit["name"])
    return attached(shared(data, media_type), f"{name}.{kind}")


def _csv(rows: Iterable[Sequence[str]], separator: str) -> str:
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=separator).writerows(rows)
    return text.getvalue()


def _workbook(kit: Mapping[str, Any], rows: Iterable[Sequence[str]]) -> bytes:
    wording = template_workbook.Wording(
        sheet=kit["title"],
        lists=tk._("Lists"),
        wrong=tk._("This cell takes something else"),
        faults={
            "list": tk._("Choose one of the values of the list."),
            "date": tk._("Write a day, such as 2025-03-01."),
            "integer": tk._("Write a whole number that the column allows."),
            "number": tk._("Write a number that the column allows."),
        },
    )
    columns = [
        _template_column(column, told)
        for column, told in zip(kit["columns"], column_facts(kit), strict=True)
    ]
    return template_workbook.write(columns, rows, wording)


#: How a column of Table Schema is filled in; all others are texts.
_CELLS: Mapping[str, template_workbook.Kind] = {
    "date": "date",
    "integer": "integer",
    "year": "integer",
    "number": "number",
}


def _template_column(
    column: Mapping[str, Any], told: Mapping[str, Any]
) -> template_workbook.TemplateColumn:
    """A column of the schema as the workbook has it.

    :param told: what the page says of it
    """
    kind = _CELLS.get(column["type"], "text")
    if kind == "date" and column.get("format", "default") not in _ISO_DAYS:
        kind = "text"
    allowed = [str(value) for value in column.get("enum", ())]
    if column["type"] == "boolean":
        allowed = [
            column.get("trueValues", ["true"])[0],
            column.get("falseValues", ["false"])[0],
        ]
    parts = [told["title"], told["meaning"], told["expected"]]
    if column["required"]:
        parts.append(tk._("Mandatory"))
    return template_workbook.TemplateColumn(
        name=column["name"],
        kind=kind,
        note="\n".join(part for part in parts if part),
        allowed=tuple(allowed),
        least=column.get("minimum"),
        most=column.get("maximum"),
        required=column["required"],
    )
