// SPDX-License-Identifier: GPL-3.0-or-later

//go:build lab && matrix

package integration

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// control is a control node with one version of Ansible, and the collection installed from its tarball.
type control struct {
	lab
	bin, collections string
}

// cases are common uses of the collection. Each returns what must be equal under every Ansible.
var cases = []struct {
	name string
	run  func(control) []string
}{
	{"status", control.status},
	{"backup", control.backsUp},
	{"a backup that fails", control.fails},
	{"check mode", control.checks},
	{"async", control.async},
	{"arguments from a vault", control.vault},
	{"a controller that ssh does not reach", control.misses},
}

// TestMatrix runs the cases, and those of ansible-runner, with each Ansible that tests/matrix/run names in MATRIX, and
// compares the results.
func TestMatrix(t *testing.T) {
	wanted := strings.Fields(os.Getenv("MATRIX"))
	if len(wanted) == 0 {
		t.Fatal("MATRIX names no version")
	}
	l := fresh(t)
	l.run("load", "start")
	seen := alike{}
	for _, name := range wanted {
		if name == "runner" {
			t.Run(name, underRunner)
		} else {
			t.Run(name, func(t *testing.T) { seen.with(t, name) })
		}
	}
}

// alike holds for each case the result of the first version, and the name of that version.
type alike map[string][]string

// with runs all cases with a version and compares.
func (a alike) with(t *testing.T, version string) {
	c := node(t, version)
	for _, kase := range cases {
		t.Run(kase.name, func(t *testing.T) {
			c.lab = lab{t}
			t.Cleanup(c.clear)
			got := kase.run(c)
			if len(got) == 0 {
				t.Fatal("nothing to compare")
			}
			if first, found := a[kase.name]; !found {
				a[kase.name] = append([]string{version}, got...)
			} else if want := first[1:]; !slices.Equal(got, want) {
				t.Errorf("with %s:\n%s\nwith %s:\n%s", version, only(got, want), first[0], only(want, got))
			}
		})
	}
}

// only returns what a has and b does not.
func only(a, b []string) string {
	return strings.Join(slices.DeleteFunc(slices.Clone(a), func(line string) bool { return slices.Contains(b, line) }),
		"\n")
}

// node installs the collection with a version's own ansible-galaxy.
func node(t *testing.T, version string) control {
	t.Helper()
	c := control{lab: lab{t}, bin: absolute(t, filepath.Join(root, "build/venvs", version, "bin")),
		collections: t.TempDir()}
	tarballs, err := filepath.Glob(filepath.Join(root, "build/dist/overcloud-backup-*.tar.gz"))
	if err != nil || len(tarballs) != 1 {
		t.Fatalf("make dist first: %v %v", tarballs, err)
	}
	if out, err := c.command(time.Minute, "ansible-galaxy", "collection", "install", "-p", c.collections,
		absolute(t, tarballs[0])).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return c
}

// command returns a command of this Ansible. It inherits nothing from the caller's Ansible, and no Python package.
func (c control) command(limit time.Duration, name string, args ...string) *exec.Cmd {
	c.t.Helper()
	cmd := exec.CommandContext(c.t.Context(), filepath.Join(c.bin, name), args...)
	cmd.WaitDelay = 5 * time.Second
	timer := time.AfterFunc(limit, func() { _ = cmd.Cancel() })
	c.t.Cleanup(func() { timer.Stop() })
	cmd.Env = slices.DeleteFunc(os.Environ(), func(v string) bool {
		return strings.HasPrefix(v, "ANSIBLE_") ||
			strings.HasPrefix(v, "PYTHONPATH=")
	})
	cmd.Env = append(cmd.Env, "PATH="+c.bin+":/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C.UTF-8", "PYTHONWARNINGS=ignore",
		"ANSIBLE_NOCOLOR=1", "ANSIBLE_RETRY_FILES_ENABLED=0",
		"ANSIBLE_LOCALHOST_WARNING=0", "ANSIBLE_DEPRECATION_WARNINGS=0",
		"ANSIBLE_CALLBACK_PLUGINS="+absolute(c.t, root+"/tests/matrix/callbacks"),
		"ANSIBLE_COLLECTIONS_PATH="+c.collections, "ANSIBLE_COLLECTIONS_PATHS="+c.collections) // its name in 2.9
	return cmd
}

// plays runs a playbook: of the collection by its path, which 2.9 needs, or of these tests.
func (c control) plays(playbook string, vars map[string]any, args ...string) playbookRun {
	c.t.Helper()
	extra, err := json.Marshal(vars)
	if err != nil {
		c.t.Fatal(err)
	}
	if strings.HasPrefix(playbook, "playbooks/") {
		playbook = filepath.Join(c.collections, "ansible_collections/overcloud/backup", playbook)
	}
	file := filepath.Join(c.t.TempDir(), "results")
	cmd := c.command(3*time.Minute, "ansible-playbook",
		append([]string{"-i", c.run("inventory"), playbook, "-e", string(extra)}, args...)...)
	cmd.Env = append(cmd.Env, "RESULTS="+file)
	var p playbookRun
	var out []byte
	out, p.err = cmd.CombinedOutput()
	p.out = string(out)
	p.told = tasks(c.t, file)
	if len(p.told) == 0 {
		c.t.Fatalf("%v\n%s", p.err, out)
	}
	return p
}

// clear leaves the lab for the next case.
func (c control) clear() {
	for _, n := range names(3) {
		c.on(n, "umount "+destination+" 2>/dev/null; rm -rf "+destination)
	}
}
