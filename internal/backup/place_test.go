// SPDX-License-Identifier: GPL-3.0-or-later

package backup

import (
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"overcloud.backup/internal/process"
)

// contained starts a process with mounts and processes of its own, where /mnt is a small file system with a tool.
func contained(t *testing.T, tool string) process.Place {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("needs root to make namespaces")
	}
	c := exec.Command("unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "sh", "-c",
		`mount -t tmpfs -o size=8m none /mnt && printf '#!/bin/bash\n%s\n' "$1" >/mnt/tool && chmod 755 /mnt/tool && echo ready && exec sleep 60`, "sh", tool)
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var stderr bytes.Buffer
	c.Stderr = &stderr
	if err := c.Start(); err != nil {
		t.Skip(err)
	}
	t.Cleanup(func() { _ = c.Process.Kill(); _ = c.Wait() })
	if _, err := io.ReadFull(out, make([]byte, len("ready\n"))); err != nil {
		t.Skipf("no namespaces here: %s", stderr.String())
	}
	self := strconv.Itoa(c.Process.Pid)
	children, err := os.ReadFile(filepath.Join("/proc", self, "task", self, "children"))
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(children)))
	if err != nil {
		t.Fatal(err)
	}
	p, err := process.Hold(pid)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Close() })
	return p
}

// What the tool is given must mean the same in its container: no path of this host leads anywhere there.
func TestAToolOfAContainerIsGivenOnlyWhatItSees(t *testing.T) {
	s := shared(t)
	p := contained(t, `cat "${1#*=}" >/mnt/out/options; ls -A /empty >/mnt/out/empty; echo "$*" >/mnt/out/args; exec /usr/bin/mariadb-backup "$@"`)
	if err := os.Mkdir(p.Path("/mnt/out"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(s.Socket, p.Path("/mnt/s")); err != nil {
		t.Fatal(err)
	}
	j := s.job(t, nil)
	j.containerName = "galera-bundle-podman-0"
	j.container.Place, j.tool.place, j.tool.path, j.server.Socket = p, p, "/mnt/tool", "/mnt/s"
	j.tool.folders = []string{"/mnt/out"}
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
	if restore := made.Manifest.Restore; len(restore) != 4 || !strings.Contains(restore[0], "the image of the container galera-bundle-podman-0") {
		t.Errorf("%q", restore)
	}
	if options := seen("options"); !strings.Contains(options, `socket="/mnt/s"`) || strings.Contains(options, s.Socket) {
		t.Error(options)
	}
	if args := seen("args"); !strings.Contains(args, "--target-dir=/empty") || strings.Contains(args, j.o.Destination) || seen("empty") != "" {
		t.Errorf("%s, the folder holds %q", args, seen("empty"))
	}
}

// That the server ended is for another rule to say.
func TestTheRoomInAContainersDatadirIsKnownToItsEnd(t *testing.T) {
	p := contained(t, "true")
	f := &folder{at: p, path: "/mnt"}
	defer f.close()
	if n, err := f.free(); err != nil || n == 0 || n > 8<<20 {
		t.Fatalf("%d bytes, %v", n, err)
	}
	_ = syscall.Kill(p.PID(), syscall.SIGKILL)
	if lives(strconv.Itoa(p.PID())) {
		t.Fatal("it lives on")
	}
	if n, err := f.free(); err != nil || n == 0 || n > 8<<20 {
		t.Errorf("after its end: %d bytes, %v", n, err)
	}
	late := &folder{at: p, path: "/mnt/gone"}
	defer late.close()
	g := &guard{}
	g.space(late.free, &g.limits.datadir, datadirFloor, &g.now.Tool.FreeDatadir)()
	if g.now.Tool.FreeDatadir != -1 || g.limits.datadir != 0 {
		t.Errorf("of one that was never found: %d, floor %d", g.now.Tool.FreeDatadir, g.limits.datadir)
	}
}
