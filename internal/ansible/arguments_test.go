// SPDX-License-Identifier: GPL-3.0-or-later

package ansible

import (
	"context"
	"encoding/json"
	"os"
	"strings"
	"testing"
	"unicode"

	"overcloud.backup/internal/ansible/value"
)

func TestRefusalsNameOptionValueAndValidValues(t *testing.T) {
	for _, c := range []struct{ args, msg string }{
		{`{"tmeout":1}`, "tmeout: no such option, did you mean timeout? (valid: any, cert, count,"},
		{`{"zzzzzzzz":1}`, "zzzzzzzz: no such option (valid: any,"},
		{`{"mode":"allways"}`, `mode: "allways" is not one of: never, always, on`},
		{`{"count":"3.5","name":"n"}`, `count: "3.5" is not a whole number`},
		{`{"count":9223372036854775808,"name":"n"}`, `count: 9223372036854775808 is not a whole number`},
		{`{"count":true,"name":"n"}`, `count: true is not a whole number`},
		{`{"timeout":"NaN"}`, `timeout: "NaN" is not a number`},
		{`{"timeout":""}`, `timeout: "" is not a number`},
		{`{"force":"maybe"}`, `force: "maybe" is not a boolean; use yes or no`},
		{`{"hosts":{"a":1}}`, `hosts: {"a":1} is not a list`},
		{`{"hosts":["a",null]}`, `hosts[1]: null is not a string`},
		{`{"levels":[1,3]}`, `levels[1]: 3 is not one of: 1, 2`},
		{`{"extra":"nothing"}`, `extra: "nothing" is not a dictionary, neither JSON nor key=value`},
		{`{"name":["a"]}`, `name: ["a"] is not a string`},
		{`{"name":"a","alias":"b"}`, `name: set twice; name is the same option`},
		{`{"target":{"ur":"x"}}`, `target.ur: no such option, did you mean url? (valid: token, url); target.url: is` +
			` required`},
		{`{"first":"a","second":"b"}`, `first, second: only one of them may be set`},
		{`{"cert":"a"}`, `cert: also requires key`},
		{`{"mode":"always"}`, `mode=always: also requires name`},
		{`{"count":1}`, `count: also requires name`},
		{`{"count":"x","force":"y!","mode":"m"}`, `count: "x" is not a whole number; force: "y!" is not a boolean;` +
			` use yes or no; mode: "m" is not one of: never, always, on; count: also requires name`},
		{`{} {}`, "more data follows the object"},
		{`null`, "null instead of an object"},
	} {
		status, out, got := ask(t, probe(echo), c.args)
		if msg, _ := got["msg"].(string); status != 1 || !strings.Contains(msg, c.msg) {
			t.Errorf("%s: %s", c.args, out)
		}
	}
}

func TestCoercion(t *testing.T) {
	t.Setenv("HOME", "/home/me")
	t.Setenv("WHERE", "here")
	for _, c := range []struct{ args, seen string }{
		{`{}`, `{"force":false,"mode":"never","timeout":10}`},
		{`{"timeout":null}`, `{"force":false,"mode":"never","timeout":10}`},
		{`{"alias":12345678901234567890}`, `"name":"12345678901234567890"`},
		{`{"name":true}`, `"name":"True"`},
		{`{"mode":true}`, `"mode":"on"`},
		{`{"count":" 7 ","name":"n"}`, `"count":7`},
		{`{"count":9007199254740993,"name":"n"}`, `"count":9007199254740993`},
		{`{"count":3.0,"name":"n"}`, `"count":3`},
		{`{"force":1}`, `"force":true`},
		{`{"hosts":""}`, `"hosts":[]`},
		{`{"hosts":7}`, `"hosts":["7"]`},
		{`{"extra":"{\"a\": [1]}"}`, `"extra":{"a":[1]}`},
		{`{"dir":"~/x"}`, `"dir":"/home/me/x"`},
		{`{"dir":"~root"}`, `"dir":"/root"`},
		{`{"dir":"/$WHERE/$NOWHERE"}`, `"dir":"/here/$NOWHERE"`},
		{`{"any":[1,{"a":null}]}`, `"any":[1,{"a":null}]`},
		{`{"target":{"url":"u"}}`, `"target":{"url":"u"}`},
	} {
		p := probe(echo)
		task, err := p.prepare("probe", strings.NewReader(c.args))
		if err != nil {
			t.Errorf("%s: %v", c.args, err)
			continue
		}
		if seen, _ := json.Marshal(task.call.args); !strings.Contains(string(seen), c.seen) {
			t.Errorf("%s: %s", c.args, seen)
		}
	}
}

func TestAPathThatIsNotAbsoluteIsRefused(t *testing.T) {
	for _, path := range []string{"~no-such-user/x", `\"~/x\"`, "'~/x'", "x", "./x", "../x", "$NOWHERE/x", " /x"} {
		_, err := probe(echo).prepare("probe", strings.NewReader(`{"dir":"`+path+`"}`))
		if err == nil || !strings.Contains(err.Error(), "is not an absolute path on the host") {
			t.Errorf("%s: %v", path, err)
		}
	}
	if _, err := probe(echo).prepare("probe", strings.NewReader(`{"dir":""}`)); err != nil {
		t.Error(err)
	}
}

func TestDecodeLeavesUnsetFieldsAlone(t *testing.T) {
	task, err := probe(echo).prepare("probe", strings.NewReader(`{"hosts":["a"]}`))
	if err != nil {
		t.Fatal(err)
	}
	var o struct {
		Timeout float64  `json:"timeout"`
		Hosts   []string `json:"hosts"`
		Count   *int     `json:"count"`
	}
	if err := task.call.Decode(&o); err != nil || o.Timeout != 10 || len(o.Hosts) != 1 || o.Count != nil {
		t.Errorf("%+v %v", o, err)
	}
	var wrong struct {
		Hosts int `json:"hosts"`
	}
	if err := task.call.Decode(&wrong); err == nil || !strings.Contains(err.Error(), "probe") {
		t.Error(err)
	}
}

func TestBrokenDescriptionsAreRefused(t *testing.T) {
	for _, c := range []struct{ yaml, msg string }{
		{"DOCUMENTATION: {options: {a: {type: string}}}", `unknown type "string"`},
		{"DOCUMENTATION: {options: {a: {type: str, elements: str}}}", "elements"},
		{"DOCUMENTATION: {options: {a: {type: int, default: x}}}", "default of a"},
		{"DOCUMENTATION: {extends: [gone]}", "extends gone"},
		{"DOCUMENTATION: {x_constraints: {required_if: [[a, b]]}}", "required_if must be"},
		{"EXAMPLES: x", "no DOCUMENTATION"},
		{"\t", "option description"},
	} {
		_, err := parseSpec([]byte(c.yaml), os.DirFS(t.TempDir()))
		if err == nil || !strings.Contains(err.Error(), c.msg) {
			t.Errorf("%s: %v", c.yaml, err)
		}
	}
}

func TestModuleOptionsWinOverFragments(t *testing.T) {
	p := probe(echo)
	s, err := parseSpec([]byte(specYAML), p.Fragments)
	if err != nil {
		t.Fatal(err)
	}
	if s.Options["name"].Type != "str" || !s.Options["password"].NoLog {
		t.Errorf("%+v", s.Options)
	}
}

// FuzzArguments checks that the answer to any input is one line of JSON without the secret, and that accepted input
// fits the module's code.
func FuzzArguments(f *testing.F) {
	for _, seed := range []string{`{}`, `{"password":"hunter2","name":"hunter2"}`,
		`{"target":[{"url":1,"token":{"a":"x"}}]}`, `{"hosts":[[]]}`,
		`{"count":1e400}`, `{"extra":"a=b"}`, `{"dir":"~/"}`, `{"timeout":"0x1p-2"}`, `{"levels":"1,2"}`, `[`,
		`{"mode":true}`} {
		f.Add(seed)
	}
	p := probe(func(_ context.Context, call *Call) (*Result, error) {
		var o struct {
			Name, Mode, Dir string
			Count           int64
			Timeout         float64
			Force           bool
			Hosts           []string
			Levels          []int
			Extra           map[string]any
			Target          *struct{ URL, Token string }
		}
		if err := call.Decode(&o); err != nil {
			panic(err)
		}
		return &Result{Values: map[string]any{"seen": o}}, nil
	})
	f.Fuzz(func(t *testing.T, args string) {
		_, out, got := ask(t, p, args)
		if strings.Contains(out, "internal error") && !strings.Contains(args, "internal error") {
			t.Fatal(out)
		}
		if msg, _ := got["msg"].(string); len(msg) > 8000 || strings.ContainsFunc(msg, unicode.IsControl) {
			t.Fatalf("a message of %d bytes: %.300q", len(msg), msg)
		}
		if given, err := value.Object(strings.NewReader(args)); err == nil && got["failed"] == nil {
			if secret, ok := given["password"].(string); ok && len(secret) > 12 && strings.TrimSpace(secret) != "" &&
				strings.Contains(out, secret) {
				t.Fatalf("secret %q in %s", secret, out)
			}
		}
	})
}

// FuzzCoercion checks that coercing twice changes nothing, so a value may pass through a variable.
func FuzzCoercion(f *testing.F) {
	for _, seed := range []string{`"3"`, `3.0`, `true`, `"yes"`, `[1,"a"]`, `"a=b"`, `{"a":1}`, `"1e3"`, `null`, `""`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		given, err := value.Object(strings.NewReader(`{"v":` + text + `}`))
		if err != nil {
			return
		}
		for _, kind := range optionTypes {
			once, err := value.Convert(kind, given["v"], nil)
			if err != nil || kind == "path" {
				continue
			}
			twice, err := value.Convert(kind, value.FromYAML(once), nil)
			if err != nil || value.Show(once) != value.Show(twice) {
				t.Errorf("%s %s: %s, then %s (%v)", kind, text, value.Show(once), value.Show(twice), err)
			}
		}
	})
}
