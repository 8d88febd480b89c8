// SPDX-License-Identifier: GPL-3.0-or-later

package mariadb

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
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

	"overcloud.backup/tests/user"
)

// With the driver alone, each of these got the password, or made the program panic.
func TestNoServerIsShownThePassword(t *testing.T) {
	own, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	curve, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	rsaKey, curveKey := publicPEM(t, &own.PublicKey), publicPEM(t, &curve.PublicKey)
	for name, behave := range map[string]func(*script){
		"caching_sha2_password by greeting":        wants("caching_sha2_password", true, "\x01\x04"),
		"caching_sha2_password by order":           wants("caching_sha2_password", false, "\x01\x04"),
		"caching_sha2_password with a key":         wants("caching_sha2_password", false, "\x01\x04", "\x01"+rsaKey),
		"the same by greeting":                     wants("caching_sha2_password", true, "\x01\x04", "\x01"+rsaKey),
		"caching_sha2_password, elliptic key":      wants("caching_sha2_password", true, "\x01\x04", "\x01"+curveKey),
		"sha256_password with a key":               wants("sha256_password", false, "\x01"+rsaKey),
		"sha256_password by greeting":              wants("sha256_password", true, "\x01"+rsaKey),
		"sha256_password, elliptic key":            wants("sha256_password", false, "\x01"+curveKey),
		"mysql_clear_password":                     wants("mysql_clear_password", false),
		"mysql_old_password":                       wants("mysql_old_password", false),
		"dialog":                                   wants("dialog", false, "\x01\x04Password: "),
		"more than mysql_native_password asks for": wants("mysql_native_password", false, "\x01\x04", "\x01"+rsaKey),
		"a second request to switch the plugin": wants("mysql_native_password", false, order("caching_sha2_password"),
			"\x01\x04"),
		"a challenge that is too short": wants("x", true, "\xfemysql_native_password\x00abc\x00"),
		"a greeting that is too short": func(s *script) {
			s.say("\x0a5.5\x00\x01\x00\x00\x00abcd")
			s.hear()
		},
		"a greeting of MySQL before 4.1":          func(s *script) { s.say(greets("", lacksIt)[:45]); s.hear() },
		"an error that ends within its state":     func(s *script) { s.say("\xff\x10\x04#08"); s.hear() },
		"caching_sha2_password, a byte at a time": inPieces,
	} {
		t.Run(name, func(t *testing.T) {
			socket := filepath.Join(t.TempDir(), "s")
			for _, at := range []struct{ network, address string }{{"unix", socket}, {"tcp", "127.0.0.1:0"}} {
				l, err := net.Listen(at.network, at.address)
				if err != nil {
					t.Fatal(err)
				}
				login := Login{User: "root", Password: secret, Socket: socket}
				if at.network == "tcp" {
					login.Socket, login.Host, login.Port = "", "127.0.0.1", port(l)
				}
				trap := set(t, l, behave)
				trap.key = own
				c, err := Open(t.Context(), login)
				if err == nil {
					c.Close()
					t.Errorf("%s: it got in", at.network)
				}
				if trap.visits() == 0 || trap.learned() != "" {
					t.Errorf("%s: %d came, and the server has %s", at.network, trap.visits(), trap.learned())
				}
				if strings.Contains(fmt.Sprint(err), secret) {
					t.Errorf("%s: the error shows it: %v", at.network, err)
				}
			}
		})
	}
}

// inPieces makes a plugin send its data so that each read of the client gets at most one byte.
func inPieces(s *script) {
	s.say(greets("mysql_native_password", lacksIt))
	s.hear()
	for _, b := range framed(s.seq, order("caching_sha2_password")) {
		s.Write([]byte{b})
		time.Sleep(time.Millisecond)
	}
	s.hear()
	s.say("\x01\x04")
	s.hear()
}

// A server may request a file of its client in the middle of any answer.
func TestNoFileIsGivenToAServer(t *testing.T) {
	file := filepath.Join(t.TempDir(), "shadow")
	if err := os.WriteFile(file, []byte(secret), 0o600); err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("unix", filepath.Join(t.TempDir(), "s"))
	if err != nil {
		t.Fatal(err)
	}
	trap := set(t, l, func(s *script) {
		s.say(greets("mysql_native_password", lacksIt))
		s.hear()
		s.say(okay)
		s.hear() // the first statement
		s.say("\xfb" + file)
		s.hear()
		s.hear()
	})
	c, err := Open(t.Context(), Login{User: "u", Password: "p", Socket: l.Addr().String(), ConnectTimeout: time.Second})
	if err == nil {
		c.Close()
	}
	if err == nil || trap.learned() != "" {
		t.Errorf("%v, %s", err, trap.learned())
	}
}

// as makes a listener's socket belong to another user, as the kernel reports it.
func as(t *testing.T, uid int, listen func() (net.Listener, error)) (l net.Listener) {
	t.Helper()
	user.As(t, uid, func() (err error) { l, err = listen(); return err })
	return l
}

const nobodysUID = 65534

// strangersSocket is a socket of a stranger, in a folder in which the stranger could not have created it.
func strangersSocket(t *testing.T, uid int) (string, net.Listener) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "s")
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err == nil {
		err = unix.Bind(fd, &unix.SockaddrUnix{Name: path})
	}
	if err != nil {
		t.Fatal(err)
	}
	return path, as(t, uid, func() (net.Listener, error) {
		file := os.NewFile(uintptr(fd), path)
		defer file.Close()
		if _, _, errno := syscall.RawSyscall(unix.SYS_LISTEN, uintptr(fd), 8, 0); errno != 0 {
			return nil, errno
		}
		return net.FileListener(file)
	})
}

func TestAStrangerReceivesNothing(t *testing.T) {
	polite := func(s *script) {
		s.say(greets("mysql_native_password", lacksIt))
		s.hear()
		s.say(okay)
		s.hear()
	}
	check := func(t *testing.T, trap *trap, login Login, where string) {
		t.Helper()
		login.User, login.Password = "root", secret
		_, err := Open(t.Context(), login)
		var failed *LoginError
		if !errors.As(err, &failed) || failed.Absent() || len(failed.Attempts) != 1 ||
			!strings.Contains(failed.Hint(), "another user") {
			t.Fatalf("%v", err)
		}
		for _, want := range []string{where, "65534", "root", "nothing was sent"} {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%q does not name %s", err, want)
			}
		}
		if len(trap.all()) > 0 {
			t.Errorf("he heard %q", trap.all())
		}
	}
	t.Run("socket", func(t *testing.T) {
		path, l := strangersSocket(t, nobodysUID)
		check(t, set(t, l, polite), Login{Socket: path}, path)
	})
	t.Run("TCP", func(t *testing.T) {
		l := as(t, nobodysUID, func() (net.Listener, error) { return net.Listen("tcp", "127.0.0.1:0") })
		check(t, set(t, l, polite), Login{Host: "127.0.0.1", Port: port(l)}, l.Addr().String())
	})
}

// kolla is the uid of mysql in TripleO's containers; the host has no name for it.
const kolla = 42434

func TestTheServersOwnUserIsNoStranger(t *testing.T) {
	path, l := strangersSocket(t, kolla)
	set(t, l, func(s *script) { s.say("\xff\x10\x04Too many connections"); s.hear() })
	data := filepath.Join("/var/lib", fmt.Sprintf("mariadb-test-%d", os.Getpid()))
	if err := os.Mkdir(data, 0o755); err != nil {
		t.Skip("needs a folder of root's:", err)
	}
	defer os.Remove(data)
	if err := os.Chown(data, kolla, kolla); err != nil {
		t.Fatal(err)
	}
	its := OptionFiles{server: options(t, "s", "[mysqld]\ndatadir="+data+"\n")}
	for name, c := range map[string]struct {
		login Login
		files OptionFiles
		met   bool
	}{
		"known by nothing":                 {Login{}, OptionFiles{}, false},
		"the owner of the datadir":         {Login{}, its, true},
		"set by whoever started the image": {Login{ServerUID: kolla}, OptionFiles{}, true},
	} {
		c.login.Socket = path
		_, err := c.files.Open(t.Context(), c.login)
		if met := strings.Contains(fmt.Sprint(err), "Too many connections"); met != c.met {
			t.Errorf("%s: %v", name, err)
		}
	}
	// If other users can create the folder, its owner proves nothing.
	elsewhere := filepath.Join(t.TempDir(), "data")
	if err := errors.Join(os.Mkdir(elsewhere, 0o755), os.Chown(elsewhere, kolla, kolla)); err != nil {
		t.Fatal(err)
	}
	if may := (OptionFiles{server: options(t, "s", "[mysqld]\ndatadir="+elsewhere+
		"\n")}).owners(Login{}); may.Has(kolla) {
		t.Errorf("trusted are %s", may)
	}
}

// The accounts that MariaDB creates for root: since 10.4 with both ways to log in, before with one.
func TestRootsAccountsOfMariaDBGetIn(t *testing.T) {
	s := server(t)
	root := s.root(t)
	name, err := root.Value(t.Context(), "SELECT SUBSTRING_INDEX(USER(), '@', 1)")
	if err != nil || name != "root" {
		t.Skip("needs a server of root's")
	}
	const all = "GRANT ALL ON *.* TO root@localhost WITH GRANT OPTION"
	for how, c := range map[string]struct{ identified, password string }{
		"unix_socket alone":       {"IDENTIFIED VIA unix_socket", ""},
		"invalid, or unix_socket": {"IDENTIFIED VIA mysql_native_password USING 'invalid' OR unix_socket", ""},
		"unix_socket, or native":  {"IDENTIFIED VIA unix_socket OR mysql_native_password USING PASSWORD('p')", "p"},
		"an unneeded password":    {"IDENTIFIED VIA unix_socket", "unneeded"},
	} {
		t.Run(how, func(t *testing.T) {
			run(t, root, "CREATE OR REPLACE USER root@localhost "+c.identified, all)
			got, err := Open(t.Context(), Login{User: "root", Password: c.password, Socket: s.Socket})
			if err != nil {
				t.Fatal(err)
			}
			defer got.Close()
			if r := got.Reached(); r.Credentials != "options" {
				t.Errorf("%+v", r)
			}
		})
	}
	run(t, root, "CREATE OR REPLACE USER root@localhost IDENTIFIED VIA unix_socket", all)
}
