// SPDX-License-Identifier: GPL-3.0-or-later

package value

import (
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

// Convert converts a value to a type of AnsibleModule. Its errors continue a sentence that begins with the value: "is
// not a string".
func Convert(kind string, v any, allowed []any) (any, error) {
	switch kind {
	case "int":
		return Int(v)
	case "float":
		return Float(v)
	case "bool":
		return Bool(v)
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
	if s = ExpandPath(s); !filepath.IsAbs(s) {
		return "", errors.New("is not an absolute path on the host")
	}
	return s, nil
}

// toString spells true and false as Python does, like AnsibleModule, unless a choice means them: an unquoted yes
// in YAML arrives here as a boolean.
func toString(v any, allowed []any) (string, error) {
	switch v := v.(type) {
	case string:
		return v, nil
	case json.Number:
		return v.String(), nil
	case bool:
		for _, c := range allowed {
			if b, err := Bool(fmt.Sprint(c)); err == nil && b == v {
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

// Int reads a whole number, also as text or with a fraction of zero.
func Int(v any) (int64, error) {
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

// Float reads a finite number, also as text.
func Float(v any) (float64, error) {
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

// Bool reads a boolean in any spelling of YAML 1.1.
func Bool(v any) (bool, error) {
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
		if out, err := Object(strings.NewReader(v)); err == nil {
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

// ExpandPath replaces $VARIABLE and a leading ~ or ~user. Unknown names stay unchanged.
func ExpandPath(p string) string {
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
