// SPDX-License-Identifier: GPL-3.0-or-later

package verify

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"overcloud.backup/internal/rebuild"
	"overcloud.backup/tests/mariadbd"
	"overcloud.backup/tests/sets"
)

// A set does not include the keys, so its tables cannot be checked: they are not reported as damaged.
func TestASetOfEncryptedTablesIsNotCalledDamaged(t *testing.T) {
	sets.Shared(t)
	if _, err := os.Stat("../../build/plugins/file_key_management.so"); err != nil {
		t.Skip("needs the plugin file_key_management, which tests/setup test fetches")
	}
	started, err := mariadbd.Start(func(dir string) []string {
		keys := filepath.Join(dir, "keys")
		must(t, os.WriteFile(keys, []byte("1;"+strings.Repeat("ab", 32)+"\n"), 0o600))
		return append(mariadbd.Plugins("../.."), "--skip-networking", "--plugin-load-add=file_key_management",
			"--file-key-management-filename="+keys)
	})
	must(t, err)
	s := &sets.Server{Server: started}
	defer s.Remove()
	_, err = s.SQL("CREATE DATABASE c_key; USE c_key; CREATE TABLE plain (id INT PRIMARY KEY); CREATE TABLE t (id INT" +
		" PRIMARY KEY, v VARCHAR(100)) ENCRYPTED=YES; INSERT INTO t SELECT seq, 'x' FROM seq_1_to_1000")
	must(t, err)
	// Once with pages in the redo log, which prepare needs, and once without.
	for _, flush := range []bool{false, true} {
		if flush {
			must(t, s.Flush())
		}
		verifyEncrypted(t, s, flush)
	}
}

func verifyEncrypted(t *testing.T, s *sets.Server, flushed bool) {
	t.Helper()
	methods := []string{"physical", "logical"}
	if flushed {
		methods = methods[:1]
	}
	for _, method := range methods {
		path, err := s.BackUp(method)
		must(t, err)
		found, err := examined(t, sets.Open(t, filepath.Dir(filepath.Dir(path)), path))
		if !errors.Is(err, rebuild.ErrNoKey) || len(found.Problems) > 0 {
			t.Errorf("%s: %v, %v", method, found.Problems, err)
		}
		if flushed {
			continue
		}
		scratch := sets.ScratchFolder(t)
		r, err := rebuild.Prepare(t.Context(), sets.Open(t, filepath.Dir(filepath.Dir(path)), path),
			rebuild.Options{Scratch: scratch, Memory: 64 * sets.Mebibyte, AcceptDifferences: true})
		must(t, err)
		if _, err := r.Build(t.Context(), filepath.Join(filepath.Dir(scratch), "built")); !errors.Is(err,
			rebuild.ErrNoKey) {
			t.Errorf("%s: %v", method, err)
		}
	}
}

func TestAPluginThatPagesNeedIsNoDamage(t *testing.T) {
	got := "InnoDB: MariaDB tried to use the LZ4 compression, but its provider plugin is not loaded"
	if err := rebuild.MissingKey(got); !errors.Is(err, rebuild.ErrNoProvider) {
		t.Error(err)
	}
	if err := rebuild.MissingKey("InnoDB: File './nova/t.ibd' is corrupted"); err != nil {
		t.Error(err)
	}
}
