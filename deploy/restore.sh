#!/bin/sh
# Bring a portal back from what backup.sh saved, into an empty one.
#
#   restore.sh FOLDER CKAN_INI
#
# The ini file is that of the new portal. Its databases must have no tables, its folders
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

# Whether the database at an address is there and has no tables. CKAN's set-permissions
# makes some of its own for the DataStore, with a "_" before their names.
empty_at() (
    eval "$1"
    tables=$(psql --no-psqlrc --tuples-only --no-align --command \
        "SELECT count(*) FROM pg_tables
        WHERE schemaname = 'public' AND tablename NOT LIKE '\\_%'")
    [ "$tables" = 0 ] || refuse "the database $PGDATABASE has tables already"
)
empty_at "$main"
if [ -f "$folder/datastore.dump" ]; then
    [ -n "$datastore" ] ||
        refuse "datastore.dump has no place: $ini has no ckan.datastore.write_url"
    empty_at "$datastore"
fi

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

# Brings a database back: at which address, from which file, how else. All is then of
# the account of that address, since this server may have no other of the old ones.
bring_back() (
    eval "$1"
    from=$folder/$2
    shift 2
    pg_restore --exit-on-error --no-owner --no-privileges --single-transaction "$@" \
        --dbname="$PGDATABASE" "$from"
)
if [ -f "$folder/datastore.dump" ]; then
    # What set-permissions made there comes again.
    bring_back "$datastore" datastore.dump --clean --if-exists
fi
bring_back "$main" database.dump
if [ -f "$folder/storage.tar.gz" ]; then
    mkdir -p "$storage"
    tar -C "$storage" -xzpf "$folder/storage.tar.gz"
fi
if [ -f "$folder/keys.tar.gz" ]; then
    mkdir -p "$keys"
    tar -C "$keys" -xzpf "$folder/keys.tar.gz"
    chmod 700 "$keys"
fi
echo "Restored. Now, with its ini file:"
if [ -f "$folder/datastore.dump" ]; then
    echo "    ckan datastore set-permissions | psql, as a superuser of its server"
fi
cat <<'TOLD'
    ckan db upgrade && ckan db upgrade -p challenge
    ckan search-index rebuild
    ckan challenge evaluate --all --full
    ckan challenge doctor
TOLD
