# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Private: the variables of the collection. Which names there are, and which values each may have.

Ansible ignores a misspelt variable, and its own validation of a role's arguments, which 2.9 lacks, prints the complete
specification for every host. A value that passes here must also pass there: one that only some versions accept is refused.
"""
from __future__ import absolute_import, division, print_function

__metaclass__ = type

import glob
import json
import os
import re

import yaml
from ansible.module_utils.common.text.converters import to_text
from ansible_collections.overcloud.backup.plugins.plugin_utils._answer import line
from ansible_collections.overcloud.backup.plugins.plugin_utils._lists import items
from ansible_collections.overcloud.backup.plugins.plugin_utils._types import integer_types, string_types

ROLES = os.path.join(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))), 'roles')
# Variables that belong to no role.
SHARED = {
    'galera_hosts': {'type': 'hosts'},
    'haproxy_hosts': {'type': 'hosts'},
    'overcloud_backup_binary': {'type': 'path'},
    'overcloud_backup_cache_dir': {'type': 'path'},
    'overcloud_backup_login_ca_cert': {'type': 'path'},
    'overcloud_backup_login_check_hostname': {'type': 'bool'},
    'overcloud_backup_login_client_cert': {'type': 'path'},
    'overcloud_backup_login_client_key': {'type': 'path'},
    'overcloud_backup_login_config_file': {'type': 'path'},
    'overcloud_backup_login_host': {'type': 'str'},
    'overcloud_backup_login_password': {'type': 'str', 'no_log': True},
    'overcloud_backup_login_port': {'type': 'int'},
    'overcloud_backup_login_unix_socket': {'type': 'path'},
    'overcloud_backup_login_user': {'type': 'str'},
    # Of playbooks/preflight.yml.
    'overcloud_backup_hosts_of': {'type': 'str'},
    'overcloud_backup_work': {'type': 'str'},
}
# Variables that only tasks of each controller read, for that controller alone. The others are read by the host that decides,
# whatever the controllers have.
OF_EACH_HOST = frozenset((
    'controller_backup_haproxy_config_file', 'controller_backup_haproxy_proxy', 'controller_backup_haproxy_socket',
    'controller_backup_haproxy_stats_password', 'controller_backup_haproxy_stats_url', 'controller_backup_haproxy_stats_user',
    'controller_backup_sample', 'controller_backup_timeout', 'controller_restore_cluster', 'controller_verify_cluster',
))
# Variables that every host reads for the list of sets: each may have its own destinations.
OF_EACH_HOST_LISTED = frozenset(('controller_backup_destination', 'controller_restore_destination', 'controller_verify_destination'))
# The numbers that a variable may have, with the unit. Modules check the others.
RANGES = {'controller_backup_wait': (0, 86400, 'seconds')}
# The number of wrong, missing, additional or exchanged letters up to which another name counts as one of ours. The names
# have at least 20 letters, so that no name of somebody else is as similar by chance.
NEAR = 2

UNKNOWN = '%s is not a variable of overcloud.backup. %s'
MEANT = 'Did you mean %s?'
NOWHERE = 'No variable has a similar name: see docs/variables.md, and rename a variable of your own.'
WRONG = '%s is %s. It must be %s.'
ITEM = '%s has the item %s. Each must be %s.'
KINDS = {
    'str': 'a text', 'int': 'a whole number', 'float': 'a number', 'bool': 'true or false',
    'path': 'an absolute path on the host, such as /var/backups',
    'list': 'a list, or one text with commas, such as "a,b"', 'dict': 'a mapping, or a text such as "old=new"',
    'raw': 'a value',
}
NUMBERS = integer_types + (float,)
WHOLE, DECIMAL = re.compile(r'\s*[+-]?[0-9]+\s*\Z'), re.compile(r'\s*[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?\s*\Z')
SWITCHES = frozenset(('yes', 'on', 'true', 't', 'y', '1', '1.0', 'no', 'off', 'false', 'f', 'n', '0', '0.0'))
# A variable that a task of a role sets: registered, or by set_fact.
SET = re.compile(r'^ +(?:register: (\w+)$|(\w+):)', re.M)
_known, _results, _prefixes = {}, set(), []


def known():
    """The specification of every variable that a user may set, by name, read once per process."""
    if not _known:
        for path in sorted(glob.glob(os.path.join(ROLES, '*', 'meta', 'argument_specs.yml'))):
            with open(path, 'rb') as f:
                spec = yaml.load(f, Loader=getattr(yaml, 'CSafeLoader', yaml.SafeLoader))
            for entry in spec['argument_specs'].values():
                _known.update(entry.get('options') or {})
        for name in _known:
            if name.endswith('_hosts'):
                _known[name] = dict(_known[name], type='hosts')
        _known.update(SHARED)
    return _known


def results():
    """The variables that the roles themselves set, and a few other words."""
    if not _results:
        for path in glob.glob(os.path.join(ROLES, '*', 'tasks', '*.yml')):
            with open(path) as f:
                _results.update(name for found in SET.findall(f.read()) for name in found if name)
    return _results


def prefixes():
    """How the names of our variables begin: like their role."""
    if not _prefixes:
        roles = glob.glob(os.path.join(ROLES, '*', 'meta', 'argument_specs.yml'))
        _prefixes.extend(sorted(path.split(os.sep)[-3] + '_' for path in roles) + ['overcloud_backup_'])
    return tuple(_prefixes)


def misspelt(name):
    """The fault in the name of a variable, or None if it is one of ours or somebody else's."""
    if name[:1] not in 'co' or name in known():
        return None
    ours = name.startswith(prefixes())
    if ours and name in results():
        return None
    nearest = _of_a_role(name) if ours else _by_all_letters(name)
    if ours or nearest:
        return UNKNOWN % (line(name, 100), MEANT % nearest if nearest else NOWHERE)
    return None


def _current():
    """The names to suggest."""
    return [name for name, spec in sorted(known().items())
            if name not in SHARED or name.startswith(prefixes()) if not former(spec)]


def former(spec):
    """Whether it is an earlier name of another variable."""
    return to_text(spec.get('description') or '').startswith('Earlier name')


def _of_a_role(name):
    """The nearest name: of the same prefix, else of another."""
    prefix = [p for p in prefixes() if name.startswith(p)][0]
    rest = name[len(prefix):]
    for some in ((prefix,), prefixes(), [p + 'login_' for p in prefixes()]):
        found = [(distance(rest, other[len(p):], NEAR + 1), other) for p in some for other in _current()
                 if other.startswith(p)]
        near = sorted((d, other) for d, other in found if d <= max(1, min(NEAR + 1, len(rest) // 3)))
        if near:
            return near[0][1]
    return None


def _by_all_letters(name):
    if not 18 <= len(name) <= 60:
        return None
    for other in _current():
        # Of three parts one is whole if at most two letters differ.
        third = len(other) // 3
        if abs(len(name) - len(other)) > NEAR or not (
                other[:third] in name or other[third:2 * third] in name or other[2 * third:] in name):
            continue
        if distance(name, other, NEAR) <= NEAR:
            return other
    return None


def distance(one, other, most):
    """How many letters to insert, delete, replace or exchange with the next one; if more than most, any larger number."""
    if abs(len(one) - len(other)) > most:
        return most + 1
    before, above = None, list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        row = [i]
        for j, b in enumerate(other, 1):
            row.append(min(above[j] + 1, row[j - 1] + 1, above[j - 1] + (a != b)))
            if i > 1 and j > 1 and a == other[j - 2] and one[i - 2] == b:
                row[j] = min(row[j], before[j - 2] + 1)
        before, above = above, row
    return above[-1]


def wrong(name, value):
    """The fault in the value of one of our variables, or None."""
    spec = known()[name]
    kind, choices = spec.get('type', 'str'), spec.get('choices')
    if value is None:
        # Ansible itself takes it for no value, unless there is a default or a list of choices.
        free = kind == 'raw' or spec.get('default') is None and not choices
        return None if free else WRONG % (name, 'null', expected(spec) + '; leave it out for its default')
    if fits(kind, value) and (not choices or to_text(value) in choices):
        if name in RANGES and not RANGES[name][0] <= float(value) <= RANGES[name][1]:
            return WRONG % (name, shown(value, spec), expected(spec, name))
        bad = not_paths(value) if spec.get('elements') == 'path' else []
        return ITEM % (name, shown(bad[0], {}), KINDS['path']) if bad else None
    guess = [c for c in choices or () if distance(to_text(value).lower(), c, NEAR) <= NEAR] if shows(value) else []
    return WRONG % (name, shown(value, spec), expected(spec, name)) + (' ' + MEANT % guess[0] if guess else '')


def decided_once(name, role=None):
    """Whether the host that decides reads the variable, for all. The login is looked for on the host that logs in."""
    if role == 'controller_list' and name in OF_EACH_HOST_LISTED:
        return False
    return name.startswith('controller_') and name in known() and name not in OF_EACH_HOST and not former(known()[name])


def expected(spec, name=None):
    """The values that a variable may have, in words."""
    if name in RANGES:
        return 'a whole number of %s from %d to %d' % (RANGES[name][2], RANGES[name][0], RANGES[name][1])
    if spec.get('choices'):
        return 'one of ' + ', '.join(spec['choices'])
    kind = spec.get('type', 'str')
    number = isinstance(spec.get('default'), NUMBERS) and kind in ('int', 'float')
    return KINDS[kind] + (', such as %s' % spec['default'] if number else '')


def not_paths(value):
    """The items of a list, or of a text with commas, that are no paths."""
    return [item for item in items(value if isinstance(value, list) else to_text(value)) if not fits('path', item)]


def shows(value):
    return isinstance(value, string_types + NUMBERS)


def shown(value, spec):
    """The value for a message, without that of a secret. The content of a list or mapping may be one, and is not shown."""
    if isinstance(value, dict):
        return 'a mapping'
    if not shows(value):
        return 'a list' if isinstance(value, list) else 'of the type %s' % type(value).__name__.strip('_')
    if spec.get('no_log') or spec.get('type', 'str') in ('dict', 'list'):
        return 'another value, which is not shown'
    return json.dumps(line(value, 80), ensure_ascii=False) if isinstance(value, string_types) else to_text(value).lower()


def fits(kind, value):
    """Whether a value has the type in every version of Ansible and in the modules."""
    return CHECKS.get(kind, lambda dummy: True)(value)


def _text(value):
    return shows(value)


def _number(value):
    return isinstance(value, NUMBERS) and not isinstance(value, bool)


def _int(value):
    return _number(value) and not isinstance(value, float) or isinstance(value, string_types) and bool(WHOLE.match(value))


def _float(value):
    if isinstance(value, string_types):
        return bool(DECIMAL.match(value))
    # Neither infinite nor NaN.
    return _number(value) and -float('inf') < value < float('inf')


def _bool(value):
    return to_text(value).strip().lower() in SWITCHES if shows(value) else False


def _path(value):
    return isinstance(value, string_types) and value.strip()[:1] in ('/', '~', '$', '')


def _list(value):
    if isinstance(value, list):
        return all(shows(item) and not isinstance(item, bool) for item in value)
    # A text that looks like a list would become one with some versions of Ansible, and one strange name with others.
    return isinstance(value, string_types) and value.strip()[:1] not in ('[', '{') or _number(value)


def _dict(value):
    if not isinstance(value, string_types):
        return isinstance(value, dict)
    if value.strip().startswith('{'):
        try:
            return isinstance(json.loads(value), dict)
        except ValueError:
            return False
    pairs = [pair for pair in re.split('[, ]', value) if pair]
    return bool(pairs) and all(pair.find('=') > 0 for pair in pairs)


CHECKS = {'str': _text, 'int': _int, 'float': _float, 'bool': _bool, 'path': _path, 'list': _list, 'dict': _dict}
