// SPDX-License-Identifier: GPL-3.0-or-later

package plan

import (
	"encoding/json"
	"strings"
	"testing"
)

// names lists all fields of an answer whose text becomes part of messages or arguments, each with a good value.
const names = `{"host":"@","view":{"new_job":"@","problems":["p"],
	"node":{"name":"@","datadir":"@","port":"@","members":["m","@"]},
	"book":{"job":"@","set":"@","began":"@","ended":"@","aside":["a","@"]},
	"set":{"name":"@","path":"@","verified":"@"}}}`

// A name with a line break or an escape could forge lines of a plan, or of a terminal.
func TestEveryNameOfAnAnswerIsALine(t *testing.T) {
	places := strings.Count(names, "@")
	if v, err := DecodeView([]byte(strings.ReplaceAll(names, "@", "ok"))); err != nil || v.Book.Aside[1] != "ok" {
		t.Fatalf("%+v %v", v, err)
	}
	if places != 14 {
		t.Errorf("%d places", places)
	}
	for bad, text := range map[string]string{
		"a line break": "a\nb", "a return": "a\rb", "an escape": "\x1b[2J", "a NUL": "a\x00", "a tab": "a\tb",
		"more than a path": strings.Repeat("x", maxName+1),
	} {
		quoted, _ := json.Marshal(text)
		for i := range places {
			raw := names
			for range i {
				raw = strings.Replace(raw, "@", "ok", 1)
			}
			raw = strings.ReplaceAll(strings.Replace(raw, "@", strings.Trim(string(quoted), `"`), 1), "@", "ok")
			if v, err := DecodeView([]byte(raw)); err == nil || len(err.Error()) > 1000 {
				t.Errorf("%s in place %d: %+v, %v", bad, i, v, err)
			}
		}
	}
}

func TestALongPathIsAName(t *testing.T) {
	path := "/" + strings.Repeat("x", maxName-1)
	raw := strings.ReplaceAll(strings.Replace(names, `"datadir":"@"`, `"datadir":"`+path+`"`, 1), "@", "ok")
	if v, err := DecodeView([]byte(raw)); err != nil || v.Node.Datadir != path {
		t.Errorf("%v", err)
	}
}

// A problem is a text of the controller: it may be long, or have several lines, and becomes one line of bounded length.
func TestAProblemBecomesOneShortLine(t *testing.T) {
	for given, want := range map[string]string{
		"one\ntwo": "one; two", "": "", strings.Repeat("x", maxProblem): strings.Repeat("x", maxProblem),
	} {
		quoted, _ := json.Marshal(given)
		raw := `{"host":"c0","view":{"node":{},"book":{},"problems":[` + string(quoted) + `]}}`
		if v, err := DecodeView([]byte(raw)); err != nil || v.Problems[0] != want {
			t.Errorf("%.50q: %.50q %v", given, v.Problems, err)
		}
	}
	quoted, _ := json.Marshal(strings.Repeat("y", 10*maxProblem) + "\x1b[2J")
	v, err := DecodeView([]byte(`{"host":"c0","view":{"node":{},"book":{},"problems":[` + string(quoted) + `]}}`))
	if err != nil || len(v.Problems[0]) > maxProblem+100 || strings.Contains(v.Problems[0], "\x1b") {
		t.Errorf("%d bytes, %v", len(v.Problems[0]), err)
	}
}

// A controller's claims about others, or about its name in the inventory, are ignored.
func TestTheNameInTheInventoryIsNotTheControllers(t *testing.T) {
	v, err := DecodeView([]byte(`{"host":"c0",
		"view":{"Host":"c1","host":"c2","node":{"name":"n"},"book":{"job":"J"}}}`))
	if err != nil || v.Host != "c0" {
		t.Errorf("%+v %v", v, err)
	}
}

func TestASetIsSeenByItsPathAlone(t *testing.T) {
	v := View{Set: &Set{Name: "S", Path: theSet}}
	for path, want := range map[string]bool{theSet: true, "": false, "S": false, theSet + "/": false} {
		if v.sees(path) != want {
			t.Errorf("%q: %v", path, !want)
		}
	}
	if (View{Set: &Set{}}).sees("") || (View{}).sees(theSet) {
		t.Error("a set without a path, or none, is seen")
	}
}
