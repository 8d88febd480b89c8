// SPDX-License-Identifier: GPL-3.0-or-later

package ansible

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"
)

// decodeObject reads exactly one JSON object; numbers keep every digit.
func decodeObject(r io.Reader) (map[string]any, error) {
	d := json.NewDecoder(r)
	d.UseNumber()
	var out map[string]any
	if err := d.Decode(&out); err != nil {
		return nil, err
	}
	if out == nil {
		return nil, errors.New("null instead of an object")
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, errors.New("more data follows the object")
	}
	return out, nil
}

// fromYAML converts a value of NAME.yml to the form that it would have as an argument.
func fromYAML(v any) any {
	b, err := json.Marshal(v)
	if err != nil {
		return v
	}
	return decodeAny(b)
}

// decodeAny reads what json.Marshal wrote; numbers keep every digit.
func decodeAny(b []byte) (out any) {
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	_ = d.Decode(&out) // valid JSON
	return out
}

// printable reports whether a text is one line that a terminal shows completely.
func printable(text string) bool {
	return utf8.ValidString(text) && !strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) })
}
