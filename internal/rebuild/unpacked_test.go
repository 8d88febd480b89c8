// SPDX-License-Identifier: GPL-3.0-or-later

package rebuild

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"overcloud.backup/tests/sets"
)

// An unpacker that omits a file and exits with 0 proves nothing: no server would miss db.opt, for example.
func TestFilesThatWereNotUnpackedAreNoticed(t *testing.T) {
	sets.Shared(t)
	mbstream, err := exec.LookPath("mbstream")
	must(t, err)
	for name, c := range map[string]struct{ does, want string }{
		"a file is missing": {`"$@" && rm "$4/nova/db.opt"`, "nova/db.opt is missing"},
		"a file is shorter": {`"$@" && printf x > "$4/nova/db.opt"`, "nova/db.opt has 1 bytes, not "},
		"an extra file":     {`"$@" && touch "$4/nova/evil.frm"`, "nova/evil.frm is not in the stream"},
		"nothing is there":  {`cat > /dev/null; echo failed >&2`, " more differ; failed"},
		"it stops halfway": {`head -c 2000000 | "$@"; echo no more >&2`,
			"stopped before the end of the stream, with exit status 0: no more"},
	} {
		t.Run(name, func(t *testing.T) {
			destination, path := sets.Copy(t, "physical")
			r := ready(t, sets.Open(t, destination, path), sets.ScratchFolder(t))
			r.tools.Paths["unpack"] = tool(t, mbstream, c.does)
			found, err := looked(t, r)
			must(t, err)
			if found.Restored != nil || len(found.Problems) != 1 ||
				!strings.Contains(found.Problems[0].Reason, c.want) {
				t.Errorf("%+v, want %q", found, c.want)
			}
		})
	}
}

// tool is a program that replaces mbstream. In its script "$@" is the real one with its arguments, -x -C "$4".
func tool(t *testing.T, real, does string) string {
	t.Helper()
	dir, err := os.MkdirTemp("/var/tmp", "verify-tool-")
	must(t, err)
	t.Cleanup(func() { os.RemoveAll(dir) })
	must(t, os.Chmod(dir, 0o755))
	path := filepath.Join(dir, "mbstream")
	script := "#!/bin/sh\nset -- " + real + " \"$@\"\n" + does + "\n"
	must(t, os.WriteFile(path, []byte(script), 0o755))
	return path
}
