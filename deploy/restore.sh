#!/bin/sh
# Bring a portal back from what backup.sh saved, into an empty one.
#
#   restore.sh FOLDER CKAN_INI
#
# The ini file is that of the new portal. Its database must have no tables, its folders
# of files and of keys must be empty or missing: otherwise nothing is touched.
set -eu
umask 077
me=restore

if [ $# -ne 2 ]; then
    sed -n '2,7s/^# \{0,1\}//p' "$0" >&2
    exit 2
fi
folder=$1
ini=$2
[ -r "$folder/SHA256SUMS" ] || { echo "restore: $folder is no backup" >&2; exit 1; }
(cd "$folder" && sha256sum --quiet --check SHA256SUMS) || {
    echo "restore: $folder is not as it was saved" >&2
    exit 1
}
. "$(dirname "$0")/common.sh"

tables=$(psql --no-psqlrc --tuples-only --no-align --command \
    "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'")
[ "$tables" = 0 ] || { echo "restore: the database has tables already" >&2; exit 1; }
for place in "$storage" "$keys"; do
    if [ -n "$place" ] && [ -d "$place" ] && [ -n "$(ls -A "$place")" ]; then
        echo "restore: $place is not empty" >&2
        exit 1
    fi
done

pg_restore --exit-on-error --no-owner --single-transaction \
    --dbname="$PGDATABASE" "$folder/database.dump"
if [ -f "$folder/storage.tar.gz" ] && [ -n "$storage" ]; then
    mkdir -p "$storage"
    tar -C "$storage" -xzpf "$folder/storage.tar.gz"
fi
if [ -f "$folder/keys.tar.gz" ] && [ -n "$keys" ]; then
    mkdir -p "$keys"
    tar -C "$keys" -xzpf "$folder/keys.tar.gz"
    chmod 700 "$keys"
fi
cat <<'TOLD'
Restored. Now, with its ini file:
    ckan db upgrade && ckan db upgrade -p challenge
    ckan search-index rebuild
    ckan challenge evaluate --all --full
    ckan challenge doctor
TOLD
