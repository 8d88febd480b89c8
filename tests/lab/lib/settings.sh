# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash disable=SC2034
# Every name, address and password of the lab, in one place.

# lab_place prints where the lab's state is. On a machine with much memory it is in memory: the controllers then do not
# wait for each other's writes to the one disk that they share here and nowhere else. A lab that is on the disk stays there.
lab_place() {
  local disk=/var/lib/overcloud-backup-lab memory=/dev/shm size
  size=$(df --block-size=1G --output=size "$memory" 2>/dev/null | tail -n 1) || size=0
  if [[ ! -e $disk/machines && $(stat --file-system --format=%T "$memory" 2>/dev/null) == tmpfs && $size -ge 12 ]]; then
    echo "$memory/overcloud-backup-lab"
  else
    echo "$disk"
  fi
}

LAB_STATE=${LAB_STATE:-$(lab_place)}
LAB_CACHE=${LAB_CACHE:-/var/cache/overcloud-backup-lab}
LAB_BRIDGE=${LAB_BRIDGE:-ocblab0}
LAB_SUBNET=${LAB_SUBNET:-10.99.0}
LAB_DATA_MB=${LAB_DATA_MB:-64}
LAB_DEADLINE=${LAB_DEADLINE:-240}

# The host's end of a machine's link is vb-BRIDGE-N, and the kernel allows 15 characters.
((${#LAB_BRIDGE} <= 10)) || { echo "lab: LAB_BRIDGE may have at most 10 characters, not '$LAB_BRIDGE'" >&2; exit 2; }

LAB_SUITE=bookworm
LAB_DOMAIN=internalapi.localdomain
LAB_HOST_ADDRESS=$LAB_SUBNET.1
LAB_VIP=$LAB_SUBNET.100
LAB_MAX_CONTROLLERS=5

# These protect nothing: the bridge has no way out, and they are the same in every lab.
LAB_OPENSTACK_PASSWORD=lab-openstack
LAB_CLUSTERCHECK_PASSWORD=lab-clustercheck
LAB_HAPROXY_STATS_PASSWORD=lab-haproxy-stats
LAB_PASSWD_ADMIN_PASSWORD=lab-passwd-admin
LAB_ROOT_PASSWORD=lab-root
LAB_DATABASE_PASSWORD=lab-database-root # of the database's root, in the shapes in which it has one

LAB_KEY=$LAB_STATE/id_ed25519
LAB_INVENTORY=$LAB_STATE/inventory.yaml
LAB_MACHINES=$LAB_STATE/machines

# The packages of a root file system, by its kind. The list is part of the key of the cached root.
#   hosts   a controller that runs all services on the host
#   engine  a controller that runs the database and HAProxy in containers, without any program of MariaDB
#   image   the containers
LAB_PACKAGES_OF_MACHINES='systemd systemd-sysv dbus openssh-server sudo procps
  python3 iproute2 iputils-ping nftables iptables socat rsync zstd
  pacemaker pacemaker-cli-utils corosync resource-agents crmsh'
LAB_PACKAGES_hosts="$LAB_PACKAGES_OF_MACHINES mariadb-server mariadb-backup galera-4 galera-arbitrator-4 haproxy"
LAB_PACKAGES_engine="$LAB_PACKAGES_OF_MACHINES podman crun netavark"
LAB_PACKAGES_image='procps iproute2 socat rsync zstd python3 mariadb-server mariadb-backup galera-4 haproxy redis-server
  pacemaker-remote resource-agents libcib27 libpacemaker1 libpe-rules26 libpe-status28 libstonithd26 libncurses6'

LAB_IMAGES=(cluster.common.tag/mariadb:pcmklatest cluster.common.tag/haproxy:pcmklatest
  cluster.common.tag/redis:pcmklatest)

controller_name() { printf 'controller-%d\n' "$1"; }
controller_fqdn() { printf 'controller-%d.%s\n' "$1" "$LAB_DOMAIN"; }
controller_address() { printf '%s.%d\n' "$LAB_SUBNET" $((10 + $1)); }

# shape prints the kind of the lab's controllers: hosts (OSP 10), bundle (OSP 13 to 17), or composable: hosts of which
# the first three run the database and the others HAProxy.
shape() {
  if [[ -s $LAB_STATE/shape ]]; then cat "$LAB_STATE/shape"; else echo hosts; fi
}

# inventory_name N: in the bundle shape Ansible, Pacemaker and HAProxy use three names for a controller.
inventory_name() {
  if [[ $(shape) == bundle ]]; then printf 'overcloud-'; fi
  controller_name "$1"
}

# database_run: the folder of the server's socket and pid. In the bundle shape the host shares it.
database_run() {
  if [[ $(shape) == bundle ]]; then echo /var/lib/mysql; else echo /run/mysqld; fi
}

database_socket() {
  if [[ $(shape) == bundle ]]; then echo /var/lib/mysql/mysql.sock; else echo /run/mysqld/mysqld.sock; fi
}

# generated SERVICE prints the folder of director's configuration of a service, below the machine's root.
generated() {
  if [[ $(shape) == bundle ]]; then echo "/var/lib/config-data/puppet-generated/$1"; fi
}

# controller_count prints the number of controllers of the last "up", 0 for none.
controller_count() {
  if [[ -s $LAB_STATE/controllers ]]; then cat "$LAB_STATE/controllers"; else echo 0; fi
}

# databases and proxies print the numbers of the controllers that run the database, and HAProxy.
databases() { if [[ $(shape) == composable ]]; then seq 0 2; else controllers; fi; }
proxies() { if [[ $(shape) == composable ]]; then seq 3 $(($(controller_count) - 1)); else controllers; fi; }
databases_count() { databases | wc -l; }
proxies_count() { proxies | wc -l; }

# controllers prints the numbers of the lab's controllers, one a line.
controllers() {
  local count
  count=$(controller_count)
  ((count == 0)) || seq 0 $((count - 1))
}
