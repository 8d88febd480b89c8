// SPDX-License-Identifier: GPL-3.0-or-later

package internal_test

import (
	"bytes"
	"encoding/json"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "overcloud.backup/internal/"

// only names, for an import that is not for everybody, the packages that may have it.
var only = map[string][]string{
	"os/exec":                        {"process"},
	"database/sql":                   {"galera"},
	"database/sql/driver":            {"galera"},
	"github.com/go-sql-driver/mysql": {"galera"},
	"github.com/beevik/etree":        {"pacemaker"},
	module + "ansible":               {},
	module + "selection":             {},
	module + "backup":                {},
}

// may names, for a package, all it may import of this module. A package that is not here may import nothing of it.
var may = map[string][]string{
	"galera":    {"reading", "process", "hiera", "optionfile"},
	"pacemaker": {"reading", "process"},
	"haproxy":   {"reading", "process"},
	"hiera":     {"process"},
	"selection": {"reading", "galera", "pacemaker", "haproxy"},
	"backup":    {"reading", "process", "galera", "pacemaker", "haproxy", "repository", "xbstream", "zframe"},
}

// pure packages decide or parse; they touch no machine.
var pure = map[string][]string{
	"selection":  {"os", "net", "os/exec", "syscall", "io/fs", "net/http"},
	"xbstream":   {"os", "net", "os/exec", "syscall", "net/http"},
	"optionfile": {"net", "os/exec", "net/http"},
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
	if own, ok := strings.CutPrefix(imported, module); ok && !slices.Contains(may[name], strings.Split(own, "/")[0]) {
		return "not among what it may import"
	}
	if slices.Contains(pure[name], imported) {
		return "this package does no I/O"
	}
	return ""
}
