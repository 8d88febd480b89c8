#!/usr/bin/python
# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the overcloud.backup authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Generated from modules/doctor.yml by "make generate": change that file.
from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
module: doctor
short_description: Judge whether the controllers are ready for a backup, a verification and a restore
version_added: 1.0.0
description:
  - >-
    Judges the facts of all controllers, and shows a row for each controller and check, with the value seen and what to
    do. It reads nothing and changes nothing. Run M(overcloud.backup.doctor_facts), M(overcloud.backup.galera_facts),
    M(overcloud.backup.pacemaker_facts) and M(overcloud.backup.haproxy_facts) on all controllers first. The playbook
    C(overcloud.backup.doctor) does all of it.
  - >-
    The health of a controller is judged as by M(overcloud.backup.idle_controller), by the same conditions with the same
    codes.
  - >-
    The action plugin runs it on the control node, whatever C(delegate_to), C(become) and C(connection) say. On a
    control node that cannot run the collection's binary (Linux on x86_64 or aarch64), two of the controllers judge, and
    it fails unless both come to the same result.
  - A check that could not be made is C(unknown), and never C(ok).
  - A bad result is not a failure of this module; C(healthy) is then C(false).
options:
  hosts:
    description:
      - >-
        Names of the controllers in the inventory. The action plugin takes their facts from their variables. By default
        all hosts of the play.
      - A host without facts counts as unreachable.
    type: list
    elements: str
  facts:
    description:
      - >-
        The facts themselves, for use without the action plugin. One entry for each host with the keys C(name),
        C(unreachable), C(galera), C(pacemaker), C(haproxy) and C(doctor).
    type: list
    elements: dict
  strict:
    description: Whether warnings count as failures.
    type: bool
    default: false
  policy:
    description: The policy of the backup, as in M(overcloud.backup.idle_controller).
    type: str
    choices:
      - require_idle
      - prefer_idle
      - allow_active
    default: require_idle
  exclude:
    description: Controllers that a backup must not choose.
    type: list
    elements: str
    default: []
  prefer:
    description: Controllers that a backup prefers.
    type: list
    elements: str
    default: []
  min_spares:
    description: >-
      Number of healthy standbys that can take over the clients during a backup, as in
      M(overcloud.backup.idle_controller).
    type: int
    default: 1
  max_age:
    description: Age in seconds above which facts are ignored.
    type: float
    default: 120
  vip:
    description: The virtual addresses by which clients reach the database, as in M(overcloud.backup.idle_controller).
    type: list
    elements: str
    default: []
  show:
    description: Whether the action plugin prints the table while the task runs. C(text) always contains it.
    type: bool
    default: false
attributes:
  check_mode:
    description: Can run in check mode and return what it would return without it.
    support: full
  diff_mode:
    description: Can say what it changed. It changes nothing.
    support: none
seealso:
  - module: overcloud.backup.doctor_facts
  - module: overcloud.backup.idle_controller
author:
  - The overcloud.backup authors (@overcloud-backup)
"""

EXAMPLES = r"""
- name: Judge the controllers
  overcloud.backup.doctor:
    show: true
  run_once: true
  register: doctor

- name: Stop when one is not ready
  ansible.builtin.fail:
    msg: "{{ doctor.message }}"
  when: not doctor.healthy
"""

RETURN = r"""
msg:
  description: As C(message).
  returned: always
  type: str
  sample: '79 checks: 79 ok.'
status:
  description: The worst of all rows, C(ok), C(warn), C(fail) or C(unknown).
  returned: always
  type: str
  sample: warn
healthy:
  description: Whether nothing failed or is unknown and, with C(strict=true), nothing warns.
  returned: always
  type: bool
  sample: true
message:
  description: Number of checks by their outcome, and the first that failed.
  returned: always
  type: str
  sample: '79 checks: 79 ok.'
text:
  description: The rows as a table for humans, in plain ASCII.
  returned: always
  type: str
rows:
  description: The outcome of each check.
  returned: always
  type: list
  elements: dict
  contains:
    host:
      description: Name of the host in the inventory. If C(rows[].whole) is C(true), the name of the cluster, or empty.
      returned: always
      type: str
      sample: controller-2
    whole:
      description: Whether the check is about a whole cluster, or the control node.
      returned: always
      type: bool
      sample: false
    check:
      description: >-
        Name of the check, as C(docs/doctor.md) lists them, or the code of a condition of
        M(overcloud.backup.idle_controller).
      returned: always
      type: str
      sample: backup_space
    title:
      description: Name of the check for humans; C(health) for a condition.
      returned: always
      type: str
      sample: space for a backup
    status:
      description: The outcome, C(ok), C(warn), C(fail) or C(unknown).
      returned: always
      type: str
      sample: ok
    seen:
      description: The value that was seen, or what is wrong with it, and warnings.
      returned: always
      type: list
      elements: str
      sample:
        - 12.0 GiB are free at /var/backups, and about 1.1 GiB are needed
    remedy:
      description: What to do. Empty if the check is ok.
      returned: always
      type: str
      sample: ""
"""
