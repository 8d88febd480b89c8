// SPDX-License-Identifier: GPL-3.0-or-later

package haproxy

import (
	"bufio"
	"cmp"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// fake is a stats socket that answers each command as a function says, and remembers what it was asked.
type fake struct {
	path  string
	mu    sync.Mutex
	asked []string
}

// shortDir is a folder whose name leaves room: a unix socket's path has 108 bytes at most.
func shortDir(t testing.TB) string {
	dir, err := os.MkdirTemp("", "hx")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

func newFake(t testing.TB, answer func(c net.Conn, command string)) *fake {
	return fakeAt(t, filepath.Join(shortDir(t), "stats"), answer)
}

func fakeAt(t testing.TB, path string, answer func(c net.Conn, command string)) *fake {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	f := &fake{path: path}
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go f.serve(c, answer)
		}
	}()
	return f
}

func (f *fake) serve(c net.Conn, answer func(net.Conn, string)) {
	defer c.Close()
	line, err := bufio.NewReader(c).ReadString('\n')
	if err != nil {
		return
	}
	f.mu.Lock()
	f.asked = append(f.asked, strings.TrimSpace(line))
	f.mu.Unlock()
	answer(c, strings.TrimSpace(line))
}

func (f *fake) commands() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return strings.Join(f.asked, ", ")
}

// scripted answers from a table; a command that is not in it is unknown to that HAProxy. Answers end as HAProxy's do.
func scripted(answers map[string]string) func(net.Conn, string) {
	return func(c net.Conn, command string) {
		text, ok := answers[command]
		if !ok {
			text = "Unknown command. Please enter one of the following commands only :\n  help\n"
		}
		c.Write([]byte(strings.TrimRight(text, "\n") + "\n\n"))
	}
}

// lab are the answers of the VIP holder under load, at level user.
func lab(t testing.TB) map[string]string {
	return map[string]string{
		"show stat":          string(recorded(t, "show_stat-2.6.12-lab-load.csv")),
		"show info":          string(recorded(t, "show_info-2.6.12-lab.txt")),
		"show servers state": string(recorded(t, "show_servers_state-2.6.12-lab.txt")),
		"show table mysql":   string(recorded(t, "show_table-2.6.12-lab.txt")),
		"show cli level":     "user",
		"show sess 0x1":      "Permission denied",
	}
}

func silent(c net.Conn, _ string) { time.Sleep(time.Minute) }

// drip sends a byte every few milliseconds, for ever.
func drip(c net.Conn, _ string) {
	for {
		if _, err := c.Write([]byte("#")); err != nil {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
}

func flood(c net.Conn, _ string) {
	block := []byte(strings.Repeat("mysql,s,1,1\n", 5000))
	for {
		if _, err := c.Write(block); err != nil {
			return
		}
	}
}

// fakeProcess is what /proc says of a process: root's or this user's haproxy, unless it is said otherwise.
type fakeProcess struct {
	pid, parent int
	uids        string // the four of them
	exe         string
	namespace   string // of users; another inode for another name
}

// run puts a process into a machine's /proc.
func run(t testing.TB, h host, p fakeProcess) {
	t.Helper()
	if p.uids == "" {
		p.uids = fmt.Sprintf("%[1]d\t%[1]d\t%[1]d\t%[1]d", os.Geteuid())
	}
	dir := h.path(fmt.Sprint("/proc/", p.pid))
	for name, content := range map[string]string{
		"comm":   "haproxy\n",
		"status": fmt.Sprintf("Name:\thaproxy\nPPid:\t%d\nUid:\t%s\n", p.parent, p.uids),
	} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(cmp.Or(p.exe, "/usr/sbin/haproxy"), filepath.Join(dir, "exe")); err != nil {
		t.Fatal(err)
	}
	for _, of := range []string{dir, h.path("/proc/self")} {
		if err := os.MkdirAll(filepath.Join(of, "ns"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	own := h.path("/proc/self/ns/user")
	if err := os.WriteFile(own, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if p.namespace != "" {
		own = h.path("/proc/self/ns/" + p.namespace)
		if err := os.WriteFile(own, nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(own, filepath.Join(dir, "ns/user")); err != nil {
		t.Fatal(err)
	}
}
