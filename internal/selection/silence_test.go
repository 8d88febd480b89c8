// SPDX-License-Identifier: GPL-3.0-or-later

package selection

import (
	"slices"

	"overcloud.backup/internal/galera"
	"overcloud.backup/internal/haproxy"
	"overcloud.backup/internal/pacemaker"
	"overcloud.backup/internal/pacemaker/cib"
	"overcloud.backup/internal/pacemaker/crmmon"
	"overcloud.backup/internal/topology"
)

// silences remove facts that must be known about a controller, or report that it is about to be stopped. Whatever else
// is wrong with the cluster, that controller must not be chosen, regardless of the decision's own explanation.
var silences = []func(h *topology.Host, w *world){
	func(h *topology.Host, _ *world) { h.Galera = nil },
	func(h *topology.Host, _ *world) { h.Pacemaker = nil },
	func(h *topology.Host, _ *world) { h.HAProxy = nil },
	func(h *topology.Host, _ *world) { h.Galera, h.Pacemaker, h.HAProxy = nil, nil, nil },
	func(h *topology.Host, _ *world) { h.Galera.Add("sessions", "", errDenied, "") },
	func(h *topology.Host, _ *world) { h.Galera.Sessions = nil; h.Galera.Add("sessions", "", errDenied, "") },
	func(h *topology.Host, _ *world) { h.Galera.Sample = galera.Sample{} },
	func(h *topology.Host, _ *world) { h.HAProxy.Running, h.HAProxy.Window = true, 0 },
	func(h *topology.Host, _ *world) {
		h.HAProxy.Running, h.HAProxy.Processes, h.HAProxy.Uptime = true, 0, 0
		h.HAProxy.Add(haproxy.SourceInfo, "", errDenied, "")
	},
	func(h *topology.Host, _ *world) {
		h.HAProxy.Running = true
		h.HAProxy.Add(haproxy.SourceProcesses, "", errDenied, "")
	},
	func(h *topology.Host, _ *world) { h.HAProxy.Running, h.HAProxy.Processes = true, 0 },
	func(h *topology.Host, _ *world) { muteCIB(h) },
	func(h *topology.Host, w *world) {
		for i := range w.hosts {
			muteCIB(&w.hosts[i])
		}
		w.resource("galera", slices.IndexFunc(w.hosts, func(x topology.Host) bool { return x.Name == h.Name }),
			func(r *crmmon.Resource) { r.Failed, r.Managed = true, false })
	},
	func(h *topology.Host, w *world) {
		node := h.Pacemaker.LocalNode
		w.managers(func(p *pacemaker.Facts) {
			p.Bans = append(p.Bans, crmmon.Ban{ID: "ban", Resource: "galera-master", Node: node, Weight: "-INFINITY"})
		})
	},
	func(h *topology.Host, w *world) {
		node := h.Pacemaker.LocalNode
		w.managers(func(p *pacemaker.Facts) {
			p.FailCounts = append(p.FailCounts, crmmon.FailCount{Resource: "galera", Node: "galera-bundle-0",
				Host: node, Count: 1000000})
		})
	},
	func(h *topology.Host, _ *world) { h.Pacemaker.StopAll = true },
	func(h *topology.Host, w *world) {
		node := h.Pacemaker.LocalNode
		w.managers(func(p *pacemaker.Facts) {
			for k := range p.Resources {
				if r := &p.Resources[k]; r.ID == "galera" && r.Node == node {
					r.Target = crmmon.RoleStopped
				}
			}
		})
	},
}

// muteCIB makes cibadmin fail on a host, as pacemaker_facts reports it.
func muteCIB(h *topology.Host) {
	if h.Pacemaker != nil {
		h.Pacemaker.Galera, h.Pacemaker.Locks = nil, []cib.Lock{}
		h.Pacemaker.Add(pacemaker.SourceCIB, "cibadmin --query", errDenied, "")
	}
}

// silence applies the fuzzer's choice of silences and returns who must not be chosen. Two bytes select one: which,
// whose. A host is silenced only once: documents that are gone cannot be changed.
func (w *world) silence(data []byte) map[string]bool {
	muted := map[string]bool{}
	for at := 0; at+1 < len(data); at += 2 {
		h := &w.hosts[int(data[at+1])%len(w.hosts)]
		if muted[h.Name] {
			continue
		}
		silences[int(data[at])%len(silences)](h, w)
		muted[h.Name] = true
	}
	return muted
}
