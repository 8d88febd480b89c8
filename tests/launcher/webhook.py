# SPDX-License-Identifier: GPL-3.0-or-later
"""A webhook on loopback, and commands that notify it, for the cases of notifications and of hooks."""
import http.server
import os
import re
import shutil
import ssl
import threading
import time

import commands
from commands import calls, command
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


class Webhook:
    """A webhook on loopback, which answers as it is told and remembers what it was sent."""

    def __init__(self, bench, answer=200, certificate=None):
        self.got, webhook = [], self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers.get('Content-Length', 0))).decode()
                event = self.path.split('?')[0].rsplit('/', 1)[-1]
                webhook.got.append((event, body, dict(self.headers), self.path))
                webhook.answer(self, answer)

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


def notified(webhook, **more):
    return variables(controller_backup_notify_urls=webhook.urls(), **more)


def ends(bench, book, *options, **keywords):
    """The output of a run that fails."""
    status, output = command(bench, book, *options, **keywords)
    assert status != 0, output
    return output


def work(bench):
    """The starts of backups."""
    return [args for dummy, module, args in calls(bench) if module == 'galera_backup' and args.get('state') != 'recovered']


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
