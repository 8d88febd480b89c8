// SPDX-License-Identifier: GPL-3.0-or-later

package haproxy

import (
	"fmt"
	"strings"
	"testing"

	"overcloud.backup/internal/haproxy/cfg"
	"overcloud.backup/internal/haproxy/stats"
)

// withServers adds the servers of the configuration to its statistics. hidden omits their addresses.
func withServers(c *cfg.Config, hidden bool) []stats.Proxy {
	var proxies []stats.Proxy
	at := map[string]int{}
	for i, p := range proxiesOf(c) {
		name := c.Sections[i].Name
		if k, twice := at[name]; twice { // a frontend and a backend with the same name are one proxy in the statistics
			proxies[k].Backend = &stats.Side{}
			continue
		}
		at[name] = len(proxies)
		proxies = append(proxies, p)
	}
	for _, s := range c.Sections {
		i := at[s.Name]
		for n, server := range s.Servers {
			r := stats.Server{Name: server.Name, Address: server.Address, Port: server.Port, ID: n + 1,
				Status: stats.StatusUp,
				Raw:    "UP"}
			if hidden {
				r.Address, r.Port = "", 0
			}
			proxies[i].Servers = append(proxies[i].Servers, r)
		}
	}
	return proxies
}

const (
	writers = "listen mysql\n bind 10.0.0.1:3306\n stick on dst\n stick-table type ip size 1k\n server c0" +
		" 10.0.0.10:3306 backup\n server c1 10.0.0.11:3306 backup\n"
	redis    = "listen redis\n bind 10.0.0.1:6379\n server c0 10.0.0.10:6379\n server c1 10.0.0.11:6379\n"
	exporter = "listen mysql\n mode http\n bind 10.0.0.1:9104\n server c0 10.0.0.10:9104\n"
	galera   = "listen galera\n bind 10.0.0.1:3306\n server c0 10.0.0.10:3306\n"
)

func TestAllWaysToTheDatabaseAreFound(t *testing.T) {
	for name, c := range map[string]struct {
		config, want string
		hidden       bool // the addresses
		result       string
	}{
		"none but the writers": {config: writers + redis, result: "mysql by name"},
		"readers": {config: writers + redis +
			"listen mysql_ro\n bind :3308\n server r1 10.0.0.11:3306\n", result: "mysql by name, mysql_ro by servers"},
		"a backend with another frontend": {config: writers +
			"frontend x\n bind :3307\n default_backend y\nbackend y\n server r1 10.0.0.11:3306\n",
			result: "mysql by name, y by servers"},
		"a backend that nothing leads to": {config: writers + "backend y\n server r1 10.0.0.11:3306\n",
			result: "mysql by name, y by servers"},
		"other addresses, the database's port": {config: writers +
			"listen x\n bind :3307\n server r1 172.16.0.11:3306\n", result: "mysql by name, x by servers"},
		"another port of the same hosts": {config: writers + "listen x\n bind :9200\n server c1 10.0.0.11:9200\n",
			result: "mysql by name"},
		"a server with the client's port": {config: writers + "listen x\n bind :3306\n server r1 10.0.0.11\n",
			result: "mysql by name, x by servers"},
		"names alone": {config: writers + "listen x\n bind :3307\n server c1 10.0.0.11:3306\n", hidden: true,
			result: "mysql by name, x by servers"},
		"neither names nor addresses, but the proxy's name": {config: writers +
			"listen mariadb_ro\n bind :3307\n server r1 db1:3306\n", hidden: true,
			result: "mysql by name, mariadb_ro by servers"},
		"in mode http": {config: writers +
			"listen x\n mode http\n bind :3307\n server c1 10.0.0.11:3306\n", result: "mysql by name"},
		"dispatch": {config: writers + "listen x\n bind :3307\n dispatch 10.0.0.11:3306\n",
			result: "mysql by name, x by servers (dispatch)"},
		"siblings behind one frontend": {config: "frontend mysql\n bind :3306\n use_backend a if { nbsrv(a) gt 0 }\n" +
			" default_backend b\nbackend a\n server c0 10.0.0.10:3306\nbackend b\n server c1 10.0.0.11:3306\n",
			result: "b by name, a by servers"},
		"two by name with the same servers": {config: "listen db_ro\n bind :3307\n server c1 10.0.0.11:3306\n server" +
			" c0 10.0.0.10:3306\nlisten mariadb_rw\n bind :3306\n server c0 10.0.0.10:3306\nlisten mariadb_ro\n bind" +
			" :3308\n server c0 10.0.0.10:3306\n",
			result: "mariadb_rw by name and port, db_ro by servers, mariadb_ro by servers"},
		"given, the second too": {config: writers + redis, want: "mysql redis",
			result: "mysql by option, redis by option"},
		"given, the second is unknown": {config: writers + redis, want: "mysql rabbit",
			result: `there is no proxy "rabbit"; HAProxy has mysql, redis`},
		"given, in mode http": {config: exporter + galera, want: "mysql",
			result: "mysql by option (mode http), galera by servers"},
		"a use_backend whose name is computed": {config: writers + "frontend x\n bind :80\n use_backend %[path]\n",
			result: "mysql by name (use_backend %[path])"},
		"a server at every address": {config: "listen mysql\n bind :3306\n server c0 0.0.0.0:3306\n",
			result: "mysql by name (server c0 at 0.0.0.0, which is where the client wanted to go)"},

		"a frontend and another backend of one name": {config: "frontend mysql\n bind :3306\n default_backend" +
			" galera\nbackend mysql\n server x 10.9.0.1:3307\nbackend galera\n server c0 10.0.0.10:3306\n",
			result: "galera by name"},
		"a frontend and its backend of one name": {config: "frontend mysql\n bind :3306\n default_backend" +
			" mysql\nbackend mysql\n server c0 10.0.0.10:3306\n", result: "mysql by name"},

		// The name mysql of one pool is no evidence against the others.
		"mysql in mode http": {config: exporter + galera, result: "galera by name and port"},
		"mysql of another port, no other": {config: "listen mysql\n bind 10.0.0.1:3307\n server c0" +
			" 10.0.0.10:3306\n", result: "mysql by name"},
		"mysql of another port beside 3306": {config: "listen mysql\n bind 10.0.0.1:9104\n server c0" +
			" 10.0.0.10:9104\n" + galera, result: "candidates: mysql (by name), galera (by name and port)"},
		"mysql of another cluster beside 3306": {config: "listen mysql\n bind 10.0.0.2:3306\n server x" +
			" 10.9.0.10:3306\n" + galera, result: "candidates: mysql (by name and port), galera (by name and port)"},
		"mysql and 3306 with the same servers": {config: writers + galera,
			result: "mysql by name, galera by servers"},
		"mysql as a backend of a frontend by port": {config: "frontend db\n bind :3306\n default_backend" +
			" mysql\nbackend mysql\n server c0 10.0.0.10:3306\n", result: "mysql by name"},
	} {
		t.Run(name, func(t *testing.T) {
			config, problem := parsed(t, c.config)
			if problem != "" {
				t.Fatal(problem)
			}
			d, pools, err := FindDatabases(withServers(config, c.hidden), config, strings.Fields(c.want))
			got := fmt.Sprint(err)
			if err == nil {
				got = described(*d)
				for _, p := range pools {
					got += ", " + described(p)
				}
			}
			if got != c.result {
				t.Errorf("got  %s\nwant %s", got, c.result)
			}
		})
	}
}

func described(d Database) string {
	text := d.Backend + " by " + d.Evidence
	if len(d.Unmodelled) > 0 {
		text += " (" + strings.Join(d.Unmodelled, ", ") + ")"
	}
	return text
}

// With "stats scope" a page shows only some proxies, and the configuration file may be newer than the process.
func TestABackendThatTheStatisticsLackIsReported(t *testing.T) {
	config, _ := parsed(t, writers+redis+
		"listen ro\n bind :3308\n server r1 10.0.0.11:3306\nlisten off\n disabled\n server r1 10.0.0.11:3306\n")
	all := withServers(config, false)
	for shown, want := range map[int]string{
		1: "mysql by name (ro, which leads to the same servers and is not in the statistics)",
		3: "mysql by name",
	} {
		d, _, err := FindDatabases(all[:shown], config, nil)
		if err != nil || described(*d) != want {
			t.Errorf("%d proxies: %v, %v, want %s", shown, d, err, want)
		}
	}
	other, _ := parsed(t, redis)
	for _, config := range []*cfg.Config{nil, other} {
		d, _, err := FindDatabases(all, config, nil)
		if want := "mysql by name (no configuration was read that has the backend mysql)"; err != nil ||
			described(*d) != want {
			t.Errorf("%v, %v, want %s", d, err, want)
		}
	}
}

// This is how a configuration decides about the next client, in its own words.
func TestTheRulesOfTheDatabasesBackend(t *testing.T) {
	const bind = "listen mysql\n bind 10.0.0.1:3306\n"
	for name, c := range map[string]struct{ config, want string }{
		"TripleO": {writers, "dst peers 0 expires false"},
		"nothing": {bind, " peers 0 expires false"},
		"stick on src": {bind + " stick on src\n stick-table type ip size 1k expire 30m\n",
			"src peers 0 expires true"},
		"a condition": {bind + " stick on dst if x\n stick-table type ip size 1k\n",
			" peers 0 expires false"},
		"two rules": {bind + " stick on dst\n stick match src\n stick-table type ip size 1k\n",
			" peers 0 expires false"},
		"a table of another": {bind + " stick on dst table t\nbackend t\n stick-table type ip size 1k\n",
			" peers 0 expires false"},
		"two tables": {bind + " stick on dst\n stick match src table t\n stick-table type ip" +
			" size 1k\nbackend t\n stick-table type ip size 1k\n",
			" peers 0 expires false unmodelled [stick with several tables]"},
		"a store rule pins nobody": {bind + " stick store-request src\n stick-table type ip size 1k\n",
			" peers 0 expires false"},
		"a table that others write to": {bind +
			" stick on src table t\nbackend t\n stick on src\n stick-table type ip size 1k\n",
			" peers 0 expires false unmodelled [a stick table that t uses, too]"},
		"a table for others' store rules": {writers + "listen x\n stick store-response dst table mysql\n",
			"dst peers 0 expires false unmodelled [a stick table that x uses, too]"},
		"a table that others read": {writers + "listen x\n stick match dst table mysql\n",
			"dst peers 0 expires false"},
		"one peer": {"peers p\n peer a 10.0.0.1:1\n" + bind +
			" stick on dst\n stick-table type ip size 1k peers p\n", "dst peers 1 expires false"},
		"three peers, as servers": {bind + " stick on dst\n stick-table type ip size 1k peers p\npeers p\n" +
			" bind :1\n server a\n server b 10.0.0.2:1\n server c 10.0.0.3:1\n", "dst peers 3 expires false"},
		"a table of the peers": {"peers p\n table t type ip size 1k\n peer a 10.0.0.1:1\n peer b" +
			" 10.0.0.2:1\n" + bind + " stick on dst table p/t\n", " peers 2 expires true"},
		"set-dst": {bind +
			" tcp-request connection set-dst src\n stick on dst\n stick-table type ip size 1k\n",
			" peers 0 expires false"},
		"accept-proxy": {"listen mysql\n bind 10.0.0.1:3306 accept-proxy\n stick on dst\n" +
			" stick-table type ip size 1k\n", " peers 0 expires false"},
		"expect-proxy": {bind +
			" tcp-request connection expect-proxy layer4\n stick on dst\n stick-table type ip size 1k\n",
			" peers 0 expires false"},
		"accept-netscaler-cip": {"listen mysql\n bind 10.0.0.1:3306 accept-netscaler-cip 1\n stick on" +
			" dst\n stick-table type ip size 1k\n", " peers 0 expires false"},
		"a match alone": {bind +
			" stick match dst\n stick store-request dst if x\n stick-table type ip size 1k\n",
			" peers 0 expires false"},
		"ignore-persist": {bind +
			" ignore-persist if x\n stick on dst\n stick-table type ip size 1k\n", " peers 0 expires false"},
		"allbackups": {bind + " option allbackups\n", " peers 0 expires false allbackups"},
		"allbackups in defaults, undone": {"defaults\n option allbackups\n" + bind + " no option allbackups\n",
			" peers 0 expires false"},
		"defaults start over": {"defaults\n option allbackups\n balance first\ndefaults\n" + bind,
			" peers 0 expires false"},
		"defaults from defaults": {"defaults a\n option allbackups\n balance first\n mode tcp\ndefaults b" +
			" from a\n no option allbackups\n" + bind, " peers 0 expires false balance first"},
		"named defaults, used": {"defaults a\n option allbackups\ndefaults b\nlisten mysql from a\n bind" +
			" 10.0.0.1:3306\n", " peers 0 expires false allbackups"},
		"persist":       {bind + " option persist\n", " peers 0 expires false persist"},
		"force-persist": {bind + " force-persist if x\n", " peers 0 expires false persist"},
		"use-server": {bind + " use-server c1 if x\n use-server %[var(a)] if y\n",
			" peers 0 expires false use [c1 %[var(a)]]"},
		"options that are not modelled": {bind +
			" persist rdp-cookie\n option transparent\n tcp-request content switch-mode http\n",
			" peers 0 expires false" +
				" unmodelled [persist rdp-cookie option transparent tcp-request content switch-mode]"},
		"transparent in defaults, undone": {"defaults\n option transparent\n" + bind + " no option transparent\n",
			" peers 0 expires false"},
	} {
		config, problem := parsed(t, c.config)
		if problem != "" {
			t.Fatal(name, problem)
		}
		d, err := FindDatabase(withServers(config, false), config, "")
		if err != nil {
			t.Fatal(name, err)
		}
		got := fmt.Sprintf("%s peers %d expires %v", d.StickKey, d.StickPeers, d.StickExpires)
		for word, holds := range map[string]bool{" allbackups": d.AllBackups, " persist": d.Persist} {
			if holds {
				got += word
			}
		}
		if d.Balance != "" {
			got += " balance " + d.Balance
		}
		if len(d.UseServers) > 0 {
			got += fmt.Sprint(" use ", d.UseServers)
		}
		if len(d.Unmodelled) > 0 {
			got += fmt.Sprint(" unmodelled ", d.Unmodelled)
		}
		if got != c.want {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
		}
	}
}

// A line that was not understood affects the section that it is in: those of the database, and the defaults that they
// use.
func TestUnknownLinesOfTheDatabaseAreReported(t *testing.T) {
	const good = "listen mysql\n bind 10.0.0.1:3306\n server c0 10.0.0.10:3306\n"
	for name, c := range map[string]struct{ config, unread, unmodelled string }{
		"none":                  {good, "", ""},
		"a variable in a bind":  {good + " bind \"${VIP}:3306\"\n", "$VIP is known", ""},
		"a bind without a port": {good + " bind 10.0.0.2\n", "has no port", ""},
		"a variable in a rule":  {good + " use-server \"$X\" if y\n", "$X is known", "$X is known"},
		"an .if around a bind": {good + " .if x\n bind 10.0.0.2:3306\n .endif\n", "line 4: .if is decided",
			"line 4: .if is decided"},
		"an .if around what is not read": {good + " .if x\n timeout client 1m\n .endif\n", "", ""},
		"an .if around another section":  {good + ".if x\nlisten web\n bind :80\n.endif\n", "", ""},
		"an .if in global":               {"global\n.if x\n stats socket /y\n.endif\n" + good, "", ""},
		"an .else around the section": {".if x\nlisten web\n bind :80\n.else\n" + good + ".endif\n",
			"line 4: .else is decided", "line 4: .else is decided"},
		"a nested .if": {good + ".if x\n.if y\n.endif\n bind :33\n.endif\n", "line 4: .if is decided",
			"line 4: .if is decided"},
		"a variable set in an .if": {"global\n setenv V 10.0.0.9\n.if x\n setenv V 10.0.0.1\n.endif\n" + good +
			" bind \"$V:3306\"\n", "$V is known", ""},
		"in the defaults": {"defaults\n option \"allbackups\n" + good, "a quote is not closed",
			"a quote is not closed"},
		"in other defaults":  {"defaults\n option \"allbackups\ndefaults\n" + good, "", ""},
		"in another section": {good + "listen web\n bind \"$X:80\"\n", "", ""},
		"in a frontend that leads here": {"frontend f\n bind \"$X:3307\"\n default_backend mysql\n" + good,
			"$X is known", ""},
		"a server-template": {good + " server-template t 3 db:3306\n", "", ""},
	} {
		config, _ := parsed(t, c.config)
		d, err := FindDatabase(withServers(config, false), config, "")
		if err != nil {
			t.Fatal(name, err)
		}
		for got, want := range map[string]string{strings.Join(d.Unread, "; "): c.unread,
			strings.Join(d.Unmodelled, "; ") + " ": c.unmodelled} {
			if want == "" && strings.TrimSpace(got) != "" || !strings.Contains(got, want) {
				t.Errorf("%s: %q, want %q in it", name, got, want)
			}
		}
	}
}

// HAProxy 2.6 reports a port relative to the client's as an offset.
func TestAPortThatHangsOnTheClients(t *testing.T) {
	states, err := stats.ParseServersState([]byte("1\n# be_id be_name srv_id srv_name srv_addr srv_op_state" +
		" srv_admin_state" +
		" srv_port\n2 a 3 minus 127.0.0.3 2 0 4294966296\n"))
	if err != nil || states[0].Address != "127.0.0.3" || states[0].Port != 0 {
		t.Errorf("show servers state: %v, %+v", err, states)
	}
	config, _ := parsed(t, "listen a\n server plus 127.0.0.2:+1\n")
	proxies := []stats.Proxy{{Name: "a", Servers: []stats.Server{{Name: "plus", Address: "127.0.0.2", Port: 1}}}}
	if complete(config, proxies); proxies[0].Servers[0].Port != 0 {
		t.Errorf("%+v", proxies[0].Servers[0])
	}
}
