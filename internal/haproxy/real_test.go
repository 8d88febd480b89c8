// SPDX-License-Identifier: GPL-3.0-or-later

package haproxy

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"overcloud.backup/internal/haproxy/cfg"
	"overcloud.backup/internal/haproxy/endpoint"
	"overcloud.backup/internal/haproxy/locate"
	"overcloud.backup/internal/peer"
	"overcloud.backup/internal/process"
	"overcloud.backup/tests/haproxytest"
	"overcloud.backup/tests/ports"
)

// overcloud is a real HAProxy in front of three servers, configured like TripleO's, all on loopback.
type overcloud struct {
	dir    string
	vip    string // host:port that clients connect to
	stats  string // host:port of the statistics page
	synced [3]atomic.Bool
	host   locate.Host // with this HAProxy alone
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

// startOvercloud starts one and waits until HAProxy has checked its servers. It skips the test without haproxy.
func startOvercloud(t *testing.T) *overcloud {
	needHAProxy(t)
	o := &overcloud{dir: haproxytest.ShortDir(t), vip: "127.0.0.100:" + strconv.Itoa(ports.Free()),
		stats: "127.0.0.1:" + strconv.Itoa(ports.Free())}
	database, check := strconv.Itoa(ports.Free()), strconv.Itoa(ports.Free())
	var servers strings.Builder
	for i := range o.synced {
		o.synced[i].Store(true)
		ip := fmt.Sprintf("127.0.0.1%d", i)
		o.startServer(t, i, net.JoinHostPort(ip, database), net.JoinHostPort(ip, check))
		fmt.Fprintf(&servers, "  server controller-%d.internalapi.localdomain %s:%s backup check inter 100ms fall 2"+
			" rise 2 on-marked-down shutdown-sessions port %s\n", i, ip, database, check)
	}
	config := fmt.Sprintf(`global
  maxconn 100
  stats socket %[1]s/user mode 600 level user
  stats socket %[1]s/operator mode 600 level operator
  stats socket %[1]s/admin mode 600 level admin
defaults
  mode tcp
  timeout connect 1s
  timeout client 1m
  timeout server 1m
listen haproxy.stats
  bind %[2]s
  mode http
  stats enable
  stats uri /
  stats auth admin:s3cret
listen mysql
  bind %[3]s transparent
  option httpchk
  stick on dst
  stick-table type ip size 1000
%[4]s`, o.dir, o.stats, o.vip, servers.String())
	if err := os.WriteFile(o.config(), []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	haproxy := process.Command(ctx, "haproxy", "-db", "-f", o.config())
	var out bytes.Buffer
	haproxy.Stdout, haproxy.Stderr = &out, &out
	if err := haproxy.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cancel()
		haproxy.Wait()
		if t.Failed() {
			t.Logf("haproxy said: %s", out.String())
		}
	})
	o.host = locate.Host{Root: "/", Proc: procOf(t, haproxy.Process.Pid)}
	o.wait(t, "UP UP UP")
	return o
}

func (o *overcloud) config() string { return filepath.Join(o.dir, "haproxy.cfg") }

// startServer starts a database that holds every connection, and its health check.
func (o *overcloud) startServer(t *testing.T, i int, database, check string) {
	l, err := net.Listen("tcp", database)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			fmt.Fprintln(c, i)
			go func() { io.Copy(io.Discard, c); c.Close() }()
		}
	}()
	c, err := net.Listen("tcp", check)
	if err != nil {
		t.Fatal(err)
	}
	server := http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if !o.synced[i].Load() {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	})}
	t.Cleanup(func() { server.Close() })
	go server.Serve(c)
}

// client connects through the VIP and returns the server that it reached.
func (o *overcloud) client(t *testing.T) (net.Conn, string) {
	c, err := net.DialTimeout("tcp", o.vip, haproxytest.Slack)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	c.SetReadDeadline(time.Now().Add(haproxytest.Slack))
	b := make([]byte, 1)
	if _, err := c.Read(b); err != nil {
		t.Fatal(err)
	}
	return c, string(b)
}

func (o *overcloud) read(t *testing.T, options Options) *Facts {
	t.Helper()
	options.ConfigFiles, options.host = []string{o.config()}, o.host
	if options.Socket == "" {
		options.Socket = filepath.Join(o.dir, "user")
	}
	return read(t, options)
}

// wait waits until the servers have these statuses.
func (o *overcloud) wait(t *testing.T, statuses string) {
	t.Helper()
	got := ""
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		ctx, cancel := context.WithTimeout(t.Context(), haproxytest.Slack)
		user := filepath.Join(o.dir, "user")
		proxies, err := endpoint.Socket{Path: user, At: user, May: peer.Trust()}.Stat(ctx)
		cancel()
		if err != nil {
			continue
		}
		var words []string
		for _, s := range proxies[1].Servers {
			words = append(words, s.Raw+strings.Repeat("?", strings.Count(s.CheckStatus, "INI")))
		}
		if got = strings.Join(words, " "); got == statuses {
			return
		}
	}
	t.Fatalf("servers are %q, not %q", got, statuses)
}

// sessions returns the sessions of the servers, with "*" for the one with the latest session.
func sessions(f *Facts) string {
	var all []string
	latestAt, best := -1, int64(-1)
	for i, s := range f.DatabaseServers() {
		all = append(all, fmt.Sprint(s.CurrentSessions))
		if s.LastSession >= 0 && (best < 0 || s.LastSession < best) {
			latestAt, best = i, s.LastSession
		}
	}
	if latestAt >= 0 {
		all[latestAt] += "*"
	}
	return strings.Join(all, " ")
}

func TestRealHAProxyThroughAFailover(t *testing.T) {
	o := startOvercloud(t)
	f := o.read(t, Options{})
	if allErrors(f) != "" || sessions(f) != "0 0 0" || f.Level != cfg.LevelUser ||
		f.Server("controller-1.internalapi.localdomain").Address != "127.0.0.11" {
		t.Fatalf("quiet: %s, %q, %+v", allErrors(f), sessions(f), f)
	}
	for range 3 {
		if _, server := o.client(t); server != "0" {
			t.Fatalf("the first client is on server %s", server)
		}
	}
	if f = o.read(t, Options{}); sessions(f) != "3* 0 0" {
		t.Errorf("three clients: %q", sessions(f))
	}
	time.Sleep(2 * time.Second) // lastsess has a resolution of one second
	o.synced[0].Store(false)
	o.wait(t, "DOWN UP UP")
	if _, server := o.client(t); server != "1" {
		t.Fatalf("after the failover a client is on server %s", server)
	}
	o.synced[0].Store(true)
	o.wait(t, "UP UP UP")
	client, server := o.client(t)
	if server != "1" {
		t.Fatalf("the sticky trap did not show: a client is on server %s", server)
	}
	if f = o.read(t, Options{}); sessions(f) != "0 2* 0" || f.Proxies[1].Table.Readable {
		t.Errorf("the first server is up again and idle: %q", sessions(f))
	}
	client.Close()
}

func TestRealHAProxyAtEveryLevel(t *testing.T) {
	o := startOvercloud(t)
	o.client(t)
	for _, level := range []cfg.Level{cfg.LevelUser, cfg.LevelOperator, cfg.LevelAdmin} {
		f := o.read(t, Options{Socket: filepath.Join(o.dir, string(level))})
		table := f.Proxies[1].Table
		if allErrors(f) != "" || f.Level != level || table == nil || table.Readable == (level == cfg.LevelUser) {
			t.Fatalf("%s: %s %+v, table %+v", level, allErrors(f), f, table)
		}
		if table.Readable && (len(table.Entries) != 1 ||
			table.Entries[0].Server != "controller-0.internalapi.localdomain" ||
			table.Entries[0].Key != "127.0.0.100") {
			t.Errorf("%s: %+v", level, table.Entries)
		}
	}
}

func TestRealHAProxyCountsNewSessionsInTheWindow(t *testing.T) {
	o := startOvercloud(t)
	done := make(chan *Facts)
	go func() { done <- o.read(t, Options{Sample: 2 * time.Second}) }()
	time.Sleep(time.Second)
	o.client(t)
	o.client(t)
	f := <-done
	if s := f.DatabaseServers()[0]; allErrors(f) != "" || s.NewSessions != 2 ||
		f.Proxies[1].Frontend.NewSessions != 2 ||
		f.Window < 2 {
		t.Errorf("%s: %+v in %v s", allErrors(f), s, f.Window)
	}
}

func TestRealHAProxyOverItsStatsURL(t *testing.T) {
	o := startOvercloud(t)
	o.client(t)
	socket := o.read(t, Options{})
	f := o.read(t, Options{Socket: "/nowhere"})
	if !f.Running || f.Reached != "http://"+o.stats+"/" || sessions(f) != "1* 0 0" || len(f.Errors) != 1 {
		t.Fatalf("%s: %+v", allErrors(f), f)
	}
	if f.PID != socket.PID || f.Version != socket.Version || f.Uptime < socket.Uptime || f.Processes != 1 {
		t.Errorf("page %+v, socket %+v", f, socket)
	}
	f = o.read(t, Options{Socket: "/nowhere", StatsUser: "admin", StatsPassword: "wrong"})
	if f.Running || f.Failed(SourceURL) == nil {
		t.Errorf("wrong password: %s", allErrors(f))
	}
}

func TestRealHAProxyThatIsStopped(t *testing.T) {
	o := startOvercloud(t)
	pid := o.read(t, Options{}).PID
	p, err := os.FindProcess(pid)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	f := o.read(t, Options{Timeout: 500 * time.Millisecond})
	if err := p.Signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	if f.Running || !strings.Contains(allErrors(f), "no answer within the time limit") ||
		!strings.Contains(f.Failed(SourceSocket).Hint, "stuck") {
		t.Errorf("%s", allErrors(f))
	}
	if f = o.read(t, Options{}); !f.Running {
		t.Errorf("after it goes on: %s", allErrors(f))
	}
}

// HAProxy in a root container: it has its own files, and its worker's account is unknown on this host.
func TestRealHAProxyInAContainer(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root: to mount")
	}
	needHAProxy(t)
	if _, err := os.Stat("/etc/haproxy"); err != nil {
		t.Skip("there is no folder to mount the container's on: ", err)
	}
	dir := haproxytest.ShortDir(t)
	config := "global\n  user nobody\n  stats socket /etc/haproxy/stats mode 600 level user\ndefaults\n  mode tcp\n " +
		" timeout connect 1s\n" +
		"  timeout client 1m\n  timeout server 1m\nlisten mysql\n  bind 127.0.0.1:" + strconv.Itoa(ports.Free()) +
		"\n  server c0 127.0.0.1:1\n"
	if err := os.WriteFile(filepath.Join(dir, "real.cfg"), []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("/etc/haproxy/real.cfg", filepath.Join(dir, "haproxy.cfg")); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	c := process.Command(ctx, "unshare", "-m", "sh", "-c",
		`mount --bind "$1" /etc/haproxy && exec haproxy -W -db -f /etc/haproxy/haproxy.cfg`, "sh", dir)
	var out bytes.Buffer
	c.Stdout, c.Stderr = &out, &out
	if err := c.Start(); err != nil {
		t.Skip("cannot make a mount namespace here: ", err)
	}
	defer func() {
		time.AfterFunc(10*time.Second, cancel)
		_ = c.Process.Signal(syscall.SIGTERM) // the master stops its worker
		c.Wait()
		cancel()
	}()
	worker := ""
	for end := time.Now().Add(10 * time.Second); worker == "" &&
		time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		children, _ := os.ReadFile(fmt.Sprintf("/proc/%d/task/%[1]d/children", c.Process.Pid))
		if _, err := os.Stat(filepath.Join(dir, "stats")); err == nil {
			worker = strings.TrimSpace(string(children))
		}
	}
	if worker == "" || strings.Contains(worker, " ") {
		t.Skipf("cannot run it so here: %s", out.String())
	}
	workerPID, err := strconv.Atoi(worker)
	if err != nil {
		t.Fatal(err)
	}
	h := machine(t, nil)
	h.Proc = procOf(t, c.Process.Pid, workerPID)
	f := read(t, Options{host: h})
	if allErrors(f) != "" || !f.Running || f.Database == nil || len(f.Database.Binds) != 1 ||
		!strings.HasSuffix(f.Reached, "/root/etc/haproxy/stats") {
		t.Errorf("%s: %+v\n%s", allErrors(f), f, out.String())
	}
	all := h.Processes(peer.Trust())
	defer locate.CloseProcesses(all)
	if len(all) != 2 {
		t.Errorf("%d processes, not the master and its worker", len(all))
	}
}
