// SPDX-License-Identifier: GPL-3.0-or-later

package peer

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func accounts(t *testing.T, text string) {
	t.Helper()
	old := passwdFile
	passwdFile = filepath.Join(t.TempDir(), "passwd")
	t.Cleanup(func() { passwdFile = old })
	if err := os.WriteFile(passwdFile, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

const passwd = `root:x:0:0:root:/root:/bin/bash
haproxy:x:188:188::/:/sbin/nologin
haproxy:x:1001:1001::/:/sbin/nologin
mysql:x:27:27
+nis
odd:x:-1:1::/:
big:x:4294967296:1::/:
secuser:x:1001:1001::/home/secuser:/bin/sh
nobody:x:65534:65534::/:
`

func TestTrustResolvesAccountsOfThisHost(t *testing.T) {
	accounts(t, passwd)
	o := Trust("mysql", "haproxy", "absent", "odd", "big", "")
	for uid, want := range map[uint32]bool{0: true, 27: true, 188: true, 1001: false, 4294967295: false} {
		if o.Has(uid) != want {
			t.Errorf("%d: %v", uid, o.Has(uid))
		}
	}
	if os.Geteuid() == 0 && o.String() != "root, haproxy or mysql" {
		t.Error(o)
	}
}

// The kernel also reports nobody for users that are unknown to this user namespace.
func TestTheUserNobodyIsNotTrusted(t *testing.T) {
	accounts(t, passwd)
	if os.Geteuid() != 65534 && Trust("nobody").Has(65534) {
		t.Error("nobody is trusted")
	}
}

func TestWithoutAccountsOnlyRootAndOurselvesAreTrusted(t *testing.T) {
	accounts(t, "")
	if o := Trust("mysql"); o.Has(27) || !o.Has(0) || !o.Has(uint32(os.Geteuid())) {
		t.Error(o)
	}
}

func TestNameDescribesTheUser(t *testing.T) {
	accounts(t, passwd)
	for uid, want := range map[uint32]string{1001: "user 1001 (secuser)", 27: "user 27 (mysql)", 9: "user 9"} {
		if got := Name(uid); got != want {
			t.Errorf("%d: %s", uid, got)
		}
	}
	if got := (Owners{}).String(); got != "nobody" {
		t.Error(got)
	}
}

func TestOwnerOfAFolderThatStrangersCannotReplace(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root: to give a folder to somebody")
	}
	accounts(t, passwd)
	root, err := os.MkdirTemp("/var/lib", "overcloud-backup-peer")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(root)
	for _, f := range []struct {
		name string
		uid  int
		mode os.FileMode
	}{
		{"mysql", 42434, 0o755}, {"open", 0, 0o777}, {"open/mysql", 1001, 0o755},
		{"his", 1001, 0o755}, {"his/mysql", 27, 0o755},
	} {
		path := filepath.Join(root, f.name)
		if err := os.Mkdir(path, f.mode); err != nil {
			t.Fatal(err)
		}
		os.Chown(path, f.uid, f.uid)
		os.Chmod(path, f.mode)
	}
	os.Symlink("mysql", filepath.Join(root, "link"))
	os.Symlink(filepath.Join(root, "his/mysql"), filepath.Join(root, "bad"))
	os.Symlink("loop", filepath.Join(root, "loop"))
	for name, want := range map[string]string{
		"mysql": "", "link": "", "mysql/../mysql": "",
		"open/mysql": "can be written by others", "his/mysql": "belongs to user 1001", "bad": "belongs to user 1001",
		"absent": "no such file", "loop": "too many levels",
	} {
		o, err := Trust().AndOwnerOf(filepath.Join(root, name))
		if want == "" && (err != nil || !o.Has(42434) ||
			!strings.Contains(o.String(), "root or the owner of /var/lib/")) {
			t.Errorf("%s: %v, %v", name, o, err)
		}
		if want != "" && (err == nil || !strings.Contains(err.Error(), want) || o.Has(1001) || o.Has(27)) {
			t.Errorf("%s: %v, %v", name, o, err)
		}
	}
	if _, err := Trust().AndOwnerOf("mysql"); err == nil {
		t.Error("a relative path was taken")
	}
}
