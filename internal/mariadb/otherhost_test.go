// SPDX-License-Identifier: GPL-3.0-or-later

package mariadb

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"overcloud.backup/internal/thread"
)

// otherHost is a network namespace behind a veth pair, in which somebody listens.
func otherHost(t *testing.T) net.Listener {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("needs root: to make another network")
	}
	host := exec.Command("unshare", "--net", "sleep", "60")
	if err := host.Start(); err != nil {
		t.Skip(err)
	}
	t.Cleanup(func() { _ = host.Process.Kill(); _ = host.Wait() }) // the veth pair is removed with it
	namespace := fmt.Sprintf("/proc/%d/ns/net", host.Process.Pid)
	ours, err := os.Readlink("/proc/self/ns/net")
	if err != nil {
		t.Fatal(err)
	}
	for until := time.Now().Add(5 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		if theirs, err := os.Readlink(namespace); err == nil && theirs != ours {
			break
		}
		if time.Now().After(until) {
			t.Skip("unshare makes no network")
		}
	}
	pid := fmt.Sprint(host.Process.Pid)
	near := "mdb" + pid
	for _, line := range []string{
		"ip link add " + near + " type veth peer name far netns " + pid,
		"ip addr add 198.51.100.1/30 dev " + near, "ip link set " + near + " up",
		"nsenter --target " + pid + " --net ip addr add 198.51.100.2/30 dev far",
		"nsenter --target " + pid + " --net ip link set far up",
	} {
		words := strings.Fields(line)
		if out, err := exec.Command(words[0], words[1:]...).CombinedOutput(); err != nil {
			t.Skipf("%s: %v: %s", line, err, out)
		}
	}
	return listenIn(t, namespace, "198.51.100.2:0")
}

func listenIn(t *testing.T, namespace, address string) (l net.Listener) {
	t.Helper()
	var failed error
	thread.Apart(func() {
		f, err := os.Open(namespace)
		if err == nil {
			defer f.Close()
			err = unix.Setns(int(f.Fd()), unix.CLONE_NEWNET)
		}
		if err == nil {
			l, err = net.Listen("tcp", address)
		}
		failed = err
	})
	if failed != nil {
		t.Fatal(failed)
	}
	return l
}

// A name of the server that resolves to another host, as with a spoofed resolver, gets no login.
func TestTheServersOwnAddressIsOfThisHost(t *testing.T) {
	l := otherHost(t)
	trap := set(t, l, func(s *script) { s.say("\xff\x10\x04Too many connections"); s.hear() })
	its := OptionFiles{server: options(t, "s", fmt.Sprintf("[mysqld]\nbind-address=198.51.100.2\nport=%d\n", port(l)))}
	login := Login{User: "root", Password: secret, ConnectTimeout: 3 * time.Second}
	places := its.places(login, func(string) bool { return false })
	may := its.owners(login)
	d := door{login: login, may: may, creds: its.credentials(login), complete: true}
	if c := d.try(t.Context(), places[len(places)-1]); c != nil {
		t.Fatal("another host's server was taken")
	}
	failed := &LoginError{Attempts: d.attempts}
	for _, want := range []string{"198.51.100.2", "another host", "nothing was sent"} {
		if !strings.Contains(failed.Error(), want) {
			t.Errorf("%q does not say %q", failed, want)
		}
	}
	if failed.Absent() || !failed.Unsafe() || len(trap.all()) > 0 {
		t.Errorf("%v; it heard %q", failed, trap.all())
	}
	// If the caller names the other host, it is asked.
	_, err := Open(t.Context(), Login{User: "root", Password: secret, Host: "198.51.100.2", Port: port(l)})
	if !errors.As(err, &failed) || !strings.Contains(err.Error(), "Too many connections") {
		t.Error(err)
	}
}

// The tools connect to the address that was proven, and not to what the name resolves to by then.
func TestTheToolsGoWhereTheServersNameLed(t *testing.T) {
	s := server(t)
	root := s.root(t)
	run(t, root, "CREATE USER here@localhost IDENTIFIED BY '"+secret+"'")
	defer run(t, root, "DROP USER here@localhost")
	its := OptionFiles{server: options(t, "s", fmt.Sprintf("[mysqld]\nbind-address=localhost\nport=%d\n", s.Port))}
	login := Login{User: "here", Password: secret}
	d := door{login: login, may: its.owners(login), creds: its.credentials(login), complete: true}
	places := its.places(login, func(string) bool { return false })
	c := d.try(t.Context(), places[len(places)-1])
	if c == nil {
		t.Fatal((&LoginError{Attempts: d.attempts}).Error())
	}
	defer c.Close()
	text, err := c.OptionFile("")
	if err != nil || strings.Contains(string(text), "localhost") ||
		c.Reached().Address != fmt.Sprintf("localhost:%d", s.Port) {
		t.Errorf("%s, %v, %+v", text, err, c.Reached())
	}
}
