// SPDX-License-Identifier: GPL-3.0-or-later

//go:build lab

package integration

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestComposableRoles has the database on three machines and HAProxy with the VIP on two others, like director's roles
// Database and ControllerOpenstack: the playbooks find them by director's service groups, without a variable, and by
// groups with any other names that are given.
func TestComposableRoles(t *testing.T) {
	if shape != "hosts" {
		t.Skip("the composable layout is a shape of its own")
	}
	l := lab{t}
	l.run("up", "--shape", "composable")
	l.run("load", "start")
	t.Cleanup(func() { lab{t}.run("load", "stop") })
	serving := l.serving()
	d := l.decide(nil)
	t.Logf("\n%s", d.Text)
	if !slices.Equal(d.Active, []string{serving}) || !slices.Contains(others(serving), d.Chosen) {
		t.Errorf("%s serves: active %v, chosen %q", serving, d.Active, d.Chosen)
	}
	for _, proxy := range []string{"controller-3", "controller-4"} {
		if strings.Contains(d.Message, proxy+": ") {
			t.Errorf("%s has no database, and it was judged: %s", proxy, d.Message)
		}
	}
	began := time.Now().Unix()
	_, set, m := l.backup(nil)
	if !slices.Contains(others(serving), m.Controller) || m.Controller == serving {
		t.Errorf("backed up was %s", m.Controller)
	}
	l.clientsSawNothing(began, time.Now().Unix())
	out, err := l.play("playbooks/restore.yml", map[string]any{"controller_restore_set": set}, "--check")
	if err != nil || !strings.Contains(out, "to controller-0, controller-1, controller-2\"") {
		t.Errorf("%v\n%s", err, out)
	}
	roles := l.groups()
	given := groups{"sql": roles["Database"], "balancers": roles["ControllerOpenstack"]}.write(t)
	out, err = l.ansible(filepath.Join(root, "build/collections"), "ansible-playbook", "-i", given,
		filepath.Join(root, "playbooks/backup.yml"),
		"-e", "galera_hosts=sql", "-e", "haproxy_hosts=balancers")
	if err != nil || !strings.Contains(out, ": physical backup of controller-") ||
		strings.Contains(out, ": physical backup of "+l.serving()) {
		t.Errorf("groups given: %v\n%s", err, out)
	}
	// The VIP moves to the other one, which alone knows who serves.
	from, to := l.holder(5), "controller-4"
	if from == to {
		to = "controller-3"
	}
	l.on(to, "crm_resource --ban --resource ip-"+vip+" --node "+from)
	t.Cleanup(func() { lab{t}.on(to, "crm_resource --clear --resource ip-"+vip) })
	l.until("the VIP moved", time.Minute, func() bool { return l.holder(5) == to })
	l.until("clients are back", time.Minute, func() bool { _, err := l.try("load", "start"); return err == nil })
	if d := l.decide(nil); !slices.Contains(d.Active, l.serving()) || d.Chosen == l.serving() {
		t.Errorf("%s serves: active %v, chosen %q\n%s", l.serving(), d.Active, d.Chosen, d.Text)
	}
}
