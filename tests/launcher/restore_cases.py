# SPDX-License-Identifier: GPL-3.0-or-later
"""The role controller_restore: its steps and their hosts, and its refusals. A fake binary replaces the controllers; the
effects of the steps are tested on the lab.
"""
import json
import os

from local_cases import prepare  # noqa: F401, pylint: disable=unused-import
from playbook import TOP, has

# $0.json is the controller's answer; other requests are recorded, and answered with $0.STATE if that is there.
CONTROLLER = """#!/bin/sh
args=$(cat)
case $2 in
  galera_restore_info) cat "$0.json" ;;
  *) printf '%s %s\\n' "${0##*/}" "$args" >>"${0%/*}/steps"
     state=${args#*'"state": "'}; [ ! -f "$0.${state%%'"'*}" ] || exec cat "$0.${state%%'"'*}"
     echo '{"changed": true, "msg": "done"}' ;;
esac
"""
CONTROLLERS = ('c0', 'c1', 'c2')
SET = '/sets/galera_cluster/S'
JOB, LATER = '20260101T000000Z-aaaaaa', '20260202T000000Z-bbbbbb'
RESTORE = '- include_role: {name: overcloud.backup.controller_restore}\n'
RESTORED = dict(job=JOB, set=SET, began='2026-01-01T00:00:00Z', ended='restored', opened=True, aside=['/a'],
                replaced=True)


def tells(name, members=CONTROLLERS, book=None, **more):
    """The answer of a controller on which a restore was or was not begun."""
    book = dict(dict(job='', set='', began='', target=False, started='', ended='', rejoin=False, aside=[]),
                **(book or {}))
    node = dict(name=name, members=list(members), datadir='/var/lib/mysql', port='3306', free_bytes=2)
    return dict(dict(changed=False, msg='', node=node, book=book, has_old=True,
                     under_way=bool(book['job'] and not book['ended']),
                     stopped=bool(book['aside']), new_job=LATER, set=dict(name='S', path=SET, verified=''),
                     plan=dict(space=dict(needed_bytes=1))), **more)


def restore(bench, told, state='restored', confirm='', more=(), **keywords):
    """Runs the role with these answers. Returns the output, and the steps as controller, state and arguments."""
    lines = []
    for name, answer in told.items():
        bench.write(name, CONTROLLER, 0o755)
        bench.write(name + '.json', json.dumps(answer))
        lines.append(
            '%s ansible_connection=local ansible_become_method=su overcloud_backup_binary=%s\n' % (
                name, bench.path(name)))
    bench.write('controllers', '[galera]\n' + ''.join(lines))
    before, bench.inventories = bench.inventories, [bench.path('controllers')]
    bench.undo.append(lambda: setattr(bench, 'inventories', before))
    root = bench.path('roles', 'ansible_collections', 'overcloud')
    if not os.path.exists(root):
        os.makedirs(root)
        os.symlink(TOP, os.path.join(root, 'backup'))
    bench.write('steps', '')
    variables = dict(controller_restore_hosts='galera', controller_restore_state=state,
                     controller_restore_confirm=confirm)
    output = bench.play(RESTORE, hosts='galera', options=['-e', json.dumps(variables)] + list(more),
                        collections='roles', **keywords)
    with open(bench.path('steps')) as f:
        calls = [line.split(' ', 1) for line in f]
    return ' '.join(output.split()), [(name, json.loads(args)['state'], json.loads(args)) for name, args in calls]


def in_order(steps):
    """The states in the order in which they were asked for, and of whom."""
    found = []
    for name, state, dummy in steps:
        if not found or found[-1][0] != state:
            found.append((state, []))
        found[-1][1].append(name)
    return [(state, ' '.join(names)) for state, names in found]


def case_restore_steps(bench):
    """controller_restore: the steps are taken in their order, and not before they are confirmed"""
    told = dict((name, tells(name)) for name in CONTROLLERS)
    del told['c0']['set'], told['c0']['plan']
    output, steps = restore(bench, told, status=2)
    has(output, 'Restore of ' + SET, 'make it ready on c1', 'keep clients from port 3306', 'controller_restore_confirm=galera_cluster')
    assert not steps, steps
    output, steps = restore(bench, told, confirm='galera_cluster', more=['--check'])
    has(output, 'make it ready on c1')
    assert not steps, steps
    login = ['-e', json.dumps(dict(overcloud_backup_login_user='u', overcloud_backup_login_client_cert='/c', overcloud_backup_login_client_key='/k'))]
    output, steps = restore(bench, told, confirm='galera_cluster', more=login)
    assert all((args['login_user'], args['client_cert'], args['client_key']) == ('u', '/c', '/k') for dummy, state, args in steps), steps
    has(output, 'c0: done', 'c0, c1, c2: restored from ' + SET)
    assert in_order(steps) == [
        ('staged', 'c1'), ('fenced', 'c0 c1 c2'), ('stopped', 'c1'), ('replaced', 'c0 c1 c2'), ('started', 'c1'), ('checked', 'c0 c1 c2'),
        ('opened', 'c0 c1 c2'), ('reached', 'c1'), ('finished', 'c0 c2 c1')], steps
    assert set(args['job'] for dummy, state, args in steps) == set([LATER]), steps
    targets = [(name, state) for name, state, args in steps if args['target'] != (name == 'c1')]
    assert not targets, targets


def case_restore_failed_step(bench):
    """controller_restore: after a step that fails no other one is taken, and it is said how to go on"""
    told = dict((name, tells(name)) for name in CONTROLLERS)
    bench.write('c1.replaced', json.dumps(dict(failed=True, msg='the datadir is a mount')))
    bench.undo.append(lambda: os.unlink(bench.path('c1.replaced')))
    output, steps = restore(bench, told, confirm='galera_cluster', status=2)
    has(output, 'the datadir is a mount (restore %s, step \\"Move the datadirs aside and the set in\\")' % LATER, 'run it again to continue')
    assert in_order(steps)[-1] == ('replaced', 'c0 c1 c2'), steps


def case_restore_rejoined(bench):
    """controller_restore: a controller rejoins when it is confirmed by its own name, alone"""
    told = dict((name, tells(name)) for name in CONTROLLERS)
    for confirm in ('', 'galera_cluster'):
        output, steps = restore(bench, told, state='rejoined', confirm=confirm, more=['-e', 'controller_restore_host=c2'], status=2)
        has(output, 'confirm that by its name, c2')
        assert not steps, steps
    output, steps = restore(bench, told, state='rejoined', confirm='c2', status=2)
    has(output, 'Say which one is to rejoin')
    output, steps = restore(bench, told, state='rejoined', confirm='c2', more=['-e', 'controller_restore_host=c2'])
    assert in_order(steps) == [('rejoined', 'c2')] and steps[0][2]['confirm'] == 'c2', steps


def case_restore_configured(bench):
    """controller_restore: Pacemaker's configuration is compared, and replaced only when that is confirmed"""
    told = dict((name, tells(name)) for name in CONTROLLERS)
    dummy, steps = restore(bench, told, state='configured')
    assert [(name, args['set'], args['_ansible_check_mode']) for name, state, args in steps] == [('c0', SET, True)], steps
    push = ['-e', 'controller_restore_push=true']
    output, steps = restore(bench, told, state='configured', confirm='galera', more=push, status=2)
    has(output, 'confirm that by the name of the cluster: controller_restore_confirm=galera_cluster')
    assert not steps, steps
    dummy, steps = restore(bench, told, state='configured', confirm='galera_cluster', more=push)
    assert [(name, args['_ansible_check_mode']) for name, state, args in steps] == [('c0', False)], steps


def case_restore_clusters(bench):
    """controller_restore: hosts of clusters with other names are refused"""
    told = dict((name, tells(name)) for name in CONTROLLERS)
    told.update((name, tells(name, members=('cell0', 'cell1'))) for name in ('cell0', 'cell1'))
    output, steps = restore(bench, told, confirm='galera_cluster', status=2)
    has(output, 'several clusters: c0, c1, c2; cell0, cell1')
    assert not steps, steps


def case_restore_rolled_back_new(bench):
    """controller_restore: a new controller also gives up the restored data"""
    told = dict((name, tells(name, book=dict(RESTORED, target=name == 'c0'))) for name in CONTROLLERS)
    told['c2'] = tells('c2')
    output, steps = restore(bench, told, state='rolled_back', confirm='galera_cluster')
    noted = [(name, args['job'], args['set'], args['others_replaced']) for name, state,
             args in steps if state == 'rolling_back']
    assert sorted(noted) == [(name, JOB, SET, True) for name in CONTROLLERS], noted
    assert sorted(name for name, state, dummy in steps if state == 'rolled_back') == list(CONTROLLERS), steps
    output, steps = restore(bench, told, state='rolled_back', status=2)
    has(output, 'begun 2026-01-01T00:00:00Z', 'controller_restore_confirm=galera_cluster')
    assert not steps, steps
    told.update((name, tells(name, book=told[name]['book'], has_old=False)) for name in ('c0', 'c1'))
    output, steps = restore(bench, told, state='rolled_back', confirm='galera_cluster', status=2)
    has(output, 'No controller has its datadir from before')
    assert not steps, steps


def case_restore_given_up(bench):
    """controller_restore: a host that only kept clients out is given up alive, when the end of the earlier one is confirmed"""
    fenced = dict(job=LATER, set=SET, target=True, fence=dict(program='nft', port='3306'))
    told = dict(c0=tells('c0', book=fenced), c1=tells('c1', book=RESTORED),
                c2=tells('c2', book=dict(RESTORED, resource=dict(id='g', before=''))))
    output, steps = restore(bench, told, state='rolled_back', status=2)
    has(output, 'Only c0 has a record of the restore ' + LATER, JOB, 'controller_restore_confirm=galera_cluster')
    assert not steps, steps
    dummy, steps = restore(bench, told, state='rolled_back', confirm='galera_cluster')
    assert set(state for dummy, state, args in steps) == set(['rolling_back', 'opened', 'reached', 'finished']), steps


def case_restore_during_rollback(bench):
    """controller_restore: a restore that is being rolled back does not continue"""
    told = dict((name, tells(name, book=dict(RESTORED, ended='', target=name == 'c0'))) for name in CONTROLLERS)
    told['c1']['book']['rolling_back'] = True
    output, steps = restore(bench, told, confirm='galera_cluster', status=2)
    has(output, 'is being rolled back', 'controller_restore_state=rolled_back')
    assert not steps, steps


def case_restore_takes_rejoining_over(bench):
    """controller_restore: a rejoin that has not ended is taken over, not rolled back"""
    told = dict((name, tells(name, book=dict(RESTORED, target=name == 'c0'))) for name in CONTROLLERS)
    told['c2'] = tells('c2', book=dict(job=LATER, rejoin=True, aside=['/var/lib/mysql.aside-x']))
    output, steps = restore(bench, told, state='rolled_back', confirm='galera_cluster', status=2)
    has(output, 'c2 is being rejoined', 'restore all from a set')
    output, steps = restore(bench, told, status=2)
    has(output, 'takes it over', '/var/lib/mysql.aside-x', 'Restore of ' + SET,
        'controller_restore_confirm=galera_cluster')
    assert not steps, steps


def case_restore_lying_book(bench):
    """controller_restore: one controller's word makes no other restore a set that it did not choose"""
    told = dict((name, tells(name)) for name in CONTROLLERS)
    old = '/sets/galera_cluster/OLD'
    told['c2'] = tells('c2', book=dict(RESTORED, ended='', set=old, started='x'))
    output, steps = restore(bench, told, confirm='galera_cluster', status=2)
    has(output, ' does not have the set of the restore ' + JOB, old, 'The reports of others are not enough')
    assert not steps, steps
    # The controller that has the set names it; another's note of the same restore does not.
    told['c0'] = tells('c0', book=dict(RESTORED, ended='', target=True))
    output, steps = restore(bench, told, confirm='galera_cluster', more=['--check'])
    has(output, 'Continue the restore of ' + SET)
    assert old not in output[output.index('Show the plan'):] and not steps, (output, steps)


def case_restore_lying_end(bench):
    """controller_restore: one controller's word starts no rollback without confirmation"""
    told = dict((name, tells(name)) for name in CONTROLLERS)
    told['c2'] = tells('c2', book=dict((key, value) for key, value in RESTORED.items() if key != 'opened'))
    output, steps = restore(bench, told, state='rolled_back', status=2)
    has(output, 'Not every controller has a record of it', 'controller_restore_confirm=galera_cluster')
    assert not steps, steps


def case_restore_lying_newest(bench):
    """controller_restore: a set that one controller names is not loaded on another that does not see it"""
    told = dict((name, tells(name)) for name in CONTROLLERS)
    told['c2']['set'] = dict(name='Z', path='/sets/galera_cluster/Z', verified='')
    variables = ['-e', 'controller_restore_host=c0']
    output, steps = restore(bench, told, state='loaded', more=variables, status=2)
    has(output, 'c0 does not see /sets/galera_cluster/Z; c2 does')
    assert not steps, steps
    told['c2']['set'] = told['c0']['set']
    dummy, steps = restore(bench, told, state='loaded', more=variables)
    assert [(name, args['set']) for name, state, args in steps] == [('c0', SET)], steps
