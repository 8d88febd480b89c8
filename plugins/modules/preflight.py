#!/usr/bin/python
# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the overcloud.backup authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Generated from modules/preflight.yml by "make generate": change that file.
from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
module: preflight
short_description: Fail if command-line options would skip the playbook's work
version_added: 1.0.0
description:
  - >-
    Ansible reports success for a play without hosts and for tasks that no tag selects. This task, in a first play on
    all hosts, turns that into a failure that says what to do.
  - The collection's playbooks begin with it. It runs only on the control node and contacts no host.
  - Give the task the tag C(always), and C(run_once).
options:
  work:
    description: >-
      Purpose of the playbook, one word for the message. A failure of C(backup) or C(verification) is notified to the
      URLs in C(controller_backup_notify_urls) or C(controller_verify_notify_urls).
    type: str
    default: work
  coordinator:
    description: Host on which a later play does the work. The task fails if the run is limited to other hosts.
    type: str
  hosts_of:
    description:
      - >-
        Role whose hosts a later play is about. The task fails if the inventory has none for it, or if a variable that
        names them matches no host.
    type: str
    choices:
      - controller_backup
      - controller_list
      - controller_restore
      - controller_verify
  tags_of:
    description:
      - >-
        Whether the tasks around this one belong to a playbook that may be imported, or to a role in a user's play.
        C(--tags) and C(--skip-tags) must select them.
      - The tags of an C(import) may leave its tasks out. If the import has no tags, the task fails.
      - >-
        The tags of a play may leave a C(role) out. The task fails only if a task that includes the role is selected and
        the role's tasks are not.
    type: str
    choices:
      - import
      - role
    default: import
attributes:
  check_mode:
    description: Can run in check mode, which makes no difference, because it never changes anything.
    support: full
  diff_mode:
    description: Can say what it changed. It changes nothing.
    support: none
seealso:
  - module: overcloud.backup.check_variables
  - module: overcloud.backup.idle_controller
author:
  - The overcloud.backup authors (@overcloud-backup)
"""

EXAMPLES = r"""
- name: Check the command-line options
  hosts: localhost:all
  gather_facts: false
  tasks:
    - name: Stop when the options leave the backup out
      overcloud.backup.preflight:
        work: backup
        coordinator: localhost
        hosts_of: controller_backup
      run_once: true
      tags: always
"""

RETURN = r"""
msg:
  description: Result of the check.
  type: str
  returned: always
  sample: The options leave nothing out.
"""
