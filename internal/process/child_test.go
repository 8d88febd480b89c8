// SPDX-License-Identifier: GPL-3.0-or-later

package process

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

func TestAChildRunsAsItsOwnerAndReportsItsEnd(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("needs root to become another user")
	}
	var out bytes.Buffer
	err := ChildOptions{Owner: Owner{UID: 65534, GID: 65534}, Dir: "/", Stdin: strings.NewReader("x"),
		Stdout: &out}.Run(context.Background(), "sh", "-c", "cat; id -u; id -G; pwd; echo no >&2; exit 3")
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
		pid, _ := strconv.Atoi(os.Getenv("PLACE"))
		o := ChildOptions{}
		if pid != 0 {
			o.Place = hold(t, pid)
		}
		c, err := StartChild(context.Background(), o, "/bin/sleep", "100")
		if err == nil {
			err = os.WriteFile(file, []byte(strconv.Itoa(c.PID())), 0o600)
		}
		t.Fatal(err, c.Wait())
	}
	for name, place := range map[string]func(*testing.T) Place{
		"on this host": func(*testing.T) Place { return Place{} },
		"in a container": func(t *testing.T) Place {
			p := container(t)
			return p
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := place(t)
			file := filepath.Join(t.TempDir(), "pid")
			parent := exec.Command(os.Args[0], "-test.run=^TestAChildDoesNotOutliveItsParent$")
			parent.Env = append(os.Environ(), "CHILD_PID_FILE="+file, "PLACE="+strconv.Itoa(p.PID()))
			if err := parent.Start(); err != nil {
				t.Fatal(err)
			}
			program := 0
			await(t, "the program runs", func() bool {
				text, _ := os.ReadFile(file)
				program, _ = strconv.Atoi(string(text))
				line, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", program))
				return bytes.HasPrefix(line, []byte("/bin/sleep\x00"))
			})
			_ = parent.Process.Kill()
			_ = parent.Wait()
			t.Cleanup(func() { _ = syscall.Kill(program, syscall.SIGKILL) })
			await(t, "the program ends", func() bool { return state(program) == "Z" })
		})
	}
}
