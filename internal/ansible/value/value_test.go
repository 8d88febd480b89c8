// SPDX-License-Identifier: GPL-3.0-or-later

package value

import (
	"strings"
	"testing"
)

// The same values as AnsibleModule accepts, in the same types. The reason for a refusal continues "the value ...".
func TestConvert(t *testing.T) {
	for kind, rows := range map[string]map[string]string{
		"int": {`3`: `3`, `"3"`: `3`, `" 3 "`: `3`, `3.0`: `3`, `"1e3"`: `1000`,
			`9223372036854775807`: `9223372036854775807`,
			`3.5`:                 "is not a whole number", `1e300`: "is not a whole number",
			`true`: "is not a whole number",
			`""`:   "is not a whole number", `9007199254740993.0`: "is not a whole number"},
		"float": {`1`: `1`, `"1.5"`: `1.5`, `"nan"`: "is not a number", `"inf"`: "is not a number",
			`[]`: "is not a number"},
		"bool": {`true`: `true`, `"YES"`: `true`, `1`: `true`, `"off"`: `false`, `0.0`: `false`,
			`"2"`:  "is not a boolean",
			`null`: "is not a boolean"},
		"str": {`"x"`: `"x"`, `1.50`: `"1.50"`, `true`: `"on"`, `false`: `"False"`, `[]`: "is not a string",
			`null`: "is not a string"},
		"list": {`[1]`: `[1]`, `"a, b,,"`: `["a","b"]`, `""`: `[]`, `7`: `[7]`, `{}`: "is not a list"},
		"dict": {`{"a":1}`: `{"a":1}`, `"{\"a\":1}"`: `{"a":1}`, `"a=1, b=c=d"`: `{"a":"1","b":"c=d"}`,
			`"a"`: "is not a dictionary, neither JSON nor key=value", `"=1"`: "is not a dictionary",
			`[]`: "is not a dict"},
		"path": {`"/a"`: `"/a"`, `"$NAME/b"`: `"/there/b"`, `"~/c"`: `"/home/x/c"`, `""`: `""`,
			`"a"`:           "is not an absolute path",
			`"$UNSET_NAME"`: "is not an absolute path", `"~nobody_of_this_name/x"`: "is not an absolute path"},
		"raw": {`[1,{"a":null}]`: `[1,{"a":null}]`},
	} {
		t.Setenv("NAME", "/there")
		t.Setenv("HOME", "/home/x")
		for given, want := range rows {
			out, err := Convert(kind, Decode([]byte(given)), []any{"on", "never"})
			got := Show(out)
			if err != nil {
				got = err.Error()
			}
			if isError := strings.HasPrefix(want, "is not"); isError != (err != nil) || !strings.HasPrefix(got, want) {
				t.Errorf("%s %s: %s, want %s", kind, given, got, want)
			}
		}
	}
}

func TestOneObjectIsRead(t *testing.T) {
	for text, want := range map[string]string{
		`{"a":12345678901234567890}`: "", ` {} `: "", `null`: "null instead of an object", `[]`: "cannot unmarshal",
		`{}{}`: "more data follows the object", `{} x`: "more data follows the object", ``: "EOF",
		`{"a"`: "unexpected EOF",
	} {
		out, err := Object(strings.NewReader(text))
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", text, err)
		}
		if n := Show(out["a"]); strings.HasPrefix(text, `{"a":`) && n != "12345678901234567890" {
			t.Errorf("a digit is lost: %s", n)
		}
	}
}

// A message quotes a value as a whole or not at all, and never what a terminal obeys.
func TestAValueIsShownWholeOrNotAtAll(t *testing.T) {
	for _, c := range []struct {
		value any
		want  string
	}{
		{"<a&b>", `"<a&b>"`}, {strings.Repeat("x", MaxQuoted), "(202 bytes)"},
		{strings.Repeat("x", MaxQuoted-2), "\"xxx"},
		{"a\u200bb", `"a\u200bb"`}, {[]any{"a\u200bb"}, "(9 bytes)"}, {func() {}, "func()"}, {nil, "null"},
	} {
		if got := Show(c.value); !strings.HasPrefix(got, c.want) {
			t.Errorf("%v: %s, want %s", c.want, got, c.want)
		}
	}
}
