# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# One controller as a systemd-nspawn machine: its disk (an overlay), its own files, its power.
# A machine's folder has upper, work and root (the mount), pid (of systemd-nspawn) and console.log.

SSH_OPTIONS=(-i "$LAB_KEY" -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR
  -o ConnectTimeout=5 -o BatchMode=yes -o ServerAliveInterval=10)

machine_folder() { echo "$LAB_MACHINES/controller-$1"; }

# machine_ssh N [COMMAND]: runs COMMAND as root on controller N; its exit status is this function's.
machine_ssh() {
  local number=$1
  shift
  # shellcheck disable=SC2029 # what is to be expanded here was
  ssh "${SSH_OPTIONS[@]}" "root@$(controller_address "$number")" "$@"
}

# machine_each COMMAND...: runs COMMAND N for all controllers in parallel; fails if one of them failed.
machine_each() { machine_those controllers "$@"; }

# machine_those LIST COMMAND...: the same for the numbers that the command LIST prints.
machine_those() {
  local list=$1 number job status=0 jobs=()
  shift
  for number in $("$list"); do
    "$@" "$number" &
    jobs+=($!)
  done
  for job in "${jobs[@]}"; do
    wait "$job" || status=1
  done
  return $status
}

# machine_pid N prints the pid of N's systemd-nspawn, if that process is still this machine.
machine_pid() {
  local folder pid
  folder=$(machine_folder "$1")
  pid=$(cat "$folder/pid" 2>/dev/null) || return 1
  machine_owns "$pid" "$folder" || return 1
  echo "$pid"
}

# machine_owns PID FOLDER: PID is a systemd-nspawn whose root is in FOLDER.
machine_owns() {
  grep -qzxF -- "--directory=$2/root" "/proc/$1/cmdline" 2>/dev/null
}

machine_mounted() { grep -qF " $(machine_folder "$1")/root overlay " /proc/mounts; }

# fill TEMPLATE: prints it with the placeholders of controller $number of $count replaced.
fill() {
  local other hosts='' nodes='' servers='' map='' names='' address_list=''
  for ((other = 0; other < count; other++)); do
    hosts+="$(controller_address "$other") $(controller_fqdn "$other") $(controller_name "$other")"$'\n'
    nodes+=$'  node {\n'"    ring0_addr: $(controller_address "$other")"$'\n'
    nodes+="    name: $(controller_name "$other")"$'\n'"    nodeid: $((other + 1))"$'\n  }\n'
  done
  for other in $(databases); do
    servers+="  server $(controller_fqdn "$other") $(controller_address "$other"):3306 backup check inter 1s"
    servers+=$' on-marked-down shutdown-sessions port 9200\n'
    map+="$(controller_name "$other"):$(controller_fqdn "$other");"
    names+="${names:+,}\"$(controller_fqdn "$other")\""
    address_list+="$(controller_fqdn "$other"),"
  done
  local text
  text=$(<"$1")
  text=${text//@VIP@/$LAB_VIP}
  text=${text//@DOMAIN@/$LAB_DOMAIN}
  text=${text//@ADDRESS@/$(controller_address "$number")}
  text=${text//@FQDN@/$(controller_fqdn "$number")}
  text=${text//@HAPROXY_STATS_PASSWORD@/$LAB_HAPROXY_STATS_PASSWORD}
  text=${text//@HOSTS@/${hosts%$'\n'}}
  text=${text//@NODES@/${nodes%$'\n'}}
  text=${text//@SERVERS@/${servers%$'\n'}}
  text=${text//@COUNT@/$(databases_count)}
  text=${text//@NAME@/$(controller_name "$number")}
  text=${text//@NAMES@/$names}
  text=${text//@RUN@/$(database_run)}
  text=${text//@SOCKET@/$(database_socket)}
  # In a container a restart is a reload, whose old process would keep sessions as long as its clients do.
  text=${text//@DAEMON@/$(if [[ $(shape) == bundle ]]; then echo '  hard-stop-after 1s'; else echo '  daemon'; fi)}
  text=${text//@PREFERENCES@/$(machine_preferences)}
  text=${text//@DATABASE_PASSWORD@/$LAB_DATABASE_PASSWORD}
  text=${text//@CLUSTERCHECK_PASSWORD@/$LAB_CLUSTERCHECK_PASSWORD}
  text=${text//@CLUSTER_HOST_MAP@/${map%;}}
  text=${text//@CLUSTER_ADDRESS@/${address_list%,}}
  printf '%s\n' "$text"
}

# machine_preferences, for the first placement of the replicas: the last controller prefers the first ones, so that a
# replica's number is not its controller's. Later they would make one move when another fails.
machine_preferences() {
  local bundle other
  [[ -n ${LAB_PLACING:-} ]] || return 0
  for bundle in galera haproxy redis; do
    for ((other = 0; other < count; other++)); do
      printf '  <rsc_location id="prefer-%s-%d" rsc="%s-bundle" node="%s" score="%d"/>\n' \
        "$bundle" "$other" "$bundle" "$(controller_name "$other")" $((other + 1))
    done
  done
}

# machine_prepare N: gives N a fresh disk with its own files in it.
machine_prepare() {
  local number=$1 count folder upper home
  count=$(controller_count)
  folder=$(machine_folder "$number")
  upper=$folder/root
  mkdir -p "$folder"/{upper,work,root}
  machine_mount "$number"
  controller_name "$number" >"$upper/etc/hostname"
  tr -d - </proc/sys/kernel/random/uuid >"$upper/etc/machine-id"
  fill "$LAB_DIR/files/machine/hosts" >"$upper/etc/hosts"
  fill "$LAB_DIR/files/machine/host0.network" >"$upper/etc/systemd/network/10-host0.network"
  fill "$LAB_DIR/files/machine/corosync.conf" >"$upper/etc/corosync/corosync.conf"
  machine_services "$upper"
  ((number > 0)) || sed -i 's/^safe_to_bootstrap: .*/safe_to_bootstrap: 1/' "$upper/var/lib/mysql/grastate.dat"
  for home in root home/tripleo-admin home/passwd-admin; do
    cp "$LAB_KEY.pub" "$upper/$home/.ssh/authorized_keys"
    chown --reference="$upper/$home/.ssh" "$upper/$home/.ssh/authorized_keys"
    chmod 600 "$upper/$home/.ssh/authorized_keys"
  done
}

# machine_services ROOT: the configuration of the database and of HAProxy, at the shape's paths.
machine_services() {
  local root=$1 folder
  if [[ $(shape) != bundle ]]; then
    fill "$LAB_DIR/files/machine/galera.cnf" >"$root/etc/mysql/mariadb.conf.d/60-galera.cnf"
    fill "$LAB_DIR/files/machine/haproxy.cfg" >"$root/etc/haproxy/haproxy.cfg"
    # A role without the database has neither its data nor its configuration, and vice versa.
    databases | grep -qx "$number" || rm -rf "$root"/var/lib/mysql "$root"/etc/mysql "$root"/etc/sysconfig/clustercheck
    proxies | grep -qx "$number" || rm -rf "$root"/etc/haproxy
    return
  fi
  cp -r --no-preserve=ownership "$LAB_DIR/files/director/." "$root/"
  while IFS= read -r -d '' folder; do
    fill "$folder" >"$folder.filled"
    mv "$folder.filled" "$folder"
  done < <(cd / && find "$root/var/lib/config-data" "$root/etc/puppet" -type f -print0)
  fill "$LAB_DIR/files/machine/galera.cnf" >"$root$(generated mysql)/etc/my.cnf.d/galera.cnf"
  fill "$LAB_DIR/files/machine/haproxy.cfg" >"$root$(generated haproxy)/etc/haproxy/haproxy.cfg"
  chmod 0700 "$root/var/lib/config-data" "$root/etc/puppet/hieradata"
  install -D -m 0640 "$LAB_STATE/authkey" "$root/etc/pacemaker/authkey"
  chroot "$root" chgrp haclient /etc/pacemaker/authkey
}

# machine_mount N: redirect_dir lets a folder of the root be renamed, as on a real disk; a restore moves the datadir.
machine_mount() {
  local folder lower
  folder=$(machine_folder "$1")
  ! machine_mounted "$1" || return 0
  lower=$(cat "$LAB_STATE/site"):$(cat "$LAB_STATE/base")
  mount -t overlay "$(controller_name "$1")" "$folder/root" \
    -o "redirect_dir=on,lowerdir=$lower,upperdir=$folder/upper,workdir=$folder/work"
}

# machine_start N boots N unless it runs. It has its own session and outlives the caller.
# The host's end of its link is named after the machine, and the machine after the bridge: labs do not collide.
machine_start() {
  local folder more=()
  folder=$(machine_folder "$1")
  ! machine_pid "$1" >/dev/null || return 0
  machine_mount "$1"
  network_unplug "$1"
  if [[ $(shape) == bundle ]]; then
    # A container's layers cannot be on the machine's overlay, and podman mounts and creates namespaces.
    mkdir -p "$folder/containers"
    more=(--capability=all "--bind=$folder/containers:/var/lib/containers"
      "--bind-ro=$(cat "$LAB_STATE/images"):/var/lib/images")
    export SYSTEMD_SECCOMP=0
  fi
  setsid --fork "$LAB_DIR/files/start-machine" "$folder" "$(cgroup_name "$1")" "${more[@]}" \
    --quiet --register=no --keep-unit --boot --resolv-conf=off --link-journal=no --kill-signal=SIGRTMIN+3 \
    "--directory=$folder/root" "--machine=$LAB_BRIDGE-$1" "--hostname=$(controller_name "$1")" \
    "--network-bridge=$LAB_BRIDGE" \
    </dev/null >"$folder/console.log" 2>&1 9>&-
}

machine_answers() { machine_ssh "$1" true 2>/dev/null; }

# machine_stop N: an orderly shutdown, and a kill at the deadline.
machine_stop() {
  local pid
  if pid=$(machine_pid "$1"); then
    kill -TERM "$pid" 2>/dev/null || true
    await 60 "$(controller_name "$1") has shut down" machine_gone "$pid" "$1" || kill -KILL "$pid" 2>/dev/null || true
  fi
  machine_clear "$1"
}

# machine_kill N: pulls the plug.
machine_kill() {
  local pid
  ! pid=$(machine_pid "$1") || kill -KILL "$pid" 2>/dev/null || true
  machine_clear "$1"
}

machine_gone() { ! machine_owns "$1" "$(machine_folder "$2")"; }

# machine_clear N: kills the processes of a machine whose systemd-nspawn is gone or was never recorded, then unmounts.
machine_clear() {
  local folder
  folder=$(machine_folder "$1")
  await 20 "the processes of $(controller_name "$1") are gone" machine_end_strays "$folder"
  ! machine_mounted "$1" || await 10 "$folder/root is unmounted" umount "$folder/root"
  rm -f "$folder/pid"
  network_unplug "$1"
  rm -rf --one-file-system "/run/systemd/nspawn/propagate/$LAB_BRIDGE-$1"
  cgroup_remove "$(cgroup_name "$1")"
}

# machine_end_strays FOLDER: kills the processes on FOLDER's overlay; succeeds when there are none.
machine_end_strays() {
  local strays
  strays=$(machine_strays "$1")
  [[ -n $strays ]] || return 0
  # shellcheck disable=SC2086 # one word per pid
  kill -KILL $strays 2>/dev/null || true
  return 1
}

# machine_strays FOLDER prints the pids of FOLDER's systemd-nspawn and of processes with FOLDER's overlay as root.
machine_strays() {
  machine_nspawns "$1/root"
  grep -l " / / .*upperdir=$(literally "$1")/upper," /proc/[0-9]*/mountinfo 2>/dev/null | cut -d/ -f3
}

# machine_nspawns ROOT prints the pids of the systemd-nspawn on ROOT. The brackets keep grep from finding itself.
machine_nspawns() {
  grep -lzx -- "--director[y]=$(literally "$1")" /proc/[0-9]*/cmdline 2>/dev/null | cut -d/ -f3
}

# literally TEXT prints a regular expression that matches TEXT.
# shellcheck disable=SC2001 # a set of characters, each kept
literally() { sed 's/[].*^$\\[]/\\&/g' <<<"$1"; }

# A machine gets its own control group, or the machines' systemds would share one tree.
cgroup_name() { echo "$LAB_BRIDGE-controller-$1"; }

cgroup_remove() {
  local hierarchy
  for hierarchy in /sys/fs/cgroup/*/; do
    [[ ! -d $hierarchy$1 ]] || find "$hierarchy$1" -depth -type d -exec rmdir {} + 2>/dev/null || true
  done
}
