# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# The lab's messages and its waiting.

say() { printf 'lab: %s\n' "$*" >&2; }

die() {
  say "$*"
  exit 1
}

# await DEADLINE_SECONDS WHAT COMMAND...: polls COMMAND until it succeeds; fails, naming WHAT, at the deadline.
await() {
  local deadline=$((SECONDS + $1)) what=$2
  shift 2
  until "$@"; do
    if ((SECONDS >= deadline)); then
      say "gave up waiting until $what"
      return 1
    fi
    sleep 0.3
  done
}
