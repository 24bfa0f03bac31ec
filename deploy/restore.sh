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
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/common.sh"

tables=$(
    eval "$main"
    psql --no-psqlrc --tuples-only --no-align --command \
        "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"
)
[ "$tables" = 0 ] || refuse "the database has tables already"

# Whether an archive has a place, which a setting says, and nothing is there.
room_for() {
    if [ -f "$folder/$1" ]; then
        case $2 in
            /*) ;;
            "") refuse "$1 has no place: $ini has no $3" ;;
            *) refuse "$1 has no place: $3 is $2, and has to begin with /" ;;
        esac
    fi
    if [ -n "$2" ] && [ -d "$2" ] && [ -n "$(ls -A "$2")" ]; then
        refuse "$2 is not empty"
    fi
}
room_for storage.tar.gz "$storage" ckan.storage_path
room_for keys.tar.gz "$keys" ckanext.challenge.keys_path

(
    eval "$main"
    pg_restore --exit-on-error --no-owner --single-transaction \
        --dbname="$PGDATABASE" "$folder/database.dump"
)
if [ -f "$folder/storage.tar.gz" ]; then
    mkdir -p "$storage"
    tar -C "$storage" -xzpf "$folder/storage.tar.gz"
fi
if [ -f "$folder/keys.tar.gz" ]; then
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
