#!/usr/bin/python
# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the overcloud.backup authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Generated from modules/galera_backup.yml by "make generate": change that file.
from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
module: galera_backup
short_description: Back up the database of this controller
version_added: 1.0.0
description:
  - >-
    Makes a backup set of this host's Galera node in a directory of this host, in one pass. The data is read, checked,
    compressed, hashed and written without intermediate copies.
  - >-
    It runs as a systemd unit, which survives the connection. Every effect is recorded in a journal before it begins. If
    the job is killed, the unit's stop command undoes its effects, and after a restart of the host C(state=recovered)
    does.
  - One backup of a cluster runs at a time. A lock in Pacemaker's configuration keeps others away and names its holder.
  - >-
    While the data is read, a guard checks this node and its cluster every second. It stops and undoes the backup when
    clients arrive, when too few controllers can serve, when writers would have to wait, or when disk space, redo log,
    destination or lease run out. C(guard) says which rule was broken, since when, and what the guard saw.
  - >-
    Checks come first. The server must be the one whose files are visible here, the account must have every privilege,
    the tool must fit the server, there must be room, and the node must be Synced in the Primary component without
    clients. Otherwise the module fails before it does anything.
  - The node is checked again after it has caught up, right before the data is read.
  - >-
    The manifest records which scheduled events any member of the cluster ran, as far as C(decision) knows. Galera keeps
    an event enabled on one member only.
  - >-
    Besides the data, a set contains the users as statements, in a logical set also the time zones and foreign servers,
    and the configuration of MariaDB, HAProxy, Pacemaker and Corosync. If Pacemaker on this host does not return its
    configuration, the module fails; a host without a cluster, or without C(cibadmin), is a warning.
  - >-
    The manifest is written last; a set without one does not exist. If anything fails, the files written so far are
    removed. Only a node that does not resync after C(desync=always) fails the module beside a complete set; C(backup)
    is returned then, too.
  - >-
    A set can be restored without this collection, with C(zstd -d), C(mbstream -x) and C(mariadb-backup --prepare), or
    with C(zstd -d) and C(mariadb). C(backup.manifest.restore) lists the commands.
  - >-
    A physical set is the state of this node at exactly C(backup.position). A logical set is its state at one position
    from C(backup.position.seqno) to C(backup.position.seqno_end). Both contain everything that any node of the cluster
    had committed when the backup began, because the node catches up first.
options:
  state:
    description:
      - C(present) starts a backup, or finds the one of this C(job), and waits for it unless C(wait=false).
      - >-
        C(status) reports the progress of C(job), or of the running job, and renews its lease, as its caller does. It is
        deprecated for only looking at a job; use M(overcloud.backup.galera_backup_info), which changes nothing.
      - C(cancelled) ends the job in an orderly way. It undoes its effects and leaves no set.
      - >-
        C(recovered) undoes the effects of dead jobs of this host, such as after a restart of the host. If there are
        none, it changes nothing.
    type: str
    choices:
      - present
      - status
      - cancelled
      - recovered
    default: present
  job:
    description:
      - >-
        Id of the job, up to 64 letters, digits, dots, dashes and underscores. A second call with the same id finds the
        first job instead of starting another. If that has ended, its result is returned with a warning, nothing is
        made, and C(changed) is false.
      - Without it the id is made from the time. The results of the last 20 jobs that ended are kept.
    type: str
  wait:
    description: Whether C(state=present) waits for the end. If false, the job's id is returned at once.
    type: bool
    default: true
  on_lost_caller:
    description:
      - >-
        Behaviour when nobody has asked for the job for C(lease) seconds, because the control node died, the task was
        cancelled, or the network is down.
      - C(continue) continues the job, up to C(max_duration). C(stop) stops and undoes it.
      - With C(async) the caller is the waiting process on the host, which asks as long as that host runs.
    type: str
    choices:
      - continue
      - stop
    default: continue
  lease:
    description: Time in seconds, at least 5, after which a caller that no longer asks counts as lost.
    type: float
    default: 300
  max_commit_stall:
    description:
      - >-
        Time in seconds, at least 0.1, that the backup tool may keep this node from committing while it holds its last
        locks. After that it is killed.
      - >-
        It counts from C(BACKUP STAGE BLOCK_DDL), when Galera begins to wait. Tools before 10.8 copy everything that is
        not InnoDB at this stage. If that takes longer, a higher value harms nobody as long as the node is idle.
      - While the node is needed as a spare (C(min_spares)) it is at most 0.5.
    type: float
    default: 1
  min_spares:
    description:
      - >-
        Number of controllers that must be able to take over the clients, at the start and during the backup. C(0) skips
        this check.
      - >-
        This controller counts if it is idle. If the others are too few without it, it stays in service, and the backup
        gives way. C(desync=auto) never desyncs then, C(desync=always), or a tool that holds long locks, is refused, and
        C(max_commit_stall) is at most 0.5. With three controllers C(2) always has this effect.
      - C(0) lets even an only spare be desynced, and nothing can take over the clients meanwhile.
      - >-
        If another standby is lost during the backup, this controller stays in service from then on. A desync is ended
        if the receive queue drains within two seconds; otherwise the backup is stopped.
    type: int
    default: 1
  cpu_weight:
    description: Processor weight of the job, from 1 to 10000. Everything else has 100.
    type: int
    default: 50
  io_weight:
    description: Disk weight of the job, from 1 to 10000. Everything else has 100.
    type: int
    default: 50
  memory_high:
    description:
      - >-
        Memory in MiB, at least 256 more than C(buffer), above which the job is slowed down. With control groups version
        1 (RHEL 7, and 8 by default) it is killed instead, and undone.
    type: int
    default: 1024
  nice:
    description: Nice value of the job, from -20 to 19.
    type: int
    default: 10
  ionice_class:
    description: Disk scheduler class of the job.
    type: str
    choices:
      - best-effort
      - idle
    default: best-effort
  ionice_level:
    description: Level in that class, from 0 (highest priority) to 7.
    type: int
    default: 7
  destination:
    description:
      - Absolute path of the directory for the sets of all clusters on this host, a local disk or a mount.
      - >-
        It is created with mode 0700 if it is missing. It must belong to root, and nobody else may write to it or
        replace it. Symbolic links are refused.
      - The set is C(<destination>/<cluster>/<UTC time>_<method>_<controller>/).
      - Required for C(state=present).
    type: path
  cluster:
    description: >-
      Name of the cluster's folder. Defaults to C(wsrep_cluster_name). Set it if several clusters with the same name
      share a destination.
    type: str
  method:
    description:
      - C(physical) copies the server's files with C(mariadb-backup), or C(mariabackup), of the server's own version.
      - C(logical) dumps all schemas but the server's own with C(mariadb-dump), or C(mysqldump).
      - C(auto) is C(physical) if its tool is installed and fits the server, else C(logical). C(plan.reason) says why.
    type: str
    choices:
      - auto
      - physical
      - logical
    default: auto
  desync:
    description:
      - >-
        C(auto) keeps the node Synced and a spare. Only when its receive queue or its flow control begins to reach the
        writers, C(wsrep_desync) is set to ON until the data has been read. Servers before 10.4 are desynced from the
        beginning. Without the privilege C(SUPER) C(auto) becomes C(never), with a warning. A node that is needed as a
        spare (C(min_spares)) is never desynced.
      - >-
        C(always) sets C(wsrep_desync=ON) while the data is read, so that this node never slows down the writers of the
        cluster. HAProxy sees the node as down meanwhile, so it is no spare, and the others must be enough for
        C(min_spares). It needs the privilege C(SUPER).
      - >-
        After a desync the receive queue drains, C(wsrep_desync) is set to OFF again, and the node must be Synced and
        pass its health check. HAProxy itself is not asked whether it has taken the node back; the next decision of
        M(overcloud.backup.idle_controller) shows that.
      - A node that somebody else desynced is refused and left unchanged.
      - >-
        C(never) does not change C(wsrep_desync); a backup that slows down the writers is stopped. MariaDB 10.4 and
        later desyncs itself for some milliseconds at the end of a physical backup.
    type: str
    choices:
      - auto
      - always
      - never
    default: auto
  drain_timeout:
    description:
      - >-
        Time in seconds, from 1 to 1000000, that the receive queue may take to drain before C(wsrep_desync) is set to
        OFF.
      - >-
        If it takes longer, the node stays desynced and the module fails, because a node with a long queue would stop
        every writer.
    type: float
    default: 300
  health_check_url:
    description:
      - >-
        URL that answers 200 if clients may be sent to this node, queried after a desync. By default this is port 9200,
        if anything listens there, of the server's C(bind_address); if that is every address, of C(wsrep_node_address),
        else of localhost.
    type: str
  level:
    description: Level of the zstd compression, from 1 to 19. The encoder has four levels, 1 and 2, 3 to 5, 6 to 9, and from 10 on.
    type: int
    default: 1
  buffer:
    description:
      - >-
        Size in MiB, from 0 to 4096, of the buffer between the tool and the destination. If the tool waits for a slow
        destination at its end, the commits of this node wait for the tool.
    type: int
    default: 128
  non_transactional:
    description:
      - >-
        How a logical backup treats tables that are not InnoDB. They are not part of its snapshot, and Galera does not
        replicate them.
      - C(refuse) fails with their names, C(warn) dumps them and warns.
    type: str
    choices:
      - refuse
      - warn
    default: refuse
  broken:
    description:
      - >-
        How a logical backup treats tables and views that the server cannot open, such as a view of a dropped table. A
        dump ends at the first one.
      - >-
        C(refuse) fails with their names, C(leave_out) dumps the others and warns. A physical backup copies them
        unchanged and warns.
    type: str
    choices:
      - refuse
      - leave_out
    default: refuse
  max_duration:
    description: Time in seconds, from 1 to 1000000, after which the backup is stopped and removed.
    type: float
    default: 14400
  ignore_users:
    description: Users of health checks and monitoring. Their sessions and logins do not count as clients.
    type: list
    elements: str
    default:
      - clustercheck
      - haproxy
  decision:
    description:
      - Result of M(overcloud.backup.idle_controller). It is kept in the manifest.
      - >-
        It must have chosen this host, by any of its names (C(name), C(pacemaker_node), C(galera_node)). A dict of
        another form is only kept.
      - >-
        It grants nothing. A decision that was made under a laxer policy than C(policy) is refused, and its statements
        about this host are checked again.
    type: dict
  policy:
    description:
      - C(require_idle) refuses a node that has clients at the start, C(allow_active) does not.
      - C(prefer_idle) accepts clients only if C(decision) says that this controller is active.
      - It is never taken from C(decision). Give both tasks the same policy.
    type: str
    choices:
      - require_idle
      - prefer_idle
      - allow_active
    default: require_idle
  login_user:
    description:
      - User to log in as.
      - >-
        The account given here is tried first, then the option files, then hiera (C(mysql::server::root_password)), then
        C(root) over the unix socket without a password. If the account given here is refused and another one works, the
        facts report it, and a backup warns.
      - Without C(login_password) the password is taken from the option files if these name the same user.
    type: str
  login_password:
    description: Password of C(login_user), which defaults to C(root). It is never shown and never on a command line.
    type: str
  login_unix_socket:
    description:
      - Path of the server's unix socket. If it is set, nothing else is tried.
      - >-
        Without it and without C(login_host), the option files are read, then the usual places are tried, then TCP at
        the server's C(bind-address). The search ends at the first place where a server answers.
      - >-
        Only root, the server's user and the user of the module may have write access to its folder; a folder that
        everybody can write to is refused. Over the socket, and over TCP to an address of this host, the server must run
        as C(root), C(mysql), the owner of its datadir or the user of the module. Nothing is sent to a server of any
        other user.
    type: path
  login_host:
    description: Address of the server, for a connection over TCP. C(localhost) means the unix socket.
    type: str
  login_port:
    description: >-
      Port of the server for a connection over TCP, from 1 to 65535. Defaults to the port in the option files, else
      3306.
    type: int
  config_file:
    description:
      - Option file with the account, used instead of C(/etc/my.cnf), C(/etc/mysql/my.cnf) and C(~/.my.cnf).
      - >-
        It is read as MariaDB's own client reads it, including C(!includedir); the groups are C([client]),
        C([client-server]), C([client-mariadb]), C([mysql]) and C([mariadb-client]).
      - >-
        A file that users other than root, C(mysql) and the user of the module can write or replace is skipped and
        reported.
    type: path
  connect_timeout:
    description: Time limit of one attempt to log in, in seconds, from 0.001 to 1000000.
    type: float
    default: 3
  ca_cert:
    description:
      - >-
        PEM file with the authority that signed the server's certificate. If it is set, a connection over TCP is
        encrypted or not made.
      - Without it, C(ssl-ca), C(ssl-cert), C(ssl-key) and C(ssl-verify-server-cert) of the option files apply.
      - >-
        It is refused if users other than root, C(mysql) and the user of the module can write or replace it. The same
        applies to C(client_cert) and C(client_key).
    type: path
    aliases:
      - ssl_ca
  client_cert:
    description: PEM file with the client's certificate.
    type: path
    aliases:
      - ssl_cert
  client_key:
    description: PEM file with the client's private key.
    type: path
    aliases:
      - ssl_key
  check_hostname:
    description: Whether the server's certificate must name C(login_host). By default it must. The backup tools check the same.
    type: bool
attributes:
  check_mode:
    description: Can run in check mode. It checks everything, returns C(plan), and changes nothing. Running jobs are not touched.
    support: full
  diff_mode:
    description: Can say what it changed in the form of a difference.
    support: none
requirements:
  - Root.
  - systemd 219 or later on the controller.
  - MariaDB with Galera, 10.3 or later for C(physical).
  - >-
    C(RELOAD), C(PROCESS) and C(BINLOG MONITOR) on C(*.*) for C(physical). With C(SELECT), C(SHOW VIEW), C(TRIGGER) and
    C(EVENT) the set also contains the users as statements, and the manifest describes the schema; without them
    C(plan.warnings) lists what is missing.
  - C(SELECT), C(SHOW VIEW), C(TRIGGER), C(EVENT) and C(PROCESS) on C(*.*) for C(logical).
seealso:
  - module: overcloud.backup.galera_backup_info
  - module: overcloud.backup.idle_controller
author:
  - The overcloud.backup authors (@overcloud-backup)
"""

EXAMPLES = r"""
- name: Back up the chosen controller
  overcloud.backup.galera_backup:
    destination: /var/backups/overcloud
    decision: "{{ decision }}"
  delegate_to: "{{ decision.chosen }}"
  become: true

- name: Dump all schemas with better compression
  overcloud.backup.galera_backup:
    destination: /mnt/nfs/overcloud
    cluster: overcloud-berlin
    method: logical
    level: 9
  become: true

- name: Start a backup and continue
  overcloud.backup.galera_backup:
    destination: /var/backups/overcloud
    wait: false
  become: true
  register: started

- name: Show its progress
  overcloud.backup.galera_backup:
    state: status
    job: "{{ started.job }}"
  become: true

- name: Cancel it and undo its effects
  overcloud.backup.galera_backup:
    state: cancelled
    job: "{{ started.job }}"
  become: true

- name: Let an Ansible process on the host wait for a backup
  overcloud.backup.galera_backup:
    destination: /var/backups/overcloud
  become: true
  async: 14400
  poll: 0
  register: background

- name: Undo the effects of a backup whose controller was restarted
  overcloud.backup.galera_backup:
    state: recovered
  become: true
"""

RETURN = r"""
job:
  description: Id of the job.
  returned: when a job was started or found
  type: str
  sample: 20261123T081500Z-4f2a9c
unit:
  description: Its systemd unit. C(journalctl -u) shows its log.
  returned: when a job was started or found
  type: str
  sample: overcloud-backup-20261123T081500Z-4f2a9c.service
attached:
  description: Whether the job existed already.
  returned: with C(wait=false)
  type: bool
running:
  description: Whether the job's unit exists, also while it undoes its effects.
  returned: with C(state=status) and C(state=cancelled)
  type: bool
ended:
  description: Whether the job has ended.
  returned: with C(state=status), C(state=cancelled) and C(wait=false)
  type: bool
progress:
  description: Progress of the job.
  returned: with C(state=status), while it runs
  type: dict
  sample:
    phase: stream
    read_bytes: 104857600
    stored_bytes: 15728640
    expected_bytes: 209715200
    elapsed: 1.2
  contains:
    phase:
      description: Current phase.
      returned: always
      type: str
    read_bytes:
      description: Bytes read from the tool.
      returned: always
      type: int
    stored_bytes:
      description: Bytes written to the destination.
      returned: always
      type: int
    expected_bytes:
      description: Estimate of the bytes that the tool will produce.
      returned: always
      type: int
    elapsed:
      description: Seconds since the start.
      returned: always
      type: float
result:
  description: Result of the job, as C(state=present) would return it.
  returned: with C(state=status) and C(state=cancelled), when it has ended
  type: dict
guard:
  description: The broken rule of the guard (C(rule)), C(since) when, C(message), and the last C(samples).
  returned: when the guard stopped the backup
  type: dict
  sample:
    rule: clients
    since: "2026-11-23T08:15:00Z"
    message: 'clients are connected to this node: 3 of nova from 10.0.0.5'
    samples: []
elsewhere:
  description: Whether another controller may succeed, because the cause lies with this one.
  returned: failure
  type: bool
passes:
  description: Whether the cause ends by itself, such as another backup that runs, so that a later attempt may succeed.
  returned: failure
  type: bool
undone:
  description: Effects of a killed job that were undone, each with C(effect) and C(done).
  returned: when the job was ended by force
  type: list
  elements: dict
recovered:
  description: Effects that were undone, or in check mode would be, by job.
  returned: with C(state=recovered)
  type: list
  elements: dict
  sample:
    - job: 20261123T081500Z-4f2a9c
      undone:
        - effect: lock
          done: the cluster's backup lock of job 20261123T081500Z-4f2a9c is free
msg:
  description: One line for humans, with the set and its path, or in check mode the plan.
  returned: success
  type: str
  sample: >-
    physical backup of controller-2 at 0bf81e81-e6a9-11f1-aab7-6f76032d5070:4711: 30.0 MiB stored of 200.0 MiB, 2.4 s,
    /var/backups/overcloud/galera_cluster/20261122T191500Z_physical_controller-2
plan:
  description: Plan of the backup.
  returned: when the node, the account, the tool and the destination are fit for it
  type: dict
  contains:
    controller:
      description: Host name of this controller.
      returned: always
      type: str
      sample: controller-2
    cluster:
      description: The cluster's folder, and C(wsrep_cluster_state_uuid).
      returned: always
      type: dict
      sample:
        name: galera_cluster
        uuid: 0bf81e81-e6a9-11f1-aab7-6f76032d5070
    destination:
      description: Folder for the set.
      returned: always
      type: str
      sample: /var/backups/overcloud/galera_cluster
    method:
      description: C(physical) or C(logical).
      returned: always
      type: str
      sample: physical
    reason:
      description: Why this method.
      returned: always
      type: str
      sample: 'the server''s own backup tool is here: /usr/bin/mariadb-backup 10.11.19 for 10.11.19'
    tool:
      description: The program, its version, and in the manifest its arguments.
      returned: always
      type: dict
      sample:
        path: /usr/bin/mariadb-backup
        version: 10.11.19
        args: []
    server:
      description: Version, host name, C(server_uid) and datadir of the server.
      returned: always
      type: dict
      sample:
        version: 10.11.19-MariaDB-0+deb12u1
        hostname: controller-2
        server_uid: Fq3pMrPLbS0X1nLMY1uXkL7bB1Q=
        datadir: /var/lib/mysql/
    space:
      description: Bytes of data, the assumed compression ratio, bytes needed and free, and where.
      returned: always
      type: dict
      sample:
        raw_bytes: 209715200
        assumed_ratio: 0.5
        needed_bytes: 171966464
        free_bytes: 84000000000
        at: /var/backups
    desync:
      description: >-
        When C(wsrep_desync) is set, C(desync) or, if the account may not set it or the node is needed as a spare,
        C(never).
      returned: always
      type: str
      sample: auto
    stays:
      description: >-
        Whether the node is needed as a spare, because the other standbys are too few for C(min_spares), and stays in
        service.
      returned: always
      type: bool
      sample: false
    level:
      description: Level of the compression.
      returned: always
      type: int
      sample: 1
    buffer:
      description: Size of the buffer in bytes.
      returned: always
      type: int
      sample: 134217728
    schemas:
      description: Schemas to dump.
      returned: for a logical backup
      type: list
      elements: str
      sample:
        - keystone
        - neutron
        - nova
    steps:
      description: The steps, one sentence each.
      returned: always
      type: list
      elements: str
    warnings:
      description: >-
        Warnings for the operator, such as an account that was refused and the one used instead, or files that the set
        will lack. The manifest contains them, too.
      returned: always
      type: list
      elements: str
backup:
  description: The set that was made.
  returned: when a set was made
  type: dict
  contains:
    path:
      description: Path of the set.
      returned: always
      type: str
      sample: /var/backups/overcloud/galera_cluster/20261122T191500Z_physical_controller-2
    bytes:
      description: Size of the stored data in bytes.
      returned: always
      type: int
      sample: 31457280
    raw_bytes:
      description: Size of the tool's output in bytes.
      returned: always
      type: int
      sample: 209715200
    rate:
      description: C(backup.raw_bytes) per second while the tool ran.
      returned: always
      type: float
      sample: 209715200.0
    duration:
      description: Total duration in seconds.
      returned: always
      type: float
      sample: 2.4
    durations:
      description: Seconds by phase.
      returned: always
      type: dict
      sample:
        recheck: 0.1
        catch_up: 0.2
        stream: 1.0
        resync: 0.0
        describe: 0.6
        commit: 0.0
    position:
      description:
        - >-
          The set's place in the cluster's history. C(uuid), C(seqno), C(seqno_end) (the same for a physical set),
          C(gtid) (C(gtid_binlog_pos) at C(seqno), if the server has a binary log), C(cluster_seqno) (the last position
          that the whole cluster, including the active node, had committed when the backup began), and C(meaning), which
          explains it in words.
      returned: always
      type: dict
      sample:
        uuid: 0bf81e81-e6a9-11f1-aab7-6f76032d5070
        seqno: 4711
        seqno_end: 4711
        cluster_seqno: 4709
        meaning: the state of this node at exactly this position
    manifest:
      description:
        - >-
          The content of C(manifest.json), the same values and, among others, C(files) with name, size and sha256 of
          each, C(schema) with the fingerprint and the number of tables, C(stream), C(restore), C(decision) and
          C(warnings).
        - >-
          C(schema.events_enabled) lists the events that a member of the cluster ran, C(schema.broken) the objects that
          the server could not open, C(schema.left_out) those of them that a dump lacks, C(schema.folders) folders of
          the datadir that are not schemas. C(server.settings) are the server's variables that decide whether its data
          loads elsewhere.
      returned: always
      type: dict
"""
