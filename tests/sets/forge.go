// SPDX-License-Identifier: GPL-3.0-or-later

package sets

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"hash/crc32"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"overcloud.backup/internal/mariadb/catalog"
	"overcloud.backup/internal/repository"
)

// Recompress unpacks a file of a set, changes it, packs it again and updates the manifest.
func Recompress(t *testing.T, path string, f repository.File, change func(raw string)) {
	t.Helper()
	raw := filepath.Join(t.TempDir(), "raw")
	name := filepath.Join(path, f.Name)
	if out, err := exec.Command("zstd", "-q", "-d", name, "-o", raw).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	change(raw)
	from, err := os.Open(raw)
	Must(t, err)
	defer from.Close()
	to, err := os.Create(name)
	Must(t, err)
	defer to.Close()
	f, err = Compress(f, to, from, nil)
	Must(t, err)
	EditManifest(t, path, func(m *repository.Manifest) { m.Files[0] = f })
}

// Chunks returns the offsets at which the chunks of an xbstream begin, and the kind of each.
func Chunks(t *testing.T, raw string) (starts []int, kinds []byte) {
	t.Helper()
	content, err := os.ReadFile(raw)
	Must(t, err)
	for at := 0; at < len(content); {
		starts, kinds = append(starts, at), append(kinds, content[at+9])
		next := at + 14 + int(binary.LittleEndian.Uint32(content[at+10:]))
		if content[at+9] == 'P' {
			next += 20 + int(binary.LittleEndian.Uint64(content[next:]))
		}
		at = next
	}
	return starts, kinds
}

// DamageTable changes pages of a file in the stream, the first and every nth after it, and updates the checksum of the
// chunk.
func DamageTable(t *testing.T, raw, file string, first, nth int) {
	t.Helper()
	content, err := os.ReadFile(raw)
	Must(t, err)
	starts, kinds := Chunks(t, raw)
	for i, at := range starts {
		header := at + 14 + len(file)
		if kinds[i] != 'P' || int(binary.LittleEndian.Uint32(content[at+10:])) != len(file) ||
			string(content[at+14:header]) != file {
			continue
		}
		bytes := content[header+20 : header+20+int(binary.LittleEndian.Uint64(content[header:]))]
		for page := first; page*16384 < len(bytes); page += nth {
			bytes[page*16384+5000] ^= 0xff
		}
		binary.LittleEndian.PutUint32(content[header+16:], crc32.ChecksumIEEE(bytes))
		Must(t, os.WriteFile(raw, content, 0o600))
		return
	}
	t.Fatal("no chunk of " + file)
}

// AppendTo appends to a small file of a set, and updates its length and checksum in the manifest.
func AppendTo(t *testing.T, path, name, text string) {
	t.Helper()
	content := append(Read(t, path, name), text...)
	Must(t, os.WriteFile(filepath.Join(path, name), content, 0o600))
	sum := sha256.Sum256(content)
	EditManifest(t, path, func(m *repository.Manifest) {
		for i := range m.Files {
			if f := &m.Files[i]; f.Name == name {
				f.Bytes, f.RawBytes, f.SHA256 = int64(len(content)), int64(len(content)), hex.EncodeToString(sum[:])
			}
		}
	})
}

// Forge writes a logical set whose dump is this text.
func Forge(t *testing.T, dump string) *repository.Set {
	t.Helper()
	destination, path := Copy(t, "logical")
	Recompress(t, path, Open(t, destination, path).Manifest.Data(), func(raw string) {
		Must(t, os.WriteFile(raw, []byte(dump+"\n-- "+strings.Repeat("x", 300)+"\n-- Dump completed\n"), 0o600))
	})
	return Open(t, destination, path)
}

// Beginnings of forged dumps: Header is the first statement of every dump, NovaBegin creates a table nova.x.
const (
	Header    = "/*!40101 SET NAMES utf8mb4 */;\n"
	NovaBegin = "CREATE DATABASE /*!32312 IF NOT EXISTS*/ `nova`;\nUSE `nova`;\nCREATE TABLE `x` (`a` text);\n"
)

// RecordDefinitions writes other definitions into a set, with their fingerprint.
func RecordDefinitions(t *testing.T, path string, change func(catalog.Definitions)) {
	t.Helper()
	d, err := catalog.ParseDefinitions(Read(t, path, "definitions.jsonl"))
	Must(t, err)
	change(d)
	Must(t, os.WriteFile(filepath.Join(path, "definitions.jsonl"), nil, 0o600))
	AppendTo(t, path, "definitions.jsonl", string(d.Lines()))
	EditManifest(t, path, func(m *repository.Manifest) { m.Schema.Fingerprint = d.Fingerprint() })
}
