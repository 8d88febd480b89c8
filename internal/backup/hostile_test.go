// SPDX-License-Identifier: GPL-3.0-or-later

package backup

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"overcloud.backup/internal/backup/extras"
	"overcloud.backup/internal/backup/tool"
	"overcloud.backup/internal/mariadb/accounts"
	"overcloud.backup/internal/mariadb/catalog"
	"overcloud.backup/internal/repository/stores"
	"overcloud.backup/tests/node"
)

// hostileNames are names that schemas, tables, columns, views, routines, triggers, events and users have at the same
// time.
var hostileNames = []string{
	"`a`b`", "'q\"", `ends with \`, "two\nlines", "\nDROP DATABASE nova; --x", "semi;colon", "per%cent_", "../x", "-rf",
	"--all-databases",
	" leads", "*/ x /*", "$(id)", "DELIMITER ;;", strings.Repeat("東", 40), "SYS", "sýs",
}

func quoted(name string) string { return "`" + strings.ReplaceAll(name, "`", "``") + "`" }

// hostileSchema returns one schema in which everything has that name. Bodies, comments and data contain what ends
// statements and strings.
func hostileSchema(name string) []string {
	n := quoted(name)
	user := quoted(string([]rune(name)[:min(len([]rune(name)), 30)])) + "@" + quoted("10.%")
	const nasty = `'it''s; "x" \\ /* */ -- \n` + " `tick` 😀\n;;'"
	return []string{
		"CREATE USER " + user + " IDENTIFIED BY " + nasty,
		"CREATE DATABASE " + n + " CHARACTER SET utf8mb4",
		fmt.Sprintf("CREATE TABLE %s.%s (%s INT PRIMARY KEY AUTO_INCREMENT, b LONGBLOB, t LONGTEXT CHARACTER SET"+
			" utf8mb4 DEFAULT %s COMMENT 'c; -- '';') COMMENT '*/; DROP'", n, n, n, nasty),
		fmt.Sprintf("CREATE TABLE %s.child (i INT, p INT, CONSTRAINT %s FOREIGN KEY (p) REFERENCES %s (%s)) CHARACTER"+
			" SET utf8mb4", n, n, n, n),
		fmt.Sprintf("INSERT INTO %s.%s (b, t) VALUES (X'00270A5C1A22', %s), (NULL, REPEAT('😀', 1000))", n, n, nasty),
		fmt.Sprintf("CREATE DEFINER=%s VIEW %s.%s AS SELECT b, t, '; -- ''' AS e FROM %s.%s", user, n, quoted("v"+name),
			n, n),
		fmt.Sprintf("CREATE DEFINER=%s PROCEDURE %s.%s() BEGIN SELECT %s; DO 1; END", user, n, n, nasty),
		fmt.Sprintf("CREATE DEFINER=%s FUNCTION %s.%s() RETURNS INT DETERMINISTIC RETURN 1", user, n, quoted("f"+name)),
		fmt.Sprintf("CREATE DEFINER=%s TRIGGER %s.%s BEFORE INSERT ON %s.%s FOR EACH ROW BEGIN SET NEW.t = %s; END",
			user, n, n, n, n, nasty),
		"GRANT ALL ON " + n + ".* TO " + user,
	}
}

// noEvents are characters in a schema's name with which mariadb-dump 10.11.19 loses the schema of an event.
const noEvents = "'\"\\\n"

// second starts another, empty server.
func second(t *testing.T) *server {
	t.Helper()
	node.Need(t)
	s, err := startServer()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Remove)
	if _, err := s.SQL("DROP DATABASE nova"); err != nil {
		t.Fatal(err)
	}
	return s
}

func TestAHostileServerIsDumpedAndLoadedAsItWas(t *testing.T) {
	from := second(t)
	c := from.Client(t)
	for _, name := range hostileNames {
		statements := hostileSchema(name)
		if !strings.ContainsAny(name, noEvents) && !strings.Contains(name, ";;") {
			statements = append(statements,
				fmt.Sprintf("CREATE EVENT %s.%s ON SCHEDULE EVERY 1 YEAR DISABLE COMMENT 'x; */' DO SELECT '; --'",
					quoted(name), quoted(name)))
		}
		for _, statement := range statements {
			if err := c.Exec(t.Context(), statement); err != nil {
				t.Fatalf("%s: %v", statement, err)
			}
		}
	}
	if _, err := from.SQL("CREATE DATABASE nova"); err != nil { // some of the names would drop it
		t.Fatal(err)
	}
	made, err := from.job(t, func(o *Options) { o.Method = tool.Logical }).Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	to := second(t)
	to.load(t, made.Path)
	if got, want := whole(t, to), whole(t, from); !reflect.DeepEqual(got, want) {
		for key := range want {
			if got[key] != want[key] {
				t.Errorf("%s\nwas %q\nis  %q", key, want[key], got[key])
			}
		}
		t.Errorf("%d things, before %d", len(got), len(want))
	}
}

// An object that the tool cannot dump makes the backup fail with a message about it, and leaves nothing.
func TestAnEventThatTheToolCannotDumpIsAFailure(t *testing.T) {
	s := shared(t)
	for _, c := range noEvents {
		name := "a" + string(c) + "b"
		if _, err := s.SQL("CREATE DATABASE " + quoted(name) + "; CREATE EVENT " + quoted(name) +
			".e ON SCHEDULE EVERY 1 YEAR DISABLE DO SELECT 1"); err != nil {
			t.Fatal(err)
		}
		o := s.options(t)
		o.Method = tool.Logical
		j, err := Prepare(t.Context(), o)
		if err == nil {
			_, err = j.Run(t.Context())
		}
		if err == nil || !strings.Contains(err.Error(), fmt.Sprintf("%q", name+".e")) {
			t.Errorf("%q: %v: is the tool mended?", name, err)
		}
		if l := left(t, o.Destination); len(l) != 0 {
			t.Errorf("left: %q", l)
		}
		if _, err := s.SQL("DROP DATABASE " + quoted(name)); err != nil {
			t.Fatal(err)
		}
	}
}

// load runs the commands in the manifest of a logical set.
func (s *server) load(t *testing.T, set string) {
	t.Helper()
	client := []string{"--no-defaults", "--socket=" + s.Socket, "--default-character-set=utf8mb4"}
	dump, err := exec.Command("zstd", "-d", "-c", filepath.Join(set, tool.LogicalFile)).Output()
	if err != nil {
		t.Fatal("zstd: ", err)
	}
	users, err := os.ReadFile(filepath.Join(set, extras.UsersFile))
	if err != nil {
		t.Fatal(err)
	}
	for _, statements := range [][]byte{dump, users} {
		cmd := exec.Command("mariadb", client...)
		cmd.Stdin = bytes.NewReader(statements)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
	}
}

// whole returns everything in which two servers can differ: definitions, rows, users.
func whole(t *testing.T, s *server) map[string]string {
	t.Helper()
	c := s.Client(t)
	all := map[string]string{}
	must := func(what string, err error) {
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
	}
	var err error
	definitions, err := catalog.ReadDefinitions(t.Context(), c, catalog.ByFiles)
	must("definitions", err)
	all["fingerprint"] = definitions.Fingerprint()
	counts, err := catalog.TableCounts(t.Context(), c, time.Minute)
	must("counts", err)
	all["counts"] = fmt.Sprint(counts)
	users, err := accounts.ReadUsers(t.Context(), c)
	must("users", err)
	all["users"] = strings.Join(users.Statements, "\n")
	schemas, err := catalog.Schemas(t.Context(), c)
	must("schemas", err)
	for _, name := range schemas {
		for what, query := range map[string]string{
			"table":     "CHECKSUM TABLE %[1]s.%[1]s EXTENDED",
			"rows":      "SELECT COUNT(*), HEX(GROUP_CONCAT(t)), HEX(GROUP_CONCAT(b)) FROM %[1]s.%[1]s",
			"procedure": "SHOW CREATE PROCEDURE %[1]s.%[1]s", "trigger": "SELECT action_statement FROM" +
				" information_schema.triggers WHERE BINARY trigger_schema = %[2]s",
		} {
			if name == "nova" {
				continue
			}
			rows, err := c.Rows(t.Context(), fmt.Sprintf(query, quoted(name),
				"'"+strings.NewReplacer(`\`, `\\`, "'", "''").Replace(name)+"'"))
			must(what+" "+name, err)
			all[what+" "+name] = fmt.Sprintf("%q", rows)
		}
	}
	return all
}

// Somebody who may write to the destination's parent, or has put something there before, can make us neither write nor
// open a file elsewhere.
func TestDestinationsThatOthersHoldAreRefusedBeforeAnythingIsDone(t *testing.T) {
	s := shared(t)
	for name, tt := range map[string]struct {
		plant func(t *testing.T, destination string) string
		want  string
	}{
		"a link": {func(t *testing.T, d string) string {
			return plant(t, d,
				os.Symlink(t.TempDir(), d+"/l"), "/l")
		}, "symbolic link"},
		"below a link": {func(t *testing.T, d string) string {
			return plant(t, d,
				os.Symlink(t.TempDir(), d+"/l"), "/l/sets")
		}, "symbolic link"},
		"open to everybody": {func(t *testing.T, d string) string { return plant(t, d, os.Chmod(d, 0o777), "") },
			"chmod go-w"},
		"sticky, for everybody": {func(t *testing.T, d string) string {
			return plant(t, d,
				os.Chmod(d, 0o777|os.ModeSticky), "")
		}, "chmod go-w"},
		"somebody else's": {func(t *testing.T, d string) string { return plant(t, d, os.Chown(d, 65534, 65534), "") },
			"belongs to user 65534"},
		"a NUL": {func(t *testing.T, d string) string { return d + "/a\x00b" }, "invalid argument"},
		"a file": {func(t *testing.T, d string) string { return plant(t, d, os.WriteFile(d+"/f", nil, 0o600), "/f") },
			"is not a directory"},
	} {
		t.Run(name, func(t *testing.T) {
			o := s.options(t)
			o.Destination = tt.plant(t, o.Destination)
			if _, err := Prepare(t.Context(), o); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}

func plant(t *testing.T, destination string, err error, below string) string {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	return destination + below
}

// The cluster's folder is where an attacker could wait, also between Prepare and Run.
func TestAPlantedClusterFolderIsRefusedByRun(t *testing.T) {
	s := shared(t)
	elsewhere := t.TempDir()
	for name, put := range map[string]func(path string) error{
		"a link":            func(path string) error { return os.Symlink(elsewhere, path) },
		"a dangling link":   func(path string) error { return os.Symlink(elsewhere+"/none", path) },
		"a file":            func(path string) error { return os.WriteFile(path, nil, 0o600) },
		"open to everybody": func(path string) error { return mkdir(path, 0o777) },
		"somebody else's": func(path string) error {
			return firstError(mkdir(path, 0o700),
				os.Chown(path, 65534, 65534))
		},
	} {
		t.Run(name, func(t *testing.T) {
			j := s.job(t, nil)
			if err := put(filepath.Join(j.o.Destination, "solo")); err != nil {
				t.Fatal(err)
			}
			before := left(t, j.o.Destination)
			made, err := j.Run(t.Context())
			if made != nil || err == nil || !strings.Contains(err.Error(), "solo") {
				t.Errorf("got %v, %v", made, err)
			}
			if after := left(t, j.o.Destination); !slices.Equal(before, after) || len(left(t, elsewhere)) != 0 {
				t.Errorf("before %q, after %q", before, after)
			}
		})
	}
}

func mkdir(path string, mode os.FileMode) error {
	return firstError(os.Mkdir(path, 0o700), os.Chmod(path, mode))
}

func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// If a name of the set already exists, as a symbolic or hard link, the backup ends; the link's target is unchanged.
func TestLinksAtTheNamesOfASetAreNotWrittenThrough(t *testing.T) {
	s := shared(t)
	for _, name := range []string{tool.PhysicalFile, tool.LogName, extras.UsersFile, "config.tar"} {
		for kind, link := range map[string]func(old, new string) error{"symbolic": os.Symlink, "hard": os.Link} {
			t.Run(name+" "+kind, func(t *testing.T) {
				j := s.job(t, nil)
				victim := filepath.Join(j.o.Destination, "victim")
				if err := os.WriteFile(victim, []byte("precious"), 0o600); err != nil {
					t.Fatal(err)
				}
				planted := make(chan error, 1)
				go func() {
					planted <- whenThere(t.Context(), j.o.Destination,
						func(set string) error { return link(victim, filepath.Join(set, name)) })
				}()
				made, err := j.Run(t.Context())
				if err := <-planted; err != nil {
					t.Skip("came too late: ", err)
				}
				if made != nil || err == nil || !strings.Contains(err.Error(), name) {
					t.Errorf("got %v, %v", made, err)
				}
				if data, err := os.ReadFile(victim); string(data) != "precious" {
					t.Errorf("it was written to: %q, %v", data, err)
				}
				if sets := left(t, filepath.Join(j.o.Destination)); !slices.Equal(sets, []string{victim}) {
					t.Errorf("left: %q", sets)
				}
			})
		}
	}
}

// whenThere calls a function with the hidden folder of a set as soon as it exists.
func whenThere(ctx context.Context, destination string, do func(set string) error) error {
	for ctx.Err() == nil {
		if found, _ := filepath.Glob(destination + "/solo/.partial-*"); len(found) > 0 {
			return do(found[0])
		}
	}
	return ctx.Err()
}

// Whatever umask the caller has, no other user can read a set.
func TestASetIsItsOwnersAloneUnderAnyUmask(t *testing.T) {
	s := shared(t)
	for _, umask := range []int{0, 0o022, 0o027} {
		for _, method := range []tool.Method{tool.Physical, tool.Logical} {
			j := s.job(t, func(o *Options) { o.Method, o.Destination = method, filepath.Join(o.Destination, "a/b") })
			old := syscall.Umask(umask)
			made, err := j.Run(t.Context())
			syscall.Umask(old)
			if err != nil {
				t.Fatal(err)
			}
			for _, path := range append(left(t, filepath.Dir(filepath.Dir(j.o.Destination))), made.Path) {
				info, err := os.Lstat(path)
				want := map[bool]os.FileMode{true: 0o700, false: 0o600}[info.IsDir()]
				if err != nil || info.Mode().Perm() != want ||
					info.Mode()&(os.ModeSetuid|os.ModeSetgid|os.ModeSymlink) != 0 {
					t.Errorf("umask %03o: %s is %s", umask, path, info.Mode())
				}
			}
		}
	}
}

// A decision comes from outside: a malformed one permits nothing, and is recorded in the manifest as received, or is
// refused before anything is done.
func TestHostileDecisions(t *testing.T) {
	s := shared(t)
	deep := func(n int) string { return strings.Repeat(`{"a":`, n) + "1" + strings.Repeat("}", n) }
	here := hostname()
	for name, tt := range map[string]struct{ decision, refused string }{
		"a list":                   {`[1, "x", null]`, ""},
		"a text":                   {`"controller-0"`, ""},
		"clusters of another type": {`{"clusters": {"controllers": 1}}`, ""},
		"a verdict of wrong type":  {`{"clusters": [{"controllers": [{"name": "` + here + `", "verdict": 1}]}]}`, ""},
		"names that are null": {`{"clusters": [{"controllers": [{"name": null, "verdict": "chosen"}]}]}`,
			"the decision chose"},
		"an empty name": {`{"clusters": [{"controllers": [{"name": "", "verdict": "chosen",` +
			` "galera_node": ""}]}]}`, "the decision chose"},
		"nobody": {`{"clusters": [{"controllers": [{"name": "x", "verdict": "rejected"}]}]}`,
			"no controller"},
		"escapes in a name": {`{"clusters": [{"controllers": [{"name": "x\u001b[2J\n", "verdict": "chosen"}]}]}`,
			`"x\x1b[2J\n"`},
		"deep":                      {deep(500), ""},
		"as deep as can be decoded": {deep(9999), "the decision cannot be kept"},
		"deeper":                    {deep(100000), "the decision cannot be kept"},
		"no JSON":                   {`{"clusters": [`, "the decision cannot be kept"},
		"two documents":             {`{} {}`, "the decision cannot be kept"},
		"larger than any manifest":  {`{"a": "` + strings.Repeat("x", 65<<20) + `"}`, "the decision has 65.0 MiB"},
	} {
		t.Run(name, func(t *testing.T) {
			o := s.options(t)
			o.Decision = []byte(tt.decision)
			j, err := Prepare(t.Context(), o)
			if tt.refused != "" {
				if err == nil || !strings.Contains(err.Error(), tt.refused) {
					t.Errorf("got %.300v, want %q", err, tt.refused)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if _, err := j.Run(t.Context()); err != nil {
				t.Fatal(err)
			}
			listed(t, o.Destination)
		})
	}
}

// listed checks that the only set of a destination can be read.
func listed(t *testing.T, destination string) {
	t.Helper()
	dir, err := stores.Make(destination)
	if err != nil {
		t.Fatal(err)
	}
	defer dir.Close()
	if l, err := dir.List(""); err != nil || len(l.Sets) != 1 || len(l.Damaged) > 0 {
		t.Errorf("%+v, %v", l, err)
	}
}
