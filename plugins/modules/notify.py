#!/usr/bin/python
# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the overcloud.backup authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Generated from modules/notify.yml by "make generate": change that file.
from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
module: notify
short_description: Send the notifications of a backup or verification
version_added: 1.0.0
description:
  - >-
    The role controller_backup uses it to notify the URLs in C(controller_backup_notify_urls), and to find the files in
    C(controller_backup_hooks). For a verification the variable is C(controller_verify_notify_urls).
  - >-
    It runs only on the control node, reads the variables and the outcome of the run itself, and sends nothing in check
    mode.
  - >-
    A notification that is not delivered is a warning, never a failure. All URLs of an event are notified at once,
    within 10 seconds.
  - No argument, result, message or process contains a URL.
options:
  operation:
    description:
      - C(notify) notifies the URLs of an C(event). The others send nothing.
      - C(check) only checks the variables, and fails if one is invalid.
      - C(outcome) only reads the outcome of the run so far, and which hooks there are.
    type: str
    choices:
      - notify
      - check
      - outcome
    default: notify
  event:
    description:
      - The event whose URLs are notified. Required by C(operation=notify), and refused by the others.
      - With C(start) the task fails if a variable is invalid.
      - With C(success) it fails if the run has no set.
    type: str
    choices:
      - start
      - success
      - failure
  work:
    description: The work that the run does.
    type: str
    choices:
      - backup
      - verification
    default: backup
  stage:
    description: The hook that failed. Empty if something else did.
    type: str
    default: ""
attributes:
  check_mode:
    description: Can run in check mode. It then sends nothing, and returns no hooks.
    support: full
  diff_mode:
    description: Can say what it changed. It changes nothing.
    support: none
seealso:
  - module: overcloud.backup.galera_backup
  - module: overcloud.backup.backup_verify
author:
  - The overcloud.backup authors (@overcloud-backup)
"""

EXAMPLES = r"""
- name: Back up, and notify of a failure
  block:
    - name: Back up on the idle controller
      ansible.builtin.include_role:
        name: overcloud.backup.controller_backup
        tasks_from: coordinate
  rescue:
    - name: Notify that the playbook failed
      overcloud.backup.notify:
        event: failure
"""

RETURN = r"""
msg:
  description: How many notifications were delivered, or what was done instead.
  type: str
  returned: always
  sample: 'Notifications delivered: 1 of 1.'
message:
  description: Reason of the failure, complete. Empty if nothing failed.
  type: str
  returned: success, unless C(operation=check)
hooks:
  description: The files of the hooks.
  type: dict
  returned: success, unless C(operation=check)
  contains:
    before:
      description: File with the tasks before the backup.
      type: str
      sample: /etc/backup/before.yml
    after:
      description: File with the tasks after a successful backup.
      type: str
    failure:
      description: File with the tasks after a failure.
      type: str
outcome:
  description: What is known of the run. The hooks have it as C(controller_backup_outcome).
  type: dict
  returned: success, unless C(operation=check)
  contains:
    good:
      description: Whether the run has made its sets, and verified them as requested.
      type: bool
    reason:
      description: >-
        Reason of the failure, in one line of at most 1000 characters, without control characters. Empty if nothing
        failed.
      type: str
    controllers:
      description: The controllers that were chosen.
      type: list
      elements: str
      sample:
        - controller-1
    sets:
      description: The sets that were made. After a failure they are not known to be good.
      type: list
      elements: dict
      contains:
        controller:
          description: The controller that has the set.
          type: str
        path:
          description: Path of the set on that controller.
          type: str
        bytes:
          description: Size of the set.
          type: int
        seconds:
          description: Duration of the backup.
          type: float
"""
