// SPDX-License-Identifier: GPL-3.0-or-later

package galera

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"overcloud.backup/internal/optionfile"
	"overcloud.backup/tests/messages"
)

func TestCountSessionsOfARecordedProcesslist(t *testing.T) {
	data, err := os.ReadFile("testdata/processlist.tsv")
	if err != nil {
		t.Fatal(err)
	}
	var list []Process
	for _, line := range strings.Split(strings.TrimSpace(string(data)), "\n")[2:] {
		f := strings.Split(line, "\t")
		id, err := strconv.ParseInt(f[0], 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, Process{ID: id, User: f[1], Host: f[2], Command: f[4]})
	}
	sessions, administrative := CountSessions(list, 1002, "root", nil)
	if len(sessions) != 1 || sessions[0].User != "openstack" || sessions[0].Source != "10.99.0.10" || sessions[0].Count != 4 || administrative != 1 {
		t.Errorf("%+v %d", sessions, administrative)
	}
}

func TestCountSessionsTellsClientsFromTheRest(t *testing.T) {
	client := func(user, source string, active int) *Session { return &Session{user, source, 1, active} }
	for name, c := range map[string]struct {
		p     Process
		want  *Session
		admin int
	}{
		"a client over TCP":                  {Process{5, "nova", "10.0.0.1:4444", "Sleep"}, client("nova", "10.0.0.1", 0), 0},
		"one that executes":                  {Process{5, "nova", "10.0.0.1:4444", "Query"}, client("nova", "10.0.0.1", 1), 0},
		"over IPv6":                          {Process{5, "nova", "fd00::12:4444", "Sleep"}, client("nova", "fd00::12", 0), 0},
		"over IPv6 without an empty group":   {Process{5, "nova", "fd00:fd00:fd00:2000:1:2:3:10:41522", "Sleep"}, client("nova", "fd00:fd00:fd00:2000:1:2:3:10", 0), 0},
		"with a resolved name":               {Process{5, "nova", "controller-0.internalapi:4444", "Sleep"}, client("nova", "controller-0.internalapi", 0), 0},
		"a local one is a client too":        {Process{5, "nova", "localhost", "Sleep"}, client("nova", "localhost", 0), 0},
		"root over TCP is a client":          {Process{5, "root", "10.0.0.1:4444", "Sleep"}, client("root", "10.0.0.1", 0), 0},
		"root over loopback TCP is one":      {Process{5, "root", "localhost:4444", "Sleep"}, client("root", "localhost", 0), 0},
		"a replica is a client":              {Process{5, "repl", "10.0.0.9:4444", "Binlog Dump"}, client("repl", "10.0.0.9", 1), 0},
		"root over the socket is not":        {Process{5, "root", "localhost", "Sleep"}, nil, 1},
		"mysql over the socket is not":       {Process{5, "mysql", "localhost", "Sleep"}, nil, 1},
		"our own connection is not":          {Process{7, "backup", "10.0.0.1:4444", "Query"}, nil, 1},
		"our own user over the socket":       {Process{5, "backup", "localhost", "Query"}, nil, 1},
		"our own user from elsewhere is":     {Process{5, "backup", "10.0.0.1:4444", "Query"}, client("backup", "10.0.0.1", 1), 0},
		"a health check is not":              {Process{5, "clustercheck", "10.0.0.1:4444", "Query"}, nil, 1},
		"an applier is nobody":               {Process{5, "system user", "", "Sleep"}, nil, 0},
		"the event scheduler is nobody":      {Process{5, "event_scheduler", "localhost", "Daemon"}, nil, 0},
		"who has not logged in is nobody":    {Process{5, "unauthenticated user", "10.0.0.1:4444", "Connect"}, nil, 0},
		"an account of the name of a daemon": {Process{5, "event_scheduler", "10.0.0.1:4444", "Query"}, client("event_scheduler", "10.0.0.1", 1), 0},
	} {
		t.Run(name, func(t *testing.T) {
			sessions, administrative := CountSessions([]Process{c.p}, 7, "backup", []string{"clustercheck"})
			var got *Session
			if len(sessions) == 1 {
				got = &sessions[0]
			}
			if (got == nil) != (c.want == nil) || got != nil && *got != *c.want || administrative != c.admin {
				t.Errorf("got %+v and %d, want %+v and %d", got, administrative, c.want, c.admin)
			}
		})
	}
}

func TestSumAddsUpByEngine(t *testing.T) {
	text := func(s string) *string { return &s }
	s := newSum()
	for _, row := range [][]*string{
		{text("nova"), text("a"), text("InnoDB"), text("100")},
		{text("nova"), text("b"), text("InnoDB"), text("20")},
		{text("old"), text("t"), text("MyISAM"), text("3")},
		{text("old"), text("broken"), nil, nil},
	} {
		if err := s.add(row); err != nil {
			t.Fatal(err)
		}
	}
	got := s.storage()
	if !slices.Equal(got.Engines, []Engine{{"InnoDB", 2, 120}, {"MyISAM", 1, 3}, {"unknown", 1, 0}}) || got.DataBytes != 123 ||
		!slices.Equal(got.NonTransactional, []string{"old.t"}) {
		t.Errorf("%+v", got)
	}
	if err := s.add([]*string{text("s"), text("t"), text("InnoDB"), text("much")}); err == nil {
		t.Error("an unreadable size went through")
	}
	for i := range 2 * maxNonTransactional {
		if err := s.add([]*string{text("s"), text(strconv.Itoa(i)), text("Aria"), text("1")}); err != nil {
			t.Fatal(err)
		}
	}
	if got := s.storage(); len(got.NonTransactional) != maxNonTransactional || got.Engines[0].Tables != 2*maxNonTransactional {
		t.Errorf("%d tables listed, %+v", len(got.NonTransactional), got.Engines[0])
	}
}

func TestParseGrastate(t *testing.T) {
	const good = "# GALERA saved state\nversion: 2.1\nuuid:    27402082-e6a9-11f1-967f-cfd7a985c0a3\nseqno:   1\nsafe_to_bootstrap: 1\n"
	for name, c := range map[string]struct{ file, wrong string }{
		"a whole one":                {good, ""},
		"before Galera 3.19":         {strings.Replace(good, "safe_to_bootstrap: 1\n", "", 1), ""},
		"an empty file":              {"", "version is missing"},
		"no uuid":                    {strings.Replace(good, "uuid:", "uid:", 1), "uuid is missing"},
		"a short uuid":               {strings.Replace(good, "-cfd7a985c0a3", "", 1), "uuid is"},
		"a position in words":        {strings.Replace(good, "seqno:   1", "seqno: one", 1), "seqno is"},
		"a position below -1":        {strings.Replace(good, "seqno:   1", "seqno: -2", 1), "seqno is"},
		"neither safe nor not":       {strings.Replace(good, "bootstrap: 1", "bootstrap: yes", 1), "safe_to_bootstrap is"},
		"a line that says nothing":   {good + "garbage\n", `line 6: "garbage" is not "name: value"`},
		"zeroes of a crashed server": {"\x00\x00\x00\x00", "line 1:"},
	} {
		t.Run(name, func(t *testing.T) {
			g, err := ParseGrastate([]byte(c.file))
			if c.wrong == "" && (err != nil || g.Seqno != 1 || g.UUID != "27402082-e6a9-11f1-967f-cfd7a985c0a3" || g.Version != "2.1") {
				t.Errorf("%+v %v", g, err)
			}
			if c.wrong != "" && (err == nil || !strings.HasPrefix(err.Error(), c.wrong)) {
				t.Errorf("got %v, want %s", err, c.wrong)
			}
		})
	}
	for file, want := range map[string]Grastate{
		"running": {Version: "2.1", UUID: "1f3c653c-e6a8-11f1-851b-82aa4432fad4", Seqno: -1},
		"stopped": {Version: "2.1", UUID: "27402082-e6a9-11f1-967f-cfd7a985c0a3", Seqno: 1, SafeToBootstrap: true},
	} {
		data, err := os.ReadFile("testdata/grastate/" + file + ".dat")
		if err != nil {
			t.Fatal(err)
		}
		if g, err := ParseGrastate(data); err != nil || g != want {
			t.Errorf("%s: %+v %v", file, g, err)
		}
	}
}

func FuzzParseGrastate(f *testing.F) {
	f.Add([]byte("version: 2.1\nuuid: 27402082-e6a9-11f1-967f-cfd7a985c0a3\nseqno: -1\nsafe_to_bootstrap: 0\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		g, err := ParseGrastate(data)
		if err == nil && (len(g.UUID) != 36 || g.Seqno < -1 || g.Version == "") {
			t.Fatalf("%+v", g)
		}
		if messages.Check(t, err); err != nil && g != (Grastate{}) {
			t.Fatalf("an error and values: %+v", g)
		}
	})
}

func TestReadGrastateRefusesALink(t *testing.T) {
	dir := t.TempDir()
	if g, err := ReadGrastate(dir); g != nil || err != nil {
		t.Errorf("an empty datadir: %v %v", g, err)
	}
	if err := os.Symlink("/etc/shadow", filepath.Join(dir, "grastate.dat")); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadGrastate(dir); err == nil || !strings.Contains(err.Error(), "not a regular file") {
		t.Errorf("a link: %v", err)
	}
}

func TestParseMountinfoFindsTheContainer(t *testing.T) {
	id := strings.Repeat("8a3f", 16)
	for name, c := range map[string]struct{ line, runtime string }{
		"podman":                    {"812 798 0:25 /containers/overlay-containers/" + id + "/userdata/hosts /etc/hosts rw - tmpfs tmpfs rw", "podman"},
		"podman, its marker":        {"812 798 0:25 /libpod/overlay-containers/" + id + "/userdata/.containerenv /run/.containerenv rw - tmpfs tmpfs rw", "podman"},
		"podman with vfs":           {"812 798 8:1 /var/lib/containers/storage/vfs-containers/" + id + "/userdata/hosts /etc/hosts rw - xfs /dev/sda1 rw", "podman"},
		"docker":                    {"812 798 8:1 /var/lib/docker/containers/" + id + "/resolv.conf /etc/resolv.conf rw - ext4 /dev/sda1 rw", "docker"},
		"the host, where both show": {"99 25 0:44 / /var/lib/containers/storage/overlay-containers/" + id + "/userdata/shm rw - tmpfs shm rw", ""},
		"a service with PrivateTmp": {"99 25 8:1 /tmp/systemd-private-1/tmp /tmp rw - ext4 /dev/sda1 rw", ""},
		"an id that is too short":   {"812 798 0:25 /overlay-containers/abc/userdata/hosts /etc/hosts rw - tmpfs tmpfs rw", ""},
		"a line that is cut":        {"812 798", ""},
	} {
		t.Run(name, func(t *testing.T) {
			runtime, got := ParseMountinfo("1 1 8:1 / / rw - ext4 /dev/sda1 rw\n" + c.line + "\n")
			if runtime != c.runtime || (got == id) != (c.runtime != "") {
				t.Errorf("got %q %q, want %q", runtime, got, c.runtime)
			}
		})
	}
}

func options(t *testing.T, file, text string) optionfile.Options {
	items, err := optionfile.Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	var all optionfile.Options
	for _, item := range items {
		all = append(all, optionfile.Option{Item: item, File: file})
	}
	return all
}

func TestPlacesAreTriedInOrder(t *testing.T) {
	const red, debian = "/var/lib/mysql/mysql.sock", "/run/mysqld/mysqld.sock"
	for name, c := range map[string]struct {
		login          Login
		client, server string
		exist          []string
		want           string
	}{
		"a socket of the options is the only one": {Login{Socket: "/s", Host: "h"}, "socket=/c", "socket=/m", []string{red}, "socket /s"},
		"a host of the options too":               {Login{Host: "h"}, "socket=/c", "port=3307", []string{red}, "tcp h:3307"},
		"its port may be given":                   {Login{Host: "fd00::1", Port: 3308}, "port=1", "", nil, "tcp [fd00::1]:3308"},
		"localhost means the socket":              {Login{Host: "localhost"}, "host=db", "", []string{red}, "socket " + red + ", tcp 127.0.0.1:3306"},
		"the client's socket comes first":         {Login{}, "socket=/c", "socket=/m", []string{red}, "socket /c, socket /m, socket " + red + ", tcp 127.0.0.1:3306"},
		"the client's host, if it has no socket":  {Login{}, "host=db\nport=3310", "", nil, "tcp db:3310, tcp 127.0.0.1:3310"},
		"one socket is tried once":                {Login{}, "socket=" + debian, "socket=" + debian, []string{debian, "/var" + debian}, "socket " + debian + ", tcp 127.0.0.1:3306"},
		"only sockets that are there":             {Login{}, "", "", []string{debian}, "socket " + debian + ", tcp 127.0.0.1:3306"},
		"the server's own name at last":           {Login{}, "", "bind-address=controller-0.internalapi.localdomain", nil, "tcp controller-0.internalapi.localdomain:3306"},
		"any address means loopback":              {Login{}, "", "bind-address=0.0.0.0", nil, "tcp 127.0.0.1:3306"},
		"the first of several addresses":          {Login{}, "", "bind_address=10.0.0.1,::1", nil, "tcp 10.0.0.1:3306"},
	} {
		t.Run(name, func(t *testing.T) {
			f := files{client: options(t, "c", "[client]\n"+c.client+"\n"), server: options(t, "s", "[mysqld]\n"+c.server+"\n")}
			var got []string
			for _, p := range f.places(c.login, func(path string) bool { return slices.Contains(c.exist, path) }) {
				got = append(got, p.via+" "+p.address)
			}
			if strings.Join(got, ", ") != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestCredentialsAreTriedInOrder(t *testing.T) {
	for name, c := range map[string]struct {
		login             Login
		client, container string
		want              []credential
	}{
		"nothing is known":                       {Login{}, "", "", nil},
		"options alone":                          {Login{User: "u", Password: "p"}, "", "", []credential{{"u", "p", "options", false}}},
		"a password alone is root's":             {Login{Password: "p"}, "", "", []credential{{"root", "p", "options", false}}},
		"an option file":                         {Login{}, "user=f\npassword=q", "", []credential{{"f", "q", "option file /f", false}}},
		"its password alone is root's":           {Login{}, "password=q", "", []credential{{"root", "q", "option file /f", false}}},
		"options, then files, then TripleO's":    {Login{User: "u", Password: "p"}, "user=f\npassword=q", "password=r", []credential{{"u", "p", "options", false}, {"f", "q", "option file /f", false}, {"root", "r", "option file /t", false}}},
		"a user takes the password of the files": {Login{User: "f"}, "user=f\npassword=q", "", []credential{{"f", "q", "options", false}, {"f", "q", "option file /f", false}}},
		"not that of another user":               {Login{User: "u"}, "user=f\npassword=q", "", []credential{{"u", "", "options", false}, {"f", "q", "option file /f", false}}},
	} {
		t.Run(name, func(t *testing.T) {
			f := files{client: options(t, "/f", "[client]\n"+c.client+"\n"), container: options(t, "/t", "[client]\n"+c.container+"\n")}
			if got := f.credentials(c.login); !slices.Equal(got, c.want) {
				t.Errorf("got %+v, want %+v", got, c.want)
			}
		})
	}
}

func TestConfiguredNeedsMoreThanAClientsFile(t *testing.T) {
	for text, want := range map[string]bool{"[client]\nsocket=/s\n": false, "[mysqld]\nport=1\n": false, "[galera]\nwsrep_on=ON\n": true,
		"[mysqld]\nwsrep-provider=/x\n": true} {
		if got := (files{server: options(t, "s", text)}).configured(); got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
}
