// SPDX-License-Identifier: GPL-3.0-or-later

package process

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

	"golang.org/x/sys/unix"
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
	return dir, ChildOptions{Owner: Owner{65534, 65534}, Dir: filepath.Join(dir, "w"), Confined: &Confinement{
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
		"echo x > file && cat file; id -u; id -G; cat ../r/file; pwd":                          "x\n65534\n65534\nreadable\n" + dir + "/w\n",
		"echo x > ../elsewhere/file && echo written; ls ..":                                    "r\nw\n",
		"echo x > ../r/y && echo written; echo x > /tmp/y && echo written; mkdir /x && echo y": "",
		"ls / /dev /etc":  "/:\nbin\ndev\netc\nlib\nlib64\nproc\nsbin\nusr\nvar\n",
		"cat /etc/shadow": "",
		"printf '#!/bin/sh\necho run' > prog; chmod 755 prog; ./prog":                                                              "",
		"echo $$; kill -0 1 && echo mine; kill -0 " + fmt.Sprint(os.Getpid()) + " || echo none":                                    "1\nmine\nnone\n",
		"exec 2>/dev/null; bash -c 'echo > /dev/tcp/127.0.0.1/" + fmt.Sprint(l.Addr().(*net.TCPAddr).Port) + "' && echo connected": "",
		"umount / && echo umounted; mount -t tmpfs x /usr && echo mounted; chroot . && echo chrooted":                              "",
		"env | sort":            "HOME=/\nLC_ALL=C\nPATH=/usr/sbin:/usr/bin:/sbin:/bin\nPWD=" + dir + "/w\nTMPDIR=" + dir + "/w\n",
		"ulimit -c; ulimit -Hc": "0\n0\n",
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
	if err := o.Run(t.Context(), "/bin/true"); err == nil || !strings.Contains(err.Error(), "confine a program: stat /no/such/folder") {
		t.Error(err)
	}
}

// data makes a folder as a server's, that nobody but its user can look into.
func data(t *testing.T, dir string) string {
	t.Helper()
	at := filepath.Join(dir, "data")
	for _, err := range []error{
		os.MkdirAll(filepath.Join(at, "below"), 0o700), os.WriteFile(filepath.Join(at, "rows"), []byte("rows\n"), 0o600),
		os.WriteFile(filepath.Join(at, "prog"), []byte("#!/bin/sh\necho run\n"), 0o755),
		os.Chown(at, 65534, 65534), os.Chown(filepath.Join(at, "rows"), 65534, 65534),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	return at
}

// The tool of a server must be root for the server to let it in, and reads what a stranger's server names. Nothing of that
// makes the server's account root.
func TestRootHasNothingButWhatItIsShown(t *testing.T) {
	dir, o := cell(t)
	at := data(t, dir)
	if err := unix.Mount("tmpfs", filepath.Join(at, "below"), "tmpfs", 0, "uid=65534"); err != nil {
		t.Fatal(err)
	}
	defer unix.Unmount(filepath.Join(at, "below"), 0)
	if err := os.WriteFile(filepath.Join(at, "below", "prog"), []byte("#!/bin/sh\necho run\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	o.Owner, o.Dir = Owner{}, ""
	o.Confined = &Confinement{Data: []string{at}, Reader: Owner{65534, 65534}, Temporary: "/scratch",
		Files: map[string][]byte{"/login/client.cnf": []byte("secret\n")}}
	for script, want := range map[string]string{
		"id -u; pwd; cat " + at + "/rows /login/client.cnf; echo x > /scratch/y && cat /scratch/y":                         "0\n/\nrows\nsecret\nx\n",
		"for f in " + at + "/x " + at + "/below/x /login/x /etc/passwd /usr/x /x; do (echo x > $f) && echo wrote $f; done": "",
		at + "/prog; " + at + "/below/prog; cp " + at + "/prog /scratch && /scratch/prog":                                  "",
		"cat /etc/shadow; ls " + dir: "data\n",
		"mount -t tmpfs x /usr && echo mounted; mknod /scratch/d b 8 0 && echo made; kill -9 1; chroot / /bin/true && echo chrooted": "",
		"umount " + at + "; mount -o remount,exec " + at + "; " + at + "/prog":                                                       "",
	} {
		var out bytes.Buffer
		o.Stdout = &out
		_ = o.Run(t.Context(), "/bin/sh", "-c", script)
		if out.String() != want {
			t.Errorf("%s: %q", script, out.String())
		}
	}
	c, err := StartChild(t.Context(), o, "/bin/sleep", "60")
	if err != nil {
		t.Fatal(err)
	}
	defer c.Kill()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", c.PID()))
	for _, line := range []string{"CapInh:\t0000000000000000", "CapPrm:\t0000000000000002", "CapBnd:\t0000000000000002", "CapAmb:\t0000000000000000", "NoNewPrivs:\t1"} {
		if err != nil || !strings.Contains(string(status), line) {
			t.Errorf("%v: no %q in\n%s", err, line, status)
		}
	}
}

func TestFilesAreHiddenAndCopied(t *testing.T) {
	dir, o := cell(t)
	at := data(t, dir)
	o.Owner, o.Dir = Owner{}, ""
	o.Confined = &Confinement{Data: []string{at}, Reader: Owner{65534, 65534},
		Hidden: []string{"/usr/bin/env", "/usr/bin/no-such-program"}, Copies: map[string][]byte{filepath.Join(at, "rows"): []byte("copied\n")}}
	for script, want := range map[string]string{
		"cat " + at + "/rows; echo more >> " + at + "/rows; cat " + at + "/rows":                                             "copied\ncopied\nmore\n",
		"[ -s /usr/bin/env ] && echo there; /usr/bin/env":                                                                    "",
		"echo '#!/bin/sh' > " + at + "/rows; echo 'echo run' >> " + at + "/rows; chmod 700 " + at + "/rows; " + at + "/rows": "",
	} {
		var out bytes.Buffer
		o.Stdout = &out
		_ = o.Run(t.Context(), "/bin/sh", "-c", script)
		if out.String() != want {
			t.Errorf("%s: %q", script, out.String())
		}
	}
	if rows, err := os.ReadFile(filepath.Join(at, "rows")); string(rows) != "rows\n" {
		t.Errorf("%q, %v", rows, err)
	}
}

// A copy lies where it was asked for, and not where a link of the server's leads.
func TestACopyIsNotMountedWhereALinkLeads(t *testing.T) {
	dir, o := cell(t)
	at := data(t, dir)
	link := filepath.Join(at, "t.isl")
	if err := os.Symlink("/proc/login/client.cnf", link); err != nil {
		t.Fatal(err)
	}
	o.Owner, o.Dir = Owner{}, ""
	o.Confined = &Confinement{Data: []string{at}, Reader: Owner{65534, 65534}, Files: map[string][]byte{"/login/client.cnf": []byte("ours")},
		Copies: map[string][]byte{link: []byte("theirs")}}
	if err := o.Run(t.Context(), "/bin/true"); err == nil || !strings.Contains(err.Error(), link+" was exchanged while it was looked at") {
		t.Error(err)
	}
	// Nor is a login written into a folder of the server's.
	o.Confined = &Confinement{Data: []string{at}, Reader: Owner{65534, 65534}, Files: map[string][]byte{filepath.Join(at, "client.cnf"): nil}}
	if err := o.Run(t.Context(), "/bin/true"); err == nil || !strings.Contains(err.Error(), "client.cnf is the server's, too") {
		t.Error(err)
	}
}

// What a confined program asks the kernel for, and is not given, in the words of Python.
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

// A tool is root for the host's kernel, too: an accomplice of its server could send it a descriptor of what he sees himself.
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
	o.Owner, o.Dir, o.Stdout = Owner{}, "", &out
	o.Confined = &Confinement{Sockets: map[string]os.FileInfo{path: reached}}
	script := fmt.Sprintf(asks, unix.SYS_KEYCTL, unix.SYS_UNSHARE, unix.SYS_OPEN_BY_HANDLE_AT)
	err = o.Run(t.Context(), python, "-c", script, path)
	const no = " Operation not permitted\n"
	if want := "keyctl" + no + "unshare" + no + "open_by_handle_at" + no + "recvmsg" + no + "inherited Bad file descriptor\n"; err != nil || out.String() != want {
		t.Errorf("%q, %v", out.String(), err)
	}
}

// What a container's root puts into its /dev is nothing to us, and this host's devices stay as they are.
func TestDevicesAreOfOurOwnMaking(t *testing.T) {
	p := container(t)
	mount := exec.Command("nsenter", "--target", fmt.Sprint(p.PID()), "--mount", "sh", "-c", "mount -t tmpfs none /dev && mkfifo /dev/null /dev/full && mknod /dev/zero c 1 11")
	if out, err := mount.CombinedOutput(); err != nil {
		t.Skipf("%v: %s", err, out)
	}
	var out bytes.Buffer
	o := ChildOptions{Place: p, Stdout: &out}
	script := "chmod 600 /dev/full; ls -l /dev | awk 'NR > 1 { print $1, $5, $6, $10 }'; head -c 2 /dev/zero | tr '\\000' 0"
	const want = "crw-rw-rw- 1, 7 full\ncrw-rw-rw- 1, 3 null\ncrw-rw-rw- 1, 8 random\ncrw-rw-rw- 1, 9 urandom\ncrw-rw-rw- 1, 5 zero\n00"
	if err := o.Run(t.Context(), "/bin/sh", "-c", script); err != nil || out.String() != want {
		t.Errorf("%q, %v", out.String(), err)
	}
}

// Storage that hangs while a program is confined does not keep who waits for it.
func TestAStartEndsWithItsContext(t *testing.T) {
	_, o := cell(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if c, err := StartChild(ctx, o, "/bin/sleep", "60"); err == nil {
		c.Kill()
		t.Error("it was started")
	}
}

// What a server calls its own is shown if its account could have read it.
func TestWhatAServerNamesIsShownIfItCanReadIt(t *testing.T) {
	dir, o := cell(t)
	at := data(t, dir)
	key := filepath.Join(dir, "key")
	if err := os.WriteFile(key, []byte("key\n"), 0o640); err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(at, "link")
	if err := os.Symlink("/etc/shadow", link); err != nil {
		t.Fatal(err)
	}
	o.Owner, o.Dir = Owner{}, ""
	show := func(paths ...string) (string, error) {
		var out bytes.Buffer
		o.Stdout = &out
		o.Confined = &Confinement{Data: paths, Reader: Owner{65534, 65534}}
		err := o.Run(t.Context(), "/bin/cat", paths[len(paths)-1])
		return out.String(), err
	}
	for path, want := range map[string]string{
		"/etc/shadow": "user 65534 cannot read what is to be shown as his: open /etc/shadow", "/root": "user 65534 cannot read", link: "user 65534 cannot read",
		key: "user 65534 cannot read", "/": "the folder / is not of user 65534, whose it is to be shown as", "/etc": "the folder /etc is not of user 65534",
	} {
		if out, err := show(path); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %q, %v", path, out, err)
		}
	}
	if err := os.Chown(key, 0, 65534); err != nil {
		t.Fatal(err)
	}
	if out, err := show(at, key); out != "key\n" || err != nil {
		t.Errorf("%q, %v", out, err)
	}
	// What root has mounted there is root's.
	below := filepath.Join(at, "below")
	if err := unix.Mount("tmpfs", below, "tmpfs", 0, "mode=0755"); err != nil {
		t.Fatal(err)
	}
	defer unix.Unmount(below, 0)
	if err := os.WriteFile(filepath.Join(below, "theirs"), []byte("x"), 0o644); err != nil {
		t.Fatal(err)
	}
	o.Confined = &Confinement{Data: []string{at}, Reader: Owner{65534, 65534}}
	var out bytes.Buffer
	o.Stdout = &out
	if err := o.Run(t.Context(), "/bin/sh", "-c", "ls "+below+"; ls "+at); err != nil || out.String() != "below\nlink\nprog\nrows\n" {
		t.Errorf("%q, %v", out.String(), err)
	}
	if out, err := show(at, filepath.Join(at, "rows")); out != "rows\n" || err != nil {
		t.Errorf("below what shows already: %q, %v", out, err)
	}
	// Our own groups and rights are those of before.
	if _, err := os.ReadFile("/etc/shadow"); err != nil {
		t.Error(err)
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
	o.Owner = Owner{}
	if err := o.Run(t.Context(), "/bin/true"); err == nil || !strings.Contains(err.Error(), "root is not given the network") {
		t.Error(err)
	}
}

func TestASocketIsTheOneThatWasReached(t *testing.T) {
	dir, o := cell(t)
	path := filepath.Join(dir, "s")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	reached, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	o.Confined.Sockets = map[string]os.FileInfo{path: reached}
	var out bytes.Buffer
	o.Stdout = &out
	if err := o.Run(t.Context(), "/bin/sh", "-c", "[ -S "+path+" ] && echo there"); err != nil || out.String() != "there\n" {
		t.Errorf("%q, %v", out.String(), err)
	}
	if err := os.Rename(path, path+"-away"); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("/etc/shadow", path); err != nil {
		t.Fatal(err)
	}
	if err := o.Run(t.Context(), "/bin/true"); err == nil || !strings.Contains(err.Error(), path+" was exchanged while it was looked at") {
		t.Error(err)
	}
}

// A program of a container is confined to that, and to less.
func TestAProgramOfAContainerIsConfined(t *testing.T) {
	p := container(t)
	var out bytes.Buffer
	o := ChildOptions{Place: p, Stdout: &out}
	if err := o.Run(t.Context(), "/bin/sh", "-c", "echo $$; ls /; kill -0 2 || echo alone; echo x > /etc/x || echo kept; cat /etc/shadow || echo hidden"); err != nil {
		t.Fatal(err)
	}
	if got := strings.Fields(out.String()); got[0] != "1" || !slices.Equal(got[len(got)-3:], []string{"alone", "kept", "hidden"}) || slices.Contains(got, "root") {
		t.Errorf("%q", got)
	}
}
