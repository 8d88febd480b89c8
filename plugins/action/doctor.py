# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Passes the module what was read of all controllers, and has it judge on the control node."""
from __future__ import absolute_import, division, print_function

__metaclass__ = type

from ansible.module_utils.common.text.converters import to_text
from ansible.module_utils.parsing.convert_bool import boolean
from ansible.utils.display import Display
from ansible_collections.overcloud.backup.plugins.plugin_utils._decision import (
    DOCUMENTS, DecisionAction, facts_of, names_in)
from ansible_collections.overcloud.backup.plugins.plugin_utils._launcher import failure

STRANGER = 'The judgement is about %s, but its hosts are %s.'
NOBODY = 'There is no host to judge. Check the inventory, galera_hosts, haproxy_hosts and --limit.'


class ActionModule(DecisionAction):
    NAME, PROOF = 'doctor', 'rows'

    def call(self, module_args, task_vars, module=None, detach=None):
        refused = self.no_job()
        if refused:
            return refused
        args = dict(module_args)
        hosts = self.names(args.get('hosts'), task_vars)
        if args.get('facts') is None:
            args['facts'] = [facts_of(host, variables, DOCUMENTS + ('doctor',))
                             for host, variables in self.variables(hosts, task_vars)]
        known, read = names_in(args['facts'])
        known = known + hosts if args.get('hosts') else known
        if not known:
            return failure(NOBODY)
        result = self.decide(args, task_vars, read)
        strangers = sorted(set(to_text(row.get('host')) for row in result.get('rows') or []
                               if not row.get('whole') and row.get('host') not in known))
        if strangers:
            return failure(STRANGER % (', '.join(strangers), ', '.join(known)))
        if result.get('text') and boolean(args.get('show') or False, strict=False):
            Display().display(result['text'])
        return result
