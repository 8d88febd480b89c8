# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Private: runs a module of the collection's binary on the control node itself, where no host has to be trusted.

For modules that need only their arguments. The file is compared with its checksum first. If it must not be run from its
own folder, it is run from memory, or from a folder that nobody else can write to.
"""
from __future__ import absolute_import, division, print_function

__metaclass__ = type

import hashlib
import json
import os
import shutil
import subprocess
import tempfile
import threading

from ansible import constants as C
from ansible.module_utils.common.text.converters import to_bytes, to_text
from ansible_collections.overcloud.backup.plugins.plugin_utils._launcher import NAME, builds, dumps, failure

# Seconds for an answer, and its size in bytes. A decision on a thousand controllers takes some seconds and megabytes.
LIMIT = 300
MOST = 64 << 20
ENVIRONMENT = {'PATH': '/usr/sbin:/usr/bin:/sbin:/bin', 'LC_ALL': 'C'}
DAMAGED = ('%s on the control node does not match SHA256SUMS next to it, and was not run: it is damaged, or somebody '
           'has changed it. Install the collection again.')


class Unable(Exception):
    """This machine cannot run the binary. The text contains the reason."""


def run(module, args):
    """The result of a module. Raises Unable; a fault of the binary itself is a failed result."""
    platform = '%s %s' % (os.uname()[0], os.uname()[4])
    if platform not in builds():
        raise Unable('there is no build for it (%s; builds: %s)' % (platform, ', '.join(sorted(builds()))))
    path, checksum = builds()[platform]
    with open(path, 'rb') as f:
        content = f.read()
    if hashlib.sha256(content).hexdigest() != checksum:
        return failure(DAMAGED % path)
    with tempfile.TemporaryFile(dir=C.DEFAULT_LOCAL_TMP) as stdin:
        stdin.write(to_bytes(dumps(args)))
        stdin.seek(0)
        process = _start(path, content, ['-', module], stdin)
    return _answer(process)


def _start(path, content, arguments, stdin):
    """The process, started in the first way that this machine allows."""
    refused = []
    for way in (_from_its_folder, _from_memory, _from_our_folder, _from_temporary_folder):
        try:
            return way(path, content, arguments, stdin)
        except EnvironmentError as e:  # noexec, no permission, fapolicyd, no room
            refused.append(to_text(e))
    raise Unable('it refuses to execute %s, and a copy of it: %s' % (path, '; '.join(refused)))


def _popen(path, arguments, stdin, **more):
    """Without a shell, with a minimal environment; stderr goes to stdout, so that one limit covers both."""
    return subprocess.Popen([path] + arguments, stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                            close_fds=True, cwd='/', env=ENVIRONMENT, **more)


def _from_its_folder(path, dummy, arguments, stdin):
    return _popen(path, arguments, stdin)


def _from_memory(dummy, content, arguments, stdin):
    if not hasattr(os, 'memfd_create'):
        raise EnvironmentError('this Python (before 3.8) cannot run it from memory')
    with os.fdopen(os.memfd_create(NAME), 'wb') as memory:
        memory.write(content)
        memory.flush()
        # Files open for writing are not executed, so it is run by a read-only descriptor, after the writer is closed.
        with open('/proc/self/fd/%d' % memory.fileno(), 'rb') as readable:
            memory.close()
            return _popen('/proc/self/fd/%d' % readable.fileno(), arguments, stdin, pass_fds=(readable.fileno(),))


def _from_our_folder(dummy, content, arguments, stdin):
    return _from_folder(C.DEFAULT_LOCAL_TMP, content, arguments, stdin)


def _from_temporary_folder(dummy, content, arguments, stdin):
    return _from_folder(tempfile.gettempdir(), content, arguments, stdin)


def _from_folder(parent, content, arguments, stdin):
    folder = tempfile.mkdtemp(prefix='overcloud.backup.', dir=parent)  # with mode 0700
    try:
        path = os.path.join(folder, NAME)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o500), 'wb') as f:
            f.write(content)
        return _popen(path, arguments, stdin)  # returns when the program runs: it no longer needs the file
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _answer(process):
    """The output of the process, limited by LIMIT and MOST."""
    late = []
    timer = threading.Timer(LIMIT, lambda: (late.append(True), process.kill()))
    timer.daemon = True
    timer.start()
    try:
        output = process.stdout.read(MOST + 1)
        if len(output) > MOST:
            process.kill()
        process.stdout.close()
        status = process.wait()
    finally:
        timer.cancel()
    if late:
        return failure('The binary gave no result on the control node within %d s.' % LIMIT)
    if len(output) > MOST:
        return failure('The binary printed more than %d MiB on the control node.' % (MOST >> 20))
    return _result(to_text(output), status)


def _result(output, status):
    for line in reversed(output.split('\n')):  # splitlines would also break texts
        if line.startswith('{'):
            try:
                data = json.loads(line)
            except ValueError:
                continue
            data.setdefault('changed', False)
            return data
    last = (output.strip().splitlines() or ['nothing'])[-1]
    return failure('The binary gave no result on the control node (exit status %s). It printed: %s' % (status, last))
