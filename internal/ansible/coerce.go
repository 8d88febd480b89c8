// SPDX-License-Identifier: GPL-3.0-or-later

package ansible

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
)

// coerce turns a JSON value into the option's type as AnsibleModule would, and checks its choices and suboptions.
// name is the option's name in messages. Values come from a decoder with UseNumber.
func (o option) coerce(name string, v any) (any, []string) {
	out, err := convert(o.Type, v, o.Choices)
	if err != nil {
		return nil, []string{o.problem(name, v, err)}
	}
	if items, ok := out.([]any); ok && o.Type == "list" {
		return o.coerceItems(name, items)
	}
	if m, ok := out.(map[string]any); ok && o.Suboptions != nil {
		return checkArgs(name+".", o.Suboptions, constraints{}, m)
	}
	if err := o.Choices.check(out); err != nil {
		return nil, []string{o.problem(name, out, err)}
	}
	return out, nil
}

// problem describes what is wrong with the value, without the value of a secret option.
func (o option) problem(name string, v any, err error) string {
	shown := "(hidden)"
	if !o.NoLog {
		shown = show(v)
	}
	return fmt.Sprintf("%s: %s %s", name, shown, err)
}

func (o option) coerceItems(name string, items []any) (any, []string) {
	if o.Elements == "" {
		return items, nil
	}
	element := option{Type: o.Elements, Choices: o.Choices, Suboptions: o.Suboptions, NoLog: o.NoLog}
	out := make([]any, 0, len(items))
	var problems []string
	for i, item := range items {
		v, p := element.coerce(fmt.Sprintf("%s[%d]", name, i), item)
		out, problems = append(out, v), append(problems, p...)
	}
	return out, problems
}

func (c choices) check(v any) error {
	if len(c) == 0 {
		return nil
	}
	names := make([]string, len(c))
	for i, choice := range c {
		names[i] = fmt.Sprint(choice)
		if names[i] == fmt.Sprint(v) {
			return nil
		}
	}
	return errors.New("is not one of: " + strings.Join(names, ", "))
}

// convert returns errors that continue a sentence that begins with the value: "is not a string".
func convert(kind string, v any, allowed choices) (any, error) {
	switch kind {
	case "int":
		return toInt(v)
	case "float":
		return toFloat(v)
	case "bool":
		return toBool(v)
	case "list":
		return toList(v)
	case "dict":
		return toDict(v)
	case "path":
		return toPath(v)
	case "raw":
		return v, nil
	}
	return toString(v, allowed)
}

// toPath expands a path as a shell does. A path that is still relative then, such as a quoted "~/x", is refused: it
// would name a folder below the program's working directory.
func toPath(v any) (string, error) {
	s, err := toString(v, nil)
	if err != nil || s == "" {
		return s, err
	}
	if s = expandPath(s); !filepath.IsAbs(s) {
		return "", errors.New("is not an absolute path on the host")
	}
	return s, nil
}

// toString spells true and false as Python does, like AnsibleModule, unless a choice means them: an unquoted yes
// in YAML arrives here as a boolean.
func toString(v any, allowed choices) (string, error) {
	switch v := v.(type) {
	case string:
		return v, nil
	case json.Number:
		return v.String(), nil
	case bool:
		for _, c := range allowed {
			if b, err := toBool(fmt.Sprint(c)); err == nil && b == v {
				return fmt.Sprint(c), nil
			}
		}
		if v {
			return "True", nil
		}
		return "False", nil
	}
	return "", errors.New("is not a string")
}

func toInt(v any) (int64, error) {
	var text string
	switch v := v.(type) {
	case string:
		text = strings.TrimSpace(v)
	case json.Number:
		text = v.String()
	}
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		return n, nil
	}
	// 3.0 and 1e3 are whole numbers as well; above 2^53 a float no longer identifies one.
	if f, err := strconv.ParseFloat(text, 64); err == nil && f == math.Trunc(f) && math.Abs(f) < 1<<53 {
		return int64(f), nil
	}
	return 0, errors.New("is not a whole number")
}

func toFloat(v any) (float64, error) {
	var text string
	switch v := v.(type) {
	case string:
		text = strings.TrimSpace(v)
	case json.Number:
		text = v.String()
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsNaN(f) || math.IsInf(f, 0) {
		return 0, errors.New("is not a number")
	}
	return f, nil
}

func toBool(v any) (bool, error) {
	text := ""
	switch v := v.(type) {
	case bool:
		return v, nil
	case string:
		text = strings.ToLower(strings.TrimSpace(v))
	case json.Number:
		text = v.String()
	}
	switch text {
	case "yes", "on", "true", "t", "y", "1", "1.0":
		return true, nil
	case "no", "off", "false", "f", "n", "0", "0.0":
		return false, nil
	}
	return false, errors.New("is not a boolean; use yes or no")
}

func toList(v any) ([]any, error) {
	switch v := v.(type) {
	case []any:
		return v, nil
	case string:
		items := []any{}
		for item := range strings.SplitSeq(v, ",") {
			if item = strings.TrimSpace(item); item != "" {
				items = append(items, item)
			}
		}
		return items, nil
	case json.Number, bool:
		return []any{v}, nil
	}
	return nil, errors.New("is not a list")
}

func toDict(v any) (map[string]any, error) {
	switch v := v.(type) {
	case map[string]any:
		return v, nil
	case string:
		if out, err := decodeObject(strings.NewReader(v)); err == nil {
			return out, nil
		}
		return pairs(v)
	}
	return nil, errors.New("is not a dictionary")
}

// pairs reads "key=value, key=value".
func pairs(s string) (map[string]any, error) {
	out := map[string]any{}
	for _, field := range strings.FieldsFunc(s, func(r rune) bool { return r == ',' || r == ' ' }) {
		k, v, ok := strings.Cut(field, "=")
		if !ok || k == "" {
			return nil, errors.New("is not a dictionary, neither JSON nor key=value")
		}
		out[k] = v
	}
	return out, nil
}

// expandPath replaces $VARIABLE and a leading ~ or ~user. Unknown names stay unchanged.
func expandPath(p string) string {
	p = os.Expand(p, func(name string) string {
		if v, ok := os.LookupEnv(name); ok {
			return v
		}
		return "$" + name
	})
	if !strings.HasPrefix(p, "~") {
		return p
	}
	name, rest, _ := strings.Cut(p[1:], "/")
	if name == "" {
		if home, err := os.UserHomeDir(); err == nil {
			return filepath.Join(home, rest)
		}
	} else if u, err := user.Lookup(name); err == nil {
		return filepath.Join(u.HomeDir, rest)
	}
	return p
}

// maxQuoted is the size of the largest value, in bytes of JSON, that a message quotes.
const maxQuoted = 200

// show quotes a value for a message: all of it, or nothing. A part of a secret would not be removed from the message.
func show(v any) string {
	b, err := encode(v)
	if err != nil {
		return fmt.Sprintf("%T", v)
	}
	if len(b) > maxQuoted {
		return fmt.Sprintf("(%d bytes)", len(b))
	}
	if s, is := v.(string); is && !printable(string(b)) {
		return strconv.QuoteToASCII(s) // JSON leaves some characters that a terminal obeys
	}
	if !printable(string(b)) {
		return fmt.Sprintf("(%d bytes)", len(b))
	}
	return string(b)
}

// encode is json.Marshal without the HTML escapes, which only make results harder to read.
func encode(v any) ([]byte, error) {
	var buf bytes.Buffer
	e := json.NewEncoder(&buf)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(buf.Bytes(), []byte("\n")), nil
}
