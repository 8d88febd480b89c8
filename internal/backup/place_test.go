// SPDX-License-Identifier: GPL-3.0-or-later

package backup

import (
	"os"
	"strings"
	"testing"

	"overcloud.backup/tests/node"
)

// The tool's paths must mean the same in its container: paths of this host do not exist there.
func TestAToolOfAContainerIsGivenOnlyWhatItSees(t *testing.T) {
	s := shared(t)
	p := node.Contained(t, `cat "${1#*=}" >/mnt/out/options; ls -A /empty >/mnt/out/empty; echo "$*" >/mnt/out/args;`+
		` exec /usr/bin/mariadb-backup "$@"`)
	if err := os.Mkdir(p.Path("/mnt/out"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(s.Socket, p.Path("/mnt/s")); err != nil {
		t.Fatal(err)
	}
	j := s.job(t, nil)
	j.containerName = "galera-bundle-podman-0"
	j.container.Place, j.tool.Place, j.tool.Path, j.server.Socket = p, p, "/mnt/tool", "/mnt/s"
	j.tool.Folders = []string{"/mnt/out"}
	made, err := j.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	assertFiles(t, made.Path, made.Manifest)
	seen := func(name string) string {
		text, err := os.ReadFile(p.Path("/mnt/out/" + name))
		if err != nil {
			t.Error(err)
		}
		return string(text)
	}
	if restore := made.Manifest.Restore; len(restore) != 4 ||
		!strings.Contains(restore[0], "the image of the container galera-bundle-podman-0") {
		t.Errorf("%q", restore)
	}
	if options := seen("options"); !strings.Contains(options, `socket="/mnt/s"`) ||
		strings.Contains(options, s.Socket) {
		t.Error(options)
	}
	if args := seen("args"); !strings.Contains(args, "--target-dir=/empty") ||
		strings.Contains(args, j.o.Destination) || seen("empty") != "" {
		t.Errorf("%s, the folder holds %q", args, seen("empty"))
	}
}
