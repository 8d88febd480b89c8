// SPDX-License-Identifier: GPL-3.0-or-later

// Package value reads, converts and shows the values of arguments, as JSON and AnsibleModule have them. Numbers keep
// every digit.
package value

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Object reads exactly one JSON object; numbers keep every digit.
func Object(r io.Reader) (map[string]any, error) {
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

// FromYAML converts a value of NAME.yml to the form that it would have as an argument.
func FromYAML(v any) any {
	b, err := json.Marshal(v)
	if err != nil {
		return v
	}
	return Decode(b)
}

// Decode reads what json.Marshal wrote; numbers keep every digit.
func Decode(b []byte) (out any) {
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	_ = d.Decode(&out) // valid JSON
	return out
}

// Printable reports whether a text is one line that a terminal shows completely.
func Printable(text string) bool {
	return utf8.ValidString(text) && !strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) })
}

// MaxQuoted is the size of the largest value, in bytes of JSON, that a message quotes.
const MaxQuoted = 200

// Show quotes a value for a message: all of it, or nothing. A part of a secret would not be removed from the message.
func Show(v any) string {
	b, err := Encode(v)
	if err != nil {
		return fmt.Sprintf("%T", v)
	}
	if len(b) > MaxQuoted {
		return fmt.Sprintf("(%d bytes)", len(b))
	}
	if s, is := v.(string); is && !Printable(string(b)) {
		return strconv.QuoteToASCII(s) // JSON leaves some characters that a terminal obeys
	}
	if !Printable(string(b)) {
		return fmt.Sprintf("(%d bytes)", len(b))
	}
	return string(b)
}

// Encode is json.Marshal without the HTML escapes, which only make results harder to read.
func Encode(v any) ([]byte, error) {
	var buf bytes.Buffer
	e := json.NewEncoder(&buf)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(buf.Bytes(), []byte("\n")), nil
}
