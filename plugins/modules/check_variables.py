#!/usr/bin/python
# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the overcloud.backup authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Generated from modules/check_variables.yml by "make generate": change that file.
from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
module: check_variables
short_description: Fail if a variable of the collection is misspelt or has a wrong value
version_added: 1.0.0
description:
  - >-
    Ansible ignores a variable that nobody reads. This task turns a variable that begins like those of the collection,
    or almost so, and is none of them, into a failure that gives the nearest name.
  - >-
    It also fails if a variable has a wrong type, is not one of its choices, or is a pattern of hosts that matches none.
    The specification is the C(meta/argument_specs.yml) of the roles.
  - >-
    It checks the variables of the task, wherever they are set, and those of other hosts. All findings are in one
    message, without values of secrets.
  - >-
    The collection's playbooks begin with it, and its roles do so in every play. It runs only on the control node and
    contacts no host.
  - Give the task C(run_once). Variables that are templates of values that are not yet known are not checked.
options:
  work:
    description:
      - >-
        Purpose of the playbook. A failure of C(backup) or C(verification) is notified to the URLs in
        C(controller_backup_notify_urls) or C(controller_verify_notify_urls). Without it, in a role that depends on
        C(controller_variables), the role's own purpose.
    type: str
  coordinator:
    description:
      - >-
        Host on which a later play decides for all. The task fails if another host has a value, for a variable that the
        coordinator reads, which the coordinator does not have. It runs this check only on the coordinator itself.
    type: str
  hosts_of:
    description: Role whose hosts' variables are checked in addition to the task's own. By default those of all hosts of the play.
    type: str
    choices:
      - controller_backup
      - controller_list
      - controller_restore
      - controller_verify
attributes:
  check_mode:
    description: Can run in check mode, which makes no difference, because it never changes anything.
    support: full
  diff_mode:
    description: Can say what it changed. It changes nothing.
    support: none
seealso:
  - module: overcloud.backup.preflight
author:
  - The overcloud.backup authors (@overcloud-backup)
"""

EXAMPLES = r"""
- name: Stop when a variable is misspelt or has a wrong value
  overcloud.backup.check_variables:
  run_once: true
"""

RETURN = r"""
msg:
  description: Result of the check.
  type: str
  returned: always
  sample: controller_backup_method is "phisical". It must be one of auto, physical, logical. Did you mean physical?
"""
