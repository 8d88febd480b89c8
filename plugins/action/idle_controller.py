# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Passes the module the facts of all controllers, which only the control node has, and runs it there.

No controller decides for another: if the control node cannot run the binary, two of them must agree.
"""
from __future__ import absolute_import, division, print_function

__metaclass__ = type

from ansible.module_utils.common.text.converters import to_text
from ansible.module_utils.parsing.convert_bool import boolean
from ansible.utils.display import Display
from ansible_collections.overcloud.backup.plugins.plugin_utils._decision import (
    DOCUMENTS, STRANGER, DecisionAction, facts_of, names_in)
from ansible_collections.overcloud.backup.plugins.plugin_utils._launcher import failure


def strangers(result, names):
    """The chosen names that are not among the hosts."""
    clusters = result.get('clusters') or []
    chosen = [result.get('chosen')] + list(result.get('chosen_hosts') or []) + [c.get('chosen') for c in clusters]
    return sorted(set(to_text(name) for name in chosen if name and name not in names))


class ActionModule(DecisionAction):
    NAME, PROOF = 'idle_controller', 'clusters'

    def call(self, module_args, task_vars, module=None, detach=None):
        refused = self.no_job()
        if refused:
            return refused
        args = dict(module_args)
        hosts = self.names(args.get('hosts'), task_vars)
        if args.get('facts') is None:
            args['facts'] = [facts_of(host, variables, DOCUMENTS) for host, variables in self.variables(hosts, task_vars)]
        known, read = names_in(args['facts'])
        result = self.decide(args, task_vars, read)
        unknown = strangers(result, known + (hosts if args.get('hosts') else []))
        if unknown:
            return failure(STRANGER % (', '.join(unknown), ', '.join(known)))
        if result.get('text') and boolean(args.get('show') or False, strict=False):
            Display().display(result['text'])
        return result
