// SPDX-License-Identifier: GPL-3.0-or-later

package ansible

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/fstest"
	"time"

	"overcloud.backup/internal/ansible/value"
)

var update = flag.Bool("update", false, "write the golden files")

const specYAML = `
DOCUMENTATION:
  module: probe
  extends: [shared]
  options:
    name: {type: str, aliases: [alias]}
    mode: {type: str, choices: [never, "always", "on"], default: never}
    count: {type: int}
    timeout: {type: float, default: 10}
    force: {type: bool, default: false}
    hosts: {type: list, elements: str}
    levels: {type: list, elements: int, choices: [1, 2]}
    extra: {type: dict}
    dir: {type: path}
    any: {type: raw}
    target:
      type: dict
      suboptions:
        url: {type: str, required: true}
        token: {type: str, no_log: true}
    first: {type: str}
    second: {type: str}
    cert: {type: str}
    key: {type: str}
  x_constraints:
    mutually_exclusive: [[first, second]]
    required_together: [[cert, key]]
    required_if: [[mode, always, [name]], ["on", x, [y]]]
    required_by: {count: [name]}
EXAMPLES: |
  - probe:
RETURN:
  seen:
    type: dict
    contains:
      documented: {type: str}
`

const sharedYAML = `
DOCUMENTATION:
  options:
    password: {type: str, no_log: true}
    name: {type: int}
`

// probe is a program with one module, whose code is run.
func probe(run func(context.Context, *Call) (*Result, error)) Program {
	return Program{
		Version:   "1.2.3",
		Modules:   map[string]Module{"probe": {Spec: []byte(specYAML), Run: run}},
		Fragments: fstest.MapFS{"_shared.yml": {Data: []byte(sharedYAML)}},
	}
}

// echo is a module that returns its arguments.
func echo(_ context.Context, call *Call) (*Result, error) {
	var seen map[string]any
	err := call.Decode(&seen)
	return &Result{Values: map[string]any{"seen": seen}}, err
}

// ask runs the module and returns its status, its output and the decoded output.
func ask(t *testing.T, p Program, args string) (int, string, map[string]any) {
	t.Helper()
	var out bytes.Buffer
	status := p.Main([]string{"-", "probe"}, strings.NewReader(args), &out)
	if strings.Count(out.String(), "\n") != 1 || !strings.HasSuffix(out.String(), "}\n") {
		t.Fatalf("not one line of JSON: %q", out.String())
	}
	got, err := value.Object(strings.NewReader(out.String()))
	if err != nil {
		t.Fatal(err)
	}
	return status, out.String(), got
}

func TestOutputIsGolden(t *testing.T) {
	full := func(_ context.Context, call *Call) (*Result, error) {
		call.Secret(`found "it" <here>`)
		return &Result{
			Changed: true, Msg: `saw hunter2 and found \"it\" \u003chere\u003e`,
			Facts:    map[string]any{"ansible_probe": map[string]any{"n": 9007199254740993}},
			Values:   struct{ Where []string }{[]string{"hunter2", "pre-hunter2-post"}},
			Warnings: []string{"mind hunter2"}, Diff: &Diff{Before: "a\n", After: "hunter2\n"},
		}, nil
	}
	broken := func(context.Context, *Call) (*Result, error) {
		return &Result{Changed: true, Values: map[string]any{"left": 1}}, errors.New("log in as hunter2: refused")
	}
	for name, c := range map[string]struct {
		run    func(context.Context, *Call) (*Result, error)
		args   string
		status int
	}{
		"full":    {full, `{"password":"hunter2","name":"x","_ansible_diff":true}`, 0},
		"nothing": {func(context.Context, *Call) (*Result, error) { return nil, nil }, `{}`, 0},
		"skipped": {func(context.Context, *Call) (*Result, error) {
			return &Result{Skipped: true, Msg: "cannot predict"}, nil
		}, `{}`, 0},
		"error":   {broken, `{"password":"hunter2"}`, 1},
		"refused": {echo, `{"pasword":"x","mode":"sometimes","count":"many","password":["hunter2"]}`, 1},
		"coerced": {echo, `{"name":1.50,"mode":true,"count":"3","timeout":"0.5","force":"Yes","hosts":"a,` +
			` b","levels":["1",2],"extra":"a=1 b=2","target":{"url":"u","token":"hunter2"}}`, 0},
		"no json": {echo, `password=hunter2`, 1},
		"nan": {func(context.Context, *Call) (*Result, error) {
			return &Result{Values: map[string]any{"x": func() {}}}, nil
		}, `{}`, 1},
	} {
		t.Run(name, func(t *testing.T) {
			status, out, _ := ask(t, probe(c.run), c.args)
			if status != c.status {
				t.Errorf("exit status %d, want %d", status, c.status)
			}
			if strings.Contains(out, "hunter2") || strings.Contains(out, "found") {
				t.Errorf("the secret is shown: %s", out)
			}
			golden(t, filepath.Join("testdata", strings.ReplaceAll(name, " ", "_")+".json"), out)
		})
	}
}

func golden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("got  %swant %s", got, want)
	}
}

func TestPanicBecomesAFailure(t *testing.T) {
	status, out, got := ask(t, probe(func(context.Context, *Call) (*Result, error) { panic("at hunter2") }),
		`{"password":"hunter2"}`)
	if status != 1 || got["failed"] != true || got["msg"] != "internal error: at ********" {
		t.Errorf("%d %s", status, out)
	}
	lines := strings.Split(got["exception"].(string), "\n")
	if lines[len(lines)-1] != "at ********" || !strings.Contains(got["exception"].(string), "goroutine") {
		t.Errorf("exception: %v", got["exception"])
	}
}

func TestKeysThatMeanSomethingElseToAnsibleAreRefused(t *testing.T) {
	for _, key := range []string{"started", "finished", "ansible_job_id", "results_file", "results", "rc", "stdout",
		"stderr",
		"deprecations", "unreachable", "changed", "failed", "skipped", "msg", "exception", "ansible_facts", "warnings",
		"diff", "invocation"} {
		_, out, got := ask(t, probe(func(context.Context, *Call) (*Result, error) {
			return &Result{Values: map[string]any{key: 7}}, nil
		}), `{}`)
		msg, _ := got["msg"].(string)
		if got["failed"] != true || !strings.Contains(msg, `"`+key+`"`) {
			t.Errorf("%s: %s", key, out)
		}
	}
}

func TestAnsiblesOwnKeys(t *testing.T) {
	var c *Call
	ask(t, probe(func(_ context.Context, call *Call) (*Result, error) { c = call; return nil, nil }),
		`{"_ansible_check_mode":true,"_ansible_diff":true,"_ansible_verbosity":3,`+
			`"_ansible_tmpdir":null,"_ansible_new":{},"_overcloud_now":1700000000.25}`)
	if !c.CheckMode || !c.Diff || c.Verbosity != 3 || c.Now != 1700000000.25 || c.Name != "probe" {
		t.Errorf("%+v", c)
	}
}

func TestCommandLines(t *testing.T) {
	file := filepath.Join(t.TempDir(), "args")
	args := `{"_ansible_module_name":"overcloud.backup.probe","count":5,"name":"n"}`
	if err := os.WriteFile(file, []byte(args), 0o600); err != nil {
		t.Fatal(err)
	}
	other := filepath.Join(t.TempDir(), "other")
	if err := os.WriteFile(other, []byte(`{"_ansible_module_name":"ping"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		argv   []string
		status int
		says   string
	}{
		{[]string{"--version"}, 0, "1.2.3"},
		{[]string{file}, 0, `"count":5`},
		{[]string{other}, 1, `no module \"ping\" in this binary; it has: probe`},
		{[]string{file + "x"}, 1, "no such file"},
		{[]string{"--help"}, 1, "usage: ARGSFILE"},
		{[]string{}, 1, "usage: ARGSFILE"},
		{[]string{"-", "other"}, 1, `no module \"other\"`},
		{[]string{"-", "probe", "--async", "../j", "60", "/tmp"}, 1, "not a job id"},
		{[]string{"-", "probe", "--async", "j1", "soon", "/tmp"}, 1, "not a time limit"},
	} {
		var out bytes.Buffer
		status := probe(echo).Main(c.argv, strings.NewReader("{}"), &out)
		if status != c.status || !strings.Contains(out.String(), c.says) {
			t.Errorf("%q: %d %s", c.argv, status, out.String())
		}
	}
}

func TestSignalEndsTheContextAndWaits(t *testing.T) {
	undone := false
	run := func(ctx context.Context, _ *Call) (*Result, error) {
		if err := syscall.Kill(os.Getpid(), syscall.SIGTERM); err != nil {
			return nil, err
		}
		<-ctx.Done()
		time.Sleep(20 * time.Millisecond)
		undone = true
		return nil, ctx.Err()
	}
	status, out, got := ask(t, probe(run), `{}`)
	if status != 1 || !undone || !strings.HasPrefix(got["msg"].(string), "stopped (") ||
		!strings.Contains(out, "terminated") {
		t.Errorf("%d %v %s", status, undone, out)
	}
}

func TestBulkIsNotRepeated(t *testing.T) {
	args, _ := json.Marshal(map[string]any{"any": strings.Repeat("x", 5000), "name": "short"})
	_, _, got := ask(t, probe(func(context.Context, *Call) (*Result, error) { return nil, nil }), string(args))
	shown := got["invocation"].(map[string]any)["module_args"].(map[string]any)
	if shown["any"] != "(5002 bytes)" || shown["name"] != "short" {
		t.Errorf("%v", shown)
	}
}

func TestDocumentedKeysStayWhenTheyAreASecret(t *testing.T) {
	run := func(context.Context, *Call) (*Result, error) {
		return &Result{Values: map[string]any{"seen": map[string]any{"documented": "is documented",
			"user documented": 1}}}, nil
	}
	_, out, _ := ask(t, probe(run), `{"password":"documented"}`)
	if !strings.Contains(out, `"seen":{"documented":"is ********","user ********":1}`) {
		t.Error(out)
	}
}

func TestWrongSecretsAreNotShown(t *testing.T) {
	long := strings.Repeat("hunter2-", 60)
	for _, c := range []struct{ args, msg string }{
		{`{"password":["` + long + `"]}`, "password: (hidden) is not a string"},
		{`{"password":{"` + long + `":1}}`, "password: (hidden) is not a string"},
		{`{"target":{"url":"u","token":["hunter2"]}}`, "target.token: (hidden) is not a string"},
		{`{"password":"` + long + `","count":"` + long + `"}`, "count: (482 bytes) is not a whole number"},
	} {
		_, out, got := ask(t, probe(echo), c.args)
		if msg, _ := got["msg"].(string); strings.Contains(out, "hunter2") || !strings.Contains(msg, c.msg) {
			t.Errorf("%s: %s", c.args, out)
		}
	}
}

func TestPasswordsInURLsAreNotShown(t *testing.T) {
	for _, args := range []string{
		`{"name":"ftp://u:hunter2@h/"}`, `{"name":"http://u:hunter2%zz@h/"}`, `{"name":"http://u:hunter2/@2@h/"}`,
		`{"any":{"url":"http://u:hunter%32@h/"},"name":"hunter2"}`, `{"name":["http://u:hunter2@h"]}`,
		`{"name":"x","nam":1,"any":"a://:hunter2@"}`,
	} {
		_, out, got := ask(t, probe(echo), args)
		if strings.Contains(out, "hunter") || got["invocation"] == nil {
			t.Errorf("%s: %s", args, out)
		}
	}
	_, out, _ := ask(t, probe(echo), `{"name":"http://user@h:80/x"}`)
	if !strings.Contains(out, `"name":"http://user@h:80/x"`) {
		t.Error(out)
	}
}

// This test is meant for the race detector (-race).
func TestSecretsAreFoundWhileProgressIsShown(t *testing.T) {
	path := filepath.Join(t.TempDir(), "job")
	p := probe(func(_ context.Context, call *Call) (*Result, error) {
		var wait sync.WaitGroup
		wait.Go(func() {
			for range 100 {
				call.Progress("hunter2")
			}
		})
		for range 100 {
			call.Secret("hunter2")
		}
		wait.Wait()
		if n := len(call.secrets.All()); n > 2 {
			return nil, fmt.Errorf("%d secrets instead of one in each form", n)
		}
		return &Result{Msg: "hunter2"}, nil
	})
	if status := p.job(context.Background(), "probe", path, "60", strings.NewReader("{}")); status != 0 {
		content, _ := os.ReadFile(path)
		t.Errorf("%d %s", status, content)
	}
}
