// SPDX-License-Identifier: GPL-3.0-or-later

package tool

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"overcloud.backup/internal/confine"
	"overcloud.backup/internal/process"
	"overcloud.backup/tests/node"
)

func TestLinksOutOfADatadirAreFound(t *testing.T) {
	dir := t.TempDir()
	data := filepath.Join(dir, "data")
	for _, name := range []string{"data/nova", "fast/nova", "linked", "log"} {
		if err := os.MkdirAll(filepath.Join(dir, name), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for name, content := range map[string]string{
		"fast/nova/t.ibd": "", "linked/rows.MYD": "", "data/nova/t.isl": dir + "/fast/nova/t.ibd\n",
		"data/nova/gone.isl": "/no/such/file", "data/nova/odd.isl": "relative",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for name, to := range map[string]string{
		"data/glance": dir + "/linked", "data/nova/rows.MYD": "../../linked/rows.MYD",
		"data/dangling": "/no/such/folder", "data/loop": "loop",
	} {
		if err := os.Symlink(to, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	// A link of the server may lead to something that is not its data: a log, a certificate, root's socket.
	for name, to := range map[string]string{"data/error.log": "/var/log", "data/mysql.sock": "/tmp/mysql.sock",
		"data/server.pem": "/etc/passwd"} {
		if err := os.Symlink(to, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	if out, err := exec.Command("chown", "-R", "65534:65534", dir).CombinedOutput(); err != nil {
		t.Skipf("%s: %v", out, err)
	}
	o, err := findOutside(t.Context(), process.Place{}, data, process.Owner{UID: 65534, GID: 65534})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := o.folders(), []string{dir + "/fast/nova", dir + "/linked"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	if got := slices.Sorted(maps.Keys(o.links)); !slices.Equal(got,
		[]string{data + "/nova/gone.isl", data + "/nova/odd.isl", data + "/nova/t.isl"}) ||
		string(o.links[data+"/nova/t.isl"]) != dir+"/fast/nova/t.ibd\n" {
		t.Errorf("%q", o.links)
	}
	if _, err := o.readNote("/etc/passwd"); err == nil ||
		!strings.Contains(err.Error(), "/etc/passwd is not of user 65534") {
		t.Error(err)
	}
	for n := range maxOutside {
		path := fmt.Sprintf("%s/nova/t%d.isl", data, n)
		if err := errors.Join(os.WriteFile(path, nil, 0o600), os.Chown(path, 65534, 65534)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := findOutside(t.Context(), process.Place{}, data, process.Owner{UID: 65534, GID: 65534}); err == nil ||
		!strings.Contains(err.Error(), "more than 1000 links of it lead elsewhere") {
		t.Error(err)
	}
}

// If a server names root's files as its own, it gets none of them: the tool is not started.
func TestAServerThatNamesRootsFilesIsNotHelped(t *testing.T) {
	s := node.Shared(t)
	nobody := process.Owner{UID: 65534, GID: 65534}
	for _, path := range []string{"/etc/shadow", "/root"} {
		o := process.ChildOptions{Confined: &confine.Confinement{Data: []string{s.Data, path}, Reader: nobody}}
		err := o.Run(t.Context(), "/bin/true")
		if err == nil || !strings.Contains(err.Error(), "cannot read what is to be shown as his") {
			t.Errorf("%s: %v", path, err)
		}
	}
}
