// SPDX-License-Identifier: GPL-3.0-or-later

package backup

import (
	"strings"
	"testing"

	"overcloud.backup/internal/condition"
	"overcloud.backup/internal/galera"
)

func TestClientsAreNamed(t *testing.T) {
	err := idle(condition.Sessions([]galera.Session{{User: "nova", Source: "10.99.0.10", Count: 3}}))
	if err == nil || !strings.Contains(err.Error(), "3 of nova from 10.99.0.10") {
		t.Errorf("got %v", err)
	}
	if idle("") != nil {
		t.Error("no session is a client")
	}
}
