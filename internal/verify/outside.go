// SPDX-License-Identifier: GPL-3.0-or-later

package verify

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"overcloud.backup/internal/excerpt"
)

// removeLinks removes what makes InnoDB open a table outside of the datadir (DATA DIRECTORY): on the controller of the
// backup that would be the file of the running server. The backup has these tables in the datadir, too. Nothing is removed
// outside of it, whatever its owner makes of a folder meanwhile.
func removeLinks(datadir string) (removed int, err error) {
	inside, err := os.OpenRoot(datadir)
	if err != nil {
		return 0, err
	}
	defer inside.Close()
	err = fs.WalkDir(inside.FS(), ".", func(path string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() && (strings.HasSuffix(path, ".isl") || !e.Type().IsRegular()) {
			removed++
			err = inside.Remove(path)
		}
		return err
	})
	return removed, err
}

// errOutside is a dump that the scratch server must not load.
var errOutside = errors.New("a table of the dump has DATA DIRECTORY or INDEX DIRECTORY, so that it would be written outside of the scratch folder; verify a physical set of it")

// insideOnly passes a dump on up to a table that would lie elsewhere. mariadb-dump writes the options of a table and of
// its partitions on lines of their own:
//
//	) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 DATA DIRECTORY='/srv/mysql/'
//	(PARTITION `a` DATA DIRECTORY = '/srv/mysql' ENGINE = InnoDB,
type insideOnly struct {
	to   io.Writer
	line []byte // the beginning of a line that may be one of these, and has not been passed on
	free bool   // the current line is none of these
}

var optionLines = [][]byte{[]byte(") ENGINE"), []byte("(PARTITION"), []byte(" PARTITION"), []byte(" (SUBPARTITION"), []byte("(SUBPARTITION"), []byte(" SUBPARTITION")}

// maxOptions is more than the options of a table can be: its comment has at most 2048 characters.
const maxOptions = 64 << 10

func (o *insideOnly) Write(p []byte) (int, error) { return byLine(p, o.take) }

// byLine hands on what was written, for a Write, in pieces of one line each.
func byLine(p []byte, take func(piece []byte, ended bool) error) (int, error) {
	for rest := p; len(rest) > 0; {
		piece, ended := rest, false
		if end := bytes.IndexByte(rest, '\n') + 1; end > 0 {
			piece, ended = rest[:end], true
		}
		rest = rest[len(piece):]
		if err := take(piece, ended); err != nil {
			return 0, err
		}
	}
	return len(p), nil
}

// take takes a piece of one line.
func (o *insideOnly) take(piece []byte, ended bool) (err error) {
	if !o.free {
		o.line = append(o.line, piece...)
		piece = nil
		switch mayHoldOptions := o.mayHoldOptions(); {
		case mayHoldOptions && !ended && len(o.line) < maxOptions:
			return nil
		case mayHoldOptions && (bytes.Contains(o.line, []byte("DATA DIRECTORY")) || bytes.Contains(o.line, []byte("INDEX DIRECTORY"))):
			return fmt.Errorf("%w: %s", errOutside, excerpt.UpTo(200, string(o.line)))
		}
		piece, o.line = o.line, o.line[:0]
	}
	o.free = !ended
	_, err = o.to.Write(piece)
	return err
}

func (o *insideOnly) mayHoldOptions() bool {
	for _, begin := range optionLines {
		if n := min(len(begin), len(o.line)); bytes.Equal(begin[:n], o.line[:n]) {
			return true
		}
	}
	return false
}
