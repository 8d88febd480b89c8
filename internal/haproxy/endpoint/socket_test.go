// SPDX-License-Identifier: GPL-3.0-or-later

package endpoint

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"overcloud.backup/internal/excerpt"
	"overcloud.backup/internal/haproxy/cfg"
	"overcloud.backup/internal/peer"
	"overcloud.backup/tests/haproxytest"
	"overcloud.backup/tests/user"
)

// ask sends a command with a time limit, and returns the answer and how long it took.
func ask(path, command string, limit time.Duration) (string, time.Duration, error) {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	start := time.Now()
	b, err := statsSocket(path).Ask(ctx, command)
	return string(b), time.Since(start), err
}

// statsSocket is a socket that root or this user listens on.
func statsSocket(path string) Socket { return Socket{Path: path, At: path, May: peer.Trust()} }

func TestAskReturnsAnAnswerWithoutItsEndMark(t *testing.T) {
	f := haproxytest.NewFake(t, haproxytest.Scripted(map[string]string{"show info": "Name: HAProxy"}))
	link := f.Path + ".link"
	if err := os.Symlink(f.Path, link); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{f.Path, link} {
		if got, _, err := ask(path, "show info", haproxytest.Slack); err != nil || got != "Name: HAProxy\n" {
			t.Errorf("%s: %q, %v", path, got, err)
		}
	}
	if f.Commands() != "show info, show info" {
		t.Errorf("asked %s", f.Commands())
	}
}

func TestAskReportsErrorsOfThePeer(t *testing.T) {
	say := func(text string) func(net.Conn, string) {
		return func(c net.Conn, _ string) { c.Write([]byte(text)) }
	}
	for name, c := range map[string]struct {
		peer func(net.Conn, string)
		want string
	}{
		"never answers":        {haproxytest.Silent, "show stat: no answer within the time limit"},
		"answers byte by byte": {haproxytest.Drip, "show stat: the answer was not complete within the time limit ("},
		"answers for ever":     {haproxytest.Flood, "show stat: the answer is larger than 8 MiB"},
		"closes early":         {say(""), "show stat: the connection was closed without an answer"},
		"closes in the middle": {say("# pxname,svname\nmysql,FRON"),
			"show stat: the answer was cut off after 26 bytes"},
		"is something else": {say("SSH-2.0-OpenSSH_9.2\r\n"), "or this is not HAProxy's stats socket"},
		"refuses":           {say("Permission denied\n\n"), "show stat: permission denied by HAProxy"},
		"does not know": {say("Unknown command: 'show', but maybe\n\n"),
			"show stat: HAProxy does not know this command"},
		"has no such table": {say("No such table\n\n"), "there is no such table"},
	} {
		f := haproxytest.NewFake(t, c.peer)
		got, took, err := ask(f.Path, "show stat", haproxytest.LimitFor(c.want))
		if err == nil || !strings.Contains(err.Error(), c.want) || got != "" {
			t.Errorf("%s: %q, %v; want %q", name, excerpt.Of(got), err, c.want)
		}
		if took > haproxytest.LimitFor(c.want)+haproxytest.Slack {
			t.Errorf("%s: it took %v", name, took)
		}
		if f.Commands() != "show stat" {
			t.Errorf("%s: asked %q", name, f.Commands())
		}
	}
}

func TestAskKeepsAtMostTheCap(t *testing.T) {
	f := haproxytest.NewFake(t, haproxytest.Flood)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	ask(f.Path, "show stat", 20*time.Second)
	runtime.ReadMemStats(&after)
	if grown := after.Sys - before.Sys; grown > 100<<20 {
		t.Errorf("the process grew by %d MiB", grown>>20)
	}
}

func TestAskRefusesOtherFiles(t *testing.T) {
	dir := haproxytest.ShortDir(t)
	file, pipe, dead := filepath.Join(dir, "file"), filepath.Join(dir, "pipe"), filepath.Join(dir, "dead")
	if err := os.WriteFile(file, []byte("# pxname\n\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: dead})
	if err != nil {
		t.Fatal(err)
	}
	l.SetUnlinkOnClose(false)
	l.Close()
	for path, want := range map[string]string{
		file:                           "it is a regular file, not a socket",
		pipe:                           "it is not a socket (p---------)",
		dir:                            "it is not a socket (d---------)",
		dead:                           "connection refused",
		filepath.Join(dir, "none"):     "no such file or directory",
		filepath.Join(file, "none"):    "not a directory",
		"/" + strings.Repeat("x", 200): "no such file or directory",
	} {
		if _, _, err := ask(path, "show stat", haproxytest.Slack); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", path, err, want)
		}
	}
	if b, _ := os.ReadFile(file); string(b) != "# pxname\n\n" {
		t.Errorf("the regular file was written to: %q", b)
	}
}

func TestAskWithoutPermission(t *testing.T) {
	f := haproxytest.NewFake(t, haproxytest.Scripted(haproxytest.Lab(t)))
	for _, mode := range []struct {
		path string
		mode os.FileMode
	}{{f.Path, 0o600}, {filepath.Dir(f.Path), 0o700}} {
		if err := os.Chmod(filepath.Dir(f.Path), 0o755); err != nil {
			t.Fatal(err)
		}
		if os.Geteuid() != 0 {
			mode.mode = 0
		}
		if err := os.Chmod(mode.path, mode.mode); err != nil {
			t.Fatal(err)
		}
		user.Reading(t, 65534, func() {
			if _, _, err := ask(f.Path, "show stat", haproxytest.Slack); err == nil ||
				!strings.Contains(err.Error(), "permission denied") {
				t.Errorf("%s with mode %o: %v", mode.path, mode.mode, err)
			}
		})
	}
	if err := os.Chmod(filepath.Dir(f.Path), 0o755); err != nil {
		t.Fatal(err)
	}
}

func TestLevelIsFoundWithoutChangingAnything(t *testing.T) {
	admin := parsed(t, "global\n stats socket /elsewhere level user\n stats socket /S level admin\n")
	for name, c := range map[string]struct {
		answers map[string]string
		config  *cfg.Config
		want    cfg.Level
	}{
		"1.9 and later": {map[string]string{"show cli level": "operator\n"}, nil,
			cfg.LevelOperator},
		"user before 1.9": {map[string]string{"show sess 0x1": "Permission denied\n"}, nil,
			cfg.LevelUser},
		"more before 1.9": {map[string]string{"show sess 0x1": "Session not found.\n"}, nil,
			cfg.LevelOperator},
		"more before 1.9, with its config":     {map[string]string{"show sess 0x1": "\n"}, admin, cfg.LevelAdmin},
		"a process that knows neither command": {map[string]string{}, admin, cfg.LevelUnknown},
		"a word that is no level, then a denial": {map[string]string{"show cli level": "root",
			"show sess 0x1": "Permission denied"}, nil, cfg.LevelUser},
	} {
		f := haproxytest.NewFake(t, haproxytest.Scripted(c.answers))
		if c.config != nil {
			c.config.Sockets[1].Path = f.Path
		}
		got, err := statsSocket(f.Path).Level(context.Background(), c.config)
		if got != c.want || (err != nil) != (c.want == cfg.LevelUnknown) {
			t.Errorf("%s: %q, %v; want %q", name, got, err, c.want)
		}
		for _, command := range strings.Split(f.Commands(), ", ") {
			if !strings.HasPrefix(command, "show ") {
				t.Errorf("%s: asked %s", name, command)
			}
		}
	}
}

// A name in an answer is part of the next command: it must not become a command itself.
func TestANameIsNoCommand(t *testing.T) {
	for _, name := range []string{"mysql; set server mysql/s1 state maint", "mysql\nshutdown sessions server mysql/s1",
		"mysql\r", "my sql", "mysql\x00", "", "$(id)", "mysql;", "ä"} {
		f := haproxytest.NewFake(t, func(net.Conn, string) {})
		if _, err := statsSocket(f.Path).AskFor(t.Context(), "show table", name); err == nil ||
			!strings.Contains(err.Error(), "not a name of HAProxy's") {
			t.Errorf("%q: %v", name, err)
		}
		if sent := f.Commands(); sent != "" {
			t.Errorf("%q: sent %q", name, sent)
		}
	}
}

func FuzzJudge(f *testing.F) {
	f.Add([]byte("a\n\n"))
	f.Add([]byte("Permission denied\n\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		got, err := judge(b)
		if err == nil && len(got) > 0 && fmt.Sprintf("%s\n", got) != string(b) {
			t.Errorf("%q became %q", b, got)
		}
	})
}
