// SPDX-License-Identifier: GPL-3.0-or-later

package process

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// coreLimits returns the soft and the hard limit on core dumps of a process.
func coreLimits(t *testing.T, of string) string {
	t.Helper()
	text, err := os.ReadFile("/proc/" + of + "/limits")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if rest, found := strings.CutPrefix(line, "Max core file size"); found {
			return strings.Join(strings.Fields(rest)[:2], " ")
		}
	}
	t.Fatalf("%s", text)
	return ""
}

// The test runs itself again, because NoCore cannot be undone.
func TestAProcessWithSecretsLeavesNoCore(t *testing.T) {
	const inside = "OVERCLOUD_NO_CORE"
	if os.Getenv(inside) == "" {
		c := exec.Command(os.Args[0], "-test.run=^TestAProcessWithSecretsLeavesNoCore$", "-test.v")
		c.Env = append(os.Environ(), inside+"=yes")
		if out, err := c.CombinedOutput(); err != nil || !strings.Contains(string(out), "looked at") {
			t.Errorf("%v\n%s", err, out)
		}
		return
	}
	if err := NoCore(); err != nil {
		t.Fatal(err)
	}
	if got := coreLimits(t, "self"); got != "1 1" && got != "0 0" {
		t.Errorf("the limit is %s", got)
	}
	child, err := exec.Command("sh", "-c", "grep core /proc/self/limits").Output()
	if err != nil || !strings.Contains(strings.Join(strings.Fields(string(child)), " "),
		"size "+coreLimits(t, "self")) {
		t.Errorf("a child has %q, %v", child, err)
	}
	if dumpable, err := unix.PrctlRetInt(unix.PR_GET_DUMPABLE, 0, 0, 0, 0); os.Geteuid() == 0 &&
		(err != nil || dumpable != 0) {
		t.Errorf("dumpable is %d, %v", dumpable, err)
	}
	fmt.Println("looked at")
}
