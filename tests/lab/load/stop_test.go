// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// TestMain is the load in the tests of the lab's scripts: this program, under its name, which works until it is ended.
func TestMain(m *testing.M) {
	if os.Getenv("LOAD_STANDS_IN") == "" {
		os.Exit(m.Run())
	}
	if os.Getenv("LOAD_STANDS_IN") == "deaf" {
		signal.Ignore(syscall.SIGTERM)
	}
	time.Sleep(time.Minute)
}

// place puts a program where a lab has its load.
func place(t *testing.T, state string) (program string) {
	t.Helper()
	self, err := os.Open("/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	defer self.Close()
	program = filepath.Join(state, "load/program")
	if err := os.MkdirAll(filepath.Dir(program), 0o700); err != nil {
		t.Fatal(err)
	}
	to, err := os.OpenFile(program, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o700)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(to, self); err != nil {
		t.Fatal(err)
	}
	if err := to.Close(); err != nil {
		t.Fatal(err)
	}
	return program
}

// started is a process that the test ends if nobody else does.
type started struct{ ended chan error }

func start(t *testing.T, program string, argv ...string) started {
	t.Helper()
	cmd := exec.Command(program)
	cmd.Args = argv
	cmd.Env = append(os.Environ(), "LOAD_STANDS_IN=yes")
	if argv[len(argv)-1] == "deaf" {
		cmd.Env = append(cmd.Env, "LOAD_STANDS_IN=deaf")
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	s := started{make(chan error, 1)}
	go func() { s.ended <- cmd.Wait() }()
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	return s
}

func (s started) runs() bool {
	select {
	case err := <-s.ended:
		s.ended <- err
		return false
	case <-time.After(100 * time.Millisecond):
		return true
	}
}

// A run that was killed leaves its load, with or without the record of its pid. The next one ends every load of its
// lab, and nothing else: neither another lab's, nor a process that only says that it is one.
func TestTheLabEndsItsOwnLoadsAlone(t *testing.T) {
	state, other := t.TempDir(), t.TempDir()
	program, others := place(t, state), place(t, other)
	lost := start(t, program, program, "run", "--dir", "x")
	deaf := start(t, program, program, "run", "--dir", "x", "deaf")
	report := start(t, program, program, "report", "--dir", "x")
	another := start(t, others, others, "run", "--dir", "x")
	liar := start(t, others, program, "run", "--dir", "x")
	named := start(t, others, "program", "run", filepath.Join(state, "load/program"))
	if err := os.WriteFile(filepath.Join(state, "load/pid"), []byte("1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	deleted := place(t, t.TempDir())
	script := `set -euo pipefail; source lib/report.sh; source lib/load.sh; LOAD_PATIENCE=1; `
	run := func(state, do string) string {
		cmd := exec.Command("bash", "-c", script+do)
		cmd.Dir, cmd.Env = "..", append(os.Environ(), "LAB_STATE="+state)
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%s: %v, %s", do, err, out)
		}
		return string(out)
	}
	time.Sleep(200 * time.Millisecond) // until each of them ignores what it ignores
	run(state, "load_pid; load_stop; ! load_pid; load_stop")
	for name, c := range map[string]struct {
		process started
		runs    bool
	}{
		"a load whose pid is not recorded": {lost, false}, "a load that ignores the signal": {deaf, false},
		"a report": {report, true}, "another lab's load": {another, true}, "a process that says so": {liar, true},
		"a process of that name": {named, true},
	} {
		if got := c.process.runs(); got != c.runs {
			t.Errorf("%s: it runs: %t", name, got)
		}
	}
	if _, err := os.Stat(filepath.Join(state, "load/pid")); err == nil {
		t.Error("the pid is still recorded")
	}
	gone := start(t, deleted, deleted, "run", "--dir", "x")
	removed := filepath.Dir(filepath.Dir(deleted))
	if err := os.RemoveAll(removed); err != nil {
		t.Fatal(err)
	}
	run(removed, "load_stop")
	if gone.runs() {
		t.Error("a load whose lab was removed still runs")
	}
}
