// SPDX-License-Identifier: GPL-3.0-or-later

package haproxy

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"overcloud.backup/internal/haproxy/locate"
	"overcloud.backup/tests/haproxytest"
)

const fsid = "0fa5c3a0-2b7e-11ee-9c4e-0e3f5f0d7a11"

// command returns the command line of a process.
func command(words ...string) string {
	return strings.Join(append([]string{"haproxy"}, words...), "\x00") + "\x00"
}

// startedAs is a machine on which HAProxy runs with a command line and an environment, and answers on /s.
func startedAs(t *testing.T, files map[string]string, environ string, words ...string) locate.Host {
	t.Helper()
	files["/proc/7/cmdline"], files["/proc/7/environ"] = command(words...), environ
	h := machine(t, files)
	haproxytest.Run(t, h.Root, haproxytest.Process{PID: 7})
	haproxytest.FakeAt(t, h.Path("/s"), haproxytest.Scripted(haproxytest.Lab(t)))
	return h
}

func binds(f *Facts) string {
	if f.Database == nil {
		return "no database"
	}
	return fmt.Sprint(f.Database.Binds, " ", f.Database.Unread)
}

func TestTheFilesOfTheProcessAreTheConfiguration(t *testing.T) {
	const socket, mysql = "global\n stats socket /s\n", "listen mysql\n bind 10.99.0.100:3306\n"
	for name, c := range map[string]struct {
		files   map[string]string
		environ string
		words   []string
		want    string
	}{
		"a file and a folder, as RHEL 9 has it": {map[string]string{"/etc/haproxy/haproxy.cfg": socket,
			"/etc/haproxy/conf.d/10-db.cfg":       mysql,
			"/etc/haproxy/conf.d/old.cfg.rpmsave": "listen mysql\n bind 10.9.9.9:3306\n"}, "",
			[]string{"-Ws", "-f", "/etc/haproxy/haproxy.cfg", "-f", "/etc/haproxy/conf.d", "-p", "/run/haproxy.pid"},
			"[10.99.0.100:3306] []"},
		"another file than the package's": {map[string]string{
			"/etc/haproxy/haproxy.cfg": "listen mysql\n bind 10.9.9.9:3306\n",
			"/opt/ha.cfg":              socket + mysql}, "", []string{"-f", "/opt/ha.cfg", "-sf", "3", "4"},
			"[10.99.0.100:3306] []"},
		"after --": {map[string]string{"/opt/a": socket, "/opt/b": mysql}, "",
			[]string{"-D", "--", "/opt/a", "/opt/b"}, "[10.99.0.100:3306] []"},
		"relative to the folder of -C": {
			map[string]string{"/opt/a": socket + mysql}, "", []string{"-C", "/opt", "-f", "a"},
			"[10.99.0.100:3306] []"},
		"from its environment": {map[string]string{"/opt/a": socket +
			"listen mysql\n bind \"${VIP}:3306\"\n bind 10.99.0.13:3306\n"}, "A=\x00VIP=10.99.0.100\x00",
			[]string{"-f", "/opt/a"}, "[10.99.0.100:3306 10.99.0.13:3306] []"},
		"from an environment that it changes": {map[string]string{"/opt/a": "global\n stats socket /s\n presetenv VIP" +
			" 10.9.9.9\n presetenv B 10.99.0.7\n setenv C 10.99.0.8\n unsetenv D\n" +
			"listen mysql\n bind $VIP:3306\n bind $B:3306\n bind $C:3306\n bind $D:3306\n"},
			"VIP=10.99.0.100\x00C=1\x00D=10.9.9.9\x00", []string{"-f", "/opt/a"},
			"[10.99.0.100:3306 10.99.0.7:3306 10.99.0.8:3306] [/opt/a line 11: bind: the value of $D is known only to" +
				" the process]"},
		"a variable that it does not have": {map[string]string{"/opt/a": socket +
			"listen mysql\n bind \"${VIP}:3306\"\n bind 10.99.0.13:3306\n"}, "A=b\x00", []string{"-f", "/opt/a"},
			"[10.99.0.13:3306] [/opt/a line 4: bind: the value of $VIP is known only to the process]"},
		"a file that is gone": {map[string]string{"/etc/haproxy/haproxy.cfg": socket + mysql}, "",
			[]string{"-f", "/etc/haproxy/haproxy.cfg", "-f", "/opt/gone"},
			"[10.99.0.100:3306] [/etc/haproxy/haproxy.cfg, /opt/gone: the files of haproxy -f cannot be found]"},
	} {
		t.Run(name, func(t *testing.T) {
			h := startedAs(t, c.files, c.environ, c.words...)
			f := read(t, Options{host: h, Socket: "/s"})
			if got := strings.ReplaceAll(binds(f), h.Root, ""); got != c.want {
				t.Errorf("got  %s\nwant %s\n%s", got, c.want, allErrors(f))
			}
		})
	}
}

// Files of a process that the caller did not name may hold anything.
func TestAnUnreadFileIsReportedWithTheDatabase(t *testing.T) {
	const mysql = "listen mysql\n bind 10.99.0.100:3306\n"
	h := startedAs(t, map[string]string{"/a": mysql, "/b": "listen mysql_ro\n bind 10.99.0.101:3306\n"}, "", "-f", "/a",
		"-f", "/b")
	f := read(t, Options{host: h, Socket: "/s", ConfigFiles: []string{h.Path("/a")}})
	if want := "/b: process 7 has it by -f, and it was not read"; f.Database == nil ||
		fmt.Sprint(f.Database.Unread) != "["+want+"]" ||
		fmt.Sprint(f.Database.Unmodelled) != "["+want+"]" {
		t.Errorf("%s: %+v", allErrors(f), f.Database)
	}
	f = read(t, Options{host: h, Socket: "/s", ConfigFiles: []string{h.Path("/a"), h.Path("/b")}})
	if allErrors(f) != "" || len(f.Database.Unread) > 0 {
		t.Errorf("%s: %+v", allErrors(f), f.Database)
	}
}

// The caller may name files of a container by their paths on the host: they are read with the environment of its
// process.
func TestNamedFilesAreReadInTheEnvironmentOfTheProcess(t *testing.T) {
	h := startedAs(t, map[string]string{"/a": "listen mysql\n bind \"$VIP:3306\"\n"}, "VIP=10.99.0.100\x00", "-f",
		"/etc/haproxy/haproxy.cfg")
	if err := os.WriteFile(h.Path("/proc/7/root"), nil, 0o600); err != nil { // it is elsewhere
		t.Fatal(err)
	}
	f := read(t, Options{host: h, Socket: "/s", ConfigFiles: []string{h.Path("/a")}})
	if binds(f) != "[10.99.0.100:3306] []" {
		t.Errorf("%s: %s", binds(f), allErrors(f))
	}
}

// Only one HAProxy of a host is asked. A second one that leads to the same servers must be reported.
func TestAnotherHAProxyThatLeadsToTheDatabase(t *testing.T) {
	for config, want := range map[string]string{
		"listen ro\n mode tcp\n bind :3307\n server a 10.99.0.12:3306\n": "another HAProxy leads to the database by" +
			` its proxy "ro"`,
		"listen web\n mode http\n bind :80\n server a 10.99.0.12:80\n": "",
		"listen ro\n mode tcp\n disabled\n server a 10.99.0.12:3306\n": "",
	} {
		h := startedAs(t, map[string]string{"/etc/haproxy/haproxy.cfg": string(haproxytest.Recorded(t,
			"haproxy-lab.cfg")), "/opt/ro.cfg": config,
			"/proc/8/cmdline": command("-f", "/opt/ro.cfg")}, "", "-f", "/etc/haproxy/haproxy.cfg")
		haproxytest.Run(t, h.Root, haproxytest.Process{PID: 8})
		f := read(t, Options{host: h, Socket: "/s"})
		if f.Database == nil || want == "" && (allErrors(f) != "" || len(f.Database.Unread) > 0) ||
			!strings.Contains(strings.Join(f.Database.Unread, " "), want) {
			t.Errorf("%q: %s, %+v", config, allErrors(f), f.Database)
		}
	}
}

// The HAProxy processes of Neutron, OVN and Ceph are not load balancers of the controllers.
func TestHAProxiesOfOthersAreNone(t *testing.T) {
	for name, files := range map[string]map[string]string{
		"ns-metadata-proxy":  {"/proc/7/cmdline": command("-f", "/var/lib/neutron/ns-metadata-proxy/1.conf")},
		"ovn-metadata-proxy": {"/proc/7/cmdline": command("-f", "/var/lib/neutron/ovn-metadata-proxy/1.conf")},
		"cephadm, by control group": {"/proc/7/cgroup": "0::/system.slice/system-ceph.slice/ceph-" + fsid +
			"@haproxy.nfs.a.controller-0.xyz.service\n"},
		"cephadm, by what is mounted": {"/proc/7/mountinfo": "900 800 8:1 /var/lib/ceph/" + fsid +
			"/haproxy.rgw.a.xyz/haproxy /var/lib/haproxy rw - ext4 /dev/sda1 rw\n"},
	} {
		h := machine(t, files)
		haproxytest.Run(t, h.Root, haproxytest.Process{PID: 7})
		if f := read(t, Options{host: h}); f.Present || allErrors(f) != "" {
			t.Errorf("%s: %s: %+v", name, allErrors(f), f)
		}
	}
}

// leftOver returns a socket on which nobody listens any more.
func leftOver(t *testing.T, path string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	l.SetUnlinkOnClose(false)
	l.Close()
}

func TestEachStatsSocketIsTried(t *testing.T) {
	h := machine(t, map[string]string{"/etc/haproxy/haproxy.cfg": "global\n stats socket /run/old.sock level admin\n" +
		" stats socket /run/hangs.sock\n stats socket /run/new.sock level user\n" +
		"listen mysql\n bind 10.99.0.100:3306\n"})
	leftOver(t, h.Path("/run/old.sock"))
	haproxytest.FakeAt(t, h.Path("/run/hangs.sock"), haproxytest.Silent)
	s := haproxytest.FakeAt(t, h.Path("/run/new.sock"), haproxytest.Scripted(haproxytest.Lab(t)))
	if f := read(t, Options{host: h, Timeout: haproxytest.Slack}); allErrors(f) != "" ||
		f.Reached != s.Path || f.Database == nil {
		t.Errorf("%s: %+v", allErrors(f), f)
	}
}

func TestAUsualSocketThatIsLeftOverIsNotTheOnlyOne(t *testing.T) {
	h := machine(t, nil)
	leftOver(t, h.Path("/var/lib/haproxy/stats"))
	if f := read(t, Options{host: h}); f.Running || strings.Count(allErrors(f), "connection refused") != 1 {
		t.Errorf("none answers: %s", allErrors(f))
	}
	s := haproxytest.FakeAt(t, h.Path("/run/haproxy/admin.sock"), haproxytest.Scripted(haproxytest.Lab(t)))
	if f := read(t, Options{host: h}); f.Reached != s.Path {
		t.Errorf("Debian's answers: %s", allErrors(f))
	}
}

func TestTheMastersSocketIsNamed(t *testing.T) {
	f := read(t, Options{Socket: haproxytest.NewFake(t, haproxytest.Scripted(nil)).Path})
	if e := f.Failed(SourceSocket); e == nil || !strings.Contains(e.Hint, "master") {
		t.Errorf("%+v", f.Errors)
	}
}
