// SPDX-License-Identifier: GPL-3.0-or-later

package sets

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"overcloud.backup/internal/repository"
	"overcloud.backup/internal/repository/stores"
)

// Small creates a set of a dump that is not compressed.
func Small(t testing.TB) (destination, path string) {
	t.Helper()
	return SmallWith(t, "")
}

// SmallWith creates such a set, with a configuration of Pacemaker beside the dump unless that is empty.
func SmallWith(t testing.TB, configuration string) (destination, path string) {
	t.Helper()
	dir := t.TempDir()
	for _, d := range []string{filepath.Dir(dir), dir} {
		if err := os.Chmod(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	destination = filepath.Join(dir, "sets")
	r, err := stores.Make(destination)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	set, err := r.Create("solo", "logical", "controller-1", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	f, err := set.Add("backup.sql", "sql", []byte("CREATE DATABASE nova;\n-- Dump completed\n"))
	files := []repository.File{f}
	if err == nil && configuration != "" {
		var c repository.File
		c, err = set.Add("cib.xml", "cib", []byte(configuration))
		files = append(files, c)
	}
	if err == nil {
		err = set.Commit(&repository.Manifest{
			Cluster: repository.Cluster{Name: "solo"}, Controller: "controller-1", Method: "logical", StartedAt: 1,
			EndedAt:  2,
			Position: repository.Position{UUID: "0bf81e81-e6a9-11f1-aab7-6f76032d5070", Seqno: 3, SeqnoEnd: 4},
			Files:    files,
			Server:   repository.Server{Version: "10.3.1-MariaDB"}, Warnings: []string{},
		})
	}
	if err != nil {
		t.Fatal(err)
	}
	return destination, set.Path()
}
