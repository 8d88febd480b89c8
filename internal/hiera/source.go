// SPDX-License-Identifier: GPL-3.0-or-later

package hiera

import (
	"overcloud.backup/internal/safefile"
)

// maxSize is larger than any file of hiera.
const maxSize = 16 << 20

// read accepts only regular files: a pipe would block forever.
func read(path string) ([]byte, error) { return safefile.Read(path, maxSize) }
