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
    its manifest as C(verified.json). That record names the set and the sha256 of its manifest, and is valid for no
    other.
  - >-
    Neither a set nor its record is signed. A verification proves that a set can be restored, not who made it. Programs
    that are fed from a set are confined to the scratch folder, never run as root and have no network.
  - C(level=read) reads the set back as M(overcloud.backup.backup_info) does.
  - >-
    C(level=restore) reads it back and, in the same pass, restores it into a scratch folder with the server's own
    programs. It starts a server there, without network, Galera, binary log and events, checks every table with C(CHECK
    TABLE), reads every row and the server's log, and compares the schema's fingerprint and the number of tables of each
    schema with the manifest.
  - >-
    A set is one moment of a running server, whose rows nobody counted at that moment. Therefore the rows and C(CHECKSUM
    TABLE) of every table are written into the record, and a later restore of the same set must find the same values.
  - >-
    If a set is damaged, does not load, or differs from the recorded state, the module fails and names files and
    offsets, lines, or objects. A verification that cannot be done, for lack of space or programs, fails too, and leaves
    the record as it was.
  - >-
    On a host with systemd the verification is a unit whose weights give everybody else priority for processors, disks
    and memory. It survives a lost connection, after which the task finds it again. Its outcome is recorded whether or
    not anybody waits for it.
  - >-
    The scratch server and the scratch folder are always removed. If the verification is killed, the kernel ends the
    server with it, and systemd, the next verification, or C(state=recovered) removes the folder.
options:
  state:
    description:
      - C(present) verifies a set, or finds the verification of this C(job), and waits for it unless C(wait=false).
      - >-
        C(status) reports the progress of C(job), as its caller asks for it. It is deprecated for only looking at a
        verification; use M(overcloud.backup.backup_verify_info).
      - >-
        C(recovered) only removes the remains of a killed verification, in C(scratch) and in the former default,
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
    description: The set. C(newest), or C(<cluster>/<set>), or with C(cluster) C(<set>) alone, or the path of the set.
    type: str
    default: newest
  level:
    description: Level of the verification.
    type: str
    choices:
      - read
      - restore
    default: restore
  scratch:
    description:
      - >-
        Absolute path of a folder for the copy of the data. It must belong to root, and the user C(mysql) must be able
        to enter it; the default is created that way. In a folder that everybody can write to, as C(/var/tmp), somebody
        else may take the name first.
      - >-
        The folder is created if it is missing, and keeps a lock. It needs 1.2 times the unpacked content of a physical
        set, or 2.5 times that of a dump, and 512 MiB. This is checked first.
    type: path
    default: /var/lib/overcloud.backup/scratch
  memory:
    description: Size of the scratch server's buffer pool in MiB, from 32 to 1048576.
    type: int
    default: 256
  cpu_weight:
    description: Processor weight of the verification's unit, from 1 to 10000. Everything else on the host has 100.
    type: int
    default: 50
  io_weight:
    description: Disk weight of the unit, from 1 to 10000. Everything else has 100.
    type: int
    default: 50
  memory_high:
    description: Memory in MiB, up to 1048576, above which the unit is slowed down. It must be at least C(memory) and 512.
    type: int
    default: 1536
  job:
    description:
      - >-
        Id of the verification, up to 64 letters, digits, dots, dashes and underscores. A second call with the same id
        finds the first verification instead of starting another. If that has ended, its result is returned with a
        warning, nothing is done, and C(changed) is false.
      - Without it the id is made from the time. The results of the last 5 verifications that ended are kept.
    type: str
  wait:
    description: >-
      Whether C(state=present) waits for the end. If false, the job's id is returned at once. A host without systemd
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
        check.
      - A host without a database is never refused.
    type: str
    choices:
      - require_idle
      - allow_active
    default: require_idle
  ignore_users:
    description: Users of health checks. Their sessions do not count as clients.
    type: list
    elements: str
    default:
      - clustercheck
      - haproxy
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
    description: Can run in check mode. It checks the manifest, the programs and the room, returns C(plan), and changes nothing.
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
  - module: overcloud.backup.backup_verify_info
  - module: overcloud.backup.backup_info
  - module: overcloud.backup.galera_backup
author:
  - The overcloud.backup authors (@overcloud-backup)
"""

EXAMPLES = r"""
- name: Restore the newest set into a scratch server and check it
  overcloud.backup.backup_verify:
    destination: /var/backups/overcloud
  become: true

- name: Only read it back
  overcloud.backup.backup_verify:
    destination: /var/backups/overcloud
    set: galera_cluster/20261122T191500Z_physical_controller-2
    level: read
  become: true

- name: Remove the remains of a killed verification
  overcloud.backup.backup_verify:
    state: recovered
  become: true
"""

RETURN = r"""
msg:
  description: One line for humans.
  returned: success
  type: str
  sample: >-
    /var/backups/overcloud/galera_cluster/20261122T191500Z_physical_controller-2 was restored into a scratch server:
    1502 tables undamaged, 1048576 rows in those of users, 41.2 s
set:
  description: Name of the set.
  returned: when a set was found
  type: str
  sample: galera_cluster/20261122T191500Z_physical_controller-2
path:
  description: Path of the set.
  returned: when a set was found
  type: str
  sample: /var/backups/overcloud/galera_cluster/20261122T191500Z_physical_controller-2
level:
  description: Level of the verification.
  returned: when a set was found
  type: str
  sample: restore
plan:
  description: >-
    Plan of the restore, with C(tools), their C(version), the C(space), the C(user) that runs them, and C(origin), which
    says whether it is known who made the set.
  returned: with C(level=restore), if it can be done
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
      not signed: anyone who can write to the destination can have written its data, its manifest and the record that it
      was verified
outcome:
  description: The outcome as in C(verified.json), which also lists all tables.
  returned: when the set was verified
  type: dict
  contains:
    ok:
      description: Whether the set has no problems.
      returned: always
      type: bool
      sample: true
    at:
      description: When the verification ended, in seconds since the epoch.
      returned: always
      type: float
      sample: 1795634160.25
    duration:
      description: Duration in seconds.
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
        Problems by C(file), with C(kind) and C(reason), and, where known, with C(offset), or C(line) and C(object) of a
        statement. The kind is C(damaged) for bytes that are not those that were written, C(does_not_load) for a
        statement that the server refuses, and C(differs) for definitions that differ from the recorded ones.
      returned: always
      type: list
      elements: dict
      sample: []
    warnings:
      description: Things that could not be compared, and complaints of the server that are not damage.
      returned: always
      type: list
      elements: str
      sample: []
    restored:
      description:
        - >-
          Content of the scratch server. Its version, the schema's C(fingerprint), the number of tables by schema, how
          many were C(checked), the C(rows) of all user tables, and C(checksum), the sha256 over the names, rows and
          checksums of these tables.
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
  description: Id of the verification.
  returned: when it ran as a unit of systemd
  type: str
  sample: 20261122T192000Z-4f2a9c
unit:
  description: Its systemd unit.
  returned: when it ran as a unit of systemd
  type: str
  sample: overcloud-backup-20261122T192000Z-4f2a9c.service
attached:
  description: Whether the verification existed already.
  returned: with C(wait=false)
  type: bool
running:
  description: Whether its unit exists.
  returned: with C(state=status)
  type: bool
ended:
  description: Whether it has ended.
  returned: with C(state=status) and C(wait=false)
  type: bool
progress:
  description: Progress of the verification.
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
      description: Current phase.
      returned: always
      type: str
    read_bytes:
      description: Bytes of the set read so far.
      returned: always
      type: int
    expected_bytes:
      description: Size of the set in bytes.
      returned: always
      type: int
    tables:
      description: Tables checked so far.
      returned: always
      type: int
    expected_tables:
      description: Tables to check.
      returned: always
      type: int
    elapsed:
      description: Seconds since the start.
      returned: always
      type: float
result:
  description: Its result, as C(state=present) would return it.
  returned: with C(state=status), when it has ended
  type: dict
undone:
  description: Processes that were ended and files that were removed.
  returned: with C(state=recovered), or if the verification was ended by force, when there was something to undo
  type: list
  elements: str
  sample:
    - removed /var/lib/overcloud.backup/scratch/overcloud_verify.run
"""
