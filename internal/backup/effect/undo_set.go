// SPDX-License-Identifier: GPL-3.0-or-later

package effect

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"

	"overcloud.backup/internal/abandon"
	"overcloud.backup/internal/journal"
	"overcloud.backup/internal/repository/stores"
)

// setUndo names the folder of a set that is being written.
type setUndo struct {
	Destination string `json:"destination"`
	Cluster     string `json:"cluster"`
	Hidden      string `json:"hidden"` // name in the cluster's folder
	Final       string `json:"final"`
	// Mount is where the destination's file system is mounted. After a reboot it may not be.
	Mount string `json:"mount"`
}

// mounted refuses a file system other than the one the set was written to: nothing would be found there.
func (u setUndo) mounted() error {
	if now := mountOf(u.Destination); u.Mount != "" && now != u.Mount {
		return fmt.Errorf("the unfinished set %s in %s is on a file system that is not mounted at %s now: mount it "+
			"and call galera_backup with state: recovered, "+
			"or remove the job's folder if it is gone permanently", u.Hidden, u.Destination, u.Mount)
	}
	return nil
}

// mountOf returns the folder where the file system that contains path is mounted. The missing part of path will be on
// it.
func mountOf(path string) string {
	mount, device := "", uint64(0)
	for path = filepath.Clean(path); ; path = filepath.Dir(path) {
		var info unix.Stat_t
		if err := unix.Stat(path, &info); err == nil {
			if mount != "" && info.Dev != device {
				return mount
			}
			mount, device = path, info.Dev
		}
		if path == "/" || path == "." {
			return mount
		}
	}
}

// WholeSet returns the path of the set that a job's entries name, undone or not, if it has its manifest; otherwise
// empty. A job may be killed after writing the manifest and before it reports.
func WholeSet(entries []journal.Entry) string {
	for _, e := range entries {
		var u setUndo
		if e.Kind != SetEffect || json.Unmarshal(e.Undo, &u) != nil {
			continue
		}
		whole, err := abandon.After(removeTimeout, "look for "+u.Final, func() (string, error) {
			r, err := stores.Open(u.Destination)
			if err != nil {
				return "", err
			}
			defer r.Close()
			return r.Finished(u.Cluster, u.Final), nil
		})
		if err == nil && whole != "" {
			return whole
		}
	}
	return ""
}

func (u setUndo) undo() (string, error) {
	removed, err := abandon.After(removeTimeout, "remove "+filepath.Join(u.Destination, u.Cluster, u.Hidden),
		func() (bool, error) {
			if err := u.mounted(); err != nil {
				return false, err
			}
			return stores.Discard(u.Destination, u.Cluster, u.Hidden)
		})
	if err != nil {
		return "", err
	}
	if removed {
		return "the unfinished set " + u.Hidden + " is removed", nil
	}
	return "no unfinished set " + u.Hidden + " is there", nil
}

// removeTimeout is how long the removal of a set may take: it must not keep the rest from being undone.
var removeTimeout = 10 * time.Second
