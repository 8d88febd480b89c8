// SPDX-License-Identifier: GPL-3.0-or-later

package backup

import (
	"context"
	"strings"
	"time"

	"overcloud.backup/internal/backup/tool"
	"overcloud.backup/internal/galera"
)

// reasonLimit is for what the reason of a choice says besides.
const reasonLimit = 5 * time.Second

// explainChoice says in the reason what a dump would have lost, where it was not taken. What cannot be read in time is
// left out.
func (j *Job) explainChoice(ctx context.Context, c *galera.Client) error {
	if j.o.Method != tool.Auto || j.tool.Method != tool.Physical || !j.described {
		return nil
	}
	var lost []string
	if floats, err := c.HasFloats(ctx, reasonLimit); err == nil && floats {
		lost = append(lost, "digits of FLOAT columns")
	}
	if versioned, _, err := c.Versioned(ctx, reasonLimit); err == nil && len(versioned) > 0 {
		lost = append(lost, "the history of system-versioned tables")
	}
	if len(lost) > 0 {
		j.plan.Reason += "; a dump may lose " + strings.Join(lost, " and ")
	}
	return nil
}
