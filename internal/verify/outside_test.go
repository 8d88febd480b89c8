// SPDX-License-Identifier: GPL-3.0-or-later

package verify

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestADumpThatWouldWriteElsewhereIsNotLoaded(t *testing.T) {
	const before = "CREATE TABLE `t` (\n  `id` int\n"
	harmless := before + ") ENGINE=InnoDB;\nINSERT INTO `t` VALUES\n(1,') ENGINE DATA DIRECTORY='),\n(PARTIAL DATA DIRECTORY);\n) DATA DIRECTORY\n" + strings.Repeat("(x", 1<<20)
	for _, c := range []struct {
		dump string
		bad  bool
	}{
		{harmless, false}, {"", false}, {"\n\n)", false},
		{before + ") ENGINE=InnoDB DATA DIRECTORY='/srv/'", true}, {before + ") ENGINE=MyISAM INDEX DIRECTORY='/srv/';\n", true},
		{before + ") ENGINE=InnoDB\n PARTITION BY HASH (`id`)\n(PARTITION `a` DATA DIRECTORY = '/srv' ENGINE = InnoDB,\n PARTITION `b` ENGINE = InnoDB);\n", true},
		{before + "(PARTITION `a` ENGINE = InnoDB,\n PARTITION `b` DATA DIRECTORY = '/srv' ENGINE = InnoDB);\n", true},
	} {
		for _, size := range []int{1, 7, 1 << 16} {
			var out bytes.Buffer
			o := &insideOnly{to: &out}
			var err error
			for rest := []byte(c.dump); len(rest) > 0 && err == nil; rest = rest[min(size, len(rest)):] {
				_, err = o.Write(rest[:min(size, len(rest))])
			}
			if err == nil {
				_, err = o.Write([]byte("\n"))
			}
			if errors.Is(err, errOutside) != c.bad || strings.Contains(out.String(), "'/srv") {
				t.Errorf("%.80q in pieces of %d: %v", c.dump, size, err)
			}
			if !c.bad && out.String() != c.dump+"\n" {
				t.Errorf("%.80q in pieces of %d: what came out is not what went in", c.dump, size)
			}
		}
	}
}

// The table's own file, of the server that was backed up, must not be touched, nor be missed.
func TestTablesElsewhereStayUntouched(t *testing.T) {
	s := shared(t)
	outside := filepath.Join(s.Dir, "outside")
	must(t, os.MkdirAll(outside, 0o777))
	_, err := s.SQL("CREATE DATABASE elsewhere; CREATE TABLE elsewhere.t (id INT PRIMARY KEY) DATA DIRECTORY = '" + outside + "'; INSERT INTO elsewhere.t VALUES (1), (2)")
	must(t, err)
	defer func() {
		if _, err := s.SQL("DROP DATABASE elsewhere"); err != nil {
			t.Error(err)
		}
	}()
	path, err := s.backUp("physical")
	must(t, err)
	defer os.RemoveAll(path)
	found, problems, warnings := restored(t, openSet(t, filepath.Dir(filepath.Dir(path)), path))
	if len(problems) > 0 || len(warnings) != 1 || found.Schemas["elsewhere"] != 1 || found.Rows != 854 {
		t.Errorf("%+v, %v, %q", found, problems, warnings)
	}
	if n, err := s.SQL("SELECT COUNT(*) FROM elsewhere.t"); n != "2" || err != nil {
		t.Errorf("%q, %v", n, err)
	}
}
