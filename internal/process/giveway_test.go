// SPDX-License-Identifier: GPL-3.0-or-later

package process

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
)

// The test's own binary lowers its priority, because a process cannot raise it again.
func TestWhoGivesWayDoesSoWithAllThatItStarts(t *testing.T) {
	const programs = 20
	if os.Getenv("GIVES_WAY") != "" {
		start := func(n int) {
			var all sync.WaitGroup
			for range n {
				all.Go(func() {
					out, err := Output(t.Context(), "/bin/sh", "-c", "nice; ionice")
					fmt.Printf("is %q %v\n", out, err)
				})
			}
			all.Wait()
		}
		start(programs / 2) // starts threads
		if err := GiveWay(); err != nil {
			t.Fatal(err)
		}
		fmt.Println("gives way")
		start(programs)
		return
	}
	if _, err := exec.LookPath("ionice"); err != nil {
		t.Skip(err)
	}
	c := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$")
	c.Env = append(os.Environ(), "GIVES_WAY=1")
	out, err := c.CombinedOutput()
	before, after, _ := strings.Cut(string(out), "gives way\n")
	is := `is "19\nbest-effort: prio 7\n" <nil>`
	if err != nil || strings.Contains(before, is) || strings.Count(after, is) != programs {
		t.Errorf("%v\n%s", err, out)
	}
}
