# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# Client load through the VIP: starts and stops the program in load/, and prints its report.
# Its folder has the program, pid, log, and the record of the last run.

LOAD_FOLDER=$LAB_STATE/load

load_program() {
  mkdir -p "$LOAD_FOLDER"
  (cd "$LAB_DIR" && go build -o "$LOAD_FOLDER/program" ./load) || die "build the load program: see above"
}

# load_pid prints the pid of the running load, if it is still that process.
load_pid() {
  local pid
  pid=$(cat "$LOAD_FOLDER/pid" 2>/dev/null) || return 1
  load_owns "$pid" || return 1
  echo "$pid"
}

load_owns() { [[ -r /proc/$1/cmdline && $(tr '\0' ' ' <"/proc/$1/cmdline") == "$LOAD_FOLDER/program run "* ]]; }

# load_start leaves a running load alone unless options are set. Returns when commits are acknowledged.
load_start() {
  if (($#)) || ! load_pid >/dev/null; then
    load_stop
    load_program
    rm -rf "$LOAD_FOLDER/record"
    load_launch "$@"
  fi
  local before
  before=$(load_commits)
  await 30 "clients commit through the VIP" load_commits_more_than $((before + 10)) || {
    tail -n 5 "$LOAD_FOLDER/log" "$LOAD_FOLDER/record/errors" >&2 || true
    return 1
  }
}

load_launch() {
  # shellcheck disable=SC2016 # the inner shell expands these
  LAB_OPENSTACK_PASSWORD=$LAB_OPENSTACK_PASSWORD setsid --fork \
    bash -c 'echo $$ >"$1"; shift; exec "$@"' _ "$LOAD_FOLDER/pid" \
    "$LOAD_FOLDER/program" run --dir "$LOAD_FOLDER/record" --addr "$LAB_VIP:3306" "$@" \
    </dev/null >"$LOAD_FOLDER/log" 2>&1 9>&-
}

load_commits() { wc -l 2>/dev/null <"$LOAD_FOLDER/record/commits" || echo 0; }

load_commits_more_than() { (($(load_commits) > $1)); }

load_stop() {
  local pid
  pid=$(load_pid) || return 0
  kill -TERM "$pid" 2>/dev/null || true
  await 40 "the load has stopped" load_is_over "$pid" || kill -KILL "$pid" 2>/dev/null || true
  rm -f "$LOAD_FOLDER/pid"
}

load_is_over() { ! load_owns "$1"; }

load_report() {
  [[ -x $LOAD_FOLDER/program ]] || die "no load was started since the lab came up"
  LAB_OPENSTACK_PASSWORD=$LAB_OPENSTACK_PASSWORD \
    "$LOAD_FOLDER/program" report --dir "$LOAD_FOLDER/record" --addr "$LAB_VIP:3306" "$@"
}
