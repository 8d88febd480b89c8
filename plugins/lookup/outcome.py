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
  - The last play of the collection's playbooks uses it in C(hosts), which Ansible evaluates even if command-line
    options leave tasks out of the run, such as C(--start-at-task), C(--step) and tags.
  - Returns the host that has the outcome, so that a play can name it.
  - A run without an outcome notifies the URLs of a failure, which are in C(controller_backup_notify_urls) or
    C(controller_verify_notify_urls).
  - A run of another playbook that imports the collection's fails only if the hosts have been asked for this work. A run
    that only lists or checks something never fails.
options:
  _terms:
    description: Names of variables of the coordinator. Each is defined at the end of a successful run.
    required: true
  work:
    description: Purpose of the run, one word.
    type: str
    default: work
  coordinator:
    description: The host that has these variables.
    type: str
    default: localhost
  begun:
    description: A group that has hosts as soon as they have been asked for this work.
    type: str
"""
EXAMPLES = r"""
- name: Stop when nothing was backed up
  hosts: >-
    {{ lookup('overcloud.backup.outcome', 'controller_backup_result', work='backup', begun='overcloud_backup_begun') }}
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
from ansible.utils.display import Display
from ansible_collections.overcloud.backup.plugins.plugin_utils import _command, _notify
from ansible_collections.overcloud.backup.plugins.plugin_utils._run import Run

MISSING = 'The %s did not run, and no task of this run reports why. %s'

DEFECT = 'This is a defect: report it with the complete output.'
CONDITION = 'The playbook that imports it has a condition (when) that is false for %s, which does the work.'


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
        advice = DEFECT if ours else CONDITION % coordinator
        if narrowing:
            advice = 'Run it without %s.' % ' '.join(narrowing)
        text = MISSING % (work, advice)
        if work in _notify.PREFIXES:
            self._tell(work, text, variables or {}, known)
        raise AnsibleLookupError(text)

    def _tell(self, work, text, variables, known):
        """Notifies of the failure, with the variables of the play or of the coordinator."""
        given = {}
        for name in ['%s_%s' % (_notify.PREFIXES[work], what) for what in ('notify_urls', 'notify_format')]:
            try:
                given[name] = variables[name] if name in variables else known[name] if name in known else None
            except Exception:  # pylint: disable=broad-except  # of any filter or lookup: it must not hide the failure
                continue
        for line in Run(work, given, self._templar, bool(_command.option('check'))).notify_reason(text):
            Display().warning(line)
