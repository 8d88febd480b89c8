# SPDX-License-Identifier: GPL-3.0-or-later
"""Complete commands: ansible-playbook with a playbook, on the controllers of decide_cases."""
import json
import os
import subprocess

from decide_cases import CONTROLLERS, calls, controllers, lying, whole
from playbook import has

SET = {'set': 'c/S', 'name': 'S', 'path': '/sets/c/S'}
MADE = {'changed': True, 'msg': 'made', 'plan': {'method': 'physical'}, 'backup': {'path': '/sets/c/S'}}
PROVEN = {'changed': True, 'msg': 'proven', 'set': '/sets/c/S', 'level': 'read', 'outcome': {'ok': True}}
LISTED = {'changed': False, 'sets': [SET], 'damaged': [], 'no_sets': [], 'newest': SET}


def cluster(bench, made=None, implicit=True):
    """Three controllers with healthy answers, and a host that is not one; localhost only if it is not implicit."""
    answer = {'galera_backup': made or MADE, 'backup_verify': PROVEN, 'backup_info': LISTED}
    controllers(bench, facts=(), answers=lying(dict((name, answer) for name in CONTROLLERS)))
    with open(bench.path('controllers.yaml')) as f:
        inventory = json.load(f)
    if implicit:
        del inventory['all']['hosts']['localhost']
    inventory['all']['hosts']['compute-0'] = {'ansible_connection': 'local'}
    bench.write('controllers.yaml', json.dumps(inventory))
    bench.write('backup.retry', 'controller-1\n')
    if not os.path.exists(bench.path('own')):
        whole(bench, 'own')


def command(bench, book, *options, **keywords):
    """Runs a playbook, by its name in the collection or its path. Returns exit status and output in one line."""
    path = book if '/' in book or '.' in book else bench.path(
        'own', 'ansible_collections', 'overcloud', 'backup', 'playbooks', book + '.yml')
    variables = {'controller_backup_max_age': 1e12, 'controller_verify_level': 'read'}
    line = ['ansible-playbook', '-i', bench.inventories[0], path, '-e', json.dumps(variables)] + list(options)
    said = subprocess.run(line, env=bench.environment('own', keywords.get('env')),
                          input=keywords.get('typed', '').encode(),
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=1200, cwd=bench.work)
    return said.returncode, ' '.join(said.stdout.decode('utf-8').replace('\\"', '"').split())


def fails(bench, book, options, *words, **keywords):
    status, output = command(bench, book, *options, **keywords)
    assert status != 0, '%s %s: exit status 0\n%s' % (book, options, output)
    has(output, *words)
    asked = [host for host, module,
             args in calls(bench) if module == 'galera_backup' and args.get('state') != 'recovered']
    assert not asked, asked


def goes(bench, book, *options, **keywords):
    status, output = command(bench, book, *options, **keywords)
    assert status == 0, '%s %s: exit status %d\n%s' % (book, options, status, output)
    return output
