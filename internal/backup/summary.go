// SPDX-License-Identifier: GPL-3.0-or-later

package backup

import (
	"fmt"
	"strings"

	"overcloud.backup/internal/quantity"
)

// Summary says in one line what was made, its path and its verdict.
func (r *Result) Summary() string {
	p := r.Position
	at := fmt.Sprintf("%s:%d", p.UUID, p.Seqno)
	if p.SeqnoEnd > p.Seqno {
		at += fmt.Sprintf(" to %d", p.SeqnoEnd)
	}
	return fmt.Sprintf("%s backup of %s at %s: %s stored of %s, %.1f s, %s",
		r.Manifest.Method, r.Manifest.Controller, at, quantity.Bytes(r.Bytes), quantity.Bytes(r.RawBytes), r.Duration,
		r.Path)
}

// Summary says in one line what would be done.
func (p Plan) Summary() string {
	return fmt.Sprintf("would take a %s backup of %s into %s (%s): %s",
		p.Method, p.Controller, p.Destination, p.Reason, strings.Join(p.Steps, "; "))
}
