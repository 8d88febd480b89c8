# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# The bridge, and cutting one controller off from the others.

network_up() {
  ip link show "$LAB_BRIDGE" >/dev/null 2>&1 || ip link add "$LAB_BRIDGE" type bridge forward_delay 0
  ip address replace "$LAB_HOST_ADDRESS/24" dev "$LAB_BRIDGE"
  ip link set "$LAB_BRIDGE" up
}

network_down() {
  ! ip link show "$LAB_BRIDGE" >/dev/null 2>&1 || ip link delete "$LAB_BRIDGE"
}

# network_unplug N removes the link of a machine that has ended; the kernel would remove it only later.
network_unplug() {
  ip link delete "vb-$LAB_BRIDGE-$1" 2>/dev/null || true
}

# network_partition N: N neither sends to the other controllers nor accepts from them (a strict reverse path
# filter drops packets from an address without a route); the host still reaches N.
network_partition() {
  local other script='sysctl -q net.ipv4.conf.all.rp_filter=1'
  for other in $(controllers); do
    [[ $other == "$1" ]] || script+="; ip route replace blackhole $(controller_address "$other")/32"
  done
  machine_ssh "$1" "$script"
}

network_heal() {
  # shellcheck disable=SC2016 # the controller's shell expands it
  machine_ssh "$1" 'ip route show type blackhole | while read -r kind to rest; do ip route delete "$kind" "$to"; done
    sysctl -q net.ipv4.conf.all.rp_filter=0'
}
