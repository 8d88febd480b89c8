// SPDX-License-Identifier: GPL-3.0-or-later

//go:build lab

package integration

import (
	"strings"
	"testing"
)

// TestTheAccountComesFromHiera removes director's account from the container's configuration, so that only hieradata
// has the password, without the command hiera; and checks that no file of MariaDB is on the hosts.
func TestTheAccountComesFromHiera(t *testing.T) {
	if shape != "bundle" {
		t.Skip("only controllers with containers have hiera")
	}
	l := fresh(t)
	l.run("load", "start")
	const file = "/var/lib/config-data/puppet-generated/mysql/root/.my.cnf"
	for _, n := range names(3) {
		if there := l.on(n,
			"command -v hiera mysql mariadb mysqldump mariadb-dump mariadb-backup mbstream; true"); there != "" {
			t.Errorf("on %s: %s", n, there)
		}
		l.on(n, "mv "+file+" "+file+".away")
		t.Cleanup(func() { lab{t}.on(n, "mv "+file+".away "+file) })
	}
	out, _, m := l.backup(map[string]any{"controller_backup_verify": "none"})
	if m.Controller == l.serving() {
		t.Errorf("%s serves", m.Controller)
	}
	if strings.Contains(out, "lab-database-root") {
		t.Errorf("the password is in the output:\n%s", out)
	}
}
