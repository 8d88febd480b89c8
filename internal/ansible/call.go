// SPDX-License-Identifier: GPL-3.0-or-later

package ansible

import (
	"encoding/json"
	"fmt"
	"maps"

	"overcloud.backup/internal/excerpt"
	"overcloud.backup/internal/secret"
)

// Decode fills v, a pointer to a struct with json tags, with the options. They were validated and coerced and have
// their defaults; an option that was not given and has no default leaves its field alone.
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

// Arguments are the options as they were validated, secrets and all, for a process that runs the module again.
func (c *Call) Arguments() map[string]any { return maps.Clone(c.args) }

// Secret has s replaced in everything that leaves the module from now on. Options with no_log need no call. It may be
// called while Progress runs.
func (c *Call) Secret(s string) {
	c.secrets.Add(secret.Spellings(s)...)
}

// Progress shows how far the work is: async_status returns p as "progress". Without async nobody can see it
// before the result, so it does nothing.
func (c *Call) Progress(p any) {
	if c.progress != nil {
		c.progress(p)
	}
}
