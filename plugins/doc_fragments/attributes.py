# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import absolute_import, division, print_function

__metaclass__ = type


class ModuleDocFragment(object):
    # Ansible's own fragment for these does not exist before 2.12.
    DOCUMENTATION = r"""
options: {}
attributes:
  check_mode:
    description: Can run in check mode and return what it would do, without changing anything.
  diff_mode:
    description: Returns details on what has changed, or would change in check mode, when in diff mode.
  async:
    description: Can be used with C(async).
  platform:
    description: Systems that the module runs on.
    platforms: linux
"""
