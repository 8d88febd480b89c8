# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# SQL on one controller as root through its socket, and through the VIP as a client.

database_sql() {
  if [[ $1 == vip ]]; then
    database_sql_vip "$2"
  else
    machine_ssh "$1" "in-database mysql --batch --skip-column-names" <<<"$2"
  fi
}

# database_sql_vip runs the cached root's client on the host: the clients' address is then the bridge's.
database_sql_vip() {
  MYSQL_PWD=$LAB_OPENSTACK_PASSWORD chroot "$(cat "$LAB_STATE/client")" \
    mysql --no-defaults --batch --skip-column-names --connect-timeout=5 --host="$LAB_VIP" --user=openstack <<<"$1"
}

# database_state N prints "size,status,state" of the Galera node, such as 3,Primary,Synced.
database_state() {
  database_sql "$1" "SELECT GROUP_CONCAT(variable_value ORDER BY variable_name)
    FROM information_schema.global_status
    WHERE variable_name IN ('wsrep_cluster_size', 'wsrep_cluster_status', 'wsrep_local_state_comment')"
}

database_synced() { machine_those databases database_synced_on; }

database_synced_on() { [[ $(database_state "$1" 2>/dev/null) == "$(databases_count),Primary,Synced" ]]; }

# database_mend N: resets the switches that scenarios change.
database_mend() {
  machine_ssh "$1" 'rm -rf /var/tmp/clustercheck.disabled /var/lib/overcloud.restore
    rm -rf /var/lib/overcloud.backup/restore /var/lib/mysql.*
    nft delete table inet overcloud_backup_restore
    iptables -D INPUT -p tcp --dport 3306 -j OVERCLOUD_BACKUP_RESTORE
    in-database mysql --execute="SET GLOBAL wsrep_desync = OFF; SET GLOBAL read_only = OFF;
      SET GLOBAL wsrep_reject_queries = NONE"' 2>/dev/null
}
