# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks the variables of notifications and hooks, and sends a notification. It contacts no host of the inventory.

The URLs are secret: the plugin reads the variables itself, so that they are in no argument of a task.
"""
from __future__ import absolute_import, division, print_function

__metaclass__ = type

from ansible.plugins.action import ActionBase
from ansible.utils.unsafe_proxy import wrap_var
from ansible_collections.overcloud.backup.plugins.plugin_utils import _notify
from ansible_collections.overcloud.backup.plugins.plugin_utils._launcher import failure
from ansible_collections.overcloud.backup.plugins.plugin_utils._run import Run

NOTIFY, CHECK, OUTCOME = OPERATIONS = ('notify', 'check', 'outcome')
NO_SET = 'No task of the %s failed, and no set was reported.'
UNKNOWN = '%s must be one of %s.'
NO_EVENT = 'event must be left out: the operation %s notifies nobody.'


class ActionModule(ActionBase):
    _VALID_ARGS = frozenset(('event', 'operation', 'work', 'stage'))

    def run(self, tmp=None, task_vars=None):
        self._supports_check_mode = True
        result = super(ActionModule, self).run(tmp, task_vars)
        return wrap_var(self._notified(dict(result, changed=False), task_vars))

    def _notified(self, result, task_vars):
        args = self._task.args
        operation, event, work = args.get('operation', NOTIFY), args.get('event'), args.get('work', 'backup')
        for name, given, known in (('operation', operation, OPERATIONS), ('event', event, _notify.EVENTS),
                                   ('work', work, sorted(_notify.PREFIXES))):
            if given not in known and (name != 'event' or operation == NOTIFY):
                return dict(result, **failure(UNKNOWN % (name, ', '.join(known))))
        if event is not None and operation != NOTIFY:
            return dict(result, **failure(NO_EVENT % operation))
        run = Run(work, task_vars or {}, self._templar, self._task.check_mode)
        try:
            if operation == CHECK or event == 'start':
                run.check(self._loader, self._task)
        except _notify.Invalid as e:
            return dict(result, **failure(str(e)))
        if operation == CHECK:
            return dict(result, msg='The variables are valid.')
        stage, failed = args.get('stage') or '', event == 'failure'
        outcome = run.outcome(stage if failed else 'after', failed)
        result.update(outcome=outcome, hooks=run.hooks(), message=run.message)
        if event == 'success' and not outcome['sets'] and not self._task.check_mode:
            return dict(result, **failure(NO_SET % work))
        if operation == OUTCOME:
            return dict(result, msg='The outcome was read; nobody was notified.')
        lines = run.notify(event, outcome)
        return dict(result, msg=run.summary, **({'warnings': lines} if lines else {}))
