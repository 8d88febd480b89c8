# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads the controllers and decides, again and again, until one can be chosen.

All of it is one task, so that a wait of an hour is a few lines and not hundreds of tasks.
"""
from __future__ import absolute_import, division, print_function

__metaclass__ = type

import os
import time

from ansible.errors import AnsibleConnectionFailure, AnsibleError
from ansible.module_utils.common.text.converters import to_text
from ansible.utils.display import Display
from ansible_collections.overcloud.backup.plugins.action.idle_controller import strangers
from ansible_collections.overcloud.backup.plugins.plugin_utils import _waiting
from ansible_collections.overcloud.backup.plugins.plugin_utils._agreement import Asked
from ansible_collections.overcloud.backup.plugins.plugin_utils._answer import line
from ansible_collections.overcloud.backup.plugins.plugin_utils._decision import (
    DOCUMENTS, STRANGER, DecisionAction, facts_of, names_in)
from ansible_collections.overcloud.backup.plugins.plugin_utils._launcher import LauncherAction, failure
from ansible_collections.overcloud.backup.plugins.plugin_utils._variables import OF_EACH_HOST, wrong

# Nobody sets this clock back during a wait; Python 2 has none such.
clock = getattr(time, 'monotonic', time.time)
# Seconds from one reading to the next. A reading takes some of them.
EVERY = 15
# The options of a decision.
DECIDE = ('policy', 'min_spares', 'max_age', 'vip', 'prefer')
# What the modules of a reading get, by their option: the variables of the role.
READ = (
    ('galera_facts', 'galera', {
        'ignore_users': 'controller_backup_ignore_users', 'timeout': 'controller_backup_timeout',
        'sample': 'controller_backup_sample',
    }),
    ('pacemaker_facts', 'pacemaker', {'timeout': 'controller_backup_timeout'}),
    ('haproxy_facts', 'haproxy', {
        'socket': 'controller_backup_haproxy_socket', 'stats_url': 'controller_backup_haproxy_stats_url',
        'stats_user': 'controller_backup_haproxy_stats_user', 'stats_password': 'controller_backup_haproxy_stats_password',
        'config_file': 'controller_backup_haproxy_config_file', 'database_proxy': 'controller_backup_haproxy_proxy',
        'timeout': 'controller_backup_timeout', 'sample': 'controller_backup_sample',
    }),
)
UNREAD = '%s could not be read completely: %s'
READ_AGAIN = '%s can be read again'
KILLED = 'ansible-playbook was killed.'


def key(cluster):
    """What a cluster is recognized by: several may have no name and no UUID."""
    return tuple(sorted(_waiting.names(cluster)))


class Killed(Exception):
    """Nobody is left to wait for."""


class ActionModule(DecisionAction):
    NAME, PROOF = 'idle_controller', 'clusters'

    def call(self, module_args, task_vars, module=None, detach=None):
        refused = self.no_job() or self._refused(module_args)
        if refused:
            return refused
        self._args, self._facts, self._parent = module_args, {}, os.getppid()
        self._silent, self._lost = set(), {}
        seconds, members = float(module_args.get('seconds') or 0), self.names(module_args.get('hosts'), task_vars)
        decisions, results = module_args.get('decisions') or [], module_args.get('results') or []
        run = _waiting.Run(decisions, results)
        watches = [_waiting.Watch(cluster, run.refused(cluster), run.waited(cluster), run.pauses(cluster, EVERY),
                                  run.elsewhere(cluster)) for cluster in run.waiting()]
        if not watches or not seconds or self._task.check_mode:
            return self._without(watches, seconds, run)
        self._exclude = list(module_args.get('exclude') or []) + run.tried()
        try:
            decision, waited = self._wait(watches, seconds, members, task_vars)
        except Killed:
            return failure(KILLED)
        ended = [watch.end(waited, waited >= seconds) for watch in watches]
        later = _waiting.Run(decisions + ended, results)
        chosen = [c['chosen'] for c in ended if c.get('chosen')]
        decision = dict(decision, clusters=ended, chosen_hosts=chosen, chosen=chosen[0] if len(ended) == len(chosen) == 1 else '',
                        message='\n'.join(c.get('message') or '' for c in ended))
        return dict(changed=False, decision=decision, waited=waited, tried=run.tried(), unserved=later.unserved(),
                    waited_for=sorted(set(name for c in ended for name in _waiting.names(c))))

    def _refused(self, args):
        """The failure of an invalid argument, or None."""
        seconds = args.get('seconds')
        problem = wrong('controller_backup_wait', seconds)
        return failure(problem) if seconds is not None and problem else None

    def _without(self, watches, seconds, run):
        """The result where nobody waits. What is reported about the clusters says so."""
        said = {}
        for watch in watches:
            more = _waiting.WOULD % (seconds, watch.why()) if seconds else _waiting.MIGHT
            said[key(watch.cluster)] = dict(watch.cluster, message=(watch.cluster.get('message') or '') + more)
        for cluster in run.unserved():
            if run.refusals() >= _waiting.MOST and not cluster.get('ended'):
                more = _waiting.TOO_OFTEN % (run.waited(cluster), run.refusals())
                said[key(cluster)] = dict(cluster, message=(cluster.get('message') or '') + more)
        unserved = [said.get(key(cluster), cluster) for cluster in run.unserved()]
        return dict(changed=False, decision={}, waited=0, waited_for=[], tried=run.tried(), unserved=unserved)

    def _wait(self, watches, seconds, members, task_vars):
        """The last decision that was made, and the seconds that this took. At least one decision is made."""
        began, decision = clock(), {}
        for watch in watches:
            Display().display(watch.begins(seconds))
        while True:
            self._sleep(min(EVERY, max(1, began + seconds - clock())))
            open_watches = [watch for watch in watches if not watch.over]
            hosts = [name for watch in open_watches for name in _waiting.names(watch.cluster) if name in members]
            facts = [self._read(host, task_vars) for host in hosts]
            answer = self._decide(hosts, facts, self._exclude, task_vars)
            waited = int(clock() - began)
            left = max(0, seconds - waited)
            decision = decision if answer.get('failed') else answer
            for watch in open_watches:
                other = self._besides(watch, answer, waited, left, hosts, facts, task_vars)
                decision = other or decision
                self._show(self._took(watch, other or answer, waited, left), watch, waited)
            chosen = any(watch.cluster.get('chosen') and not watch.over for watch in open_watches)
            if chosen or waited >= seconds or all(watch.over for watch in watches):
                return decision, waited

    def _besides(self, watch, answer, waited, left, hosts, facts, task_vars):
        """The decision without the controllers that are left alone, where it chooses another one of the cluster; or None."""
        for cluster in answer.get('clusters') or []:
            resting = watch.resting(cluster, waited, left) if watch.about(cluster) else []
            if resting:
                other = self._decide(hosts, facts, self._exclude + resting, task_vars)
                if any(watch.about(c) and c.get('chosen') for c in other.get('clusters') or []):
                    return other
        return None

    def _took(self, watch, answer, waited, left):
        if answer.get('failed'):
            return watch.fail(to_text(answer.get('msg')))
        found = [c for c in answer.get('clusters') or [] if watch.about(c)]
        if len(found) != 1:
            return watch.fail('its controllers are now in %d clusters' % len(found))
        return watch.see(found[0], waited, left)

    def _show(self, text, watch, waited):
        if watch.cluster.get('chosen'):
            text = _waiting.ENDS % (_waiting.title(watch.cluster), line(watch.cluster['chosen'], 100), waited)
        if text:
            Display().display(text)

    def _sleep(self, seconds):
        """Sleeps, and notices that the play has ended: killing ansible-playbook does not reach its workers in all versions."""
        end = clock() + seconds
        while clock() < end:
            time.sleep(min(1, max(0, end - clock())))
            if os.getppid() != self._parent:
                raise Killed()

    def _decide(self, hosts, facts, exclude, task_vars):
        """A decision about the hosts, from what they report now."""
        args = dict((name, self._args[name]) for name in DECIDE if self._args.get(name) is not None)
        args.update(hosts=hosts, exclude=exclude, facts=facts)
        known, read = names_in(facts)
        decision = self.decide(args, task_vars, read)
        unknown = strangers(decision, known)
        return failure(STRANGER % (', '.join(unknown), ', '.join(known))) if unknown else decision

    def _read(self, host, task_vars):
        """What a host reports. A source that cannot be read keeps its earlier report, which max_age limits.

        A host that cannot be reached in two readings in a row has no report: it may have lost power, and what it said
        before would only stand in the way of the decision about that.
        """
        hostvars = task_vars['hostvars']
        if host not in hostvars:
            return dict(name=host, unreachable=True)
        facts = self._facts.setdefault(host, facts_of(host, hostvars.raw_get(host), DOCUMENTS))
        problems, lost = [], False
        try:
            with Asked(self, host, hostvars[host], become=True):
                for module, document, options in READ:
                    found = LauncherAction.call(self, self._options(module, options, host, task_vars), task_vars, module, 0)
                    report = (found.get('ansible_facts') or {}).get('ansible_' + document)
                    if report and not found.get('failed'):
                        facts.update({document: report, 'unreachable': False})
                    else:
                        problems.append('%s: %s' % (module, to_text(found.get('msg'))))
        except AnsibleError as e:  # the rest of its sources would only take time
            problems.append(to_text(e))
            lost = isinstance(e, AnsibleConnectionFailure)
        self._report(host, problems)
        self._lost[host] = self._lost.get(host, 0) + 1 if lost else 0
        if self._lost[host] >= _waiting.SURE:
            facts = self._facts[host] = dict(name=host, unreachable=True)
        return facts

    def _report(self, host, problems):
        """Prints a line when a host can no longer be read completely, and when it can be read again."""
        if bool(problems) == (host in self._silent):
            return
        if problems:
            self._silent.add(host)
            Display().display(UNREAD % (line(host, 100), line('; '.join(problems), 500)))
        else:
            self._silent.remove(host)
            Display().display(READ_AGAIN % line(host, 100))

    def _options(self, module, options, host, task_vars):
        """The arguments of a module on a host, which some variables are set for."""
        args, own = {}, task_vars['hostvars'][host]
        for option, name in options.items():
            if name in OF_EACH_HOST and name in own:
                args[option] = own[name]
            elif name in task_vars:
                args[option] = self._templar.template(task_vars[name])
        args = dict((option, value) for option, value in args.items() if value is not None and value != task_vars.get('omit'))
        return self.with_login(args, task_vars) if module == 'galera_facts' else args
