// SPDX-License-Identifier: GPL-3.0-or-later

package ansible

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"overcloud.backup/internal/secret"
	"overcloud.backup/tests/messages"
)

// Any arguments produce one line of JSON. The time is not measured: under the race detector, on a busy machine, it is
// minutes. A test below checks that long names do not take long.
func TestHostileArgumentsEndInOneLine(t *testing.T) {
	for name, args := range map[string]string{
		"nothing":           "",
		"deep":              `{"extra":` + strings.Repeat(`{"a":`, 50000) + "1" + strings.Repeat("}", 50000) + "}",
		"deep lists":        `{"any":` + strings.Repeat("[", 9000) + strings.Repeat("]", 9000) + "}",
		"a million options": "{" + strings.Repeat(`"x":1,`, 1000000) + `"y":1}`,
		"a name of 10 MB":   `{"` + strings.Repeat("x", 10<<20) + `":1}`,
		"a value of 10 MB":  `{"mode":"` + strings.Repeat("x", 10<<20) + `"}`,
		"a number of 1 MB":  `{"count":` + strings.Repeat("9", 1<<20) + `,"name":"n"}`,
		"an exponent":       `{"timeout":1e400}`,
		"half a character":  "{\"first\":\"\xff\xfe\",\"mode\":\"\\ud800\"}",
		"NULs":              "{\"mode\":\"a\x00b\"}",
		"an escaped NUL":    `{"mode":"a\u0000b"}`,
		"Ansible's own": `{"_ansible_check_mode":{"a":1},"_ansible_verbosity":"lots",` +
			`"_overcloud_now":[],"mode":"m"}`,
	} {
		t.Run(name, func(t *testing.T) {
			status, out, got := ask(t, probe(echo), args)
			if msg, _ := got["msg"].(string); name != "deep lists" && (status != 1 || msg == "") {
				t.Errorf("status %d, %.300s", status, out)
			}
		})
	}
}

// The search for a similar valid name would take a time that grows with the name's length.
func TestALongNameIsComparedWithNone(t *testing.T) {
	key, valid := strings.Repeat("x", longest+1), []string{"timeout", "count", "mode"}
	if n := testing.AllocsPerRun(10, func() { nearest(key, valid) }); n != 0 {
		t.Errorf("%v allocations: it was compared", n)
	}
	if n := testing.AllocsPerRun(10, func() { nearest(key[:longest], valid) }); n == 0 {
		t.Error("a comparison cannot be told from none")
	}
}

// Any text may replace a word: the message about it is short and shows nothing that a terminal obeys.
func TestErrorsRepeatLittle(t *testing.T) {
	refusal := func(args []byte) error {
		_, _, got := ask(t, probe(echo), string(args))
		if msg, _ := got["msg"].(string); got["failed"] == true {
			return errors.New(msg)
		}
		return nil
	}
	messages.Everywhere(t, `{"nothing": 1, "mode": "never", "count": "1", "levels": [1, "2"], "force": "yes",`+
		` "target": {"ur": "u", "url": "x"}, "hosts": ["a"], "extra": "c=d"}`, refusal)
	messages.Everywhere(t, `{"_ansible_module_name": "a.b.c"} x`, func(args []byte) error {
		_, err := probe(echo).prepare("", bytes.NewReader(args))
		return err
	})
	messages.Everywhere(t, "jid limit", func(text []byte) error {
		_, _, err := startJob("probe", string(text), string(text), "", nil)
		return err
	})
	p := probe(func(_ context.Context, call *Call) (*Result, error) {
		var o struct{ Any, Extra struct{ A int8 } }
		return nil, call.Decode(&o)
	})
	messages.Everywhere(t, `{"any": {"a": 1}, "extra": {"a": 2}}`, func(args []byte) error {
		task, err := p.prepare("probe", bytes.NewReader(args))
		if err == nil {
			_, err = p.Modules["probe"].Run(t.Context(), task.call)
		}
		return err
	})
	var many strings.Builder
	for i := range 5000 {
		fmt.Fprintf(&many, `"wrong%d":1,`, i)
	}
	err := refusal([]byte("{" + many.String() + `"levels":[` + strings.Repeat(`"x",`, 5000) + `1]}`))
	if len(err.Error()) > 5000 || !strings.Contains(err.Error(), "; and ") {
		t.Errorf("%d bytes: %.300s", len(err.Error()), err)
	}
}

// Text with line feeds, NULs and escapes reaches the module unchanged, and the result is still one line.
func TestHostileTextArrivesAsItIs(t *testing.T) {
	for _, text := range []string{"a\nb", "a\x00b", "{{ lookup('pipe', 'id') }}", "\x1b[2J", "\u2028\u2029", "<script>",
		`\u0041`, "$HOME `id`", "😀", "-rf", "../../x", "a\r\nmsg: ok"} {
		raw, err := json.Marshal(map[string]string{"first": text})
		if err != nil {
			t.Fatal(err)
		}
		_, out, got := ask(t, probe(echo), string(raw))
		seen, _ := got["seen"].(map[string]any)
		if seen["first"] != text {
			t.Errorf("%q arrived as %q: %s", text, seen["first"], out)
		}
	}
}

// A secret is not shown in any spelling, regardless of its characters.
func TestHostileSecretsAreNotShown(t *testing.T) {
	for _, password := range []string{"S3cr'et\"\\ $HOME #%;`x`", "two\nlines of it", "tab\there", "pässwörd-東京😀",
		"nul\x00inside", "<&>'\"", `back\\slash`, "********x", "msg-like"} {
		raw, err := json.Marshal(map[string]any{"password": password, "first": "before " + password + " after",
			"any": map[string]any{"k " + password: []string{password}}})
		if err != nil {
			t.Fatal(err)
		}
		_, out, _ := ask(t, probe(echo), string(raw))
		inJSON, _ := json.Marshal(password)
		for _, form := range append(secret.Spellings(password), string(inJSON[1:len(inJSON)-1])) {
			if strings.Contains(out, form) {
				t.Errorf("%q is shown as %q: %s", password, form, out)
			}
		}
	}
}
