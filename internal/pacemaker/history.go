// SPDX-License-Identifier: GPL-3.0-or-later

package pacemaker

import (
	"strings"

	"github.com/beevik/etree"

	"overcloud.backup/internal/excerpt"
)

// readFailures reads the failed actions:
//
//	<failure op_key="galera_monitor_20000" node="controller-1" exitstatus="not running" task="monitor" .../>
func (s *Status) readFailures(root *etree.Element) error {
	for _, e := range children(root, "failures", "failure") {
		a := attributes{of: e}
		f := Failure{
			Node: a.text("node"), Exit: a.optional("exitstatus"), Reason: excerpt.Of(a.optional("exitreason")),
			When: a.optional("last-rc-change"), Action: a.optional("op_key"),
		}
		if f.Action == "" {
			f.Action = a.text("id") // where the operation has no key of its own
		}
		f.Resource = actionResource(f.Action, a.optional("task"))
		f.Host = s.realNode(f.Node)
		if a.err != nil {
			return a.err
		}
		s.Failures = append(s.Failures, f)
	}
	return nil
}

// actionResource cuts _<task>_<interval> off an operation's key. A resource's name may hold underscores, and so may
// two tasks, migrate_to and migrate_from.
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
		n := attributes{of: node}
		name := n.text("name")
		if n.err != nil {
			return n.err
		}
		for _, e := range node.SelectElements("resource_history") {
			a := attributes{of: e}
			c := FailCount{Resource: a.text("id"), Node: name, Host: s.realNode(name), Count: a.count("fail-count"),
				Threshold: a.count("migration-threshold")}
			if a.err != nil {
				return a.err
			}
			if c.Count > 0 {
				s.FailCounts = append(s.FailCounts, c)
			}
		}
	}
	return nil
}

// realNode is the host of a guest node, else the node itself.
func (s *Status) realNode(name string) string {
	if n := s.node(name); n != nil && n.Type == NodeGuest {
		return n.ContainerOn
	}
	return name
}

func (s *Status) readBans(root *etree.Element) error {
	for _, e := range children(root, "bans", "ban") {
		a := attributes{of: e}
		s.Bans = append(s.Bans, Ban{ID: a.text("id"), Resource: a.text("resource"), Node: a.text("node"),
			Weight: a.optional("weight")})
		if a.err != nil {
			return a.err
		}
	}
	return nil
}

// readFencing reads the history that 2.0 and later print.
func (s *Status) readFencing(root *etree.Element) error {
	for _, e := range children(root, "fence_history", "fence_event") {
		a := attributes{of: e}
		s.Fencing = append(s.Fencing, FencingEvent{Target: a.text("target"), Action: a.text("action"),
			Status: a.text("status"), When: a.optional("completed")})
		if a.err != nil {
			return a.err
		}
	}
	return nil
}
