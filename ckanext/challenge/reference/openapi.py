"""The actions as an OpenAPI document (3.1), which programs read.

Source: OpenAPI Specification 3.1.1, https://spec.openapis.org/oas/v3.1.1.html; CKAN's
own API guide for the form of calls and answers.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ckanext.challenge.domain.docstrings import Described, Parameter

_KINDS_IN_QUERY = frozenset({"string", "integer", "number", "boolean", ""})

#: What CKAN's API answers instead of a result, by HTTP status.
_ERRORS: Mapping[str, str] = {
    "400": "The request is no JSON object: a sentence; or its form has no token",
    "403": "Whoever asks may not",
    "404": "There is no such thing",
    "409": "Something is wrong with a field, which is named",
    "503": "The tables of the extension do not answer now; see Retry-After",
}


def document(
    actions: Iterable[tuple[Described, bool]], *, url: str, title: str, version: str
) -> dict[str, Any]:
    """The whole document.

    :param actions: what each does, and whether it only reads
    :param url: the portal's address, without a slash at its end
    """
    return {
        "openapi": "3.1.0",
        "info": {
            "title": title,
            "version": version,
            "license": {"name": "AGPL-3.0-or-later", "identifier": "AGPL-3.0-or-later"},
        },
        "servers": [{"url": url}],
        "security": [{}, {"token": []}],
        "paths": {
            f"/api/3/action/{one.name}": _path(one, reads) for one, reads in actions
        },
        "components": {
            "securitySchemes": {
                "token": {
                    "type": "apiKey",
                    "in": "header",
                    "name": "Authorization",
                    "description": "A token that somebody made on their CKAN page",
                }
            },
            "schemas": {"Error": _error()},
            "responses": {
                f"E{status}": {
                    "description": text,
                    "content": {"application/json": {"schema": _answer(status)}},
                }
                for status, text in _ERRORS.items()
            },
        },
    }


def _path(one: Described, reads: bool) -> dict[str, Any]:
    path: dict[str, Any] = {}
    if reads:
        path["get"] = {
            **_operation(one, ""),
            "parameters": [
                {
                    "name": parameter.name,
                    "in": "query",
                    "description": parameter.text,
                    "schema": _schema(parameter),
                }
                for parameter in one.parameters
                if parameter.kind in _KINDS_IN_QUERY
            ],
        }
    properties = {
        parameter.name: {**_schema(parameter), "description": parameter.text}
        for parameter in one.parameters
    }
    files = any(parameter.kind == "file" for parameter in one.parameters)
    media = "multipart/form-data" if files else "application/json"
    path["post"] = {
        **_operation(one, "_post" if reads else ""),
        "requestBody": {
            "content": {media: {"schema": {"type": "object", "properties": properties}}}
        },
    }
    return path


def _operation(one: Described, suffix: str) -> dict[str, Any]:
    return {
        "operationId": f"{one.name}{suffix}",
        "summary": one.summary,
        "description": one.text,
        "responses": {
            "200": {
                "description": one.returns or "Nothing",
                "content": {
                    "application/json": {
                        "schema": {
                            "type": "object",
                            "required": ["success", "result"],
                            "properties": {
                                "help": {"type": "string"},
                                "success": {"const": True},
                                "result": {"description": one.returns or "Nothing"},
                            },
                        }
                    }
                },
            },
            **{
                status: {"$ref": f"#/components/responses/E{status}"}
                for status in _ERRORS
            },
        },
    }


def _schema(parameter: Parameter) -> dict[str, Any]:
    if parameter.kind == "file":
        return {"type": "string", "contentMediaType": "application/octet-stream"}
    if parameter.kind == "array":
        return {"type": "array"}
    return {"type": parameter.kind} if parameter.kind else {}


def _answer(status: str) -> dict[str, Any]:
    error = {"$ref": "#/components/schemas/Error"}
    # CKAN's word on what it cannot read is no object.
    return {"anyOf": [error, {"type": "string"}]} if status == "400" else error


def _error() -> dict[str, Any]:
    return {
        "type": "object",
        "required": ["success", "error"],
        "properties": {
            "success": {"const": False},
            "error": {
                "description": "Sentences in the reader's language: by field, or one"
                " in “message”",
                "type": ["object", "string"],
                "properties": {
                    "__type": {"type": "string"},
                    "message": {"type": "string"},
                },
            },
        },
    }
