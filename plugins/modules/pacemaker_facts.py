#!/usr/bin/python
# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the overcloud.backup authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Generated from modules/pacemaker_facts.yml by "make generate": change that file.
from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
module: pacemaker_facts
short_description: Read the state of the cluster from Pacemaker and Corosync
version_added: 1.0.0
description:
  - Reads the cluster as this host's Pacemaker and Corosync see it, and changes nothing.
  - Runs C(crm_mon), C(cibadmin), C(crm_node) and C(corosync-quorumtool) in parallel, and joins their answers.
  - >-
    Supports Pacemaker 1.1 to 3.0. C(Master) and C(Promoted) are one role, and so are C(Slave) and C(Unpromoted). A
    resource in a bundle is reported on the host of its container.
  - >-
    A command that is missing, hangs, fails or prints something else is an entry in
    C(ansible_facts.ansible_pacemaker.errors) and does not make the module fail. A value that could not be read is
    empty, C(false) or C(0), and never looks healthy.
  - Passwords in the cluster's configuration are not returned.
options:
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
  - Root, or membership of the group C(haclient) (then without Corosync's membership).
seealso:
  - module: overcloud.backup.galera_facts
  - module: overcloud.backup.haproxy_facts
author:
  - The overcloud.backup authors (@overcloud-backup)
"""

EXAMPLES = r"""
- name: Read the state of the cluster
  overcloud.backup.pacemaker_facts:

- name: Show who holds the virtual addresses
  ansible.builtin.debug:
    msg: "{{ ansible_pacemaker.vips }}"
"""

RETURN = r"""
ansible_facts:
  description: The facts.
  returned: always
  type: dict
  contains:
    ansible_pacemaker:
      description: The cluster as this host sees it.
      returned: always
      type: dict
      contains:
        present:
          description: Whether Pacemaker is installed or configured on this host. If not, everything else is empty.
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
          sample: 0.06
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
              description: >-
                The source, C(crm_mon), C(cibadmin), C(crm_node) or C(corosync-quorumtool); C(cib) for a part of the
                configuration that was left out and that no decision depends on.
              type: str
              returned: always
            where:
              description: The command line, or the resource of the configuration.
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
        connected:
          description: Whether C(crm_mon) returned a complete, valid status. If not, nodes, resources and addresses are empty.
          type: bool
          returned: always
          sample: true
        local_node:
          description: Pacemaker's name for this host; empty if it has none.
          type: str
          returned: always
          sample: controller-0
        version:
          description: Pacemaker's version on the DC.
          type: str
          returned: always
          sample: 2.1.5-a3f44794f94
        cluster_name:
          description: The property C(cluster-name).
          type: str
          returned: always
          sample: tripleo_cluster
        dc:
          description: Node name of the designated controller; empty if there is none.
          type: str
          returned: always
          sample: controller-1
        quorum:
          description: Whether this partition has quorum according to Pacemaker.
          type: bool
          returned: always
          sample: true
        maintenance_mode:
          description: Whether the whole cluster is in maintenance mode. Each node has its own flag, too.
          type: bool
          returned: always
          sample: false
        stop_all_resources:
          description: Whether the property C(stop-all-resources) is set.
          type: bool
          returned: always
          sample: false
        symmetric_cluster:
          description: Whether resources may run anywhere unless forbidden.
          type: bool
          returned: always
          sample: true
        no_quorum_policy:
          description: Behaviour of a partition without quorum; empty if unknown.
          type: str
          returned: always
          sample: stop
        stonith_enabled:
          description: Whether failed nodes are fenced.
          type: bool
          returned: always
          sample: true
        properties:
          description: >-
            The cluster's properties in the CIB, without those that have their default. Values under names that are not
            known to be harmless are hidden.
          type: dict
          returned: always
          sample:
            cluster-name: tripleo_cluster
            stonith-enabled: "false"
        nodes:
          description: The nodes, including guest nodes of bundles.
          type: list
          elements: dict
          returned: always
          contains:
            name:
              description: The node's name.
              type: str
              returned: always
            id:
              description: The node's id; for a member, Corosync's.
              type: str
              returned: always
            type:
              description: C(member), C(remote), C(guest) (a replica of a bundle, a virtual machine), or empty if unknown.
              type: str
              returned: always
            online:
              description: Whether it takes part in the cluster.
              type: bool
              returned: always
            standby:
              description: Whether an operator put it in standby.
              type: bool
              returned: always
            standby_onfail:
              description: Whether a failed action put it in standby.
              type: bool
              returned: always
            maintenance:
              description: Whether it is in maintenance mode.
              type: bool
              returned: always
            pending:
              description: Whether it is joining.
              type: bool
              returned: always
            unclean:
              description: Whether its state is unknown, or it waits to be fenced.
              type: bool
              returned: always
            shutdown:
              description: Whether it is shutting down.
              type: bool
              returned: always
            expected_up:
              description: Whether the cluster expects it to be up.
              type: bool
              returned: always
            is_dc:
              description: Whether it is the designated controller.
              type: bool
              returned: always
            health:
              description: C(green), C(yellow) or C(red); empty if Pacemaker does not report it (before 2.1).
              type: str
              returned: always
            resources_running:
              description: Number of resources that run on it.
              type: int
              returned: always
            container_id:
              description: The resource that carries a guest node.
              type: str
              returned: always
            container_host:
              description: The real node on which that resource runs.
              type: str
              returned: always
            attributes:
              description: >-
                Its attributes, transient ones included. Values under names that are not known to be harmless are
                hidden.
              type: dict
              returned: always
            feature_set:
              description: The feature set of its Pacemaker; empty before 2.1.
              type: str
              returned: always
            corosync_votes:
              description: Its votes in Corosync; -1 if unknown.
              type: int
              returned: always
        resources:
          description:
            - The resources, one entry for each instance and node. A clone on three nodes has three entries.
            - A resource that runs on several nodes without being a clone has one entry for each.
          type: list
          elements: dict
          returned: always
          contains:
            id:
              description: The resource's name.
              type: str
              returned: always
            agent:
              description: Its agent.
              type: str
              returned: always
              sample: ocf:heartbeat:galera
            role:
              description:
                - >-
                  C(Stopped), C(Started), C(Unpromoted), C(Promoted), C(Starting), C(Stopping), C(Promoting),
                  C(Demoting) or C(Migrating).
                - Empty if it is none of these.
              type: str
              returned: always
            target_role:
              description: Its configured target role, if any.
              type: str
              returned: always
            parent:
              description: The outermost clone, group or bundle; empty for a plain resource.
              type: str
              returned: always
            parent_kind:
              description: C(clone), C(promotable), C(group), C(bundle), or empty.
              type: str
              returned: always
            singleton:
              description: >-
                Whether the cluster runs exactly one instance. For a promotable resource, the promoted one if only one
                may be promoted.
              type: bool
              returned: always
            active:
              description: Whether it runs.
              type: bool
              returned: always
            orphaned:
              description: Whether it still runs although it is no longer configured.
              type: bool
              returned: always
            blocked:
              description: Whether the cluster does nothing more with it until an operator acts.
              type: bool
              returned: always
            maintenance:
              description: Whether it is in maintenance (Pacemaker 2.1 and later).
              type: bool
              returned: always
            managed:
              description: Whether the cluster manages it. C(false) in maintenance, too.
              type: bool
              returned: always
            failed:
              description: Whether it failed.
              type: bool
              returned: always
            failure_ignored:
              description: Whether its failure is configured to be ignored.
              type: bool
              returned: always
            pending:
              description: The action in progress.
              type: str
              returned: always
            node:
              description: The real node it runs on; empty if it is stopped, or if the host of its container is unknown.
              type: str
              returned: always
            guest:
              description: The guest node it runs on, for a bundle.
              type: str
              returned: always
            container:
              description: The replica's container, for a bundle.
              type: str
              returned: always
              sample: galera-bundle-podman-0
        failed_actions:
          description: The failed actions that Pacemaker still lists.
          type: list
          elements: dict
          returned: always
          contains:
            resource:
              description: The resource.
              type: str
              returned: always
            node:
              description: The node as Pacemaker names it; a guest node for a resource in a bundle.
              type: str
              returned: always
            host:
              description: The real node.
              type: str
              returned: always
            action:
              description: The action.
              type: str
              returned: always
              sample: galera_monitor_20000
            exit:
              description: Its result in words.
              type: str
              returned: always
              sample: not running
            reason:
              description: The agent's own reason.
              type: str
              returned: always
            when:
              description: Time, as Pacemaker prints it.
              type: str
              returned: always
        fail_counts:
          description: Fail counts above zero.
          type: list
          elements: dict
          returned: always
          contains:
            resource:
              description: The resource.
              type: str
              returned: always
            node:
              description: The node as Pacemaker names it; a guest node for a resource in a bundle.
              type: str
              returned: always
            host:
              description: The real node.
              type: str
              returned: always
            count:
              description: Number of failures; 1000000 stands for INFINITY.
              type: int
              returned: always
            migration_threshold:
              description: Number of failures after which it may not run there; 0 if not reported.
              type: int
              returned: always
        bans:
          description: The constraints that keep a resource off a node.
          type: list
          elements: dict
          returned: always
          contains:
            id:
              description: The constraint.
              type: str
              returned: always
            resource:
              description: The resource.
              type: str
              returned: always
            node:
              description: The node.
              type: str
              returned: always
            weight:
              description: Score; -1000000 stands for -INFINITY.
              type: str
              returned: always
        vips:
          description: The virtual addresses (C(ocf:heartbeat:IPaddr2)). One that several nodes hold has an entry for each.
          type: list
          elements: dict
          returned: always
          contains:
            resource:
              description: The resource.
              type: str
              returned: always
            address:
              description: The address in canonical form, without prefix length; empty if unknown.
              type: str
              returned: always
              sample: 10.99.0.100
            node:
              description: The node that holds it; empty if none does.
              type: str
              returned: always
        galera:
          description: The configuration of the galera resource; null if there is none or the CIB was not read.
          type: dict
          returned: always
          contains:
            resource:
              description: The primitive.
              type: str
              returned: always
            parent:
              description: Its clone or bundle.
              type: str
              returned: always
              sample: galera-bundle
            cluster_address:
              description: The members in C(wsrep_cluster_address).
              type: list
              elements: str
              returned: always
            cluster_host_map:
              description: Map of Pacemaker's node names to Galera's; empty if C(cluster_host_map) is not set.
              type: dict
              returned: always
            nodes:
              description: The nodes that run it or should run it.
              type: list
              elements: str
              returned: always
            promoted_max:
              description: Number of instances that may be promoted; 0 if not set.
              type: int
              returned: always
            managed:
              description: >-
                Whether Pacemaker manages it and its clone or bundle. C(ansible_facts.ansible_pacemaker.resources) has
                each instance's flag.
              type: bool
              returned: always
            check_user:
              description: The user of the agent's own checks, if set.
              type: str
              returned: always
            socket:
              description: The server's socket, if set.
              type: str
              returned: always
            datadir:
              description: The data directory, if set.
              type: str
              returned: always
        locks:
          description: This collection's locks in the CIB.
          type: list
          elements: dict
          returned: always
          contains:
            cluster:
              description: The wsrep cluster state UUID.
              type: str
              returned: always
            holder:
              description: The node that holds it.
              type: str
              returned: always
            job:
              description: The job.
              type: str
              returned: always
            since:
              description: When it was taken, in seconds since the epoch.
              type: float
              returned: always
            expires:
              description: When it expires, in seconds since the epoch.
              type: float
              returned: always
        fencing:
          description: The fencing history (Pacemaker 2.0 and later).
          type: list
          elements: dict
          returned: always
          contains:
            target:
              description: The node that was fenced.
              type: str
              returned: always
            action:
              description: C(reboot), C(off) or another.
              type: str
              returned: always
            status:
              description: C(success), C(failed) or C(pending).
              type: str
              returned: always
            when:
              description: Time of the fencing, as Pacemaker prints it.
              type: str
              returned: always
        corosync:
          description: Corosync's membership.
          type: dict
          returned: always
          contains:
            quorate:
              description: Whether this partition has quorum according to Corosync.
              type: bool
              returned: always
            expected_votes:
              description: The votes of the whole cluster.
              type: int
              returned: always
            total_votes:
              description: The votes of this partition.
              type: int
              returned: always
            quorum:
              description: The votes needed for quorum.
              type: int
              returned: always
            members:
              description: The members of this partition; empty if they could not be read.
              type: list
              elements: dict
              returned: always
              contains:
                id:
                  description: Its node id.
                  type: str
                  returned: always
                name:
                  description: Its node name, else its address.
                  type: str
                  returned: always
                votes:
                  description: Its votes; -1 if unknown.
                  type: int
                  returned: always
"""
