// SPDX-License-Identifier: GPL-3.0-or-later

package process

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// WorkingIn finds processes by their current directory, that folder or one below: pid to name. A database server works in
// its datadir.
func WorkingIn(folder string) map[int]string {
	found := map[int]string{}
	links, _ := filepath.Glob("/proc/[0-9]*/cwd")
	for _, link := range links {
		at, err := os.Readlink(link)
		if err != nil || at != folder && !strings.HasPrefix(at, folder+"/") {
			continue
		}
		pid, err := strconv.Atoi(filepath.Base(filepath.Dir(link)))
		if err != nil || pid == os.Getpid() {
			continue
		}
		name, _ := os.ReadFile(filepath.Join(filepath.Dir(link), "comm"))
		if state(pid) != "Z" {
			found[pid] = strings.TrimSpace(string(name))
		}
	}
	return found
}
