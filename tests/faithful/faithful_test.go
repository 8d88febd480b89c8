// SPDX-License-Identifier: GPL-3.0-or-later

// Package faithful takes schemas of real clusters through backup, verification and restore by both methods, and
// compares the result with the original.
package faithful

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"overcloud.backup/internal/backup"
	"overcloud.backup/internal/backup/tool"
	"overcloud.backup/internal/mariadb"
	"overcloud.backup/internal/mariadb/catalog"
	"overcloud.backup/internal/rebuild"
	"overcloud.backup/internal/repository"
	"overcloud.backup/internal/repository/stores"
	"overcloud.backup/internal/verify"
	"overcloud.backup/tests/mariadbd"
)

var methods = []string{"physical", "logical"}

func TestASetIsWhatTheClusterWas(t *testing.T) {
	mariadbd.Need(t, "mariadb-backup", "mbstream", "mariadb-dump")
	mariadbd.NeedGalera(t)
	if os.Getuid() != 0 {
		t.Skip("needs root, as a backup does")
	}
	for _, g := range groups(readSchemas(t)) {
		t.Run(g.name, func(t *testing.T) {
			t.Parallel()
			g.run(t)
		})
	}
}

func (g *group) run(t *testing.T) {
	s, err := mariadbd.Start(g.server(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Remove)
	for _, schema := range g.schemas {
		if out, err := s.Script(schema.path); err != nil {
			t.Fatal(out, err)
		}
		command := exec.Command("bash", "-c", schema.command)
		command.Env = append(os.Environ(), "DATA="+s.Data)
		if out, err := command.CombinedOutput(); err != nil {
			t.Fatalf("%s: %v: %s", schema.name, err, out)
		}
	}
	was, err := portraitOf(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	for _, method := range methods {
		t.Run(method, func(t *testing.T) { g.through(t, s, method, was) })
	}
}

// server gives the options of the group's server, and creates the files that it expects in its folder.
func (g *group) server(t *testing.T) func(dir string) []string {
	plugins, err := filepath.Abs("../../build/plugins")
	if err != nil {
		t.Fatal(err)
	}
	if slices.ContainsFunc(g.options, func(o string) bool { return strings.Contains(o, "file_key_management") }) {
		mariadbd.NeedPlugin(t, "../..", "file_key_management")
	}
	return func(dir string) (options []string) {
		for _, schema := range g.schemas {
			command := exec.Command("bash", "-c", schema.before)
			command.Env = append(os.Environ(), "DIR="+dir)
			if out, err := command.CombinedOutput(); err != nil {
				t.Fatalf("%s: %v: %s", schema.name, err, out)
			}
		}
		for _, o := range g.options {
			options = append(options, strings.NewReplacer("$DIR", dir, "$PLUGINS", plugins).Replace(o))
		}
		return options
	}
}

// through takes the server's data through a backup, its verification and a restore.
func (g *group) through(t *testing.T, s *mariadbd.Server, method string, was []string) {
	destination := folder(t, "backup-sets-")
	made, err := g.backUp(t, s, destination, method)
	if refused := g.texts("refused", method); len(refused) > 0 {
		for _, text := range refused {
			if err == nil || !strings.Contains(err.Error(), text) {
				t.Errorf("the backup was not refused for %q: %v", text, err)
			}
		}
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("warnings of the backup: %q", made.Manifest.Warnings)
	has(t, "warning of the backup", made.Manifest.Warnings, g.texts("warned", method))
	set := open(t, destination, made)
	outcome, err := g.verified(t, set)
	if unproven := g.texts("unproven", method); len(unproven) > 0 {
		for _, text := range unproven {
			if err == nil || !strings.Contains(err.Error(), text) {
				t.Errorf("the verification does not fail for %q: %v, %q", text, err, problems(outcome))
			}
		}
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("warnings of the verification: %q", outcome.Warnings)
	has(t, "warning of the verification", outcome.Warnings, g.texts("noted", method))
	if unusable := g.texts("unusable", method); len(unusable) > 0 {
		has(t, "problem", append(problems(outcome), repository.Verdict(outcome.Problems)), unusable)
		return
	}
	if !outcome.OK {
		t.Fatalf("the set is said to be unusable: %q", problems(outcome))
	}
	is := g.restored(t, set)
	g.compare(t, method, different(was, is))
}

func (g *group) backUp(t *testing.T, s *mariadbd.Server, destination, method string) (*backup.Result, error) {
	job, err := backup.Prepare(t.Context(), backup.Options{
		Destination: destination, Method: tool.Method(method), Level: 1, Buffer: 64 << 20, MadeBy: "test",
		WarnNonTransactional: true, LeaveOutBroken: g.schemas[0].leaveOut,
		Login: mariadb.Login{Socket: s.Socket}, DrainTimeout: 10 * time.Second,
		Scrub: func(text string) string { return text },
	})
	if err != nil {
		return nil, err
	}
	return job.Run(t.Context())
}

func open(t *testing.T, destination string, made *backup.Result) *repository.Set {
	t.Helper()
	r, err := stores.Open(destination)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	set, err := r.Set("", "newest")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { set.Close() })
	return set
}

func (g *group) restoreOptions(t *testing.T) rebuild.Options {
	return rebuild.Options{Scratch: folder(t, "verify-sets-"), User: "daemon", Memory: 64 << 20,
		ServerOptions: g.kept()}
}

// kept returns the options that a restore reads from the server's own option files.
func (g *group) kept() (kept []string) {
	for _, o := range g.options {
		name, _, _ := strings.Cut(o, "=")
		if slices.Contains([]string{"--innodb-page-size", "--innodb-data-file-path", "--innodb-undo-tablespaces",
			"--lower-case-table-names"}, name) {
			kept = append(kept, o)
		}
	}
	return kept
}

func (g *group) verified(t *testing.T, set *repository.Set) (repository.Outcome, error) {
	t.Helper()
	v, err := verify.Prepare(t.Context(), set, verify.Options{Level: repository.LevelRestore,
		Rebuild: g.restoreOptions(t)})
	if err != nil {
		t.Fatal(err)
	}
	return v.Run(t.Context())
}

// restored returns the portrait of a server with the cluster's options on the restored data.
func (g *group) restored(t *testing.T, set *repository.Set) []string {
	t.Helper()
	o := g.restoreOptions(t)
	p, err := rebuild.Prepare(t.Context(), set, o)
	if err != nil {
		t.Fatal(err)
	}
	ready := filepath.Join(o.Scratch, "ready")
	built, err := p.Build(t.Context(), ready)
	if err != nil {
		t.Fatal(err)
	}
	s, err := mariadbd.Start(func(dir string) []string {
		if err := os.Rename(ready, filepath.Join(dir, "data")); err != nil {
			t.Fatal(err)
		}
		// A restore puts all files of InnoDB into the datadir.
		return slices.DeleteFunc(g.server(t)(dir), func(o string) bool {
			return strings.HasPrefix(o, "--innodb-undo-directory") ||
				strings.HasPrefix(o, "--innodb-log-group-home-dir")
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Remove()
	enableEvents(t, s, built.Events.Enable)
	is, err := portraitOf(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	return is
}

// compare fails for every unexpected difference, and for expected ones that are missing.
func (g *group) compare(t *testing.T, method string, differences []string) {
	t.Helper()
	lost := g.texts("lost", method)
	seen := make([]bool, len(lost))
	for _, line := range differences {
		expected := false
		for i, pattern := range lost {
			if regexp.MustCompile(pattern).MatchString(line[2:]) {
				expected, seen[i] = true, true
			}
		}
		if !expected {
			t.Errorf("%.1000s", line)
		}
	}
	for i, pattern := range lost {
		if !seen[i] {
			t.Errorf("nothing that matches %q was lost: say so in the schema's file", pattern)
		}
	}
}

func has(t *testing.T, what string, texts, wanted []string) {
	t.Helper()
	for _, w := range wanted {
		if !slices.ContainsFunc(texts, func(text string) bool { return strings.Contains(text, w) }) {
			t.Errorf("no %s has %q: %q", what, w, texts)
		}
	}
}

func problems(o repository.Outcome) (texts []string) {
	for _, p := range o.Problems {
		texts = append(texts, p.String())
	}
	return texts
}

func folder(t *testing.T, name string) string {
	t.Helper()
	path, err := os.MkdirTemp("/var/tmp", name)
	if err == nil {
		err = os.Chmod(path, 0o711)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(path) })
	return path
}

func enableEvents(t *testing.T, s *mariadbd.Server, events []catalog.Event) {
	t.Helper()
	c, err := mariadb.Open(t.Context(), mariadb.Login{Socket: s.Socket})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, left, err := catalog.EnableEvents(t.Context(), c, events); err != nil {
		t.Fatal(left, err)
	}
}
