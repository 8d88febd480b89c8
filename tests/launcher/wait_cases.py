# SPDX-License-Identifier: GPL-3.0-or-later
"""Waiting for the right moment: controller_backup_wait. The controllers are those of decide_cases, and report something
else from a certain reading on. A second of these cases stands for 15.
"""
import json
import os
import re
import subprocess
import time

from commands import MADE, PROVEN, cluster, command
from decide_cases import CONTROLLER, CONTROLLERS, OURS, calls, controllers, recorded, whole
from local_cases import prepare  # noqa: F401, pylint: disable=unused-import
from playbook import has, lacks

# Like CONTROLLER, but $0.NAME.N is the answer from the Nth call on.
CHANGING = CONTROLLER.replace('[ ! -f', """n=$(grep -c "^${0##*/} $2 " "${0%%/*}/calls")
while [ "$n" -gt 1 ]; do [ ! -f "$0.$2.$n" ] || exec cat "$0.$2.$n"; n=$((n - 1)); done
[ ! -f""")
LOCK = {'cluster': '1f3c653c-e6a8-11f1-851b-82aa4432fad4', 'holder': 'controller-1', 'job': 'nightly',
        'since': time.time(), 'expires': time.time() + 7200}
CELL = (('controller-', 'cell-'), ('1f3c653c', '2f3c653c'), ('10.99.0.', '10.98.0.'))


class Facts(object):
    """The reports of one controller, which a case changes."""

    def __init__(self, i, replaced=()):
        text = json.dumps(recorded(i))
        for old, new in replaced:
            text = text.replace(old, new)
        facts = json.loads(text)
        self.galera, self.pacemaker, self.haproxy = [facts['ansible_' + n] for n in ('galera', 'pacemaker', 'haproxy')]

    def locked(self, holder='controller-1'):
        self.pacemaker['locks'] = [dict(LOCK, holder=holder)]
        return self

    def donates(self):
        self.galera['wsrep']['state'] = 'Donor/Desynced'
        return self

    def queues(self):
        self.galera['sample']['recv_queue_min'] = 90
        return self

    def desynced(self):
        self.galera['wsrep'].update(desync=True, desync_count=1)
        return self

    def answers(self):
        return dict((name + '_facts', {'changed': False, 'ansible_facts': {'ansible_' + name: getattr(self, name)}})
                    for name in ('galera', 'pacemaker', 'haproxy'))


def reports(bench, readings, backups=None):
    """The controllers answer with these facts: {controller: {reading from which on: Facts}}, readings from 1."""
    more = {'backup_verify': PROVEN, 'backup_info': {'changed': False, 'sets': [], 'damaged': [], 'no_sets': []}}
    told = {}
    for host, states in readings.items():
        told[host] = dict(more, galera_backup=MADE)
        for reading, facts in states.items():
            for module, answer in facts.answers().items():
                told[host][module + ('.%d' % reading if reading > 1 else '')] = answer
        for call, answer in (backups or {}).get(host, {}).items():
            # The first call is that which undoes what an earlier backup left.
            told[host]['galera_backup.%d' % (call + 1)] = answer
    return told


def waiting(bench, told):
    """An inventory of these controllers, and a copy of the collection in which a reading follows after one second."""
    controllers(bench, facts=(), answers=dict((h, a) for h, a in told.items() if h in CONTROLLERS), wrapper=CHANGING)
    with open(bench.path('controllers.yaml')) as f:
        inventory = json.load(f)
    del inventory['all']['hosts']['localhost']
    hosts = inventory['all']['children']['Controller']['hosts']
    for host in set(told) - set(CONTROLLERS):
        path = bench.write('hosts/' + host, CHANGING % OURS, 0o755)
        hosts[host] = dict(ansible_connection='local', ansible_become_method='su', overcloud_backup_binary=path)
        for module, answer in told[host].items():
            bench.write('hosts/%s.%s' % (host, module), json.dumps(answer) + '\n')
    bench.write('controllers.yaml', json.dumps(inventory))
    if not os.path.exists(bench.path('own')):
        target = whole(bench, 'own')
        path = os.path.join(target, 'plugins', 'action', 'await_controller.py')
        with open(path) as f:
            text = f.read()
        assert '\nEVERY = 15\n' in text
        with open(path, 'w') as f:
            f.write(text.replace('\nEVERY = 15\n', '\nEVERY = 1\n'))


def wait(bench, told, seconds=60, options=()):
    """Runs the playbook backup. Returns the exit status, the output, and the seconds."""
    waiting(bench, told)
    began = time.time()
    status, output = command(bench, 'backup', '-e', 'controller_backup_wait=%s' % seconds, *options)
    return status, output, time.time() - began


def planned(bench):
    """The controllers whose backup was requested, in order."""
    return [host for host, module, args in calls(bench) if module == 'galera_backup' and args.get('state') != 'recovered']


def three(change, readings=None):
    """Each controller with a change of its facts, and healthy from a reading on, if one is given."""
    states = dict((name, {1: change(Facts(i))}) for i, name in enumerate(CONTROLLERS))
    for i, name in enumerate(CONTROLLERS):
        if readings:
            states[name][readings] = Facts(i)
    return states


def case_wait_then_goes_on(bench):
    """waiting: a lock that is freed after two readings; one line about it, then the backup"""
    status, output, dummy = wait(bench, reports(bench, three(Facts.locked, 4)))
    assert status == 0 and planned(bench) == ['controller-1'], (planned(bench), output)
    has(output, 'waiting up to 60 s, because controller-1: locked (job nightly on controller-1 holds the lock for another',
        'controller-1 can be backed up, after ', 'controller-1: made')
    assert output.count('waiting ') == 1, output
    reads = [host for host, dummy, args in calls(bench, 'galera_facts')]
    assert reads.count('controller-2') == 4, reads


def case_wait_line_for_each_reason(bench):
    """waiting: a line whenever the reasons change, and none for other measured values"""
    states = three(lambda facts: facts)
    for name in ('controller-1', 'controller-2'):
        i = CONTROLLERS.index(name)
        more = Facts(i).queues()
        more.galera['sample']['recv_queue_min'] = 70
        states[name] = {1: Facts(i).queues(), 2: more, 4: Facts(i).donates(), 6: Facts(i)}
    status, output, dummy = wait(bench, reports(bench, states))
    assert status == 0 and planned(bench) == ['controller-1'], (planned(bench), output)
    has(output, 'because controller-1: recv_queue (receive queue 90 > 16); controller-2: recv_queue',
        's, because controller-1: donor (state is Donor/Desynced')
    assert output.count('waiting ') == 2 and 'queue 70' not in output, output


def case_wait_is_over(bench):
    """waiting: when the time is over, the message says how long was waited, and for what"""
    status, output, took = wait(bench, reports(bench, three(Facts.locked)), seconds=4)
    assert status != 0 and not planned(bench) and 4 <= took < 40, (took, output)
    has(output, 'Nobody was chosen (controller-0: active, locked; controller-1: locked; controller-2: locked).',
        'The time of controller_backup_wait is over: waited ')
    assert int(re.search('is over: waited ([0-9]+) s', output).group(1)) in range(4, 10), output


def case_wait_not_for_a_person(bench):
    """waiting: a reason for a person fails at once, also beside one that passes; so does everything without a wait"""
    desynced = three(lambda facts: facts.desynced().locked('controller-0'))
    status, output, dummy = wait(bench, reports(bench, desynced))
    assert status != 0 and not planned(bench), output
    has(output, 'controller-2: desynced, locked')
    lacks(output, 'waiting ', 'Waited', 'waited ')
    assert len(calls(bench, 'galera_facts')) == 3, calls(bench, 'galera_facts')
    status, output, dummy = wait(bench, reports(bench, three(Facts.locked)), seconds=0)
    assert status != 0 and not planned(bench), output
    has(output, 'controller-2: locked). Nobody waited for that: controller_backup_wait is 0.')
    assert len(calls(bench, 'galera_facts')) == 3, calls(bench, 'galera_facts')


def case_wait_until_a_person(bench):
    """waiting: a reason for a person must be seen in two readings in a row; one that is gone again does not count"""
    states = three(Facts.locked)
    for i, name in enumerate(CONTROLLERS):
        states[name].update({2: Facts(i).desynced(), 3: Facts(i).locked(), 5: Facts(i).desynced()})
    status, output, dummy = wait(bench, reports(bench, states))
    assert status != 0 and not planned(bench), output
    has(output, 'read again before giving up, because controller-0: active',
        'No controller is left whose reasons pass by themselves: a person is needed.')
    assert output.count('read again before') == 2, output
    reads = [host for host, dummy, args in calls(bench, 'galera_facts')]
    assert reads.count('controller-2') == 6, reads


def cells(bench, cell, backups=None, change=None):
    """Two clusters, the second of cell-0 to cell-2 with these readings."""
    states = dict((name, {1: (change or (lambda f: f))(Facts(i))}) for i, name in enumerate(CONTROLLERS))
    for i in range(3):
        states['cell-%d' % i] = dict((n, change(Facts(i, CELL)) if change else Facts(i, CELL)) for n, change in cell.items())
    return reports(bench, states, backups)


def locked_cell(facts, holder='cell-1'):
    facts.pacemaker['locks'] = [dict(LOCK, cluster=LOCK['cluster'].replace('1f3c', '2f3c'), holder=holder)]
    return facts


def case_wait_two_clusters(bench):
    """waiting: a cluster that can be backed up does not wait for the other, and is backed up once"""
    status, output, dummy = wait(bench, cells(bench, {1: locked_cell, 4: None}))
    assert status == 0 and planned(bench) == ['controller-1', 'cell-1'], (planned(bench), output)
    order = [(host, module) for host, module, args in calls(bench)
             if module in ('galera_facts', 'galera_backup') and args.get('state') != 'recovered']
    # The second reading of the cell follows the backup of the other cluster, which is not read again.
    assert order.index(('controller-1', 'galera_backup')) < [n for n, c in enumerate(order) if c == ('cell-1', 'galera_facts')][1]
    assert order.count(('controller-1', 'galera_facts')) == 1, order
    has(output, 'controller-1: made', 'cell-1: made')
    # One that is not backed up in the end fails the run, after the other was.
    status, output, dummy = wait(bench, cells(bench, {1: locked_cell}), seconds=3)
    assert status != 0 and planned(bench) == ['controller-1'], (planned(bench), output)
    has(output, 'controller-1: made', 'cell-2: locked). The time of controller_backup_wait is over')


def case_wait_each_cluster(bench):
    """waiting: if both clusters wait, each is backed up when it can be"""
    states = cells(bench, {1: locked_cell, 6: None})
    for i, name in enumerate(CONTROLLERS):
        for module, answer in Facts(i).locked().answers().items():
            states[name][module] = answer
        for module, answer in Facts(i).answers().items():
            states[name][module + '.3'] = answer
    status, output, dummy = wait(bench, states)
    assert status == 0 and planned(bench) == ['controller-1', 'cell-1'], (planned(bench), output)


def case_wait_refused_by_the_job(bench):
    """waiting: a lock that the job itself finds held is waited for, and the same controller is backed up later"""
    held = {'changed': False, 'failed': True, 'elsewhere': False, 'passes': True,
            'msg': 'controller-1: lock the cluster: the lock is held by controller-2'}
    states = three(lambda facts: facts)
    for i, name in enumerate(CONTROLLERS):
        states[name].update({2: Facts(i).locked(), 4: Facts(i)})
    status, output, dummy = wait(bench, reports(bench, states, {'controller-1': {1: held, 2: MADE}}))
    assert status == 0 and planned(bench) == ['controller-1', 'controller-1'], (planned(bench), output)
    has(output, 'because controller-1: controller-1: lock the cluster: the lock is held', 'controller-1: made')
    lacks(output, 'it reports neither')
    status, output, dummy = wait(bench, reports(bench, states, {'controller-1': {1: held, 2: MADE}}), seconds=0)
    assert status != 0 and planned(bench) == ['controller-1'], (planned(bench), output)
    has(output, 'controller-1: lock the cluster: the lock is held by controller-2')
    # A controller that keeps failing like this ends the wait with its time, even if each decision chooses it again.
    status, output, dummy = wait(bench, reports(bench, three(lambda facts: facts), {'controller-1': {1: held}}), seconds=4)
    assert status != 0 and len(planned(bench)) in (2, 3, 4, 5), (planned(bench), output)
    has(output, 'controller-1: lock the cluster: the lock is held by controller-2')


def case_wait_after_another(bench):
    """waiting: a controller that was refused for what passes is tried again, after another was; one that failed is not"""
    client = {'changed': False, 'failed': True, 'elsewhere': True, 'passes': True, 'msg': 'this node serves clients now'}
    broken = dict(client, passes=False, msg='the server ended')
    states = three(lambda facts: facts)
    for first, second, says in ((client, client, 'controller-1'), (broken, client, 'controller-2')):
        told = reports(bench, states, {'controller-1': {1: first, 2: MADE}, 'controller-2': {1: second, 2: MADE}})
        status, output, dummy = wait(bench, told)
        assert status == 0 and planned(bench) == ['controller-1', 'controller-2', says], (planned(bench), output)
        has(output, '%s: made' % says)
    told = reports(bench, states, {'controller-1': {1: broken}, 'controller-2': {1: broken}})
    status, output, dummy = wait(bench, told)
    assert status != 0 and planned(bench) == ['controller-1', 'controller-2'], (planned(bench), output)
    has(output, 'controller-2: the server ended')
    lacks(output, 'waiting ')


# Replacements after which controller-2 reports itself to be in another cluster than the others.
APART = (('1f3c653c', '3f3c653c'), ('controller-0', 'other-0'), ('controller-1', 'other-1'), ('10.99.0.', '10.97.0.'))


def case_wait_failed_decision(bench):
    """waiting: a decision that fails chooses nobody, whoever an earlier one chose; the wait then ends for good"""
    held = {'changed': False, 'failed': True, 'elsewhere': False, 'passes': True,
            'msg': 'the lock is held by controller-2'}
    states = three(lambda facts: facts)
    states['controller-2'][2] = Facts(2, APART)
    told = reports(bench, states, {'controller-1': {1: held}})
    status, output, dummy = wait(bench, told)
    assert status != 0 and planned(bench) == ['controller-1'], (planned(bench), output)
    has(output, 'the lock is held by controller-2 Waited ',
        'The last decisions failed: its controllers are now in 2 clusters')
    lacks(output, 'can be backed up, after')
    assert output.count('waiting up to') == 1 and 'in 2 clusters Waited' not in output, output


def case_wait_gives_up_once(bench):
    """waiting: a wait that ended with failed decisions is not begun again, although its cluster was worth it"""
    states = three(Facts.locked)
    states['controller-2'][2] = Facts(2, APART)
    status, output, took = wait(bench, reports(bench, states), seconds=30)
    assert status != 0 and not planned(bench), output
    assert output.count('waiting up to') == 1 and 'in 2 clusters Waited' not in output, output
    reads = [host for host, dummy, args in calls(bench, 'galera_facts')]
    assert reads.count('controller-2') == 3, reads


def case_wait_not_for_a_pause(bench):
    """waiting: another controller that can be chosen does not wait for the pause of one that was refused"""
    client = {'changed': False, 'failed': True, 'elsewhere': True, 'passes': True, 'msg': 'this node serves clients now'}
    states = three(lambda facts: facts)
    # controller-2 is no donor any more from the fourth reading on, in the second pause of controller-1.
    states['controller-2'] = {1: Facts(2).donates(), 4: Facts(2)}
    told = reports(bench, states, {'controller-1': {1: client}, 'controller-2': {1: MADE}})
    status, output, took = wait(bench, told, seconds=60)
    assert status == 0 and planned(bench) == ['controller-1', 'controller-1', 'controller-2'], (planned(bench), output)
    has(output, 'controller-2: made')


def case_wait_refused_each_time(bench):
    """waiting: a controller that is always refused is tried after longer and longer pauses; the message has the time"""
    held = {'changed': False, 'failed': True, 'elsewhere': False, 'passes': True,
            'msg': 'the lock is held by controller-2'}
    told = reports(bench, three(lambda facts: facts), {'controller-1': {1: held}})
    status, output, dummy = wait(bench, told, seconds=12)
    assert status != 0 and 3 <= len(planned(bench)) <= 5, (planned(bench), output)
    assert re.search('the lock is held by controller-2 Waited 1[2-9] s in all before it was refused', output), output


def case_wait_doubt_across_clusters(bench):
    """waiting: a doubt about a cluster is no certainty because another cluster can be backed up meanwhile"""
    states = cells(bench, {1: locked_cell, 3: None})
    for i in range(3):
        # The second reading is in doubt, and the third and fourth are not.
        changes = {2: locked_cell(Facts(i, CELL), 'cell-0').desynced(), 3: locked_cell(Facts(i, CELL)), 5: Facts(i, CELL)}
        for reading, facts in changes.items():
            for module, answer in facts.answers().items():
                states['cell-%d' % i]['%s.%d' % (module, reading)] = answer
    for i, name in enumerate(CONTROLLERS):
        for module, answer in Facts(i).locked().answers().items():
            states[name][module] = answer
        for module, answer in Facts(i).answers().items():
            states[name][module + '.2'] = answer
    status, output, dummy = wait(bench, states)
    assert status == 0 and planned(bench) == ['controller-1', 'cell-1'], (planned(bench), output)
    has(output, 'read again before giving up')
    lacks(output, 'is over', 'a person is needed')


def case_wait_two_without_a_name(bench):
    """waiting: two clusters with the same title get their own messages"""
    waiting(bench, reports(bench, three(Facts.locked)))
    clusters = [{'cluster': '', 'chosen': '', 'worth_waiting': True, 'message': 'Nobody (%s).' % name,
                 'controllers': [{'name': name, 'verdict': 'rejected',
                                  'reasons': [{'code': 'locked', 'message': 'by ' + name, 'passes': True}]}]}
                for name in CONTROLLERS[:2]]
    bench.play("""
- overcloud.backup.await_controller: {seconds: 0, decisions: %s, hosts: [controller-0, controller-1]}
  register: r
- assert:
    that:
      - r.unserved | length == 2
      - "'Nobody (controller-0).' in r.unserved[0].message"
      - "'Nobody (controller-1).' in r.unserved[1].message"
""" % json.dumps(clusters), hosts='controller-0', collections='own')


def case_wait_too_often(bench):
    """waiting: after 40 refusals no controller is tried again, whoever was refused; after one fewer the wait goes on"""
    waiting(bench, reports(bench, three(lambda facts: facts)))
    cluster = {'cluster': 'c', 'chosen': '', 'worth_waiting': True, 'waited': 70, 'message': 'Nobody was chosen.', 'controllers': [
        {'name': name, 'verdict': 'rejected', 'reasons': [{'code': 'locked', 'message': 'a job', 'passes': True}]}
        for name in CONTROLLERS]}
    refused = {'item': 'controller-2', 'failed': True, 'passes': True, 'msg': 'the lock is held'}
    task = """
- overcloud.backup.await_controller:
    seconds: 60
    max_age: 1.0e+12
    decisions: %s
    results: %s
    hosts: [controller-0, controller-1, controller-2]
  register: r
- assert: {that: %s}
"""
    output = bench.play(task % (json.dumps([cluster]), json.dumps([dict(refused, item='controller-0')] + [refused] * 39), json.dumps([
        "r.unserved[0].message == 'Nobody was chosen. Waited 70 s. 40 attempts were refused, and no more are made.'",
        'r.waited == 0'])), hosts='controller-0', collections='own')
    lacks(output, 'waiting ')
    assert not calls(bench, 'galera_facts'), calls(bench)
    output = bench.play(task % (json.dumps([cluster]), json.dumps([refused] * 39), json.dumps([
        "r.decision.chosen == 'controller-1'", 'r.unserved == []'])), hosts='controller-0', collections='own')
    has(output, 'can be backed up, after ')


def case_wait_no_power(bench):
    """waiting: a controller that cannot be reached in two readings in a row is unreachable; a line says so, once"""
    waiting(bench, reports(bench, three(Facts.locked)))
    with open(bench.path('controllers.yaml')) as f:
        inventory = json.load(f)
    lost = inventory['all']['children']['Controller']['hosts']['controller-2']
    lost.update(ansible_connection='ssh', ansible_host='127.0.0.1', ansible_port=1)
    facts = Facts(2).locked()
    lost.update(ansible_galera=facts.galera, ansible_pacemaker=facts.pacemaker, ansible_haproxy=facts.haproxy)
    bench.write('controllers.yaml', json.dumps(inventory))
    clusters = [{'cluster': 'c', 'chosen': '', 'worth_waiting': True, 'message': '', 'controllers': [
        {'name': name, 'verdict': 'rejected', 'reasons': [{'code': 'locked', 'message': 'a job', 'passes': True}]}
        for name in CONTROLLERS]}]
    output = bench.play("""
- overcloud.backup.await_controller:
    seconds: 60
    max_age: 1.0e+12
    decisions: %s
    hosts: [controller-0, controller-1, controller-2]
  register: r
- assert:
    that:
      - r.decision.clusters[0].ended
      - "'cluster_incomplete' in r.decision.message and 'a person is needed' in r.decision.message"
""" % json.dumps(clusters), hosts='controller-0', collections='own')
    assert output.count('controller-2 could not be read completely: ') == 1, output


def case_wait_check_mode(bench):
    """waiting: check mode does not wait, and says what a backup would wait for"""
    status, output, dummy = wait(bench, reports(bench, three(Facts.locked)), options=['--check'])
    assert status != 0 and len(calls(bench, 'galera_facts')) == 3, output
    has(output, 'A backup would wait up to 60 s, because controller-1: locked (job nightly on controller-1')
    lacks(output, 'waiting ')


def case_wait_lost_host(bench):
    """waiting: a controller that cannot be read for once keeps its earlier report, and a lost one ends nothing at once"""
    told = reports(bench, three(Facts.locked, 5))
    told['controller-2']['galera_facts.3'] = {'changed': False, 'failed': True, 'msg': 'no'}
    status, output, dummy = wait(bench, told)
    assert status == 0 and planned(bench) == ['controller-1'], (planned(bench), output)
    lacks(output, 'read again before')


def case_wait_values(bench):
    """waiting: a time that is none is refused before anything is done"""
    told = reports(bench, three(lambda facts: facts))
    for value, says in (('-5', 'is -5'), ('soon', 'is \\"soon\\"'), ('1.5', 'is \\"1.5\\"'), ('86401', 'is \\"86401\\"')):
        status, output, dummy = wait(bench, told, seconds=value)
        assert status != 0 and not calls(bench), (value, calls(bench), output)
        has(output, 'controller_backup_wait is', 'It must be a whole number of seconds from 0 to 86400.')


def case_wait_two_decide(bench):
    """waiting: where the control node cannot decide, two controllers do, each time"""
    told = reports(bench, three(Facts.locked, 3))
    waiting(bench, told)
    folder = bench.path('own', 'ansible_collections', 'overcloud', 'backup', 'plugins', 'plugin_utils', '_bin')
    with open(os.path.join(folder, 'SHA256SUMS')) as f:
        sums = f.read()
    with open(os.path.join(folder, 'SHA256SUMS'), 'w') as f:
        f.writelines(text for text in sums.splitlines(True) if os.path.basename(OURS) not in text)
    bench.undo.append(lambda: bench.write(os.path.join(folder, 'SHA256SUMS'), sums, 0o644))
    status, output = command(bench, 'backup', '-e', 'controller_backup_wait=60')
    assert status == 0 and planned(bench) == ['controller-1'], (planned(bench), output)
    asked = [host for host, module, dummy in calls(bench) if module == 'idle_controller']
    assert asked == ['controller-0', 'controller-1'] * 3, asked
    has(output, 'controller-1 can be backed up, after ')


def case_wait_killed(bench):
    """waiting: a worker that outlives ansible-playbook ends, and reads nothing more"""
    waiting(bench, reports(bench, three(Facts.locked)))
    book = bench.path('own', 'ansible_collections', 'overcloud', 'backup', 'playbooks', 'backup.yml')
    line = ['ansible-playbook', '-i', bench.inventories[0], book, '-e', json.dumps({'controller_backup_max_age': 1e12,
                                                                                    'controller_backup_wait': 600})]
    run = subprocess.Popen(line, env=bench.environment('own', None), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                           stderr=subprocess.DEVNULL, cwd=bench.work)
    end = time.time() + 120
    while len(calls(bench, 'galera_facts')) < 7 and time.time() < end:
        time.sleep(0.2)
    run.kill()
    run.wait()
    time.sleep(8)
    before = len(calls(bench))
    time.sleep(8)
    assert before >= 7 and len(calls(bench)) == before and not planned(bench), (before, len(calls(bench)))
