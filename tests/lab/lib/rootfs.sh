# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# The controllers' root file systems, created once and cached in layers:
#   base-KIND-KEY   debootstrap's result for a package list (hosts, engine, image)
#   site-KIND-KEY   the additions in files/: users, units, a seeded Galera data directory
#   images-KEY      the containers' image in a podman store, which the machines of the bundle shape share
# A layer is built under a temporary name and renamed, so an existing one is complete.

HOST_PACKAGES=(debootstrap systemd-container iproute2 openssh-client util-linux)

rootfs_install_host_packages() {
  local missing=() package
  for package in "${HOST_PACKAGES[@]}"; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
  done
  ((${#missing[@]})) || return 0
  say "installing ${missing[*]}"
  export DEBIAN_FRONTEND=noninteractive
  # An unreachable archive is no reason to stop: the installation reports what is missing.
  { apt-get update || true; apt-get install -y --no-install-recommends "${missing[@]}"; } >"$LAB_STATE/apt.log" 2>&1 ||
    { tail -n 20 "$LAB_STATE/apt.log" >&2; die "install ${missing[*]}: see above"; }
}

# rootfs_mirror prints the archive of the suite in this machine's apt sources.
rootfs_mirror() {
  # shellcheck disable=SC2016 # apt-get expands it
  apt-get indextargets --format '$(SITE) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' |
    awk -v suite="$LAB_SUITE" '$2 == suite && $3 == "main" { print $1; exit }'
}

# rootfs_packages KIND prints its package list.
rootfs_packages() {
  local list=LAB_PACKAGES_$1
  xargs -n 1 <<<"${!list}"
}

rootfs_base_key() { { echo "$LAB_SUITE"; rootfs_packages "$1"; } | sha256sum | cut -c1-16; }

rootfs_site_key() {
  {
    rootfs_base_key "$(rootfs_machine_kind)"
    rootfs_settings
    local files='root build'
    [[ $(shape) != bundle ]] || { rootfs_base_key image; echo "${LAB_IMAGES[@]}"; files+=' engine image'; }
    # shellcheck disable=SC2086 # one word per folder
    cd "$LAB_DIR/files" && find $files -type f -printf '%m ' -exec sha256sum {} \; | LC_ALL=C sort
  } | sha256sum | cut -c1-16
}

# rootfs_settings prints the variables that the build inside a root needs.
rootfs_settings() {
  printf '%s\n' "LAB_ROOT_HAS_PASSWORD=$(if [[ $(shape) == bundle ]]; then echo yes; fi)" \
    "LAB_DATA_MB=$LAB_DATA_MB" "LAB_OPENSTACK_PASSWORD=$LAB_OPENSTACK_PASSWORD" \
    "LAB_CLUSTERCHECK_PASSWORD=$LAB_CLUSTERCHECK_PASSWORD" "LAB_PASSWD_ADMIN_PASSWORD=$LAB_PASSWD_ADMIN_PASSWORD" \
    "LAB_ROOT_PASSWORD=$LAB_ROOT_PASSWORD" "LAB_DATABASE_PASSWORD=$LAB_DATABASE_PASSWORD"
}

rootfs_base() { echo "$LAB_CACHE/base-$1-$(rootfs_base_key "$1")"; }
rootfs_site() { echo "$LAB_CACHE/site-$(rootfs_machine_kind)-$(rootfs_site_key)"; }
rootfs_images() { echo "$LAB_CACHE/images-$(rootfs_site_key)"; }

# rootfs_machine_base prints the base of the machines, rootfs_client_base one with MariaDB's client.
rootfs_machine_kind() { if [[ $(shape) == bundle ]]; then echo engine; else echo hosts; fi; }
rootfs_machine_base() { rootfs_base "$(rootfs_machine_kind)"; }
rootfs_client_base() { rootfs_base "$(if [[ $(shape) == bundle ]]; then echo image; else echo hosts; fi)"; }

rootfs_build_base() {
  local kind=$1 base mirror temporary
  base=$(rootfs_base "$kind")
  [[ ! -d $base ]] || return 0
  mirror=$(rootfs_mirror)
  [[ -n $mirror ]] || die "no apt source of this machine offers $LAB_SUITE main"
  temporary=$LAB_CACHE/building.base
  say "building the root file system \"$kind\" with debootstrap (about 90 s, once)"
  mkdir -p "$temporary"
  debootstrap --variant=minbase --include="$(rootfs_packages "$kind" | paste -sd,)" \
    "$LAB_SUITE" "$temporary" "$mirror" >"$LAB_CACHE/debootstrap.log" 2>&1 ||
    { tail -n 20 "$LAB_CACHE/debootstrap.log" >&2; die "debootstrap: see above"; }
  [[ $kind != image ]] || rootfs_add_tools "$temporary" >>"$LAB_CACHE/debootstrap.log" 2>&1 ||
    { tail -n 20 "$LAB_CACHE/debootstrap.log" >&2; die "add Pacemaker's tools to the image: see above"; }
  rm -rf "$temporary"/var/cache/apt/archives/*.deb
  mv -T "$temporary" "$base"
}

# rootfs_add_tools ROOT: debootstrap uses the first alternative that pacemaker-cli-utils depends on, pacemaker, which
# conflicts with the pacemaker-remote of an image.
rootfs_add_tools() {
  apt-get update || true
  (cd "$1/var/cache/apt/archives" && apt-get download "pacemaker-cli-utils/$LAB_SUITE") &&
    chroot "$1" sh -c 'dpkg --install /var/cache/apt/archives/pacemaker-cli-utils_*.deb'
}

# rootfs_build_on KIND FILES...: mounts a new layer on a base, copies the files into it, and runs files/build there.
rootfs_build_on() {
  local kind=$1 temporary=$LAB_CACHE/building.site files
  mkdir -p "$temporary"/{upper,work,merged}
  mount -t overlay overlay "$temporary/merged" \
    -o "lowerdir=$(rootfs_base "$kind"),upperdir=$temporary/upper,workdir=$temporary/work"
  for files in "${@:2}"; do
    cp -rL --no-preserve=ownership "$LAB_DIR/files/$files/." "$temporary/merged/"
  done
  cp -r --no-preserve=ownership "$LAB_DIR/files/build" "$temporary/merged/root/build"
  rootfs_run_build "$temporary/merged" "$kind" >"$LAB_CACHE/site.log" 2>&1 ||
    { tail -n 40 "$LAB_CACHE/site.log" >&2; die "build the site layer: see above"; }
  rm -rf "$temporary/merged/root/build"
}

rootfs_build_site() {
  local site temporary=$LAB_CACHE/building.site
  site=$(rootfs_site)
  [[ ! -d $site ]] || return 0
  say "adding users, units and $LAB_DATA_MB MB of data (once)"
  if [[ $(shape) == bundle ]]; then
    rootfs_build_image
    rootfs_build_on engine root engine
    rootfs_import_image
  else
    rootfs_build_on hosts root
  fi
  umount "$temporary/merged"
  mv -T "$temporary/upper" "$site"
  rm -rf --one-file-system "$temporary"
}

# rootfs_build_image writes the image and the machines' initial data as archives.
rootfs_build_image() {
  local temporary=$LAB_CACHE/building.site
  rootfs_build_on image image
  tar -C "$temporary/merged/var/lib/mysql" -cf "$LAB_CACHE/building.site.data.tar" .
  tar -C "$temporary/merged" --one-file-system --exclude='./proc/*' --exclude='./sys/*' --exclude='./dev/*' \
    --exclude='./run/*' --exclude='./var/lib/mysql/*' --exclude='./usr/share/doc/*' --exclude='./var/cache/*' \
    -cf "$LAB_CACHE/building.site.image.tar" .
  umount "$temporary/merged"
  rm -rf --one-file-system "$temporary"
}

# rootfs_import_image imports the image into a store with the machines' podman, and the data into the new layer.
rootfs_import_image() {
  local temporary=$LAB_CACHE/building.site images tag
  images=$(rootfs_images)
  tar -C "$temporary/merged/var/lib/mysql" -xf "$LAB_CACHE/building.site.data.tar"
  rm -rf "$images"
  mkdir -p "$images"
  {
    echo "set -e; podman() { command podman --root /mnt/store --runroot /run/store --storage-driver overlay \"\$@\"; }
      podman import /mnt/image.tar ${LAB_IMAGES[0]}"
    for tag in "${LAB_IMAGES[@]:1}"; do echo "podman tag ${LAB_IMAGES[0]} $tag"; done
  } | SYSTEMD_SECCOMP=0 systemd-nspawn --quiet --register=no --keep-unit --as-pid2 --private-network --capability=all \
    --directory="$temporary/merged" "--machine=$LAB_BRIDGE-build" --bind="$images:/mnt/store" \
    --bind-ro="$LAB_CACHE/building.site.image.tar:/mnt/image.tar" --pipe /bin/bash >"$LAB_CACHE/image.log" 2>&1 ||
    { tail -n 20 "$LAB_CACHE/image.log" >&2; die "import the image: see above"; }
  rm -f "$LAB_CACHE"/building.site.{image,data}.tar
}

rootfs_run_build() {
  local setting settings=()
  while read -r setting; do settings+=("--setenv=$setting"); done < <(rootfs_settings)
  systemd-nspawn --quiet --register=no --keep-unit --as-pid2 --private-network --directory="$1" \
    "--machine=$LAB_BRIDGE-build" \
    "${settings[@]}" /bin/bash /root/build/build "$2" </dev/null
}

# rootfs_drop_old removes the layers of other recipes, unless a machine or another shape's current recipe uses them.
rootfs_drop_old() {
  local layer kind keep
  keep=$(for kind in hosts engine image; do rootfs_base "$kind"; done; rootfs_sites)
  for layer in "$LAB_CACHE"/base-* "$LAB_CACHE"/site-* "$LAB_CACHE"/images-*; do
    [[ -d $layer ]] || continue
    ! grep -qxF "$layer" <<<"$keep" || continue
    ! grep -qsF "$layer" /proc/mounts /proc/[0-9]*/mountinfo || continue
    rm -rf --one-file-system "$layer"
  done
}

# rootfs_sites prints the layers of every shape's current recipe.
rootfs_sites() {
  local other
  for other in hosts bundle composable; do
    (
      shape() { echo "$other"; }
      rootfs_site
      rootfs_images
    )
  done
}

# rootfs_clear removes an unfinished layer, unless somebody is building it now.
rootfs_clear() {
  [[ -d $LAB_CACHE ]] || return 0
  exec 8>"$LAB_CACHE/lock"
  flock -n 8 || return 0
  rootfs_drop_unfinished
  exec 8>&-
}

rootfs_drop_unfinished() {
  local layer=$LAB_CACHE/building.site
  rm -f "$layer".*.tar
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
  rootfs_build_base "$(rootfs_machine_kind)"
  [[ $(shape) != bundle ]] || rootfs_build_base image
  rootfs_build_site
  rootfs_drop_old
  exec 8>&-
}
