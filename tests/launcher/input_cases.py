# SPDX-License-Identifier: GPL-3.0-or-later
"""Wrong input: misspelt variables, wrong values, inventories without the hosts. Each ends the run at once, before a host
is contacted, with one short message that names the value and the fix. The controllers are those of decide_cases.
"""
import glob
import json
import os
import shutil
import subprocess

import yaml
from commands import cluster, command, goes
from decide_cases import CONTROLLERS, calls, controllers, lying, whole
from local_cases import prepare  # noqa: F401, pylint: disable=unused-import
from playbook import TOP, has, lacks
from variable_cases import inventory, variables

PLAYS = ('status', 'backup', 'verify', 'restore', 'list', 'doctor')
SECRET = 'hunter2-of-the-input'
# Misspelt names, with the nearest one.
MISSPELT = (
    ('controller_backup_destinaton', 'controller_backup_destination'),
    ('controller_backup_min_spare', 'controller_backup_min_spares'),
    ('controller_restore_sett', 'controller_restore_set'),
    ('controller_verify_polcy', 'controller_verify_policy'),
    ('controller_verify_exclude', 'controller_backup_exclude'),
    ('controller_backup_login_usr', 'overcloud_backup_login_user'),
    ('controller_backup_Exclude', 'controller_backup_exclude'),
    ('overcloud_backup_user', 'overcloud_backup_login_user'),
    ('overcloud_backup_login_passwd', 'overcloud_backup_login_password'),
    ('overcloud_backup_cache_dirs', 'overcloud_backup_cache_dir'),
    ('controler_backup_destination', 'controller_backup_destination'),
    ('controller_bakup_exclude', 'controller_backup_exclude'),
    ('contorller_restore_set', 'controller_restore_set'),
    ('controllers_backup_vip', 'controller_backup_vip'),
    ('overcloud_backups_binary', 'overcloud_backup_binary'),
    ('controller_list_destination', 'controller_list_destinations'),
    ('controller_list_outptu', 'controller_list_output'),
    ('controller_backup_doctor_strikt', 'controller_backup_doctor_strict'),
    ('controller_backup_colour_of_the_shed', None),
)
# Somebody else's names, and those that the roles set.
OTHERS = ('controller_hosts', 'backup_destination', 'galera_host', 'haproxy_host', 'controller_backup', 'overcloud_name',
          '_controller_backup_x', 'neutron_controller_backup_x', 'controller_backup_decision', 'controller_verify_listing',
          'tripleo_backup_and_restore_server', 'controller_restore_view', 'controller_backup_result', 'controllers', 'overcloud_backup')
INTEGER, NUMBER, SWITCH = 'a whole number', 'a number, such as 120', 'true or false'
PATHS = 'has the item %s. Each must be an absolute path on the host, such as /var/backups.'
LIST, MAPPING = 'a list, or one text with commas, such as "a,b"', 'a mapping, or a text such as "old=new"'
PATH = 'an absolute path on the host, such as /var/backups'
METHODS = 'one of auto, physical, logical'
# Wrong values: what the message shows of them, what must be there, and the nearest one.
WRONG = (
    ('controller_backup_level', 'fast', '"fast"', INTEGER + ', such as 1'),
    ('controller_backup_level', True, 'true', INTEGER + ', such as 1'),
    ('controller_backup_level', 1.5, '1.5', INTEGER + ', such as 1'),
    ('controller_backup_retries', '', '""', INTEGER + ', such as 1'),
    ('controller_backup_retries', None, 'null', INTEGER + ', such as 1; leave it out for its default'),
    ('controller_backup_retries', [1], 'a list', INTEGER + ', such as 1'),
    ('controller_backup_max_age', 'x' * 200, '"%s..."' % ('x' * 80), NUMBER),
    ('controller_backup_max_age', 'nan', '"nan"', NUMBER),
    ('controller_backup_max_age', 'a\u001b[31m\nb', '"a\ufffd[31m b"', NUMBER),
    ('controller_backup_method', 'phisical', '"phisical"', METHODS, 'physical'),
    ('controller_backup_method', 'Physical', '"Physical"', METHODS, 'physical'),
    ('controller_backup_method', 'xtrabackup', '"xtrabackup"', METHODS),
    ('controller_backup_method', ['auto'], 'a list', METHODS),
    ('controller_backup_ionice_class', None, 'null', 'one of best-effort, idle; leave it out for its default'),
    ('controller_backup_cluster', {'a': 1}, 'a mapping', 'a text'),
    ('controller_backup_destination', 'backups', '"backups"', PATH),
    ('controller_backup_destination', ['/a'], 'a list', PATH),
    ('controller_restore_replace', 'maybe', '"maybe"', SWITCH),
    ('controller_list_output', 'jsn', '"jsn"', 'one of table, json, none', 'json'),
    ('controller_list_output', 'csv', '"csv"', 'one of table, json, none'),
    ('controller_list_file', ['/a'], 'a list', 'a text'),
    ('controller_list_destinations', {'/a': 1}, 'a mapping', LIST),
    ('controller_list_destinations', '["/a"]', 'another value, which is not shown', LIST),
    ('controller_backup_doctor_strict', 'perhaps', '"perhaps"', SWITCH),
    ('controller_backup_exclude', {'controller-1': 1}, 'a mapping', LIST),
    ('controller_backup_exclude', [['controller-1']], 'a list', LIST),
    ('controller_backup_exclude', '["controller-1"]', 'another value, which is not shown', LIST),
    ('controller_restore_rename', 'keystone', 'another value, which is not shown', MAPPING),
    ('controller_restore_rename', ['a=b'], 'a list', MAPPING),
    ('overcloud_backup_login_port', 'three', '"three"', INTEGER),
    ('overcloud_backup_login_check_hostname', 'never', '"never"', SWITCH),
    ('overcloud_backup_login_password', [SECRET], 'a list', 'a text'),
    ('overcloud_backup_login_password', {'a': SECRET}, 'a mapping', 'a text'),
    ('controller_backup_haproxy_stats_password', [SECRET], 'a list', 'a text'),
)
# Lists with one item that is no path.
NO_PATHS = (('controller_list_destinations', 'sets', '"sets"'), ('controller_list_destinations', '/a, ./b', '"./b"'),
            ('controller_list_destinations', ['/a', 7], '7'), ('controller_backup_haproxy_config_file', ['/a', 'b\n'], '"b "'))
# Values that are as good as others.
GOOD = (
    ('controller_backup_level', ' 3 '), ('controller_backup_level', '-1'), ('controller_backup_max_age', '1e3'),
    ('controller_backup_max_age', 5), ('controller_restore_replace', 'On'), ('controller_restore_replace', 0),
    ('controller_backup_exclude', 'a, b'), ('controller_backup_exclude', 7), ('controller_backup_exclude', []),
    ('controller_backup_vip', None), ('controller_backup_cluster', 5), ('controller_restore_rename', 'a=b,c=d'),
    ('controller_restore_rename', '{"a": "b"}'), ('controller_backup_destination', '~/sets'),
    ('controller_list_destinations', '/a, ~/b,'), ('controller_list_destinations', ['/a', '{{ not_known_yet }}/b']),
    ('controller_list_file', 'sets.json'), ('controller_list_hosts', ['one']),
    ('controller_backup_hosts', ['one', 'two']), ('controller_backup_cluster', '{{ not_known_yet }}'),
    ('controller_backup_level', '{{ "4" }}'), ('controller_backup_level', '{{ 4 if true else omit }}'),
    ('controller_backup_level', '{{ not_known_yet | default(omit) }}'),
)


def checks(rows):
    """Tasks that check one variable each, as (name, value, message or None)."""
    tasks = []
    for name, value, says in rows:
        want = "r is failed and r.msg == says" if says else "r is not failed and 'valid values' in r.msg"
        tasks.append('- overcloud.backup.check_variables:\n  vars: %s\n  register: r\n  ignore_errors: true\n' % json.dumps({name: value}))
        tasks.append('- assert: {that: [%s], fail_msg: "{{ r.msg }}"}\n  vars: %s\n' % (
            json.dumps(want), json.dumps({'says': '{% raw %}' + (says or '') + '{% endraw %}'})))
    return tasks


def unknown(name, nearest):
    end = 'Did you mean %s?' % nearest if nearest else (
        'No variable has a similar name: see docs/variables.md, and rename a variable of your own.')
    return '%s is not a variable of overcloud.backup. %s' % (name, end)


def once(output, *words):
    """One short failure, of one host, before anybody was contacted."""
    has(output, *words)
    assert output.count('FAILED! =>') == 1 and 'UNREACHABLE' not in output, output
    assert len(output) < 4000, output
    lacks(output, 'argument_errors', 'argument_spec_data', 'Traceback')


def refused(bench, book, options, *words):
    """A playbook that ends with this one failure."""
    bench.write('hosts/calls', '')
    status, output = command(bench, book, *options)
    assert status != 0, output
    once(output, *words)
    assert not calls(bench), calls(bench)


def role(bench, tasks, *words, **keywords):
    """The same for a play of a user's own."""
    bench.write('hosts/calls', '')
    output = bench.play(tasks, hosts='Controller', collections='own', status=2, **keywords)
    once(output.replace('\\"', '"'), *words)
    assert not calls(bench), calls(bench)


def entries():
    """Every entry point of every role."""
    for path in sorted(glob.glob(os.path.join(TOP, 'roles', '*', 'meta', 'argument_specs.yml'))):
        with open(path) as f:
            for entry in yaml.safe_load(f)['argument_specs']:
                yield path.split(os.sep)[-3], entry


def case_input_names(bench):
    """input: each misspelt name is refused with the nearest one, and nobody else's name is"""
    whole(bench, 'own')
    bench.play(checks([(name, 'x', unknown(name, nearest)) for name, nearest in MISSPELT] +
                      [(name, 'x', None) for name in OTHERS]), collections='own')


def case_input_values(bench):
    """input: each wrong value is refused with what must be there, and no value of a secret is shown"""
    rows = [(row[0], row[1], '%s is %s. It must be %s.' % (row[0], row[2], row[3]) +
             ''.join(' Did you mean %s?' % near for near in row[4:])) for row in WRONG]
    rows += [(name, value, '%s %s' % (name, PATHS % shown)) for name, value, shown in NO_PATHS]
    whole(bench, 'own')
    output = bench.play(checks(rows + [(name, value, None) for name, value in GOOD]), collections='own')
    lacks(output, SECRET)


def case_input_playbooks(bench):
    """input: a misspelt variable or a wrong value ends every playbook with one message"""
    cluster(bench)
    for book in PLAYS + ('preflight',):
        for name, nearest in (MISSPELT[0], MISSPELT[2], MISSPELT[10]):
            refused(bench, book, variables(**{name: 'x'}), unknown(name, nearest))
        refused(bench, book, variables(controller_backup_method='phisical', controller_backup_level='fast'),
                'controller_backup_level is "fast".', 'controller_backup_method is "phisical".')
    many = dict(('controller_backup_x%d' % i, 1) for i in range(20))
    refused(bench, 'status', variables(**many), 'controller_backup_x0 is not a variable', 'And 12 more.')


def case_input_places(bench):
    """input: variables of one host, of a group, of the inventory and of a play are checked like those of the command"""
    cluster(bench)
    with open(bench.path('controllers.yaml')) as f:
        told = json.load(f)
    hosts = told['all']['children']['Controller']['hosts']

    def changed(where, say, **given):
        where.update(given)
        bench.write('controllers.yaml', json.dumps(told))
        for book in ('status', 'restore') + (() if 'controller_backup_destination' in given else ('list',)):
            refused(bench, book, [], *say)
        for name in given:
            del where[name]

    changed(hosts['controller-1'], ['controller-1: ' + unknown(*MISSPELT[0])], controller_backup_destinaton='/x')
    changed(hosts['controller-2'], ['controller-2: controller_backup_level is "fast".'], controller_backup_level='fast')
    group = told['all']['children']['Controller'].setdefault('vars', {})
    changed(group, ['controller-0, controller-1, controller-2: ' + unknown(*MISSPELT[2])], controller_restore_sett='x')
    changed(told['all'].setdefault('vars', {}), ['"msg": "' + unknown(*MISSPELT[10])], controler_backup_destination='/x')
    # A template is evaluated with the variables of its host, whatever it is on another one.
    for given in (dict(controller_backup_timeout='{{ of_this_host }}', of_this_host='fast'),
                  dict(controller_backup_timeout='{{ hostvars["controller-0"].of_another }}'),
                  dict(controller_backup_timeout='{{ not_known_yet | default("fast") }}')):
        hosts['controller-0']['of_another'] = 'fast'
        changed(hosts['controller-1'], ['controller-1: controller_backup_timeout is "fast".'], **given)
    everywhere = told['all']['vars']
    everywhere.update(controller_backup_timeout='{{ of_this_host }}', of_this_host=60)
    changed(hosts['controller-2'], ['controller-2: controller_backup_timeout is "fast".'], of_this_host='fast')
    everywhere.update(controller_backup_timeout='{{ of_this_host if true else not_known_yet }}')
    bench.write('controllers.yaml', json.dumps(told))
    goes(bench, 'status')
    everywhere.update(controller_backup_timeout='{{ not_known_yet | default(omit) }}')
    hosts['controller-1']['controller_backup_sample'] = '{{ not_known_yet }}'
    bench.write('controllers.yaml', json.dumps(told))
    command(bench, 'list')  # which does not use it
    assert calls(bench, 'backup_info'), 'it was refused'
    for where, name in ((everywhere, 'controller_backup_timeout'), (everywhere, 'of_this_host'), (hosts['controller-1'], 'controller_backup_sample')):
        del where[name]
    # One host decides for all, so a variable of the decision cannot belong to a group or a controller.
    unseen = 'controller_backup_destination is set differently there than for localhost, which decides for all'
    changed(group, ['controller-0, controller-1, controller-2: ' + unseen], controller_backup_destination='/mnt/x')
    changed(hosts['controller-2'], ['controller-2: ' + unseen], controller_backup_destination='/mnt/x')
    changed(group, ['controller-0, controller-1, controller-2: ' + unseen.replace('backup_destination', 'list_destinations')],
            controller_list_destinations='/mnt/x')
    group['controller_backup_destination'] = '/mnt/x'
    bench.write('controllers.yaml', json.dumps(told))
    # For the list, each host looks where its own sets are.
    command(bench, 'list')
    asked = [args['destination'] for dummy, dummy2, args in calls(bench, 'backup_info')]
    assert asked == ['/mnt/x'] * 3, asked
    goes(bench, 'status', '-e', 'controller_backup_destination=/mnt/y')
    ours = bench.path('own', 'ansible_collections', 'overcloud', 'backup', 'playbooks', 'backup.yml')
    site = bench.write('site.yml', '- import_playbook: %s\n  vars: {controller_backup_destination: /mnt/y}\n' % ours)
    bench.write('hosts/calls', '')
    goes(bench, site)
    used = [args['destination'] for dummy, module, args in calls(bench) if module == 'galera_backup' and 'destination' in args]
    assert used and set(used) == set(['/mnt/y']), used
    del group['controller_backup_destination']
    bench.write('controllers.yaml', json.dumps(told))
    os.makedirs(bench.path('host_vars'))
    bench.undo.append(lambda: shutil.rmtree(bench.path('host_vars')))
    bench.write('host_vars/controller-0.yml', 'controller_verify_levell: read\n')
    refused(bench, 'verify', [], 'controller-0: ' + unknown('controller_verify_levell', 'controller_verify_level'))
    shutil.rmtree(bench.path('host_vars'))
    os.makedirs(bench.path('host_vars'))
    # Each host may have its own values.
    for i, name in enumerate(CONTROLLERS):
        hosts[name].update(controller_backup_timeout=10 + i, controller_backup_haproxy_socket='/run/%s' % name)
    bench.write('controllers.yaml', json.dumps(told))
    goes(bench, 'status')
    site = bench.write('site.yml', '- import_playbook: %s\n  vars: {controller_backup_destinaton: /x}\n' % ours)
    refused(bench, site, [], unknown(*MISSPELT[0]))


def case_input_roles(bench):
    """input: so are they in every entry point of every role, in a play of a user's own"""
    cluster(bench)
    for name, entry in entries():
        own = [v for v in ('controller_backup_level', 'controller_restore_memory', 'controller_verify_memory', 'controller_list_output')
               if name in v][0]
        role(bench, '- include_role: {name: overcloud.backup.%s, tasks_from: %s}\n  vars: {%s: much, controller_restore_sett: x}\n' % (
            name, entry, own), unknown(*MISSPELT[2]), own + ' is "much". It must be ')
    static = '- import_role: {name: overcloud.backup.controller_backup}\n  vars: {controller_backup_min_spare: 0}\n'
    role(bench, static, unknown(*MISSPELT[1]))
    none = '- debug:\n'
    role(bench, none, unknown(*MISSPELT[1]), head='vars: {controller_backup_min_spare: 0}\nroles: [overcloud.backup.controller_backup]\n')
    role(bench, none, 'controller_backup_level is "x".',
         head='roles: [{role: overcloud.backup.controller_backup, controller_backup_level: x}]\n')
    role(bench, none, 'controller_verify_policy is "allow".', options=['-e', 'controller_verify_policy=allow'],
         head='roles: [overcloud.backup.controller_verify]\n')


def case_input_left_out(bench):
    """input: a role or playbook that tags leave out does not complain about its variables"""
    cluster(bench)
    ours = bench.path('own', 'ansible_collections', 'overcloud', 'backup', 'playbooks', 'backup.yml')
    site = bench.write('site.yml', '- import_playbook: %s\n  tags: backup\n- hosts: localhost\n  gather_facts: false\n'
                       '  tasks:\n    - debug: {msg: THE END}\n      tags: deploy\n' % ours)
    wrong = variables(controller_backup_min_spare=0)
    has(goes(bench, site, '--tags', 'deploy', *wrong), 'THE END')
    refused(bench, site, ['--tags', 'backup'] + wrong, unknown(*MISSPELT[1]))
    role_of = '- import_role: {name: overcloud.backup.controller_backup}\n  tags: backup\n- debug: {msg: THE END}\n  tags: deploy\n'
    has(bench.play(role_of, hosts='Controller', collections='own', options=['--tags', 'deploy'] + wrong), 'THE END')
    for option in ('--list-hosts', '--list-tasks', '--syntax-check'):
        goes(bench, 'backup', option, *wrong)


COMPARE = """
import json, sys
sys.path.insert(0, sys.argv[1])
# Before Ansible's own loader takes over:
import ansible_collections.overcloud.backup.plugins.plugin_utils._lists
import ansible_collections.overcloud.backup.plugins.plugin_utils._types
from ansible_collections.overcloud.backup.plugins.plugin_utils._variables import known, wrong
try:
    from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
except ImportError:
    print(json.dumps({'compared': 0, 'refused': 0, 'missed': []}))
    sys.exit()
values = ['', 'x', '5', '1.5', '1e3', '3.0', ' 5 ', '1_000', '0x10', 'yes', 'True', 'a,b', 'a=b', '{"a": 1}', '{', '[1]', '=', 'a=', 'a b=c',
          0, 5, -1, 1.5, 3.0, 1e30, True, False, None, [], ['a'], [1], [1.5], [True], [None], [['a']], [{'a': 1}], {}, {'a': 1},
          'nan', 'inf', '/x', 'auto', 'idle', u'\\u0665', 'one', '1,5', '+5', '5.', '.5']
missed, compared, refused = [], 0, 0
for name, spec in sorted(known().items()):
    kind = 'raw' if spec.get('type') == 'hosts' else spec.get('type', 'str')
    theirs = dict((k, v) for k, v in spec.items() if k in ('elements', 'choices', 'default'))
    for value in values:
        compared += 1
        try:
            errors = ArgumentSpecValidator({name: dict(theirs, type=kind)}).validate({name: value}).error_messages
        except Exception as e:  # the newest one breaks for "inf"
            errors = [e]
        if errors:
            refused += 1
            if not wrong(name, value):
                missed.append([name, repr(value)])
print(json.dumps({'compared': compared, 'refused': refused, 'missed': missed}))
"""


def case_input_validation(bench):
    """input: what Ansible's own validation would refuse, printing the complete specification, is refused before"""
    with open(shutil.which('ansible-playbook')) as f:
        python = f.readline()[2:].split()
    whole(bench, 'compared')
    said = subprocess.run(python + ['-c', COMPARE, bench.path('compared')], stdout=subprocess.PIPE, check=True,
                          env=dict(os.environ, PYTHONDONTWRITEBYTECODE='1', PYTHONWARNINGS='ignore')).stdout
    result = json.loads(said.decode())
    assert not result['missed'], result
    if bench.version() >= (2, 11):
        assert result['compared'] > 3000 and result['refused'] > 500, result


def listed():
    """Every variable of the roles that is a list."""
    for path in glob.glob(os.path.join(TOP, 'roles', '*', 'meta', 'argument_specs.yml')):
        with open(path) as f:
            spec = yaml.safe_load(f)['argument_specs']
        for entry in spec.values():
            for name, option in entry['options'].items():
                if option.get('type') == 'list':
                    yield name


# The options to which the roles pass them.
LISTS = {
    'controller_backup_exclude': 'exclude', 'controller_backup_prefer': 'prefer', 'controller_backup_ignore_users': 'ignore_users',
    'controller_backup_haproxy_config_file': 'config_file', 'controller_backup_haproxy_proxy': 'database_proxy',
    'controller_backup_vip': 'vip', 'controller_restore_schemas': 'schemas', 'controller_restore_definers': 'definers',
    'controller_list_destinations': 'destinations',
}


def split(value):
    return [item.strip() for item in value.split(',')] if isinstance(value, str) else value


def case_input_lists(bench):
    """input: each variable that is a list may be one text with commas, wherever a role uses it"""
    names = set(listed())
    assert names == set(LISTS), names ^ set(LISTS)
    texts = dict((name, '/a/%s, /b' % name) for name in names if name != 'controller_backup_vip')
    cluster(bench)
    for how in (variables(**texts), [o for name in sorted(texts) for o in ('-e', "%s='%s'" % (name, texts[name]))]):
        bench.write('hosts/calls', '')
        goes(bench, 'backup', *how)
        command(bench, 'verify', *(how + ['-e', 'controller_verify_level=restore']))
        # A load by itself: its plan is the control node's.
        bench.play('- include_role: {name: overcloud.backup.controller_restore, tasks_from: loaded}\n'
                   '  vars: {controller_restore_plan: {set: c/S, target: controller-1}}\n  ignore_errors: true\n', hosts='localhost',
                   collections='own', options=how + ['-e', 'controller_restore_hosts=Controller'], status=2)
        given = {}
        for dummy, module, args in calls(bench):
            for name, option in LISTS.items():
                if option in args:
                    given.setdefault(name, []).append(split(args[option]))
        decided = ('controller_backup_exclude', 'controller_backup_prefer', 'controller_backup_vip', 'controller_list_destinations')
        for name in sorted(names - set(decided)):
            assert given.get(name), (name, sorted(given))
            assert all(value == ['/a/' + name, '/b'] for value in given[name]), (name, given[name])
        # Each host is asked about one directory after the other.
        bench.write('hosts/calls', '')
        command(bench, 'list', *how)
        asked = [args['destination'] for host, dummy, args in calls(bench, 'backup_info') if host == 'controller-1']
        assert asked == ['/a/controller_list_destinations', '/b'], asked
    # The decision gets the others.
    has(goes(bench, 'backup', '-e', 'controller_backup_exclude=controller-1,nobody'), 'controller-2: made')
    has(goes(bench, 'backup', '-e', 'controller_backup_prefer=nobody,controller-2'), 'controller-2: made')
    status, output = command(bench, 'status', '-e', 'controller_backup_vip=10.1.2.3,10.1.2.4')
    has(output, '10.1.2.3', '10.1.2.4')


NONE = ('No host runs the database: ', 'Set galera_hosts to the group or names of its hosts')
GROUPS = 'the inventory has none of the groups mysql, Database, Controller, controller.'


def case_input_inventory(bench):
    """input: an inventory without the hosts ends every playbook: which groups were looked for, and which there are"""
    cluster(bench)
    empty = bench.write('empty.ini', '')
    other = bench.write('other.ini', '[db]\nd[1:2] ansible_connection=local\n[web]\nw ansible_connection=local\n')
    groups = bench.write('groups.ini', '[mysql]\n[haproxy]\n[db]\nd1\n')
    balancers = bench.write('balancers.ini', '[haproxy]\nh1\n')
    for books, source, words in ((PLAYS, 'localhost,', (GROUPS, 'The inventory has 1 host and no groups.')),
                                 (PLAYS[:1], empty, (GROUPS, 'The inventory has no hosts and no groups.')),
                                 (PLAYS, other, (GROUPS, 'Its groups: db, web.')),
                                 (PLAYS[:2], groups, ('the group mysql is empty', 'Its groups: db, haproxy, mysql.')),
                                 (PLAYS[2:], balancers, (GROUPS, 'Its groups: haproxy.'))):
        bench.inventories = [source]
        for book in books:
            refused(bench, book, [], *(NONE + words))
    for option in ('--list-hosts', '--syntax-check'):
        goes(bench, 'backup', option)


def case_input_hosts(bench):
    """input: a pattern that matches no host, or a part of one, ends every playbook with what there is instead"""
    inventory(bench, dict(db=CONTROLLERS, web=CONTROLLERS[:1]))
    there = 'Groups of the inventory: db, web.'
    for book in PLAYS:
        refused(bench, book, ['-e', 'galera_hosts=dbb'], 'No host matches dbb, given in galera_hosts=dbb.', there,
                'Did you mean db?', 'Correct galera_hosts')
    for name, value, part, nearest in (
            ('haproxy_hosts', 'webb', 'webb', 'web'), ('controller_backup_hosts', 'nosuch', 'nosuch', None),
            ('controller_backup_hosts', 'db:wbe', 'wbe', 'web'), ('controller_backup_hosts', 'db,controller-9', 'controller-9', 'controller-2'),
            ('controller_backup_hosts', ['controller-0', 'controler-1'], 'controler-1', 'controller-1'),
            ('controller_verify_hosts', 'x*', 'x*', None), ('controller_restore_hosts', '~x.*', '~x.*', None),
            ('controller_backup_hosts', 'db:!controler-1', '!controler-1', 'controller-1'),
            ('controller_backup_hosts', 'db:&wbe', '&wbe', 'web'), ('controller_backup_hosts', 'db:!db', 'db:!db', None)):
        book = name.split('_')[1] if name.startswith('controller') else 'backup'
        joined = value.replace(',', ':') if isinstance(value, str) else ':'.join(value)
        refused(bench, book, variables(**dict(dict(galera_hosts='db'), **{name: value})),
                'No host matches %s, given in %s=%s.' % (part, name, joined), there)
    inventory(bench, dict(db=CONTROLLERS), dict(galera_hosts='dbb'))
    refused(bench, 'status', [], 'No host matches dbb, given in galera_hosts=dbb.', 'Did you mean db?')
    # In a play of a user's own as well.
    cluster(bench)
    role(bench, '- include_role: {name: overcloud.backup.controller_backup}\n',
         'No host matches dbc, given in galera_hosts=dbc.', options=['-e', 'galera_hosts=dbc'])


def case_input_patterns(bench):
    """input: groups, names, wildcards, exclusions, intersections, expressions and slices name the hosts as before"""
    inventory(bench, dict(db=CONTROLLERS, web=CONTROLLERS[:1], old=()))
    for i, pattern in enumerate(('db', 'all:!localhost', 'db:&all', 'controller-*', '~controller-[0-2]', 'db[0:2]', 'db:!old', 'db:!old-*',
                    'controller-0:controller-1:controller-2', 'controller-0,controller-1,controller-2', ' db ', 'db:web',
                    'db:!{{ nobody_of_this_name | default("old") }}', 'controller-[!9]')):
        name = ('galera_hosts', 'controller_backup_hosts')[i % 2]
        has(goes(bench, 'status', *variables(**{name: pattern})), 'controller-1 was chosen')


def case_input_unreachable(bench):
    """input: a host that never answered is unreachable and not lost, and counted so where no rescue or ignore_errors is skipped"""
    cluster(bench)
    dead = bench.write('dead.ini', '[mysql]\nc[0:1] ansible_host=127.0.0.1 ansible_port=1\n')
    bench.inventories = [dead]
    for book in PLAYS:
        status, output = command(bench, book)
        assert status != 0, output
        # The list asks about one destination after the other, and Ansible counts no loop as unreachable.
        has(output, 'Could not connect to the host: ', 'Connection refused', 'failed=1' if book == 'list' else 'unreachable=1')
        lacks(output, 'Lost the connection', 'rolled back')
    fact = '- overcloud.backup.galera_facts:\n'
    for tasks, counts in ((fact, 'unreachable=1 failed=0'), (fact + '  ignore_errors: true\n', 'unreachable=0 failed=0'),
                          (fact + '  register: r\n  failed_when: false\n', 'unreachable=0 failed=0'),
                          (fact + '  register: r\n  until: r is not failed\n  retries: 1\n  delay: 0\n', 'unreachable=0 failed=1'),
                          (fact + '  loop: [1]\n', 'unreachable=0 failed=1'), (fact + '  ignore_unreachable: true\n', 'failed=0'),
                          ('- block:\n  - overcloud.backup.galera_facts:\n  always:\n  - debug:\n', 'unreachable=0 failed=1')):
        output = bench.play(tasks, hosts='c0', status=0 if 'failed=0' in counts and 'unreachable=1' not in counts else
                            4 if 'unreachable=1' in counts else 2)
        has(' '.join(output.split()), counts)
        if 'failed_when' not in tasks:
            has(output, 'Could not connect to the host: ')
        lacks(output, 'Lost the connection')
