# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
name: outcome
short_description: Fail when a run ends without an outcome
version_added: 1.0.0
author: The overcloud.backup authors (@overcloud-backup)
description:
  - The last play of the collection's playbooks has it in C(hosts), which Ansible looks at whatever the options of the
    command left out of the run, C(--start-at-task), C(--step) and tags among them.
  - Returns the host on which the outcome is, so that a play can name it.
  - A run that a playbook of somebody else's began is judged only when the hosts have been asked for this. One that only lists or
    checks something is not judged.
options:
  _terms:
    description: Names of variables of the coordinator. Each is defined at the end of a run that did its work.
    required: true
  work:
    description: What was to be done, in one word.
    type: str
    default: work
  coordinator:
    description: The host on which they are.
    type: str
    default: localhost
  begun:
    description: A group that has hosts as soon as they have been asked for this.
    type: str
"""
EXAMPLES = r"""
- name: Stop when nothing was backed up
  hosts: "{{ lookup('overcloud.backup.outcome', 'controller_backup_result', work='backup', begun='overcloud_backup_begun') }}"
  gather_facts: false
"""
RETURN = r"""
_raw:
  description: The coordinator.
  type: list
  elements: str
"""

from ansible.errors import AnsibleLookupError
from ansible.plugins.lookup import LookupBase
from ansible_collections.overcloud.backup.plugins.plugin_utils import _command

MISSING = 'The %s did not run, and no task of this run says why. %s'

DEFECT = 'This is a defect: report it with all that was printed.'
CONDITION = 'The playbook that imports it gives it a condition (when) that does not hold for %s, which does the work.'


class LookupModule(LookupBase):
    def run(self, terms, variables=None, work='work', coordinator='localhost', begun=None, **dummy):
        ours = _command.is_ours()
        if _command.only_lists() or not ours and not ((variables or {}).get('groups') or {}).get(begun):
            return [coordinator]
        hosts = (variables or {}).get('hostvars') or {}
        known = hosts[coordinator] if coordinator in hosts else {}
        if all(name in known for name in terms):
            return [coordinator]
        narrowing = _command.narrowing()
        advice = 'Run it without %s.' % ' '.join(narrowing) if narrowing else DEFECT if ours else CONDITION % coordinator
        raise AnsibleLookupError(MISSING % (work, advice))
