# SPDX-License-Identifier: GPL-3.0-or-later
"""What a user may do with a module, on this machine."""
import os
import pwd
import shutil
import stat
import subprocess
import time

from playbook import TOP, Skipped, arguments, has, lacks, results

SECRET = 'hunter2 "quoted" <&> \u00fc'
FACTS = """
- overcloud.backup.pacemaker_facts:
  register: r
- assert:
    that:
      - r is not changed
      - r.ansible_facts.ansible_pacemaker.present is defined
      - ansible_facts.pacemaker.present is defined
"""
ASYNC = """
- overcloud.backup.pacemaker_facts:
  async: 60
  poll: 1
  register: r
- assert:
    that: [r is finished, r.ansible_facts.ansible_pacemaker.present is defined]
- overcloud.backup.pacemaker_facts:
  async: 60
  poll: 0
  register: job
- async_status: {jid: "{{ job.ansible_job_id }}"}
  register: r
  until: r is finished
  retries: 30
  delay: 1
- assert:
    that: [r.ansible_facts.ansible_pacemaker.present is defined]
- async_status: {jid: "{{ job.ansible_job_id }}", mode: cleanup}
"""

def prepare(bench):
    if os.getuid() != 0:
        print('skipped: the local cases need root')
        return False


def case_upload_once(bench):
    """the first task uploads the binary, the second finds it"""
    first = bench.play(FACTS, options=['-vvv'])
    has(first, 'installing ')
    status = os.stat(bench.binary())
    assert stat.S_IMODE(status.st_mode) == 0o500, oct(status.st_mode)
    assert stat.S_IMODE(os.stat(bench.path('one')).st_mode) == 0o700
    lacks(bench.play(FACTS, options=['-vvv']), 'installing ')
    assert os.stat(bench.binary()).st_ino == status.st_ino


def case_one_round_trip(bench):
    """a task with the binary in the cache is one command on the host"""
    bench.play(FACTS)
    output = bench.play('- overcloud.backup.pacemaker_facts:', options=['-vvv'])
    assert output.count('EXEC') == 1, output


def case_symlinked_collection(bench):
    """a collection path that is a symbolic link to the checkout works"""
    os.makedirs(bench.path('linked', 'ansible_collections', 'overcloud'))
    os.symlink(TOP, bench.path('linked', 'ansible_collections', 'overcloud', 'backup'))
    bench.play(FACTS, collections='linked')


def case_crowd(bench):
    """five hosts that share one cache upload at the same time"""
    bench.play(FACTS, hosts='crowd')
    bench.binary('crowd')


def case_check_mode(bench):
    """check mode runs the module"""
    bench.play(FACTS, options=['--check'])


def case_diff(bench):
    """--diff runs the module"""
    bench.play(FACTS, options=['--diff'])


def case_secrets(bench):
    """no secret in -vvvvv, debug output, results or the environment"""
    output = bench.play("""
        - overcloud.backup.galera_facts:
            login_password: '%s'
            login_user: 'is %s'
            timeout: 2
            sample: 0
          register: r
        - debug: {var: r}
        - overcloud.backup.galera_facts:
            login_password: '%s'
            no_such_option: 1
          ignore_errors: true
        """.replace('%s', SECRET), options=['-vvvvv'], env={'ANSIBLE_DEBUG': '1'})
    has(output, 'VALUE_SPECIFIED_IN_NO_LOG_PARAMETER', 'no_such_option: no such option')
    task = output[output.index('TASK [overcloud.backup.galera_facts]'):]
    lacks(task.replace('- debug', ''), SECRET, SECRET.replace('"', '\\"'), 'hunter2')


def case_no_log(bench):
    """no_log on the task hides the result"""
    output = bench.play("""
        - overcloud.backup.pacemaker_facts: {timeout: 9.125}
          no_log: true
        """, options=['-vvv'])
    has(output, 'censored')
    lacks(output, '9.125', 'gathered_at')


def case_environment(bench):
    """environment reaches the module"""
    output = bench.play("""
        - overcloud.backup.galera_facts: {login_unix_socket: $MARK/db.sock, sample: 0, timeout: 2}
          environment: {MARK: "/no where"}
        """, options=['-vvv'])
    assert arguments(output)[0]['login_unix_socket'] == '/no where/db.sock', output


def case_delegate(bench):
    """delegate_to runs on the other host, with that host's variables"""
    bench.play("""
        - overcloud.backup.pacemaker_facts:
          delegate_to: two
        """)
    bench.binary('two')
    assert not os.path.exists(bench.path('one'))


def case_loop(bench):
    """a loop runs once per item"""
    output = bench.play("""
        - overcloud.backup.pacemaker_facts: {timeout: "{{ item }}"}
          loop: [1.5, "2.5"]
        """, options=['-vvv'])
    got = [a['timeout'] for a in arguments(output)]
    assert got == [1.5, 2.5], got


def case_async(bench):
    """async with poll waits for the result; with poll 0 async_status reads it and cleans up"""
    bench.play(ASYNC + """
- stat: {path: "{{ job.results_file }}"}
  register: file
- stat: {path: "{{ job.results_file }}.log"}
  register: log
- assert:
    that: [not file.stat.exists, not log.stat.exists]
""")


def case_async_refusal(bench):
    """async with bad arguments fails at once"""
    output = bench.play("""
        - overcloud.backup.pacemaker_facts: {timeot: 1}
          async: 60
          poll: 0
        """, status=2)
    has(output, 'did you mean timeout?')


def case_async_exception(bench):
    """async that breaks before it starts leaves no arguments on the host"""
    os.mkdir(bench.path('path'))
    for name in ('setfacl', 'chown', 'chmod', 'chgrp'):
        bench.write('path/' + name, '#!/bin/sh\nexit 1\n', 0o755)
    bench.undo.append(lambda: shutil.rmtree(bench.path('path')))
    os.mkdir(bench.path('tmp'))
    output = bench.play('- overcloud.backup.galera_facts: {login_password: hunter2}\n  async: 60\n  poll: 0', head=SU,
                        status=2,
                        env={'PATH': bench.path('path') + ':' + os.environ['PATH'],
                             'ANSIBLE_SYSTEM_TMPDIRS': bench.path('tmp'),
                             'ANSIBLE_REMOTE_TMP': bench.path('tmp'), 'ANSIBLE_PIPELINING': '0'})
    has(output, 'Failed to change ownership')
    left = [found[0] for found in os.walk(bench.path('tmp')) if 'args' in found[2]]
    assert not left, left


def case_module_defaults(bench):
    """module_defaults apply, by module and by group"""
    output = bench.play("""
        - overcloud.backup.pacemaker_facts:
          register: r
        - overcloud.backup.pacemaker_facts:
          module_defaults: {overcloud.backup.pacemaker_facts: {timeout: 4}}
        """, head='module_defaults: {group/overcloud.backup.all: {timeout: 3}}', options=['-vvv'])
    got = [a['timeout'] for a in arguments(output)]
    # Groups of a collection do not exist before 2.12.
    assert got == ([3, 4] if bench.version() >= (2, 12) else [10, 4]), got


def case_vault(bench):
    """an inline vault value as an argument"""
    password = bench.write('vault-password', 'correct horse')
    locked = subprocess.run(['ansible-vault', 'encrypt_string', '--vault-password-file', password, 'vaulted-user'],
                            check=True,
                            env=bench.environment('tree', None), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                            universal_newlines=True)
    value = '\n'.join('    ' + line.strip() for line in locked.stdout.splitlines()[1:])
    output = bench.play(
        '- overcloud.backup.galera_facts:\n    sample: 0\n    timeout: 2\n    login_user: !vault |\n%s\n'
                        % value.replace('    ', '      '), options=['-vvv', '--vault-password-file', password])
    assert arguments(output)[0]['login_user'] == 'vaulted-user', output


def case_date(bench):
    """a YAML date as an argument"""
    output = bench.play("""
        - overcloud.backup.galera_facts: {login_user: 2024-02-29, sample: 0, timeout: 2}
        """, options=['-vvv'])
    assert arguments(output)[0]['login_user'] == '2024-02-29', output


def case_arguments(bench):
    """bad arguments name the option, the value and the valid ones, all at once"""
    output = bench.play("""
        - overcloud.backup.pacemaker_facts: {timeout: soon, tiemout: 3}
        """, status=2)
    has(output, 'tiemout: no such option, did you mean timeout? (valid: ', '\\"soon\\" is not a number')


def case_short_name(bench):
    """the short name works with collections:, and key=value arguments"""
    bench.play("""
        - pacemaker_facts: timeout=3
          register: r
        - assert: {that: [r.ansible_facts.ansible_pacemaker.present is defined]}
        """, head='collections: [overcloud.backup]')


def case_no_python(bench):
    """no Python is needed on the host"""
    bench.play(FACTS, options=['-e', 'ansible_python_interpreter=/nonexistent/python'])


def case_damaged(bench):
    """a damaged binary in the cache is removed, and the next task works"""
    bench.play(FACTS)
    for content in (b'', b'garbage\n', None):
        binary = bench.binary()
        with open(binary, 'r+b') as f:
            f.truncate(5000 if content is None else 0)
            f.write(content or b'')
        has(bench.play(FACTS, status=2), 'was damaged. It has been removed; run the task again.')
        assert not os.path.exists(binary)
        bench.play(FACTS)


def case_planted_link(bench):
    """a planted symbolic link is refused, as file and as directory"""
    bench.play(FACTS)
    binary = bench.binary()
    os.rename(binary, bench.path('elsewhere'))
    os.symlink(bench.path('elsewhere'), binary)
    has(bench.play(FACTS, status=2), 'is a symbolic link or belongs to another user')
    os.unlink(binary)
    os.symlink('/nonexistent', binary)
    has(bench.play(FACTS, status=2), 'is a symbolic link or belongs to another user')
    bench.forget()
    os.mkdir(bench.path('real'))
    os.symlink(bench.path('real'), bench.path('one'))
    bench.undo.append(lambda: os.unlink(bench.path('one')))
    has(bench.play(FACTS, status=2), 'is a symbolic link or belongs to another user')
    assert os.listdir(bench.path('real')) == []


def case_foreign_owner(bench):
    """a binary or directory of another user is refused"""
    nobody = pwd.getpwnam('nobody').pw_uid
    bench.play(FACTS)
    os.chown(bench.binary(), nobody, -1)
    has(bench.play(FACTS, status=2), 'is a symbolic link or belongs to another user')
    os.chown(bench.binary(), 0, -1)
    os.chown(bench.path('one'), nobody, -1)
    has(bench.play(FACTS, status=2), 'is a symbolic link or belongs to another user')
    os.unlink(bench.binary())
    has(bench.play(FACTS, status=2), 'is a symbolic link or belongs to another user')


def case_writable_cache(bench):
    """a cache that others can write to is refused, with and without the binary in it"""
    bench.play(FACTS)
    for mode in (0o720, 0o1702):
        os.chmod(bench.path('one'), mode)
        has(bench.play(FACTS, status=2), 'others can write to the directory')
    os.unlink(bench.binary())
    has(bench.play(FACTS, status=2), 'others can write to the directory')
    os.chmod(bench.path('one'), 0o755)
    bench.play(FACTS)


def case_no_binaries(bench):
    """a checkout without binaries fails with advice"""
    shutil.rmtree(os.path.join(bench.copy('bare'), 'plugins', 'plugin_utils', '_bin'))
    has(bench.play(FACTS, collections='bare', status=2), 'has no binaries', 'make build')


def case_bad_upload(bench):
    """a binary that does not match SHA256SUMS is not run"""
    target = bench.copy('bad')
    folder = os.path.join(target, 'plugins', 'plugin_utils', '_bin')
    for name in os.listdir(folder):
        if name.startswith('overcloud_backup_'):
            with open(os.path.join(folder, name), 'ab') as f:
                f.write(b'x')
    has(bench.play(FACTS, collections='bad', status=2), 'different checksum')
    assert os.listdir(bench.path('one')) == []


def case_dead_host(bench):
    """a dead host is failed, not unreachable, where rescue would not run otherwise"""
    output = bench.play("""
        - block:
            - overcloud.backup.pacemaker_facts:
              register: r
          rescue:
            - assert:
                that: [r is failed, r is not unreachable, r.host_unreachable, "'Could not connect to the host' in r.msg"]
          always:
            - debug: {msg: cleaned up}
        """, hosts='dead')
    has(output, 'cleaned up', 'unreachable=0', 'rescued=1')


def case_noexec(bench):
    """a cache that forbids programs is explained"""
    os.mkdir(bench.path('one'), 0o700)
    if subprocess.run(['mount', '-t', 'tmpfs', '-o', 'noexec,mode=0700', 'tmpfs', bench.path('one')],
                      stderr=subprocess.DEVNULL).returncode:
        raise Skipped('no mount')
    bench.undo.append(lambda: subprocess.run(['umount', bench.path('one')], check=True))
    has(bench.play(FACTS, status=2), 'refuses to execute', 'overcloud_backup_cache_dir')


def case_platform(bench):
    """another processor is named, along with the supported ones"""
    os.mkdir(bench.path('path'))
    bench.write('path/uname', '#!/bin/sh\necho Linux riscv64\n', 0o755)
    output = bench.play(
        '- overcloud.backup.pacemaker_facts:\n  environment: {PATH: "%s:{{ lookup(\'env\', \'PATH\') }}"}' % bench.path(
            'path'), status=2)
    has(output, 'no build for this host', 'Linux aarch64, Linux x86_64', 'Linux riscv64')


def case_own_binary(bench):
    """overcloud_backup_binary runs that file and uploads nothing"""
    bench.play(FACTS)
    shutil.move(bench.binary(), bench.path('installed'))
    bench.forget()
    bench.play(FACTS, options=['-e', 'overcloud_backup_binary=%s' % bench.path('installed')])
    assert not os.path.exists(bench.path('one'))
    has(bench.play(FACTS, options=['-e', 'overcloud_backup_binary=/nonexistent/x'], status=2), '/nonexistent/x',
        'There is no such file on the host.')


def case_template(bench):
    """the variables may be templates"""
    more = '{"base": "%s", "overcloud_backup_cache_dir": "{{ base }}/{{ inventory_hostname }}"}' % bench.work
    bench.play(FACTS, options=['-e', more])
    bench.binary()


def case_plain_module(bench):
    """a copy of the binary works as an ordinary binary module"""
    bench.play(FACTS)
    os.mkdir(bench.path('library'))
    shutil.copy(bench.binary(), bench.path('library', 'pacemaker_facts'))
    bench.undo.append(lambda: shutil.rmtree(bench.path('library')))
    bench.play("""
        - pacemaker_facts: {timeout: 3}
          register: r
        - assert:
            that: [r.ansible_facts.ansible_pacemaker.present is defined]
        - pacemaker_facts: {timeout: x}
          register: r
          failed_when: r is not failed
        - pacemaker_facts:
          check_mode: true
        - pacemaker_facts:
          async: 30
          poll: 1
        """, options=['-vvv'])


SU = """
become: true
become_method: su
become_flags: -s /bin/sh
become_user: nobody
"""


def case_su(bench):
    """su to an unprivileged user works, with its own cache"""
    os.mkdir(bench.path('one'))
    shutil.chown(bench.path('one'), 'nobody')
    bench.play(FACTS, head=SU, env={'ANSIBLE_PIPELINING': '0', 'ANSIBLE_SHELL_ALLOW_WORLD_READABLE_TEMP': '1'})
    assert os.stat(bench.binary()).st_uid == pwd.getpwnam('nobody').pw_uid


def case_datadir(bench):
    """a home directory that is a database directory is refused, any other is used"""
    home = bench.path('home')
    os.mkdir(home)
    shutil.chown(home, 'nobody')
    su = SU + 'vars: {overcloud_backup_cache_dir: ""}\nenvironment: {HOME: "%s"}\n' % home
    env = {'ANSIBLE_SHELL_ALLOW_WORLD_READABLE_TEMP': '1'}
    bench.play(FACTS, head=su, env=env, options=['-e', 'overcloud_backup_cache_dir=""'])
    assert len(os.listdir(os.path.join(home, '.cache', 'overcloud.backup', 'bin'))) == 1
    for name in ('ibdata1', 'grastate.dat'):
        path = bench.write(os.path.join('home', name), '')
        output = bench.play(FACTS, head=su, env=env, options=['-e', 'overcloud_backup_cache_dir=""'], status=2)
        has(output, 'is a database directory', home)
        os.unlink(path)


def case_clock(bench):
    """the module gets the time of the control node, right before it runs"""
    before = time.time()
    output = bench.play('- overcloud.backup.pacemaker_facts: {timeout: 3}', options=['-vvv'])
    gathered = results(output)[0]['ansible_facts']['ansible_pacemaker']['gathered_at']
    assert before < gathered < time.time(), (before, gathered)


def case_collects_facts(bench):
    """idle_controller passes the facts of all hosts to the module, and only those"""
    output = bench.play("""
        - overcloud.backup.galera_facts: {sample: 0, timeout: 2}
          when: inventory_hostname == 'one'
        - set_fact: {private: hush-hush}
          no_log: true
        - overcloud.backup.idle_controller:
          when: inventory_hostname == 'two'
        """, hosts='here', options=['-vvv'])
    last = output[output.index('TASK [overcloud.backup.idle_controller]'):]
    lacks(last, 'hush-hush')
    given = results(last)[0]
    assert sorted(c['name'] for cluster in given['clusters'] for c in cluster['controllers']) == ['one', 'two'], given


def case_given_facts(bench):
    """idle_controller decides from facts set in the task"""
    output = bench.play("""
        - overcloud.backup.idle_controller:
            facts: [{name: alone, unreachable: true}]
        """, options=['-vvv'])
    assert arguments(output)[0]['facts'] == [{'name': 'alone', 'unreachable': True}], output
