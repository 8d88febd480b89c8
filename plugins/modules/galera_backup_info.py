#!/usr/bin/python
# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the overcloud.backup authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Generated from modules/galera_backup_info.yml by "make generate": change that file.
from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
module: galera_backup_info
short_description: Report a backup job of this host
version_added: 1.0.0
description:
  - >-
    Reports whether a job of M(overcloud.backup.galera_backup) runs on this host, its progress, and its result when it
    has ended.
  - >-
    It only reads. It does not renew the job's lease, so that a dashboard that looks at a job does not keep it alive,
    and leaves nothing behind. M(overcloud.backup.galera_backup) with C(state=status) renews it, as the job's caller
    does.
options:
  job:
    description: Id of the job. By default the job that runs.
    type: str
attributes:
  check_mode:
    description: Can run in check mode, which makes no difference, because it never changes anything.
    support: full
  diff_mode:
    description: Can say what it changed in the form of a difference.
    support: none
requirements:
  - Root.
  - systemd 219 or later on the controller.
seealso:
  - module: overcloud.backup.galera_backup
  - module: overcloud.backup.backup_info
author:
  - The overcloud.backup authors (@overcloud-backup)
"""

EXAMPLES = r"""
- name: Look whether a backup runs on this controller
  overcloud.backup.galera_backup_info:
  become: true
  register: job

- name: Look at one job
  overcloud.backup.galera_backup_info:
    job: 20261123T081500Z-4f2a9c
  become: true
"""

RETURN = r"""
msg:
  description: One line for people.
  returned: success
  type: str
  sample: job 20261123T081500Z-4f2a9c runs
job:
  description: Id of the job.
  returned: when there is one
  type: str
  sample: 20261123T081500Z-4f2a9c
unit:
  description: Its systemd unit. C(journalctl -u) shows its log.
  returned: when there is one
  type: str
  sample: overcloud-backup-20261123T081500Z-4f2a9c.service
running:
  description: Whether the job's unit exists, also while it undoes its effects. False if no job runs.
  returned: success
  type: bool
  sample: true
ended:
  description: Whether the job has ended.
  returned: when there is one
  type: bool
  sample: false
progress:
  description: Progress of the job, as in M(overcloud.backup.galera_backup).
  returned: while it runs
  type: dict
  sample:
    phase: stream
    read_bytes: 104857600
    stored_bytes: 15728640
    expected_bytes: 209715200
    elapsed: 1.2
result:
  description: Result of the job, as M(overcloud.backup.galera_backup) returned it.
  returned: when it has ended
  type: dict
  contains:
    plan:
      description: How the backup was planned.
      returned: when it got so far
      type: dict
    backup:
      description: The new set.
      returned: when there is one
      type: dict
    guard:
      description: The rule of the guard that stopped the backup.
      returned: when the guard stopped it
      type: dict
    elsewhere:
      description: Whether another controller may succeed.
      returned: failure
      type: bool
    passes:
      description: Whether the cause ends by itself.
      returned: failure
      type: bool
    undone:
      description: Effects of a killed job that were undone.
      returned: when the job was ended by force
      type: list
      elements: dict
"""
