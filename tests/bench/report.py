#!/usr/bin/python3
# Copyright: (c) 2026, the overcloud.backup authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Turns the times of tests/bench/tasks.yml into a table of medians and ratios, and holds them against the goals."""
import json
import statistics
import sys

OURS = ('galera_facts', 'haproxy_facts', 'pacemaker_facts')
# The time of pacemaker_facts is crm_mon's own, so it is shown and not judged.
GOALS = {('galera_facts', 'raw'): 1.5, ('galera_facts', 'ping'): 0.6, ('haproxy_facts', 'raw'): 1.5, ('haproxy_facts', 'ping'): 0.6}


def medians(path):
    """Median seconds by task; the first round of each, which uploads and connects, is left out."""
    times = {}
    with open(path) as f:
        for line in f:
            entry = json.loads(line)
            times.setdefault(entry['task'].split(' : ')[-1], []).append(entry['seconds'])
    return dict((task, (statistics.median(t[1:]), len(t) - 1)) for task, t in times.items() if len(t) > 1)


def main(title, path):
    got = medians(path)
    print('\n### %s\n' % title)
    print('| task | median, ms | rounds | against `raw: true` | against `ping` |')
    print('|---|---|---|---|---|')
    for task in ('raw', 'ping', 'command') + OURS:
        seconds, rounds = got[task]
        print('| %s | %.0f | %d | %.2f | %.2f |' % (task, seconds * 1000, rounds, seconds / got['raw'][0], seconds / got['ping'][0]))
    missed = ['%s is %.2f times %s, the goal is %.2f' % (ours, got[ours][0] / got[other][0], other, goal)
              for (ours, other), goal in sorted(GOALS.items()) if got[ours][0] / got[other][0] > goal]
    for line in missed:
        print('\nMissed: %s' % line)
    return 1 if missed else 0


if __name__ == '__main__':
    sys.exit(main(*sys.argv[1:]))
