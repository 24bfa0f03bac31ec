"""Say to a shell where a portal keeps what it has.

    python3 settings.py SCRIPT CKAN_INI

The file is read as CKAN's ``CKANConfigLoader`` reads it, and addresses as SQLAlchemy
does, but with neither: the machine that saves a portal may have no more than Python.
"""

from __future__ import annotations

import os
import re
import shlex
import sys
from configparser import ConfigParser, Error, RawConfigParser
from urllib.parse import parse_qsl, unquote

SECTION = "app:main"

#: Settings that CKAN takes from the environment before the file.
FROM_ENVIRONMENT = {
    "sqlalchemy.url": "CKAN_SQLALCHEMY_URL",
    "ckan.datastore.write_url": "CKAN_DATASTORE_WRITE_URL",
    "ckan.storage_path": "CKAN_STORAGE_PATH",
}

#: Where CKAN's plugin has its tables that nobody gave another place.
DATASTORE = "postgresql://ckan_default:pass@localhost/datastore_default"

#: Parameters of an address that PostgreSQL's programs are told by their environment.
PARAMETERS = {
    "host": "PGHOST",
    "hostaddr": "PGHOSTADDR",
    "port": "PGPORT",
    "user": "PGUSER",
    "password": "PGPASSWORD",
    "dbname": "PGDATABASE",
    "passfile": "PGPASSFILE",
    "service": "PGSERVICE",
    "options": "PGOPTIONS",
    "sslmode": "PGSSLMODE",
    "sslrootcert": "PGSSLROOTCERT",
    "sslcert": "PGSSLCERT",
    "sslkey": "PGSSLKEY",
    "sslcrl": "PGSSLCRL",
}

ADDRESS = re.compile(
    r"""[\w+]+://
    (?:(?P<user>[^:/]*)(?::(?P<password>[^@]*))?@)?
    (?:\[(?P<ipv6>[^/?]+)\]|(?P<host>[^/:?]+))?
    (?::(?P<port>[^/?]*))?
    (?:/(?P<dbname>[^?]*))?
    (?:\?(?P<query>.*))?""",
    re.VERBOSE,
)


def files_of(ini: str) -> list[str]:
    """The file and those that it is based on (``use = config:…``), itself first."""
    found = [ini]
    while True:
        parser = RawConfigParser()
        with open(found[-1], encoding="utf-8") as file:
            parser.read_file(file)
        use = parser.get(SECTION, "use", fallback="")
        scheme, _, name = use.partition(":")
        if scheme != "config":
            return found
        following = os.path.join(os.path.dirname(os.path.abspath(found[-1])), name)
        if following in found:
            raise ValueError(f"{following} is based on itself")
        found.append(following)


class Settings(ConfigParser):
    """The files of a portal; names keep their capitals, as with CKAN."""

    def optionxform(self, optionstr: str) -> str:
        return optionstr


def settings_of(files: list[str]) -> Settings:
    """What the files say together: the first one counts most."""
    # What CKAN lets the file name as %(CKAN_…)s.
    named = {k: text for k, text in os.environ.items() if k.startswith("CKAN_")}
    parser = Settings({**named, "__file__": os.path.abspath(files[0])})
    for name in reversed(files):
        here = os.path.dirname(os.path.abspath(name))
        parser.read_dict({parser.default_section: {"here": here.replace("%", "%%")}})
        with open(name, encoding="utf-8") as file:
            parser.read_file(file)
        # "here" is the folder of the file in which it stands.
        for option in parser.options(SECTION):
            if "%(here)s" in parser.get(SECTION, option, raw=True):
                value = parser.get(SECTION, option)
                parser.set(SECTION, option, value.replace("%", "%%"))
    return parser


def exports(url: str) -> str:
    """The line that tells PostgreSQL's programs of an address.

    By the environment, since a list of processes would show a password.

    :raises ValueError: it is none, or names no database
    """
    parts = ADDRESS.match(url)
    if parts is None:
        raise ValueError("the address of a database cannot be read")
    found = {
        "user": unquote(parts["user"] or ""),
        "password": unquote(parts["password"] or ""),
        "host": parts["host"] or parts["ipv6"],
        "port": parts["port"],
        "dbname": parts["dbname"],
        **dict(parse_qsl(parts["query"] or "")),
    }
    if not found["dbname"]:
        raise ValueError("the address of a database names none")
    told = [f"{PARAMETERS[k]}={v}" for k, v in found.items() if v and k in PARAMETERS]
    return shlex.join(["export", *told])


def variables(ini: str) -> dict[str, str]:
    """What the scripts are told, by the name of its variable."""
    files = files_of(ini)
    parser = settings_of(files)

    def setting(name: str) -> str:
        in_environment = os.environ.get(FROM_ENVIRONMENT.get(name, ""), "")
        return in_environment or parser.get(SECTION, name, fallback="")

    url = setting("sqlalchemy.url")
    if not url:
        raise ValueError("there is no sqlalchemy.url")
    datastore = setting("ckan.datastore.write_url")
    if not datastore and "datastore" in setting("ckan.plugins").split():
        datastore = DATASTORE
    storage = setting("ckan.storage_path").rstrip("/")
    # The extension's own place for keys, where nothing is set.
    beside = f"{storage}-keys" if storage else ""
    return {
        "inis": shlex.join(files),
        "main": exports(url),
        "datastore": exports(datastore) if datastore else "",
        "storage": storage,
        "keys": setting("ckanext.challenge.keys_path") or beside,
        "elsewhere": setting("ckanext.challenge.storage"),
    }


if __name__ == "__main__":
    script, ini_file = sys.argv[1:]
    try:
        for variable, value in variables(ini_file).items():
            print(f"{variable}={shlex.quote(value)}")
    except (OSError, ValueError, Error) as error:
        sys.exit(f"{script}: {ini_file} cannot be used: {error}")
