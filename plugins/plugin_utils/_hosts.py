# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Private: finds the hosts that run the database and HAProxy, or says why there are none.

Ansible only warns if a pattern matches no host, and goes on with the hosts of the others.
"""
from __future__ import absolute_import, division, print_function

__metaclass__ = type

import difflib
import re

from ansible.errors import AnsibleError
from ansible.inventory.manager import split_host_pattern
from ansible.module_utils.common.text.converters import to_text
from ansible.plugins.loader import lookup_loader
from ansible_collections.overcloud.backup.plugins.plugin_utils._answer import count, line
from ansible_collections.overcloud.backup.plugins.plugin_utils._lists import items
from ansible_collections.overcloud.backup.plugins.plugin_utils._types import string_types

# Groups of the service, for any roles; else of a role. OSP 10 has only roles, in lower case.
DATABASE = ('mysql', 'Database', 'Controller', 'controller')
HAPROXY = ('haproxy', 'Controller', 'controller')

# The variables by which a role's hosts are named, its own first, and whether it is about the database alone.
ROLES = {
    'controller_backup': (['controller_backup_hosts'], False),
    'controller_verify': (['controller_verify_hosts', 'controller_backup_hosts'], False),
    'controller_list': (['controller_list_hosts', 'controller_backup_hosts'], False),
    # controller_backup_hosts may also name hosts of HAProxy, hence True.
    'controller_restore': (['controller_restore_hosts', 'galera_hosts', 'controller_backup_hosts'], True),
}
# Groups that hold no hosts of their own, or that the playbooks make.
OTHERS = re.compile('(all|ungrouped|overcloud_(backup|doctor|list|restore|verify)_[a-z]+)$')

TAKEN = ('%s is among the hosts of %s, and that is the name of the host which decides for all. Give it another name in '
         'the inventory, such as "controller-0 ansible_connection=local", or leave it out.')
KIND = '%s is neither a pattern of hosts nor a list of names: %s'
NO_MATCH = 'No host matches %s, given in %s. %s%s Correct %s: it is a group, a pattern or names of hosts.'
NO_HOSTS = ('No host runs the database: %s. %s Set galera_hosts to the group or names of its hosts, with -e or as a '
            'variable of all hosts of the inventory.')


class Unmatched(AnsibleError):
    """A pattern without hosts. The text contains the value, what there is instead, and the variable to set."""


class Hosts(object):
    """The hosts by the variables that a task or a play sees."""

    def __init__(self, variables, templar, loader):
        self._variables, self._templar, self._loader = variables or {}, templar, loader
        self._groups = self._variables.get('groups') or {}

    def pattern(self, terms=(), role=None, otherwise=False, database_only=False):
        """The pattern by the first of these variables that is set, else by the services or director's groups."""
        if role:
            terms, database_only = ROLES[role]
            terms = terms[1:] if otherwise else terms
        for name in terms:
            if self.given(name):
                return self.given(name)
        database = self.given('galera_hosts') or self._default(DATABASE)
        if not database:
            raise Unmatched(NO_HOSTS % (self._why(), self._there()))
        balancers = '' if database_only else self.given('haproxy_hosts') or self._default(HAPROXY)
        return ':'.join(part for part in (database, balancers) if part)

    def given(self, name):
        """The value of a variable as a pattern that matches hosts, '' if it is not set."""
        value = self._variables.get(name)
        if value is None:
            # While a play is loaded there is no host whose variables count. localhost has those of all hosts.
            value = ((self._variables.get('hostvars') or {}).get('localhost') or {}).get(name)
        value = self._templar.template(value)
        return self.checked(name, value)

    def checked(self, name, value):
        """The value as a pattern. Raises Unmatched if it matches no host, or a part of it does not."""
        if value is None or isinstance(value, string_types):
            value = items(value or '')
        if not isinstance(value, (list, tuple)) or not all(isinstance(item, string_types) for item in value):
            raise Unmatched(KIND % (name, line(value)))
        # Ansible splits a pattern at commas or at colons, never at both.
        pattern = ':'.join(item.strip() for item in value if item.strip())
        if not pattern or not self._groups:
            return pattern
        for part in split_host_pattern(pattern):
            if not self._matches(part):
                raise Unmatched(self._no_match(part, name, pattern))
        if not self.names(pattern):
            raise Unmatched(self._no_match(pattern, name, pattern))
        return pattern

    def names(self, pattern):
        """The hosts that a pattern matches, by Ansible's own rules. The lookup of 2.9 knows groups and names alone."""
        inventory = getattr(self._variables.get('hostvars'), '_inventory', None)
        if inventory:
            found = inventory.get_hosts(pattern, ignore_limits=True, ignore_restrictions=True)
            return [to_text(host.name) for host in found]
        lookup = lookup_loader.get('inventory_hostnames', loader=self._loader, templar=self._templar)
        return lookup.run([pattern], variables=self._variables)

    def _matches(self, part):
        """Whether a part of a pattern matches hosts. To leave out nothing, as in "!old*", is no mistake."""
        if part[:1] not in ('!', '&'):
            return bool(self.names(part))
        name = part[1:]
        # localhost may be implicit.
        return bool(re.search(r'[*?\[\]~]', name)) or name == 'localhost' or name in self._groups or bool(self.names(name))

    def _default(self, names):
        """The first of these groups that the inventory has, if it has hosts."""
        found = [name for name in names if name in self._groups]
        return found[0] if found and self._groups[found[0]] else ''

    def _why(self):
        found = [name for name in DATABASE if name in self._groups]
        if found:
            return 'the group %s is empty' % found[0]
        return 'the inventory has none of the groups %s' % ', '.join(DATABASE)

    def _there(self):
        names = sorted(to_text(name) for name in self._groups if not OTHERS.match(name))
        hosts = len(self._groups.get('all') or ())
        if not names:
            return 'The inventory has %s and no groups.' % (count(hosts, 'host') if hosts else 'no hosts')
        more = ' and %d more' % (len(names) - 12) if len(names) > 12 else ''
        return 'Its groups: %s%s.' % (line(', '.join(names[:12]), 500), more)

    def _no_match(self, part, name, pattern):
        known = [to_text(n) for n in list(self._groups) + list(self._groups.get('all') or ()) if not OTHERS.match(n)]
        near = difflib.get_close_matches(part.lstrip('!&'), known, 1)
        guess = ' Did you mean %s?' % line(near[0]) if near else ''
        there = self._there().replace('Its groups', 'Groups of the inventory')
        return NO_MATCH % (line(part), '%s=%s' % (name, line(pattern)), there, guess, name)
