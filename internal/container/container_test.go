// SPDX-License-Identifier: GPL-3.0-or-later

package container

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"overcloud.backup/internal/process"
)

// An engine in its place: it refuses every argument that docker 1.13 or podman 1.6 would, starts a process of this host for
// a container, and writes down what it was called with.
const standIn = `#!/bin/sh
cd "$STATE"
echo "${0##*/} $*" >>calls
fail() { echo "$1" >&2; exit 125; }
case $1 in
info) [ "$*" = 'info --format {{.Host.OCIRuntime.Name}}' ] || fail "info: $*"; cat runtime ;;
inspect)
  [ "$2" = --type ] && [ "$4" = --format ] && [ $# = 6 ] || fail "inspect: $*"
  case $3 in
  image) [ "$5" = '{{.Id}}' ] && [ "$6" = 192.0.2.1:8787/mariadb:pcmklatest ] || fail "no such image: $6"; echo sha256:1 ;;
  container)
    [ -f "container-$6" ] || fail "no such container: $6"
    case $5 in '{{.Id}}') echo 1234 ;; '{{.State.Pid}}') cat "container-$6" ;; *) fail "format $5" ;; esac ;;
  *) fail "type $3" ;;
  esac ;;
run)
  shift
  name= volumes=
  while [ $# -gt 0 ]; do
    case $1 in
    --detach | --rm) shift ;;
    --name) name=$2; shift 2 ;;
    --cgroups) [ "${0##*/} $2" = 'podman disabled' ] || fail "unknown flag: $1"; shift 2 ;;
    --network) [ "$2" = none ] || fail "network $2"; shift 2 ;;
    --user) [ "$2" = 0:0 ] || fail "user $2"; shift 2 ;;
    --security-opt) [ "$2" = label=disable ] || fail "security-opt $2"; shift 2 ;;
    --log-driver) [ "$2" = none ] || fail "log-driver $2"; shift 2 ;;
    --entrypoint) [ "$2" = sleep ] || fail "entrypoint $2"; shift 2 ;;
    --volume) case $2 in /*:/*) volumes=v; shift 2 ;; *) fail "volume $2" ;; esac ;;
    -*) fail "unknown flag: $1" ;;
    *) break ;;
    esac
  done
  case "$volumes$1 $2" in
  '192.0.2.1:8787/mariadb:pcmklatest 600' | 'v192.0.2.1:8787/mariadb:pcmklatest 86400') ;;
  *) fail "image and command: $*" ;;
  esac
  [ ! -f dies ] || { echo 0 >"container-$name"; exit 0; }
  sleep 86400 >/dev/null 2>&1 & echo $! >"container-$name" ;;
rm)
  [ "$2" = --force ] && [ $# = 3 ] || fail "rm: $*"
  pid=$(cat "container-$3"); [ "$pid" = 0 ] || kill "$pid"; rm "container-$3" ;;
*) fail "unknown command: $1" ;;
esac
`

func engine(t *testing.T, name, runtime string) (Image, string) {
	t.Helper()
	bin, state := t.TempDir(), t.TempDir()
	t.Setenv("PATH", bin+":"+os.Getenv("PATH"))
	t.Setenv("STATE", state)
	for path, content := range map[string]string{filepath.Join(bin, name): standIn, filepath.Join(state, "runtime"): runtime + "\n"} {
		if err := os.WriteFile(path, []byte(content), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	return Image{Engine: name, Name: "192.0.2.1:8787/mariadb:pcmklatest"}, state
}

func calls(t *testing.T, state string) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(state, "calls"))
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

func TestAContainerIsStartedEnteredAndRemoved(t *testing.T) {
	for name, c := range map[string]struct {
		engine, runtime string
		ours            bool
	}{
		"docker, as OSP 13 has it":               {"docker", "", false},
		"podman with runc":                       {"podman", "runc", false},
		"podman with crun, in our control group": {"podman", "crun", true},
	} {
		t.Run(name, func(t *testing.T) {
			image, state := engine(t, c.engine, c.runtime)
			left, err := image.Start(t.Context(), "overcloud-backup-1", "/srv/scratch")
			if err != nil {
				t.Fatal(err)
			}
			// Another one of its name is replaced.
			running, err := image.Start(t.Context(), "overcloud-backup-1", "/srv/scratch", "/srv/more")
			if err != nil {
				t.Fatal(err)
			}
			if left.Place() == running.Place() || running.Place().Host() {
				t.Errorf("%+v, then %+v", left.Place(), running.Place())
			}
			if _, err := os.Stat(running.Place().Path("/bin/sh")); err != nil {
				t.Error(err)
			}
			if err := running.Remove(); err != nil {
				t.Error(err)
			}
			if there, err := Remove(t.Context(), c.engine, "overcloud-backup-1"); there || err != nil {
				t.Errorf("removed twice: %v %v", there, err)
			}
			said := calls(t, state)
			if strings.Contains(said, "--cgroups disabled") != c.ours || !strings.Contains(said, "--volume /srv/scratch:/srv/scratch --volume /srv/more:/srv/more") {
				t.Errorf("calls:\n%s", said)
			}
		})
	}
}

func TestWhatCannotBeStartedIsSaid(t *testing.T) {
	image, state := engine(t, "docker", "")
	if _, err := (Image{"docker", "other"}).Start(t.Context(), "n"); err == nil || !strings.Contains(err.Error(), "the image other is not on this host") {
		t.Error(err)
	}
	if err := os.WriteFile(filepath.Join(state, "dies"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := image.Start(t.Context(), "n"); err == nil || !strings.Contains(err.Error(), "has ended at once") {
		t.Error(err)
	}
	if exists(t.Context(), "docker", "n") {
		t.Error("it was left")
	}
	if _, err := (Image{"podman-not", "x"}).Start(t.Context(), "n"); err == nil || !strings.Contains(err.Error(), "podman-not is not installed") {
		t.Error(err)
	}
}

func TestTheServersUserIsTheImages(t *testing.T) {
	c := Container{place: process.Place{PID: os.Getpid()}}
	if owner, err := c.User("nobody"); err != nil || owner.UID != 65534 {
		t.Errorf("%+v, %v", owner, err)
	}
	if _, err := c.User("no-such-user"); err == nil || !strings.Contains(err.Error(), "no user no-such-user") {
		t.Error(err)
	}
}
