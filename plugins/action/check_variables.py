# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fails if a variable of the collection is misspelt or has a wrong value. It contacts no host.

The names and types are in plugin_utils/_variables.py, the patterns of hosts in _hosts.py.
"""
from __future__ import absolute_import, division, print_function

__metaclass__ = type

import os

from ansible.module_utils.common.text.converters import to_text
from ansible.plugins.action import ActionBase
from ansible.template import Templar
from ansible.utils.unsafe_proxy import wrap_var
from ansible_collections.overcloud.backup.plugins.plugin_utils import _command
from ansible_collections.overcloud.backup.plugins.plugin_utils._answer import count
from ansible_collections.overcloud.backup.plugins.plugin_utils._hosts import ROLES, Hosts, Unmatched
from ansible_collections.overcloud.backup.plugins.plugin_utils._run import notify_failure, unevaluated
from ansible_collections.overcloud.backup.plugins.plugin_utils._types import string_types
from ansible_collections.overcloud.backup.plugins.plugin_utils._variables import (
    decided_once, known, misspelt, wrong)

OF_HOST = '%s is a fact that a host has reported, and no host decides it. Set it as a variable; with set_fact, without cacheable.'
IGNORED = ('%s is set differently there than for %s, which decides for all and would not see it. Set it with -e, or for '
           'all hosts, such as in group_vars/all.')
# The most findings in one message.
MOST = 8
# The entry points with which the work of a role begins in a play, besides main.
BEGINNINGS = {
    'backup': ('controller_backup', ('main', 'begin', 'recover', 'coordinate')),
    'verification': ('controller_verify', ('main', 'sets', 'coordinate')),
}


class ActionModule(ActionBase):
    _VALID_ARGS = frozenset(('work', 'coordinator', 'hosts_of'))

    def run(self, tmp=None, task_vars=None):
        self._supports_check_mode = self._supports_async = True
        result = super(ActionModule, self).run(tmp, task_vars)
        result['changed'] = False
        if not _command.chooses(_command.tags_around(self._task)):
            return dict(result, msg='The tasks are left out: %s' % _command.tags())
        found = self._findings(task_vars or {})
        if found:
            more = ' And %d more.' % (len(found) - MOST) if len(found) > MOST else ''
            result.update(failed=True, msg=' '.join(found[:MOST]) + more)
            work = self._task.args.get('work') or self._work()
            return wrap_var(notify_failure(result, work, task_vars or {}, self._templar, self._task.check_mode))
        return dict(result, msg='The variables are known and have valid values.')

    def _work(self):
        """The work of the role that depends on this task's role, if the work begins with it; else None."""
        chain = (self._task.get_dep_chain() or [])[-2:-1]  # ends with the role of this task
        for work, (role, entries) in BEGINNINGS.items():
            if chain and chain[0].get_name().split('.')[-1] == role:
                entry = os.path.splitext(chain[0]._from_files.get('tasks') or 'main')[0]
                return work if entry in entries else None
        return None

    def _findings(self, own):
        """The findings, each once, with its hosts unless it concerns the task's own variables."""
        findings = self._reported(own) + self._names(own) + self._values(own)
        others = {}
        for host, variables in self._others(own):
            for finding in self._reported(variables) + self._names(variables) + self._values_of(host, variables, own) + self._unseen(variables, own):
                if finding not in findings:
                    others.setdefault(finding, []).append(host)
        return findings + ['%s: %s' % (brief(hosts), finding) for finding, hosts in sorted(others.items())]

    def _others(self, own):
        """The variables of other hosts, which are those of the inventory, facts and registered ones."""
        hosts, role = own.get('ansible_play_hosts_all') or [], self._task.args.get('hosts_of')
        if role in ROLES:
            # An inventory may have a thousand hosts besides.
            resolver = Hosts(own, self._templar, self._loader)
            try:
                hosts = resolver.names(resolver.pattern(role=role))
            except Unmatched:  # one of our own findings, or preflight's
                hosts = []
        hostvars = own.get('hostvars') or {}
        return [(host, hostvars.raw_get(host)) for host in hosts if host in hostvars and host != own.get('inventory_hostname')]

    @staticmethod
    def _reported(variables):
        """Facts with names of ours. Ansible makes variables of them, by which a host could decide for the others."""
        return [OF_HOST % name for name in sorted(variables.get('ansible_facts') or ()) if name in known()]

    @staticmethod
    def _set(variables):
        """The names of ours that are set, without those of facts: what a host has reported is not evaluated."""
        facts = variables.get('ansible_facts') or ()
        return [name for name in sorted(known()) if name in variables and name not in facts]

    @staticmethod
    def _names(variables):
        return [finding for finding in (misspelt(to_text(name)) for name in sorted(variables)) if finding]

    def _values(self, own):
        hosts = Hosts(own, self._templar, self._loader)
        return [finding for name in self._set(own)
                for finding in [self._value(name, lambda n=name: self._templar.template(own[n]), own, hosts)] if finding]

    def _values_of(self, host, variables, own):
        """Another host's values, by its own variables. A value without a template that the task has, too, was checked, and
        patterns of hosts are not one host's."""
        ours = [name for name in self._set(variables) if known()[name].get('type') != 'hosts']
        names = [name for name in ours if variables[name] != own.get(name) or self._templar.is_template(variables[name])]
        if not names:
            return []
        # Not hostvars[host], which leaves a template as it is if it cannot be evaluated there.
        magic = dict((name, own[name]) for name in ('hostvars', 'omit') if name in own)  # newer versions have no variable omit
        theirs = Templar(loader=self._loader, variables=dict(variables, **magic))
        return [finding for name in names
                for finding in [self._value(name, lambda n=name: theirs.template(variables[n]), own)] if finding]

    def _unseen(self, variables, own):
        """Variables of a host that the coordinator would read, and has not. Those of the play win over every host's."""
        args, play = self._task.args, self._task._parent._play.vars
        coordinator = args.get('coordinator')
        if not coordinator or coordinator != own.get('inventory_hostname'):
            return []
        return [IGNORED % (name, coordinator) for name in sorted(variables)
                if decided_once(name, args.get('hosts_of')) and name not in play and variables[name] != own.get(name)]

    def _value(self, name, read, own, hosts=None):
        try:
            value = read()
            if unset(value, own):
                return None
            if hosts and known()[name].get('type') == 'hosts':
                hosts.checked(name, value)
                return None
        except Unmatched as e:
            return to_text(e)
        except Exception as e:  # pylint: disable=broad-except
            if hosts and name.endswith('_notify_urls'):
                # Ansible's own validation, which is next, would show the template from 2.19 on, and thereby the URL.
                return unevaluated(name, e)
            # A template of something that is not known yet, or that a filter refuses: the task that uses it fails if it
            # stays so.
            return None
        return wrong(name, value)


def unset(value, own):
    """Whether the value is omitted."""
    if type(value).__name__ in ('Omit', '_OmitType') or value is not None and value == own.get('omit'):
        return True
    return isinstance(value, string_types) and value.startswith('__omit_place_holder__')


def brief(hosts):
    return ', '.join(hosts[:3]) + (' and %s' % count(len(hosts) - 3, 'other host') if len(hosts) > 3 else '')
