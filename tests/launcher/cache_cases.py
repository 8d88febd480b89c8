# SPDX-License-Identifier: GPL-3.0-or-later
"""What another user on the host may do to the folder of the binary, and with the variables that name it."""
import ctypes
import json
import os
import pwd
import re
import shutil
import stat
import subprocess
import threading
import time

from local_cases import FACTS, SU
from playbook import Skipped, has, lacks

EXCHANGE = 2  # of renameat2


def prepare(bench):
    if os.getuid() != 0:
        print('skipped: the cases of the cache need root')
        return False


def nobody():
    return pwd.getpwnam('nobody').pw_uid


def cached(path):
    return ['-e', 'overcloud_backup_cache_dir=%s' % path]


def tree(bench, *parts):
    """Nested folders that belong to root; the first is removed after the case."""
    bench.undo.append(lambda: shutil.rmtree(bench.path(parts[0])))
    path = bench.path(*parts)
    os.makedirs(path, 0o755)
    return path


def case_paths(bench):
    """cache: a path that is not absolute is refused, with its name and value, and nothing is run"""
    for name in ('overcloud_backup_cache_dir', 'overcloud_backup_binary'):
        values = ['relative/x', '~/x', '~root/x', '/a/../b', '..', '$HOME/x', '/', '/a\nb', '/a\x1b]0;t\x07', './x']
        output = bench.play("""
            - overcloud.backup.pacemaker_facts:
              vars: {%s: "{{ item }}"}
              loop: %s
              register: r
              ignore_errors: true
            - assert: {that: "r.results | selectattr('failed') | list | length == %d"}
            """ % (name, json.dumps(values), len(values)), options=['-vvv'])
        assert output.count(name + ' is ') >= len(values), output
        has(output, 'It must be an absolute path on the host', 'is \\"/a/../b\\".')
        lacks(output, 'EXEC /bin/sh')


def case_modest(bench):
    """cache: an existing folder keeps its mode, and a doubled slash counts as one"""
    path = tree(bench, 'there')
    bench.play(FACTS, options=cached(path.replace('/there', '//there/')))
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o755 and len(os.listdir(path)) == 1
    path = tree(bench, 'new folder') + '/a/b c'
    bench.play(FACTS, options=['-e', '{"overcloud_backup_cache_dir": "%s"}' % path])
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o700 and len(os.listdir(path)) == 1


def case_above(bench):
    """cache: a parent folder of another user, or writable by others, is refused before anything is created there"""
    path = tree(bench, 'above', 'home', 'deeper', 'bin')
    home = bench.path('above', 'home')
    bench.play(FACTS, options=cached(path))
    # Last, with a missing cache folder, and with no folder at all.
    for there in (path, os.path.dirname(path), home):
        for uid, mode in ((nobody(), 0o755), (0, 0o775), (nobody(), 0o1777)) if there == path else ((0, 0o757),):
            os.chown(home, uid, -1)
            os.chmod(home, mode)
            output = bench.play('- overcloud.backup.pacemaker_facts:', options=cached(path), status=2)
            has(output, 'The host reported: %s d' % home, ':%d' % uid)
            for folder in (path, os.path.dirname(path), home):
                if len(folder) > len(there):
                    assert not os.path.exists(folder), folder
        os.chown(home, 0, -1)
        os.chmod(home, 0o755)
        shutil.rmtree(there)
    os.makedirs(home)
    os.chmod(home, 0o1777)  # like /tmp: root's files below cannot be renamed
    bench.play(FACTS, options=cached(path))
    bench.play(FACTS, options=cached(path))


def case_link_above(bench):
    """cache: a link on the way is refused, and the real path is named"""
    path = tree(bench, 'real', 'bin')
    os.symlink(bench.path('real'), bench.path('link'))
    bench.undo.append(lambda: os.unlink(bench.path('link')))
    has(bench.play(FACTS, options=cached(bench.path('link', 'bin')), status=2), 'contains a symbolic link',
        'The host reported: %s' % path)
    has(bench.play(FACTS, options=cached(bench.path('link', 'bin', 'new')), status=2), 'contains a symbolic link')
    assert os.listdir(path) == []


def case_exchange(bench):
    """cache: a user who repeatedly replaces a folder above gets no file run or written to"""
    libc = ctypes.CDLL(None, use_errno=True)
    path = tree(bench, 'race', 'home', 'bin')
    for name in ('home', 'other'):
        os.makedirs(bench.path('race', name, 'bin'), 0o755, exist_ok=True)
    bench.play(FACTS, options=cached(path))
    name = os.listdir(path)[0]
    evil = bench.write('race/other/bin/' + name, '#!/bin/sh\ntouch %s/ran\necho "{}"\n' % bench.work, 0o755)
    for folder in ('race/home', 'race/other', 'race/other/bin', 'race'):
        os.chown(bench.path(folder), nobody(), -1)
    os.chown(evil, nobody(), -1)
    ends, turns = time.time() + 60, [0]
    stop = threading.Event()

    def exchange():
        a, b = bench.path('race', 'home').encode(), bench.path('race', 'other').encode()
        while not stop.is_set() and time.time() < ends:
            if libc.renameat2(-100, a, -100, b, EXCHANGE) == 0:
                turns[0] += 1

    if not hasattr(libc, 'renameat2'):
        raise Skipped('no renameat2')
    turner = threading.Thread(target=exchange)
    turner.start()
    try:
        for dummy in range(2):
            bench.play("""
                - overcloud.backup.pacemaker_facts:
                  loop: "{{ range(25) | list }}"
                  ignore_errors: true
                  register: r
                - assert: {that: "r.results | selectattr('failed') | list | length == 25"}
                """, options=cached(path))
    finally:
        stop.set()
        turner.join()
    assert turns[0] > 100, turns
    assert not os.path.exists(bench.path('ran')), 'the other file ran'
    assert sorted(os.listdir(bench.path('race', 'other',
                                        'bin')) + os.listdir(bench.path('race', 'home', 'bin'))) == [name, name]


def case_pinned(bench):
    """cache: the checked file is the one that runs, even if the folder is replaced in between"""
    path = tree(bench, 'pinned', 'bin')
    bench.play(FACTS, options=cached(path))
    name = os.listdir(path)[0]
    other = tree(bench, 'swap')
    bench.write('swap/' + name, '#!/bin/sh\ntouch %s/ran\necho "{}"\n' % bench.work, 0o755)
    # stat is the last program that the shell starts before the binary.
    tools = tree(bench, 'tools')
    bench.write('tools/stat', '#!/bin/sh\n/usr/bin/stat "$@"\nmv {0} {0}.old && mv {1} {0}\n'.format(path, other),
                0o755)
    task = '- overcloud.backup.pacemaker_facts:\n  environment: {PATH: "%s:{{ lookup(\'env\', \'PATH\') }}"}' % tools
    bench.play(task, options=cached(path))
    assert os.path.exists(path + '.old') and not os.path.exists(bench.path('ran'))
    os.mkdir(other)  # for the cleanup


def case_own_cache(bench):
    """cache: a user's own is in his home, and is refused below a folder of another user"""
    home = bench.path('own-home')
    os.mkdir(home, 0o755)
    bench.undo.append(lambda: shutil.rmtree(home))
    shutil.chown(home, 'nobody')
    su = SU + 'vars: {overcloud_backup_cache_dir: ""}\nenvironment: {HOME: "%s"}\n' % home
    more = {'head': su, 'env': {'ANSIBLE_SHELL_ALLOW_WORLD_READABLE_TEMP': '1'},
            'options': ['-e', 'overcloud_backup_cache_dir=""']}
    for dummy in range(2):
        bench.play(FACTS, **more)
    group = pwd.getpwnam('nobody').pw_gid
    os.chown(home, nobody(), group)
    os.chmod(home, 0o775)  # with a private group, as on RHEL
    bench.play(FACTS, **more)
    os.chown(home, nobody(), group + 1 if group < 60000 else 1)
    has(bench.play(FACTS, status=2, **more), 'The host reported: %s drwxrwxr-x' % home)
    os.chown(home, 1, group)
    os.chmod(home, 0o755)
    has(bench.play(FACTS, status=2, **more), 'The host reported: %s drwxr-xr-x:1' % home)


def case_root_cache(bench):
    """cache: root's default starts no program before the binary, and is refused if others could write to it"""
    if os.path.lexists('/var/lib/overcloud.backup'):
        raise Skipped('/var/lib/overcloud.backup is there, and not ours to change')
    # Files that others have put there in the meantime stay.
    bench.undo.append(lambda: subprocess.run(['rmdir', '/var/lib/overcloud.backup'], stderr=subprocess.DEVNULL))
    bench.undo.append(lambda: shutil.rmtree('/var/lib/overcloud.backup/bin'))
    default = ['-e', 'overcloud_backup_cache_dir=""']
    bench.play(FACTS, options=default)
    output = bench.play('- overcloud.backup.pacemaker_facts:', options=default + ['-vvv'])
    script = [line for line in output.split('\n') if 'EXEC /bin/sh' in line and 'pacemaker_facts' in line]
    assert len(script) == 1, script
    for path in ('/var/lib/overcloud.backup/bin', '/var/lib/overcloud.backup'):
        os.chown(path, nobody(), -1)
        has(bench.play(FACTS, options=default, status=2), 'Refused: the cached binary or its directory')
        os.chown(path, 0, 0)
    bench.play(FACTS, options=default)


def case_own_binary_judged(bench):
    """cache: root runs no overcloud_backup_binary that others can write to, replace or redirect"""
    folder = tree(bench, 'opt', 'bin')
    path = os.path.join(folder, 'installed')
    bench.play(FACTS)
    shutil.copy(bench.binary(), path)
    own = ['-e', 'overcloud_backup_binary=%s' % path]
    bench.play(FACTS, options=own)
    for target, uid, mode, said in ((path, 0, 0o757, 'root runs no file'), (path, 0, 0o775, 'root runs no file'),
                                    (path, nobody(), 0o755, 'root runs no file'),
                                    (folder, nobody(), 0o755, 'Refused: '), (folder, 0, 0o777, 'Refused: '),
                                    (folder, 0, 0o1777, 'Refused: '),
                                    (os.path.dirname(folder), 0, 0o775,
                                     'The host reported: %s d' % os.path.dirname(folder)),
                                    (os.path.dirname(folder), nobody(), 0o755,
                                     'The host reported: %s d' % os.path.dirname(folder))):
        os.chown(target, uid, -1)
        os.chmod(target, mode)
        has(bench.play(FACTS, options=own, status=2), said, path)
        os.chown(target, 0, -1)
        os.chmod(target, 0o755)
    os.symlink(path, bench.path('opt', 'link'))
    has(bench.play(FACTS, options=['-e', 'overcloud_backup_binary=%s' % bench.path('opt', 'link')], status=2),
        'contains a symbolic link')
    bench.play(FACTS, options=own)


def case_folder(bench):
    """cache: the module runs in the shell's folder, as relative paths require, and not in the cache"""
    tree(bench, 'own')
    bench.write('own/probe', '#!/bin/sh\ncat >/dev/null\necho "{\\"msg\\": \\"$OVERCLOUD_BACKUP_PWD in $PWD\\"}"\n',
                0o755)
    output = bench.play('- overcloud.backup.pacemaker_facts:',
                        options=['-vvv', '-e', 'overcloud_backup_binary=%s' % bench.path('own', 'probe')])
    began, now = re.search('"msg": "(.*) in (.*)"', output).groups()
    assert now == bench.path('own') and began.startswith('/') and began != now, output
    bench.play(FACTS)
    began = subprocess.run([bench.binary(), '--version'], cwd=bench.path('one'),
                           env={'OVERCLOUD_BACKUP_PWD': '/nonexistent'}, stdout=subprocess.PIPE)
    assert began.returncode == 0
