# Copyright: (c) 2026, the overcloud.backup authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Writes the time from the start of each task to each host's result: one JSON object a line."""
from __future__ import absolute_import, division, print_function
__metaclass__ = type

DOCUMENTATION = r"""
name: task_times
type: notification
short_description: Times of tasks
description: Writes name and seconds of each task to the file named in TASK_TIMES.
"""

import json
import os
import time

from ansible.plugins.callback import CallbackBase


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = 'notification'
    CALLBACK_NAME = 'task_times'
    CALLBACK_NEEDS_ENABLED = True

    def v2_runner_on_start(self, host, task):
        self._started = time.time()

    def v2_runner_on_ok(self, result):
        with open(os.environ['TASK_TIMES'], 'a') as f:
            f.write(json.dumps({'task': result._task.get_name(), 'seconds': time.time() - self._started}) + '\n')
