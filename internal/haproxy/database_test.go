// SPDX-License-Identifier: GPL-3.0-or-later

package haproxy

import (
	"fmt"
	"strings"
	"testing"

	"overcloud.backup/internal/haproxy/cfg"
	"overcloud.backup/internal/haproxy/stats"
	"overcloud.backup/tests/haproxytest"
)

// parsed parses a configuration, and returns the errors as well.
func parsed(t testing.TB, text string) (*cfg.Config, string) {
	t.Helper()
	c, errs := cfg.Parse([]cfg.File{{Name: "haproxy.cfg", Content: []byte(text)}})
	var all []string
	for _, err := range errs {
		all = append(all, err.File+" "+err.Error())
	}
	return c, strings.Join(all, "; ")
}

// proxiesOf returns the statistics that HAProxy would report for a configuration.
func proxiesOf(c *cfg.Config) []stats.Proxy {
	var proxies []stats.Proxy
	for _, s := range c.Sections {
		p := stats.Proxy{Name: s.Name, Mode: s.EffectiveMode()}
		if s.Kind != "backend" {
			p.Frontend = &stats.Side{}
		}
		if s.Kind != "frontend" {
			p.Backend = &stats.Side{}
		}
		proxies = append(proxies, p)
	}
	return proxies
}

const (
	listenMySQL = "listen mysql\n mode tcp\n bind 10.0.0.1:3306\n stick on dst\n stick-table type ip size 1k\n"
	splitMySQL  = "frontend mysql\n bind 10.0.0.1:3306\n default_backend mysql_be\nbackend mysql_be\n stick on dst\n"
	kolla       = "frontend mariadb_front\n mode tcp\n bind 10.0.0.1:3306\n default_backend mariadb_back\nbackend" +
		" mariadb_back\n server a 10.0.0.2:3306\n"
	web3306 = "listen web\n mode http\n bind 10.0.0.1:3306\n"
	byPort  = "listen db\n bind 10.0.0.1:3306\n bind [fd00::1]:3306\n"
)

func TestFindDatabase(t *testing.T) {
	for name, c := range map[string]struct{ config, want, result string }{
		"a listen named mysql":                {listenMySQL, "", "mysql mysql [10.0.0.1:3306] true name"},
		"frontend mysql and backend mysql_be": {splitMySQL, "", "mysql mysql_be [10.0.0.1:3306] true name"},
		"the name mysql goes before a port":   {listenMySQL + byPort, "", "mysql mysql [10.0.0.1:3306] true name"},
		"by port":                             {byPort, "", "db db [10.0.0.1:3306 [fd00::1]:3306] false port"},
		"by name and port, one pair": {kolla, "",
			"mariadb_front mariadb_back [10.0.0.1:3306] false name and port"},
		"a web proxy on 3306 is no database": {web3306 + kolla, "",
			"mariadb_front mariadb_back [10.0.0.1:3306] false name and port"},
		"named by its frontend": {kolla + listenMySQL, "mariadb_front",
			"mariadb_front mariadb_back [10.0.0.1:3306] false option"},
		"named by its backend": {kolla + listenMySQL, "mariadb_back",
			"mariadb_front mariadb_back [10.0.0.1:3306] false option"},
		"two frontends of one backend": {splitMySQL +
			"frontend more\n bind 10.0.0.9:3306\n default_backend mysql_be\n", "",
			"mysql mysql_be [10.0.0.1:3306 10.0.0.9:3306] true name"},
		"two candidates are none": {byPort + kolla, "",
			"candidates: db (by port), mariadb_back (by name and port)"},
		"nothing indicates a database": {"listen redis\n bind :6379\n", "", "no proxy in tcp mode"},
		"a name that is not there": {byPort + kolla, "mysql",
			`there is no proxy "mysql"; HAProxy has db, mariadb_front, mariadb_back`},
		"a frontend with a default and another": {"frontend mysql\n bind :3306\n use_backend a if x\n" +
			" default_backend b\nbackend a\nbackend b\n", "", "mysql b [0.0.0.0:3306] false name"},
		"a frontend with two backends": {"frontend mysql\n bind :3306\n use_backend a if x\n use_backend b" +
			" if y\nbackend a\nbackend b\n", "", `frontend "mysql" has 2 backends (a, b), not one`},
		"a frontend whose backend is not running": {"frontend mysql\n bind :3306\n default_backend gone\n", "",
			`backend "gone" of frontend "mysql" is not in the statistics`},
	} {
		config, problem := parsed(t, c.config)
		if problem != "" {
			t.Fatal(problem)
		}
		d, err := FindDatabase(proxiesOf(config), config, c.want)
		got := fmt.Sprint(err)
		if d != nil {
			got = fmt.Sprint(d.Frontend, " ", d.Backend, " ", d.Binds, " ", d.Sticky, " ", d.Evidence)
			if d.Config != "haproxy.cfg" {
				t.Errorf("%s: it names no file", name)
			}
		}
		if !strings.Contains(got, c.result) {
			t.Errorf("%s: %q, want %q", name, got, c.result)
		}
	}
}

func TestFindDatabaseWithoutConfiguration(t *testing.T) {
	for text, want := range map[string]string{
		listenMySQL: "mysql mysql [] false name",
		splitMySQL:  "mysql mysql_be [] false name",
		kolla:       "the backend of frontend \"mariadb_front\" is only in the configuration",
		byPort:      "no proxy in tcp mode",
	} {
		config, _ := parsed(t, text)
		d, err := FindDatabase(proxiesOf(config), nil, "")
		got := fmt.Sprint(err)
		if d != nil {
			got = fmt.Sprint(d.Frontend, " ", d.Backend, " ", d.Binds, " ", d.Sticky, " ", d.Evidence)
		}
		if !strings.Contains(got, want) {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

func TestCompleteFillsInModesAndAddresses(t *testing.T) {
	proxies, err := stats.ParseStat(haproxytest.Recorded(t, "show_stat-1.5.csv")) // no mode, no addr
	if err != nil {
		t.Fatal(err)
	}
	config, _ := parsed(t, "listen mysql\n server overcloud-controller-0 10.0.0.7:3306\n server"+
		" overcloud-controller-1 db1:3306\n")
	complete(config, proxies)
	if s := proxies[0].Servers; proxies[0].Mode != "tcp" || s[0].Address != "10.0.0.7" || s[0].Port != 3306 ||
		s[1].Address != "" {
		t.Errorf("%+v", proxies[0])
	}
}
