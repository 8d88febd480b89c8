# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Private: the command line of the run, and its options that can keep a playbook from doing its work without an error.

Ansible counts a play without hosts, and tasks that no tag selects, as a success.
"""
from __future__ import absolute_import, division, print_function

__metaclass__ = type

import os

from ansible import context
from ansible.module_utils.common.text.converters import to_text

COLLECTION = 'overcloud.backup.'
PLAYBOOKS = os.path.join(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))), 'playbooks')
# The options by which Ansible lists things instead of running them.
LISTS = ('listhosts', 'listtasks', 'listtags', 'syntax')


def option(name):
    """An option of the command line, None if this program of Ansible does not have it."""
    return context.CLIARGS.get(name)


def only_lists():
    """Whether no task runs because the command only lists or checks something."""
    return any(option(name) for name in LISTS)


def is_ours():
    """Whether the command names a playbook of this collection, and not one that imports it."""
    folder = os.path.join(os.path.realpath(PLAYBOOKS), '')
    books = [to_text(book) for book in option('args') or ()]
    paths = [os.path.realpath(os.path.expanduser(book)) for book in books]
    return any(book.startswith(COLLECTION) or path.startswith(folder) for book, path in zip(books, paths))


def tags():
    """The options about tags in the form of the command line, '' for none."""
    only = [tag for tag in option('tags') or () if tag != 'all']
    options = (('--tags', only), ('--skip-tags', option('skip_tags') or ()))
    texts = [(name, sorted(to_text(tag) for tag in values)) for name, values in options if values]
    return ' '.join('%s %s' % (name, ','.join(values)) for name, values in texts)


def chooses(own):
    """Whether a task with these tags runs, by Ansible's rules. Its own function has other arguments in each version."""
    own = set(own) or set(['untagged'])
    only, skip = set(option('tags') or ['all']), set(option('skip_tags') or ())
    tagged = own != set(['untagged'])
    if 'all' in skip and ('always' not in own or 'always' in skip) or own & skip or 'tagged' in skip and tagged:
        return False
    return bool('always' in own or own & only or 'never' not in own and ('all' in only or 'tagged' in only and tagged))


def tags_around(task):
    """The tags that a task inherits. Only "always" can also be its own."""
    found = set(task.tags or ()) - set(['always'])
    block, around = task._parent, list(task.get_dep_chain() or ())
    while block:
        around += [block, getattr(block, '_role', None)]
        block = block._parent
    if any('always' in (level.tags or ()) for level in around + [task._parent._play] if level):
        found.add('always')
    return found


def limit():
    """The option that limits the hosts, '' for none."""
    return '--limit %s' % to_text(option('subset')) if option('subset') else ''


def narrowing():
    """All options of the command that can leave tasks out of a run."""
    start = '--start-at-task "%s"' % to_text(option('start_at_task')) if option('start_at_task') else ''
    return [text for text in (limit(), tags(), start, '--step' if option('step') else '') if text]
