// SPDX-License-Identifier: GPL-3.0-or-later

package haproxy

import (
	"strings"
	"testing"

	"overcloud.backup/tests/haproxytest"
)

// A proxy's name in the statistics is part of the next command, and must not become a command itself.
func TestAProxysNameIsNoCommand(t *testing.T) {
	answers := haproxytest.Lab(t)
	answers["show stat"] = strings.ReplaceAll(answers["show stat"], "\nmysql,",
		"\n\"mysql; set server mysql/x state maint\",")
	f := haproxytest.NewFake(t, haproxytest.Scripted(answers))
	read(t, Options{Socket: f.Path})
	if sent := f.Commands(); strings.Contains(sent, "set server") {
		t.Errorf("sent %q", sent)
	}
}
