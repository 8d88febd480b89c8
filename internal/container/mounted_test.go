// SPDX-License-Identifier: GPL-3.0-or-later

package container

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"overcloud.backup/tests/podman"
)

// mounted mounts the folder of the first argument over the datadir, and with a second argument removes the source.
const mounted = `mount --bind "$1" /mnt && { [ ! -f "$1/removed" ] || rm -r "$1"; } && echo ready && exec sleep 60`

func TestContainersWithAFolderAreThoseOfTheEngines(t *testing.T) {
	folder := func(t *testing.T, removed bool) string {
		path := filepath.Join(t.TempDir(), "data")
		if err := errors.Join(os.Mkdir(path, 0o777), os.Chmod(path, 0o777), os.Chmod(filepath.Dir(path), 0o777),
			os.Chmod(filepath.Dir(filepath.Dir(path)), 0o755)); err != nil {
			t.Fatal(err)
		}
		if removed {
			podman.Put(t, filepath.Join(path, "removed"), "")
		}
		return path
	}
	for name, removed := range map[string]bool{"a folder that is there": false, "one that was removed": true} {
		t.Run(name, func(t *testing.T) {
			bin, at := podman.Install(t), folder(t, removed)
			pid := podman.Unshared(t, 0, mounted, at, "--mount", "--pid")
			info, _ := os.Stat(at)
			podman.Put(t, filepath.Join(bin, "docker.pid"), strconv.Itoa(pid))
			found, err := WithFolder(t.Context(), "/mnt")
			if err != nil || len(found) != 1 || found[0].Seen != (Seen{Engine: "docker", ID: podman.ID,
				Name: "galera-bundle-docker-0", PID: pid}) ||
				found[0].Removed != removed || found[0].Folder == nil ||
				!removed && !os.SameFile(found[0].Folder, info) {
				t.Errorf("%+v, %v", found, err)
			}
			if found, err := WithFolder(t.Context(), "/srv"); err != nil || len(found) != 0 {
				t.Errorf("another folder: %+v, %v", found, err)
			}
		})
	}
	t.Run("one that a user made himself", func(t *testing.T) {
		podman.Install(t)
		both := `mount --bind "$1" /etc/hosts && mount -t tmpfs none /mnt && echo ready && exec sleep 60`
		podman.Unshared(t, 65534, both, podman.Forged(t, "podman"), "--user", "--map-root-user", "--mount", "--pid")
		if found, err := WithFolder(t.Context(), "/mnt"); err != nil || len(found) != 0 {
			t.Errorf("%+v, %v", found, err)
		}
	})
	t.Run("one whose root is another's", func(t *testing.T) {
		bin := podman.Install(t)
		pid := podman.Unshared(t, 65534, `mount -t tmpfs none /mnt && echo ready && exec sleep 60`, "", "--user",
			"--map-root-user", "--mount", "--pid")
		podman.Put(t, filepath.Join(bin, "podman.pid"), strconv.Itoa(pid))
		if found, err := WithFolder(t.Context(), "/mnt"); err != nil || len(found) != 0 {
			t.Errorf("%+v, %v", found, err)
		}
	})
	t.Run("an engine that does not answer", func(t *testing.T) {
		podman.Put(t, filepath.Join(podman.Install(t), "docker.fails"), "")
		if found, err := WithFolder(t.Context(), "/mnt"); err == nil ||
			!strings.Contains(err.Error(), "database is locked") {
			t.Errorf("%+v, %v", found, err)
		}
	})
	t.Run("a process that has ended", func(t *testing.T) {
		podman.Put(t, filepath.Join(podman.Install(t), "docker.pid"), strconv.Itoa(1<<22+7))
		if found, err := WithFolder(t.Context(), "/mnt"); err != nil || len(found) != 0 {
			t.Errorf("%+v, %v", found, err)
		}
	})
}
