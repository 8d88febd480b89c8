# SPDX-License-Identifier: GPL-3.0-or-later
"""Options of operators: limits, tags, a task to start at. A run without a new or verified set must fail, because cron
and AWX only check its exit status. Three names of this machine stand for the controllers, as in decide_cases.
"""
import glob
import os

import yaml
from commands import LISTED, cluster, command, fails, goes
from decide_cases import CONTROLLERS, calls, controllers, lying
from local_cases import prepare  # noqa: F401, pylint: disable=unused-import
from playbook import TOP, has, lacks

# Limits to one controller, or to all but one. None of these includes localhost.
LIMITS = ('Controller', 'controller-0', '!controller-2', 'all', 'controller*', 'Controller:!controller-2',
          'controller-0,controller-1,controller-2',
          'compute-0', '@{work}/backup.retry')
# Options that leave the tasks out, and the message about them.
LEFT_OUT = ((('--tags', 'database'), '--tags database leaves its tasks out'),
            (('--tags', 'database,backup'), '--tags backup,database leaves its tasks out'),
            (('--skip-tags', 'untagged'), '--skip-tags untagged leaves its tasks out'),
            (('--skip-tags', 'all'), '--skip-tags all leaves its tasks out'),
            (('--tags', 'never'), '--tags never leaves its tasks out'),
            (('--tags', 'database', '--skip-tags', 'always'), 'without --tags database --skip-tags always'),
            (('--start-at-task', 'No such task'), 'without --start-at-task "No such task"'),
            (('--start-at-task', 'No such*', '--limit', 'Controller'), '--start-at-task "No such*"'))
PLAYS = ('backup', 'verify', 'status', 'restore', 'doctor', 'list')
WORK = {'backup': 'backup', 'verify': 'verification', 'status': 'decision', 'restore': 'restore',
        'doctor': 'check', 'list': 'list'}


def case_habit_good(bench):
    """habits: a backup, a verification and a decision run as before"""
    for implicit in (True, False):
        cluster(bench, implicit=implicit)
        has(goes(bench, 'backup'), 'controller-1: made')
        has(goes(bench, 'backup', '--check'), 'controller-1: made')
        has(goes(bench, 'verify'), 'proven')
        has(goes(bench, 'status'), 'controller-1 was chosen')


def case_habit_limit(bench):
    """habits: a limit without localhost is a clear failure, with every playbook"""
    cluster(bench)
    for limit in LIMITS:
        fails(bench, 'backup', ['--limit', limit.format(work=bench.work)], 'The backup would not run: --limit',
              'leaves out localhost', 'controller_backup_exclude')
    for book in PLAYS[1:]:
        fails(bench, book, ['-l', 'Controller'],
              'The %s would not run: --limit Controller leaves out localhost' % WORK[book])
    assert not calls(bench), calls(bench)
    has(goes(bench, 'backup', '--limit', 'Controller,localhost'), 'controller-1: made')
    cluster(bench, implicit=False)
    has(goes(bench, 'backup', '--limit', 'all'), 'controller-1: made')


def case_habit_limit_part(bench):
    """habits: a limit with localhost but not every controller decides nothing, and names the missing ones"""
    cluster(bench)
    fails(bench, 'backup', ['--limit', 'controller-0,localhost'], 'cluster_incomplete')
    cluster(bench, implicit=False)
    fails(bench, 'backup', ['--limit', 'localhost'],
          'None of controller-0, controller-1, controller-2 was asked anything', 'the limit localhost leaves them out')


def case_habit_tags(bench):
    """habits: tags that select nothing, and a start at an unknown task, are failures"""
    cluster(bench)
    for options, says in LEFT_OUT:
        fails(bench, 'backup', options, says, 'The backup ')
    for book in PLAYS[1:]:
        fails(bench, book, ['--tags', 'x'], 'The %s would not run: --tags x' % WORK[book])
        fails(bench, book, ['--start-at-task', 'x'],
              'The %s did not run, and no task of this run reports why' % WORK[book])
    fails(bench, 'backup', [], '--tags x leaves', env={'ANSIBLE_RUN_TAGS': 'x'})
    # Tags that select everything work.
    for options in (('--tags', 'all'), ('--tags', 'untagged'), ('--skip-tags', 'x'), ('--skip-tags', 'always'),
                    ('--skip-tags', 'tagged')):
        has(goes(bench, 'backup', *options), 'controller-1: made')


def case_habit_start(bench):
    """habits: a backup that starts partway decides from the facts that it has, or reports that there are none"""
    cluster(bench)
    has(goes(bench, 'backup', '--start-at-task', 'Read the controller'), 'controller-1: made')
    bench.write('hosts/calls', '')
    fails(bench, 'backup', ['--start-at-task', 'Back up on the idle controller'], 'was asked anything in this run',
          '--start-at-task')
    # --step asks about each task, and no question is answered with yes.
    fails(bench, 'backup', ['--step'], 'The backup did not run', 'without --step', typed='n\n' * 30)


def case_habit_lists(bench):
    """habits: listing hosts or tasks, or a syntax check, is not a run"""
    cluster(bench)
    for book in PLAYS:
        has(goes(bench, book, '--list-hosts', '--limit', 'Controller'), 'controller-1')
        for option in ('--list-tasks', '--list-tags', '--syntax-check'):
            goes(bench, book, option, '--tags', 'x', '--start-at-task', 'y')
    assert not calls(bench), calls(bench)


def case_habit_import(bench):
    """habits: a playbook that imports the backup selects it, or leaves it out, by its tags or a condition"""
    cluster(bench)
    ours = bench.path('own', 'ansible_collections', 'overcloud', 'backup', 'playbooks', 'backup.yml')
    tail = '- hosts: localhost\n  gather_facts: false\n  tasks:\n    - debug: {msg: THE END}\n      tags: %s\n'
    site = bench.write('site.yml', '- import_playbook: %s\n  tags: backup\n%s' % (ours, tail % 'deploy'))
    lacks(goes(bench, site, '--tags', 'deploy'), 'controller-1: made')
    lacks(goes(bench, site, '--skip-tags', 'backup'), 'controller-1: made')
    for options in (('--tags', 'deploy'), ('--skip-tags', 'backup')):
        lacks(goes(bench, site, '--limit', 'compute-0', *options), 'controller-1: made')
    has(goes(bench, site, '--tags', 'backup'), 'controller-1: made')
    has(goes(bench, site), 'controller-1: made', 'THE END')
    bench.write('hosts/calls', '')
    fails(bench, site, ['--tags', 'backup', '-l', 'Controller'], 'leaves out localhost')
    site = bench.write('site.yml', '- import_playbook: %s\n  when: wanted | bool\n%s' % (ours, tail % '[]'))
    lacks(goes(bench, site, '-e', 'wanted=no', '-l', 'Controller,localhost'), 'controller-1: made')
    # A condition on the hosts applies to the controllers, and never to the host that decides.
    for book in ('backup', 'verify'):
        ours_too = ours.replace('backup.yml', book + '.yml')
        for condition in ('inventory_hostname in groups.Controller', 'inventory_hostname != "localhost"'):
            site = bench.write('site.yml',
                               "- import_playbook: %s\n  when: '%s'\n%s" % (ours_too, condition, tail % '[]'))
            fails(bench, site, [], 'The %s did not run' % WORK[book], 'localhost', 'condition')
            bench.write('hosts/calls', '')
    # AWX's job template also has tags and a limit.
    site = bench.write('site.yml', '- import_playbook: %s\n%s' % (ours, tail % '[]'))
    fails(bench, site, ['--tags', 'nightly'], '--tags nightly leaves its tasks out', 'set tags on the import')
    fails(bench, site, ['--limit', 'controller-1'], 'leaves out localhost')
    fails(bench, site, ['--limit', 'compute-0'], 'leaves out localhost')


def case_habit_unmade(bench):
    """controller_backup: an answer with neither a set nor a failure is not a backup"""
    for answer in ({'changed': False}, {'changed': True, 'msg': 'all is well', 'plan': {'method': 'physical'}}):
        cluster(bench, made=answer)
        status, output = command(bench, 'backup')
        assert status != 0, output
        has(output, 'controller-1: ', 'it reports neither that a set was made nor why not')
    cluster(bench, made={'changed': False})
    status, output = command(bench, 'backup', '--check')
    assert status != 0, output


OWN = """
- hosts: Controller
  gather_facts: false
%s
"""
ROLE = 'overcloud.backup.controller_backup'


def own(bench, text, *options, **keywords):
    """An operator's own play on the controllers. Returns the exit status and the output."""
    return command(bench, bench.write('own.yml', OWN % text), *options, **keywords)


def case_habit_role_tags(bench):
    """habits: a role in an operator's play is selected by tags with all of its tasks, or fails"""
    cluster(bench)
    static = ('  roles: [{role: %s, tags: backup}]' % ROLE, '  tags: backup\n  roles: [%s]' % ROLE,
              '  tasks:\n    - import_role: {name: %s}\n      tags: backup' % ROLE,
              '  tasks:\n    - include_role: {name: %s, apply: {tags: backup}}\n      tags: backup' % ROLE)
    for text in static:
        status, output = own(bench, text, '--tags', 'backup')
        assert status == 0, output
        has(output, 'controller-1: made')
        status, output = own(bench, text, '--tags', 'ntp')
        assert status == 0, output
        lacks(output, 'made')
    include = '  tasks:\n    - include_role: {name: %s}\n      tags: backup' % ROLE
    status, output = own(bench, include, '--tags', 'backup')
    assert status != 0, output
    has(output, 'selects the task that includes the role, and not the tasks in it', 'apply: {tags')
    for options, made in (((), True), (('--skip-tags', 'backup'), False), (('--tags', 'ntp'), False)):
        status, output = own(bench, include, *options)
        assert status == 0 and ('controller-1: made' in output) == made, output


def case_habit_role_keywords(bench):
    """habits: keywords of an operator's play that leave out controllers decide nothing"""
    cluster(bench)
    for text in ('  serial: 1\n  roles: [%s]' % ROLE, '  strategy: free\n  serial: 2\n  roles: [%s]' % ROLE,
                 '  tasks:\n    - include_role: {name: %s}\n      run_once: true' % ROLE,
                 '  tasks:\n    - include_role: {name: %s}\n      when: inventory_hostname == "controller-0"' % ROLE):
        status, output = own(bench, text)
        assert status != 0, '%s\n%s' % (text, output)
        lacks(output, 'controller-1: made')
    for option in ('--limit=controller-0', '--limit=!controller-2'):
        status, output = own(bench, '  roles: [%s]' % ROLE, option)
        assert status != 0, output
        has(output, 'cluster_incomplete')
    for text in (
        '  any_errors_fatal: false\n  max_fail_percentage: 100\n  ignore_unreachable: true\n  roles: [%s]' % ROLE,
                 '  any_errors_fatal: true\n  roles: [%s]' % ROLE, '  strategy: free\n  roles: [%s]' % ROLE):
        status, output = own(bench, text)
        assert ('controller-1: made' in output) == (status == 0), output
        assert status == 0 or 'strategy' in text, output


def case_habit_examples(bench):
    """habits: the examples that report and alert are not silent if a limit or tags leave them out"""
    if bench.version() < (2, 11):
        return
    cluster(bench)
    for example in ('alert_backup_too_old', 'backup_and_report', 'alert_nobody_idle', 'backup_exclude',
                    'backup_start_and_go_on'):
        fails(bench, 'overcloud.backup.examples.' + example, ['--limit', 'Controller'], 'leaves out localhost')
        fails(bench, 'overcloud.backup.examples.' + example, ['--tags', 'x'], '--tags x leaves its tasks out')
    fails(bench, 'overcloud.backup.verify', ['--start-at-task', 'x'], 'The verification did not run')
    has(goes(bench, 'overcloud.backup.backup', '--check'), 'controller-1: made')


def case_habit_unproven(bench):
    """controller_verify: an answer that does not report a good set is not a verification"""
    for answer in ({'changed': True, 'msg': 'all is well'}, {'changed': True, 'msg': 'x', 'outcome': {'ok': False}}):
        cluster(bench)
        controllers(bench, facts=(),
                    answers=lying(dict((name, {'backup_verify': answer, 'backup_info': LISTED})
                                       for name in CONTROLLERS)))
        status, output = command(bench, 'verify')
        assert status != 0, output
        has(output, 'it reports neither that c/S is sound nor what is wrong with it')


def tasks_of(node):
    """Every mapping of a file of YAML, among them its tasks."""
    if isinstance(node, dict):
        yield node
    for value in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        for task in tasks_of(value):
            yield task


def case_habit_groups(bench):
    """group_by: runs for one host at a time; ansible-core 2.21 counts the callers of its inventory, and can lose count of several"""
    found = []
    for path in glob.glob(os.path.join(TOP, 'playbooks', '*.yml')) + glob.glob(os.path.join(TOP, 'roles', '*', 'tasks', '*.yml')):
        with open(path) as f:
            found += [(path, task) for task in tasks_of(yaml.safe_load(f)) if 'group_by' in ' '.join(task)]
    assert len(found) > 6, found
    assert all(task.get('throttle') == 1 for dummy, task in found), [path for path, task in found if task.get('throttle') != 1]
