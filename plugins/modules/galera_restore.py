#!/usr/bin/python
# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the overcloud.backup authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Generated from modules/galera_restore.yml by "make generate": change that file.
from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
module: galera_restore
short_description: Do one controller's part of restoring a Galera cluster
version_added: 1.0.0
description:
  - >-
    Restores a cluster under Pacemaker from a set of M(overcloud.backup.galera_backup). The role
    C(overcloud.backup.controller_restore) calls it on every controller in the order of the states below.
  - >-
    Each change is recorded in C(/var/lib/overcloud.backup/restore/restore.json) on the controller before it is made.
    Each state can be requested again, however the previous call ended. A change that is already in place is kept.
  - >-
    The database serves until the whole set has been read back, unpacked and prepared beside the datadir. A set is
    refused before any change if it is damaged, too large, from another cluster or from a later server.
  - >-
    A set is not signed. Any user who can write to the destination could have forged its data, its manifest and the
    record of its verification. The cluster gets all data, accounts and events in the set.
  - >-
    No datadir is removed. The original ones stay beside the new ones under other names, and C(state=rolling_back)
    returns to them.
options:
  state:
    description:
      - >-
        C(planned) inspects the host and changes nothing. It returns C(node), C(book), C(set), C(plan) and C(problems).
        It is deprecated; use M(overcloud.backup.galera_restore_info), which does the same.
      - C(staged) prepares the set beside the datadir of the controller that sees it. It needs C(confirm).
      - >-
        C(fenced) blocks clients from the database's port on this host with nft or iptables. Connections are refused at
        once, including open ones.
      - C(stopped) stops the database's resource on all controllers and checks that it is stopped.
      - >-
        C(replaced) moves the datadir aside. In its place it puts the staged datadir, with the set's position in
        C(grastate.dat), or, on a host where nothing was staged, the datadir of an empty server.
      - >-
        C(started) starts the resource and waits until it serves on all controllers. The agent starts the restored
        controller first, and the others copy its data.
      - >-
        C(checked) logs in with the accounts of this host and checks that the node is Synced in a cluster of all
        controllers, with the state and schema of the set.
      - C(opened) lets clients connect again.
      - C(reached) checks that the database answers at a virtual IP.
      - C(finished) ends the restore on this host.
      - >-
        C(rolling_back) records that the original data is to return, even after a restore that succeeded. Then
        C(fenced), C(stopped), C(rolled_back), C(started), C(checked), C(opened), C(reached) and C(finished) follow.
      - C(rolled_back) puts the original datadir back. The restored one stays beside it.
      - >-
        C(rejoined) does everything for one broken controller. It keeps the resource off this host, moves the datadir
        aside, and lets the host come back, which copies the data of another controller. It needs C(confirm), and
        refuses if no other controller serves or if clients use this host's server.
      - >-
        C(loaded) loads C(schemas) of a logical set into the running cluster, through this host's server. The whole dump
        is read back first. Only statements that C(mariadb-dump) writes for these schemas are run, see C(definers). The
        rows are first loaded into separate schemas, C(overcloud_load_...); then the tables take their places. A failure
        before that leaves the previous tables.
      - >-
        C(counted) counts C(tables), which C(loaded) returned as C(loaded), on this host's server, and fails if the
        numbers differ. It changes nothing.
      - >-
        C(configured) replaces Pacemaker's configuration with that of the set. It needs C(confirm), and C(other_cluster)
        if the set has other nodes or virtual IPs. In check mode it only compares, and in diff mode it shows the
        difference. Values that are not known to be harmless are hidden there, whatever their names; if such a value
        differs from the cluster's, the difference and a warning say so.
    type: str
    choices:
      - planned
      - staged
      - fenced
      - stopped
      - replaced
      - started
      - checked
      - opened
      - reached
      - finished
      - rolling_back
      - rolled_back
      - rejoined
      - loaded
      - counted
      - configured
    default: planned
  job:
    description: >-
      Id of the restore, the same on all hosts and in all states, as returned in C(new_job). Needed for all states but
      C(planned).
    type: str
  destination:
    description: Absolute path of the directory with the sets of all clusters. Needed for C(state=staged).
    type: path
  cluster:
    description: Name of the cluster's folder.
    type: str
  set:
    description: The set, as C(newest), or C(<cluster>/<set>), or with C(cluster) C(<set>) alone, or the path of the set.
    type: str
    default: newest
  confirm:
    description: >-
      The name of the cluster, as in the set. All data of the cluster is replaced. For C(state=rejoined) the name of
      this controller in Pacemaker.
    type: str
  target:
    description: Whether this is the controller that gets the set. The others copy its data.
    type: bool
    default: false
  other_cluster:
    description: >-
      Whether a set of a cluster with another name or another state may be restored, or Pacemaker's configuration be
      replaced with that of other nodes or virtual IPs.
    type: bool
    default: false
  passwords:
    description:
      - >-
        How to treat accounts that this host uses and that have another password in the set, or are missing there. These
        are the accounts of the health check in C(/etc/sysconfig/clustercheck), which the resource agent also uses, of
        the state transfer in C(wsrep_sst_auth), and of the administrator in options, option files and hiera. The set
        has the passwords from the time of the backup.
      - >-
        C(refuse) ends the restore before any change. C(deployed) gives the restored accounts the passwords of this
        host. C(ignore) continues.
    type: str
    choices:
      - refuse
      - deployed
      - ignore
    default: refuse
  accept_differences:
    description:
      - >-
        Whether to restore a set whose schema, once prepared, differs from the schema that the set recorded. The
        comparison comes before clients are kept out. A difference ends the restore with the names of the objects; with
        this option it is a warning.
    type: bool
    default: false
  keep_clients_out:
    description:
      - >-
        Tool that keeps clients out. C(auto) uses nft, else iptables. A tool that is named replaces the one that an
        earlier call used.
      - C(none) leaves it to you. Clients that connect before the end may see a database that is rolled back afterwards.
    type: str
    choices:
      - auto
      - nft
      - iptables
      - none
    default: auto
  memory:
    description: >-
      Memory in MiB, from 32 to 1048576, for the preparation of a physical set, or for the buffer pool of the server
      that loads a dump.
    type: int
    default: 512
  stop_timeout:
    description: Time limit in seconds, from 1 to 1000000, for stopping the resource.
    type: float
    default: 600
  start_timeout:
    description: >-
      Time limit in seconds, from 1 to 1000000, until all controllers serve. This includes copying the data to all but
      one of them.
    type: float
    default: 7200
  check_timeout:
    description: Time limit in seconds, from 1 to 1000000, until the started database is complete and answers at a virtual IP.
    type: float
    default: 120
  others_replaced:
    description: >-
      For C(state=rolling_back), whether the restore has replaced the data of other controllers. A host without a record
      of that restore then gives up its own data, too, because it may have copied the restored data since.
    type: bool
    default: false
  remove_old:
    description: Whether C(state=finished) removes the original datadirs. After that a rollback is impossible.
    type: bool
    default: false
  ignore_users:
    description: Users of health checks. Their sessions do not count as clients.
    type: list
    elements: str
    default:
      - clustercheck
      - haproxy
  schemas:
    description: Schemas, as C(schema) with everything in it, or tables, as C(schema.table), that C(state=loaded) loads.
    type: list
    elements: str
    default: []
  rename:
    description: New names for schemas, with their names in the set as keys. A schema without a new name keeps its name.
    type: dict
    default: {}
  replace:
    description: Whether C(state=loaded) may replace existing tables. They stay until all of the new ones are loaded.
    type: bool
    default: false
  non_transactional:
    description:
      - >-
        How C(state=loaded) treats tables of engines that Galera does not replicate, such as MyISAM, Aria and MEMORY.
        Only one server would have their rows. With C(REPLICATE_MYISAM) or C(REPLICATE_ARIA) in the server's
        C(wsrep_mode) those engines are replicated. A server outside of a cluster accepts all engines.
      - C(refuse) changes nothing and names the tables. C(convert) loads them as InnoDB.
    type: str
    choices:
      - refuse
      - convert
    default: refuse
  tables:
    description: Tables that C(state=counted) counts, in the form of C(loaded).
    type: list
    elements: dict
    default: []
    suboptions:
      schema:
        description: The schema.
        type: str
        required: true
      name:
        description: The table.
        type: str
        required: true
      rows:
        description: Number of rows that were loaded.
        type: int
        required: true
      in_use:
        description: >-
          Whether clients may have changed the table since. A different number is then a warning, as long as there are
          rows.
        type: bool
        default: false
  count_timeout:
    description: Time limit in seconds, from 1 to 1000000, for C(state=counted).
    type: float
    default: 1800
  definers:
    description:
      - >-
        Accounts, such as C(root@localhost), as which views, triggers, routines and events of the set may run, even if
        their privileges go beyond the schema that C(state=loaded) loads. Any other such definer is refused.
      - >-
        A set is not signed. Any user who can write to the destination could have written the code that runs as that
        account.
    type: list
    elements: str
    default: []
  login_user:
    description:
      - User to log in as.
      - >-
        The account given here is tried first, then the option files, then hiera (C(mysql::server::root_password)), then
        C(root) over the unix socket without a password. If the account given here is refused and another one works, the
        facts report it, and a backup warns.
      - Without C(login_password) the password is taken from the option files if these name the same user.
    type: str
  login_password:
    description: Password of C(login_user), which defaults to C(root). It is never shown and never on a command line.
    type: str
  login_unix_socket:
    description:
      - Path of the server's unix socket. If it is set, nothing else is tried.
      - >-
        Without it and without C(login_host), the option files are read, then the usual places are tried, then TCP at
        the server's C(bind-address). The search ends at the first place where a server answers.
      - >-
        Only root, the server's user and the user of the module may have write access to its folder; a folder that
        everybody can write to is refused. Over the socket, and over TCP to an address of this host, the server must run
        as C(root), C(mysql), the owner of its datadir or the user of the module. Nothing is sent to a server of any
        other user.
    type: path
  login_host:
    description: Address of the server, for a connection over TCP. C(localhost) means the unix socket.
    type: str
  login_port:
    description: >-
      Port of the server for a connection over TCP, from 1 to 65535. Defaults to the port in the option files, else
      3306.
    type: int
  config_file:
    description:
      - Option file with the account, used instead of C(/etc/my.cnf), C(/etc/mysql/my.cnf) and C(~/.my.cnf).
      - >-
        It is read as MariaDB's own client reads it, including C(!includedir); the groups are C([client]),
        C([client-server]), C([client-mariadb]), C([mysql]) and C([mariadb-client]).
      - >-
        A file that users other than root, C(mysql) and the user of the module can write or replace is skipped and
        reported.
    type: path
  connect_timeout:
    description: Time limit of one attempt to log in, in seconds, from 0.001 to 1000000.
    type: float
    default: 3
  ca_cert:
    description:
      - >-
        PEM file with the authority that signed the server's certificate. If it is set, a connection over TCP is
        encrypted or not made.
      - Without it, C(ssl-ca), C(ssl-cert), C(ssl-key) and C(ssl-verify-server-cert) of the option files apply.
      - >-
        It is refused if users other than root, C(mysql) and the user of the module can write or replace it. The same
        applies to C(client_cert) and C(client_key).
    type: path
    aliases:
      - ssl_ca
  client_cert:
    description: PEM file with the client's certificate.
    type: path
    aliases:
      - ssl_cert
  client_key:
    description: PEM file with the client's private key.
    type: path
    aliases:
      - ssl_key
  check_hostname:
    description: Whether the server's certificate must name C(login_host). By default it must. The backup tools check the same.
    type: bool
attributes:
  check_mode:
    description: >-
      Can run in check mode. C(planned) and C(counted) always work; the other states change nothing in check mode.
      C(state=loaded) reads the dump back and checks for anything that would end the load.
    support: full
  diff_mode:
    description: Can return a difference. C(state=configured) does.
    support: partial
requirements:
  - Root, Pacemaker with the resource agent C(ocf:heartbeat:galera), and nft or iptables.
  - >-
    The programs of the MariaDB server on every controller, including C(mariadb-install-db), and C(mariadb-backup) and
    C(mbstream) on the controller where a physical set is staged.
notes:
  - >-
    A datadir that is a separate file system cannot be moved aside and is refused. InnoDB files outside of the datadir
    and databases in the containers of a bundle are also refused.
seealso:
  - module: overcloud.backup.galera_restore_info
  - module: overcloud.backup.backup_info
  - module: overcloud.backup.backup_verify
author:
  - The overcloud.backup authors (@overcloud-backup)
"""

EXAMPLES = r"""
- name: Show what a restore of the newest set would do
  overcloud.backup.galera_restore:
    destination: /var/backups/overcloud
  become: true

- name: Load a schema beside the live one
  overcloud.backup.galera_restore:
    state: loaded
    destination: /var/backups/overcloud
    set: galera_cluster/20261122T191500Z_logical_controller-2
    schemas: [keystone]
    rename:
      keystone: keystone_before
  become: true
"""

RETURN = r"""
msg:
  description: One line for people.
  returned: success
  type: str
  sample: moved /var/lib/mysql to /var/lib/mysql.aside-20261123T120000Z-4f2a9c; /var/lib/mysql is now that of the set
said:
  description: Actions and observations.
  returned: with all states but C(planned) and C(counted)
  type: list
  elements: str
  sample:
    - stopped the resource galera-master on all controllers
loaded:
  description: >-
    The tables and sequences that were loaded, by C(schema) and C(name), with their C(rows) in the dump, and whether a
    table was C(in_use) before.
  returned: with C(state=loaded)
  type: list
  elements: dict
  sample:
    - schema: keystone_before
      name: user
      rows: 12
      in_use: false
node:
  description: >-
    This controller, with its C(name) in Pacemaker, the C(members) of the database's cluster, the C(online) nodes,
    C(datadir), C(port), C(cluster), C(free_bytes) beside the datadir, the server's C(options) that the data depends on,
    and whether it is C(serving).
  returned: with C(state=planned)
  type: dict
  sample:
    name: controller-1
    members:
      - controller-0
      - controller-1
      - controller-2
    datadir: /var/lib/mysql
    port: "3306"
    serving: true
book:
  description: >-
    Record of the restore on this host. C(job) is empty if there was none. C(ended) is empty, C(restored) or
    C(rolled_back).
  returned: always
  type: dict
  sample:
    job: 20261123T120000Z-4f2a9c
    ended: restored
    aside:
      - /var/lib/mysql.aside-20261123T120000Z-4f2a9c
set:
  description: The set, as M(overcloud.backup.backup_info) lists it.
  returned: with C(state=planned), if this host sees it
  type: dict
plan:
  description: Requirements of preparing the set here, with C(tools), C(space) and C(origin), the known origin of the set.
  returned: with C(state=planned), if this host sees the set
  type: dict
problems:
  description: Problems that keep this host from being restored.
  returned: with C(state=planned), if there are any
  type: list
  elements: str
has_old:
  description: Whether this host has an original datadir to return to.
  returned: always
  type: bool
under_way:
  description: Whether a restore has changed something on this host and has not ended.
  returned: always
  type: bool
stopped:
  description: Whether the restore in C(book) has stopped the database. Otherwise there is no datadir to put back.
  returned: always
  type: bool
new_job:
  description: An id for a new restore.
  returned: with C(state=planned)
  type: str
"""
