# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Passes the module the facts of all controllers, which only the control node has, and runs it there.

No controller decides for another: if the control node cannot run the binary, two of them must agree.
"""
from __future__ import absolute_import, division, print_function

__metaclass__ = type

import time

from ansible.errors import AnsibleError
from ansible.module_utils.common.text.converters import to_text
from ansible.module_utils.parsing.convert_bool import boolean
from ansible.utils.display import Display
from ansible_collections.overcloud.backup.plugins.plugin_utils import _local
from ansible_collections.overcloud.backup.plugins.plugin_utils._agreement import Asked, agreed
from ansible_collections.overcloud.backup.plugins.plugin_utils._launcher import LauncherAction, builds, failure

DOCUMENTS = ('galera', 'pacemaker', 'haproxy')
NAME = 'idle_controller'
NO_JOB = 'idle_controller decides at once, there is no job to come back to: remove async and poll from the task.'
STRANGER = 'The decision chose %s, but its hosts are %s. Nothing was done.'


def facts_of(name, variables):
    """Only the results of one host's facts modules. A host without any is unreachable."""
    facts = variables.get('ansible_facts') or {}
    found = {}
    for document in DOCUMENTS:
        value = facts.get(document) or facts.get('ansible_' + document) or variables.get('ansible_' + document)
        if value:
            found[document] = value
    return dict(found, name=name, unreachable=not found)


def names_in(facts):
    """The hosts in facts, and those of them that have any."""
    hosts = [host for host in facts if isinstance(host, dict)] if isinstance(facts, list) else []
    names = [to_text(host.get('name')) for host in hosts]
    return names, [name for name, host in zip(names, hosts) if not host.get('unreachable')]


def strangers(result, names):
    """The chosen names that are not among the hosts."""
    clusters = result.get('clusters') or []
    chosen = [result.get('chosen')] + list(result.get('chosen_hosts') or []) + [c.get('chosen') for c in clusters]
    return sorted(set(to_text(name) for name in chosen if name and name not in names))


class ActionModule(LauncherAction):
    def call(self, module_args, task_vars, module=None, detach=None):
        if self._task.async_val:
            if not self._task.poll:
                return failure(NO_JOB)
            self._task.async_val = 0  # else Ansible would look for a job on the host
        args = dict(module_args)
        hosts = self._names(args.get('hosts'), task_vars)
        if args.get('facts') is None:
            args['facts'] = self._collect(hosts, task_vars)
        known, read = names_in(args['facts'])
        result = self._decide(args, task_vars, read)
        unknown = strangers(result, known + (hosts if args.get('hosts') else []))
        if unknown:
            return failure(STRANGER % (', '.join(unknown), ', '.join(known)))
        if result.get('text') and boolean(args.get('show') or False, strict=False):
            Display().display(result['text'])
        return result

    def _decide(self, args, task_vars, read):
        if not builds():
            return super(ActionModule, self).call(args, task_vars, NAME, 0)  # explains what to do
        try:
            here = dict(args)
            self._update_module_args(self._task.action, here, task_vars)
            return _local.run(NAME, dict(here, _overcloud_now=time.time()))
        except _local.Unable as e:
            why = to_text(e)
        Display().vvv('the control node cannot decide: %s' % why)
        return self._decide_by_two(args, task_vars, read, why)

    def _decide_by_two(self, args, task_vars, read, why):
        answers, could_not = [], []
        for host in read:
            answer = self._ask(host, args, task_vars)
            if 'clusters' in answer or 'invocation' in answer:  # a refusal of the arguments is also an answer
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
                return super(ActionModule, self).call(args, task_vars, NAME, 0)
        except AnsibleError as e:  # usually of the connection
            return failure(to_text(e))

    def _names(self, hosts, task_vars):
        if hosts is None:
            hosts = task_vars.get('ansible_play_hosts_all') or []
        if hasattr(hosts, 'split'):
            hosts = [h.strip() for h in hosts.split(',') if h.strip()]
        return hosts

    def _collect(self, hosts, task_vars):
        hostvars = task_vars['hostvars']
        # raw_get: facts are never templates, and templating those of a hundred hosts takes a long time.
        return [facts_of(h, hostvars.raw_get(h) if h in hostvars else {}) for h in hosts]
