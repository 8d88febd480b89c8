// SPDX-License-Identifier: GPL-3.0-or-later

package sets

import (
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"sync"
	"testing"

	"overcloud.backup/internal/confine"
	"overcloud.backup/internal/scratch"
	"overcloud.backup/tests/mariadbd"
)

// one is the server that the tests share, with the sets that were made of it; Run removes both.
var one struct {
	sync.Once
	*Server
	sets map[string]string // the path by method
	err  error
}

// Shared returns the server of all tests, or skips the test if it cannot run.
func Shared(t *testing.T) *Server {
	t.Helper()
	mariadbd.Need(t, "mariadb-backup", "mbstream", "mariadb-dump", "zstd")
	mariadbd.NeedGalera(t)
	if os.Getuid() != 0 {
		t.Skip("needs root, as a verification does")
	}
	if err := confine.Possible(); err != nil {
		t.Skip(err)
	}
	one.Do(func() { one.Server, one.err = startServer() })
	if one.err != nil {
		t.Fatal(one.err)
	}
	return one.Server
}

func startServer() (*Server, error) {
	started, err := mariadbd.Start(func(string) []string {
		return []string{"--skip-networking", "--log-bin=mariadb-bin", "--server-id=7",
			"--innodb-data-file-path=ibdata1:12M;ibdata2:12M:autoextend"}
	})
	if err != nil {
		return nil, err
	}
	s := &Server{started, someUsers}
	err = s.fill()
	if err == nil {
		one.sets = map[string]string{}
		one.sets["physical"], err = s.BackUp("physical")
	}
	if err == nil {
		one.sets["logical"], err = s.BackUp("logical")
	}
	if err != nil {
		s.Remove()
		return nil, err
	}
	return s, nil
}

// Copy returns a copy of the set of a method, in a repository of its own, which a test may damage.
func Copy(t *testing.T, method string) (destination, path string) {
	t.Helper()
	Shared(t)
	destination, err := os.MkdirTemp("/var/tmp", "verify-sets-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(destination) })
	from := one.sets[method]
	path = filepath.Join(destination, "solo", filepath.Base(from))
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("cp", "-r", from, path).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return destination, path
}

// Run runs the tests of a package that uses these servers and sets, and removes them.
func Run(m *testing.M) int {
	if _, err := user.Lookup(scratch.Account); err != nil {
		scratch.Account = "daemon" // no server may run as the kernel's nobody, 65534
	}
	defer func() {
		if one.Server != nil {
			one.Remove()
		}
	}()
	return m.Run()
}
