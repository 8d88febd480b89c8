// SPDX-License-Identifier: GPL-3.0-or-later

package stats

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"
	"unicode"
)

// Any text may be between the quotes of a name: it is returned unchanged in its own field, or the answer is refused.
func TestHostileNamesInStatisticsStayNames(t *testing.T) {
	for _, name := range []string{`a"b`, "a,b", "a\nb", "a\r\nb", "a\x00b", " a ", "a;b", "=cmd()", "\x1b[2J",
		strings.Repeat("x", 1<<20), "東京", "\xff"} {
		cell := `"` + strings.ReplaceAll(name, `"`, `""`) + `"`
		proxies, err := ParseStat([]byte(head + "mysql," + cell + ",1,1,UP,2,1,1,1,1,\n"))
		if err != nil {
			if len(err.Error()) > 1000 {
				t.Errorf("%.20q: an error of %d bytes", name, len(err.Error()))
			}
			continue
		}
		if len(proxies) != 1 || len(proxies[0].Servers) != 1 ||
			strings.ReplaceAll(name, "\r\n", "\n") != proxies[0].Servers[0].Name {
			t.Errorf("%.20q became %.200v", name, proxies)
		}
	}
}

func TestHostileStatisticsAreRefused(t *testing.T) {
	for name, text := range map[string]string{
		"a quote without end":       head + "mysql,\"s1,1,1,UP,2,1,1,1,1,\n" + strings.Repeat("x,", 1000),
		"a quote in a cell":         head + "mysql,s\"1,1,1,UP,2,1,1,1,1,\n",
		"NULs for numbers":          head + "mysql,s1,\x00,1,UP,2,1,1,1,1,\n",
		"a NUL in a number":         head + "mysql,s1,1\x00,1,UP,2,1,1,1,1,\n",
		"hexadecimal":               head + "mysql,s1,0x1,1,UP,2,1,1,1,1,\n",
		"a million columns":         "# pxname" + strings.Repeat(",x", 1<<20) + "\n",
		"columns of one name":       "# pxname,svname,scur,stot,status,type,lastsess,scur\n",
		"only NULs":                 strings.Repeat("\x00", 1<<20),
		"a header that is a cell":   "\"# pxname,svname,scur,stot,status,type,lastsess\"\n",
		"rows with too few columns": head + strings.Repeat("a\n", 1<<20),
		"too many lines":            head + lines(maxRows+1, "mysql,s%d,1,1,UP,2,1,1,1,1,\n"),
		"escape sequences":          head + "mysql,\x1b[2J,1,1,UP,2,1,1,1,1,\n",
		"a C1 sequence":             head + "mysql,s1\u009b2J,1,1,UP,2,1,1,1,1,\n",
		"a title in a status":       head + "mysql,s1,1,1,UP\x1b]0;x\x07,2,1,1,1,1,\n",
		"a name of kilobytes":       head + "mysql," + strings.Repeat("x", maxCell+1) + ",1,1,UP,2,1,1,1,1,\n",
	} {
		t.Run(name, func(t *testing.T) {
			begun := time.Now()
			proxies, err := ParseStat([]byte(text))
			if err == nil || proxies != nil || len(err.Error()) > 1000 || strings.ContainsAny(err.Error(), "\x00") ||
				time.Since(begun) > 5*time.Second {
				t.Errorf("%.200v, %.300q after %s", proxies, fmt.Sprint(err), time.Since(begun))
			}
		})
	}
}

func lines(n int, format string) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, format, i)
	}
	return b.String()
}

// Answers of other commands, as long as the longest answer that is read.
func TestHostileAnswersTakeLittleMemory(t *testing.T) {
	empty := []byte(strings.Repeat("\n", MaxAnswer))
	wide := []byte(strings.Repeat("x,", MaxAnswer/2))
	for name, parse := range map[string]func([]byte) error{
		"show stat":          func(b []byte) error { _, err := ParseStat(b); return err },
		"show info":          func(b []byte) error { _, err := ParseInfo(b); return err },
		"show servers state": func(b []byte) error { _, err := ParseServersState(b); return err },
		"show table":         func(b []byte) error { _, err := ParseTable(b); return err },
	} {
		for _, answer := range [][]byte{empty, wide} {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			err := parse(answer)
			runtime.ReadMemStats(&after)
			if taken := after.TotalAlloc - before.TotalAlloc; err == nil || len(err.Error()) > 200 ||
				taken > 10*MaxAnswer {
				t.Errorf("%s: %v, %d MiB", name, err, taken>>20)
			}
		}
	}
}

func TestHostileWordsOfOtherAnswersAreRefused(t *testing.T) {
	for name, err := range map[string]error{
		"version": fail(ParseInfo([]byte("Version: 2.6\x1b[2J\nPid: 1\nUptime_sec: 1\n"))),
		"page": fail(ParsePage([]byte("<h1><a x>HAProxy version 2\x1b[2J, x</a></h1><b>pid = </b> 1 (process" +
			" #1, nbproc = 1)<b>uptime = </b> 1d 2h03m04s"))),
		"server": fail(ParseServersState([]byte("1\n# be_name srv_name srv_id srv_op_state srv_admin_state\nmysql" +
			" \x1b[2J 1 2 0\n"))),
		"table": fail(ParseTable([]byte("# table: my\x1b[2J, type: ip, size:1, used:0\n"))),
		"key":   fail(ParseTable([]byte("# table: t, type: ip, size:1, used:1\n0x1: key=\x1b[2J exp=1\n"))),
		"server_key": fail(ParseTable([]byte("# table: t, type: ip, size:1, used:1\n0x1: key=a exp=1" +
			" server_key=\u0085\n"))),
	} {
		if err == nil || !strings.Contains(err.Error(), "control character") ||
			strings.ContainsFunc(err.Error(), unicode.IsControl) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func fail[T any](_ T, err error) error { return err }
