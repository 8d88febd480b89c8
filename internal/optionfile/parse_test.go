// SPDX-License-Identifier: GPL-3.0-or-later

package optionfile

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"overcloud.backup/tests/messages"
)

// Each value was checked against my_print_defaults of MariaDB 10.11 (see TestValuesAreThoseOfMariaDB).
var valueCases = []struct{ name, line, want string }{
	{"a plain word", "password=secret", "secret"},
	{"spaces around are dropped", "password =\t secret \t", "secret"},
	{"spaces inside stay", "password=two words", "two words"},
	{"a # ends an unquoted value, even inside of a word", "password=ab#cd", "ab"},
	{"a # inside of double quotes stays", `password="ab#cd"`, "ab#cd"},
	{"a # inside of single quotes stays", `password='ab#cd'`, "ab#cd"},
	{"a comment may follow the quotes", `password="ab" # why`, "ab"},
	{"quotes keep spaces", `password="  ab  "`, "  ab  "},
	{"the other quote is itself inside of quotes", `password="it's"`, "it's"},
	{"an unpaired quote is itself", `password=it's`, "it's"},
	{"an apostrophe hides a later #", `password=it's#5`, "it's#5"},
	{"an escaped quote inside of quotes", `password="a\"b#c"`, `a"b#c`},
	{"the escapes", `password=a\sb\tc\\d\"e\'f`, "a b\tc\\d\"e'f"},
	{"an unknown escape keeps its backslash", `password=\p\%`, `\p\%`},
	{"a backslash at the end is itself", `password=ab\`, `ab\`},
	{"the first = separates", "password=a=b=", "a=b="},
	{"a semicolon is no comment inside of a line", "password=a;b", "a;b"},
	{"percent and dollar mean nothing", "password=%d$HOME", "%d$HOME"},
	{"UTF-8 goes through", "password=pässwörd東京", "pässwörd東京"},
	{"nothing is the empty string", "password=", ""},
	{"empty quotes are the empty string", `password=""`, ""},
	{"a lone quote is itself", `password="`, `"`},
	{"a carriage return at the end is dropped", "password=ab\r", "ab"},
	{"the last byte of an unquoted à is a space", "password=voilà", "voil\xc3"},
	{"an à in quotes is whole", `password="voilà"`, "voilà"},
	{"an à inside is whole", "password=àb", "àb"},
	{"a NUL byte hides what follows", "password=ab\x00cd", "ab"},
	{"a line may be long", "password=" + strings.Repeat("x", 4085), strings.Repeat("x", 4085)},
}

func TestParseReadsAValueAsTheClientDoes(t *testing.T) {
	for _, c := range valueCases {
		t.Run(c.name, func(t *testing.T) {
			items, err := Parse([]byte("[client]\n" + c.line + "\n"))
			if err != nil || len(items) != 1 {
				t.Fatalf("%q: %v %v", c.line, items, err)
			}
			if got := items[0]; got.Value != c.want || got.Name != "password" || got.Group != "client" ||
				got.Line != 2 {
				t.Errorf("%q: got %+v, want the value %q", c.line, got, c.want)
			}
		})
	}
}

func TestParseReadsTheLinesOfAFile(t *testing.T) {
	const file = "# comment\n; comment\n\n  [ client ] trailing\n  user_name=a\nskip-ssl\n[mysqld]\n!includedir" +
		" /etc/my.cnf.d/\n!include\t/etc/one.cnf\nport=1\n"
	items, err := Parse([]byte(file))
	want := []Item{
		{Line: 5, Group: " client", Name: "user-name", Value: "a"},
		{Line: 6, Group: " client", Name: "skip-ssl", Bare: true},
		{Line: 8, IncludeDir: "/etc/my.cnf.d/"},
		{Line: 9, Include: "/etc/one.cnf"},
		{Line: 10, Group: "mysqld", Name: "port", Value: "1"},
	}
	if err != nil || len(items) != len(want) {
		t.Fatalf("%+v %v", items, err)
	}
	for i := range want {
		if items[i] != want[i] {
			t.Errorf("item %d: %+v, want %+v", i, items[i], want[i])
		}
	}
}

// A line after one that MariaDB skips counts.
func TestParseSkipsTheSameLinesAsMariaDB(t *testing.T) {
	for _, line := range []string{
		"!exec x", "!includes /x", "!include/x", "!", "! ", "=x", "=", "  = x", "[x]\nuser=b\n[client]",
	} {
		items, err := Parse([]byte("[client]\nuser=a\n" + line + "\nport=1\n"))
		items = slices.DeleteFunc(items, func(i Item) bool { return i.Group == "x" })
		if err != nil || len(items) != 2 || items[1].Name != "port" || items[1].Value != "1" {
			t.Errorf("%q: %+v, %v", line, items, err)
		}
	}
}

// MariaDB treats the last byte of the file as the line feed of a directive.
func TestADirectiveOnALastLine(t *testing.T) {
	for file, want := range map[string]Item{
		"!include /etc/my.cnf":        {Line: 1, Include: "/etc/my.cn"},
		"!include /etc/my.cnf ":       {Line: 1, Include: "/etc/my.cnf"},
		"!include /etc/my.cnf\r":      {Line: 1, Include: "/etc/my.cnf"},
		"! include  /etc/my.cnf \t\n": {Line: 1, Include: "/etc/my.cnf"},
		"!includedir /etc/d":          {Line: 1, IncludeDir: "/etc/"},
		"!includedir /etc/d/\n":       {Line: 1, IncludeDir: "/etc/d/"},
	} {
		if items, err := Parse([]byte(file)); err != nil || len(items) != 1 || items[0] != want {
			t.Errorf("%q: %+v, %v", file, items, err)
		}
	}
}

func TestParseNamesTheLineThatIsWrong(t *testing.T) {
	for name, c := range map[string]struct{ file, want string }{
		"an option before any group": {"user=a\n", `line 1: option "user" is before any [group]`},
		"a group without its end":    {"[client\nuser=a\n", "line 1: a group's name without the closing ]"},
		"a value before any group":   {"=secret\n", `line 1: option "" is before any [group]`},
		"an includedir of nothing":   {"\n!includedir\t\n", "line 2: !includedir without a path"},
		"an include of nothing":      {"!include \n", "line 1: !include without a path"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Parse([]byte(c.file))
			if err == nil || err.Error() != c.want {
				t.Errorf("got %v, want %s", err, c.want)
			}
			if err != nil && strings.Contains(err.Error(), "secret") {
				t.Errorf("a value shows in %v", err)
			}
		})
	}
}

// Any text may replace a word: the message about it is short.
func TestErrorsRepeatLittle(t *testing.T) {
	for _, file := range []string{"option = value", "[group\n", "!other path", "!include", "[client]\n=value\n"} {
		messages.Everywhere(t, "# "+file+"\n"+file, func(b []byte) error { _, err := Parse(b); return err })
	}
	path := filepath.Join(t.TempDir(), "my.cnf")
	for _, text := range []string{strings.Repeat("x", 9000), "a\x1b[2Jb", "a\u009bb"} {
		file := strings.Repeat("!include /"+text+"\n!includedir /"+text+"\n", 500)
		if err := os.WriteFile(path, []byte(file), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := Load(path)
		if err == nil || len(err.Error()) > 10000 {
			t.Fatalf("%.300q", fmt.Sprint(err))
		}
		for _, line := range strings.Split(err.Error(), "\n") {
			messages.Check(t, errors.New(line))
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, c := range valueCases {
		f.Add([]byte("[client]\n" + c.line))
	}
	f.Add([]byte("[client]\n!includedir /etc\nuser=a\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		items, err := Parse(data)
		messages.Check(t, err)
		line := 0
		for _, item := range items {
			if item.Line < line {
				t.Fatalf("lines do not ascend: %+v", items)
			}
			line = item.Line
			if (item.Name == "") == (item.Include+item.IncludeDir == "") {
				t.Fatalf("neither option nor include, or both: %+v", item)
			}
			if item.Name != "" && item.Group == "" && !strings.Contains(string(data), "[]") &&
				!strings.Contains(string(data), "[") {
				t.Fatalf("an option without group: %+v", item)
			}
		}
	})
}

func FuzzQuoteIsReadBack(f *testing.F) {
	for _, s := range []string{"", `it's a "100%" p#ssword\`, " ", "ä\t\r\n\b", `\n`, "'", `"`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, value string) {
		quoted, err := Quote(value)
		if err != nil {
			if !strings.Contains(value, "\x00") && len(value) < maxQuoted/2-1 {
				t.Fatalf("%q: %v", value, err)
			}
			return
		}
		items, err := Parse([]byte("[client]\npassword=" + quoted + "\n"))
		if err != nil || len(items) != 1 || items[0].Value != value {
			t.Fatalf("%q was written as %s and read as %+v, %v", value, quoted, items, err)
		}
	})
}

func TestLoadFollowsIncludesInOrder(t *testing.T) {
	dir := t.TempDir()
	write := func(name, content string) string {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	main := write("my.cnf", "[client]\nuser=first\nsocket=/s\n!includedir "+filepath.Join(dir, "d")+
		"\n[mysqld]\nport=1\n")
	write("d/20-b.cnf", "[client]\nuser=third\n")
	write("d/10-a.cnf", "[client]\nuser=second\n[mysql]\npassword=p\n")
	write("d/99.txt", "[client]\nuser=never\n")
	home := write("home.cnf", "[mysqld]\nport=2\n")
	options, err := Load(main, home, filepath.Join(dir, "absent.cnf"))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ group, name, value, file string }{
		{"client", "user", "third", "d/20-b.cnf"},
		{"client", "socket", "/s", "my.cnf"},
		{"mysql", "password", "p", "d/10-a.cnf"},
		{"mysqld", "port", "2", "home.cnf"},
	} {
		o, found := options.Last([]string{c.group}, c.name)
		if !found || o.Value != c.value || o.File != filepath.Join(dir, c.file) {
			t.Errorf("%s %s: %+v", c.group, c.name, o)
		}
	}
	if _, found := options.Last([]string{"client"}, "port"); found {
		t.Error("a group's option was found in another group")
	}
}

func TestLoadReportsUnreadableFiles(t *testing.T) {
	dir := t.TempDir()
	loop := filepath.Join(dir, "loop.cnf")
	broken := filepath.Join(dir, "broken.cnf")
	for path, content := range map[string]string{
		loop:   "[client]\nuser=a\n!include " + loop + "\n",
		broken: "[client]\nuser=a\n!includedir " + dir + "/none\nsocket=/s\n",
	} {
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := Load(loop); err == nil || !strings.Contains(err.Error(), "more than 10 levels deep") {
		t.Errorf("a file that includes itself: %v", err)
	}
	options, err := Load(broken)
	if err == nil || !strings.Contains(err.Error(), dir+"/none") {
		t.Errorf("a missing folder: %v", err)
	}
	if _, found := options.Last([]string{"client"}, "socket"); !found {
		t.Error("what follows a missing folder was not read")
	}
}
