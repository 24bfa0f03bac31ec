#!/bin/sh
# Save a portal: its databases, its files and its keys, into one folder.
#
#   backup.sh FOLDER CKAN_INI
#
# The database comes first, in one snapshot: a file that is stored meanwhile is saved
# without its row, and no row without its file. Put keys.tar.gz into a safe place of its
# own: who has it signs in the portal's name. FOLDER is there whole or not at all.
set -eu
umask 077
me=backup

if [ $# -ne 2 ]; then
    sed -n '2,8s/^# \{0,1\}//p' "$0" >&2
    exit 2
fi
folder=${1%/}
ini=$2
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/common.sh"

# A folder of another machine that is not mounted is missing, or has nothing in it: CKAN
# itself writes into its own.
if [ -n "$storage" ] && [ -z "$(ls -A "$storage")" ]; then
    refuse "ckan.storage_path, $storage, is not there or has nothing in it: is it mounted?"
fi
if [ -d "$folder" ] && [ -n "$(ls -A "$folder")" ]; then
    refuse "$folder is not empty"
fi
mkdir -p "$(dirname "$folder")"
# What is left of a backup that was killed is named otherwise, and stops no other one.
part=$(mktemp -d "$folder.part-XXXXXX")
trap 'rm -rf "$part"' EXIT
trap 'exit 1' HUP INT TERM

# Packs a folder into an archive. Files that grow or go meanwhile are told by tar, with
# status 1, and are what they were: a portal that runs writes on.
pack() {
    status=0
    tar -C "$1" -czf "$part/$2" . || status=$?
    case $status in
        0) ;;
        1) echo "backup: files in $1 changed while they were saved" >&2 ;;
        *) refuse "$1 cannot be saved" ;;
    esac
}

# Saves the database at an address, without the accounts of this server.
dump() (
    eval "$1"
    pg_dump --format=custom --no-owner --no-privileges --file="$part/$2"
)

dump "$main" database.dump
if [ -n "$datastore" ]; then
    dump "$datastore" datastore.dump
fi
if [ -n "$storage" ]; then
    pack "$storage" storage.tar.gz
else
    echo "backup: there is no ckan.storage_path: no files are saved" >&2
fi
if [ -n "$keys" ] && [ -d "$keys" ]; then
    pack "$keys" keys.tar.gz
else
    echo "backup: no private keys are saved: this machine has no ${keys:-place for them}" >&2
fi
if [ -n "$elsewhere" ]; then
    echo "backup: the files of applications and steps are in the storage $elsewhere," \
        "and not in this backup" >&2
fi
# With what the file is based on.
eval "set -- $inis"
cp "$1" "$part/ckan.ini"
shift
number=2
for base; do
    cp "$base" "$part/ckan-$number.ini"
    number=$((number + 1))
done
(cd "$part" && sha256sum -- * > SHA256SUMS)
[ ! -d "$folder" ] || rmdir "$folder"
mv -T "$part" "$folder"
echo "Saved in $folder: $(cd "$folder" && echo *)"
