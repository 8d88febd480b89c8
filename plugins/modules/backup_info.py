#!/usr/bin/python
# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the overcloud.backup authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Generated from modules/backup_info.yml by "make generate": change that file.
from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
module: backup_info
short_description: List the backup sets of a directory and read one back
version_added: 1.0.0
description:
  - >-
    Lists the sets that M(overcloud.backup.galera_backup) made in a directory of this host, newest first, with their
    positions and the results of M(overcloud.backup.backup_verify).
  - >-
    With C(read=true) it reads one set back to its last byte. The manifest must be consistent, every file must have the
    length and the sha256 of the manifest, every zstd frame must unpack to its expected content, the xbstream must be
    complete and match the manifest, and a dump must end with its closing line. A problem is named with file and offset,
    and the module fails.
  - Folders without a manifest are not sets. They are named, with a warning.
  - It never changes anything. M(overcloud.backup.backup_verify) records that a set was verified.
  - Sets and these records are not signed. Whoever can write to the destination can forge both.
options:
  destination:
    description:
      - Absolute path of the directory with the sets of all clusters, as in M(overcloud.backup.galera_backup).
      - A directory that does not exist contains no sets.
    type: path
    required: true
  cluster:
    description: Name of the cluster's folder. Without it, all clusters are listed.
    type: str
  set:
    description:
      - The set that C(read) reads back.
      - C(newest), or C(<cluster>/<set>), or with C(cluster) C(<set>) alone, or the path of the set.
    type: str
    default: newest
  read:
    description: Whether to read a set back.
    type: bool
    default: false
attributes:
  check_mode:
    description: Can run in check mode, which makes no difference, because it never changes anything.
    support: full
  diff_mode:
    description: Can say what it changed in the form of a difference.
    support: none
requirements:
  - Root.
seealso:
  - module: overcloud.backup.backup_verify
  - module: overcloud.backup.galera_backup
author:
  - The overcloud.backup authors (@overcloud-backup)
"""

EXAMPLES = r"""
- name: List all sets
  overcloud.backup.backup_info:
    destination: /var/backups/overcloud
  become: true
  register: backups

- name: Show the newest set and the level of its verification
  ansible.builtin.debug:
    msg: "{{ backups.newest.set }}: {{ backups.newest.verified }}"

- name: Read a set back
  overcloud.backup.backup_info:
    destination: /var/backups/overcloud
    set: galera_cluster/20261122T191500Z_physical_controller-2
    read: true
  become: true
"""

RETURN = r"""
msg:
  description: One line for humans.
  returned: success
  type: str
  sample: 7 sets in /var/backups/overcloud
sets:
  description: The sets, newest first.
  returned: when the directory could be read
  type: list
  elements: dict
  contains:
    set:
      description: Its name, C(<cluster>/<time>_<method>_<controller>).
      returned: always
      type: str
      sample: galera_cluster/20261122T191500Z_physical_controller-2
    name:
      description: The last part of the name. Sorting by it puts the sets of all clusters and hosts in order of time.
      returned: always
      type: str
      sample: 20261122T191500Z_physical_controller-2
    path:
      description: Its path.
      returned: always
      type: str
      sample: /var/backups/overcloud/galera_cluster/20261122T191500Z_physical_controller-2
    cluster:
      description: The cluster's folder, and C(wsrep_cluster_state_uuid).
      returned: always
      type: dict
      sample:
        name: galera_cluster
        uuid: 0bf81e81-e6a9-11f1-aab7-6f76032d5070
    controller:
      description: The controller that was backed up.
      returned: always
      type: str
      sample: controller-2
    method:
      description: C(physical) or C(logical).
      returned: always
      type: str
      sample: physical
    server_version:
      description: Version of the server that was backed up.
      returned: always
      type: str
      sample: 10.11.19-MariaDB-0+deb12u1
    started_at:
      description: When the backup began, in seconds since the epoch.
      returned: always
      type: float
      sample: 1795634100.5
    ended_at:
      description: When the backup ended, in seconds since the epoch.
      returned: always
      type: float
      sample: 1795634103.0
    bytes:
      description: Size of its files in bytes.
      returned: always
      type: int
      sample: 31457280
    raw_bytes:
      description: Size of its unpacked content in bytes.
      returned: always
      type: int
      sample: 209715200
    compression:
      description: Compression of the file with the data, C(zstd) or C(none).
      returned: always
      type: str
      sample: zstd
    manifest_sha256:
      description: The sha256 of its manifest, which distinguishes sets of one name.
      returned: always
      type: str
      sample: 2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae
    position:
      description: Its place in the cluster's history, as the manifest has it.
      returned: always
      type: dict
      sample:
        uuid: 0bf81e81-e6a9-11f1-aab7-6f76032d5070
        seqno: 4711
        seqno_end: 4711
        cluster_seqno: 4708
    verified:
      description: The highest level that it passed with its present manifest, C(read) or C(restore). Empty if it passed none.
      returned: always
      type: str
      sample: restore
    verified_at:
      description: When it passed that level, in seconds since the epoch; 0 if it passed none.
      returned: always
      type: float
      sample: 1795634160.25
    problems:
      description: >-
        Problems that the last verification of a level found, each with its C(kind), as in
        M(overcloud.backup.backup_verify).
      returned: always
      type: list
      elements: dict
      sample: []
    verifications:
      description: The last outcome of each level, with C(level), C(ok), C(at) in seconds since the epoch, and C(host).
      returned: always
      type: list
      elements: dict
      sample:
        - level: read
          ok: true
          at: 1795634160.25
          host: controller-2
    warnings:
      description: Other information for the operator, such as a verification record of another manifest.
      returned: always
      type: list
      elements: str
      sample: []
present:
  description: Whether the directory exists.
  returned: when the directory could be read, or does not exist
  type: bool
  sample: true
newest:
  description: The newest set; null if there is none. If it is one of C(damaged), only its name and path are known.
  returned: when the directory could be read
  type: dict
  contains:
    set:
      description: Its name, C(<cluster>/<time>_<method>_<controller>).
      returned: always
      type: str
      sample: galera_cluster/20261122T191500Z_physical_controller-2
    name:
      description: The last part of the name. Sorting by it puts the sets of all clusters and hosts in order of time.
      returned: always
      type: str
      sample: 20261122T191500Z_physical_controller-2
    path:
      description: Its path.
      returned: always
      type: str
      sample: /var/backups/overcloud/galera_cluster/20261122T191500Z_physical_controller-2
    cluster:
      description: The cluster's folder, and C(wsrep_cluster_state_uuid).
      returned: always
      type: dict
      sample:
        name: galera_cluster
        uuid: 0bf81e81-e6a9-11f1-aab7-6f76032d5070
    controller:
      description: The controller that was backed up.
      returned: always
      type: str
      sample: controller-2
    method:
      description: C(physical) or C(logical).
      returned: always
      type: str
      sample: physical
    server_version:
      description: Version of the server that was backed up.
      returned: always
      type: str
      sample: 10.11.19-MariaDB-0+deb12u1
    started_at:
      description: When the backup began, in seconds since the epoch.
      returned: always
      type: float
      sample: 1795634100.5
    ended_at:
      description: When the backup ended, in seconds since the epoch.
      returned: always
      type: float
      sample: 1795634103.0
    bytes:
      description: Size of its files in bytes.
      returned: always
      type: int
      sample: 31457280
    raw_bytes:
      description: Size of its unpacked content in bytes.
      returned: always
      type: int
      sample: 209715200
    compression:
      description: Compression of the file with the data, C(zstd) or C(none).
      returned: always
      type: str
      sample: zstd
    manifest_sha256:
      description: The sha256 of its manifest, which distinguishes sets of one name.
      returned: always
      type: str
      sample: 2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae
    position:
      description: Its place in the cluster's history, as the manifest has it.
      returned: always
      type: dict
      sample:
        uuid: 0bf81e81-e6a9-11f1-aab7-6f76032d5070
        seqno: 4711
        seqno_end: 4711
        cluster_seqno: 4708
    verified:
      description: The highest level that it passed with its present manifest, C(read) or C(restore). Empty if it passed none.
      returned: always
      type: str
      sample: restore
    verified_at:
      description: When it passed that level, in seconds since the epoch; 0 if it passed none.
      returned: always
      type: float
      sample: 1795634160.25
    problems:
      description: >-
        Problems that the last verification of a level found, each with its C(kind), as in
        M(overcloud.backup.backup_verify).
      returned: always
      type: list
      elements: dict
      sample: []
    verifications:
      description: The last outcome of each level, with C(level), C(ok), C(at) in seconds since the epoch, and C(host).
      returned: always
      type: list
      elements: dict
      sample:
        - level: read
          ok: true
          at: 1795634160.25
          host: controller-2
    warnings:
      description: Other information for the operator, such as a verification record of another manifest.
      returned: always
      type: list
      elements: str
      sample: []
no_sets:
  description: Folders among the sets that have no manifest, and why. Running backups are among them.
  returned: when the directory could be read
  type: list
  elements: dict
  sample:
    - path: /var/backups/overcloud/galera_cluster/.partial-20261122T191500Z_physical_controller-2
      reason: 'unfinished: its backup still runs, or was killed'
damaged:
  description: Sets whose manifest cannot be read or belongs to another set, with the reason.
  returned: when the directory could be read
  type: list
  elements: dict
  sample: []
unreadable:
  description:
    - >-
      Folders that could not be read although they need not be damaged, such as on a stale NFS handle, with C(path) and
      C(reason). The module fails if there are any, because the newest set is not known then. It still returns the
      others.
  returned: when the directory could be read
  type: list
  elements: dict
  sample: []
read:
  description: The result of reading a set back.
  returned: with C(read=true)
  type: dict
  contains:
    set:
      description: Its name.
      returned: always
      type: str
      sample: galera_cluster/20261122T191500Z_physical_controller-2
    path:
      description: Its path.
      returned: always
      type: str
      sample: /var/backups/overcloud/galera_cluster/20261122T191500Z_physical_controller-2
    ok:
      description: Whether it has no problems.
      returned: always
      type: bool
      sample: false
    problems:
      description:
        - >-
          Problems by C(file), with C(kind) (C(damaged)) and C(reason), and with C(offset) if it is known. The offset is
          the place in the stored file where it ends too early, or where the zstd frame with the damage begins.
      returned: always
      type: list
      elements: dict
      sample:
        - file: backup.xbstream.zst
          offset: 1048576
          reason: the file ends here; it should have 31457280 bytes
"""
