# SPDX-License-Identifier: GPL-3.0-or-later
"""Notifications and hooks. The controllers are those of decide_cases; the webhook is a server of this file."""
import http.server
import json
import os
import re
import shutil
import socket
import ssl
import subprocess
import threading
import time

import commands
from commands import LISTED, MADE, PROVEN, calls, command, goes
from decide_cases import CONTROLLERS, controllers, lying
from local_cases import prepare  # noqa: F401, pylint: disable=unused-import
from playbook import has, lacks
from variable_cases import variables

TOKEN = '5ecret-0f-the-webhook-%d' % os.getpid()  # others may run the same cases
FAILED = {'changed': False, 'failed': True, 'msg': 'the guard stopped it: \x1b[31mred\u202e\nfatal: [controller-0]: ' + 'x' * 9000}


def cluster(bench, **keywords):
    """The cluster of the commands, on a machine that may be too busy for the ten seconds that a notification has."""
    commands.cluster(bench, **keywords)
    limit(bench, 600)


def limit(bench, seconds):
    """The time that notifications have."""
    path = bench.path('own', 'ansible_collections', 'overcloud', 'backup', 'plugins', 'plugin_utils', '_notify.py')
    with open(path) as f:
        text, changed = re.subn(r'(?m)^(LIMIT, .* =) \d+,', r'\1 %d,' % seconds, f.read())
    assert changed == 1, path
    with open(path, 'w') as f:
        f.write(text)


class Hook:
    """A webhook on loopback, which answers as it is told and remembers what it was sent."""

    def __init__(self, bench, answer=200, certificate=None):
        self.got, hook = [], self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers.get('Content-Length', 0))).decode()
                event = self.path.split('?')[0].rsplit('/', 1)[-1]
                hook.got.append((event, body, dict(self.headers), self.path))
                hook.answer(self, answer)

            do_GET = do_POST

            def log_message(self, *dummy):
                pass

        self.server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Handler)
        self.server.daemon_threads = True
        self.port, self.scheme = self.server.server_address[1], 'https' if certificate else 'http'
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        bench.undo.append(self.server.shutdown)

    def answer(self, handler, answer):
        if answer == 'slow':  # a byte at a time: no timeout of a socket ends that
            try:
                while True:  # so a run without a limit would not end
                    handler.wfile.write(b'H')
                    time.sleep(0.1)
            except OSError:
                pass
        elif answer == 'garbage':
            handler.wfile.write(b'\x00\xff not HTTP \x1b[31m\r\n\r\n')
        else:
            handler.send_response(answer)
            if 300 <= answer < 400:
                handler.send_header('Location', '/redirected')
            handler.send_header('Content-Length', '0')
            handler.end_headers()

    def url(self, event, host='127.0.0.1'):
        return '%s://%s:%d/%s/%s' % (self.scheme, host, self.port, TOKEN, event)

    def urls(self):
        return dict((event, self.url(event)) for event in ('start', 'success', 'failure'))

    def events(self):
        return [event for event, dummy, headers, path in self.got]


def notified(hook, **more):
    return variables(controller_backup_notify_urls=hook.urls(), **more)


def ends(bench, book, *options, **keywords):
    """The output of a run that fails."""
    status, output = command(bench, book, *options, **keywords)
    assert status != 0, output
    return output


def work(bench):
    """The starts of backups."""
    return [args for dummy, module, args in calls(bench) if module == 'galera_backup' and args.get('state') != 'recovered']


def case_notify_success(bench):
    """notifications: start and success, once each, with the set; text or JSON; several URLs; credentials in the URL"""
    cluster(bench, made=dict(MADE, backup={'path': '/sets/c/S', 'bytes': 3 << 20, 'duration': 4.5}))
    hook = Hook(bench)
    output = goes(bench, 'backup', *notified(hook))
    lacks(output, TOKEN, 'not delivered')
    assert [(event, body) for event, body, dummy, path in hook.got] == [
        ('start', 'backup: started\n'), ('success', 'backup: successful\ncontroller-1: /sets/c/S, 3.0 MiB in 4 s\n')], hook.got
    del hook.got[:]
    many = {'success': [hook.url('a', 'u:pass-word@127.0.0.1'), hook.url('b')], 'start': None, 'failure': ''}
    goes(bench, 'backup', *variables(controller_backup_notify_urls=json.dumps(many), controller_backup_notify_format='json'))
    assert sorted(hook.events()) == ['a', 'b'], hook.got
    told = json.loads(hook.got[0][1])
    assert told == {'event': 'success', 'work': 'backup', 'good': True, 'reason': '', 'controllers': ['controller-1'], 'text': told['text'],
                    'sets': [{'controller': 'controller-1', 'path': '/sets/c/S', 'bytes': 3 << 20, 'seconds': 4.5}]}, told
    sent = dict((event, headers) for event, dummy, headers, path in hook.got)
    assert sent['a']['Authorization'] == 'Basic dTpwYXNzLXdvcmQ=' and 'Authorization' not in sent['b'], sent


def case_notify_vault(bench):
    """notifications: URLs may be inline vault values, alone and in a list"""
    cluster(bench)
    hook = Hook(bench)
    password = bench.write('vault-password', 'correct horse')

    def locked(url):
        run = subprocess.run(['ansible-vault', 'encrypt_string', '--vault-password-file', password, url], check=True,
                             env=bench.environment('own', None), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, universal_newlines=True)
        return '!vault |\n' + '\n'.join(' ' * 8 + part.strip() for part in run.stdout.splitlines()[1:])

    secrets = bench.write('secrets.yml', 'controller_backup_notify_urls:\n  start: %s\n  success:\n    - %s\n' % (
        locked(hook.url('start')), locked(hook.url('success'))))
    lacks(goes(bench, 'backup', '-e', '@' + secrets, '--vault-password-file', password, '-vvvv'), TOKEN)
    assert hook.events() == ['start', 'success'], hook.got


def case_notify_check_mode(bench):
    """notifications: in check mode nothing is sent and no hook runs, but the variables are checked"""
    cluster(bench, made={'changed': True, 'msg': 'the plan', 'plan': {'method': 'physical'}})
    hook = Hook(bench)
    path = bench.write('hook.yml', '- fail: {msg: hook ran}\n')
    lacks(goes(bench, 'backup', '--check', *notified(hook, controller_backup_hooks={'before': path, 'after': path})), 'hook ran')
    assert not hook.got, hook.got
    has(ends(bench, 'backup', '--check', *variables(controller_backup_notify_urls={'starts': 'https://example.org/'})), 'has no key "starts"')


def case_notify_failures(bench):
    """notifications: failure, once, in every way in which a backup ends without a good set"""
    hook = Hook(bench)
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
        del hook.got[:]
        output = ends(bench, 'backup', *notified(hook, **dict(more)))
        lacks(output, TOKEN)
        assert hook.events()[-1:] == ['failure'] and hook.events().count('failure') == 1 and 'success' not in hook.events(), (name, hook.got, output)
        body = hook.got[-1][1]
        has(body, 'backup: failed: ', words)
        assert len(body) <= 2001 and '\x1b' not in body and '\u202e' not in body and len(body.splitlines()) <= 2, (name, body)


def case_notify_variables(bench):
    """notifications: failure, once, if a variable or the inventory is wrong; and if those of the notification are, that nobody was notified"""
    hook = Hook(bench)
    cluster(bench)
    unsent = 'Nobody was notified of the failure, because of the error in controller_%s_notify_urls.'
    for book, prefix in (('backup', 'backup'), ('verify', 'verify')):
        urls = 'controller_%s_notify_urls' % prefix
        for given, says in (({'controller_backup_destinaton': '/x'}, 'controller_backup_destinaton is not a variable of overcloud.backup.'),
                            ({'galera_hosts': 'no_such_group'}, 'no_such_group')):
            del hook.got[:]
            output = ends(bench, book, *variables(**dict(given, **{urls: hook.urls()})))
            has(output, says)
            lacks(output, TOKEN, 'Nobody was notified')
            assert output.count('FAILED! =>') == 1 and hook.events() == ['failure'], (hook.got, output)
            has(hook.got[0][1], ': failed: ', says)
    del hook.got[:]
    goes(bench, 'backup', '--list-tasks', *notified(hook, controller_backup_destinaton='/x'))
    ends(bench, 'backup', '--check', *notified(hook, controller_backup_destinaton='/x'))
    ends(bench, 'status', *notified(hook, controller_backup_destinaton='/x'))
    assert not hook.got, hook.got
    for given in ({'controller_backup_notify_url': hook.urls()}, {'controller_backup_notify_urls': {'failure': TOKEN}},
                  {'controller_backup_notify_urls': {'failure': hook.url('{{ no_such_variable }}')}, 'controller_backup_destinaton': '/x'},
                  {'controller_backup_notify_urls': hook.url('x')}):
        output = ends(bench, 'backup', *variables(**given))
        has(output, unsent % 'backup')
        lacks(output, TOKEN)
    assert not hook.got and not calls(bench), hook.got
    output = ends(bench, 'backup', *variables(controller_backup_destinaton='/x'))
    lacks(output, 'Nobody was notified')  # nobody asked to be


def case_notify_variables_role(bench):
    """notifications: failure, once, if a variable is wrong for the role in a user's play; not if it only reads facts"""
    hook = Hook(bench)
    cluster(bench)
    wrong = notified(hook, controller_verify_notify_urls=hook.urls(), controller_backup_destinaton='/x')
    for entry, events in (('controller_backup}', 1), ('controller_verify}', 1), ('controller_backup, tasks_from: facts}', 0),
                          ('controller_backup, tasks_from: begin}', 1)):
        del hook.got[:]
        output = bench.play('- include_role: {name: overcloud.backup.%s\n' % entry, hosts='Controller', collections='own', options=wrong, status=2)
        has(output, 'controller_backup_destinaton is not a variable of overcloud.backup.')
        assert hook.events() == ['failure'] * events, (entry, hook.got, output)
    assert not calls(bench), calls(bench)


def case_notify_options(bench):
    """notifications: failure, once, if options of the command would leave the backup out"""
    hook = Hook(bench)
    cluster(bench)
    for options in (['--limit', 'controller-0'], ['--tags', 'none'], ['--start-at-task', 'Read Galera'], ['--start-at-task', 'none']):
        del hook.got[:]
        output = ends(bench, 'backup', *(notified(hook) + options))
        assert hook.events().count('failure') == 1 and hook.events()[-1] == 'failure', (options, hook.got, output)
        lacks(output, TOKEN)
    del hook.got[:]
    goes(bench, 'backup', '--list-tasks', *notified(hook))
    assert not hook.got, hook.got
    has(ends(bench, 'backup', '--limit', 'controller-0', *variables(controller_backup_notify_urls={'failure': 'http://127.0.0.1:1/' + TOKEN})),
        'controller_backup_notify_urls.failure: the notification was not delivered: connection refused')


def case_notify_verify(bench):
    """notifications: a verification of its own has its own URLs, and one within a backup does not use them"""
    cluster(bench)
    hook = Hook(bench)
    options = variables(controller_verify_notify_urls=hook.urls())
    proven = dict(PROVEN, outcome={'ok': True, 'host': 'controller-0'})
    controllers(bench, facts=(), answers=lying(dict(
        (c, {'galera_backup': MADE, 'backup_info': LISTED, 'backup_verify': proven}) for c in CONTROLLERS)))
    lacks(goes(bench, 'verify', *options), TOKEN)
    assert [(event, body) for event, body, dummy, path in hook.got] == [
        ('start', 'verification: started\n'), ('success', 'verification: successful\ncontroller-0: /sets/c/S\n')], hook.got
    goes(bench, 'backup', *options)
    assert len(hook.got) == 2, hook.got
    for answers, options_too, words in (
            ({'backup_verify': {'changed': False, 'failed': True, 'msg': 'a frame is damaged'}}, [], 'a frame is damaged'),
            ({'backup_verify': dict(PROVEN, outcome={'ok': False})}, [], 'it reports neither'),
            ({'backup_info': dict(LISTED, sets=[], newest=None)}, [], 'has a set'),
            ({'backup_info': 'nonsense'}, [], 'has a set'),
            ({}, ['--limit', 'controller-0'], 'would not run')):
        controllers(bench, facts=(), answers=lying(dict(
            (c, dict({'backup_info': LISTED, 'backup_verify': PROVEN}, **answers)) for c in CONTROLLERS)))
        del hook.got[:]
        lacks(ends(bench, 'verify', *(options + options_too)), TOKEN)
        assert hook.events()[-1:] == ['failure'] and hook.events().count('failure') == 1 and 'success' not in hook.events(), (words, hook.got)
        has(hook.got[-1][1], words)
    has(ends(bench, 'verify', *variables(controller_verify_notify_urls={'start': TOKEN})), 'controller_verify_notify_urls.start must be a URL')


def case_notify_fact(bench):
    """variables: a fact that a host reports decides neither who is notified, nor what runs here, nor what is backed up where"""
    cluster(bench)
    hook = Hook(bench)
    role = '- include_role: {name: overcloud.backup.controller_backup}\n'
    before = {'before': bench.write('hook.yml', '- fail: {msg: hook ran}\n')}
    for name, value in (('notify_urls', hook.urls()), ('hooks', before), ('policy', 'allow_active'), ('destination', bench.work)):
        # As the answer of a single controller to setup would set it.
        fact = '- set_fact: {controller_backup_%s: %s, cacheable: true}\n  when: inventory_hostname == "controller-1"\n' % (name, json.dumps(value))
        output = bench.play((fact, role), hosts='Controller', collections='own', options=variables(controller_backup_max_age=1e12), status=2)
        has(output, 'controller_backup_%s is a fact that a host has reported' % name)
        lacks(output, 'hook ran')
        assert not hook.got and not calls(bench), hook.got


def case_notify_role(bench):
    """notifications: the role in a user's play sends start, then success or failure, once each, whichever controllers fail"""
    hook = Hook(bench)
    role = '- include_role: {name: overcloud.backup.controller_backup}\n'
    options = notified(hook, controller_backup_max_age=1e12)
    cluster(bench)

    def run(answers, status, play=role):
        controllers(bench, facts=(), answers=lying(answers))
        del hook.got[:]
        return bench.play(play, hosts='Controller', collections='own', options=options, status=status)

    good = dict((name, {'galera_backup': MADE, 'backup_verify': PROVEN}) for name in CONTROLLERS)
    run(good, 0)
    assert hook.events() == ['start', 'success'], hook.got
    run(good, 0, play=role + role)
    assert hook.events() == ['start', 'success'] * 2, hook.got
    unread = {'galera_facts': 'nonsense'}
    run(dict(good, **dict((name, unread) for name in CONTROLLERS)), 2)
    assert hook.events() == ['start', 'failure'], hook.got
    output = run(dict(good, **{'controller-0': unread}), 2)
    assert hook.events() == ['start', 'failure'], hook.got
    has(output, 'controller-0: ', 'is unreachable')  # the others have decided
    run(dict((name, {'galera_backup': FAILED}) for name in CONTROLLERS), 2)
    assert hook.events() == ['start', 'failure'], hook.got
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
            (10, Hook(bench, 'slow').url('x'), 'no answer within 10 s'),
            (600, Hook(bench, 500).url('x'), 'it answered 500'),
            (600, Hook(bench, 404).url('x'), 'it answered 404'),
            (600, Hook(bench, 302).url('x'), 'it answered 302, a redirect, which is not followed'),
            (600, Hook(bench, 'garbage').url('x'), 'it did not answer as HTTP'),
            (600, 'https://no-such-host.invalid/' + TOKEN, 'its host name cannot be resolved'),
            (600, Hook(bench, certificate=certificate).url('x'), 'TLS failed, or its certificate was not accepted'),
            (600, Hook(bench).url('x').replace('http:', 'https:'), 'TLS failed, or its certificate was not accepted')):
        limit(bench, seconds)
        output = goes(bench, 'backup', *variables(controller_backup_notify_urls={'start': [url, url]}))
        has(output, 'controller_backup_notify_urls.start (1 of 2): the notification was not delivered: ' + says,
            'controller_backup_notify_urls.start (2 of 2): the notification was not delivered: ' + says, 'controller-1: made')
        lacks(output, TOKEN)
    limit(bench, 600)
    trusted = Hook(bench, certificate=certificate)
    output = goes(bench, 'backup', *notified(trusted), env={'SSL_CERT_FILE': certificate + '.crt'})
    assert trusted.events() == ['start', 'success'], output


def case_notify_values(bench):
    """notifications and hooks: a wrong value is one clear error before anything is done, and does not show the value"""
    hook = Hook(bench)
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
            ({urls: [hook.url('x')]}, urls + ' must be a mapping with some of the keys'),
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


# Records every program that a Python process starts: looking at /proc from time to time misses some, and sees processes of
# others. A program with the secret in its arguments or environment is recorded in a file of its own.
AUDIT = """
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
with open(os.path.join(HERE, 'secret')) as f:
    SECRET = f.read()


def audit(event, args):
    if event not in ('subprocess.Popen', 'os.exec', 'os.posix_spawn', 'os.system'):
        return
    text = repr((args, sys.argv, dict(os.environ)))
    with open(os.path.join(HERE, 'leaks' if SECRET in text else 'started'), 'a') as f:
        f.write('%s %s\\n' % (event, text))


sys.addaudithook(audit)
"""


def audited(bench):
    """The environment of a command whose processes are audited, and the file of those that have the secret."""
    shutil.rmtree(bench.path('audit'), ignore_errors=True)
    os.mkdir(bench.path('audit'))
    bench.write('audit/sitecustomize.py', AUDIT)
    bench.write('audit/secret', TOKEN)
    return {'PYTHONPATH': bench.path('audit')}


def case_notify_secret(bench):
    """notifications: no URL in any output, however verbose, nor in a process, whatever fails"""
    hook, dead = Hook(bench), Hook(bench, 500)
    cluster(bench)
    told = dict(hook.urls(), start=dead.url('start'), failure=[dead.url('f', 'user:%s@127.0.0.1' % TOKEN), hook.url('failure')])
    secrets = bench.write('secrets.yml', json.dumps({'controller_backup_notify_urls': told}))
    said = 'it said %s and %s' % (hook.url('failure'), TOKEN)
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
    assert hook.events() == ['success', 'failure'], hook.got
    lacks(hook.got[-1][1], TOKEN)
    env = audited(bench)  # and the audit sees what it is for
    command(bench, 'backup', '--check', *notified(hook), env=env)
    assert os.path.exists(bench.path('audit', 'leaks'))


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
        files[event] = bench.write('hook-%s.yml' % event, HOOK % (bench.path('told'), event) + tasks.get(event, ''))
    subprocess.run(['rm', '-rf', bench.path('told')], check=True)
    os.mkdir(bench.path('told'))
    return variables(controller_backup_hooks=files, ansible_python_interpreter='{{ ansible_playbook_python }}')  # of copy


def told(bench):
    found = {}
    for name in os.listdir(bench.path('told')):
        with open(bench.path('told', name)) as f:
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
        found = told(bench)
        assert sorted(found) == ['after', 'before'], found
        assert found['before'] == ({'good': False, 'reason': '', 'sets': [], 'controllers': []}, 'nobody yet'), found
        assert found['after'] == ({'good': True, 'reason': '', 'sets': [{'controller': 'controller-1', 'path': '/sets/c/S'}],
                                   'controllers': ['controller-1']}, 'controller-1'), found
    controllers(bench, facts=(), answers=lying(dict((c, {'galera_backup': FAILED}) for c in CONTROLLERS)))
    ends(bench, 'backup', *hooks(bench))
    found = told(bench)
    assert sorted(found) == ['before', 'failure'], found
    assert found['failure'][0]['reason'].startswith('controller-1: the guard stopped it') and not found['failure'][0]['good'], found


def case_hooks_fail(bench):
    """hooks: before stops the backup, after fails the run and says that the set is good, failure hides nothing"""
    broken = '\n- name: Break\n  fail: {msg: the hook is broken}\n'
    hook = Hook(bench)
    cluster(bench)
    output = ends(bench, 'backup', *(hooks(bench, before=broken) + notified(hook)))
    has(output, 'The hook before (controller_backup_hooks.before) failed, and nothing was backed up: the hook is broken')
    assert output.count('FAILED! =>') <= 3, output  # of the task, of the role and of the play
    assert not calls(bench) and hook.events() == ['start', 'failure'] and sorted(told(bench)) == ['before', 'failure'], (calls(bench), hook.got)
    del hook.got[:]
    output = ends(bench, 'backup', *(hooks(bench, after=broken) + notified(hook)))
    has(output, 'failed after the backup, whose sets are good (/sets/c/S): the hook is broken')
    assert hook.events() == ['start', 'failure'] and told(bench)['failure'][0]['good'] is True, (hook.got, told(bench))
    has(hook.got[-1][1], 'whose sets are good (/sets/c/S)')
    assert len(work(bench)) == 1, work(bench)
    controllers(bench, facts=(), answers=lying(dict((c, {'galera_backup': FAILED}) for c in CONTROLLERS)))
    output = ends(bench, 'backup', *(hooks(bench, failure=broken) + notified(hook)))
    has(output, 'The hook failure failed as well: the hook is broken', 'Stop because the backup failed')
    has(output[output.index('Stop because the backup failed'):], 'the guard stopped it')
