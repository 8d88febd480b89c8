# SPDX-License-Identifier: GPL-3.0-or-later
"""The list of sets: three names of this machine stand for the controllers, and look at real folders with sets. Some
answer what a liar would.
"""
import hashlib
import json
import os
import re
import shutil
import stat
import subprocess
import time

from commands import command, goes
from decide_cases import CONTROLLERS, calls, controllers, crippled, whole
from local_cases import prepare  # noqa: F401, pylint: disable=unused-import
from playbook import has, lacks

UUID = '0bf81e81-e6a9-11f1-aab7-6f76032d5070'
DUMP = b'CREATE DATABASE nova;\n-- Dump completed\n'
UNREACHABLE = {'ansible_connection': 'ssh', 'ansible_host': '127.0.0.1', 'ansible_port': 1,
               'ansible_ssh_common_args': '-o StrictHostKeyChecking=no'}


def stamp(hours):
    """The time of a name, that many hours ago."""
    return time.strftime('%Y%m%dT%H%M%SZ', time.gmtime(time.time() - 3600 * hours))


def make_set(destination, hours, controller, verified=None, cluster='galera_cluster', method='logical', ok=True):
    """A set of a plain dump, as galera_backup leaves it; verified is a level in its record."""
    name = '%s/%s_%s_%s' % (cluster, stamp(hours), method, controller)
    path = os.path.join(destination, name)
    os.makedirs(path, 0o700)
    with open(os.path.join(path, 'backup.sql'), 'wb') as f:
        f.write(DUMP)
    files = [{'name': 'backup.sql', 'content': 'sql', 'bytes': len(DUMP), 'raw_bytes': len(DUMP),
              'sha256': hashlib.sha256(DUMP).hexdigest(), 'compression': 'none'}]
    manifest = json.dumps({
        'format': 1, 'set': name, 'cluster': {'name': cluster, 'uuid': UUID}, 'controller': controller,
        'method': method, 'started_at': time.time() - 3600 * hours, 'ended_at': time.time() - 3600 * hours + 3,
        'server': {'version': '10.11.6-MariaDB'}, 'files': files, 'warnings': [],
        'position': {'uuid': UUID, 'seqno': 4711, 'seqno_end': 4713, 'gtid': '0-1-100'}}).encode()
    with open(os.path.join(path, 'manifest.json'), 'wb') as f:
        f.write(manifest)
    if verified:
        outcome = {'ok': ok, 'at': time.time() - 1800, 'duration': 1, 'host': controller, 'made_by': 'x', 'problems': [],
                   'warnings': []}
        if not ok:
            outcome['problems'] = [{'kind': 'damaged', 'file': 'backup.sql', 'reason': 'the file ends here'}]
        record = {'format': 1, 'set': name, 'manifest_sha256': hashlib.sha256(manifest).hexdigest(), verified: outcome}
        if verified == 'restore':
            record['read'] = outcome
        with open(os.path.join(path, 'verified.json'), 'w') as f:
            json.dump(record, f)
    return path


def hosts(bench, destinations=None, more=None, answers=None):
    """The controllers, each with its destination and other variables; answers are those of liars."""
    controllers(bench, facts=(), answers=answers)
    with open(bench.path('controllers.yaml')) as f:
        inventory = json.load(f)
    for name, own in inventory['all']['children']['Controller']['hosts'].items():
        if name in (destinations or {}):
            own['controller_backup_destination'] = destinations[name]
        own.update((more or {}).get(name) or {})
    del inventory['all']['hosts']['localhost']
    bench.write('controllers.yaml', json.dumps(inventory))
    if not os.path.exists(bench.path('own')):
        whole(bench, 'own')


def folder(bench, name):
    """A folder for sets, which is removed after the case."""
    path = bench.path('sets', name)
    os.makedirs(path, 0o700)
    bench.undo.append(lambda: shutil.rmtree(bench.path('sets'), ignore_errors=True))
    return path


def listed(bench, *options, **keywords):
    """Exit status, output in one line, and the list that was written to a file."""
    path = bench.path('list.json')
    if os.path.exists(path):
        os.unlink(path)
    status, output = command(bench, 'list', '-e', 'controller_list_file=' + path, *options, **keywords)
    if not os.path.exists(path):
        return status, output, None
    with open(path) as f:
        return status, output, json.load(f)


def case_list_own(bench):
    """list: each controller's own sets, newest first, with state, verification and summary"""
    places = dict((name, folder(bench, name)) for name in CONTROLLERS[:2])
    newest = make_set(places['controller-0'], 2, 'controller-0', 'restore')
    plain = make_set(places['controller-1'], 5, 'controller-1')
    bad = make_set(places['controller-1'], 1, 'controller-1', 'read', ok=False)
    cut = make_set(places['controller-1'], 3, 'controller-1')
    with open(os.path.join(cut, 'manifest.json'), 'w') as f:
        f.write('{"format": 1')
    os.makedirs(os.path.join(places['controller-0'], 'galera_cluster', '.partial-%s_physical_controller-0' % stamp(0)))
    hosts(bench, dict(places, **{'controller-2': '/nonexistent'}))
    status, output, found = listed(bench)
    assert status == 0, output
    base = os.path.basename
    has(output, 'the newest good set is 2 h old, on controller-0; the newest verified one is 2 h old (restore)',
        base(newest) + ' 2 h controller-0 40 bytes plain 4711-4713 gtid 0-1-100 restore, 30 min ago complete',
        base(plain) + ' 5 h controller-1 40 bytes plain 4711-4713 gtid 0-1-100 no complete',
        base(bad) + ' 1 h controller-1 40 bytes plain',
        'read FAILED, 30 min ago damaged it is damaged: backup.sql: the file ends here',
        base(cut) + ' 3 h controller-1 ? ? - damaged it is damaged: manifest.json: manifest: unexpected end of JSON',
        'incomplete unfinished: its backup still runs, or was killed',
        'controller-2 /nonexistent none there is no such directory', '5 sets (2 complete, 2 damaged, 1 incomplete).')
    states = [(s['state'], s['hosts'], s['verified']) for s in found['sets']]
    assert states == [('incomplete', ['controller-0'], ''), ('damaged', ['controller-1'], ''),
                      ('complete', ['controller-0'], 'restore'), ('damaged', ['controller-1'], ''),
                      ('complete', ['controller-1'], '')], states
    assert found['schema'] == 1 and found['complete'] and found['nowhere'] == ['/nonexistent'], found
    assert [p['state'] for p in found['places']] == ['listed', 'listed', 'missing'], found['places']
    assert os.path.exists(bench.path('list.json')) and 'changed=0' in output, output


def case_list_shared(bench):
    """list: a destination that all share is shown once, with everybody who sees it"""
    shared = folder(bench, 'nfs')
    made = make_set(shared, 30, 'controller-2', 'read')
    hosts(bench)
    status, output, found = listed(bench, '-e', 'controller_list_destinations=%s,%s/' % (shared, shared))
    assert status == 0 and output.count(os.path.basename(made)) == 1, output
    has(output, '3 hosts', 'on controller-0, controller-1, controller-2', '1 set (1 complete).')
    assert [s['hosts'] for s in found['sets']] == [list(CONTROLLERS)] and len(found['places']) == 3, found
    status, output, found = listed(bench, '-e', json.dumps({'controller_list_destinations': [shared]}),
                                   '-e', 'controller_list_cluster=another')
    assert status == 0 and found['sets'] == [], output


def case_list_unreachable(bench):
    """list: a controller that cannot be reached is unknown, and the run is red although the rest is shown"""
    shared = folder(bench, 'nfs')
    make_set(shared, 30, 'controller-2')
    hosts(bench, dict((name, shared) for name in CONTROLLERS), {'controller-1': UNREACHABLE})
    status, output, found = listed(bench)
    assert status != 0, output
    has(output, 'controller-1 %s unknown Could not connect to the host: ' % shared, 'on controller-0, controller-2; none is verified',
        '1 set (1 complete). controller-1 could not be asked: what is there is unknown.')
    assert found['unknown'] == ['controller-1'] and found['complete'] is False, found
    assert [p['sets'] for p in found['places']] == [1, None, 1], found['places']


def case_list_nobody(bench):
    """list: when nobody can be asked, the run fails, and no set is not said"""
    hosts(bench, more=dict((name, UNREACHABLE) for name in CONTROLLERS))
    status, output, found = listed(bench)
    assert status != 0 and found['asked'] == [] and found['unknown'] == list(CONTROLLERS), output
    has(output, 'None of controller-0, controller-1, controller-2 could list its sets', 'which sets there are is unknown')
    lacks(output, 'none there is no such directory')
    assert [p['sets'] for p in found['places']] == [None] * 3, found


def case_list_unreadable(bench):
    """list: a destination that others could write to is refused, and a set behind it is not missed silently"""
    there = folder(bench, 'open')
    os.chmod(there, 0o777)
    hosts(bench, {'controller-0': there, 'controller-1': folder(bench, 'good'), 'controller-2': '/nonexistent'})
    status, output, found = listed(bench)
    assert status != 0, output
    has(output, 'controller-0 %s unknown' % there, 'controller-0 could not list all of %s' % there[:80])
    assert [p['state'] for p in found['places']] == ['unreadable', 'listed', 'missing'], found['places']


def case_list_nowhere(bench):
    """list: the default destination may be missing, one that was named may not; a note says so in any case"""
    hosts(bench, dict((name, '/nonexistent') for name in CONTROLLERS))
    status, output, found = listed(bench)
    assert status == 0 and found['sets'] == [], output
    has(output, 'controller-0 /nonexistent none there is no such directory', '0 sets. No host has /nonexistent.')
    status, output, again = listed(bench, '-e', 'controller_list_destinations=')
    assert status == 0 and again['places'] == found['places'], output
    status, output, found = listed(bench, '-e', 'controller_list_destinations=/nonexistant')
    assert status != 0, output
    has(output, 'No host has /nonexistant, which controller_list_destinations names.')


def case_list_json(bench):
    """list: JSON on the screen is whole lines, from a line { to a line }; none shows nothing"""
    shared = folder(bench, 'nfs')
    make_set(shared, 30, 'controller-2')
    hosts(bench, dict((name, shared) for name in CONTROLLERS))
    line = ['-e', 'controller_list_output=json']
    for env in ({}, {'ANSIBLE_STDOUT_CALLBACK': 'minimal'}):
        raw = shown(bench, line, env)
        text = re.search(r'^\{\n.*?^\}\n', raw, re.S | re.M)
        assert text, raw
        assert json.loads(text.group(0))['sets'][0]['hosts'] == list(CONTROLLERS), raw
    lacks(shown(bench, ['-e', 'controller_list_output=none'], {}), 'DESTINATION')


def shown(bench, options, env):
    """The output as it is, with its lines."""
    book = bench.path('own', 'ansible_collections', 'overcloud', 'backup', 'playbooks', 'list.yml')
    run = subprocess.run(['ansible-playbook', '-i', bench.inventories[0], book] + options, cwd=bench.work,
                         env=bench.environment('own', env), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                         stderr=subprocess.PIPE, universal_newlines=True, timeout=1200)
    assert run.returncode == 0, run.stdout + run.stderr
    return run.stdout


def case_list_file(bench):
    """list: the file is replaced as a whole, where the user means it; a folder that is missing fails; check mode writes nothing"""
    hosts(bench, dict((name, '/nonexistent') for name in CONTROLLERS))
    target = bench.write('list-of-before.json', 'old')
    assert command(bench, 'list', '--check', '-e', 'controller_list_file=' + target)[0] == 0
    with open(target) as f:
        assert f.read() == 'old'
    status, output = command(bench, 'list', '-e', 'controller_list_file=' + target)
    with open(target) as f:
        assert status == 0 and json.load(f)['schema'] == 1, output
    # An earlier file and a link are replaced, and its target is not; a pipe is written to.
    linked, pipe = bench.write('linked.json', 'of somebody else'), bench.path('pipe')
    os.unlink(target)
    os.symlink(linked, target)
    mask = os.umask(0o027)
    try:
        for dummy in range(2):
            goes(bench, 'list', '-e', 'controller_list_file=' + target)
            assert stat.S_IMODE(os.lstat(target).st_mode) == 0o640 and stat.S_ISREG(os.lstat(target).st_mode)
            os.chmod(target, 0o600)
    finally:
        os.umask(mask)
    with open(target) as f, open(linked) as other:
        assert json.load(f)['schema'] == 1 and other.read() == 'of somebody else'
    os.mkfifo(pipe)
    reader = subprocess.Popen(['cat', pipe], stdout=subprocess.PIPE)
    goes(bench, 'list', '-e', 'controller_list_file=' + pipe)
    assert json.loads(reader.communicate()[0].decode())['schema'] == 1 and stat.S_ISFIFO(os.lstat(pipe).st_mode)
    # The current directory is not the playbook's.
    for path, there in (('own.json', 'own.json'), ('./sub/own.json', 'sub/own.json'), ('~/own.json', 'home/own.json'),
                        ('$HOME/own.json', 'home/own.json')):
        os.makedirs(os.path.dirname(bench.path(there)), exist_ok=True)
        output = goes(bench, 'list', '-e', 'controller_list_file=' + path, env={'HOME': bench.path('home')})
        with open(bench.path(there)) as f:
            assert json.load(f)['schema'] == 1, output
        os.unlink(bench.path(there))
    for path, there, why in (('/nonexistent/list.json', '/nonexistent/list.json', 'No such file or directory'),
                             ('nonexistent/list.json', bench.path('nonexistent/list.json'), 'No such file or directory'),
                             (bench.path('home'), bench.path('home'), 'Is a directory'),
                             ('/dev/full', '/dev/full', 'No space left on device')):
        status, output = command(bench, 'list', '-e', 'controller_list_file=' + path)
        assert status != 0, output
        has(output, 'The list could not be written to %s on the control node: %s' % (there, why))
    assert [name for name in os.listdir(bench.work) if name.startswith('.overcloud.backup')] == []


def lie(destination, **more):
    """A listing with one set that says of itself whatever the liar wants."""
    name = '%s_physical_controller-0' % stamp(-5000)
    one = {'set': 'galera_cluster/' + name, 'name': name, 'path': destination, 'cluster': {'name': 'galera_cluster', 'uuid': UUID},
           'controller': 'controller-0', 'method': 'physical', 'server_version': 'x', 'started_at': 1, 'ended_at': 2,
           'bytes': 1, 'raw_bytes': 1, 'compression': 'zstd', 'manifest_sha256': 'a' * 64, 'position': {'uuid': UUID},
           'verified': 'restore', 'verified_at': time.time(), 'verifications': [], 'problems': [], 'warnings': []}
    one.update(more)
    return {'changed': False, 'present': True, 'sets': [one], 'damaged': [], 'no_sets': [], 'unreadable': []}


def case_list_liar(bench):
    """list: a lying controller adds rows under its own name, and forges neither a line nor another's row"""
    shared = folder(bench, 'nfs')
    honest = os.path.basename(make_set(shared, 30, 'controller-0', 'restore'))
    forged = '\nok: [controller-0]\n%s  1 h  controller-0  complete\x1b[2J' % honest
    for answer in (lie(shared), lie(shared, controller=forged, server_version=forged, warnings=[forged]),
                   lie(shared, position={'gtid': forged}), lie(shared, set=forged), {'sets': 'none'}, {'sets': [7]},
                   {'changed': False, 'sets': [], 'present': False, 'msg': forged},
                   {'failed': True, 'msg': forged}, dict(lie(shared), ansible_facts={'controller_list_answers': 7},
                                                         item=shared, results=[], controller_list_answers={})):
        hosts(bench, dict((name, shared) for name in CONTROLLERS), answers={'controller-1': {'backup_info': answer}})
        book = ['-e', 'controller_list_file=' + bench.path('list.json')]
        status, output = command(bench, 'list', *book)
        has(output, honest + ' 30 h controller-0, controller-2 40 bytes plain')
        lacks(output, '\x1b')
        with open(bench.path('list.json')) as f:
            found = json.load(f)
        true = [s for s in found['sets'] if s['set'].endswith(honest)]
        assert len(true) == 1 and true[0]['hosts'] == ['controller-0', 'controller-2'], found['sets']
        assert all(s['hosts'] == ['controller-1'] for s in found['sets'] if s not in true), found['sets']
        newest = [c['newest_good'] for c in found['clusters'] if c['uuid'] == UUID][0]
        assert newest['set'].endswith(honest), newest  # what is from the future is not the newest good set


def case_list_by_two(bench):
    """list: a control node that cannot run the binary has two controllers make the list"""
    shared = folder(bench, 'nfs')
    make_set(shared, 30, 'controller-2')
    root = crippled(bench, 'own')
    hosts(bench, dict((name, shared) for name in CONTROLLERS))
    status, output, found = listed(bench)
    assert status == 0 and len(found['sets']) == 1 and root == 'own', output
    asked = sorted(set(host for host, dummy, dummy2 in calls(bench, 'backup_list')))
    assert asked == ['controller-0', 'controller-1'], asked


def case_list_options(bench):
    """list: a limit without localhost, and tags that select nothing, are failures"""
    hosts(bench)
    for options, says in ((['-l', 'Controller'], 'The list would not run: --limit Controller leaves out localhost'),
                          (['--tags', 'x'], 'The list would not run: --tags x'),
                          (['--start-at-task', 'x'], 'The list did not run, and no task of this run reports why')):
        status, output = command(bench, 'list', *options)
        assert status != 0, output
        has(output, says)
    status, output = command(bench, 'list', '-e', 'controller_list_output=csv')
    assert status != 0, output
    has(output, 'csv')


def case_list_role(bench):
    """controller_list: the role in a play on all hosts makes the same list, once"""
    shared = folder(bench, 'nfs')
    make_set(shared, 30, 'controller-2')
    hosts(bench, dict((name, shared) for name in CONTROLLERS))
    output = bench.play('- include_role: {name: overcloud.backup.controller_list}\n', hosts='Controller', collections='own')
    assert output.count('SET (UTC') == 1, output
    has(output, '3 hosts', '1 set (1 complete).')
