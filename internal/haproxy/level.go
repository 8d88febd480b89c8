// SPDX-License-Identifier: GPL-3.0-or-later

package haproxy

import (
	"context"
	"errors"
	"strings"
)

// level finds what the socket allows, by commands that change nothing at any level: "show cli level" (1.9 and later),
// else "show sess" of a session that cannot be, which is refused at level user alone. Before 1.9 operator and admin
// are told apart by the configuration; without it the answer is operator, which the socket gives at least.
func (s socket) level(ctx context.Context, config *Config) (Level, error) {
	b, err := s.ask(ctx, "show cli level")
	switch l := Level(strings.TrimSpace(string(b))); l {
	case LevelUser, LevelOperator, LevelAdmin:
		return l, nil
	}
	if err != nil && !errors.Is(err, errUnknown) {
		return LevelUnknown, err
	}
	if _, err = s.ask(ctx, "show sess 0x1"); errors.Is(err, errDenied) {
		return LevelUser, nil
	}
	if err != nil {
		return LevelUnknown, err
	}
	if config != nil {
		for _, c := range config.Sockets {
			if c.Path == s.path && c.Level == LevelAdmin {
				return LevelAdmin, nil
			}
		}
	}
	return LevelOperator, nil
}
