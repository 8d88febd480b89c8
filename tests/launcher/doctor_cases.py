# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbook doctor: three names of this machine stand for the controllers, as in decide_cases, and this machine itself,
which is a host without a cluster.
"""
import json
import os
import subprocess

from commands import command, fails, goes
from decide_cases import CONTROLLERS, OURS, calls, controllers, crippled, lying, whole
from local_cases import prepare  # noqa: F401, pylint: disable=unused-import
from playbook import has, lacks

LINE = 'mariadb-backup is of another planet'


def looks(bench):
    """What doctor_facts finds on this machine, and the same if nothing were wrong."""
    args = {'destination': bench.path('sets'), 'scratch': bench.path('scratch'), 'login_unix_socket': '/nowhere/s'}
    run = subprocess.run([OURS, '-', 'doctor_facts'], input=json.dumps(args), stdout=subprocess.PIPE, check=True,
                         universal_newlines=True)
    facts = json.loads(run.stdout)['ansible_facts']['ansible_doctor']
    well = dict(facts, clock_skew=1.4, looks=[dict(check=look['check'], seen='well', problem='', unread='', warnings=[])
                                              for look in facts['looks']])
    return facts, well


def hosts(bench, change=None):
    """Three healthy controllers. change is called with the document of each, by its name."""
    well = looks(bench)[1]
    answers = {}
    for name in CONTROLLERS:
        document = json.loads(json.dumps(well))
        if change:
            document = change(name, document) or document
        answers[name] = {'doctor_facts': {'changed': False, 'ansible_facts': {'ansible_doctor': document}}}
    controllers(bench, facts=(), answers=lying(answers))
    if not os.path.exists(bench.path('own')):
        whole(bench, 'own')


def finds(check, **values):
    """A change of controller-2: its check has other values."""
    def change(name, document):
        for look in document['looks']:
            if name == 'controller-2' and look['check'] == check:
                look.update(values)
    return change


def case_doctor_good(bench):
    """doctor: a healthy cluster is healthy, in check mode and with strict, too, and nothing is changed"""
    hosts(bench)
    for options in ((), ('--check',), ('-e', 'controller_backup_doctor_strict=true')):
        output = goes(bench, 'doctor', *options)
        has(output, 'ok backup tool all 3', 'ok health controller-0', '79 checks: 79 ok.')
        lacks(output, 'FAIL', 'UNKNOWN', 'changed=1')
    ran = set(module for dummy, module, dummy2 in calls(bench))
    assert ran == set(['doctor_facts', 'galera_facts', 'pacemaker_facts', 'haproxy_facts']), ran


def case_doctor_fails(bench):
    """doctor: one failed check of one controller fails the run, and names both and what to do"""
    hosts(bench, finds('tool', problem=LINE, seen=''))
    fails(bench, 'doctor', (), 'FAIL backup tool controller-2 ' + LINE, "-> Install the server's own version",
          '78 ok, 1 failed (controller-2: backup tool)')
    hosts(bench, finds('tool', unread='it hangs', seen=''))
    fails(bench, 'doctor', (), 'UNKNOWN backup tool controller-2 it hangs', '1 unknown (controller-2: backup tool)')


def case_doctor_warns(bench):
    """doctor: a warning fails only with strict"""
    hosts(bench, finds('leftovers', warnings=['kept of a restore: /var/lib/mysql.aside-x']))
    has(goes(bench, 'doctor'), 'warn leftovers controller-2', '78 ok, 1 with a warning.')
    fails(bench, 'doctor', ('-e', 'controller_backup_doctor_strict=true'), '(controller-2: leftovers)')


def case_doctor_unreachable(bench):
    """doctor: a host that cannot be asked is a row, and a failure"""
    hosts(bench)
    with open(bench.path('controllers.yaml')) as f:
        inventory = json.load(f)
    inventory['all']['children']['Controller']['hosts']['controller-2'].update(
        ansible_connection='ssh', ansible_host='127.0.0.1', ansible_port=1)
    bench.write('controllers.yaml', json.dumps(inventory))
    fails(bench, 'doctor', (), 'UNKNOWN the host answers controller-2 it is unreachable',
          'FAIL health controller-0, controller-1 a member of the cluster did not answer', '[cluster_incomplete]')


def case_doctor_liar(bench):
    """doctor: a host cannot forge rows, move the cursor, judge by itself, or leave a check out"""
    forged = u'\x1b[2J\u202eno\nok      backup tool  all 3  well'

    def change(name, document):
        if name == 'controller-2':
            document['looks'] = [dict(look, problem=forged, secret='more') for look in document['looks']][1:]
    hosts(bench, change)
    bench.write('hosts/controller-2.doctor', json.dumps({'changed': False, 'rows': [], 'status': 'ok', 'healthy': True,
                                                         'message': 'trust me', 'text': 'trust me'}) + '\n')
    status, output = command(bench, 'doctor')
    assert status != 0, output
    has(output, 'UNKNOWN systemd controller-2 the host did not report it', 'FAIL backup tool controller-2')
    lacks(output, '\x1b', u'\u202e', 'trust me')
    assert not calls(bench, 'doctor'), calls(bench, 'doctor')
    # Another form of document is refused as a whole.
    hosts(bench, lambda name, document: {'looks': 'all well'} if name == 'controller-2' else None)
    fails(bench, 'doctor', (), 'UNKNOWN the host answers controller-2')


def case_doctor_by_two(bench):
    """doctor: if the control node cannot judge, two controllers do, alike"""
    hosts(bench, finds('tool', problem=LINE, seen=''))
    root = crippled(bench, 'lame')
    tasks = '- overcloud.backup.doctor: {max_age: 1.0e+12, show: true}\n  register: r\n  delegate_to: localhost\n'
    facts = ''.join('- overcloud.backup.%s: {}\n' % m for m in ('doctor_facts', 'galera_facts', 'pacemaker_facts',
                                                                'haproxy_facts'))
    check = "- assert: {that: [not r.healthy, r.status == 'fail', r.rows | length == 79]}\n  run_once: true\n"
    bench.play((facts, tasks + '  run_once: true\n', check), hosts='Controller', collections=root)
    asked = [host for host, dummy, dummy2 in calls(bench, 'doctor')]
    assert len(asked) == 2 and 'localhost' not in asked, asked


def case_doctor_nothing_here(bench):
    """doctor: a host without database and cluster, and a destination that others can write to, leave nothing"""
    hosts(bench)  # only to have a collection of its own
    os.makedirs(bench.path('open'), exist_ok=True)
    os.chmod(bench.path('open'), 0o777)
    bench.write('alone.ini', '[mysql]\nme ansible_connection=local overcloud_backup_cache_dir=%s\n'
                             '[haproxy]\nme\n' % bench.path('one'))
    before, bench.inventories = bench.inventories, [bench.path('alone.ini')]
    bench.undo.append(lambda: setattr(bench, 'inventories', before))
    options = ('-e', 'controller_backup_destination=%s controller_verify_scratch=%s '
                     'overcloud_backup_login_unix_socket=/nowhere/s' % (bench.path('open'), bench.path('scratch')))
    status, output = command(bench, 'doctor', *options)
    assert status != 0, output
    has(output, 'FAIL destination me destination %s' % bench.path('open'), 'can be written by others than root',
        'FAIL database account me no server could be reached', 'UNKNOWN backup tool me not checked',
        'FAIL a backup now')
    assert os.listdir(bench.path('open')) == [] and not os.path.exists(bench.path('scratch'))


def case_doctor_nobody(bench):
    """doctor: no host at all is a failure"""
    hosts(bench)
    bench.play('- overcloud.backup.doctor: {hosts: []}\n  register: r\n  failed_when: "\'no host to judge\' not in r.msg"\n',
               hosts='localhost')
