# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash disable=SC2034
# Every name, address and password of the lab, in one place.

LAB_STATE=${LAB_STATE:-/var/lib/overcloud-backup-lab}
LAB_CACHE=${LAB_CACHE:-/var/cache/overcloud-backup-lab}
LAB_BRIDGE=${LAB_BRIDGE:-ocblab0}
LAB_SUBNET=${LAB_SUBNET:-10.99.0}
LAB_DATA_MB=${LAB_DATA_MB:-64}
LAB_DEADLINE=${LAB_DEADLINE:-240}

# The host's end of a machine's link is vb-BRIDGE-N, and the kernel takes 15 characters.
((${#LAB_BRIDGE} <= 10)) || { echo "lab: LAB_BRIDGE may have 10 characters, not '$LAB_BRIDGE'" >&2; exit 2; }

LAB_SUITE=bookworm
LAB_DOMAIN=internalapi.localdomain
LAB_HOST_ADDRESS=$LAB_SUBNET.1
LAB_VIP=$LAB_SUBNET.100
LAB_VIP_HOME=controller-0
LAB_MAX_CONTROLLERS=5

# These guard nothing: the bridge has no way out, and they are the same in every lab.
LAB_OPENSTACK_PASSWORD=lab-openstack
LAB_CLUSTERCHECK_PASSWORD=lab-clustercheck
LAB_HAPROXY_STATS_PASSWORD=lab-haproxy-stats
LAB_PASSWD_ADMIN_PASSWORD=lab-passwd-admin
LAB_ROOT_PASSWORD=lab-root

LAB_KEY=$LAB_STATE/id_ed25519
LAB_INVENTORY=$LAB_STATE/inventory.ini
LAB_MACHINES=$LAB_STATE/machines

# What a controller holds. The list is part of the key of the cached root.
LAB_PACKAGES=(
  systemd systemd-sysv dbus openssh-server sudo procps
  python3 iproute2 iputils-ping nftables iptables socat rsync zstd
  mariadb-server mariadb-backup galera-4 haproxy
  pacemaker pacemaker-cli-utils corosync resource-agents crmsh
)

controller_name() { printf 'controller-%d\n' "$1"; }
controller_fqdn() { printf 'controller-%d.%s\n' "$1" "$LAB_DOMAIN"; }
controller_address() { printf '%s.%d\n' "$LAB_SUBNET" $((10 + $1)); }

# controller_count prints how many controllers the lab was last brought up with, 0 for none.
controller_count() {
  if [[ -s $LAB_STATE/controllers ]]; then cat "$LAB_STATE/controllers"; else echo 0; fi
}

# controllers prints the numbers of the lab's controllers, one a line.
controllers() {
  local count
  count=$(controller_count)
  ((count == 0)) || seq 0 $((count - 1))
}
