# Read by backup.sh and restore.sh: where a portal keeps what it has.

setting() {
    sed -n "s|^[[:space:]]*$1[[:space:]]*=[[:space:]]*||p" "$ini" | tail -n 1
}

[ -r "$ini" ] || { echo "$me: $ini cannot be read" >&2; exit 1; }
url=${CKAN_SQLALCHEMY_URL:-$(setting sqlalchemy.url)}
storage=${CKAN_STORAGE_PATH:-$(setting ckan.storage_path)}
storage=${storage%/}
keys=$(setting ckanext.challenge.keys_path)
# The extension's own place for them, where nothing is set.
: "${keys:=${storage:+$storage-keys}}"
[ -n "$url" ] || { echo "$me: $ini has no sqlalchemy.url" >&2; exit 1; }

# PostgreSQL's programs are told by the environment: a list of processes shows no
# password. Python takes the address apart, since it may hold escaped characters.
eval "$(URL=$url python3 - <<'PYTHON'
import os, shlex
from urllib.parse import parse_qs, unquote, urlsplit

parts = urlsplit(os.environ["URL"])
query = parse_qs(parts.query)
found = {
    "PGHOST": parts.hostname or query.get("host", [""])[0],
    "PGPORT": str(parts.port or query.get("port", [""])[0]),
    "PGUSER": unquote(parts.username or ""),
    "PGPASSWORD": unquote(parts.password or ""),
    "PGDATABASE": unquote(parts.path.lstrip("/")),
}
for name, value in found.items():
    if value:
        print(f"export {name}={shlex.quote(value)}")
PYTHON
)"
[ -n "${PGDATABASE:-}" ] || { echo "$me: sqlalchemy.url names no database" >&2; exit 1; }
