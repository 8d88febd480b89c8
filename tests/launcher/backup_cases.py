# SPDX-License-Identifier: GPL-3.0-or-later
"""galera_backup, which runs as a job of the host. A real backup of this machine can only fail, and one of the lab takes
two seconds, so what happens in between is shown by a job that writes the file a backup would write.
"""
import os
import shutil
import time

from local_cases import prepare  # noqa: F401, pylint: disable=unused-import
from playbook import has, lacks, results

BACKUP = '- overcloud.backup.galera_backup: {destination: %s, login_user: u, login_password: hunter2%s}\n'
# Called as the binary is: - galera_backup --async JID LIMIT DIR. $0.d holds what it should do.
JOB = """#!/bin/sh
cat >"$0.d/args"; echo "$5" >"$0.d/limit"
mkdir -p "$6"; f="$6/$4.$$"
put() { echo "{\\"ansible_job_id\\": \\"$4.1\\", $1}" >"$f.new"; mv "$f.new" "$f"; }
put '"started": 1, "finished": 0'
(. "$0.d/script") >/dev/null 2>&1 </dev/null &
echo "{\\"started\\": 1, \\"finished\\": 0, \\"ansible_job_id\\": \\"$4.$$\\", \\"results_file\\": \\"$f\\", \\"pid\\": $!}"
"""
PROGRESS = """put '"started": 1, "finished": 0, "progress": {"phase": "%s", "read_bytes": %d, "stored_bytes": 12582912, "expected_bytes": 183500800, "elapsed": %d}'
"""
DONE = "put '\"changed\": true, \"msg\": \"made\"'\n"
# Connection local, but for as long as there is a file "cut" every command fails as ssh does.
FLAKY = """
import os
from ansible.errors import AnsibleConnectionFailure
from ansible.plugins.connection.local import Connection as Local


class Connection(Local):
    def exec_command(self, *args, **keywords):
        if os.path.exists('{work}/cut'):
            raise AnsibleConnectionFailure('no route to host')
        return super().exec_command(*args, **keywords)

    def reset(self):
        open('{work}/reset', 'w').close()
"""


def play(bench, task, options=(), status=0, **keywords):
    jobs = bench.path('jobs')
    bench.undo.append(lambda: shutil.rmtree(jobs, ignore_errors=True))
    output = bench.play(task, options=['-vvv', '-e', 'ansible_async_dir=%s' % jobs] + list(options), status=status, **keywords)
    lacks(output[output.index('TASK ['):].replace("login_password: hunter2", ''), 'hunter2')
    return output, [f for f in os.listdir(jobs) if not f.endswith('.log')] if os.path.isdir(jobs) else []


def stand_in(bench, script, task='', **keywords):
    job = bench.write('job', JOB, 0o755)
    os.makedirs(job + '.d', exist_ok=True)
    bench.write('job.d/script', script)
    return play(bench, BACKUP % ('/nowhere', task), options=['-e', 'overcloud_backup_binary=%s' % job], **keywords)


def case_backup_fails(bench):
    """galera_backup: what is refused fails at once, with the words and keys of the foreground"""
    start = time.time()
    for more in ('', ', max_duration: soon', ', level: 77'):
        task = BACKUP % ('relative', more)
        got, left = play(bench, task, status=2)
        want, dummy = play(bench, task, options=['--check'], status=2)
        assert results(got) == results(want) and results(got)[0]['msg'], (got, want)
        assert not left, left
    assert time.time() - start < 30, time.time() - start


def case_backup_check(bench):
    """galera_backup: check mode stays in the foreground, async in the background"""
    play(bench, BACKUP % ('/nowhere', ''), options=['--check'], status=2)
    assert not os.path.exists(bench.path('jobs'))
    output, left = play(bench, BACKUP % ('/nowhere', '') + '  async: 60\n  poll: 0\n  register: job\n')
    has(output, '"ansible_job_id"')
    assert left, output


def case_backup_progress(bench):
    """galera_backup: whole lines of progress, then the result alone"""
    script = PROGRESS % ('stream', 83990938, 31) + 'sleep 2\n' + PROGRESS % ('catch_up', 83990938, 32) + 'sleep 2\n' + PROGRESS % ('resync', 183500800, 35) + 'sleep 3\n' + DONE
    output, left = stand_in(bench, script, task=', method: physical, max_duration: 100, drain_timeout: "7.5"')
    has(output, '\none: physical backup, 45 % (80.1 of 175.0 MiB read, 12.0 MiB stored), 31 s\n', '\none: physical backup, resync, 35 s\n')
    lacks(output, 'catch up')
    got = results(output)[0]
    assert (got['msg'], got['changed']) == ('made', True) and not set(got) & set(['ansible_job_id', 'started', 'finished', 'results_file', 'progress', 'pid']), got
    assert not left, left
    with open(bench.path('job.d', 'limit')) as f:
        assert int(f.read()) == 100 + 7 + 60


def case_backup_gone(bench):
    """galera_backup: a job that is killed is a clear failure"""
    output, dummy = stand_in(bench, 'sleep 1; exit 137\n', status=2)
    has(output, 'ended without a result', bench.path('jobs') + '/j')


def case_backup_lost(bench):
    """galera_backup: the result comes in spite of a connection that is lost for a while"""
    flaky(bench)
    script = 'sleep 1; touch %s; sleep 2; %s sleep 2; rm %s\n' % (bench.path('cut'), DONE, bench.path('cut'))
    output, left = stand_in(bench, script, env={'ANSIBLE_CONNECTION_PLUGINS': bench.path('connection')})
    has(output, 'no contact, trying again: no route to host')
    assert output.count('no contact') == 1 and os.path.exists(bench.path('reset')) and results(output)[0]['msg'] == 'made', output
    assert not left, left


def case_backup_lost_for_good(bench):
    """galera_backup: a connection that stays lost fails the task, which says what goes on and where"""
    flaky(bench)
    bench.undo.append(lambda: os.unlink(bench.path('cut')))
    output, dummy = stand_in(bench, 'touch %s; sleep 9; %s' % (bench.path('cut'), DONE), status=2,
                             task=', max_duration: 1, drain_timeout: -57', env={'ANSIBLE_CONNECTION_PLUGINS': bench.path('connection')})
    has(output, 'Lost the connection', 'The backup may go on there, until ', bench.path('jobs') + '/j', '"host_unreachable": true')


def flaky(bench):
    os.makedirs(bench.path('connection'), exist_ok=True)
    bench.write('connection/flaky.py', FLAKY.format(work=bench.work))
    with open(bench.path('inventory')) as f:
        before = f.read()
    bench.write('inventory', before.replace('one ', 'one ansible_connection=flaky '))
    bench.undo.append(lambda: bench.write('inventory', before))
