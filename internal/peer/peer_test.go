// SPDX-License-Identifier: GPL-3.0-or-later

package peer

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"overcloud.backup/tests/user"
)

// stranger is a user that is never trusted.
const stranger = 54321

// listen starts a listener that counts the bytes its clients send.
func listen(t *testing.T, uid int, network, address string) (at string, connections func() int) {
	t.Helper()
	var l net.Listener
	user.As(t, uid, func() (err error) { l, err = net.Listen(network, address); return err })
	bytes := make(chan int, 16)
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			conn.SetDeadline(time.Now().Add(5 * time.Second))
			n, _ := conn.Read(make([]byte, 100))
			bytes <- n
			conn.Close()
		}
	}()
	t.Cleanup(func() { l.Close() })
	return l.Addr().String(), func() int {
		select {
		case n := <-bytes:
			return n
		case <-time.After(100 * time.Millisecond):
			return 0
		}
	}
}

func soon(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	t.Cleanup(cancel)
	return ctx
}

func TestUnixSocketOfAStrangerIsRefused(t *testing.T) {
	folder := t.TempDir()
	open(t, folder)
	path, connections := listen(t, stranger, "unix", filepath.Join(folder, "stats"))
	_, _, err := DialUnix(soon(t), path, Trust())
	var refused *StrangerError
	if !errors.As(err, &refused) || refused.UID != stranger || !strings.Contains(err.Error(), "user 54321") {
		t.Fatalf("%v", err)
	}
	if n := connections(); n != 0 {
		t.Errorf("the stranger was told %d bytes", n)
	}
}

// open lets other users into a test's folder.
func open(t *testing.T, folder string) {
	t.Helper()
	for _, f := range []string{folder, filepath.Dir(folder)} {
		if err := os.Chmod(f, 0o777); err != nil {
			t.Fatal(err)
		}
	}
}

func TestOwnUnixSocketIsTrusted(t *testing.T) {
	l, err := net.Listen("unix", filepath.Join(t.TempDir(), "stats"))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	conn, peer, err := DialUnix(soon(t), l.Addr().String(), Trust())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if peer.PID != os.Getpid() || peer.UID != uint32(os.Geteuid()) {
		t.Errorf("%+v", peer)
	}
}

func TestAClosedSocketHasNoOwner(t *testing.T) {
	l, err := net.Listen("unix", filepath.Join(t.TempDir(), "stats"))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	conn, err := net.Dial("unix", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	conn.Close()
	if peer, err := OfSocket(conn.(*net.UnixConn)); err == nil {
		t.Errorf("%+v", peer)
	}
}

// tcp lists the kinds of listeners, and the addresses that reach them.
var tcp = []struct{ name, network, listen, host string }{
	{"on the loopback address", "tcp4", "127.0.0.1:0", "127.0.0.1"},
	{"on another loopback address", "tcp4", "127.0.0.2:0", "127.0.0.2"},
	{"on all of IPv4", "tcp4", "0.0.0.0:0", "127.0.0.1"},
	{"on the loopback address of IPv6", "tcp6", "[::1]:0", "::1"},
	{"on all of IPv6 alone", "tcp6", "[::]:0", "::1"},
	{"on all of both, by IPv4", "tcp", "[::]:0", "127.0.0.1"},
	{"on all of both, by IPv6", "tcp", "[::]:0", "::1"},
	{"on all of both, by a mapped address", "tcp", "[::]:0", "::ffff:127.0.0.1"},
	{"by its name", "tcp4", "127.0.0.1:0", "localhost"},
	{"by no address", "tcp4", "127.0.0.1:0", "0.0.0.0"},
}

func TestTCPListenerOfAStrangerIsSentNothing(t *testing.T) {
	for _, c := range tcp {
		t.Run(c.name, func(t *testing.T) {
			at, connections := listen(t, stranger, c.network, c.listen)
			_, port, _ := net.SplitHostPort(at)
			_, _, err := DialTCP(soon(t), net.JoinHostPort(c.host, port), Trust())
			var refused *StrangerError
			if !errors.As(err, &refused) || refused.UID != stranger {
				t.Fatalf("%v", err)
			}
			if n := connections(); n != 0 {
				t.Errorf("the stranger was told %d bytes", n)
			}
		})
	}
}

func TestOwnTCPListenerIsTrusted(t *testing.T) {
	for _, c := range tcp {
		t.Run(c.name, func(t *testing.T) {
			l, err := net.Listen(c.network, c.listen)
			if err != nil {
				t.Skip("cannot listen here: ", err)
			}
			defer l.Close()
			_, port, _ := net.SplitHostPort(l.Addr().String())
			conn, local, err := DialTCP(soon(t), net.JoinHostPort(c.host, port), Trust())
			if err != nil || !local {
				t.Fatalf("local %v, %v", local, err)
			}
			conn.Close()
		})
	}
}

// A foreign listener on :: alone cannot make an IPv4 server untrusted.
func TestAStrangerNextToTheListenerIsIgnored(t *testing.T) {
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	listen(t, stranger, "tcp6", "[::]:"+port)
	conn, local, err := DialTCP(soon(t), l.Addr().String(), Trust())
	if err != nil || !local {
		t.Fatalf("local %v, %v", local, err)
	}
	conn.Close()
}

func TestDialReportsThatNothingListens(t *testing.T) {
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	_, _, err = DialTCP(soon(t), l.Addr().String(), Trust())
	if !errors.Is(err, syscall.ECONNREFUSED) || !strings.Contains(err.Error(),
		"nothing listens at "+l.Addr().String()) {
		t.Error(err)
	}
}

// The listener is replaced while the connection is made.
func TestAListenerThatChangedIsNotBelieved(t *testing.T) {
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	conn, err := net.Dial("tcp4", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	at := l.Addr().(*net.TCPAddr).AddrPort()
	for name, before := range map[string][]Listener{"another": {{at, 0, 1}}, "none": nil} {
		if _, err := vouchAfter(conn, at, before, Trust()); err == nil || !strings.Contains(err.Error(), "changed") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := vouchAfter(conn, at, nil, Owners{}); err == nil {
		t.Error("nobody is trusted, and the connection was")
	}
}
