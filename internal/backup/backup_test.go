// SPDX-License-Identifier: GPL-3.0-or-later

package backup

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"overcloud.backup/internal/galera"
	"overcloud.backup/internal/process"
	"overcloud.backup/internal/repository"
	"overcloud.backup/tests/messages"
	"overcloud.backup/tests/user"
)

func TestVersions(t *testing.T) {
	for text, want := range map[string]string{
		"mariadb-backup based on MariaDB server 10.11.19-MariaDB debian-linux-gnu (x86_64)": "10.11.19",
		"mariadb-dump  Ver 10.19 Distrib 10.11.19-MariaDB, for debian-linux-gnu (x86_64)":   "10.11.19",
		"/usr/bin/mariabackup based on MariaDB server 10.3.28-MariaDB Linux (x86_64)":       "10.3.28",
		"mariadb-dump from 11.4.2-MariaDB, client 10.19 for Linux (x86_64)":                 "11.4.2",
		"10.11.19-MariaDB-0+deb12u1": "10.11.19",
		"mysqldump  Ver 8.0.36 for Linux on x86_64 (MySQL Community Server - GPL)": "",
		"": "",
	} {
		if got := mariadbVersion(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

func TestChoice(t *testing.T) {
	backup := tool{method: Physical, path: "/usr/bin/mariadb-backup", version: "10.11.19"}
	dump := tool{method: Logical, path: "/usr/bin/mariadb-dump", version: "10.11.19"}
	for name, tt := range map[string]struct {
		want   Method
		server string
		socket bool
		tools  []tool
		method Method
		reason string // of the choice, or the error
	}{
		"auto takes the server's own tool":       {Auto, "10.11.19", true, []tool{backup, dump}, Physical, "the server's own backup tool is here"},
		"auto takes another patch of its series": {Auto, "10.11.8", true, []tool{backup, dump}, Physical, "10.11.19 for 10.11.8"},
		"auto dumps a server of another series":  {Auto, "10.5.22", true, []tool{backup, dump}, Logical, "of version 10.11.19, the server of 10.5.22"},
		"auto dumps without the tool":            {Auto, "10.11.19", true, []tool{dump}, Logical, "neither mariadb-backup nor mariabackup"},
		"auto dumps over TCP":                    {Auto, "10.11.19", false, []tool{backup, dump}, Logical, "reached over TCP"},
		"auto without any tool":                  {Auto, "10.11.19", true, nil, "", "no way to back up"},
		"physical is not replaced":               {Physical, "10.5.22", true, []tool{backup, dump}, "", "read by its own version only"},
		"physical over TCP":                      {Physical, "10.11.19", false, []tool{backup}, "", "set login_unix_socket"},
		"logical though the tool is there":       {Logical, "10.11.19", true, []tool{backup, dump}, Logical, "asked for"},
		"a server that is not MariaDB":           {Auto, "", true, []tool{backup, dump}, "", "the server is not MariaDB"},
	} {
		t.Run(name, func(t *testing.T) {
			find := func(m Method) (tool, error) {
				if i := slices.IndexFunc(tt.tools, func(x tool) bool { return x.method == m }); i >= 0 {
					return tt.tools[i], nil
				}
				return tool{}, fmt.Errorf("neither %s nor %s is installed: %w", programs[m][0], programs[m][1], process.ErrNotFound)
			}
			got, reason, err := choose(tt.want, tt.server, tt.socket, find)
			if err != nil {
				reason = err.Error()
			}
			if (err == nil) != (tt.method != "") || err == nil && got.method != tt.method || !strings.Contains(reason, tt.reason) {
				t.Errorf("%v, %q, %v", got, reason, err)
			}
		})
	}
}

func healthyNode() galera.Wsrep {
	return galera.Wsrep{On: true, State: galera.StateSynced, ClusterStatus: galera.ClusterPrimary, Ready: true, Connected: true}
}

func TestSoundNodes(t *testing.T) {
	if err := sound(healthyNode()); err != nil {
		t.Errorf("a healthy node: %v", err)
	}
	if sound(galera.Wsrep{}) == nil {
		t.Error("what is unknown is healthy")
	}
	for want, change := range map[string]func(*galera.Wsrep){
		"wsrep_on is OFF":       func(w *galera.Wsrep) { w.On = false },
		"Primary component":     func(w *galera.Wsrep) { w.ClusterStatus = galera.ClusterNonPrimary },
		"ON already":            func(w *galera.Wsrep) { w.Desync, w.State = true, galera.StateDonorDesync },
		`"Donor/Desynced"`:      func(w *galera.Wsrep) { w.State = galera.StateDonorDesync },
		"wsrep_ready false":     func(w *galera.Wsrep) { w.Ready = false },
		"wsrep_connected false": func(w *galera.Wsrep) { w.Connected = false },
	} {
		w := healthyNode()
		change(&w)
		if err := sound(w); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
}

func TestClientsAreNamed(t *testing.T) {
	err := idle([]galera.Session{{User: "nova", Source: "10.99.0.10", Count: 3}})
	if err == nil || !strings.Contains(err.Error(), "3 of nova from 10.99.0.10") {
		t.Errorf("got %v", err)
	}
	if idle(nil) != nil {
		t.Error("no session is a client")
	}
}

func TestIdentity(t *testing.T) {
	ours, other := t.TempDir(), t.TempDir()
	sleeper := exec.Command("sleep", "60")
	sleeper.Dir = ours
	if err := sleeper.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = sleeper.Process.Kill(); _ = sleeper.Wait() }()
	link := filepath.Join(other, "link")
	if err := os.Symlink(ours, link); err != nil {
		t.Fatal(err)
	}
	for _, datadir := range []string{ours, ours + "/", link} {
		if err := checkDatadir(sleeper.Process.Pid, datadir, process.Place{}); err != nil {
			t.Errorf("%s: %v", datadir, err)
		}
	}
	if err := checkDatadir(sleeper.Process.Pid, other, process.Place{}); err == nil || !strings.Contains(err.Error(), other) || !strings.Contains(err.Error(), ours) {
		t.Errorf("both folders are to be named: %v", err)
	}
	if checkDatadir(0, ours, process.Place{}) == nil || checkDatadir(sleeper.Process.Pid, other+"/none", process.Place{}) == nil {
		t.Error("an unknown server or folder was accepted")
	}
	if err := checkHost(galera.Server{Hostname: "a"}, "b"); err == nil || !strings.Contains(err.Error(), `"a"`) || !strings.Contains(err.Error(), `"b"`) {
		t.Errorf("hosts: %v", err)
	}
}

func TestGaleraInfo(t *testing.T) {
	const uuid = "0bf81e81-e6a9-11f1-aab7-6f76032d5070"
	for _, text := range []string{uuid + ":4 0", uuid + ":4 0\n", uuid + ":4"} {
		if u, seqno, err := parseGaleraInfo([]byte(text)); u != uuid || seqno != 4 || err != nil {
			t.Errorf("%q: %s %d %v", text, u, seqno, err)
		}
	}
	for _, text := range []string{"", uuid, uuid + ":", uuid + ":-1 0", "00000000-0000-0000-0000-000000000000:4", "x:4", uuid + ":4x"} {
		if _, _, err := parseGaleraInfo([]byte(text)); err == nil {
			t.Errorf("%q was accepted", text)
		}
	}
}

func FuzzGaleraInfo(f *testing.F) {
	f.Add([]byte("0bf81e81-e6a9-11f1-aab7-6f76032d5070:4 0\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		uuid, seqno, err := parseGaleraInfo(b)
		if messages.Check(t, err); err == nil && (seqno < 0 || len(uuid) != 36) {
			t.Errorf("%q: %q %d", b, uuid, seqno)
		}
	})
}

func TestSystemTablespace(t *testing.T) {
	for options, want := range map[string]string{
		"innodb_data_file_path=ibdata1:12M:autoextend\n":           "ibdata1",
		"innodb_data_file_path = a:1G;/srv/b:2G:autoextend\nx=y\n": "a b",
		"[mysqld]\n": "ibdata1",
	} {
		if got := strings.Join(systemTablespace([]byte(options)), " "); got != want {
			t.Errorf("%q: %q, want %q", options, got, want)
		}
	}
}

func TestTheEndOfADump(t *testing.T) {
	for text, whole := range map[string]bool{
		"x\n\n-- Dump completed on 2026-11-22 19:32:53\n":                true,
		"x\n-- Dump completed\n":                                         true,
		"-- Dump completed on 2026-11-22 19:32:53\nINSERT INTO t VALUES": false,
		"INSERT INTO t VALUES ('-- Dump completed');\n":                  false,
		"": false,
	} {
		l := newLogical()
		for _, b := range []byte(text) {
			_, _ = l.Write([]byte{b})
		}
		if err := l.finish(""); (err == nil) != whole {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestTheSnapshotIsOpenWhenTheFirstSchemaBegins(t *testing.T) {
	l := newLogical()
	begun := func() bool {
		select {
		case <-l.started:
			return true
		default:
			return false
		}
	}
	for _, part := range []string{"-- MariaDB dump\n-- Host: localhost    Database: nova\n", "\nUS", "E `nova`"} {
		if begun() {
			t.Errorf("before %q", part)
		}
		_, _ = l.Write([]byte(part))
	}
	if !begun() {
		t.Error("not seen")
	}
	_, _ = l.Write([]byte(";\n\nUSE `neutron`;\n"))
}

func TestTheLogHasNoSecretsWhateverTheWrites(t *testing.T) {
	destination := t.TempDir()
	for _, d := range []string{filepath.Dir(destination), destination} {
		if err := os.Chmod(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	dir, err := repository.Open(destination)
	if err != nil {
		t.Fatal(err)
	}
	defer dir.Close()
	set, err := dir.Create("c", "physical", "h", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	log := newLog(func(s string) string { return strings.ReplaceAll(s, "secret", "********") }, nil)
	for _, b := range []byte("password secret used\ncompleted OK!") {
		_, _ = log.Write([]byte{b})
	}
	if got := lastLine(log.text()); got != "completed OK!" {
		t.Errorf("last line %q", got)
	}
	f, err := log.finish(set)
	data, readErr := os.ReadFile(filepath.Join(set.Folder(), logName))
	if errors.Join(err, readErr) != nil || string(data) != "password ******** used\ncompleted OK!" || f.Bytes != int64(len(data)) {
		t.Errorf("%q, %+v, %v", data, f, errors.Join(err, readErr))
	}
}

func TestHealthCheck(t *testing.T) {
	answers := 0
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if answers++; answers < 3 {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}))
	said, err := Healthy(web.URL)(t.Context(), galera.Wsrep{})
	if err != nil || !strings.Contains(said, "Synced and UP") || answers != 3 {
		t.Errorf("%q, %v after %d answers", said, err, answers)
	}
	web.Close()
	if _, err := Healthy(web.URL)(t.Context(), galera.Wsrep{}); err == nil {
		t.Error("nothing listens at the URL that was given")
	}
	resolver := net.DefaultResolver
	t.Cleanup(func() { net.DefaultResolver = resolver })
	net.DefaultResolver = &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) { return nil, errors.New("no resolver") }}
	if said, err := Healthy("")(t.Context(), galera.Wsrep{BindAddress: "of-another-resolver.test", NodeAddress: "127.0.0.1"}); err != nil || !strings.Contains(said, "127.0.0.1:9200") {
		t.Errorf("a name that only the server knows: %q, %v", said, err)
	}
	for want, w := range map[string]galera.Wsrep{
		"http://controller-0.internalapi:9200/": {BindAddress: "controller-0.internalapi"},
		"http://[fd00::1]:9200/":                {BindAddress: "fd00::1", NodeAddress: "10.0.0.1"},
		"http://10.0.0.1:9200/":                 {NodeAddress: "10.0.0.1:4567"},
		"http://[fd00::2]:9200/":                {NodeAddress: "fd00::2"},
		"http://[fd00::3]:9200/":                {NodeAddress: "[fd00::3]"},
		"http://[fd00::4]:9200/":                {NodeAddress: "[fd00::4]:4567"},
		"http://localhost:9200/":                {},
	} {
		if got := clustercheckURL(w); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}

// A stranger who has the health check's port says nothing about the node.
func TestHealthCheckOfAStrangerIsNotAsked(t *testing.T) {
	var l net.Listener
	user.As(t, 54321, func() (err error) { l, err = net.Listen("tcp4", "127.0.0.1:0"); return err })
	asked := false
	web := &httptest.Server{Listener: l, Config: &http.Server{Handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked = true })}}
	web.Start()
	defer web.Close()
	began := time.Now()
	said, err := Healthy(web.URL)(t.Context(), galera.Wsrep{})
	if err == nil || !strings.Contains(err.Error(), "belongs to user 54321, not to root") || time.Since(began) > healthTimeout/2 {
		t.Errorf("%q, %v", said, err)
	}
	if web.Close(); asked {
		t.Error("the stranger was asked")
	}
}

func TestHealthCheckFollowsNoRedirection(t *testing.T) {
	there := false
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { there = true }))
	defer other.Close()
	web := httptest.NewServer(http.RedirectHandler(other.URL, http.StatusFound))
	defer web.Close()
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	if said, err := Healthy(web.URL)(ctx, galera.Wsrep{}); err == nil || there {
		t.Errorf("%q, %v", said, err)
	}
}

func TestConfigurationIsOneTar(t *testing.T) {
	dir := t.TempDir()
	for name, content := range map[string]string{"my.cnf": "[mysqld]\n", "conf.d/a.cnf": "a", "conf.d/b.cnf": "b"} {
		path := filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(content), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	big := filepath.Join(dir, "conf.d/big")
	if err := errors.Join(os.WriteFile(big, make([]byte, maxConfig+1), 0o600), os.Symlink("a.cnf", filepath.Join(dir, "conf.d/link"))); err != nil {
		t.Fatal(err)
	}
	data, skipped, err := archive([]string{dir + "/my.cnf", dir + "/none", dir + "/conf.d"})
	if err != nil || len(skipped) != 1 || !strings.Contains(skipped[0], big) {
		t.Fatal(skipped, err)
	}
	var got []string
	for r := tar.NewReader(bytes.NewReader(data)); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		content, _ := io.ReadAll(r)
		got = append(got, strings.TrimPrefix("/"+h.Name, dir)+"="+string(content))
	}
	if want := "/my.cnf=[mysqld]\n /conf.d/a.cnf=a /conf.d/b.cnf=b /conf.d/link=a"; strings.Join(got, " ") != want {
		t.Errorf("got %q", got)
	}
}

// A container's database owns folders of its configuration: a link there would have root put any file into the set.
func TestALinkInAFolderOfSomebodyElsesIsLeftOut(t *testing.T) {
	dir := t.TempDir()
	secret, theirs := filepath.Join(dir, "shadow"), filepath.Join(dir, "conf.d")
	if err := errors.Join(os.WriteFile(secret, []byte("secret"), 0o600), os.Mkdir(theirs, 0o755), os.Chmod(theirs, 0o777),
		os.Symlink(secret, filepath.Join(theirs, "x.cnf")), os.Symlink(dir, filepath.Join(theirs, "up"))); err != nil {
		t.Fatal(err)
	}
	data, skipped, err := archive([]string{theirs, theirs + "/up/shadow"})
	if err != nil || bytes.Contains(data, []byte("secret")) || len(skipped) != 3 || !strings.Contains(skipped[0], "is a symbolic link, and "+theirs+" can be written by others") {
		t.Errorf("%q, %v", skipped, err)
	}
}

func TestFindToolSaysWhatIsMissing(t *testing.T) {
	// In a place without them: the system's folders are looked into whatever PATH says.
	t.Setenv("PATH", t.TempDir())
	names := programs[Physical]
	programs[Physical] = []string{"mariadb-backup-not", "mariabackup-not"}
	defer func() { programs[Physical] = names }()
	_, err := findTool(context.Background(), Physical, process.Place{})
	if !errors.Is(err, process.ErrNotFound) || !strings.Contains(err.Error(), "neither mariadb-backup-not nor mariabackup-not is installed here") {
		t.Errorf("got %v", err)
	}
}

func TestADecisionIsReadByItsNames(t *testing.T) {
	for text, want := range map[string]struct {
		known bool
		names string
	}{
		`{"clusters": [{"controllers": [{"name": "a", "verdict": "chosen"}, {"name": "b", "verdict": "rejected"}]}, {"controllers": [{"name": "c", "verdict": "chosen"}]}]}`: {true, "a c"},
		`{"clusters": [{"controllers": [{"name": "b", "verdict": "rejected"}]}]}`:                                                                                            {true, ""},
		`{"chosen": "here"}`:     {false, ""},
		`{"clusters": ["here"]}`: {false, ""},
		``:                       {false, ""},
	} {
		list, known := chosen([]byte(text))
		var names []string
		for _, c := range list {
			names = append(names, c.Name)
		}
		if known != want.known || strings.Join(names, " ") != want.names {
			t.Errorf("%s: %q, %t", text, names, known)
		}
	}
	for _, c := range []candidate{{Name: "host-1"}, {PacemakerNode: "HOST-1.example"}, {Name: "10.0.0.5", GaleraNode: "host-1"}, {GaleraNode: "node 1"}} {
		if !c.is("host-1", "node 1") {
			t.Errorf("%+v is not host-1", c)
		}
	}
	for _, c := range []candidate{{}, {Name: "host-2"}, {PacemakerNode: "host"}} {
		if c.is("host-1", "") {
			t.Errorf("%+v is host-1", c)
		}
	}
	if (candidate{Name: "host-1.a"}).is("host-1.b", "") {
		t.Error("two domains, one host")
	}
}

func TestBinlogInfo(t *testing.T) {
	for text, want := range map[string]string{"mb.000003\t371\t0-7-151\n": "0-7-151", "mb.000003\t371\t0-7-151,1-2-3\n": "0-7-151,1-2-3", "mb.000003\t371\t\n": "", "": ""} {
		if got := parseBinlogInfo([]byte(text)); got != want {
			t.Errorf("%q: %q", text, got)
		}
	}
}

// A panic in the goroutine that copies the tool's messages would end the process with the node desynced.
func TestALogThatPanicsIsAnError(t *testing.T) {
	l := &toolLog{scrub: func(string) string { panic("scrub") }}
	if _, err := l.Write([]byte("line\n")); err != nil || l.err == nil || !strings.Contains(l.err.Error(), "panic: scrub") {
		t.Errorf("%v, %v", err, l.err)
	}
}
