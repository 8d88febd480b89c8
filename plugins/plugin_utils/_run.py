# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Private: one run of a work: its variables for notifications and hooks, and its outcome."""
from __future__ import absolute_import, division, print_function

__metaclass__ = type

import os
import re

from ansible.errors import AnsibleError
from ansible.module_utils.common.text.converters import to_text
from ansible.playbook.helpers import load_list_of_blocks
from ansible_collections.overcloud.backup.plugins.plugin_utils import _notify
from ansible_collections.overcloud.backup.plugins.plugin_utils._answer import line
from ansible_collections.overcloud.backup.plugins.plugin_utils._notify import Invalid
from ansible_collections.overcloud.backup.plugins.plugin_utils._types import string_types

EVALUATED = '%s cannot be evaluated%s. %s'
OF_HOST = '%s is a fact that a host has reported, which may decide neither who is notified nor what runs here. Set it as a variable.'
NO_FILE = '%s.%s must be the absolute path of a file with tasks on the control node, and "%s" is none: %s.'
HOOK = 'The hook %s (%s.%s) failed%s: %s'
UNSENT = 'Nobody was notified of the failure, because of the error in %s.'
BEFORE, AFTER = ', and nothing was backed up', ' after the backup, whose sets are good (%s)'


def unevaluated(name, error):
    """Why a variable has no value, without its template."""
    unknown = re.search(r"'(\w{1,60})' is undefined", to_text(error))
    return EVALUATED % (name, ': %s is undefined' % unknown.group(1) if unknown else '', _notify.HIDDEN)


def notify_failure(result, work, variables, templar, check_mode):
    """The result of a task that precedes a work; if it failed, the URLs of the work's failure have been notified."""
    if not result.get('failed') or work not in _notify.PREFIXES:
        return result
    lines = Run(work, variables, templar, check_mode).notify_reason(result['msg'])
    return dict(result, warnings=lines) if lines else result


class Run:
    """A run of one work, from the variables of the task that notifies of it."""

    message, summary = u'', 'No notification is configured.'

    def __init__(self, work, variables, templar, check_mode=False):
        self.work, self.prefix = work, _notify.PREFIXES[work]
        self._variables, self._templar, self._check_mode = variables, templar, check_mode

    def check(self, loader, task):
        """Raises Invalid for a variable that cannot be used."""
        _notify.urls(self._given('notify_urls'), self._name('notify_urls'))
        form = self._given('notify_format') or 'text'
        if form not in _notify.FORMATS:
            raise Invalid('%s must be one of %s.' % (self._name('notify_format'), ', '.join(_notify.FORMATS)))
        for hook, path in self._hooks().items():
            self._load(hook, path, loader, task)

    def hooks(self):
        """The files of the hooks, none in check mode."""
        try:
            return {} if self._check_mode else self._hooks()
        except Invalid:  # which check reports
            return {}

    def outcome(self, stage, failed):
        """The known facts of the run. stage is the hook in which it failed, or after for a run that did not fail."""
        name = '__%s_results' % self.prefix
        result = self._variables.get('ansible_failed_result') if failed else None
        sets = _notify.made(self._plain(name)) if self.work == 'backup' else [] if failed else self._verified()
        if failed:
            self.message = self._failure(stage, _notify.reason(result), sets)
        secrets = self._secrets()
        short = line(_notify.conceal(self.message, secrets), _notify.REASON)
        return dict(reason=short, sets=sets, controllers=self._controllers(sets), good=bool(sets) and stage == 'after')

    def notify_reason(self, text):
        """Sends the notifications of a run that ends before it began. Returns a line for each that was not delivered."""
        short = line(_notify.conceal(to_text(text), self._secrets()), _notify.REASON)
        return self.notify('failure', dict(reason=short, sets=[], controllers=[], good=False))

    def notify(self, event, outcome):
        """Sends the notifications of an event. Returns a line for each that was not delivered."""
        name = '%s.%s' % (self._name('notify_urls'), event)
        addresses, form, wrong = self._settings(event)
        if addresses and self._check_mode:
            self.summary = 'In check mode nothing is sent.'
        if not addresses or self._check_mode:
            # Its error may also be the reason of the failure: a misspelt name, or none for this host.
            unsent = event == 'failure' and not self._check_mode and (wrong or self._name('notify_urls') in outcome['reason'])
            return [UNSENT % self._name('notify_urls')] if unsent else []
        text, kind = _notify.body(self.work, event, outcome, form, self._secrets())
        lines = _notify.send(addresses, name, text, kind)
        self.summary = 'Notifications delivered: %d of %d.' % (len(addresses) - len(lines), len(addresses))
        return lines

    def _settings(self, event):
        """The valid URLs of an event, the format, and whether something is given that is no valid URL."""
        value, form, wrong = None, 'text', False
        try:
            value = self._given('notify_urls')
            value = _notify.mapping(value, self._name('notify_urls'), _notify.EVENTS)
        except Invalid:
            wrong = True
        try:
            form = self._given('notify_format')
        except Invalid:  # which check reports
            pass
        addresses = _notify.lenient(value, event)
        return addresses, form, wrong or not addresses and isinstance(value, dict) and bool(value.get(event))

    def _name(self, what):
        return '%s_%s' % (self.prefix, what)

    def _given(self, what):
        """The value of a variable. No error contains the template: it may have a part of a secret."""
        name = self._name(what)
        if name in (self._variables.get('ansible_facts') or {}):
            raise Invalid(OF_HOST % name)
        try:
            return _notify.plain(self._templar.template(self._variables.get(name)))
        except Exception as e:  # pylint: disable=broad-except  # of any filter or lookup
            raise Invalid(unevaluated(name, e))

    def _plain(self, name):
        try:
            return _notify.plain(self._templar.template(self._variables.get(name)))
        except Exception:  # pylint: disable=broad-except  # a report must not hide what it reports
            return None

    def _hooks(self):
        if self.work != 'backup':
            return {}
        name = self._name('hooks')
        found = _notify.mapping(self._given('hooks'), name, _notify.HOOKS)
        for hook, path in found.items():
            if not isinstance(path, string_types):
                raise Invalid(NO_FILE % (name, hook, line(to_text(path), 100), 'it is not a text'))
            found[hook] = os.path.expanduser(to_text(path))
        return found

    def _load(self, hook, path, loader, task):
        """Reads a hook as Ansible will: its errors would otherwise end the run after the backup, and without a word."""
        name, shown = self._name('hooks'), line(path, 200)
        if not os.path.isabs(path):
            raise Invalid(NO_FILE % (name, hook, shown, 'use {{ inventory_dir }} or {{ playbook_dir }} for a relative one'))
        if not os.path.isfile(path):
            raise Invalid(NO_FILE % (name, hook, shown, 'there is no such file'))
        try:
            tasks = loader.load_from_file(path)
            if not isinstance(tasks, list) or not tasks:
                raise Invalid(NO_FILE % (name, hook, shown, 'it contains no list of tasks'))
            play = task._parent._play
            load_list_of_blocks(tasks, play=play, variable_manager=play.get_variable_manager(), loader=loader)
        except AnsibleError as e:
            raise Invalid(NO_FILE % (name, hook, shown, line(to_text(e), 500).rstrip('. ')))

    def _failure(self, stage, reason, sets):
        """The complete reason of a failure, in the stage in which it was."""
        if stage not in _notify.HOOKS:
            return reason
        more = BEFORE if stage == 'before' else AFTER % ', '.join(one['path'] for one in sets)
        return HOOK % (stage, self._name('hooks'), stage, more, reason)

    def _verified(self):
        result = self._plain('controller_verify_result')
        if not isinstance(result, dict) or not isinstance(result.get('outcome'), dict) or result['outcome'].get('ok') is not True:
            return []
        host = line(to_text(result['outcome'].get('host') or ''), 100)
        return [dict(controller=host, path=line(to_text(result.get('path') or result.get('set') or ''), 300))]

    def _controllers(self, sets):
        decision = self._plain('%s_decision' % self.prefix)
        chosen = decision.get('chosen_hosts') if isinstance(decision, dict) else None
        names = [one['controller'] for one in sets] + [line(to_text(name), 100) for name in chosen or []]
        return [name for i, name in enumerate(names) if name and name not in names[:i]][:_notify.MOST]

    def _secrets(self):
        value = self._plain(self._name('notify_urls'))
        addresses = [url for event in _notify.EVENTS for url in _notify.lenient(value, event)]
        passwords = [self._plain(name) for name in _notify.PASSWORDS]
        return _notify.parts(addresses) | set(to_text(p) for p in passwords if isinstance(p, string_types) and p)
