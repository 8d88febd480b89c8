// SPDX-License-Identifier: GPL-3.0-or-later

package restore

import (
	"context"
	"errors"
	"fmt"

	"overcloud.backup/internal/container"
	"overcloud.backup/internal/pacemaker"
	"overcloud.backup/internal/pacemaker/cib"
	"overcloud.backup/internal/pacemaker/steer"
)

// ServerImage returns the image in which Pacemaker runs the database, none if it runs on the hosts or without
// Pacemaker. Pacemaker knows it also while the database is stopped. A host without Pacemaker has none either: the
// programs must be on it. If Pacemaker does not answer, the host's own programs may be those of another server.
func ServerImage(ctx context.Context) (container.Image, error) {
	agent, err := steer.GaleraAgent(ctx)
	switch {
	case err == nil:
		return ImageOf(agent), nil
	case errors.Is(err, cib.ErrNoGalera), !pacemaker.Present():
		return container.Image{}, nil
	}
	return container.Image{}, fmt.Errorf("determine the image that the database runs in: %w", err)
}
