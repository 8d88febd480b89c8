// SPDX-License-Identifier: GPL-3.0-or-later

// Package podman gives tests a fake podman and docker that know one container, and processes in namespaces of their
// own.
package podman

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// program is a fake engine: it knows one container, by its id, and refuses every argument that docker 1.13 or podman
// 1.6 would.
const program = `#!/bin/sh
fail() { echo "$1" >&2; exit 1; }
[ ! -f "$0.hangs" ] || exec sleep 600
[ ! -f "$0.fails" ] || fail 'Error: database is locked'
if [ "$*" = 'ps --quiet --no-trunc' ]; then
  [ ! -f "$0.pid" ] || echo ` + ID + `
  exit
fi
[ "$1 $2 $3 $4" = 'inspect --type container --format' ] && [ "$5" = '{{.Id}} {{.State.Pid}} {{.Name}}' ] &&
  [ $# = 6 ] || fail "unknown: $*"
[ "$6" = ` + ID + ` ] && [ -f "$0.pid" ] || fail "Error: no such container $6"
case ${0##*/} in docker) slash=/ ;; *) slash= ;; esac
echo "$6 $(cat "$0.pid") ${slash}galera-bundle-${0##*/}-0"
`

// ID is the id of the one container.
const ID = "8a3f8a3f8a3f8a3f8a3f8a3f8a3f8a3f8a3f8a3f8a3f8a3f8a3f8a3f8a3f8a3f"

// Install puts a fake podman and docker first on PATH, in a folder that it returns. A file NAME.pid in it holds the
// process of the container; NAME.fails and NAME.hangs make the fake do so.
func Install(t *testing.T) (bin string) {
	t.Helper()
	bin = t.TempDir()
	t.Setenv("PATH", bin+":"+os.Getenv("PATH"))
	for _, name := range []string{"docker", "podman"} {
		Put(t, filepath.Join(bin, name), program)
	}
	return bin
}

// Put writes a file.
func Put(t *testing.T, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o700); err != nil {
		t.Fatal(err)
	}
}

// Forge is a script that makes mounts look like a container's, which any user can do in a user namespace.
const Forge = `mount --bind "$1" /etc/hosts && echo ready && exec sleep 60`

// Forged returns, in a folder that every user can enter, the file that an engine would mount at /etc/hosts.
func Forged(t *testing.T, by string) (hosts string) {
	t.Helper()
	folder, err := os.MkdirTemp("", "forged")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(folder) })
	hosts = filepath.Join(folder, map[string]string{"docker": "containers/" + ID, "podman": "overlay-containers/" + ID +
		"/userdata"}[by], "hosts")
	if err := errors.Join(os.MkdirAll(filepath.Dir(hosts), 0o755), os.Chmod(folder, 0o755)); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(hosts, []byte("127.0.0.1 localhost\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	return hosts
}

// Unshared starts a process of a user in its own namespaces, and returns its pid in this one.
func Unshared(t *testing.T, uid int, script string, argument string, options ...string) int {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("needs root to make namespaces")
	}
	c := exec.Command("unshare", append(options, "--fork", "--kill-child", "sh", "-c", script, "sh", argument)...)
	c.Dir = "/"
	c.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(uid)}}
	out, err := c.StdoutPipe()
	if err == nil {
		err = c.Start()
	}
	if err != nil {
		t.Skip(err)
	}
	t.Cleanup(func() { _ = c.Process.Kill(); _ = c.Wait() })
	if _, err := io.ReadFull(out, make([]byte, len("ready\n"))); err != nil {
		t.Skipf("no such namespaces here: %v", err)
	}
	children, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", c.Process.Pid, c.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(children)))
	if err != nil {
		t.Fatal(err)
	}
	return pid
}
