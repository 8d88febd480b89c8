// SPDX-License-Identifier: GPL-3.0-or-later

package ansible

import (
	"encoding/json"
	"fmt"
	"maps"

	"overcloud.backup/internal/excerpt"
	"overcloud.backup/internal/secret"
)

// Decode fills v, a pointer to a struct with json tags, with the validated and coerced options and their defaults. An
// option that is not set and has no default leaves its field unchanged.
func (c *Call) Decode(v any) error {
	b, err := json.Marshal(c.args)
	if err == nil {
		err = json.Unmarshal(b, v)
	}
	if err != nil {
		return fmt.Errorf("the code of %s does not fit its options: %w", c.Name, excerpt.Error(err))
	}
	return nil
}

// Arguments returns the validated options, including secrets, for a process that runs the module again.
func (c *Call) Arguments() map[string]any { return maps.Clone(c.args) }

// Secret replaces s from now on in everything that leaves the module. Options with no_log need no call. It may be
// called while Progress runs.
func (c *Call) Secret(s string) {
	c.secrets.Add(secret.Spellings(s)...)
}

// Progress publishes the state of the work: async_status returns p as "progress". Without async nobody can see it
// before the result, so it does nothing.
func (c *Call) Progress(p any) {
	if c.progress != nil {
		c.progress(p)
	}
}
