#!/bin/sh
# TimescaleDB (Apache edition) on PostgreSQL 17 for the tests: Debian 13's packages in a root of
# their own, so that this machine's packages stay as they are. Needs root on Debian.
#
#   tests/timescaledb.sh install       make .timescaledb/root, once (a minute, 700 MB)
#   tests/timescaledb.sh serve PORT    an empty server at 127.0.0.1:PORT, user postgres, until
#                                      standard input ends: it never outlives who started it
set -eu

home=$(cd "$(dirname "$0")/.." && pwd)/.timescaledb
root=$home/root
bin=/usr/lib/postgresql/17/bin

install() {
    if [ -n "${WORKBENCH_TEST_DSN-}" ]; then
        echo "the tests use the server at WORKBENCH_TEST_DSN"
        return
    fi
    # the mirror that this machine uses itself; none where it is not Debian
    mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' \
        'Origin: Debian' 'Label: Debian' 'Component: main' 2>/dev/null | head -n 1)
    if [ "$(id -u)" != 0 ] || [ -z "$mirror" ]; then
        # no failure here: the tests say so themselves, and fail where CI=true
        echo "no TimescaleDB: it needs root on Debian, or WORKBENCH_TEST_DSN" >&2
        return
    fi
    mkdir -p "$home"
    exec 9>"$home/lock"
    flock 9 # held by what it starts, too
    if [ -d "$root" ]; then
        return
    fi
    command -v debootstrap >/dev/null || apt-get install -y debootstrap
    rm -rf "$home/draft"
    mkdir -p "$home/packages"
    # namespaces of its own: no mount and no process of it is left, however it ends
    unshare --mount --pid --fork --kill-child debootstrap --variant=minbase \
        --cache-dir="$home/packages" --include=postgresql-17,postgresql-17-timescaledb \
        trixie "$home/draft" "$mirror"
    mv "$home/draft" "$root"
    rm -rf "$home/packages"
}

serve() {
    data=$(chroot --userspec=postgres:postgres "$root" mktemp -d /tmp/server-XXXXXX)
    trap 'rm -rf "$root$data"' EXIT
    trap 'exit 1' HUP INT TERM
    chroot --userspec=postgres:postgres "$root" $bin/initdb --no-sync --auth=trust \
        --locale=C.UTF-8 --encoding=UTF8 -D "$data" >&2
    chroot --userspec=postgres:postgres "$root" setpriv --pdeathsig INT $bin/postgres -D "$data" \
        -c port="$1" -c listen_addresses=127.0.0.1 -c unix_socket_directories= \
        -c shared_preload_libraries=timescaledb -c timescaledb.telemetry_level=off \
        -c dynamic_shared_memory_type=mmap -c timezone=UTC \
        -c fsync=off -c synchronous_commit=off -c full_page_writes=off >&2 </dev/null &
    server=$!
    trap 'kill -INT $server; wait $server || true; rm -rf "$root$data"' EXIT
    until chroot "$root" $bin/pg_isready --quiet --host=127.0.0.1 --port="$1"; do
        kill -0 $server
        sleep 0.1
    done
    echo ready
    read -r _ || true
}

case ${1-} in
install) install ;;
serve) serve "$2" ;;
*)
    echo "usage: $0 install | serve PORT" >&2
    exit 2
    ;;
esac
