// SPDX-License-Identifier: GPL-3.0-or-later

package restore

import (
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"overcloud.backup/internal/pacemaker/cib"
)

const someID = "8a3f8a3f8a3f8a3f8a3f8a3f8a3f8a3f8a3f8a3f8a3f8a3f8a3f8a3f8a3f8a3f"

// A fake engine: it has one container, the process whose id is in a file, and refuses every argument that docker 1.13
// or podman 1.6 would. It records its arguments.
const engine = `#!/bin/sh
echo "${0##*/} $*" >>"$0.calls"
fail() { echo "$1" >&2; exit 1; }
[ ! -e "$0.down" ] || fail 'Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?'
case ${0##*/} in docker) slash=/ ;; *) slash= ;; esac
case "$*" in
'ps --quiet --no-trunc') [ ! -f "$0.pid" ] || echo ` + someID + ` ;;
'inspect --type container --format {{.Id}} {{.State.Pid}} {{.Name}} ` + someID + `')
  echo "` + someID + ` $(cat "$0.pid") $slash$(cat "$0.name")" ;;
'restart --time 5 ` + someID + `')
  [ ! -e "$0.refuses" ] || fail 'Error: cannot restart'
  kill "$(cat "$0.pid")"; rm "$0.pid"; echo "$4" ;;
*) fail "unknown: $*" ;;
esac
`

// asContainer starts a process whose mounts look like those of a container of the engine, with the folder at the
// datadir's path.
func asContainer(t *testing.T, bin, by, folder, datadir string) {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("needs root to mount")
	}
	hosts := filepath.Join(t.TempDir(), map[string]string{"docker": "containers/" + someID,
		"podman": "overlay-containers/" + someID + "/userdata"}[by], "hosts")
	if err := os.MkdirAll(filepath.Dir(hosts), 0o700); err != nil {
		t.Fatal(err)
	}
	putFile(t, hosts, "127.0.0.1 localhost\n")
	c := exec.Command("unshare", "--mount", "sh", "-c",
		`mount --bind "$1" /etc/hosts && mount --bind "$2" "$3" && echo ready && exec sleep 60`, "sh", hosts, folder,
		datadir)
	out, err := c.StdoutPipe()
	if err == nil {
		err = c.Start()
	}
	if err != nil {
		t.Skip(err)
	}
	t.Cleanup(func() { _ = c.Process.Kill(); _ = c.Wait() })
	if _, err := io.ReadFull(out, make([]byte, len("ready\n"))); err != nil {
		t.Skipf("no mounts here: %v", err)
	}
	putFile(t, filepath.Join(bin, by+".pid"), strconv.Itoa(c.Process.Pid))
	putFile(t, filepath.Join(bin, by+".name"), "clustercheck")
}

func putFile(t *testing.T, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o700); err != nil {
		t.Fatal(err)
	}
}

// replaced returns a node whose datadir was moved aside, and puts an engine on PATH.
func replaced(t *testing.T, name string) (n *Node, aside, bin string) {
	t.Helper()
	n = &Node{Datadir: filepath.Join(t.TempDir(), "mysql")}
	aside, bin = n.Datadir+".aside-j", t.TempDir()
	for _, folder := range []string{n.Datadir, aside} {
		if err := os.Mkdir(folder, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for _, engineName := range []string{"docker", "podman"} {
		putFile(t, filepath.Join(bin, engineName), engine)
	}
	t.Setenv("PATH", bin+":"+os.Getenv("PATH"))
	return n, aside, bin
}

func TestAContainerWithTheOldDatadirIsRestarted(t *testing.T) {
	for _, name := range []string{"docker", "podman"} {
		t.Run(name, func(t *testing.T) {
			n, aside, bin := replaced(t, name)
			asContainer(t, bin, name, aside, n.Datadir)
			got, err := n.renewMounts(t.Context())
			if err != nil || len(got) != 1 ||
				got[0] != "restarted the container clustercheck, which had the original datadir mounted" {
				t.Errorf("%q, %v", got, err)
			}
			if got, err := n.renewMounts(t.Context()); err != nil || len(got) != 0 {
				t.Errorf("again: %q, %v", got, err)
			}
			calls, err := os.ReadFile(filepath.Join(bin, name+".calls"))
			if err != nil || strings.Count(string(calls), name+" restart --time 5 "+someID+"\n") != 1 {
				t.Errorf("%s, %v", calls, err)
			}
		})
	}
}

func TestAContainerWithTheNewDatadirIsLeftAlone(t *testing.T) {
	n, _, bin := replaced(t, "docker")
	asContainer(t, bin, "docker", n.Datadir, n.Datadir)
	if got, err := n.renewMounts(t.Context()); err != nil || len(got) != 0 {
		t.Errorf("%q, %v", got, err)
	}
	if calls(t, bin) != "" {
		t.Errorf("restarted: %s", calls(t, bin))
	}
}

// calls returns the calls that change something.
func calls(t *testing.T, bin string) (found string) {
	t.Helper()
	for _, name := range []string{"docker", "podman"} {
		got, _ := os.ReadFile(filepath.Join(bin, name+".calls"))
		for line := range strings.Lines(string(got)) {
			if strings.Contains(line, " restart ") {
				found += line
			}
		}
	}
	return found
}

// A user's process that looks like root's container must not get that container restarted.
func TestAForgedContainerRestartsNothing(t *testing.T) {
	n, aside, bin := replaced(t, "podman")
	if os.Getuid() != 0 {
		t.Skip("needs root to become another user")
	}
	folder, err := os.MkdirTemp("", "forged")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(folder) })
	hosts := filepath.Join(folder, "overlay-containers", someID, "userdata", "hosts")
	if err := os.MkdirAll(filepath.Dir(hosts), 0o755); err != nil {
		t.Fatal(err)
	}
	putFile(t, hosts, "127.0.0.1 localhost\n")
	// The folder that the user has mounted over the datadir is the one that a restore moved.
	for path := n.Datadir; path != os.TempDir() && path != "/"; path = filepath.Dir(path) {
		_ = os.Chmod(path, 0o755)
	}
	for _, path := range []string{folder, hosts, aside} {
		if err := os.Chmod(path, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	c := exec.Command("unshare", "-Urmpf", "--kill-child", "sh", "-c",
		`mount --bind "$1" /etc/hosts && mount --bind "$2" "$3" && echo ready && exec sleep 60`, "sh", hosts, aside,
		n.Datadir)
	c.Dir, c.SysProcAttr = "/", &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	out, err := c.StdoutPipe()
	if err == nil {
		err = c.Start()
	}
	if err != nil {
		t.Skip(err)
	}
	t.Cleanup(func() { _ = c.Process.Kill(); _ = c.Wait() })
	if _, err := io.ReadFull(out, make([]byte, len("ready\n"))); err != nil {
		t.Skipf("no namespaces of users here: %v", err)
	}
	// The id belongs to root's own container, which has another folder.
	asContainer(t, bin, "podman", n.Datadir, n.Datadir)
	if got, err := n.renewMounts(t.Context()); err != nil || len(got) != 0 || calls(t, bin) != "" {
		t.Errorf("%q, %v, %s", got, err, calls(t, bin))
	}
}

func TestTheBundlesContainersAreLeftToPacemaker(t *testing.T) {
	n, aside, bin := replaced(t, "podman")
	n.Agent = cib.Agent{Parent: "galera-bundle", Bundle: true, Engine: "podman"}
	asContainer(t, bin, "podman", aside, n.Datadir)
	putFile(t, filepath.Join(bin, "podman.name"), "galera-bundle-podman-0")
	if got, err := n.renewMounts(t.Context()); err != nil || len(got) != 0 || calls(t, bin) != "" {
		t.Errorf("%q, %v, %s", got, err, calls(t, bin))
	}
}

func TestAContainerThatIsNotRestartedIsNamed(t *testing.T) {
	for how, says := range map[string]string{
		"refuses": "docker restart --time 5 " + someID + ": ",
		"down":    "with DATADIR mounted: list the containers that run: docker: its daemon does not run",
	} {
		t.Run(how, func(t *testing.T) {
			n, aside, bin := replaced(t, "docker")
			asContainer(t, bin, "docker", aside, n.Datadir)
			putFile(t, filepath.Join(bin, "docker."+how), "")
			ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
			defer cancel()
			got, err := n.renewMounts(ctx)
			if err == nil || !strings.Contains(err.Error(),
				"restart the containers that have the original datadir mounted") ||
				!strings.Contains(err.Error(), strings.ReplaceAll(says, "DATADIR", n.Datadir)) {
				t.Errorf("%q, %v", got, err)
			}
		})
	}
}

func TestAnEngineThatIsNotInUseKeepsNothingFromARestore(t *testing.T) {
	n, _, bin := replaced(t, "docker")
	putFile(t, filepath.Join(bin, "docker.down"), "")
	if got, err := n.renewMounts(t.Context()); err != nil || len(got) != 0 {
		t.Errorf("%q, %v", got, err)
	}
}
