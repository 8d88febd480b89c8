# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Private: runs the collection's binary on the task's host. All of this file runs on the control node.

A small shell script finds the build for the host's platform in a cache there and runs it with the arguments on its
stdin: one round trip. Only when the cache lacks it, the binary is uploaded, compared with its checksum, and kept.
"""
from __future__ import absolute_import, division, print_function

__metaclass__ = type

import json
import os
import random
import time

from ansible.errors import AnsibleConnectionFailure
from ansible.module_utils.common.text.converters import to_bytes, to_text
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display
from ansible.utils.unsafe_proxy import wrap_var

try:
    from shlex import quote
except ImportError:  # Python 2
    from pipes import quote

display = Display()

NAME = 'overcloud_backup'
BIN_DIR = os.path.join(os.path.dirname(os.path.abspath(__file__)), '_bin')
# root never runs anything from a home directory: with sudo that may be the login user's, who could then become root.
ROOT_CACHE = '/var/lib/overcloud.backup/bin'
USER_CACHE = '.cache/overcloud.backup/bin'
PLATFORMS = {'Linux x86_64': 'linux_amd64', 'Linux aarch64': 'linux_arm64'}

MISSING, PLATFORM, UNSAFE, NO_CACHE, BAD_SUM, DATADIR, DAMAGED, NO_EXEC = 210, 211, 212, 213, 214, 215, 216, 126
MOVE = 'set the variable overcloud_backup_cache_dir to a directory of that user on a file system that allows programs'
REASONS = {
    PLATFORM: 'There is no build for this host. Builds: %s.' % ', '.join(sorted(PLATFORMS)),
    UNSAFE: 'Refused: the cached binary or its directory on the host is a symbolic link or belongs to another user, or others can write to '
            'the directory. Look who put it there, then remove it.',
    NO_CACHE: 'The directory for the binary on the host cannot be created or written, is a symbolic link, or belongs to another user; %s.' % MOVE,
    BAD_SUM: 'The binary arrived on the host with another checksum than it left with. Is the disk full?',
    DATADIR: 'Refused: the home directory of this user is a database directory. Become root, or %s.' % MOVE,
    DAMAGED: 'The binary in the cache of the host was damaged. It has been removed; run the task again.',
    NO_EXEC: 'The host refuses to execute the binary (a noexec mount, fapolicyd or SELinux): %s, '
             'or install it there and set overcloud_backup_binary.' % MOVE,
}
_builds = {}


def builds():
    """uname -sm -> (path on the control node, sha256), read once per process."""
    if not _builds:
        try:
            with open(os.path.join(BIN_DIR, 'SHA256SUMS')) as f:
                sums = dict(reversed(line.split()) for line in f if line.strip())
        except (IOError, OSError):
            sums = {}
        for uname, suffix in PLATFORMS.items():
            name = '%s_%s' % (NAME, suffix)
            path = os.path.join(BIN_DIR, name)
            if name in sums and os.path.isfile(path):
                _builds[uname] = (path, sums[name])
    return _builds


def dumps(args):
    """JSON in which inline vault values and YAML dates are text, as they are for modules in Python."""
    try:  # ansible-core 2.19 and later
        from ansible.module_utils.common.json import get_module_encoder, Direction
        return json.dumps(args, cls=get_module_encoder('legacy', Direction.CONTROLLER_TO_MODULE))
    except ImportError:
        from ansible.module_utils.common.json import AnsibleJSONEncoder
        return json.dumps(args, cls=AnsibleJSONEncoder, vault_to_text=True)


def failure(msg, **more):
    """A failed result. Raising AnsibleActionFail instead would print a bogus traceback on 2.14."""
    return dict(more, failed=True, msg=msg)


class LauncherAction(ActionBase):
    """Base of every action plugin here. One that does more overrides call(), or uses it several times."""

    def run(self, tmp=None, task_vars=None):
        # Up to 2.14 these are set per instance, so class attributes would be overwritten.
        self._supports_check_mode = self._supports_async = True
        task_vars = task_vars or {}
        result = super(LauncherAction, self).run(tmp, task_vars)
        try:
            try:
                result.update(self.call(self._task.args, task_vars))
            finally:
                self._clean()
        except AnsibleConnectionFailure as e:
            # An unreachable host can skip rescue: and always:, a failed one cannot.
            self._connection._shell.tmpdir = None
            result.update(failure('Lost the connection to the host: %s' % to_text(e), host_unreachable=True))
        return result

    def call(self, module_args, task_vars, module=None, detach=None):
        """Run a module of the binary and return its result.

        module: its short name, by default that of the task. detach: the time limit in seconds of a job in the
        background, as async_status knows them, or 0 for none; by default the task's async. Raises AnsibleConnectionFailure.
        """
        if not builds():
            return failure('This copy of the collection has no binaries in %s. Install the release tarball, or run "make build" in a checkout.' % BIN_DIR)
        args = dict(module_args)
        self._update_module_args(self._task.action, args, task_vars)
        tail = ['-', quote(module or self._task.action.split('.')[-1])]
        limit = self._task.async_val if detach is None else detach
        if limit and not self._task.check_mode:
            job = 'j%d' % random.randint(0, 999999999999)
            tail += ['--async', job, str(limit), quote(self.get_shell_option('async_dir', default='~/.ansible_async'))]
        # su reads the password from the terminal, and its stdin is that terminal.
        self._stdin = bool(self._connection.has_pipelining) and getattr(self._connection.become, 'name', '') != 'su'
        return self._run_installed(args, task_vars, tail)

    def _run_installed(self, args, task_vars, tail):
        for dummy in range(4):
            args['_overcloud_now'] = time.time()
            res = self._shell(self._find(task_vars), tail, to_bytes(dumps(args)))
            if res['rc'] == MISSING:
                problem = self._install(task_vars, res['stdout'])
                if problem:
                    return problem
            elif self._stdin and res['rc'] == 1 and 'tty' in res['stderr'] and not res['stdout'].strip():
                self._stdin = False  # requiretty in sudoers: send the data in a file instead
            else:
                return self._result(res) or self._no_result(res, task_vars)
        return failure('The binary was installed on the host but is still missing there.')

    def _result(self, res):
        for line in reversed(res['stdout'].splitlines()):
            if line.startswith('{'):
                try:
                    data = json.loads(line)
                except ValueError:
                    continue
                data.setdefault('changed', False)
                # Not wrapped as unsafe here: nothing templates it, and the executor wraps what it gets.
                return dict((k, v) for k, v in data.items() if not k.startswith('_ansible_'))
        return None

    def _no_result(self, res, task_vars):
        """Comparing the checksum at every run would take longer than the run; here there is time for it."""
        if res['rc'] not in range(MISSING, DAMAGED + 1) and not self._variable(task_vars, 'overcloud_backup_binary'):
            check = 'set -- $(sha256sum <"$b"); [ "$1" = "$s" ] || { rm -f "$b"; exit %d; }' % DAMAGED
            if self._shell(self._locate(task_vars) + [check])['rc'] == DAMAGED:
                res = dict(res, rc=DAMAGED)
        return self._explain(res, 'The binary gave no result (exit status %s).' % res['rc'])

    def _explain(self, res, otherwise):
        text = '\n'.join(t for t in (res['stdout'].strip(), res['stderr'].strip()) if t)
        msg = REASONS.get(res['rc'], otherwise)
        if text:
            msg += ' The host said: %s' % text.splitlines()[-1]
        return wrap_var(failure(msg, module_stdout=res['stdout'], module_stderr=res['stderr']))

    def _variable(self, task_vars, name):
        """A variable of the host that runs the task: with delegate_to that is not the one the task is for."""
        host, hostvars = self._task.delegate_to, task_vars.get('hostvars') or {}
        if host and host in hostvars and name in hostvars[host]:
            return hostvars[host][name]
        return self._templar.template(task_vars.get(name))

    def _locate(self, task_vars):
        """Shell that sets d (directory), s (checksum), b (binary) and, unless root's cache has one, u (platform)."""
        sums = sorted((uname, build[1]) for uname, build in builds().items())
        arms = ' '.join('%s) s=%s;;' % (quote(uname), s) for uname, s in sums)
        platform = 'u=$(uname -sm); case "$u" in %s *) echo "$u"; exit %d;; esac' % (arms, PLATFORM)
        directory = self._variable(task_vars, 'overcloud_backup_cache_dir')
        if directory:
            sh = ['d=%s' % quote(directory), platform]
        else:
            # Who owns / is root. Its cache is the host's own: what lies there is for its platform. Not starting id and
            # uname makes a task a few milliseconds shorter.
            found = 'for s in %s ""; do [ -f "$d/%s-$s" ] && break; done; [ "$s" ] || { %s; }' % (' '.join(s for u, s in sums), NAME, platform)
            datadir = '[ ! -e "$HOME/ibdata1" ] && [ ! -e "$HOME/grastate.dat" ] || { echo "$HOME"; exit %d; }' % DATADIR
            sh = ['if [ -O / ]; then d=%s; %s; else %s; d="$HOME/%s"; %s; fi' % (ROOT_CACHE, found, datadir, USER_CACHE, platform)]
        return sh + ['b="$d/%s-$s"' % NAME]

    def _find(self, task_vars):
        binary = self._variable(task_vars, 'overcloud_backup_binary')
        if binary:
            return ['b=%s' % quote(binary)]
        # The user's own caches were made with 0700. One that was given may have been there before, open to everybody.
        given = ['case "$(ls -ldn "$d" 2>/dev/null)" in ?????w*|????????w*) exit %d;; esac' % UNSAFE]
        return self._locate(task_vars) + (given if self._variable(task_vars, 'overcloud_backup_cache_dir') else []) + [
            '[ ! -L "$d" ] && [ ! -L "$b" ] || exit %d' % UNSAFE,
            '[ -f "$b" ] || { echo "$u"; exit %d; }' % MISSING,
            '[ -O "$d" ] && [ -O "$b" ] || exit %d' % UNSAFE,
        ]

    def _install(self, task_vars, uname):
        uname = (uname.strip().splitlines() or [''])[-1]
        if uname not in builds():
            return failure('The host did not say what platform it is, but: %s' % uname)
        path = builds()[uname][0]
        display.vvv('installing %s on the host' % path, host=self._task.delegate_to)
        if self._stdin:
            with open(path, 'rb') as f:
                res = self._shell(self._store(task_vars, ''), data=f.read())
        else:
            res = self._shell(self._store(task_vars, quote(self._remote_file(NAME, src=path))))
        if res['rc'] != 0:
            return self._explain(res, 'The binary could not be installed on the host (exit status %s).' % res['rc'])
        return None

    def _store(self, task_vars, upload):
        """Shell that puts the file upload, or its stdin, in the cache. Versions unused for 30 days go."""
        return self._locate(task_vars) + [
            'umask 077',
            'mkdir -p "$d" && [ -O "$d" ] && [ ! -L "$d" ] && chmod 0700 "$d" || exit %d' % NO_CACHE,
            't=$(mktemp "$d/.up.XXXXXX") || exit %d' % NO_CACHE,
            'trap \'rm -f "$t"\' EXIT',
            'cat %s >"$t" || exit %d' % (upload, NO_CACHE),
            'set -- $(sha256sum <"$t"); [ "$1" = "$s" ] || exit %d' % BAD_SUM,
            'chmod 0500 "$t" && mv -f "$t" "$b" || exit %d' % NO_CACHE,
            'find "$d" -maxdepth 1 -name "%s-*" ! -name "%s-$s" -mtime +30 -exec rm -f {} + 2>/dev/null' % (NAME, NAME),
            '"$b" --version >/dev/null',
        ]

    def _shell(self, script, tail=None, data=None):
        if tail is not None:
            script = script + ['exec "$b" %s' % ' '.join(tail)]
        script = '; '.join(script)
        if data is not None and not self._stdin:
            script += ' <%s' % quote(self._remote_file('args', data=data))
            data = None
        command = '%s /bin/sh -c %s' % (self._compute_environment_string(), quote(script))
        return self._low_level_execute_command(command.strip(), in_data=data)

    def _remote_file(self, name, data=None, src=None):
        if self._connection._shell.tmpdir is None:
            self._make_tmp_path()
        path = self._connection._shell.join_path(self._connection._shell.tmpdir, name)
        if src:
            self._transfer_file(src, path)
        else:
            self._transfer_data(path, data)
        self._fixup_perms2([self._connection._shell.tmpdir, path], execute=False)
        return path

    def _clean(self):
        """The arguments must not stay on the host; with async Ansible would leave them there."""
        if self._connection._shell.tmpdir:
            self._remove_tmp_path(self._connection._shell.tmpdir)
            self._connection._shell.tmpdir = None
