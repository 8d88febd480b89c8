#!/usr/bin/python
# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the overcloud.backup authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Generated from modules/doctor_facts.yml by "make generate": change that file.
from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
module: doctor_facts
short_description: Check what a backup, a verification and a restore will need on this host
version_added: 1.0.0
description:
  - >-
    Runs the checks that a backup, a verification and a restore make before they begin, each of them, whatever the
    others find. It changes nothing, leaves nothing, takes no lock and starts no container.
  - >-
    The playbook C(overcloud.backup.doctor) runs it on every controller, and M(overcloud.backup.doctor) judges the
    result.
  - A check that finds something, or that cannot be made, does not make the module fail.
  - >-
    If the database runs in a container, the programs of a verification are looked for in the container that runs. The
    image itself is not started.
options:
  destination:
    description: The directory of the sets, as in M(overcloud.backup.galera_backup).
    type: path
    default: /var/backups/overcloud
  cluster:
    description: Name of the cluster's folder, as in M(overcloud.backup.galera_backup).
    type: str
  method:
    description: The method of the backup, as in M(overcloud.backup.galera_backup).
    type: str
    choices:
      - auto
      - physical
      - logical
    default: auto
  desync:
    description: Whether a backup sets C(wsrep_desync), which needs a privilege.
    type: str
    choices:
      - auto
      - always
      - never
    default: auto
  non_transactional:
    description: How a logical backup treats tables that are not InnoDB.
    type: str
    choices:
      - refuse
      - warn
    default: refuse
  broken:
    description: How a logical backup treats tables and views that the server cannot open.
    type: str
    choices:
      - refuse
      - leave_out
    default: refuse
  scratch:
    description: The folder of a verification, as in M(overcloud.backup.backup_verify).
    type: path
    default: /var/lib/overcloud.backup/scratch
  timeout:
    description: Time limit of all checks, in seconds. Adding up the files of a large datadir takes the longest.
    type: float
    default: 300
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
    description: Can run in check mode and return what it would return without it.
    support: full
  diff_mode:
    description: Can say what it changed. It changes nothing.
    support: none
  facts:
    description: Returns facts.
    support: full
requirements:
  - Root, as for a backup.
seealso:
  - module: overcloud.backup.doctor
  - module: overcloud.backup.galera_backup
author:
  - The overcloud.backup authors (@overcloud-backup)
"""

EXAMPLES = r"""
- name: Check what a backup to an NFS mount will need
  overcloud.backup.doctor_facts:
    destination: /mnt/nfs/overcloud
  become: true
"""

RETURN = r"""
ansible_facts:
  description: The facts.
  returned: always
  type: dict
  contains:
    ansible_doctor:
      description: The result of all checks of this host.
      returned: always
      type: dict
      contains:
        present:
          description: Whether a database server answered.
          returned: always
          type: bool
          sample: true
        gathered_at:
          description: End of the reading, in seconds since the epoch, on the control node's clock.
          returned: always
          type: float
          sample: 1795374085.2
        clock_skew:
          description: This host's clock minus the control node's, in seconds.
          returned: always
          type: float
          sample: 0.4
        duration:
          description: Duration of the reading in seconds.
          returned: always
          type: float
          sample: 2.1
        host:
          description: This host, as it describes itself.
          returned: always
          type: dict
          contains:
            name:
              description: The kernel's host name.
              returned: always
              type: str
              sample: controller-0
            addresses:
              description: Its addresses.
              returned: always
              type: list
              elements: str
              sample:
                - 10.99.0.10
            boot_id:
              description: Id of this boot.
              returned: always
              type: str
              sample: 7b9c3c86-5c0f-4a41-8e1a-0a4a4f2c3a11
            machine_id:
              description: Content of C(/etc/machine-id).
              returned: always
              type: str
              sample: 1f0c3c865c0f4a418e1a0a4a4f2c3a11
        errors:
          description: Sources that could not be read.
          returned: always
          type: list
          elements: dict
          contains:
            source:
              description: The source.
              returned: always
              type: str
              sample: mounts
            where:
              description: Where it is.
              returned: always
              type: str
              sample: /proc/self/mountinfo
            message:
              description: The failure.
              returned: always
              type: str
              sample: permission denied
            hint:
              description: What to do.
              returned: sometimes
              type: str
              sample: 'become: true'
        selinux:
          description: Mode of SELinux, C(enforcing), C(permissive) or C(disabled). Empty if it is unknown.
          returned: always
          type: str
          sample: enforcing
        kernel:
          description: Release of the kernel.
          returned: always
          type: str
          sample: 4.18.0-553.el8.x86_64
        mount:
          description: The file system of the destination.
          returned: always
          type: dict
          contains:
            point:
              description: Where it is mounted.
              returned: always
              type: str
              sample: /mnt/nfs
            type:
              description: Its type.
              returned: always
              type: str
              sample: nfs4
            source:
              description: What is mounted.
              returned: always
              type: str
              sample: nas:/export
        looks:
          description: The checks.
          returned: always
          type: list
          elements: dict
          contains:
            check:
              description: Name of the check. C(docs/doctor.md) lists all.
              returned: always
              type: str
              sample: backup_space
            seen:
              description: The value that was seen.
              returned: always
              type: str
              sample: 12.0 GiB are free at /var/backups, and about 1.1 GiB are needed
            problem:
              description: What is wrong. Empty if nothing is.
              returned: always
              type: str
              sample: ""
            unread:
              description: Why it is not known. Empty if it is.
              returned: always
              type: str
              sample: ""
            warnings:
              description: What is worth knowing, and keeps nothing from working.
              returned: always
              type: list
              elements: str
              sample: []
"""
