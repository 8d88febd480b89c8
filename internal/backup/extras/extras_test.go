// SPDX-License-Identifier: GPL-3.0-or-later

package extras

import (
	"archive/tar"
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestConfigurationIsOneTar(t *testing.T) {
	dir := t.TempDir()
	for name, content := range map[string]string{"my.cnf": "[mysqld]\n", "conf.d/a.cnf": "a", "conf.d/b.cnf": "b"} {
		path := filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755),
			os.WriteFile(path, []byte(content), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	big := filepath.Join(dir, "conf.d/big")
	if err := errors.Join(os.WriteFile(big, make([]byte, maxConfig+1), 0o600),
		os.Symlink("a.cnf", filepath.Join(dir, "conf.d/link"))); err != nil {
		t.Fatal(err)
	}
	data, skipped, err := archive([]string{dir + "/my.cnf", dir + "/none", dir + "/conf.d"})
	if err != nil || len(skipped) != 1 || !strings.Contains(skipped[0], big) {
		t.Fatal(skipped, err)
	}
	var got []string
	for r := tar.NewReader(bytes.NewReader(data)); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		content, _ := io.ReadAll(r)
		got = append(got, strings.TrimPrefix("/"+h.Name, dir)+"="+string(content))
	}
	if want := "/my.cnf=[mysqld]\n /conf.d/a.cnf=a /conf.d/b.cnf=b /conf.d/link=a"; strings.Join(got, " ") != want {
		t.Errorf("got %q", got)
	}
}

// The user of a container's database owns folders of its configuration: a link there could make root copy any file into
// the set.
func TestALinkInAFolderOfSomebodyElsesIsLeftOut(t *testing.T) {
	dir := t.TempDir()
	secret, theirs := filepath.Join(dir, "shadow"), filepath.Join(dir, "conf.d")
	if err := errors.Join(os.WriteFile(secret, []byte("secret"), 0o600), os.Mkdir(theirs, 0o755),
		os.Chmod(theirs, 0o777),
		os.Symlink(secret, filepath.Join(theirs, "x.cnf")), os.Symlink(dir, filepath.Join(theirs, "up"))); err != nil {
		t.Fatal(err)
	}
	data, skipped, err := archive([]string{theirs, theirs + "/up/shadow"})
	if err != nil || bytes.Contains(data, []byte("secret")) || len(skipped) != 3 ||
		!strings.Contains(skipped[0], "is a symbolic link, and "+theirs+" can be written by others") {
		t.Errorf("%q, %v", skipped, err)
	}
}
