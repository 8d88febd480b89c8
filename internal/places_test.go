// SPDX-License-Identifier: GPL-3.0-or-later

package internal_test

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// shared matches folders in which every user can create files: a file with a predictable name may already be somebody
// else's.
var shared = regexp.MustCompile(`(^|[^\w.])/(tmp|var/tmp|dev/shm|run/lock|var/lock|var/crash)\b`)

// sharedHere lists the lines that may name such a folder, by file and part of the line, each with the reason.
var sharedHere = map[string]map[string]string{
	"process/secret.go": {`os.CreateTemp("/dev/shm", "")`: "the name is random, and gone before anything" +
		" is written"},
	"scratch/recover.go": {`earlierDefault = `: "leftovers in a folder of root are removed, and nothing is created"},
	"../modules/backup_verify.yml": {`as C(/var/tmp)`: "the description says why not",
		`C(/var/tmp/overcloud.backup)`: "as of recover.go"},
}

// The collection uses no predictable path that any user could create first.
func TestNoPlaceIsInAFolderThatEverybodyCanWriteTo(t *testing.T) {
	files := 0
	for _, pattern := range []string{"*/*.go", "*/*/*.go", "../modules/*", "../roles/*/*/*.yml", "../playbooks/*.yml",
		"../playbooks/*/*.yml", "../plugins/action/*.py",
		"../plugins/lookup/*.py", "../plugins/plugin_utils/*.py"} {
		found, err := glob(pattern)
		if err != nil || len(found) == 0 {
			t.Fatalf("%s: %d files, %v", pattern, len(found), err)
		}
		for _, file := range found {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			files++
			namesShared(t, file)
		}
	}
	if files < 150 {
		t.Errorf("only %d files were seen", files)
	}
}

func namesShared(t *testing.T, file string) {
	t.Helper()
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for n, line := range strings.Split(string(content), "\n") {
		if code := strings.TrimSpace(line); !strings.HasPrefix(code, "//") && shared.MatchString(line) &&
			!mayName(file, line) {
			t.Errorf("%s:%d: everybody can write to that folder: %s", file, n+1, code)
		}
	}
}

func mayName(file, line string) bool {
	for part := range sharedHere[file] {
		if strings.Contains(line, part) {
			return true
		}
	}
	return false
}
