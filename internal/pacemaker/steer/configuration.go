// SPDX-License-Identifier: GPL-3.0-or-later

package steer

import (
	"bytes"
	"context"
	"fmt"

	"overcloud.backup/internal/pacemaker"
	"overcloud.backup/internal/pacemaker/cib"
	"overcloud.backup/internal/pacemaker/clusterlock"
	"overcloud.backup/internal/process"
)

// LiveConfiguration reads the configuration from the cluster.
func LiveConfiguration(ctx context.Context) (cib.Configuration, error) {
	ctx, cancel := pacemaker.WithDeadline(ctx)
	defer cancel()
	a := pacemaker.Local().Run(ctx, "cibadmin", "--query", "--scope", "configuration")
	if a.Err != nil {
		return cib.Configuration{}, a.Failure("read the cluster's configuration")
	}
	return cib.ParseConfiguration(a.Out)
}

// Push replaces the complete configuration of the cluster. It is refused during a backup, whose lock is part of the
// configuration.
func Push(ctx context.Context, c cib.Configuration) error {
	if err := clusterlock.NoBackup(ctx); err != nil {
		return err
	}
	text, err := c.XML()
	if err != nil {
		return err
	}
	ctx, cancel := pacemaker.WithDeadline(ctx)
	defer cancel()
	path, err := pacemaker.Local().Find("cibadmin")
	if err != nil {
		return err
	}
	if _, err := process.Input(ctx, bytes.TrimSpace([]byte(text)), path, "--replace", "--scope", "configuration",
		"--xml-pipe"); err != nil {
		return fmt.Errorf("replace the cluster's configuration: %w", err)
	}
	return nil
}
