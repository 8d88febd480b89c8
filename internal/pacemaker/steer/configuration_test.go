// SPDX-License-Identifier: GPL-3.0-or-later

package steer

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"overcloud.backup/internal/pacemaker/cib"
	"overcloud.backup/tests/pacemakertest"
)

// The lock of a backup is part of the configuration, so that is not replaced while a backup runs.
func TestAConfigurationIsNotPushedOverABackup(t *testing.T) {
	f := pacemakertest.NewFakes(t, map[string]string{"cibadmin": `[ "$1" != --query ] || cat "$0.cib"`})
	for left, refused := range map[time.Duration]bool{time.Hour: true, -time.Hour: false} {
		expires := strconv.FormatInt(time.Now().Add(left).Unix(), 10)
		configured := pacemakertest.CIBWith(strings.Replace(pacemakertest.Lock, "1795377600.5", expires, 1), "")
		if err := os.WriteFile(filepath.Join(f.Dir, "cibadmin.cib"), configured, 0o600); err != nil {
			t.Fatal(err)
		}
		c, err := cib.ParseConfiguration(configured)
		if err != nil {
			t.Fatal(err)
		}
		f.Forget()
		err = Push(t.Context(), c)
		if replaced := strings.Contains(f.Used("cibadmin"), "--replace"); (err != nil) != refused ||
			replaced == refused {
			t.Errorf("with a lock for %s: replaced %t, %v", left, replaced, err)
		}
		if refused && !strings.Contains(err.Error(), "a backup runs on controller-1 (job j1") {
			t.Error(err)
		}
	}
}
