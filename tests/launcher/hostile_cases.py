# SPDX-License-Identifier: GPL-3.0-or-later
"""A lying controller cannot harm the control node. A script in place of the binary answers what it likes."""
import json
import os
import re

from playbook import has, lacks

# Terminal escapes: a title, the clipboard, the cursor, the same with C1, and characters that reverse or hide a text.
SEQUENCES = ('\x1b]0;ti\x07\x1b]52;c;ZXZpbA==\x07\x1b[1A\x1b[2K\x9b2J\x9d0;t\x9c\r\x08\x7f\x00'
             '\u202e\u2066\u2028\u200b\u3164\ufe0f\U000e0041\ud83d')
FORBIDDEN = re.compile(
    '[\x00-\x09\x0b-\x1f\x7f-\x9f'
    '\u200b-\u200f\u2028-\u202e\u2060-\u2069\u3164\ufe0f\ud800-\udfff\U000e0000-\U000e0fff]')
# Written as bytes that are not UTF-8.
HALVES = '\ud83d\udcff'
FORGED = '\nok: [two]\nTASK [forged] ***\nfatal: [two]: FAILED! => {}\n'


def prepare(bench):
    if os.getuid() != 0:
        print('skipped: the hostile cases need root')
        return False


class Liar:
    """The binary of a host with free answers."""

    def __init__(self, bench, *answers):
        """answers: objects or raw lines. The first one answers the first call, the last one all later ones."""
        self.bench = bench
        for name in os.listdir(bench.work):
            if name.startswith('lie'):
                os.unlink(bench.path(name))
        for i, answer in enumerate(answers):
            text = answer if isinstance(answer, str) else json.dumps(answer)
            with open(bench.path('lie.%d' % i), 'w', encoding='utf-8', errors='surrogatepass') as f:
                f.write(text + '\n')
        bench.write('liar', '#!/bin/sh\ncat >/dev/null\ncd {0} && echo >>lies\ni=$(($(wc -l <lies) - 1))\n'
                    '[ $i -le {1} ] || i={1}\ncat lie.$i\n'.format(bench.work, len(answers) - 1), 0o755)
        bench.undo.append(lambda: os.path.exists(bench.path('lies')) and os.unlink(bench.path('lies')))

    def play(self, tasks, **more):
        options = list(more.pop('options', [])) + ['-e', 'overcloud_backup_binary=%s' % self.bench.path('liar')]
        return self.bench.play(tasks, options=options, **more)


def poison(bench):
    """Keys that Ansible obeys in any result of an action."""
    proxy = bench.write('proxy', '#!/bin/sh\ntouch {0}/ran\nexit 1\n'.format(bench.work), 0o755)
    host = {'host_name': 'two', 'groups': ['evil'], 'host_vars': {
        'ansible_connection': 'ssh', 'ansible_host': '127.0.0.1',
        'ansible_ssh_common_args': '-oProxyCommand=%s' % proxy, 'evil_var': 1}}
    keys = {'add_host': host, 'add_group': 'evil', 'parent_groups': ['all'],
            'ansible_stats': {'data': {'evil_stat': 1}, 'per_host': False},
            'unreachable': True, 'skipped': True, 'rc': 5, 'stdout': 'evil', 'censored': 'evil', 'item': 'evil',
            'attempts': 9,
            'module_stdout': 'evil', 'host_unreachable': True, 'include': 'x.yml',
            'include_results': [{'include': 'x.yml'}], 'deprecations': ['evil'],
            '_ansible_notify': ['evil handler'], '_ansible_no_log': True, '_ansible_verbose_override': True,
            '_ansible_facts_cacheable': True,
            '_ansible_delegated_vars': {'ansible_delegated_host': 'two'}, 'ansible_job_id': '1.2 mode=cleanup',
            'finished': 0,
            'ansible_facts': {'evil_fact': 1, 'galera': {'evil': 1}, 'ansible_connection': 'ssh',
                              'ansible_haproxy': {'present': True},
                              'ansible_ssh_common_args': '-oProxyCommand=%s' % proxy,
                              'discovered_interpreter_python': proxy}}
    return dict(keys, results=[dict(keys)])


# No host keeps any of the poison, and the next task runs as before.
UNHARMED = """
- assert:
    that:
      - "'evil' not in groups"
      - evil_var is not defined and evil_fact is not defined and evil_stat is not defined
      - "'ProxyCommand' not in ansible_ssh_common_args | default('')"
      - hostvars['two'].ansible_connection == 'local' and hostvars['one'].ansible_connection == 'local'
      - "not (ansible_facts.galera | default({})).evil is defined"
      - "ansible_facts.keys() | difference(['galera', 'pacemaker']) | list == []"
- raw: echo alive
  register: alive
  failed_when: "'alive' not in alive.stdout"
"""


def unharmed(bench, output):
    lacks(output, 'evil_stat', 'RUNNING HANDLER', 'UNREACHABLE')
    assert not os.path.exists(bench.path('ran')), 'the proxy command ran'


def case_keys(bench):
    """hostile: a host cannot add hosts, groups, facts, statistics or handlers"""
    bad = dict(poison(bench), changed=False)
    bad['ansible_facts']['ansible_galera'] = {'present': True, 'evil': 1,
                                              'host': {'name': 'h', 'add_host': bad['add_host']}}
    liar = Liar(bench, bad)
    output = liar.play("""
        - overcloud.backup.galera_facts:
          register: r
          when: inventory_hostname == 'one'
          notify: []
        - assert:
            that:
              - "r.keys() | difference(['changed', 'failed', 'ansible_facts', 'warnings']) | list == []"
              - "r.ansible_facts == {'ansible_galera': {'present': true, 'host': {'name': 'h'}}}"
          when: inventory_hostname == 'one'
        """ + UNHARMED.replace('\n', '\n        '), hosts='here',
                       head='handlers: [{name: evil handler, debug: {msg: evil}}]',
                       env={'ANSIBLE_SHOW_CUSTOM_STATS': '1'})
    unharmed(bench, output)
    has(' '.join(output.split()), 'documents no such value')


STARTED = {'changed': True, 'job': 'other', 'unit': 'u', 'attached': False, 'ended': False}
ENDED = {'changed': False, 'job': 'other', 'unit': 'u', 'running': False, 'ended': True}
BACKUP = """
- overcloud.backup.galera_backup: {destination: /nonexistent, job: mine}
  register: r
  when: inventory_hostname == 'one'
"""


def case_keys_of_a_job(bench):
    """hostile: nor can keys nested in a job's result"""
    bad = dict(poison(bench), changed=True, msg='made',
               backup={'path': '/b', 'add_host': {}, 'manifest': {'_ansible_x': 1, 'files': []}})
    bad['result'] = dict(bad)
    liar = Liar(bench, STARTED, dict(ENDED, result=bad))
    output = liar.play(BACKUP + """
- assert:
    that:
      - "r.keys() | difference(['changed', 'failed', 'msg', 'backup', 'job', 'unit', 'warnings']) | list == []"
      - "r.job == 'mine' and r.backup == {'path': '/b', 'manifest': {'files': []}}"
  when: inventory_hostname == 'one'
""" + UNHARMED, hosts='here')
    unharmed(bench, output)


def case_keys_of_a_status(bench):
    """hostile: nor does state: status register them, at the top or nested"""
    bad = dict(poison(bench), changed=False)
    liar = Liar(bench, dict(ENDED, result=dict(bad, msg='made'), **poison(bench)))
    output = liar.play("""
        - overcloud.backup.galera_backup: {state: status, job: mine}
          register: r
          until: r.ended
          when: inventory_hostname == 'one'
        - assert:
            that:
              - >-
                r.keys() | difference(['changed', 'failed', 'ended', 'running', 'job', 'unit', 'result', 'warnings',
                'attempts']) | list == []
              - r.attempts == 1
              - "r.result.keys() | difference(['changed', 'msg']) | list == []"
          when: inventory_hostname == 'one'
        """ + UNHARMED.replace('\n', '\n        '), hosts='here')
    unharmed(bench, output)


def case_keys_of_every_module(bench):
    """hostile: nor does any other module, in a loop and delegated"""
    liar = Liar(bench, dict(poison(bench), changed=False))
    output = liar.play("""
        - overcloud.backup.backup_info: {destination: /nonexistent}
          register: r
          loop: [1, 2]
          when: inventory_hostname == 'one'
        - assert:
            that: >-
              r.results[1].keys() | difference(['changed', 'failed', 'item', 'ansible_loop_var', 'warnings'])
              | list == []
          when: inventory_hostname == 'one'
        - overcloud.backup.haproxy_facts:
          delegate_to: one
          delegate_facts: true
          when: inventory_hostname == 'two'
        - overcloud.backup.idle_controller: {facts: [], show: true}
        - overcloud.backup.galera_restore: {state: planned, destination: /nonexistent}
        - overcloud.backup.galera_restore_info: {destination: /nonexistent}
        - overcloud.backup.galera_backup_info:
        - overcloud.backup.backup_verify: {state: status, job: x}
        - overcloud.backup.backup_verify_info: {job: x}
        """ + UNHARMED.replace("'pacemaker']", "'pacemaker', 'haproxy']").replace('\n', '\n        '), hosts='here')
    unharmed(bench, output)


def case_async(bench):
    """hostile: a background job cannot name another job, nor be read as a failed one"""
    liar = Liar(bench,
                dict(poison(bench), changed=True, failed=0, started=1,
                     ansible_job_id='j1.2 mode=cleanup _async_dir=/evil'))
    for poll in (0, 1):
        output = liar.play("""
            - overcloud.backup.pacemaker_facts:
              async: 10
              poll: %d
            """ % poll, status=2)
        has(output, 'answered with another job than j')
        unharmed(bench, output)


def case_async_result(bench):
    """hostile: nor can the result of such a job contain more than is documented"""
    bad = dict(poison(bench), changed=False, msg='done' + SEQUENCES)
    del bad['finished']
    bad['ansible_facts']['ansible_pacemaker'] = {'present': True}
    with open(bench.path('lie.0'), 'w') as f:
        json.dump(bad, f)
    # The id of the job contains the launcher's number.
    script = ('#!/bin/sh\ncat >/dev/null; j=$4.1; f=%s/async/$j\n[ "$3" = --async ] || exit 9\n'
              'mkdir -p %s/async; cat %s/lie.0 >$f\n'
              'echo "{\\"started\\": 1, \\"finished\\": 0, '
              '\\"ansible_job_id\\": \\"$j\\", \\"results_file\\": \\"$f\\"}"\n')
    bench.write('liar', script % ((bench.work,) * 3), 0o755)
    output = bench.play("""
        - overcloud.backup.pacemaker_facts:
          async: 30
          poll: 1
          register: r
          when: inventory_hostname == 'one'
        - assert:
            that:
              - >-
                r.keys() | difference(['changed', 'failed', 'msg', 'ansible_facts', 'warnings', 'started', 'finished',
                'ansible_job_id']) | list == []
              - r is finished and r is not changed
          when: inventory_hostname == 'one'
        """ + UNHARMED.replace('\n', '\n        '), hosts='here',
                        options=['-e', 'overcloud_backup_binary=%s' % bench.path('liar')])
    unharmed(bench, output)
    harmless(output)
    assert os.listdir(bench.path('async')) == []


def refused(bench, cases):
    """Runs a module once for each answer; each is one failure with the text in the second part of its case."""
    output = Liar(bench, *[answer for answer, said in cases]).play("""
        - overcloud.backup.pacemaker_facts:
          loop: "{{ range(%d) | list }}"
          register: r
          ignore_errors: true
        - assert: {that: r.results | rejectattr('failed') | list | length == 0}
        """ % len(cases))
    told = re.findall('^failed: .*$', output, re.M)
    assert len(told) == len(cases), output
    for text, (answer, said) in zip(told, cases):
        has(text, said)
        assert len(text) < 5000, text[:5000]
    lacks(output, 'Traceback', 'Unexpected failure', 'RecursionError')


def case_types(bench):
    """hostile: a value of an undocumented type is one clear failure"""
    aside = 'not one of pacemaker_facts and was ignored: %s.'
    refused(bench, [(wrong, aside % said) for wrong, said in (
        ({'failed': 'false'}, 'failed is not true or false'), ({'msg': {'a': 1}}, 'msg is not a text'),
        ({'warnings': 'no list'}, 'warnings is not a list'), ({'warnings': [{'a': 1}]}, 'warnings is not a text'),
        ({'changed': []}, 'changed is not true or false'), ({'diff': [1]}, 'diff is not a mapping'),
        ({'diff': {'before': 1}}, 'diff.before is not a text'), ({'exception': 1}, 'exception is not a text'),
        ({'invocation': []}, 'invocation is not a mapping'), ({'ansible_facts': []}, 'ansible_facts is not a mapping'),
        ({'ansible_facts': {'ansible_pacemaker': 'text'}}, 'ansible_facts.ansible_pacemaker is not a mapping'),
        ({'ansible_facts': {'ansible_pacemaker': {'nodes': {}}}},
         'ansible_facts.ansible_pacemaker.nodes is not a list'),
        ({'ansible_facts': {'ansible_pacemaker': {'nodes': ['x']}}},
         'ansible_facts.ansible_pacemaker.nodes is not a mapping'),
        ({'ansible_facts': {'ansible_pacemaker': {'gathered_at': '1'}}},
         'ansible_facts.ansible_pacemaker.gathered_at is not a number'))])


def case_broken_jobs(bench):
    """hostile: a job with contradictory answers fails with a message"""
    running = dict(ENDED, ended=False)
    for answers, said in (([STARTED, dict(ENDED, result=[1]), ENDED], 'result is not a mapping'),
                          ([STARTED, ENDED], 'has ended, but not how'),
                          ([STARTED, dict(ENDED, result={'failed': 'no'}), ENDED],
                           'result.failed is not true or false'),
                          ([dict(STARTED, unit=1)], 'unit is not a text'),
                          ([STARTED, dict(running, progress=[1]), ENDED], 'progress is not a mapping'),
                          ([STARTED, dict(running, progress={'elapsed': 'x'}), ENDED],
                           'progress.elapsed is not a number')):
        output = Liar(bench, *answers).play(BACKUP, status=2)
        has(output, said)
        lacks(output, 'Traceback', 'Unexpected failure')


def case_sizes(bench):
    """hostile: an answer that is too large or too deep is one clear failure"""
    deep = '[' * 100000 + ']' * 100000
    refused(bench, [
        ('{"msg": "%s"}' % ('x' * 9000000), 'bytes, more than'), ('{"a": %s}' % deep, 'nested deeper'),
        ('{"invocation": {"module_args": {"a": %s1%s}}}' % ('[' * 40, ']' * 40), 'nested deeper'),
        ('{"invocation": {"module_args": {"a": %s1%s}}}' % ('{"a":' * 600, '}' * 600), 'nested deeper'),
        ('{"a": [%s1]}' % ('1,' * 600000), 'more than 500000 values'),
        ('{"msg": "%s"}' % ('x' * 5000000), 'the text of msg has'),
        ('{"a": %s}' % ('9' * 5000), 'has 5000 digits')])


def case_numbers(bench):
    """hostile: invalid or ambiguous JSON is one clear failure"""
    refused(bench, [
        ('{"a": NaN}', 'NaN is not a number'), ('{"a": -Infinity}', 'Infinity is not a number'),
        ('{"a": 1e999}', 'too large'),
        ('{"changed": false, "changed": true}', 'has a key twice'), ('[{"changed": true}]', 'gave no result'),
        ('"text"', 'gave no result'),
        ('{"changed": tru', 'gave no result'), ('', 'gave no result'), ('\x00\x01{', 'gave no result'),
        (HALVES, 'gave no result')])


def case_wrapped_warnings(bench):
    """hostile: wherever a warning is wrapped, no line looks like one about another host"""
    forged = 'fatal: [two]: FAILED! => {}'
    padded = ['%s %s' % ('w' * n, forged) for n in range(80)]
    output = Liar(bench, {'warnings': padded, forged: 1}).play('- overcloud.backup.pacemaker_facts: {}\n')
    lacks(output, '[two]', 'TASK [w')
    has(output, 'fatal: (two): FAILED!')


def case_many_warnings(bench):
    """hostile: warnings are few and short"""
    output = Liar(bench, {'warnings': ['w' * 20000] * 300}).play("""
        - overcloud.backup.pacemaker_facts:
          register: r
        - assert: {that: ["r.warnings | length <= 100", "r.warnings[0] | length < 2100"]}
        """)
    lacks(output, 'w' * 3000)


def harmless(output):
    found = FORBIDDEN.search(output)
    assert not found, '%a in %a' % (found.group(), output[max(0, found.start() - 200):found.end() + 100])


def printable(output):
    """For a play on one host: nothing that a terminal obeys, and no line about another host."""
    harmless(output)
    forged = [line for line in output.split('\n') if line.startswith(('ok: [two]', 'TASK [forged]', 'fatal: [two]'))]
    assert not forged, output


def case_terminal(bench):
    """hostile: no text of an answer reaches the terminal with what a terminal obeys"""
    text = 'x' + SEQUENCES + 'y' + FORGED
    facts = {'ansible_facts': {'ansible_pacemaker': {'present': True, 'properties': {text: text, 'list': [text]},
                                                     'local_node': text}}}
    answer = dict(facts, msg=text, warnings=[text], diff={'before': text, 'after': 'other\n'},
                  invocation={'module_args': {text: text}})
    for answer in (answer, dict(answer, failed=True, exception=text), {text: 1}):
        output = Liar(bench, answer).play("""
            - overcloud.backup.pacemaker_facts:
              register: r
              ignore_errors: true
            - debug: {var: r}
            - debug: {msg: "{{ r.msg | default('') }}"}
            - copy: {content: "{{ r | to_json }}", dest: %s}
              diff: false
            """ % bench.path('registered'), options=['-vvv', '--diff'])
        printable(output)
        with open(bench.path('registered'), encoding='utf-8') as f:
            registered = json.dumps(json.load(f), ensure_ascii=False)
        assert not FORBIDDEN.search(registered.replace('\\n', '')), ascii(registered)


def case_terminal_without_a_result(bench):
    """hostile: nor does output in place of an answer, nor a platform"""
    text = 'first' + SEQUENCES + FORGED + 'last' + SEQUENCES
    liar = Liar(bench, text.replace('\n', '\n ') + '\n' + 'z' * 200000 + SEQUENCES)
    with open(bench.path('liar'), 'a') as f:
        f.write('cat lie.$i >&2\n')
    output = liar.play('- overcloud.backup.pacemaker_facts:\n  register: r\n- debug: {var: r}', status=2)
    printable(output)
    assert len(output) < 400000, len(output)
    bench.write('uname', '#!/bin/sh\nprintf "Linux \\033]0;t\\007\\n"\n', 0o755)
    bench.undo.append(lambda: os.unlink(bench.path('uname')))
    for rc in (0, 210, 255):
        script = ('#!/bin/sh\nprintf "Linux \\033]0;t\\007\\r\\302\\233\\n"; printf "\\033]52;c;e\\007tty\\n" >&2\n'
                  'exit %d\n')
        bench.write('liar', script % rc, 0o755)
        output = liar.play('- overcloud.backup.pacemaker_facts:', status=2)
        printable(output)
    printable(bench.play(
        '- overcloud.backup.pacemaker_facts:\n  environment: {PATH: "%s:{{ lookup(\'env\', \'PATH\') }}"}' % bench.work,
        status=2))


def case_terminal_progress(bench):
    """hostile: progress is one line, only about this host"""
    text = 'x' + SEQUENCES + FORGED
    progress = dict(STARTED, progress={'phase': text, 'elapsed': 1.5, 'read_bytes': -5, 'expected_bytes': 10 ** 19},
                    ended=False)
    output = Liar(bench, dict(STARTED, attached=True, unit=text), progress, {'failed': True, 'msg': text},
                  dict(ENDED, unit=text, result={'failed': True, 'msg': text})).play(
        BACKUP.replace('job: mine', 'job: "mine\\nok: [two]"'), status=2)
    printable(output)
    has(output, 'one: backup, x', 'already exists', 'no contact, trying again: x')


def case_terminal_connection(bench):
    """hostile: nor does a connection's error"""
    bench.write('ssh', '#!/bin/sh\nprintf "\\033]0;t\\007\\r\\302\\233one\\nok: [two]\\n" >&2\nexit 255\n', 0o755)
    bench.undo.append(lambda: os.unlink(bench.path('ssh')))
    output = bench.play('- overcloud.backup.pacemaker_facts:', hosts='dead', status=4,
                        env={'ANSIBLE_SSH_EXECUTABLE': bench.path('ssh')})
    printable(output)
    has(output, 'Could not connect to the host')


def case_templates(bench):
    """hostile: a text that looks like a template stays a text"""
    text = "{{ lookup('pipe', 'touch %s') }}" % bench.path('ran')
    output = Liar(bench,
                  {'msg': text, 'warnings': [text],
                   'ansible_facts': {'ansible_pacemaker': {'local_node': text, 'properties': {text: text}}}}).play("""
        - overcloud.backup.pacemaker_facts:
          register: r
        - set_fact: {copied: "{{ r }}", node: "{{ ansible_facts.pacemaker.local_node }}"}
        - debug: {msg: "{{ copied }} {{ node }} {{ r.msg }}"}
        - debug: {var: r}
        """)
    unharmed(bench, output)


def case_templates_of_failures(bench):
    """hostile: nor is a failure's text evaluated that a rescue reports"""
    text = '{{ lookup("pipe", "touch %s") }}' % bench.path('ran')
    report = "\n  rescue:\n    - debug: {msg: 'It failed: {{ ansible_failed_result.msg }}'}\n"
    output = Liar(bench, {'failed': True, 'msg': text}).play([
        '- block:\n    - overcloud.backup.galera_facts:' + report + """
    - set_fact: {kept: "{{ ansible_failed_result }}"}
    - debug: {msg: "{{ kept.msg }}"}
    - overcloud.backup.notify: {event: failure}
      register: told
    - debug: {msg: "{{ told.message }} {{ told.outcome.reason }}"}
""",
        # A value that a host can set with its facts, in a message of the control node.
        '- block:\n    - overcloud.backup.preflight: {work: backup, hosts_of: controller_backup}\n'
        "      vars: {controller_backup_hosts: [!unsafe '%s']}" % text + report])
    assert output.count('It failed: ') == 2, output
    unharmed(bench, output)
