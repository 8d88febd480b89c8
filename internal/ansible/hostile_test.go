// SPDX-License-Identifier: GPL-3.0-or-later

package ansible

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
)

// Arguments of any shape end in one line of JSON, and soon.
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
		"Ansible's own":     `{"_ansible_check_mode":{"a":1},"_ansible_verbosity":"lots","_overcloud_now":[],"mode":"m"}`,
	} {
		t.Run(name, func(t *testing.T) {
			begun := time.Now()
			status, out, got := ask(t, probe(echo), args)
			if took := time.Since(begun); took > 20*time.Second {
				t.Errorf("took %s", took)
			}
			if msg, _ := got["msg"].(string); name != "deep lists" && (status != 1 || msg == "") {
				t.Errorf("status %d, %.300s", status, out)
			}
		})
	}
}

// Text with line feeds, NULs and escapes reaches the module as it is, and the result is one line all the same.
func TestHostileTextArrivesAsItIs(t *testing.T) {
	for _, text := range []string{"a\nb", "a\x00b", "{{ lookup('pipe', 'id') }}", "\x1b[2J", "\u2028\u2029", "<script>", `\u0041`, "$HOME `id`", "😀", "-rf", "../../x", "a\r\nmsg: ok"} {
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

// A secret is not shown in any spelling, whatever is in it.
func TestHostileSecretsAreNotShown(t *testing.T) {
	for _, secret := range []string{"S3cr'et\"\\ $HOME #%;`x`", "two\nlines of it", "tab\there", "pässwörd-東京😀", "nul\x00inside", "<&>'\"", `back\\slash`, "********x", "msg-like"} {
		raw, err := json.Marshal(map[string]any{"password": secret, "first": "before " + secret + " after", "any": map[string]any{"k " + secret: []string{secret}}})
		if err != nil {
			t.Fatal(err)
		}
		_, out, _ := ask(t, probe(echo), string(raw))
		inJSON, _ := json.Marshal(secret)
		for _, form := range append(secretForms(secret), string(inJSON[1:len(inJSON)-1])) {
			if strings.Contains(out, form) {
				t.Errorf("%q is shown as %q: %s", secret, form, out)
			}
		}
	}
}
