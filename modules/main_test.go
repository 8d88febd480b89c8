// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"bytes"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"gopkg.in/yaml.v3"

	"overcloud.backup/internal/stub"
)

// names returns the names of the files that match, without folder and extension.
func names(t *testing.T, pattern string) (out []string) {
	t.Helper()
	files, err := filepath.Glob(pattern)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if name := strings.TrimSuffix(filepath.Base(f), filepath.Ext(f)); !strings.HasPrefix(name, "_") {
			out = append(out, name)
		}
	}
	return out
}

func readYAML(t *testing.T, path string, into any) {
	t.Helper()
	content, err := os.ReadFile(path)
	if err == nil {
		err = yaml.Unmarshal(content, into)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func TestGeneratedFilesAreCurrent(t *testing.T) {
	want, err := stub.Generate(os.DirFS("."))
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range want {
		got, err := os.ReadFile("../plugins/modules/" + name + ".py")
		if err != nil || !bytes.Equal(got, content) {
			t.Errorf("plugins/modules/%s.py is not what modules/%s.yml says; run: make generate (%v)", name, name, err)
		}
	}
	if got := names(t, "../plugins/modules/*.py"); len(got) != len(want) {
		t.Errorf("plugins/modules holds %v; run: make generate", got)
	}
}

func TestTheRegionsOfFilesAreCurrent(t *testing.T) {
	want, err := stub.Regions("..")
	if err != nil || len(want) < 2 {
		t.Fatal(len(want), err)
	}
	for file, content := range want {
		got, err := os.ReadFile("../" + file)
		if err != nil || !bytes.Equal(got, content) {
			t.Errorf("%s is not what the code says; run: make generate (%v)", file, err)
		}
	}
}

func TestThePagesOfModulesAreCurrent(t *testing.T) {
	want, err := stub.Pages(os.DirFS("."))
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range want {
		if got, err := os.ReadFile("../docs/modules/" + name + ".md"); err != nil || !bytes.Equal(got, content) {
			t.Errorf("docs/modules/%s.md is not what modules/%s.yml says; run: make generate (%v)", name, name, err)
		}
	}
	if got := names(t, "../docs/modules/*"); !slices.Equal(got, documented()) {
		t.Errorf("docs/modules holds %v; run: make generate", got)
	}
}

func TestTheTableOfReturnValuesIsCurrent(t *testing.T) {
	want, err := stub.Returned(os.DirFS("."))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile("../plugins/plugin_utils/_returned.py"); err != nil || !bytes.Equal(got, want) {
		t.Errorf("plugins/plugin_utils/_returned.py is not what modules/*.yml say; run: make generate (%v)", err)
	}
}

func TestThePageOfVariablesIsCurrent(t *testing.T) {
	want, err := stub.Variables(os.DirFS("../roles"), os.DirFS("."))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile("../docs/variables.md"); err != nil || !bytes.Equal(got, want) {
		t.Errorf("docs/variables.md is not what roles/*/meta/argument_specs.yml say; run: make generate (%v)", err)
	}
}

// Galaxy refuses a collection that has a role without one.
func TestTheREADMEsOfTheRolesAreCurrent(t *testing.T) {
	want, err := stub.Readmes(os.DirFS("../roles"), os.DirFS("."))
	if err != nil {
		t.Fatal(err)
	}
	for role, page := range want {
		if got, err := os.ReadFile("../roles/" + role + "/README.md"); err != nil || !bytes.Equal(got, page) {
			t.Errorf("roles/%s/README.md is not what its argument_specs.yml says; run: make generate (%v)", role, err)
		}
	}
	if len(want) < 3 {
		t.Errorf("only %d roles", len(want))
	}
}

// onControlNode lists modules that are only an action plugin: they are about the command, which hosts do not know.
var onControlNode = []string{"await_controller", "check_variables", "notify", "preflight"}

// documented returns the names of all modules, those of the binary and the others.
func documented() []string {
	return slices.Sorted(slices.Values(slices.Concat(slices.Collect(maps.Keys(modules)), onControlNode)))
}

func TestEveryModuleIsWhole(t *testing.T) {
	want := documented()
	var runtime struct {
		ActionGroups map[string][]string `yaml:"action_groups"`
	}
	readYAML(t, "../meta/runtime.yml", &runtime)
	for what, got := range map[string][]string{
		"modules/*.yml":       names(t, "*.yml"),
		"plugins/action/*.py": names(t, "../plugins/action/*.py"),
	} {
		if !slices.Equal(got, want) {
			t.Errorf("%s: %v, and there are %v", what, got, want)
		}
	}
	// A default for the modules that run on hosts does not apply to the others' options.
	if got, want := runtime.ActionGroups["all"], slices.Sorted(maps.Keys(modules)); !slices.Equal(got, want) {
		t.Errorf("meta/runtime.yml's group: %v, the binary has %v", got, want)
	}
}

// The launcher passes the login variables to tasks of modules that log in, and to no other task.
func TestTheLauncherKnowsWhichModulesLogIn(t *testing.T) {
	count := 0
	for _, name := range documented() {
		var spec struct {
			Documentation struct{ Extends []string } `yaml:"DOCUMENTATION"`
		}
		readYAML(t, name+".yml", &spec)
		plugin, err := os.ReadFile("../plugins/action/" + name + ".py")
		if err != nil {
			t.Fatal(err)
		}
		logsIn := slices.Contains(spec.Documentation.Extends, "login")
		if got := bytes.Contains(plugin, []byte("\n    LOGIN = True\n")); got != logsIn {
			t.Errorf("%s logs in: %v, its plugin says %v", name, logsIn, got)
		}
		if logsIn {
			count++
		}
	}
	if count < 4 {
		t.Errorf("only %d modules log in", count)
	}
}

// A list may be one text with commas: each option that is a list takes it.
func TestEveryListMayBeText(t *testing.T) {
	type option struct{ Type, Elements string }
	var login struct {
		Documentation struct{ Options map[string]option } `yaml:"DOCUMENTATION"`
	}
	readYAML(t, "_login.yml", &login)
	count := 0
	for name := range modules {
		var spec struct {
			Documentation struct{ Options map[string]option } `yaml:"DOCUMENTATION"`
		}
		readYAML(t, name+".yml", &spec)
		maps.Copy(spec.Documentation.Options, login.Documentation.Options)
		for key, o := range spec.Documentation.Options {
			if o.Type != "list" || o.Elements == "dict" {
				continue
			}
			count++
			var out bytes.Buffer
			program().Main([]string{"-", name}, strings.NewReader(`{"no_such_option":1,"`+key+`":"/a, /b"}`), &out)
			if got := out.String(); !strings.Contains(got, "no_such_option") || strings.Contains(got, key+": ") ||
				strings.Contains(got, key+"[") {
				t.Errorf("%s: %s as a text: %s", name, key, got)
			}
		}
	}
	if count < 12 {
		t.Errorf("only %d lists", count)
	}
}

func TestVersionIsTheCollections(t *testing.T) {
	var galaxy struct{ Version string }
	readYAML(t, "../galaxy.yml", &galaxy)
	if galaxy.Version != version {
		t.Errorf("galaxy.yml: %s, the binary: %s", galaxy.Version, version)
	}
}

// The code that reads a description on the host accepts it.
func TestEveryModuleRefusesAnUnknownOption(t *testing.T) {
	for name := range modules {
		var out bytes.Buffer
		status := program().Main([]string{"-", name}, strings.NewReader(`{"no_such_option_at_all":1}`), &out)
		if status != 1 || !strings.Contains(out.String(), "no_such_option_at_all: no such option") {
			t.Errorf("%s: %d %s", name, status, out.String())
		}
	}
}

// The binary holds passwords from its first line on. It waits here for its arguments, in a pipe that nobody writes to.
func TestTheBinaryLeavesNoCore(t *testing.T) {
	binary, arguments := filepath.Join(t.TempDir(), "overcloud_backup"), filepath.Join(t.TempDir(), "arguments")
	if out, err := exec.Command("go", "build", "-o", binary, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if err := syscall.Mkfifo(arguments, 0o600); err != nil {
		t.Fatal(err)
	}
	c := exec.Command(binary, arguments)
	c.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Process.Kill(); _ = c.Wait() }()
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		limits, err := os.ReadFile("/proc/" + strconv.Itoa(c.Process.Pid) + "/limits")
		if err != nil {
			t.Fatal(err)
		}
		line := string(limits[bytes.Index(limits, []byte("Max core file size")):])
		if fields := strings.Fields(line); fields[4] == "1" && fields[5] == "1" ||
			fields[4] == "0" && fields[5] == "0" {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("%.80s", line)
		}
	}
}
