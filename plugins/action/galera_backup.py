# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import absolute_import, division, print_function

__metaclass__ = type

from ansible_collections.overcloud.backup.plugins.plugin_utils._job import MIB, JobAction, phase, share


class ActionModule(JobAction):
    LOGIN = True
    WORK = 'backup'
    ALONE = 'on_lost_caller decides what job %s does there without its caller'

    def describe(self, args):
        method = args.get('method')
        return '%s backup' % method if method in ('physical', 'logical') else 'backup'

    def step(self, progress):
        percent = share(progress, 'read_bytes', 'expected_bytes')
        if progress.get('phase') != 'stream':
            return percent, phase(progress)
        keys = ('read_bytes', 'stored_bytes', 'expected_bytes')
        read, stored, expected = [float(progress.get(key) or 0) / MIB for key in keys]
        return percent, '%d %% (%.1f of %.1f MiB read, %.1f MiB stored)' % (percent, read, expected, stored)
