# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# Client load through the VIP: starts and stops the program in load/, and prints its report.
# Its folder has the program, pid (for people), log, and the record of the last run.

LOAD_FOLDER=$LAB_STATE/load
LOAD_PATIENCE=40 # seconds for the load to end its transactions and its record

load_program() {
  mkdir -p "$LOAD_FOLDER"
  (cd "$LAB_DIR" && go build -o "$LOAD_FOLDER/program" ./load) || die "build the load program: see above"
}

# load_pids prints the pid of every running load of this lab, also of one whose pid file is gone: a run that was killed
# leaves its load, and perhaps nothing else.
load_pids() {
  local program exe pid
  program=$(realpath -m "$LOAD_FOLDER/program")
  while read -r exe; do
    pid=${exe#/proc/}
    pid=${pid%/exe}
    ! load_owns "$pid" || echo "$pid"
  done < <(find /proc -mindepth 2 -maxdepth 2 -name exe -path '/proc/[0-9]*' \
    \( -lname "$program" -o -lname "$program (deleted)" \) 2>/dev/null)
}

# load_pid prints the pid of a running load.
load_pid() {
  local pids
  pids=$(load_pids)
  [[ -n $pids ]] || return 1
  echo "${pids%%$'\n'*}"
}

# load_owns tells a load of this lab from any other process. A process may have any name, and say so in its arguments;
# which file it runs is the kernel's word.
load_owns() {
  local exe
  exe=$(readlink "/proc/$1/exe" 2>/dev/null) || return 1
  [[ ${exe% (deleted)} == "$(realpath -m "$LOAD_FOLDER/program")" ]] || return 1
  [[ $(tr '\0' ' ' 2>/dev/null <"/proc/$1/cmdline") == *" run "* ]]
}

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
  local pid pids
  pids=$(load_pids)
  for pid in $pids; do
    kill -TERM "$pid" 2>/dev/null || true
  done
  for pid in $pids; do
    await "$LOAD_PATIENCE" "the load has stopped" load_is_over "$pid" || kill -KILL "$pid" 2>/dev/null || true
  done
  rm -f "$LOAD_FOLDER/pid"
}

load_is_over() { ! load_owns "$1"; }

load_report() {
  [[ -x $LOAD_FOLDER/program ]] || die "no load was started since the lab came up"
  LAB_OPENSTACK_PASSWORD=$LAB_OPENSTACK_PASSWORD \
    "$LOAD_FOLDER/program" report --dir "$LOAD_FOLDER/record" --addr "$LAB_VIP:3306" "$@"
}
