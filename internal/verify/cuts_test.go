// SPDX-License-Identifier: GPL-3.0-or-later

package verify

import (
	"encoding/binary"
	"hash/crc32"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"overcloud.backup/internal/repository"
)

// recompress unpacks a file of a set, has it changed, packs it again and writes the manifest for the result.
func recompress(t *testing.T, path string, f repository.File, change func(raw string)) {
	t.Helper()
	raw := filepath.Join(t.TempDir(), "raw")
	name := filepath.Join(path, f.Name)
	if out, err := exec.Command("zstd", "-q", "-d", name, "-o", raw).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	change(raw)
	from, err := os.Open(raw)
	must(t, err)
	defer from.Close()
	to, err := os.Create(name)
	must(t, err)
	defer to.Close()
	f, err = compress(f, to, from, nil)
	must(t, err)
	editManifest(t, path, func(m *repository.Manifest) { m.Files[0] = f })
}

// chunks are the offsets at which the chunks of an xbstream begin, and the kind of each.
func chunks(t *testing.T, raw string) (starts []int, kinds []byte) {
	t.Helper()
	content, err := os.ReadFile(raw)
	must(t, err)
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

// cutAtChunk cuts a stream before the end of a file: mbstream takes that for whole.
func cutAtChunk(t *testing.T, raw string) {
	t.Helper()
	starts, kinds := chunks(t, raw)
	for i := len(starts) / 2; ; i++ {
		if kinds[i] == 'E' {
			must(t, os.Truncate(raw, int64(starts[i])))
			return
		}
	}
}

// cutLastFile cuts a stream where a file has ended and another begins.
func cutLastFile(t *testing.T, raw string) {
	t.Helper()
	starts, kinds := chunks(t, raw)
	for i := len(starts) - 2; ; i-- {
		if kinds[i] == 'E' {
			must(t, os.Truncate(raw, int64(starts[i+1])))
			return
		}
	}
}

func cutHalf(t *testing.T, raw string) {
	t.Helper()
	info, err := os.Stat(raw)
	must(t, err)
	must(t, os.Truncate(raw, info.Size()/2))
}

// damageTable changes pages of a file of the stream, the first and every nth after it, and the checksum of the chunk.
func damageTable(t *testing.T, raw, file string, first, nth int) {
	t.Helper()
	content, err := os.ReadFile(raw)
	must(t, err)
	starts, kinds := chunks(t, raw)
	for i, at := range starts {
		header := at + 14 + len(file)
		if kinds[i] != 'P' || int(binary.LittleEndian.Uint32(content[at+10:])) != len(file) || string(content[at+14:header]) != file {
			continue
		}
		bytes := content[header+20 : header+20+int(binary.LittleEndian.Uint64(content[header:]))]
		for page := first; page*16384 < len(bytes); page += nth {
			bytes[page*16384+5000] ^= 0xff
		}
		binary.LittleEndian.PutUint32(content[header+16:], crc32.ChecksumIEEE(bytes))
		must(t, os.WriteFile(raw, content, 0o600))
		return
	}
	t.Fatal("no chunk of " + file)
}
