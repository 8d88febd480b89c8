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
    Restores a cluster that Pacemaker runs from a set that M(overcloud.backup.galera_backup) made. It is used by the
    role C(overcloud.backup.controller_restore), which calls it on every controller in the order of the states below.
  - >-
    What a controller has changed stands in C(/var/lib/overcloud.backup/restore/restore.json) before it is changed. Each
    state may be asked for again, after whatever killed the one before. What is so already stays as it is.
  - >-
    The database serves until the whole set has been read back, unpacked and prepared beside the datadir. A set that is
    damaged, of another cluster, of a later server, or too large is refused before anything is touched.
  - >-
    A set is not signed. Whoever can write to the destination can have written its data, its manifest and the record
    that it was verified. A restore gives the cluster whatever data, accounts and events it holds.
  - >-
    No datadir is removed. The old ones stay beside the new ones under other names, and C(state=rolling_back) goes back
    to them.
options:
  state:
    description:
      - C(planned) looks and changes nothing. It returns C(node), C(book), C(set), C(plan) and C(problems).
      - C(staged) makes the set ready beside the datadir of the controller that sees it. It needs C(confirm).
      - >-
        C(fenced) keeps clients from the database's port of this host with nft or iptables. Connections are refused at
        once, open ones too.
      - C(stopped) stops the database's resource on all controllers and sees that it is stopped.
      - >-
        C(replaced) moves the datadir aside and puts what was staged in its place, with the set's position in
        C(grastate.dat), or where nothing was staged the datadir of an empty server.
      - >-
        C(started) starts the resource and waits until it serves on all controllers. The agent takes the restored
        controller first, and the others get the data from it.
      - >-
        C(checked) logs in with the accounts that this host has and sees that the node is Synced in a cluster of all
        controllers, with the set's state and schema.
      - C(opened) lets clients in again.
      - C(reached) sees that the database answers at a virtual IP.
      - C(finished) ends the restore on this host.
      - >-
        C(rolling_back) notes that the data of before are to come back, also after a restore that ended well. Then
        C(fenced), C(stopped), C(rolled_back), C(started), C(checked), C(opened), C(reached) and C(finished) follow.
      - C(rolled_back) puts the datadir of before back. The restored one stays beside it.
      - >-
        C(rejoined) does all for one broken controller. It keeps the resource off this host, moves the datadir aside,
        and lets the host come back, which copies the data of another controller. It needs C(confirm), and refuses when
        nobody else serves or clients use this host's server.
      - >-
        C(loaded) loads C(schemas) of a logical set into the running cluster, through this host's server. The whole dump
        is read back before. Only statements that C(mariadb-dump) writes for these schemas are run, see C(definers). The
        rows are loaded into schemas of its own first, C(overcloud_load_...), and the tables take their places when that
        is done. What fails before leaves what was there.
      - >-
        C(counted) counts C(tables), which C(loaded) returned as C(loaded), on this host's server, and fails where it
        has other numbers. It changes nothing.
      - >-
        C(configured) replaces Pacemaker's configuration by that of the set, which needs C(confirm), and where the set
        has other nodes or virtual IPs C(other_cluster). In check mode it only compares, and in diff mode shows the
        difference. What is not known to be harmless is hidden there, whatever its name is; where such a value is not
        the cluster's, the difference and a warning say so.
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
      Id of the restore, the same on all hosts and in all states, as C(new_job) gives one. Needed for all states but
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
      The name of the cluster, as the set has it. All data of the cluster are replaced. For C(state=rejoined) the name
      of this controller in Pacemaker.
    type: str
  target:
    description: Whether this is the controller that gets the set. The others get the data from it.
    type: bool
    default: false
  other_cluster:
    description: >-
      Whether a set of a cluster with another name or another state may be restored, or Pacemaker's configuration be
      replaced by that of other nodes or virtual IPs.
    type: bool
    default: false
  passwords:
    description:
      - >-
        What becomes of accounts that this host uses and that the set has with another password, or not at all. These
        are the health check's in C(/etc/sysconfig/clustercheck), with which the resource agent looks, too, the state
        transfer's in C(wsrep_sst_auth), and the administrator's in options, option files and hiera. The set has the
        passwords of its time.
      - >-
        C(refuse) ends the restore before anything is touched. C(deployed) gives the restored accounts the passwords
        that this host has. C(ignore) goes on.
    type: str
    choices:
      - refuse
      - deployed
      - ignore
    default: refuse
  accept_differences:
    description:
      - >-
        Whether a set is restored although its schema, once it is made ready, is not what the set recorded. What is made
        ready is compared before anybody is kept out, and a difference ends the restore with the names of the objects;
        with this it is a warning.
    type: bool
    default: false
  keep_clients_out:
    description:
      - By what. C(auto) takes nft, else iptables. What is asked for by name replaces what a call before used.
      - C(none) leaves it to you. Clients that come in before the end may see a database that is rolled back afterwards.
    type: str
    choices:
      - auto
      - nft
      - iptables
      - none
    default: auto
  memory:
    description: >-
      MiB, from 32 to 1048576, for the preparation of a physical set, or the buffer pool of the server that loads a
      dump.
    type: int
    default: 512
  stop_timeout:
    description: Seconds, from 1 to 1000000, within which the resource must stop.
    type: float
    default: 600
  start_timeout:
    description: >-
      Seconds, from 1 to 1000000, within which all controllers must serve. The data are copied to all but one of them
      meanwhile.
    type: float
    default: 7200
  check_timeout:
    description: Seconds, from 1 to 1000000, within which the started database must be whole and answer at a virtual IP.
    type: float
    default: 120
  others_replaced:
    description: >-
      For C(state=rolling_back), whether the restore has replaced the data of other controllers. A host that has no note
      of that restore gives up its own then, too, for it may have copied the restored data since.
    type: bool
    default: false
  remove_old:
    description: Whether C(state=finished) removes the datadirs of before. There is no way back then.
    type: bool
    default: false
  ignore_users:
    description: Users of health checks. Their sessions are no clients.
    type: list
    elements: str
    default:
      - clustercheck
      - haproxy
  schemas:
    description: What C(state=loaded) loads, as C(schema) with all that is in it, or C(schema.table).
    type: list
    elements: str
    default: []
  rename:
    description: New names by the names that the schemas have in the set. Without one a schema keeps its name.
    type: dict
    default: {}
  replace:
    description: Whether C(state=loaded) may replace tables that are there. They are there until all of the new ones are loaded.
    type: bool
    default: false
  non_transactional:
    description:
      - >-
        What C(state=loaded) does with tables of engines that Galera does not replicate, as MyISAM, Aria and MEMORY.
        Only one server would have their rows. With C(REPLICATE_MYISAM) or C(REPLICATE_ARIA) in the server's
        C(wsrep_mode) those engines are replicated. A server outside of a cluster takes any.
      - C(refuse) changes nothing and names the tables. C(convert) loads them as InnoDB.
    type: str
    choices:
      - refuse
      - convert
    default: refuse
  tables:
    description: What C(state=counted) counts, as C(loaded) has it.
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
        description: How many rows were loaded.
        type: int
        required: true
      in_use:
        description: Whether clients may have changed it since. Another number is a warning then, as long as there are rows.
        type: bool
        default: false
  count_timeout:
    description: Seconds, from 1 to 1000000, within which C(state=counted) must have counted.
    type: float
    default: 1800
  definers:
    description:
      - >-
        Accounts, as C(root@localhost), that views, triggers, routines and events of the set may run as, although they
        may do more here than with the schema that C(state=loaded) loads. Any other such definer is a refusal.
      - A set is not signed. Whoever can write to the destination can have written what runs as that account.
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
      Can run in check mode. States other than C(planned) and C(counted) change nothing then, and these always work.
      C(state=loaded) reads the dump back and looks for what would end the load.
    support: full
  diff_mode:
    description: Can say what it changed in the form of a difference. C(state=configured) does.
    support: partial
requirements:
  - Root, Pacemaker with the resource agent C(ocf:heartbeat:galera), and nft or iptables.
  - >-
    The programs of the MariaDB server on every controller, C(mariadb-install-db) among them, with C(mariadb-backup) and
    C(mbstream) for a physical set where it is staged.
notes:
  - >-
    A datadir that is a file system of its own cannot be moved aside and is refused, as are files of InnoDB outside of
    the datadir and databases in the containers of a bundle.
seealso:
  - module: overcloud.backup.backup_info
  - module: overcloud.backup.backup_verify
author:
  - The overcloud.backup authors (@overcloud-backup)
"""

EXAMPLES = r"""
- name: Look what a restore of the newest set would do
  overcloud.backup.galera_restore:
    destination: /var/backups/overcloud
  become: true

- name: Bring a schema back beside the one that is used
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
  description: What was done, and what was seen.
  returned: with all states but C(planned) and C(counted)
  type: list
  elements: str
  sample:
    - stopped the resource galera-master on all controllers
loaded:
  description: >-
    The tables and sequences that were loaded, by C(schema) and C(name), with their C(rows) in the dump, and whether
    such a table was C(in_use) before.
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
    This controller, by its C(name) in Pacemaker, with the C(members) of the database's cluster, who is C(online),
    C(datadir), C(port), C(cluster), C(free_bytes) beside the datadir, the server's C(options) that the data depend on,
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
    What a restore has done on this host. C(job) is empty where there was none, C(ended) is empty, C(restored) or
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
  returned: with C(state=planned), where this host sees it
  type: dict
plan:
  description: What making it ready takes here, with C(tools), C(space) and C(origin), what is known of who made the set.
  returned: with C(state=planned), where this host sees the set
  type: dict
problems:
  description: What keeps this host from being restored.
  returned: with C(state=planned), when there are any
  type: list
  elements: str
has_old:
  description: Whether this host has a datadir of before to go back to.
  returned: always
  type: bool
under_way:
  description: Whether a restore has changed something on this host and has not ended.
  returned: always
  type: bool
stopped:
  description: Whether the restore in C(book) has stopped the database. Else there is no datadir to put back.
  returned: always
  type: bool
new_job:
  description: An id for a new restore.
  returned: with C(state=planned)
  type: str
"""
