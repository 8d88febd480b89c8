#!/usr/bin/python
# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the overcloud.backup authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Generated from modules/idle_controller.yml by "make generate": change that file.
from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
module: idle_controller
short_description: Decide which controller may be backed up
version_added: 1.0.0
description:
  - >-
    Decides from the facts of all controllers which of them serve the clients of the database, and which one may be
    backed up. It reads nothing and changes nothing. Run M(overcloud.backup.galera_facts),
    M(overcloud.backup.pacemaker_facts) and M(overcloud.backup.haproxy_facts) on all controllers first.
  - >-
    The action plugin runs it on the control node, whatever C(delegate_to), C(become) and C(connection) say, so that no
    controller has to trust another. On a control node that cannot run the collection's binary (Linux on x86_64 or
    aarch64), two of the controllers that have facts decide, and it fails unless both make the same decision.
  - A decision that chooses a host that was not asked about is a failure.
  - >-
    A controller is C(active) if any source shows clients of it. The sources are the HAProxy that has the virtual
    address, all other HAProxies, and its own server with sessions and write-sets. It is C(idle) only if every expected
    source has answered and reports no clients. Otherwise it is C(unknown), which no policy accepts. Facts that were
    gathered with a C(sample) of 0 leave it unknown, because they do not show short-lived activity. If there are no
    clients, the controller to which HAProxy would send the next one is active.
  - >-
    Each controller then passes gates. A gate that it fails yields a reason with a code, the measured value and the
    limit. A reason that only follows from another one is left out.
  - >-
    Those that pass are ranked by the number of virtual addresses and singletons that they hold (fewest first), the load
    (statements per second in steps of 10, then sessions), the free space (in steps of about 10 %), C(prefer), and the
    name.
  - Several clusters are decided separately, by the UUID of the Galera cluster.
  - A decision that chooses nobody is not a failure; C(chosen_hosts) is then empty.
options:
  hosts:
    description:
      - >-
        Names of the controllers in the inventory. The action plugin takes their facts from their variables. By default
        all hosts of the play.
      - A host without facts counts as unreachable.
    type: list
    elements: str
  facts:
    description:
      - >-
        The facts themselves, for use without the action plugin. One entry for each host with the keys C(name),
        C(unreachable), C(galera), C(pacemaker) and C(haproxy).
      - A document that cannot be understood is a warning, and the host then lacks these facts.
    type: list
    elements: dict
  policy:
    description:
      - C(require_idle) chooses an idle controller or none.
      - C(prefer_idle) chooses an active one if no idle one is eligible, with a warning.
      - C(allow_active) does not distinguish between active and idle.
    type: str
    choices:
      - require_idle
      - prefer_idle
      - allow_active
    default: require_idle
  exclude:
    description: Controllers that must not be chosen, by their name in the inventory, in Pacemaker, or their host name.
    type: list
    elements: str
    default: []
  prefer:
    description: Controllers to prefer among equals, best first.
    type: list
    elements: str
    default: []
  min_spares:
    description: >-
      Number of healthy standbys that can take over the clients during a backup. The chosen one counts, and stays in
      service, if it is idle and the others are too few. It is not desynced then, as is always so with 2 and three
      controllers. 0 requires none, and lets even an only spare be desynced.
    type: int
    default: 1
  max_age:
    description: Age in seconds above which facts are ignored.
    type: float
    default: 120
  max_recv_queue:
    description: Longest receive queue allowed, in write-sets.
    type: int
    default: 16
  max_lag:
    description: Number of write-sets that a node may be behind the most advanced one.
    type: float
    default: 500
  max_flow_control:
    description: Largest fraction of the sampling window in which replication may be paused, from 0 to 1.
    type: float
    default: 0.01
  min_free_space:
    description: Minimum free space on the datadir's file system, in bytes.
    type: int
    default: 1073741824
  min_proxy_uptime:
    description: Minimum uptime in seconds of a HAProxy whose statistics count. A younger one has not checked its servers yet.
    type: int
    default: 5
  vip:
    description:
      - The virtual addresses by which clients reach the database.
      - >-
        By default those on which HAProxy listens for it. Set this if HAProxy listens on every address and Pacemaker has
        no virtual address, as with keepalived, or several on different hosts.
    type: list
    elements: str
    default: []
  show:
    description: Whether the action plugin prints the table while the task runs. C(text) always contains it.
    type: bool
    default: false
attributes:
  check_mode:
    description: Can run in check mode and return what it would return without it.
    support: full
  diff_mode:
    description: Can say what it changed. It changes nothing.
    support: none
notes:
  - >-
    The codes of reasons are: C(ambiguous_names) a name of the cluster could mean two hosts; C(stale_facts) its facts
    are too old (C(max_age)); C(cluster_incomplete) a member of the cluster did not answer; C(excluded) the option
    exclude names it; C(active) it serves clients, or would serve the next one; C(unknown) whether it serves clients is
    unknown: a source did not answer (C(min_proxy_uptime)); C(not_running) MariaDB does not run on it; C(split_brain)
    nodes of the cluster are in different Primary components; C(not_primary) it is not in the Primary component;
    C(desynced) somebody set wsrep_desync; C(donor) it is the donor of a state transfer; C(not_synced) it is not Synced;
    C(not_ready) it does not accept statements, or lost its cluster connection; C(flow_control) flow control pauses
    replication (C(max_flow_control)); C(recv_queue) its receive queue is long (C(max_recv_queue)); C(lagging) it is
    behind the cluster (C(max_lag)); C(pacemaker_unread) Pacemaker does not report it; C(no_quorum) Pacemaker has no
    quorum; C(unclean) Pacemaker wants to fence the node; C(fencing_pending) the node is being fenced, or is about to
    be; C(node_offline) the node is offline for Pacemaker; C(pending) the node is joining or leaving Pacemaker;
    C(standby) the node is in standby; C(maintenance) the node or the cluster is in maintenance; C(node_health) the
    node's health in Pacemaker is red or unknown; C(resource_failed) its galera resource failed, is blocked, or is not
    promoted; C(resource_unmanaged) its galera resource is unmanaged; C(banned) a constraint keeps galera off the node:
    it is about to be stopped; C(stopping) Pacemaker is set to stop galera; C(server_down) HAProxy on the VIP holder
    does not report it as up; C(no_space) the datadir's file system is nearly full (C(min_free_space)); C(locked)
    another backup holds the cluster's lock; C(last_standby) too few healthy standbys could take over the clients
    (C(min_spares)).
seealso:
  - module: overcloud.backup.galera_facts
  - module: overcloud.backup.pacemaker_facts
  - module: overcloud.backup.haproxy_facts
  - module: overcloud.backup.galera_backup
author:
  - The overcloud.backup authors (@overcloud-backup)
"""

EXAMPLES = r"""
- name: Find the idle controller
  overcloud.backup.idle_controller:
    hosts: "{{ query('inventory_hostnames', 'mysql:haproxy') }}"
  register: decision

- name: Show the table
  ansible.builtin.debug:
    msg: "{{ decision.text.splitlines() }}"

- name: Find a controller, if another standby remains besides it
  overcloud.backup.idle_controller:
    hosts: "{{ query('inventory_hostnames', 'mysql:haproxy') }}"
    min_spares: 2
    exclude:
      - controller-0
"""

RETURN = r"""
policy:
  description: The policy that was applied.
  returned: always
  type: str
  sample: require_idle
decided_at:
  description: Time of the decision, in seconds since the epoch.
  returned: always
  type: float
  sample: 1795374085.2
chosen:
  description: Inventory name of the chosen controller. Empty if nobody was chosen, or if there are several clusters.
  returned: always
  type: str
  sample: controller-2
active:
  description: Names of the controllers that serve clients. Empty if there are several clusters.
  returned: always
  type: list
  elements: str
  sample:
    - controller-0
chosen_hosts:
  description: The chosen controllers of all clusters.
  returned: always
  type: list
  elements: str
  sample:
    - controller-2
message:
  description: Which controllers serve, which was chosen and why, or why none. One line for each cluster.
  returned: always
  type: str
  sample: >-
    controller-0 serves the clients (HAProxy on controller-1 (VIP): 12 sessions, 1 new in 0.25 s). controller-2 was
    chosen of 2 eligible: it holds fewer VIPs and singletons (next: controller-1).
text:
  description: The decision as a table for humans, in plain ASCII.
  returned: always
  type: str
clusters:
  description: The decision for each Galera cluster.
  returned: always
  type: list
  elements: dict
  contains:
    cluster:
      description: Name of the cluster in Pacemaker, else in Galera. If two have the same name, the beginning of the UUID is added.
      type: str
      returned: always
      sample: tripleo_cluster
    uuid:
      description: The value of C(wsrep_cluster_state_uuid), empty if no server reported it.
      type: str
      returned: always
      sample: 5bcd8e3a-7d2f-11f0-9c4e-0e3f5f0d7a11
    chosen:
      description: Name of the chosen controller, empty if nobody was chosen.
      type: str
      returned: always
      sample: controller-2
    active:
      description: Names of the controllers that serve clients.
      type: list
      elements: str
      returned: always
      sample:
        - controller-0
    vip:
      description: The virtual address on which HAProxy listens for the database.
      type: dict
      returned: always
      contains:
        address:
          description: The address, empty if unknown.
          type: str
          returned: always
          sample: 172.16.2.5
        holder:
          description: Name of the host that holds it, empty if unknown.
          type: str
          returned: always
          sample: controller-1
    events:
      description:
        - >-
          Scheduled events of all members. Galera keeps an event enabled on one member, which need not be the one that
          is backed up. M(overcloud.backup.galera_backup) records in the manifest which ran.
      type: dict
      returned: always
      contains:
        enabled:
          description: Events that a member has enabled.
          type: list
          elements: dict
          returned: always
          sample:
            - schema: nova
              name: purge
          contains:
            schema:
              description: Its schema.
              type: str
              returned: always
              sample: nova
            name:
              description: Its name.
              type: str
              returned: always
              sample: purge
        disabled:
          description: Events that a member has disabled.
          type: list
          elements: dict
          returned: always
          sample: []
          contains:
            schema:
              description: Its schema.
              type: str
              returned: always
              sample: nova
            name:
              description: Its name.
              type: str
              returned: always
              sample: purge
        scheduling:
          description: Names of the controllers whose event scheduler is on.
          type: list
          elements: str
          returned: always
          sample:
            - controller-0
        unknown:
          description: Names of the controllers that did not report their events.
          type: list
          elements: str
          returned: always
          sample: []
    worth_waiting:
      description: >-
        Whether nobody was chosen and somebody may be later without anybody's help, because all reasons of at least one
        controller pass by themselves.
      type: bool
      returned: always
      sample: false
    message:
      description: Which controllers serve, which was chosen and why, or why none.
      type: str
      returned: always
    controllers:
      description: Each host of the cluster, by name.
      type: list
      elements: dict
      returned: always
      contains:
        name:
          description: Name in the inventory.
          type: str
          returned: always
          sample: controller-2
        pacemaker_node:
          description: Name of its node in Pacemaker, empty if unknown.
          type: str
          returned: always
          sample: controller-2
        haproxy_server:
          description: Name of its server in HAProxy, empty if unknown.
          type: str
          returned: always
          sample: controller-2.internalapi.localdomain
        galera_node:
          description: Name of its node in Galera, empty if unknown.
          type: str
          returned: always
          sample: controller-2.internalapi.localdomain
        last_committed:
          description: C(wsrep_last_committed) of its server at the reading, -1 if no server reported it.
          type: int
          returned: always
          sample: 4711
        galera_state:
          description: State of its database server in a few words.
          type: str
          returned: always
          sample: Synced
        pacemaker_state:
          description: State of its node in a few words, with the number of virtual addresses and singletons it holds.
          type: str
          returned: always
          sample: online, holds 2
        haproxy_state:
          description: State of its server in the HAProxy that has the virtual address.
          type: str
          returned: always
          sample: UP, 12 sessions
        activity:
          description: Whether it serves clients. C(active), C(idle) or C(unknown); empty for a host without a database.
          type: str
          returned: always
          sample: idle
        verdict:
          description: C(chosen), C(eligible), C(rejected), or C(witness) for a host without a database.
          type: str
          returned: always
          sample: chosen
        reasons:
          description: Why it was rejected.
          type: list
          elements: dict
          returned: always
          contains:
            code:
              description: One of the codes in the notes.
              type: str
              returned: always
              sample: recv_queue
            message:
              description: The measured value and the limit.
              type: str
              returned: always
              sample: receive queue 40 > 16
            passes:
              description: Whether it ends by itself. Any other reason needs a person.
              type: bool
              returned: always
              sample: true
        evidence:
          description: Report of each source about its clients.
          type: list
          elements: str
          returned: always
          sample:
            - 'idle: MariaDB: no client sessions, no write-sets of its own in 0.25 s'
        spares:
          description: The other healthy standbys, which could take over the clients.
          type: list
          elements: str
          returned: always
          sample:
            - controller-1
        stays:
          description: >-
            Whether this controller, if it is used, must stay in service as a spare, because the others are too few for
            C(min_spares).
          type: bool
          returned: always
          sample: false
        rank:
          description: Rank among the eligible controllers, from 1. Zero for the others.
          type: int
          returned: always
          sample: 1
        logins:
          description: >-
            Logins that its server had counted, from C(ansible_galera.logins). The job compares them with those that the
            server has counted when it begins, and refuses a controller to which clients connect again and again.
          type: dict
          returned: for the chosen controller, if its server counts logins by user and they are of at most 200 users
          contains:
            counter:
              description: What counts them, C(performance_schema) or C(userstat).
              type: str
              returned: always
              sample: userstat
            reader:
              description: User who read them.
              type: str
              returned: always
              sample: root
            uptime:
              description: Uptime of the server in seconds when it was asked for them.
              type: int
              returned: always
              sample: 86400
            users:
              description: Users, by name.
              type: list
              elements: dict
              returned: always
              contains:
                user:
                  description: Name of the user.
                  type: str
                  returned: always
                  sample: nova
                logins:
                  description: Number of logins.
                  type: int
                  returned: always
                  sample: 12
            too_many:
              description: Always C(false).
              type: bool
              returned: always
              sample: false
            remote:
              description: Number of logins over the network of all users together, with C(userstat).
              type: int
              returned: always
              sample: 12
            local:
              description: Number of logins through the unix socket of all users together, with C(userstat).
              type: int
              returned: always
              sample: 60
            only_local:
              description: Number of logins of the users all of whose accounts are C(@localhost), with C(userstat).
              type: int
              returned: always
              sample: 58
            all:
              description: Number of logins of all users together, by user, with C(userstat).
              type: int
              returned: always
              sample: 72
"""
