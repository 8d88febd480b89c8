# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import absolute_import, division, print_function

__metaclass__ = type

from ansible_collections.overcloud.backup.plugins.plugin_utils._job import MIB, JobAction, phase, share


class ActionModule(JobAction):
    LOGIN = True
    WORK = 'verification'
    ALONE = 'Verification %s continues there without its caller'

    def step(self, progress):
        """The set is read, then its tables are checked: each counts for half, because either may take longer."""
        read = share(progress, 'read_bytes', 'expected_bytes')
        checked = share(progress, 'tables', 'expected_tables')
        percent = (read + checked) // 2
        if progress.get('expected_tables'):
            tables = progress.get('tables') or 0, progress['expected_tables']
            return percent, '%s, %d of %d tables' % ((phase(progress),) + tables)
        read, expected = [float(progress.get(key) or 0) / MIB for key in ('read_bytes', 'expected_bytes')]
        return percent, '%s, %.1f of %.1f MiB of the set' % (phase(progress), read, expected)
