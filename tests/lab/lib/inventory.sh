# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# The Ansible inventory of the lab, as tripleo-ansible-inventory --static-yaml-inventory writes it.

inventory_write() {
  local roles=(Controller)
  if [[ $(shape) == composable ]]; then roles=(Database ControllerOpenstack); fi
  {
    echo "# The lab's controllers; written by tests/lab/lab."
    printf 'Undercloud:\n  hosts:\n    undercloud: {}\n'
    printf '  vars:\n    ansible_connection: local\n    ansible_host: localhost\n'
    if [[ $(shape) == composable ]]; then
      inventory_role Database databases
      inventory_role ControllerOpenstack proxies
    else
      inventory_role Controller controllers
    fi
    inventory_group allovercloud "${roles[@]}"
    inventory_group overcloud allovercloud
    # Director's groups of services; OSP 10 had none.
    if [[ $(shape) != hosts ]]; then
      inventory_group mysql "${roles[0]}"
      inventory_group haproxy "${roles[-1]}"
      inventory_group pacemaker "${roles[@]}"
    fi
  } >"$LAB_INVENTORY"
}

# inventory_group GROUP CHILD... prints a group of groups.
inventory_group() {
  printf '%s:\n  children:\n' "$1"
  printf '    %s: {}\n' "${@:2}"
}

# inventory_role ROLE WHOSE prints the group of a role.
inventory_role() {
  local number
  printf '%s:\n  hosts:\n' "$1"
  for number in $("$2"); do
    cat <<END
    $(inventory_name "$number"):
      ansible_host: $(controller_address "$number")
      canonical_hostname: $(controller_name "$number").localdomain
      ctlplane_ip: $(controller_address "$number")
      internal_api_hostname: $(controller_fqdn "$number")
      internal_api_ip: $(controller_address "$number")
END
  done
  cat <<END
  vars:
    $(if [[ $(shape) == bundle ]]; then echo ansible_ssh_user; else echo ansible_user; fi): tripleo-admin
    ansible_ssh_private_key_file: $LAB_KEY
    ansible_ssh_common_args: -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR
    ansible_python_interpreter: /usr/bin/python3
    serial: 1
    tripleo_role_name: $1
    lab_vip: $LAB_VIP
    lab_passwd_admin_password: $LAB_PASSWD_ADMIN_PASSWORD
    lab_root_password: $LAB_ROOT_PASSWORD
END
}
