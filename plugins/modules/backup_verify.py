#!/usr/bin/python
# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the overcloud.backup authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Generated from modules/backup_verify.yml by "make generate": change that file.
from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
module: backup_verify
short_description: Prove that a backup set can be restored
version_added: 1.0.0
description:
  - >-
    Verifies a set that M(overcloud.backup.galera_backup) made, on a host that sees it, and writes the outcome beside
    its manifest as C(verified.json). That record names the set and the sha256 of its manifest, and counts for no other.
  - >-
    Neither a set nor its record is signed. A verification proves that a set can be restored, not who made it. Programs
    that are fed from a set are confined to the scratch folder, never run as root and have no network.
  - C(level=read) reads the set back as M(overcloud.backup.backup_info) does.
  - >-
    C(level=restore) reads it back and, in the same pass, restores it into a scratch folder with the server's own
    programs. It starts a server there, without network, Galera, binary log and events, checks every table with C(CHECK
    TABLE), reads every row, reads what the server says in its log, and compares the schema's fingerprint and the number
    of tables of each schema with the manifest.
  - >-
    A set is of one moment of a moving server, whose rows nobody counted then. So rows and C(CHECKSUM TABLE) of every
    table are written into the record, and a later restore of the same set must find the same.
  - >-
    A set that is damaged, does not load, or differs from what was recorded makes the module fail, with files and
    offsets, lines, or objects. A verification that could not be done, for want of space or of programs, fails too, and
    leaves the record as it was.
  - >-
    Where systemd runs the host the verification is a unit of it, with weights that leave processors, disks and memory
    to everybody else. It outlives a lost connection, after which the task finds it again, and its outcome is in the
    record whoever waits.
  - >-
    The scratch server and the scratch folder are removed whatever happens. Should it be killed, the kernel ends the
    server with it, and systemd, the next verification, or C(state=recovered) removes the folder.
options:
  state:
    description:
      - C(present) verifies a set, or finds the verification of this C(job), and waits for it unless C(wait=false).
      - C(status) tells where C(job) stands.
      - >-
        C(recovered) only removes what a verification left that was killed, in C(scratch) and in the former default,
        C(/var/tmp/overcloud.backup).
    type: str
    choices:
      - present
      - status
      - recovered
    default: present
  destination:
    description: Absolute path of the directory with the sets of all clusters. Needed for C(state=present).
    type: path
  cluster:
    description: Name of the cluster's folder.
    type: str
  set:
    description: The set, as C(newest), or C(<cluster>/<set>), or with C(cluster) C(<set>) alone, or the path of the set.
    type: str
    default: newest
  level:
    description: How deep it is verified.
    type: str
    choices:
      - read
      - restore
    default: restore
  scratch:
    description:
      - >-
        Absolute path of a folder for the copy of the data. It must belong to root, and the user C(mysql) must be able
        to enter it; the default is made so. In a folder that everybody can write to, as C(/var/tmp), somebody else may
        take the name first.
      - >-
        It is made where it is missing, and keeps a lock. It needs 1.2 times the bytes that are inside of a physical
        set, 2.5 times those of a dump, and 512 MiB. That is looked at before.
    type: path
    default: /var/lib/overcloud.backup/scratch
  memory:
    description: MiB, from 32 to 1048576, of the scratch server's buffer pool.
    type: int
    default: 256
  cpu_weight:
    description: Weight of the verification's unit for the processors, from 1 to 10000, where everything else on the host has 100.
    type: int
    default: 50
  io_weight:
    description: Its weight for the disks, from 1 to 10000, where everything else has 100.
    type: int
    default: 50
  memory_high:
    description: MiB of memory, up to 1048576, over which its unit is slowed down. It must be at least C(memory) and 512.
    type: int
    default: 1536
  job:
    description:
      - >-
        Id of the verification, up to 64 letters, digits, dots, dashes and underscores. A second call with the same id
        finds the first one's instead of starting another. When that has ended, its result is returned with a warning,
        nothing is done, and C(changed) is false.
      - Without it one is made of the time. Of the last 5 verifications that ended the results are kept.
    type: str
  wait:
    description: >-
      Whether C(state=present) waits for the end. Without it the job's id is returned at once. A host without systemd
      always waits.
    type: bool
    default: true
  max_duration:
    description: Seconds, from 1 to 1000000, after which the verification is stopped.
    type: float
    default: 14400
  policy:
    description:
      - >-
        C(require_idle) refuses C(level=restore) on a host whose own database has clients. C(allow_active) does not
        look.
      - A host without a database is never refused.
    type: str
    choices:
      - require_idle
      - allow_active
    default: require_idle
  ignore_users:
    description: Users of health checks. Their sessions are no clients.
    type: list
    elements: str
    default:
      - clustercheck
      - haproxy
  login_user:
    description:
      - User to log in as.
      - >-
        What is given here is tried first, then the option files, then hiera (C(mysql::server::root_password)), then
        C(root) over the unix socket without a password. Of an account given here that is refused although another one
        then worked, the facts tell, and a backup warns.
      - Without C(login_password) the password is taken from the option files when these speak of the same user.
    type: str
  login_password:
    description: Password of C(login_user), which is C(root) unless told otherwise. It is never shown and never on a command line.
    type: str
  login_unix_socket:
    description:
      - Path of the server's unix socket. With it nothing else is tried.
      - >-
        Without it and without C(login_host) the option files tell, then the usual places are tried, then TCP at the
        server's C(bind-address). The first place at which somebody answers is the last one that is tried.
      - >-
        Its folder may be open to nobody but root, the server's user and the user of the module, so one that everybody
        can write to is refused. Over the socket, and over TCP to an address of this host, the server must run as
        C(root), C(mysql), the owner of its datadir or the user of the module. Anybody else is told nothing.
    type: path
  login_host:
    description: Address of the server, for a connection over TCP. C(localhost) means the unix socket.
    type: str
  login_port:
    description: Port of the server for a connection over TCP, from 1 to 65535. Without it the option files tell, else it is 3306.
    type: int
  config_file:
    description:
      - Option file to take the account from in place of C(/etc/my.cnf), C(/etc/mysql/my.cnf) and C(~/.my.cnf).
      - >-
        It is read as MariaDB's own client does, C(!includedir) too; the groups are C([client]), C([client-server]),
        C([client-mariadb]), C([mysql]) and C([mariadb-client]).
      - >-
        A file that others than root, C(mysql) and the user of the module can write or replace is passed over, and
        reported.
    type: path
  connect_timeout:
    description: Time limit of one attempt to log in, in seconds, from 0.001 to 1000000.
    type: float
    default: 3
  ca_cert:
    description:
      - >-
        File in PEM form with the authority that signed the server's certificate. With it a connection over TCP is
        encrypted or not made.
      - Without it C(ssl-ca), C(ssl-cert), C(ssl-key) and C(ssl-verify-server-cert) of the option files count.
      - >-
        It is refused when others than root, C(mysql) and the user of the module can write or replace it, as are
        C(client_cert) and C(client_key).
    type: path
    aliases:
      - ssl_ca
  client_cert:
    description: File in PEM form with the client's certificate.
    type: path
    aliases:
      - ssl_cert
  client_key:
    description: File in PEM form with the client's private key.
    type: path
    aliases:
      - ssl_key
  check_hostname:
    description: >-
      Whether the server's certificate has to name C(login_host). Without it, it has to. The tools of a backup check the
      same.
    type: bool
attributes:
  check_mode:
    description: Can run in check mode. It looks at the manifest, the programs and the room, returns C(plan), and touches nothing.
    support: full
  diff_mode:
    description: Can say what it changed in the form of a difference.
    support: none
requirements:
  - Root.
  - >-
    For C(level=restore) the programs of a MariaDB server of the series of the set, C(mariadbd), with C(mariadb-backup)
    and C(mbstream) for a physical set, C(mariadb-install-db) and C(mariadb) for a dump.
notes:
  - Tables that the server encrypts at rest cannot be restored by the scratch server, which has no key.
seealso:
  - module: overcloud.backup.backup_info
  - module: overcloud.backup.galera_backup
author:
  - The overcloud.backup authors (@overcloud-backup)
"""

EXAMPLES = r"""
- name: Restore the newest set into a scratch server and look into it
  overcloud.backup.backup_verify:
    destination: /var/backups/overcloud
  become: true

- name: Only read it back
  overcloud.backup.backup_verify:
    destination: /var/backups/overcloud
    set: galera_cluster/20261122T191500Z_physical_controller-2
    level: read
  become: true

- name: Remove what a killed verification left
  overcloud.backup.backup_verify:
    state: recovered
  become: true
"""

RETURN = r"""
msg:
  description: One line for people.
  returned: success
  type: str
  sample: >-
    /var/backups/overcloud/galera_cluster/20261122T191500Z_physical_controller-2 was restored into a scratch server:
    1502 tables are sound, 1048576 rows in those of users, 41.2 s
set:
  description: Name of the set.
  returned: when a set was found
  type: str
  sample: galera_cluster/20261122T191500Z_physical_controller-2
path:
  description: Where it lies.
  returned: when a set was found
  type: str
  sample: /var/backups/overcloud/galera_cluster/20261122T191500Z_physical_controller-2
level:
  description: How deep it was verified.
  returned: when a set was found
  type: str
  sample: restore
plan:
  description: >-
    What a restore does, or in check mode would do, with C(tools), their C(version), the C(space), the C(user) that runs
    them, and C(origin), what is known of who made the set.
  returned: with C(level=restore), when it can be done
  type: dict
  sample:
    set: galera_cluster/20261122T191500Z_physical_controller-2
    path: /var/backups/overcloud/galera_cluster/20261122T191500Z_physical_controller-2
    scratch: /var/lib/overcloud.backup/scratch
    tools:
      paths:
        prepare: /usr/bin/mariadb-backup
        server: /usr/sbin/mariadbd
        unpack: /usr/bin/mbstream
      version: 10.11.19
    space:
      raw_bytes: 209715200
      factor: 1.2
      needed_bytes: 788529152
      free_bytes: 84000000000
      at: /var/lib/overcloud.backup
    user: mysql
    origin: >-
      not signed: whoever can write to the destination can have written its data, its manifest and the record that it
      was verified
outcome:
  description: What was found, as it stands in C(verified.json), there with all tables.
  returned: when the set was verified
  type: dict
  contains:
    ok:
      description: Whether nothing is wrong with the set.
      returned: always
      type: bool
      sample: true
    at:
      description: When the verification ended, in seconds since the epoch.
      returned: always
      type: float
      sample: 1795634160.25
    duration:
      description: Seconds it took.
      returned: always
      type: float
      sample: 41.2
    host:
      description: Host name of this host.
      returned: always
      type: str
      sample: controller-2
    made_by:
      description: Version of the collection.
      returned: always
      type: str
      sample: overcloud.backup 1.0.0
    problems:
      description: >-
        What is wrong, by C(file), with C(kind) and C(reason), and where they are known with C(offset), or C(line) and
        C(object) of a statement. The kind is C(damaged) for bytes that are not those that were written,
        C(does_not_load) for a statement that the server refuses, and C(differs) for definitions that are not those that
        were recorded.
      returned: always
      type: list
      elements: dict
      sample: []
    warnings:
      description: What could not be compared, and what the server complained of that is no damage.
      returned: always
      type: list
      elements: str
      sample: []
    restored:
      description:
        - >-
          What the scratch server held. These are its version, the schema's C(fingerprint), the number of tables by
          schema, how many were C(checked), C(rows) of all tables of users, and C(checksum), the sha256 over the names,
          rows and checksums of these tables.
      returned: when a scratch server came up
      type: dict
      sample:
        server_version: 10.11.19-MariaDB-0+deb12u1
        fingerprint: 1aefa86b1e3960ff2d8396612b8064ddb3693945b20762f19b8c014ccd63d6a2
        schemas:
          keystone: 50
          nova: 110
        checked: 192
        rows: 1048576
        checksum: 9889be197485dbf8484719b1e19d28585bf04cd197984fdfe1f1a21c57aeb7be
job:
  description: Name of the verification.
  returned: when it ran as a unit of systemd
  type: str
  sample: 20261122T192000Z-4f2a9c
unit:
  description: The unit that it ran as.
  returned: when it ran as a unit of systemd
  type: str
  sample: overcloud-backup-20261122T192000Z-4f2a9c.service
attached:
  description: Whether the verification was there already.
  returned: with C(wait=false)
  type: bool
running:
  description: Whether its unit is there.
  returned: with C(state=status)
  type: bool
ended:
  description: Whether it has ended.
  returned: with C(state=status) and C(wait=false)
  type: bool
progress:
  description: How far it is.
  returned: with C(state=status), while it runs
  type: dict
  sample:
    phase: check
    read_bytes: 15728640
    expected_bytes: 15728640
    tables: 40
    expected_tables: 192
    elapsed: 9.5
  contains:
    phase:
      description: What it does now.
      returned: always
      type: str
    read_bytes:
      description: Bytes of the set that were read.
      returned: always
      type: int
    expected_bytes:
      description: Bytes of the set.
      returned: always
      type: int
    tables:
      description: Tables that were checked.
      returned: always
      type: int
    expected_tables:
      description: Tables that will be.
      returned: always
      type: int
    elapsed:
      description: Seconds since the beginning.
      returned: always
      type: float
result:
  description: What it returned, as C(state=present) would.
  returned: with C(state=status), when it has ended
  type: dict
undone:
  description: What was ended and removed.
  returned: with C(state=recovered), or when the verification was ended by force, when there was something
  type: list
  elements: str
  sample:
    - removed /var/lib/overcloud.backup/scratch/overcloud_verify.run
"""
