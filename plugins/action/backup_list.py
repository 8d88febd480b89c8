# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Passes the module what every host answered, which only the control node has, runs it there, and shows the list."""
from __future__ import absolute_import, division, print_function

__metaclass__ = type

import json
import os
import stat
import tempfile
import time

from ansible.module_utils.common.text.converters import to_bytes, to_native, to_text
from ansible.utils.display import Display
from ansible_collections.overcloud.backup.plugins.plugin_utils._decision import DecisionAction
from ansible_collections.overcloud.backup.plugins.plugin_utils._launcher import failure
from ansible_collections.overcloud.backup.plugins.plugin_utils._types import string_types

# The variable that the role registers: a loop of backup_info over the destinations.
ANSWERS = 'controller_list_answers'
# The keys of an answer that the list needs.
KEYS = ('present', 'sets', 'no_sets', 'damaged', 'unreadable')
NOT_WRITTEN = 'The list could not be written to %s on the control node: %s'


def answers_of(name, variables):
    """The answer of one host, an entry for each destination. A host without an entry could not be asked."""
    registered = variables.get(ANSWERS) or {}
    found = []
    for one in registered.get('results') or []:
        if not one.get('item') or one.get('skipped'):
            continue
        entry = dict(host=name, destination=to_text(one['item']),
                     listing=dict((key, one[key]) for key in KEYS if key in one))
        if one.get('failed') or one.get('unreachable'):
            entry['error'] = to_text(one.get('msg') or 'it failed without a message')
            entry['unreachable'] = bool(one.get('unreachable') or one.get('host_unreachable'))
        found.append(entry)
    return found


def here(path):
    """The path on the control node: a relative one starts in the command's current directory."""
    return to_text(os.path.abspath(os.path.expanduser(os.path.expandvars(to_native(path)))))


def write(path, text):
    """Replaces a file as a whole, and a link to one by a file. A path that is not a regular file, such as a pipe, is written to."""
    if os.path.exists(path) and not stat.S_ISREG(os.stat(path).st_mode):
        # Neither created nor truncated: in a folder of others it may be another thing by now.
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_NOCTTY), 'wb') as f:
            if stat.S_ISREG(os.fstat(f.fileno()).st_mode):
                raise EnvironmentError('it changed while it was opened')
            f.write(to_bytes(text))
        return
    handle, new = tempfile.mkstemp(prefix='.overcloud.backup.', dir=os.path.dirname(path))
    try:
        with os.fdopen(handle, 'wb') as f:
            f.write(to_bytes(text))
            f.flush()
            os.fsync(f.fileno())
        mask = os.umask(0)
        os.umask(mask)
        os.chmod(new, 0o666 & ~mask)
        os.rename(new, path)
    except Exception:
        os.unlink(new)
        raise


class ActionModule(DecisionAction):
    NAME, PROOF = 'backup_list', 'list'

    def call(self, module_args, task_vars, module=None, detach=None):
        refused = self.no_job()
        if refused:
            return refused
        args = dict(module_args)
        if args.get('file') and isinstance(args['file'], string_types):
            args['file'] = here(args['file'])  # another type is refused by the module
        args['hosts'] = hosts = self.names(args.get('hosts'), task_vars)
        args['at'] = args.get('at') or time.time()
        if args.get('answers') is None:
            args['answers'] = [answer for host, variables in self.variables(hosts, task_vars)
                               for answer in answers_of(host, variables)]
        read = [to_text(answer.get('host')) for answer in args['answers']
                if isinstance(answer, dict) and 'error' not in answer] if isinstance(args['answers'], list) else []
        result = self.decide(args, task_vars, sorted(set(read)))
        if result.get('failed') or 'list' not in result:
            return result
        document = json.dumps(result['list'], indent=2, sort_keys=True, ensure_ascii=True)
        if args.get('show') == 'json':
            Display().display(document)
        elif args.get('show') == 'table':
            Display().display(to_text(result.get('text') or ''))
        if args.get('file') and not self._task.check_mode:
            try:
                write(args['file'], document + '\n')
            except EnvironmentError as e:
                return dict(result, **failure(NOT_WRITTEN % (to_native(args['file']), to_native(e.strerror or e))))
        return result
