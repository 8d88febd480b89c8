// SPDX-License-Identifier: GPL-3.0-or-later

package topology

import (
	"encoding/json"
	"fmt"

	"overcloud.backup/internal/excerpt"
	"overcloud.backup/internal/galera"
	"overcloud.backup/internal/haproxy"
	"overcloud.backup/internal/pacemaker"
	"overcloud.backup/internal/reading"
)

// entry is one element of idle_controller's option facts.
type entry struct {
	Name        string          `json:"name"`
	Unreachable bool            `json:"unreachable"`
	Galera      json.RawMessage `json:"galera"`
	Pacemaker   json.RawMessage `json:"pacemaker"`
	HAProxy     json.RawMessage `json:"haproxy"`
}

// DecodeHost reads one entry of the option facts: {"name", "unreachable", "galera", "pacemaker", "haproxy"}, the last
// three as the facts modules return them. A document that is not one becomes an entry of Host.Errors, and the host has
// no such facts. An error means that the entry itself is not valid.
func DecodeHost(raw []byte) (Host, error) {
	var e entry
	if err := json.Unmarshal(raw, &e); err != nil {
		return Host{}, fmt.Errorf("facts: an entry is not a host's: %w", excerpt.Error(err))
	}
	if e.Name == "" {
		return Host{}, fmt.Errorf("facts: an entry has no name: give name, and galera, pacemaker and haproxy")
	}
	h := Host{Name: e.Name, Unreachable: e.Unreachable}
	h.Galera = document[galera.Facts](&h, "galera", e.Galera)
	h.Pacemaker = document[pacemaker.Facts](&h, "pacemaker", e.Pacemaker)
	h.HAProxy = document[haproxy.Facts](&h, "haproxy", e.HAProxy)
	return h, nil
}

// document decodes one facts document; nil if it is missing or was refused.
func document[T any](h *Host, name string, raw json.RawMessage) *T {
	if len(raw) == 0 || string(raw) == "null" {
		return nil
	}
	facts := new(T)
	err := complete(name, raw)
	if err == nil {
		err = json.Unmarshal(raw, facts)
	}
	if err != nil {
		h.Errors = append(h.Errors, reading.Error{Source: name, Where: h.Name, Message: excerpt.Error(err).Error(),
			Hint: "gather the facts again"})
		return nil
	}
	return facts
}
