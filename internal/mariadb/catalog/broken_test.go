// SPDX-License-Identifier: GPL-3.0-or-later

package catalog

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"overcloud.backup/internal/mariadb/mariadbtest"
)

func TestBrokenTablesAreFound(t *testing.T) {
	s := mariadbtest.Start(t)
	c := s.Root(t)
	mariadbtest.Exec(t, c, "CREATE DATABASE brk", "CREATE TABLE brk.t (i INT, c INT)", "CREATE TABLE brk.keep (i INT)",
		"CREATE FUNCTION brk.f() RETURNS INT RETURN 1",
		"CREATE VIEW brk.ok AS SELECT * FROM brk.keep", "CREATE VIEW brk.v AS SELECT * FROM brk.t",
		"CREATE VIEW brk.`v``2` AS SELECT * FROM brk.v",
		"CREATE VIEW brk.vc AS SELECT i FROM brk.keep WHERE brk.f() = 1", "DROP TABLE brk.t", "DROP FUNCTION brk.f",
		"FLUSH TABLES")
	defer mariadbtest.Exec(t, c, "DROP DATABASE brk")
	frm, err := os.ReadFile(filepath.Join(s.Data, "brk/keep.frm"))
	if err == nil {
		err = os.WriteFile(filepath.Join(s.Data, "brk/orphan.frm"), frm, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	got, err := FindBroken(t.Context(), c, time.Minute)
	var names []string
	for _, b := range got {
		names = append(names, fmt.Sprintf("%s %t", b, b.View))
		if !strings.Contains(b.Why, "brk") {
			t.Errorf("%s: %q", b, b.Why)
		}
	}
	if want := []string{"brk.orphan false", "brk.v true", "brk.v`2 true", "brk.vc true"}; err != nil ||
		!slices.Equal(names, want) {
		t.Errorf("%q, want %q, %v", names, want, err)
	}
}
