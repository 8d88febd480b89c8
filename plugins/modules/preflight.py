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
short_description: Fail when the options of a command leave out what the playbook is for
version_added: 1.0.0
description:
  - >-
    Ansible counts a play for which no host is left, and tasks that no tag chooses, as a success. This task, in a play
    on all hosts before the others, makes a failure of it that says what to do.
  - The collection's playbooks begin with it. It runs on the control node alone and contacts no host.
  - Give the task the tag C(always), and C(run_once).
options:
  work:
    description: What the playbook does, in one word for the message.
    type: str
    default: work
  coordinator:
    description: The host on which a later play does the work. It is a failure when the hosts of the run are limited to others.
    type: str
  tags_of:
    description:
      - >-
        Whether the tasks around this one belong to a playbook that may be imported, or to a role in somebody's play.
        The tags C(--tags) and C(--skip-tags) must choose them.
      - Those of an C(import) may be left out by tags that the import has. Without any it is a failure.
      - >-
        Those of a C(role) go by the tags of the play that has it. It is a failure only where a task that includes the
        role is chosen, and the tasks in it are not.
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
  - module: overcloud.backup.idle_controller
author:
  - The overcloud.backup authors (@overcloud-backup)
"""

EXAMPLES = r"""
- name: Look at the options of the command
  hosts: localhost:all
  gather_facts: false
  tasks:
    - name: Stop when they leave the backup out
      overcloud.backup.preflight:
        work: backup
        coordinator: localhost
      run_once: true
      tags: always
"""

RETURN = r"""
msg:
  description: What was found.
  type: str
  returned: always
  sample: The options leave nothing out.
"""
