// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gopkg.in/yaml.v3"
)

// built returns a tarball as ansible-galaxy could leave it: with these names in this order, and that user and time.
func built(t *testing.T, names []string, user int, at time.Time) []byte {
	t.Helper()
	var out bytes.Buffer
	compressed := gzip.NewWriter(&out)
	compressed.Name = "anything"
	archive := tar.NewWriter(compressed)
	list := map[string]any{"format": 1, "files": []any{}}
	for _, name := range names {
		list["files"] = append(list["files"].([]any), map[string]any{"name": name, "chksum_sha256": nil})
	}
	files, _ := json.Marshal(list)
	contents := map[string]string{"FILES.json": string(files),
		"MANIFEST.json": `{"file_manifest_file": {"chksum_sha256": "old"}, "collection_info": {"license": "a < b"}}`}
	for _, name := range append([]string{"MANIFEST.json", "FILES.json"}, names...) {
		header := tar.Header{Name: name, Mode: 0o755, Uid: user, Uname: "me", ModTime: at, Typeflag: tar.TypeDir}
		if !strings.HasSuffix(name, "/") {
			header.Typeflag, header.Size = tar.TypeReg, int64(len(contents[name]))
		}
		if err := archive.WriteHeader(&header); err != nil {
			t.Fatal(err)
		}
		if _, err := archive.Write([]byte(contents[name])); err != nil {
			t.Fatal(err)
		}
	}
	_ = archive.Close()
	_ = compressed.Close()
	return out.Bytes()
}

func TestATarballDependsOnItsFilesAlone(t *testing.T) {
	var packed [][]byte
	for i, names := range [][]string{{"b/", "b/x", "a"}, {"a", "b/", "b/x"}} {
		file := filepath.Join(t.TempDir(), "c.tar.gz")
		if err := os.WriteFile(file, built(t, names, i, time.Unix(int64(i), 0)), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := run([]string{"tarball", file, "1700000000"}); err != nil {
			t.Fatal(err)
		}
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		packed = append(packed, content)
	}
	if !bytes.Equal(packed[0], packed[1]) {
		t.Error("two tarballs of the same files are different")
	}
	entries, err := unpack(packed[0])
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.header.Name)
		h := e.header
		if h.Uid != 0 || h.Uname != "" || h.ModTime.Unix() != 1700000000 || h.Mode != 0o755 {
			t.Errorf("%s: %+v", h.Name, h)
		}
	}
	if got := strings.Join(names, " "); got != "FILES.json MANIFEST.json a b/ b/x" {
		t.Error(got)
	}
	list, _ := find(entries, "FILES.json")
	manifest, _ := find(entries, "MANIFEST.json")
	for _, words := range []string{sum(list.content), "a < b"} {
		if !strings.Contains(string(manifest.content), words) {
			t.Errorf("MANIFEST.json lacks %s: %s", words, manifest.content)
		}
	}
}

func TestInvalidTarballsAndTimesAreRefused(t *testing.T) {
	file := filepath.Join(t.TempDir(), "c.tar.gz")
	var empty bytes.Buffer
	compressed := gzip.NewWriter(&empty)
	_ = compressed.Close()
	for _, c := range []struct {
		content []byte
		seconds string
		msg     string
	}{
		{[]byte("this is not compressed"), "1", "gzip: invalid header"},
		{empty.Bytes(), "1", "has no FILES.json"},
		{nil, "yesterday", `SOURCE_DATE_EPOCH: "yesterday" is not a number of seconds`},
		{nil, "-1", `SOURCE_DATE_EPOCH: "-1" is not a number of seconds`},
	} {
		if err := os.WriteFile(file, c.content, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := run([]string{"tarball", file, c.seconds}); err == nil || !strings.Contains(err.Error(), c.msg) {
			t.Errorf("%v, want %s", err, c.msg)
		}
	}
}

// The modules in go.mod are those of the binaries and of the tests; each that is linked has its licence.
func TestEveryLinkedModuleHasItsLicence(t *testing.T) {
	t.Chdir("../..")
	all, err := packages()
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{self: true}
	var parts []part
	for _, path := range sortedKeys(all) {
		of := all[path]
		if seen[of.module] {
			continue
		}
		seen[of.module] = true
		p := part{Path: of.module, Version: of.version}
		if err := p.describe(all); err != nil {
			t.Error(err)
		}
		parts = append(parts, p)
	}
	if len(parts) < 5 {
		t.Fatalf("only %d modules", len(parts))
	}
	text, err := notices(parts)
	if err != nil {
		t.Fatal(err)
	}
	for _, words := range []string{"Mozilla Public License Version 2.0", "Copyright 2011-2016 Canonical Ltd.",
		"Copyright 2009 The Go Authors.", "Additional IP Rights Grant"} {
		if !strings.Contains(string(text), words) {
			t.Errorf("THIRD_PARTY_LICENSES lacks %q", words)
		}
	}
	for path := range licences {
		if !seen[path] {
			t.Errorf("%s has a licence and is not linked", path)
		}
	}
}

func TestALicenceThatIsNotTheTextsIsRefused(t *testing.T) {
	for _, c := range []struct {
		part part
		msg  string
	}{
		{part{Path: "example.org/new"}, "the licence of example.org/new is not known; add it to licences"},
		{part{Path: "golang.org/x/sys", Version: "v1"},
			"the binaries have golang.org/x/sys v1, the source v2; run scripts/build"},
		{part{Path: "golang.org/x/sys", Version: "v2"}, "golang.org/x/sys: its files do not contain BSD-3-Clause"},
	} {
		folder := t.TempDir()
		if err := os.WriteFile(filepath.Join(folder, "LICENSE"), []byte("All rights reserved."), 0o600); err != nil {
			t.Fatal(err)
		}
		err := c.part.describe(map[string]pkg{"golang.org/x/sys/unix": {folder: folder, root: folder,
			module: "golang.org/x/sys", version: "v2"}})
		if err == nil || !strings.Contains(err.Error(), c.msg) {
			t.Errorf("%v, want %s", err, c.msg)
		}
	}
	apache := part{Path: "a", Licence: "Apache-2.0", Texts: []string{"see http://www.apache.org/licenses/"}}
	if _, err := notices([]part{apache}); err == nil {
		t.Error("the text of the Apache License is not missed")
	}
}

// The copy in the source is what the installed Go has, where it has any.
func TestTheLicenceOfGoIsItsLicence(t *testing.T) {
	out, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"LICENSE", "PATENTS"} {
		text, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(out)), name))
		if err != nil {
			t.Skip(err)
		}
		if !strings.Contains(goLicence, string(text)) {
			t.Errorf("go-licence.txt lacks Go's %s", name)
		}
	}
}

func TestTheBillOfMaterialsHasWhatIsLinked(t *testing.T) {
	binary := filepath.Join(t.TempDir(), "overcloud_backup_linux_amd64")
	if err := os.WriteFile(binary, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	text, err := sbom("1.0.0-dev.7+gabc", time.Unix(0, 0).UTC(), []part{
		{Path: "example.org/a", Version: "v1.2.3", Licence: "MIT", Needs: []string{"std"}, Direct: true},
		{Path: "std", Version: "1.26.0", Licence: "Apache-2.0 AND MIT"},
	}, []string{binary})
	if err != nil {
		t.Fatal(err)
	}
	for _, words := range []string{`"version": "1.0.0-dev.7+gabc"`,
		`"purl": "pkg:generic/overcloud.backup@1.0.0-dev.7%2Bgabc"`,
		`"purl": "pkg:golang/example.org/a@v1.2.3"`, `"id": "MIT"`, `"expression": "Apache-2.0 AND MIT"`,
		`"timestamp": "1970-01-01T00:00:00Z"`, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
		"\"ref\": \"overcloud.backup\",\n      \"dependsOn\": [\n        \"example.org/a\"\n      ]"} {
		if strings.Count(string(text), words) != 1 {
			t.Errorf("not once: %s\n%s", words, text)
		}
	}
}

// Every guide is in the table of contents of the documentation site, and nothing else.
func TestEveryGuideIsOnTheSite(t *testing.T) {
	content, err := os.ReadFile("../../docs/docsite/extra-docs.yml")
	if err != nil {
		t.Fatal(err)
	}
	var site struct{ Sections []struct{ Toctree []string } }
	if err := yaml.Unmarshal(content, &site); err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob("../../docs/*.md")
	if err != nil || len(files) < 10 {
		t.Fatalf("%d guides, %v", len(files), err)
	}
	want := map[string]bool{"introduction": true}
	for _, file := range files {
		want[strings.TrimSuffix(filepath.Base(file), ".md")] = true
	}
	for _, section := range site.Sections {
		for _, name := range section.Toctree {
			if !want[name] {
				t.Errorf("docs/docsite/extra-docs.yml has %s, which is no guide or is there twice", name)
			}
			delete(want, name)
		}
	}
	for name := range want {
		t.Errorf("docs/docsite/extra-docs.yml lacks %s", name)
	}
}
