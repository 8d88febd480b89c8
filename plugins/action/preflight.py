# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fails when the options of the command leave out what a playbook or role is for. It contacts no host."""
from __future__ import absolute_import, division, print_function

__metaclass__ = type

from ansible.playbook.task_include import TaskInclude
from ansible.plugins.action import ActionBase
from ansible_collections.overcloud.backup.plugins.plugin_utils import _command

LIMITED = ('The %s would not run: %s leaves out %s, which decides for all controllers from what each of them reports. Leave the limit out; '
           'to keep a controller from being chosen set controller_backup_exclude. A limit that must be there names %s and every controller.')
UNTAGGED = ('The %s would not run: %s leaves its tasks out, which have no tags. Leave the tags out. A playbook that imports it '
            'can give the import tags of its own, to choose it or to leave it out.')
INCLUDED = ('The %s would not run: %s chooses the task that includes the role, and not the tasks in it. Take import_role, or give '
            'include_role the tags for its tasks, too: "apply: {tags: ...}".')


class ActionModule(ActionBase):
    _VALID_ARGS = frozenset(('work', 'coordinator', 'tags_of'))

    def run(self, tmp=None, task_vars=None):
        self._supports_check_mode = self._supports_async = True
        result = super(ActionModule, self).run(tmp, task_vars)
        result['changed'] = False
        work, coordinator = self._task.args.get('work', 'work'), self._task.args.get('coordinator')
        # What tags leave out on purpose no limit has to suit.
        own = self._around()
        if not _command.chooses(own):
            return dict(result, **self._left_out(work, own))
        if coordinator and coordinator not in ((task_vars or {}).get('ansible_play_hosts_all') or []):
            why = _command.limit() or 'the choice of hosts'
            return dict(result, failed=True, msg=LIMITED % (work, why, coordinator, coordinator))
        return dict(result, msg='The options leave nothing out.')

    def _left_out(self, work, own):
        """Whether it may be that the tags of the command do not choose the tasks around this one, which itself has "always"."""
        play = set(self._task._parent._play.tags or ())
        if included(self._task._parent) and not own - play:
            return dict(failed=True, msg=INCLUDED % (work, _command.tags()))
        if own or self._task.args.get('tags_of') == 'role':
            # Who gave it tags leaves it out by them on purpose. A role without tags goes by the play that somebody has it in.
            return dict(msg='The %s is left out: %s' % (work, _command.tags()))
        return dict(failed=True, msg=UNTAGGED % (work, _command.tags()))

    def _around(self):
        """The tags that this task has of what is around it. Only "always" can be its own, too."""
        tags = set(self._task.tags or ()) - set(['always'])
        block, around = self._task._parent, []
        while block:
            around += [block, getattr(block, '_role', None)]
            block = block._parent
        if any('always' in (level.tags or ()) for level in around + [self._task._parent._play] if level):
            tags.add('always')
        return tags


def included(block):
    """Whether it came into the play while that ran: what includes it has tags of its own then."""
    while block:
        if isinstance(block, TaskInclude) and not block.statically_loaded:
            return True
        block = block._parent
    return False
