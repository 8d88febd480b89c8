// SPDX-License-Identifier: GPL-3.0-or-later

package cfg

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"overcloud.backup/tests/haproxytest"
	"overcloud.backup/tests/messages"
)

func parseConfig(t testing.TB, text string) (*Config, string) {
	t.Helper()
	c, errs := Parse([]File{{Name: "haproxy.cfg", Content: []byte(text)}})
	var all []string
	for _, err := range errs {
		all = append(all, err.File+" "+err.Error())
	}
	return c, strings.Join(all, "; ")
}

func TestParseConfigReadsATripleOController(t *testing.T) {
	c, errs := Parse([]File{{Name: "haproxy.cfg", Content: haproxytest.Recorded(t, "haproxy-lab.cfg")}})
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	if fmt.Sprint(c.Sockets) != "[{/var/lib/haproxy/stats user}]" {
		t.Errorf("sockets %v", c.Sockets)
	}
	stats, mysql := c.Sections[0], c.Sections[1]
	if stats.Mode != "http" || stats.Stats != (StatsPage{Enabled: true, URI: "/", User: "admin",
		Password: "lab-haproxy-stats"}) ||
		fmt.Sprint(stats.Binds) != "[10.99.0.100:1993 10.99.0.10:1993]" {
		t.Errorf("stats %+v", stats)
	}
	if mysql.Kind != "listen" || mysql.Mode != "tcp" || !mysql.Sticky || mysql.Table != "mysql" ||
		fmt.Sprint(mysql.Binds) != "[10.99.0.100:3306]" || len(mysql.Servers) != 3 ||
		mysql.Servers[2] != (Server{Name: "controller-2.internalapi.localdomain", Address: "10.99.0.12",
			Port: 3306}) {
		t.Errorf("mysql %+v", mysql)
	}
}

func TestParseConfigFollowsFrontendsToBackends(t *testing.T) {
	c, problem := parseConfig(t, `
defaults tcpish
  mode tcp
defaults
  mode http
frontend mysql from tcpish
  bind 172.16.2.5:3306 transparent
  use_backend mysql_be if { src 10.0.0.0/8 }
  default_backend mysql_be
backend mysql_be from tcpish
  stick match dst table pins   # kept elsewhere
  server c0 172.16.2.10:3306 backup check
backend pins from tcpish
  stick-table type ip size 1000
backend web
  stick-table type ip size 10
  stick store-request src
peers mine
  bind 10.0.0.1:1024
  server c0 10.0.0.2:1024
ring logs
  server c0 10.0.0.3:514
`)
	if problem != "" {
		t.Error(problem)
	}
	var got []string
	for _, s := range c.Sections {
		got = append(got, fmt.Sprintf("%s %s %s %v %v %d %v %s", s.Kind, s.Name, s.Mode, s.Binds, s.Backends,
			len(s.Servers), s.Sticky, s.Table))
	}
	want := []string{
		"frontend mysql tcp [172.16.2.5:3306] [mysql_be] 0 false ",
		"backend mysql_be tcp [] [] 1 true pins",
		"backend pins tcp [] [] 0 false pins",
		"backend web http [] [] 0 false web",
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestParseConfigReadsVariablesThatItSets(t *testing.T) {
	c, problem := parseConfig(t, `global
  setenv VIP 10.0.0.5
  stats socket "/run/haproxy/${NAME-admin}.sock" level admin expose-fd listeners
  stats socket ipv4@127.0.0.1:9999 level admin
  stats socket unix@/run/second
listen mysql ${VIP}:3306
  bind "$VIP:3307"
  server "c 0" '10.0.0.10:3306'
  bind ${OTHER}:3306
  server c1 "${OTHER}:3306"
  server c2
  log-format "a quote that nobody closes
`)
	if got := fmt.Sprint(c.Sockets); got != "[{/run/haproxy/admin.sock admin} {/run/second operator}]" {
		t.Errorf("sockets %s", got)
	}
	s := c.Sections[0]
	if fmt.Sprint(s.Binds) != "[10.0.0.5:3306 10.0.0.5:3307]" || fmt.Sprint(s.Servers) != "[{c 0 10.0.0.10 3306}]" {
		t.Errorf("section %+v", s)
	}
	want := "haproxy.cfg line 9: bind: the value of $OTHER is known only to the process; " +
		"haproxy.cfg line 10: server: the value of $OTHER is known only to the process; haproxy.cfg line 11: server:" +
		" it has no address"
	if problem != want {
		t.Errorf("errors\n%s\nwant\n%s", problem, want)
	}
}

func TestParseConfigNamesUnreadableLines(t *testing.T) {
	for line, want := range map[string]string{
		"listen":                                       "listen: it has no name",
		"listen a\n bind":                              "line 2: bind: it has no argument",
		"listen a\n bind 10.0.0.1":                     `bind: address "10.0.0.1" has no port`,
		"listen a\n bind 10.0.0.1:0":                   "has no port",
		"listen a\n bind \"1:2":                        "bind: a quote is not closed",
		"listen a\n bind 1:2\\":                        "",
		"listen a\n server x y\\xzz":                   "hexadecimal",
		".if defined(X)":                               ".if is decided only by the process",
		"listen a\n server-template x 3 db:3306 check": "known only to the process",
		"backend b\n reqrep ^(.*'  x":                  "", // 1.5 knows no quotes
		"# listen":                                     "",
		"ruleset x\n bind y":                           "",
	} {
		_, got := parseConfig(t, line)
		if want == "" && got != "" && !strings.Contains(line, "\\") || !strings.Contains(got, want) {
			t.Errorf("%q: %q, want %q in it", line, got, want)
		}
	}
}

func TestSplitWordsQuotesAsHAProxyDoes(t *testing.T) {
	env := map[string]string{"A": "one", "B": ""}
	for line, want := range map[string]string{
		``:                            ``,
		`  a	b  c `:                   `a|b|c`,
		`a # b`:                       `a`,
		`a\ b \# \\ \' \" \n \x41 \d`: "a b|#|\\|'|\"|\n|A|\\d",
		`"a b" 'c # "d"' "e'f" ""`:    `a b|c # "d"|e'f|`,
		`a"b c"d'e f'`:                `ab cde f`,
		`"$A" "${A}x" "${C-two}" $A '$A' "${B-x}" "${A[*]}"`: `one|onex|two|$A|$A||one`,
	} {
		got, err := splitWords(line, env)
		if err != nil || strings.Join(got, "|") != want {
			t.Errorf("%q: %q, %v; want %q", line, strings.Join(got, "|"), err, want)
		}
	}
	for line, want := range map[string]string{
		`bind "x`: "not closed", `bind 'x`: "not closed", `bind x\`: "backslash", `bind \x4`: "hexadecimal",
		`bind "${X`: "${ is not closed", `bind "$X"`: "$X is known",
	} {
		got, err := splitWords(line, env)
		if err == nil || !strings.Contains(err.Error(), want) || got[0] != "bind" {
			t.Errorf("%q: %v, %v; want %q", line, got, err, want)
		}
	}
}

// puppet-tripleo writes IPv6 addresses without brackets, with and without a port.
func TestParseConfigReadsATripleOControllerOfIPv6(t *testing.T) {
	c, problem := parseConfig(t, `
listen mysql
  bind fd00:fd00:fd00:2000::10:3306 transparent
  stick on dst
  stick-table type ip size 1000
  server controller-0.internalapi.localdomain fd00:fd00:fd00:2000::11:3306 backup check inter 1s port 9200
  server fd00:fd00:fd00:2000::12 fd00:fd00:fd00:2000::12:3306 backup check inter 1s port 9200
  server controller-2 [fd00:fd00:fd00:2000::13]:3306 backup
`)
	if problem != "" || len(c.Sections) != 1 {
		t.Fatalf("%s, %+v", problem, c)
	}
	s := c.Sections[0]
	want := []Server{{"controller-0.internalapi.localdomain", "fd00:fd00:fd00:2000::11", 3306},
		{"fd00:fd00:fd00:2000::12", "fd00:fd00:fd00:2000::12", 3306},
		{"controller-2", "fd00:fd00:fd00:2000::13", 3306}}
	if fmt.Sprint(s.Binds) != "[[fd00:fd00:fd00:2000::10]:3306]" || fmt.Sprint(s.Servers) != fmt.Sprint(want) {
		t.Errorf("%+v", s)
	}
}

func TestBindAddressesReadsEveryForm(t *testing.T) {
	for word, want := range map[string]string{
		"10.0.0.1:3306":                    "10.0.0.1:3306",
		"10.0.0.1:3306,10.0.0.2:3306":      "10.0.0.1:3306 10.0.0.2:3306",
		":3306":                            "0.0.0.0:3306",
		"*:3306":                           "0.0.0.0:3306",
		":::3306":                          "[::]:3306",
		"ipv6@:3306":                       "[::]:3306",
		"ipv4@10.0.0.1:3306":               "10.0.0.1:3306",
		"[fd00::1]:3306":                   "[fd00::1]:3306",
		"fd00:fd00:fd00:2000::10:3306":     "[fd00:fd00:fd00:2000::10]:3306",
		"FD00:0::1:3306":                   "[fd00::1]:3306",
		"10.0.0.1:3306-3310":               "10.0.0.1:3306-3310",
		"overcloud.internalapi.local:3306": "overcloud.internalapi.local:3306",
		"/var/run/x.sock":                  "",
		"unix@/x,abns@y,fd@3,10.0.0.1:1":   "10.0.0.1:1",
	} {
		got, err := bindAddresses(word)
		if err != nil || strings.Join(got, " ") != want {
			t.Errorf("%q: %v, %v; want %q", word, got, err, want)
		}
	}
}

func TestServerAddressReadsEveryForm(t *testing.T) {
	for word, want := range map[string]string{
		"10.0.0.1:3306": "10.0.0.1 3306", "10.0.0.1": "10.0.0.1 0", "10.0.0.1:+1": "10.0.0.1 0",
		"[fd00::1]:3306": "fd00::1 3306",
		"fd00::1:3306":   "fd00::1 3306", "[fd00::1]": "fd00::1 0", "ipv4@10.0.0.1:3306": "10.0.0.1 3306",
		"db.example:3306": " 0", "/var/lib/x.sock": " 0", "unix@/x": " 0", "": " 0", "10.0.0.1:x": "10.0.0.1 0",
	} {
		host, port := ParseServerAddress(word)
		if got := fmt.Sprint(host, " ", port); got != want {
			t.Errorf("%q: %q, want %q", word, got, want)
		}
	}
}

// A configuration of nothing but unknown lines is read quickly, however long it is.
func TestParseConfigIsNotSlowedDown(t *testing.T) {
	for _, line := range []string{".if x\n", " bind \"$X:1\"\n", " use_backend %[x]\n", " option \"x\n",
		" .if x\n bind x\n", "defaults x from x\n"} {
		for _, section := range []string{"listen a\n", "defaults a\n"} {
			start := time.Now()
			c, _ := parseConfig(t, section+strings.Repeat(line, 50_000))
			// It takes a tenth of a second, and more on a busy machine.
			if took := time.Since(start); took > 30*time.Second {
				t.Errorf("%q in %q: %v", line, section, took)
			}
			if len(c.Sections) > 0 && len(c.Sections[0].Unread) > maxReported {
				t.Errorf("%q: %d lines are told", line, len(c.Sections[0].Unread))
			}
		}
	}
}

// Any text may replace a word: the message about it is short.
func TestErrorsOfAConfigurationRepeatLittle(t *testing.T) {
	const config = "global\n stats socket $RUN/s level admin\n.if a\n.elif b\nlisten mysql\n bind 10.0.0.1:3306\n" +
		" bind $A:1\n bind nothing\n" +
		" server a \"$B\"\n server-template c 3 d\n server e 'f\n stick \\x\nfrontend\n"
	messages.Everywhere(t, config, func(b []byte) error {
		_, errs := Parse([]File{{Name: "f", Content: b}})
		for _, err := range errs {
			messages.Check(t, err)
		}
		return errs[0]
	})
}

func FuzzParseConfig(f *testing.F) {
	haproxytest.Seeds(f, "*.cfg")
	f.Add([]byte("global\n setenv A 1\n stats socket \"/x$A\"\nlisten a :1\n bind [::]:2,fd00::1:3\n stats auth a:b\n"))
	f.Add([]byte("listen a from b\n.if x\n server 'a' \"$X\"\\x41"))
	f.Fuzz(func(t *testing.T, b []byte) {
		c, errs := Parse([]File{{Name: "f", Content: b}})
		for _, err := range errs {
			messages.Check(t, err)
		}
		for _, s := range c.Sections {
			if s.Kind == "" || strings.Contains(s.Kind, "defaults") {
				t.Errorf("section %+v", s)
			}
			for _, bind := range s.Binds {
				if i := strings.LastIndexByte(bind, ':'); i < 0 || strings.ContainsAny(bind[i:], "]/") {
					t.Errorf("bind %q has no port", bind)
				}
			}
		}
		for _, s := range c.Sockets {
			if !strings.HasPrefix(s.Path, "/") {
				t.Errorf("socket %+v", s)
			}
		}
	})
}
