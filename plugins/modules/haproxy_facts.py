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
short_description: Read what HAProxy says about its proxies and servers
version_added: 1.0.0
description:
  - >-
    Reads this host's HAProxy, 1.5 to current, over its stats socket, and changes nothing. Only commands that begin with
    C(show) are sent.
  - >-
    When the socket gives nothing, the statistics page is read in its place. The failure of the socket is recorded all
    the same.
  - >-
    Level C(user), as TripleO sets it, is enough. With level C(operator) the stick table is read too, which tells the
    server that new sessions go to.
  - >-
    HAProxy runs on every controller, but clients of the database come by the one on the holder of its virtual address.
    The others show few sessions or none.
  - >-
    A socket, page or file that is missing, hangs, refuses or holds something else is an entry in
    C(ansible_facts.ansible_haproxy.errors); the module does not fail because of it. What could not be read is empty,
    C(false), C(0) or C(-1), and never looks healthy.
  - >-
    The configuration is read for the addresses that proxies bind and for the ways to the statistics. Passwords in it
    are never shown.
  - >-
    Nothing is sent to, and nothing believed of, whoever else listens where HAProxy should. On this host the socket and
    the port of the page must be held by root, by the account C(haproxy) of C(/etc/passwd), or by the user who runs
    this; the error names who holds them. A process counts as HAProxy when it is of one of these users and in this user
    namespace, or a worker of such a one, as in a container with accounts of its own.
options:
  socket:
    description:
      - Path of the stats socket.
      - >-
        By default the first C(stats socket) of the configuration that answers, on the host or else inside the container
        of the haproxy process. Where the configuration names none, C(/var/lib/haproxy/stats),
        C(/run/haproxy/admin.sock) or C(/var/run/haproxy.sock).
    type: path
  stats_url:
    description:
      - URL of the statistics page, for when the socket gives nothing.
      - >-
        By default the page that the configuration binds to one of this host's own addresses. The virtual address is
        left out where another host holds it, because that host's HAProxy would answer.
      - >-
        Nobody can tell who answers on another host. With C(http) the user and password of C(stats_user) or of the URL
        go there in plain; take C(https). The configuration's are for this host alone.
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
        By default those of the process that runs, as it sees them. Where they cannot be read,
        C(/var/lib/config-data/puppet-generated/haproxy/etc/haproxy/haproxy.cfg) (TripleO's containers), else
        C(/etc/haproxy/haproxy.cfg).
      - Variables in them have the values of the environment that the process was started with, which root can read.
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
      - Other backends in mode C(tcp) with the same servers, by address and port or by name, are found in any case.
    type: list
    elements: str
  sample:
    description: >-
      Seconds between the two readings that count new sessions, at most half of C(timeout). C(0) takes one reading and
      counts none, which is too little for M(overcloud.backup.idle_controller).
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
    A process that was replaced by a reload keeps its sessions until they end, and is not in the statistics of its
    successor.
seealso:
  - module: overcloud.backup.galera_facts
  - module: overcloud.backup.pacemaker_facts
  - module: overcloud.backup.idle_controller
author:
  - The overcloud.backup authors (@overcloud-backup)
"""

EXAMPLES = r"""
- name: Read what HAProxy says
  overcloud.backup.haproxy_facts:

- name: Read a HAProxy whose proxy for the database has a name of its own
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
              Whether this host has a haproxy.cfg, a stats socket or a process of HAProxy. Those that Neutron (or OVN)
              runs for the metadata service and cephadm for its ingress do not count, nor do those of other users.
          type: bool
          returned: always
          sample: true
        gathered_at:
          description: When the reading ended, in seconds since the epoch, on the control node's clock where it told its time.
          type: float
          returned: always
          sample: 1795374085.2
        clock_skew:
          description: The host's clock minus the control node's, in seconds.
          type: float
          returned: always
          sample: 0.012
        duration:
          description: How long the reading took, in seconds.
          type: float
          returned: always
          sample: 0.26
        host:
          description: The host by its own word.
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
              description: Identity of this boot.
              type: str
              returned: always
            machine_id:
              description: Identity of the machine; empty if it has none.
              type: str
              returned: always
        errors:
          description: The sources that could not be read. Empty when all of them spoke.
          type: list
          elements: dict
          returned: always
          contains:
            source:
              description:
                - >-
                  What was read. C(haproxy.cfg), C(stats socket), C(stats url), C(sample) (the second reading), C(show
                  info), C(show servers state), C(show table), C(level), C(database proxy) (none or several were found)
                  or C(processes) (the statistics are not those of all sessions).
              type: str
              returned: always
            where:
              description: The path or URL, without credentials.
              type: str
              returned: always
            message:
              description: What happened.
              type: str
              returned: always
            hint:
              description: What to try.
              type: str
              returned: when there is something to try
        running:
          description: Whether a process answered with its statistics. If none did, there are no proxies here.
          type: bool
          returned: always
          sample: true
        reached:
          description: Path of the socket or URL of the page that answered; empty when none did.
          type: str
          returned: always
          sample: /var/lib/haproxy/stats
        level:
          description:
            - >-
              What the socket allows, C(user), C(operator) or C(admin); empty when it is not known, as over the stats
              URL.
            - Before HAProxy 1.9, C(operator) means that at least, unless the configuration tells that it is C(admin).
          type: str
          returned: always
          sample: user
        version:
          description: HAProxy's version; empty when it could not be read.
          type: str
          returned: always
          sample: 2.6.12-1+deb12u3
        uptime:
          description: >-
            Age of the process, in seconds. A young one takes its servers for up until their first health check. C(0)
            when it could not be read.
          type: int
          returned: always
          sample: 93784
        pid:
          description: >-
            The process as it numbers itself, which in a container is not the host's number; C(0) when it could not be
            read.
          type: int
          returned: always
          sample: 798
        processes:
          description: >-
            Number of processes (C(nbproc)). With more than one, a socket speaks for one of them alone. C(0) when it
            could not be read.
          type: int
          returned: always
          sample: 1
        window:
          description: Seconds between the two readings; C(0) when one was taken, or when the two could not be compared.
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
              description: Name of the section. A C(frontend) and a C(backend) of one name are one entry.
              type: str
              returned: always
              sample: mysql
            mode:
              description: C(tcp), C(http) or another mode; empty when neither the statistics nor the configuration tell it.
              type: str
              returned: always
              sample: tcp
            frontend:
              description: The side that takes clients' connections; null for a C(backend).
              type: dict
              returned: always
              contains:
                status:
                  description: HAProxy's word, C(OPEN), C(FULL) or C(STOP) for a frontend, C(UP) or C(DOWN) for a backend.
                  type: str
                  returned: always
                  sample: OPEN
                scur:
                  description: Sessions now.
                  type: int
                  returned: always
                  sample: 31
                stot:
                  description: Sessions since the process began.
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
                  description: HAProxy's word, C(OPEN), C(FULL) or C(STOP) for a frontend, C(UP) or C(DOWN) for a backend.
                  type: str
                  returned: always
                  sample: OPEN
                scur:
                  description: Sessions now.
                  type: int
                  returned: always
                  sample: 31
                stot:
                  description: Sessions since the process began.
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
                    - Empty when HAProxy said something else, or when its processes do not agree.
                  type: str
                  returned: always
                  sample: UP
                status_text:
                  description: The status as HAProxy puts it.
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
                  description: Its weight now.
                  type: int
                  returned: always
                  sample: 1
                id:
                  description: Its number in the backend, by which stick tables name it.
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
                      configuration; empty when none of them tells it.
                  type: str
                  returned: always
                  sample: 10.99.0.10
                port:
                  description: Its port; C(0) when it is not known.
                  type: int
                  returned: always
                  sample: 3306
                scur:
                  description: Sessions now.
                  type: int
                  returned: always
                  sample: 31
                stot:
                  description: Sessions since the process began.
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
                  description: Seconds since its status changed; C(-1) when it is not known, as for a server without a check.
                  type: int
                  returned: always
                  sample: 86400
                check_status:
                  description: Result of its last health check.
                  type: str
                  returned: always
                  sample: L7OK
                check_code:
                  description: Code of its last health check, as that of HTTP; C(0) when there is none.
                  type: int
                  returned: always
                  sample: 200
                downtime:
                  description: Seconds that it was down since the process began.
                  type: int
                  returned: always
                  sample: 0
                oper_state:
                  description:
                    - >-
                      C(srv_op_state) of C(show servers state). C(0) for stopped, C(1) for starting, C(2) for running,
                      C(3) for stopping.
                    - C(-1) when it is not known, as before HAProxy 1.6 and over the stats URL.
                  type: int
                  returned: always
                  sample: 2
                admin_state:
                  description:
                    - >-
                      C(srv_admin_state) of C(show servers state), a sum of bits; C(0) when nobody has put it in
                      maintenance or drain.
                    - C(-1) when it is not known.
                  type: int
                  returned: always
                  sample: 0
            stick_table:
              description: >-
                The stick table that the backend of the database uses; null for every other proxy and where there is
                none.
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
                  description: How many entries it has room for.
                  type: int
                  returned: always
                  sample: 1000
                used:
                  description: How many entries it has.
                  type: int
                  returned: always
                  sample: 1
                readable:
                  description: Whether the socket's level allows its entries to be read. At level C(user) it does not.
                  type: bool
                  returned: always
                  sample: false
                entries:
                  description: Its entries. Empty and readable means that nothing sticks.
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
                      description: Number of the server that it is pinned to; C(0) for none.
                      type: int
                      returned: always
                      sample: 2
                    server:
                      description: Name of that server; empty when the backend has none of that number.
                      type: str
                      returned: always
                      sample: controller-1.internalapi.localdomain
                    expires:
                      description: Milliseconds until it expires; C(0) in a table whose entries do not.
                      type: int
                      returned: always
                      sample: 0
        database:
          description: The proxy in front of the database; null when none was found, or several, which then is among the errors.
          type: dict
          returned: always
          contains:
            frontend:
              description: Name of the section that clients connect to; empty when it is not known.
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
                  The addresses that clients connect to, C(host:port), from the configuration. Empty when it could not
                  be read.
                - C(0.0.0.0) and C([::]) stand for every address.
              type: list
              elements: str
              returned: always
              sample:
                - 10.99.0.100:3306
            sticky:
              description: >-
                Whether it pins its clients to a server, so that the first server that is up is not always the one in
                use.
              type: bool
              returned: always
              sample: true
            evidence:
              description: >-
                How it was found, C(option), C(name), C(port), C(name and port), or C(servers) when it has the
                database's.
              type: str
              returned: always
              sample: name
            config:
              description: The file that holds the section; empty when it could not be read.
              type: str
              returned: always
              sample: /etc/haproxy/haproxy.cfg
            balance:
              description: The C(balance) of the configuration, empty where HAProxy's default holds.
              type: str
              returned: always
              sample: leastconn
            allbackups:
              description: Whether C(option allbackups) has all backup servers take clients when no other server is up.
              type: bool
              returned: always
              sample: false
            persist:
              description: Whether clients that are pinned to a server are sent there although it is down.
              type: bool
              returned: always
              sample: false
            use_servers:
              description: The servers that rules C(use-server) name.
              type: list
              elements: str
              returned: always
              sample: []
            stick_key:
              description: >-
                What the stick rule looks at. Empty where there is none, or where it is not the same for all clients of
                an address, for there are several rules, a condition, or a table of another section.
              type: str
              returned: always
              sample: dst
            stick_peers:
              description: >-
                How many HAProxies the C(peers) section of the stick table has, this one included. With one the table
                outlives a reload, with more its entries come from other hosts, too.
              type: int
              returned: always
              sample: 0
            stick_expires:
              description: Whether entries of the stick table go away by themselves.
              type: bool
              returned: always
              sample: false
            unmodelled:
              description: The options and lines because of which nobody can tell to which server the next client goes.
              type: list
              elements: str
              returned: always
              sample: []
            unread:
              description: The lines of its sections that were not understood, and files of HAProxy's that were not read.
              type: list
              elements: str
              returned: always
              sample: []
        pools:
          description:
            - >-
              Further backends in mode C(tcp) with servers of the database, as a pool of readers, and those that may be,
              by the port of their servers.
            - M(overcloud.backup.idle_controller) tells by the addresses whether their servers are controllers.
          type: list
          elements: dict
          returned: always
          contains:
            frontend:
              description: Name of the section that clients connect to; empty when it is not known.
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
                  The addresses that clients connect to, C(host:port), from the configuration. Empty when it could not
                  be read.
                - C(0.0.0.0) and C([::]) stand for every address.
              type: list
              elements: str
              returned: always
              sample:
                - 10.99.0.100:3306
            sticky:
              description: >-
                Whether it pins its clients to a server, so that the first server that is up is not always the one in
                use.
              type: bool
              returned: always
              sample: true
            evidence:
              description: >-
                How it was found, C(option), C(name), C(port), C(name and port), or C(servers) when it has the
                database's.
              type: str
              returned: always
              sample: name
            config:
              description: The file that holds the section; empty when it could not be read.
              type: str
              returned: always
              sample: /etc/haproxy/haproxy.cfg
            balance:
              description: The C(balance) of the configuration, empty where HAProxy's default holds.
              type: str
              returned: always
              sample: leastconn
            allbackups:
              description: Whether C(option allbackups) has all backup servers take clients when no other server is up.
              type: bool
              returned: always
              sample: false
            persist:
              description: Whether clients that are pinned to a server are sent there although it is down.
              type: bool
              returned: always
              sample: false
            use_servers:
              description: The servers that rules C(use-server) name.
              type: list
              elements: str
              returned: always
              sample: []
            stick_key:
              description: >-
                What the stick rule looks at. Empty where there is none, or where it is not the same for all clients of
                an address, for there are several rules, a condition, or a table of another section.
              type: str
              returned: always
              sample: dst
            stick_peers:
              description: >-
                How many HAProxies the C(peers) section of the stick table has, this one included. With one the table
                outlives a reload, with more its entries come from other hosts, too.
              type: int
              returned: always
              sample: 0
            stick_expires:
              description: Whether entries of the stick table go away by themselves.
              type: bool
              returned: always
              sample: false
            unmodelled:
              description: The options and lines because of which nobody can tell to which server the next client goes.
              type: list
              elements: str
              returned: always
              sample: []
            unread:
              description: The lines of its sections that were not understood, and files of HAProxy's that were not read.
              type: list
              elements: str
              returned: always
              sample: []
"""
