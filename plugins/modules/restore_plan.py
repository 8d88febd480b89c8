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
short_description: Decide how a restore goes, or why it does not
version_added: 1.0.0
description:
  - >-
    Decides from what every controller says about itself how a restore goes. It decides which set is restored, onto
    which controller and in which steps, or what stands in the way. It reads nothing and changes nothing. Run
    M(overcloud.backup.galera_restore) with C(state=planned) on all controllers before. The role
    C(overcloud.backup.controller_restore) does both, and then takes the steps.
  - >-
    The action plugin runs it on the control node, whatever C(delegate_to), C(become) and C(connection) say, so that no
    controller has to be believed by the others. On a control node that cannot run the collection's binary (Linux on
    x86_64 or aarch64) two of the controllers that answered decide, and it fails unless both decide alike.
  - >-
    A controller is believed about itself alone. Which set is restored on it, only the controller that gets the set can
    say. A plan with a step for a host that was not asked is a failure.
  - >-
    What takes data or configuration out of use has to be confirmed by its name. That is looked at here, for all values
    of C(state) alike.
  - >-
    That nothing can be done is a decision and no failure. C(refused) has the code of the reason then, and C(steps) is
    empty.
options:
  state:
    description: What is wanted, as C(controller_restore_state) of the role.
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
        C(controller_restore_view), and those of all hosts of the play when this is not given.
      - One that has no answer counts as one that could not be asked.
    type: list
    elements: str
  views:
    description:
      - >-
        The answers themselves, for a use without the action plugin. One entry for each host with the keys C(host) and
        C(view).
      - One that cannot be understood is a warning, and its host counts as one that could not be asked.
    type: list
    elements: dict
  pattern:
    description: The pattern of hosts that C(hosts) come from, for messages.
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
    description: The controller that gets the set, or that rejoins. Without it the first one that sees the set.
    type: str
    default: ""
  confirm:
    description: The name of the cluster, or with C(state=rejoined) of the controller. Not needed in check mode.
    type: str
    default: ""
  remove_old:
    description: Whether the datadirs from before are removed at the end.
    type: bool
    default: false
  push:
    description: Whether C(state=configured) is to replace Pacemaker's configuration.
    type: bool
    default: false
attributes:
  check_mode:
    description: Can run in check mode. It never changes anything; without the need to confirm the plan it then shows it.
    support: full
  diff_mode:
    description: Can say what it changed. It changes nothing.
    support: none
notes:
  - 'C(controller_missing): a controller could not be asked, and would bring its old data back.'
  - 'C(several_clusters): the controllers run the databases of several clusters.'
  - 'C(other_controllers): the controllers that were asked are not exactly those that run the database.'
  - 'C(controller_unfit): a controller has a problem that keeps it from being restored.'
  - 'C(rejoin_under_way): a single controller is being rejoined.'
  - 'C(nobody_answers): no controller could be asked.'
  - 'C(rollback_under_way): the restore under way is being rolled back.'
  - 'C(no_set): no controller sees the set.'
  - 'C(another_set): a restore of another set is under way.'
  - 'C(set_not_seen): the chosen controller does not see the set.'
  - 'C(set_not_known): the chosen controller knows of the restore under way by others alone.'
  - 'C(cost_not_known): the chosen controller does not say how much room the set takes.'
  - 'C(too_little_room): a controller has too little room for a second copy of the data.'
  - 'C(stranger_chosen): the chosen controller is none of those that were asked.'
  - 'C(nothing_to_undo): no restore was begun, or the last one was rolled back already.'
  - 'C(no_old_data): no controller has its datadir from before the restore.'
  - 'C(no_controller): it is not said which controller is to rejoin.'
  - 'C(not_confirmed): what would be replaced is not confirmed by its name.'
seealso:
  - module: overcloud.backup.galera_restore
author:
  - The overcloud.backup authors (@overcloud-backup)
"""

EXAMPLES = r"""
- name: Look at the controller and its sets
  overcloud.backup.galera_restore:
    destination: /var/backups/overcloud
  become: true
  register: controller_restore_view

- name: Decide how the newest set would be restored
  overcloud.backup.restore_plan:
    confirm: galera_cluster
  run_once: true
  register: plan
"""

RETURN = r"""
msg:
  description: What is done, or why nothing is.
  returned: always
  type: str
  sample: Restore of /var/backups/overcloud/galera_cluster/20261122T191500Z_physical_controller-2
state:
  description: What was wanted.
  returned: always
  type: str
  sample: restored
refused:
  description: The code of what stands in the way, one of those in the notes. Empty when the steps may be taken.
  returned: always
  type: str
  sample: not_confirmed
message:
  description: As C(msg).
  returned: always
  type: str
  sample: No controller sees a set in /var/backups/overcloud. Nothing was changed.
lines:
  description: The plan for people, with a line for each step. Also when it only has to be confirmed.
  returned: always
  type: list
  elements: str
  sample:
    - 1. make it ready on controller-2 beside /var/lib/mysql, while the database serves
steps:
  description: The states of M(overcloud.backup.galera_restore) that controllers are brought to, one after the other.
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
      description: What the step does, as the name of a task.
      returned: always
      type: str
      sample: Keep clients out
    hosts:
      description: On which hosts, by their names in the inventory, in this order.
      returned: always
      type: list
      elements: str
      sample:
        - controller-0
        - controller-1
        - controller-2
    why:
      description: What it is for.
      returned: always
      type: str
      sample: keep clients from port 3306 of all controllers
    target:
      description: The host that takes the step as the one that gets the set. Empty where that makes no difference.
      returned: always
      type: str
      sample: controller-2
job:
  description: The id of the restore that goes on, that is rolled back, or that begins.
  returned: always
  type: str
  sample: 20261123T120000Z-4f2a9c
set:
  description: The path of the set. Empty when nobody sees one.
  returned: always
  type: str
  sample: /var/backups/overcloud/galera_cluster/20261122T191500Z_physical_controller-2
target:
  description: The controller that gets the set, or that rejoins.
  returned: always
  type: str
  sample: controller-2
others_replaced:
  description: Whether the restore that is rolled back has replaced the data of other controllers.
  returned: always
  type: bool
  sample: false
report:
  description: The beginning of the last line of a run that took all steps.
  returned: always
  type: str
  sample: >-
    controller-0, controller-1, controller-2: restored from
    /var/backups/overcloud/galera_cluster/20261122T191500Z_physical_controller-2
advice:
  description: How to go on where a step failed.
  returned: always
  type: str
  sample: 'What was done stays as it is: run it again to go on.'
"""
