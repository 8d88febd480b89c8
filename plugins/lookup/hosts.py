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
  description: The pattern.
  type: list
  elements: str
"""

from ansible.errors import AnsibleLookupError
from ansible.module_utils.common.text.converters import to_text
from ansible.module_utils.six import string_types
from ansible.plugins.loader import lookup_loader
from ansible.plugins.lookup import LookupBase

# Groups of the service, for any roles; else of a role. OSP 10 has only roles, in lower case.
DATABASE = ('mysql', 'Database', 'Controller', 'controller')
HAPROXY = ('haproxy', 'Controller', 'controller')

# The variables by which a role's hosts are named, its own first, and whether it is about the database alone.
ROLES = {
    'controller_backup': (['controller_backup_hosts'], False),
    'controller_verify': (['controller_verify_hosts', 'controller_backup_hosts'], False),
    'controller_list': (['controller_list_hosts', 'controller_backup_hosts'], False),
    # What names the hosts of a backup may name those of HAProxy, too.
    'controller_restore': (['controller_restore_hosts', 'galera_hosts', 'controller_backup_hosts'], True),
}

TAKEN = ('%s is among the hosts of %s, and that is the name of the host which decides for all. Give it another name in '
         'the inventory, such as "controller-0 ansible_connection=local", or leave it out.')


class LookupModule(LookupBase):
    def run(self, terms, variables=None, database_only=False, coordinator=None, role=None, otherwise=False, **dummy):
        variables = variables or {}
        if role:
            terms, database_only = ROLES[role]
            terms = terms[1:] if otherwise else terms
        pattern = self._pattern(terms, variables, database_only)
        if not coordinator:
            return [pattern]
        lookup = lookup_loader.get('inventory_hostnames', loader=self._loader, templar=self._templar)
        names = lookup.run([pattern], variables=variables)
        if coordinator in names:
            raise AnsibleLookupError(TAKEN % (coordinator, pattern))
        return ['%s:%s' % (pattern, coordinator)]

    def _pattern(self, terms, variables, database_only):
        services = [('galera_hosts', DATABASE)] + ([] if database_only else [('haproxy_hosts', HAPROXY)])
        for name in terms:
            given = self._given(name, variables)
            if given:
                return given
        groups = variables.get('groups') or {}
        return ':'.join(self._given(name, variables) or first(known, groups) for name, known in services)

    def _given(self, name, variables):
        """The value of a variable as a pattern, '' if it is not set."""
        value = variables.get(name)
        if value is None:
            # While a play is loaded there is no host whose variables count. localhost has those of all hosts.
            value = ((variables.get('hostvars') or {}).get('localhost') or {}).get(name)
        value = self._templar.template(value)
        if value is None or isinstance(value, string_types):
            value = (value or '').split(',')
        if isinstance(value, (list, tuple)) and all(isinstance(item, string_types) for item in value):
            # Ansible splits a pattern at commas or at colons, never at both.
            return ':'.join(item.strip() for item in value if item.strip())
        raise AnsibleLookupError('%s is neither a pattern of hosts nor a list of names: %s' % (name, to_text(value)))


def first(names, groups):
    """The first of these groups that the inventory has, else the last one, which is in the message then."""
    return ([name for name in names if name in groups] + [names[-1]])[0]
