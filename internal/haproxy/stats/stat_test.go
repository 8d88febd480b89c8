// SPDX-License-Identifier: GPL-3.0-or-later

package stats

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"overcloud.backup/internal/excerpt"
	"overcloud.backup/tests/haproxytest"
	"overcloud.backup/tests/messages"
)

// short returns a server as one line: name, status, raw status, sessions, last session, address.
func short(s Server) string {
	backup := ""
	if s.Backup {
		backup = " backup"
	}
	return fmt.Sprintf("%s#%d %s(%s)%s %d/%d last %d %s:%d", s.Name, s.ID, s.Status, s.Raw, backup,
		s.CurrentSessions, s.TotalSessions, s.LastSession, s.Address, s.Port)
}

func TestParseStatReadsEveryVersion(t *testing.T) {
	const fqdn = ".internalapi.localdomain"
	for file, want := range map[string]string{
		"show_stat-1.5.csv": "mysql overcloud-controller-0#1 DOWN(DOWN) backup 0/0 last 5822 :0|" +
			"overcloud-controller-1#2 UP(UP) backup 31/1904 last 3 :0|overcloud-controller-2#3 TRANSIENT(UP 1/3)" +
			" backup 0/0 last -1 :0",
		"show_stat-1.8.csv": "mysql overcloud-controller-0" + fqdn + "#1 UP(UP) backup 12/90 last 0 :0|" +
			"overcloud-controller-1" + fqdn + "#2 MAINT(MAINT (via mysql/overcloud-controller-2" + fqdn +
			")) backup 0/0 last -1 :0|" +
			"overcloud-controller-2" + fqdn + "#3 MAINT(MAINT) backup 0/0 last -1 :0",
		"show_stat-2.4.csv": "mysql_be overcloud-controller-0" + fqdn +
			"#1 DRAIN(DRAIN) backup 0/0 last -1 10.0.0.10:3306|" +
			"overcloud-controller-1" + fqdn + "#2 UP(UP) backup 7/7 last 1 10.0.0.11:3306|" +
			"overcloud-controller-2" + fqdn + "#3 DOWN(DOWN 1/2) backup 0/0 last -1 fd00::12:3306",
		"show_stat-2.6.12-lab-quiet.csv": "mysql controller-0" + fqdn + "#1 UP(UP) backup 0/1 last 37 :0|controller-1" +
			fqdn +
			"#2 UP(UP) backup 0/0 last -1 :0|controller-2" + fqdn + "#3 UP(UP) backup 0/0 last -1 :0",
		"show_stat-2.6.12-lab-load.csv": "mysql controller-0" + fqdn + "#1 UP(UP) backup 4/12 last 16 :0|controller-1" +
			fqdn +
			"#2 UP(UP) backup 0/0 last -1 :0|controller-2" + fqdn + "#3 UP(UP) backup 0/0 last -1 :0",
		"show_stat-2.6.12-lab-standby.csv": "mysql controller-0" + fqdn +
			"#1 UP(UP) backup 0/0 last -1 :0|controller-1" + fqdn +
			"#2 UP(UP) backup 0/0 last -1 :0|controller-2" + fqdn + "#3 UP(UP) backup 0/0 last -1 :0",
		"show_stat-2.6.12-operator.csv": "mysql controller-0" + fqdn +
			"#1 UP(UP) backup 1/1 last 24 127.0.0.11:13306|controller-1" + fqdn +
			"#2 UP(UP) backup 0/0 last -1 127.0.0.12:13306|controller-2" + fqdn +
			"#3 DOWN(DOWN) backup 0/0 last -1 127.0.0.13:13306",
		"show_stat-2.6.12-split.csv": "mysql_be controller-0" + fqdn + "#1 UP(UP) backup 1/1 last 0 :0|controller-1" +
			fqdn +
			"#2 UP(UP) backup 0/0 last -1 :0|controller-2" + fqdn + "#3 DOWN(DOWN) backup 0/0 last -1 :0",
		"show_stat-3.0.csv": "mysql overcloud-controller-0" + fqdn +
			"#1 NOLB(NOLB) backup 0/0 last -1 :0|overcloud-controller-1" + fqdn +
			"#2 UP(UP) backup 7/7 last 1 :0|overcloud-controller-2" + fqdn +
			"#3 DOWN(DOWN (agent)) backup 0/0 last -1 :0",
		"show_stat-3.4.csv": "mysql overcloud-controller-0" + fqdn + "#1 UP(UP) backup 7/7 last 0 :0",
	} {
		proxies, err := ParseStat(haproxytest.Recorded(t, file))
		if err != nil {
			t.Errorf("%s: %v", file, err)
			continue
		}
		name, servers, _ := strings.Cut(want, " ")
		var got []string
		for _, p := range proxies {
			if p.Name == name {
				for _, s := range p.Servers {
					got = append(got, short(s))
				}
			}
		}
		if strings.Join(got, "|") != servers {
			t.Errorf("%s:\n got %s\nwant %s", file, strings.Join(got, "|"), servers)
		}
	}
}

func TestParseStatReadsEveryValueOfALine(t *testing.T) {
	proxies, err := ParseStat(haproxytest.Recorded(t, "show_stat-2.6.12-operator.csv"))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, p := range proxies {
		names = append(names, fmt.Sprintf("%s %s %v %v %d", p.Name, p.Mode, p.Frontend != nil, p.Backend != nil,
			len(p.Servers)))
	}
	if got, want := strings.Join(names, ", "),
		"haproxy.stats http true true 0, mysql tcp true true 3, redis tcp true false 0, redis_be tcp"+
			" false true 2"; got != want {
		t.Errorf("proxies %s, want %s", got, want)
	}
	want := Server{Name: "controller-2.internalapi.localdomain", Status: StatusDown, Raw: "DOWN", Backup: true,
		Weight: 1, ID: 3,
		Address: "127.0.0.13", Port: 13306, LastSession: -1, LastChange: 27, CheckStatus: "L4CON", Downtime: 27,
		OperState: -1, AdminState: -1}
	if got := proxies[1].Servers[2]; got != want {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	if f := proxies[1].Frontend; f.Status != "OPEN" || f.CurrentSessions != 1 || f.TotalSessions != 1 ||
		f.LastSession != -1 {
		t.Errorf("frontend %+v", *f)
	}
	if s := proxies[3].Servers[1]; s.Backup || s.Status != StatusNoCheck || s.Address != "::1" || s.Port != 6379 ||
		!s.Usable() {
		t.Errorf("IPv6 server without a check: %+v", s)
	}
}

const head = haproxytest.StatHead

func TestParseStatFindsColumnsByName(t *testing.T) {
	proxies, err := ParseStat([]byte("# new,type,stot,svname,lastsess,status,scur,pxname,bck,sid\n" +
		"\"a,b\nc\",2,9,s1,4,UP,5,mysql,1,7\n"))
	if err != nil {
		t.Fatal(err)
	}
	if got := short(proxies[0].Servers[0]); got != "s1#7 UP(UP) backup 5/9 last 4 :0" {
		t.Error(got)
	}
}

func TestParseStatSumsUpProcesses(t *testing.T) {
	proxies, err := ParseStat([]byte(head +
		"mysql,FRONTEND,1,2,OPEN,0,,,1,0,,\nmysql,s1,1,10,UP,2,40,1,1,1,,\nmysql,s2,0,0,UP,2,-1,1,1,2,,\n" +
		"mysql,BACKEND,1,10,UP,1,40,1,1,0,,\n" +
		"mysql,FRONTEND,3,4,OPEN,0,,,2,0,,\nmysql,s1,4,20,UP,2,3,1,2,1,,\nmysql,s2,0,5,DOWN,2,9,1,2,2,,\n" +
		"mysql,BACKEND,4,25,UP,1,3,1,2,0,,\n"))
	if err != nil {
		t.Fatal(err)
	}
	p := proxies[0]
	if len(proxies) != 1 || p.Frontend.TotalSessions != 6 || p.Backend.CurrentSessions != 5 ||
		p.Backend.LastSession != 3 {
		t.Errorf("sides %+v %+v", *p.Frontend, *p.Backend)
	}
	if got := short(p.Servers[0]) + ", " +
		short(p.Servers[1]); got != "s1#1 UP(UP) backup 5/30 last 3 :0, s2#2 (UP / DOWN) backup 0/5 last 9 :0" {
		t.Error(got)
	}
}

func TestParseStatRefusesOtherText(t *testing.T) {
	for input, want := range map[string]string{
		"":                                     "there is no header line",
		"\n\n":                                 "there is no header line",
		"<html><body>401</body></html>\n":      `begins with "<html><body>401</body></html>"`,
		"mysql,FRONTEND,0\n":                   "no header line",
		"# pxname,svname\n":                    `lacks column "scur"`,
		"# pxname,svname,scur,stot,scur\n":     `column "scur" is listed twice`,
		head + "mysql,s1,x,1,UP,2,1,1,1,1,":    "not complete",
		head + "mysql,s1,x,1,UP,2,1,1,1,1,\n":  `line 2: scur is "x", not a number`,
		head + "mysql,s1,-4,1,UP,2,1,1,1,1,\n": `line 2: scur is "-4"`,
		head + "mysql,s1,1,1,UP,9,1,1,1,1,\n":  `line 2: type "9"`,
		head + "mysql,s1,1\n":                  "line 2: it has 3 columns",
		head + "mysql,s1,1,1,UP,2,1,1,1,1,\nmysql,s1,1,1,UP,2,1,1,1,1,\n":     "line 3: mysql/s1 is listed twice",
		head + "mysql,s1,1,1,\"UP,2,1,1,1,1,\nmysql,s1,1,1,UP,2,1,1,1,1,\n":   "quote",
		head + "mysql,s1,99999999999999999999,1,UP,2,1,1,1,1,\n":              "not a number",
		head + "mysql,s1,1,1,UP,2,1,1,1,1,\n\nmysql,s\x00,1,1,UP,2,x,1,1,1,,": "not complete",
	} {
		if _, err := ParseStat([]byte(input)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error %v, want %q in it", excerpt.Of(input), err, want)
		}
	}
}

func TestParseStatusKnowsEveryWord(t *testing.T) {
	for text, want := range map[string]Status{
		"UP": StatusUp, "UP 1/3": StatusGoing, "DOWN": StatusDown, "DOWN 1/2": StatusDown, "DOWN (agent)": StatusDown,
		"MAINT": StatusMaint, "MAINT (via b/s)": StatusMaint, "MAINT (resolution)": StatusMaint, "DRAIN": StatusDrain,
		"DRAIN 2/3": StatusDrain, "DRAIN (agent)": StatusDrain, "NOLB": StatusNoLB, "NOLB 1/3": StatusNoLB,
		"no check": StatusNoCheck, "": StatusUnknown, "up": StatusUnknown, "OPEN": StatusUnknown, "no": StatusUnknown,
	} {
		if got := ParseStatus(text); got != want {
			t.Errorf("%q is %q, want %q", text, got, want)
		}
	}
}

// many returns "show stat" of n servers, under the header of 2.4.
func many(t testing.TB, n int) []byte {
	lines := strings.Split(string(haproxytest.Recorded(t, "show_stat-2.6.12-lab-load.csv")), "\n")
	var b strings.Builder
	fmt.Fprintln(&b, lines[0])
	for i := range n {
		fmt.Fprintln(&b, strings.Replace(lines[4], "controller-0", fmt.Sprintf("server-%d", i), 1))
	}
	return []byte(b.String())
}

func TestParseStatOf2000ServersKeepsLittle(t *testing.T) {
	b := many(t, 2000)
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	proxies, err := ParseStat(b)
	runtime.GC()
	runtime.ReadMemStats(&after)
	if err != nil || len(proxies[0].Servers) != 2000 {
		t.Fatalf("%d servers, %v", len(proxies[0].Servers), err)
	}
	if kept := int64(after.HeapAlloc) - int64(before.HeapAlloc); kept > 2<<20 {
		t.Errorf("%d bytes are kept for %d bytes of statistics", kept, len(b))
	}
	runtime.KeepAlive(proxies)
}

func BenchmarkParseStat(b *testing.B) {
	for _, n := range []int{200, 2000, 20000} {
		csv := many(b, n)
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			b.SetBytes(int64(len(csv)))
			for b.Loop() {
				if _, err := ParseStat(csv); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func TestCompareCountsTheSessionsBetweenTwoSamples(t *testing.T) {
	sample := func(stot ...int64) []Proxy {
		p := Proxy{Name: "mysql", Frontend: &Side{TotalSessions: stot[0]}, Backend: &Side{TotalSessions: stot[1]}}
		for i, n := range stot[2:] {
			p.Servers = append(p.Servers, Server{Name: fmt.Sprint("s", i), TotalSessions: n})
		}
		return []Proxy{p}
	}
	later := sample(7, 6, 5, 4, 3)
	if err := Compare(sample(5, 5, 5, 1), later); err != nil {
		t.Fatal(err)
	}
	p := later[0]
	got := []int64{p.Frontend.NewSessions, p.Backend.NewSessions, p.Servers[0].NewSessions, p.Servers[1].NewSessions,
		p.Servers[2].NewSessions}
	if fmt.Sprint(got) != "[2 1 0 3 3]" {
		t.Errorf("new sessions %v", got)
	}
	later = sample(9, 9, 0)
	if err := Compare(sample(5, 5, 5), later); err == nil || !strings.Contains(err.Error(), "went back from 5 to 0") {
		t.Errorf("a counter that went back: %v", err)
	}
	if later[0].Frontend.NewSessions != 0 {
		t.Error("sessions were counted although a counter went back")
	}
}

// HAProxy 2.6 reports a port relative to the client's as an offset.
func TestAPortThatHangsOnTheClientsIsNone(t *testing.T) {
	if host, port := splitAddress("1.1.1.4:-1000"); host != "1.1.1.4" || port != 0 {
		t.Errorf("show stat: %q, %d", host, port)
	}
}

func FuzzParseStat(f *testing.F) {
	haproxytest.Seeds(f, "show_stat-*.csv")
	f.Add([]byte(head + "mysql,s1,1,1,UP,2,1,1,1,1,,\nmysql,s1,1,1,DOWN,2,1,1,2,1,,\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		proxies, err := ParseStat(b)
		if messages.Check(t, err); err != nil {
			if proxies != nil {
				t.Error("an error came with proxies")
			}
			return
		}
		seen := map[string]bool{}
		for _, p := range proxies {
			if seen[p.Name] {
				t.Errorf("proxy %q is there twice", p.Name)
			}
			seen[p.Name] = true
			for _, s := range p.Servers {
				if s.Usable() && s.Raw != "UP" && s.Raw != "no check" {
					t.Errorf("status %q counts as usable", s.Raw)
				}
				if s.LastSession < -1 || s.LastChange < -1 {
					t.Errorf("a time is negative: %+v", s)
				}
			}
		}
	})
}
