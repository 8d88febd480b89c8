#!/usr/bin/python
# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the overcloud.backup authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Generated from modules/haproxy_facts.yml by "make generate": change that file.
from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
module: haproxy_facts
short_description: Read the state of HAProxy's proxies and servers
version_added: 1.0.0
description:
  - >-
    Reads this host's HAProxy, version 1.5 to current, over its stats socket, and changes nothing. Only commands that
    begin with C(show) are sent.
  - If the socket returns nothing, the statistics page is read instead. The failure of the socket is recorded anyway.
  - >-
    Level C(user), as TripleO sets it, is enough. With level C(operator) the stick table is read, too, which shows where
    new sessions go.
  - >-
    HAProxy runs on every controller, but clients of the database use the one on the holder of its virtual address. The
    others show few sessions or none.
  - >-
    A socket, page or file that is missing, hangs, refuses or contains something else is an entry in
    C(ansible_facts.ansible_haproxy.errors) and does not make the module fail. A value that could not be read is empty,
    C(false), C(0) or C(-1), and never looks healthy.
  - >-
    The configuration is read for the addresses that proxies bind and for the ways to the statistics. Its passwords are
    never returned.
  - >-
    Nothing is sent to, or accepted from, anybody else who listens in HAProxy's place. On this host the socket and the
    port of the page must be held by root, by the account C(haproxy) of C(/etc/passwd), or by the user who runs this
    module; the error names the holder. A process counts as HAProxy if it belongs to one of these users and is in this
    user namespace, or if it is a worker of such a process, as in a container with its own accounts.
options:
  socket:
    description:
      - Path of the stats socket.
      - >-
        By default the first C(stats socket) of the configuration that answers, on the host or else inside the container
        of the haproxy process. If the configuration names none, C(/var/lib/haproxy/stats), C(/run/haproxy/admin.sock)
        or C(/var/run/haproxy.sock).
    type: path
  stats_url:
    description:
      - URL of the statistics page, used if the socket returns nothing.
      - >-
        By default the page that the configuration binds to one of this host's own addresses. The virtual address is
        skipped if another host holds it, because that host's HAProxy would answer.
      - >-
        The listener on another host cannot be identified. With C(http) the user and password of C(stats_user) or of the
        URL are sent there in plain text; use C(https). The user and password of the configuration are sent only to this
        host.
    type: str
  stats_user:
    description: User of the statistics page. By default the C(stats auth) of the configuration.
    type: str
  stats_password:
    description: Password of C(stats_user). Never shown.
    type: str
  config_file:
    description:
      - The files or folders given to C(haproxy -f), in that order. A folder stands for its files C(*.cfg).
      - >-
        By default those of the running process, as it sees them. If they cannot be read,
        C(/var/lib/config-data/puppet-generated/haproxy/etc/haproxy/haproxy.cfg) (TripleO's containers), else
        C(/etc/haproxy/haproxy.cfg).
      - Variables in them are taken from the environment that the process was started with, which root can read.
    type: list
    elements: path
  database_proxy:
    description:
      - >-
        Names of the sections in front of the database, C(listen), C(frontend) or C(backend). The first is the one that
        the virtual address leads to, the others are further ways to its servers, like a pool of readers.
      - >-
        By default the one named C(mysql), else the only one in mode C(tcp) that binds port 3306 or has C(galera),
        C(mariadb) or C(mysql) in its name. Several with different servers are an error that lists them, and so is a
        C(mysql) beside another one with port 3306 and other servers.
      - Other backends in mode C(tcp) with the same servers, by address and port or by name, are always found.
    type: list
    elements: str
  sample:
    description: >-
      Seconds between the two readings that count new sessions, at most half of C(timeout). C(0) takes one reading and
      counts none, which is not enough for M(overcloud.backup.idle_controller).
    type: float
    default: 0.25
  timeout:
    description: Time limit of the whole reading, in seconds, above 0 and at most 3600.
    type: float
    default: 10
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
  - Root, or the right to write to the stats socket and to read haproxy.cfg.
notes:
  - >-
    A process that was replaced by a reload keeps its sessions until they end; its successor's statistics do not include
    them.
seealso:
  - module: overcloud.backup.galera_facts
  - module: overcloud.backup.pacemaker_facts
  - module: overcloud.backup.idle_controller
author:
  - The overcloud.backup authors (@overcloud-backup)
"""

EXAMPLES = r"""
- name: Read HAProxy
  overcloud.backup.haproxy_facts:

- name: Read a HAProxy whose database proxy has another name
  overcloud.backup.haproxy_facts:
    socket: /var/lib/kolla/haproxy/haproxy.sock
    config_file: /etc/kolla/haproxy/haproxy.cfg
    database_proxy: mariadb

- name: Show where the clients of the database are
  ansible.builtin.debug:
    msg: "{{ ansible_haproxy.proxies | selectattr('name', 'equalto', ansible_haproxy.database.backend) | map(attribute='servers') | first }}"
"""

RETURN = r"""
ansible_facts:
  description: The facts.
  returned: always
  type: dict
  contains:
    ansible_haproxy:
      description: This host's HAProxy.
      returned: always
      type: dict
      contains:
        present:
          description:
            - >-
              Whether this host has a haproxy.cfg, a stats socket or a process of HAProxy. Those of Neutron (or OVN) for
              the metadata service, of cephadm for its ingress, and of other users do not count.
          type: bool
          returned: always
          sample: true
        gathered_at:
          description: End of the reading, in seconds since the epoch, by the control node's clock if it is known.
          type: float
          returned: always
          sample: 1795374085.2
        clock_skew:
          description: The host's clock minus the control node's, in seconds.
          type: float
          returned: always
          sample: 0.012
        duration:
          description: Duration of the reading in seconds.
          type: float
          returned: always
          sample: 0.26
        host:
          description: The host, as it describes itself.
          type: dict
          returned: always
          contains:
            name:
              description: The kernel's host name.
              type: str
              returned: always
            addresses:
              description: All global unicast addresses of all interfaces.
              type: list
              elements: str
              returned: always
            boot_id:
              description: The boot id.
              type: str
              returned: always
            machine_id:
              description: The machine id; empty if it has none.
              type: str
              returned: always
        errors:
          description: Sources that could not be read. Empty if all were read.
          type: list
          elements: dict
          returned: always
          contains:
            source:
              description:
                - >-
                  The source. C(haproxy.cfg), C(stats socket), C(stats url), C(sample) (the second reading), C(show
                  info), C(show servers state), C(show table), C(level), C(database proxy) (none or several were found)
                  or C(processes) (the statistics do not cover all sessions).
              type: str
              returned: always
            where:
              description: The path or URL, without credentials.
              type: str
              returned: always
            message:
              description: Error message.
              type: str
              returned: always
            hint:
              description: Advice.
              type: str
              returned: if there is any
        running:
          description: Whether a process returned its statistics. If none did, the proxies are empty.
          type: bool
          returned: always
          sample: true
        reached:
          description: Path of the socket or URL of the page that answered; empty if none did.
          type: str
          returned: always
          sample: /var/lib/haproxy/stats
        level:
          description:
            - Access level of the socket, C(user), C(operator) or C(admin); empty if unknown, as over the stats URL.
            - Before HAProxy 1.9, C(operator) means at least that level, unless the configuration says C(admin).
          type: str
          returned: always
          sample: user
        version:
          description: HAProxy's version; empty if it could not be read.
          type: str
          returned: always
          sample: 2.6.12-1+deb12u3
        uptime:
          description: >-
            Uptime of the process in seconds; C(0) if it could not be read. A new process reports servers as up until
            their first check.
          type: int
          returned: always
          sample: 93784
        pid:
          description: Process id as HAProxy reports it, which in a container is not the host's; C(0) if it could not be read.
          type: int
          returned: always
          sample: 798
        processes:
          description: >-
            Number of processes (C(nbproc)); C(0) if it could not be read. With more than one, a socket reports only one
            of them.
          type: int
          returned: always
          sample: 1
        window:
          description: Seconds between the two readings; C(0) if only one was taken, or if the two could not be compared.
          type: float
          returned: always
          sample: 0.251
        proxies:
          description: The proxies in the order of the configuration.
          type: list
          elements: dict
          returned: always
          contains:
            name:
              description: Name of the section. A C(frontend) and a C(backend) with the same name are one entry.
              type: str
              returned: always
              sample: mysql
            mode:
              description: C(tcp), C(http) or another mode; empty if neither the statistics nor the configuration contain it.
              type: str
              returned: always
              sample: tcp
            frontend:
              description: The side that accepts clients' connections; null for a C(backend).
              type: dict
              returned: always
              contains:
                status:
                  description: HAProxy's status, C(OPEN), C(FULL) or C(STOP) for a frontend, C(UP) or C(DOWN) for a backend.
                  type: str
                  returned: always
                  sample: OPEN
                scur:
                  description: Current sessions.
                  type: int
                  returned: always
                  sample: 31
                stot:
                  description: Sessions since the process started.
                  type: int
                  returned: always
                  sample: 2741
                new_sessions:
                  description: Sessions that began within C(ansible_facts.ansible_haproxy.window).
                  type: int
                  returned: always
                  sample: 2
                lastsess:
                  description: Seconds since the last session began; C(-1) for never, and always for a frontend.
                  type: int
                  returned: always
                  sample: 3
            backend:
              description: The side that leads to the servers; null for a C(frontend).
              type: dict
              returned: always
              contains:
                status:
                  description: HAProxy's status, C(OPEN), C(FULL) or C(STOP) for a frontend, C(UP) or C(DOWN) for a backend.
                  type: str
                  returned: always
                  sample: OPEN
                scur:
                  description: Current sessions.
                  type: int
                  returned: always
                  sample: 31
                stot:
                  description: Sessions since the process started.
                  type: int
                  returned: always
                  sample: 2741
                new_sessions:
                  description: Sessions that began within C(ansible_facts.ansible_haproxy.window).
                  type: int
                  returned: always
                  sample: 2
                lastsess:
                  description: Seconds since the last session began; C(-1) for never, and always for a frontend.
                  type: int
                  returned: always
                  sample: 3
            servers:
              description: The servers in the order of the configuration, in which backup servers are tried.
              type: list
              elements: dict
              returned: always
              contains:
                name:
                  description: Name of the server.
                  type: str
                  returned: always
                  sample: controller-0.internalapi.localdomain
                status:
                  description:
                    - >-
                      C(UP), C(DOWN), C(MAINT), C(DRAIN), C(NOLB), C(no check), or C(TRANSIENT) for a server that is up
                      while its checks begin to fail (C(UP 1/3)), which still gets sessions.
                    - Empty if HAProxy reports something else, or if its processes disagree.
                  type: str
                  returned: always
                  sample: UP
                status_text:
                  description: The status as HAProxy prints it.
                  type: str
                  returned: always
                  sample: UP
                backup:
                  description: >-
                    Whether it is a backup server. The first one that is up gets all new sessions, unless a stick table
                    says otherwise.
                  type: bool
                  returned: always
                  sample: true
                weight:
                  description: Its current weight.
                  type: int
                  returned: always
                  sample: 1
                id:
                  description: Its number in the backend, which stick tables use.
                  type: int
                  returned: always
                  sample: 1
                slim:
                  description: Its C(maxconn), 0 for none.
                  type: int
                  returned: always
                  sample: 0
                address:
                  description:
                    - >-
                      Its IP address from the servers' state, the statistics (at level C(operator)) or the
                      configuration; empty if none of them contains it.
                  type: str
                  returned: always
                  sample: 10.99.0.10
                port:
                  description: Its port; C(0) if unknown.
                  type: int
                  returned: always
                  sample: 3306
                scur:
                  description: Current sessions.
                  type: int
                  returned: always
                  sample: 31
                stot:
                  description: Sessions since the process started.
                  type: int
                  returned: always
                  sample: 2741
                new_sessions:
                  description: Sessions that began within C(ansible_facts.ansible_haproxy.window).
                  type: int
                  returned: always
                  sample: 2
                lastsess:
                  description: Seconds since the last session began; C(-1) for never.
                  type: int
                  returned: always
                  sample: 3
                lastchg:
                  description: Seconds since its status changed; C(-1) if unknown, as for a server without a check.
                  type: int
                  returned: always
                  sample: 86400
                check_status:
                  description: Result of its last health check.
                  type: str
                  returned: always
                  sample: L7OK
                check_code:
                  description: Code of its last health check, such as an HTTP status; C(0) if there is none.
                  type: int
                  returned: always
                  sample: 200
                downtime:
                  description: Seconds that it was down since the process started.
                  type: int
                  returned: always
                  sample: 0
                oper_state:
                  description:
                    - >-
                      C(srv_op_state) of C(show servers state). C(0) for stopped, C(1) for starting, C(2) for running,
                      C(3) for stopping.
                    - C(-1) if unknown, as before HAProxy 1.6 and over the stats URL.
                  type: int
                  returned: always
                  sample: 2
                admin_state:
                  description:
                    - >-
                      C(srv_admin_state) of C(show servers state), a sum of bits; C(0) if it is neither in maintenance
                      nor in drain.
                    - C(-1) if unknown.
                  type: int
                  returned: always
                  sample: 0
            stick_table:
              description: The stick table of the database's backend; null for every other proxy, or if there is none.
              type: dict
              returned: always
              contains:
                name:
                  description: Name of the table.
                  type: str
                  returned: always
                  sample: mysql
                type:
                  description: Type of its keys.
                  type: str
                  returned: always
                  sample: ip
                size:
                  description: Maximum number of entries.
                  type: int
                  returned: always
                  sample: 1000
                used:
                  description: Number of entries.
                  type: int
                  returned: always
                  sample: 1
                readable:
                  description: Whether the socket's level allows its entries to be read. Level C(user) does not.
                  type: bool
                  returned: always
                  sample: false
                entries:
                  description: Its entries. If it is readable and has none, nothing sticks.
                  type: list
                  elements: dict
                  returned: always
                  contains:
                    key:
                      description: The key; for C(stick on dst) the address that clients connect to.
                      type: str
                      returned: always
                      sample: 10.99.0.100
                    server_id:
                      description: Number of the server that the key is pinned to; C(0) for none.
                      type: int
                      returned: always
                      sample: 2
                    server:
                      description: Name of that server; empty if the backend has none with that number.
                      type: str
                      returned: always
                      sample: controller-1.internalapi.localdomain
                    expires:
                      description: Milliseconds until it expires; C(0) in a table whose entries do not expire.
                      type: int
                      returned: always
                      sample: 0
        database:
          description: The proxy in front of the database; null if none or several were found, which is also among the errors.
          type: dict
          returned: always
          contains:
            frontend:
              description: Name of the section that clients connect to; empty if unknown.
              type: str
              returned: always
              sample: mysql
            backend:
              description: Name of the section with the servers, the same for a C(listen).
              type: str
              returned: always
              sample: mysql
            binds:
              description:
                - >-
                  The addresses that clients connect to, C(host:port), from the configuration. Empty if it could not be
                  read.
                - C(0.0.0.0) and C([::]) stand for every address.
              type: list
              elements: str
              returned: always
              sample:
                - 10.99.0.100:3306
            sticky:
              description: Whether it pins its clients to a server, so that the first server that is up need not be the one in use.
              type: bool
              returned: always
              sample: true
            evidence:
              description: >-
                How it was found, C(option), C(name), C(port), C(name and port), or C(servers) if it has the database's
                servers.
              type: str
              returned: always
              sample: name
            config:
              description: The file that contains the section; empty if it could not be read.
              type: str
              returned: always
              sample: /etc/haproxy/haproxy.cfg
            balance:
              description: The C(balance) of the configuration; empty for HAProxy's default.
              type: str
              returned: always
              sample: leastconn
            allbackups:
              description: Whether C(option allbackups) lets all backup servers accept clients when no other server is up.
              type: bool
              returned: always
              sample: false
            persist:
              description: Whether clients that are pinned to a server are sent there even if it is down.
              type: bool
              returned: always
              sample: false
            use_servers:
              description: The servers that C(use-server) rules name.
              type: list
              elements: str
              returned: always
              sample: []
            stick_key:
              description: >-
                Key of the stick rule. Empty if there is none, or if it is not the same for all clients of an address,
                because there are several rules, a condition, or a table of another section.
              type: str
              returned: always
              sample: dst
            stick_peers:
              description: >-
                Number of HAProxies in the C(peers) section of the stick table, including this one. With one, the table
                survives a reload; with more, entries come from other hosts, too.
              type: int
              returned: always
              sample: 0
            stick_expires:
              description: Whether entries of the stick table expire.
              type: bool
              returned: always
              sample: false
            unmodelled:
              description: The options and lines that make it impossible to predict the next client's server.
              type: list
              elements: str
              returned: always
              sample: []
            unread:
              description: Lines of its sections that were not understood, and HAProxy's files that were not read.
              type: list
              elements: str
              returned: always
              sample: []
        pools:
          description:
            - >-
              Further backends in mode C(tcp) with servers of the database, such as a pool of readers, and possible
              ones, by their servers' port.
            - M(overcloud.backup.idle_controller) decides by the addresses whether their servers are controllers.
          type: list
          elements: dict
          returned: always
          contains:
            frontend:
              description: Name of the section that clients connect to; empty if unknown.
              type: str
              returned: always
              sample: mysql
            backend:
              description: Name of the section with the servers, the same for a C(listen).
              type: str
              returned: always
              sample: mysql
            binds:
              description:
                - >-
                  The addresses that clients connect to, C(host:port), from the configuration. Empty if it could not be
                  read.
                - C(0.0.0.0) and C([::]) stand for every address.
              type: list
              elements: str
              returned: always
              sample:
                - 10.99.0.100:3306
            sticky:
              description: Whether it pins its clients to a server, so that the first server that is up need not be the one in use.
              type: bool
              returned: always
              sample: true
            evidence:
              description: >-
                How it was found, C(option), C(name), C(port), C(name and port), or C(servers) if it has the database's
                servers.
              type: str
              returned: always
              sample: name
            config:
              description: The file that contains the section; empty if it could not be read.
              type: str
              returned: always
              sample: /etc/haproxy/haproxy.cfg
            balance:
              description: The C(balance) of the configuration; empty for HAProxy's default.
              type: str
              returned: always
              sample: leastconn
            allbackups:
              description: Whether C(option allbackups) lets all backup servers accept clients when no other server is up.
              type: bool
              returned: always
              sample: false
            persist:
              description: Whether clients that are pinned to a server are sent there even if it is down.
              type: bool
              returned: always
              sample: false
            use_servers:
              description: The servers that C(use-server) rules name.
              type: list
              elements: str
              returned: always
              sample: []
            stick_key:
              description: >-
                Key of the stick rule. Empty if there is none, or if it is not the same for all clients of an address,
                because there are several rules, a condition, or a table of another section.
              type: str
              returned: always
              sample: dst
            stick_peers:
              description: >-
                Number of HAProxies in the C(peers) section of the stick table, including this one. With one, the table
                survives a reload; with more, entries come from other hosts, too.
              type: int
              returned: always
              sample: 0
            stick_expires:
              description: Whether entries of the stick table expire.
              type: bool
              returned: always
              sample: false
            unmodelled:
              description: The options and lines that make it impossible to predict the next client's server.
              type: list
              elements: str
              returned: always
              sample: []
            unread:
              description: Lines of its sections that were not understood, and HAProxy's files that were not read.
              type: list
              elements: str
              returned: always
              sample: []
"""
