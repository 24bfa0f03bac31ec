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
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/common.sh"

# A folder of another machine that is not mounted is missing, or has nothing in it: CKAN
# itself writes into its own.
if [ -n "$storage" ] && [ -z "$(ls -A "$storage")" ]; then
    refuse "ckan.storage_path, $storage, is not there or has nothing in it: is it mounted?"
fi
mkdir -p "$folder"
[ -z "$(ls -A "$folder")" ] || refuse "$folder is not empty"

(
    eval "$main"
    pg_dump --format=custom --no-owner --file="$folder/database.dump"
)
if [ -n "$storage" ]; then
    tar -C "$storage" -czf "$folder/storage.tar.gz" .
else
    echo "backup: there is no ckan.storage_path: no files are saved" >&2
fi
if [ -n "$keys" ] && [ -d "$keys" ]; then
    tar -C "$keys" -czf "$folder/keys.tar.gz" .
else
    echo "backup: no private keys are saved: this machine has no ${keys:-place for them}" >&2
fi
if [ -n "$elsewhere" ]; then
    echo "backup: the files of applications and steps are in the storage $elsewhere," \
        "and not in this backup" >&2
fi
# With what the file is based on.
eval "set -- $inis"
cp "$1" "$folder/ckan.ini"
shift
number=2
for base; do
    cp "$base" "$folder/ckan-$number.ini"
    number=$((number + 1))
done
(cd "$folder" && sha256sum -- * > SHA256SUMS)
echo "Saved in $folder: $(cd "$folder" && echo *)"
