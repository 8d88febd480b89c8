# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Private: which clusters of a run are worth waiting for, and what is said meanwhile. It contacts nobody.

Everything in it comes from decisions and results, whose texts are shown in one line each.
"""
from __future__ import absolute_import, division, print_function

__metaclass__ = type

from ansible.module_utils.common.text.converters import to_text
from ansible_collections.overcloud.backup.plugins.plugin_utils._answer import line

# A reason for a person ends the wait when so many readings in a row find one. The end of a reason that passes often looks like
# another one for some seconds: after a state transfer, HAProxy needs some checks until it reports the server as up.
SURE = 2
# A controller whose attempt was refused is tried again after one pause, the next time after twice as long, and so on.
# The role nests its files with each wait, and ansible-playbook dies, without a rescue, at about 120 of them.
MOST = 40

BEGINS = 'cluster %s: waiting up to %d s, because %s'
CHANGED = 'cluster %s: waiting for another %d s, because %s'
DOUBTED = 'cluster %s: read again before giving up, because %s'
ENDS = 'cluster %s: %s can be backed up, after %d s'
OVER = ' The time of controller_backup_wait is over: waited %d s.'
NEEDED = ' Waited %d s. No controller is left whose reasons pass by themselves: a person is needed.'
UNDECIDED = ' Waited %d s. The last decisions failed: %s'
WOULD = ' A backup would wait up to %d s, because %s.'
TOO_OFTEN = ' Waited %d s. %d attempts were refused, and no more are made.'
MIGHT = ' Nobody waited for that: controller_backup_wait is 0.'


def names(cluster):
    return [to_text(k.get('name')) for k in cluster.get('controllers') or []]


def title(cluster):
    return line(cluster.get('cluster') or 'unknown', 100)


def failing(result):
    """Whether a controller was not backed up. A role that tries another one turns failed off, and leaves these keys."""
    return any(result.get(key) for key in ('failed', 'unreachable', 'elsewhere', 'passes'))


class Run:
    """The clusters of a run so far: decisions, oldest first, each a cluster of idle_controller's, and the results of backups.

    Decisions after a wait have more keys. waited: seconds of all waits; ended: the wait is over, its end is in the message;
    doubts: readings in a row that found no reason that passes.
    """

    def __init__(self, decisions, results):
        self._last = {}
        for result in results:
            self._last[to_text(result.get('item'))] = result
        self._results, self._decisions = results, decisions
        self.latest = []
        for cluster in decisions:
            own = set(names(cluster))
            self.latest = [c for c in self.latest if not own.intersection(names(c))] + [cluster]

    def unserved(self):
        """The clusters that have no backup and in which the last decision chose nobody."""
        return [c for c in self.latest if not c.get('chosen') and not self._made(c)]

    def waiting(self):
        """The clusters that have no backup and may get one without anybody's help."""
        return [c for c in self.latest if not self._made(c) and not self._hopeless(c) and self._may_pass(c)]

    def tried(self):
        """The controllers whose attempts failed for a reason that does not pass."""
        return sorted(name for name, result in self._last.items() if failing(result) and not result.get('passes'))

    def refused(self, cluster):
        """The controllers of a cluster whose last attempts were refused for a reason that passes, with the reason."""
        return [(name, line(self._last[name].get('msg') or '', 500)) for name in names(cluster)
                if self._last.get(name, {}).get('passes')]

    def waited(self, cluster):
        """The seconds that the cluster was waited for so far."""
        return max(c.get('waited') or 0 for c in [cluster] + self._about(cluster))

    def pauses(self, cluster, every):
        """The seconds for which each controller that was refused is left alone, from now on."""
        tried = max([c.get('waited') or 0 for c in self._about(cluster) if c.get('chosen')] or [0])
        passed, found = self.waited(cluster) - tried, {}
        for name, dummy in self.refused(cluster):
            times = len([r for r in self._of(cluster) if to_text(r.get('item')) == name and r.get('passes')])
            found[name] = every * 2 ** (times - 1) - passed
        return found

    def elsewhere(self, cluster):
        """Those of the controllers that were refused for a reason of their own: another one may be tried meanwhile."""
        return [name for name, dummy in self.refused(cluster) if self._last[name].get('elsewhere')]

    def refusals(self):
        """How many attempts were refused for a reason that passes."""
        return len([result for result in self._results if result.get('passes')])

    def _about(self, cluster):
        own = set(names(cluster))
        return [c for c in self._decisions if own.intersection(names(c))]

    def _of(self, cluster):
        own = names(cluster)
        return [result for result in self._results if to_text(result.get('item')) in own]

    def _made(self, cluster):
        return any(not failing(result) for result in self._of(cluster))

    def _hopeless(self, cluster):
        """Whether an attempt failed in a way that neither another controller nor time would change."""
        return any(failing(result) and not result.get('elsewhere') and not result.get('passes') for result in self._of(cluster))

    def _may_pass(self, cluster):
        if cluster.get('ended') or self.refusals() >= MOST:
            return False
        # One whose wait was interrupted, because another cluster could be backed up, is still waited for, doubts or not.
        # A decision after a refusal excludes the controller that was refused.
        interrupted = 'waited' in cluster and not cluster.get('chosen')
        return interrupted or bool(cluster.get('worth_waiting')) or bool(self.refused(cluster))


def passing(cluster):
    """The controllers of a cluster that are rejected only for reasons that pass, with the reasons."""
    found = []
    for k in cluster.get('controllers') or []:
        reasons = k.get('reasons') or []
        if k.get('verdict') == 'rejected' and reasons and all(r.get('passes') for r in reasons):
            found.append((to_text(k.get('name')), reasons))
    return found


def grave(cluster):
    """All rejected controllers of a cluster with their reasons."""
    return [(to_text(k.get('name')), k.get('reasons') or []) for k in cluster.get('controllers') or [] if k.get('reasons')]


def codes(found):
    """The key that distinguishes one state of a wait from the next one: not the measured values, which change all the time."""
    return sorted((name, tuple(sorted(to_text(r.get('code')) for r in reasons))) for name, reasons in found)


def because(found):
    """Reasons in words, for one line."""
    return line('; '.join('%s: %s' % (name, ', '.join('%s (%s)' % (r.get('code'), r.get('message')) for r in reasons))
                          for name, reasons in found), 1000)


class Watch:
    """One cluster while it is waited for. Only a reading of this wait chooses a controller."""

    def __init__(self, cluster, refused, before=0, pauses=None, elsewhere=()):
        self.over, self._refused, self._shown, self._error = None, refused, None, None
        self._before, self._pauses, self._doubts = before, pauses or {}, cluster.get('doubts') or 0
        self._elsewhere = elsewhere
        self._continues = 'waited' in cluster and not cluster.get('chosen')
        self.cluster = self._unchosen(cluster)

    def about(self, cluster):
        """Whether a decision about a cluster is about this one: they share a controller."""
        return bool(set(names(self.cluster)).intersection(names(cluster)))

    def begins(self, seconds):
        """The first line."""
        return (CHANGED if self._continues else BEGINS) % (title(self.cluster), seconds, self.why())

    def why(self):
        """The reason for the wait. Right after a refusal it is the job's, because the decision before it chose somebody."""
        found = passing(self.cluster)
        self._shown = codes(found)
        return because(found) or self._said() or because(grave(self.cluster)) or 'the last decision failed'

    def see(self, cluster, waited, left):
        """Takes the next decision, and returns the line to show, or None. waited: the seconds of this wait."""
        self.cluster, self._error = cluster, None
        if cluster.get('chosen'):
            self._doubts = 0
            if left > 0 and self._rests(to_text(cluster['chosen']), waited):
                self.cluster = self._unchosen(cluster)
            return None
        if not cluster.get('worth_waiting'):
            return self._doubt(because(grave(cluster)))
        back, self._doubts = self._doubts, 0
        found = passing(cluster)
        if codes(found) == self._shown and not back:
            return None
        self._shown = codes(found)
        return CHANGED % (title(cluster), left, because(found))

    def _rests(self, name, waited):
        """Whether a controller is left alone, because it was refused a short time ago."""
        return self._pauses.get(name, 0) > waited

    def resting(self, cluster, waited, left):
        """The controllers without which to decide again, because a decision chose one that is left alone."""
        if left <= 0 or not self._rests(to_text(cluster.get('chosen') or ''), waited):
            return []
        return [name for name in self._elsewhere if self._rests(name, waited)]

    def fail(self, msg):
        """Takes a decision that failed. The choice of an earlier one is outdated."""
        self.cluster, self._error = self._unchosen(self.cluster), line(msg, 500)
        return self._doubt(self._error)

    def end(self, waited, late):
        """The last decision about the cluster. If the wait has ended without a choice, its message says how.

        late: no time is left. Otherwise the wait ends because another cluster can be backed up, and goes on after that.
        """
        if self._error:
            self.cluster = self._unchosen(self.cluster)
        total = self._before + waited
        cluster = dict(self.cluster, waited=total, doubts=self._doubts)
        if cluster.get('chosen') or not (self.over or late):
            return cluster
        if self._error:
            how = UNDECIDED % (total, self._error)
        else:
            how = (NEEDED if self.over else OVER) % total
        return dict(cluster, ended=True, message=(cluster.get('message') or '') + how)

    def _doubt(self, why):
        self._doubts += 1
        if self._doubts < SURE:
            return DOUBTED % (title(self.cluster), why)
        self.over = True
        return None

    def _said(self):
        return line('; '.join('%s: %s' % (name, msg) for name, msg in self._refused), 1000)

    def _unchosen(self, cluster):
        """The cluster without a choice that does not count: the reason is then the refusal of the controller."""
        if not cluster.get('chosen'):
            return cluster
        return dict(cluster, chosen='', message=self._said() or cluster.get('message'))
