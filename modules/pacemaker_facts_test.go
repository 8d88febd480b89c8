// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"strings"
	"testing"
)

func TestFactsRefuseNumbersOutOfRange(t *testing.T) {
	for message, c := range map[string]struct {
		module string
		args   map[string]any
	}{
		"timeout: -4 is out of range; give seconds above 0, at most 3600": {"pacemaker_facts",
			map[string]any{"timeout": -4}},
		"timeout: 0 is out of range; give seconds above 0, at most 3600": {"pacemaker_facts",
			map[string]any{"timeout": 0}},
		"timeout: 1e+30 is out of range; give seconds above 0": {"pacemaker_facts",
			map[string]any{"timeout": 1e30}},
		"timeout: -1 is out of range; give seconds above 0, at most 3600": {"haproxy_facts",
			map[string]any{"timeout": -1}},
		"sample: -1 is out of range; give seconds from 0 to 5, half of": {"haproxy_facts",
			map[string]any{"sample": -1}},
		"sample: 3 is out of range; give seconds from 0 to 2, half of time": {"haproxy_facts",
			map[string]any{"sample": 3,
				"timeout": 4}},
	} {
		r := runModule(t, c.module, c.args)
		if msg, _ := r["msg"].(string); r["failed"] != true || !strings.Contains(msg, message) {
			t.Errorf("%s: got %q", message, msg)
		}
	}
}
