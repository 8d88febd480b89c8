# SPDX-License-Identifier: GPL-3.0-or-later
"""The same over ssh, on the controllers of the lab. Only the cache of these tests is written there."""
import os
import subprocess

from local_cases import ASYNC, FACTS, SECRET
from playbook import TOP, Skipped, has, lacks

CACHE = '/var/lib/overcloud-backup-launcher-test'
LAB = os.path.join(TOP, 'tests', 'lab', 'lab')


def lab(*words):
    run = subprocess.run([LAB] + list(words), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                         stderr=subprocess.DEVNULL, universal_newlines=True)
    return run.stdout.strip() if run.returncode == 0 else None


def prepare(bench):
    inventory = lab('inventory')
    if not inventory or not os.path.exists(inventory) or lab('ssh', '1', 'true') is None:
        print('skipped: the lab is not up')
        return False
    bench.inventories.append(inventory)


def variables(**more):
    options = ['-e', 'overcloud_backup_cache_dir=%s' % CACHE]
    for name, value in more.items():
        options += ['-e', '%s=%s' % (name, value)]
    return options


def on_lab(bench, tasks, head='become: true\n', hosts='controller-1', cleaned=('1',), **keywords):
    try:
        return bench.play(tasks, hosts=hosts, head=head, **keywords)
    finally:
        for number in cleaned:
            lab('ssh', number, 'rm -rf %s /home/*/.cache/overcloud-backup-launcher-test' % CACHE)


def case_ssh(bench):
    """ssh: sudo without password, on every controller"""
    output = on_lab(bench, FACTS, hosts='Controller', cleaned=('0', '1', '2'), options=variables() + ['-vvv'])
    has(output, 'installing ')


def case_ssh_default(bench):
    """ssh: the default cache of root"""
    bench.play(FACTS, hosts='controller-1', head='become: true\n')
    mode = lab('ssh', '1', 'stat -c %U.%a /var/lib/overcloud.backup/bin')
    assert mode == 'root.700', mode


def case_ssh_one_round_trip(bench):
    """ssh: a task with the binary in the cache is one command on the host"""
    output = on_lab(bench, (FACTS, '- overcloud.backup.pacemaker_facts:\n'), options=variables() + ['-vvv'])
    last = output[output.rindex('TASK ['):]
    assert last.count('SSH: EXEC') == 1, last


def case_ssh_user(bench):
    """ssh: an unprivileged user without become, in its own home"""
    bench.play(FACTS, hosts='controller-1')
    found = lab('ssh', '1', 'ls -ld ~tripleo-admin/.cache/overcloud.backup/bin')
    has(found or '', 'drwx------', 'tripleo-admin')


def case_ssh_password(bench):
    """ssh: sudo with a password"""
    known = lab('ssh', '1', 'test -s ~passwd-admin/.ssh/authorized_keys && echo yes')
    login = {} if known else {'ansible_password': '{{ lab_passwd_admin_password }}'}
    head = 'become: true\nvars: {ansible_become_password: "{{ lab_passwd_admin_password }}"}\n'
    on_lab(bench, FACTS, head=head, options=variables(ansible_user='passwd-admin', **login))
    output = on_lab(bench, FACTS, options=variables(ansible_user='passwd-admin', **login), status=2)
    has(output, 'sudo password')


def case_ssh_su(bench):
    """ssh: su with root's password"""
    head = 'become: true\nbecome_method: su\nvars: {ansible_become_password: "{{ lab_root_password }}"}\n'
    on_lab(bench, FACTS, head=head, options=variables())
    left = lab('ssh', '1', 'find /home/tripleo-admin/.ansible/tmp /root/.ansible/tmp -name args 2>/dev/null')
    assert not left, left


def case_ssh_become_user(bench):
    """ssh: sudo to the database's user refuses the data directory"""
    head = 'become: true\nbecome_user: mysql\n'
    output = bench.play(FACTS, hosts='controller-1', head=head, status=2)
    has(output, 'database directory') if '/var/lib/mysql' in output else has(output, 'cannot be created')


def case_ssh_secrets(bench):
    """ssh: no secret in -vvvvv, nor in the journal of the host"""
    output = on_lab(bench, """
        - overcloud.backup.galera_facts: {login_user: nobody, login_password: '%s', sample: 0}
        """ % SECRET, options=variables() + ['-vvvvv'], env={'ANSIBLE_DEBUG': '1'})
    lacks(output[output.index('TASK ['):], 'hunter2')
    journal = lab('ssh', '1', 'journalctl --since -5min --no-pager')
    assert journal is not None
    lacks(journal, 'hunter2')


def case_ssh_async(bench):
    """ssh: async with poll, and poll 0 with async_status"""
    on_lab(bench, ASYNC, options=variables())


def case_ssh_delegate(bench):
    """ssh: delegate_to from a local host to a controller"""
    bench.play("""
        - overcloud.backup.galera_facts:
          delegate_to: controller-1
          become: true
          register: r
        - assert: {that: [r.ansible_facts.ansible_galera.present]}
        """)


def case_ssh_lost(bench):
    """ssh: a controller that stops answering is failed, and rescue runs"""
    output = bench.play("""
        - block:
            - overcloud.backup.pacemaker_facts:
              register: r
          rescue:
            - assert: {that: [r.host_unreachable, r is not unreachable]}
        """, hosts='controller-1', head='become: true\n', options=['-e', 'ansible_port=9'])
    has(output, 'rescued=1')


def case_ssh_paramiko(bench):
    """ssh: a connection without pipelining (paramiko)"""
    try:
        __import__('paramiko')
    except ImportError:
        raise Skipped('no paramiko')
    on_lab(bench, FACTS, options=variables(ansible_connection='paramiko'))
