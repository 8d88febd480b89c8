// SPDX-License-Identifier: GPL-3.0-or-later

package ansible

import (
	"encoding/json"
	"net/url"
	"slices"
	"strings"

	"overcloud.backup/internal/secret"
)

// hiddenValue is Ansible's own text for a value that is entirely a secret.
const hiddenValue = "VALUE_SPECIFIED_IN_NO_LOG_PARAMETER"

// findSecrets collects the values of options with no_log as they were written, regardless of their type.
func findSecrets(options map[string]option, given map[string]any) (found []string) {
	for name, o := range options {
		for _, key := range append([]string{name}, o.Aliases...) {
			v := given[key]
			if o.NoLog {
				found = append(found, leaves(v, secret.Spellings)...)
			}
			for _, sub := range objects(v) {
				found = append(found, findSecrets(o.Suboptions, sub)...)
			}
		}
	}
	return found
}

// leaves returns the texts and numbers in a value, each in the spellings that forms returns.
func leaves(v any, forms func(string) []string) (found []string) {
	switch v := v.(type) {
	case string:
		return forms(v)
	case json.Number:
		return forms(v.String())
	case []any:
		for _, item := range v {
			found = append(found, leaves(item, forms)...)
		}
	case map[string]any:
		for _, item := range v {
			found = append(found, leaves(item, forms)...)
		}
	}
	return found
}

// urlPassword returns the password in a URL, in every spelling. The URL need not be valid, nor the option one for
// URLs: "invocation" repeats both.
func urlPassword(text string) []string {
	_, rest, _ := strings.Cut(text, "://")
	at := max(strings.LastIndex(rest, "@"), 0)
	_, password, _ := strings.Cut(rest[:at], ":")
	forms := secret.Spellings(password)
	if plain, err := url.PathUnescape(password); err == nil {
		forms = append(forms, secret.Spellings(plain)...)
	}
	return forms
}

func objects(v any) (found []map[string]any) {
	switch v := v.(type) {
	case map[string]any:
		return []map[string]any{v}
	case []any:
		for _, item := range v {
			found = append(found, objects(item)...)
		}
	}
	return found
}

// scrubber replaces secrets in results.
type scrubber struct {
	secrets  []string
	replacer *strings.Replacer
	public   map[string]bool
}

// newScrubber returns a scrubber. public lists the names that a result's documentation contains anyway: they stay even
// if a password is "galera", or facts would lose their keys.
func newScrubber(secrets []string, public map[string]bool) *scrubber {
	return &scrubber{secrets: secrets, replacer: secret.Replacer(secrets), public: public}
}

func (s *scrubber) text(t string) string {
	if slices.Contains(s.secrets, t) {
		return hiddenValue
	}
	return s.replacer.Replace(t)
}

// value scrubs texts and undocumented keys. Numbers stay: no option with a number is a secret.
func (s *scrubber) value(v any) any {
	switch v := v.(type) {
	case string:
		return s.text(v)
	case []any:
		for i := range v {
			v[i] = s.value(v[i])
		}
	case map[string]any:
		out := make(map[string]any, len(v))
		for k, item := range v {
			if !s.public[k] {
				k = s.replacer.Replace(k)
			}
			out[k] = s.value(item)
		}
		return out
	}
	return v
}
