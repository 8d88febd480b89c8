// SPDX-License-Identifier: GPL-3.0-or-later

package optionfile

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"overcloud.backup/internal/process"
)

// MariaDB's own reader of option files is the judge of ours.
func TestValuesAreThoseOfMariaDB(t *testing.T) {
	ctx := context.Background()
	judge := func(t *testing.T, line string) string {
		path := filepath.Join(t.TempDir(), "my.cnf")
		if err := os.WriteFile(path, []byte("[client]\n"+line+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		out, err := process.Output(ctx, "my_print_defaults", "--defaults-file="+path, "client")
		if errors.Is(err, process.ErrNotFound) {
			t.Skipf("no judge: %v", err)
		}
		if err != nil {
			t.Fatal(err)
		}
		return strings.TrimPrefix(strings.TrimSuffix(string(out), "\n"), "--password=")
	}
	for _, c := range valueCases {
		t.Run(c.name, func(t *testing.T) {
			if got := judge(t, c.line); got != c.want {
				t.Errorf("%q: MariaDB reads %q, the table says %q", c.line, got, c.want)
			}
		})
	}
	for _, value := range []string{`it's a "100%" p#ssword\`, " x ", "ä\tö", `\n\\`, "'", `"`, "#", ";[a]"} {
		t.Run("written: "+value, func(t *testing.T) {
			quoted, err := Quote(value)
			if err != nil {
				t.Fatal(err)
			}
			if got := judge(t, "password="+quoted); got != value {
				t.Errorf("%q was written as %s and MariaDB reads %q", value, quoted, got)
			}
		})
	}
}
