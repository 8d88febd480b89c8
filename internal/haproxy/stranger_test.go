// SPDX-License-Identifier: GPL-3.0-or-later

package haproxy

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"overcloud.backup/internal/haproxy/locate"
	"overcloud.backup/tests/haproxytest"
	"overcloud.backup/tests/user"
)

// stranger is the uid of an untrusted user.
const stranger = 54321

// forged is the variable that makes this program act as a stranger's haproxy: it is the root directory to show.
const forged = "OVERCLOUD_BACKUP_TEST_FORGED"

func TestMain(m *testing.M) {
	if root := os.Getenv(forged); root != "" {
		fmt.Println(pretend(root))
		return
	}
	os.Exit(m.Run())
}

// pretend answers like HAProxy, on a socket where the container's would be, until standard input ends.
func pretend(root string) error {
	if os.Getuid() == 0 { // of a user namespace
		if err := unix.Chroot(root); err != nil {
			return err
		}
		root = "/"
	}
	l, err := net.Listen("unix", filepath.Join(root, "/var/lib/haproxy/stats"))
	if err != nil {
		return err
	}
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			line, _ := bufio.NewReader(c).ReadString('\n')
			fmt.Println("asked", line)
			c.Write([]byte(haproxytest.StatHead + "mysql,s1,0,0,UP,2,1,1,1,1,\n\n"))
			c.Close()
		}
	}()
	fmt.Println("ready")
	io.Copy(io.Discard, os.Stdin)
	return nil
}

// eavesdrop listens as a stranger, answers every connection with a text, and records what it receives.
func eavesdrop(t *testing.T, network, address, answer string) (at string, received func() string) {
	t.Helper()
	var l net.Listener
	user.As(t, stranger, func() (err error) { l, err = net.Listen(network, address); return err })
	t.Cleanup(func() { l.Close() })
	heard := make(chan string, 16)
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			c.SetDeadline(time.Now().Add(5 * time.Second))
			b := make([]byte, 4096)
			n, _ := c.Read(b)
			heard <- string(b[:n])
			io.WriteString(c, answer)
			c.Close()
		}
	}()
	return l.Addr().String(), func() (all string) {
		for {
			select {
			case text := <-heard:
				all += text
			case <-time.After(100 * time.Millisecond):
				return all
			}
		}
	}
}

func open(t *testing.T, folders ...string) {
	t.Helper()
	for _, f := range folders {
		if err := os.Chmod(f, 0o777); err != nil {
			t.Fatal(err)
		}
	}
}

const page = "HTTP/1.0 200 OK\r\n\r\n" + haproxytest.StatHead + "mysql,s1,0,0,UP,2,1,1,1,1,\n"

// HAProxy is down, and an untrusted process listens on the port of its statistics page.
func TestTheStatisticsPasswordGoesToHAProxyAlone(t *testing.T) {
	at, heard := eavesdrop(t, "tcp4", "127.0.0.1:0", page)
	_, port, _ := net.SplitHostPort(at)
	config := "listen haproxy.stats\n bind 127.0.0.1:" + port + "\n mode http\n stats uri /\n stats auth admin:s3cret\n"
	h := machine(t, map[string]string{"/etc/haproxy/haproxy.cfg": config})
	for name, o := range map[string]Options{
		"of the configuration": {host: h},
		"of the options": {host: h, StatsURL: "http://127.0.0.1:" + port + "/", StatsUser: "admin",
			StatsPassword: "s3cret"},
		"of the URL":              {host: h, StatsURL: "http://admin:s3cret@localhost:" + port + "/"},
		"of options for the page": {host: h, StatsUser: "admin", StatsPassword: "s3cret"},
		"none":                    {host: h, StatsURL: "http://0.0.0.0:" + port + "/"},
		"of a URL with TLS":       {host: h, StatsURL: "https://admin:s3cret@127.0.0.1:" + port + "/"},
	} {
		f := read(t, o)
		e := f.Failed(SourceURL)
		if f.Running || e == nil || !strings.Contains(e.Message, "belongs to user 54321, not to root") || e.Hint == "" {
			t.Errorf("%s: %s", name, allErrors(f))
		}
	}
	if got := heard(); got != "" {
		t.Errorf("the stranger was told %q", got)
	}
}

func TestASocketOfAStrangerReceivesNothing(t *testing.T) {
	h := machine(t, map[string]string{"/run/haproxy/x": ""})
	open(t, h.Root, h.Path("/run"), h.Path("/run/haproxy"))
	at, heard := eavesdrop(t, "unix", h.Path("/run/haproxy/admin.sock"),
		haproxytest.StatHead+"mysql,s1,0,0,UP,2,1,1,1,1,\n\n")
	for name, o := range map[string]Options{"a usual one": {host: h},
		"the given one": {host: locate.Host{Root: "/"}, Socket: at}} {
		f := read(t, o)
		e := f.Failed(SourceSocket)
		if f.Running || e == nil || e.Where != at || !strings.Contains(e.Message,
			"the socket belongs to user 54321, not to root") ||
			!strings.Contains(e.Hint, "start HAProxy") {
			t.Errorf("%s: %s", name, allErrors(f))
		}
	}
	if got := heard(); got != "" {
		t.Errorf("the stranger was told %q", got)
	}
}

// A stranger's program called haproxy, with or without its own namespaces, does not make a host a load balancer, and
// its root directory is not read.
func TestAStrangersProcessIsNoHAProxy(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root: to run a program as another user")
	}
	for name, attributes := range map[string]*syscall.SysProcAttr{
		"in this user namespace": {Credential: &syscall.Credential{Uid: stranger, Gid: stranger}},
		"root in a user namespace of its own": {
			Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNS,
			UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: stranger, Size: 1}},
			GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: stranger, Size: 1}},
			Credential:  &syscall.Credential{Uid: 0, Gid: 0, NoSetGroups: true},
		},
	} {
		t.Run(name, func(t *testing.T) {
			pid, end := startForged(t, attributes)
			h := machine(t, nil)
			h.Proc = procOf(t, pid)
			f := read(t, Options{host: h})
			if f.Present || f.Running || allErrors(f) != "" {
				t.Errorf("%s: %+v", allErrors(f), f)
			}
			if text := end(); text != "<nil>\n" {
				t.Errorf("the stranger: %q", text)
			}
		})
	}
}

// startForged runs this program as a stranger's haproxy; end stops it and returns what it received.
func startForged(t *testing.T, attributes *syscall.SysProcAttr) (pid int, end func() string) {
	t.Helper()
	dir := haproxytest.ShortDir(t)
	root := filepath.Join(dir, "root")
	if err := os.MkdirAll(filepath.Join(root, "var/lib/haproxy"), 0o777); err != nil {
		t.Fatal(err)
	}
	open(t, dir, root, filepath.Join(root, "var/lib/haproxy"))
	program := filepath.Join(dir, "haproxy")
	self, err := os.ReadFile("/proc/self/exe")
	if err == nil {
		err = os.WriteFile(program, self, 0o755)
	}
	if err != nil {
		t.Fatal(err)
	}
	c := exec.Command(program)
	c.Env = []string{forged + "=" + root}
	c.SysProcAttr = attributes
	stdin, _ := c.StdinPipe()
	stdout, _ := c.StdoutPipe()
	if err := c.Start(); err != nil {
		t.Skip("cannot run a program so here: ", err)
	}
	end = func() string {
		stdin.Close()
		text, _ := io.ReadAll(stdout)
		c.Wait()
		return string(text)
	}
	t.Cleanup(func() { end() })
	ready := make([]byte, len("ready\n"))
	if _, err := io.ReadFull(stdout, ready); err != nil || string(ready) != "ready\n" {
		t.Fatalf("it said %q%s", ready, end())
	}
	return c.Process.Pid, end
}

func TestAFileInAContainerIsItsHAProxys(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root: to give a file to somebody")
	}
	for uid, want := range map[int]string{0: "", 42454: "", stranger: "it belongs to user 54321, not to root"} {
		h := machine(t, map[string]string{"/proc/8/root/etc/haproxy/haproxy.cfg": "global\n"})
		haproxytest.Run(t, h.Root, haproxytest.Process{PID: 7})
		haproxytest.Run(t, h.Root, haproxytest.Process{PID: 8, Parent: 7, UIDs: "42454\t42454\t42454\t42454"})
		at := h.Path("/proc/8/root/etc/haproxy/haproxy.cfg")
		if err := os.Chown(at, uid, uid); err != nil {
			t.Fatal(err)
		}
		f := read(t, Options{host: h})
		e := f.Failed(SourceConfig)
		if (e == nil) != (want == "") || e != nil && (e.Where != at || !strings.HasPrefix(e.Message, want)) ||
			!f.Present {
			t.Errorf("%d: %s", uid, allErrors(f))
		}
	}
}
