// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"cmp"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
)

// commit decides whose turn it is.
type commit struct {
	hash    string
	changed []string // files that differ from what it is compared with, uncommitted ones included
}

// head returns the commit that is checked out, compared with its first parent or with the commit in TESTS_SINCE, such
// as origin/main. If git does not have that one, as in a shallow clone, nothing counts as changed.
func head() (commit, error) {
	hash, err := git("rev-parse", "HEAD")
	if err != nil {
		return commit{}, fmt.Errorf("read the commit: %w", err)
	}
	c := commit{hash: strings.TrimSpace(hash)}
	since := cmp.Or(os.Getenv("TESTS_SINCE"), "HEAD^1")
	for _, args := range [][]string{
		{"diff", "--name-only", "--no-renames", since, "--"},
		{"ls-files", "--others", "--exclude-standard"},
	} {
		if out, err := git(args...); err == nil {
			c.changed = append(c.changed, strings.Fields(out)...)
		}
	}
	return c, nil
}

func git(args ...string) (string, error) {
	out, err := exec.Command("git", args...).Output()
	return string(out), err
}

// number derives a number from the hash: it differs between commits and is the same in each run of one.
func (c commit) number() int {
	n, err := strconv.ParseInt(c.hash[:min(7, len(c.hash))], 16, 64)
	if err != nil {
		return 0
	}
	return int(n)
}
