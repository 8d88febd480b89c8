#!/usr/bin/python
# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the overcloud.backup authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Generated from modules/backup_verify_info.yml by "make generate": change that file.
from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
module: backup_verify_info
short_description: Report a verification of this host
version_added: 1.0.0
description:
  - >-
    Reports whether a verification of M(overcloud.backup.backup_verify) runs on this host, its progress, and its result
    when it has ended. It only reads. The results of earlier verifications of a set are listed by
    M(overcloud.backup.backup_info).
options:
  job:
    description: Id of the verification.
    type: str
    required: true
attributes:
  check_mode:
    description: Can run in check mode, which makes no difference, because it never changes anything.
    support: full
  diff_mode:
    description: Can say what it changed in the form of a difference.
    support: none
requirements:
  - Root.
  - systemd on the controller.
seealso:
  - module: overcloud.backup.backup_verify
  - module: overcloud.backup.backup_info
author:
  - The overcloud.backup authors (@overcloud-backup)
"""

EXAMPLES = r"""
- name: Look at a verification
  overcloud.backup.backup_verify_info:
    job: 20261122T192000Z-4f2a9c
  become: true
"""

RETURN = r"""
msg:
  description: One line for people.
  returned: success
  type: str
  sample: job 20261122T192000Z-4f2a9c runs
job:
  description: Id of the verification.
  returned: success
  type: str
  sample: 20261122T192000Z-4f2a9c
unit:
  description: Its systemd unit.
  returned: success
  type: str
  sample: overcloud-backup-20261122T192000Z-4f2a9c.service
running:
  description: Whether its unit exists.
  returned: success
  type: bool
  sample: true
ended:
  description: Whether it has ended.
  returned: success
  type: bool
  sample: false
progress:
  description: Progress of the verification, as in M(overcloud.backup.backup_verify).
  returned: while it runs
  type: dict
  sample:
    phase: check
    read_bytes: 15728640
    expected_bytes: 15728640
    tables: 40
    expected_tables: 192
    elapsed: 9.5
result:
  description: Its result, as M(overcloud.backup.backup_verify) returned it.
  returned: when it has ended
  type: dict
  contains:
    set:
      description: Name of the set.
      returned: when it was found
      type: str
    path:
      description: Path of the set.
      returned: when it was found
      type: str
    level:
      description: Level of the verification.
      returned: when it was found
      type: str
    plan:
      description: How the set was to be restored.
      returned: for the level restore
      type: dict
    outcome:
      description: What was proven, or which problems were found.
      returned: when the verification was completed
      type: dict
    undone:
      description: Processes that were ended and files that were removed.
      returned: when it was ended by force
      type: list
      elements: str
"""
