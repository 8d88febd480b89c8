# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Gives the module the facts of all controllers, which only the control node has."""
from __future__ import absolute_import, division, print_function

__metaclass__ = type

from ansible.module_utils.parsing.convert_bool import boolean
from ansible.utils.display import Display
from ansible_collections.overcloud.backup.plugins.plugin_utils._launcher import LauncherAction

DOCUMENTS = ('galera', 'pacemaker', 'haproxy')


def facts_of(name, variables):
    """What one host's facts modules returned, and nothing else of it. A host that told nothing is unreachable."""
    facts = variables.get('ansible_facts') or {}
    found = {}
    for document in DOCUMENTS:
        value = facts.get(document) or facts.get('ansible_' + document) or variables.get('ansible_' + document)
        if value:
            found[document] = value
    return dict(found, name=name, unreachable=not found)


class ActionModule(LauncherAction):
    def call(self, module_args, task_vars, module=None, detach=None):
        args = dict(module_args)
        if args.get('facts') is None:
            args['facts'] = self._collect(args.get('hosts'), task_vars)
        result = super(ActionModule, self).call(args, task_vars, module, detach)
        if result.get('text') and boolean(args.get('show') or False, strict=False):
            Display().display(result['text'])
        return result

    def _collect(self, hosts, task_vars):
        if hosts is None:
            hosts = task_vars.get('ansible_play_hosts_all') or []
        if hasattr(hosts, 'split'):
            hosts = [h.strip() for h in hosts.split(',') if h.strip()]
        hostvars = task_vars['hostvars']
        # raw_get: facts are never templates, and templating those of a hundred hosts takes long.
        return [facts_of(h, hostvars.raw_get(h) if h in hostvars else {}) for h in hosts]
