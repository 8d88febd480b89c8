// SPDX-License-Identifier: GPL-3.0-or-later

package verify

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"overcloud.backup/tests/mariadb"
)

// The keys are not in a set, so that nothing can be said of its tables: they are not damaged.
func TestASetOfEncryptedTablesIsNotCalledDamaged(t *testing.T) {
	shared(t)
	if _, err := os.Stat("../../build/plugins/file_key_management.so"); err != nil {
		t.Skip("needs the plugin file_key_management, which tests/setup test fetches")
	}
	started, err := mariadb.Start(func(dir string) []string {
		keys := filepath.Join(dir, "keys")
		must(t, os.WriteFile(keys, []byte("1;"+strings.Repeat("ab", 32)+"\n"), 0o600))
		return append(mariadb.Plugins("../.."), "--skip-networking", "--plugin-load-add=file_key_management", "--file-key-management-filename="+keys)
	})
	must(t, err)
	s := &server{Server: started}
	defer s.Remove()
	_, err = s.SQL("CREATE DATABASE c_key; USE c_key; CREATE TABLE plain (id INT PRIMARY KEY); CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(100)) ENCRYPTED=YES; INSERT INTO t SELECT seq, 'x' FROM seq_1_to_1000")
	must(t, err)
	// Once with pages in the redo log, which are wanted when the set is made ready, and once without.
	for _, flush := range []bool{false, true} {
		if flush {
			must(t, s.flush())
		}
		verifyEncrypted(t, s, flush)
	}
}

func verifyEncrypted(t *testing.T, s *server, flushed bool) {
	t.Helper()
	methods := []string{"physical", "logical"}
	if flushed {
		methods = methods[:1]
	}
	for _, method := range methods {
		path, err := s.backUp(method)
		must(t, err)
		found, err := prepared(t, openSet(t, filepath.Dir(filepath.Dir(path)), path), scratchFolder(t)).Run(t.Context())
		if !errors.Is(err, errNoKey) || len(found.Problems) > 0 {
			t.Errorf("%s: %v, %v", method, found.Problems, err)
		}
		if flushed {
			continue
		}
		if _, _, err := built(t, filepath.Dir(filepath.Dir(path)), path, true); !errors.Is(err, errNoKey) {
			t.Errorf("%s: %v", method, err)
		}
	}
}

func TestAPluginThatPagesNeedIsNoDamage(t *testing.T) {
	said := "InnoDB: MariaDB tried to use the LZ4 compression, but its provider plugin is not loaded"
	if err := withoutKey(said); !errors.Is(err, errNoProvider) {
		t.Error(err)
	}
	if err := withoutKey("InnoDB: File './nova/t.ibd' is corrupted"); err != nil {
		t.Error(err)
	}
}
