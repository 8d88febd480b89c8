// SPDX-License-Identifier: GPL-3.0-or-later

package restore

import (
	"os"
	"strings"
	"testing"

	"overcloud.backup/internal/galera"
	"overcloud.backup/tests/mariadb"
)

func TestTheSchemaIsHeldAgainstTheSetsWhereTheAccountSeesIt(t *testing.T) {
	mariadb.Need(t)
	if os.Getuid() != 0 {
		t.Skip("needs root, as a restore does")
	}
	s, err := mariadb.Start(func(string) []string { return nil })
	if err != nil {
		t.Fatal(err)
	}
	defer s.Remove()
	if out, err := s.SQL("CREATE DATABASE nova; CREATE TABLE nova.t (i INT PRIMARY KEY); CREATE USER few@localhost IDENTIFIED BY 'p'"); err != nil {
		t.Fatal(out, err)
	}
	root, few := galera.Login{Socket: s.Socket}, galera.Login{Socket: s.Socket, User: "few", Password: "p"}
	c, err := galera.Open(t.Context(), root)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	definitions, err := c.Definitions(t.Context(), galera.ByDump)
	if err != nil {
		t.Fatal(err)
	}
	fingerprint := definitions.Fingerprint()
	if said, err := SameSchema(t.Context(), root, fingerprint); said != "" || err != nil {
		t.Errorf("the same: %q %v", said, err)
	}
	if said, err := SameSchema(t.Context(), root, strings.Repeat("0", 64)); said != "" || err == nil {
		t.Errorf("another: %q %v", said, err)
	}
	if said, err := SameSchema(t.Context(), few, fingerprint); !strings.Contains(said, `the database account "few" lacks SELECT`) || err != nil {
		t.Errorf("an account that does not see it: %q %v", said, err)
	}
}
