# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
name: hosts
short_description: The pattern of the hosts that run the database and HAProxy
version_added: 1.0.0
author: The overcloud.backup authors (@overcloud-backup)
description:
  - Returns a pattern for C(hosts) of a play. It uses the first variable of the terms that is set, else C(galera_hosts)
    and C(haproxy_hosts), and without these the groups of director's inventory.
  - Fails if no host runs the database, or if a part of a given pattern matches no host. Ansible itself would only warn.
  - A variable is a pattern or a list of names. In C(hosts) of a play Ansible itself only sees extra variables and those
    of the play. This lookup also reads the variables that the inventory gives to all hosts.
options:
  _terms:
    description: Names of variables, in order of precedence.
  role:
    description: The role that needs the hosts. It determines the variables and whether the hosts of HAProxy are included.
    type: str
    choices: [controller_backup, controller_list, controller_restore, controller_verify]
  otherwise:
    description: Whether to leave out the variable of the O(role) itself, for use in that variable's default.
    type: bool
    default: false
  database_only:
    description: Whether to leave out the hosts of HAProxy.
    type: bool
    default: false
  names:
    description: Whether to return the names of the hosts instead of the pattern.
    type: bool
    default: false
  coordinator:
    description:
      - An additional host for the pattern, which stays in the play if no other host answers.
      - The lookup fails if it is already one of the hosts, because the play could not distinguish it from them.
    type: str
"""
EXAMPLES = r"""
- name: Read every host of the database
  hosts: "{{ lookup('overcloud.backup.hosts', database_only=true) }}"

- name: Check every host that a restore is for
  hosts: "{{ lookup('overcloud.backup.hosts', role='controller_restore', coordinator='localhost') }}"
"""
RETURN = r"""
_raw:
  description: The pattern, or the names.
  type: list
  elements: str
"""

from ansible.errors import AnsibleLookupError
from ansible.module_utils.common.text.converters import to_text
from ansible.plugins.lookup import LookupBase
from ansible_collections.overcloud.backup.plugins.plugin_utils import _command
from ansible_collections.overcloud.backup.plugins.plugin_utils._hosts import DATABASE, TAKEN, Hosts, Unmatched


class LookupModule(LookupBase):
    def run(self, terms, variables=None, database_only=False, coordinator=None, role=None, otherwise=False, names=False,
            **dummy):
        hosts = Hosts(variables, self._templar, self._loader)
        try:
            pattern = hosts.pattern(terms, role, otherwise, database_only)
        except Unmatched as e:
            if not _command.only_lists():
                raise AnsibleLookupError(to_text(e))
            pattern = DATABASE[-1]
        if names:
            return hosts.names(pattern)
        if not coordinator:
            return [pattern]
        if coordinator in hosts.names(pattern):
            raise AnsibleLookupError(TAKEN % (coordinator, pattern))
        return ['%s:%s' % (pattern, coordinator)]
