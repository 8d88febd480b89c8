// SPDX-License-Identifier: GPL-3.0-or-later

package cfg

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"overcloud.backup/tests/haproxytest"
)

// section reads the only section of a configuration.
func section(t *testing.T, text string) Section {
	t.Helper()
	c, _ := parseConfig(t, text)
	if len(c.Sections) == 0 {
		t.Fatalf("no section in %s", text)
	}
	s := c.Sections[len(c.Sections)-1]
	s.File = ""
	return s
}

// If a rule were missed, the controller that gets the next client would look idle.
func TestWhatALineSaysAboutClients(t *testing.T) {
	for lines, want := range map[string]Section{
		"mode http":                 {settings: settings{Mode: "http"}},
		"balance first":             {settings: settings{Balance: "first"}},
		"balance":                   {},
		"balance first; no balance": {},
		"option allbackups":         {settings: settings{AllBackups: true}},
		"option allbackups; no option allbackups":      {},
		"option allbackups; default option allbackups": {},
		"option persist":                             {settings: settings{Persist: true}},
		"option persist; no option persist":          {},
		"option tcplog":                              {},
		"force-persist if x":                         {settings: settings{Persist: true, Loose: true}},
		"ignore-persist if x":                        {settings: settings{Loose: true}},
		"persist rdp-cookie":                         {settings: settings{Unmodelled: []string{"persist rdp-cookie"}}},
		"persist rdp-cookie; no persist rdp-cookie":  {settings: settings{Unmodelled: []string{}}},
		"transparent":                                {settings: settings{Unmodelled: []string{"option transparent"}}},
		"transparent; option transparent":            {settings: settings{Unmodelled: []string{"option transparent"}}},
		"option http_proxy":                          {settings: settings{Unmodelled: []string{"option http_proxy"}}},
		"option http_proxy; no option http_proxy":    {settings: settings{Unmodelled: []string{}}},
		"disabled":                                   {settings: settings{Disabled: true}},
		"disabled; no disabled":                      {},
		"disabled; enabled":                          {},
		"tcp-request connection accept":              {},
		"tcp-request connection expect-proxy layer4": {settings: settings{Loose: true}},
		"tcp-request content set-dst ipv4(10.0.0.1)": {settings: settings{Loose: true}},
		"tcp-request content set-dst-port int(1)":    {settings: settings{Loose: true}},
		"tcp-request content switch-mode http if HTTP": {settings: settings{
			Unmodelled: []string{"tcp-request content switch-mode"}}},
		"use-server c1 if x; use-server %[src] unless x": {UseServers: []string{"c1", "%[src]"}},
		"dispatch 10.0.0.1:3306": {Dispatch: "10.0.0.1:3306",
			settings: settings{Unmodelled: []string{"dispatch"}}},
		"bind 10.0.0.1:1":                      {Binds: []string{"10.0.0.1:1"}},
		"bind 10.0.0.1:1 ssl crt x":            {Binds: []string{"10.0.0.1:1"}, TLS: true},
		"bind 10.0.0.1:1 ssl; bind 10.0.0.2:1": {Binds: []string{"10.0.0.1:1", "10.0.0.2:1"}, TLS: true},
		"bind 10.0.0.1:1 accept-proxy": {Binds: []string{"10.0.0.1:1"},
			settings: settings{Loose: true}},
		"bind 10.0.0.1:1 accept-netscaler-cip 1": {Binds: []string{"10.0.0.1:1"},
			settings: settings{Loose: true}},
		"use_backend b if x; use_backend b": {Backends: []string{"b"}},
		"use_backend b if x; default_backend c": {Backends: []string{"b", "c"},
			settings: settings{DefaultBackend: "c"}},
		"use_backend %[src]": {settings: settings{AnyBackend: true,
			Unmodelled: []string{"use_backend %[src]"}}},
		"stick on": {},
		"stick on dst": {Sticky: true, StickRules: []stickRule{{"dst", "s", false}},
			StoredTables: []string{"s"}},
		"stick on src table t if x": {Sticky: true, Table: "t", StickRules: []stickRule{{"src", "t", true}},
			StoredTables: []string{"t"}},
		"stick on src unless x": {Sticky: true, StickRules: []stickRule{{"src", "s", true}},
			StoredTables: []string{"s"}},
		"stick match dst":                 {Sticky: true, StickRules: []stickRule{{"dst", "s", true}}},
		"stick store-request src table t": {StoredTables: []string{"t"}},
		"stick-table type ip size 9":      {Table: "s", StickTable: &stickTable{}},
		"stick-table type ip size 9 expire 30m peers p": {Table: "s",
			StickTable: &stickTable{Peers: "p", Expires: true}},
		"stick-table type ip peers": {Table: "s", StickTable: &stickTable{}},
		"stick on dst table t; stick-table type ip size 9": {Sticky: true, Table: "t", StickTable: &stickTable{},
			StickRules: []stickRule{{"dst", "t", false}}, StoredTables: []string{"t"}},
		"stats enable":                     {Stats: StatsPage{Enabled: true}},
		"stats uri /x":                     {Stats: StatsPage{Enabled: true, URI: "/x"}},
		"stats uri":                        {},
		"stats auth a:b:c; stats auth d:e": {Stats: StatsPage{Enabled: true, User: "a", Password: "b:c"}},
		"stats auth":                       {},
		"stats refresh 5s":                 {},
		"server a 10.0.0.1:3306 backup":    {Servers: []Server{{"a", "10.0.0.1", 3306}}},
		"server a db.example:3306":         {Servers: []Server{{"a", "", 0}}},
	} {
		want.Kind, want.Name = "backend", "s"
		got := section(t, "backend s\n"+strings.ReplaceAll(lines, "; ", "\n"))
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s:\n got %+v\nwant %+v", lines, got, want)
		}
	}
}

// A section has what its defaults had when it began, and a change of either does not reach the other.
func TestASectionInheritsItsDefaults(t *testing.T) {
	const text = `defaults
  mode tcp
  option persist
  persist rdp-cookie
  default_backend db
  server-template ignored 3 x
defaults named
  mode http
  balance first
defaults child from named
  option allbackups
frontend f
frontend g from named
frontend h from child
  transparent
frontend i from none
backend b from named
listen l 10.0.0.1:80
defaults
frontend j
`
	c, problem := parseConfig(t, text)
	if problem != "" {
		t.Error(problem)
	}
	var got []string
	for _, s := range c.Sections {
		got = append(got, fmt.Sprintf("%s %s/%s %s %t %t %v %v %v", s.Name, s.Mode, s.EffectiveMode(), s.Balance,
			s.Persist, s.AllBackups, s.Unmodelled, s.Backends, s.Binds))
	}
	want := []string{
		"f http/http first false true [] [] []", // the last defaults section counts
		"g http/http first false false [] [] []",
		"h http/http first false true [option transparent] [] []",
		"i /tcp  false false [] [] []",
		"b http/http first false false [] [] []",
		"l http/http first false true [] [] [10.0.0.1:80]",
		"j /tcp  false false [] [] []",
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	c, _ = parseConfig(t, "defaults\n default_backend db\nfrontend f\n use_backend x if y\nbackend b\nlisten l\n")
	for name, want := range map[string]string{"f": "[db x]", "b": "[]", "l": "[db]"} {
		for _, s := range c.Sections {
			if s.Name == name && fmt.Sprint(s.Backends) != want {
				t.Errorf("%s leads to %v, not %s", name, s.Backends, want)
			}
		}
	}
}

func TestWhereASectionLeads(t *testing.T) {
	c, _ := parseConfig(t, "frontend f\n default_backend b\nbackend b\nlisten l\n use_backend b\nfrontend d\n"+
		" disabled\n default_backend b\nfrontend b2\nbackend b2\n")
	for i, want := range []string{"b", "", "b l", "", "", ""} {
		var got []string
		for _, name := range []string{"b", "l", "none"} {
			if c.Sections[i].LeadsTo(name) {
				got = append(got, name)
			}
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s leads to %q, not %q", c.Sections[i].Name, got, want)
		}
	}
	for _, of := range []struct{ kind, name, want string }{
		{"frontend", "f", "frontend f"}, {"backend", "f", ""}, {"backend", "l", "listen l"},
		{"frontend", "l", "listen l"},
		{"frontend", "b2", "frontend b2"}, {"backend", "b2", "backend b2"}, {"backend", "none", ""},
	} {
		got := ""
		if s := c.Section(of.kind, of.name); s != nil {
			got = s.Kind + " " + s.Name
		}
		if got != of.want {
			t.Errorf("%s %s: %q", of.kind, of.name, got)
		}
	}
	if (*Config)(nil).Section("backend", "b") != nil {
		t.Error("a configuration that was not read has a section")
	}
}

// A line that was not understood belongs to the sections that lack it, so that only these are unknown.
func TestAnUnreadLineBelongsToItsSection(t *testing.T) {
	const text = `defaults
  balance "open
listen a
.if defined(X)
  server x
.elif defined(Y)
  server a 10.0.0.1:1
.endif
  bind 10.0.0.1:3306
defaults
listen b
.if defined(X)
.if defined(Y)
.endif
  bind 10.0.0.2:3306
.endif
  bind 10.0.0.3:3306
.endif
listen c
  bind 10.0.0.4
  bind 10.0.0.4
`
	c, _ := parseConfig(t, text)
	for i, want := range []string{"2 4 5 6", "12 13", "20 21"} {
		var lines []string
		for _, e := range c.Sections[i].Unread {
			lines = append(lines, fmt.Sprint(e.Line))
		}
		if got := strings.Join(lines, " "); got != want {
			t.Errorf("%s: lines %s, want %s", c.Sections[i].Name, got, want)
		}
	}
	many := section(t, "listen a\n"+strings.Repeat("bind 10.0.0.1\n", 50)+strings.Repeat("use_backend %[src]\n", 50)+
		strings.Repeat("persist a b\npersist c d\n", 1))
	if len(many.Unread) != maxReported || len(many.Unmodelled) != 3 {
		t.Errorf("%d lines, %q", len(many.Unread), many.Unmodelled)
	}
}

// A variable whose value depends on a branch that only the process knows has none.
func TestTheEnvironmentOfAProcess(t *testing.T) {
	env := map[string]string{"GIVEN": "10.0.0.1", "OTHER": "10.0.0.2"}
	for lines, want := range map[string]string{
		"": "10.0.0.1 10.0.0.2", "setenv GIVEN 10.0.0.9": "10.0.0.9 10.0.0.2",
		"presetenv GIVEN 10.0.0.9": "10.0.0.1 10.0.0.2",
		"unsetenv GIVEN":           "? 10.0.0.2", "unsetenv GIVEN OTHER": "? ?", "resetenv": "? ?",
		"resetenv OTHER": "? 10.0.0.2",
		"unsetenv GIVEN; presetenv GIVEN 10.0.0.8": "10.0.0.8 10.0.0.2", "setenv GIVEN": "10.0.0.1 10.0.0.2",
		".if x; setenv GIVEN 10.0.0.9; .endif": "? 10.0.0.2", ".if x; unsetenv GIVEN; .endif": "? 10.0.0.2",
		".if x; resetenv OTHER; .endif": "? ?", ".if x; .endif; setenv GIVEN 10.0.0.9": "10.0.0.9 10.0.0.2",
	} {
		text := "global\n" + strings.ReplaceAll(lines, "; ",
			"\n") + "\nlisten a\nbind $GIVEN:1\nlisten b\nbind ${OTHER}:1\n"
		c, _ := ParseWith([]File{{Content: []byte(text)}}, env)
		var got []string
		for _, s := range c.Sections {
			if got = append(got, "?"); len(s.Binds) > 0 {
				got[len(got)-1] = strings.TrimSuffix(s.Binds[0], ":1")
			}
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%q: %q, want %q", lines, got, want)
		}
	}
	if env["GIVEN"] != "10.0.0.1" {
		t.Error("the caller's environment was changed")
	}
}

func TestTheSocketsOfStatistics(t *testing.T) {
	for line, want := range map[string]string{
		"stats socket /run/h": "[{/run/h operator}]", "stats socket /run/h level user": "[{/run/h user}]",
		"stats socket /run/h mode 600 level":   "[{/run/h operator}]",
		"stats socket unix@/run/h level admin": "[{/run/h admin}]",
		"stats socket 127.0.0.1:1":             "[]", "stats socket": "[]", "stats timeout 2m": "[]",
		"stats socket abns@h": "[]",
		"stats socket $NONE":  "[]",
	} {
		c, problem := parseConfig(t, "global\n "+line)
		if got := fmt.Sprint(c.Sockets); got != want || (problem != "") != strings.Contains(line, "$") {
			t.Errorf("%s: %s, %q", line, got, problem)
		}
	}
	c, _ := parseConfig(t, "peers p\n peer a 10.0.0.1:1\n server b 10.0.0.2:1\npeers q\n peer c 10.0.0.3:1\n"+
		"global\n peer d x\n")
	if fmt.Sprint(c.Peers) != "map[p:2 q:1]" {
		t.Errorf("%v", c.Peers)
	}
}

// The configuration of the lab, in two files: the second goes on in no section of the first.
func TestFilesAreReadInTheirOrder(t *testing.T) {
	lab := haproxytest.Recorded(t, "haproxy-lab.cfg")
	c, errs := Parse([]File{{Name: "a", Content: lab}, {Name: "b", Content: []byte("listen second\n bind 10.0.0.1")}})
	s := c.Section("listen", "second")
	if s == nil || s.File != "b" || s.Mode != c.Section("listen",
		"mysql").Mode || len(errs) != 1 || errs[0].File != "b" ||
		errs[0].Line != 2 {
		t.Errorf("%+v, %v", s, errs)
	}
}
