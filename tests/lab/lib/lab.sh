# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# The lab as a whole: up, down, reset, wait.

# lab_lock lets one command change the lab at a time. The lock file is removed with the state: the locked file must
# still be the current one.
lab_lock() {
  [[ -z ${LAB_LOCKED:-} ]] || return 0
  LAB_LOCKED=yes
  until [[ /proc/self/fd/9 -ef $LAB_STATE/lock ]]; do
    mkdir -p "$LAB_STATE"
    exec 9>"$LAB_STATE/lock"
    flock -w 900 9 || die "another lab command holds $LAB_STATE/lock"
  done
}

lab_healthy() { cluster_serves && database_synced && haproxy_all_up; }

# lab_up N [SHAPE]: a healthy lab of N is left alone, an unhealthy one repaired; any other is cleared and built. The load
# of an earlier run ends: it would disturb the next one.
lab_up() {
  lab_lock
  load_stop
  if [[ $(controller_count) == "$1" && $(shape) == "${2:-$(shape)}" ]] &&
    lab_running && { lab_healthy || lab_mend; }; then
    say "$1 controllers are up"
    return
  fi
  lab_clear
  [[ -z ${2:-} ]] || echo "$2" >"$LAB_STATE/shape"
  rootfs_install_host_packages
  rootfs_ensure
  lab_describe "$1"
  lab_boot || lab_fail "the controllers did not come up"
  lab_wait || lab_fail "the cluster did not become healthy"
  [[ $(shape) != bundle ]] || cluster_configure
  say "$1 controllers are up in $SECONDS s"
}

# lab_describe records the lab: number of controllers, layers, key and inventory.
lab_describe() {
  rootfs_machine_base >"$LAB_STATE/base"
  rootfs_client_base >"$LAB_STATE/client"
  rootfs_images >"$LAB_STATE/images"
  rootfs_site >"$LAB_STATE/site"
  [[ -f $LAB_KEY ]] || ssh-keygen -q -t ed25519 -N '' -C overcloud-backup-lab -f "$LAB_KEY"
  # Pacemaker uses it to communicate with the services inside the containers.
  (umask 077 && head -c 4096 /dev/urandom >"$LAB_STATE/authkey")
  echo "$1" >"$LAB_STATE/controllers"
  inventory_write
}

lab_boot() {
  say "booting $(controller_count) controllers"
  network_up
  machine_each lab_boot_one || return 1
  await 60 "Pacemaker has a DC and every controller online" cluster_has_dc || return 1
  LAB_PLACING=yes cluster_configure
}

lab_boot_one() {
  machine_prepare "$1"
  machine_start "$1"
  await 60 "ssh answers on $(controller_name "$1")" machine_answers "$1"
}

lab_wait() {
  await "$LAB_DEADLINE" "every galera is promoted and the VIP is somewhere" cluster_forms &&
    await "$LAB_DEADLINE" "every database is Synced" database_synced &&
    await 60 "HAProxy sees every server UP" haproxy_all_up
}

lab_running() {
  local number
  for number in $(controllers); do
    machine_pid "$number" >/dev/null || return 1
  done
}

lab_fail() {
  local number
  say "$1; its state:"
  cluster_ssh "crm_mon --one-shot --inactive --failcounts" >&2 || true
  for number in $(controllers); do
    say "the last lines of $(controller_name "$number")"
    machine_ssh "$number" "journalctl --no-pager --priority warning --lines 15
      tail -n 15 /var/log/mysql/mysqld.log /var/log/containers/mysql/mysqld.log" >&2 ||
      tail -n 15 "$(machine_folder "$number")/console.log" >&2 || true
  done
  exit 1
}

# lab_clear ends every machine in any state, and removes its disk, then the bridge.
# The disks are removed, so there is no orderly shutdown: the plug is pulled.
lab_clear() {
  local number job jobs=()
  load_stop
  for number in $(seq 0 $((LAB_MAX_CONTROLLERS - 1))); do
    lab_clear_one "$number" &
    jobs+=($!)
  done
  for job in "${jobs[@]}"; do
    wait "$job" || die "a machine could not be cleared"
  done
  network_down
  rm -f "$LAB_STATE/controllers"
}

lab_clear_one() {
  machine_kill "$1"
  rm -rf --one-file-system "$(machine_folder "$1")"
}

lab_down() {
  lab_lock
  lab_clear
  rootfs_clear
  rm -rf --one-file-system "$LAB_STATE"
  say "down in $SECONDS s"
}

# lab_reset [full] undoes the effects of scenarios; a lab that cannot be repaired is rebuilt.
lab_reset() {
  local count
  lab_lock
  count=$(controller_count)
  ((count)) || die "the lab is not up: run lab up"
  load_stop
  if [[ $1 != full ]] && lab_mend; then
    say "reset in $SECONDS s"
    return
  fi
  say "rebuilding"
  lab_clear
  lab_up "$count"
}

lab_mend() {
  lab_running || return 1
  machine_each machine_answers || return 1
  machine_each network_heal || return 1
  await 60 "Pacemaker has a DC and every controller online" cluster_has_dc || return 1
  cluster_mend || return 1
  LAB_DEADLINE=90
  await "$LAB_DEADLINE" "every galera is promoted and the VIP is somewhere" cluster_forms || return 1
  machine_those databases database_mend || return 1
  machine_those proxies haproxy_mend || return 1
  cluster_vip_home || return 1
  lab_wait
}

lab_status() {
  (($(controller_count))) || {
    echo "the lab is down"
    return
  }
  printf '%-14s %-12s %-8s %-12s %-10s %-20s %s\n' CONTROLLER ADDRESS MACHINE GALERA HAPROXY WSREP VIP
  local services number line
  services=$(cluster_services || true)
  for number in $(controllers); do
    read -r -a line <<<"$(grep "^$number " <<<"$services" || echo "$number - -")"
    printf '%-14s %-12s %-8s %-12s %-10s %-20s %s\n' "$(controller_name "$number")" "$(controller_address "$number")" \
      "$(machine_pid "$number" >/dev/null && echo running || echo off)" "${line[1]}" "${line[2]}" \
      "$(database_state "$number" 2>/dev/null || echo -)" "${line[3]:-}"
  done
  printf 'clients through %s are served by: %s\n' "$LAB_VIP" \
    "$(database_sql_vip 'SELECT @@hostname' 2>/dev/null || echo nobody)"
}
