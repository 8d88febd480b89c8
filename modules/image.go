// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"context"

	"overcloud.backup/internal/container"
	"overcloud.backup/internal/pacemaker"
	"overcloud.backup/internal/restore"
)

// serverImage is what Pacemaker runs the database in, none where it runs on the hosts. Pacemaker knows it also while the
// database is stopped. A host without Pacemaker has none either: the programs must be on it.
func serverImage(ctx context.Context) container.Image {
	agent, err := pacemaker.GaleraAgent(ctx)
	if err != nil {
		return container.Image{}
	}
	return restore.ImageOf(agent)
}
