// SPDX-License-Identifier: GPL-3.0-or-later

package verify

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"hash/crc32"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"

	"overcloud.backup/internal/repository"
	"overcloud.backup/internal/xbstream"
)

// appendTo forges a small file of a set, with its length and checksum in the manifest.
func appendTo(t *testing.T, path, name, text string) {
	t.Helper()
	content := append(read(t, path, name), text...)
	must(t, os.WriteFile(filepath.Join(path, name), content, 0o600))
	sum := sha256.Sum256(content)
	editManifest(t, path, func(m *repository.Manifest) {
		for i := range m.Files {
			if f := &m.Files[i]; f.Name == name {
				f.Bytes, f.RawBytes, f.SHA256 = int64(len(content)), int64(len(content)), hex.EncodeToString(sum[:])
			}
		}
	})
}

// forge writes a logical set whose dump is this text.
func forge(t *testing.T, dump string) *Set {
	t.Helper()
	destination, path := copySet(t, "logical")
	recompress(t, path, data(openSet(t, destination, path).Manifest), func(raw string) {
		must(t, os.WriteFile(raw, []byte(dump+"\n-- "+strings.Repeat("x", 300)+"\n-- Dump completed\n"), 0o600))
	})
	return openSet(t, destination, path)
}

const (
	header    = "/*!40101 SET NAMES utf8mb4 */;\n"
	novaBegin = "CREATE DATABASE /*!32312 IF NOT EXISTS*/ `nova`;\nUSE `nova`;\nCREATE TABLE `x` (`a` text);\n"
)

// Each of these dumps passes the checks of sums and lengths. None may leave anything in the server.
func TestAForgedDumpIsNotLoadedIntoTheCluster(t *testing.T) {
	s := shared(t)
	loot := filepath.Join(s.Dir, "loot")
	forged := map[string]string{
		"the client's shell":           `\! touch ` + loot + "\n" + novaBegin,
		"the client's system":          "system touch " + loot + "\n" + novaBegin,
		"a file of the host":           header + "CREATE DATABASE loot; CREATE TABLE loot.shadow (l text); LOAD DATA LOCAL INFILE '/etc/shadow' INTO TABLE loot.shadow;\n" + novaBegin,
		"a user in the header":         header + "CREATE USER evil@'%' IDENTIFIED BY 'x'; GRANT ALL ON *.* TO evil@'%';\n" + novaBegin,
		"a user in a comment":          "/*!50003 CREATE USER evil@'%' */;\n" + novaBegin,
		"a user on the header's line":  "/*!40101 SET NAMES utf8mb4 */; CREATE USER evil@'%';\n" + novaBegin,
		"SET GLOBAL in the header":     "/*!40101 SET GLOBAL general_log_file='" + loot + "', GLOBAL general_log=ON */;\n" + novaBegin,
		"a user in the part":           novaBegin + "CREATE USER evil@'%';\n",
		"a grant in the part":          novaBegin + "INSERT INTO `mysql`.`proxies_priv` VALUES (1);\n",
		"a file that the server reads": novaBegin + "INSERT INTO `x` VALUES (LOAD_FILE('/etc/passwd'));\n",
		"a file that the server makes": novaBegin + "SELECT 'x' INTO OUTFILE '" + loot + "';\n",
		"a table elsewhere":            novaBegin + "CREATE TABLE `y` (a int) ENGINE=InnoDB DATA DIRECTORY='" + s.Dir + "';\n",
		"a second statement":           novaBegin + "DELIMITER ;;\nCREATE DEFINER=`nova`@`localhost` PROCEDURE `p`() SELECT 1; CREATE USER evil@'%' ;;\nDELIMITER ;\n",
		"a trigger of root":            novaBegin + "DELIMITER ;;\nCREATE DEFINER=`root`@`localhost` TRIGGER `r` BEFORE INSERT ON `x` FOR EACH ROW SET @a=1 ;;\nDELIMITER ;\n",
		"a trigger that fires at once": novaBegin + "DELIMITER ;;\nCREATE DEFINER=`nova`@`localhost` TRIGGER `r` BEFORE INSERT ON `x` FOR EACH ROW CALL x() ;;\nDELIMITER ;\nINSERT INTO `x` VALUES ('1');\n",
		"an event of root elsewhere":   novaBegin + "DELIMITER ;;\n/*!50106 CREATE*/ /*!50117 DEFINER=`root`@`1.2.3.4`*/ /*!50106 EVENT `ev` ON SCHEDULE EVERY 1 SECOND DO GRANT ALL ON *.* TO evil */ ;;\nDELIMITER ;\n",
		"a trigger without a definer":  novaBegin + "DELIMITER ;;\nCREATE TRIGGER `r` BEFORE INSERT ON `x` FOR EACH ROW SET @a=1 ;;\nDELIMITER ;\n",
		"a foreign key elsewhere":      novaBegin + "CREATE TABLE `y` (`a` int, KEY (`a`), CONSTRAINT `c` FOREIGN KEY (`a`) REFERENCES `mysql`.`t` (`a`));\n",
		"a sequence elsewhere":         novaBegin + "CREATE TABLE `y` (`a` int DEFAULT nextval(`other`.`s`));\n",
		"a sequence of the same name":  novaBegin + "CREATE TABLE `y` (`a` int DEFAULT nextval(`nova`.`s`));\n",
		"rows of a table constructor":  novaBegin + "CREATE TABLE `y` (`a` int) AS VALUES (nextval(`other`.`s`));\n",
		"a function elsewhere":         novaBegin + "CREATE TABLE `y` (`a` int CHECK (`other`.`f`(1) > 0));\n",
		"a view of root":               novaBegin + "/*!50001 CREATE ALGORITHM=UNDEFINED */\n/*!50013 DEFINER=`root`@`localhost` SQL SECURITY DEFINER */\n/*!50001 VIEW `w` AS select * from `mysql`.`user` */;\n",
		"a row of another schema's": novaBegin + "/*!50001 CREATE */ /*!50013 DEFINER=`nova`@`localhost` SQL SECURITY INVOKER */ /*!50001 VIEW `w` AS SELECT Host, User, Priv FROM mysql.global_priv */;\n" +
			"CREATE TABLE IF NOT EXISTS `w` (a int);\nINSERT INTO `w` VALUES ('%','evil','{\"access\":18446744073709551615}');\n",
		"an event of root, escaped": novaBegin + "CREATE DEFINER='ro\\ot'@'l\\ocalhost' EVENT `ev` ON SCHEDULE EVERY 1 SECOND DO CREATE USER evil;\n",
		"a query as a value":        novaBegin + "SET sql_mode='N\\O_BACKSLASH_ESCAPES';\nINSERT INTO `x` VALUES ('\\'+(SELECT 1 FROM mysql.user LIMIT 1))-- ');\n",
		"a key on another schema":   "SET foreign_key_checks=0;\n" + novaBegin + "CREATE TABLE `k` (`a` int, FOREIGN KEY (`a`) REFERENCES `keystone` . `user` (`id`));\n",
	}
	for name, dump := range forged {
		_, err := load(t, s, forge(t, dump), LoadOptions{Parts: []Part{{Schema: "nova", As: "copy"}}})
		if err == nil || !strings.Contains(err.Error(), "line ") {
			t.Errorf("%s: %v", name, err)
		}
		if left, err := s.SQL("SELECT schema_name FROM information_schema.schemata WHERE schema_name IN ('loot', 'copy') OR schema_name LIKE 'overcloud%'; SELECT user FROM mysql.user WHERE user='evil'"); left != "" || err != nil {
			t.Errorf("%s: %q is left, %v", name, left, err)
			_, err = s.SQL("DROP DATABASE IF EXISTS loot; DROP DATABASE IF EXISTS copy; DROP USER IF EXISTS evil@'%'; SET GLOBAL general_log=OFF")
			must(t, err)
		}
		if _, err := os.Stat(loot); err == nil {
			t.Errorf("%s: a file was made", name)
			must(t, os.Remove(loot))
		}
	}
}

func TestASchemaOfAnHonestDumpIsLoaded(t *testing.T) {
	s := shared(t)
	destination, path := copySet(t, "logical")
	t.Cleanup(func() {
		if _, err := s.SQL("DROP DATABASE IF EXISTS copy"); err != nil {
			t.Error(err)
		}
	})
	set := openSet(t, destination, path)
	o := LoadOptions{Parts: []Part{{Schema: "nova", As: "copy"}}}
	// As copy it would go on to work on the schema nova.
	if _, err := load(t, s, set, o); err == nil || !strings.Contains(err.Error(), "CREATE EVENT nova.e, line ") {
		t.Error(err)
	}
	o.Definers = []string{"nova@localhost"}
	_, err := load(t, s, set, o)
	must(t, err)
	for query, want := range map[string]string{
		"SELECT COUNT(*) FROM copy.t": "800", "SELECT COUNT(*) FROM copy.v": "800", "SELECT copy.f(1)": "2",
		"SELECT CONCAT(event_name, definer) FROM information_schema.events WHERE event_schema = 'copy'": "enova@localhost",
		"SELECT definer FROM information_schema.triggers WHERE trigger_schema = 'copy'":                 "nova@localhost",
	} {
		// The definer has no rights in the schema of another name: that is as before.
		if got, err := s.SQL("GRANT ALL ON copy.* TO nova@localhost; " + query); err != nil || got != want {
			t.Errorf("%s: %q, %v", query, got, err)
		}
	}
	trusted := forge(t, novaBegin+"DELIMITER ;;\nCREATE DEFINER=`root`@`localhost` TRIGGER `r` BEFORE INSERT ON `x` FOR EACH ROW SET @a=1 ;;\nDELIMITER ;\n")
	if _, err := load(t, s, trusted, o); err == nil || !strings.Contains(err.Error(), "CREATE TRIGGER nova.r, line 5, would run as root@localhost") {
		t.Error(err)
	}
	_, err = s.SQL("DROP DATABASE copy")
	must(t, err)
	o.Definers = []string{"root@localhost"}
	_, err = load(t, s, trusted, o)
	must(t, err)
}

// begun is a restore of a set, up to where it is loaded.
func begun(t *testing.T, set *Set) *restoring {
	t.Helper()
	ctx := context.Background()
	r := prepared(t, set, scratchFolder(t)).begin(ctx)
	var err error
	r.scratch, err = newScratch(ctx, r.o.Scratch, r.owner, r.o.Image)
	must(t, err)
	t.Cleanup(func() {
		if r.server != nil {
			r.server.stop()
		}
		must(t, r.scratch.remove())
	})
	return r
}

// scratchServer is one with an honest set, whose data somebody else now has all rights over.
func scratchServer(t *testing.T) *restoring {
	t.Helper()
	destination, path := copySet(t, "logical")
	r := begun(t, openSet(t, destination, path))
	must(t, r.load(context.Background()))
	return r
}

// A dump's trigger or a hostile datadir may run any statement in the scratch server. It must reach nothing outside.
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
		"SET GLOBAL general_log_file='" + outside + "/log'", "SET GLOBAL slow_query_log_file='" + outside + "/log'", "INSTALL SONAME 'ha_federatedx'", "INSTALL SONAME 'ha_connect'",
		"CREATE FUNCTION f RETURNS INTEGER SONAME 'libc.so.6'", "SELECT 'x' INTO OUTFILE '" + outside + "/out'", "SELECT 'x' INTO DUMPFILE '" + r.scratch.path(filesName) + "/out'",
		"LOAD DATA INFILE '/etc/passwd' INTO TABLE nova.loot", "LOAD DATA LOCAL INFILE '/etc/passwd' INTO TABLE nova.loot", "LOAD DATA INFILE '" + outside + "/readable' INTO TABLE nova.loot",
	} {
		err := exec(refused)
		if strings.Contains(refused, "_log_file") && err == nil {
			_ = exec("SET GLOBAL general_log=ON, GLOBAL slow_query_log=ON")
			must(t, exec("SET GLOBAL general_log=OFF, GLOBAL slow_query_log=OFF"))
			continue // nothing outside is what counts
		}
		if err == nil {
			t.Errorf("%s: it was done", refused)
		}
	}
	// Such a table lies inside, or is refused.
	for _, engine := range []string{"InnoDB", "MyISAM", "Aria"} {
		_ = exec("CREATE TABLE nova.out" + engine + " (a int) ENGINE=" + engine + " DATA DIRECTORY='" + outside + "' INDEX DIRECTORY='" + outside + "'")
	}
	for _, file := range []string{"/etc/shadow", outside + "/readable", "/proc/self/environ"} {
		if got, err := r.server.Value(t.Context(), "SELECT IFNULL(LOAD_FILE('"+file+"'), 'none')"); err != nil || got != "none" {
			t.Errorf("%s: %q, %v", file, got, err)
		}
	}
	if entries, err := os.ReadDir(outside); len(entries) != 1 || err != nil {
		t.Errorf("%v, %v", entries, err)
	}
	wantAlone(t, r.server.child.PID())
}

// wantAlone wants a process in namespaces of its own, as somebody else than root, without a way to gain rights.
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
	if text := string(status); !strings.Contains(text, "NoNewPrivs:\t1") || !strings.Contains(text, "CapEff:\t0000000000000000") || strings.Contains(text, "Uid:\t0\t") {
		t.Errorf("%s", text)
	}
	// One byte, where the limit was not none before: see process.NoCore.
	limits, err := os.ReadFile(fmt.Sprintf("/proc/%d/limits", pid))
	if found, _ := regexp.Match(`(?m)^Max core file size +[01] +[01] `, limits); err != nil || !found {
		t.Errorf("%s, %v", limits, err)
	}
}

func TestWithoutAnAccountForItNothingIsRestored(t *testing.T) {
	destination, path := copySet(t, "logical")
	defer func(was string) { account = was }(account)
	for name, why := range map[string]string{"no-such-user": "useradd --system", "root": "who never runs what is in a set"} {
		account = name
		if _, err := PrepareRestore(t.Context(), openSet(t, destination, path), RestoreOptions{Scratch: "/var/tmp/x", Memory: 64 * mebibyte}); err == nil || !strings.Contains(err.Error(), why) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAFileThatIsNoneIsNotWaitedFor(t *testing.T) {
	for name, place := range map[string]func(string) error{
		"a pipe":      func(at string) error { return syscall.Mkfifo(at, 0o600) },
		"a link":      func(at string) error { return os.Symlink("/etc/passwd", at) },
		"a device":    func(at string) error { return syscall.Mknod(at, syscall.S_IFCHR|0o600, 1<<8|5) },
		"a folder":    func(at string) error { return os.Mkdir(at, 0o700) },
		"a socket":    func(at string) error { return syscall.Mknod(at, syscall.S_IFSOCK|0o600, 0) },
		"a long file": func(at string) error { return os.WriteFile(at, make([]byte, 1<<20), 0o600) },
	} {
		for _, file := range []string{"users.sql", manifestName, recordName} {
			destination, path := copySet(t, "logical")
			at := filepath.Join(path, file)
			if file == recordName {
				must(t, os.WriteFile(at, nil, 0o600))
			}
			must(t, os.Remove(at))
			must(t, place(at))
			done := make(chan error, 1)
			go func() {
				r, err := Open(destination)
				if err != nil {
					done <- err
					return
				}
				defer r.Close()
				s, err := r.Set("", path)
				if err == nil && file == recordName {
					_, err = s.Record()
				} else if err == nil {
					var problems []Problem
					if problems, err = s.Read(context.Background(), nil); len(problems) > 0 {
						err = fmt.Errorf("%v", problems)
					}
				}
				done <- err
			}()
			select {
			case err := <-done:
				if err == nil {
					t.Errorf("%s as %s is taken for good", name, file)
				}
			case <-time.After(20 * time.Second):
				t.Fatalf("%s as %s is waited for", name, file)
			}
		}
	}
}

func TestLargerFramesThanTheWritersAreRefused(t *testing.T) {
	destination, path := copySet(t, "logical")
	editManifest(t, path, func(m *repository.Manifest) { m.Files[0].FrameBytes, m.Files[0].Frames = 16*mebibyte, 1 })
	s := openSet(t, destination, path)
	if problems, err := s.Read(t.Context(), nil); err != nil || len(problems) != 1 || !strings.Contains(problems[0].Reason, "frames of 16777216 bytes") {
		t.Errorf("%v, %v", problems, err)
	}
	encoder, err := zstd.NewWriter(nil)
	must(t, err)
	large := encoder.EncodeAll(make([]byte, 9*mebibyte), nil)
	err = unpack(t.Context(), bytes.NewReader(large), maxFrame, func(frame, []byte) error { return nil })
	if err == nil || !strings.Contains(err.Error(), "at most 8388608 belong into one") {
		t.Error(err)
	}
}

func TestThePlanSaysThatASetIsNotSigned(t *testing.T) {
	destination, path := copySet(t, "logical")
	if got := prepared(t, openSet(t, destination, path), scratchFolder(t)).Plan().Origin; !strings.HasPrefix(got, "not signed: whoever can write") {
		t.Errorf("%q", got)
	}
	role, err := os.ReadFile("../../roles/controller_restore/tasks/restored.yml")
	must(t, err)
	if !strings.Contains(string(role), NotSigned) {
		t.Error("the role's plan does not say it")
	}
}

// chunksOf are the chunks of a file for a stream that has that file already, which begin it anew.
func chunksOf(name, content string) []byte {
	length := func(n, bytes int) []byte { return binary.LittleEndian.AppendUint64(nil, uint64(n))[:bytes] }
	out := append([]byte("XBSTCK01\x02P"), length(len(name), 4)...)
	out = append(append(append(out, name...), length(len(content), 8)...), length(0, 8)...)
	out = binary.LittleEndian.AppendUint32(out, crc32.ChecksumIEEE([]byte(content)))
	out = append(append(out, content...), "XBSTCK01\x00E"...)
	return append(append(out, length(len(name), 4)...), name...)
}

// with adds files to the stream of a physical set, and makes the manifest fit.
func with(t *testing.T, files map[string]string) *Set {
	t.Helper()
	destination, path := copySet(t, "physical")
	var stream repository.Stream
	recompress(t, path, data(openSet(t, destination, path).Manifest), func(raw string) {
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
	editManifest(t, path, func(m *repository.Manifest) { m.Stream = &stream })
	return openSet(t, destination, path)
}

func TestAForgedPhysicalSetReachesNothingOutside(t *testing.T) {
	outside, err := os.MkdirTemp("/var/tmp", "verify-outside-")
	must(t, err)
	defer os.RemoveAll(outside)
	must(t, os.Chmod(outside, 0o777))
	options := "[mysqld]\ninnodb_page_size=16384\ninnodb_data_file_path=ibdata1:12M;ibdata2:12M:autoextend\ninnodb_undo_tablespaces=0\ninnodb_checksum_algorithm=full_crc32\n"
	hostile := "plugin_load=evil=evil.so\nplugin_dir=/proc/self/cwd\ninnodb_log_group_home_dir=" + outside + "\ntmpdir=" + outside + "\n!include /etc/passwd\n"
	found, err := prepared(t, with(t, map[string]string{
		optionsFile: options + hostile, "my.cnf": "[mysqld]\ngeneral_log\ngeneral_log_file=" + outside + "/log\ninit_file=/etc/passwd\n", "evil.so": "no library",
		"nova/evil.isl": outside + "/evil.ibd", "nova/t.isl": outside + "/t.ibd",
	}), scratchFolder(t)).Run(t.Context())
	if err != nil || len(found.Problems) > 0 || len(found.Warnings) == 0 || !strings.Contains(found.Warnings[0], `"plugin_load", "plugin_dir", "innodb_log_group_home_dir", "tmpdir"`) {
		t.Errorf("%+v, %v", found, err)
	}
	if entries, err := os.ReadDir(outside); len(entries) > 0 || err != nil {
		t.Errorf("%v, %v", entries, err)
	}
	for _, name := range []string{"/" + outside + "/x", "../../x", "nova/../../../x"} {
		found, err := prepared(t, with(t, map[string]string{name: "x"}), scratchFolder(t)).Run(t.Context())
		if err != nil || len(found.Problems) != 1 || !strings.Contains(found.Problems[0].Reason, "unsafe path") {
			t.Errorf("%s: %+v, %v", name, found.Problems, err)
		}
	}
}
