// SPDX-License-Identifier: GPL-3.0-or-later

package doctor

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

// lie makes the document of controller-1 what it likes.
func lie(t *testing.T, l *lab, document string, value any) {
	t.Helper()
	raw, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	var any any
	if err := json.Unmarshal(raw, &any); err != nil {
		t.Fatal(err)
	}
	l.entries[1][document] = any
}

func TestTextOfAHostStaysInItsCellAndIsBounded(t *testing.T) {
	l := healthy(t)
	f := Facts{SELinux: "\x1b[2J", Kernel: strings.Repeat("k", 1<<20), Mount: Mount{Type: "x\ny"}}
	for _, c := range checks {
		if c.onHost() {
			bad := "\x1b[2J\u202eno\nok      destination   controller-2  all is well" + strings.Repeat("!", 1<<16)
			result := Result{Check: c.Name, Problem: bad}
			for range 10000 {
				result.Warnings = append(result.Warnings, "\r\nFAIL")
			}
			f.Results = append(f.Results, result)
		}
	}
	lie(t, l, "doctor", f)
	r := l.judge(t)
	strange := func(r rune) bool { return r != '\n' && (r < ' ' || r > '~') }
	if len(r.Text) > 200<<10 || strings.ContainsFunc(r.Text, strange) {
		t.Errorf("%d bytes: %.500q", len(r.Text), r.Text)
	}
	for line := range strings.Lines(r.Text) {
		if strings.HasPrefix(line, "ok      destination   controller-2") {
			t.Errorf("a forged row: %q", line)
		}
	}
	if raw, err := json.Marshal(r); err != nil || len(raw) > 1<<20 {
		t.Errorf("%d bytes, %v", len(raw), err)
	}
}

// rowsOf are the rows of one host.
func rowsOf(r Report, host string) string {
	text := ""
	for _, row := range r.Rows {
		if row.Host == host && !row.Whole {
			text += fmt.Sprintf("%s %s %q\n", row.Check, row.Status, row.Seen)
		}
	}
	return text
}

// Whatever one host says about itself, what is wrong with another one is still said.
func TestNoHostMakesAnotherOneGood(t *testing.T) {
	broken := func() *lab {
		l := healthy(t)
		for _, line := range []string{
			"set controller-2 galera wsrep.desync=true", "look controller-2 tool problem=none that fits",
			"look controller-2 destination unread=it hangs",
		} {
			if err := l.do(t, line); err != nil {
				t.Fatal(err)
			}
		}
		return l
	}
	want := rowsOf(broken().judge(t), "controller-2")
	for name, change := range map[string]func(*lab){
		"no document": func(l *lab) { delete(l.entries[1], "doctor") },
		"a list":      func(l *lab) { lie(t, l, "doctor", []string{"x"}) },
		"the name of other": func(l *lab) {
			lie(t, l, "doctor", Facts{Results: []Result{{Check: "tool", Seen: "controller-2"}}})
		},
		"a clock of 1970": func(l *lab) {
			for _, document := range []string{"galera", "pacemaker", "haproxy", "doctor"} {
				l.entries[1][document].(map[string]any)["clock_skew"] = -1e300
			}
		},
		"a lock that never ends": func(l *lab) {
			l.entries[1]["pacemaker"].(map[string]any)["locks"] = []any{map[string]any{
				"cluster": "", "holder": "controller-2", "job": "x", "since": -1e300, "expires": 1e300}}
		},
	} {
		l := broken()
		change(l)
		r := l.judge(t)
		got := rowsOf(r, "controller-2")
		for line := range strings.Lines(want) {
			if !strings.Contains(line, " ok ") && !strings.Contains(got, line) {
				t.Errorf("%s: %q is not among\n%s", name, line, got)
			}
		}
		if r.Healthy || r.Status != Fail {
			t.Errorf("%s: %s, %t", name, r.Status, r.Healthy)
		}
	}
}

func TestNothingToJudgeIsNotHealthy(t *testing.T) {
	for name, in := range map[string]Input{"nothing": {}} {
		if r := Judge(in); r.Healthy || r.Text == "" {
			t.Errorf("%s: %+v", name, r)
		}
	}
	if r := sum(nil, false); r.Healthy || r.Status != Unknown {
		t.Errorf("%+v", r)
	}
}

func TestAnEntryThatIsNoneIsRefused(t *testing.T) {
	if _, err := Decode([]byte(`[]`)); err == nil {
		t.Error("a list")
	}
	for _, text := range []string{`{"name": "a"}`, `{"name": "a", "doctor": null}`} {
		if d, err := Decode([]byte(text)); err != nil || d.Facts != nil || d.Refused != "" || d.Host != "a" {
			t.Errorf("%s: %+v, %v", text, d, err)
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte(`{"name": "a", "doctor": {"looks": [{"check": "tool", "seen": "x", "warnings": ["y"]}]}}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		d, err := Decode(raw)
		if err != nil || d.Facts == nil {
			return
		}
		for _, c := range checks {
			if r := c.judge(d.Host, d.Facts); c.onHost() && r.Status == OK && d.Facts.result(c.Name).Seen == "" {
				t.Errorf("%+v", r)
			}
		}
	})
}
