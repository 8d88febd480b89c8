# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# The controllers' root file system, made once and cached in two layers:
#   base-KEY  what debootstrap makes of the package list
#   site-KEY  what files/root and files/build add: users, units, a seeded Galera data directory
# A layer is built under a temporary name and renamed, so one that exists is complete.

HOST_PACKAGES=(debootstrap systemd-container iproute2 openssh-client util-linux)

rootfs_install_host_packages() {
  local missing=() package
  for package in "${HOST_PACKAGES[@]}"; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
  done
  ((${#missing[@]})) || return 0
  say "installing ${missing[*]}"
  export DEBIAN_FRONTEND=noninteractive
  # An archive of somebody else that does not answer is no reason to stop: the installation tells.
  { apt-get update || true; apt-get install -y --no-install-recommends "${missing[@]}"; } >"$LAB_STATE/apt.log" 2>&1 ||
    { tail -n 20 "$LAB_STATE/apt.log" >&2; die "install ${missing[*]}: see above"; }
}

# rootfs_mirror prints the archive that this machine's own apt sources name for the suite.
rootfs_mirror() {
  # shellcheck disable=SC2016 # apt-get expands it
  apt-get indextargets --format '$(SITE) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' |
    awk -v suite="$LAB_SUITE" '$2 == suite && $3 == "main" { print $1; exit }'
}

rootfs_base_key() {
  printf '%s\n' "$LAB_SUITE" "${LAB_PACKAGES[@]}" | sha256sum | cut -c1-16
}

rootfs_site_key() {
  {
    rootfs_base_key
    echo "$LAB_DATA_MB $LAB_OPENSTACK_PASSWORD $LAB_CLUSTERCHECK_PASSWORD $LAB_PASSWD_ADMIN_PASSWORD $LAB_ROOT_PASSWORD"
    cd "$LAB_DIR/files" && find root build -type f -printf '%m ' -exec sha256sum {} \; | LC_ALL=C sort
  } | sha256sum | cut -c1-16
}

rootfs_base() { echo "$LAB_CACHE/base-$(rootfs_base_key)"; }
rootfs_site() { echo "$LAB_CACHE/site-$(rootfs_site_key)"; }

rootfs_build_base() {
  local base mirror temporary
  base=$(rootfs_base)
  [[ ! -d $base ]] || return 0
  mirror=$(rootfs_mirror)
  [[ -n $mirror ]] || die "no apt source of this machine offers $LAB_SUITE main"
  temporary=$LAB_CACHE/building.base
  say "building the root file system with debootstrap (about 90 s, once)"
  mkdir -p "$temporary"
  debootstrap --variant=minbase --include="$(IFS=,; echo "${LAB_PACKAGES[*]}")" \
    "$LAB_SUITE" "$temporary" "$mirror" >"$LAB_CACHE/debootstrap.log" 2>&1 ||
    { tail -n 20 "$LAB_CACHE/debootstrap.log" >&2; die "debootstrap: see above"; }
  rm -rf "$temporary"/var/cache/apt/archives/*.deb
  mv -T "$temporary" "$base"
}

rootfs_build_site() {
  local site temporary=$LAB_CACHE/building.site
  site=$(rootfs_site)
  [[ ! -d $site ]] || return 0
  say "adding users, units and $LAB_DATA_MB MB of data (once)"
  mkdir -p "$temporary"/{upper,work,merged}
  mount -t overlay overlay -o "lowerdir=$(rootfs_base),upperdir=$temporary/upper,workdir=$temporary/work" "$temporary/merged"
  cp -r --no-preserve=ownership "$LAB_DIR/files/root/." "$temporary/merged/"
  cp -r --no-preserve=ownership "$LAB_DIR/files/build" "$temporary/merged/root/build"
  rootfs_run_build "$temporary/merged" >"$LAB_CACHE/site.log" 2>&1 ||
    { tail -n 40 "$LAB_CACHE/site.log" >&2; die "build the site layer: see above"; }
  rm -rf "$temporary/merged/root/build"
  umount "$temporary/merged"
  mv -T "$temporary/upper" "$site"
  rm -rf --one-file-system "$temporary"
}

rootfs_run_build() {
  systemd-nspawn --quiet --register=no --keep-unit --as-pid2 --private-network --directory="$1" "--machine=$LAB_BRIDGE-build" \
    --setenv=LAB_DATA_MB="$LAB_DATA_MB" \
    --setenv=LAB_OPENSTACK_PASSWORD="$LAB_OPENSTACK_PASSWORD" \
    --setenv=LAB_CLUSTERCHECK_PASSWORD="$LAB_CLUSTERCHECK_PASSWORD" \
    --setenv=LAB_PASSWD_ADMIN_PASSWORD="$LAB_PASSWD_ADMIN_PASSWORD" \
    --setenv=LAB_ROOT_PASSWORD="$LAB_ROOT_PASSWORD" \
    /bin/bash /root/build/build </dev/null
}

# rootfs_drop_old removes the layers of other recipes, unless a mounted machine stands on them.
rootfs_drop_old() {
  local layer
  for layer in "$LAB_CACHE"/base-* "$LAB_CACHE"/site-*; do
    [[ $layer != "$(rootfs_base)" && $layer != "$(rootfs_site)" ]] || continue
    ! grep -qF "$layer" /proc/mounts || continue
    rm -rf --one-file-system "$layer"
  done
}

# rootfs_clear removes a layer whose building was interrupted, unless somebody is building it now.
rootfs_clear() {
  [[ -d $LAB_CACHE ]] || return 0
  exec 8>"$LAB_CACHE/lock"
  flock -n 8 || return 0
  rootfs_drop_unfinished
  exec 8>&-
}

rootfs_drop_unfinished() {
  local layer=$LAB_CACHE/building.site
  [[ -d $layer || -d $LAB_CACHE/building.base ]] || return 0
  await 20 "no process builds in $layer" rootfs_end_build "$layer"
  umount "$layer/merged" 2>/dev/null || true
  rm -rf --one-file-system "$layer" "$LAB_CACHE/building.base"
}

rootfs_end_build() {
  local strays
  strays=$(machine_nspawns "$1/merged")
  [[ -n $strays ]] || return 0
  # shellcheck disable=SC2086 # one word per pid
  kill -KILL $strays 2>/dev/null || true
  return 1
}

rootfs_ensure() {
  mkdir -p "$LAB_CACHE"
  exec 8>"$LAB_CACHE/lock"
  flock 8
  rootfs_drop_unfinished
  rootfs_build_base
  rootfs_build_site
  rootfs_drop_old
  exec 8>&-
}
