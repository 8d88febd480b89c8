// SPDX-License-Identifier: GPL-3.0-or-later

package mariadbd

import (
	"os"
	"path/filepath"
	"sync"
	"testing"
)

var shared struct {
	sync.Once
	*Server
	err error
}

// Shared returns the server that all tests of a package share: with certificates (Certificates) in its folder, the
// event scheduler, and the plugin auth_ed25519 if tests/setup has fetched it. It skips the test, with the reason, if
// MariaDB is not installed. Main stops it.
func Shared(t *testing.T) *Server {
	t.Helper()
	Need(t)
	shared.Do(func() {
		shared.Server, shared.err = Start(func(dir string) []string {
			return append(append(Certificates(dir), "--event-scheduler=ON"), Plugins(repository())...)
		})
	})
	if shared.err != nil {
		t.Fatal(shared.err)
	}
	return shared.Server
}

// Main is TestMain of a package whose tests call Shared.
func Main(m *testing.M) {
	code := m.Run()
	if shared.Server != nil {
		shared.Remove()
	}
	os.Exit(code)
}

// HasEd25519 reports whether a shared server has the plugin auth_ed25519.
func HasEd25519() bool { return Plugins(repository()) != nil }

// repository is the folder of go.mod, above the one that a package's tests run in.
func repository() string {
	folder, err := os.Getwd()
	for ; err == nil && folder != "/"; folder = filepath.Dir(folder) {
		if _, missing := os.Stat(filepath.Join(folder, "go.mod")); missing == nil {
			return folder
		}
	}
	return "."
}
