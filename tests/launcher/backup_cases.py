# SPDX-License-Identifier: GPL-3.0-or-later
"""galera_backup, which is a job of the host. A real backup of this machine can only fail, and one of the lab takes two
seconds, so the time in between is tested with a binary that answers like the real one.
"""
import json
import os
import re
import shutil
import signal
import subprocess
import threading
import time

from local_cases import prepare  # noqa: F401, pylint: disable=unused-import
from playbook import has, lacks, results

BACKUP = '- overcloud.backup.galera_backup: {destination: %s, login_user: u, login_password: hunter2%s}\n'
# Called like the binary: - galera_backup, the arguments on stdin. $0.d/status is run for the answer, with the seconds
# since the start in t.
JOB = """#!/bin/sh
args=$(cat); printf '%s\\n' "$args" >>"$0.d/args"
say() { echo "{\\"job\\": \\"J\\", \\"unit\\": \\"overcloud-backup-J.service\\", $1}"; exit; }
running='"running": true, "ended": false' sizes='"stored_bytes": 12582912, "expected_bytes": 183500800'
progress() {
  say "$running"', "progress": {"phase": "'"$1"'", "read_bytes": '"$2, $sizes"', "elapsed": '"$3"'}'
}
ended() { say '"running": false, "ended": true, "result": {'"$1"'}'; }
case $args in
  *'"state": "status"'*) t=$(($(date +%s) - $(cat "$0.d/begun" 2>/dev/null || date +%s))); . "$0.d/status" ;;
  *)
    [ ! -e "$0.d/begun" ] || a='"attached": true, "ended": true, '
    date +%s >"$0.d/begun"; . "$0.d/start"; say "$a\\"changed\\": true" ;;
esac
"""
MADE = "ended '\"changed\": true, \"msg\": \"made\"'"
# Connection local, but while a file "cut" exists every command fails as with ssh; "mute" loses one answer.
FLAKY = """
import os
from ansible.errors import AnsibleConnectionFailure
from ansible.plugins.connection.local import Connection as Local


class Connection(Local):
    def exec_command(self, *args, **keywords):
        if os.path.exists('{work}/cut'):
            raise AnsibleConnectionFailure('no route to host')
        answer = super().exec_command(*args, **keywords)
        if os.path.exists('{work}/mute'):
            os.unlink('{work}/mute')
            raise AnsibleConnectionFailure('broken pipe')
        return answer

    def reset(self):
        open('{work}/reset', 'w').close()
"""


def play(bench, task, options=(), status=0, **keywords):
    output = bench.play(task, options=['-vvv'] + list(options), status=status, **keywords)
    lacks(output[output.index('TASK ['):].replace("login_password: hunter2", ''), 'hunter2')
    return output


def stand_in(bench, answers, task='', start='', module=BACKUP, **keywords):
    job = bench.write('job', JOB, 0o755)
    os.makedirs(job + '.d', exist_ok=True)
    for name in os.listdir(job + '.d'):
        os.unlink(os.path.join(job + '.d', name))
    bench.write('job.d/status', answers)
    bench.write('job.d/start', start)
    return play(bench, module % ('/nowhere', task), options=['-e', 'overcloud_backup_binary=%s' % job], **keywords)


def asked(bench):
    with open(bench.path('job.d', 'args')) as f:
        return [json.loads(line) for line in f]


def flaky(bench):
    os.makedirs(bench.path('connection'), exist_ok=True)
    bench.write('connection/flaky.py', FLAKY.format(work=bench.work))
    with open(bench.path('inventory')) as f:
        before = f.read()
    bench.write('inventory', before.replace('one ', 'one ansible_connection=flaky '))
    bench.undo.append(lambda: bench.write('inventory', before))
    return {'ANSIBLE_CONNECTION_PLUGINS': bench.path('connection')}


def case_backup_fails(bench):
    """galera_backup: a refusal fails at once, with the same message as in the foreground"""
    start = time.time()
    for more in (', max_duration: soon', ', level: 77', ', state: gone', ', wait: perhaps', ', lease: 1'):
        task = BACKUP % ('/nowhere', more)
        got = play(bench, task, status=2)
        want = play(bench, task, options=['--check'], status=2)
        said, meant = results(got)[0]['msg'], results(want)[0]['msg']
        assert said == meant and said, (said, meant)
    assert time.time() - start < 60, time.time() - start


def case_backup_without_systemd(bench):
    """galera_backup: a host without systemd is refused, and nothing is left behind"""
    if os.path.isdir('/run/systemd/system'):
        return
    before = os.path.exists('/var/lib/overcloud.backup/jobs')
    output = play(bench, BACKUP % ('/nowhere', ''), status=2)
    has(output, 'no systemd')
    assert os.path.exists('/var/lib/overcloud.backup/jobs') == before


def case_backup_check(bench):
    """galera_backup: check mode stays in the foreground, async in the background"""
    play(bench, BACKUP % ('/nowhere', ''), options=['--check'], status=2)
    output = play(bench, BACKUP % ('/nowhere', '') + '  async: 60\n  poll: 0\n  register: job\n')
    has(output, '"ansible_job_id"')


def case_backup_progress(bench):
    """galera_backup: complete lines of progress, then only the result"""
    answers = ('[ $t -ge 2 ] || progress stream 83990938 31\n[ $t -ge 4 ] || progress catch_up 83990938 32\n'
               '[ $t -ge 8 ] || progress resync 183500800 35\n' + MADE)
    output = stand_in(bench, answers, task=', method: physical, max_duration: 100')
    has(output, '\none: physical backup, 45 % (80.1 of 175.0 MiB read, 12.0 MiB stored), 31 s\n',
        '\none: physical backup, resync, 35 s\n')
    lacks(output, 'catch up')
    got = results(output)[0]
    assert (got['msg'], got['changed'], got['job']) == ('made', True, asked(bench)[0]['job']), got
    assert not set(got) & set(['ended', 'running', 'progress', 'result']), got
    calls = asked(bench)
    assert calls[0]['wait'] is False and re.match(r'\d{8}T\d{6}Z-[0-9a-f]{6}$', calls[0]['job']), calls[0]
    assert all(c['job'] == calls[0]['job'] and 'login_password' not in c for c in calls[1:]) and len(calls) > 3, calls


def case_backup_status(bench):
    """galera_backup: another state, and a start without waiting, are one call"""
    for more in (', state: status', ', state: cancelled', ', state: recovered', ', wait: false'):
        stand_in(bench, MADE, task=more)
        assert len(asked(bench)) == 1, asked(bench)


def case_backup_ends_badly(bench):
    """galera_backup: the failure of the job is the task's"""
    stopped = '"changed": false, "failed": true, "msg": "the guard stopped it", "elsewhere": true'
    output = stand_in(bench, "ended '%s'" % stopped, status=2)
    got = results(output)[0]
    assert (got['msg'], got['elsewhere'],
            got['unit']) == ('the guard stopped it', True, 'overcloud-backup-J.service'), got


def case_backup_status_dies(bench):
    """galera_backup: a query that ends without an answer does not end the job"""
    output = stand_in(bench, '[ $t -ge 2 ] || kill -9 $$\n' + MADE)
    has(output, 'no contact, trying again', 'in contact again after')
    assert results(output)[0]['msg'] == 'made', output


def case_backup_trouble(bench):
    """galera_backup: a host that cannot report the job's state for a while is asked again"""
    output = stand_in(bench, "[ $t -ge 3 ] || say '\"failed\": true, \"msg\": \"no bus\"'\n" + MADE)
    has(output, 'no contact, trying again: no bus')
    assert results(output)[0]['msg'] == 'made', output


def case_backup_lost(bench):
    """galera_backup: the result arrives although the connection is lost for a while"""
    env = flaky(bench)
    cut = bench.path('cut')
    output = stand_in(bench, MADE,
                      start='touch %s; (sleep 5; rm %s) >/dev/null 2>&1 </dev/null &\n' % (cut, cut),
                      env=env)
    has(output, 'no contact, trying again: no route to host')
    assert output.count('no contact') == 1 and os.path.exists(bench.path('reset')) and results(output)[0][
        'msg'] == 'made', output


def case_backup_start_lost(bench):
    """galera_backup: a start whose answer is lost is repeated, and is one start"""
    env = flaky(bench)
    output = stand_in(bench, MADE, start='[ "$a" ] || touch %s\n' % bench.path('mute'), env=env)
    has(output, 'already exists, waiting for it')
    calls = asked(bench)
    assert calls[0]['job'] == calls[1]['job'] and calls[1]['wait'] is False and results(output)[0][
        'msg'] == 'made', calls
    # The second start finds the job, which has ended by then: it is still the caller's own job.
    got = results(output)[0]
    assert got['changed'] is True, got
    lacks(' '.join(output.split()), 'nothing was done now')


def case_backup_start_dies(bench):
    """galera_backup: a start that ends without an answer is repeated, and is one start"""
    output = stand_in(bench, MADE, start='[ "$a" ] || kill -9 $$\n')
    calls, got = asked(bench), results(output)[0]
    assert calls[0]['job'] == calls[1]['job'] and calls[1]['wait'] is False and (got['msg'], got['changed']) == (
        'made', True), (calls, got)


def case_backup_short_lease(bench):
    """galera_backup: a caller with a short lease queries often enough to keep it"""
    stand_in(bench, 'date +%s.%N >>"$0.d/times"; [ $t -ge 12 ] || progress stream 1 1\n' + MADE, task=', lease: 5')
    with open(bench.path('job.d/times')) as f:
        times = [float(line) for line in f]
    gaps = [later - at for at, later in zip(times, times[1:])]
    assert max(gaps) < 2.3, gaps


def case_backup_made_before(bench):
    """galera_backup: an ended job of this name changes nothing, and is reported"""
    output = stand_in(bench, MADE, task=', job: nightly', start='a=\'"attached": true, "ended": true, \'\n')
    got = results(output)[0]
    assert got['changed'] is False and asked(bench)[0]['job'] == 'nightly', got
    has(' '.join(output.split()), 'nothing was done now')


def case_backup_caller_killed(bench):
    """galera_backup: a worker that outlives ansible-playbook stops asking for the job"""
    seen = []
    shutil.rmtree(bench.path('job.d'), ignore_errors=True)

    def kill():
        while not os.path.exists(bench.path('job.d', 'args')) or len(asked(bench)) < 3:
            time.sleep(0.1)
        seen.extend(asked(bench))
        found = subprocess.run(['pgrep', '-P', str(os.getpid())], stdout=subprocess.PIPE, universal_newlines=True)
        os.kill(int(found.stdout.split()[0]), signal.SIGKILL)

    killer = threading.Thread(target=kill, daemon=True)
    killer.start()
    # Without progress: a worker that prints a line notices the end.
    stand_in(bench, '[ $t -ge 15 ] || say \'"running": true, "ended": false\'\n' + MADE, status=-signal.SIGKILL)
    killer.join(5)
    time.sleep(6)
    assert seen and len(asked(bench)) <= len(seen) + 2, (len(seen), len(asked(bench)))
