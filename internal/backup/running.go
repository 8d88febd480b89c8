// SPDX-License-Identifier: GPL-3.0-or-later

package backup

import (
	"context"
	"fmt"
	"slices"
	"time"

	"overcloud.backup/internal/backup/effect"
	"overcloud.backup/internal/backup/tool"
	"overcloud.backup/internal/mariadb"
	"overcloud.backup/internal/mariadb/catalog"
	"overcloud.backup/internal/repository"
)

// running is a job in progress.
type running struct {
	*Job
	set      *effect.Set
	desync   *effect.Desync
	manifest *repository.Manifest
	counters tool.Counters
	phases   phases
	began    time.Time
	// before describes the schemas before the data was read.
	before catalog.Definitions
	// definitions are those that the set contains; nil if they are not known.
	definitions catalog.Definitions
	// left is what could not be undone after the data was read successfully.
	left error
}

func (r *running) open(ctx context.Context) (*mariadb.Client, error) {
	return mariadb.Open(ctx, r.o.Login)
}

func (r *running) warn(format string, args ...any) {
	warning := fmt.Sprintf(format, args...)
	if !slices.Contains(r.manifest.Warnings, warning) { // a second attempt repeats it
		r.manifest.Warnings = append(r.manifest.Warnings, warning)
	}
}

func seconds(t time.Time) float64 { return float64(t.UnixMilli()) / 1000 }
