// SPDX-License-Identifier: GPL-3.0-or-later

package doctor

import (
	"overcloud.backup/internal/decision"
	"overcloud.backup/internal/reading"
	"overcloud.backup/internal/topology"
)

// subject is one host while it is judged.
type subject struct {
	host     topology.Host
	document Document
	// of is the decision about it; nil if it is in no cluster. cluster is that of the decision.
	of      *decision.Controller
	cluster *decision.Cluster
}

func among(all []subject, c *decision.Cluster) (list []subject) {
	for _, s := range all {
		if s.cluster == c {
			list = append(list, s)
		}
	}
	return list
}

// silent says why nothing is known of the host; empty for one that answered.
func (s subject) silent() string {
	if s.host.Unreachable || s.host.Galera == nil && s.host.Pacemaker == nil && s.host.HAProxy == nil &&
		s.document.Facts == nil && s.document.Refused == "" {
		return "it is unreachable, or gave no facts"
	}
	return ""
}

func (s subject) witness() bool { return s.of != nil && s.of.Verdict == decision.Witness }

func (s subject) headers() (list []reading.Header) {
	if s.document.Facts != nil {
		list = append(list, s.document.Facts.Header)
	}
	if s.host.Galera != nil {
		list = append(list, s.host.Galera.Header)
	}
	if s.host.Pacemaker != nil {
		list = append(list, s.host.Pacemaker.Header)
	}
	if s.host.HAProxy != nil {
		list = append(list, s.host.HAProxy.Header)
	}
	return list
}
