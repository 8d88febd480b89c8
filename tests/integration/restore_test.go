// SPDX-License-Identifier: GPL-3.0-or-later

//go:build lab

package integration

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// restore starts a server on a set with manual commands, on the controller that has it, and returns a line for each
// table: name, rows, checksum.
func (l lab) restore(controller, set string) string {
	l.t.Helper()
	return l.byHand(controller, set)
}

// checksums returns the same lines from the controller's own server.
func (l lab) checksums(controller string) string {
	l.t.Helper()
	return l.byHand(controller, "--live "+databaseSocket)
}

func (l lab) byHand(controller, args string) string {
	l.t.Helper()
	there := l.send("restore_by_hand.sh", controller)
	if shape == "bundle" {
		// The server's programs are only in its image, and its root has a password.
		return l.on(controller, "podman run --rm --cgroups=disabled --privileged --network=none"+
			" --env=MYSQL_PWD=lab-database-root --volume=/root:/root "+
			"--volume=/var/lib/mysql:/var/lib/mysql --volume=/var/backups:/var/backups"+
			" cluster.common.tag/mariadb:pcmklatest bash "+there+" "+args)
	}
	return l.on(controller, "bash "+there+" "+args)
}

// send copies a script of this folder to a controller and returns its path.
func (l lab) send(name, controller string) string {
	l.t.Helper()
	script, err := os.Open(name)
	if err != nil {
		l.t.Fatal(err)
	}
	defer script.Close()
	there := "/root/" + name
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, filepath.Join(root, program), "ssh", number(controller), "cat >"+there)
	cmd.Stdin = script
	if out, err := cmd.CombinedOutput(); err != nil {
		l.t.Fatalf("%v\n%s", err, out)
	}
	return there
}

// restoredLedgerHasNoGap checks a set that was taken while clients wrote: each client's commits are there from its
// first to some last one, without a gap, and include all that were acknowledged before the backup began.
func (l lab) restoredLedgerHasNoGap(controller, set string, before int) {
	l.t.Helper()
	out := l.byHand(controller, set+
		` "SELECT COUNT(*), COALESCE(SUM(MAX_SEQ - MIN_SEQ + 1 - N), 0), COALESCE(SUM(N), 0) FROM
		(SELECT MAX(seq) MAX_SEQ, MIN(seq) MIN_SEQ, COUNT(*) N FROM lab_load.commits
		 WHERE run = (SELECT MAX(run) FROM lab_load.commits) GROUP BY client) c"`)
	f := strings.Fields(out)
	if len(f) != 3 {
		l.t.Fatalf("the restored server says %q", out)
	}
	commits, err := strconv.Atoi(f[2])
	if err != nil || f[0] == "0" || f[1] != "0" || commits < before {
		l.t.Errorf("clients, missing, commits: %s; acknowledged before the backup: %d", out, before)
	}
}
