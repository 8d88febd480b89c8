# SPDX-License-Identifier: GPL-3.0-or-later
"""The bench of the launcher tests: a copy of the collection where Ansible searches it, and plays to run with it."""
import inspect
import json
import os
import re
import shutil
import subprocess
import tempfile
import textwrap
import time

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
# The same machine under several names, each with its own cache.
INVENTORY = """
[here]
one overcloud_backup_cache_dir={work}/one
two overcloud_backup_cache_dir={work}/two
[crowd]
crowd[1:5] overcloud_backup_cache_dir={work}/crowd
[here:vars]
ansible_connection=local
ansible_python_interpreter=/usr/bin/python3
[crowd:vars]
ansible_connection=local
[dead]
dead-host ansible_host=127.0.0.1 ansible_port=1 ansible_ssh_common_args="-o StrictHostKeyChecking=no"
"""


class Skipped(Exception):
    """This machine lacks what the case needs."""


class Bench:
    def __init__(self, part=(0, 1)):
        self.turn, self.every, self.met = part[0], part[1], 0
        self.work = tempfile.mkdtemp(prefix='launcher-test.')
        self.passed, self.failed, self.skipped, self.undo = 0, 0, 0, []

    def __enter__(self):
        os.chmod(self.work, 0o755)
        self.collection = self.copy('tree')
        self.write('inventory', INVENTORY.format(work=self.work))
        self.write('ansible.cfg', '')
        self.inventories = [self.path('inventory')]
        return self

    def __exit__(self, *dummy):
        shutil.rmtree(self.work)

    def path(self, *parts):
        return os.path.join(self.work, *parts)

    def write(self, name, content, mode=0o600):
        with open(self.path(name), 'w') as f:
            f.write(content)
        os.chmod(f.name, mode)
        return f.name

    def copy(self, root):
        """The part of the collection that is needed at run time, under the path that Ansible expects.

        No root is called "collections": Ansible first searches a folder of that name next to the playbook.
        """
        target = self.path(root, 'ansible_collections', 'overcloud', 'backup')
        for part in ('plugins', 'meta'):
            shutil.copytree(os.path.join(TOP, part), os.path.join(target, part))
        return target

    def binary(self, host='one'):
        """The only file in the cache of a host."""
        files = os.listdir(self.path(host))
        assert len(files) == 1, files
        return self.path(host, files[0])

    def forget(self, host='one'):
        shutil.rmtree(self.path(host), ignore_errors=True)

    def play(self, tasks, hosts='one', head='', options=(), env=None, status=0, collections='tree'):
        """Runs the tasks, one text or several, and returns the output. head has more keywords of the play."""
        texts = (tasks,) if isinstance(tasks, str) else tasks
        steps = ''.join(textwrap.indent(textwrap.dedent(t), '    ') for t in texts)
        text = '- hosts: %s\n  gather_facts: false\n%s  tasks:\n%s' % (
            hosts, textwrap.indent(textwrap.dedent(head).strip('\n') + '\n', '  '), steps)
        book = self.write('play.yml', text)
        command = ['ansible-playbook', book]
        for inventory in self.inventories:
            command += ['-i', inventory]
        run = subprocess.run(command + list(options), env=self.environment(collections, env), stdin=subprocess.DEVNULL,
                             stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=1200)
        said = run.stdout.decode('utf-8', 'surrogateescape')  # as a terminal gets it, including carriage returns
        if run.returncode != status:
            raise AssertionError(
                'exit status %d instead of %d\n%s\n%s' % (
                    run.returncode, status, text, ascii(said)[:20000].replace('\\n', '\n')))
        if 'left out of the answer' in said and not any('liar' in option for option in options):
            raise AssertionError('the binary returns undocumented values\n%s\n%s' % (text, said))
        return said

    def environment(self, collections, more):
        clean = dict((k, v) for k, v in os.environ.items() if not k.startswith('ANSIBLE_'))
        root = self.path(collections)  # 2.9 calls it PATHS
        return dict(clean, ANSIBLE_COLLECTIONS_PATH=root, ANSIBLE_COLLECTIONS_PATHS=root, ANSIBLE_NOCOLOR='1',
                    ANSIBLE_CONFIG=self.path('ansible.cfg'),
                    ANSIBLE_LOCALHOST_WARNING='0', ANSIBLE_HOST_KEY_CHECKING='0', PYTHONDONTWRITEBYTECODE='1',
                    **(more or {}))

    def version(self):
        run = subprocess.run(['ansible-playbook', '--version'], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                             universal_newlines=True)
        return tuple(int(n) for n in re.search(r'(\d+)\.(\d+)', run.stdout).groups())

    def run(self, module, words):
        """Runs every function case_* of the module; its docstring is its name."""
        ready = getattr(module, 'prepare', lambda bench: None)(self)
        if ready is False:
            return
        functions = inspect.getmembers(module, inspect.isfunction)
        for name, function in sorted(functions, key=lambda f: f[1].__code__.co_firstlineno):
            if name.startswith('case_') and (not words or any(w in name + function.__doc__ for w in words)):
                self.met += 1
                if (self.met - 1) % self.every == self.turn:
                    self.case(function)

    def case(self, function):
        start, said = time.time(), 'ok'
        try:
            function(self)
            self.passed += 1
        except Skipped as e:
            self.skipped += 1
            said = 'skipped (%s)' % e
        except Exception as e:  # a case that breaks is a case that fails
            self.failed += 1
            said = 'FAILED\n%s: %s\n' % (type(e).__name__, e)
        finally:
            while self.undo:
                self.undo.pop()()
            for host in ('one', 'two', 'crowd'):
                self.forget(host)
        print('%-72s %4.1f s  %s' % (function.__doc__, time.time() - start, said), flush=True)

    def report(self):
        more = ', %d skipped' % self.skipped if self.skipped else ''
        print('%d passed, %d failed%s' % (self.passed, self.failed, more))
        return 1 if self.failed else 0


def results(output):
    """The results that -vvv shows, in order; with less Ansible neither shows nor registers "invocation"."""
    return [json.loads(text)
            for text in re.findall(r'^(?:ok|changed|fatal|failed): [^{]*=> (?:\(item=.*\) => )?(\{\n.*?\n\})', output,
                                   re.S | re.M)]


def arguments(output):
    """The module arguments of each result."""
    return [r['invocation']['module_args'] for r in results(output) if 'module_args' in r.get('invocation', {})]


def lacks(text, *secrets):
    for secret in secrets:
        assert secret not in text, '%r is shown: %s' % (secret,
                                                        [line for line in text.splitlines() if secret in line][:3])


def has(text, *parts):
    for part in parts:
        assert part in text, '%r is not in\n%s' % (part, text)
