// SPDX-License-Identifier: GPL-3.0-or-later

package rebuild

import (
	"context"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"overcloud.backup/internal/repository"
	"overcloud.backup/internal/scratch"
	"overcloud.backup/internal/xbstream"
	"overcloud.backup/tests/sets"
)

// begun prepares a restore of a set, up to the point where it is loaded.
func begun(t *testing.T, set *repository.Set) *Copy {
	t.Helper()
	ctx := context.Background()
	r := ready(t, set, sets.ScratchFolder(t)).begin(ctx)
	var err error
	r.scratch, err = scratch.New(ctx, r.o.Scratch, r.owner, r.o.Image)
	must(t, err)
	t.Cleanup(func() {
		if r.server != nil {
			r.server.Stop()
		}
		must(t, r.scratch.Remove())
	})
	return r
}

// scratchServer returns one with an honest set, in which an attacker now has all privileges.
func scratchServer(t *testing.T) *Copy {
	t.Helper()
	destination, path := sets.Copy(t, "logical")
	r := begun(t, sets.Open(t, destination, path))
	must(t, r.load(context.Background()))
	return r
}

// A dump's trigger or a hostile datadir may run any statement in the scratch server. It must not reach anything
// outside.
func TestTheScratchServerReachesNothingOutside(t *testing.T) {
	r := scratchServer(t)
	outside, err := os.MkdirTemp("/var/tmp", "verify-outside-")
	must(t, err)
	defer os.RemoveAll(outside)
	must(t, os.Chmod(outside, 0o777))
	must(t, os.WriteFile(filepath.Join(outside, "readable"), []byte("secret"), 0o644))
	exec := func(statement string) error { return r.server.Exec(t.Context(), statement) }
	must(t, exec("CREATE TABLE nova.loot (a text)"))
	for _, refused := range []string{
		"SET GLOBAL general_log_file='" + outside + "/log'", "SET GLOBAL slow_query_log_file='" + outside + "/log'",
		"INSTALL SONAME 'ha_federatedx'", "INSTALL SONAME 'ha_connect'",
		"CREATE FUNCTION f RETURNS INTEGER SONAME 'libc.so.6'", "SELECT 'x' INTO OUTFILE '" + outside + "/out'",
		"SELECT 'x' INTO DUMPFILE '" + r.scratch.Path(scratch.FilesName) + "/out'",
		"LOAD DATA INFILE '/etc/passwd' INTO TABLE nova.loot",
		"LOAD DATA LOCAL INFILE '/etc/passwd' INTO TABLE nova.loot",
		"LOAD DATA INFILE '" + outside + "/readable' INTO TABLE nova.loot",
	} {
		err := exec(refused)
		if strings.Contains(refused, "_log_file") && err == nil {
			_ = exec("SET GLOBAL general_log=ON, GLOBAL slow_query_log=ON")
			must(t, exec("SET GLOBAL general_log=OFF, GLOBAL slow_query_log=OFF"))
			continue // only what is outside counts
		}
		if err == nil {
			t.Errorf("%s: it was done", refused)
		}
	}
	// Such a table is created inside, or is refused.
	for _, engine := range []string{"InnoDB", "MyISAM", "Aria"} {
		_ = exec("CREATE TABLE nova.out" + engine + " (a int) ENGINE=" + engine + " DATA DIRECTORY='" + outside +
			"' INDEX DIRECTORY='" + outside + "'")
	}
	for _, file := range []string{"/etc/shadow", outside + "/readable", "/proc/self/environ"} {
		if got, err := r.server.Value(t.Context(), "SELECT IFNULL(LOAD_FILE('"+file+"'), 'none')"); err != nil ||
			got != "none" {
			t.Errorf("%s: %q, %v", file, got, err)
		}
	}
	if entries, err := os.ReadDir(outside); len(entries) != 1 || err != nil {
		t.Errorf("%v, %v", entries, err)
	}
	wantAlone(t, r.server.Child.PID())
}

// wantAlone checks that a process has its own namespaces, is not root, and cannot gain privileges.
func wantAlone(t *testing.T, pid int) {
	t.Helper()
	for _, space := range []string{"net", "mnt", "ipc", "pid"} {
		ours, err := os.Readlink("/proc/self/ns/" + space)
		must(t, err)
		if theirs, err := os.Readlink(fmt.Sprintf("/proc/%d/ns/%s", pid, space)); err != nil || theirs == ours {
			t.Errorf("%s: %s, ours %s, %v", space, theirs, ours, err)
		}
	}
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	must(t, err)
	if text := string(status); !strings.Contains(text, "NoNewPrivs:\t1") ||
		!strings.Contains(text, "CapEff:\t0000000000000000") || strings.Contains(text, "Uid:\t0\t") {
		t.Errorf("%s", text)
	}
	// One byte, unless the limit was none already: see process.NoCore.
	limits, err := os.ReadFile(fmt.Sprintf("/proc/%d/limits", pid))
	if found, _ := regexp.Match(`(?m)^Max core file size +[01] +[01] `, limits); err != nil || !found {
		t.Errorf("%s, %v", limits, err)
	}
}

func TestWithoutAnAccountForItNothingIsRestored(t *testing.T) {
	destination, path := sets.Copy(t, "logical")
	defer func(was string) { scratch.Account = was }(scratch.Account)
	for name, why := range map[string]string{"no-such-user": "useradd --system",
		"root": "which never runs anything from a set"} {
		scratch.Account = name
		if _, err := Prepare(t.Context(), sets.Open(t, destination, path),
			Options{Scratch: "/var/tmp/x", Memory: 64 * sets.Mebibyte}); err == nil ||
			!strings.Contains(err.Error(), why) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestThePlanSaysThatASetIsNotSigned(t *testing.T) {
	destination, path := sets.Copy(t, "logical")
	if got := ready(t, sets.Open(t, destination, path), sets.ScratchFolder(t)).Plan().Origin; !strings.HasPrefix(got,
		"not signed: anyone who can write") {
		t.Errorf("%q", got)
	}
	story, err := os.ReadFile("../restore/plan/testdata/stories/restored.txt")
	must(t, err)
	if !strings.Contains(strings.Join(strings.Fields(string(story)), " "), repository.NotSigned) {
		t.Error("the plan of a restore does not say it")
	}
}

// chunksOf returns the chunks of a file for a stream that already has that file; they start it again.
func chunksOf(name, content string) []byte {
	length := func(n, bytes int) []byte { return binary.LittleEndian.AppendUint64(nil, uint64(n))[:bytes] }
	out := append([]byte("XBSTCK01\x02P"), length(len(name), 4)...)
	out = append(append(append(out, name...), length(len(content), 8)...), length(0, 8)...)
	out = binary.LittleEndian.AppendUint32(out, crc32.ChecksumIEEE([]byte(content)))
	out = append(append(out, content...), "XBSTCK01\x00E"...)
	return append(append(out, length(len(name), 4)...), name...)
}

// with adds files to the stream of a physical set, and adapts the manifest.
func with(t *testing.T, files map[string]string) *repository.Set {
	t.Helper()
	destination, path := sets.Copy(t, "physical")
	var stream repository.Stream
	sets.Recompress(t, path, sets.Open(t, destination, path).Manifest.Data(), func(raw string) {
		content, err := os.ReadFile(raw)
		must(t, err)
		for name, text := range files {
			content = append(content, chunksOf(name, text)...)
		}
		must(t, os.WriteFile(raw, content, 0o600))
		checker := xbstream.NewChecker()
		_, _ = checker.Write(content)
		sum, _ := checker.Finish()
		stream = repository.Stream{Files: sum.Files, Chunks: sum.Chunks, Bytes: sum.Bytes}
	})
	sets.EditManifest(t, path, func(m *repository.Manifest) { m.Stream = &stream })
	return sets.Open(t, destination, path)
}

func TestAForgedPhysicalSetReachesNothingOutside(t *testing.T) {
	outside, err := os.MkdirTemp("/var/tmp", "verify-outside-")
	must(t, err)
	defer os.RemoveAll(outside)
	must(t, os.Chmod(outside, 0o777))
	options := "[mysqld]\ninnodb_page_size=16384\ninnodb_data_file_path=ibdata1:12M;ibdata2:12M:autoextend\n" +
		"innodb_undo_tablespaces=0\ninnodb_checksum_algorithm=full_crc32\n"
	hostile := "plugin_load=evil=evil.so\nplugin_dir=/proc/self/cwd\ninnodb_log_group_home_dir=" + outside +
		"\ntmpdir=" + outside + "\n!include /etc/passwd\n"
	found, err := looked(t, ready(t, with(t, map[string]string{
		optionsFile: options + hostile, "my.cnf": "[mysqld]\ngeneral_log\ngeneral_log_file=" + outside +
			"/log\ninit_file=/etc/passwd\n", "evil.so": "no library",
		"nova/evil.isl": outside + "/evil.ibd", "nova/t.isl": outside + "/t.ibd",
	}), sets.ScratchFolder(t)))
	if err != nil || len(found.Problems) > 0 || len(found.Warnings) == 0 ||
		!strings.Contains(found.Warnings[0], `"plugin_load", "plugin_dir", "innodb_log_group_home_dir", "tmpdir"`) {
		t.Errorf("%+v, %v", found, err)
	}
	if entries, err := os.ReadDir(outside); len(entries) > 0 || err != nil {
		t.Errorf("%v, %v", entries, err)
	}
	for _, name := range []string{"/" + outside + "/x", "../../x", "nova/../../../x"} {
		found, err := looked(t, ready(t, with(t, map[string]string{name: "x"}), sets.ScratchFolder(t)))
		if err != nil || len(found.Problems) != 1 || !strings.Contains(found.Problems[0].Reason, "unsafe path") {
			t.Errorf("%s: %+v, %v", name, found.Problems, err)
		}
	}
}
