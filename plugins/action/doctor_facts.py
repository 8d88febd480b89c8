# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import absolute_import, division, print_function

__metaclass__ = type

from ansible_collections.overcloud.backup.plugins.plugin_utils._launcher import LauncherAction


class ActionModule(LauncherAction):
    LOGIN = True
