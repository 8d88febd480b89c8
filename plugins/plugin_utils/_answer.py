# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Private: accepts the documented part of a host's answer, and nothing else. The host may lie.

Ansible obeys some keys of any result (add_host, ansible_facts and others) and shows texts unchanged. So an answer is
bounded, its values have the types of RETURN, and no text contains what a terminal would obey.
"""
from __future__ import absolute_import, division, print_function

__metaclass__ = type

import json
import re
import sys

from ansible.module_utils.common.text.converters import to_text
from ansible_collections.overcloud.backup.plugins.plugin_utils._returned import RETURNED

try:  # up to 2.18
    from ansible.vars.clean import remove_internal_keys
except ImportError:
    def remove_internal_keys(data):
        """Newer versions have no such keys in results."""

MIB = 2 ** 20
# Limits of one answer: bytes, values, levels and the length of one text. The largest honest ones, the sets of a full
# destination, have some hundred kilobytes.
BYTES, VALUES, LEVELS, TEXT = 8 * MIB, 500000, 32, 4 * MIB
WARNINGS, DIGITS, ATTEMPTS = 100, 20, 100
# Unprintable characters, including tags, that are surrogates in a Python 2 with 16 bits for a character.
WIDE = u'\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff' if sys.maxunicode > 0xffff else u''
# Control characters except the line feed; characters that reverse a text, break its lines or are invisible; and
# surrogates, which cannot be encoded.
UNPRINTABLE = re.compile(u'[\x00-\x09\x0b-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f'
                         u'\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ud800-\udfff\ufe00-\ufe0f\ufeff\uffa0'
                         u'\ufff9-\ufffb%s]' % WIDE)
UNICODE, WHOLE = type(u''), (int, type(2 ** 64))
# Values that every module may return, and those of modules that were started in the background.
COMMON = {'changed': 'bool', 'failed': 'bool', 'msg': 'str', 'warnings': ['str'], 'exception': 'str',
          'diff': {'before': 'str', 'after': 'str'}, 'invocation': {'module_args': 'dict'}}
DETACHED = {'ansible_job_id': 'str', 'results_file': 'str', 'started': 'int', 'finished': 'int', 'pid': 'int'}
# Values that the control node adds; a host cannot.
OWN = {'module_stdout': 'str', 'module_stderr': 'str', 'host_unreachable': 'bool'}
# Texts that Ansible prints with their line feeds, some versions unquoted. Lines after the first are indented, so that
# they cannot be mistaken for a line of Ansible's about another host.
SHOWN = ('msg', 'exception')
# The key of a job's own answer in an answer about its state.
NESTED = 'result'
TYPES = {'str': (UNICODE, bytes), 'int': WHOLE, 'float': WHOLE + (float,), 'dict': dict, 'list': list}
NAMES = {'str': 'a text', 'bool': 'true or false', 'int': 'an integer', 'float': 'a number', 'dict': 'a mapping',
         'list': 'a list'}


class Refused(Exception):
    """A fault of an answer."""


def clean(text):
    """The text without characters that a terminal would obey. Lines stay lines."""
    text = to_text(text, errors='surrogate_or_replace')
    return UNPRINTABLE.sub(u'\ufffd', text.replace(u'\r\n', u'\n')) if UNPRINTABLE.search(text) else text


def line(text, most=300):
    """The text in one line, which cannot be mistaken for another one."""
    text = clean(text).replace(u'\n', u' ')
    return text if len(text) <= most else text[:most] + u'...'


def count(number, noun):
    """A number with its noun: 1 host, 2 hosts."""
    return '%d %s%s' % (number, noun, '' if number == 1 else 's')


def warning(text):
    """The text of a warning. Ansible wraps it at the terminal's width, and no line may look like another host's."""
    return line(text, 2000).replace(u'[', u'(').replace(u']', u')').replace(u'***', u'...')


def part(text, most=64 * 1024):
    """The end of a text of unlimited length, which contains the errors."""
    text = clean(text[-most - 1:])
    return text if len(text) <= most else u'...' + text[-most:]


def parse(output):
    """The object in the last line that contains one, or None."""
    if len(output) > BYTES:
        raise Refused('it has %d bytes, more than %d' % (len(output), BYTES))
    tried = 0
    for text in reversed(output.split('\n')):  # splitlines would also break texts
        if not text.startswith('{'):
            continue
        tried += 1
        if tried > ATTEMPTS:
            raise Refused('none of its last %d lines that begin like an object is one' % ATTEMPTS)
        if sum(text.count(c) for c in ',[{') > VALUES:
            raise Refused('it has more than %d values' % VALUES)
        try:
            return json.loads(text, object_pairs_hook=_distinct, parse_int=_integer, parse_float=_number,
                              parse_constant=_constant)
        except ValueError:
            continue
        except RuntimeError:  # recursion limit
            raise Refused('it is nested deeper than %d levels' % LEVELS)
    return None


def _distinct(pairs):
    found = dict(pairs)
    if len(found) != len(pairs):
        raise Refused('an object in it has a key twice')
    return found


def _integer(text):
    if len(text) > DIGITS:
        raise Refused('an integer in it has %d digits' % len(text))
    return int(text)


def _number(text):
    number = float(text)
    if number in (float('inf'), float('-inf')):
        raise Refused('a number in it is too large')
    return number


def _constant(text):
    raise Refused('%s is not a number' % text)


def documented(answer, module, detached=False, own=False):
    """The documented part of an answer. own: including values that the control node adds. Raises Refused."""
    shape = dict(RETURNED.get(module, {}), **COMMON)
    shape.update(DETACHED if detached else {})
    shape.update(OWN if own else {})
    sieve = Sieve(module)
    found = sieve.answer(answer, shape)
    if sieve.left_out:
        found['warnings'] = (found.get('warnings') or []) + [warning(sieve.warning())]
    remove_internal_keys(found)
    return found


class Sieve:
    """Filters one answer, and remembers what it left out."""

    def __init__(self, module):
        self.module, self.left_out = module, []

    def warning(self):
        names = [line(name, 60) for name in self.left_out[:5]]
        if len(self.left_out) > len(names):
            names.append('...')
        return 'left out of the answer, because %s documents no such value: %s' % (self.module, ', '.join(names))

    def answer(self, answer, shape, where=''):
        """An answer, or the answer of a job within it."""
        found = self.mapping(answer, dict(shape, **{NESTED: 'raw'}) if NESTED in shape else shape, where, 0)
        if found.get(NESTED) is not None:
            inner = shape[NESTED] if isinstance(shape[NESTED], dict) else shape
            inner = dict((key, value) for key, value in dict(inner, **COMMON).items() if key != NESTED)
            found[NESTED] = self.answer(found[NESTED], inner, where + NESTED + '.')
        if found.get('warnings'):
            found['warnings'] = [warning(text) for text in found['warnings'][:WARNINGS]]
        for key in SHOWN:
            if found.get(key):
                found[key] = re.sub(u'\n(?! )', u'\n  ', found[key].strip('\n'))
        return found

    def mapping(self, value, shape, where, level):
        if not isinstance(value, dict):
            raise Refused('%s is not %s' % (where.rstrip('.') or 'it', NAMES['dict']))
        found = {}
        for key, inner in value.items():
            if key in shape:
                found[key] = self.value(inner, shape[key], where + key, level + 1)
            else:
                self.left_out.append(where + to_text(key))
        return found

    def value(self, value, shape, where, level):
        if value is None or shape == 'raw':
            return value
        if isinstance(shape, dict):
            return self.mapping(value, shape, where + '.', level)
        if isinstance(shape, list) and isinstance(value, list):
            return [self.value(inner, shape[0], where, level + 1) for inner in value]
        kind = 'list' if isinstance(shape, list) else shape
        if not _is(value, kind, where):
            raise Refused('%s is not %s' % (where, NAMES[kind]))
        if kind in ('int', 'float'):
            return value
        return bool(value) if kind == 'bool' else self.free(value, where, level)

    def free(self, value, where, level):
        """A value of undocumented shape."""
        if isinstance(value, (UNICODE, bytes)):
            if len(value) > TEXT:
                raise Refused('the text of %s has %d characters, more than %d' % (where, len(value), TEXT))
            return clean(value)
        if level > LEVELS:
            raise Refused('it is nested deeper than %d levels' % LEVELS)
        if isinstance(value, dict):
            # Only Ansible may set its own marks, such as those of a template or a vault.
            return dict((clean(key), self.free(inner, where, level + 1)) for key, inner in value.items()
                        if not key.startswith(('_ansible_', '__ansible_')))
        if isinstance(value, list):
            return [self.free(inner, where, level + 1) for inner in value]
        return value


def _is(value, kind, where):
    if kind == 'bool':
        # A start in the background reports failed as 0, like Ansible's own.
        return isinstance(value, bool) or (where == 'failed' and value in (0, 1) and isinstance(value, int))
    if isinstance(value, bool):
        return False
    return isinstance(value, TYPES[kind])
