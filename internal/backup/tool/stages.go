// SPDX-License-Identifier: GPL-3.0-or-later

package tool

import (
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Stage is the lock that the backup tool holds on the server, according to the tool's own lines.
type Stage string

// Free is before any lock, Unlocked after all of them. A dump stays Free: its snapshot locks nothing.
const (
	Free        Stage = "free"
	Start       Stage = "START"
	Flush       Stage = "FLUSH"
	BlockDDL    Stage = "BLOCK_DDL"
	BlockCommit Stage = "BLOCK_COMMIT"
	// ReadLock is FLUSH TABLES WITH READ LOCK of 10.3 and earlier, and "BACKUP LOCKS" of the versions that take all
	// stages at once.
	ReadLock Stage = "READ_LOCK"
	Unlocked Stage = "unlocked"
)

// HoldsCommits reports whether commits of the node wait. On a Galera node they do from BLOCK_DDL on, not only from
// BLOCK_COMMIT: that stage desyncs and pauses the node (MDEV-23080; an insert begun in BLOCK_DDL ended with the stage
// END, 2.7 s later, on 10.11.18).
func (s Stage) HoldsCommits() bool { return s == BlockDDL || s == BlockCommit || s == ReadLock }

// stages follows a tool's standard error, line by line.
type stages struct {
	mutex sync.Mutex
	stage Stage
	since time.Time
	redo  int64
	// blocked is called when commits of the node begin to wait, and when that ends.
	blocked func(bool)
}

// toolLine removes the time from a line: "[00] 2026-11-23 08:03:10 Connecting" and, of 10.1, "190101 10:00:00
// Connecting". The rest is compared from its first letter on: names, which any user may choose, are further to the
// right.
var toolLine = regexp.MustCompile(`^(?:\[\d+\] )?[-\d]+ +[:\d]+ (.*?)\s*$`)

// stageLines are the lines of three generations that change the stage. "Executing BACKUP STAGE END" and "Executing
// UNLOCK TABLES" are printed before that is done, so they end nothing.
var stageLines = map[string]Stage{
	"Starting BACKUP STAGE START":              Start, // 10.11
	"Starting BACKUP STAGE FLUSH":              Flush,
	"Started BACKUP STAGE BLOCK_DDL":           BlockDDL,
	"Starting BACKUP STAGE BLOCK_COMMIT":       BlockCommit,
	"Acquiring BACKUP LOCKS...":                ReadLock, // 10.4 and 10.5; 10.11 prints it within its stage START
	"Executing FLUSH TABLES WITH READ LOCK...": ReadLock, // 10.3 and earlier
	"All tables unlocked":                      Unlocked,
}

const redoPrefix = ">> log scanned up to ("

// Watch sets the function that is called when commits begin and cease to wait.
func (s *stages) Watch(blocked func(bool)) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.blocked = blocked
}

func (s *stages) reset() {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.stage, s.since, s.redo = "", time.Time{}, 0
}

// line handles the tool's next line. It reports whether the line is worth keeping: older tools print their position in
// the redo log at every log-copy-interval, 50 times a second.
func (s *stages) line(line string) (keep bool) {
	m := toolLine.FindStringSubmatch(line)
	if m == nil {
		return true
	}
	if lsn, found := strings.CutPrefix(m[1], redoPrefix); found {
		s.scanned(strings.TrimSuffix(lsn, ")"))
		return false
	}
	if next, known := stageLines[m[1]]; known {
		s.Enter(next)
	}
	return true
}

func (s *stages) scanned(lsn string) {
	n, err := strconv.ParseInt(lsn, 10, 64)
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if err == nil {
		s.redo = n
	}
}

func (s *stages) Enter(next Stage) {
	s.mutex.Lock()
	before := s.stage
	if before == Start && next == ReadLock {
		next = Start
	}
	s.stage, s.since = next, time.Now()
	blocked := s.blocked
	s.mutex.Unlock()
	if before.HoldsCommits() != next.HoldsCommits() && blocked != nil {
		blocked(next.HoldsCommits())
	}
}

// Now returns the stage, its start, and how far the tool reports to have read the redo log (0: not reported).
func (s *stages) Now() (Stage, time.Time, int64) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.stage == "" {
		return Free, s.since, s.redo
	}
	return s.stage, s.since, s.redo
}
