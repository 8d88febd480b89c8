# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes every task's result as one line of JSON to the file RESULTS. Ansible's output differs between its versions;
this format does not.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import json
import os

from ansible.plugins.callback import CallbackBase


def entry(result, status, ignored):
    # ansible-core 2.19 has public names for these, and will remove the others.
    names = [name if hasattr(result, name) else '_' + name for name in ('task', 'host', 'result')]
    task, host, values = [getattr(result, name) for name in names]
    return {'task': task.name, 'action': task.action, 'host': host.name, 'status': status, 'ignored': ignored,
            'result': dict((k, v) for k, v in values.items() if not k.startswith('_ansible_'))}


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = 'notification'
    CALLBACK_NAME = 'results'

    def _write(self, result, status, ignored=False):
        with open(os.environ['RESULTS'], 'a') as f:
            f.write(json.dumps(entry(result, status, ignored), default=str) + '\n')

    def v2_runner_on_ok(self, result):
        self._write(result, 'ok')

    def v2_runner_on_failed(self, result, ignore_errors=False):
        self._write(result, 'failed', bool(ignore_errors))

    def v2_runner_on_unreachable(self, result):
        self._write(result, 'unreachable')
