# shellcheck shell=sh
# Read by backup.sh and restore.sh: where a portal keeps what it has.

# Ends with status 1 and the reason.
refuse() {
    echo "${me:?}: $1" >&2
    exit 1
}

# shellcheck disable=SC2034  # Who reads this file uses them.
inis='' main='' datastore='' storage='' keys='' elsewhere=''
found=$(python3 "$(dirname "$0")/settings.py" "${me:?}" "${ini:?}") || exit 1
eval "$found"
