// SPDX-License-Identifier: GPL-3.0-or-later

package process

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"
	"time"
)

func TestOutput(t *testing.T) {
	t.Setenv("MYSQL_PWD", "hidden")
	t.Setenv("LANG", "de_DE.UTF-8")
	t.Setenv("CIB_file", "/home/secuser/cib.xml")
	out, err := Output(t.Context(), "env")
	if err != nil {
		t.Fatal(err)
	}
	if s := string(out); strings.Contains(s, "hidden") || strings.Contains(s, "de_DE") ||
		strings.Contains(s, "CIB_file") || !strings.Contains(s, "LC_ALL=C") {
		t.Errorf("environment:\n%s", s)
	}
}

func TestInputReachesTheProgram(t *testing.T) {
	out, err := Input(t.Context(), []byte("over stdin"), "cat")
	if err != nil || string(out) != "over stdin" {
		t.Errorf("got %q, %v", out, err)
	}
}

func TestErrors(t *testing.T) {
	_, err := Output(t.Context(), "no-such-program-here")
	if !errors.Is(err, ErrNotFound) {
		t.Errorf("missing program: %v", err)
	}
	_, err = Output(t.Context(), "ls", "/no/such/place")
	var exit *ExitError
	if !errors.As(err, &exit) || exit.Code != 2 || !strings.Contains(err.Error(), "/no/such/place") {
		t.Errorf("exit status: %v", err)
	}
	_, err = Output(t.Context(), "sh", "-c", "kill -9 $$")
	if !errors.As(err, &exit) || exit.Signal != "killed" {
		t.Errorf("signal: %v", err)
	}
	if _, err = Output(t.Context(), "yes"); err == nil || !strings.Contains(err.Error(), "more than 8 MiB") {
		t.Errorf("endless output: %v", err)
	}
}

func TestTheWholeGroupDiesAtTheDeadline(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	pidFile := t.TempDir() + "/pid"
	_, err := Output(ctx, "sh", "-c", `sleep 600 & echo $! >"$1"; wait`, "sh", pidFile)
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("got %v", err)
	}
	pid, err := os.ReadFile(pidFile)
	if err != nil {
		t.Fatal(err)
	}
	deadline := time.Now().Add(5 * time.Second)
	for alive(strings.TrimSpace(string(pid))) {
		if time.Now().After(deadline) {
			t.Fatalf("the grandchild %s outlived its parent", pid)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// alive reports whether a process runs and is not a zombie.
func alive(pid string) bool {
	stat, err := os.ReadFile("/proc/" + pid + "/stat")
	return err == nil && !strings.Contains(string(stat), ") Z ")
}

func TestTailKeepsTheEnd(t *testing.T) {
	tail := &Tail{Max: 4}
	for _, s := range []string{"ab", "cdefgh", "i"} {
		if _, err := tail.Write([]byte(s)); err != nil {
			t.Fatal(err)
		}
	}
	if tail.String() != "fghi" {
		t.Errorf("got %q", tail)
	}
}
