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
	"testing"
	"time"
)

const someID = "8a3f8a3f8a3f8a3f8a3f8a3f8a3f8a3f8a3f8a3f8a3f8a3f8a3f8a3f8a3f8a3f"

// An engine in its place: it has one container, the process whose id is in a file, and refuses every argument that docker
// 1.13 or podman 1.6 would. It writes down what it was called with.
const engine = `#!/bin/sh
echo "${0##*/} $*" >>"$0.calls"
fail() { echo "$1" >&2; exit 1; }
[ ! -e "$0.down" ] || fail 'Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?'
case "$1 $2 $3" in
'inspect --format {{.Name}}' | 'restart --time 5') [ $# = 4 ] || fail "$1: $*" ;;
*) fail "unknown: $*" ;;
esac
[ "$4" = ` + someID + ` ] || fail "Error: No such container: $4"
case $1 in
inspect) case ${0##*/} in docker) echo /clustercheck ;; *) echo clustercheck ;; esac ;;
restart) kill "$(cat "$0.pid")"; echo "$4" ;;
esac
`

// asContainer starts a process whose mounts look like a container's of the engine, with the folder at the datadir's path.
func asContainer(t *testing.T, bin, by, folder, datadir string) {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("needs root to mount")
	}
	hosts := filepath.Join(t.TempDir(), map[string]string{"docker": "containers/" + someID, "podman": "overlay-containers/" + someID + "/userdata"}[by], "hosts")
	if err := os.MkdirAll(filepath.Dir(hosts), 0o700); err != nil {
		t.Fatal(err)
	}
	putFile(t, hosts, "127.0.0.1 localhost\n")
	c := exec.Command("unshare", "--mount", "sh", "-c", `mount --bind "$1" /etc/hosts && mount --bind "$2" "$3" && echo ready && exec sleep 60`, "sh", hosts, folder, datadir)
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
}

func putFile(t *testing.T, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o700); err != nil {
		t.Fatal(err)
	}
}

// replaced is a node whose datadir was moved aside, and an engine on PATH.
func replaced(t *testing.T, name string) (n *Node, aside, bin string) {
	t.Helper()
	n = &Node{Datadir: filepath.Join(t.TempDir(), "mysql")}
	aside, bin = n.Datadir+".aside-j", t.TempDir()
	for _, folder := range []string{n.Datadir, aside} {
		if err := os.Mkdir(folder, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	putFile(t, filepath.Join(bin, name), engine)
	t.Setenv("PATH", bin+":"+os.Getenv("PATH"))
	return n, aside, bin
}

func TestAContainerThatHasTheDatadirOfBeforeIsRestarted(t *testing.T) {
	for _, name := range []string{"docker", "podman"} {
		t.Run(name, func(t *testing.T) {
			n, aside, bin := replaced(t, name)
			asContainer(t, bin, name, aside, n.Datadir)
			said, err := n.renewMounts(t.Context())
			if err != nil || len(said) != 1 || said[0] != "restarted the container clustercheck, which had the datadir of before mounted" {
				t.Errorf("%q, %v", said, err)
			}
			if said, err := n.renewMounts(t.Context()); err != nil || len(said) != 0 {
				t.Errorf("again: %q, %v", said, err)
			}
			calls, err := os.ReadFile(filepath.Join(bin, name+".calls"))
			if want := name + " inspect --format {{.Name}} " + someID + "\n" + name + " restart --time 5 " + someID + "\n"; err != nil || string(calls) != want {
				t.Errorf("%s, %v", calls, err)
			}
		})
	}
}

func TestAContainerWithTheNewDatadirIsLeftAlone(t *testing.T) {
	n, _, bin := replaced(t, "docker")
	asContainer(t, bin, "docker", n.Datadir, n.Datadir)
	if said, err := n.renewMounts(t.Context()); err != nil || len(said) != 0 {
		t.Errorf("%q, %v", said, err)
	}
	if _, err := os.Stat(filepath.Join(bin, "docker.calls")); err == nil {
		t.Error("docker was asked")
	}
}

func TestAContainerThatIsNotRestartedIsNamed(t *testing.T) {
	n, aside, bin := replaced(t, "docker")
	asContainer(t, bin, "docker", aside, n.Datadir)
	putFile(t, filepath.Join(bin, "docker.down"), "")
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	said, err := n.renewMounts(ctx)
	if err == nil || !strings.Contains(err.Error(), "restart the containers that have the datadir of before mounted") ||
		!strings.Contains(err.Error(), "docker restart --time 5 "+someID+": ") || !strings.Contains(err.Error(), "Cannot connect to the Docker daemon") {
		t.Errorf("%q, %v", said, err)
	}
}
