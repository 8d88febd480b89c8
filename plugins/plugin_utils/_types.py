# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Private: the types of texts and of whole numbers, in Python 2 and 3. Newer versions of Ansible deprecate their own copy of six."""
from __future__ import absolute_import, division, print_function

__metaclass__ = type

string_types = (str, type(u''))
integer_types = (int, type(1 << 64))
