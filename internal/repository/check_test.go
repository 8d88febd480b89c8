// SPDX-License-Identifier: GPL-3.0-or-later

package repository

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"overcloud.backup/internal/process"
	"overcloud.backup/internal/zframe"
)

// sound returns a manifest without a contradiction.
func sound(method string) *Manifest {
	const uuid = "0bf81e81-e6a9-11f1-aab7-6f76032d5070"
	content := map[string]string{"physical": ContentStream, "logical": ContentDump}[method]
	m := &Manifest{
		Cluster: Cluster{Name: "solo", UUID: uuid}, Controller: "controller-1", Method: method, StartedAt: 1,
		EndedAt:  2,
		Position: Position{UUID: uuid, Seqno: 3, SeqnoEnd: 4},
		Files: Files{
			{Name: "data.zst", Content: content, Compression: "zstd", Bytes: 100, RawBytes: zframe.Size + 1, Frames: 2,
				FrameBytes: zframe.Size, SHA256: strings.Repeat("0f", 32)},
			{Name: "users.sql", Content: ContentUsers, Compression: "none", Bytes: 7, RawBytes: 7,
				SHA256: strings.Repeat("0f", 32)},
		},
	}
	if method == "physical" {
		m.Stream = &Stream{Files: 1, Chunks: 2, Bytes: 3}
	}
	return m
}

func TestEachContradictionOfAManifestIsReported(t *testing.T) {
	for _, method := range []string{"physical", "logical"} {
		if problems := checkManifest(sound(method)); len(problems) > 0 {
			t.Errorf("%s: %v", method, problems)
		}
	}
	for name, c := range map[string]struct {
		change func(m *Manifest)
		want   string
	}{
		"no cluster": {func(m *Manifest) { m.Cluster.Name = "" },
			"cluster, controller or times are missing"},
		"a cluster elsewhere": {func(m *Manifest) { m.Cluster.Name = "../x" },
			`cluster name "../x" cannot name a folder`},
		"no controller":     {func(m *Manifest) { m.Controller = "" }, "cluster, controller or times are missing"},
		"no start time":     {func(m *Manifest) { m.StartedAt = 0 }, "cluster, controller or times are missing"},
		"an end too early":  {func(m *Manifest) { m.EndedAt = 0.5 }, "cluster, controller or times are missing"},
		"no UUID":           {func(m *Manifest) { m.Position.UUID = "x\ny" }, "x y:3 to 4 is not a position"},
		"a negative seqno":  {func(m *Manifest) { m.Position.Seqno = -1 }, ":-1 to 4 is not a position"},
		"seqnos in reverse": {func(m *Manifest) { m.Position.SeqnoEnd = 2 }, ":3 to 2 is not a position"},
		"another method":    {func(m *Manifest) { m.Method = "both" }, `the method "both" is unknown`},
		"no stream":         {func(m *Manifest) { m.Stream = nil }, "it does not say what the xbstream holds"},
		"no data":           {func(m *Manifest) { m.Files = m.Files[1:] }, "one file of data, and each file once"},
		"two files with the data": {func(m *Manifest) { m.Files[1].Content = ContentStream },
			"one file of data, and each file once"},
		"a file twice": {func(m *Manifest) { m.Files[1].Name = "data.zst" },
			"one file of data, and each file once"},
		"data of another method": {func(m *Manifest) { m.Files[0].Content = ContentDump },
			"one file of data, and each file once"},
		"plain and shorter": {func(m *Manifest) { m.Files[1].RawBytes = 6 }, "users.sql: raw_bytes differs from bytes"},
		"another compression": {func(m *Manifest) { m.Files[0].Compression = "gzip" },
			`data.zst: the compression "gzip" is unknown`},
		"no frames":       {func(m *Manifest) { m.Files[0].FrameBytes = 0 }, "2 frames of 0 bytes cannot contain"},
		"negative frames": {func(m *Manifest) { m.Files[0].FrameBytes = -1 }, "2 frames of -1 bytes cannot contain"},
		"larger frames": {func(m *Manifest) { m.Files[0].FrameBytes = zframe.Size + 1 },
			"cannot contain 8388609 bytes"},
		"one frame too few": {func(m *Manifest) { m.Files[0].Frames = 1 },
			"1 frame of 8388608 bytes cannot contain 8388609 bytes"},
		"no checksum": {func(m *Manifest) { m.Files[0].SHA256 = strings.Repeat("xy", 32) },
			"data.zst: its sha256 is not valid"},
	} {
		m := sound("physical")
		c.change(m)
		problems := checkManifest(m)
		if !strings.Contains(Join(problems), c.want) {
			t.Errorf("%s: %v", name, problems)
		}
		for _, p := range problems {
			if p.Kind != Damaging || p.File != ManifestName {
				t.Errorf("%s: %+v", name, p)
			}
		}
	}
}

// A level counts if it was passed and nothing later contradicts it: a set that cannot be read has none.
func TestTheDeepestLevelThatCounts(t *testing.T) {
	good := func(at float64) *Outcome { return &Outcome{OK: true, At: at} }
	bad := func(reason string) *Outcome {
		return &Outcome{At: 9, Problems: []Problem{Damage("data.zst", "%s", reason)}}
	}
	for name, c := range map[string]struct {
		Record
		level    Level
		at       float64
		problems string
	}{
		"never verified":            {Record{}, "", 0, "[]"},
		"read":                      {Record{Read: good(1)}, LevelRead, 1, "[]"},
		"read and restored":         {Record{Read: good(1), Restore: good(2)}, LevelRestore, 2, "[]"},
		"restored, then read":       {Record{Read: good(3), Restore: good(2)}, LevelRestore, 2, "[]"},
		"restored, never read":      {Record{Restore: good(2)}, "", 0, "[]"},
		"not to be read":            {Record{Read: bad("x")}, "", 0, "[data.zst: x]"},
		"restored, and not read":    {Record{Read: bad("x"), Restore: good(2)}, "", 0, "[data.zst: x]"},
		"read, and not restored":    {Record{Read: good(1), Restore: bad("y")}, LevelRead, 1, "[data.zst: y]"},
		"neither read nor restored": {Record{Read: bad("x"), Restore: bad("y")}, "", 0, "[data.zst: x data.zst: y]"},
	} {
		level, at, problems := c.passed()
		if level != c.level || at != c.at || fmt.Sprint(problems) != c.problems || problems == nil {
			t.Errorf("%s: %q at %g, %v", name, level, at, problems)
		}
	}
}

func TestTheNewestSetMayBeADamagedOne(t *testing.T) {
	entry := func(name string) Entry { return Entry{Set: "c/" + name, Name: name} }
	damaged := Damaged{Set: "d/2026", Path: "/b/d/2026", Problems: []Problem{Damage(ManifestName, "x")}}
	for want, l := range map[string]Listing{
		"":       {},
		"c/2025": {Sets: []Entry{entry("2025"), entry("2024")}},
		"d/2026": {Sets: []Entry{entry("2025")}, Damaged: []Damaged{damaged}},
		"c/2027": {Sets: []Entry{entry("2027")}, Damaged: []Damaged{damaged}},
	} {
		got := ""
		if newest := l.Newest(); newest != nil {
			got = newest.Set
			if got == damaged.Set && len(newest.Problems) != 1 {
				t.Errorf("its problems are gone: %+v", newest)
			}
		}
		if got != want {
			t.Errorf("%q, not %q", got, want)
		}
	}
}

// The last line proves that mariadb-dump finished, and the position that the stream belongs to the manifest.
func TestTheContentOfAFileIsChecked(t *testing.T) {
	for text, whole := range map[string]bool{
		"CREATE TABLE t;\n-- Dump completed on 2026-11-22 19:15:00\n": true, "-- Dump completed": true,
		"INSERT INTO t VALUES ('-- Dump completed": false, "CREATE TABLE t;\n": false, "": false,
		"-- Dump completed\nINSERT INTO t VALUES (1);\n": false, "-- Dump completed\n\n\n": true,
	} {
		d := &dump{tail: process.Tail{Max: 512}}
		for piece := range slices.Chunk([]byte(text), 3) {
			_, _ = d.Write(piece)
		}
		if err := d.finish(); (err == nil) != whole {
			t.Errorf("%q: %v", text, err)
		}
	}
	list := &definitionList{want: "another"}
	if _, err := list.Write([]byte("no JSON\n")); err != nil || list.finish() == nil {
		t.Error("what is no list of definitions is taken for one")
	}
}
