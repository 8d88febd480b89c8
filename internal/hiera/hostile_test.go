// SPDX-License-Identifier: GPL-3.0-or-later

package hiera

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// bomb returns YAML with ten to the power of levels values if its aliases are resolved.
func bomb(levels int) string {
	var b strings.Builder
	b.WriteString("a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n")
	for i := 1; i <= levels; i++ {
		fmt.Fprintf(&b, "a%d: &a%d [%s*a%d]\n", i, i, strings.Repeat(fmt.Sprintf("*a%d,", i-1), 9), i-1)
	}
	return b.String()
}

func TestHostileDataIsRefusedQuickly(t *testing.T) {
	for name, content := range map[string]string{
		"aliases of aliases":     bomb(12) + "key: *a12\n",
		"an alias of itself":     "key: &k [*k]\n",
		"deep":                   "key: " + strings.Repeat("[", 200000),
		"deep maps":              strings.Repeat("{a: ", 20000) + "1" + strings.Repeat("}", 20000),
		"deep JSON":              `{"key": ` + strings.Repeat("[", 200000),
		"a list":                 "- key\n",
		"a value of values":      "key: {a: b}\n",
		"binary":                 "key: \x00\x01\n",
		"two keys of one name":   "key: a\nkey: b\n",
		"a tag of another world": "key: !!python/object/apply:os.system [id]\n",
	} {
		t.Run(name, func(t *testing.T) {
			for _, file := range []string{"x.yaml", "x.json"} {
				begun := time.Now()
				value, found, err := valueOf(file, []byte(content), "key")
				if took := time.Since(begun); took > 5*time.Second {
					t.Errorf("%s: took %s", file, took)
				}
				if found || value != "" {
					t.Errorf("%s: found %.60q, %v", file, value, err)
				}
			}
		})
	}
}

// Files without an end, or pipes without a writer, are an error at once.
func TestLookupReadsOnlyBoundedFiles(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	for name, put := range map[string]func(path string) error{
		"a pipe":     func(path string) error { return syscall.Mkfifo(path, 0o600) },
		"no end":     func(path string) error { return os.Symlink("/dev/zero", path) },
		"a folder":   func(path string) error { return os.Mkdir(path, 0o700) },
		"very large": func(path string) error { return sparse(path, maxSize+1) },
	} {
		t.Run(name, func(t *testing.T) {
			config := hierarchy(t)
			at := filepath.Join(filepath.Dir(config), "absent.json")
			if err := put(at); err != nil {
				t.Fatal(err)
			}
			if _, found, err := Lookup(context.Background(), config, "mysql_vip"); found || err == nil ||
				!strings.Contains(err.Error(), at) {
				t.Errorf("data: %t, %v", found, err)
			}
			if _, found, err := Lookup(context.Background(), at, "mysql_vip"); found || err == nil ||
				!strings.Contains(err.Error(), at) {
				t.Errorf("hiera.yaml: %t, %v", found, err)
			}
		})
	}
}

func sparse(path string, size int64) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer f.Close()
	return f.Truncate(size)
}
