// SPDX-License-Identifier: GPL-3.0-or-later

package galera

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"overcloud.backup/internal/process"
)

// An engine in its place: it knows one container, by its id, and refuses every argument that docker 1.13 or podman 1.6 would.
const engine = `#!/bin/sh
fail() { echo "$1" >&2; exit 1; }
[ ! -f "$0.hangs" ] || exec sleep 600
[ "$1 $2" = 'inspect --format' ] && [ "$3" = '{{.Name}}' ] && [ $# = 4 ] || fail "unknown: $*"
[ "$4" = ` + someID + ` ] || fail "Error: No such object: $4"
case ${0##*/} in docker) echo /galera-bundle-docker-0 ;; podman) echo galera-bundle-podman-0 ;; esac
`

const someID = "8a3f8a3f8a3f8a3f8a3f8a3f8a3f8a3f8a3f8a3f8a3f8a3f8a3f8a3f8a3f8a3f"

func engines(t *testing.T) (bin string) {
	t.Helper()
	bin = t.TempDir()
	t.Setenv("PATH", bin+":"+os.Getenv("PATH"))
	for _, name := range []string{"docker", "podman"} {
		if err := os.WriteFile(filepath.Join(bin, name), []byte(engine), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	return bin
}

func TestAContainerIsNamedByItsEngine(t *testing.T) {
	engines(t)
	other := strings.Repeat("b", 64)
	for _, c := range []struct {
		of   Container
		want string
		says string
	}{
		{Container{Runtime: "docker", ID: someID}, "galera-bundle-docker-0", ""},
		{Container{Runtime: "podman", ID: someID}, "galera-bundle-podman-0", ""},
		{Container{Runtime: "docker", ID: other}, other[:12], "name the server's container bbbbbbbbbbbb: docker: exit status 1: Error: No such object: " + other},
		{Container{Place: process.Place{PID: 7}}, "", ""},
		{Container{}, "", ""},
	} {
		name, err := c.of.Name(t.Context())
		if name != c.want || (err == nil) != (c.says == "") || err != nil && err.Error() != c.says {
			t.Errorf("%+v: %q, %v", c.of, name, err)
		}
	}
}

// The caller's time is for the database.
func TestAnEngineThatHangsTakesAFewSecondsOnly(t *testing.T) {
	if err := os.WriteFile(filepath.Join(engines(t), "podman.hangs"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	name, err := Container{Runtime: "podman", ID: someID}.Name(ctx)
	if name != someID[:12] || err == nil || !strings.Contains(err.Error(), "no answer within the time limit") || ctx.Err() != nil {
		t.Errorf("%q, %v, %v", name, err, ctx.Err())
	}
}

func TestAProcessAmongOthersIsInAContainerOfAnyEngine(t *testing.T) {
	for name, c := range map[string]struct {
		unshare []string
		inside  bool
	}{
		"mounts and processes of its own, as LXC makes them": {[]string{"--mount", "--pid"}, true},
		"mounts alone, as systemd gives them to services":    {[]string{"--mount"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			pid := unshared(t, c.unshare...)
			found, err := FindContainer(pid)
			if want := (Container{Place: process.Place{PID: pid}}); err != nil || (found == want) != c.inside || !c.inside && found != (Container{}) {
				t.Errorf("%+v, %v", found, err)
			}
		})
	}
	for _, pid := range []int{0, os.Getpid()} {
		if found, err := FindContainer(pid); err != nil || found != (Container{}) {
			t.Errorf("%d: %+v, %v", pid, found, err)
		}
	}
	if _, err := FindContainer(1 << 30); err == nil || !strings.Contains(err.Error(), "find the server's container") {
		t.Error(err)
	}
}

// unshared starts a process with namespaces of its own, and gives its id here.
func unshared(t *testing.T, kinds ...string) int {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("needs root to make namespaces")
	}
	c := exec.Command("unshare", append(kinds, "--fork", "--kill-child", "sh", "-c", "echo ready; exec sleep 60")...)
	out, err := c.StdoutPipe()
	if err == nil {
		err = c.Start()
	}
	if err != nil {
		t.Skip(err)
	}
	t.Cleanup(func() { _ = c.Process.Kill(); _ = c.Wait() })
	if n, err := out.Read(make([]byte, 6)); n == 0 {
		t.Skipf("no namespaces here: %v", err)
	}
	children, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(c.Process.Pid), "task", strconv.Itoa(c.Process.Pid), "children"))
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(children)))
	if err != nil {
		t.Fatal(err)
	}
	return pid
}
