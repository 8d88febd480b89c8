// SPDX-License-Identifier: GPL-3.0-or-later

package stats

import (
	"fmt"
	"strings"
	"testing"

	"overcloud.backup/tests/haproxytest"
	"overcloud.backup/tests/messages"
)

func TestParseInfoReadsTheProcess(t *testing.T) {
	got, err := ParseInfo(haproxytest.Recorded(t, "show_info-2.6.12-lab.txt"))
	if err != nil {
		t.Fatal(err)
	}
	if got.Version != "2.6.12-1+deb12u3" || got.PID != 798 || got.Uptime <= 66 || got.Processes != 1 ||
		got.Process != 1 || got.Stopping {
		t.Errorf("%+v", got)
	}
	got, err = ParseInfo([]byte("Name: HAProxy\nVersion: 1.5.18\nNbproc: 4\nProcess_num: 2\nPid: 7\nUptime: 0d" +
		" 0h00m03s\nUptime_sec: 3\nStopping: 1\n"))
	if err != nil || got != (Info{Version: "1.5.18", PID: 7, Uptime: 3, Processes: 4, Process: 2, Stopping: true}) {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestParseInfoRefusesOtherText(t *testing.T) {
	for input, want := range map[string]string{
		"":                                      "there is no Pid",
		"garbage":                               "there is no Pid",
		"Version: 2.6\nPid: 7\n":                "there is no Uptime_sec",
		"Version: 2.6\nPid: x\nUptime_sec: 1\n": `Pid is "x", not a number`,
		"Pid: 7\nUptime_sec: 1\n":               "there is no Version",
		"Version: 2.6\nPid: 7\nUptime_sec: -1":  `Uptime_sec is "-1"`,
	} {
		if _, err := ParseInfo([]byte(input)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error %v, want %q in it", input, err, want)
		}
	}
}

func TestParsePageReadsTheHeadOfTheStatisticsPage(t *testing.T) {
	got, err := ParsePage(haproxytest.Recorded(t, "page-2.6.12.html"))
	if err != nil || got != (Info{Version: "2.6.12-1+deb12u4", PID: 964, Uptime: 29, Processes: 1, Process: 1}) {
		t.Errorf("%+v, %v", got, err)
	}
	// 1.5 does not report threads, 3.4 reports warnings, and "stats hide-version" hides the version.
	got, err = ParsePage([]byte("<h1><a href=\"x\">HAProxy</a></h1><b>pid = </b> 12 (process #2, nbproc =" +
		" 4)<br>\n<b>uptime = </b> 1d 2h03m04s; warnings = 5<br>"))
	if err != nil || got != (Info{PID: 12, Uptime: 93784, Processes: 4, Process: 2}) {
		t.Errorf("%+v, %v", got, err)
	}
	if _, err := ParsePage([]byte("<html>something else</html>")); err == nil {
		t.Error("another page was accepted")
	}
}

func TestParseServersStateReadsEveryVersion(t *testing.T) {
	states, err := ParseServersState(haproxytest.Recorded(t, "show_servers_state-2.6.12-lab.txt"))
	if err != nil || len(states) != 3 {
		t.Fatalf("%d states, %v", len(states), err)
	}
	want := ServerState{Backend: "mysql", Name: "controller-1.internalapi.localdomain", ID: 2, Address: "10.99.0.11",
		Port: 3306, Oper: 2}
	if states[1] != want {
		t.Errorf("got %+v, want %+v", states[1], want)
	}
	// 1.6 reports no port; an address that is not resolved is a dash.
	states, err = ParseServersState([]byte("1\n# be_id be_name srv_name srv_id srv_addr srv_op_state" +
		" srv_admin_state\n3 mysql c0 1 - 0 32\n"))
	if err != nil || states[0] != (ServerState{Backend: "mysql", Name: "c0", ID: 1, Admin: 32}) {
		t.Errorf("%+v, %v", states, err)
	}
}

func TestParseServersStateRefusesOtherText(t *testing.T) {
	const header = "1\n# be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state\n"
	for input, want := range map[string]string{
		"":                                  `format version "" is not known`,
		"2\n# be_id\n":                      `format version "2"`,
		"1\n":                               "there is no header line",
		"1\n3 mysql 1 c0\n":                 "there is no header line",
		"1\n# be_id\n3\n":                   "lacks be_name or srv_name",
		header + "3 mysql 1 c0 10.0.0.1\n":  "line 3 has 5 columns, the header 7",
		header + "3 mysql x c0 - 2 0\n":     `line 3: srv_id is "x"`,
		header + "\n3 mysql 1 c0 - 2 0\n":   "line 3 has 0 columns",
		header + "3 mysql 1 c0 - up 0 1 1 ": `srv_op_state is "up"`,
	} {
		if _, err := ParseServersState([]byte(input)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error %v, want %q in it", input, err, want)
		}
	}
}

func TestApplyStatesFillsInAddresses(t *testing.T) {
	proxies, err := ParseStat(haproxytest.Recorded(t, "show_stat-2.6.12-split.csv"))
	if err != nil {
		t.Fatal(err)
	}
	states, err := ParseServersState(haproxytest.Recorded(t, "show_servers_state-2.6.12-split.txt"))
	if err != nil {
		t.Fatal(err)
	}
	ApplyStates(proxies, states)
	var got []string
	for _, p := range proxies {
		for _, s := range p.Servers {
			got = append(got, fmt.Sprintf("%s:%d/%d/%d", s.Address, s.Port, s.OperState, s.AdminState))
		}
	}
	const want = "127.0.0.11:13306/2/0 127.0.0.12:13306/2/0 127.0.0.13:13306/0/0 127.0.0.11:16379/0/0 ::1:6379/2/0"
	if strings.Join(got, " ") != want {
		t.Errorf("got %v", got)
	}
}

func TestParseTableReadsHeadAndEntries(t *testing.T) {
	got, err := ParseTable(haproxytest.Recorded(t, "show_table-2.6.12-lab.txt"))
	if err != nil || got.Name != "mysql" || got.Type != "ip" || got.Size != 1000 || got.Used != 1 || got.Readable ||
		len(got.Entries) != 0 {
		t.Errorf("level user: %+v, %v", got, err)
	}
	got, err = ParseTable(haproxytest.Recorded(t, "show_table-2.6.12-operator.txt"))
	if err != nil || !got.Readable || len(got.Entries) != 1 ||
		got.Entries[0] != (Entry{Key: "127.0.0.100", ServerID: 1, Server: "controller-0.internalapi.localdomain"}) {
		t.Errorf("level operator: %+v, %v", got, err)
	}
	got, err = ParseTable([]byte("# table: mysql, type: ip, size:1000, used:0\n"))
	if err != nil || !got.Readable || got.Entries == nil || len(got.Entries) != 0 {
		t.Errorf("empty: %+v, %v", got, err)
	}
}

func TestParseTableReadsOlderAndOddEntries(t *testing.T) {
	got, err := ParseTable([]byte("# table: t, type: string, size:10, used:3\n" +
		"0x1f: key=a\\ b=c\\\\ use=0 exp=1500 http_req_rate(10000)=0 server_id=2\n" + // 1.5 and 1.8 store no name
		"0x2f: key=10.0.0.1 use=1 exp=-77 shard=0 server_id=3 server_key=-\n" +
		"0x3f: key=10.0.0.2 use=1 exp=0\n"))
	if err != nil {
		t.Fatal(err)
	}
	NameEntries(got, []Server{{Name: "c1", ID: 2}, {Name: "c2", ID: 3}})
	want := []Entry{{Key: `a\ b=c\\`, ServerID: 2, Server: "c1", Expires: 1500},
		{Key: "10.0.0.1", ServerID: 3, Server: "c2", Expires: 77}, {Key: "10.0.0.2"}}
	if fmt.Sprint(got.Entries) != fmt.Sprint(want) {
		t.Errorf("got %+v", got.Entries)
	}
}

func TestNameEntriesBelievesTheKeptNameFirst(t *testing.T) {
	table := &Table{Entries: []Entry{{ServerID: 1, Server: "c1"}, {ServerID: 1, Server: "10.0.0.2:3306"},
		{ServerID: 9}}}
	NameEntries(table, []Server{{Name: "c0", ID: 1}, {Name: "c1", ID: 2}})
	if got := fmt.Sprint(table.Entries[0].Server, " ", table.Entries[1].Server, " ",
		table.Entries[2].Server); got != "c1 c0 " {
		t.Errorf("got %q", got)
	}
}

func TestParseTableRefusesOtherText(t *testing.T) {
	const tableHead = "# table: mysql, type: ip, size:1000, used:1\n"
	for input, want := range map[string]string{
		"":                         `begins with ""`,
		"No such table\n":          `begins with "No such table"`,
		"# table: mysql\n":         "has no name",
		"# table: mysql, size:x\n": `size is "x"`,
		"# table: mysql, size:1\n": "there is no used",
		tableHead + "mysql: key=1": "is not an entry",
		tableHead + "0x1: use=1":   "has no key",
		tableHead + "0x1: key=a":   "there is no exp",
		tableHead + "0x1: key=a exp=1 server_id=b":      `server_id is "b"`,
		tableHead + tableHead:                           "line 2",
		tableHead + tableRefused + "\n0x1: key=a exp=1": "entries follow the message",
	} {
		if _, err := ParseTable([]byte(input)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error %v, want %q in it", input, err, want)
		}
	}
}

// Any text may replace a word: the message about it is short.
func TestErrorsRepeatLittle(t *testing.T) {
	for pattern, parse := range map[string]func(b []byte) error{
		"show_info-2.6.12-lab.txt":            func(b []byte) error { _, err := ParseInfo(b); return err },
		"show_servers_state-2.6.12-lab.txt":   func(b []byte) error { _, err := ParseServersState(b); return err },
		"show_table-2.6.12-lab.txt":           func(b []byte) error { _, err := ParseTable(b); return err },
		"show_stat-2.6.12-lab-standby.csv":    func(b []byte) error { _, err := ParseStat(b); return err },
		"show_stat-1.5.csv":                   func(b []byte) error { _, err := ParseStat(b); return err },
		"show_servers_state-2.6.12-split.txt": func(b []byte) error { _, err := ParseServersState(b); return err },
	} {
		messages.Everywhere(t, string(haproxytest.Recorded(t, pattern)), parse)
	}
}

func FuzzParseInfo(f *testing.F) {
	haproxytest.Seeds(f, "show_info-*")
	f.Fuzz(func(t *testing.T, b []byte) {
		i, err := ParseInfo(b)
		if messages.Check(t, err); err == nil && (i.Version == "" || i.Uptime < 0 || i.PID < 0) {
			t.Errorf("%+v", i)
		}
	})
}

func FuzzParsePage(f *testing.F) {
	haproxytest.Seeds(f, "page-*")
	f.Fuzz(func(t *testing.T, b []byte) {
		i, err := ParsePage(b)
		if messages.Check(t, err); err == nil && (i.Uptime < 0 || i.PID < 0 || i.Processes < 0) {
			t.Errorf("%+v", i)
		}
	})
}

func FuzzParseServersState(f *testing.F) {
	haproxytest.Seeds(f, "show_servers_state-*")
	f.Fuzz(func(t *testing.T, b []byte) {
		states, err := ParseServersState(b)
		if messages.Check(t, err); err != nil && states != nil {
			t.Error("an error came with states")
		}
		for _, s := range states {
			if s.Backend == "" || s.Name == "" || s.Port < 0 {
				t.Errorf("%+v", s)
			}
		}
	})
}

func FuzzParseTable(f *testing.F) {
	haproxytest.Seeds(f, "show_table-*")
	f.Fuzz(func(t *testing.T, b []byte) {
		table, err := ParseTable(b)
		if err != nil {
			messages.Check(t, err)
			return
		}
		if !table.Readable && len(table.Entries) > 0 {
			t.Error("a table that cannot be read has entries")
		}
		for _, e := range table.Entries {
			if e.Key == "" || e.Expires < 0 || e.ServerID < 0 {
				t.Errorf("%+v", e)
			}
		}
	})
}
