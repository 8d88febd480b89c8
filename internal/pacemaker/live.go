// SPDX-License-Identifier: GPL-3.0-or-later

package pacemaker

import (
	"bytes"
	"context"
	"fmt"

	"overcloud.backup/internal/process"
)

// LiveConfiguration asks the cluster.
func LiveConfiguration(ctx context.Context) (Configuration, error) {
	ctx, cancel := limited(ctx)
	defer cancel()
	a := here().run(ctx, "cibadmin", "--query", "--scope", "configuration")
	if a.err != nil {
		return Configuration{}, a.failure("read the cluster's configuration")
	}
	return ParseConfiguration(a.out)
}

// Push replaces the cluster's configuration as a whole. A running backup, whose lock is part of it, is refused.
func (c Configuration) Push(ctx context.Context) error {
	if err := NoBackup(ctx); err != nil {
		return err
	}
	text, err := c.XML()
	if err != nil {
		return err
	}
	ctx, cancel := limited(ctx)
	defer cancel()
	path, err := here().find("cibadmin")
	if err != nil {
		return err
	}
	if _, err := process.Input(ctx, bytes.TrimSpace([]byte(text)), path, "--replace", "--scope", "configuration",
		"--xml-pipe"); err != nil {
		return fmt.Errorf("replace the cluster's configuration: %w", err)
	}
	return nil
}
