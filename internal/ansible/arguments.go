// SPDX-License-Identifier: GPL-3.0-or-later

package ansible

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"overcloud.backup/internal/ansible/value"
)

// checkArgs returns the options in the form in which the module gets them, and every problem found, in a stable order.
// prefix precedes each name in messages.
func checkArgs(
	prefix string, options map[string]option, c constraints, given map[string]any,
) (map[string]any, []string) {
	named, problems := byName(prefix, options, given)
	problems = append(problems, c.exclusive(prefix, named)...)
	out := map[string]any{}
	for _, name := range slices.Sorted(maps.Keys(options)) {
		o := options[name]
		v, ok := named[name]
		switch {
		case ok:
			coerced, p := o.coerce(prefix+name, v)
			if len(p) > 0 {
				coerced = v // wrong, but present: that is enough for the constraints
			}
			out[name], problems = coerced, append(problems, p...)
		case o.Default != nil:
			out[name], _ = o.coerce(prefix+name, value.FromYAML(o.Default))
		case o.Required:
			problems = append(problems, prefix+name+": is required")
		}
	}
	return out, append(problems, c.required(prefix, out)...)
}

// byName resolves aliases, drops null values and refuses unknown names.
func byName(prefix string, options map[string]option, given map[string]any) (map[string]any, []string) {
	names := map[string]string{}
	for name, o := range options {
		names[name] = name
		for _, a := range o.Aliases {
			names[a] = name
		}
	}
	out, problems := map[string]any{}, []string(nil)
	for _, key := range slices.Sorted(maps.Keys(given)) {
		name, known := names[key]
		_, twice := out[name]
		switch {
		case !known:
			problems = append(problems, unknown(prefix, key, slices.Sorted(maps.Keys(options)), names))
		case given[key] == nil:
		case twice:
			problems = append(problems, fmt.Sprintf("%s%s: set twice; %s is the same option", prefix, name, key))
		default:
			out[name] = given[key]
		}
	}
	return out, problems
}

func unknown(prefix, key string, valid []string, names map[string]string) string {
	msg := prefix + shownName(key) + ": no such option"
	if n := nearest(key, slices.Sorted(maps.Keys(names))); n != "" {
		msg += ", did you mean " + n + "?"
	}
	if len(valid) == 0 {
		return msg + " (none is valid)"
	}
	return msg + " (valid: " + strings.Join(valid, ", ") + ")"
}

// shownName returns a caller's name for a message: unchanged, quoted if a terminal would obey it, or only its length.
func shownName(key string) string {
	switch {
	case len(key) > value.MaxQuoted:
		return fmt.Sprintf("(a name of %d bytes)", len(key))
	case !value.Printable(key):
		return strconv.QuoteToASCII(key)
	}
	return key
}

// list joins the first problems; the caller controls how many there are.
func list(problems []string) string {
	const most = 20
	if more := len(problems) - most; more > 0 {
		problems = append(problems[:most:most], fmt.Sprintf("and %d more", more))
	}
	return strings.Join(problems, "; ")
}

// longest is the length of the longest name that is compared with valid ones. The time to compare grows with the
// length.
const longest = 64

// nearest returns the valid name that key was probably meant to be, or "".
func nearest(key string, valid []string) string {
	if len(key) > longest {
		return ""
	}
	best, found := max(2, len(key)/3)+1, ""
	for _, v := range valid {
		if d := distance(strings.ToLower(key), v); d < best && d < len(v) {
			best, found = d, v
		}
	}
	return found
}

// distance is the Levenshtein distance.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
