// SPDX-License-Identifier: GPL-3.0-or-later

package restore

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"overcloud.backup/internal/mariadb"
	"overcloud.backup/internal/mariadb/catalog"
	"overcloud.backup/internal/rebuild"
	"overcloud.backup/tests/mariadbd"
)

func TestTheSchemaIsComparedWithTheSetsIfTheAccountSeesIt(t *testing.T) {
	mariadbd.Need(t)
	if os.Getuid() != 0 {
		t.Skip("needs root, as a restore does")
	}
	s, err := mariadbd.Start(func(string) []string { return nil })
	if err != nil {
		t.Fatal(err)
	}
	defer s.Remove()
	if out, err := s.SQL("CREATE DATABASE nova; CREATE TABLE nova.t (i INT PRIMARY KEY); CREATE USER few@localhost " +
		"IDENTIFIED BY 'p'"); err != nil {
		t.Fatal(out, err)
	}
	c, err := mariadb.Open(t.Context(), mariadb.Login{Socket: s.Socket})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	definitions, err := catalog.ReadDefinitions(t.Context(), c, catalog.ByDump)
	if err != nil {
		t.Fatal(err)
	}
	b, err := OpenBook(filepath.Join(t.TempDir(), "restore"))
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	if warning, err := b.CompareSchema(t.Context(), c); warning != "" || err != nil {
		t.Errorf("a restore that noted none: %q %v", warning, err)
	}
	if err := b.Made(rebuild.Built{Definitions: definitions}, catalog.ByDump); err != nil {
		t.Fatal(err)
	}
	if warning, err := b.CompareSchema(t.Context(), c); warning != "" || err != nil {
		t.Errorf("the same: %q %v", warning, err)
	}
	if out, err := s.SQL("DROP TABLE nova.t; CREATE VIEW nova.v AS SELECT 1"); err != nil {
		t.Fatal(out, err)
	}
	warning, err := b.CompareSchema(t.Context(), c)
	if !strings.Contains(warning, "table nova.t is missing, table nova.v is not in the set") || err != nil {
		t.Errorf("another: %q %v", warning, err)
	}
	blind, err := mariadb.Open(t.Context(), mariadb.Login{Socket: s.Socket, User: "few", Password: "p"})
	if err != nil {
		t.Fatal(err)
	}
	defer blind.Close()
	if warning, err := b.CompareSchema(t.Context(), blind); !strings.Contains(warning,
		`the database account "few" lacks SELECT`) || err != nil {
		t.Errorf("an account that does not see it: %q %v", warning, err)
	}
	if err := b.End(Restored); err != nil {
		t.Fatal(err)
	}
	if exists(b.definitions()) {
		t.Error("the definitions are left beside the book of a restore that has ended")
	}
}
