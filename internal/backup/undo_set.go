// SPDX-License-Identifier: GPL-3.0-or-later

package backup

import (
	"fmt"
	"time"

	"overcloud.backup/internal/repository"
)

// setUndo names the folder of a set that is being written.
type setUndo struct {
	Destination string `json:"destination"`
	Cluster     string `json:"cluster"`
	Hidden      string `json:"hidden"` // name below the cluster's folder
	Final       string `json:"final"`
}

// removeTimeout is how long the removal of a set may take. A destination that hangs must not keep the rest from being
// undone.
const removeTimeout = 10 * time.Second

func (u setUndo) undo() (string, error) {
	var removed bool
	err := within(removeTimeout, "remove "+u.Destination+"/"+u.Cluster+"/"+u.Hidden, func() (err error) {
		removed, err = repository.Discard(u.Destination, u.Cluster, u.Hidden)
		return err
	})
	if err != nil {
		return "", err
	}
	if removed {
		return "the unfinished set " + u.Hidden + " is removed", nil
	}
	return "no unfinished set " + u.Hidden + " is there", nil
}

// within waits for something that cannot be interrupted, and gives up waiting after limit; it then may go on for ever.
func within(limit time.Duration, what string, do func() error) error {
	done := make(chan error, 1)
	go func() { done <- do() }()
	select {
	case err := <-done:
		return err
	case <-time.After(limit):
		return fmt.Errorf("%s: no answer within %s: the file system hangs", what, limit)
	}
}
