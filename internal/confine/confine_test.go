// SPDX-License-Identifier: GPL-3.0-or-later

package confine_test

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"overcloud.backup/internal/confine"
	"overcloud.backup/internal/process"
	"overcloud.backup/tests/podman"
)

// cell creates the folders of a confinement, in which only the folder "w" is writable.
func cell(t *testing.T) (dir string, o process.ChildOptions) {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("needs root to confine a program")
	}
	if err := confine.Possible(); err != nil {
		t.Skip(err)
	}
	dir, err := os.MkdirTemp("/var/tmp", "confine-test-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	for name, mode := range map[string]os.FileMode{"": 0o711, "w": 0o777, "r": 0o755, "elsewhere": 0o777} {
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
	return dir, process.ChildOptions{Owner: confine.Owner{UID: 65534, GID: 65534}, Dir: filepath.Join(dir, "w"),
		Confined: &confine.Confinement{
			Read: []string{filepath.Join(dir, "r")}, Write: []string{filepath.Join(dir, "w")}}}
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
		"echo x > file && cat file; id -u; id -G; cat ../r/file; pwd": "x\n65534\n65534\nreadable\n" +
			dir + "/w\n",
		"echo x > ../elsewhere/file && echo written; ls ..":                                    "r\nw\n",
		"echo x > ../r/y && echo written; echo x > /tmp/y && echo written; mkdir /x && echo y": "",
		"ls / /dev /etc":  "/:\nbin\ndev\netc\nlib\nlib64\nproc\nsbin\nusr\nvar\n",
		"cat /etc/shadow": "",
		"printf '#!/bin/sh\necho run' > prog; chmod 755 prog; ./prog": "",
		"echo $$; kill -0 1 && echo mine; kill -0 " + fmt.Sprint(os.Getpid()) +
			" || echo none": "1\nmine\nnone\n",
		"exec 2>/dev/null; bash -c 'echo > /dev/tcp/127.0.0.1/" + fmt.Sprint(l.Addr().(*net.TCPAddr).Port) +
			"' && echo connected": "",
		"umount / && echo umounted; mount -t tmpfs x /usr && echo mounted; chroot . && echo chrooted": "",
		"env | sort": "HOME=/\nLC_ALL=C\nPATH=/usr/sbin:/usr/bin:/sbin:/bin\nPWD=" + dir + "/w\nTMPDIR=" +
			dir + "/w\n",
		"ulimit -c; ulimit -Hc":                       "0\n0\n",
		"grep NoNewPrivs /proc/self/status; ls /proc": "self\n",
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

// The unit of a job sets a umask that keeps other users out of everything it creates.
func TestAConfinedProgramRunsWhateverTheUmask(t *testing.T) {
	dir, o := cell(t)
	defer syscall.Umask(syscall.Umask(0o077))
	var got bytes.Buffer
	o.Stdout = &got
	if err := o.Run(t.Context(), "/bin/sh", "-c", "umask; cat ../r/file; echo x > file"); err != nil ||
		got.String() != "0077\nreadable\n" {
		t.Errorf("%q, %v in %s", got.String(), err, dir)
	}
}

func TestAConfinedProgramEndsWithAllItStarted(t *testing.T) {
	_, o := cell(t)
	c, err := process.StartChild(t.Context(), o, "/bin/sh", "-c", "setsid sleep 4322 & sleep 4322")
	if err != nil {
		t.Fatal(err)
	}
	await(t, "it runs", func() bool { return len(process.WorkingIn(o.Dir, 65534)) == 3 })
	c.Kill()
	await(t, "it is gone", func() bool { return len(process.WorkingIn(o.Dir, 65534)) == 0 })
}

// These are system calls that a confined program is denied, as Python calls.
const asks = `
import array, ctypes, os, socket, sys
libc = ctypes.CDLL(None, use_errno=True)
def call(name, *args):
    r = libc.syscall(*args)
    print(name, 'done' if r >= 0 else os.strerror(ctypes.get_errno()))
call('keyctl', %d, 0, -4, 1)
call('unshare', %d, 0x10000000)
call('open_by_handle_at', %d, -100, 0, 0)
s = socket.socket(socket.AF_UNIX)
s.connect(sys.argv[1])
try:
    _, sent, _, _ = s.recvmsg(1, 1024)
    fds = array.array('i'); fds.frombytes(sent[0][2][:4])
    print('shadow', len(os.read(os.open('etc/shadow', os.O_RDONLY, dir_fd=fds[0]), 9)))
except OSError as e:
    print('recvmsg', os.strerror(e.errno))
try:
    os.write(9, b'x'); print('inherited')
except OSError as e:
    print('inherited', os.strerror(e.errno))
`

// The kernel of the host treats a tool as root: an accomplice of its server could send it a descriptor of a file of the
// host.
func TestRootIsGivenNoDescriptors(t *testing.T) {
	const python = "/usr/bin/python3"
	if _, err := os.Stat(python); err != nil {
		t.Skip(err)
	}
	dir, o := cell(t)
	path := filepath.Join(dir, "s")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			if folder, err := os.Open("/"); err == nil {
				_, _, _ = c.(*net.UnixConn).WriteMsgUnix([]byte("x"), unix.UnixRights(int(folder.Fd())), nil)
				folder.Close()
			}
		}
	}()
	reached, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	o.Owner, o.Dir, o.Stdout = confine.Owner{}, "", &out
	o.Confined = &confine.Confinement{Sockets: map[string]os.FileInfo{path: reached}}
	script := fmt.Sprintf(asks, unix.SYS_KEYCTL, unix.SYS_UNSHARE, unix.SYS_OPEN_BY_HANDLE_AT)
	err = o.Run(t.Context(), python, "-c", script, path)
	const no = " Operation not permitted\n"
	if want := "keyctl" + no + "unshare" + no + "open_by_handle_at" + no + "recvmsg" + no +
		"inherited Bad file descriptor\n"; err != nil || out.String() != want {
		t.Errorf("%q, %v", out.String(), err)
	}
}

// Nothing that a container's root puts into its /dev is used, and the devices of this host stay as they are.
func TestDevicesAreOfOurOwnMaking(t *testing.T) {
	p := container(t)
	mount := exec.Command("nsenter", "--target", fmt.Sprint(p.PID()), "--mount", "sh", "-c",
		"mount -t tmpfs none /dev && mkfifo /dev/null /dev/full && mknod /dev/zero c 1 11")
	if out, err := mount.CombinedOutput(); err != nil {
		t.Skipf("%v: %s", err, out)
	}
	var out bytes.Buffer
	o := process.ChildOptions{Place: p, Stdout: &out}
	script := "chmod 600 /dev/full; ls -l /dev | awk 'NR > 1 { print $1, $5, $6, $10 }'; head -c 2 /dev/zero | tr" +
		" '\\000' 0"
	const want = "crw-rw-rw- 1, 7 full\ncrw-rw-rw- 1, 3 null\ncrw-rw-rw- 1, 8 random\ncrw-rw-rw- 1, 9" +
		" urandom\ncrw-rw-rw- 1, 5 zero\n00"
	if err := o.Run(t.Context(), "/bin/sh", "-c", script); err != nil || out.String() != want {
		t.Errorf("%q, %v", out.String(), err)
	}
}

// Storage that hangs while a program is being confined must not block the caller.
func TestAStartEndsWithItsContext(t *testing.T) {
	_, o := cell(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if c, err := process.StartChild(ctx, o, "/bin/sleep", "60"); err == nil {
		c.Kill()
		t.Error("it was started")
	}
}

func TestTheNetworkIsGivenToWhoIsNotRoot(t *testing.T) {
	_, o := cell(t)
	o.Confined.Network = true
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	var out bytes.Buffer
	o.Stdout = &out
	script := "exec 3<>/dev/tcp/127.0.0.1/" + fmt.Sprint(l.Addr().(*net.TCPAddr).Port) + " && echo connected"
	if err := o.Run(t.Context(), "/bin/bash", "-c", script); err != nil || out.String() != "connected\n" {
		t.Errorf("%q, %v", out.String(), err)
	}
	o.Owner = confine.Owner{}
	if err := o.Run(t.Context(), "/bin/true"); err == nil ||
		!strings.Contains(err.Error(), "root is not given the network") {
		t.Error(err)
	}
}

// A program of a container is confined to less than that container.
func TestAProgramOfAContainerIsConfined(t *testing.T) {
	p := container(t)
	var out bytes.Buffer
	o := process.ChildOptions{Place: p, Stdout: &out}
	script := "echo $$; ls /; kill -0 2 || echo alone; echo x > /etc/x || echo kept; cat /etc/shadow || echo hidden"
	if err := o.Run(t.Context(), "/bin/sh", "-c", script); err != nil {
		t.Fatal(err)
	}
	if got := strings.Fields(out.String()); got[0] != "1" ||
		!slices.Equal(got[len(got)-3:], []string{"alone", "kept", "hidden"}) || slices.Contains(got, "root") {
		t.Errorf("%q", got)
	}
}

func await(t *testing.T, what string, cond func() bool) {
	t.Helper()
	for until := time.Now().Add(20 * time.Second); !cond(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(until) {
			t.Fatalf("not in 20 s: %s", what)
		}
	}
}

// container starts a process with mount and pid namespaces of its own.
func container(t *testing.T) process.Place {
	t.Helper()
	pid := podman.Unshared(t, 0, "echo ready && exec sleep 60", "", "--mount", "--pid", "--mount-proc")
	p, err := process.Hold(pid)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Close() })
	return p
}
