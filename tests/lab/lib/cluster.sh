# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# Corosync and Pacemaker: form the cluster, read its state, repair it.

# cluster_ssh COMMAND: runs COMMAND as root on the first controller that answers.
cluster_ssh() {
  local number status=255
  for number in $(controllers); do
    machine_pid "$number" >/dev/null || continue
    status=0
    machine_ssh "$number" "$@" || status=$?
    ((status == 255)) || break
  done
  return $status
}

# cluster_has_dc succeeds if an elected DC reports every controller online.
cluster_has_dc() {
  local online
  online=$(cluster_ssh "crm_mon --one-shot --output-as=xml --include=none,dc,nodes" 2>/dev/null |
    awk '/<current_dc/ && /with_quorum="true"/ { dc = 1 }
      /<node / && /type="member"/ && /online="true"/ && /pending="false"/ { n++ }
      END { print dc ? n + 0 : 0 }')
  ((online == $(controller_count)))
}

# cluster_configure gives the cluster the shipped resources and constraints; existing ones stay.
cluster_configure() {
  local number=0 count resources constraints
  count=$(controller_count)
  resources=$(fill "$LAB_DIR/files/machine/$(cluster_files resources)")
  constraints=$(fill "$LAB_DIR/files/machine/$(cluster_files constraints)")
  cluster_ssh "set -e
    crm_attribute --quiet --type crm_config --name stonith-enabled --update false
    $(cluster_roles)
    cibadmin --replace --scope resources --xml-text '$resources'
    cibadmin --replace --scope constraints --xml-text '$constraints'"
}

# cluster_roles sets director's attributes for the roles of the nodes.
cluster_roles() {
  local number role
  for number in $(databases); do
    for role in galera redis; do
      echo "crm_attribute --quiet --node $(controller_name "$number") --name $role-role --update true"
    done
  done
  for number in $(proxies); do
    echo "crm_attribute --quiet --node $(controller_name "$number") --name haproxy-role --update true"
  done
}

# cluster_files NAME prints the shape's file of that name, else the one of all shapes.
cluster_files() {
  if [[ -f $LAB_DIR/files/machine/$1-$(shape).xml ]]; then echo "$1-$(shape).xml"; else echo "$1.xml"; fi
}

# cluster_services prints one line a controller: its number, galera's role, haproxy's state, "vip" if it has the VIP.
cluster_services() {
  cluster_ssh "crm_mon --one-shot --output-as=xml --inactive" 2>/dev/null | awk -v vip="ip-$LAB_VIP" '
    function attribute(name, part) { split($0, part, name "=\""); split(part[2], part, "\""); return part[1] }
    /<replica / { inside = "" }
    /<resource / {
      id = attribute("id"); role = attribute("role")
      failed = attribute("failed") == "true" || attribute("blocked") == "true"
    }
    # The role inside a container is printed before the controller that the container runs on.
    /<node name="galera-bundle-/ && id == "galera" { inside = failed ? "FAILED" : role; next }
    /<node name=/ && id {
      node = attribute("name"); sub(/^controller-/, "", node); seen[node] = 1
      if (id ~ /^galera-bundle-podman-/) galera[node] = failed ? "FAILED" : inside
      if (id ~ /^haproxy-bundle-podman-/) haproxy[node] = failed ? "FAILED" : role
      if (id == "galera") galera[node] = failed ? "FAILED" : role
      if (id == "haproxy") haproxy[node] = failed ? "FAILED" : role
      if (id == vip && role == "Started") holder[node] = "vip"
    }
    /<\/resource>/ { id = "" }
    END {
      for (node in seen)
        print node, galera[node] ? galera[node] : "-", haproxy[node] ? haproxy[node] : "-", holder[node]
    }' | sort -n
}

cluster_serves() {
  local services
  services=$(cluster_services) || return 1
  [[ $(grep -c '^[0-9]* Promoted ' <<<"$services") == $(databases_count) &&
    $(grep -c '^[0-9]* [^ ]* Started' <<<"$services") == $(proxies_count) &&
    $(grep -c ' vip$' <<<"$services") == 1 ]]
}

# cluster_forms is cluster_serves with a cleanup: after one failed promotion the resource stays blocked, as on real
# controllers, until somebody cleans it up.
cluster_forms() {
  ! cluster_serves || return 0
  if cluster_services | grep -q FAILED; then
    cluster_ssh "crm_resource --cleanup" >/dev/null 2>&1 || true
    cluster_ssh "crm_resource --wait --timeout=60" >/dev/null 2>&1 || true
  fi
  return 1
}

cluster_vip_holder() {
  cluster_services | awk '$NF == "vip" { print "controller-" $1 }'
}

# cluster_vip_home bans the VIP from all other controllers for a moment: its stickiness is INFINITY, so no
# preference moves it.
cluster_vip_home() {
  local number bans=''
  ! cluster_vip_is_home || return 0
  for number in $(controllers); do
    [[ $(controller_name "$number") == "$(cluster_vip_where)" ]] ||
      bans+="crm_resource --quiet --resource ip-$LAB_VIP --ban --node $(controller_name "$number");"
  done
  cluster_ssh "$bans" >/dev/null 2>&1
  await 30 "the VIP is on $(cluster_vip_where)" cluster_vip_is_home
  cluster_ssh "crm_resource --quiet --resource ip-$LAB_VIP --clear" >/dev/null 2>&1
}

cluster_vip_is_home() { [[ $(cluster_vip_holder) == "$(cluster_vip_where)" ]]; }

# cluster_vip_where prints the VIP's home: the first controller that runs HAProxy.
cluster_vip_where() { controller_name "$(proxies | head -n 1)"; }

# cluster_mend undoes the effects of scenarios on the cluster: standby, maintenance, own properties, failures.
cluster_mend() {
  # shellcheck disable=SC2016 # the controller's shell expands it
  cluster_ssh 'set -e
    for node in $(crm_node --list | awk "{ print \$2 }"); do
      crm_attribute --quiet --node "$node" --name standby --delete
      crm_attribute --quiet --node "$node" --name maintenance --delete
      crm_attribute --quiet --lifetime reboot --node "$node" --name standby --delete
    done
    crm_attribute --quiet --type crm_config --name maintenance-mode --delete
    cibadmin --query --scope crm_config | sed -n "s/.*<cluster_property_set id=\"\([^\"]*\)\".*/\1/p" |
      { grep -vx cib-bootstrap-options || true; } | while read -r id; do
        cibadmin --delete --xpath "//cluster_property_set[@id=\"$id\"]"
      done' >/dev/null 2>&1 || return 1
  cluster_configure
  cluster_ssh "crm_resource --cleanup" >/dev/null 2>&1
}
