// SPDX-License-Identifier: GPL-3.0-or-later

package process

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestAChildRunsAsItsOwnerAndTellsItsEnd(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("needs root to become another user")
	}
	var out bytes.Buffer
	err := ChildOptions{Owner: Owner{65534, 65534}, Dir: "/", Stdin: strings.NewReader("x"), Stdout: &out}.Run(context.Background(), "sh", "-c", "cat; id -u; id -G; pwd; echo no >&2; exit 3")
	var exit *ExitError
	if !errors.As(err, &exit) || exit.Code != 3 || exit.Stderr != "no" {
		t.Errorf("%v", err)
	}
	if got := out.String(); got != "x65534\n65534\n/\n" {
		t.Errorf("%q", got)
	}
}

func TestAChildEndsWithItsContextAndWithKill(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	first, err := StartChild(ctx, ChildOptions{}, "sleep", "100")
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	if err := first.Wait(); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	second, err := StartChild(context.Background(), ChildOptions{}, "sh", "-c", "sleep 100 & wait")
	if err != nil {
		t.Fatal(err)
	}
	second.Kill()
	second.Kill()
	if err := second.Wait(); err == nil || !strings.Contains(err.Error(), "killed") {
		t.Error(err)
	}
	if _, err := StartChild(context.Background(), ChildOptions{}, "no-such-program"); !errors.Is(err, ErrNotFound) {
		t.Error(err)
	}
}

// The test's own binary is the process that is killed.
func TestAChildDoesNotOutliveItsParent(t *testing.T) {
	if file := os.Getenv("CHILD_PID_FILE"); file != "" {
		c, err := StartChild(context.Background(), ChildOptions{}, "sleep", "100")
		if err == nil {
			err = os.WriteFile(file, []byte(strconv.Itoa(c.PID())), 0o600)
		}
		t.Fatal(err, c.Wait())
	}
	file := filepath.Join(t.TempDir(), "pid")
	parent := exec.Command(os.Args[0], "-test.run=^TestAChildDoesNotOutliveItsParent$")
	parent.Env = append(os.Environ(), "CHILD_PID_FILE="+file)
	if err := parent.Start(); err != nil {
		t.Fatal(err)
	}
	var pid int
	for until := time.Now().Add(10 * time.Second); pid == 0 && time.Now().Before(until); time.Sleep(10 * time.Millisecond) {
		text, _ := os.ReadFile(file)
		pid, _ = strconv.Atoi(string(text))
	}
	_ = parent.Process.Kill()
	_ = parent.Wait()
	for until := time.Now().Add(5 * time.Second); time.Now().Before(until); time.Sleep(10 * time.Millisecond) {
		if stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat"); err != nil || strings.Contains(string(stat), ") Z ") {
			return
		}
	}
	_ = syscall.Kill(pid, syscall.SIGKILL)
	t.Errorf("the child %d lives on", pid)
}
