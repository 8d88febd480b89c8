// SPDX-License-Identifier: GPL-3.0-or-later

package mariadb

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"overcloud.backup/tests/ports"
)

// If the real server has no connection left, hangs, or does not speak our protocol, no other server gets a login.
func TestAnAnswerEndsTheSearch(t *testing.T) {
	for name, behave := range map[string]func(*script){
		"1040": func(s *script) { s.say("\xff\x10\x04Too many connections"); s.hear() },
		"1129": func(s *script) { s.say("\xff\x69\x04Host is blocked"); s.hear() },
		"1130": func(s *script) { s.say("\xff\x6a\x04Host is not allowed"); s.hear() },
		"1203": func(s *script) {
			wants("", true,
				"\xff\xb3\x04#42000max_user_connections")(s)
		},
		"1226": func(s *script) {
			wants("", true,
				"\xff\xca\x04#42000max_queries_per_hour")(s)
		},
		"1045":                               func(s *script) { wants("", true, "\xff\x15\x04#28000Access denied")(s) },
		"a server that does not greet":       func(s *script) { s.hear() },
		"a server that hangs up":             func(*script) {},
		"a plugin that reveals the password": wants("dialog", true),
	} {
		t.Run(name, func(t *testing.T) {
			both, _, other := twoPlaces(t, behave)
			_, err := both.Open(t.Context(), Login{ConnectTimeout: 300 * time.Millisecond})
			var failed *LoginError
			if !errors.As(err, &failed) || failed.Absent() || other.visits() > 0 {
				t.Errorf("%d came to the second place: %v", other.visits(), err)
			}
		})
	}
}

// twoPlaces sets up a socket that behaves in some way, which the client's options name, and a good one that the
// server's options name.
func twoPlaces(t *testing.T, behave func(*script)) (both OptionFiles, first, second *trap) {
	t.Helper()
	dir := t.TempDir()
	both.client = options(t, "c", "[client]\nsocket="+dir+"/a\n")
	both.server = options(t, "s", "[mysqld]\nsocket="+dir+"/b\n")
	for path, one := range map[string]**trap{dir + "/a": &first, dir + "/b": &second} {
		l, err := net.Listen("unix", path)
		if err != nil {
			t.Fatal(err)
		}
		*one = set(t, l, behave)
	}
	return both, first, second
}

// A server whose backlog of connections is full does exist.
func TestAFullQueueEndsTheSearch(t *testing.T) {
	both, _, other := twoPlaces(t, wants("", true))
	full := filepath.Join(t.TempDir(), "full")
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err == nil {
		defer unix.Close(fd)
		err = errors.Join(unix.Bind(fd, &unix.SockaddrUnix{Name: full}), unix.Listen(fd, 0))
	}
	if err != nil {
		t.Fatal(err)
	}
	for range 100 {
		var conn net.Conn
		if conn, err = net.Dial("unix", full); err != nil {
			break
		}
		defer conn.Close()
	}
	if !errors.Is(err, syscall.EAGAIN) {
		t.Fatalf("the queue does not fill: %v", err)
	}
	both.client = options(t, "c", "[client]\nsocket="+full+"\n")
	_, err = both.Open(t.Context(), Login{})
	var failed *LoginError
	if !errors.As(err, &failed) || failed.Absent() || other.visits() > 0 ||
		!strings.Contains(failed.Hint(), "does not answer") {
		t.Errorf("%d came to the second place: %v", other.visits(), err)
	}
}

func TestTheSearchContinuesWhereNobodyListens(t *testing.T) {
	both, _, other := twoPlaces(t, wants("", true, "\xff\x15\x04#28000Access denied"))
	stale := filepath.Join(t.TempDir(), "stale")
	l, err := net.Listen("unix", stale)
	if err != nil {
		t.Fatal(err)
	}
	l.(*net.UnixListener).SetUnlinkOnClose(false)
	l.Close()
	closed := fmt.Sprintf("host=127.0.0.1\nport=%d", ports.Free())
	for _, line := range []string{"socket=" + stale, "socket=" + stale + ".none", closed, "host=db.invalid"} {
		both.client = options(t, "c", "[client]\nuser=u\npassword=p\n"+line+"\n")
		before := other.visits()
		_, err := both.Open(t.Context(), Login{})
		if other.visits() == before || !strings.Contains(fmt.Sprint(err), "Access denied") {
			t.Errorf("%s: %v", line, err)
		}
	}
}

// A socket in a folder where other users can create one is not used, whoever listens on it now.
func TestPlacesThatOthersCanWriteToAreRefused(t *testing.T) {
	dir := t.TempDir()
	for name, mode := range map[string]os.FileMode{"open": 0o777, "sticky": 0o777 | os.ModeSticky, "ours": 0o755} {
		folder := filepath.Join(dir, name)
		if err := errors.Join(os.Mkdir(folder, 0o755), os.Chmod(folder, mode)); err != nil {
			t.Fatal(err)
		}
	}
	// Some administrators create links in /tmp, as root, for an upstream client.
	links := map[string]string{"sticky/link": "../ours/s", "ours/link": dir + "/sticky/s", "ours/through": "../open"}
	for link, target := range links {
		if err := os.Symlink(target, filepath.Join(dir, link)); err != nil {
			t.Fatal(err)
		}
	}
	for name, c := range map[string]struct{ listen, path, want string }{
		"a folder open to all": {"open/s", "open/s", "chmod go-w " + dir + "/open"},
		"a folder like /tmp": {"sticky/s", "sticky/s",
			"everybody can create files in " + dir + "/sticky (mode 1777)"},
		"a link into one":         {"sticky/s", "ours/link", "everybody can create files in " + dir + "/sticky"},
		"a link through one":      {"open/s", "ours/through/s", "chmod go-w " + dir + "/open"},
		"a link of ours from one": {"ours/s", "sticky/link", ""},
		"upwards and down again":  {"ours/s", "open/../ours/s", "chmod go-w " + dir + "/open"},
		"a folder of ours":        {"ours/s", "ours/s", ""},
		"a name without a file":   {"ours/s", "@s", "is not a plain absolute path"},
		"a relative path":         {"ours/s", "s", "is not a plain absolute path"},
	} {
		t.Run(name, func(t *testing.T) {
			l, err := net.Listen("unix", filepath.Join(dir, c.listen))
			if err != nil {
				t.Fatal(err)
			}
			trap := set(t, l, func(s *script) { s.say("\xff\x10\x04Too many connections"); s.hear() })
			path := dir + "/" + c.path
			if strings.Contains(c.want, "absolute") {
				path = c.path
			}
			_, err = Open(t.Context(), Login{Socket: path})
			var failed *LoginError
			if !errors.As(err, &failed) || failed.Absent() || !strings.Contains(err.Error(), c.want) {
				t.Error(err)
			}
			if (trap.visits() > 0) != (c.want == "") {
				t.Errorf("%d came: %v", trap.visits(), err)
			}
		})
	}
}

func TestNoUsualPlaceIsOpenToStrangers(t *testing.T) {
	for _, path := range wellKnownSockets {
		if strings.HasPrefix(path, "/tmp") || strings.HasPrefix(path, "/var/tmp") ||
			strings.HasPrefix(path, "/dev/shm") {
			t.Errorf("%s", path)
		}
	}
}
