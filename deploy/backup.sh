#!/bin/sh
# Save a portal: its database, its files and its keys, into one folder.
#
#   backup.sh FOLDER CKAN_INI
#
# The database comes first, in one snapshot: a file that is stored meanwhile is saved
# without its row, and no row without its file. Put keys.tar.gz into a safe place of its
# own: who has it signs in the portal's name.
set -eu
umask 077
me=backup

if [ $# -ne 2 ]; then
    sed -n '2,8s/^# \{0,1\}//p' "$0" >&2
    exit 2
fi
folder=$1
ini=$2
. "$(dirname "$0")/common.sh"

mkdir -p "$folder"
if [ -n "$(ls -A "$folder")" ]; then
    echo "backup: $folder is not empty" >&2
    exit 1
fi

pg_dump --format=custom --no-owner --file="$folder/database.dump"
if [ -n "$storage" ] && [ -d "$storage" ]; then
    tar -C "$storage" -czf "$folder/storage.tar.gz" .
fi
if [ -n "$keys" ] && [ -d "$keys" ]; then
    tar -C "$keys" -czf "$folder/keys.tar.gz" .
fi
elsewhere=$(setting ckanext.challenge.storage)
if [ -n "$elsewhere" ]; then
    echo "backup: the files of applications and steps are in the storage $elsewhere," \
        "and not in this backup" >&2
fi
cp "$ini" "$folder/ckan.ini"
(cd "$folder" && sha256sum -- * > SHA256SUMS)
echo "Saved in $folder: $(cd "$folder" && echo *)"
