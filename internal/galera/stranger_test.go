// SPDX-License-Identifier: GPL-3.0-or-later

package galera

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"overcloud.backup/internal/reading"
	"overcloud.backup/tests/mariadb"
	"overcloud.backup/tests/user"
)

// secret is what no hostile server may learn.
const secret = "Gr8-root-Secret"

const scramble = "abcdefghijklmnopqrst"

// script is one connection to a hostile server.
type script struct {
	net.Conn
	seq byte
	t   *trap
}

// trap is a hostile server, and all that it was told.
type trap struct {
	sync.Mutex
	heard []byte
	came  int
	key   *rsa.PrivateKey
}

func (s *script) say(payload string) {
	s.Write(framed(s.seq, payload))
	s.seq += 2
}

func framed(seq byte, payload string) []byte {
	return append([]byte{byte(len(payload)), byte(len(payload) >> 8), byte(len(payload) >> 16), seq}, payload...)
}

// hear takes the client's next packet.
func (s *script) hear() []byte {
	header := make([]byte, 4)
	if _, err := io.ReadFull(s, header); err != nil {
		return nil
	}
	s.seq = header[3] + 1
	payload := make([]byte, int(header[0])|int(header[1])<<8|int(header[2])<<16)
	n, _ := io.ReadFull(s, payload)
	s.t.Lock()
	defer s.t.Unlock()
	s.t.heard = append(s.t.heard, payload[:n]...)
	return payload
}

// learned says what of a secret the server has: in plain, or encrypted to its own key.
func (t *trap) learned() string {
	t.Lock()
	defer t.Unlock()
	if bytes.Contains(t.heard, []byte(secret)) {
		return "the password in plain"
	}
	if size := 256; t.key != nil && len(t.heard) >= size {
		plain, err := rsa.DecryptOAEP(sha1.New(), nil, t.key, t.heard[len(t.heard)-size:], nil)
		for i := range plain {
			plain[i] ^= scramble[i%len(scramble)]
		}
		if err == nil {
			return fmt.Sprintf("%q by its own key", plain)
		}
	}
	return ""
}

func (t *trap) visits() int {
	t.Lock()
	defer t.Unlock()
	return t.came
}

func (t *trap) all() []byte {
	t.Lock()
	defer t.Unlock()
	return bytes.Clone(t.heard)
}

// set opens a trap on a listener.
func set(t *testing.T, l net.Listener, behave func(*script)) *trap {
	t.Helper()
	t.Cleanup(func() { l.Close() })
	one := &trap{}
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			one.Lock()
			one.came++
			one.Unlock()
			go func() {
				defer conn.Close()
				conn.SetDeadline(time.Now().Add(5 * time.Second))
				behave(&script{Conn: conn, t: one})
			}()
		}
	}()
	return one
}

func port(l net.Listener) int { return l.Addr().(*net.TCPAddr).Port }

// Capabilities of a server with and without TLS.
const (
	hasTLS  = "\xfe\xff"
	lacksIt = "\xfe\xf7"
)

func greets(plugin, capabilities string) string {
	return "\x0a5.5.5-10.11.14-MariaDB\x00\x01\x00\x00\x00" + scramble[:8] + "\x00" + capabilities + "\x2d\x02\x00\xff\x81\x15" +
		strings.Repeat("\x00", 10) + scramble[8:] + "\x00" + plugin + "\x00"
}

func order(plugin string) string { return "\xfe" + plugin + "\x00" + scramble + "\x00" }

const okay = "\x00\x00\x00\x02\x00\x00\x00"

// wants asks for a plugin in the greeting or by an order, and then for what more lists.
func wants(plugin string, byGreeting bool, more ...string) func(*script) {
	return func(s *script) {
		if byGreeting {
			s.say(greets(plugin, lacksIt))
		} else {
			s.say(greets("mysql_native_password", lacksIt))
			s.hear()
			s.say(order(plugin))
		}
		for _, payload := range more {
			s.hear()
			s.say(payload)
		}
		s.hear()
	}
}

func publicPEM(t *testing.T, key any) string {
	t.Helper()
	der, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
}

// Each of these was sent the password, or made the program panic, by the driver alone.
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
		"caching_sha2_password by greeting":       wants("caching_sha2_password", true, "\x01\x04"),
		"caching_sha2_password by order":          wants("caching_sha2_password", false, "\x01\x04"),
		"caching_sha2_password with a key":        wants("caching_sha2_password", false, "\x01\x04", "\x01"+rsaKey),
		"the same by greeting":                    wants("caching_sha2_password", true, "\x01\x04", "\x01"+rsaKey),
		"caching_sha2_password, elliptic key":     wants("caching_sha2_password", true, "\x01\x04", "\x01"+curveKey),
		"sha256_password with a key":              wants("sha256_password", false, "\x01"+rsaKey),
		"sha256_password by greeting":             wants("sha256_password", true, "\x01"+rsaKey),
		"sha256_password, elliptic key":           wants("sha256_password", false, "\x01"+curveKey),
		"mysql_clear_password":                    wants("mysql_clear_password", false),
		"mysql_old_password":                      wants("mysql_old_password", false),
		"dialog":                                  wants("dialog", false, "\x01\x04Password: "),
		"more than mysql_native_password asks":    wants("mysql_native_password", false, "\x01\x04", "\x01"+rsaKey),
		"an order after an order":                 wants("mysql_native_password", false, order("caching_sha2_password"), "\x01\x04"),
		"a challenge that is too short":           wants("x", true, "\xfemysql_native_password\x00abc\x00"),
		"a greeting that is too short":            func(s *script) { s.say("\x0a5.5\x00\x01\x00\x00\x00abcd"); s.hear() },
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

// inPieces orders a plugin so that no read of the client has more than one byte of it.
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

// A server may ask for a file of its client's in the middle of any answer.
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

// With ca_cert a server without TLS is told nothing, not even a name.
func TestALoginIsNotTalkedOutOfTLS(t *testing.T) {
	dir := t.TempDir()
	certificates(dir)
	for name, greeting := range map[string]string{
		"without TLS": greets("mysql_native_password", lacksIt), "with a plugin": greets("caching_sha2_password", lacksIt),
	} {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		trap := set(t, l, func(s *script) { s.say(greeting); s.hear() })
		c, err := Open(t.Context(), Login{User: "root", Password: secret, Host: "127.0.0.1", Port: port(l),
			CACert: filepath.Join(dir, "ca.pem"), SkipHostname: true})
		if err == nil {
			c.Close()
		}
		if err == nil || len(trap.all()) > 0 || !strings.Contains(err.Error(), "TLS") {
			t.Errorf("%s: %v, it heard %q", name, err, trap.all())
		}
	}
}

// A server that is proven is shown what it asks for, and one that is out of order does not end the program.
func TestAProvenServerIsTrusted(t *testing.T) {
	dir := t.TempDir()
	certificates(dir)
	pair, err := tls.LoadX509KeyPair(filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem"))
	if err != nil {
		t.Fatal(err)
	}
	curve, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for plugin, more := range map[string]string{"caching_sha2_password": "\x01\x04", "sha256_password": "\x01" + publicPEM(t, &curve.PublicKey)} {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		trap := set(t, l, func(s *script) {
			s.say(greets(plugin, hasTLS))
			s.hear() // the request for TLS
			s.Conn = tls.Server(s.Conn, &tls.Config{Certificates: []tls.Certificate{pair}})
			s.hear()
			s.say(more)
			s.hear()
		})
		_, err = Open(t.Context(), Login{User: "root", Password: secret, Host: "127.0.0.1", Port: port(l),
			CACert: filepath.Join(dir, "ca.pem"), SkipHostname: true})
		if err == nil || trap.learned() == "" {
			t.Errorf("%s: %v; it learned %q", plugin, err, trap.learned())
		}
	}
}

// Somebody in the network cannot put a word of his own before what the server says in TLS.
func TestNothingIsPutBeforeTLS(t *testing.T) {
	s := server(t)
	root := s.root(t)
	run(t, root, "CREATE USER tls@localhost IDENTIFIED BY 'p' REQUIRE SSL")
	defer run(t, root, "DROP USER tls@localhost")
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	forged := make(chan bool, 8)
	set(t, l, func(client *script) {
		real, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", s.Port))
		if err != nil {
			return
		}
		defer real.Close()
		greeting := make([]byte, 4096)
		n, _ := real.Read(greeting)
		client.Write(append(greeting[:n], framed(2, okay)...))
		forged <- true
		go io.Copy(real, client)
		io.Copy(client, real)
	})
	c, err := Open(t.Context(), Login{User: "tls", Password: "p", Host: "127.0.0.1", Port: port(l),
		CACert: filepath.Join(s.Dir, "ca.pem"), SkipHostname: true})
	if err == nil {
		c.Close()
	}
	if err == nil || !strings.Contains(err.Error(), "tls:") || len(forged) == 0 {
		t.Errorf("%v", err)
	}
}

// as makes a listener whose socket, for the kernel, is another user's.
func as(t *testing.T, uid int, listen func() (net.Listener, error)) (l net.Listener) {
	t.Helper()
	user.As(t, uid, func() (err error) { l, err = listen(); return err })
	return l
}

const nobodysUID = 65534

// strangersSocket is one that a stranger listens on, in a folder that he could not have put it into.
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

func TestAStrangerIsToldNothing(t *testing.T) {
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
			!strings.Contains(failed.Hint(), "somebody else") {
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
		facts := Gather(t.Context(), reading.StartClock(0), Request{Login: login})
		if facts.Running || !facts.Present || facts.Failed("sql") == nil || healthy(facts.Wsrep) {
			t.Errorf("%+v", facts)
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

// kolla is mysql in director's containers; on the host he has no name.
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
	its := files{server: options(t, "s", "[mysqld]\ndatadir="+data+"\n")}
	for name, c := range map[string]struct {
		login Login
		files files
		met   bool
	}{
		"known by nothing":              {Login{}, files{}, false},
		"the owner of the datadir":      {Login{}, its, true},
		"told by who started the image": {Login{ServerUID: kolla}, files{}, true},
	} {
		c.login.Socket = path
		_, err := open(t.Context(), c.login, c.files)
		if met := strings.Contains(fmt.Sprint(err), "Too many connections"); met != c.met {
			t.Errorf("%s: %v", name, err)
		}
	}
	// Where strangers can make a folder, its owner says nothing.
	elsewhere := filepath.Join(t.TempDir(), "data")
	if err := errors.Join(os.Mkdir(elsewhere, 0o755), os.Chown(elsewhere, kolla, kolla)); err != nil {
		t.Fatal(err)
	}
	if may := (files{server: options(t, "s", "[mysqld]\ndatadir="+elsewhere+"\n")}).owners(Login{}); may.Has(kolla) {
		t.Errorf("trusted are %s", may)
	}
}

// While the real server has no connection left for us, or hangs, or cannot be spoken to, no other place is told anything.
func TestAnAnswerEndsTheSearch(t *testing.T) {
	for name, behave := range map[string]func(*script){
		"1040":                         func(s *script) { s.say("\xff\x10\x04Too many connections"); s.hear() },
		"1129":                         func(s *script) { s.say("\xff\x69\x04Host is blocked"); s.hear() },
		"1130":                         func(s *script) { s.say("\xff\x6a\x04Host is not allowed"); s.hear() },
		"1203":                         func(s *script) { wants("", true, "\xff\xb3\x04#42000max_user_connections")(s) },
		"1226":                         func(s *script) { wants("", true, "\xff\xca\x04#42000max_queries_per_hour")(s) },
		"1045":                         func(s *script) { wants("", true, "\xff\x15\x04#28000Access denied")(s) },
		"a server that does not greet": func(s *script) { s.hear() },
		"a server that hangs up":       func(*script) {},
		"a plugin that shows it all":   wants("dialog", true),
	} {
		t.Run(name, func(t *testing.T) {
			both, _, other := twoPlaces(t, behave)
			_, err := open(t.Context(), Login{ConnectTimeout: 300 * time.Millisecond}, both)
			var failed *LoginError
			if !errors.As(err, &failed) || failed.Absent() || other.visits() > 0 {
				t.Errorf("%d came to the second place: %v", other.visits(), err)
			}
		})
	}
}

// twoPlaces are a socket that behaves in some way, which the client's options name, and one that the server's do.
func twoPlaces(t *testing.T, behave func(*script)) (both files, first, second *trap) {
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

// A server whose queue of connections is full is there.
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
	_, err = open(t.Context(), Login{}, both)
	var failed *LoginError
	if !errors.As(err, &failed) || failed.Absent() || other.visits() > 0 || !strings.Contains(failed.Hint(), "does not answer") {
		t.Errorf("%d came to the second place: %v", other.visits(), err)
	}
}

func TestWhereNobodyIsTheSearchGoesOn(t *testing.T) {
	both, _, other := twoPlaces(t, wants("", true, "\xff\x15\x04#28000Access denied"))
	stale := filepath.Join(t.TempDir(), "stale")
	l, err := net.Listen("unix", stale)
	if err != nil {
		t.Fatal(err)
	}
	l.(*net.UnixListener).SetUnlinkOnClose(false)
	l.Close()
	closed := fmt.Sprintf("host=127.0.0.1\nport=%d", mariadb.FreePort())
	for _, line := range []string{"socket=" + stale, "socket=" + stale + ".none", closed, "host=db.invalid"} {
		both.client = options(t, "c", "[client]\nuser=u\npassword=p\n"+line+"\n")
		before := other.visits()
		_, err := open(t.Context(), Login{}, both)
		if other.visits() == before || !strings.Contains(fmt.Sprint(err), "Access denied") {
			t.Errorf("%s: %v", line, err)
		}
	}
}

// A place where others could have a server answer is not asked, whoever listens there now.
func TestPlacesThatOthersCanWriteToAreRefused(t *testing.T) {
	dir := t.TempDir()
	for name, mode := range map[string]os.FileMode{"open": 0o777, "sticky": 0o777 | os.ModeSticky, "ours": 0o755} {
		folder := filepath.Join(dir, name)
		if err := errors.Join(os.Mkdir(folder, 0o755), os.Chmod(folder, mode)); err != nil {
			t.Fatal(err)
		}
	}
	// Links of root's in /tmp are what some make by hand for an upstream client.
	links := map[string]string{"sticky/link": "../ours/s", "ours/link": dir + "/sticky/s", "ours/through": "../open"}
	for link, target := range links {
		if err := os.Symlink(target, filepath.Join(dir, link)); err != nil {
			t.Fatal(err)
		}
	}
	for name, c := range map[string]struct{ listen, path, want string }{
		"a folder open to all":       {"open/s", "open/s", "chmod go-w " + dir + "/open"},
		"a folder like /tmp":         {"sticky/s", "sticky/s", "everybody can create files in " + dir + "/sticky (mode 1777)"},
		"a link into one":            {"sticky/s", "ours/link", "everybody can create files in " + dir + "/sticky"},
		"a link through one":         {"open/s", "ours/through/s", "chmod go-w " + dir + "/open"},
		"a link of ours from one":    {"ours/s", "sticky/link", ""},
		"up again from one":          {"ours/s", "open/../ours/s", "chmod go-w " + dir + "/open"},
		"a folder of ours":           {"ours/s", "ours/s", ""},
		"a name without a file":      {"ours/s", "@s", "is not a plain absolute path"},
		"a path from where we stand": {"ours/s", "s", "is not a plain absolute path"},
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
		if strings.HasPrefix(path, "/tmp") || strings.HasPrefix(path, "/var/tmp") || strings.HasPrefix(path, "/dev/shm") {
			t.Errorf("%s", path)
		}
	}
}

// Who can write the files that say which server is the right one says it.
func TestCertificatesOfOthersAreRefused(t *testing.T) {
	dir := t.TempDir()
	certificates(dir)
	pem, err := os.ReadFile(filepath.Join(dir, "ca.pem"))
	if err != nil {
		t.Fatal(err)
	}
	open, folder := filepath.Join(t.TempDir(), "open.pem"), t.TempDir()
	inside := filepath.Join(folder, "ca.pem")
	err = errors.Join(os.WriteFile(open, pem, 0o600), os.Chmod(open, 0o666), os.WriteFile(inside, pem, 0o600), os.Chmod(folder, 0o777))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{open, inside} {
		_, err := Open(t.Context(), Login{User: "u", Password: "p", Host: "127.0.0.1", CACert: path})
		if err == nil || !strings.Contains(err.Error(), "read ca_cert: "+path) || !strings.Contains(err.Error(), "chmod go-w") {
			t.Errorf("%v", err)
		}
	}
}

// Accounts as MariaDB makes them for root: since 10.4 either way is open, before it was one.
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
		"a password is no hurt":   {"IDENTIFIED VIA unix_socket", "unneeded"},
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
