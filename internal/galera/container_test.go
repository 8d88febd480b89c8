// SPDX-License-Identifier: GPL-3.0-or-later

package galera

import (
	"bytes"
	"context"
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
	"time"

	"overcloud.backup/internal/container"
	"overcloud.backup/internal/process"
)

// An engine in its place: it knows one container, by its id, and refuses every argument that docker 1.13 or podman 1.6
// would.
const engine = `#!/bin/sh
fail() { echo "$1" >&2; exit 1; }
[ ! -f "$0.hangs" ] || exec sleep 600
[ ! -f "$0.fails" ] || fail 'Error: database is locked'
if [ "$*" = 'ps --quiet --no-trunc' ]; then
  [ ! -f "$0.pid" ] || echo ` + someID + `
  exit
fi
[ "$1 $2 $3 $4" = 'inspect --type container --format' ] && [ "$5" = '{{.Id}} {{.State.Pid}} {{.Name}}' ] && [ $# = 6 ] || fail "unknown: $*"
[ "$6" = ` + someID + ` ] && [ -f "$0.pid" ] || fail "Error: no such container $6"
case ${0##*/} in docker) slash=/ ;; *) slash= ;; esac
echo "$6 $(cat "$0.pid") ${slash}galera-bundle-${0##*/}-0"
`

const someID = "8a3f8a3f8a3f8a3f8a3f8a3f8a3f8a3f8a3f8a3f8a3f8a3f8a3f8a3f8a3f8a3f"

func engines(t *testing.T) (bin string) {
	t.Helper()
	bin = t.TempDir()
	t.Setenv("PATH", bin+":"+os.Getenv("PATH"))
	for _, name := range []string{"docker", "podman"} {
		put(t, filepath.Join(bin, name), engine)
	}
	return bin
}

func put(t *testing.T, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o700); err != nil {
		t.Fatal(err)
	}
}

// forge is what a user can make a container's mounts look like, in namespaces of his own.
const forge = `mount --bind "$1" /etc/hosts && echo ready && exec sleep 60`

// forged is a folder anybody can enter, with the file that an engine would mount at /etc/hosts.
func forged(t *testing.T, by string) (hosts string) {
	t.Helper()
	folder, err := os.MkdirTemp("", "forged")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(folder) })
	hosts = filepath.Join(folder, map[string]string{"docker": "containers/" + someID, "podman": "overlay-containers/" + someID + "/userdata"}[by], "hosts")
	if err := errors.Join(os.MkdirAll(filepath.Dir(hosts), 0o755), os.Chmod(folder, 0o755)); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(hosts, []byte("127.0.0.1 localhost\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	return hosts
}

// unshared starts a process of a user in namespaces of its own, and gives its id here.
func unshared(t *testing.T, uid int, script string, argument string, options ...string) int {
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

func TestAContainerIsWhatItsEngineSaysItIs(t *testing.T) {
	for _, name := range []string{"podman", "docker"} {
		t.Run(name, func(t *testing.T) {
			bin := engines(t)
			pid := unshared(t, 0, forge, forged(t, name), "--mount", "--pid")
			put(t, filepath.Join(bin, name+".pid"), strconv.Itoa(pid))
			found, err := FindContainer(t.Context(), pid)
			if err != nil || found.Runtime != name || found.ID != someID || found.Name != "galera-bundle-"+name+"-0" || found.Place.PID() != pid {
				t.Fatalf("%+v, %v", found, err)
			}
			defer found.Place.Close()
			var out bytes.Buffer
			o := process.ChildOptions{Place: found.Place, Stdout: &out, Confined: &process.Confinement{Read: []string{"/etc/hosts"}}}
			if err := o.Run(t.Context(), "/bin/cat", "/etc/hosts"); err != nil || !strings.HasPrefix(out.String(), "127.0.0.1 localhost\n") {
				t.Errorf("%q, %v", out.String(), err)
			}
		})
	}
	t.Run("a container that does not show in its mounts", func(t *testing.T) {
		bin := engines(t)
		pid := unshared(t, 0, "echo ready; exec sleep 60", "", "--mount", "--pid")
		put(t, filepath.Join(bin, "podman.pid"), strconv.Itoa(pid))
		found, err := FindContainer(t.Context(), pid)
		if err != nil || found.ID != someID || found.Place.PID() != pid {
			t.Errorf("%+v, %v", found, err)
		}
		_ = found.Place.Close()
	})
}

// A user's process that looks like a container must not get root's programs run in it.
func TestAForgedContainerIsNotEntered(t *testing.T) {
	user := []string{"--user", "--map-root-user", "--mount", "--pid"}
	for name, c := range map[string]struct {
		uid     int
		options []string
		script  string
		says    string
	}{
		"a user's namespaces with the mounts of a container": {65534, user, forge, "is in a user namespace of its own"},
		"a user's namespaces":                                {65534, user, "echo ready; exec sleep 60", "is in a user namespace of its own"},
		"root's namespaces with the mounts of a container":   {0, []string{"--mount", "--pid"}, forge, "has mounts like those of podman's container galera-bundle-podman-0"},
		"root's mounts alone, like those of a container":     {0, []string{"--mount"}, forge, "has mounts like those of podman's container"},
		"mounts and processes of its own, as LXC makes them": {0, []string{"--mount", "--pid"}, "echo ready; exec sleep 60", "neither podman nor docker has a container with them"},
	} {
		t.Run(name, func(t *testing.T) {
			// The engine's container of that id is another process.
			other := unshared(t, 0, "echo ready; exec sleep 60", "", "--mount", "--pid")
			put(t, filepath.Join(engines(t), "podman.pid"), strconv.Itoa(other))
			pid := unshared(t, c.uid, c.script, forged(t, "podman"), c.options...)
			found, err := FindContainer(t.Context(), pid)
			if !errors.Is(err, container.ErrStrange) || !strings.Contains(err.Error(), c.says) || !found.Place.Host() || found.ID != "" {
				t.Errorf("%+v, %v", found, err)
			}
			if err != nil && !strings.Contains(err.Error(), fmt.Sprintf("process %d", pid)) {
				t.Errorf("it does not say which process: %v", err)
			}
		})
	}
}

func TestWithoutAnAnswerOfTheEngineNothingIsEntered(t *testing.T) {
	for name, says := range map[string]string{"none": "no such container", "fails": "database is locked", "hangs": "no answer within the time limit", "absent": "podman is not installed"} {
		t.Run(name, func(t *testing.T) {
			pid := unshared(t, 0, forge, forged(t, "podman"), "--mount", "--pid")
			put(t, filepath.Join(engines(t), "podman."+name), "")
			if name == "absent" {
				t.Setenv("PATH", "/nowhere")
			}
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			if found, err := FindContainer(ctx, pid); err == nil || !strings.Contains(err.Error(), says) || !found.Place.Host() || found.ID != "" {
				t.Errorf("%+v, %v", found, err)
			}
		})
	}
}

func TestAServiceOfTheHostIsInNoContainer(t *testing.T) {
	engines(t)
	for _, pid := range []int{0, os.Getpid(), unshared(t, 0, "echo ready; exec sleep 60", "", "--mount")} {
		if found, err := FindContainer(t.Context(), pid); err != nil || found != (Container{}) {
			t.Errorf("%d: %+v, %v", pid, found, err)
		}
	}
	if _, err := FindContainer(t.Context(), 1<<30); err == nil || !strings.Contains(err.Error(), "find the server's container: look at process 1073741824") {
		t.Error(err)
	}
}

// mounted has the folder of the first argument at the database's place and, when there is a second word, its origin
// removed.
const mounted = `mount --bind "$1" /mnt && { [ ! -f "$1/removed" ] || rm -r "$1"; } && echo ready && exec sleep 60`

func TestContainersWithAFolderAreThoseOfTheEngines(t *testing.T) {
	folder := func(t *testing.T, removed bool) string {
		path := filepath.Join(t.TempDir(), "data")
		if err := errors.Join(os.Mkdir(path, 0o777), os.Chmod(path, 0o777), os.Chmod(filepath.Dir(path), 0o777), os.Chmod(filepath.Dir(filepath.Dir(path)), 0o755)); err != nil {
			t.Fatal(err)
		}
		if removed {
			put(t, filepath.Join(path, "removed"), "")
		}
		return path
	}
	for name, removed := range map[string]bool{"a folder that is there": false, "one that was removed": true} {
		t.Run(name, func(t *testing.T) {
			bin, at := engines(t), folder(t, removed)
			pid := unshared(t, 0, mounted, at, "--mount", "--pid")
			info, _ := os.Stat(at)
			put(t, filepath.Join(bin, "docker.pid"), strconv.Itoa(pid))
			found, err := ContainersWith(t.Context(), "/mnt")
			if err != nil || len(found) != 1 || found[0].Seen != (container.Seen{Engine: "docker", ID: someID, Name: "galera-bundle-docker-0", PID: pid}) ||
				found[0].Removed != removed || found[0].Folder == nil || !removed && !os.SameFile(found[0].Folder, info) {
				t.Errorf("%+v, %v", found, err)
			}
			if found, err := ContainersWith(t.Context(), "/srv"); err != nil || len(found) != 0 {
				t.Errorf("another folder: %+v, %v", found, err)
			}
		})
	}
	t.Run("one that a user made himself", func(t *testing.T) {
		engines(t)
		both := `mount --bind "$1" /etc/hosts && mount -t tmpfs none /mnt && echo ready && exec sleep 60`
		unshared(t, 65534, both, forged(t, "podman"), "--user", "--map-root-user", "--mount", "--pid")
		if found, err := ContainersWith(t.Context(), "/mnt"); err != nil || len(found) != 0 {
			t.Errorf("%+v, %v", found, err)
		}
	})
	t.Run("one whose root is another's", func(t *testing.T) {
		bin := engines(t)
		pid := unshared(t, 65534, `mount -t tmpfs none /mnt && echo ready && exec sleep 60`, "", "--user", "--map-root-user", "--mount", "--pid")
		put(t, filepath.Join(bin, "podman.pid"), strconv.Itoa(pid))
		if found, err := ContainersWith(t.Context(), "/mnt"); err != nil || len(found) != 0 {
			t.Errorf("%+v, %v", found, err)
		}
	})
	t.Run("an engine that does not answer", func(t *testing.T) {
		put(t, filepath.Join(engines(t), "docker.fails"), "")
		if found, err := ContainersWith(t.Context(), "/mnt"); err == nil || !strings.Contains(err.Error(), "database is locked") {
			t.Errorf("%+v, %v", found, err)
		}
	})
	t.Run("a process that has ended", func(t *testing.T) {
		put(t, filepath.Join(engines(t), "docker.pid"), strconv.Itoa(1<<22+7))
		if found, err := ContainersWith(t.Context(), "/mnt"); err != nil || len(found) != 0 {
			t.Errorf("%+v, %v", found, err)
		}
	})
}

// What an unknown place has for a datadir is not taken for this host's.
func TestTheSpaceOfAnUnknownPlaceIsNotTold(t *testing.T) {
	pid := unshared(t, 65534, "echo ready; exec sleep 60", "", "--user", "--map-root-user", "--mount", "--pid")
	g := gathering{Facts: &Facts{}}
	g.Server.PID, g.Server.Datadir = pid, "/"
	g.where(t.Context())
	if e := g.Failed("container"); e == nil || !strings.Contains(e.Hint, "login_unix_socket") {
		t.Errorf("%+v", e)
	}
	if e := g.Failed("datadir"); e == nil || g.Storage.DatadirTotal != 0 {
		t.Errorf("%+v, %+v", e, g.Storage)
	}
}

func TestTheSpaceOfAContainersDatadirIsReadInside(t *testing.T) {
	bin := engines(t)
	pid := unshared(t, 0, `mount -t tmpfs -o size=8m none /mnt && ln -s /mnt /mnt/data && echo ready && exec sleep 60`, "", "--mount", "--pid")
	put(t, filepath.Join(bin, "podman.pid"), strconv.Itoa(pid))
	g := gathering{Facts: &Facts{}}
	g.Server.PID, g.Server.Datadir = pid, "/mnt/data"
	g.where(t.Context())
	if len(g.Errors) > 0 || g.Storage.DatadirTotal != 8<<20 || g.Reached.Container != "galera-bundle-podman-0" || g.Reached.Runtime != "podman" {
		t.Errorf("%+v, %+v", g.Errors, g.Storage)
	}
	g.Server.Datadir = "/mnt/gone"
	g.where(t.Context())
	if e := g.Failed("datadir"); e == nil || e.Where != "/mnt/gone" {
		t.Errorf("%+v", e)
	}
}
