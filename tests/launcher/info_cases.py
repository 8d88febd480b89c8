# SPDX-License-Identifier: GPL-3.0-or-later
"""The modules that only look: they change nothing, in check mode or not, and pass on what their modules documented."""
from decide_cases import calls, controllers, whole
from local_cases import prepare  # noqa: F401, pylint: disable=unused-import
from playbook import has

ENDED = {'changed': False, 'msg': 'job j has ended: made', 'job': 'j', 'unit': 'u', 'running': False, 'ended': True}
BACKUP = dict(ENDED, result={'changed': True, 'msg': 'made', 'backup': {'path': '/sets/c/S'}, 'plan': {'method': 'physical'},
                             'warnings': ['slow'], 'add_host': {'host_name': 'evil'}})
VERIFIED = dict(ENDED, result={'changed': True, 'msg': 'proven', 'outcome': {'ok': True}, 'path': '/sets/c/S'})


def case_info_here(bench):
    """_info modules: the real binary answers on this machine, in check mode as well, and changes nothing"""
    for options in ((), ('--check',)):
        output = bench.play('''
            - overcloud.backup.galera_backup_info:
              register: r
            - assert: {that: [r is not changed, not r.running]}
            - overcloud.backup.backup_verify_info: {job: none}
              register: r
              ignore_errors: true
            - assert: {that: [r is failed, "'there is no verification none' in r.msg"]}
            - overcloud.backup.galera_restore_info: {destination: /nonexistent, memory: 1}
              register: r
              ignore_errors: true
            - assert: {that: [r is failed, "'memory: 1 is not from 32' in r.msg"]}
            ''', options=options)
        assert 'changed=0' in output, output


def case_info_result(bench):
    """_info modules: the result of an ended job arrives as its module documents it, and nothing else of it"""
    controllers(bench, facts=(), answers={'controller-0': {'galera_backup_info': BACKUP, 'backup_verify_info': VERIFIED}})
    whole(bench, 'own')
    output = bench.play('''
        - overcloud.backup.galera_backup_info: {job: j}
          register: r
        - assert:
            that: [r.result.backup.path == '/sets/c/S', r.result.plan.method == 'physical', r.result.changed,
                   "'add_host' not in r.result", r is not changed]
        - overcloud.backup.backup_verify_info: {job: j}
          register: r
        - assert: {that: [r.result.outcome.ok, r.result.path == '/sets/c/S', r is not changed]}
        ''', hosts='controller-0', collections='own', options=['-e', 'liar=1'])
    has(' '.join(output.split()), 'left out of the answer, because galera_backup_info documents no such value')
    assert [call[1] for call in calls(bench)] == ['galera_backup_info', 'backup_verify_info'], calls(bench)


def case_info_former(bench):
    """galera_backup: state=status, which the _info module replaces, still answers"""
    bench.play('''
        - overcloud.backup.galera_backup: {state: status}
          register: r
        - assert: {that: [r is not changed, not r.running]}
        ''')
