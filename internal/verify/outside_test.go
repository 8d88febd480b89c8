// SPDX-License-Identifier: GPL-3.0-or-later

package verify

import (
	"os"
	"path/filepath"
	"testing"

	"overcloud.backup/tests/sets"
)

// The table's own file, outside of the datadir of the server that was backed up, must neither be touched nor be needed.
func TestTablesElsewhereStayUntouched(t *testing.T) {
	s := sets.Shared(t)
	outside := filepath.Join(s.Dir, "outside")
	must(t, os.MkdirAll(outside, 0o777))
	_, err := s.SQL("CREATE DATABASE elsewhere; CREATE TABLE elsewhere.t (id INT PRIMARY KEY) DATA DIRECTORY = '" +
		outside + "'; INSERT INTO elsewhere.t VALUES (1), (2)")
	must(t, err)
	defer func() {
		if _, err := s.SQL("DROP DATABASE elsewhere"); err != nil {
			t.Error(err)
		}
	}()
	path, err := s.BackUp("physical")
	must(t, err)
	defer os.RemoveAll(path)
	found, problems, warnings := restored(t, sets.Open(t, filepath.Dir(filepath.Dir(path)), path))
	if len(problems) > 0 || len(warnings) != 1 || found.Schemas["elsewhere"] != 1 || found.Rows != 854 {
		t.Errorf("%+v, %v, %q", found, problems, warnings)
	}
	if n, err := s.SQL("SELECT COUNT(*) FROM elsewhere.t"); n != "2" || err != nil {
		t.Errorf("%q, %v", n, err)
	}
}
