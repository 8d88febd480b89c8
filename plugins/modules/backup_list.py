#!/usr/bin/python
# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the overcloud.backup authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Generated from modules/backup_list.yml by "make generate": change that file.
from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
module: backup_list
short_description: Make one list of the backup sets that several hosts reported
version_added: 1.0.0
description:
  - >-
    Makes one list, newest first, of what M(overcloud.backup.backup_info) returned on several hosts and for several
    directories. It reads no set and changes nothing. The role C(overcloud.backup.controller_list) and the collection's
    C(playbooks/list.yml) run both.
  - >-
    The action plugin runs it on the control node, whatever C(delegate_to), C(become) and C(connection) say. On a
    control node that cannot run the collection's binary (Linux on x86_64 or aarch64), two of the hosts that answered
    make the list, and it fails unless both lists are the same.
  - >-
    A host is trusted only about itself. A set that several hosts report alike, such as on a shared mount, is one entry
    with all of them. A host that reports anything differently gets an entry of its own and changes no other.
  - A host that could not be asked is listed as unknown. That is not a failure of this module.
  - Sets, and the records that they were verified, are not signed. Anyone who can write to a destination can forge both.
options:
  hosts:
    description:
      - >-
        Names of the hosts in the inventory. The action plugin takes their answers from the variable
        C(controller_list_answers), a registered loop of M(overcloud.backup.backup_info) over the destinations. By
        default all hosts of the play.
      - A host without an answer is listed as unknown.
    type: list
    elements: str
  destinations:
    description: Directories that a host without an answer should have been asked about, besides those of the answers.
    type: list
    elements: path
  answers:
    description:
      - >-
        The answers themselves, for use without the action plugin. One entry for each host and destination, with the
        keys C(host), C(destination), C(listing) (the result of M(overcloud.backup.backup_info)), and for a failure
        C(error), a text, and C(unreachable).
    type: list
    elements: dict
  cluster:
    description: Name of the cluster's folder. Without it, all clusters are listed.
    type: str
    default: ""
  at:
    description: The time in seconds since the epoch to which ages refer. By default now, by the control node's clock.
    type: float
    default: 0
  show:
    description:
      - >-
        Output of the action plugin while the task runs. C(table) is C(text). C(json) is C(list) as indented JSON, which
        begins with a line C({) and ends with a line C(}).
    type: str
    choices:
      - none
      - table
      - json
    default: none
  file:
    description:
      - >-
        File on the control node that the action plugin writes C(list) to, as JSON. Its folder must exist. It is not
        written in check mode, and is not reported as a change. A relative path starts in the command's current
        directory.
      - >-
        An existing file is replaced as a whole by a new one, which belongs to the user who runs Ansible and has the
        mode 0666 without that user's umask, usually 0644. A symbolic link is replaced, too, and the file that it leads
        to stays as it is. A path that is not a regular file, such as a named pipe or C(/dev/stderr), is written to in
        place.
    type: path
attributes:
  check_mode:
    description: Can run in check mode. It never changes anything on a host; in check mode C(file) is not written.
    support: full
  diff_mode:
    description: Can say what it changed in the form of a difference.
    support: none
seealso:
  - module: overcloud.backup.backup_info
  - module: overcloud.backup.backup_verify
author:
  - The overcloud.backup authors (@overcloud-backup)
"""

EXAMPLES = r"""
- name: List the sets of every controller
  hosts: Controller
  gather_facts: false
  tasks:
    - name: Read the destinations
      overcloud.backup.backup_info:
        destination: "{{ item }}"
      loop: [/var/backups/overcloud]
      become: true
      register: controller_list_answers

    - name: Make one list
      overcloud.backup.backup_list:
        show: table
        file: /var/lib/monitoring/sets.json
      when: inventory_hostname == ansible_play_hosts[0]
"""

RETURN = r"""
msg:
  description: Like C(message).
  returned: success
  type: str
  sample: 7 sets (6 complete, 1 damaged).
message:
  description: What was found, and what is not known.
  returned: success
  type: str
  sample: '7 sets (6 complete, 1 damaged). controller-1 could not be asked: what is there is unknown.'
text:
  description: The list as tables for people, in plain ASCII.
  returned: success
  type: str
  sample: 'cluster galera_cluster 0bf81e81-e6a9-11f1-aab7-6f76032d5070: the newest good set is 3 h old, on controller-2; ...'
list:
  description: The list for programs.
  returned: success
  type: dict
  contains:
    schema:
      description: >-
        Version of this structure, C(1). It changes when a key is removed or gets another meaning, not when one is
        added.
      returned: always
      type: int
      sample: 1
    generated_at:
      description: The time of the list, in seconds since the epoch.
      returned: always
      type: float
      sample: 1795385700.5
    generated:
      description: The same in UTC.
      returned: always
      type: str
      sample: "2026-11-22T22:15:00Z"
    complete:
      description: Whether every host has listed all of every destination. If not, there may be more sets.
      returned: always
      type: bool
      sample: false
    asked:
      description: The hosts that answered for at least one destination.
      returned: always
      type: list
      elements: str
      sample:
        - controller-0
        - controller-2
    unknown:
      description: The hosts of which at least one destination is unknown.
      returned: always
      type: list
      elements: str
      sample:
        - controller-1
    nowhere:
      description: The destinations that none of the hosts has.
      returned: always
      type: list
      elements: str
      sample: []
    places:
      description: Every destination on every host.
      returned: always
      type: list
      elements: dict
      contains:
        host:
          description: Name of the host in the inventory.
          returned: always
          type: str
          sample: controller-1
        destination:
          description: The directory.
          returned: always
          type: str
          sample: /var/backups/overcloud
        state:
          description:
            - >-
              C(listed) is completely listed, C(missing) does not exist there. C(partly) lacks what could not be read.
              C(unreadable) could not be listed, and for C(unknown) the host could not be asked.
          returned: always
          type: str
          sample: unknown
        sets:
          description: Number of sets; null if it is not known.
          returned: always
          type: int
          sample: null
        reason:
          description: Why it is not C(listed). Empty if it is.
          returned: always
          type: str
          sample: 'Lost the connection to the host: Connection refused'
    clusters:
      description: A summary for each cluster. Two clusters may have the same name.
      returned: always
      type: list
      elements: dict
      contains:
        name:
          description: The cluster's folder.
          returned: always
          type: str
          sample: galera_cluster
        uuid:
          description: C(wsrep_cluster_state_uuid); empty for sets whose manifest is not there or cannot be used.
          returned: always
          type: str
          sample: 0bf81e81-e6a9-11f1-aab7-6f76032d5070
        sets:
          description: Number of its sets, of any state.
          returned: always
          type: int
          sample: 7
        newest_good:
          description: The newest set that is C(complete); null if there is none. A set from the future does not count.
          returned: always
          type: dict
          contains:
            set:
              description: Its name.
              returned: always
              type: str
              sample: galera_cluster/20261122T191500Z_physical_controller-2
            hosts:
              description: The hosts that see it.
              returned: always
              type: list
              elements: str
              sample:
                - controller-2
            age:
              description: Its age in seconds.
              returned: always
              type: int
              sample: 10800
            verified:
              description: As in C(list.sets).
              returned: always
              type: str
              sample: restore
            verified_at:
              description: As in C(list.sets).
              returned: always
              type: float
              sample: 1795374960.25
        newest_verified:
          description: The newest of them that passed a verification; null if there is none.
          returned: always
          type: dict
          contains:
            set:
              description: Its name.
              returned: always
              type: str
              sample: galera_cluster/20261122T191500Z_physical_controller-2
            hosts:
              description: The hosts that see it.
              returned: always
              type: list
              elements: str
              sample:
                - controller-2
            age:
              description: Its age in seconds.
              returned: always
              type: int
              sample: 10800
            verified:
              description: As in C(list.sets).
              returned: always
              type: str
              sample: restore
            verified_at:
              description: As in C(list.sets).
              returned: always
              type: float
              sample: 1795374960.25
    sets:
      description: The sets, newest first by name, and folders where sets would be. Unknown values are empty, zero or null.
      returned: always
      type: list
      elements: dict
      contains:
        set:
          description: Its name, C(<cluster>/<time>_<method>_<controller>). Empty for a folder that is not a set.
          returned: always
          type: str
          sample: galera_cluster/20261122T191500Z_physical_controller-2
        path:
          description: Its path on each of C(list.sets.hosts).
          returned: always
          type: str
          sample: /var/backups/overcloud/galera_cluster/20261122T191500Z_physical_controller-2
        destination:
          description: The directory in which it was found.
          returned: always
          type: str
          sample: /var/backups/overcloud
        hosts:
          description: The hosts that see it, by their names in the inventory.
          returned: always
          type: list
          elements: str
          sample:
            - controller-2
        state:
          description:
            - >-
              C(complete) has its manifest, and its last verifications found nothing. Only C(list.sets.verified) says
              whether there was one.
            - C(damaged) does not have the bytes that were written, or no usable manifest.
            - C(failed_verification) does not load, or differs from what was recorded.
            - C(incomplete) has no manifest, because its backup still runs or was killed.
            - C(unreadable) could not be read and may be good.
          returned: always
          type: str
          sample: complete
        reason:
          description: Why it is not C(complete), and other information about it.
          returned: always
          type: str
          sample: ""
        time:
          description: The time in its name, in seconds since the epoch; null if the name has none.
          returned: always
          type: float
          sample: 1795374900.0
        when:
          description: The same in UTC.
          returned: always
          type: str
          sample: "2026-11-22T19:15:00Z"
        age:
          description: Its age in seconds; negative if its time is in the future.
          returned: always
          type: int
          sample: 10800
        cluster:
          description: The cluster's folder (C(name)), and C(wsrep_cluster_state_uuid) (C(uuid)).
          returned: always
          type: dict
          sample:
            name: galera_cluster
            uuid: 0bf81e81-e6a9-11f1-aab7-6f76032d5070
        controller:
          description: The controller that was backed up.
          returned: always
          type: str
          sample: controller-2
        method:
          description: C(physical) or C(logical).
          returned: always
          type: str
          sample: physical
        server_version:
          description: Version of the server that was backed up.
          returned: always
          type: str
          sample: 10.11.19-MariaDB-0+deb12u1
        started_at:
          description: When the backup began, in seconds since the epoch.
          returned: always
          type: float
          sample: 1795374900.5
        ended_at:
          description: When the backup ended, in seconds since the epoch.
          returned: always
          type: float
          sample: 1795374903.0
        bytes:
          description: Size of its files in bytes.
          returned: always
          type: int
          sample: 31457280
        raw_bytes:
          description: Size of its unpacked content in bytes.
          returned: always
          type: int
          sample: 209715200
        compression:
          description: Compression of the data, C(zstd) or C(none).
          returned: always
          type: str
          sample: zstd
        position:
          description: >-
            Its place in the cluster's history, with C(uuid), C(seqno), C(seqno_end) and C(gtid); null without a
            manifest.
          returned: always
          type: dict
          sample:
            uuid: 0bf81e81-e6a9-11f1-aab7-6f76032d5070
            seqno: 4711
            seqno_end: 4711
            gtid: ""
        verified:
          description: The highest level that it passed, C(read) or C(restore). Empty if it passed none.
          returned: always
          type: str
          sample: restore
        verified_at:
          description: When it passed that level, in seconds since the epoch; 0 if it passed none.
          returned: always
          type: float
          sample: 1795374960.25
        verifications:
          description: The last outcome of each level, with C(level), C(ok), C(at) in seconds since the epoch, and C(host).
          returned: always
          type: list
          elements: dict
          sample:
            - level: restore
              ok: true
              at: 1795374960.25
              host: controller-2
        manifest_sha256:
          description: The sha256 of its manifest.
          returned: always
          type: str
          sample: 2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae
"""
