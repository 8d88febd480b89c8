// SPDX-License-Identifier: GPL-3.0-or-later

package safefile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// file is a file that need not exist: tests without root cannot give files away.
type file struct {
	mode fs.FileMode
	sys  any
}

func (f file) Name() string       { return "f" }
func (f file) Size() int64        { return 0 }
func (f file) Mode() fs.FileMode  { return f.mode }
func (f file) ModTime() time.Time { return time.Time{} }
func (f file) IsDir() bool        { return f.mode.IsDir() }
func (f file) Sys() any           { return f.sys }

func owned(mode fs.FileMode, uid, gid int) file {
	return file{mode, &syscall.Stat_t{Uid: uint32(uid), Gid: uint32(gid)}}
}

// Each rule is what one caller needs; each file is as one of them may find it.
func TestARuleRefusesWhatOthersCanChange(t *testing.T) {
	const folder, sticky = fs.ModeDir, fs.ModeDir | fs.ModeSticky
	journal, job, target := Rule{}, Rule{Folder: true, Private: true}, Rule{Folder: true}
	above, ours := Rule{Folder: true, Sticky: true}, Rule{Folder: true, Groups: true}
	type row struct {
		rule Rule
		file fs.FileInfo
		want Fault
		why  string // "" for a file that follows the rule
	}
	for u, files := range map[user]map[string]row{
		{0, 0}: {
			"a journal":                    {journal, owned(0o600, 0, 0), 0, ""},
			"an operator's for root":       {journal, owned(0o600, 1000, 0), Owner, "user 1000, not to root; chown"},
			"a journal that others read":   {journal, owned(0o644, 0, 0), 0, ""},
			"a journal of a stranger":      {journal, owned(0o600, stranger, 0), Owner, "user 65500, not to root"},
			"a journal for root's group":   {journal, owned(0o660, 0, 0), Writable, "written by others than root"},
			"a journal for a group":        {journal, owned(0o620, 0, stranger), Writable, "(mode 0620); chmod go-w"},
			"a journal for all":            {journal, owned(0o602, 0, 0), Writable, "(mode 0602); chmod go-w /f"},
			"a sticky journal for all":     {journal, owned(fs.ModeSticky|0o602, 0, 0), Writable, "(mode 0602)"},
			"a folder as a journal":        {journal, owned(folder|0o700, 0, 0), Kind, "not a regular file"},
			"a pipe as a journal":          {journal, owned(fs.ModeNamedPipe|0o600, 0, 0), Kind, "not a regular file"},
			"a device as a journal":        {journal, owned(fs.ModeDevice|0o600, 0, 0), Kind, "not a regular file"},
			"a link as a journal":          {journal, owned(fs.ModeSymlink|0o777, 0, 0), Link, "is a symbolic link"},
			"a private file":               {Rule{Private: true}, owned(0o600, 0, 0), 0, ""},
			"a private file that is read":  {Rule{Private: true}, owned(0o604, 0, 0), Readable, "chmod 600 /f"},
			"a job":                        {job, owned(folder|0o700, 0, 0), 0, ""},
			"a job that others list":       {job, owned(folder|0o704, 0, 0), Readable, "is open to others than root"},
			"a job that others enter":      {job, owned(folder|0o701, 0, 0), Readable, "(mode 0701); chmod 700 /f"},
			"a job that a group reads":     {job, owned(folder|0o740, 0, 0), Readable, "(mode 0740)"},
			"a job that is sticky":         {job, owned(sticky|0o777, 0, 0), Readable, "(mode 0777)"},
			"a job of a stranger":          {job, owned(folder|0o700, stranger, 0), Owner, "chown root /f"},
			"a link as a job":              {job, owned(fs.ModeSymlink|0o777, 0, 0), Link, "is a symbolic link"},
			"a file as a job":              {job, owned(0o700, 0, 0), Kind, "is not a directory"},
			"a destination":                {target, owned(folder|0o755, 0, 0), 0, ""},
			"a destination for root":       {target, owned(folder|0o775, 0, 0), Writable, "(mode 0775)"},
			"a destination that is sticky": {target, owned(sticky|0o777, 0, 0), Writable, "(mode 0777)"},
			"a sticky folder above":        {above, owned(sticky|0o777, 0, 0), 0, ""},
			"a stranger's sticky folder":   {above, owned(sticky|0o755, stranger, 0), Owner, "user 65500"},
			"a folder above for all":       {above, owned(folder|0o777, 0, 0), Writable, "(mode 0777)"},
			"a folder of root's group":     {ours, owned(folder|0o775, 0, 0), 0, ""},
			"a folder of another's group":  {ours, owned(folder|0o775, 0, 1001), Writable, "(mode 0775)"},
			"a folder of a group":          {ours, owned(folder|0o775, 0, stranger), Writable, "(mode 0775)"},
			"a folder of root's for all":   {ours, owned(folder|0o777, 0, 0), Writable, "(mode 0777)"},
			"of an unknown owner":          {target, file{folder | 0o700, nil}, UnknownOwner, "an owner that cannot"},
			"a link of a stranger":         {target, owned(fs.ModeSymlink|0o777, stranger, 0), Link, "a symbolic link"},
			"a stranger's for all":         {target, owned(folder|0o777, stranger, 0), Owner, "user 65500"},
		},
		{1000, 1001}: {
			"an operator's journal":        {journal, owned(0o600, 1000, stranger), 0, ""},
			"root's for an operator":       {journal, owned(0o600, 0, 0), 0, ""},
			"a stranger's for an operator": {journal, owned(0o600, stranger, 0), Owner, "root or user 1000; chown"},
			"a folder of our group":        {ours, owned(folder|0o775, 0, 1001), 0, ""},
		},
	} {
		for name, c := range files {
			err := c.rule.check("/f", c.file, u)
			var fault *FaultError
			switch {
			case c.why == "" && err != nil:
				t.Errorf("%s: %v", name, err)
			case c.why == "":
			case !errors.As(err, &fault) || fault.Fault != c.want || fault.Path != "/f":
				t.Errorf("%s: %#v", name, err)
			case !strings.HasPrefix(err.Error(), "/f ") || !strings.Contains(err.Error(), c.why):
				t.Errorf("%s: %v; want %q", name, err, c.why)
			}
		}
	}
}

// lastRule is a rule that sees every fault of the last folder.
var lastRule = Rule{Private: true}

func TestAPathIsSafeFromItsRootOn(t *testing.T) {
	folder := t.TempDir()
	at := func(name string) string { return filepath.Join(folder, name) }
	must(t, errors.Join(os.Chmod(filepath.Dir(folder), 0o755), os.Chmod(folder, 0o755),
		os.Mkdir(at("ours"), 0o700), os.Mkdir(at("sticky"), 0o700), os.Mkdir(at("sticky/in"), 0o700),
		os.Chmod(at("sticky"), 0o777|os.ModeSticky), os.Mkdir(at("open"), 0o700), os.Mkdir(at("open/in"), 0o700),
		os.Chmod(at("open"), 0o777), os.Mkdir(at("read"), 0o755), os.Mkdir(at("read/in"), 0o700),
		os.WriteFile(at("file"), nil, 0o600), os.Symlink("ours", at("link")), os.Symlink("none", at("dangling"))))
	cases := map[string]string{
		"ours": "", "sticky/in": "", "read/in": "", "sticky": "/sticky is open to others",
		"read": "/read is open to others", "open": "/open is open to others",
		"open/in": "/open can be written by others", "open/new": "/open can be written by others",
		"link": "/link is a symbolic link", "link/new": "/link is a symbolic link",
		"dangling": "/dangling is a symbolic link", "dangling/new": "/dangling is a symbolic link",
		"file": "/file is not a directory", "file/new": "/file is not a directory",
	}
	if os.Geteuid() == 0 {
		must(t, errors.Join(os.Mkdir(at("theirs"), 0o755), os.Mkdir(at("theirs/in"), 0o700),
			os.Chown(at("theirs"), stranger, stranger)))
		cases["theirs"] = "/theirs belongs to user 65500"
		cases["theirs/in"], cases["theirs/new"] = cases["theirs"], cases["theirs"]
	}
	for path, why := range cases {
		for name, do := range map[string]func(string, Rule) error{"check": CheckFolder, "make": MakeFolder} {
			if err := do(at(path), lastRule); why == "" && err != nil ||
				why != "" && (err == nil || !strings.Contains(err.Error(), folder+why)) {
				t.Errorf("%s %s: %v; want %q", name, path, err, why)
			}
		}
		if strings.HasSuffix(path, "new") {
			if _, err := os.Lstat(at(path)); err == nil {
				t.Errorf("%s was created", path)
			}
		}
	}
	if _, err := os.Lstat(at("none")); err == nil {
		t.Error("a folder was created behind a link")
	}
	for _, path := range []string{"", ".", "ours", at("ours") + "/", at("ours") + "/../ours", folder + "//ours"} {
		for name, do := range map[string]func(string, Rule) error{"check": CheckFolder, "make": MakeFolder} {
			if err := do(path, lastRule); err == nil ||
				err.Error() != fmt.Sprintf("%q is not a plain absolute path", path) {
				t.Errorf("%s %q: %v", name, path, err)
			}
		}
	}
}

func TestMissingFoldersAreReportedOrCreated(t *testing.T) {
	folder := t.TempDir()
	must(t, errors.Join(os.Chmod(filepath.Dir(folder), 0o755), os.Chmod(folder, 0o755)))
	old := syscall.Umask(0)
	defer syscall.Umask(old)
	path := filepath.Join(folder, "a/b/c")
	if err := CheckFolder(path, lastRule); !errors.Is(err, fs.ErrNotExist) ||
		!strings.Contains(err.Error(), folder+"/a:") {
		t.Error(err)
	}
	if _, err := os.Lstat(filepath.Join(folder, "a")); err == nil {
		t.Error("a check created a folder")
	}
	for range 2 { // what exists is no error
		must(t, MakeFolder(path, lastRule))
	}
	for _, name := range []string{"a", "a/b", "a/b/c"} {
		info, err := os.Lstat(filepath.Join(folder, name))
		if err != nil || info.Mode() != fs.ModeDir|0o700 {
			t.Errorf("%s: %v, %v", name, info, err)
		}
	}
	must(t, CheckFolder(path, lastRule))
	if err := MakeFolder("/sys/none", lastRule); err == nil || errors.Is(err, fs.ErrNotExist) {
		t.Errorf("where nobody can create a folder: %v", err)
	}
}
