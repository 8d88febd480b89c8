# SPDX-License-Identifier: GPL-3.0-or-later
"""Who decides, and who is trusted: the control node decides, a lying controller is not obeyed, and if the control node
cannot decide, two controllers must agree. Three names of this machine stand for the controllers; they return facts
recorded on the lab, and record their calls.
"""
import json
import os
import platform
import shutil
import subprocess

from local_cases import prepare  # noqa: F401, pylint: disable=unused-import
from playbook import TOP, Skipped, arguments, has, lacks, results

CONTROLLERS = ('controller-0', 'controller-1', 'controller-2')
# $0.NAME is the answer of this controller to a module, if it does not run the real binary.
CONTROLLER = """#!/bin/sh
args=$(cat); printf '%%s %%s %%s\\n' "${0##*/}" "$2" "$args" >>"${0%%/*}/calls"
[ ! -f "$0.$2" ] || exec cat "$0.$2"
printf '%%s' "$args" | exec %s "$@"
"""
BIN = os.path.join(TOP, 'plugins', 'plugin_utils', '_bin')
OURS = os.path.join(BIN, 'overcloud_backup_linux_%s' % {'x86_64': 'amd64', 'aarch64': 'arm64'}.get(platform.machine()))
HOSTILE = {'changed': False, 'policy': 'allow_active', 'min_spares': 0, 'chosen': 'localhost', 'active': [],
           'chosen_hosts': ['not.in.the.inventory', 'localhost'], 'message': 'trust me', 'text': 'trust me',
           'clusters': [{'cluster': 'c', 'uuid': '', 'chosen': 'localhost', 'active': [], 'controllers': [],
                         'message': '', 'vip': {}}]}
PLAN = {'changed': True, 'msg': 'the plan', 'plan': {'method': 'physical'}}
SECRET = 'hunter2-of-the-database'
DECIDE = """
- overcloud.backup.idle_controller:
    hosts: [controller-0, controller-1, controller-2]
    max_age: 1.0e+12
%s  register: r
- assert: {that: [r.chosen == 'controller-1', "r.chosen_hosts == ['controller-1']", r is not changed]}
"""
# An action plugin with a free answer, to show what the roles do with it.
FAKE = """
import json
from ansible.plugins.action import ActionBase


class ActionModule(ActionBase):
    def run(self, tmp=None, task_vars=None):
        super(ActionModule, self).run(tmp, task_vars)
        with open(%r) as f:
            return json.load(f)
"""


def recorded(i):
    with open(os.path.join(TOP, 'internal', 'selection', 'testdata', 'lab-%d.json' % i)) as f:
        facts = json.load(f)
    return dict(('ansible_' + key, facts[key]) for key in ('galera', 'pacemaker', 'haproxy'))


def controllers(bench, facts=CONTROLLERS, answers=None, wrapper=CONTROLLER):
    """An inventory of three controllers, and localhost, which must not be asked. facts names those with facts."""
    shutil.rmtree(bench.path('hosts'), ignore_errors=True)
    os.makedirs(bench.path('hosts'))
    hosts = {}
    for i, name in enumerate(CONTROLLERS + ('localhost',)):
        path = bench.write('hosts/' + name, wrapper % OURS, 0o755)
        hosts[name] = dict(ansible_connection='local', ansible_become_method='su', overcloud_backup_binary=path)
        if name in facts:
            hosts[name].update(recorded(i))
        for module, answer in ((answers or {}).get(name) or {}).items():
            bench.write('hosts/%s.%s' % (name, module), json.dumps(answer) + '\n')
    bench.write('hosts/calls', '')
    groups = {'children': {'Controller': {'hosts': dict((n, hosts[n]) for n in CONTROLLERS)}},
              'hosts': {'localhost': hosts['localhost']}}
    bench.write('controllers.yaml', json.dumps({'all': groups}))
    before, bench.inventories = bench.inventories, [bench.path('controllers.yaml')]
    bench.undo.append(lambda: setattr(bench, 'inventories', before))
    bench.undo.append(lambda: shutil.rmtree(bench.path('hosts'), ignore_errors=True))


def calls(bench, module=None):
    """The modules that ran: (host, module, arguments)."""
    with open(bench.path('hosts', 'calls')) as f:
        all_of_them = [line.split(' ', 2) for line in f]
    return [(host, name, json.loads(args)) for host, name, args in all_of_them if module in (None, name)]


def whole(bench, root):
    """A copy of the complete collection, which a case may change."""
    target = bench.copy(root)
    for part in ('roles', 'playbooks'):
        shutil.copytree(os.path.join(TOP, part), os.path.join(target, part))
    bench.undo.append(lambda: shutil.rmtree(bench.path(root)))
    return target


def crippled(bench, root):
    """A copy without a build for this machine, as on a control node of another platform."""
    folder = os.path.join(whole(bench, root), 'plugins', 'plugin_utils', '_bin')
    with open(os.path.join(folder, 'SHA256SUMS')) as f:
        others = [line for line in f if os.path.basename(OURS) not in line]
    os.unlink(os.path.join(folder, os.path.basename(OURS)))
    with open(os.path.join(folder, 'SHA256SUMS'), 'w') as f:
        f.writelines(others)
    return root


def backup(bench, root, options=(), **keywords):
    """The role, with a password for the database, in check mode: the same hosts run the same modules."""
    variables = dict(controller_backup_max_age=1e12, controller_backup_login_user='u',
                     controller_backup_login_password=SECRET)
    return bench.play('- include_role: {name: overcloud.backup.controller_backup}\n', hosts='Controller',
                      collections=root,
                      options=['--check', '-e', json.dumps(variables)] + list(options), **keywords)


def tells_facts(i):
    return dict((name + '_facts', {'changed': False, 'ansible_facts': {key: value}})
                for name, key, value in ((k[len('ansible_'):], k, v) for k, v in recorded(i).items()))


def lying(answers):
    """The answers of the controllers: their facts, nothing to recover, a plan, and more for each."""
    told = dict((name, dict(tells_facts(i), galera_backup=PLAN)) for i, name in enumerate(CONTROLLERS))
    for name, more in answers.items():
        told.setdefault(name, {}).update(more)
    return told


def case_decide_hostile_controller(bench):
    """idle_controller: a controller's opinion on which one to back up is not even asked for"""
    controllers(bench, facts=(), answers=lying({'controller-0': {'idle_controller': HOSTILE}}))
    whole(bench, 'own')
    output = backup(bench, 'own')
    lacks(output, 'not.in.the.inventory', 'trust me')
    assert not calls(bench, 'idle_controller') and not [c for c in calls(bench) if c[0] == 'localhost'], calls(bench)
    planned = [(host, args['policy'], args['min_spares']) for host, dummy, args
               in calls(bench, 'galera_backup') if args.get('state') != 'recovered']
    assert planned == [('controller-1', 'require_idle', 1)], planned


def case_decide_hostile_decision(bench):
    """controller_backup: a host that is not a controller of the play is not contacted, even if it was chosen"""
    target = whole(bench, 'own')
    for chosen, strangers in ((['controller-2'] + HOSTILE['chosen_hosts'], 'localhost, not.in.the.inventory'),
                              ([], 'localhost')):
        controllers(bench, facts=(), answers=lying({}))
        bench.write('hosts/answer', json.dumps(dict(HOSTILE, chosen_hosts=chosen)))
        with open(os.path.join(target, 'plugins', 'action', 'idle_controller.py'), 'w') as f:
            f.write(FAKE % bench.path('hosts', 'answer'))
        output = ' '.join(backup(bench, 'own', status=2).split())
        has(output, 'chose %s, and the controllers are controller-0, controller-1, controller-2' % strangers,
            'Nobody is backed up')
        asked = [host for host, dummy, args in calls(bench, 'galera_backup') if args.get('state') != 'recovered']
        assert not asked and not [c for c in calls(bench) if c[0] == 'localhost'], calls(bench)


def case_decide_two_agree(bench):
    """idle_controller: if the control node cannot decide, two controllers decide, alike"""
    crippled(bench, 'other')
    controllers(bench)
    for head, hosts in (('', 'localhost'), ('connection: local', 'localhost'),
                        ('become: true\nbecome_method: su', 'controller-2')):
        output = bench.play(DECIDE % '    show: true\n', hosts=hosts, head=head, collections='other', options=['-vvv'])
        has(output, 'the control node cannot decide: there is no build for it', '\ncluster ')
        asked = [host for host, dummy, dummy2 in calls(bench, 'idle_controller')]
        assert asked == ['controller-0', 'controller-1'], asked
        bench.write('hosts/calls', '')
    controllers(bench, facts=(), answers=lying({}))
    backup(bench, 'other')
    planned = [host for host, dummy, args in calls(bench, 'galera_backup') if args.get('state') != 'recovered']
    assert planned == ['controller-1'], planned


def case_decide_two_differ(bench):
    """idle_controller: two controllers that decide differently are named, and nothing is backed up"""
    crippled(bench, 'other')
    honest = run_ours(dict(facts=[dict(facts, name=name) for name, facts in zip(CONTROLLERS, given())], max_age=1e12))
    elsewhere = json.loads(json.dumps(honest).replace('"chosen": "controller-1"', '"chosen": "controller-2"'))
    active = json.loads(json.dumps(honest).replace('"activity": "idle"', '"activity": "active"'))
    for answer, says in ((HOSTILE, 'controller-0 and controller-1 decide differently'),
                         (elsewhere, '.chosen is "controller-2" and "controller-1"'),
                         (dict(honest, policy='allow_active'), 'policy is "allow_active" and "require_idle"'),
                         (active, 'activity is "active" and "idle"'),
                         (dict(honest, failed=True, msg='no', invocation={}), 'failed is true and null'),
                         (dict(honest, message='all is well'), 'message is "all is well" and')):
        controllers(bench, answers={'controller-0': {'idle_controller': answer}})
        output = ' '.join(bench.play(DECIDE % '', hosts='localhost', collections='other',
                                     status=2).replace('\\"', '"').split())
        has(output, says, 'Nobody was chosen', 'controller-0', 'controller-1')
    controllers(bench, facts=(), answers=lying({'controller-0': {'idle_controller': HOSTILE}}))
    has(backup(bench, 'other', status=2), 'controller-0 and controller-1 decide differently')
    assert not [c for c in calls(bench, 'galera_backup') if c[2].get('state') != 'recovered'], calls(bench)


def case_decide_two_strangers(bench):
    """idle_controller: a foreign host is refused, even if two agree on it"""
    crippled(bench, 'other')
    liar = {'idle_controller': HOSTILE}
    controllers(bench, facts=(), answers=lying({'controller-0': liar, 'controller-1': liar}))
    output = ' '.join(backup(bench, 'other', status=2).split())
    has(output, 'The decision chose localhost, not.in.the.inventory, but its hosts are controller-0')
    assert not [c for c in calls(bench) if c[0] == 'localhost' or c[1] == 'galera_backup'
                and c[2].get('state') != 'recovered'], calls(bench)


def case_decide_two_few(bench):
    """idle_controller: a single controller is not trusted"""
    crippled(bench, 'other')
    controllers(bench, facts=('controller-1',))
    output = ' '.join(bench.play(DECIDE % '', hosts='localhost', collections='other', status=2).split())
    has(output, 'The control node cannot decide by itself: there is no build for it',
        'a single one is not trusted, and controller-1 answered')
    controllers(bench, facts=('controller-1', 'controller-2'), answers={'controller-1': {'idle_controller': ''}})
    output = ' '.join(bench.play(DECIDE % '', hosts='localhost', collections='other', status=2).split())
    has(output, 'controller-2 answered, controller-1 could not: ', 'The binary gave no result')
    # A play of the control node does not use it in place of the controllers.
    controllers(bench)
    with open(bench.path('controllers.yaml')) as f:
        inventory = f.read()
    bench.write('controllers.yaml',
                inventory.replace('"ansible_connection": "local"', '"ansible_host": "127.0.0.1", "ansible_port": 1'))
    output = ' '.join(bench.play(DECIDE % '', hosts='localhost', head='connection: local', collections='other',
                                 status=2).split())
    has(output, 'controller-0 could not:', 'controller-1 could not:', 'controller-2 could not:', 'Connection refused')
    assert not [c for c in calls(bench) if c[0] == 'localhost'], calls(bench)


def given():
    return [dict((key[len('ansible_'):], value) for key, value in recorded(i).items()) for i in range(3)]


def run_ours(args):
    run = subprocess.run([OURS, '-', 'idle_controller'], input=json.dumps(args), stdout=subprocess.PIPE,
                         universal_newlines=True, check=True)
    return json.loads(run.stdout)


def case_decide_nowhere_else(bench):
    """idle_controller: no host is contacted, whatever the task sets for hosts, users and modes"""
    controllers(bench)
    more = ('  delegate_to: nowhere.example\n', '  run_once: true\n', '  become: true\n  become_user: nobody\n',
            '  check_mode: true\n',
            '  async: 60\n  poll: 2\n', '  environment: {PATH: /nonexistent}\n',
            '  delegate_to: controller-2\n  delegate_facts: true\n')
    bench.play([DECIDE % keywords for keywords in more], hosts='controller-0:localhost')
    bench.play("""
        - overcloud.backup.idle_controller: 
            {hosts: "{{ groups.Controller }}", max_age: 1.0e+12, exclude: ["{{ item }}"]}
          loop: [controller-0, controller-1]
          register: r
        - assert: {that: ["r.results | map(attribute='chosen') | list == ['controller-1', 'controller-2']"]}
        """, hosts='localhost')
    has(bench.play('- overcloud.backup.idle_controller:\n  async: 60\n  poll: 0\n', hosts='localhost', status=2),
        'remove async and poll')
    has(bench.play('- overcloud.backup.idle_controller: {polcy: x}\n', hosts='localhost', status=2),
        'did you mean policy?')
    assert not calls(bench), calls(bench)


def case_decide_environment(bench):
    """idle_controller: the decision sees nothing of the environment, and its arguments are in no process list"""
    controllers(bench)
    target = whole(bench, 'own')
    folder = os.path.join(target, 'plugins', 'plugin_utils', '_bin')
    stub = '#!/bin/sh\n{ env; echo "$@"; pwd; } >%s/seen; exec %s "$@"\n' % (bench.path('hosts'), OURS)
    replace(folder, stub)
    bench.play(DECIDE % '', hosts='localhost', collections='own', env={'SECRET_OF_AWX': SECRET})
    with open(bench.path('hosts', 'seen')) as f:
        seen = f.read()
    lacks(seen, SECRET, 'controller-0', 'HOME=')
    has(seen, 'LC_ALL=C', '\n- idle_controller\n/\n')


def replace(folder, content, mode=0o755):
    """Another program in place of the build for this machine, with its checksum."""
    path = os.path.join(folder, os.path.basename(OURS))
    with open(path, 'w') as f:
        f.write(content)
    os.chmod(path, mode)
    told = subprocess.run('sha256sum overcloud_backup_linux_* >SHA256SUMS', shell=True, cwd=folder)
    assert told.returncode == 0


def case_decide_without_an_answer(bench):
    """idle_controller: a program that prints nothing or too much, or is killed, is a clear failure"""
    controllers(bench)
    folder = os.path.join(whole(bench, 'own'), 'plugins', 'plugin_utils', '_bin')
    for content, says in (('#!/bin/sh\nkill -9 $$\n',
                           'no result on the control node (exit status -9). It printed: nothing'),
                          ('#!/bin/sh\necho "panic: {"; exit 2\n', '(exit status 2). It printed: panic: {'),
                          ('#!/bin/sh\nyes $(seq 9999)\n', 'printed more than 64 MiB')):
        replace(folder, content)
        has(' '.join(bench.play(DECIDE % '', hosts='localhost', collections='own', status=2).split()), says)
    assert not calls(bench), calls(bench)


def case_decide_lost_bit(bench):
    """idle_controller: a binary that lost its mode, or is in a folder without execution, is run from another place"""
    controllers(bench)
    target = whole(bench, 'own')
    path = os.path.join(target, 'plugins', 'plugin_utils', '_bin', os.path.basename(OURS))
    os.chmod(path, 0o644)
    # An older Python cannot run it from memory.
    bench.write('hosts/sitecustomize.py', 'import os\nif hasattr(os, "memfd_create"):\n    del os.memfd_create\n')
    for env in (None, {'PYTHONPATH': bench.path('hosts')}):
        bench.play(DECIDE % '', hosts='localhost', collections='own', env=env)
    os.chmod(path, 0o755)
    noexec(bench, os.path.dirname(path))
    for env in (None, {'PYTHONPATH': bench.path('hosts')}):
        bench.play(DECIDE % '', hosts='localhost', collections='own', env=env)
    left = [name for parent in (bench.path(), '/tmp', os.path.expanduser('~/.ansible/tmp')) if os.path.isdir(parent)
            for name in os.listdir(parent) if name.startswith('overcloud.backup.')]
    assert not left and not calls(bench), (left, calls(bench))


def noexec(bench, folder):
    """Mounts a copy of the folder over it, from which no program may be run."""
    shutil.copytree(folder, folder + '.copy')
    if subprocess.run(['mount', '-t', 'tmpfs', '-o', 'noexec,mode=0755', 'tmpfs', folder],
                      stderr=subprocess.DEVNULL).returncode:
        raise Skipped('no mount')
    bench.undo.append(lambda: subprocess.run(['umount', folder], check=True))
    for name in os.listdir(folder + '.copy'):
        shutil.copy2(os.path.join(folder + '.copy', name), folder)


def case_decide_all_noexec(bench):
    """idle_controller: if a control node runs no program at all, two controllers decide"""
    controllers(bench)
    target = whole(bench, 'own')
    os.makedirs(bench.path('own', 'tmp'))
    noexec(bench, os.path.join(target, 'plugins', 'plugin_utils', '_bin'))
    noexec(bench, bench.path('own', 'tmp'))
    bench.write('hosts/sitecustomize.py', 'import os\nif hasattr(os, "memfd_create"):\n    del os.memfd_create\n')
    env = {'PYTHONPATH': bench.path('hosts'), 'TMPDIR': bench.path('own', 'tmp'),
           'ANSIBLE_LOCAL_TEMP': bench.path('own', 'tmp')}
    output = bench.play(DECIDE % '', hosts='localhost', collections='own', env=env, options=['-vvv'])
    has(output, 'the control node cannot decide: it refuses to execute')
    assert [host for host, dummy,
            dummy2 in calls(bench, 'idle_controller')] == ['controller-0', 'controller-1'], calls(bench)


def case_decide_damaged(bench):
    """idle_controller: a binary that does not match SHA256SUMS is not run, and nobody else is asked"""
    controllers(bench)
    path = os.path.join(whole(bench, 'own'), 'plugins', 'plugin_utils', '_bin', os.path.basename(OURS))
    with open(path, 'w') as f:
        f.write('#!/bin/sh\ntouch %s\n' % bench.path('hosts', 'ran'))
    has(' '.join(bench.play(DECIDE % '', hosts='localhost', collections='own', status=2).split()),
        'does not match SHA256SUMS next to it, and was not run')
    assert not os.path.exists(bench.path('hosts', 'ran')) and not calls(bench), calls(bench)


def case_decide_verify(bench):
    """controller_verify: the control node decides on the host of a restore"""
    sets = {'changed': False, 'sets': [{'set': 'c/S', 'name': 'S', 'path': '/sets/c/S'}], 'damaged': [], 'no_sets': [],
            'newest': {'set': 'c/S', 'name': 'S', 'path': '/sets/c/S'}}
    told = lying(dict((name, {'backup_info': sets, 'backup_verify': {'changed': True, 'msg': 'proven'}})
                      for name in CONTROLLERS))
    told['controller-0']['idle_controller'] = dict(HOSTILE, chosen_hosts=['controller-0'])
    controllers(bench, facts=(), answers=told)
    whole(bench, 'own')
    # The facts are old: without an idle controller it reports that, and does not use a named one.
    output = bench.play('- include_role: {name: overcloud.backup.controller_verify}\n', hosts='Controller',
                        collections='own', status=2)
    has(' '.join(output.split()), 'none of them is idle')
    assert not calls(bench, 'idle_controller') and not calls(bench, 'backup_verify'), calls(bench)


def case_decide_arguments(bench):
    """idle_controller: the arguments are the same as on a host"""
    controllers(bench)
    output = bench.play(DECIDE % '    prefer: [controller-1]\n    min_spares: "1"\n', hosts='localhost',
                        options=['-vvv'])
    given_args = arguments(output)[0]
    known = given_args['prefer'], given_args['min_spares'], given_args['policy']
    assert known == (['controller-1'], 1, 'require_idle'), given_args
    assert results(output)[0]['decided_at'] > 1.7e9, results(output)[0]
