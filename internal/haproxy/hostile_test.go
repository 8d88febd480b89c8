// SPDX-License-Identifier: GPL-3.0-or-later

package haproxy

import (
	"fmt"
	"net"
	"strings"
	"testing"
	"time"
)

// Names are whatever stands between the quotes; they come back as they are, in their own place, or the answer is refused.
func TestHostileNamesInStatisticsStayNames(t *testing.T) {
	for _, name := range []string{`a"b`, "a,b", "a\nb", "a\r\nb", "a\x00b", " a ", "a;b", "=cmd()", "\x1b[2J", strings.Repeat("x", 1<<20), "東京", "\xff"} {
		cell := `"` + strings.ReplaceAll(name, `"`, `""`) + `"`
		proxies, err := ParseStat([]byte(head + "mysql," + cell + ",1,1,UP,2,1,1,1,1,\n"))
		if err != nil {
			if len(err.Error()) > 1000 {
				t.Errorf("%.20q: an error of %d bytes", name, len(err.Error()))
			}
			continue
		}
		if len(proxies) != 1 || len(proxies[0].Servers) != 1 || strings.ReplaceAll(name, "\r\n", "\n") != proxies[0].Servers[0].Name {
			t.Errorf("%.20q became %.200v", name, proxies)
		}
	}
}

func TestHostileStatisticsAreRefused(t *testing.T) {
	for name, text := range map[string]string{
		"a quote without end":     head + "mysql,\"s1,1,1,UP,2,1,1,1,1,\n" + strings.Repeat("x,", 1000),
		"a quote in a cell":       head + "mysql,s\"1,1,1,UP,2,1,1,1,1,\n",
		"NULs for numbers":        head + "mysql,s1,\x00,1,UP,2,1,1,1,1,\n",
		"a NUL in a number":       head + "mysql,s1,1\x00,1,UP,2,1,1,1,1,\n",
		"hexadecimal":             head + "mysql,s1,0x1,1,UP,2,1,1,1,1,\n",
		"a million columns":       "# pxname" + strings.Repeat(",x", 1<<20) + "\n",
		"columns of one name":     "# pxname,svname,scur,stot,status,type,lastsess,scur\n",
		"only NULs":               strings.Repeat("\x00", 1<<20),
		"a header that is a cell": "\"# pxname,svname,scur,stot,status,type,lastsess\"\n",
		"columns too few":         head + strings.Repeat("a\n", 1<<20),
	} {
		t.Run(name, func(t *testing.T) {
			begun := time.Now()
			proxies, err := ParseStat([]byte(text))
			if err == nil || proxies != nil || len(err.Error()) > 1000 || strings.ContainsAny(err.Error(), "\x00") || time.Since(begun) > 5*time.Second {
				t.Errorf("%.200v, %.300q after %s", proxies, fmt.Sprint(err), time.Since(begun))
			}
		})
	}
}

// What an answer calls a proxy goes into the next command: it must not become a command itself.
func TestANameIsNoCommand(t *testing.T) {
	for _, name := range []string{"mysql; set server mysql/s1 state maint", "mysql\nshutdown sessions server mysql/s1", "mysql\r", "my sql", "mysql\x00", "", "$(id)", "mysql;", "ä"} {
		f := newFake(t, func(net.Conn, string) {})
		if _, err := stats(f.path).askFor(t.Context(), "show table", name); err == nil || !strings.Contains(err.Error(), "no name of HAProxy's") {
			t.Errorf("%q: %v", name, err)
		}
		if said := f.commands(); said != "" {
			t.Errorf("%q: sent %q", name, said)
		}
	}
	answers := lab(t)
	answers["show stat"] = strings.ReplaceAll(answers["show stat"], "\nmysql,", "\n\"mysql; set server mysql/x state maint\",")
	f := newFake(t, scripted(answers))
	read(t, Options{Socket: f.path})
	if said := f.commands(); strings.Contains(said, "set server") {
		t.Errorf("sent %q", said)
	}
}
