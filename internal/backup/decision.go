// SPDX-License-Identifier: GPL-3.0-or-later

package backup

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"overcloud.backup/internal/decision"
	"overcloud.backup/internal/galera"
	"overcloud.backup/internal/mariadb"
	"overcloud.backup/internal/quantity"
)

// maxDecision is well below the limit of a manifest; the decision for three controllers has some 20 kB.
const maxDecision = 4 << 20

// fits refuses now what the manifest could not hold after all data has been read.
func fits(raw json.RawMessage) error {
	if len(raw) == 0 {
		return nil
	}
	if len(raw) > maxDecision {
		return fmt.Errorf("the decision has %s, and a manifest accepts at most %s; pass what idle_controller "+
			"returned, and nothing else", quantity.Bytes(int64(len(raw))), quantity.Bytes(maxDecision))
	}
	// The manifest, and the module's result that holds it, nest it deeper still; encoding/json takes 10,000 levels.
	const above = 16
	if !json.Valid(slices.Concat(bytes.Repeat([]byte("["), above), raw, bytes.Repeat([]byte("]"), above))) {
		return errors.New("the decision cannot be kept in the manifest: it is not JSON, or nested too deep")
	}
	return nil
}

// checkDecision refuses a host that the decision did not choose: the decision found another host better, or this one
// unfit.
func (j *Job) checkDecision(ctx context.Context, c *mariadb.Client) error {
	if err := fits(j.o.Decision); err != nil {
		return err
	}
	list, known := decision.Choices(j.o.Decision)
	if !known {
		return nil
	}
	w, err := galera.Status(ctx, c)
	if err != nil {
		return err
	}
	names := []string{}
	for _, one := range list {
		if one.Is(j.plan.Controller, w.NodeName) {
			j.events, j.decided, j.visitors.Before = one.Events, one.Stays, one.Logins
			j.o.AllowClients = j.o.AllowClients || j.o.AllowActive && one.Activity == decision.Active
			return nil
		}
		names = append(names, fmt.Sprintf("%q", one.Name))
	}
	if len(names) == 0 {
		names = []string{"no controller"}
	}
	return fmt.Errorf("the decision chose %s, and this host is %q (Galera node %q): run the backup there, or decide"+
		" again",
		strings.Join(names, ", "), j.plan.Controller, w.NodeName)
}
