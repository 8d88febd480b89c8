// SPDX-License-Identifier: GPL-3.0-or-later

// Package journal records on disk the changes of a backup to its controller and how to undo them. An entry is on the
// disk before its effect begins, so even after a crash the changes to undo can be read.
package journal

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"overcloud.backup/internal/durable"
)

// Journal is a journal that can be written to. It is not safe for concurrent use by goroutines or processes.
type Journal struct {
	file *os.File
	now  func() time.Time
	size int64  // up to the last complete line
	id   int    // of the last entry
	last string // the sum of the last readable line
}

// Open opens a journal, or creates it (0600; never through a symbolic link). A line that a crash left incomplete at the
// end is cut off. A damaged journal is also opened, because undone effects must be noted; Read reports the damage.
func Open(path string) (*Journal, error) {
	file, err := open(path)
	if err != nil {
		return nil, fmt.Errorf("journal: %w", err)
	}
	j := &Journal{file: file, now: time.Now}
	if err := j.resume(path); err != nil {
		file.Close()
		return nil, fmt.Errorf("journal: %w", err)
	}
	return j, nil
}

// Close closes the journal. All entries are on the disk already.
func (j *Journal) Close() error { return j.file.Close() }

// Will notes an effect and how to undo it. When it returns without an error, the entry is on the disk, and the effect
// may begin.
func (j *Journal) Will(kind string, undo any) (Entry, error) {
	raw, err := json.Marshal(undo)
	if err != nil {
		return Entry{}, fmt.Errorf("journal: %s: %w", kind, err)
	}
	e := Entry{ID: j.id + 1, Kind: kind, At: float64(j.now().UnixMicro()) / 1e6, Undo: raw}
	if err := j.append(record{Entry: &e}); err != nil {
		return Entry{}, fmt.Errorf("journal: note %s before it is done: %w", kind, err)
	}
	j.id++
	return e, nil
}

// Undone notes that an effect has been undone.
func (j *Journal) Undone(e Entry) error {
	if err := j.append(record{Undone: e.ID}); err != nil {
		return fmt.Errorf("journal: note that %s is undone: %w", e.Kind, err)
	}
	return nil
}

// append writes one line and waits until the disk has it. The remains of a failed write are cut off.
func (j *Journal) append(r record) error {
	r.Prev = j.last
	line, sum, err := encode(r)
	if err != nil {
		return err
	}
	_, err = j.file.WriteAt(line, j.size)
	if err == nil {
		err = j.file.Sync()
	}
	if err != nil {
		return errors.Join(err, j.file.Truncate(j.size))
	}
	j.size, j.last = j.size+int64(len(line)), sum
	return nil
}

// resume finds the end of a journal.
func (j *Journal) resume(path string) error {
	content, err := readAll(j.file)
	if err != nil {
		return err
	}
	s := scan(path, content)
	j.size, j.id, j.last = s.whole, s.id, s.last
	if s.whole == int64(len(content)) {
		return nil
	}
	return errors.Join(j.file.Truncate(s.whole), j.file.Sync())
}

// open never follows a symbolic link and never opens a file that another user could have put there.
func open(path string) (*os.File, error) {
	const flags = os.O_RDWR | syscall.O_NOFOLLOW | syscall.O_NONBLOCK
	file, err := os.OpenFile(path, flags|os.O_CREATE|os.O_EXCL, 0o600)
	if err == nil {
		return file, syncName(file, path)
	}
	if !errors.Is(err, fs.ErrExist) {
		return nil, err
	}
	return checked(os.OpenFile(path, flags, 0))
}

// syncName makes a new file's name last.
func syncName(file *os.File, path string) error {
	err := errors.Join(file.Sync(), durable.SyncFolder(filepath.Dir(path)))
	if err != nil {
		file.Close()
	}
	return err
}
