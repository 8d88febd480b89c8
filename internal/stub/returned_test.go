// SPDX-License-Identifier: GPL-3.0-or-later

package stub

import (
	"strings"
	"testing"
	"testing/fstest"
)

func returnedOf(values string) (string, error) {
	got, err := Returned(fstest.MapFS{"probe.yml": {Data: []byte("DOCUMENTATION:\n  module: probe\nRETURN:\n" +
		values)}})
	return strings.TrimPrefix(string(got), returnedHead), err
}

func TestTheTableHasEveryShape(t *testing.T) {
	got, err := returnedOf(`
  sets:
    type: list
    elements: dict
    contains: &entry
      path: {type: str}
      "on": {type: bool}
  newest: {type: dict, contains: *entry}
  names: {type: list, elements: str}
  free: {type: dict}
  all: {type: list}
`)
	want := `    'probe': {
        'sets': [{
            'path': 'str',
            'on': 'bool',
        }],
        'newest': {
            'path': 'str',
            'on': 'bool',
        },
        'names': ['str'],
        'free': 'dict',
        'all': 'list',
    },
}
`
	if err != nil || got != want {
		t.Errorf("%v\n%s", err, got)
	}
}

func TestTypesThatTheControlNodeCannotCheckAreRefused(t *testing.T) {
	for values, want := range map[string]string{
		"  a: {type: complex}": `modules/probe.yml: RETURN: a: the type "complex" is not` +
			` one of`,
		"  a: {description: no type}":                       `the type "" is not one of`,
		`  "it's": {type: str}`:                             `it's: the type`,
		"  a: {type: str, contains: {b: {type: str}}}":      "a: a str contains nothing",
		"  a: {type: dict, contains: {b: {type: nothing}}}": "a: b: the type",
	} {
		if _, err := returnedOf(values); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", values, err)
		}
	}
}
