// SPDX-License-Identifier: GPL-3.0-or-later

package cfg

import (
	"slices"
	"strings"
)

// settingKeywords are those read of settings.
var settingKeywords = []string{"mode", "balance", "option", "persist", "force-persist", "disabled", "enabled",
	"transparent"}

func (s settings) copy() settings {
	s.Unmodelled, s.Unread = slices.Clone(s.Unmodelled), slices.Clone(s.Unread)
	return s
}

// keyword reads one line; no says that it began with "no" (or "default", which is off for all of these).
func (s *settings) keyword(words []string, no bool) {
	argument := ""
	if len(words) > 1 {
		argument = words[1]
	}
	switch words[0] {
	case "mode":
		s.Mode = argument
	case "balance":
		s.Balance = argument
	case "disabled":
		s.Disabled = !no
	case "enabled":
		s.Disabled = false
	case "force-persist": // under a condition: other clients are not pinned to a server that is down
		s.Persist, s.Loose = true, true
	case "persist": // "persist rdp-cookie"
		s.addUnmodelled(strings.Join(words, " "), no)
	case "transparent":
		s.addUnmodelled("option transparent", no)
	case "default_backend":
		s.DefaultBackend = argument
	case "option":
		s.option(argument, no)
	}
}

func (s *settings) option(name string, no bool) {
	switch name {
	case "allbackups":
		s.AllBackups = !no
	case "persist":
		s.Persist = !no
	case "transparent", "http_proxy":
		s.addUnmodelled("option "+name, no)
	}
}

func (s *settings) addUnmodelled(what string, no bool) {
	s.Unmodelled = slices.DeleteFunc(s.Unmodelled, func(o string) bool { return o == what })
	if !no && len(s.Unmodelled) < maxReported {
		s.Unmodelled = append(s.Unmodelled, what)
	}
}

// maxReported is how many lines and options of a section are reported: one is enough for an unknown result.
const maxReported = 20

func (s *settings) addError(e LineError) {
	same := func(o LineError) bool { return o.File == e.File && o.Line == e.Line }
	if len(s.Unread) < maxReported && !slices.ContainsFunc(s.Unread, same) {
		s.Unread = append(s.Unread, e)
	}
}

// request reads "tcp-request connection|session|content ACTION ...", of which some change where a client goes.
func (s *Section) request(args []string) {
	for _, word := range args {
		switch {
		case strings.HasPrefix(word, "set-dst"), strings.HasPrefix(word, "expect-"): // a header has another destination
			s.Loose = true
		case word == "switch-mode":
			s.addUnmodelled("tcp-request content switch-mode", false)
		}
	}
}

// stick reads "stick on|match|store-request|store-response PATTERN [table T] [if|unless CONDITION]". A store rule by
// itself pins nobody.
func (s *Section) stick(args []string) {
	if len(args) < 2 {
		return
	}
	r := stickRule{Key: args[1], Table: s.Name, Conditional: args[0] == "match" || slices.Contains(args, "if") ||
		slices.Contains(args, "unless")}
	if i := slices.Index(args, "table"); i > 0 && i+1 < len(args) {
		r.Table = args[i+1]
	}
	if args[0] != "match" {
		s.StoredTables = append(s.StoredTables, r.Table)
	}
	if args[0] != "on" && args[0] != "match" {
		return
	}
	s.Sticky = true
	if slices.Contains(args, "table") {
		s.Table = r.Table
	}
	s.StickRules = append(s.StickRules, r)
}

func (s *Section) stickTable(args []string) {
	if s.Table == "" {
		s.Table = s.Name
	}
	s.StickTable = &stickTable{Expires: slices.Contains(args, "expire")}
	if i := slices.Index(args, "peers"); i >= 0 && i+1 < len(args) {
		s.StickTable.Peers = args[i+1]
	}
}
