// SPDX-License-Identifier: GPL-3.0-or-later

package crmmon

import (
	"strings"

	"github.com/beevik/etree"

	"overcloud.backup/internal/excerpt"
	"overcloud.backup/internal/pacemaker/xmldoc"
)

// readFailures reads the failed actions:
//
//	<failure op_key="galera_monitor_20000" node="controller-1" exitstatus="not running" task="monitor" .../>
func (s *Status) readFailures(root *etree.Element) error {
	for _, e := range children(root, "failures", "failure") {
		a := xmldoc.Attributes{Of: e}
		f := Failure{
			Node: a.Text("node"), Exit: a.Optional("exitstatus"), Reason: excerpt.Of(a.Optional("exitreason")),
			When: a.Optional("last-rc-change"), Action: a.Optional("op_key"),
		}
		if f.Action == "" {
			f.Action = a.Text("id") // if the operation has no key of its own
		}
		f.Resource = actionResource(f.Action, a.Optional("task"))
		f.Host = s.realNode(f.Node)
		if a.Err != nil {
			return a.Err
		}
		s.Failures = append(s.Failures, f)
	}
	return nil
}

// actionResource removes _<task>_<interval> from an operation's key. A resource's name may contain underscores, and so
// may two tasks, migrate_to and migrate_from.
func actionResource(key, task string) string {
	i := strings.LastIndexByte(key, '_')
	if i < 0 || strings.Trim(key[i+1:], "0123456789") != "" {
		return key
	}
	key = key[:i]
	for _, t := range []string{task, "migrate_to", "migrate_from"} {
		if name, ok := strings.CutSuffix(key, "_"+t); ok && t != "" {
			return name
		}
	}
	return key[:max(strings.LastIndexByte(key, '_'), 0)]
}

// readFailCounts reads <node_history>; a resource that never failed has no fail-count.
func (s *Status) readFailCounts(root *etree.Element) error {
	for _, node := range children(root, "node_history", "node") {
		n := xmldoc.Attributes{Of: node}
		name := n.Text("name")
		if n.Err != nil {
			return n.Err
		}
		for _, e := range node.SelectElements("resource_history") {
			a := xmldoc.Attributes{Of: e}
			c := FailCount{Resource: a.Text("id"), Node: name, Host: s.realNode(name), Count: a.Count("fail-count"),
				Threshold: a.Count("migration-threshold")}
			if a.Err != nil {
				return a.Err
			}
			if c.Count > 0 {
				s.FailCounts = append(s.FailCounts, c)
			}
		}
	}
	return nil
}

// realNode returns the host of a guest node, otherwise the node itself.
func (s *Status) realNode(name string) string {
	if n := s.Node(name); n != nil && n.Type == NodeGuest {
		return n.ContainerOn
	}
	return name
}

func (s *Status) readBans(root *etree.Element) error {
	for _, e := range children(root, "bans", "ban") {
		a := xmldoc.Attributes{Of: e}
		s.Bans = append(s.Bans, Ban{ID: a.Text("id"), Resource: a.Text("resource"), Node: a.Text("node"),
			Weight: a.Optional("weight")})
		if a.Err != nil {
			return a.Err
		}
	}
	return nil
}

// readFencing reads the history that 2.0 and later print.
func (s *Status) readFencing(root *etree.Element) error {
	for _, e := range children(root, "fence_history", "fence_event") {
		a := xmldoc.Attributes{Of: e}
		s.Fencing = append(s.Fencing, FencingEvent{Target: a.Text("target"), Action: a.Text("action"),
			Status: a.Text("status"), When: a.Optional("completed")})
		if a.Err != nil {
			return a.Err
		}
	}
	return nil
}
