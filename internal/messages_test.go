// SPDX-License-Identifier: GPL-3.0-or-later

package internal_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path"
	"regexp"
	"strings"
	"testing"
	"unicode"
)

// unquoted lists files whose messages need no row of their own, each with what an operator looks up instead.
var unquoted = map[string]string{
	"ansible/*.go":               "`invalid arguments of` is before them, or they are of who calls the binary by hand",
	"ansible/value/*.go":         "`invalid arguments of` is before them, too: they continue the name of an option",
	"stub/*.go":                  "only make generate says them",
	"mariadb/*.go":               "as those of galera",
	"mariadb/accounts/*.go":      "as those of galera",
	"mariadb/catalog/*.go":       "as those of galera",
	"mariadb/token/*.go":         "as those of galera",
	"container/find.go":          "as those of galera, the source `container`",
	"container/mounted.go":       "as those of galera",
	"galera/*.go":                "the sources of galera_facts are before them, in a backup the step",
	"logins/*.go":                "as those of galera, the source `logins`",
	"handshake/*.go":             "as those of galera, in its attempts to log in",
	"optionfile/*.go":            "as those of galera, the source `option files`",
	"haproxy/cfg/*.go":           "as those of haproxy",
	"haproxy/endpoint/*.go":      "as those of haproxy",
	"haproxy/stats/*.go":         "as those of haproxy",
	"haproxy/locate/*.go":        "as those of haproxy",
	"haproxy/*.go":               "the sources of haproxy_facts are before them",
	"pacemaker/xmldoc/*.go":      "as those of pacemaker",
	"pacemaker/cib/*.go":         "as those of pacemaker",
	"pacemaker/crmmon/*.go":      "as those of pacemaker",
	"pacemaker/clusterlock/*.go": "as those of pacemaker",
	"pacemaker/steer/*.go":       "as those of pacemaker",
	"pacemaker/*.go": "the sources of pacemaker_facts are before them, in a backup `read the cluster's state`" +
		" or a rule of the guard",
	"unit/*.go":     "`the job did not start` or `no systemd` is there, too",
	"xbstream/*.go": "`the stream is not a complete backup` or `the set … is damaged` is before them",
	"zframe/*.go":   "as those of xbstream",
	"safefile/*.go": "who reads the file, and its path, are before them",
	"sqldump/*.go":  "`the dump has a statement that mariadb-dump does not write` is before them",

	"confine/confine.go":        "`confine what is fed from a set` is before them",
	"rebuild/options.go":        "as those of repository/read.go",
	"repository/content.go":     "as those of repository/read.go",
	"repository/read.go":        "`the set … is damaged` is before them",
	"repository/set.go":         "as those of repository/read.go",
	"repository/store.go":       "as those of repository/read.go",
	"repository/storetest/*.go": "only tests say them",
	"backup/effect/lock.go":     "they are the end of `held for … by now`",
}

// rowsOf maps a folder to the section of the page that has its messages.
var rowsOf = map[string]string{
	"backup":     `"### Before it begins" or "### While it runs and after"`,
	"container":  `"## Restore"`,
	"restore":    `"## Restore"`,
	"rebuild":    `"## Verify"`,
	"reload":     `"## Restore"`,
	"scratch":    `"## Verify"`,
	"verify":     `"## Verify"`,
	"repository": `"### Before it begins" or "## Verify"`,
	"jobs":       `"## Recovery"`,
	"journal":    `"## Recovery"`,
	"selection":  `"## Decision"`,
}

// A message of the code that is missing on the page is a message that nobody finds.
func TestTroubleshootingHasEveryMessage(t *testing.T) {
	quotes := quotesOf(t)
	used := map[string]bool{}
	messages := 0
	for _, m := range messagesOf(t) {
		if reason := exemptionOf(m.file); reason != "" {
			used[reason] = true
			continue
		}
		messages++
		if !quoted(quotes, m.text) {
			where := rowsOf[path.Dir(m.file)]
			if where == "" {
				where = "the section where it appears"
			}
			t.Errorf("%s:%d: docs/troubleshooting.md does not quote %q.\n"+
				"Add to the table of %s a row:   | `three or more of its words, with … for what varies` | what to"+
				" do |\n"+
				"or, where something else that the page has always stands before it, its file with that to unquoted"+
				" in internal/messages_test.go.",
				m.file, m.line, m.text, where)
		}
	}
	for pattern := range unquoted {
		if !used[pattern] {
			t.Errorf("unquoted: there is no message in %s", pattern)
		}
	}
	if messages < 200 {
		t.Errorf("only %d messages were found", messages)
	}
}

func exemptionOf(file string) string {
	for pattern := range unquoted {
		if match, _ := path.Match(pattern, file); match {
			return pattern
		}
	}
	return ""
}

type message struct {
	file string // as backup/run.go, or ../modules/login.go
	line int
	text string // with its formatting verbs
}

// verb matches a verb of fmt.
var verb = regexp.MustCompile(`%[-+#.0-9]*[a-z]`)

// messagesOf returns the texts of errors that have at least three words besides their arguments.
func messagesOf(t *testing.T) (all []message) {
	t.Helper()
	for _, pattern := range []string{"*/*.go", "../modules/*.go"} {
		files, err := glob(pattern)
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: %d files, %v", pattern, len(files), err)
		}
		for _, file := range files {
			if !strings.HasSuffix(file, "_test.go") {
				all = append(all, messagesIn(t, file)...)
			}
		}
	}
	return all
}

func messagesIn(t *testing.T, file string) (all []message) {
	t.Helper()
	set := token.NewFileSet()
	f, err := parser.ParseFile(set, file, nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(f, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if ok && isError(call.Fun) && len(call.Args) > 0 {
			m := message{file, set.Position(call.Pos()).Line, joined(call.Args[0])}
			if words(verb.ReplaceAllString(m.text, "")) >= 3 {
				all = append(all, m)
			}
		}
		return true
	})
	return all
}

// isError reports whether a function is fmt.Errorf or errors.New.
func isError(f ast.Expr) bool {
	s, ok := f.(*ast.SelectorExpr)
	if !ok {
		return false
	}
	x, ok := s.X.(*ast.Ident)
	return ok && (x.Name == "fmt" && s.Sel.Name == "Errorf" || x.Name == "errors" && s.Sel.Name == "New")
}

// joined returns the concatenation of several literals, with … for anything else.
func joined(e ast.Expr) string {
	if sum, ok := e.(*ast.BinaryExpr); ok {
		return joined(sum.X) + joined(sum.Y)
	}
	if literal, ok := e.(*ast.BasicLit); ok {
		return text(literal)
	}
	return "…"
}

func words(s string) (n int) {
	for _, word := range strings.Fields(s) {
		if strings.ContainsFunc(word, unicode.IsLetter) {
			n++
		}
	}
	return n
}

// quotesOf returns the quotes of three or more words in backquotes on the page, each split at its dots.
func quotesOf(t *testing.T) (all [][]string) {
	t.Helper()
	page, err := os.ReadFile(troubleshooting)
	if err != nil {
		t.Fatal(err)
	}
	for _, quote := range regexp.MustCompile("`([^`\n]+)`").FindAllStringSubmatch(string(page), -1) {
		if words(quote[1]) < 3 {
			continue
		}
		var parts []string
		for _, part := range strings.Split(quote[1], "…") {
			parts = append(parts, strings.Trim(part, " .:;"))
		}
		all = append(all, parts)
	}
	return all
}

// quoted reports whether a text has all parts of a quote, or one part that is too long for a coincidence.
func quoted(quotes [][]string, message string) bool {
	for _, parts := range quotes {
		rest, whole := message, true
		for _, part := range parts {
			var found bool
			_, rest, found = strings.Cut(rest, part)
			whole = whole && found
			if words(part) >= 3 && strings.Contains(message, part) {
				return true
			}
		}
		if whole {
			return true
		}
	}
	return false
}

func TestAQuoteIsOfAMessage(t *testing.T) {
	quotes := [][]string{{"the set", "is damaged"}, {"verified.json", "counts for nothing"}}
	for message, want := range map[string]bool{
		"the set %s is damaged: %s":                    true,
		"%s: it is of %q, so it counts for nothing":    true,
		"the set %s is whole":                          false,
		"is damaged: the set %s":                       false,
		"verified.json: it has another version's form": false,
	} {
		if got := quoted(quotes, message); got != want {
			t.Errorf("%s: %t", message, got)
		}
	}
	if n := words(verb.ReplaceAllString("read %s: %.80q %w", "")); n != 1 {
		t.Errorf("%d words", n)
	}
}
