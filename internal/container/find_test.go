// SPDX-License-Identifier: GPL-3.0-or-later

package container

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"overcloud.backup/internal/confine"
	"overcloud.backup/internal/process"
	"overcloud.backup/tests/podman"
)

func TestParseMountinfoFindsTheContainer(t *testing.T) {
	id := strings.Repeat("8a3f", 16)
	for name, c := range map[string]struct{ line, runtime string }{
		"podman": {"812 798 0:25 /containers/overlay-containers/" + id +
			"/userdata/hosts /etc/hosts rw - tmpfs tmpfs rw", "podman"},
		"podman, its marker": {"812 798 0:25 /libpod/overlay-containers/" + id +
			"/userdata/.containerenv /run/.containerenv rw - tmpfs tmpfs rw", "podman"},
		"podman with vfs": {"812 798 8:1 /var/lib/containers/storage/vfs-containers/" + id +
			"/userdata/hosts /etc/hosts rw - xfs /dev/sda1 rw", "podman"},
		"docker": {"812 798 8:1 /var/lib/docker/containers/" + id +
			"/resolv.conf /etc/resolv.conf rw - ext4 /dev/sda1 rw", "docker"},
		"the host, where both show": {"99 25 0:44 / /var/lib/containers/storage/overlay-containers/" + id +
			"/userdata/shm rw - tmpfs shm rw", ""},
		"a service with PrivateTmp": {"99 25 8:1 /tmp/systemd-private-1/tmp /tmp rw - ext4 /dev/sda1 rw", ""},
		"an id that is too short": {"812 798 0:25 /overlay-containers/abc/userdata/hosts /etc/hosts rw - tmpfs" +
			" tmpfs rw", ""},
		"a line that is cut": {"812 798", ""},
	} {
		t.Run(name, func(t *testing.T) {
			runtime, got := ParseMountinfo("1 1 8:1 / / rw - ext4 /dev/sda1 rw\n" + c.line + "\n")
			if runtime != c.runtime || (got == id) != (c.runtime != "") {
				t.Errorf("got %q %q, want %q", runtime, got, c.runtime)
			}
		})
	}
}

func TestOnlyTheEngineIdentifiesAContainer(t *testing.T) {
	for _, name := range []string{"podman", "docker"} {
		t.Run(name, func(t *testing.T) {
			bin := podman.Install(t)
			pid := podman.Unshared(t, 0, podman.Forge, podman.Forged(t, name), "--mount", "--pid")
			podman.Put(t, filepath.Join(bin, name+".pid"), strconv.Itoa(pid))
			found, err := Find(t.Context(), pid)
			if err != nil || found.Runtime != name || found.ID != podman.ID ||
				found.Name != "galera-bundle-"+name+"-0" || found.Place.PID() != pid {
				t.Fatalf("%+v, %v", found, err)
			}
			defer found.Place.Close()
			var out bytes.Buffer
			o := process.ChildOptions{Place: found.Place, Stdout: &out,
				Confined: &confine.Confinement{Read: []string{"/etc/hosts"}}}
			if err := o.Run(t.Context(), "/bin/cat", "/etc/hosts"); err != nil ||
				!strings.HasPrefix(out.String(), "127.0.0.1 localhost\n") {
				t.Errorf("%q, %v", out.String(), err)
			}
		})
	}
	t.Run("a container that does not show in its mounts", func(t *testing.T) {
		bin := podman.Install(t)
		pid := podman.Unshared(t, 0, "echo ready; exec sleep 60", "", "--mount", "--pid")
		podman.Put(t, filepath.Join(bin, "podman.pid"), strconv.Itoa(pid))
		found, err := Find(t.Context(), pid)
		if err != nil || found.ID != podman.ID || found.Place.PID() != pid {
			t.Errorf("%+v, %v", found, err)
		}
		_ = found.Place.Close()
	})
}

// A user's process that looks like a container must not make root run programs in it.
func TestAForgedContainerIsNotEntered(t *testing.T) {
	user := []string{"--user", "--map-root-user", "--mount", "--pid"}
	for name, c := range map[string]struct {
		uid     int
		options []string
		script  string
		says    string
	}{
		"a user's namespaces with the mounts of a container": {65534, user, podman.Forge,
			"is in a user namespace of its own"},
		"a user's namespaces": {65534, user, "echo ready; exec sleep 60",
			"is in a user namespace of its own"},
		"root's namespaces with the mounts of a container": {0, []string{"--mount", "--pid"}, podman.Forge,
			"has mounts like those of podman's container galera-bundle-podman-0"},
		"root's mounts alone, like those of a container": {0, []string{"--mount"}, podman.Forge,
			"has mounts like those of podman's container"},
		"mounts and processes of its own, as LXC makes them": {0, []string{"--mount", "--pid"},
			"echo ready; exec sleep 60", "neither podman nor docker has a container with them"},
	} {
		t.Run(name, func(t *testing.T) {
			// The engine's container of that id is another process.
			other := podman.Unshared(t, 0, "echo ready; exec sleep 60", "", "--mount", "--pid")
			podman.Put(t, filepath.Join(podman.Install(t), "podman.pid"), strconv.Itoa(other))
			pid := podman.Unshared(t, c.uid, c.script, podman.Forged(t, "podman"), c.options...)
			found, err := Find(t.Context(), pid)
			if !errors.Is(err, ErrStrange) || !strings.Contains(err.Error(), c.says) || !found.Place.Host() ||
				found.ID != "" {
				t.Errorf("%+v, %v", found, err)
			}
			if err != nil && !strings.Contains(err.Error(), fmt.Sprintf("process %d", pid)) {
				t.Errorf("it does not say which process: %v", err)
			}
		})
	}
}

func TestWithoutAnAnswerOfTheEngineNothingIsEntered(t *testing.T) {
	for name, says := range map[string]string{"none": "no such container", "fails": "database is locked",
		"hangs": "no answer within the time limit", "absent": "podman is not installed"} {
		t.Run(name, func(t *testing.T) {
			pid := podman.Unshared(t, 0, podman.Forge, podman.Forged(t, "podman"), "--mount", "--pid")
			podman.Put(t, filepath.Join(podman.Install(t), "podman."+name), "")
			if name == "absent" {
				t.Setenv("PATH", "/nowhere")
			}
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			if found, err := Find(ctx, pid); err == nil || !strings.Contains(err.Error(), says) ||
				!found.Place.Host() || found.ID != "" {
				t.Errorf("%+v, %v", found, err)
			}
		})
	}
}

func TestAServiceOfTheHostIsInNoContainer(t *testing.T) {
	podman.Install(t)
	for _, pid := range []int{0, os.Getpid(), podman.Unshared(t, 0, "echo ready; exec sleep 60", "", "--mount")} {
		if found, err := Find(t.Context(), pid); err != nil || found != (Home{}) {
			t.Errorf("%d: %+v, %v", pid, found, err)
		}
	}
	if _, err := Find(t.Context(), 1<<30); err == nil ||
		!strings.Contains(err.Error(), "find the server's container: look at process 1073741824") {
		t.Error(err)
	}
}
