// SPDX-License-Identifier: GPL-3.0-or-later

package repository

import (
	"encoding/json"
	"runtime"
	"strings"
	"testing"

	"overcloud.backup/tests/messages"
)

// Any text may replace a word: the message about it is short.
func TestErrorsRepeatLittle(t *testing.T) {
	good, err := json.Marshal(Manifest{Format: 1, Set: "c/s",
		Files:  []File{{Name: "a", SHA256: strings.Repeat("0", 64)}},
		Stream: &Stream{}})
	if err != nil {
		t.Fatal(err)
	}
	messages.Everywhere(t, string(good), func(b []byte) error { _, err := ParseManifest(b); return err })
	messages.Everywhere(t, "a/name", func(b []byte) error { return CheckName("set", string(b)) })
	messages.Everywhere(t, "a name", func(b []byte) error { return CheckSetName(string(b)) })
}

func FuzzParseManifest(f *testing.F) {
	good, err := json.Marshal(Manifest{Format: 1, Set: "c/s",
		Files: []File{{Name: "a", SHA256: strings.Repeat("0", 64)}}})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add([]byte(`{"format": 2}`))
	f.Add([]byte(`{"format": 1, "set": "x", "files": [{"name": "../x"}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := ParseManifest(data)
		if err != nil {
			messages.Check(t, err)
			return
		}
		for _, file := range m.Files {
			if strings.ContainsAny(file.Name, "/\x00") || file.Name[0] == '.' {
				t.Errorf("file %q", file.Name)
			}
		}
	})
}

func TestAManifestThatWouldTakeAllMemoryIsRefused(t *testing.T) {
	file := func(bytes, raw string) string {
		return `{"format":1,"set":"c/s","files":[{"name":"f","sha256":"` + strings.Repeat("0", 64) + `","bytes":` +
			bytes + `,"raw_bytes":` + raw + `}]}`
	}
	if _, err := ParseManifest([]byte(file("1", "2"))); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"files":           `{"format":1,"set":"c/s","files":[` + strings.Repeat("{},", 10_000_000) + `{}]}`,
		"a hundred files": `{"format":1,"set":"c/s","files":[` + strings.Repeat("{},", 100) + `{}]}`,
		"deep": `{"format":1,"decision":` + strings.Repeat("[", 100_000) + strings.Repeat("]", 100_000) +
			`}`,
		"warnings": `{"format":1,"set":"c/s","warnings":[` + strings.Repeat(`"",`, 5_000_000) + `""]}`,
		"negative": file("1", "-5"), "beyond numbers": file("1", "9223372036854775807"),
		"no file has that": file("2251799813685248", "1"),
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := ParseManifest([]byte(text))
		if runtime.ReadMemStats(&after); err == nil || after.TotalAlloc-before.TotalAlloc > 1<<28 {
			t.Errorf("%s: %v, %d bytes", name, err, after.TotalAlloc-before.TotalAlloc)
		}
	}
}
