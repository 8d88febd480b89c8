// SPDX-License-Identifier: GPL-3.0-or-later

package container

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

const (
	oneID   = "8a3f8a3f8a3f8a3f8a3f8a3f8a3f8a3f8a3f8a3f8a3f8a3f8a3f8a3f8a3f8a3f"
	otherID = "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b"
)

// A container that Start accepts can be entered.
func TestAContainerThatIsNotTheEnginesIsNotEntered(t *testing.T) {
	for how, want := range map[string]string{
		"users": "has its own user namespace: not entered",
		"host":  "has this host's mounts: not entered",
	} {
		t.Run(how, func(t *testing.T) {
			image, state := engine(t, "podman", "crun")
			write(t, filepath.Join(state, how), "")
			c, err := image.Start(t.Context(), "n")
			if !errors.Is(err, ErrStrange) || !strings.Contains(err.Error(), want) {
				t.Errorf("%+v, %v", c, err)
			}
			if there, err := exists(t.Context(), "podman", "n"); there || err != nil {
				t.Errorf("it was left: %v, %v", there, err)
			}
		})
	}
}

func TestAContainerThatIsAnotherProcessWhenItIsOpenIsNotEntered(t *testing.T) {
	image, state := engine(t, "docker", "")
	c, err := image.Start(t.Context(), "n")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Remove() }()
	if p, s, err := Enter(t.Context(), "docker", "n"); err != nil || s.Name != "n" || s.PID != p.PID() ||
		p.Close() != nil {
		t.Errorf("%+v, %v", s, err)
	}
	write(t, filepath.Join(state, "restarts"), strconv.Itoa(c.Place().PID())+"0\n")
	if _, _, err := Enter(t.Context(), "docker", "n"); !errors.Is(err, ErrStrange) ||
		!strings.Contains(err.Error(), "run it again") {
		t.Error(err)
	}
	write(t, filepath.Join(state, "container-n"), strconv.Itoa(c.Place().PID())+"\n")
}

// lister answers as engines do: ps with ids, inspect with one line for each of them.
const lister = `#!/bin/sh
echo "${0##*/} $*" >>"$0.calls"
[ ! -f "$0.hangs" ] || exec sleep 600
[ ! -f "$0.fails" ] || { cat "$0.fails" >&2; exit 1; }
case "$*" in
'ps --quiet --no-trunc') cat "$0.ps" ;;
'inspect --type container --format {{.Id}} {{.State.Pid}} {{.Name}} '*)
  [ ! -f "$0.once" ] || { cat "$0.once" >&2; rm "$0.once"; exit 1; }
  cat "$0.inspect" ;;
*) echo "unknown: $*" >&2; exit 125 ;;
esac
`

// asks puts the engines on PATH; one without a script is not installed.
func asks(t *testing.T, names ...string) (bin string) {
	t.Helper()
	bin = t.TempDir()
	// The system's own engines must not be used.
	old := engines
	engines = names
	t.Cleanup(func() { engines = old })
	t.Setenv("PATH", bin+":"+os.Getenv("PATH"))
	for _, name := range names {
		write(t, filepath.Join(bin, name), lister)
	}
	return bin
}

func TestTheContainersThatRunAreThoseOfAllEngines(t *testing.T) {
	bin := asks(t, "podman", "docker")
	write(t, filepath.Join(bin, "podman.ps"), oneID+"\n"+otherID+"\n")
	write(t, filepath.Join(bin, "podman.inspect"), oneID+" 4711 clustercheck\n"+otherID+" 0 ended\n")
	third := strings.Repeat("c", 64)
	// podman-docker: the same engine under another name.
	write(t, filepath.Join(bin, "docker.ps"), oneID+"\n"+third+"\n")
	write(t, filepath.Join(bin, "docker.inspect"), oneID+" 4711 /clustercheck\n"+third+" 4712 /a<b\n")
	write(t, filepath.Join(bin, "podman.once"), "Error: no such container "+otherID)
	found, err := Running(t.Context())
	if want := []Seen{{"podman", oneID, "clustercheck", 4711}, {"docker", third, "cccccccccccc", 4712}}; err != nil ||
		len(found) != 2 || found[0] != want[0] || found[1] != want[1] {
		t.Errorf("%+v, %v", found, err)
	}
	write(t, filepath.Join(bin, "docker.fails"), "Is the docker daemon running?")
	if found, err := Running(t.Context()); !errors.Is(err, ErrNoDaemon) || len(found) != 1 {
		t.Errorf("podman's are known without docker's daemon: %+v, %v", found, err)
	}
	calls, _ := os.ReadFile(filepath.Join(bin, "podman.calls"))
	if n := strings.Count(string(calls), "podman ps"); n != 3 {
		t.Errorf("a container that ended between: %d lists", n)
	}
}

func TestContainersThatAreNotKnownAreNotNone(t *testing.T) {
	for name, c := range map[string]struct{ ps, inspect, fails, says string }{
		"none runs": {"", "", "", ""},
		"docker without its daemon": {"", "",
			"Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?",
			"docker: its daemon does not run"},
		"the engine fails": {"", "", "Error: database is locked",
			"list the containers that run: docker: exit status 1: Error: database is locked"},
		"an id that is an option":        {"--format\n", "", "", `docker reports "--format" as the id of a container`},
		"an answer about something else": {oneID, "{}", "", `docker reports "{}" for a container`},
		"a process id that is no number": {oneID, oneID + " x n", "",
			`docker reports "x" as the process of the container n`},
		"an id of another form": {oneID, "abc 12 n", "", "instead of its id, process and name"},
	} {
		t.Run(name, func(t *testing.T) {
			bin := asks(t, "docker")
			write(t, filepath.Join(bin, "docker.ps"), c.ps)
			write(t, filepath.Join(bin, "docker.inspect"), c.inspect)
			if c.fails != "" {
				write(t, filepath.Join(bin, "docker.fails"), c.fails)
			}
			found, err := Running(t.Context())
			if len(found) != 0 || (err == nil) != (c.says == "") ||
				err != nil && !strings.Contains(err.Error(), c.says) {
				t.Errorf("%+v, %v", found, err)
			}
		})
	}
	bin := asks(t, "podman")
	write(t, filepath.Join(bin, "podman.hangs"), "")
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	if found, err := Running(ctx); err == nil || !strings.Contains(err.Error(), "no answer within the time limit") {
		t.Errorf("an engine that hangs: %+v, %v", found, err)
	}
}

func TestOnlyNamesAndIdsAreAskedFor(t *testing.T) {
	bin := asks(t, "podman")
	write(t, filepath.Join(bin, "podman.inspect"), otherID+" 4711 n\n")
	for container, says := range map[string]string{
		"--format": "is neither a name nor an id", "a b": "is neither a name nor an id",
		"": "is neither a name nor an id", oneID: "and reports " + otherID,
	} {
		if s, err := Look(t.Context(), "podman", container); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%q: %+v, %v", container, s, err)
		}
	}
	if _, err := (Image{"podman", "--privileged"}).Start(t.Context(), "n"); err == nil ||
		!strings.Contains(err.Error(), "is not the name of an image") {
		t.Error(err)
	}
}
