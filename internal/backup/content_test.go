// SPDX-License-Identifier: GPL-3.0-or-later

package backup

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"overcloud.backup/internal/backup/extras"
	"overcloud.backup/internal/backup/tool"
	"overcloud.backup/internal/repository"
)

// sql runs statements on the shared server.
func (s *server) sql(t *testing.T, statements ...string) {
	t.Helper()
	for _, statement := range statements {
		if _, err := s.SQL(statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
}

// dump returns the dump of a logical set.
func dump(t *testing.T, path string) string {
	t.Helper()
	text, err := exec.Command("zstd", "-dc", filepath.Join(path, tool.LogicalFile)).Output()
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func logicalJob(o *Options) { o.Method = tool.Logical }

func TestAViewOverATableThatIsGoneIsRefusedBeforeTheDump(t *testing.T) {
	s := shared(t)
	s.sql(t, "CREATE DATABASE c43; CREATE TABLE c43.t (i INT); CREATE TABLE c43.k (i INT); CREATE VIEW c43.v AS"+
		" SELECT * FROM c43.t;"+
		"CREATE VIEW c43.vv AS SELECT * FROM c43.v; CREATE VIEW c43.ok AS SELECT * FROM c43.k; DROP TABLE c43.t")
	defer s.SQL("DROP DATABASE c43")
	o := s.options(t)
	o.Method = tool.Logical
	_, err := Prepare(t.Context(), o)
	if err == nil || !strings.Contains(err.Error(), "tables or views cannot be opened, and a dump would end at") ||
		!strings.Contains(err.Error(), "c43.v (View 'c43.v' references") ||
		!strings.Contains(err.Error(), "c43.vv (") || strings.Contains(err.Error(), "c43.ok") {
		t.Errorf("%v", err)
	}
	made, err := s.job(t, func(o *Options) { o.Method, o.LeaveOutBroken = tool.Logical, true }).Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	m := made.Manifest
	if fmt.Sprint(m.Schema.LeftOut) != "[c43.v c43.vv]" || len(m.Schema.Broken) != 2 ||
		!strings.Contains(m.Schema.Broken[0].Why, "references invalid table") ||
		!strings.Contains(strings.Join(m.Warnings, "\n"),
			"left out of the dump, because the server cannot open them: c43.v (") {
		t.Errorf("%+v %q", m.Schema, m.Warnings)
	}
	definitions, err := os.ReadFile(filepath.Join(made.Path, extras.DefinitionsFile))
	text := dump(t, made.Path)
	if err != nil || strings.Contains(string(definitions), `"vv"`) || !strings.Contains(string(definitions), `"ok"`) ||
		strings.Contains(text, "VIEW `v`") || !strings.Contains(text, "VIEW `ok`") {
		t.Errorf("%v\n%s", err, definitions)
	}
}

func TestATableThatCannotBeOpenedIsNoted(t *testing.T) {
	s := shared(t)
	s.sql(t, "CREATE DATABASE c40; CREATE TABLE c40.keep (i INT); CREATE DATABASE empty1")
	defer s.SQL("DROP DATABASE c40; DROP DATABASE empty1")
	frm, err := os.ReadFile(filepath.Join(s.Data, "c40/keep.frm"))
	folder := filepath.Join(s.Data, "old_dumps")
	err = errors.Join(err, os.WriteFile(filepath.Join(s.Data, "c40/orphan.frm"), frm, 0o600),
		os.WriteFile(filepath.Join(s.Data, "c40/#sql-1a2b_3.frm"), frm, 0o600), os.Mkdir(folder, 0o700),
		os.WriteFile(filepath.Join(folder, "x.sql"), nil, 0o600))
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(folder)
	o := s.options(t)
	o.Method = tool.Logical
	if _, err := Prepare(t.Context(), o); err == nil || !strings.Contains(err.Error(), "c40.orphan (") {
		t.Errorf("logical: %v", err)
	}
	made, err := s.job(t, nil).Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	m := made.Manifest
	warnings := strings.Join(m.Warnings, "\n")
	if len(m.Schema.Broken) != 1 || m.Schema.Broken[0].String() != "c40.orphan" || m.Schema.LeftOut != nil ||
		!slices.Equal(m.Schema.Folders, []string{"old_dumps"}) ||
		!strings.Contains(warnings,
			"cannot open these tables and views, and the set has them as they are: c40.orphan (") ||
		!strings.Contains(warnings, "an ALTER TABLE that did not end, in the datadir and so in the set:"+
			" c40/#sql-1a2b_3.frm;") ||
		!strings.Contains(warnings, "a backup leaves out: old_dumps;") ||
		strings.Contains(warnings, "not replicated by Galera") {
		t.Errorf("%+v\n%s", m.Schema, warnings)
	}
}

func TestTheHistoryOfVersionedTablesIsDumpedOrNamed(t *testing.T) {
	s := shared(t)
	s.sql(t, "CREATE DATABASE sv; CREATE TABLE sv.hist (id INT PRIMARY KEY, v VARCHAR(20)) WITH SYSTEM VERSIONING;"+
		"INSERT INTO sv.hist VALUES (1, 'first'), (2, 'gone'); UPDATE sv.hist SET v = 'now' WHERE id = 1; DELETE FROM"+
		" sv.hist WHERE id = 2")
	defer s.SQL("DROP DATABASE sv")
	j := s.job(t, logicalJob)
	if !j.tool.Has(t.Context(), tool.DumpHistory) {
		t.Skip("needs a tool with " + tool.DumpHistory)
	}
	made, err := j.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	text := dump(t, made.Path)
	for _, row := range []string{"'first'", "'gone'", "'now'"} {
		if !strings.Contains(text, row) {
			t.Errorf("the dump lacks %s", row)
		}
	}
	s.sql(t, "DROP DATABASE sv")
	load := exec.Command("mariadb", "--no-defaults", "--comments", "-S", s.Socket)
	load.Stdin = strings.NewReader(text)
	if out, err := load.CombinedOutput(); err != nil {
		t.Fatalf("%v %s", err, out)
	}
	if rows, err := s.SQL("SELECT COUNT(*) FROM sv.hist FOR SYSTEM_TIME ALL"); err != nil || rows != "3" {
		t.Errorf("%s rows after the load, %v", rows, err)
	}
	s.sql(t, "CREATE TABLE sv.tx (i INT PRIMARY KEY, s BIGINT UNSIGNED GENERATED ALWAYS AS ROW START, e BIGINT"+
		" UNSIGNED GENERATED ALWAYS AS ROW END,"+
		" PERIOD FOR SYSTEM_TIME(s, e)) WITH SYSTEM VERSIONING")
	made, err = s.job(t, logicalJob).Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if warnings := strings.Join(made.Manifest.Warnings, "\n"); !strings.Contains(warnings,
		"no dump can read that of sv.tx, which is by transactions): sv.hist, sv.tx") {
		t.Error(warnings)
	}
}

func TestLossesOfADumpAreNamedFirst(t *testing.T) {
	s := shared(t)
	s.sql(t, "CREATE DATABASE lo; CREATE TABLE lo.fl (id INT PRIMARY KEY, f FLOAT, ok FLOAT); INSERT INTO lo.fl"+
		" VALUES (1, 123456789, 0.5);"+
		"CREATE TABLE lo.fu (f FLOAT PRIMARY KEY); INSERT INTO lo.fu VALUES (16777214), (16777215);"+
		"CREATE TABLE lo.maps (id INT PRIMARY KEY); INSERT INTO lo.maps VALUES (1); ALTER TABLE lo.maps ADD COLUMN"+
		" loc POINT NOT NULL")
	defer s.SQL("DROP DATABASE lo")
	warnings := strings.Join(s.job(t, logicalJob).Plan().Warnings, "\n")
	for _, want := range []string{"have values with more: lo.fl.f;", "so that the dump may not load: lo.fu.f;",
		"so that the dump will not load: lo.maps.loc;"} {
		if !strings.Contains(warnings, want) {
			t.Errorf("%q is not in\n%s", want, warnings)
		}
	}
	if strings.Contains(warnings, "lo.fl.ok") {
		t.Error(warnings)
	}
	if reason := s.job(t, func(o *Options) { o.Method = tool.Auto }).Plan().Reason; !strings.HasSuffix(reason,
		"; a dump may lose digits of FLOAT columns") {
		t.Error(reason)
	}
}

// A shell runs the commands of the manifest as they are, on a server without the schemas.
func TestTheCommandsOfADumpWorkByHand(t *testing.T) {
	s := shared(t)
	s.sql(t, "CREATE DATABASE hand; CREATE TABLE hand.t (id INT PRIMARY KEY); INSERT INTO hand.t VALUES (7);"+
		"CREATE USER g1@'%' IDENTIFIED BY 'x'; GRANT SELECT (id) ON hand.t TO g1@'%'; CREATE DEFINER=g1@'%' VIEW"+
		" hand.v AS SELECT id FROM hand.t;"+
		"CREATE SERVER fed FOREIGN DATA WRAPPER mysql OPTIONS (HOST 'h')")
	defer s.SQL("DROP DATABASE hand; DROP USER g1@'%'; DROP SERVER fed")
	create := exec.Command("mariadb", "--no-defaults", "--comments", "--delimiter=//", "-S", s.Socket, "-e",
		"CREATE PROCEDURE hand.p() BEGIN -- note\n SELECT 1; END")
	if out, err := create.CombinedOutput(); err != nil {
		t.Fatalf("%v %s", err, out)
	}
	made, err := s.job(t, logicalJob).Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	s.sql(t, "DROP DATABASE hand; DROP USER g1@'%'; DROP SERVER fed")
	home := t.TempDir()
	if err := os.WriteFile(filepath.Join(home, ".my.cnf"), []byte("[client]\nsocket="+s.Socket+"\n"),
		0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("HOME", home)
	for i, command := range made.Manifest.Restore {
		shell := exec.Command("sh", "-c", command)
		shell.Dir = made.Path
		if out, err := shell.CombinedOutput(); err != nil && i > 0 {
			t.Fatalf("%s: %v %s", command, err, out)
		}
	}
	for query, want := range map[string]string{"SELECT id FROM hand.v": "7",
		"SELECT COUNT(*) FROM mysql.columns_priv WHERE User = 'g1'": "1",
		"SELECT Host FROM mysql.servers":                            "h", "SELECT COUNT(*) FROM" +
			" information_schema.routines WHERE routine_definition LIKE '%-- note%' AND routine_schema = 'hand'": "1"} {
		if got, err := s.SQL(query); err != nil || got != want {
			t.Errorf("%s: %q, want %q, %v", query, got, want, err)
		}
	}
	if i := slices.IndexFunc(made.Manifest.Files,
		func(f repository.File) bool { return f.Content == "system" }); i < 0 {
		t.Errorf("%+v", made.Manifest.Files)
	}
}

func TestSchemasWhoseSequencesOthersUseComeFirst(t *testing.T) {
	s := shared(t)
	s.sql(t, "CREATE DATABASE zz; CREATE SEQUENCE zz.sq INCREMENT BY 0; CREATE DATABASE aa; CREATE TABLE aa.t (id"+
		" BIGINT DEFAULT NEXTVAL(zz.sq) PRIMARY KEY)")
	defer s.SQL("DROP DATABASE aa; DROP DATABASE zz")
	if got := s.job(t, logicalJob).Plan().Schemas; !slices.Equal(got, []string{"zz", "aa", "nova"}) {
		t.Errorf("%q", got)
	}
}
