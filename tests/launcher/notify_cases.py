# SPDX-License-Identifier: GPL-3.0-or-later
"""Notifications. The controllers are those of decide_cases, the webhook that of webhook.py."""
import json
import os
import socket
import subprocess

from commands import LISTED, MADE, PROVEN, calls, command, goes
from decide_cases import CONTROLLERS, controllers, lying
from local_cases import prepare  # noqa: F401, pylint: disable=unused-import
from playbook import has, lacks
from variable_cases import variables
from webhook import FAILED, TOKEN, Webhook, audited, cluster, ends, limit, notified


def case_notify_success(bench):
    """notifications: start and success, once each, with the set; text or JSON; several URLs; credentials in the URL"""
    cluster(bench, made=dict(MADE, backup={'path': '/sets/c/S', 'bytes': 3 << 20, 'duration': 4.5}))
    webhook = Webhook(bench)
    output = goes(bench, 'backup', *notified(webhook))
    lacks(output, TOKEN, 'not delivered')
    assert [(event, body) for event, body, dummy, path in webhook.got] == [
        ('start', 'backup: started\n'), ('success', 'backup: successful\ncontroller-1: /sets/c/S, 3.0 MiB in 4 s\n')], webhook.got
    del webhook.got[:]
    many = {'success': [webhook.url('a', 'u:pass-word@127.0.0.1'), webhook.url('b')], 'start': None, 'failure': ''}
    goes(bench, 'backup', *variables(controller_backup_notify_urls=json.dumps(many), controller_backup_notify_format='json'))
    assert sorted(webhook.events()) == ['a', 'b'], webhook.got
    told = json.loads(webhook.got[0][1])
    assert told == {'event': 'success', 'work': 'backup', 'good': True, 'reason': '', 'controllers': ['controller-1'], 'text': told['text'],
                    'sets': [{'controller': 'controller-1', 'path': '/sets/c/S', 'bytes': 3 << 20, 'seconds': 4.5}]}, told
    sent = dict((event, headers) for event, dummy, headers, path in webhook.got)
    assert sent['a']['Authorization'] == 'Basic dTpwYXNzLXdvcmQ=' and 'Authorization' not in sent['b'], sent


def case_notify_vault(bench):
    """notifications: URLs may be inline vault values, alone and in a list"""
    cluster(bench)
    webhook = Webhook(bench)
    password = bench.write('vault-password', 'correct horse')

    def locked(url):
        run = subprocess.run(['ansible-vault', 'encrypt_string', '--vault-password-file', password, url], check=True,
                             env=bench.environment('own', None), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, universal_newlines=True)
        return '!vault |\n' + '\n'.join(' ' * 8 + part.strip() for part in run.stdout.splitlines()[1:])

    secrets = bench.write('secrets.yml', 'controller_backup_notify_urls:\n  start: %s\n  success:\n    - %s\n' % (
        locked(webhook.url('start')), locked(webhook.url('success'))))
    lacks(goes(bench, 'backup', '-e', '@' + secrets, '--vault-password-file', password, '-vvvv'), TOKEN)
    assert webhook.events() == ['start', 'success'], webhook.got


def case_notify_check_mode(bench):
    """notifications: in check mode nothing is sent and no hook runs, but the variables are checked"""
    cluster(bench, made={'changed': True, 'msg': 'the plan', 'plan': {'method': 'physical'}})
    webhook = Webhook(bench)
    path = bench.write('hook.yml', '- fail: {msg: hook ran}\n')
    lacks(goes(bench, 'backup', '--check', *notified(webhook, controller_backup_hooks={'before': path, 'after': path})), 'hook ran')
    assert not webhook.got, webhook.got
    has(ends(bench, 'backup', '--check', *variables(controller_backup_notify_urls={'starts': 'https://example.org/'})), 'has no key "starts"')


def case_notify_operations(bench):
    """notify: check only checks, outcome only reads, and neither sends or takes an event"""
    cluster(bench)
    webhook = Webhook(bench)
    task, ignored = '- overcloud.backup.notify: {%s}\n  register: r\n', '  ignore_errors: true\n'
    says = '- assert: {that: [%s], fail_msg: "r: {{ r }}"}\n'
    sound = (task % 'operation: check', says % "r.outcome is not defined, r.hooks is not defined, r.msg == 'The variables are valid.'",
             task % 'operation: outcome', says % 'not r.outcome.good, not r.outcome.sets, not r.hooks, not r.message')
    bench.play(sound, hosts='controller-0', collections='own', options=notified(webhook))
    wrong = variables(controller_backup_notify_urls={'strat': webhook.url('x')})
    bench.play((task % 'operation: check' + ignored, says % "r is failed, r.msg is search('has no key')", task % 'operation: outcome',
                says % 'not r.outcome.good'), hosts='controller-0', collections='own', options=wrong)
    for given, why in (('operation: check, event: start', 'event must be left out: the operation check notifies nobody.'),
                       ('event: check', 'event must be one of start, success, failure.'), ('stage: after', 'event must be one of'),
                       ('operation: look', 'operation must be one of notify, check, outcome.')):
        has(bench.play(task % given, hosts='controller-0', collections='own', options=notified(webhook), status=2), why)
    assert not webhook.got, webhook.got


def case_notify_failures(bench):
    """notifications: failure, once, in every way in which a backup ends without a good set"""
    webhook = Webhook(bench)
    bad = {'changed': False, 'failed': True, 'msg': 'a frame is damaged'}
    silent = {'changed': True, 'msg': 'done'}
    ways = (
        ('stopped', {'galera_backup': FAILED}, [], 'the guard stopped it: '),
        ('elsewhere', {'galera_backup': dict(FAILED, elsewhere=True, msg='clients came')}, [], 'clients came'),
        ('without a set', {'galera_backup': silent}, [], 'it reports neither that a set was made nor why not'),
        ('damaged', {'galera_backup': MADE, 'backup_verify': bad}, [], 'a frame is damaged'),
        ('nobody', {'galera_backup': MADE}, [('controller_backup_exclude', ','.join(CONTROLLERS))], 'excluded'),
        ('unreadable', {'galera_facts': 'nonsense'}, [], 'could be read'),
        ('a bad value', {'galera_backup': MADE}, [('controller_backup_retries', 'none at all')], 'controller_backup_retries is "none at all"'),
        ('an undefined value', {'galera_backup': MADE}, [('controller_backup_destination', '{{ no_such_variable }}')],
         "'no_such_variable' is undefined"),
    )
    cluster(bench)
    for name, answers, more, words in ways:
        controllers(bench, facts=(), answers=lying(dict((c, dict(answers)) for c in CONTROLLERS)))
        del webhook.got[:]
        output = ends(bench, 'backup', *notified(webhook, **dict(more)))
        lacks(output, TOKEN)
        events = webhook.events()
        assert events[-1:] == ['failure'] and events.count('failure') == 1 and 'success' not in events, (name, webhook.got, output)
        body = webhook.got[-1][1]
        has(body, 'backup: failed: ', words)
        assert len(body) <= 2001 and '\x1b' not in body and '\u202e' not in body and len(body.splitlines()) <= 2, (name, body)


def case_notify_variables(bench):
    """notifications: failure, once, if a variable or the inventory is wrong; and if those of the notification are, that nobody was notified"""
    webhook = Webhook(bench)
    cluster(bench)
    unsent = 'Nobody was notified of the failure, because of the error in controller_%s_notify_urls.'
    for book, prefix in (('backup', 'backup'), ('verify', 'verify')):
        urls = 'controller_%s_notify_urls' % prefix
        for given, says in (({'controller_backup_destinaton': '/x'}, 'controller_backup_destinaton is not a variable of overcloud.backup.'),
                            ({'galera_hosts': 'no_such_group'}, 'no_such_group')):
            del webhook.got[:]
            output = ends(bench, book, *variables(**dict(given, **{urls: webhook.urls()})))
            has(output, says)
            lacks(output, TOKEN, 'Nobody was notified')
            assert output.count('FAILED! =>') == 1 and webhook.events() == ['failure'], (webhook.got, output)
            has(webhook.got[0][1], ': failed: ', says)
    del webhook.got[:]
    goes(bench, 'backup', '--list-tasks', *notified(webhook, controller_backup_destinaton='/x'))
    ends(bench, 'backup', '--check', *notified(webhook, controller_backup_destinaton='/x'))
    ends(bench, 'status', *notified(webhook, controller_backup_destinaton='/x'))
    assert not webhook.got, webhook.got
    for given in ({'controller_backup_notify_url': webhook.urls()}, {'controller_backup_notify_urls': {'failure': TOKEN}},
                  {'controller_backup_notify_urls': {'failure': webhook.url('{{ no_such_variable }}')}, 'controller_backup_destinaton': '/x'},
                  {'controller_backup_notify_urls': webhook.url('x')}):
        output = ends(bench, 'backup', *variables(**given))
        has(output, unsent % 'backup')
        lacks(output, TOKEN)
    assert not webhook.got and not calls(bench), webhook.got
    output = ends(bench, 'backup', *variables(controller_backup_destinaton='/x'))
    lacks(output, 'Nobody was notified')  # nobody asked to be


def case_notify_variables_role(bench):
    """notifications: failure, once, if a variable is wrong for the role in a user's play; not if it only reads facts"""
    webhook = Webhook(bench)
    cluster(bench)
    wrong = notified(webhook, controller_verify_notify_urls=webhook.urls(), controller_backup_destinaton='/x')
    for entry, events in (('controller_backup}', 1), ('controller_verify}', 1), ('controller_backup, tasks_from: facts}', 0),
                          ('controller_backup, tasks_from: begin}', 1)):
        del webhook.got[:]
        output = bench.play('- include_role: {name: overcloud.backup.%s\n' % entry, hosts='Controller', collections='own', options=wrong, status=2)
        has(output, 'controller_backup_destinaton is not a variable of overcloud.backup.')
        assert webhook.events() == ['failure'] * events, (entry, webhook.got, output)
    assert not calls(bench), calls(bench)


def case_notify_options(bench):
    """notifications: failure, once, if options of the command would leave the backup out"""
    webhook = Webhook(bench)
    cluster(bench)
    for options in (['--limit', 'controller-0'], ['--tags', 'none'], ['--start-at-task', 'Read Galera'], ['--start-at-task', 'none']):
        del webhook.got[:]
        output = ends(bench, 'backup', *(notified(webhook) + options))
        assert webhook.events().count('failure') == 1 and webhook.events()[-1] == 'failure', (options, webhook.got, output)
        lacks(output, TOKEN)
    del webhook.got[:]
    goes(bench, 'backup', '--list-tasks', *notified(webhook))
    assert not webhook.got, webhook.got
    has(ends(bench, 'backup', '--limit', 'controller-0', *variables(controller_backup_notify_urls={'failure': 'http://127.0.0.1:1/' + TOKEN})),
        'controller_backup_notify_urls.failure: the notification was not delivered: connection refused')


def case_notify_verify(bench):
    """notifications: a verification of its own has its own URLs, and one within a backup does not use them"""
    cluster(bench)
    webhook = Webhook(bench)
    options = variables(controller_verify_notify_urls=webhook.urls())
    proven = dict(PROVEN, outcome={'ok': True, 'host': 'controller-0'})
    controllers(bench, facts=(), answers=lying(dict(
        (c, {'galera_backup': MADE, 'backup_info': LISTED, 'backup_verify': proven}) for c in CONTROLLERS)))
    lacks(goes(bench, 'verify', *options), TOKEN)
    assert [(event, body) for event, body, dummy, path in webhook.got] == [
        ('start', 'verification: started\n'), ('success', 'verification: successful\ncontroller-0: /sets/c/S\n')], webhook.got
    goes(bench, 'backup', *options)
    assert len(webhook.got) == 2, webhook.got
    for answers, options_too, words in (
            ({'backup_verify': {'changed': False, 'failed': True, 'msg': 'a frame is damaged'}}, [], 'a frame is damaged'),
            ({'backup_verify': dict(PROVEN, outcome={'ok': False})}, [], 'it reports neither'),
            ({'backup_info': dict(LISTED, sets=[], newest=None)}, [], 'has a set'),
            ({'backup_info': 'nonsense'}, [], 'has a set'),
            ({}, ['--limit', 'controller-0'], 'would not run')):
        controllers(bench, facts=(), answers=lying(dict(
            (c, dict({'backup_info': LISTED, 'backup_verify': PROVEN}, **answers)) for c in CONTROLLERS)))
        del webhook.got[:]
        lacks(ends(bench, 'verify', *(options + options_too)), TOKEN)
        assert webhook.events()[-1:] == ['failure'] and webhook.events().count('failure') == 1 and 'success' not in webhook.events(), (words, webhook.got)
        has(webhook.got[-1][1], words)
    has(ends(bench, 'verify', *variables(controller_verify_notify_urls={'start': TOKEN})), 'controller_verify_notify_urls.start must be a URL')


def case_notify_fact(bench):
    """variables: a fact that a host reports decides neither who is notified, nor what runs here, nor what is backed up where"""
    cluster(bench)
    webhook = Webhook(bench)
    role = '- include_role: {name: overcloud.backup.controller_backup}\n'
    before = {'before': bench.write('hook.yml', '- fail: {msg: hook ran}\n')}
    for name, value in (('notify_urls', webhook.urls()), ('hooks', before), ('policy', 'allow_active'), ('destination', bench.work)):
        # As the answer of a single controller to setup would set it.
        fact = '- set_fact: {controller_backup_%s: %s, cacheable: true}\n  when: inventory_hostname == "controller-1"\n' % (name, json.dumps(value))
        output = bench.play((fact, role), hosts='Controller', collections='own', options=variables(controller_backup_max_age=1e12), status=2)
        has(output, 'controller_backup_%s is a fact that a host has reported' % name)
        lacks(output, 'hook ran')
        assert not webhook.got and not calls(bench), webhook.got


def case_notify_role(bench):
    """notifications: the role in a user's play sends start, then success or failure, once each, whichever controllers fail"""
    webhook = Webhook(bench)
    role = '- include_role: {name: overcloud.backup.controller_backup}\n'
    options = notified(webhook, controller_backup_max_age=1e12)
    cluster(bench)

    def run(answers, status, play=role):
        controllers(bench, facts=(), answers=lying(answers))
        del webhook.got[:]
        return bench.play(play, hosts='Controller', collections='own', options=options, status=status)

    good = dict((name, {'galera_backup': MADE, 'backup_verify': PROVEN}) for name in CONTROLLERS)
    run(good, 0)
    assert webhook.events() == ['start', 'success'], webhook.got
    run(good, 0, play=role + role)
    assert webhook.events() == ['start', 'success'] * 2, webhook.got
    unread = {'galera_facts': 'nonsense'}
    run(dict(good, **dict((name, unread) for name in CONTROLLERS)), 2)
    assert webhook.events() == ['start', 'failure'], webhook.got
    output = run(dict(good, **{'controller-0': unread}), 2)
    assert webhook.events() == ['start', 'failure'], webhook.got
    has(output, 'controller-0: ', 'is unreachable')  # the others have decided
    run(dict((name, {'galera_backup': FAILED}) for name in CONTROLLERS), 2)
    assert webhook.events() == ['start', 'failure'], webhook.got
    output = bench.play(role, hosts='Controller', collections='own', status=2,
                        options=variables(controller_backup_notify_urls={'begin': 'x'}, controller_backup_max_age=1e12))
    assert output.count('has no key "begin"') <= 2 and not [c for c in calls(bench) if c[1] == 'galera_facts'][9:], output


def case_notify_dead(bench):
    """notifications: a dead webhook fails no backup, takes at most ten seconds, and is one line without the URL"""
    cluster(bench)
    certificate = bench.path('certificate.pem')
    subprocess.run(['openssl', 'req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', certificate, '-out', certificate + '.crt', '-days', '2',
                    '-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'], check=True, stderr=subprocess.DEVNULL)
    with open(certificate, 'a') as f, open(certificate + '.crt') as own:
        f.write(own.read())
    mute = socket.socket()
    mute.bind(('127.0.0.1', 0))
    mute.listen(1)
    free = socket.socket()
    free.bind(('127.0.0.1', 0))
    bench.undo += [mute.close, free.close]
    to = 'http://127.0.0.1:%d/' + TOKEN
    for seconds, url, says in (
            (600, to % free.getsockname()[1], 'connection refused'),
            (10, to % mute.getsockname()[1], 'no answer within 10 s'),
            (10, Webhook(bench, 'slow').url('x'), 'no answer within 10 s'),
            (600, Webhook(bench, 500).url('x'), 'it answered 500'),
            (600, Webhook(bench, 404).url('x'), 'it answered 404'),
            (600, Webhook(bench, 302).url('x'), 'it answered 302, a redirect, which is not followed'),
            (600, Webhook(bench, 'garbage').url('x'), 'it did not answer as HTTP'),
            (600, 'https://no-such-host.invalid/' + TOKEN, 'its host name cannot be resolved'),
            (600, Webhook(bench, certificate=certificate).url('x'), 'TLS failed, or its certificate was not accepted'),
            (600, Webhook(bench).url('x').replace('http:', 'https:'), 'TLS failed, or its certificate was not accepted')):
        limit(bench, seconds)
        output = goes(bench, 'backup', *variables(controller_backup_notify_urls={'start': [url, url]}))
        has(output, 'controller_backup_notify_urls.start (1 of 2): the notification was not delivered: ' + says,
            'controller_backup_notify_urls.start (2 of 2): the notification was not delivered: ' + says, 'controller-1: made')
        lacks(output, TOKEN)
    limit(bench, 600)
    trusted = Webhook(bench, certificate=certificate)
    output = goes(bench, 'backup', *notified(trusted), env={'SSL_CERT_FILE': certificate + '.crt'})
    assert trusted.events() == ['start', 'success'], output


def case_notify_values(bench):
    """notifications and hooks: a wrong value is one clear error before anything is done, and does not show the value"""
    webhook = Webhook(bench)
    ok = bench.write('hook.yml', '- debug: {msg: fine}\n')
    files = {'empty': '', 'mapping': 'a: b\n', 'syntax': '- debug: {msg: [}\n', 'module': '- no_such_module_of_ours: {}\n'}
    for name, content in files.items():
        bench.write(name + '.yml', content)
    urls, hooks = 'controller_backup_notify_urls', 'controller_backup_hooks'
    no_file = 'must be the absolute path of a file with tasks on the control node'
    for given, says in (
            ({urls: {'strat': 'https://%s/' % TOKEN}}, urls + ' has no key "strat"; its keys are start, success, failure.'),
            ({urls: {'https://%s/' % TOKEN: 'start'}}, urls + ' has no key one that is not shown'),
            ({urls: 'https://%s/' % TOKEN}, urls + ' must be a mapping with some of the keys'),
            ({urls: [webhook.url('x')]}, urls + ' must be a mapping with some of the keys'),
            ({urls: {'start': 'ftp://example.org/%s' % TOKEN}}, urls + '.start must be a URL that begins with https:// or http://'),
            ({urls: {'success': TOKEN}}, urls + '.success must be a URL'),
            ({urls: {'failure': 'https:///%s' % TOKEN}}, urls + '.failure must be a URL'),
            ({urls: {'failure': 'https://example.org:99999/%s' % TOKEN}}, urls + '.failure must be a URL'),
            ({urls: {'failure': 'https://example.org/%s\n' % TOKEN}}, urls + '.failure must be a URL'),
            ({urls: {'failure': ['https://example.org/', {'a': TOKEN}]}}, urls + '.failure must be a URL'),
            ({urls: {'failure': 'https://example.org/%s/{{ no_such_variable }}' % TOKEN}}, 'no_such_variable'),
            ({hooks: {'begin': ok}}, hooks + ' has no key "begin"; its keys are before, after, failure.'),
            ({hooks: {'before': 'hook.yml'}}, no_file),
            ({hooks: {'before': '/nonexistent/hook.yml'}}, 'there is no such file'),
            ({hooks: {'after': bench.path('empty.yml')}}, no_file),
            ({hooks: {'after': bench.path('mapping.yml')}}, 'it contains no list of tasks'),
            ({hooks: {'failure': bench.path('syntax.yml')}}, no_file),
            ({hooks: {'after': bench.path('module.yml')}}, 'no_such_module_of_ours'),
            ({hooks: ok}, hooks + ' must be a mapping')):
        cluster(bench)
        output = ends(bench, 'backup', *variables(**given))
        has(output, says)
        lacks(output, TOKEN)
        assert not calls(bench), (given, calls(bench))


def case_notify_secret(bench):
    """notifications: no URL in any output, however verbose, nor in a process, whatever fails"""
    webhook, dead = Webhook(bench), Webhook(bench, 500)
    cluster(bench)
    told = dict(webhook.urls(), start=dead.url('start'), failure=[dead.url('f', 'user:%s@127.0.0.1' % TOKEN), webhook.url('failure')])
    secrets = bench.write('secrets.yml', json.dumps({'controller_backup_notify_urls': told}))
    said = 'it said %s and %s' % (webhook.url('failure'), TOKEN)
    for answer in (MADE, dict(FAILED, msg=said)):
        controllers(bench, facts=(), answers=lying(dict((c, {'galera_backup': answer, 'backup_verify': PROVEN}) for c in CONTROLLERS)))
        env = audited(bench)
        status, output = command(bench, 'backup', '-e', '@' + secrets, '-vvvvv', '--diff', env=env)
        assert (status == 0) == (answer is MADE), output
        has(output, 'it answered 500')
        lacks(output.replace(said, ''), TOKEN)  # of a controller's own text Ansible prints everything
        with open(bench.path('audit', 'started')) as f:
            assert len(f.readlines()) > 3
        assert not os.path.exists(bench.path('audit', 'leaks')), open(bench.path('audit', 'leaks')).read()
    assert webhook.events() == ['success', 'failure'], webhook.got
    lacks(webhook.got[-1][1], TOKEN)
    env = audited(bench)  # and the audit sees what it is for
    command(bench, 'backup', '--check', *notified(webhook), env=env)
    assert os.path.exists(bench.path('audit', 'leaks'))
