// SPDX-License-Identifier: GPL-3.0-or-later

package container

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"overcloud.backup/internal/process"
)

// A fake engine: it refuses every argument that docker 1.13 or podman 1.6 does not know, and log drivers as these do.
// Instead of a container it starts a process of this host, and records its arguments.
const standIn = `#!/bin/sh
cd "$STATE"
echo "${0##*/} $*" >>calls
fail() { echo "$1" >&2; exit 125; }
id() { printf %s "$1" | sha256sum | cut -c 1-64; }
slash=; [ "${0##*/}" = podman ] || slash=/
case $1 in
info) [ "$*" = 'info --format {{.Host.OCIRuntime.Name}}' ] || fail "info: $*"; cat runtime ;;
inspect)
  [ "$2" = --type ] && [ "$4" = --format ] && [ $# = 6 ] || fail "inspect: $*"
  case $3 in
  image) [ "$5" = '{{.Id}}' ] && [ "$6" = 192.0.2.1:8787/mariadb:pcmklatest ] || fail "no such image: $6"
    echo sha256:1 ;;
  container)
    [ ! -f busy ] || fail 'Error: database is locked'
    name=$6; [ ! -f "id-$6" ] || name=$(cat "id-$6")
    [ -f "container-$name" ] || { cat absent >&2; exit 1; }
    case $5 in
    '{{.Id}}') id "$name" ;;
    '{{.Id}} {{.State.Pid}} {{.Name}}')
      echo "$(id "$name") $(cat "container-$name") $slash$name"
      [ ! -f restarts ] || mv restarts "container-$name" ;;
    *) fail "format $5" ;;
    esac ;;
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
    --read-only) shift ;;
    --network) [ "$2" = none ] || fail "network $2"; shift 2 ;;
    --user) [ "$2" = 0:0 ] || fail "user $2"; shift 2 ;;
    --security-opt) [ "$2" = label=disable ] || fail "security-opt $2"; shift 2 ;;
    --log-driver)
      case "${0##*/} $2" in 'docker none' | 'podman k8s-file') shift 2 ;;
      *) fail 'error running container create option: invalid log driver: invalid argument' ;; esac ;;
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
  [ ! -f slow ] || { echo 1 >"container-$name"; fail 'context deadline exceeded'; }
  [ ! -f dies ] || { echo 0 >"container-$name"; exit 0; }
  echo "$name" >"id-$(id "$name")"
  mounts=--mount; [ ! -f users ] || mounts='--mount --user --map-root-user'; [ ! -f host ] || mounts=--uts
  unshare $mounts sh -c 'echo $$ >"$1.new"; mv "$1.new" "$1"; exec sleep 86400' sh "container-$name" >/dev/null 2>&1 &
  for i in 1 2 3 4 5 6 7 8 9 10; do [ -f "container-$name" ] && break; sleep 0.1; done ;;
rm)
  [ "$2" = --force ] && [ $# = 3 ] || fail "rm: $*"
  [ ! -f refuses ] || fail 'device or resource busy'
  pid=$(cat "container-$3"); [ "$pid" -le 1 ] || kill "$pid"; rm "container-$3" ;;
*) fail "unknown command: $1" ;;
esac
`

func engine(t *testing.T, name, runtime string) (Image, string) {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("needs root to make mounts")
	}
	bin, state := t.TempDir(), t.TempDir()
	t.Setenv("PATH", bin+":"+os.Getenv("PATH"))
	t.Setenv("STATE", state)
	write(t, filepath.Join(bin, name), standIn)
	write(t, filepath.Join(state, "runtime"), runtime+"\n")
	write(t, filepath.Join(state, "absent"), absent[name])
	return Image{Engine: name, Name: "192.0.2.1:8787/mariadb:pcmklatest"}, state
}

// absent lists the errors of engines about a missing container.
var absent = map[string]string{
	"docker": "Error: No such container: n\n",
	"podman": `Error: error looking up container "n": no container with name or ID n found: no such container` + "\n",
}

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o700); err != nil {
		t.Fatal(err)
	}
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
		"podman 1.6, as OSP 16.0 and 16.1 have":  {"podman", "", false},
		"podman with runc":                       {"podman", "runc", false},
		"podman with crun, in our control group": {"podman", "crun", true},
	} {
		t.Run(name, func(t *testing.T) {
			image, state := engine(t, c.engine, c.runtime)
			left, err := image.Start(t.Context(), "overcloud-backup-1", "/srv/scratch")
			if err != nil {
				t.Fatal(err)
			}
			// Another container of the same name is replaced.
			running, err := image.Start(t.Context(), "overcloud-backup-1", "/srv/scratch", "/srv/more")
			if err != nil {
				t.Fatal(err)
			}
			if left.Place().PID() == running.Place().PID() || running.Place().Host() {
				t.Errorf("%d, then %d", left.Place().PID(), running.Place().PID())
			}
			if err := left.Place().Close(); err != nil {
				t.Error(err)
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
			got := calls(t, state)
			if strings.Contains(got, "--cgroups disabled") != c.ours ||
				!strings.Contains(got, "--volume /srv/scratch:/srv/scratch --volume /srv/more:/srv/more") {
				t.Errorf("calls:\n%s", got)
			}
		})
	}
}

func TestAContainerThatCannotBeStartedIsReported(t *testing.T) {
	image, state := engine(t, "docker", "")
	if _, err := (Image{"docker", "other"}).Start(t.Context(), "n"); err == nil ||
		!strings.Contains(err.Error(), "the image other is not on this host") {
		t.Error(err)
	}
	write(t, filepath.Join(state, "dies"), "")
	if _, err := image.Start(t.Context(), "n"); err == nil || !strings.Contains(err.Error(), "ended immediately") {
		t.Error(err)
	}
	if there, err := exists(t.Context(), "docker", "n"); there || err != nil {
		t.Errorf("it was left: %v %v", there, err)
	}
	if _, err := (Image{"podman-not", "x"}).Start(t.Context(), "n"); err == nil ||
		!strings.Contains(err.Error(), "podman-not is not installed") {
		t.Error(err)
	}
}

func TestOnlyTheEnginesAnswerMeansThatThereIsNoContainer(t *testing.T) {
	for got, none := range map[string]bool{
		absent["docker"]:               true,
		absent["podman"]:               true,
		`Error: no such container "n"`: true, // podman 5
		"Error: error inspecting object: no such container n":     true, // podman 3
		"Error response from daemon: No such container: n":        true, // docker 20
		"Error: No such object: n":                                true,
		"Error: database is locked":                               false,
		"Error: error creating libpod runtime: no such file":      false,
		"Cannot connect to the Docker daemon at unix:///var/run/": false,
		"": false,
	} {
		_, state := engine(t, "podman", "runc")
		write(t, filepath.Join(state, "absent"), got+"\n")
		if there, err := Remove(t.Context(), "podman", "n"); there || (err == nil) != none {
			t.Errorf("%q: %v %v", got, there, err)
		}
	}
	if there, err := Remove(t.Context(), "podman-not", "n"); there || err != nil {
		t.Errorf("an engine that is not installed: %v %v", there, err)
	}
}

func TestAContainerThatCannotBeInspectedOrRemovedIsReported(t *testing.T) {
	image, state := engine(t, "podman", "runc")
	running, err := image.Start(t.Context(), "n", "/srv/scratch")
	if err != nil {
		t.Fatal(err)
	}
	for how, want := range map[string]string{"busy": "check for a container n: podman: exit status 125: Error:" +
		" database is locked", "refuses": "remove the container n: podman: exit status 125: device or resource busy"} {
		write(t, filepath.Join(state, how), "")
		if err := running.Remove(); err == nil || err.Error() != want {
			t.Errorf("%s: %v", how, err)
		}
		if err := os.Remove(filepath.Join(state, how)); err != nil {
			t.Fatal(err)
		}
	}
	if there, err := Remove(t.Context(), "podman", "n"); !there || err != nil {
		t.Errorf("%v %v", there, err)
	}
}

func TestAContainerThatCameUpAfterAllIsRemoved(t *testing.T) {
	image, state := engine(t, "docker", "")
	write(t, filepath.Join(state, "slow"), "")
	if _, err := image.Start(t.Context(), "n"); err == nil || !strings.Contains(err.Error(), "deadline exceeded") {
		t.Error(err)
	}
	if _, err := os.Stat(filepath.Join(state, "container-n")); err == nil {
		t.Error("it was left")
	}
}

func TestTheServersUserIsTheImages(t *testing.T) {
	place, err := process.Hold(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	defer place.Close()
	c := Container{place: place}
	if owner, err := c.User("nobody"); err != nil || owner.UID != 65534 {
		t.Errorf("%+v, %v", owner, err)
	}
	if _, err := c.User("no-such-user"); err == nil || !strings.Contains(err.Error(), "no user no-such-user") {
		t.Error(err)
	}
}
