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
    Lists the sets that M(overcloud.backup.galera_backup) made in a directory of this host, the newest first, with their
    positions and with what M(overcloud.backup.backup_verify) found out about them.
  - >-
    With C(read=true) it reads one set back to its last byte. The manifest must not contradict itself, every file must
    have the length and the sha256 of the manifest, every zstd frame must unpack to what belongs into it, the xbstream
    must be whole and hold what the manifest says, a dump must end with its closing line. What is wrong is named with
    file and offset, and the module fails.
  - Folders without a manifest are no sets. They are named, with a warning.
  - It never changes anything. M(overcloud.backup.backup_verify) writes down that a set was verified.
  - Sets and these records are not signed. Whoever can write to the destination can have written both.
options:
  destination:
    description:
      - Absolute path of the directory with the sets of all clusters, as M(overcloud.backup.galera_backup) has it.
      - One that is not there holds no sets.
    type: path
    required: true
  cluster:
    description: Name of the cluster's folder. Without it, all clusters are listed.
    type: str
  set:
    description:
      - The set that C(read) reads back.
      - It is C(newest), or C(<cluster>/<set>), or with C(cluster) C(<set>) alone, or the path of the set.
    type: str
    default: newest
  read:
    description: Whether a set is read back.
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

- name: Show when the newest one was made and how deep it was verified
  ansible.builtin.debug:
    msg: "{{ backups.newest.set }}: {{ backups.newest.verified }}"

- name: Read one back
  overcloud.backup.backup_info:
    destination: /var/backups/overcloud
    set: galera_cluster/20261122T191500Z_physical_controller-2
    read: true
  become: true
"""

RETURN = r"""
msg:
  description: One line for people.
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
      description: The last part of it. Sorted by it, the sets of all clusters and hosts are in the order of time.
      returned: always
      type: str
      sample: 20261122T191500Z_physical_controller-2
    path:
      description: Where it lies.
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
      description: Bytes of its files.
      returned: always
      type: int
      sample: 31457280
    raw_bytes:
      description: Bytes that are inside when they are unpacked.
      returned: always
      type: int
      sample: 209715200
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
      description: >-
        The deepest level that it passed with the manifest that lies there now, C(read) or C(restore). Empty when it
        passed none.
      returned: always
      type: str
      sample: restore
    verified_at:
      description: When it passed that level, in seconds since the epoch, 0 when it passed none.
      returned: always
      type: float
      sample: 1795634160.25
    problems:
      description: >-
        What the last verification of a level found wrong, each with its C(kind), as M(overcloud.backup.backup_verify)
        has them.
      returned: always
      type: list
      elements: dict
      sample: []
    warnings:
      description: What else an operator should know, such as that the record of the verification is of another manifest.
      returned: always
      type: list
      elements: str
      sample: []
newest:
  description: The newest set, null when there is none. When it is one of C(damaged), its name and path are all that is known.
  returned: when the directory could be read
  type: dict
  contains:
    set:
      description: Its name, C(<cluster>/<time>_<method>_<controller>).
      returned: always
      type: str
      sample: galera_cluster/20261122T191500Z_physical_controller-2
    name:
      description: The last part of it. Sorted by it, the sets of all clusters and hosts are in the order of time.
      returned: always
      type: str
      sample: 20261122T191500Z_physical_controller-2
    path:
      description: Where it lies.
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
      description: Bytes of its files.
      returned: always
      type: int
      sample: 31457280
    raw_bytes:
      description: Bytes that are inside when they are unpacked.
      returned: always
      type: int
      sample: 209715200
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
      description: >-
        The deepest level that it passed with the manifest that lies there now, C(read) or C(restore). Empty when it
        passed none.
      returned: always
      type: str
      sample: restore
    verified_at:
      description: When it passed that level, in seconds since the epoch, 0 when it passed none.
      returned: always
      type: float
      sample: 1795634160.25
    problems:
      description: >-
        What the last verification of a level found wrong, each with its C(kind), as M(overcloud.backup.backup_verify)
        has them.
      returned: always
      type: list
      elements: dict
      sample: []
    warnings:
      description: What else an operator should know, such as that the record of the verification is of another manifest.
      returned: always
      type: list
      elements: str
      sample: []
no_sets:
  description: Folders among the sets that have no manifest, and why. Backups that run now are among them.
  returned: when the directory could be read
  type: list
  elements: dict
  sample:
    - path: /var/backups/overcloud/galera_cluster/.partial-20261122T191500Z_physical_controller-2
      reason: 'unfinished: a backup that still runs, or one that was killed'
damaged:
  description: Sets whose manifest cannot be read or is that of another set, with what is wrong with it.
  returned: when the directory could be read
  type: list
  elements: dict
  sample: []
read:
  description: What reading a set back found.
  returned: with C(read=true)
  type: dict
  contains:
    set:
      description: Its name.
      returned: always
      type: str
      sample: galera_cluster/20261122T191500Z_physical_controller-2
    path:
      description: Where it lies.
      returned: always
      type: str
      sample: /var/backups/overcloud/galera_cluster/20261122T191500Z_physical_controller-2
    ok:
      description: Whether nothing is wrong with it.
      returned: always
      type: bool
      sample: false
    problems:
      description:
        - >-
          What is wrong, by C(file), with C(kind) (C(damaged)) and C(reason), and with C(offset) where it is known. The
          offset is that in the file as it lies there, of the place where it ends too early, or of the zstd frame with
          the damage.
      returned: always
      type: list
      elements: dict
      sample:
        - file: backup.xbstream.zst
          offset: 1048576
          reason: the file ends here; it should have 31457280 bytes
"""
