#!/usr/bin/python
# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the overcloud.backup authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Generated from modules/galera_restore_info.yml by "make generate": change that file.
from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
module: galera_restore_info
short_description: Inspect what a restore of this controller would find
version_added: 1.0.0
description:
  - >-
    Inspects this controller, its database's resource, the record of an earlier restore, and a set, as
    M(overcloud.backup.restore_plan) needs it. It reads and changes nothing. Problems that keep the controller from
    being restored are C(problems), and not a failure.
  - The role C(overcloud.backup.controller_restore) calls it on every controller before it decides anything.
options:
  destination:
    description: Absolute path of the directory with the sets of all clusters. Without it no set is inspected.
    type: path
  cluster:
    description: Name of the cluster's folder.
    type: str
  set:
    description: The set, as C(newest), or C(<cluster>/<set>), or with C(cluster) C(<set>) alone, or the path of the set.
    type: str
    default: newest
  other_cluster:
    description: >-
      Whether a set of a cluster with another name or another state may be restored, or Pacemaker's configuration be
      replaced with that of other nodes or virtual IPs.
    type: bool
    default: false
  accept_differences:
    description:
      - >-
        Whether to restore a set whose schema, once prepared, differs from the schema that the set recorded. The
        comparison comes before clients are kept out. A difference ends the restore with the names of the objects; with
        this option it is a warning.
    type: bool
    default: false
  memory:
    description: Memory in MiB, from 32 to 1048576, with which the set would be prepared.
    type: int
    default: 512
attributes:
  check_mode:
    description: Can run in check mode, which makes no difference, because it never changes anything.
    support: full
  diff_mode:
    description: Can say what it changed in the form of a difference.
    support: none
requirements:
  - Root, and Pacemaker with the resource agent C(ocf:heartbeat:galera).
seealso:
  - module: overcloud.backup.galera_restore
  - module: overcloud.backup.restore_plan
author:
  - The overcloud.backup authors (@overcloud-backup)
"""

EXAMPLES = r"""
- name: Inspect the controller and the newest set
  overcloud.backup.galera_restore_info:
    destination: /var/backups/overcloud
  become: true
  register: view
"""

RETURN = r"""
msg:
  description: One line for people.
  returned: success
  type: str
  sample: this host does not see the set
node:
  description: >-
    This controller, with its C(name) in Pacemaker, the C(members) of the database's cluster, the C(online) nodes,
    C(datadir), C(port), C(cluster), C(free_bytes) beside the datadir, the server's C(options) that the data depends on,
    and whether it is C(serving).
  returned: success
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
  returned: success
  type: dict
  sample:
    job: 20261123T120000Z-4f2a9c
    ended: restored
    aside:
      - /var/lib/mysql.aside-20261123T120000Z-4f2a9c
set:
  description: The set, as M(overcloud.backup.backup_info) lists it.
  returned: if this host sees it
  type: dict
plan:
  description: Requirements of preparing the set here, with C(tools), C(space) and C(origin), the known origin of the set.
  returned: if this host sees the set
  type: dict
problems:
  description: Problems that keep this host from being restored.
  returned: if there are any
  type: list
  elements: str
has_old:
  description: Whether this host has an original datadir to return to.
  returned: success
  type: bool
under_way:
  description: Whether a restore has changed something on this host and has not ended.
  returned: success
  type: bool
stopped:
  description: Whether the restore in C(book) has stopped the database. Otherwise there is no datadir to put back.
  returned: success
  type: bool
new_job:
  description: An id for a new restore.
  returned: success
  type: str
"""
