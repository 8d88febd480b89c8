# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Private: asks two hosts the same question, because a single host is not trusted, and compares their answers."""
from __future__ import absolute_import, division, print_function

__metaclass__ = type

import json
import re

from ansible import constants as C
from ansible.errors import AnsibleError
from ansible.module_utils.parsing.convert_bool import boolean
from ansible.plugins.loader import become_loader
from ansible_collections.overcloud.backup.plugins.plugin_utils._launcher import failure

DIFFER = ('%s and %s decide differently from the same facts, so one of them reports false values or runs other '
          'software: %s. Nobody was chosen. Check both, and run it from a control node that can decide by itself '
          '(Linux on %s).')
TOO_FEW = ('The control node cannot decide by itself: %s. Then two controllers must decide alike, because a single one '
           'is not trusted, and %s. Run it from a control node that can decide by itself (Linux on %s), or make sure '
           'that two controllers can be read.')

# Keys that may differ between two honest answers, and texts for people that may contain times.
UNLIKE = ('decided_at', 'invocation')
WORDS = ('text', 'message', 'evidence', 'warnings', 'seen')


class Asked(object):
    """Runs an action's module on a host other than the task's, like a task that is delegated to it. become: as root."""

    def __init__(self, action, host, variables, become=False):
        self.action, self.host = action, host
        self.before = action._connection, action._play_context, action._task.delegate_to
        task = action._task.copy(exclude_parent=True, exclude_tasks=True)
        become = become and boolean(variables.get('ansible_become', True), strict=False)
        task.delegate_to, task.become = host, become
        names = [name for names in C.MAGIC_VARIABLE_MAPPING.values() for name in names] + ['inventory_hostname']
        own = dict((name, variables[name]) for name in names if name in variables and (become or 'become' not in name))
        context = action._play_context.set_task_and_variable_override(
            task=task, variables={'ansible_delegated_vars': {host: own}}, templar=action._templar)
        context.become = become
        self.connection = connect(action, transport(action._task.connection, variables), context, own, variables)
        self.context = context

    def __enter__(self):
        action = self.action
        action._connection, action._play_context, action._task.delegate_to = self.connection, self.context, self.host

    def __exit__(self, *dummy):
        self.action._clean()
        self.connection.close()
        self.action._connection, self.action._play_context, self.action._task.delegate_to = self.before


def transport(wanted, variables):
    """The connection plugin of a host. The task's own also counts, unless it is the control node's."""
    if 'ansible_connection' in variables:
        wanted = variables['ansible_connection']
    elif wanted and wanted.split('.')[-1] == 'local':  # "ansible.builtin.local" from 2.19 on
        wanted = C.DEFAULT_TRANSPORT
    return 'ssh' if not wanted or wanted == 'smart' else wanted


def connect(action, name, context, own, variables):
    """A connection of that plugin, with the options that the host's variables set for it and its shell."""
    loader = action._shared_loader_obj.connection_loader
    connection = loader.get(name, context, getattr(action._connection, '_new_stdin', None))
    if not connection:
        raise AnsibleError('the connection plugin %s was not found' % name)
    keys = dict((key, value) for key, value in action._task.dump_attrs().items() if key not in ('retries', 'timeout'))
    keys['timeout'] = context.timeout
    if context.password:
        keys['password'] = context.password
    plugins = [('connection', connection), ('shell', connection._shell)]
    if context.become:
        name = variables.get('ansible_become_method') or context.become_method or C.DEFAULT_BECOME_METHOD
        become = become_loader.get(name)
        if not become:
            raise AnsibleError('the become plugin %s was not found' % name)
        connection.set_become_plugin(become)
        context.set_become_plugin(become)
        plugins.append(('become', become))
        if context.become_pass:
            keys['become_pass'] = context.become_pass
    for kind, plugin in plugins:
        options = dict(own)
        for key in C.config.get_plugin_vars(kind, plugin._load_name):
            if key in variables:
                options[key] = variables[key]
        plugin.set_options(task_keys=keys, var_options=options)
    if context.become:
        for option in ('become_user', 'become_flags', 'become_exe', 'become_pass'):
            try:
                setattr(context, option, connection.become.get_option(option))
            except KeyError:  # a plugin without it
                pass
    return connection


def differences(one, other):
    """The differences between two answers, in words."""
    return differ(timeless(one), timeless(other))


def timeless(answer, key=''):
    """An answer without values that depend on its time: when it was made, and ages in the texts for people."""
    if isinstance(answer, dict):
        return dict((k, timeless(value, k)) for k, value in answer.items() if k not in UNLIKE)
    if isinstance(answer, list):
        return [timeless(value, key) for value in answer]
    # "holds the lock for another 71 s", also where the table breaks the line within it, and the width of its column
    if key in WORDS and hasattr(answer, 'split'):
        return re.sub('-{2,}', '--', re.sub(r'[0-9]+(?= s\b)', 'N', ' '.join(answer.split())))
    return answer


def differ(one, other, where=''):
    """The first places that differ, as "clusters[0].chosen is "a" and "b"". Few and short: hosts choose the content."""
    if isinstance(one, dict) and isinstance(other, dict):
        keys = sorted(set(one) | set(other), key=lambda key: (key in ('text', 'message'), key))
        found = [differ(one.get(key), other.get(key), '%s.%s' % (where, key)) for key in keys]
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        found = [differ(a, b, '%s[%d]' % (where, i)) for i, (a, b) in enumerate(zip(one, other))]
    elif type(one) is type(other) and one == other:
        return []
    else:
        return ['%s is %s and %s' % (where.lstrip('.'), brief(one), brief(other))]
    return [text for texts in found for text in texts][:3]


def brief(value):
    text = json.dumps(value, sort_keys=True)
    return text if len(text) <= 120 else text[:117] + '...'


def agreed(answers, why, could_not, platforms):
    """The answer that two hosts agree on, as ((host, answer), ...), else a failure."""
    if len(answers) < 2:
        had = ['%s answered' % answers[0][0]] if answers else []
        return failure(TOO_FEW % (why, ', '.join(had + could_not) or 'no other was read', platforms))
    (one, first), (other, second) = answers[:2]
    found = differences(first, second)
    if found:
        return failure(DIFFER % (one, other, '; '.join(found), platforms))
    return first
