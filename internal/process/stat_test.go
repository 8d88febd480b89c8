// SPDX-License-Identifier: GPL-3.0-or-later

package process

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
)

func TestTheStateOfAProcessIsReadWhateverItsNameIs(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a) T (b) Z 1")
	if err := os.WriteFile(path, []byte("#!/bin/sh\nread line\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	c := exec.Command(path)
	in, err := c.StdinPipe()
	if err == nil {
		err = c.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	pid := c.Process.Pid
	await(t, "it sleeps", func() bool { return state(pid) == "S" })
	if n, err := strconv.Atoi(Started(pid)); err != nil || n <= 0 {
		t.Errorf("started %d, %v", n, err)
	}
	_ = syscall.Kill(pid, syscall.SIGSTOP)
	await(t, "it is stopped", func() bool { return state(pid) == "T" })
	_ = c.Process.Kill()
	await(t, "it has ended", func() bool { return state(pid) == "Z" })
	_ = c.Wait()
	if state(pid) != "Z" || Started(pid) != "" {
		t.Errorf("it is gone: %s, %s", state(pid), Started(pid))
	}
}
