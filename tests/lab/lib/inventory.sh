# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# The Ansible inventory of the lab.

inventory_write() {
  local number
  {
    echo "# The lab's controllers; made by tests/lab/lab."
    echo '[Controller]'
    for number in $(controllers); do
      echo "$(controller_name "$number") ansible_host=$(controller_address "$number")"
    done
    cat <<END

[Controller:vars]
ansible_user=tripleo-admin
ansible_ssh_private_key_file=$LAB_KEY
ansible_ssh_common_args=-o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR
ansible_python_interpreter=/usr/bin/python3
lab_vip=$LAB_VIP
lab_passwd_admin_password=$LAB_PASSWD_ADMIN_PASSWORD
lab_root_password=$LAB_ROOT_PASSWORD
END
  } >"$LAB_INVENTORY"
}
