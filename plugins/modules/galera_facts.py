#!/usr/bin/python
# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the overcloud.backup authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Generated from modules/galera_facts.yml by "make generate": change that file.
from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
module: galera_facts
short_description: Read the state, the clients and the data of this host's Galera node
version_added: 1.0.0
description:
  - Reads this host's MariaDB server with Galera, and changes nothing.
  - >-
    Returns the wsrep status as typed values, rates over a short window, the client sessions, the size of the data and
    the free space, where the server runs and how it was reached.
  - >-
    Works with the server down, and on a host without a database, where C(ansible_facts.ansible_galera.present) is
    C(false).
  - >-
    The server is local. It is reached through its unix socket if there is one, also inside a container, else over TCP.
    The plugins C(mysql_native_password), C(ed25519) and C(unix_socket) work; C(caching_sha2_password) works only over
    TLS, because without it the server would learn the password.
  - >-
    A value that could not be read is an entry in C(ansible_facts.ansible_galera.errors) and does not make the module
    fail. The value itself is empty, C(false), C(0) or C(-1), and never looks healthy.
options:
  sample:
    description: >-
      Seconds between the two readings of the counters for the rates, at most half of C(timeout). C(0) takes one reading
      and no rates.
    type: float
    default: 0.25
  sizes:
    description:
      - Whether to add up the sizes of all tables, by engine. With tens of thousands of tables this takes seconds.
      - The server itself ends the query at the time limit.
    type: bool
    default: true
  ignore_users:
    description:
      - Users of health checks. Their sessions do not count as clients.
      - >-
        Sessions of C(root), C(mysql) and the user of this module do not count either through the unix socket, but do
        through TCP.
    type: list
    elements: str
    default:
      - clustercheck
      - haproxy
  timeout:
    description: Time limit of the whole reading, in seconds.
    type: float
    default: 10
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
    description: Can run in check mode and return what it would return without it.
    support: full
  diff_mode:
    description: Can say what it changed. It changes nothing.
    support: none
  facts:
    description: Returns facts.
    support: full
requirements:
  - >-
    Root, or an account of the server. The privilege C(PROCESS) gives access to the sessions of others, C(SELECT) on
    C(*.*) to the sizes, C(EVENT) on C(*.*) to the events.
  - MariaDB 10.1 or later.
seealso:
  - module: overcloud.backup.pacemaker_facts
  - module: overcloud.backup.haproxy_facts
  - module: overcloud.backup.idle_controller
author:
  - The overcloud.backup authors (@overcloud-backup)
"""

EXAMPLES = r"""
- name: Read the Galera node
  overcloud.backup.galera_facts:

- name: Show its clients
  ansible.builtin.debug:
    msg: "{{ ansible_galera.sessions }}"

- name: Read it with a dedicated account, as fast as possible
  overcloud.backup.galera_facts:
    login_user: backup
    login_password: "{{ backup_password }}"
    login_unix_socket: /var/lib/mysql/mysql.sock
    sample: 0
    sizes: false

- name: Read it over TCP with TLS
  overcloud.backup.galera_facts:
    login_host: "{{ ansible_facts.nodename }}"
    config_file: /root/.my.cnf
    ca_cert: /etc/ipa/ca.crt
"""

RETURN = r"""
ansible_facts:
  description: The facts.
  returned: always
  type: dict
  contains:
    ansible_galera:
      description: The Galera node of this host.
      returned: always
      type: dict
      contains:
        present:
          description: Whether this host has the server, its configuration or its data.
          returned: always
          type: bool
          sample: true
        gathered_at:
          description: End of the reading, in seconds since the epoch, by the control node's clock.
          returned: always
          type: float
          sample: 1764000000.25
        clock_skew:
          description: The host's clock minus the control node's, in seconds; C(0) if the latter is not known.
          returned: always
          type: float
          sample: 0.01
        duration:
          description: Duration of the reading in seconds.
          returned: always
          type: float
          sample: 0.31
        host:
          description: The host, as it describes itself.
          returned: always
          type: dict
          contains:
            name:
              description: The host name of the kernel.
              returned: always
              type: str
              sample: controller-1
            addresses:
              description: All global addresses of all interfaces.
              returned: always
              type: list
              elements: str
              sample:
                - 10.99.0.11
            boot_id:
              description: The boot id.
              returned: always
              type: str
              sample: 0b8f5f0e-3c5e-4c50-8a55-2f2a3a7c4f11
            machine_id:
              description: The content of C(/etc/machine-id).
              returned: always
              type: str
              sample: 4f1c2d3e4b5a69788796a5b4c3d2e1f0
        errors:
          description: Sources that could not be read. Empty if all were read.
          returned: always
          type: list
          elements: dict
          contains:
            source:
              description: >-
                The source: C(option files), C(login) (the account of the options was refused, another one worked),
                C(sql), C(server), C(wsrep), C(sample), C(sessions), C(events), C(sizes), C(datadir), C(grastate) or
                C(container).
              returned: always
              type: str
              sample: sessions
            where:
              description: The address or path concerned.
              returned: always
              type: str
              sample: /run/mysqld/mysqld.sock
            message:
              description: Error message.
              returned: always
              type: str
              sample: backup may not see the sessions of others
            hint:
              description: Advice.
              returned: if there is any
              type: str
              sample: grant PROCESS ON *.* to the account
        running:
          description: Whether a server of this host answered.
          returned: always
          type: bool
          sample: true
        server:
          description: The server that answered. Its values are empty if none did.
          returned: always
          type: dict
          contains:
            hostname:
              description: C(@@hostname).
              returned: always
              type: str
              sample: controller-1
            server_uid:
              description: C(@@server_uid), empty before MariaDB 10.11.
              returned: always
              type: str
              sample: bIuOdXFpQTAmktCs4diKSxtlmeE=
            pid:
              description: Process id, on this host, of the listener of the unix socket; C(0) if unknown.
              returned: always
              type: int
              sample: 1873
            version:
              description: C(@@version).
              returned: always
              type: str
              sample: 10.11.19-MariaDB-0+deb12u1
            port:
              description: C(@@port).
              returned: always
              type: int
              sample: 3306
            socket:
              description: C(@@socket).
              returned: always
              type: str
              sample: /run/mysqld/mysqld.sock
            datadir:
              description: C(@@datadir), as the server sees it.
              returned: always
              type: str
              sample: /var/lib/mysql/
            uptime:
              description: Seconds since it started.
              returned: always
              type: int
              sample: 86400
            log_bin:
              description: Whether it writes a binary log.
              returned: always
              type: bool
              sample: false
            server_id:
              description: C(@@server_id).
              returned: always
              type: int
              sample: 1
            gtid_binlog_pos:
              description: C(@@gtid_binlog_pos), empty without a binary log.
              returned: always
              type: str
              sample: 0-1-4711
            wsrep_gtid_domain_id:
              description: C(@@wsrep_gtid_domain_id).
              returned: always
              type: int
              sample: 0
            read_only:
              description: Whether it refuses writes of unprivileged users.
              returned: always
              type: bool
              sample: false
        reached:
          description: How the server was reached. Empty if none was.
          returned: always
          type: dict
          contains:
            via:
              description: C(socket) or C(tcp).
              returned: always
              type: str
              sample: socket
            address:
              description: Path of the socket, or host and port.
              returned: always
              type: str
              sample: /run/mysqld/mysqld.sock
            user:
              description: User of the login.
              returned: always
              type: str
              sample: root
            credentials:
              description: 'Source of the account: C(options), C(option file) with its path, C(hiera) or C(unix_socket).'
              returned: always
              type: str
              sample: unix_socket
            container:
              description: Name of the server's container; empty on the host itself, and if neither podman nor docker knows it.
              returned: always
              type: str
              sample: galera-bundle-podman-1
            runtime:
              description: C(podman) or C(docker) if C(ansible_facts.ansible_galera.reached.container) is set.
              returned: always
              type: str
              sample: podman
        wsrep:
          description: The Galera state at the end of the reading.
          returned: always
          type: dict
          contains:
            "on":
              description: C(wsrep_on).
              returned: always
              type: bool
              sample: true
            state:
              description: >-
                C(Initialized), C(Joining), C(Donor/Desynced), C(Joined), C(Synced) or C(Disconnected), from
                C(wsrep_local_state); empty if unknown.
              returned: always
              type: str
              sample: Synced
            cluster_status:
              description: C(Primary), C(non-Primary) or C(Disconnected); empty if unknown.
              returned: always
              type: str
              sample: Primary
            ready:
              description: C(wsrep_ready).
              returned: always
              type: bool
              sample: true
            connected:
              description: C(wsrep_connected).
              returned: always
              type: bool
              sample: true
            cluster_size:
              description: Members of its component.
              returned: always
              type: int
              sample: 3
            cluster_name:
              description: C(wsrep_cluster_name).
              returned: always
              type: str
              sample: galera_cluster
            cluster_state_uuid:
              description: The cluster's identity.
              returned: always
              type: str
              sample: 27402082-e6a9-11f1-967f-cfd7a985c0a3
            local_state_uuid:
              description: The identity of the cluster that the node's data belongs to.
              returned: always
              type: str
              sample: 27402082-e6a9-11f1-967f-cfd7a985c0a3
            cluster_conf_id:
              description: Number of membership changes; C(-1) outside of the Primary component.
              returned: always
              type: int
              sample: 4
            node_name:
              description: C(wsrep_node_name).
              returned: always
              type: str
              sample: controller-1
            node_address:
              description: C(wsrep_node_address).
              returned: always
              type: str
              sample: 10.99.0.11
            cluster_address:
              description: C(wsrep_cluster_address).
              returned: always
              type: str
              sample: gcomm://controller-0,controller-1,controller-2
            incoming_addresses:
              description: Addresses where the members say they accept clients; the port need not be usable.
              returned: always
              type: list
              elements: str
              sample:
                - 10.99.0.12:0
            arbitrators:
              description: >-
                Number of members without an incoming address. These are arbitrators (C(garbd)), without data or
                clients.
              returned: always
              type: int
              sample: 0
            gcomm_uuid:
              description: The node's id in the group communication.
              returned: always
              type: str
              sample: 8378ad41-e6a9-11f1-98d6-cf05092a510f
            local_index:
              description: The node's index in the cluster; C(-1) if it has none.
              returned: always
              type: int
              sample: 1
            last_committed:
              description: Position of the last write-set committed; C(-1) if unknown.
              returned: always
              type: int
              sample: 4711
            local_commits:
              description: Transactions of this node's clients since it started.
              returned: always
              type: int
              sample: 12
            replicated:
              description: Write-sets that this node sent.
              returned: always
              type: int
              sample: 14
            received:
              description: Write-sets that it received.
              returned: always
              type: int
              sample: 4690
            local_recv_queue:
              description: Write-sets received but not yet applied.
              returned: always
              type: int
              sample: 0
            local_recv_queue_max:
              description: Greatest length of the queue.
              returned: always
              type: int
              sample: 3
            local_send_queue:
              description: Write-sets waiting to be sent.
              returned: always
              type: int
              sample: 0
            flow_control_paused:
              description: Fraction of the time since the last FLUSH STATUS in which replication was paused.
              returned: always
              type: float
              sample: 0.0
            flow_control_paused_ns:
              description: The same in nanoseconds since the server started.
              returned: always
              type: int
              sample: 0
            flow_control_sent:
              description: Pauses that this node asked for.
              returned: always
              type: int
              sample: 0
            flow_control_recv:
              description: Pauses of the cluster, including those that this node asked for.
              returned: always
              type: int
              sample: 0
            flow_control_active:
              description: Whether replication is paused now. Always C(false) before Galera 26.4.3, which does not report it.
              returned: always
              type: bool
              sample: false
            desync:
              description: The variable C(wsrep_desync).
              returned: always
              type: bool
              sample: false
            desync_count:
              description: Number of reasons for which the node is desynced, including state transfers.
              returned: always
              type: int
              sample: 0
            evs_state:
              description: State of the group communication, C(OPERATIONAL) if healthy; empty if not connected.
              returned: always
              type: str
              sample: OPERATIONAL
            sst_method:
              description: C(wsrep_sst_method).
              returned: always
              type: str
              sample: rsync
            slave_threads:
              description: C(wsrep_slave_threads).
              returned: always
              type: int
              sample: 1
            provider_version:
              description: Version of the Galera library.
              returned: always
              type: str
              sample: 4.23(rXXXX)
            provider_options:
              description: Options of the provider that begin with C(gcs.fc_), C(gcs.sync_donor), C(gcache.) or C(pc.).
              returned: always
              type: dict
              sample:
                gcs.fc_limit: "16"
        sample:
          description: Rates between two readings of the counters. All C(0) if there was only one.
          returned: always
          type: dict
          contains:
            window:
              description: Seconds between the readings; C(0) if no rates were taken.
              returned: always
              type: float
              sample: 0.25
            replicated:
              description: Write-sets per second from this node's clients.
              returned: always
              type: float
              sample: 0.0
            local_commits:
              description: Transactions per second committed by this node's clients.
              returned: always
              type: float
              sample: 0.0
            committed:
              description: Write-sets per second of the whole cluster.
              returned: always
              type: float
              sample: 61.5
            questions:
              description: Statements per second, without this module's own.
              returned: always
              type: float
              sample: 1.0
            flow_control:
              description: Fraction of the window in which replication was paused.
              returned: always
              type: float
              sample: 0.0
            recv_queue_min:
              description: The smaller length of the receive queue at the two readings.
              returned: always
              type: int
              sample: 0
        sessions:
          description: >-
            Client sessions by user and source. Those of this module, of the server's own threads, of C(ignore_users)
            and of C(root) and C(mysql) through the unix socket are left out.
          returned: always
          type: list
          elements: dict
          contains:
            user:
              description: The user.
              returned: always
              type: str
              sample: nova
            source:
              description: >-
                The peer's address without its port; C(localhost) through the unix socket. Clients that come through
                HAProxy have the address of that HAProxy's host.
              returned: always
              type: str
              sample: 10.99.0.10
            count:
              description: Number of sessions.
              returned: always
              type: int
              sample: 12
            active:
              description: Number of sessions that were executing a statement.
              returned: always
              type: int
              sample: 1
        administrative_sessions:
          description: Number of sessions left out, without the server's own threads.
          returned: always
          type: int
          sample: 1
        logins:
          description:
            - >-
              Logins of clients that the server has counted since it started, or since the counters were reset. By their
              growth the job and the guard of a backup find clients that come and go too fast for the list of sessions.
          returned: always
          type: dict
          contains:
            counter:
              description: >-
                Source of the counts: C(performance_schema) or C(userstat), if it is C(ON) and the account may read it;
                C(none), the server's default. Empty if no server answered, or if this could not be read.
              returned: always
              type: str
              sample: userstat
            reader:
              description: User who read them, and is left out. Empty if nothing counts them.
              returned: always
              type: str
              sample: root
            uptime:
              description: Uptime of the server in seconds when it was asked for them.
              returned: always
              type: int
              sample: 86400
            users:
              description: >-
                Users, by name. Left out are the account that reads, C(ignore_users), threads of the server, and with
                C(userstat) C(root), C(mysql) and users all of whose accounts are C(@localhost). Empty if there are more
                than 200.
              returned: always
              type: list
              elements: dict
              sample:
                - user: nova
                  logins: 12
              contains:
                user:
                  description: Name of the user.
                  returned: always
                  type: str
                  sample: nova
                logins:
                  description: Number of logins; with C(performance_schema) without those through the unix socket.
                  returned: always
                  type: int
                  sample: 12
            too_many:
              description: Whether there are more than 200 users, so that none is listed and nothing is compared.
              returned: always
              type: bool
              sample: false
            remote:
              description: >-
                Number of logins over the network of all users together, with C(userstat), which does not tell whose
                they were. Otherwise 0.
              returned: always
              type: int
              sample: 12
            local:
              description: Number of logins through the unix socket of all users together, with C(userstat). Otherwise 0.
              returned: always
              type: int
              sample: 60
            only_local:
              description: >-
                Number of logins of the users all of whose accounts are C(@localhost), with C(userstat) and an account
                that may read C(mysql.user). Otherwise 0.
              returned: always
              type: int
              sample: 58
            all:
              description: Number of logins of all users together, by user, with C(userstat). Otherwise 0.
              returned: always
              type: int
              sample: 72
        events:
          description:
            - >-
              Scheduled events outside of the server's own schemas. Galera keeps an event enabled on the member where it
              was made, and C(SLAVESIDE_DISABLED) on all others, where it is in neither list.
          returned: always
          type: dict
          contains:
            known:
              description: Whether all events were read. C(false) if a list has more than 1000, or without C(EVENT) on C(*.*).
              returned: always
              type: bool
              sample: true
            scheduler:
              description: C(event_scheduler). Events run here only if it is C(ON).
              returned: always
              type: str
              sample: "ON"
            enabled:
              description: Events that run on this member if its scheduler is on.
              returned: always
              type: list
              elements: dict
              sample:
                - schema: nova
                  name: purge
              contains:
                schema:
                  description: Its schema.
                  returned: always
                  type: str
                  sample: nova
                name:
                  description: Its name.
                  returned: always
                  type: str
                  sample: purge
            disabled:
              description: Events that are disabled on this member.
              returned: always
              type: list
              elements: dict
              sample: []
              contains:
                schema:
                  description: Its schema.
                  returned: always
                  type: str
                  sample: nova
                name:
                  description: Its name.
                  returned: always
                  type: str
                  sample: purge
        storage:
          description: Size of the data and free space.
          returned: always
          type: dict
          contains:
            engines:
              description: Tables outside of the server's own schemas by storage engine.
              returned: always
              type: list
              elements: dict
              contains:
                name:
                  description: The engine; C(unknown) for tables that the server cannot open.
                  returned: always
                  type: str
                  sample: InnoDB
                tables:
                  description: Number of tables.
                  returned: always
                  type: int
                  sample: 412
                bytes:
                  description: Data and indexes, in bytes.
                  returned: always
                  type: int
                  sample: 734003200
            non_transactional:
              description: >-
                Tables that are not InnoDB, as schema.table, at most 1000. No consistent dump covers them, and Galera
                does not replicate them.
              returned: always
              type: list
              elements: str
              sample: []
            data_bytes:
              description: Data and indexes of all engines, in bytes; C(0) without C(sizes).
              returned: always
              type: int
              sample: 734003200
            datadir_total:
              description: Size of the datadir's file system, in bytes.
              returned: always
              type: int
              sample: 53687091200
            datadir_free:
              description: Free space on it for an unprivileged user, in bytes.
              returned: always
              type: int
              sample: 32212254720
        grastate:
          description: The file C(grastate.dat) of the datadir.
          returned: if the server is down and the file exists, else null
          type: dict
          contains:
            path:
              description: Its path.
              returned: always
              type: str
              sample: /var/lib/mysql/grastate.dat
            version:
              description: Version of its format.
              returned: always
              type: str
              sample: "2.1"
            uuid:
              description: The identity of the cluster that the data belongs to.
              returned: always
              type: str
              sample: 27402082-e6a9-11f1-967f-cfd7a985c0a3
            seqno:
              description: The position of the data; C(-1) after a crash.
              returned: always
              type: int
              sample: 4711
            safe_to_bootstrap:
              description: Whether this node left the cluster last.
              returned: always
              type: bool
              sample: false
"""
