// SPDX-License-Identifier: GPL-3.0-or-later

package steps

import (
	"os/exec"
	"strings"
	"testing"

	"overcloud.backup/internal/jobs"
	"overcloud.backup/internal/option"
	"overcloud.backup/tests/pacemakertest"
	"overcloud.backup/tests/sets"
)

// live returns the cluster's configuration, as cibadmin prints it.
func live(t *testing.T) string {
	t.Helper()
	out, err := exec.Command("cibadmin", "--query").Output()
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

// configurable returns a cluster, and a set with a configuration that change has modified.
func configurable(t *testing.T, change func(string) string) (*pacemakertest.Galera, Options, string) {
	t.Helper()
	g := pacemakertest.NewGalera(t)
	g.Put("resources", `<primitive id="ip" class="ocf" provider="heartbeat" type="IPaddr2"><instance_attributes`+
		` id="ip-i">`+
		`<nvpair id="ip-a" name="ip" value="10.99.0.100"/><nvpair id="ip-p" name="password" value="hunter2"/>`+
		`</instance_attributes></primitive>`)
	now := live(t)
	wanted := change(now)
	destination, path := sets.SmallWith(t, wanted)
	return g, Options{State: "configured", Set: option.Set{Destination: destination, Set: "newest"}}, path
}

func TestTheSameConfigurationIsNotPushed(t *testing.T) {
	g, o, path := configurable(t, func(now string) string { return now })
	o.Confirm = "solo"
	answer, err := o.Run(t.Context(), jobs.Caller{})
	if err != nil || answer.Changed || answer.Msg != "Pacemaker's configuration is that of "+path || g.Calls() != "" {
		t.Errorf("%+v %v", answer, err)
	}
}

func newTimeout(now string) string {
	return strings.Replace(now, "timeout='300s'", "timeout='900s'", 1)
}

// The operator sees the difference first, and confirms it with the name of the set's cluster.
func TestAConfigurationIsPushedWhenItIsConfirmed(t *testing.T) {
	g, o, path := configurable(t, newTimeout)
	answer, err := o.Run(t.Context(), jobs.Caller{CheckMode: true})
	if err != nil || !answer.Changed || !strings.Contains(answer.Msg, "is not that of "+path) ||
		!strings.HasSuffix(answer.Msg, "nothing was changed") ||
		!strings.Contains(answer.Diff.Before, `timeout="300s"`) ||
		!strings.Contains(answer.Diff.After, `timeout="900s"`) {
		t.Errorf("%+v %v", answer, err)
	}
	for _, confirm := range []string{"", "galera_cluster", path} {
		o.Confirm = confirm
		if _, err := o.Run(t.Context(), jobs.Caller{}); err == nil || !strings.Contains(err.Error(),
			"confirm that by the name of the cluster, solo") {
			t.Errorf("%q: %v", confirm, err)
		}
	}
	if g.Calls() != "" {
		t.Fatal("it was pushed unconfirmed")
	}
	o.Confirm = "solo"
	answer, err = o.Run(t.Context(), jobs.Caller{})
	if err != nil || !answer.Changed || g.Calls() != "--replace --scope configuration --xml-pipe" ||
		!strings.Contains(g.Has("pushed"), `timeout="900s"`) || !strings.HasPrefix(answer.Msg,
		"Pacemaker's configuration was replaced by that of "+path) {
		t.Errorf("%+v %v", answer, err)
	}
}

// The nodes and addresses of another cluster would take this one down.
func TestAnotherClustersConfigurationIsPushedOnlyWhenThatIsWanted(t *testing.T) {
	for want, change := range map[string]func(string) string{
		"it has the nodes controller-0, controller-1, stranger, and this one has controller-0, controller-1," +
			" controller-2": func(
			now string) string {
			return strings.Replace(now, "uname='controller-2'", "uname='stranger'", 1)
		},
		"it has the virtual IPs 10.1.1.1, and this one has 10.99.0.100": func(now string) string {
			return strings.Replace(now, "10.99.0.100", "10.1.1.1", 1)
		},
	} {
		g, o, _ := configurable(t, change)
		o.Confirm = "solo"
		if _, err := o.Run(t.Context(), jobs.Caller{}); err == nil || !strings.Contains(err.Error(), want) ||
			g.Calls() != "" {
			t.Errorf("%v, want %q", err, want)
		}
		if answer, err := o.Run(t.Context(), jobs.Caller{CheckMode: true}); err != nil ||
			!strings.Contains(answer.Msg, want) {
			t.Errorf("a look does not say it: %+v %v", answer, err)
		}
		o.OtherCluster = true
		if _, err := o.Run(t.Context(), jobs.Caller{}); err != nil || g.Has("pushed") == "" {
			t.Errorf("wanted: %v", err)
		}
	}
}

// A hidden value may be a payload: the difference is reported without the value.
func TestAHiddenValueThatChangesIsWarnedOf(t *testing.T) {
	_, o, path := configurable(t, func(now string) string { return strings.Replace(now, "hunter2", "evil; rm", 1) })
	answer, err := o.Run(t.Context(), jobs.Caller{CheckMode: true})
	if err != nil || len(answer.Warnings) != 1 || !strings.HasPrefix(answer.Warnings[0],
		"the set differs from the cluster in 1 value not shown here") || !strings.Contains(answer.Warnings[0], path) {
		t.Fatalf("%+v %v", answer, err)
	}
	shown := answer.Msg + answer.Warnings[0] + answer.Diff.Before + answer.Diff.After
	if strings.Contains(shown, "hunter2") || strings.Contains(shown, "evil") {
		t.Error(shown)
	}
}

func TestAConfigurationIsNotPushedOverABackup(t *testing.T) {
	g, o, _ := configurable(t, newTimeout)
	g.Put("config", strings.Replace(pacemakertest.Lock, "1795377600.5", "4000000000", 1))
	o.Confirm = "solo"
	if _, err := o.Run(t.Context(), jobs.Caller{}); err == nil ||
		!strings.Contains(err.Error(), "a backup runs on controller-1") ||
		g.Has("pushed") != "" {
		t.Error(err)
	}
}

func TestAConfigurationThatCannotBeReadIsRefused(t *testing.T) {
	g := pacemakertest.NewGalera(t)
	for configuration, want := range map[string]string{"": "holds no cib", "<configuration": "cib.xml: "} {
		destination, _ := sets.SmallWith(t, configuration)
		o := Options{State: "configured", Confirm: "solo", Set: option.Set{Destination: destination, Set: "newest"}}
		if _, err := o.Run(t.Context(), jobs.Caller{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
	if g.Calls() != "" {
		t.Error("something was pushed")
	}
}
