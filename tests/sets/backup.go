// SPDX-License-Identifier: GPL-3.0-or-later

package sets

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"overcloud.backup/internal/galera"
	"overcloud.backup/internal/mariadb"
	"overcloud.backup/internal/mariadb/accounts"
	"overcloud.backup/internal/mariadb/catalog"
	"overcloud.backup/internal/repository"
	"overcloud.backup/internal/repository/stores"
	"overcloud.backup/internal/xbstream"
	"overcloud.backup/internal/zframe"
)

// BackUp creates a set as galera_backup does.
func (s *Server) BackUp(method string) (string, error) {
	dir, err := stores.Make(filepath.Join(s.Dir, "sets"))
	if err != nil {
		return "", err
	}
	defer dir.Close()
	set, err := dir.Create("solo", method, "controller-1", time.Now())
	if err != nil {
		return "", err
	}
	m, definitions, err := s.describe(method)
	if err == nil {
		err = s.dump(set, m)
	}
	if err == nil {
		var list repository.File
		list, err = set.Add("definitions.jsonl", repository.ContentDefinitions, definitions.Lines())
		m.Files = append(m.Files, list)
	}
	if err == nil {
		err = set.Commit(m)
	}
	return set.Path(), err
}

// describe returns the manifest without the data.
func (s *Server) describe(method string) (*repository.Manifest, catalog.Definitions, error) {
	ctx := context.Background()
	c, err := mariadb.Open(ctx, mariadb.Login{Socket: s.Socket})
	if err != nil {
		return nil, nil, err
	}
	defer c.Close()
	server, err := galera.ReadServer(ctx, c)
	if err != nil {
		return nil, nil, err
	}
	w, err := galera.Status(ctx, c)
	if err != nil {
		return nil, nil, err
	}
	m := &repository.Manifest{
		MadeBy: "test", Controller: "controller-1", Method: method,
		Cluster:   repository.Cluster{Name: "solo", UUID: w.ClusterStateUUID},
		Server:    repository.Server{Version: server.Version, Hostname: server.Hostname, Datadir: server.Datadir},
		StartedAt: 1, EndedAt: 2,
		Position: repository.Position{UUID: w.ClusterStateUUID, Seqno: w.LastCommitted, SeqnoEnd: w.LastCommitted},
	}
	if m.Server.Settings, err = catalog.ReadSettings(ctx, c); err != nil {
		return nil, nil, err
	}
	definitions, err := catalog.ReadDefinitions(ctx, c, catalog.Carried(method))
	if m.Schema.Fingerprint = definitions.Fingerprint(); err == nil {
		m.Schema.Tables, err = catalog.TableCounts(ctx, c, time.Minute)
	}
	return m, definitions, err
}

// dump reads the data into the set.
func (s *Server) dump(set *repository.Draft, m *repository.Manifest) error {
	empty := filepath.Join(s.Dir, "empty")
	name, content, args := "backup.xbstream.zst", "xbstream",
		[]string{"mariadb-backup", "--no-defaults", "--backup", "--stream=xbstream", "--galera-info",
			"--socket=" + s.Socket, "--open-files-limit=20000", "--user=root",
			"--datadir=" + filepath.Join(s.Dir, "data"), "--target-dir=" + empty, "--tmpdir=" + empty}
	if m.Method == "logical" {
		name, content, args = "backup.sql.zst", "sql",
			[]string{"mariadb-dump", "--no-defaults", "--socket=" + s.Socket, "--single-transaction", "--routines",
				"--events",
				"--triggers", "--skip-add-locks", "--hex-blob", "--default-character-set=utf8mb4", "--dump-history",
				"--max-allowed-packet=1G", "--databases", "--"}
	}
	if m.Method == "logical" {
		args = slices.AppendSeq(args, maps.Keys(m.Schema.Tables))
	}
	if err := os.MkdirAll(empty, 0o700); err != nil {
		return err
	}
	checker := xbstream.NewChecker()
	var tee io.Writer
	if m.Method == "physical" {
		tee = checker
	}
	cmd := exec.Command(args[0], args[1:]...)
	var said strings.Builder
	cmd.Stderr = &said
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	if err := store(set, m, repository.File{Name: name, Content: content}, out, tee); err != nil {
		return err
	}
	if err := cmd.Wait(); err != nil {
		return fmt.Errorf("%w: %s", err, said.String())
	}
	if m.Method == "physical" {
		summary, err := checker.Finish()
		m.Stream = &repository.Stream{Files: summary.Files, Chunks: summary.Chunks, Bytes: summary.Bytes}
		return err
	}
	return s.beside(set, m)
}

// beside adds the accounts, time zones and foreign servers.
func (s *Server) beside(set *repository.Draft, m *repository.Manifest) error {
	text := s.users
	if text == "" {
		c, err := mariadb.Open(context.Background(), mariadb.Login{Socket: s.Socket})
		if err != nil {
			return err
		}
		defer c.Close()
		accounts, err := accounts.ReadUsers(context.Background(), c)
		if err != nil {
			return err
		}
		text = strings.Join(accounts.Statements, ";\n") + ";\n"
	}
	users, err := set.Add("users.sql", repository.ContentUsers, []byte(text))
	m.Files = append(m.Files, users)
	if err != nil || s.users != "" {
		return err
	}
	zones, err := s.SQL("SELECT CONCAT('INSERT INTO mysql.time_zone (Time_zone_id, Use_leap_seconds) VALUES ('," +
		" Time_zone_id, ',', QUOTE(Use_leap_seconds), ');') FROM mysql.time_zone UNION " +
		"SELECT CONCAT('INSERT INTO mysql.time_zone_name (Name, Time_zone_id) VALUES (', QUOTE(Name), ','," +
		" Time_zone_id, ');') FROM mysql.time_zone_name UNION " +
		"SELECT CONCAT('INSERT INTO mysql.time_zone_transition (Time_zone_id, Transition_time, Transition_type_id)" +
		" VALUES (', Time_zone_id, ',', Transition_time, ',', Transition_type_id, ');') FROM" +
		" mysql.time_zone_transition UNION " +
		"SELECT CONCAT('INSERT INTO mysql.time_zone_transition_type (Time_zone_id, Transition_type_id, `Offset`," +
		" Is_DST, Abbreviation) VALUES (', Time_zone_id, ',', Transition_type_id, ',', `Offset`, ',', Is_DST, ','," +
		" QUOTE(Abbreviation), ');') FROM mysql.time_zone_transition_type UNION " +
		"SELECT CONCAT('CREATE OR REPLACE SERVER `', Server_name, '` FOREIGN DATA WRAPPER `', Wrapper, '` OPTIONS" +
		" (HOST ', QUOTE(Host), ', PORT ', Port, ');') FROM mysql.servers")
	if err == nil && zones != "" {
		var system repository.File
		system, err = set.Add("system.sql", repository.ContentSystem, []byte(zones+"\n"))
		m.Files = append(m.Files, system)
	}
	return err
}

// store writes one compressed file of a set.
func store(set *repository.Draft, m *repository.Manifest, f repository.File, from io.Reader, tee io.Writer) error {
	to, err := set.New(f.Name)
	if err != nil {
		return err
	}
	defer to.Close()
	f, err = Compress(f, to, from, tee)
	m.Files = append(m.Files, f)
	return err
}

// Compress writes the frames of a file of a set, and returns its entry in the manifest.
func Compress(f repository.File, to io.Writer, from io.Reader, tee io.Writer) (repository.File, error) {
	hash := sha256.New()
	stats, err := zframe.Copy(io.MultiWriter(to, hash), from, zframe.Options{Level: 1, Workers: 2, Blocks: 4, Tee: tee})
	f.Bytes, f.RawBytes, f.Frames, f.FrameBytes, f.Compression = stats.Bytes, stats.Raw, stats.Frames, zframe.Size,
		"zstd"
	f.SHA256 = hex.EncodeToString(hash.Sum(nil))
	return f, err
}

// Open opens a set by its name or path.
func Open(t *testing.T, destination, name string) *repository.Set {
	t.Helper()
	r, err := stores.Open(destination)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	s, err := r.Set("", name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// EditManifest changes the manifest of a set with a change that keeps it readable.
func EditManifest(t *testing.T, path string, change func(*repository.Manifest)) {
	t.Helper()
	name := filepath.Join(path, repository.ManifestName)
	content, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	m, err := repository.ParseManifest(content)
	if err != nil {
		t.Fatal(err)
	}
	change(m)
	if content, err = json.Marshal(m); err == nil {
		err = os.WriteFile(name, content, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}
