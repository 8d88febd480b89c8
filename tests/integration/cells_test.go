// SPDX-License-Identifier: GPL-3.0-or-later

//go:build lab

package integration

import (
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// cell runs commands on another lab in addition to the usual one.
func cell(run func()) {
	before := program
	program = "tests/lab/cell"
	defer func() { program = before }()
	run()
}

// twoCells returns an inventory of the usual lab's controllers and those of the cell, as director merges those of an
// overcloud and its cell: each group of one is a child of a group for both.
func (l lab) twoCells() string {
	l.t.Helper()
	merged := groups{}
	merged.addStack("overcloud", "Controller", l.groups()["Controller"])
	cell(func() {
		role := l.groups()["Controller"]
		for name, vars := range role.Hosts {
			delete(role.Hosts, name)
			role.Hosts["cell-"+name] = vars
		}
		merged.addStack("cell1", "CellController", role)
	})
	return merged.write(l.t)
}

// addStack adds the groups of a stack with one role, which runs the database and HAProxy.
func (g groups) addStack(stack, role string, hosts group) {
	g[stack+"_"+role] = hosts
	for whole, part := range map[string]string{role: stack + "_" + role, "mysql": stack + "_mysql",
		"haproxy": stack + "_haproxy"} {
		if g[whole].Children == nil {
			g[whole] = group{Children: map[string]group{}}
		}
		g[whole].Children[part] = group{}
		if whole != role {
			g[part] = group{Children: map[string]group{stack + "_" + role: {}}}
		}
	}
}

// ownHistory gives the cluster another state UUID, as if it had been set up separately: the labs are copies of one
// image.
func (l lab) ownHistory() {
	l.t.Helper()
	all := names(3)
	script := ""
	for _, n := range all {
		script = "bash " + l.send("own_history.sh", n)
	}
	l.on(all[0], script+" keep")
	l.on(all[0], "crm_resource --resource "+galeraResource+
		" --meta --set-parameter target-role --parameter-value Stopped && crm_resource --wait")
	for _, n := range all {
		l.on(n, script+" renew")
	}
	l.on(all[0], "crm_resource --resource "+galeraResource+
		" --meta --delete-parameter target-role && crm_resource --wait")
	l.run("up")
}

// TestCells has two clusters with the same names in one inventory, without a variable. Each is decided and backed up on
// its own, and a failure of one does not affect the other. A restore is for one of them.
func TestCells(t *testing.T) {
	if shape != "hosts" {
		t.Skip("nothing of it depends on the shape")
	}
	l := fresh(t)
	t.Cleanup(func() { cell(func() { lab{t}.run("down") }) })
	cell(func() { l.run("up", "--shape", shape) })
	inventory := l.twoCells()
	play := func(vars ...string) (string, error) {
		args := []string{"-i", inventory, filepath.Join(root, "playbooks/backup.yml")}
		for _, v := range vars {
			args = append(args, "-e", v)
		}
		return l.ansible(filepath.Join(root, "build/collections"), "ansible-playbook", args...)
	}

	out, err := play()
	if err == nil || !strings.Contains(out, "ambiguous_names") || !strings.Contains(out, "Nobody was chosen") {
		t.Errorf("one history in both: %v\n%s", err, out)
	}

	cell(l.ownHistory)
	l.run("load", "start")
	serving, inCell := l.serving(), ""
	cell(func() { l.run("load", "start"); inCell = l.serving() })
	began := time.Now().Unix()
	out, err = play()
	if err != nil || strings.Contains(out, "\"cell-"+inCell+": physical") ||
		strings.Contains(out, "\""+serving+": physical") {
		t.Errorf("%s and cell-%s serve: %v\n%s", serving, inCell, err, out)
	}
	ended := time.Now().Unix()
	l.clientsSawNothing(began, ended)
	cell(func() { l.clientsSawNothing(began, ended) })
	if got := strings.Count(out, "reads back well to its last byte"); got != 2 {
		t.Errorf("%d sets were verified\n%s", got, out)
	}

	out, err = l.ansible(filepath.Join(root, "build/collections"), "ansible-playbook", "-i", inventory,
		filepath.Join(root, "playbooks/restore.yml"), "--check")
	if err == nil || !strings.Contains(out, "A restore needs all of one cluster, and no others. Nothing was changed.") {
		t.Errorf("a restore of two clusters: %v\n%s", err, out)
	}

	cell(func() { l.sql(inCell, "CREATE DATABASE legacy; CREATE TABLE legacy.m (i INT) ENGINE=MyISAM") })
	out, err = play("controller_backup_method=logical")
	_, told, _ := strings.Cut(out, "Report where the backup is")
	told, stopped, _ := strings.Cut(told, "Stop when a cluster was not backed up")
	if err == nil || strings.Count(out, "reads back well to its last byte") != 1 ||
		!strings.Contains(told, "\"controller-") || strings.Contains(told, "cell-") ||
		!strings.Contains(stopped, `"msg": "cell-controller-`) || !strings.Contains(stopped, "legacy.m") {
		t.Errorf("one cluster cannot be dumped: %v\n%s", err, out)
	}
}
