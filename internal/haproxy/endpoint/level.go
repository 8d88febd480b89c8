// SPDX-License-Identifier: GPL-3.0-or-later

package endpoint

import (
	"context"
	"errors"
	"strings"

	"overcloud.backup/internal/haproxy/cfg"
)

// Level finds out what the socket permits, by commands that change nothing at any level: "show cli level" (1.9 and
// later), otherwise "show sess" of a session that cannot exist, which is refused only at level user. Before 1.9 the
// configuration distinguishes operator and admin; without it the answer is operator, which the socket gives at least.
func (s Socket) Level(ctx context.Context, config *cfg.Config) (cfg.Level, error) {
	b, err := s.Ask(ctx, "show cli level")
	switch l := cfg.Level(strings.TrimSpace(string(b))); l {
	case cfg.LevelUser, cfg.LevelOperator, cfg.LevelAdmin:
		return l, nil
	}
	if err != nil && !errors.Is(err, ErrUnknown) {
		return cfg.LevelUnknown, err
	}
	if _, err = s.Ask(ctx, "show sess 0x1"); errors.Is(err, errDenied) {
		return cfg.LevelUser, nil
	}
	if err != nil {
		return cfg.LevelUnknown, err
	}
	if config != nil {
		for _, c := range config.Sockets {
			if c.Path == s.Path && c.Level == cfg.LevelAdmin {
				return cfg.LevelAdmin, nil
			}
		}
	}
	return cfg.LevelOperator, nil
}
