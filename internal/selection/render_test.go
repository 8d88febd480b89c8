// SPDX-License-Identifier: GPL-3.0-or-later

package selection

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"overcloud.backup/internal/pacemaker"
	"overcloud.backup/internal/reading"
	"overcloud.backup/internal/topology"
	"overcloud.backup/tests/story"
)

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name+".txt")
	if story.Update() {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s: got\n%s\nwant\n%s", path, got, want)
	}
}

func TestTheTableReadsAtAGlance(t *testing.T) {
	cases := map[string]func(w *world, o *Options){
		"healthy":      func(*world, *Options) {},
		"sticky-trap":  func(w *world, _ *Options) { w.serve(2) },
		"last-standby": func(w *world, _ *Options) { w.stop(2) },
		"unreachable": func(w *world, _ *Options) {
			w.hosts[2] = topology.Host{Name: "controller-2",
				Unreachable: true}
		},
		"proxy-unread":    func(w *world, _ *Options) { w.muteProxy(1) },
		"ambiguous-names": func(w *world, _ *Options) { w.hosts[2].Pacemaker.LocalNode = "controller-1" },
		"database-hosts":  func(w *world, _ *Options) { w.apart() },
		"long-names": func(w *world, _ *Options) {
			w.hosts[2].Galera.Wsrep.RecvQueue, w.hosts[2].Galera.Sample.RecvQueueMin = 40, 40
			w.managers(func(p *pacemaker.Facts) { p.MaintenanceMode = true })
			for i := range w.hosts {
				w.hosts[i].Name += ".internalapi.localdomain"
			}
		},
	}
	for name, change := range cases {
		t.Run(name, func(t *testing.T) {
			w, o := healthy(3), options()
			change(w, &o)
			d := decide(t, w.hosts, o)
			golden(t, name, d.Text)
			for _, line := range strings.Split(d.Text, "\n") {
				if len(line) > 120 {
					t.Errorf("%d columns: %s", len(line), line)
				}
			}
		})
	}
}

func TestTwoClustersAreTwoTables(t *testing.T) {
	cell := named(2, "aaaa8e3a-7d2f-11f0-9c4e-0e3f5f0d7a11", "cell-", "10.98.0.", "10.98.0.10")
	golden(t, "two-clusters", decide(t, append(healthy(3).hosts, cell.hosts...), options()).Text)
}

func TestADecisionWithoutHostsSaysSo(t *testing.T) {
	golden(t, "nothing", decide(t, nil, options()).Text)
	golden(t, "all-unreachable", decide(t, []topology.Host{{Name: "controller-0", Unreachable: true},
		{Name: "controller-1", Unreachable: true}}, options()).Text)
}

func TestNamesCannotMoveTheCursor(t *testing.T) {
	w := healthy(3)
	for _, head := range []*reading.Header{&w.hosts[2].Galera.Header, &w.hosts[2].Pacemaker.Header,
		&w.hosts[2].HAProxy.Header} {
		head.Host.Name = "controller-2\x1b[2J\r\u202e"
	}
	w.hosts[2].Galera.Server.Hostname = "b\x00\u00e9"
	for _, r := range decide(t, w.hosts, options()).Text {
		if r != '\n' && (r < ' ' || r > '~') {
			t.Fatalf("the text holds %q", r)
		}
	}
}

func TestTheDecisionHasEveryPosition(t *testing.T) {
	w := healthy(3)
	w.hosts[1].Galera.Wsrep.LastCommitted = 4711
	w.hosts[2].Galera.Running = false
	o := Defaults()
	o.Now = testNow
	d := decide(t, w.hosts, o)
	if got := d.of("controller-1").LastCommitted; got != 4711 {
		t.Errorf("position of a server that runs: %d", got)
	}
	if got := d.of("controller-2").LastCommitted; got != -1 {
		t.Errorf("position of a server that does not run: %d", got)
	}
}
