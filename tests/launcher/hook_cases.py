# SPDX-License-Identifier: GPL-3.0-or-later
"""Hooks: files with tasks of a user's own. The controllers are those of decide_cases, the webhook that of webhook.py."""
import json
import os
import shutil

from commands import MADE, PROVEN, calls, goes
from decide_cases import CONTROLLERS, controllers, lying
from local_cases import prepare  # noqa: F401, pylint: disable=unused-import
from playbook import has
from variable_cases import variables
from webhook import FAILED, Webhook, cluster, ends, notified, work


HOOK = """
- name: A hook of a user
  copy:
    content: "{{ event }} {{ controller_backup_outcome | to_json }} {{ controller_backup_decision.chosen | default('nobody yet') }}"
    dest: "%s/{{ event }}-{{ inventory_hostname }}"
  vars: {event: "%s"}
"""


def hooks(bench, **tasks):
    """The variables of hooks that record their outcome, and the files that they wrote."""
    files = {}
    for event in ('before', 'after', 'failure'):
        files[event] = bench.write('hook-%s.yml' % event, HOOK % (bench.path('outcomes'), event) + tasks.get(event, ''))
    shutil.rmtree(bench.path('outcomes'), ignore_errors=True)
    os.mkdir(bench.path('outcomes'))
    return variables(controller_backup_hooks=files, ansible_python_interpreter='{{ ansible_playbook_python }}')  # of copy


def outcomes(bench):
    found = {}
    for name in os.listdir(bench.path('outcomes')):
        with open(bench.path('outcomes', name)) as f:
            event, rest = f.read().split(' ', 1)
        outcome, end = json.JSONDecoder().raw_decode(rest)
        found[event] = outcome, rest[end:].strip()
    return found


def case_hooks(bench):
    """hooks: before, after and failure run on the control node, with the outcome, in the playbook and in the role"""
    cluster(bench)
    role = '- include_role: {name: overcloud.backup.controller_backup}\n'
    for play in (False, True):
        controllers(bench, facts=(), answers=lying(dict((c, {'galera_backup': MADE, 'backup_verify': PROVEN}) for c in CONTROLLERS)))
        given = hooks(bench)
        if play:
            bench.play(role, hosts='Controller', collections='own', options=given + variables(controller_backup_max_age=1e12), head='become: true')
        else:
            goes(bench, 'backup', *given)
        found = outcomes(bench)
        assert sorted(found) == ['after', 'before'], found
        assert found['before'] == ({'good': False, 'reason': '', 'sets': [], 'controllers': []}, 'nobody yet'), found
        assert found['after'] == ({'good': True, 'reason': '', 'sets': [{'controller': 'controller-1', 'path': '/sets/c/S'}],
                                   'controllers': ['controller-1']}, 'controller-1'), found
    controllers(bench, facts=(), answers=lying(dict((c, {'galera_backup': FAILED}) for c in CONTROLLERS)))
    ends(bench, 'backup', *hooks(bench))
    found = outcomes(bench)
    assert sorted(found) == ['before', 'failure'], found
    assert found['failure'][0]['reason'].startswith('controller-1: the guard stopped it') and not found['failure'][0]['good'], found


def case_hooks_fail(bench):
    """hooks: before stops the backup, after fails the run and says that the set is good, failure hides nothing"""
    broken = '\n- name: Break\n  fail: {msg: the hook is broken}\n'
    webhook = Webhook(bench)
    cluster(bench)
    output = ends(bench, 'backup', *(hooks(bench, before=broken) + notified(webhook)))
    has(output, 'The hook before (controller_backup_hooks.before) failed, and nothing was backed up: the hook is broken')
    assert output.count('FAILED! =>') <= 3, output  # of the task, of the role and of the play
    assert not calls(bench) and webhook.events() == ['start', 'failure'] and sorted(outcomes(bench)) == ['before', 'failure'], (calls(bench), webhook.got)
    del webhook.got[:]
    output = ends(bench, 'backup', *(hooks(bench, after=broken) + notified(webhook)))
    has(output, 'failed after the backup, whose sets are good (/sets/c/S): the hook is broken')
    assert webhook.events() == ['start', 'failure'] and outcomes(bench)['failure'][0]['good'] is True, (webhook.got, outcomes(bench))
    has(webhook.got[-1][1], 'whose sets are good (/sets/c/S)')
    assert len(work(bench)) == 1, work(bench)
    controllers(bench, facts=(), answers=lying(dict((c, {'galera_backup': FAILED}) for c in CONTROLLERS)))
    output = ends(bench, 'backup', *(hooks(bench, failure=broken) + notified(webhook)))
    has(output, 'The hook failure failed as well: the hook is broken', 'Stop because the backup failed')
    has(output[output.index('Stop because the backup failed'):], 'the guard stopped it')
