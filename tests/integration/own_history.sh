#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Gives a lab cluster a history of its own, with another state UUID, while the resource is stopped on all controllers.
#   own_history.sh keep     on one controller, while it runs: saves all data as statements
#   own_history.sh renew    on all, stopped: creates an empty datadir; on the one with the saved data it loads these, as
#                           the first server of a cluster
set -euo pipefail
data=/var/lib/mysql kept=/var/tmp/own-history.sql
if [ "$1" = keep ]; then
  mariadb-dump --all-databases --single-transaction --routines --events >$kept
  exit
fi
work=$(mktemp -d /var/tmp/own-history.XXXXXX)
trap 'rm -rf "$work"' EXIT
chown mysql: "$work"
find $data -mindepth 1 -delete
mariadb-install-db --no-defaults --user=mysql --datadir=$data --tmpdir="$work" --skip-test-db --auth-root-authentication-method=socket >/dev/null
if [ ! -f $kept ]; then exit; fi
mariadbd --no-defaults --user=mysql --datadir=$data --tmpdir="$work" --socket="$work/s" --pid-file="$work/pid" --skip-networking --wsrep-on=OFF \
  >"$work/log" 2>&1 </dev/null &
for _ in $(seq 300); do
  if mariadb-admin --no-defaults --socket="$work/s" ping >/dev/null 2>&1; then break; fi
  sleep 0.1
done
mariadb --no-defaults --socket="$work/s" <$kept
mariadb-admin --no-defaults --socket="$work/s" shutdown
wait
printf '# GALERA saved state\nversion: 2.1\nuuid:    %s\nseqno:   1\nsafe_to_bootstrap: 1\n' "$(cat /proc/sys/kernel/random/uuid)" >$data/grastate.dat
chown mysql: $data/grastate.dat
rm $kept
