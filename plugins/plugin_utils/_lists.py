# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Private: lists that may be given as one text with commas, which is what a command line has."""
from __future__ import absolute_import, division, print_function

__metaclass__ = type

from ansible_collections.overcloud.backup.plugins.plugin_utils._types import string_types


def items(value):
    """The items of a text with commas, without blanks around them and empty ones. Any other value is returned as it is."""
    if isinstance(value, string_types):
        return [item.strip() for item in value.split(',') if item.strip()]
    return value
