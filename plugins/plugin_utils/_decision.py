# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Private: has a module decide on the control node, from what the hosts' variables hold.

No controller decides for another: where the control node cannot run the binary, two of them must agree.
"""
from __future__ import absolute_import, division, print_function

__metaclass__ = type

import time

from ansible.errors import AnsibleError
from ansible.module_utils.common.text.converters import to_text
from ansible.utils.display import Display
from ansible_collections.overcloud.backup.plugins.plugin_utils import _local
from ansible_collections.overcloud.backup.plugins.plugin_utils._agreement import Asked, agreed
from ansible_collections.overcloud.backup.plugins.plugin_utils._launcher import LauncherAction, builds, failure
from ansible_collections.overcloud.backup.plugins.plugin_utils._lists import items

NO_JOB = '%s decides at once, there is no job to come back to: remove async and poll from the task.'
STRANGER = 'The decision chose %s, but its hosts are %s. Nothing was done.'


# The documents that the decision about a backup needs.
DOCUMENTS = ('galera', 'pacemaker', 'haproxy')


def facts_of(name, variables, documents):
    """Only the results of one host's facts modules. A host without any is unreachable."""
    facts = variables.get('ansible_facts') or {}
    found = {}
    for document in documents:
        value = facts.get(document) or facts.get('ansible_' + document) or variables.get('ansible_' + document)
        if value:
            found[document] = value
    return dict(found, name=name, unreachable=not found)


def names_in(facts):
    """The hosts in facts, and those of them that have any."""
    hosts = [host for host in facts if isinstance(host, dict)] if isinstance(facts, list) else []
    names = [to_text(host.get('name')) for host in hosts]
    return names, [name for name, host in zip(names, hosts) if not host.get('unreachable')]


class DecisionAction(LauncherAction):
    """Base of the action plugins whose modules decide. NAME is the module, PROOF a value that every decision of it has."""

    NAME = PROOF = None

    def decide(self, args, task_vars, read):
        """The module's answer. read: the hosts that have told something, who can be asked where the control node cannot decide."""
        if not builds():
            return super(DecisionAction, self).call(args, task_vars, self.NAME, 0)  # says what to do
        try:
            here = dict(args)
            self._update_module_args(self._task.action, here, task_vars)
            return _local.run(self.NAME, dict(here, _overcloud_now=time.time()))
        except _local.Unable as e:
            why = to_text(e)
        Display().vvv('the control node cannot decide: %s' % why)
        return self._decide_by_two(args, task_vars, read, why)

    def no_job(self):
        """The failure of a task that asks for a job to come back to, or None."""
        if self._task.async_val:
            if not self._task.poll:
                return failure(NO_JOB % self.NAME)
            self._task.async_val = 0  # else Ansible would look for a job on the host
        return None

    def names(self, hosts, task_vars):
        """The hosts that are decided about, from the option of that name."""
        if hosts is None:
            hosts = task_vars.get('ansible_play_hosts_all') or []
        return items(hosts)

    def variables(self, hosts, task_vars):
        """Each host with its variables. They are no templates, and templating those of a hundred hosts takes long."""
        hostvars = task_vars['hostvars']
        return [(h, hostvars.raw_get(h) if h in hostvars else {}) for h in hosts]

    def _decide_by_two(self, args, task_vars, read, why):
        answers, could_not = [], []
        for host in read:
            answer = self._ask(host, args, task_vars)
            if self.PROOF in answer or 'invocation' in answer:  # a refusal of the arguments is an answer, too
                answers.append((host, answer))
            else:
                could_not.append('%s could not: %s' % (host, to_text(answer.get('msg'))))
            if len(answers) == 2:
                break
        return agreed(answers, why, could_not, ' or '.join(sorted(platform.split()[-1] for platform in builds())))

    def _ask(self, host, args, task_vars):
        hostvars = task_vars['hostvars']
        if host not in hostvars:
            return failure('it is not in the inventory')
        try:
            with Asked(self, host, hostvars[host]):
                return super(DecisionAction, self).call(args, task_vars, self.NAME, 0)
        except AnsibleError as e:  # of the connection, most often
            return failure(to_text(e))
