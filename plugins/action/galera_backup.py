# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the backup as a background job of the host and waits for it: it shows its progress and outlives its connection."""
from __future__ import absolute_import, division, print_function

__metaclass__ = type

import time

from ansible.errors import AnsibleConnectionFailure, AnsibleError
from ansible.module_utils.common.text.converters import to_text
from ansible.utils.display import Display
from ansible_collections.overcloud.backup.plugins.plugin_utils._launcher import LauncherAction, failure, quote

# The module's own defaults, and how much longer than both the job may take to undo what it did.
MAX_DURATION, DRAIN_TIMEOUT, UNDO = 14400, 300, 60
# Seconds without contact after which the task gives up; the job does not.
PATIENCE = 300
GONE = 'overcloud_backup: the job is gone'
MIB = 2.0 ** 20


def seconds(value, default):
    """The option's value; what is no number is refused by the module itself."""
    try:
        return int(float(value))
    except (TypeError, ValueError, OverflowError):
        return default


def pause(elapsed):
    """Seconds to the next look. Nobody learns of the end of a short backup more than a third too late."""
    return min(5, max(0.3, 0.3 * elapsed))


class Meter:
    """Which progress is worth a line: the first, then every 5 % or 30 s."""

    def __init__(self, what):
        self.what, self.shown, self.percent = what, 0, 0

    def line(self, progress, now):
        """The line to show, or None."""
        read, stored, expected = [float(progress.get(key) or 0) for key in ('read_bytes', 'stored_bytes', 'expected_bytes')]
        percent = int(min(100, 100 * read / expected)) if expected else 0
        if now - self.shown < 30 and percent < self.percent + 5:
            return None
        self.shown, self.percent = now, percent
        step = '%d %% (%.1f of %.1f MiB read, %.1f MiB stored)' % (percent, read / MIB, expected / MIB, stored / MIB)
        if progress.get('phase') != 'stream':
            step = to_text(progress.get('phase')).replace('_', ' ')
        return '%s, %s, %d s' % (self.what, step, progress.get('elapsed') or 0)


class ActionModule(LauncherAction):
    def call(self, module_args, task_vars, module=None, detach=None):
        if detach is not None or self._task.async_val or self._task.check_mode:
            return super(ActionModule, self).call(module_args, task_vars, module, detach)
        limit = seconds(module_args.get('max_duration'), MAX_DURATION) + seconds(module_args.get('drain_timeout'), DRAIN_TIMEOUT) + UNDO
        job = super(ActionModule, self).call(module_args, task_vars, module, limit)
        if 'ansible_job_id' not in job:
            return job
        self._clean()  # the arguments must not stay on the host for as long as the backup takes
        host = self._task.delegate_to or task_vars.get('inventory_hostname')
        method = module_args.get('method')
        meter = Meter('%s: %s' % (host, '%s backup' % method if method in ('physical', 'logical') else 'backup'))
        return self._wait(job, limit, meter)

    def _wait(self, job, limit, meter):
        began, lost = time.time(), None
        while True:
            time.sleep(pause(time.time() - began))
            try:
                state = self._look(job)
            except AnsibleError as e:  # not only of the connection: sudo, too, may not answer in time
                now = time.time()
                if not lost:
                    Display().display('%s, no contact, trying again: %s' % (meter.what, to_text(e)))
                lost = lost or now
                if now - lost > PATIENCE or now - began > limit:
                    return self._give_up(job, e, began + limit)
                self._reset()
                continue
            lost = None
            if 'finished' not in state:
                return self._end(job, state)
            line = meter.line(state.get('progress') or {}, time.time()) if 'progress' in state else None
            if line:
                Display().display(line)

    def _look(self, job):
        """What the job file holds, or a result that says that nobody will complete it. Raises AnsibleError."""
        # First the process, then the file: the other way round it could end in between.
        res = self._shell(['[ -e /proc/%d/exe ] || echo "%s"' % (job['pid'], GONE), 'cat %s' % quote(job['results_file'])])
        state, gone = self._result(res), GONE in res['stdout']
        if gone and (state is None or 'finished' in state):
            return failure('The backup ended without a result: its process was killed, or the host restarted. '
                           'Its job file was %s; beside it, .log may hold the reason.' % job['results_file'])
        if state is None:
            raise AnsibleConnectionFailure('The host said: %s' % (res['stderr'] or res['stdout']).strip())
        return state

    def _reset(self):
        try:
            self._connection.reset()
        except Exception as e:  # whatever it is, the next look shows whether the host is back
            Display().vvv('reset of the connection: %s' % to_text(e))

    def _give_up(self, job, error, end):
        self._connection._shell.tmpdir = None
        return failure('Lost the connection to the host: %s. The backup may go on there, until %s at the latest; its result will be in %s.' % (
            to_text(error), time.strftime('%H:%M:%S', time.localtime(end)), job['results_file']), host_unreachable=True)

    def _end(self, job, result):
        try:
            self._shell(['rm -f %s' % quote(job['results_file'])])
        except AnsibleError as e:
            Display().vvv('the job file stays: %s' % to_text(e))
        result.pop('ansible_job_id', None)
        return result
