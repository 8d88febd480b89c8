// SPDX-License-Identifier: GPL-3.0-or-later

package pacemakertest

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"overcloud.backup/internal/process"
)

// Healthy has the bodies of the fakes of a healthy cluster; $here is the folder of the recordings.
var Healthy = map[string]string{
	"crm_mon":             `cat "$here/lab-status.xml"`,
	"cibadmin":            `cat "$here/lab-cib.xml"`,
	"crm_node":            `echo controller-1`,
	"corosync-quorumtool": `cat "$here/lab-quorum.txt"`,
}

// Fakes is a folder of commands, on PATH before those of the real ones, which OnPath does not search. Every fake first
// writes its arguments to NAME.used.
type Fakes struct {
	T   *testing.T
	Dir string
}

// NewFakes writes healthy fakes, with the bodies in changed instead; an empty body omits the command.
func NewFakes(t *testing.T, changed map[string]string) *Fakes {
	t.Helper()
	f := &Fakes{T: t, Dir: t.TempDir()}
	for name, body := range Healthy {
		if other, has := changed[name]; has {
			body = other
		}
		if body == "" {
			continue
		}
		script := "#!/bin/bash\nPATH=/usr/bin:/bin\nhere='" + folder(t) + "'\nprintf '%s\\n' \"$*\" >>'" +
			filepath.Join(f.Dir, name+".used") + "'\n" + body + "\n"
		if err := os.WriteFile(filepath.Join(f.Dir, name), []byte(script), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("PATH", f.Dir)
	return f
}

// Corosync returns the path of a configuration of Corosync, which does not exist.
func (f *Fakes) Corosync() string { return filepath.Join(f.Dir, "corosync.conf") }

// OnPath looks a command up on PATH but not in the system's folders, where a real one may be.
func OnPath(tool string) (string, error) {
	path, err := exec.LookPath(tool)
	if err != nil {
		return "", fmt.Errorf("%s is not installed: %w", tool, process.ErrNotFound)
	}
	return path, nil
}

// Forget clears what Used returns for cibadmin.
func (f *Fakes) Forget() { _ = os.Remove(filepath.Join(f.Dir, "cibadmin.used")) }

// Used returns the command lines of a fake, one a line.
func (f *Fakes) Used(name string) string {
	b, err := os.ReadFile(filepath.Join(f.Dir, name+".used"))
	if err != nil {
		return ""
	}
	return string(b)
}

// Ends waits up to 5 seconds for the end of a process.
func Ends(t *testing.T, pid string) {
	t.Helper()
	for end := time.Now().Add(5 * time.Second); running(pid); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("the child %s is still there", pid)
		}
	}
}

// running reports whether a process exists and is not a zombie.
func running(pid string) bool {
	stat, err := os.ReadFile("/proc/" + pid + "/stat")
	return err == nil && !strings.Contains(string(stat), ") Z ")
}
