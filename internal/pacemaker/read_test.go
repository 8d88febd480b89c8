// SPDX-License-Identifier: GPL-3.0-or-later

package pacemaker

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"overcloud.backup/internal/reading"
	"overcloud.backup/tests/pacemakertest"
)

// fakes is a set of fake commands, and who calls them.
type fakes struct {
	*pacemakertest.Fakes
	read Commands
}

func newFakes(t *testing.T, changed map[string]string) *fakes {
	t.Helper()
	f := pacemakertest.NewFakes(t, changed)
	return &fakes{f, Commands{Find: pacemakertest.OnPath, Corosync: f.Corosync(), Configured: []string{f.Corosync()},
		Own: &ownName}}
}

func (f *fakes) facts(timeout time.Duration) Facts {
	return f.read.read(f.T.Context(), Options{Timeout: timeout, Clock: reading.StartClock(1000)})
}

func TestAHealthyHost(t *testing.T) {
	f := newFakes(t, nil)
	got := f.facts(0)
	if len(got.Errors) != 0 || !got.Present || !got.Connected || got.LocalNode != "controller-1" || !got.Quorum ||
		!got.Corosync.Quorate || got.Galera == nil {
		t.Errorf("facts: %+v", got)
	}
	if got.GatheredAt < 1000 || got.GatheredAt > 1010 || got.Host.Name == "" {
		t.Errorf("header: %+v", got.Header)
	}
	for name, want := range map[string]string{
		"crm_mon": "-1 --output-as=xml\n", "cibadmin": "--query --local --scope configuration\n", "crm_node": "-n\n",
		"corosync-quorumtool": "-s -i\n",
	} {
		if f.Used(name) != want {
			t.Errorf("%s was called as %q, want %q", name, f.Used(name), want)
		}
	}
}

func TestPacemaker11IsQueriedWithItsOwnOptions(t *testing.T) {
	f := newFakes(t,
		map[string]string{"crm_mon": `if [ "$2" = --output-as=xml ]; then
  echo "crm_mon: unrecognized option '--output-as=xml'" >&2
  echo "crm_mon - Provides a summary" >&2
  exit 1
fi
cat "$here/status-1.1.xml"`})
	got := f.facts(0)
	if len(got.Errors) != 0 || got.DC != "overcloud-controller-2" {
		t.Errorf("facts: %+v", got)
	}
	if want := "-1 --output-as=xml\n-1 --as-xml --inactive\n"; f.Used("crm_mon") != want {
		t.Errorf("called as %q, want %q", f.Used("crm_mon"), want)
	}
}

// TestCrmMonThatLies has one bad crm_mon for each case: the error names its source and has a hint, nothing looks
// connected, and the other sources are still read.
func TestCrmMonThatLies(t *testing.T) {
	for _, c := range []struct{ name, body, message, hint string }{
		{"missing", "", "crm_mon is not installed", "pacemaker-cli"},
		{"garbage", `head -c 100000 /dev/zero | tr '\0' 'x'`, "text outside of the root", "run it by hand"},
		{"binary garbage", `head -c 100000 /dev/urandom; true`, "", "run it by hand"},
		{"200 MB", `head -c 200000000 /dev/zero`, "more than 8 MiB", "run it by hand"},
		{"HTML with status 0", `echo '<html><body>502</body></html>'`, "the root is <html>", "run it by hand"},
		{"errors with status 0",
			`echo '<pacemaker-result><status code="0" message="OK"><errors><error>Could not connect to the CIB: No` +
				` such device</error></errors></status></pacemaker-result>'`,
			"Could not connect to the CIB", "cluster running"},
		{"not connected",
			`echo '<pacemaker-result><status code="102" message="Not connected"><errors><error>crm_mon: Connection to` +
				` cluster failed</error></errors></status></pacemaker-result>'; exit 102`,
			"exit status 102: crm_mon: Connection to cluster failed", "cluster running"},
		{"not connected, 1.1",
			`if [ "$2" = --output-as=xml ]; then echo "unrecognized option" >&2; exit 1; fi; echo; echo "Connection` +
				` to cluster failed: Transport endpoint is not connected"; exit 107`,
			"exit status 107: Connection to cluster failed: Transport endpoint", "cluster running"},
		{"not allowed", `echo "Permission denied" >&2; exit 4`, "Permission denied", "become: true"},
		{"nothing", `exit 0`, "empty", "run it by hand"},
		{"cut", `head -c 3000 "$here/lab-status.xml"`, "not well-formed", "run it by hand"},
		{"killed", `kill -9 $$`, "ended by signal killed", "run it by hand"},
		{"an unknown option it names otherwise", `echo "no" >&2; exit 64`, "exit status 64: no", "run it by hand"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := newFakes(t, map[string]string{"crm_mon": c.body})
			got := f.facts(0)
			if (f.Used("crm_mon") == "") != (c.body == "") {
				t.Errorf("the fake was called as %q", f.Used("crm_mon"))
			}
			if got.Connected || got.Quorum || len(got.Nodes)+len(got.VIPs)+len(got.Resources) != 0 {
				t.Errorf("looks connected: %+v", got)
			}
			if len(got.Errors) != 1 {
				t.Fatalf("errors: %+v", got.Errors)
			}
			e := got.Errors[0]
			if e.Source != "crm_mon" || !strings.Contains(e.Where, "crm_mon -1") ||
				!strings.Contains(e.Message, c.message) || strings.Contains(e.Message, "\n") {
				t.Errorf("error: %+v, want %q", e, c.message)
			}
			if !strings.Contains(e.Hint, c.hint) && !(os.Geteuid() != 0 && e.Hint == notAllowed) {
				t.Errorf("hint: %q, want %q", e.Hint, c.hint)
			}
			if got.ClusterName != "tripleo_cluster" || got.LocalNode != "controller-1" || !got.Corosync.Quorate {
				t.Errorf("the other sources are lost: %+v", got)
			}
		})
	}
}

func TestTheOtherSourcesThatFail(t *testing.T) {
	for _, c := range []struct{ tool, body, message string }{
		{"cibadmin", `echo "<cib/>"`, "no <configuration>"},
		{"cibadmin", `echo "Call cib_query failed" >&2; exit 113`, "Call cib_query failed"},
		{"crm_node", `echo two words`, `"two words" is not a node name`},
		{"crm_node", `exit 0`, "is not a node name"},
		{"crm_node", "", "not installed"},
		{"corosync-quorumtool", `echo "Cannot initialize CMAP service" >&2; exit 1`, "Cannot initialize CMAP service"},
		{"corosync-quorumtool", `echo hello`, "not a quorum status"},
	} {
		t.Run(c.tool+" "+c.message, func(t *testing.T) {
			f := newFakes(t, map[string]string{c.tool: c.body})
			got := f.facts(0)
			if len(got.Errors) != 1 || got.Errors[0].Source != c.tool ||
				!strings.Contains(got.Errors[0].Message, c.message) || got.Errors[0].Hint == "" {
				t.Errorf("errors: %+v", got.Errors)
			}
			if !got.Connected {
				t.Error("crm_mon's word is lost")
			}
		})
	}
}

func TestCorosync2ExitsWithOneWhenQuorate(t *testing.T) {
	f := newFakes(t, map[string]string{"corosync-quorumtool": `cat "$here/lab-quorum.txt"; exit 1`})
	if got := f.facts(0); len(got.Errors) != 0 || !got.Corosync.Quorate {
		t.Errorf("%+v", got.Errors)
	}
}

func TestWithoutCorosyncThereIsNothingToAsk(t *testing.T) {
	f := newFakes(t, map[string]string{"corosync-quorumtool": ""})
	if got := f.facts(0); len(got.Errors) != 0 {
		t.Errorf("a Pacemaker remote has no Corosync: %+v", got.Errors)
	}
	if err := os.WriteFile(f.read.Corosync, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if got := f.facts(0); len(got.Errors) != 1 || got.Errors[0].Source != "corosync-quorumtool" {
		t.Errorf("configured, but its tool is missing: %+v", got.Errors)
	}
}

func TestACommandThatHangsIsKilledWithItsChildren(t *testing.T) {
	f := newFakes(t, map[string]string{"crm_mon": `sleep 600 & echo $! >"$0.child"; wait`})
	start := time.Now()
	got := f.facts(time.Second)
	if took := time.Since(start); took > 5*time.Second {
		t.Errorf("took %v", took)
	}
	if len(got.Errors) != 1 || !strings.Contains(got.Errors[0].Message, "no answer within the time limit") ||
		!strings.Contains(got.Errors[0].Hint, "timeout") {
		t.Errorf("errors: %+v", got.Errors)
	}
	if got.ClusterName == "" || got.LocalNode != "controller-1" {
		t.Errorf("the sources that answered in time are lost: %+v", got)
	}
	pid, err := os.ReadFile(filepath.Join(f.Dir, "crm_mon.child"))
	if err != nil {
		t.Fatal(err)
	}
	pacemakertest.Ends(t, strings.TrimSpace(string(pid)))
}

func TestTheSourcesAreReadConcurrently(t *testing.T) {
	slow := map[string]string{}
	for name, body := range pacemakertest.Healthy {
		slow[name] = "sleep 1; " + body
	}
	start := time.Now()
	if got := newFakes(t, slow).facts(0); len(got.Errors) != 0 {
		t.Fatalf("errors: %+v", got.Errors)
	}
	if took := time.Since(start); took > 3*time.Second {
		t.Errorf("four commands of one second took %v", took)
	}
}

func TestAHostWithoutPacemaker(t *testing.T) {
	f := newFakes(t, map[string]string{"crm_mon": "", "cibadmin": "", "crm_node": "", "corosync-quorumtool": ""})
	if got := f.facts(0); got.Present || got.Connected || len(got.Errors) != 0 || got.GatheredAt == 0 {
		t.Errorf("facts: %+v", got)
	}
	if err := os.WriteFile(f.read.Configured[0], nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if got := f.facts(0); !got.Present || got.Connected || len(got.Errors) != 4 {
		t.Errorf("configured without tools: %+v", got)
	}
}

func TestACancelledReadingEnds(t *testing.T) {
	f := newFakes(t, nil)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if got := f.read.read(ctx, Options{}); got.Connected || len(got.Errors) != 4 {
		t.Errorf("%+v", got)
	}
}
