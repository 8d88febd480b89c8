#!/usr/bin/python
# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the overcloud.backup authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Generated from modules/await_controller.yml by "make generate": change that file.
from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
module: await_controller
short_description: Wait until a controller may be chosen
version_added: 1.0.0
description:
  - >-
    The role controller_backup uses it for C(controller_backup_wait). Of the clusters without a backup it waits for
    those in which all reasons of at least one controller pass by themselves. M(overcloud.backup.idle_controller)
    returns which reasons do.
  - >-
    Every 15 seconds it reads the controllers of these clusters as M(overcloud.backup.galera_facts),
    M(overcloud.backup.pacemaker_facts) and M(overcloud.backup.haproxy_facts) do, with the role's variables, and
    decides. It ends when a controller is chosen in one of the clusters, when the time is over, or when two readings in
    a row find no controller whose reasons pass.
  - >-
    It prints a line when it begins to wait, and whenever the reasons change. It prompts for nothing and changes
    nothing, so that it may be interrupted at any time.
  - In check mode it does not wait. It then returns what it would wait for.
options:
  seconds:
    description: Time to wait, in seconds, from 0 to 86400.
    type: int
    default: 0
  decisions:
    description: >-
      The clusters of all decisions of the run, oldest first, as M(overcloud.backup.idle_controller) returns them in
      C(decision).
    type: list
    elements: dict
    required: true
  results:
    description: The results of M(overcloud.backup.galera_backup) in the run, oldest first, each with its controller in C(item).
    type: list
    elements: dict
    default: []
  hosts:
    description: Names of the controllers in the inventory. No other host is read.
    type: list
    elements: str
    required: true
  policy:
    description: As of M(overcloud.backup.idle_controller).
    type: str
    choices:
      - require_idle
      - prefer_idle
      - allow_active
    default: require_idle
  min_spares:
    description: As of M(overcloud.backup.idle_controller).
    type: int
    default: 1
  max_age:
    description: As of M(overcloud.backup.idle_controller).
    type: float
    default: 120
  vip:
    description: As of M(overcloud.backup.idle_controller).
    type: list
    elements: str
    default: []
  exclude:
    description: As of M(overcloud.backup.idle_controller). Controllers whose backup failed in C(tried) are excluded as well.
    type: list
    elements: str
    default: []
  prefer:
    description: As of M(overcloud.backup.idle_controller).
    type: list
    elements: str
    default: []
attributes:
  check_mode:
    description: Can run in check mode. It then does not wait.
    support: full
  diff_mode:
    description: Can say what it changed. It changes nothing.
    support: none
seealso:
  - module: overcloud.backup.idle_controller
  - module: overcloud.backup.galera_backup
author:
  - The overcloud.backup authors (@overcloud-backup)
"""

EXAMPLES = r"""
- name: Wait for up to a quarter of an hour
  overcloud.backup.await_controller:
    seconds: 900
    decisions: "{{ controller_backup_decision.clusters }}"
    hosts: "{{ groups.mysql }}"
  register: awaited
"""

RETURN = r"""
decision:
  description:
    - >-
      The last decision about the clusters that were waited for, as of M(overcloud.backup.idle_controller). Empty if it
      did not wait.
    - >-
      The messages say how long it waited. Each cluster has the seconds in C(waited) as well, those of earlier waits
      included, and C(ended) if its wait is over.
  type: dict
  returned: success
waited:
  description: Time that it waited, in seconds.
  type: int
  returned: success
  sample: 45
waited_for:
  description: Names of the controllers of the clusters that were waited for. Empty if it did not wait.
  type: list
  elements: str
  returned: success
  sample:
    - controller-0
    - controller-1
    - controller-2
tried:
  description: Names of the controllers whose backup failed for a reason that does not pass by itself.
  type: list
  elements: str
  returned: success
  sample: []
unserved:
  description: The last decisions about clusters without a backup in which nobody was chosen.
  type: list
  elements: dict
  returned: success
  sample: []
"""
