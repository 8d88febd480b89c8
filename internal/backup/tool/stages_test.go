// SPDX-License-Identifier: GPL-3.0-or-later

package tool

import (
	"os"
	"slices"
	"strings"
	"testing"
)

// follow feeds a log and returns each change of the stage; stages that block commits are marked.
func follow(t *testing.T, text string) (seen []string, s *stages) {
	t.Helper()
	s = &stages{}
	s.blocked = func(on bool) { seen = append(seen, map[bool]string{true: "blocked", false: "unblocked"}[on]) }
	last, _, _ := s.Now()
	for line := range strings.Lines(text) {
		s.line(line)
		if now, _, _ := s.Now(); now != last {
			seen, last = append(seen, string(now)), now
		}
	}
	return seen, s
}

func TestTheStagesOfARealLog(t *testing.T) {
	log, err := os.ReadFile("testdata/backup-10.11.18.log")
	if err != nil {
		t.Fatal(err)
	}
	seen, _ := follow(t, string(log))
	want := []string{"START", "FLUSH", "blocked", "BLOCK_DDL", "BLOCK_COMMIT", "unblocked", "unlocked"}
	if !slices.Equal(seen, want) {
		t.Errorf("%q, want %q", seen, want)
	}
}

func TestTheStagesOfOlderTools(t *testing.T) {
	for name, tt := range map[string]struct{ log, want string }{
		"10.5": {`[00] 2026-11-23 08:03:10 >> log scanned up to (78451)
[00] 2026-11-23 08:03:11 Acquiring BACKUP LOCKS...
[00] 2026-11-23 08:03:11 Starting to backup non-InnoDB tables and files
[00] 2026-11-23 08:03:11 >> log scanned up to (79000)
[00] 2026-11-23 08:03:12 Executing BACKUP STAGE END
[00] 2026-11-23 08:03:12 All tables unlocked
`, "blocked READ_LOCK unblocked unlocked"},
		"10.3": {`190101 10:00:00 Executing FLUSH NO_WRITE_TO_BINLOG TABLES...
190101 10:00:00 Executing FLUSH TABLES WITH READ LOCK...
190101 10:00:02 >> log scanned up to (79000)
190101 10:00:03 Executing UNLOCK TABLES
190101 10:00:03 All tables unlocked
`, "blocked READ_LOCK unblocked unlocked"},
		"a dump":           {"-- Retrieving table structure for table t...\n", ""},
		"a name":           {"[01] 2026-11-23 08:03:10 Streaming ./nova/Started BACKUP STAGE BLOCK_DDL\n", ""},
		"a line of a name": {"Started BACKUP STAGE BLOCK_DDL\n", ""},
	} {
		t.Run(name, func(t *testing.T) {
			seen, s := follow(t, tt.log)
			if got := strings.Join(seen, " "); got != tt.want {
				t.Errorf("%q, want %q", got, tt.want)
			}
			if _, _, redo := s.Now(); strings.Contains(tt.log, "(79000)") && redo != 79000 {
				t.Errorf("redo %d", redo)
			}
		})
	}
}

func TestTheToolsPlaceInTheRedoLogIsNotKept(t *testing.T) {
	s := &stages{}
	if s.line("[00] 2026-11-23 08:03:10 >> log scanned up to (78451)") ||
		!s.line("[00] 2026-11-23 08:03:10 completed OK!") {
		t.Error("the wrong lines are kept")
	}
}
