# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Private: starts a module's work as a job of the host and waits for it. Shows progress and survives a lost connection.

The module must have job, wait and state: status. It answers a start with job, unit, attached and ended, a status query
with ended, progress and result.
"""
from __future__ import absolute_import, division, print_function

__metaclass__ = type

import os
import random
import time

from ansible.errors import AnsibleConnectionFailure, AnsibleError
from ansible.module_utils.common.text.converters import to_text
from ansible.module_utils.parsing.convert_bool import boolean
from ansible.utils.display import Display
from ansible_collections.overcloud.backup.plugins.plugin_utils._answer import line
from ansible_collections.overcloud.backup.plugins.plugin_utils._launcher import LauncherAction, failure

# Seconds without contact after which the task gives up; the job does not.
PATIENCE = 300
# Seconds for which the host may answer that it cannot report the job, for example while its systemd restarts.
TROUBLE = 30
# Number of attempts at a start whose answer was lost. The job's id makes them one start.
STARTS = 3
OLD = ('job %s had ended before: this is its earlier result, and nothing was done now; '
       'leave job out, or set another one, for a new %s')
MIB = 2.0 ** 20


def pause(elapsed, most=5):
    """Seconds to the next query. The end of a short job is noticed at most a third of its time late."""
    return min(most, max(0.3, 0.3 * elapsed))


def longest(args):
    """Maximum seconds between two queries: a caller that is alive must not be considered lost."""
    try:
        return min(5, max(0.3, float(args.get('lease', 300)) / 3))
    except (TypeError, ValueError):  # the module refuses it by name
        return 5


def new_job():
    """An id in the modules' form: with an id from here, a start whose answer was lost can be repeated."""
    return time.strftime('%Y%m%dT%H%M%SZ', time.gmtime()) + '-%06x' % random.SystemRandom().getrandbits(24)


class Meter:
    """Selects the progress that is worth a line: the first, then every 5 % or 30 s."""

    def __init__(self, what, step):
        self.what, self.step, self.shown, self.percent = what, step, 0, 0

    def line(self, progress, now):
        """The line to show, or None."""
        percent, step = self.step(progress)
        if now - self.shown < 30 and percent < self.percent + 5:
            return None
        self.shown, self.percent = now, percent
        return line('%s, %s, %d s' % (self.what, step, progress.get('elapsed') or 0))


def share(progress, done, expected):
    """The percentage that is done."""
    done, expected = [float(progress.get(key) or 0) for key in (done, expected)]
    return int(min(100, 100 * done / expected)) if expected else 0


def phase(progress):
    return line(progress.get('phase'), 60).replace('_', ' ')


class Trouble(AnsibleError):
    """The host has answered, but cannot report the job's state."""

    def __init__(self, state):
        super(Trouble, self).__init__(to_text(state.get('msg')))
        self.state = state


class JobAction(LauncherAction):
    """Base of the action plugins whose modules work as a job."""

    WORK = None  # the job's work, in one word
    ALONE = None  # what happens to it when its caller is gone, with a placeholder for its id

    def describe(self, args):
        """The job's work, for its lines of progress."""
        return self.WORK

    def step(self, progress):
        """The percentage that is done, and the current step in words."""
        raise NotImplementedError

    def call(self, module_args, task_vars, module=None, detach=None):
        if self._waits_itself(module_args, detach):
            return super(JobAction, self).call(module_args, task_vars, module, detach)
        args = dict(module_args, wait=False, job=module_args.get('job') or new_job())
        started, sure = self._start(args, task_vars)
        self._clean()  # the arguments must not stay on the host for the duration of the job
        if started.get('failed') or 'unit' not in started:
            return started
        host = self._task.delegate_to or task_vars.get('inventory_hostname')
        meter = Meter(line('%s: %s' % (host, self.describe(args))), self.step)
        if started.get('attached'):
            Display().display(line('%s, job %s already exists, waiting for it' % (meter.what, args['job'])))
        result = self._wait(args['job'], task_vars, meter, longest(args))
        if sure and started.get('attached') and started.get('ended'):
            result.update(changed=False, warnings=list(result.get('warnings') or []) + [OLD % (args['job'], self.WORK)])
        return result

    def _waits_itself(self, args, detach):
        """Whether this call starts no job for the plugin to wait for. With async a process on the host waits."""
        try:
            wait = boolean(args.get('wait', True))
        except TypeError:  # the module refuses it by name
            wait = False
        if detach is not None or self._task.async_val or self._task.check_mode:
            return True
        return args.get('state', 'present') != 'present' or not wait

    def _run(self, args, task_vars):
        return super(JobAction, self).call(args, task_vars, None, 0)

    def _start(self, args, task_vars):
        """The answer to the start, and whether it answers the first attempt: only then is an existing job not ours."""
        for attempt in range(STARTS):
            last = attempt + 1 == STARTS
            try:
                started = self._run(args, task_vars)
                if 'module_stdout' not in started or last:
                    return started, attempt == 0
                self._clean()  # something ended it before it could answer; the job may exist anyway
            except AnsibleConnectionFailure:
                if last:
                    raise
                self._reset()
            time.sleep(1)

    def _wait(self, job, task_vars, meter, most):
        began, lost, trouble, parent = time.time(), None, None, os.getppid()
        while True:
            time.sleep(pause(time.time() - began, most))
            if os.getppid() != parent:
                # Killing ansible-playbook, as AWX does, does not reach its workers (from 2.19 on). The job must lose
                # its caller.
                return failure('ansible-playbook was killed.')
            try:
                state = self._status(job, task_vars)
            except AnsibleError as e:  # not only of the connection: sudo may also fail to answer in time
                now = time.time()
                if not lost:
                    Display().display(line('%s, no contact, trying again: %s' % (meter.what, to_text(e)), 1000))
                lost = lost or now
                trouble = (trouble or now) if isinstance(e, Trouble) else None
                if trouble and now - trouble > TROUBLE:
                    return dict(e.state, job=job)
                if now - lost > PATIENCE:
                    return self._give_up(job, e)
                self._reset()
                continue
            if lost:
                Display().display('%s, in contact again after %d s' % (meter.what, time.time() - lost))
            lost = trouble = None
            if state.get('ended'):
                return self._end(state, job)
            shown = meter.line(state['progress'], time.time()) if state.get('progress') else None
            if shown:
                Display().display(shown)

    def _status(self, job, task_vars):
        state = self._run({'state': 'status', 'job': job}, task_vars)
        if 'module_stdout' in state:  # something ended it before it could answer
            raise AnsibleConnectionFailure(to_text(state.get('msg')))
        if state.get('failed'):
            raise Trouble(state)
        return state

    def _reset(self):
        self._connection._shell.tmpdir = None
        try:
            self._connection.reset()
        except Exception as e:  # in any case, the next query shows whether the host is back
            Display().vvv(line('reset of the connection: %s' % to_text(e), 1000))

    def _give_up(self, job, error):
        self._connection._shell.tmpdir = None
        return failure('Lost the connection to the host: %s. %s; state: status with this job shows its state when the '
                       'host is back.' % (line(error, 1000), self.ALONE % job), job=job, host_unreachable=True)

    def _end(self, state, job):
        result = state.get('result')
        if not result:  # without a result it did not succeed
            result = failure('The host reports that job %s has ended, but not how.' % line(job))
        result.setdefault('changed', False)
        result.pop('invocation', None)
        return dict(result, job=job, unit=state.get('unit'))
