// SPDX-License-Identifier: GPL-3.0-or-later

package haproxytest

import (
	"bufio"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// Fake is a stats socket that answers each command with the result of a function, and records the commands.
type Fake struct {
	Path  string
	mu    sync.Mutex
	asked []string
}

// NewFake returns a fake in a folder of its own.
func NewFake(t testing.TB, answer func(c net.Conn, command string)) *Fake {
	return FakeAt(t, filepath.Join(ShortDir(t), "stats"), answer)
}

// FakeAt returns a fake at a path.
func FakeAt(t testing.TB, path string, answer func(c net.Conn, command string)) *Fake {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	f := &Fake{Path: path}
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

func (f *Fake) serve(c net.Conn, answer func(net.Conn, string)) {
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

// Commands returns the commands that were received, in order.
func (f *Fake) Commands() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return strings.Join(f.asked, ", ")
}

// Scripted answers from a table; it does not know any other command. Answers end as HAProxy's do.
func Scripted(answers map[string]string) func(net.Conn, string) {
	return func(c net.Conn, command string) {
		text, ok := answers[command]
		if !ok {
			text = "Unknown command. Please enter one of the following commands only :\n  help\n"
		}
		c.Write([]byte(strings.TrimRight(text, "\n") + "\n\n"))
	}
}

// Lab returns the answers of the VIP holder under load, at level user.
func Lab(t testing.TB) map[string]string {
	return map[string]string{
		"show stat":          string(Recorded(t, "show_stat-2.6.12-lab-load.csv")),
		"show info":          string(Recorded(t, "show_info-2.6.12-lab.txt")),
		"show servers state": string(Recorded(t, "show_servers_state-2.6.12-lab.txt")),
		"show table mysql":   string(Recorded(t, "show_table-2.6.12-lab.txt")),
		"show cli level":     "user",
		"show sess 0x1":      "Permission denied",
	}
}

// Silent does not answer.
func Silent(c net.Conn, _ string) { time.Sleep(time.Minute) }

// Drip sends one byte every few milliseconds, for ever.
func Drip(c net.Conn, _ string) {
	for {
		if _, err := c.Write([]byte("#")); err != nil {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// Flood answers without end.
func Flood(c net.Conn, _ string) {
	block := []byte(strings.Repeat("mysql,s,1,1\n", 5000))
	for {
		if _, err := c.Write(block); err != nil {
			return
		}
	}
}

// Slack is the delay that a busy machine may add.
const Slack = 5 * time.Second

// LimitFor returns a short time limit where the limit itself is tested, and otherwise one that is long enough for a
// busy machine.
func LimitFor(want string) time.Duration {
	if strings.Contains(want, "within the time limit") {
		return 2 * time.Second
	}
	return 20 * time.Second
}
