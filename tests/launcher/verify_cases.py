# SPDX-License-Identifier: GPL-3.0-or-later
"""backup_verify, which is a job of the host like galera_backup: the waiting that backup_cases tests is left out."""
from backup_cases import MADE, asked, flaky, play, stand_in
from local_cases import prepare  # noqa: F401, pylint: disable=unused-import
from playbook import has, results

VERIFY = '- overcloud.backup.backup_verify: {destination: %s, login_user: u, login_password: hunter2%s}\n'


def step(name, read, tables, expected, elapsed):
    return ('say \'"running": true, "ended": false, "progress": {"phase": "%s", "read_bytes": %d, '
            '"expected_bytes": 8388608, "tables": %d, "expected_tables": %d, "elapsed": %d}\'\n'
            % (name, read, tables, expected, elapsed))


def case_verify_progress(bench):
    """backup_verify: complete lines of progress, then only the result"""
    answers = '[ $t -ge 2 ] || %s[ $t -ge 5 ] || %s%s' % (
        step('read', 4194304, 0, 0, 31), step('check', 8388608, 48, 192, 40), MADE)
    output = stand_in(bench, answers, module=VERIFY)
    has(output, '\none: verification, read, 4.0 of 8.0 MiB of the set, 31 s\n',
        '\none: verification, check, 48 of 192 tables, 40 s\n')
    got = results(output)[0]
    assert (got['msg'], got['changed'], got['job']) == ('made', True, asked(bench)[0]['job']), got
    assert not set(got) & set(['ended', 'running', 'progress', 'result']), got
    calls = asked(bench)
    assert calls[0]['wait'] is False and all(c['job'] == calls[0]['job'] and 'login_password' not in c
                                             for c in calls[1:]), calls


def case_verify_lost(bench):
    """backup_verify: the outcome arrives although the connection is lost for a while"""
    env = flaky(bench)
    cut = bench.path('cut')
    start = 'touch %s; (sleep 5; rm %s) >/dev/null 2>&1 </dev/null &\n' % (cut, cut)
    output = stand_in(bench, MADE, start=start, env=env, module=VERIFY)
    has(output, 'verification, no contact, trying again: no route to host', 'verification, in contact again after')
    assert results(output)[0]['msg'] == 'made', output


def case_verify_damaged(bench):
    """backup_verify: a damaged set is the task's failure"""
    output = stand_in(bench, "ended '\"changed\": true, \"failed\": true, \"msg\": \"the set is damaged\"'", status=2,
                      module=VERIFY)
    assert results(output)[0]['msg'] == 'the set is damaged', output


def case_verify_made_before(bench):
    """backup_verify: an ended verification of this name changes nothing, and is reported"""
    output = stand_in(bench, MADE, task=', job: nightly', start='a=\'"attached": true, "ended": true, \'\n',
                      module=VERIFY)
    assert results(output)[0]['changed'] is False, output
    has(' '.join(output.split()), 'for a new verification')


def case_verify_one_call(bench):
    """backup_verify: another state, and a start without waiting, are one call; check mode starts nothing"""
    for more in (', state: status, job: x', ', state: recovered', ', wait: false'):
        stand_in(bench, MADE, task=more, module=VERIFY)
        assert len(asked(bench)) == 1, asked(bench)
    got = results(play(bench, VERIFY % ('/nowhere', ''), options=['--check'], status=2))[0]
    assert 'unit' not in got and '/nowhere' in got['msg'], got


def case_verify_without_systemd(bench):
    """backup_verify: a host without systemd verifies at once, and needs a job's name to query one"""
    has(play(bench, VERIFY % ('/nowhere', ', state: status'), status=2), 'which verification')
    has(play(bench, VERIFY % ('/nowhere', ', state: status, job: none'), status=2), 'there is no verification none')
