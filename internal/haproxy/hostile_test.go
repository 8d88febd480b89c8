// SPDX-License-Identifier: GPL-3.0-or-later

package haproxy

import (
	"net"
	"strings"
	"testing"
)

// A proxy's name in an answer is part of the next command: it must not become a command itself.
func TestANameIsNoCommand(t *testing.T) {
	for _, name := range []string{"mysql; set server mysql/s1 state maint", "mysql\nshutdown sessions server mysql/s1",
		"mysql\r", "my sql", "mysql\x00", "", "$(id)", "mysql;", "ä"} {
		f := newFake(t, func(net.Conn, string) {})
		if _, err := statsSocket(f.path).askFor(t.Context(), "show table", name); err == nil ||
			!strings.Contains(err.Error(), "not a name of HAProxy's") {
			t.Errorf("%q: %v", name, err)
		}
		if said := f.commands(); said != "" {
			t.Errorf("%q: sent %q", name, said)
		}
	}
	answers := lab(t)
	answers["show stat"] = strings.ReplaceAll(answers["show stat"], "\nmysql,",
		"\n\"mysql; set server mysql/x state maint\",")
	f := newFake(t, scripted(answers))
	read(t, Options{Socket: f.path})
	if said := f.commands(); strings.Contains(said, "set server") {
		t.Errorf("sent %q", said)
	}
}
