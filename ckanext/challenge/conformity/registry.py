"""The schemas that files can be checked against, by their ids: the national ones that
this extension knows, by those on schema.data.gouv.fr, and the portal's own.

Nothing here reads the network: an address that someone types is only compared with
those of the known schemas.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from importlib import resources
from typing import Any
from urllib.parse import parse_qs, urlsplit

from ckanext.challenge.domain import shipped, table_schema
from ckanext.challenge.domain.text import Text

from . import own

_NATIONAL_HOST = "schema.data.gouv.fr"
_VALIDATA_HOSTS = ("validata.fr", "validata.etalab.studio", "go.validata.fr")
_VALIDATA_PREFIX = "schema-datagouvfr."
#: The keys of a bundled file that are ours and not of the Table Schema standard.
_OWN_KEYS = frozenset(
    {
        "id",
        "version",
        "source",
        "homepage",
        "title",
        "checks",
        "publisher",
        "within",
        "columns",
        "not_yet",
        "version_of",
    }
)


@dataclass(frozen=True)
class Schema:
    """A national schema, or one that the portal added.

    :ivar id: as udata and a resource's ``schema`` field name it, such as
        ``scdl/deliberations``
    :ivar title: what it describes
    :ivar version: of the official schema that ours was compared with
    :ivar source: address of that version
    :ivar homepage: where its authors publish it, if elsewhere
    :ivar descriptor: the Table Schema, or ``None`` when it is not bundled and files
        can therefore not be checked
    :ivar stem: the name of its bundled files, without their ending
    :ivar checks: the rules that Table Schema has no words for, each ``{name,
        params}``: see :mod:`.checks`
    :ivar publisher: the columns that name the publisher, each with the kind of its
        number: ``siret``, ``siren`` or ``insee``
    :ivar within: the columns that say where something is and in which commune:
        ``commune`` (its INSEE code), ``longitude`` and ``latitude``; or nothing
    :ivar columns: by field, what is known of it beyond Table Schema: ``title`` (the
        official one), ``meaning`` (in plain words, in both languages), ``synonyms``
        (headers that town halls write), ``kind``, ``values`` (other spellings of its
        values), ``computed``, ``derived``, ``personal`` and ``named_by``, as
        :class:`~ckanext.challenge.domain.matching.Field` tells them
    :ivar version_of: the id of the schema that this is another version of, which
        files still follow: see :func:`versions`
    :ivar not_yet: by column, values that are right and that the schema does not know;
        where the schema has a pattern, patterns of such values
    """

    id: str
    title: Text
    version: str | None = None
    source: str | None = None
    homepage: str | None = None
    descriptor: Mapping[str, Any] | None = field(default=None, compare=False)
    stem: str | None = None
    checks: tuple[Mapping[str, Any], ...] = field(default=(), compare=False)
    publisher: Mapping[str, str] = field(default_factory=dict, compare=False)
    within: Mapping[str, str] = field(default_factory=dict, compare=False)
    columns: Mapping[str, Mapping[str, Any]] = field(
        default_factory=dict, compare=False
    )
    not_yet: Mapping[str, list[str]] = field(default_factory=dict, compare=False)
    version_of: str | None = None

    @property
    def address(self) -> str | None:
        """Where the schema itself is read, by which catalogues know it.

        That of the version that ours was compared with; of national ones that are not
        bundled, the latest; of a portal's own, where it says that it is.
        """
        found = self.source or self.homepage
        if found is None and self.descriptor is None:
            found = f"https://{_NATIONAL_HOST}/schemas/{self.id}/latest/schema.json"
        return found if found and found.startswith(("https://", "http://")) else None

    def meaning(self, column: str) -> Text:
        """What a column means, in plain words; empty where nobody has said so."""
        own = self.columns.get(column, {}).get("meaning")
        return Text.of(own or {})


def known() -> Mapping[str, Schema]:
    """All known schemas by id: those that can be checked first."""
    documents = own.documents()
    if not documents:
        return bundled()
    added = {id_: made(id_, document) for id_, document in documents.items()}
    # A newer version of ours may know an id that a portal had added.
    return {**added, **bundled()}


def ids() -> Collection[str] | None:
    """The ids of all known schemas; ``None`` where the portal's cannot be read."""
    return known().keys() if own.documents() is not None else None


def made(id_: str, document: Mapping[str, Any]) -> Schema:
    """A schema that a portal added.

    :param document: one without :func:`.table_schema.faults`
    """
    # frictionless is loaded where its checks are: the schemas that ship need it not.
    from . import checks  # noqa: PLC0415

    homepage = document.get("homepage") or document.get("path")
    title = document.get("title")
    return Schema(
        id=id_,
        title=Text.of({"fr": title if isinstance(title, str) and title else id_}),
        version=_word(document.get("version")),
        source=_word(document.get("path")),
        homepage=_word(homepage),
        descriptor=table_schema.descriptor(document),
        checks=tuple(checks.usable(document.get("custom_checks"))),
        columns=table_schema.columns(document),
    )


def _word(value: Any) -> str | None:
    return value.strip() if isinstance(value, str) and value.strip() else None


@lru_cache(maxsize=1)
def bundled() -> Mapping[str, Schema]:
    """The schemas that come with the extension, by id."""
    schemas: dict[str, Schema] = {}
    here = resources.files("ckanext.challenge.conformity")
    folder = here.joinpath("schemas")
    for file in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if not file.name.endswith(".yaml"):
            continue
        content = shipped.load(file.read_text(encoding="utf-8"))
        schema = Schema(
            id=content["id"],
            title=Text.of(content["title"]),
            version=content["version"],
            source=content["source"],
            homepage=content.get("homepage"),
            descriptor={k: v for k, v in content.items() if k not in _OWN_KEYS},
            stem=file.name.removesuffix(".yaml"),
            checks=tuple(content.get("checks", ())),
            publisher=content.get("publisher", {}),
            within=content.get("within", {}),
            columns=content.get("columns", {}),
            not_yet=content.get("not_yet", {}),
            version_of=content.get("version_of"),
        )
        schemas[schema.id] = schema
    others = here.joinpath("known.yaml").read_text(encoding="utf-8")
    for content in shipped.load(others):
        schemas[content["id"]] = Schema(
            id=content["id"], title=Text.of(content["title"])
        )
    return schemas


def versions(schema: Schema) -> list[Schema]:
    """The versions of a schema that files follow, itself first."""
    family = schema.version_of or schema.id
    return [schema] + [
        one
        for one in bundled().values()
        if one is not schema and family in (one.id, one.version_of)
    ]


def get(name: str | None) -> Schema | None:
    """The schema of that id or national address."""
    found = normalise(name) if name else None
    return known().get(found) if found else None


def normalise(name: str) -> str | None:
    """The id of the schema that an id or a published address names.

    ``scdl/deliberations``, ``https://schema.data.gouv.fr/scdl/deliberations/`` and
    ``schema.data.gouv.fr/schemas/scdl/deliberations/2.1.5/schema.json`` are the same;
    so is what leads to where its authors keep it, and to Validata's page about it.

    :returns: ``None`` when the schema is not known
    """
    name = name.strip()
    ids = {id_.lower(): id_ for id_ in known()}
    if name.lower() in ids:
        return ids[name.lower()]
    try:
        address = urlsplit(name if "://" in name else f"https://{name}")
    except ValueError:
        return None
    if address.scheme not in ("http", "https"):
        return None
    host = address.netloc.lower().removeprefix("www.")
    path = re.sub("/+", "/", address.path).strip("/").lower()
    if host == _NATIONAL_HOST:
        named = _version(ids, path.removeprefix("schemas/"))
    elif host in _VALIDATA_HOSTS:
        named = parse_qs(address.query).get("schema_name", [""])[0].lower()
        named = named.removeprefix(_VALIDATA_PREFIX)
    else:
        named = _of_repository(*_moved(host, path))
    return ids.get((named or "").lower())


def _version(ids: Mapping[str, str], path: str) -> str:
    """The id that a path of the national site is about, in the version it names."""
    named = _start(path)
    version = path.removeprefix(named).strip("/").partition("/")[0].removeprefix("v")
    for schema in known().values():
        if schema.version_of == ids.get(named) and schema.version == version:
            return schema.id
    return named


def _start(path: str) -> str:
    """The first two parts of a path, which make the id of a schema or repository."""
    return "/".join(path.split("/")[:2])


def _of_repository(host: str, path: str) -> str | None:
    plain = f"{host}/{path}/"
    for schema in known().values():
        if schema.homepage and plain.startswith(f"{_plain(schema.homepage)}/"):
            return schema.id
    # The national site names the schemas of GitHub by their repositories.
    return _start(path) if host == "github.com" else None


def _moved(host: str, path: str) -> tuple[str, str]:
    """Where a repository is today: its old address, its copies of files, its clone."""
    if host == "git.opendatafrance.net":
        host, path = "gitlab.com", f"opendatafrance/{path}"
    elif host == "raw.githubusercontent.com":
        host = "github.com"
    return host, "/".join(part.removesuffix(".git") for part in path.split("/"))


def _plain(homepage: str) -> str:
    return homepage.partition("://")[2].lower().removeprefix("www.").rstrip("/")
