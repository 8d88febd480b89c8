// SPDX-License-Identifier: GPL-3.0-or-later

package selection

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"overcloud.backup/internal/haproxy"
	"overcloud.backup/internal/haproxy/stats"
	"overcloud.backup/internal/process"
	"overcloud.backup/internal/reading"
	"overcloud.backup/internal/traffic"
)

// The addresses of the live tests. All of them are this machine's own.
const (
	liveNet   = "127.0.0.1" // of the controllers: 127.0.0.111, 112, 113
	liveVIP   = "127.0.0.100"
	liveSlack = 10 * time.Second
)

// live is a real HAProxy on the VIP's holder, in front of three servers that identify themselves.
type live struct {
	dir             string
	port, reads     string // at the VIP: of the database, and of its readers
	database, check string // of the servers
	peers           string
	checks          [3]net.Listener
	env             []string
	pid             int
	words           *strings.Replacer
}

// needHAProxy skips the test where HAProxy is not installed, and in a short run, which starts no servers.
func needHAProxy(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("needs a real HAProxy, which a short run does not start")
	}
	t.Setenv("PATH", os.Getenv("PATH")+":/usr/sbin:/usr/local/sbin")
	if _, err := exec.LookPath("haproxy"); err != nil {
		t.Skip("haproxy is not installed")
	}
}

// startLive starts the servers.
func startLive(t *testing.T) *live {
	t.Helper()
	dir, err := os.MkdirTemp("", "hl") // short: the path of a unix socket has at most 108 bytes
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	l := &live{dir: dir, port: livePort(t), reads: livePort(t), database: livePort(t), check: livePort(t),
		peers: livePort(t)}
	for i := range l.checks {
		l.serve(t, i)
		l.checks[i] = listen(t, l.address(i, l.check))
	}
	return l
}

func (l *live) address(i int, port string) string {
	return net.JoinHostPort(fmt.Sprintf("%s%d", liveNet, 11+i), port)
}

func livePort(t *testing.T) string {
	t.Helper()
	s := listen(t, "127.0.0.1:0")
	defer s.Close()
	_, port, _ := net.SplitHostPort(s.Addr().String())
	return port
}

func listen(t *testing.T, address string) net.Listener {
	t.Helper()
	s, err := net.Listen("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// serve is a database that sends its number and holds the connection until the client disconnects.
func (l *live) serve(t *testing.T, i int) {
	s := listen(t, l.address(i, l.database))
	go func() {
		for {
			c, err := s.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				fmt.Fprint(c, i)
				c.Read(make([]byte, 1))
			}()
		}
	}()
}

// start starts HAProxy with a configuration, in which SN stands for the address of server N, DOWN for its checks, and
// VIP, PORT, READS and PEERS for themselves. old is the process that it replaces.
func (l *live) start(t *testing.T, config string, more ...string) {
	t.Helper()
	text := "global\n stats socket " + l.dir + "/user mode 600 level user\n stats socket " + l.dir +
		"/operator mode 600 level operator\n stats socket " + l.dir + "/admin mode 600 level admin\n" +
		" hard-stop-after 8s\ndefaults\n mode tcp\n timeout connect 1s\n timeout client 1m\n timeout server 1m\n" +
		" retries 0\n" + config
	words := []string{"CHECK", "check inter 100ms fall 1 rise 1 port " + l.check, "VIP", liveVIP, "PORT", l.port,
		"READS", l.reads, "PEERS", l.peers}
	for i := range 3 {
		name := fmt.Sprintf("controller-%d.internalapi.localdomain", i)
		words = append(words, fmt.Sprintf("S%d", i), name+" "+l.address(i, l.database), fmt.Sprintf("A%d", i),
			l.address(i, l.database),
			fmt.Sprintf("N%d", i), name)
	}
	l.words = strings.NewReplacer(words...)
	file := filepath.Join(l.dir, "haproxy.cfg")
	if err := os.WriteFile(file, []byte(l.words.Replace(text)), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	c := process.Command(ctx, "haproxy", append([]string{"-db", "-L", "me", "-f", file}, more...)...)
	c.Env = append(os.Environ(), l.env...)
	var out bytes.Buffer
	c.Stdout, c.Stderr = &out, &out
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	l.pid = c.Process.Pid
	t.Cleanup(func() {
		cancel()
		c.Wait()
		if t.Failed() {
			t.Logf("haproxy said: %s", out.String())
		}
	})
	l.wait(t, func() bool { return l.facts("user").PID == c.Process.Pid })
	l.wait(t, func() bool { // every check has a result
		for _, p := range l.facts("user").Proxies {
			for _, s := range p.Servers {
				if s.CheckStatus == "INI" {
					return false
				}
			}
		}
		return true
	})
}

// reload replaces the process like "systemctl reload". If the configuration has peers, the old process sends the new
// one its stick table: only after giving up its own resync, 5 s after its start.
func (l *live) reload(t *testing.T, config string) {
	t.Helper()
	peers := strings.Contains(config, "peers")
	if peers {
		l.wait(t, func() bool { return l.facts("user").Uptime > 5 })
	}
	l.start(t, config, "-sf", fmt.Sprint(l.pid))
	if peers {
		l.wait(t, func() bool {
			f := l.facts("user")
			p := f.Proxy("mysql")
			return p != nil && p.Table != nil && p.Table.Used > 0 && f.Uptime >= traffic.Learning
		})
	}
}

// down fails the health check of a server, whose database continues to run.
func (l *live) down(t *testing.T, i int) {
	t.Helper()
	l.checks[i].Close()
	l.wait(t, func() bool {
		s := l.facts("user").Server(fmt.Sprintf("controller-%d.internalapi.localdomain", i))
		return s != nil && s.Status == stats.StatusDown
	})
}

func (l *live) up(t *testing.T, i int) {
	t.Helper()
	l.checks[i] = listen(t, l.address(i, l.check))
	l.wait(t, func() bool {
		return l.facts("user").Server(fmt.Sprintf("controller-%d.internalapi.localdomain", i)).Status == stats.StatusUp
	})
}

func (l *live) wait(t *testing.T, done func() bool) {
	t.Helper()
	for end := time.Now().Add(2 * liveSlack); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		if done() {
			return
		}
	}
	t.Fatalf("it did not come to that: %+v", l.facts("user"))
}

// facts returns haproxy_facts of the VIP's holder, over the socket of a level.
func (l *live) facts(level string) *haproxy.Facts {
	return l.read(haproxy.Options{Socket: filepath.Join(l.dir, level),
		ConfigFiles: []string{filepath.Join(l.dir, "haproxy.cfg")}})
}

func (l *live) read(o haproxy.Options) *haproxy.Facts {
	o.Sample, o.Timeout, o.Clock = 20*time.Millisecond, liveSlack, reading.StartClock(testNow)
	return haproxy.Read(context.Background(), o)
}

// client connects to the VIP from an address, and returns the controller that it reached, or -1.
func (l *live) client(t *testing.T, port, from string) int {
	t.Helper()
	d := net.Dialer{Timeout: liveSlack, LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}}
	c, err := d.Dial("tcp", net.JoinHostPort(liveVIP, port))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	c.SetReadDeadline(time.Now().Add(liveSlack))
	b := make([]byte, 1)
	if n, _ := c.Read(b); n == 0 {
		return -1
	}
	return int(b[0] - '0')
}

// administer sends a command as an administrator does.
func (l *live) administer(t *testing.T, command string) {
	t.Helper()
	c, err := net.Dial("unix", filepath.Join(l.dir, "admin"))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	fmt.Fprintln(c, l.words.Replace(command))
	if answer, err := io.ReadAll(c); err != nil || strings.TrimSpace(string(answer)) != "" {
		t.Fatalf("%s: %q, %v", command, answer, err)
	}
}

// awaitDisconnect waits until HAProxy has seen the last client disconnect.
func (l *live) awaitDisconnect(t *testing.T) {
	t.Helper()
	l.wait(t, func() bool {
		for _, p := range l.facts("user").Proxies {
			for _, s := range p.Servers {
				if s.CurrentSessions > 0 || s.NewSessions > 0 {
					return false
				}
			}
		}
		return true
	})
}

// decide decides for a quiet cluster with the live HAProxy, whose VIP is on controller-1.
func (l *live) decide(t *testing.T, level string) outcome {
	t.Helper()
	return l.decideBy(t, l.facts(level))
}

// decideBy decides with the VIP that the operator named, if any.
func (l *live) decideBy(t *testing.T, f *haproxy.Facts, vip ...string) outcome {
	t.Helper()
	w, o := named(3, testUUID, "controller-", liveNet, liveVIP), options()
	w.quiet()
	o.Limits["min_spares"], o.Limits["min_proxy_uptime"], o.VIP = 0, 0, vip
	f.Host, f.GatheredAt = w.hosts[1].HAProxy.Host, testNow-1
	w.hosts[1].HAProxy = f
	return decide(t, w.hosts, o)
}
