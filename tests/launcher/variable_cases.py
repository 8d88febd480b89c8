# SPDX-License-Identifier: GPL-3.0-or-later
"""Variables in the forms of operators: a list as a text, hosts in the inventory, paths with a tilde. An accepted value
means what it says, and another one is refused with the reason. The controllers are those of decide_cases.
"""
import json
import os
import subprocess

from commands import MADE, PROVEN, cluster, command, goes
from decide_cases import CONTROLLERS, calls, controllers, lying
from local_cases import prepare  # noqa: F401, pylint: disable=unused-import
from playbook import TOP, has, lacks


def variables(**given):
    """The options of a command, in JSON, which a list requires."""
    return ['-e', json.dumps(given)]


def inventory(bench, groups, more=None, localhost=None):
    """Rewrites the inventory: the controllers are only in these groups, by name; more are variables of all hosts."""
    cluster(bench)
    with open(bench.path('controllers.yaml')) as f:
        told = json.load(f)['all']
    hosts = dict(told['children']['Controller']['hosts'])
    if localhost:
        hosts['localhost'] = hosts.pop(localhost)
    told['hosts'] = hosts
    told['children'] = dict((group, {'hosts': dict((name, {}) for name in names)}) for group, names in groups.items())
    told['vars'] = more or {}
    bench.write('controllers.yaml', json.dumps({'all': told}))


def case_variables_text_for_list(bench):
    """controller_backup: a list of names may be one text with commas, everywhere"""
    cluster(bench)
    for exclude in ('controller-1', 'controller-1,', ' controller-1 , nobody', ['controller-1'], ['controller-1', 7]):
        has(goes(bench, 'backup', *variables(controller_backup_exclude=exclude)), 'controller-2: made')
    has(goes(bench, 'backup', '-e', 'controller_backup_exclude=controller-1'), 'controller-2: made')
    has(goes(bench, 'backup', '-e', 'controller_backup_exclude='), 'controller-1: made')
    has(goes(bench, 'backup', *variables(controller_backup_exclude=7)), 'controller-1: made')
    has(goes(bench, 'backup', '-e', 'controller_backup_prefer=controller-2'), 'controller-2: made')
    goes(bench, 'status', '-e', 'controller_backup_ignore_users=monitor,haproxy', '-e',
         'controller_backup_haproxy_config_file=/a,/b')
    asked = [args for dummy, module, args in calls(bench) if module == 'haproxy_facts']
    assert asked[-1]['config_file'] in ('/a,/b', ['/a', '/b']), asked[-1]


def case_variables_text_for_list_again(bench):
    """controller_backup: a tried controller is left out of the next decision, along with a text of names"""
    unfit = {'galera_backup': {'changed': False, 'failed': True, 'msg': 'clients arrived', 'elsewhere': True}}
    good = {'galera_backup': MADE, 'backup_verify': PROVEN}
    cluster(bench)
    for second, says in ((unfit, 'controller-2: clients arrived'), (good, 'controller-2: made')):
        controllers(bench, facts=(), answers=lying({'controller-1': unfit, 'controller-2': second}))
        status, output = command(bench, 'backup', '-e', 'controller_backup_exclude=nobody')
        assert (status == 0) == (second is good), output
        has(output, says)
        lacks(output, 'it reports neither')


LOGIN = dict(user='u', password='hunter2-of-the-login', host='db', port=3307, ca_cert='/ca.pem', client_cert='/c.pem', client_key='/k.pem')
OF = {'user': 'login_user', 'password': 'login_password', 'host': 'login_host', 'port': 'login_port'}
LOGS_IN = ('galera_facts', 'galera_backup', 'backup_verify')


def logins(bench):
    """What each call was given of the login, by module, and of those that only look where a job stands."""
    names = [OF.get(name, name) for name in LOGIN]
    asked = [(module, args.get('state'), dict((name, args[name]) for name in names if name in args)) for dummy, module, args in calls(bench)]
    return [found for module, state, found in asked if module in LOGS_IN and state != 'status'], [
        found for module, state, found in asked if module not in LOGS_IN or state == 'status']


def case_variables_login(bench):
    """overcloud_backup_login_*: every task that logs in has all of them, from the command, the inventory, or by their former names"""
    want = dict((OF.get(name, name), value) for name, value in LOGIN.items())
    former = dict(controller_backup_login_user='u', controller_backup_login_password='hunter2-of-the-login', controller_backup_login_host='db',
                  controller_backup_login_port=3307, controller_backup_ca_cert='/ca.pem')
    now = dict(('overcloud_backup_login_' + name, value) for name, value in LOGIN.items())
    cluster(bench)
    for given, of_hosts in ((now, {}), (former, {}), ({}, now), (dict(former, **now), dict((name, 'other') for name in former))):
        inventory(bench, {'Controller': CONTROLLERS})
        with open(bench.path('controllers.yaml')) as f:
            told = json.load(f)
        told['all']['children']['Controller']['vars'] = of_hosts  # the coordinator has none of them
        bench.write('controllers.yaml', json.dumps(told))
        output = goes(bench, 'backup', *variables(**given))
        lacks(output, 'hunter2-of-the-login')
        told, others = logins(bench)
        expected = dict((name, value) for name, value in want.items() if given is not former or not name.startswith('client_'))
        assert len(told) > 7 and all(found == expected for found in told), told
        assert not any(others), others


def case_variables_login_of_the_task(bench):
    """overcloud_backup_login_*: a task with a user of its own gets no other's password, and one with a certificate no other's key"""
    controllers(bench, facts=(), answers=lying({}))
    known = dict(('overcloud_backup_login_' + name, value) for name, value in LOGIN.items())
    own = '- overcloud.backup.galera_facts: {login_user: monitor, ssl_cert: /own.pem, ssl_key: /own.key}\n'
    bench.play(own, hosts='controller-0', options=variables(**known))
    args = calls(bench, 'galera_facts')[-1][2]
    assert args['login_user'] == 'monitor' and 'login_password' not in args and 'ca_cert' not in args and 'client_cert' not in args, args
    assert args['login_host'] == 'db' and args['login_port'] == 3307, args


def case_variables_login_of_another(bench):
    """overcloud_backup_login_*: a password that one host has for its user, or that stands by its former name, goes to no other user"""
    controllers(bench, facts=(), answers=lying({}))
    with open(bench.path('controllers.yaml')) as f:
        told = json.load(f)
    hosts = told['all']['children']['Controller']['hosts']
    hosts['controller-1'].update(overcloud_backup_login_user='one', overcloud_backup_login_password='of-one')
    hosts['controller-2'].update(controller_backup_login_user='two', controller_backup_login_password='of-two')
    bench.write('controllers.yaml', json.dumps(told))
    for host, given, want in (('controller-1', dict(login_user='zero'), dict(login_user='zero')),
                              ('controller-1', dict(login_user='one'), dict(login_user='one', login_password='of-one')),
                              ('controller-1', {}, dict(login_user='one', login_password='of-one')),
                              ('controller-2', dict(login_user='zero'), dict(login_user='zero')),
                              ('controller-2', dict(login_user='two'), dict(login_user='two', login_password='of-two'))):
        hosts['controller-0'].pop('overcloud_backup_login_user', None)
        hosts['controller-0'].update(('overcloud_backup_' + name, value) for name, value in given.items())
        bench.write('controllers.yaml', json.dumps(told))
        bench.play('- overcloud.backup.galera_facts:\n  delegate_to: %s\n' % host, hosts='controller-0')
        args = calls(bench, 'galera_facts')[-1][2]
        found = dict((name, args[name]) for name in ('login_user', 'login_password') if name in args)
        assert found == want, (host, given, found)


def case_variables_hosts(bench):
    """galera_hosts, haproxy_hosts: a pattern or a list, on the command line or for all hosts of the inventory"""
    everybody = dict(dbs=CONTROLLERS, lbs=CONTROLLERS)
    ways = ((everybody, {}, variables(galera_hosts='dbs', haproxy_hosts='lbs')),
            (everybody, dict(galera_hosts='dbs', haproxy_hosts='lbs'), []),
            (everybody, dict(galera_hosts=['dbs'], haproxy_hosts='{{ balancers }}', balancers='lbs'), []),
            (everybody, dict(controller_backup_hosts='dbs'), []),
            ({}, {}, variables(galera_hosts=list(CONTROLLERS), haproxy_hosts=list(CONTROLLERS[:1]))),
            ({}, {}, variables(controller_backup_hosts=list(CONTROLLERS))),
            ({}, {}, variables(galera_hosts=','.join(CONTROLLERS), haproxy_hosts='controller-0')),
            (dict(Controller=CONTROLLERS, dbs=CONTROLLERS[:1]), dict(galera_hosts=list(CONTROLLERS)), []))
    for groups, more, options in ways:
        inventory(bench, groups, more)
        has(goes(bench, 'backup', *options), 'controller-1: made')
        has(goes(bench, 'verify', *options), 'proven')
    inventory(bench, everybody, dict(galera_hosts='dbs', haproxy_hosts='lbs'))
    bench.write('hosts/calls', '')
    command(bench, 'restore', '--check')
    assert sorted(set(host for host, module,
                      dummy in calls(bench) if module == 'galera_restore_info')) == list(CONTROLLERS), calls(bench)
    inventory(bench, {})
    status, output = command(bench, 'status', *variables(galera_hosts={'a': 'b'}))
    assert status != 0, output
    has(output, 'galera_hosts is neither a pattern of hosts nor a list of names')


def case_variables_own_cluster(bench):
    """docs/own-cluster.md: its inventory has three hosts in the groups in which the playbooks look for them"""
    with open(os.path.join(TOP, 'docs', 'own-cluster.md')) as f:
        text = f.read().split('```ini\n')[1].split('```')[0]
    listed = json.loads(subprocess.check_output(
        ['ansible-inventory', '-i', bench.write('own-cluster.ini', text), '--list'], env=bench.environment('tree', None)))
    names = listed['mysql']['hosts']
    assert len(names) == 3 and listed['haproxy']['children'] == ['mysql'], listed
    assert all(listed['_meta']['hostvars'][name].get('ansible_host') for name in names), listed
    inventory(bench, {'mysql': CONTROLLERS, 'haproxy': CONTROLLERS})
    goes(bench, 'status')
    has(goes(bench, 'backup'), 'controller-1: made')
    has(goes(bench, 'verify'), 'proven')


def case_variables_nobody(bench):
    """controller_backup: controllers that could not be read are not those of a wrong inventory"""
    cluster(bench)
    controllers(bench, facts=(), answers=dict((name, {'galera_facts': 'nonsense'}) for name in CONTROLLERS))
    status, output = command(bench, 'status')
    assert status != 0, output
    has(output, 'None of controller-0, controller-1, controller-2 could be read; see the errors above.')


def case_variables_localhost(bench):
    """controller_backup: a controller called localhost is refused by that name, alone and among others"""
    for names in (('localhost',), ('localhost',) + CONTROLLERS[1:]):
        inventory(bench, dict(Controller=names), localhost='controller-0')
        for book in ('status', 'backup', 'verify'):
            status, output = command(bench, book)
            assert status != 0, output
            has(output, 'localhost is among the hosts', 'Give it another name in the inventory')
    assert not [c for c in calls(bench) if c[1] == 'galera_backup' and c[2].get('state') != 'recovered'], calls(bench)


def case_variables_paths(bench):
    """paths: a tilde is root's home there, and a path that is not absolute is refused before it is used"""
    tasks = []
    for module, options in (('galera_facts', ('config_file', 'ca_cert', 'login_unix_socket')),
                            ('haproxy_facts', ('socket', 'config_file')),
                            ('backup_info', ('destination',)), ('backup_verify', ('scratch',)),
                            ('galera_backup', ('destination',))):
        for option, path in zip(options * 3,
                                ('"~/x"', "'~/x'", '~nobody-of-this-name/x', 'x/y', './x', '$NO_SUCH_VARIABLE/x')):
            args = dict({'destination': '/nowhere'} if 'backup' in module else {}, **{option: path})
            tasks.append(
                '- overcloud.backup.%s: %s\n  register: r\n  ignore_errors: true\n' % (module, json.dumps(args)))
            tasks.append("- assert: {that: [r is failed, \"'is not an absolute path on the host' in r.msg\"]}\n")
    bench.play(tasks)
    for path in ('~/x', "'~/x'", 'x'):
        has(bench.play('- overcloud.backup.galera_facts:\n', options=variables(overcloud_backup_cache_dir=path),
                       status=2), 'It must be an absolute path')
