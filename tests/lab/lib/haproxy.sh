# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# HAProxy's state from its stats socket, and its shipped state.

HAPROXY_SETTLED=6 # seconds

haproxy_socket() {
  machine_ssh "$1" "echo '$2' | socat -t5 - UNIX-CONNECT:/var/lib/haproxy/stats"
}

# haproxy_servers N prints "server status" lines of the mysql proxy, from HAProxy on N.
haproxy_servers() {
  haproxy_socket "$1" "show stat" | awk -F, '
    NR == 1 { sub(/^# /, ""); for (i = 1; i <= NF; i++) column[$i] = i }
    $column["pxname"] == "mysql" && $column["svname"] !~ /^(FRONTEND|BACKEND)$/ {
      print $column["svname"], $column["status"]
    }'
}

haproxy_all_up() { machine_those proxies haproxy_all_up_on; }

# HAProxy shows a server as UP before its first check.
haproxy_all_up_on() {
  local uptime
  uptime=$(haproxy_socket "$1" "show info" 2>/dev/null | awk '$1 == "Uptime_sec:" { print $2 }')
  ((${uptime:-0} >= HAPROXY_SETTLED)) &&
    [[ $(haproxy_servers "$1" 2>/dev/null | grep -c ' UP$') == "$(databases_count)" ]]
}

# haproxy_mend N: the shipped configuration and an empty stick table.
haproxy_mend() {
  # shellcheck disable=SC2034 # fill reads them
  local number=$1 count
  # shellcheck disable=SC2034
  count=$(controller_count)
  fill "$LAB_DIR/files/machine/haproxy.cfg" |
    machine_ssh "$number" "cat >$(generated haproxy)/etc/haproxy/haproxy.cfg && restart-haproxy"
}
