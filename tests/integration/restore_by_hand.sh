#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Restores a backup set with standard commands, starts a server on the result, and prints one line for each
# table: SCHEMA.TABLE, rows, checksum (CHECKSUM TABLE), separated by tabs and sorted. The server is a scratch one: own
# socket, no network, no wsrep. Nothing is left.
#
# Runs as root on a host with mariadb-server (and mariadb-backup for a physical set), zstd and sha256sum.
#   restore_by_hand.sh SET             the set's folder
#   restore_by_hand.sh --live SOCKET   the same lines of a running server, to compare with
#   restore_by_hand.sh SET "SQL"       prints what the restored server answers instead
set -euo pipefail
export LC_ALL=C

die() { printf 'restore_by_hand: %s\n' "$*" >&2; exit 1; }

# tables SOCKET: the lines. Names may contain anything but line feeds.
tables() {
  local socket=$1 schema table kind history
  ask "$socket" "SELECT table_schema, table_name, table_type FROM information_schema.tables WHERE table_type IN ('BASE TABLE', 'SYSTEM VERSIONED')
      AND table_schema NOT IN ('mysql', 'information_schema', 'performance_schema', 'sys')" |
    while IFS=$'\t' read -r schema table kind; do
      history=
      if [ "$kind" = 'SYSTEM VERSIONED' ]; then history='FOR SYSTEM_TIME ALL'; fi
      schema=${schema//\`/\`\`} table=${table//\`/\`\`}
      printf '%s.%s\t%s\t%s\n' "$schema" "$table" \
        "$(ask "$socket" "SELECT COUNT(*) FROM \`$schema\`.\`$table\` $history")" \
        "$(ask "$socket" "CHECKSUM TABLE \`$schema\`.\`$table\` EXTENDED" | cut -f2)"
    done | sort
}

ask() { mariadb --no-defaults --default-character-set=utf8mb4 --user=root --socket="$1" --batch --raw --skip-column-names -e "$2" </dev/null; }

# check SET: compares the files with the manifest.
check() {
  python3 - "$1" <<'PY' | (cd "$1" && sha256sum --check --quiet --strict)
import json, sys
for f in json.load(open(sys.argv[1] + '/manifest.json'))['files']:
    print(f['sha256'] + '  ' + f['name'])
PY
}

unpack_physical() {
  mkdir "$work/data"
  zstd -q -d -c "$1/backup.xbstream.zst" | mbstream -x -C "$work/data"
  mariadb-backup --prepare --target-dir="$work/data" --tmpdir="$work/tmp" >"$work/prepare.log" 2>&1 || { tail -n 20 "$work/prepare.log" >&2; die 'prepare failed'; }
  tail -n 1 "$work/prepare.log" | grep -q 'completed OK!' || die "prepare did not complete: $(tail -n 1 "$work/prepare.log")"
}

install_empty() {
  mariadb-install-db --no-defaults --user=mysql --datadir="$work/data" --tmpdir="$work/tmp" --skip-test-db --auth-root-authentication-method=socket \
    >"$work/install.log" 2>&1 || { tail -n 20 "$work/install.log" >&2; die 'mariadb-install-db failed'; }
}

# start OPTION...: starts the scratch server on $work/data.
start() {
  chown -R mysql: "$work"
  mariadbd --no-defaults --user=mysql --datadir="$work/data" --tmpdir="$work/tmp" --socket="$socket" --pid-file="$work/pid" --skip-networking \
    --wsrep-on=OFF --skip-log-bin --innodb-buffer-pool-size=64M --event-scheduler=OFF "$@" >"$work/server.log" 2>&1 </dev/null &
  server=$!
  for _ in $(seq 300); do
    if ask "$socket" 'SELECT 1' >/dev/null 2>&1; then return; fi
    kill -0 "$server" 2>/dev/null || { tail -n 20 "$work/server.log" >&2; die 'the scratch server ended'; }
    sleep 0.2
  done
  tail -n 20 "$work/server.log" >&2
  die 'the scratch server does not answer'
}

clean() {
  if [ -n "$server" ]; then
    kill "$server" 2>/dev/null || true
    wait "$server" 2>/dev/null || true
  fi
  rm -rf "$work"
}

if [ "${1:-}" = --live ]; then
  tables "${2:?socket}"
  exit
fi
set=${1:?set}
[ -f "$set/manifest.json" ] || die "$set is no set: it has no manifest"
check "$set" || die "a file of $set is not what the manifest says"
server=
work=$(mktemp -d /var/tmp/restore-by-hand.XXXXXX)
trap clean EXIT
# A server that starts removes every #sql file in its tmpdir: in /tmp they are the live server's, which would crash.
mkdir "$work/tmp"
chown -R mysql: "$work"
socket=$work/s
if [ -f "$set/backup.xbstream.zst" ]; then
  unpack_physical "$set"
  # The grants of the set apply; root logs in with unix_socket, or not at all.
  start --skip-grant-tables
else
  install_empty
  start
  zstd -q -d -c "$set/backup.sql.zst" | mariadb --no-defaults --user=root --socket="$socket"
  mariadb --no-defaults --user=root --socket="$socket" <"$set/users.sql"
fi
if [ $# -gt 1 ]; then ask "$socket" "$2"; else tables "$socket"; fi
