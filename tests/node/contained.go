// SPDX-License-Identifier: GPL-3.0-or-later

package node

import (
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"overcloud.backup/internal/process"
)

// Contained starts a process with its own mount and pid namespaces, in which /mnt is a small file system with a tool.
func Contained(t *testing.T, tool string) process.Place {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("needs root to make namespaces")
	}
	c := exec.Command("unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "sh", "-c",
		`mount -t tmpfs -o size=8m none /mnt && printf '#!/bin/bash\n%s\n' "$1" >/mnt/tool && chmod 755 /mnt/tool &&`+
			` echo ready && exec sleep 60`, "sh", tool)
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var stderr bytes.Buffer
	c.Stderr = &stderr
	if err := c.Start(); err != nil {
		t.Skip(err)
	}
	t.Cleanup(func() { _ = c.Process.Kill(); _ = c.Wait() })
	if _, err := io.ReadFull(out, make([]byte, len("ready\n"))); err != nil {
		t.Skipf("no namespaces here: %s", stderr.String())
	}
	self := strconv.Itoa(c.Process.Pid)
	children, err := os.ReadFile(filepath.Join("/proc", self, "task", self, "children"))
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(children)))
	if err != nil {
		t.Fatal(err)
	}
	p, err := process.Hold(pid)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Close() })
	return p
}
