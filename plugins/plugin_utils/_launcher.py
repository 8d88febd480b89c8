# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Private: runs the collection's binary on the task's host. All of this file runs on the control node.

A small shell script finds the build for the host's platform in a cache there and runs it with the arguments on its
stdin: one round trip. Only if the cache lacks it, the binary is uploaded, compared with its checksum, and kept.
"""
from __future__ import absolute_import, division, print_function

__metaclass__ = type

import json
import os
import random
import re
import time

from ansible.errors import AnsibleConnectionFailure, AnsibleError
from ansible.module_utils.common.text.converters import to_bytes, to_text
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display
from ansible.utils.unsafe_proxy import wrap_var
from ansible_collections.overcloud.backup.plugins.plugin_utils._answer import (
    UNPRINTABLE, Refused, documented, line, parse, part)

try:
    from shlex import quote
except ImportError:  # Python 2
    from pipes import quote

display = Display()

NAME = 'overcloud_backup'
BIN_DIR = os.path.join(os.path.dirname(os.path.abspath(__file__)), '_bin')
# root never runs anything from a home directory: with sudo it may be the login user's, who could then become root.
ROOT_CACHE = '/var/lib/overcloud.backup/bin'
USER_CACHE = '.cache/overcloud.backup/bin'
PLATFORMS = {'Linux x86_64': 'linux_amd64', 'Linux aarch64': 'linux_arm64'}

(MISSING, PLATFORM, UNSAFE, NO_CACHE, BAD_SUM, DATADIR, DAMAGED, ABOVE, LINK, NO_FILE, OPEN,
 NO_EXEC) = tuple(range(210, 221)) + (126,)
MOVE = 'set the variable overcloud_backup_cache_dir to a directory of that user on a file system that allows programs'
REASONS = {
    PLATFORM: 'There is no build for this host. Builds: %s.' % ', '.join(sorted(PLATFORMS)),
    UNSAFE: 'Refused: the cached binary or its directory on the host is a symbolic link or belongs to another user, or '
            'others can write to the directory. Find out who put it there, then remove it.',
    NO_CACHE: 'The directory for the binary on the host cannot be created or written, is a symbolic link, or belongs '
              'to another user; %s.' % MOVE,
    BAD_SUM: 'The binary arrived on the host with a different checksum. Is the disk full?',
    DATADIR: 'Refused: the home directory of this user is a database directory. Become root, or %s.' % MOVE,
    ABOVE: 'Refused: the folder of the binary on the host, or one above it, belongs to a user other than root and the '
           'one that runs it, or others can write to it. Correct that, or choose another path.',
    LINK: 'Refused: the path of the binary on the host contains a symbolic link. Set the real path.',
    NO_FILE: 'There is no such file on the host.',
    OPEN: 'Refused: root runs no file that belongs to another user or that others can write to.',
    DAMAGED: 'The binary in the cache of the host was damaged. It has been removed; run the task again.',
    NO_EXEC: 'The host refuses to execute the binary (a noexec mount, fapolicyd or SELinux): %s, '
             'or install it there and set overcloud_backup_binary.' % MOVE,
}
# How the database is reached: the options that go together, by their variables' names after "overcloud_backup_login_". A task
# that gives one of a group gets none of it from variables: a password belongs to its user, a certificate to its key. For the same
# reason variables of two hosts, or of two names, count together only as far as they do not contradict one another.
LOGIN = (
    (('user', 'login_user'), ('password', 'login_password')),
    (('unix_socket', 'login_unix_socket'), ('host', 'login_host'), ('port', 'login_port')),
    (('config_file', 'config_file'),),
    (('ca_cert', 'ca_cert'), ('client_cert', 'client_cert'), ('client_key', 'client_key'), ('check_hostname', 'check_hostname')),
)
ALIASES = {'ssl_ca': 'ca_cert', 'ssl_cert': 'client_cert', 'ssl_key': 'client_key'}
# Earlier names, which the next release removes.
FORMER = {
    'user': 'controller_backup_login_user', 'password': 'controller_backup_login_password', 'host': 'controller_backup_login_host',
    'unix_socket': 'controller_backup_login_unix_socket', 'port': 'controller_backup_login_port',
    'ca_cert': 'controller_backup_ca_cert', 'config_file': 'controller_backup_config_file',
}
# The groups of hosts that have answered in this run.
READ = ('overcloud_backup_read', 'overcloud_restore_read', 'overcloud_verify_read')
_builds = {}


def builds():
    """uname -sm -> (path on the control node, sha256), read once per process."""
    if not _builds:
        try:
            with open(os.path.join(BIN_DIR, 'SHA256SUMS')) as f:
                sums = dict(reversed(fields) for fields in (text.split() for text in f) if len(fields) == 2)
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


def same(variable):
    """Shell that refuses the path in its variable if it contains a link, which could lead elsewhere the next time."""
    return '[ "$PWD" = "$%s" ] || { echo "$PWD"; exit %d; }' % (variable, LINK)


def rescued(task):
    """Whether a block around the task has rescue: or always:."""
    block = task._parent
    while block:
        if getattr(block, 'rescue', None) or getattr(block, 'always', None):
            return True
        block = block._parent
    return False


class Setting(AnsibleError):
    """A variable with an invalid value."""


class LauncherAction(ActionBase):
    """Base of every action plugin here. A plugin that does more overrides call(), or calls it several times."""

    LOGIN = False  # whether the module logs in to the database
    _async = 0  # the task's time limit
    _job = None  # the id of the background job
    _answer = None  # the last answer, reduced to what is documented
    _reached = False  # whether the host has answered this task

    def run(self, tmp=None, task_vars=None):
        # Up to 2.14 these are set per instance, so class attributes would be overwritten.
        self._supports_check_mode = self._supports_async = True
        task_vars = task_vars or {}
        result = super(LauncherAction, self).run(tmp, task_vars)
        try:
            try:
                self._task.async_val = self._async = self._async or self._task.async_val  # a retry comes here again
                answer = self.call(self._arguments(task_vars), task_vars)
                if self._job and self._task.poll > 0 and not answer.get('failed'):
                    answer = self._await(answer)
                    self._task.async_val = 0  # Ansible's own async_status would believe more
                # Everything built from answers passes here, regardless of what call() did with them.
                result.update(answer if answer is self._answer else self._documented(answer, own=True))
            finally:
                self._clean()
        except AnsibleConnectionFailure as e:
            self._connection._shell.tmpdir = None
            result.update(self._unreached(e, task_vars))
        except Setting as e:
            result.update(failure(line(e, 2000)))
        # Ansible 2.9 marks only registered results: a text of any other would be a template in ansible_failed_result.
        return wrap_var(result)

    def _low_level_execute_command(self, *args, **keywords):
        result = super(LauncherAction, self)._low_level_execute_command(*args, **keywords)
        self._reached = True
        return result

    def _unreached(self, error, task_vars):
        """The result of a task that lost its host, or never had it. An unreachable host would skip rescue: and always: of the task's blocks
        and is not covered by ignore_errors, so the task fails instead wherever that makes a difference."""
        host, groups = self._task.delegate_to or task_vars.get('inventory_hostname'), task_vars.get('groups') or {}
        if self._reached or any(host in (groups.get(group) or ()) for group in READ):
            return failure('Lost the connection to the host: %s' % line(error, 2000), host_unreachable=True)
        msg, task = 'Could not connect to the host: %s' % line(error, 2000), self._task
        if task.delegate_to or task.ignore_errors or task.failed_when or task.until or task.loop is not None or rescued(task):
            return failure(msg, host_unreachable=True)
        return dict(msg=msg, unreachable=True)

    def _arguments(self, task_vars):
        """The task's arguments, with the variables about the login where the task leaves those out."""
        args = dict(self._task.args)
        return self.with_login(args, task_vars) if self.LOGIN else args

    def with_login(self, args, task_vars):
        """Arguments with the variables about the login where they leave those out."""
        args = dict(args)
        given = set(ALIASES.get(name, name) for name in args)
        for group in LOGIN:
            if given.intersection(option for dummy, option in group):
                continue
            found = {}
            for known in self._login_sources(group, task_vars):
                # A password that is set together with another user belongs to that user, as a key to its certificate.
                if all(found.get(option, value) == value for option, value in known.items()):
                    found.update(known)
            args.update(found)
        return args

    def _login_sources(self, group, task_vars):
        """A group's variables about the login, by option: the task's own first, then those of the host that it is delegated to. Of each
        those with the current names come before those with the earlier ones."""
        hosts, host = task_vars.get('hostvars') or {}, self._task.delegate_to
        current = dict((option, 'overcloud_backup_login_' + name) for name, option in group)
        earlier = dict((option, FORMER[name]) for name, option in group if name in FORMER)
        for where in [task_vars] + ([hosts[host]] if host and host in hosts else []):
            for names in (current, earlier):
                values = dict((option, self._templar.template(where[name])) for option, name in names.items() if name in where)
                yield dict((option, value) for option, value in values.items() if value is not None and value != task_vars.get('omit'))

    def _documented(self, answer, module=None, own=False):
        """The documented part of an answer, or a failure with the reason why it is ignored."""
        name = module or self._task.action.split('.')[-1]
        try:
            self._answer = documented(answer, name, bool(self._job), own)
        except Refused as e:
            self._answer = failure("The host's answer is not one of %s and was ignored: %s." % (name, line(e)))
        return self._answer

    def call(self, module_args, task_vars, module=None, detach=None):
        """Run a module of the binary and return its result.

        module: its short name, by default that of the task. detach: the time limit in seconds of a background job, as
        for async_status, or 0 for none; by default the task's async. Raises AnsibleConnectionFailure.
        """
        if not builds():
            return failure('This copy of the collection has no binaries in %s. Install the release tarball, or run '
                           '"make build" in a checkout.' % BIN_DIR)
        args = dict(module_args)
        self._update_module_args(self._task.action, args, task_vars)
        tail = ['-', quote(module or self._task.action.split('.')[-1])]
        limit = self._task.async_val if detach is None else detach
        self._job = None
        if limit and not self._task.check_mode:
            self._job = 'j%d' % random.randint(0, 999999999999)
            async_dir = self.get_shell_option('async_dir', default='~/.ansible_async')
            tail += ['--async', self._job, str(limit), quote(async_dir)]
        # su reads the password from the terminal, and its stdin is that terminal.
        self._stdin = bool(self._connection.has_pipelining) and getattr(self._connection.become, 'name', '') != 'su'
        return self._run_installed(args, task_vars, tail, module)

    def _await(self, started):
        """The answer of the background job, from its job file on the host."""
        job, path = to_text(started.get('ansible_job_id')), to_text(started.get('results_file'))
        if not path.startswith('/') or path.split('/')[-1] != job:
            return failure('The host answered with another job than %s: %s' % (self._job, line(path)))
        end, state, lost = time.time() + self._async, None, None
        while time.time() < end:
            time.sleep(self._task.poll)
            try:
                res = self._low_level_execute_command('cat %s' % quote(path))
                state, lost = parse(res['stdout']), None
            except AnsibleConnectionFailure as e:
                lost = e
                continue
            except Refused as e:
                return failure("The host's answer was ignored: %s." % line(e))
            if state is None:
                return self._explain(res, 'The job %s gave no result (exit status %s).' % (job, res['rc']))
            if 'started' not in state:
                self._low_level_execute_command('rm -f %s' % quote(path))
                return self._documented(dict(state, started=1, finished=1, ansible_job_id=job))
        if lost:
            raise lost
        return failure('The job %s did not end within %s s.' % (job, self._async),
                       ansible_job_id=job, results_file=path)

    def _run_installed(self, args, task_vars, tail, module=None):
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
                return self._result(res, module) or self._no_result(res, task_vars)
        return failure('The binary was installed on the host but is still missing there.')

    def _result(self, res, module):
        try:
            data = parse(res['stdout'])
        except Refused as e:
            return failure("The host's answer was ignored: %s." % line(e))
        if data is None:
            return None
        data.setdefault('changed', False)
        job = data.get('ansible_job_id')
        if self._job and job is not None and not re.match(r'%s\.[0-9]+\Z' % self._job, to_text(job)):
            # async_status uses it as a path, and 2.9 as more arguments.
            return failure('The host answered with another job than %s: %s' % (self._job, line(job)))
        return self._documented(data, module)

    def _no_result(self, res, task_vars):
        """Comparing the checksum at every run would take longer than the run; after a failure there is time for it."""
        if res['rc'] not in range(MISSING, OPEN + 1) and not self._path(task_vars, 'overcloud_backup_binary'):
            check = 'set -- $(sha256sum <"$b"); [ "$1" = "$s" ] || { rm -f "$b"; exit %d; }' % DAMAGED
            if self._shell(self._find(task_vars) + [check])['rc'] == DAMAGED:
                res = dict(res, rc=DAMAGED)
        binary = self._path(task_vars, 'overcloud_backup_binary')
        where = 'overcloud_backup_binary is "%s". ' % binary if binary else ''
        return self._explain(res, 'The binary gave no result (exit status %s).' % res['rc'], where)

    def _explain(self, res, otherwise, where=''):
        text = '\n'.join(t for t in (res['stdout'].strip(), res['stderr'].strip()) if t)
        msg = where + REASONS.get(res['rc'], otherwise)
        if text:
            msg += ' The host reported: %s' % line(text.rsplit('\n', 1)[-1], 1000)
        return failure(msg, module_stdout=part(res['stdout']), module_stderr=part(res['stderr']))

    def _variable(self, task_vars, name):
        """A variable of the host that runs the task: with delegate_to it is not the host that the task is for."""
        host, hostvars = self._task.delegate_to, task_vars.get('hostvars') or {}
        if host and host in hostvars and name in hostvars[host]:
            return hostvars[host][name]
        return self._templar.template(task_vars.get(name))

    def _path(self, task_vars, name):
        """A variable with a path on the host, '' if it is not set. The host's shell expands nothing in it."""
        value = self._variable(task_vars, name)
        if value is None or value == '':
            return ''
        path = to_text(value)
        parts = [p for p in path.split('/') if p not in ('', '.')]
        if not path.startswith('/') or '..' in parts or not parts or '\n' in path or UNPRINTABLE.search(path):
            raise Setting('%s is "%s". It must be an absolute path on the host, such as /opt/overcloud.backup, '
                          'without "~" and "..".' % (name, line(path)))
        return '/' + '/'.join(parts)

    def _locate(self, task_vars):
        """Shell that sets d (directory), s (checksum), b (its binary) and, unless root's cache has it, u (platform)."""
        sums = sorted((uname, build[1]) for uname, build in builds().items())
        arms = ' '.join('%s) s=%s;;' % (quote(uname), s) for uname, s in sums)
        platform = 'u=$(uname -sm); case "$u" in %s *) echo "$u"; exit %d;; esac' % (arms, PLATFORM)
        directory = self._path(task_vars, 'overcloud_backup_cache_dir')
        if directory:
            sh = ['d=%s' % quote(directory), platform]
        else:
            # The owner of / is root. Root's cache is used by this host only, so its files are for its platform. Without
            # id and uname a task is a few milliseconds shorter.
            sums_only = ' '.join(s for u, s in sums)
            found = 'for s in %s ""; do [ -f "$d/%s-$s" ] && break; done; [ "$s" ] || { %s; }' % (
                sums_only, NAME, platform)
            datadir = ('[ ! -e "$HOME/ibdata1" ] && [ ! -e "$HOME/grastate.dat" ] || '
                       '{ echo "$HOME"; exit %d; }' % DATADIR)
            sh = ['if [ -O / ]; then d=%s; %s; else %s; d="$HOME/%s"; %s; fi' % (
                ROOT_CACHE, found, datadir, USER_CACHE, platform)]
        return sh + ['b="./%s-$s"' % NAME]

    def _find(self, task_vars):
        """Shell that enters the folder of the binary b and checks both; renaming a folder above has no effect then."""
        binary = self._path(task_vars, 'overcloud_backup_binary')
        if binary:
            return self._own_binary(*binary.rsplit('/', 1))
        given = self._path(task_vars, 'overcloud_backup_cache_dir')
        # root's own cache is below system folders, and has mode 0700: no program is started to check that.
        above = [self._above(bool(given)), same('d') + '; above cache' if given else '[ -O / ] || above cache']
        return self._locate(task_vars) + [
            '[ ! -L "$d" ] && [ ! -L "$d/$b" ] || exit %d' % UNSAFE,
            'w=$PWD; cd -P "$d" 2>/dev/null || { echo "$u"; exit %d; }' % MISSING,
        ] + above + [
            '[ -f "$b" ] || { echo "$u"; exit %d; }' % MISSING,
            '[ -O . ] && [ -O "$b" ] && [ ! -L "$b" ] && { [ -O .. ] || [ ! -O / ]; } || exit %d' % UNSAFE,
        ]

    def _own_binary(self, folder, name):
        """The same for a binary that was installed by other means. Users may run any file, root may not."""
        return [
            'd=%s; b=%s; w=$PWD' % (quote(folder or '/'), quote('./' + name)),
            self._above(True),
            'cd -P "$d" 2>/dev/null && [ -f "$b" ] || exit %d' % NO_FILE,
            'if [ -O / ]; then %s; above cache; [ ! -L "$b" ] || exit %d; '
            'case $(stat -c %%A:%%u "$b") in -????-??-?:0) ;; *) exit %d;; esac; fi' % (same('d'), LINK, OPEN),
        ]

    @staticmethod
    def _above(given):
        """A shell function that checks the folder it is in, by its real path, and every one above it.

        "above cache" requires that only the user can use this folder. Those above, and with "above up" also this one,
        are refused if others can rename their entries. It starts one program.
        """
        # A user's own home may be open to a group of which he is the only member.
        own = '' if given else 'up:d???????-?:*) [ -O "$p" ] && [ -G "$p" ] || no;; '
        return ('no() { echo "$(cd -P "$p" && pwd) $m"; exit %d; }; '
                'above() { k=$1; p=.; l=.; r=$PWD; '
                'while [ "$r" ] && [ "$r" != / ]; do p=$p/..; l="$l $p"; r=${r%%/*}; done; q=$p; p=.; '
                'for m in $(stat -c %%A:%%u $l); do case "$k:$m" in '
                'cache:d????-??-?:*) [ -O . ] || exit %d;; cache:*) exit %d;; '
                'up:d????-??-?:0|up:d????????[tT]:0) ;; up:d????-??-?:*) [ -O "$p" ] || no;; %s*) no;; esac; '
                'k=up; p=$p/..; done; '
                '[ "$p" = "$q/.." ] || exit %d; }' % (ABOVE, UNSAFE, UNSAFE, own, ABOVE))

    def _install(self, task_vars, uname):
        uname = (uname.strip().split('\n') or [''])[-1].strip()
        if uname not in builds():
            return failure('The host did not report its platform, but: %s' % line(uname))
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
        """Shell that puts the file upload, or its stdin, in the cache. Versions unused for 30 days are removed."""
        given = bool(self._path(task_vars, 'overcloud_backup_cache_dir'))
        return self._locate(task_vars) + [
            'umask 077; [ ! -L "$d" ] || exit %d' % NO_CACHE,
            # Missing folders are created in the last existing one, if it can be trusted.
            'e=$d; until cd -P "$e" 2>/dev/null || [ "$e" = / ]; do e=${e%/*}; e=${e:-/}; done',
            self._above(given),
            same('e') if given else ':',
            '[ "$e" = "$d" ] || above up',
            'r=${d#"$e"}; r=${r#/}; [ -z "$r" ] || { mkdir -p "./$r" && cd -P "./$r"; } || exit %d' % NO_CACHE,
            '[ -O . ] || exit %d' % NO_CACHE,
            same('d') if given else 'chmod 0700 . || exit %d' % NO_CACHE,
            'above cache',
            't=$(mktemp ./.up.XXXXXX) || exit %d' % NO_CACHE,
            'trap \'rm -f "$t"\' EXIT',
            'cat %s >"$t" || exit %d' % (upload, NO_CACHE),
            'set -- $(sha256sum <"$t"); [ "$1" = "$s" ] || exit %d' % BAD_SUM,
            'chmod 0500 "$t" && mv -f "$t" "$b" || exit %d' % NO_CACHE,
            'find . -maxdepth 1 -name "%s-*" ! -name "%s-$s" -mtime +30 -exec rm -f {} + 2>/dev/null' % (NAME, NAME),
            '"$b" --version >/dev/null',
        ]

    def _shell(self, script, tail=None, data=None):
        if tail is not None:
            script = script + ['export OVERCLOUD_BACKUP_PWD="$w"', 'exec "$b" %s' % ' '.join(tail)]
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
        """The arguments must not stay on the host; with async, Ansible would leave them there."""
        if self._connection._shell.tmpdir:
            self._remove_tmp_path(self._connection._shell.tmpdir)
            self._connection._shell.tmpdir = None
