# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Private: sends the notifications of a run, from the control node's own process.

A URL is a secret: no message, result, exception or process contains one. Sending never fails a run and takes at most
LIMIT seconds, whatever the other side does.
"""
from __future__ import absolute_import, division, print_function

__metaclass__ = type

import json
import os
import re
import socket
import ssl
import threading
import time

from ansible.module_utils.common.text.converters import to_bytes, to_text
from ansible.module_utils.urls import open_url
from ansible_collections.overcloud.backup.plugins.plugin_utils._answer import clean, line
from ansible_collections.overcloud.backup.plugins.plugin_utils._types import string_types

try:
    from http.client import HTTPException
    from urllib.error import HTTPError, URLError
    from urllib.parse import urlparse
except ImportError:  # Python 2
    from httplib import HTTPException
    from ansible.module_utils.six.moves.urllib.error import HTTPError, URLError
    from urlparse import urlparse

# Seconds for all URLs of an event, and the most characters of a reason, of a body, and sets or controllers in one.
LIMIT, REASON, BODY, MOST = 10, 1000, 2000, 20
EVENTS, HOOKS, FORMATS = ('start', 'success', 'failure'), ('before', 'after', 'failure'), ('text', 'json')
# The prefix of the variables of each work.
PREFIXES = {'backup': 'controller_backup', 'verification': 'controller_verify'}
# Variables whose values no notification contains.
PASSWORDS = ('overcloud_backup_login_password', 'controller_backup_login_password', 'controller_backup_haproxy_stats_password')
HIDDEN = 'The value is not shown, because it may be secret.'


class Invalid(Exception):
    """A variable with an invalid value. The text never contains a value that may be secret."""


def plain(value):
    """The value, as text if it is an inline vault value, which is no text before ansible-core 2.19."""
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return to_text(value) if hasattr(value, '__ENCRYPTED__') else value


def mapping(value, name, keys):
    """The variable as a dict with some of these keys. On a command line it is a text of JSON."""
    value = plain(value)
    if isinstance(value, string_types) and value.strip():
        try:
            value = json.loads(value)
        except ValueError:
            value = [value]  # refused below
    if value is None or value == '':
        return {}
    if not isinstance(value, dict):
        raise Invalid('%s must be a mapping with some of the keys %s. %s' % (name, ', '.join(keys), HIDDEN))
    for key in value:
        if key not in keys:
            shown = to_text(key)
            shown = '"%s"' % shown if re.match(r'\w{1,20}\Z', shown) else 'one that is not shown'
            raise Invalid('%s has no key %s; its keys are %s.' % (name, shown, ', '.join(keys)))
    given = ((to_text(key), plain(inner)) for key, inner in value.items())
    return dict((key, inner) for key, inner in given if inner not in (None, '', []))


def urls(value, name):
    """The URLs of each event, each as a list."""
    found = {}
    for event, given in mapping(value, name, EVENTS).items():
        found[event] = [to_text(url) for url in (given if isinstance(given, (list, tuple)) else [given])]
        for url in found[event]:
            if not _is_url(url):
                raise Invalid('%s.%s must be a URL that begins with https:// or http://, or a list of them, without '
                              'spaces, and with other characters than ASCII percent-encoded. %s' % (name, event, HIDDEN))
    return found


def lenient(value, event):
    """The URLs of an event as far as they are valid, for a run that has failed already."""
    given = value.get(event) if isinstance(value, dict) else None
    try:
        given = plain(given if isinstance(given, (list, tuple)) else [given])
    except Exception:  # pylint: disable=broad-except  # a vault value that cannot be decrypted: it must not hide the failure
        return []
    return [to_text(url) for url in given if isinstance(url, string_types) and _is_url(url)]


def _is_url(url):
    if not re.match(r'[!-~]+\Z', url):
        return False
    try:
        parts = urlparse(url)
        return parts.scheme in ('http', 'https') and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:  # of the port, or of an IPv6 address
        return False


def send(addresses, name, body, kind):
    """Sends the body to all addresses at once. Returns a line for each that did not take it."""
    reasons, threads = [None] * len(addresses), []
    for i, url in enumerate(addresses):
        # A name server or a proxy can hang beyond any timeout of a socket; such a thread is left behind.
        thread = threading.Thread(target=_post, args=(url, body, kind, reasons, i))
        thread.daemon = True
        thread.start()
        threads.append(thread)
    end = time.time() + LIMIT
    for thread in threads:
        thread.join(max(0, end - time.time()))
    lines = []
    for i, why in enumerate(list(reasons)):
        if why != '':
            which = ' (%d of %d)' % (i + 1, len(reasons)) if len(reasons) > 1 else ''
            lines.append('%s%s: the notification was not delivered: %s' % (name, which, why or LATE))
    return lines


LATE = 'no answer within %d s' % LIMIT


def _post(url, body, kind, reasons, i):
    """Sends one notification. reasons[i] gets '' or the reason, which never contains a text of the exception: it may have the URL."""
    try:
        answer = open_url(url, data=to_bytes(body), method='POST', timeout=LIMIT, follow_redirects='none', force_basic_auth=True,
                          headers={'Content-Type': kind + '; charset=utf-8'}, http_agent='overcloud.backup')
        code = answer.getcode()
        reasons[i] = '' if 200 <= code < 300 else 'it answered %d' % code
        answer.close()
    except Exception as e:  # pylint: disable=broad-except  # whatever it is, the backup goes on
        reasons[i] = why(e)


def why(error):
    """The reason for a failure, without any text of the exception."""
    if isinstance(error, HTTPError):
        more = ', a redirect, which is not followed' if 300 <= error.code < 400 else ''
        return 'it answered %d%s' % (error.code, more)
    if isinstance(error, URLError) and isinstance(error.reason, Exception):
        return why(error.reason)
    if isinstance(error, socket.timeout):
        return LATE
    if isinstance(error, socket.gaierror):
        return 'its host name cannot be resolved'
    if isinstance(error, (ssl.SSLError, ssl.CertificateError)) or type(error).__name__ in ('SSLValidationError', 'NoSSLError'):
        return 'TLS failed, or its certificate was not accepted'
    if isinstance(error, HTTPException):
        return 'it did not answer as HTTP'
    number = getattr(error, 'errno', None)
    if isinstance(error, EnvironmentError) and isinstance(number, int):
        return os.strerror(number).lower()
    return 'it could not be reached (%s)' % type(error).__name__


def conceal(text, secrets):
    """The text without the secrets, longest first."""
    for secret in sorted(secrets, key=len, reverse=True):
        text = text.replace(secret, u'********')
    return text


def parts(addresses):
    """The secrets of these URLs: the URLs themselves, and every part that reveals more than the host."""
    found = set()
    for url in addresses:
        split = urlparse(url)
        found.update([url, url.split('://', 1)[1], split.path.strip('/'), split.query, split.fragment])
        found.update(part for piece in (split.path, split.query) for part in re.split('[/&=]', piece) if len(part) >= 16)
    # Shorter ones are words, and would spoil the text; a password is one at any length.
    return set(secret for secret in found if len(secret) >= 8) | set(urlparse(url).password or '' for url in addresses) - set([''])


def reason(result):
    """Why a task failed, from its result: complete, in its own lines."""
    result = result if isinstance(result, dict) else {}
    texts = []
    for item in result.get('results') or []:
        if isinstance(item, dict) and (item.get('failed') or item.get('unreachable')) and item.get('msg'):
            text, of = clean(item['msg']), item.get('item')
            named = isinstance(of, string_types) and not text.startswith(clean(of) + u': ')
            texts.append(u'%s: %s' % (clean(of), text) if named else text)
    if not texts and result.get('msg'):
        texts = [clean(u'%s' % result['msg'])]
    if not texts and result.get('censored'):
        texts = [u'A task failed whose output is hidden (no_log).']
    return u' '.join(texts) or u'A task failed without a message.'


def made(results):
    """The sets in the results of galera_backup, as vars/main.yml of the role recognizes them."""
    found = []
    for result in results if isinstance(results, list) else []:
        backup = result.get('backup') if isinstance(result, dict) else None
        if isinstance(backup, dict) and backup.get('path') and 'elsewhere' not in result and not result.get('failed'):
            one = dict(controller=line(result.get('item') or '', 100), path=line(backup['path'], 300))
            for key, known in (('bytes', 'bytes'), ('seconds', 'duration')):
                if isinstance(backup.get(known), (int, float)) and not isinstance(backup.get(known), bool):
                    one[key] = backup[known]
            found.append(one)
    return found[:MOST]


def text(work, event, outcome):
    """The body for people: a line, and one for each set."""
    first = {'start': u'started', 'success': u'successful'}.get(event) or u'failed: ' + outcome['reason']
    lines = [u'%s: %s' % (work, first)]
    if event != 'start':
        lines += [_of_set(one) for one in outcome['sets'] if one['path'] not in first]
    return u'\n'.join(lines)[:BODY]


def _of_set(one):
    size = u', %.1f MiB' % (one['bytes'] / 1048576.0) if 'bytes' in one else u''
    took = u' in %d s' % one['seconds'] if 'seconds' in one else u''
    return (u'%s: ' % one['controller'] if one['controller'] else u'') + one['path'] + size + took


def body(work, event, outcome, form, secrets):
    """The body and its content type."""
    shown = conceal(text(work, event, outcome), secrets)
    if form != 'json':
        return shown + u'\n', 'text/plain'
    document = dict(work=work, event=event, text=shown)
    for key in ('reason', 'sets', 'controllers', 'good') if event != 'start' else ():
        document[key] = outcome[key]
    return conceal(to_text(json.dumps(document, sort_keys=True)), [to_text(json.dumps(s))[1:-1] for s in secrets]), 'application/json'
