# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fails if the options of the command leave out the work of a playbook or role, or if it has no hosts. It contacts none."""
from __future__ import absolute_import, division, print_function

__metaclass__ = type

from ansible.module_utils.common.text.converters import to_text
from ansible.playbook.task_include import TaskInclude
from ansible.plugins.action import ActionBase
from ansible.utils.unsafe_proxy import wrap_var
from ansible_collections.overcloud.backup.plugins.plugin_utils import _command
from ansible_collections.overcloud.backup.plugins.plugin_utils._hosts import ROLES, TAKEN, Hosts, Unmatched
from ansible_collections.overcloud.backup.plugins.plugin_utils._run import notify_failure

LIMITED = ('The %s would not run: %s leaves out %s, which decides for all controllers from what each of them reports. '
           'Leave the limit out; to keep a controller from being chosen set controller_backup_exclude. A necessary '
           'limit must name %s and every controller.')
UNTAGGED = ('The %s would not run: %s leaves its tasks out, which have no tags. Leave the tags out. A playbook that '
            'imports it can set tags on the import, to select it or leave it out.')
INCLUDED = ('The %s would not run: %s selects the task that includes the role, and not the tasks in it. Use '
            'import_role, or set the tags on include_role also for its tasks: "apply: {tags: ...}".')


class ActionModule(ActionBase):
    _VALID_ARGS = frozenset(('work', 'coordinator', 'hosts_of', 'tags_of'))

    def run(self, tmp=None, task_vars=None):
        self._supports_check_mode = self._supports_async = True
        result = super(ActionModule, self).run(tmp, task_vars)
        work = self._task.args.get('work', 'work')
        result = self._judge(dict(result, changed=False), work, task_vars)
        return wrap_var(notify_failure(result, work, task_vars or {}, self._templar, self._task.check_mode))

    def _judge(self, result, work, task_vars):
        coordinator = self._task.args.get('coordinator')
        # Work that tags leave out on purpose needs no host.
        own = _command.tags_around(self._task)
        if not _command.chooses(own):
            return dict(result, **self._left_out(work, own))
        if coordinator and coordinator not in ((task_vars or {}).get('ansible_play_hosts_all') or []):
            why = _command.limit() or 'the choice of hosts'
            return dict(result, failed=True, msg=LIMITED % (work, why, coordinator, coordinator))
        wrong = self._hosts(self._task.args.get('hosts_of'), coordinator, task_vars)
        return dict(result, failed=True, msg=wrong) if wrong else dict(result, msg='The options leave nothing out.')

    def _hosts(self, role, coordinator, task_vars):
        """Why the hosts of a role cannot be told, in place of a lookup's error in the next play; None if they can."""
        if not role:
            return None
        if role not in ROLES:
            return 'hosts_of: "%s" is not one of %s' % (role, ', '.join(sorted(ROLES)))
        hosts = Hosts(task_vars, self._templar, self._loader)
        try:
            pattern = hosts.pattern(role=role)
        except Unmatched as e:
            return to_text(e)
        return TAKEN % (coordinator, pattern) if coordinator in hosts.names(pattern) else None

    def _left_out(self, work, own):
        """The result if the command's tags do not select the tasks around this one, which itself has "always"."""
        play = set(self._task._parent._play.tags or ())
        if included(self._task._parent) and not own - play:
            return dict(failed=True, msg=INCLUDED % (work, _command.tags()))
        if own or self._task.args.get('tags_of') == 'role':
            # Tags that somebody set on it leave it out on purpose. A role without tags depends on the play around it.
            return dict(msg='The %s is left out: %s' % (work, _command.tags()))
        return dict(failed=True, msg=UNTAGGED % (work, _command.tags()))


def included(block):
    """Whether it was included while the play ran: the include then has its own tags."""
    while block:
        if isinstance(block, TaskInclude) and not block.statically_loaded:
            return True
        block = block._parent
    return False
