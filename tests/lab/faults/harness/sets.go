// SPDX-License-Identifier: GPL-3.0-or-later

package harness

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"overcloud.backup/internal/journal"
	"overcloud.backup/internal/repository"
	"overcloud.backup/tests/lab/faults/lab"
)

// Sets returns the folders of sets on all controllers, such as "1:/var/backups/overcloud/CLUSTER/SET", with a digest of
// the names, sizes and times of their files. Files hidden by a mount are not seen.
func (r *Run) Sets() map[string]string {
	found := map[string]string{}
	for _, m := range r.Machines() {
		if m.Leader() == 0 {
			continue
		}
		folders, _ := filepath.Glob(m.Path(Destination + "/*/[0-9]*"))
		for _, folder := range folders {
			found[m.Arg()+":"+strings.TrimPrefix(folder, m.Path("/"))] = digest(folder)
		}
	}
	return found
}

func digest(folder string) string {
	h := sha256.New()
	_ = filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		if err == nil {
			info, err := d.Info()
			if err == nil {
				fmt.Fprintln(h, strings.TrimPrefix(path, folder), info.Size(), info.ModTime().UnixNano(), info.Mode())
			}
		}
		return nil
	})
	return hex.EncodeToString(h.Sum(nil))
}

// NewSets returns those that this case created, with or without a manifest.
func (r *Run) NewSets(manifest bool) []string {
	var made []string
	for set := range r.Sets() {
		m, path := r.place(set)
		_, err := os.Stat(m.Path(path + "/manifest.json"))
		if _, old := r.Before[set]; !old && (err == nil) == manifest {
			made = append(made, set)
		}
	}
	slices.Sort(made)
	return made
}

func (r *Run) place(set string) (lab.Machine, string) {
	number, path, _ := strings.Cut(set, ":")
	return r.Machines()[number[0]-'0'], path
}

// RemoveNewSets removes what this case created.
func (r *Run) RemoveNewSets() {
	for _, set := range append(r.NewSets(true), r.NewSets(false)...) {
		m, path := r.place(set)
		_ = os.RemoveAll(m.Path(path))
	}
}

// Verify compares every file with the manifest and unpacks the data with the server's own programs.
func (r *Run) Verify(set string) error {
	m, path := r.place(set)
	raw, err := os.ReadFile(m.Path(path + "/manifest.json"))
	if err != nil {
		return err
	}
	var man repository.Manifest
	if err := json.Unmarshal(raw, &man); err != nil {
		return fmt.Errorf("its manifest: %w", err)
	}
	if len(man.Files) == 0 {
		return fmt.Errorf("its manifest lists no files")
	}
	for _, f := range man.Files {
		if err := sameFile(m.Path(path+"/"+f.Name), f.SHA256); err != nil {
			return err
		}
	}
	return r.unpack(m, path, man.Method)
}

func sameFile(path, want string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, bufio.NewReader(f)); err != nil {
		return err
	}
	if got := hex.EncodeToString(h.Sum(nil)); got != want {
		return fmt.Errorf("%s is not what the manifest says", filepath.Base(path))
	}
	return nil
}

// unpack checks that a physical set contains what a server needs, and that a dump has its last line.
func (r *Run) unpack(m lab.Machine, path, method string) error {
	script := `set -euo pipefail; cd ` + path +
		`; zstd -q -d -c backup.sql.zst | tail -c 200 | grep -q '^-- Dump completed'`
	if method == "physical" {
		script = `set -euo pipefail; cd ` + path + `; to=$(mktemp -d /var/tmp/verify.XXXXXX); trap 'rm -rf $to' EXIT
			zstd -q -d -c backup.xbstream.zst | mbstream -x -C $to; cd $to
			test -s ibdata1; find . -name '*backup_info*' | grep -q .; find . -name '*galera_info*' | grep -q .
			mariadb-backup --prepare --target-dir=$to >$to.log 2>&1 ||
				{ tail -n 3 $to.log >&2; exit 1; }; rm -f $to.log`
	}
	if m.Lab.Bundle() {
		// The server's programs are only in its image.
		script = "podman run --rm --interactive --cgroups=disabled --privileged --network=none" +
			" --volume=/var/backups:/var/backups " +
			"cluster.common.tag/mariadb:pcmklatest bash -s <<'END'\n" + script + "\nEND"
	}
	_, err := m.DoFor(90*time.Second, script)
	return err
}

// openJournals returns the effects of backups that are not undone.
func openJournals(m lab.Machine) []string {
	var left []string
	paths, _ := filepath.Glob(m.Path("/var/lib/overcloud.backup/jobs/*/journal"))
	for _, path := range paths {
		entries, err := journal.Read(path)
		job := filepath.Base(filepath.Dir(path))
		if err != nil {
			left = append(left, fmt.Sprintf("%s: the journal of %s: %v", m.Name(), job, err))
		}
		for _, e := range entries {
			left = append(left, fmt.Sprintf("%s: the journal of %s: %s is not undone", m.Name(), job, e.Kind))
		}
	}
	return left
}
