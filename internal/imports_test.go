// SPDX-License-Identifier: GPL-3.0-or-later

package internal_test

import (
	"bytes"
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const module = "overcloud.backup/internal/"

// only lists, for imports that not every package may have, the packages that may have them.
var only = map[string][]string{
	"os/exec":             {"process"},
	"database/sql":        {"mariadb"},
	"database/sql/driver": {"mariadb"},
	// pacemaker and clustercheck only split host and port; uses lists who may dial.
	"net": {"peer", "handshake", "haproxy", "reading", "clustercheck", "mariadb", "haproxy/cfg", "haproxy/endpoint",
		"haproxy/locate", "haproxy/stats", "pacemaker/cib"},
	// Both let peer dial.
	"net/http":                       {"haproxy/endpoint", "clustercheck"},
	"github.com/go-sql-driver/mysql": {"mariadb"},
	"github.com/beevik/etree":        {"pacemaker/xmldoc", "pacemaker/cib", "pacemaker/crmmon"},
	module + "ansible":               {},
	module + "selection":             {},
	module + "readiness":             {},
	module + "backup":                {"jobs/backups"},
	module + "backup/tool":           {"backup", "backup/content", "backup/extras", "backup/guard", "jobs/backups"},
	module + "backup/content":        {"backup"},
	module + "backup/extras":         {"backup"},
	module + "backup/guard":          {"backup", "stub", "jobs/backups"},
	module + "backup/effect":         {"backup", "jobs/backups"},
	module + "restore/plan":          {"restore/steps"},
}

// may lists, for each package, everything of this module that it may import. A package that is missing here may import
// nothing of it.
var may = map[string][]string{
	"ansible": {"safefile", "durable", "secret", "ansible/value"},
	"journal": {"durable", "safefile"},
	"peer":    {"safefile"},
	"logins":  {"mariadb"},
	"galera": {"safefile", "reading", "process", "container", "logins", "mariadb", "mariadb/accounts",
		"mariadb/catalog"},
	"pacemaker": {"reading", "process", "pacemaker/cib", "pacemaker/crmmon", "pacemaker/xmldoc"},
	"confine":   {"safefile", "thread"},
	"process":   {"confine", "safefile", "thread"},
	"haproxy":   {"reading", "peer", "haproxy/cfg", "haproxy/endpoint", "haproxy/locate", "haproxy/stats"},
	"hiera":     {"safefile", "process"},
	"stub":      {"backup/guard", "condition", "doctor"},
	"condition": {"galera", "pacemaker", "haproxy", "haproxy/stats", "pacemaker/cib", "pacemaker/crmmon"},
	"decision":  {"condition", "logins", "mariadb/catalog"},
	"topology": {"condition", "reading", "galera", "pacemaker", "haproxy", "haproxy/stats", "pacemaker/cib",
		"pacemaker/crmmon"},
	"doctor": {"condition", "decision", "galera", "logins", "pacemaker", "pacemaker/cib", "reading", "table",
		"topology"},
	"readiness": {"abandon", "confine", "container", "doctor", "jobs", "jobs/backups", "mariadb", "pacemaker",
		"pacemaker/cib", "process", "reading", "rebuild", "repository", "repository/stores", "restore", "scratch",
		"unit"},
	"traffic": {"decision", "galera", "haproxy", "pacemaker", "topology", "haproxy/stats", "pacemaker/crmmon"},
	"selection": {"condition", "decision", "table", "topology", "traffic", "mariadb/catalog", "pacemaker/cib",
		"pacemaker/crmmon"},
	"optionfile": {"peer"},
	"unit":       {"process"},
	"jobs":       {"safefile", "journal", "unit", "durable"},
	"option":     {"mariadb"},
	"container":  {"process"},
	"repository": {"xbstream", "zframe", "process", "mariadb/catalog"},
	"scratch":    {"safefile", "repository/local", "process", "galera", "container", "mariadb", "confine"},
	"replay":     {"sqldump", "mariadb"},
	"rebuild": {"safefile", "repository", "repository/local", "process", "galera", "container", "sqldump", "scratch",
		"replay", "mariadb", "mariadb/catalog", "confine"},
	"verify":  {"repository", "sqldump", "rebuild", "mariadb"},
	"setlist": {"repository"},
	"reload": {"repository", "galera", "sqldump", "sqldump/part", "replay", "mariadb", "mariadb/accounts",
		"mariadb/catalog"},
	"restore": {"condition", "container", "durable", "safefile", "galera", "jobs", "optionfile", "pacemaker", "process",
		"repository", "repository/local", "rebuild", "mariadb", "mariadb/accounts", "mariadb/catalog", "pacemaker/cib",
		"pacemaker/clusterlock", "pacemaker/steer"},

	"jobs/backups": {"jobs", "unit", "journal", "backup", "backup/effect", "backup/guard", "backup/tool", "decision",
		"option", "optionfile", "secret", "pacemaker/cib", "pacemaker/clusterlock"},
	"jobs/verifications": {"jobs", "unit", "option", "container", "galera", "repository", "repository/stores",
		"scratch", "rebuild", "verify", "restore", "mariadb"},
	"restore/steps": {"condition", "restore", "restore/plan", "jobs", "option", "galera", "process", "repository",
		"repository/stores", "rebuild", "reload", "clustercheck", "mariadb", "mariadb/catalog", "pacemaker/cib",
		"pacemaker/clusterlock", "pacemaker/steer"},
	"sqldump/part": {"sqldump"},

	"repository/local":     {"durable", "repository", "safefile"},
	"repository/stores":    {"repository", "repository/local"},
	"repository/storetest": {"repository"},

	"backup": {"abandon", "backup/content", "backup/effect", "backup/extras", "backup/guard",
		"backup/tool", "clustercheck", "condition", "decision", "galera", "journal", "logins",
		"pacemaker", "pacemaker/clusterlock", "process", "repository", "repository/stores", "container", "mariadb",
		"mariadb/accounts", "mariadb/catalog"},
	"backup/content": {"backup/tool", "decision", "galera", "repository", "repository/stores", "mariadb",
		"mariadb/catalog"},
	"backup/extras": {"backup/tool", "process", "repository", "safefile", "mariadb", "mariadb/accounts",
		"mariadb/catalog"},
	"backup/tool": {"abandon", "galera", "process", "repository", "xbstream", "zframe", "mariadb", "mariadb/catalog",
		"confine"},
	"backup/guard": {"backup/tool", "condition", "galera", "logins", "pacemaker", "process", "repository/local",
		"repository/stores", "mariadb"},
	"backup/effect": {"abandon", "clustercheck", "condition", "galera", "journal", "pacemaker", "process",
		"repository", "repository/stores", "mariadb", "pacemaker/cib", "pacemaker/clusterlock"},
	"clustercheck":          {"galera", "peer"},
	"mariadb":               {"handshake", "hiera", "optionfile", "peer", "process"},
	"mariadb/accounts":      {"mariadb", "mariadb/token"},
	"mariadb/catalog":       {"mariadb", "mariadb/accounts", "mariadb/token"},
	"mariadb/mariadbtest":   {"mariadb"},
	"haproxy/endpoint":      {"peer", "haproxy/cfg", "haproxy/locate", "haproxy/stats"},
	"haproxy/locate":        {"haproxy/cfg", "peer", "safefile"},
	"pacemaker/cib":         {"pacemaker/xmldoc"},
	"pacemaker/crmmon":      {"pacemaker/cib", "pacemaker/xmldoc"},
	"pacemaker/clusterlock": {"pacemaker", "pacemaker/cib", "process"},
	"pacemaker/steer":       {"pacemaker", "pacemaker/cib", "pacemaker/clusterlock", "process"},
}

// everybodys packages only handle text.
var everybodys = []string{"excerpt", "quantity", "table"}

// pure packages decide or parse; they do not touch the machine.
var pure = map[string][]string{
	"condition":    {"os", "net", "os/exec", "syscall", "io/fs", "net/http", "database/sql"},
	"decision":     {"os", "net", "os/exec", "syscall", "io/fs", "net/http", "database/sql", "time"},
	"topology":     {"os", "net", "os/exec", "syscall", "io/fs", "net/http", "database/sql"},
	"doctor":       {"os", "net", "os/exec", "syscall", "io/fs", "net/http", "database/sql"},
	"traffic":      {"os", "net", "os/exec", "syscall", "io/fs", "net/http", "database/sql"},
	"selection":    {"os", "net", "os/exec", "syscall", "io/fs", "net/http", "database/sql"},
	"xbstream":     {"os", "net", "os/exec", "syscall", "net/http"},
	"excerpt":      {"os", "net", "os/exec", "syscall", "io/fs", "io", "net/http", "time"},
	"optionfile":   {"net", "os/exec", "net/http"},
	"sqldump":      {"os", "net", "os/exec", "syscall", "io/fs", "net/http", "database/sql"},
	"secret":       {"os", "net", "os/exec", "syscall", "io/fs", "net/http", "time"},
	"sqldump/part": {"os", "net", "os/exec", "syscall", "io/fs", "net/http", "database/sql"},
	"restore/plan": {"os", "net", "os/exec", "syscall", "io/fs", "net/http", "database/sql", "time"},
	"table":        {"os", "net", "os/exec", "syscall", "io/fs", "io", "net/http", "time"},
	"setlist":      {"os", "net", "os/exec", "syscall", "io/fs", "net/http", "database/sql"},
}

// uses lists functions and types that not every package which imports theirs may use.
var uses = []struct {
	name string // a path.Match pattern, with the whole import path
	may  func(folder string) bool
}{
	{"net.Dial*", func(folder string) bool { return folder == "peer" }},
	{"net.Listen*", func(string) bool { return false }},
	{"time.Now", hasClock},
	{"time.Since", hasClock},
	{"time.Until", hasClock},
}

// hasClock reports whether a package may read the clock; packages that decide get the time as an argument.
func hasClock(folder string) bool {
	return !slices.Contains([]string{"condition", "decision", "doctor", "selection", "topology", "traffic"}, folder)
}

func TestImportsFollowTheDesign(t *testing.T) {
	out, err := exec.Command("go", "list", "-json=ImportPath,Imports", "./...").Output()
	if err != nil {
		t.Fatal(err)
	}
	packages := 0
	for dec := json.NewDecoder(bytes.NewReader(out)); dec.More(); packages++ {
		var p struct {
			ImportPath string
			Imports    []string
		}
		if err := dec.Decode(&p); err != nil {
			t.Fatal(err)
		}
		name := strings.TrimPrefix(p.ImportPath, module)
		for _, imported := range p.Imports {
			if why := refused(name, imported); why != "" {
				t.Errorf("%s imports %s: %s", name, imported, why)
			}
		}
	}
	if packages < 3 {
		t.Fatalf("only %d packages were seen", packages)
	}
}

func refused(name, imported string) string {
	if allowed, ok := only[imported]; ok && !slices.Contains(allowed, name) {
		return "only " + strings.Join(append(allowed, "modules"), ", ") + " may"
	}
	own, ok := strings.CutPrefix(imported, module)
	if ok && !slices.Contains(append(everybodys, may[name]...), own) {
		return "not among what it may import"
	}
	if slices.Contains(pure[name], imported) {
		return "this package does no I/O"
	}
	return ""
}

func TestOnlyTheirPackagesDialAndReadTheClock(t *testing.T) {
	files, err := glob("*/*.go")
	if err != nil || len(files) < 20 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		folder := filepath.Dir(file)
		for _, name := range selected(t, file) {
			for _, u := range uses {
				if match, _ := path.Match(u.name, name); match && !u.may(folder) {
					t.Errorf("%s uses %s", file, name)
				}
			}
		}
	}
}

// selected returns the names that a file uses of other packages, each with its import path.
func selected(t *testing.T, file string) (names []string) {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	imports := map[string]string{}
	for _, i := range f.Imports {
		from := strings.Trim(i.Path.Value, `"`)
		imports[path.Base(from)] = from
		if i.Name != nil {
			imports[i.Name.Name] = from
		}
	}
	ast.Inspect(f, func(n ast.Node) bool {
		if s, ok := n.(*ast.SelectorExpr); ok {
			if x, ok := s.X.(*ast.Ident); ok && imports[x.Name] != "" {
				names = append(names, imports[x.Name]+"."+s.Sel.Name)
			}
		}
		return true
	})
	return names
}
