// SPDX-License-Identifier: GPL-3.0-or-later

package haproxy

import (
	"bufio"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"overcloud.backup/tests/haproxytest"
)

// fake is a stats socket that answers each command with the result of a function, and records the commands.
type fake struct {
	path  string
	mu    sync.Mutex
	asked []string
}

func newFake(t testing.TB, answer func(c net.Conn, command string)) *fake {
	return fakeAt(t, filepath.Join(haproxytest.ShortDir(t), "stats"), answer)
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

// scripted answers from a table; it does not know any other command. Answers end as HAProxy's do.
func scripted(answers map[string]string) func(net.Conn, string) {
	return func(c net.Conn, command string) {
		text, ok := answers[command]
		if !ok {
			text = "Unknown command. Please enter one of the following commands only :\n  help\n"
		}
		c.Write([]byte(strings.TrimRight(text, "\n") + "\n\n"))
	}
}

// lab returns the answers of the VIP holder under load, at level user.
func lab(t testing.TB) map[string]string {
	return map[string]string{
		"show stat":          string(haproxytest.Recorded(t, "show_stat-2.6.12-lab-load.csv")),
		"show info":          string(haproxytest.Recorded(t, "show_info-2.6.12-lab.txt")),
		"show servers state": string(haproxytest.Recorded(t, "show_servers_state-2.6.12-lab.txt")),
		"show table mysql":   string(haproxytest.Recorded(t, "show_table-2.6.12-lab.txt")),
		"show cli level":     "user",
		"show sess 0x1":      "Permission denied",
	}
}

func silent(c net.Conn, _ string) { time.Sleep(time.Minute) }

// drip sends one byte every few milliseconds, for ever.
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
