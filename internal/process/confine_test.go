// SPDX-License-Identifier: GPL-3.0-or-later

package process

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// cell makes the folders of a confinement that nobody can write to but its "w".
func cell(t *testing.T) (dir string, o ChildOptions) {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("needs root to confine a program")
	}
	if err := CanConfine(); err != nil {
		t.Skip(err)
	}
	dir, err := os.MkdirTemp("/var/tmp", "confine-test-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	for name, mode := range map[string]os.FileMode{"": 0o711, "root": 0o755, "w": 0o777, "r": 0o755, "elsewhere": 0o777} {
		if err := os.MkdirAll(filepath.Join(dir, name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(filepath.Join(dir, name), mode); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "r", "file"), []byte("readable\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	return dir, ChildOptions{Owner: Owner{65534, 65534}, Dir: filepath.Join(dir, "w"), Confined: &Confinement{
		Root: filepath.Join(dir, "root"), Read: []string{filepath.Join(dir, "r")}, Write: []string{filepath.Join(dir, "w")}}}
}

func TestAConfinedProgramReachesNothingButItsOwn(t *testing.T) {
	dir, o := cell(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	before, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		t.Fatal(err)
	}
	for script, want := range map[string]string{
		"echo x > file && cat file; id -u; id -G; cat ../r/file; pwd":                          "x\n65534\n65534\nreadable\n" + dir + "/w\n",
		"echo x > ../elsewhere/file && echo written; ls ..":                                    "r\nw\n",
		"echo x > ../r/y && echo written; echo x > /tmp/y && echo written; mkdir /x && echo y": "",
		"ls / /dev /etc":  "/:\nbin\ndev\netc\nlib\nlib64\nsbin\nusr\nvar\n",
		"cat /etc/shadow": "",
		"printf '#!/bin/sh\necho run' > prog; chmod 755 prog; ./prog":                                                              "",
		"echo $$; kill -0 1 && echo mine; kill -0 " + fmt.Sprint(os.Getpid()) + " || echo none":                                    "1\nmine\nnone\n",
		"exec 2>/dev/null; bash -c 'echo > /dev/tcp/127.0.0.1/" + fmt.Sprint(l.Addr().(*net.TCPAddr).Port) + "' && echo connected": "",
		"umount / && echo umounted; mount -t tmpfs x /usr && echo mounted; chroot . && echo chrooted":                              "",
		"env | sort":            "HOME=/\nLC_ALL=C\nPATH=/usr/sbin:/usr/bin:/sbin:/bin\nPWD=" + dir + "/w\nTMPDIR=" + dir + "/w\n",
		"ulimit -c; ulimit -Hc": "0\n0\n",
		"grep NoNewPrivs /proc/self/status; ls /proc": "",
	} {
		var out bytes.Buffer
		o.Stdout = &out
		_ = o.Run(t.Context(), "/bin/sh", "-c", script)
		got := out.String()
		if strings.HasPrefix(script, "ls / ") {
			got, want = got[:min(len(got), len("/:\nbin\ndev\netc\n"))], "/:\nbin\ndev\netc\n"
		}
		if got != want {
			t.Errorf("%s: %q", script, got)
		}
	}
	if after, err := os.ReadFile("/proc/self/mountinfo"); err != nil || !bytes.Equal(before, after) {
		t.Errorf("our own mounts have changed: %v\n%s\n%s", err, before, after)
	}
}

// A job's unit has a umask that keeps others out of all that it makes.
func TestAConfinedProgramRunsWhateverTheUmask(t *testing.T) {
	dir, o := cell(t)
	defer syscall.Umask(syscall.Umask(0o077))
	var said bytes.Buffer
	o.Stdout = &said
	if err := o.Run(t.Context(), "/bin/sh", "-c", "umask; cat ../r/file; echo x > file"); err != nil || said.String() != "0077\nreadable\n" {
		t.Errorf("%q, %v in %s", said.String(), err, dir)
	}
}

func TestRootIsNotConfined(t *testing.T) {
	_, o := cell(t)
	o.Owner = Owner{}
	if err := o.Run(t.Context(), "/bin/true"); err == nil || !strings.Contains(err.Error(), "root cannot be confined") {
		t.Error(err)
	}
}

func TestAConfinedProgramEndsWithAllItStarted(t *testing.T) {
	_, o := cell(t)
	c, err := StartChild(t.Context(), o, "/bin/sh", "-c", "setsid sleep 4322 & sleep 4322")
	if err != nil {
		t.Fatal(err)
	}
	await(t, "it runs", func() bool { return len(WorkingIn(o.Dir, 65534)) == 3 })
	c.Kill()
	await(t, "it is gone", func() bool { return len(WorkingIn(o.Dir, 65534)) == 0 })
}

func TestWhatIsNoFolderCannotBeShown(t *testing.T) {
	_, o := cell(t)
	o.Confined.Write = []string{"/no/such/folder"}
	if err := o.Run(t.Context(), "/bin/true"); err == nil || !strings.Contains(err.Error(), "confine what is fed from a set: lstat /no/such/folder") {
		t.Error(err)
	}
}
