// SPDX-License-Identifier: GPL-3.0-or-later

package local

import (
	"path/filepath"
	"testing"

	"overcloud.backup/internal/repository"
	"overcloud.backup/internal/repository/storetest"
)

func TestTheDirectoryKeepsTheContract(t *testing.T) {
	storetest.Run(t, func(t *testing.T) storetest.Opener {
		path := filepath.Join(home(t), "backups")
		return func(t *testing.T) repository.Store {
			s, err := Make(path)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { s.Close() })
			return s
		}
	})
}
