#!/usr/bin/python
# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the overcloud.backup authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Generated from modules/restore_plan.yml by "make generate": change that file.
from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
module: restore_plan
short_description: Decide the steps of a restore, or why it cannot be done
version_added: 1.0.0
description:
  - >-
    Decides from the reports of all controllers which set is restored, onto which controller, and in which steps, or why
    the restore cannot be done. It reads nothing and changes nothing. Run M(overcloud.backup.galera_restore_info) on all
    controllers first. The role C(overcloud.backup.controller_restore) does both, and then takes the steps.
  - >-
    The action plugin runs it on the control node, whatever C(delegate_to), C(become) and C(connection) say, so that no
    controller has to trust another. On a control node that cannot run the collection's binary (Linux on x86_64 or
    aarch64), two of the controllers that answered decide, and it fails unless both make the same decision.
  - >-
    A controller is trusted only about itself. Only the controller that gets the set can say which set is restored on
    it. A plan with a step for a host that was not asked is a failure.
  - >-
    An operation that replaces data or configuration must be confirmed by name. This module checks the confirmation for
    all values of C(state).
  - A decision against the restore is not a failure. C(refused) then has the code of the reason, and C(steps) is empty.
options:
  state:
    description: The requested state, like C(controller_restore_state) of the role.
    type: str
    choices:
      - restored
      - rolled_back
      - rejoined
      - loaded
      - configured
    default: restored
  hosts:
    description:
      - >-
        Names of the controllers in the inventory. The action plugin takes their answers from the variable
        C(controller_restore_view). By default all hosts of the play.
      - A host without an answer counts as one that could not be asked.
    type: list
    elements: str
  views:
    description:
      - >-
        The answers themselves, for use without the action plugin. One entry for each host with the keys C(host) and
        C(view).
      - An answer that cannot be understood is a warning, and its host counts as one that could not be asked.
    type: list
    elements: dict
  pattern:
    description: The host pattern that C(hosts) come from, for messages.
    type: str
    default: the play
  destination:
    description: The directory with the sets, for messages.
    type: str
    default: the destination
  set:
    description: The set, as C(newest), or C(<cluster>/<set>), or its path.
    type: str
    default: newest
  host:
    description: The controller that gets the set, or that rejoins. By default the first one that sees the set.
    type: str
    default: ""
  confirm:
    description: The name of the cluster, or with C(state=rejoined) of the controller. Not needed in check mode.
    type: str
    default: ""
  remove_old:
    description: Whether to remove the original datadirs at the end.
    type: bool
    default: false
  push:
    description: Whether C(state=configured) replaces Pacemaker's configuration.
    type: bool
    default: false
attributes:
  check_mode:
    description: Can run in check mode. It never changes anything; in check mode it shows the plan without confirmation.
    support: full
  diff_mode:
    description: Can say what it changed. It changes nothing.
    support: none
notes:
  - 'C(controller_missing): a controller could not be asked; it would bring its old data back.'
  - 'C(several_clusters): the controllers run the databases of several clusters.'
  - 'C(other_controllers): the controllers that were asked are not exactly those that run the database.'
  - 'C(controller_unfit): a controller has a problem that keeps it from being restored.'
  - 'C(rejoin_under_way): a single controller is being rejoined.'
  - 'C(nobody_answers): no controller could be asked.'
  - 'C(rollback_under_way): the restore under way is being rolled back.'
  - 'C(no_set): no controller sees the set.'
  - 'C(another_set): a restore of another set is under way.'
  - 'C(set_not_seen): the chosen controller does not see the set.'
  - 'C(set_not_known): only other controllers report the restore under way, not the chosen one.'
  - 'C(cost_not_known): the chosen controller does not report how much space the set needs.'
  - 'C(too_little_room): a controller has too little space for a second copy of the data.'
  - 'C(stranger_chosen): the chosen controller is not one of those that were asked.'
  - 'C(nothing_to_undo): no restore was begun, or the last one was already rolled back.'
  - 'C(no_old_data): no controller has its original datadir.'
  - 'C(no_controller): no controller was named for the rejoin.'
  - 'C(not_confirmed): the operation is not confirmed by name.'
seealso:
  - module: overcloud.backup.galera_restore_info
  - module: overcloud.backup.galera_restore
author:
  - The overcloud.backup authors (@overcloud-backup)
"""

EXAMPLES = r"""
- name: Inspect the controller and its sets
  overcloud.backup.galera_restore:
    destination: /var/backups/overcloud
  become: true
  register: controller_restore_view

- name: Decide how to restore the newest set
  overcloud.backup.restore_plan:
    confirm: galera_cluster
  run_once: true
  register: plan
"""

RETURN = r"""
msg:
  description: Summary of the plan, or why the restore cannot be done.
  returned: always
  type: str
  sample: Restore of /var/backups/overcloud/galera_cluster/20261122T191500Z_physical_controller-2
state:
  description: The requested state.
  returned: always
  type: str
  sample: restored
refused:
  description: The code of the reason against it, one of those in the notes. Empty if the steps may be taken.
  returned: always
  type: str
  sample: not_confirmed
message:
  description: As C(msg).
  returned: always
  type: str
  sample: No controller sees a set in /var/backups/overcloud. Nothing was changed.
lines:
  description: The plan for people, with one line for each step. Returned even if only the confirmation is missing.
  returned: always
  type: list
  elements: str
  sample:
    - 1. make it ready on controller-2 beside /var/lib/mysql, while the database serves
steps:
  description: The states of M(overcloud.backup.galera_restore) to bring controllers to, one after the other.
  returned: always
  type: list
  elements: dict
  contains:
    state:
      description: The state.
      returned: always
      type: str
      sample: fenced
    task:
      description: Name of the step, for a task.
      returned: always
      type: str
      sample: Keep clients out
    hosts:
      description: The hosts that take the step, by their names in the inventory, in this order.
      returned: always
      type: list
      elements: str
      sample:
        - controller-0
        - controller-1
        - controller-2
    why:
      description: Purpose of the step.
      returned: always
      type: str
      sample: keep clients from port 3306 of all controllers
    target:
      description: The host that takes the step as the one that gets the set. Empty if this makes no difference.
      returned: always
      type: str
      sample: controller-2
job:
  description: The id of the restore that is continued, rolled back or begun.
  returned: always
  type: str
  sample: 20261123T120000Z-4f2a9c
set:
  description: The path of the set. Empty if no controller sees one.
  returned: always
  type: str
  sample: /var/backups/overcloud/galera_cluster/20261122T191500Z_physical_controller-2
target:
  description: The controller that gets the set, or that rejoins.
  returned: always
  type: str
  sample: controller-2
others_replaced:
  description: Whether the restore to roll back has replaced the data of other controllers.
  returned: always
  type: bool
  sample: false
report:
  description: First part of the last line of a run that took all steps.
  returned: always
  type: str
  sample: >-
    controller-0, controller-1, controller-2: restored from
    /var/backups/overcloud/galera_cluster/20261122T191500Z_physical_controller-2
advice:
  description: How to continue if a step failed.
  returned: always
  type: str
  sample: 'What was done stays as it is: run it again to continue.'
"""
