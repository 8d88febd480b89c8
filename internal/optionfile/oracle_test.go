// SPDX-License-Identifier: GPL-3.0-or-later

package optionfile

import (
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"overcloud.backup/internal/process"
)

// MariaDB's own reader of option files checks ours.
func TestValuesAreThoseOfMariaDB(t *testing.T) {
	ctx := context.Background()
	judge := func(t *testing.T, line string) string {
		path := filepath.Join(t.TempDir(), "my.cnf")
		if err := os.WriteFile(path, []byte("[client]\n"+line+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		out, err := process.Output(ctx, "my_print_defaults", "--defaults-file="+path, "client")
		if errors.Is(err, process.ErrNotFound) {
			t.Skipf("no judge: %v", err)
		}
		if err != nil {
			t.Fatal(err)
		}
		return strings.TrimPrefix(strings.TrimSuffix(string(out), "\n"), "--password=")
	}
	for _, c := range valueCases {
		t.Run(c.name, func(t *testing.T) {
			if got := judge(t, c.line); got != c.want {
				t.Errorf("%q: MariaDB reads %q, the table says %q", c.line, got, c.want)
			}
		})
	}
	for _, value := range []string{`it's a "100%" p#ssword\`, " x ", "ä\tö", `\n\\`, "'", `"`, "#", ";[a]"} {
		t.Run("written: "+value, func(t *testing.T) {
			quoted, err := Quote(value)
			if err != nil {
				t.Fatal(err)
			}
			if got := judge(t, "password="+quoted); got != value {
				t.Errorf("%q was written as %s and MariaDB reads %q", value, quoted, got)
			}
		})
	}
}

// pieces are lines of option files; DIR is a folder with such files.
var pieces = []string{
	"[client]", "[ client ]", "[client ] x", "[mysqld]", "[]", "[client", "[client]user=c",
	"user=a", "user = b # c", "user", "pass_word='x y'", "user=x\x00y", "user=à", "\xa0user=\xa0q\xa0",
	"\xef\xbb\xbfuser=d",
	"x='a' b", `x="a\"b#c"`, "x=a\\", `x=\t\s\q`, "loose-x=1", "x=" + strings.Repeat("l", 4090),
	"x=" + strings.Repeat("l", 4093) + "=k", "=x", " = y", "=", "#x", ";x", "\x00", "  \t",
	"!foo", "! foo", "!include DIR/a.cnf", "! include DIR/b.cnf ", "!include\tDIR/a.cnf\r", "!include DIR/none.cnf",
	"!includeDIR/a.cnf", "!include", "!include ", "!include 'DIR/a.cnf'",
	"!include " + strings.Repeat("/", 4100) + "DIR/a.cnf",
	"!includedir DIR/d", "!includedir DIR/d/ ", "!includedir DIR/none",
}

// printed returns the options of the group client as MariaDB prints them and as we read them. failed reports an error.
func printed(t *testing.T, path string) (options []string, failed bool) {
	t.Helper()
	out, err := process.Output(t.Context(), "my_print_defaults", "--defaults-file="+path, "client")
	if errors.Is(err, process.ErrNotFound) {
		t.Skipf("no judge: %v", err)
	}
	for line := range strings.Lines(string(out)) {
		name, value, found := strings.Cut(strings.TrimSuffix(line, "\n"), "=")
		if name = strings.ReplaceAll(strings.TrimPrefix(name, "--"), "_", "-"); name == "" || name[0] == ' ' {
			continue // it has no name
		}
		if found {
			name += "=" + value
		}
		options = append(options, name)
	}
	return options, err != nil
}

// Files with lines in any order: MariaDB's own reader and ours find the same options, and both report the same errors.
func TestFilesAreReadAsMariaDBReadsThem(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755),
			os.WriteFile(path, []byte(text), 0o600)); err != nil {
			t.Fatal(err)
		}
		return path
	}
	write("a.cnf", "[client]\nfrom=a\n")
	write("b.cnf", "[mysqld]\nfrom=c\n[client]\nfrom=b")
	write("d/2.cnf", "[client]\nfrom=2\n!include "+dir+"/a.cnf\n")
	write("d/1.cnf", "[client]\nfrom=1\n")
	write("d/.0.cnf", "[client]\nfrom=0\n")
	write("d/3.CNF", "[client]\nfrom=3\n")
	write("d/4.cnf.bak", "[client]\nfrom=4\n")
	write("d/5.d.cnf/x", "")
	random := rand.New(rand.NewPCG(14, 4))
	stopped := 0
	for range 500 {
		var file strings.Builder
		if random.IntN(8) > 0 {
			file.WriteString("[client]\n")
		}
		for range 1 + random.IntN(7) {
			file.WriteString(strings.ReplaceAll(pieces[random.IntN(len(pieces))], "DIR", dir) + "\n")
		}
		text := file.String()
		if random.IntN(3) == 0 {
			text = strings.TrimSuffix(text, "\n")
		}
		path := write("main/f.cnf", text)
		want, failed := printed(t, path)
		options, err := Load(path)
		if failed {
			if stopped++; err == nil {
				t.Errorf("MariaDB stops, and we do not say so: %.300q", text)
			}
			continue
		}
		got := []string{}
		for _, o := range options {
			if o.Group == "client" && !o.Bare {
				got = append(got, o.Name+"="+o.Value)
			} else if o.Group == "client" {
				got = append(got, o.Name)
			}
		}
		if err != nil || !slices.Equal(got, want) {
			t.Fatalf("%.600q: %v\nours     %.600q\nMariaDB's %.600q", text, err, got, want)
		}
	}
	if stopped > 350 {
		t.Errorf("MariaDB stopped at %d of 500", stopped)
	}
}
