# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# Faults while a backup runs: the program in faults/.

fault() {
  mkdir -p "$LAB_STATE"
  (cd "$LAB_DIR" && go build -o "$LAB_STATE/fault" ./faults) || die "build the fault program: see above"
  export LAB_DIR LAB_STATE LAB_BRIDGE LAB_SUBNET
  exec "$LAB_STATE/fault" "$@"
}
