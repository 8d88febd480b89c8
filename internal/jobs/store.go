// SPDX-License-Identifier: GPL-3.0-or-later

package jobs

import (
	"fmt"
	"regexp"
	"slices"
	"time"
)

// Store is where the files of jobs are: State on the disk, Run in memory.
type Store struct{ State, Run string }

// Default is the store of a controller.
func Default() Store {
	return Store{State: "/var/lib/overcloud.backup/jobs", Run: "/run/overcloud.backup"}
}

// NewID returns a new job name, such as 20261123T081500Z-4f2a9c.
func NewID(now time.Time, random uint32) string {
	return fmt.Sprintf("%s-%06x", now.UTC().Format("20060102T150405Z"), random&0xffffff)
}

var idForm = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`)

// reserved are the names in Run that are not a job's: the lock, and the folder of another kind of job.
var reserved = []string{lockName, "verifications"}

const lockName = "lock"

// CheckID refuses what cannot name a job.
func CheckID(id string) error {
	if !idForm.MatchString(id) || slices.Contains(reserved, id) {
		return fmt.Errorf("job %q: use letters, digits, dot, dash and underscore, at most 64, and none of %q", id,
			reserved)
	}
	return nil
}
