// SPDX-License-Identifier: GPL-3.0-or-later

package haproxy

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"overcloud.backup/internal/haproxy/cfg"
	"overcloud.backup/internal/haproxy/locate"
	"overcloud.backup/internal/reading"
	"overcloud.backup/tests/haproxytest"
)

// machine is a file system for a reading: content by path.
func machine(t testing.TB, files map[string]string) locate.Host {
	return locate.Host{Root: haproxytest.Machine(t, files)}
}

// procOf returns a /proc of these processes and this one.
func procOf(t testing.TB, pids ...int) (folder string) {
	t.Helper()
	folder = t.TempDir()
	names := []string{"self"}
	for _, pid := range pids {
		names = append(names, fmt.Sprint(pid))
	}
	for _, name := range names {
		if err := os.Symlink("/proc/"+name, filepath.Join(folder, name)); err != nil {
			t.Fatal(err)
		}
	}
	return folder
}

// read reads, and fails the test if that takes longer than the time limit.
func read(t testing.TB, o Options) *Facts {
	t.Helper()
	if o.Timeout == 0 {
		o.Timeout = 20 * time.Second
	}
	if o.host.Root == "" { // another HAProxy on this machine is none of a test's
		o.host = locate.Host{Root: "/", Proc: t.TempDir()}
	}
	o.Clock = reading.StartClock(1000)
	start := time.Now()
	f := Read(context.Background(), o)
	if took := time.Since(start); took > o.Timeout+haproxytest.Slack {
		t.Errorf("it took %v, the limit is %v", took, o.Timeout)
	}
	if f.GatheredAt < 1000 || f.Errors == nil || f.Proxies == nil {
		t.Errorf("the header is not filled in: %+v", f.Header)
	}
	return f
}

// allErrors returns all errors in one line.
func allErrors(f *Facts) string {
	var all []string
	for _, e := range f.Errors {
		all = append(all, fmt.Sprintf("%s: %s: %s", e.Source, e.Where, e.Message))
	}
	return strings.Join(all, "; ")
}

func TestReadFindsEverythingOnATripleOController(t *testing.T) {
	h := machine(t, map[string]string{"/etc/haproxy/haproxy.cfg": string(haproxytest.Recorded(t, "haproxy-lab.cfg"))})
	s := haproxytest.FakeAt(t, h.Path("/var/lib/haproxy/stats"), haproxytest.Scripted(haproxytest.Lab(t)))
	f := read(t, Options{host: h})
	if allErrors(f) != "" || !f.Present || !f.Running || f.Reached != s.Path || f.Level != cfg.LevelUser ||
		f.Version != "2.6.12-1+deb12u3" ||
		f.PID != 798 || f.Uptime == 0 || f.Processes != 1 || f.Window != 0 || len(f.Proxies) != 2 {
		t.Errorf("%s: %+v", allErrors(f), f)
	}
	d := f.Database
	if d == nil || d.Frontend != "mysql" || d.Backend != "mysql" || !d.Sticky ||
		fmt.Sprint(d.Binds) != "[10.99.0.100:3306]" || d.Config != h.Path("/etc/haproxy/haproxy.cfg") {
		t.Fatalf("database %+v", d)
	}
	c0 := f.Server("controller-0.internalapi.localdomain")
	if c0.Address != "10.99.0.10" || c0.Port != 3306 || c0.CurrentSessions != 4 || c0.OperState != 2 ||
		c0.AdminState != 0 {
		t.Errorf("server %+v", c0)
	}
	if table := f.Proxies[1].Table; table == nil || table.Readable || table.Used != 1 {
		t.Errorf("table %+v", table)
	}
	if want := "show stat, show info, show cli level, show servers state, show table mysql"; s.Commands() != want {
		t.Errorf("asked %q, want %q", s.Commands(), want)
	}
}

func TestReadComparesTwoSamples(t *testing.T) {
	answers := haproxytest.Lab(t)
	later := strings.Replace(answers["show stat"], ",4,12,", ",4,15,", 1)
	var asked atomic.Int32
	s := haproxytest.NewFake(t, func(c net.Conn, command string) {
		if command == "show stat" && asked.Add(1) > 1 {
			c.Write([]byte(later))
			return
		}
		haproxytest.Scripted(answers)(c, command)
	})
	answers["show stat"] = strings.Replace(answers["show stat"],
		"mysql,controller-0.internalapi.localdomain,0,0,4,4,,12,",
		"mysql,controller-0.internalapi.localdomain,0,0,4,4,,9,", 1)
	f := read(t, Options{Socket: s.Path, Sample: 50 * time.Millisecond,
		ConfigFiles: []string{"testdata/haproxy-lab.cfg"}})
	if allErrors(f) != "" || f.Window < 0.05 {
		t.Errorf("%s: window %v", allErrors(f), f.Window)
	}
	if got := f.Server("controller-0.internalapi.localdomain").NewSessions; got != 3 {
		t.Errorf("%d new sessions", got)
	}
}

func TestReadReportsAUselessSecondSample(t *testing.T) {
	config := []string{"testdata/haproxy-lab.cfg"}
	var asked atomic.Int32
	answers := haproxytest.Lab(t)
	restarted := haproxytest.NewFake(t, func(c net.Conn, command string) {
		if command == "show stat" && asked.Add(1) > 1 {
			c.Write(haproxytest.Recorded(t, "show_stat-2.6.12-lab-quiet.csv"))
			return
		}
		haproxytest.Scripted(answers)(c, command)
	})
	f := read(t, Options{Socket: restarted.Path, Sample: time.Millisecond, ConfigFiles: config})
	if !strings.HasPrefix(allErrors(f), "sample: "+restarted.Path+`: the sessions of "mysql/`) || f.Window != 0 ||
		f.Server("controller-0.internalapi.localdomain").TotalSessions != 1 {
		t.Errorf("restarted: %s, window %v", allErrors(f), f.Window)
	}
	lone := haproxytest.NewFake(t, haproxytest.Scripted(haproxytest.Lab(t)))
	f = read(t, Options{Socket: lone.Path, Sample: time.Minute, ConfigFiles: config})
	if !strings.Contains(allErrors(f), "a time limit of 20s leaves no room for a second sample after 1m0s") ||
		!f.Running ||
		f.Database == nil {
		t.Errorf("no time: %s", allErrors(f))
	}
}

func TestReadOnAHostWithoutHAProxy(t *testing.T) {
	h := machine(t,
		map[string]string{"/proc/7/cmdline": "haproxy\x00-f\x00/var/lib/neutron/ns-metadata-proxy/1.conf\x00",
			"/proc/8/comm": "init\n"})
	haproxytest.Run(t, h.Root, haproxytest.Process{PID: 7})
	f := read(t, Options{host: h})
	if f.Present || f.Running || allErrors(f) != "" || f.Database != nil {
		t.Errorf("%s: %+v", allErrors(f), f)
	}
}

func TestReadOfAProcessWithoutSocketOrConfiguration(t *testing.T) {
	h := machine(t, nil)
	haproxytest.Run(t, h.Root, haproxytest.Process{PID: 7})
	f := read(t, Options{host: h})
	if !f.Present || f.Running || f.Failed(SourceSocket) == nil || f.Failed(SourceConfig) == nil ||
		f.Failed(SourceSocket).Hint == "" {
		t.Errorf("%s: %+v", allErrors(f), f)
	}
}

func TestReadFindsTheSocketInsideAContainer(t *testing.T) {
	h := machine(t, map[string]string{
		"/proc/7/root/etc/haproxy/haproxy.cfg": "global\n stats socket /s\nlisten mysql\n bind 10.99.0.100:3306\n"})
	haproxytest.Run(t, h.Root, haproxytest.Process{PID: 7})
	s := haproxytest.FakeAt(t, h.Path("/proc/7/root/s"), haproxytest.Scripted(haproxytest.Lab(t)))
	f := read(t, Options{host: h})
	if allErrors(f) != "" || f.Reached != s.Path || f.Database == nil || len(f.Database.Binds) != 1 {
		t.Errorf("%s: %+v", allErrors(f), f)
	}
}

func TestReadRecordsEverySourceThatFails(t *testing.T) {
	good := haproxytest.Lab(t)
	with := func(command, answer string) map[string]string {
		changed := map[string]string{}
		for k, v := range good {
			changed[k] = v
		}
		changed[command] = answer
		if answer == "" {
			delete(changed, command)
		}
		return changed
	}
	for name, c := range map[string]struct {
		answers map[string]string
		config  string
		want    string
	}{
		"HAProxy 1.5 has no servers state": {with("show servers state", ""), "", ""},
		"info is garbage": {with("show info", "garbage"), "",
			"show info: S: show info: there is no Pid"},
		"info is refused": {with("show info", "Permission denied"), "",
			"show info: S: show info: permission denied by HAProxy"},
		"states are garbage": {with("show servers state", "7"), "",
			`show servers state: S: show servers state: format version "7" is not known, only 1 is`},
		"the table is gone": {with("show table mysql", "No such table"), "",
			"show table: S: show table mysql: there is no such table"},
		"the table is garbage": {with("show table mysql", "<"), "",
			`show table: S: show table: it begins with "<", not with "# table: "`},
		"several processes": {with("show info", strings.Replace(good["show info"], "Nbproc: 1", "Nbproc: 4", 1)),
			"", "processes: S: HAProxy runs 4 processes (nbproc), and this is only about process 1"},
		"an old process": {with("show info", strings.Replace(good["show info"], "Stopping: 0", "Stopping: 1",
			1)), "", "processes: S: process 798 is stopping: it accepts no new sessions"},
		"no level": {with("show cli level", "Permission denied"), "",
			"level: S: show cli level: permission denied by HAProxy"},
		"another configuration": {good, "listen web\n bind :80\n",
			`haproxy.cfg: [C]: it contains no bind address for proxy "mysql"`},
		"a bind that the process alone knows": {good, "listen mysql\n bind \"$VIP:3306\"\n stick on dst\n",
			"haproxy.cfg: C: line 2: bind: the value of $VIP is known only to the process; " +
				`haproxy.cfg: [C]: it contains no bind address for proxy "mysql"`},
	} {
		config := filepath.Join(haproxytest.ShortDir(t), "haproxy.cfg")
		if c.config == "" {
			c.config = string(haproxytest.Recorded(t, "haproxy-lab.cfg"))
		}
		if err := os.WriteFile(config, []byte(c.config), 0o600); err != nil {
			t.Fatal(err)
		}
		s := haproxytest.NewFake(t, haproxytest.Scripted(c.answers))
		f := read(t, Options{Socket: s.Path, ConfigFiles: []string{config}})
		got := strings.ReplaceAll(strings.ReplaceAll(allErrors(f), config, "C"), s.Path, "S")
		if got != c.want || !f.Running || f.Database == nil || len(f.Database.Binds) == 0 && c.config[0] == 'g' {
			t.Errorf("%s:\n got %s\nwant %s", name, got, c.want)
		}
	}
}

func TestReadOfASocketThatGivesNothing(t *testing.T) {
	file := filepath.Join(haproxytest.ShortDir(t), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	answering := func(answers map[string]string) string {
		return haproxytest.NewFake(t, haproxytest.Scripted(answers)).Path
	}
	silent := haproxytest.NewFake(t, haproxytest.Silent).Path
	drip := haproxytest.NewFake(t, haproxytest.Drip).Path
	old, web := answering(nil), answering(map[string]string{"show stat": "<html>"})
	denied := answering(map[string]string{"show stat": "Permission denied"})
	for path, want := range map[string]string{
		file:              "stats socket: S: show stat: it is a regular file, not a socket",
		"/nowhere/at/all": "stats socket: S: there is no such socket",
		silent:            "stats socket: S: show stat: no answer within the time limit: context deadline exceeded",
		drip:              "stats socket: S: show stat: the answer was not complete within the time limit (",
		old:               "stats socket: S: show stat: HAProxy does not know this command",
		web:               "stats socket: S: show stat: no header line",
		denied:            "stats socket: S: show stat: permission denied by HAProxy",
	} {
		f := read(t, Options{Socket: path, Timeout: haproxytest.LimitFor(want),
			ConfigFiles: []string{"testdata/haproxy-lab.cfg"}})
		got := strings.ReplaceAll(allErrors(f), path, "S")
		if !strings.HasPrefix(got, want) || f.Running || f.Failed(SourceSocket).Hint == "" || len(f.Proxies) != 0 {
			t.Errorf("%s:\n got %s\nwant %s", path, got, want)
		}
		if strings.Contains(got, "lab-haproxy-stats") {
			t.Error("the password of the statistics page is in an error")
		}
	}
}

func TestReadOfConfigurationsThatCannotBeRead(t *testing.T) {
	dir := haproxytest.ShortDir(t)
	for _, name := range []string{"b.cfg", "a.cfg", ".hidden.cfg", "c.conf"} {
		text := "global\n stats socket /nowhere/" + name + "\n"
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	f := read(t, Options{ConfigFiles: []string{dir}, Socket: "", host: machine(t, nil)})
	if e := f.Failed(SourceSocket); !f.Present || e == nil || e.Where != "/nowhere/a.cfg, /nowhere/b.cfg" {
		t.Errorf("folder: %s", allErrors(f))
	}
	for path, want := range map[string]string{
		filepath.Join(dir, "none.cfg"): "no such file or directory",
		"/dev/null":                    "it is not a regular file",
		haproxytest.ShortDir(t):        "the folder contains no *.cfg file",
	} {
		f := read(t, Options{ConfigFiles: []string{path}, host: machine(t, nil), Socket: "/s"})
		if e := f.Failed(SourceConfig); e == nil || !strings.Contains(e.Message, want) || e.Where != path {
			t.Errorf("%s: %s", path, allErrors(f))
		}
	}
}

// site serves a stats URL like HAProxy.
func site(t testing.TB, csv, page string) *httptest.Server {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user, password, _ := r.BasicAuth()
		switch {
		case user != "admin" || password != "s3cret":
			w.WriteHeader(http.StatusUnauthorized)
		case r.URL.Path == "/;csv":
			fmt.Fprint(w, csv)
		default:
			fmt.Fprint(w, page)
		}
	}))
	t.Cleanup(s.Close)
	return s
}

func TestReadFallsBackToTheConfigurationsStatsURL(t *testing.T) {
	s := site(t, string(haproxytest.Recorded(t, "show_stat-2.6.12-lab-load.csv")),
		string(haproxytest.Recorded(t, "page-2.6.12.html")))
	port := s.URL[strings.LastIndex(s.URL, ":"):]
	config := "global\n stats socket /s\nlisten haproxy.stats\n bind 192.0.2.1" + port + "\n bind 127.0.0.1" + port +
		"\n mode http\n stats uri /\n stats auth admin:s3cret\nlisten mysql\n bind 10.99.0.100:3306\n stick on dst\n" +
		" server controller-0.internalapi.localdomain 10.99.0.10:3306\n"
	h := machine(t, map[string]string{"/etc/haproxy/haproxy.cfg": config, "/s": "a regular file"})
	var secrets []string
	f := read(t, Options{host: h, Sample: time.Millisecond, Secret: func(s string) { secrets = append(secrets, s) }})
	if !f.Running || f.Reached != s.URL+"/" || f.Level != cfg.LevelUnknown || f.PID != 964 || f.Uptime != 29 ||
		f.Window == 0 {
		t.Errorf("%s: %+v", allErrors(f), f)
	}
	if f.Failed(SourceSocket) == nil || len(f.Errors) != 1 || f.Database == nil || !f.Database.Sticky {
		t.Errorf("%s: %+v", allErrors(f), f.Database)
	}
	if f.Server("controller-0.internalapi.localdomain").Address != "10.99.0.10" {
		t.Error("the address was not taken from the configuration")
	}
	if b, _ := json.Marshal(f); strings.Contains(string(b), "s3cret") || fmt.Sprint(secrets) != "[s3cret]" {
		t.Errorf("secrets %v, facts %s", secrets, b)
	}
}

func TestReadReportsErrorsOfAStatsURL(t *testing.T) {
	s := site(t, "<html>", "")
	csv := string(haproxytest.Recorded(t, "show_stat-2.6.12-lab-load.csv"))
	slow := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for r.Context().Err() == nil {
			fmt.Fprint(w, "#")
			w.(http.Flusher).Flush()
			time.Sleep(5 * time.Millisecond)
		}
	}))
	t.Cleanup(slow.Close)
	away := httptest.NewServer(http.RedirectHandler(s.URL, http.StatusFound))
	t.Cleanup(away.Close)
	for name, c := range map[string]struct{ url, user, want string }{
		"wrong password":        {s.URL, "nobody", "the user or password was refused (401 Unauthorized)"},
		"not HAProxy":           {s.URL, "admin", "show stat: no header line"},
		"a redirection":         {away.URL, "admin", "answered 302 Found"},
		"byte by byte":          {slow.URL, "admin", "not complete within the time limit"},
		"nobody listens":        {"http://127.0.0.1:1", "admin", "connection refused"},
		"no URL":                {"10.0.0.1:1993", "admin", "stats_url must be like http://10.0.0.1:1993/"},
		"a page without a head": {site(t, csv, "<html>").URL, "admin", "show info"},
	} {
		f := read(t, Options{Socket: "/nowhere", StatsURL: c.url, StatsUser: c.user, StatsPassword: "s3cret",
			Timeout: haproxytest.LimitFor(c.want), ConfigFiles: []string{"testdata/haproxy-lab.cfg"}})
		if !strings.Contains(allErrors(f), c.want) || strings.Contains(allErrors(f), "s3cret") {
			t.Errorf("%s: %s, want %q", name, allErrors(f), c.want)
		}
	}
}

func TestCredentialsInAStatsURLAreUsedAndHidden(t *testing.T) {
	s := site(t, string(haproxytest.Recorded(t, "show_stat-2.6.12-lab-load.csv")),
		string(haproxytest.Recorded(t, "page-2.6.12.html")))
	var secrets []string
	f := read(t, Options{Socket: "/nowhere", StatsURL: strings.Replace(s.URL, "//", "//admin:s3cret@", 1) + "/;csv",
		Secret: func(s string) { secrets = append(secrets, s) },
		host:   machine(t, nil)})
	if b, _ := json.Marshal(f); !f.Running || f.Reached != s.URL+"/" || strings.Contains(string(b), "s3cret") ||
		fmt.Sprint(secrets) != "[s3cret]" {
		t.Errorf("%s: %s, secrets %v", allErrors(f), b, secrets)
	}
}
