// SPDX-License-Identifier: GPL-3.0-or-later

//go:build lab

package integration

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// cell runs what is given on another lab beside the usual one.
func cell(run func()) {
	before := program
	program = "tests/lab/cell"
	defer func() { program = before }()
	run()
}

// twoCells is an inventory with the usual lab's controllers and those of the cell, as director's of an overcloud with one.
func (l lab) twoCells() string {
	l.t.Helper()
	usual := l.readFile(l.run("inventory"))
	other := ""
	cell(func() { other = l.readFile(l.run("inventory")) })
	other, _, _ = strings.Cut(other, "overcloud:\n")
	path := filepath.Join(l.t.TempDir(), "inventory.yaml")
	text := usual + strings.NewReplacer("\nController:", "\nCellController:", "    controller-", "    cell-controller-").Replace(other)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		l.t.Fatal(err)
	}
	return path
}

func (l lab) readFile(path string) string {
	l.t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		l.t.Fatal(err)
	}
	return string(text)
}

// ownHistory gives the cluster another state UUID, as of one that was set up apart: the labs are made from one copy.
func (l lab) ownHistory() {
	l.t.Helper()
	all := names(3)
	script := ""
	for _, n := range all {
		script = "bash " + l.send("own_history.sh", n)
	}
	l.on(all[0], script+" keep")
	l.on(all[0], "crm_resource --resource "+galeraResource+" --meta --set-parameter target-role --parameter-value Stopped && crm_resource --wait")
	for _, n := range all {
		l.on(n, script+" renew")
	}
	l.on(all[0], "crm_resource --resource "+galeraResource+" --meta --delete-parameter target-role && crm_resource --wait")
	l.run("up")
}

// TestCells has two clusters of the same names behind one inventory. Each is decided and backed up apart, and what fails
// in one keeps nothing from the other.
func TestCells(t *testing.T) {
	if shape != "hosts" {
		t.Skip("nothing of it depends on the shape")
	}
	l := fresh(t)
	t.Cleanup(func() { cell(func() { lab{t}.run("down") }) })
	cell(func() { l.run("up", "--shape", shape) })
	inventory := l.twoCells()
	play := func(vars ...string) (string, error) {
		args := []string{"-i", inventory, filepath.Join(root, "playbooks/backup.yml"), "-e", "controller_backup_hosts=Controller:CellController"}
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
	if err != nil || strings.Contains(out, "\"cell-"+inCell+": physical") || strings.Contains(out, "\""+serving+": physical") {
		t.Errorf("%s and cell-%s serve: %v\n%s", serving, inCell, err, out)
	}
	ended := time.Now().Unix()
	l.clientsSawNothing(began, ended)
	cell(func() { l.clientsSawNothing(began, ended) })
	if got := strings.Count(out, "reads back well to its last byte"); got != 2 {
		t.Errorf("%d sets were verified\n%s", got, out)
	}

	cell(func() { l.sql(inCell, "CREATE DATABASE legacy; CREATE TABLE legacy.m (i INT) ENGINE=MyISAM") })
	out, err = play("controller_backup_method=logical")
	_, told, _ := strings.Cut(out, "Where the backup lies")
	told, stopped, _ := strings.Cut(told, "Stop when a cluster was not backed up")
	if err == nil || strings.Count(out, "reads back well to its last byte") != 1 || !strings.Contains(told, "\"controller-") || strings.Contains(told, "cell-") ||
		!strings.Contains(stopped, `"msg": "cell-controller-`) || !strings.Contains(stopped, "legacy.m") {
		t.Errorf("one cluster cannot be dumped: %v\n%s", err, out)
	}
}
