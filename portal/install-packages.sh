#!/bin/sh
# Installs Debian packages, as root, without starting or enabling the system services that some of them bring:
# the portal runs its own PostgreSQL, Redis and nginx. What the machine already had keeps running as it was.
set -eu
export DEBIAN_FRONTEND=noninteractive NEEDRESTART_MODE=l

policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
    trap 'rm -f "$policy"' EXIT
    trap 'exit 130' INT TERM HUP
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod 755 "$policy"
fi

new_services=""
for service in postgresql redis-server nginx; do
    case " $* " in
    *" $service "*) dpkg -s "$service" >/dev/null 2>&1 || new_services="$new_services $service" ;;
    esac
done

apt-get -o DPkg::Lock::Timeout=300 update

# "a|b" asks for b where this distribution has no a.
packages=""
for wanted in "$@"; do
    chosen=""
    for name in $(echo "$wanted" | tr '|' ' '); do
        if apt-cache show "$name" >/dev/null 2>&1; then
            chosen=$name
            break
        fi
    done
    packages="$packages ${chosen:-${wanted%%|*}}"
done
# shellcheck disable=SC2086 # one word per package
apt-get -o DPkg::Lock::Timeout=300 install -y --no-install-recommends $packages

for service in $new_services; do
    update-rc.d "$service" disable || true
done
