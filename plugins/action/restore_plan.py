# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Gives the module what the controllers answered when they were asked to look, and has it decide on the control node."""
from __future__ import absolute_import, division, print_function

__metaclass__ = type

from ansible.module_utils.common.text.converters import to_text
from ansible_collections.overcloud.backup.plugins.plugin_utils._decision import STRANGER, DecisionAction
from ansible_collections.overcloud.backup.plugins.plugin_utils._launcher import failure

# The variable that the role registers, and what of it counts.
VIEW = 'controller_restore_view'
KEYS = ('node', 'book', 'has_old', 'under_way', 'stopped', 'new_job', 'set', 'plan', 'problems')


def view_of(name, variables):
    """The answer of one host, or None if it did not answer, or failed."""
    view = variables.get(VIEW) or {}
    if view.get('failed') or view.get('unreachable') or not view.get('node') or not view.get('book'):
        return None
    return dict(host=name, view=dict((key, view[key]) for key in KEYS if key in view))


def strangers(steps, names):
    """Hosts of the steps that were not asked for."""
    return sorted(set(to_text(host) for step in steps for host in step.get('hosts') or [] if host not in names))


class ActionModule(DecisionAction):
    NAME, PROOF = 'restore_plan', 'steps'

    def call(self, module_args, task_vars, module=None, detach=None):
        refused = self.no_job()
        if refused:
            return refused
        args = dict(module_args)
        args['hosts'] = hosts = self.names(args.get('hosts'), task_vars)
        if args.get('views') is None:
            views = [view_of(host, variables) for host, variables in self.variables(hosts, task_vars)]
            args['views'] = [view for view in views if view]
        read = [to_text(view.get('host')) for view in args['views'] if isinstance(view, dict)] if isinstance(args['views'], list) else []
        result = self.decide(args, task_vars, read)
        unknown = strangers(result.get('steps') or [], hosts)
        if unknown:
            return failure(STRANGER % (', '.join(unknown), ', '.join(hosts)))
        return result
