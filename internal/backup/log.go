// SPDX-License-Identifier: GPL-3.0-or-later

package backup

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"os"
	"strings"

	"overcloud.backup/internal/process"
	"overcloud.backup/internal/repository"
)

const logName = "backup.log"

// toolLog stores what a tool says on standard error, line by line, without secrets.
type toolLog struct {
	file  *os.File
	scrub func(string) string
	tail  process.Tail
	line  []byte
	sum   hash.Hash
	bytes int64
	err   error
}

func newLog(set *repository.Set, scrub func(string) string) (*toolLog, error) {
	f, err := set.New(logName)
	if err != nil {
		return nil, err
	}
	return &toolLog{file: f, scrub: scrub, tail: process.Tail{Max: 64 << 10}, sum: sha256.New()}, nil
}

// maxLine bounds a line that never ends.
const maxLine = 64 << 10

// Write never fails: a tool must not die of a full disk while it holds locks. finish tells.
func (l *toolLog) Write(p []byte) (int, error) {
	l.line = append(l.line, p...)
	for {
		end := bytes.IndexByte(l.line, '\n') + 1
		if end == 0 && len(l.line) > maxLine {
			end = len(l.line)
		}
		if end == 0 {
			return len(p), nil
		}
		l.put(l.line[:end])
		l.line = l.line[end:]
	}
}

func (l *toolLog) put(line []byte) {
	defer func() {
		// A panic here would end the process, and nothing would be undone.
		if p := recover(); p != nil {
			l.err = fmt.Errorf("panic: %v", p)
		}
	}()
	clean := []byte(l.scrub(string(line)))
	_, _ = l.tail.Write(clean)
	if l.err != nil {
		return
	}
	var n int
	n, l.err = l.file.Write(clean)
	l.sum.Write(clean[:n])
	l.bytes += int64(n)
}

// text is the end of the log, as it is stored, once the tool has ended.
func (l *toolLog) text() string {
	if len(l.line) > 0 {
		l.put(l.line)
		l.line = nil
	}
	return l.tail.String()
}

// finish stores what came without a line feed and closes the file.
func (l *toolLog) finish() (repository.File, error) {
	l.text()
	err := errors.Join(l.err, l.file.Sync(), l.file.Close())
	if err != nil {
		err = fmt.Errorf("write the tool's log: %w", err)
	}
	return repository.File{Name: logName, Content: "log", Bytes: l.bytes, RawBytes: l.bytes, SHA256: hex.EncodeToString(l.sum.Sum(nil)), Compression: "none"}, err
}

// lastLine is the last line of a text that is not empty.
func lastLine(text string) string {
	text = strings.TrimSpace(text)
	return text[strings.LastIndexByte(text, '\n')+1:]
}
