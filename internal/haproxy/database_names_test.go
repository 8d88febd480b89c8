// SPDX-License-Identifier: GPL-3.0-or-later

package haproxy

import (
	"fmt"
	"strings"
	"testing"

	"overcloud.backup/internal/haproxy/cfg"
	"overcloud.backup/internal/haproxy/stats"
	"overcloud.backup/internal/reading"
	"overcloud.backup/tests/messages"
)

// The names of proxies come from HAProxy and its configuration.
func TestProxiesAreNamedInShort(t *testing.T) {
	messages.Everywhere(t, "galera wanted", func(b []byte) error {
		name := string(b)
		var proxies []stats.Proxy
		var sections []cfg.Section
		for i := range 50 {
			n := fmt.Sprint(name, i)
			proxies = append(proxies, stats.Proxy{Name: n, Mode: "tcp", Frontend: &stats.Side{}})
			sections = append(sections, cfg.Section{Kind: "frontend", Name: n, Binds: []string{"10.0.0.1:3306"},
				Backends: []string{name, n}})
			sections = append(sections, cfg.Section{Kind: "frontend", Name: n + "x", Binds: []string{"10.0.0.1:3306"},
				Backends: []string{name}})
			proxies = append(proxies, stats.Proxy{Name: n + "x", Mode: "tcp", Frontend: &stats.Side{}},
				stats.Proxy{Name: n + "galera",
					Mode: "tcp", Backend: &stats.Side{}})
		}
		for _, config := range []*cfg.Config{nil, {Sections: sections}} {
			_, err := FindDatabase(proxies, config, "another")
			messages.Check(t, err)
			for _, p := range proxies {
				_, err = finder{proxies, config}.pair(&p, "name")
				messages.Check(t, err)
			}
			var h reading.Header
			_, err = FindDatabase(proxies, config, "")
			h.Add(SourceDatabase, "", err, "")
			if text := h.Errors[0].Message; len([]rune(text)) > 2100 || strings.ContainsAny(text, "\n\x1b") {
				t.Errorf("%d bytes: %.300q", len(text), text)
			}
		}
		_, err := FindDatabase(proxies, nil, "another")
		return err
	})
}
